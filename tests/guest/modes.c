/*
 * modes.c: from protected to real mode and back, what real mode does with
 * selectors, limits and interrupts, 16-bit protected mode, and "unreal" mode.
 *
 * Prints:
 *	real: base 00012340 far call ok far return ok
 *	int 21: flags cleared, frame cs 0000 ip ok
 *	#GP past the limit: 0d, #SS past the limit: 0c
 * qemu	#GP past the limit: ee, #SS past the limit: ee
 *	#UD: 06, #DE: 00, STR: 06
 *	addresses wrap at 64 KiB: 5a
 *	32-bit operands: 11223344
 *	a write by CS: ok
 *	unreal: aabbccdd
 *	PE without a jump: ring 0
 *	16-bit protected mode: ok, sp has 16 bits, esp stays 0012
 *	end
 */
#include "tests/guest/bare32.h"

/* Filled by the 16-bit code below. */
struct results {
	uint32_t base, far, flags, frame_cs, frame_ip, wrap, wide, by_cs;
	uint32_t unreal, ring, pm16, pm16_esp;
	uint8_t vector[8];
};
extern struct results results;
extern char int_next[], real_segment[];
void to_real(void);
uint8_t above[4096] __attribute__((aligned(4096)));

/* clang-format off */
__asm__(
".text\n"
/* Keep ESP, go through a 16-bit code segment, clear PE, jump. */
"to_real:\n"
"	pushal\n"
"	movl	%esp, saved_esp\n"
"	movl	$0xaabbccdd, above\n"
"	ljmp	$0x30, $pm16\n"
".section .low,\"ax\"\n"
".code16\n"
"pm16:\n"
"	movw	$0x38, %ax\n"		/* 16-bit data */
"	movw	%ax, %ds\n"
"	movw	%ax, %es\n"
"	movw	%ax, %ss\n"
/* Pushes change SP alone. */
"	movl	$0x00127000, %esp\n"
"	pushw	$0x4321\n"
"	pushl	$0x8765cba9\n"
"	popl	%eax\n"
"	movl	%eax, results + 40\n"
"	movl	%esp, results + 44\n"
"	popw	%ax\n"
"	lidt	real_idt\n"
"	movl	%cr0, %eax\n"
"	andl	$~1, %eax\n"
"	movl	%eax, %cr0\n"
"	ljmp	$0, $real\n"
"real:\n"
"	xorw	%ax, %ax\n"
"	movw	%ax, %ds\n"
"	movw	%ax, %es\n"
"	movw	%ax, %ss\n"
"	movl	$0x7000, %esp\n"
/* A selector is the base by 16. */
"	movw	$0x1234, %ax\n"
"	movw	%ax, %es\n"
"	movl	$0x00c0ffee, %es:0\n"
"	movw	$0x1230, %ax\n"
"	movw	%ax, %es\n"
"	cmpl	$0x00c0ffee, %es:0x40\n"
"	jne	1f\n"
"	movl	$0x12340, results\n"
"1:	lcall	$0x100, $far_proc - 0x1000\n"
"	orl	$2, results + 4\n"
/* A software interrupt with IF and TF off, AC on. */
"	pushfl\n"
"	orl	$0x40200, (%esp)\n"
"	popfl\n"
"	int	$0x21\n"
"int_next:\n"
"	cli\n"
"	pushl	$2\n"
"	popfl\n"
/* Exceptions: a handler for each notes its vector. */
"	movw	$results + 48, %di\n"
"	movw	$after_gp, resume\n"
"	movw	0xffff, %ax\n"
"after_gp:\n"
"	movw	$results + 49, %di\n"
"	movw	$after_ss, resume\n"
"	movw	$0xffff, %bp\n"
"	movw	(%bp), %ax\n"
"after_ss:\n"
"	movw	$results + 50, %di\n"
"	movw	$after_ud, resume\n"
"	ud2\n"
"after_ud:\n"
"	movw	$results + 51, %di\n"
"	movw	$after_de, resume\n"
"	xorb	%cl, %cl\n"
"	divb	%cl\n"
"after_de:\n"
"	movw	$results + 52, %di\n"
"	movw	$after_str, resume\n"
"	strw	%ax\n"
"after_str:\n"
"	movb	$0x5a, 0x7f10\n"
"	movw	$0xff20, %bx\n"
"	movw	$0x7ff0, %si\n"
"	movzbl	(%bx,%si), %eax\n"
"	movl	%eax, results + 20\n"
"	movl	$0x11223344, %eax\n"
"	pushl	%eax\n"
"	popl	%ecx\n"
"	movl	%ecx, results + 24\n"
"	movl	$0x77, %cs:results + 28\n"
/* Unreal: a limit loaded in protected mode stays. */
"	lgdtl	gdt_here\n"
"	movl	%cr0, %eax\n"
"	orb	$1, %al\n"
"	movl	%eax, %cr0\n"
"	movw	$0x10, %bx\n"
"	movw	%bx, %fs\n"
"	andb	$~1, %al\n"
"	movl	%eax, %cr0\n"
"	xorw	%bx, %bx\n"
"	movw	%bx, %fs\n"
"	movl	$above, %esi\n"
"	movl	%fs:(%esi), %eax\n"
"	movl	%eax, results + 32\n"
/* A selector with low bits set, then PE: still ring 0. */
"	ljmp	$3, $real_segment - 0x30\n"
"real_segment:\n"
"	movl	%cr0, %eax\n"
"	orb	$1, %al\n"
"	movl	%eax, %cr0\n"
"	movl	%cr0, %eax\n"
"	movl	%cr3, %edx\n"
"	movl	%edx, %cr3\n"
"	andl	$1, %eax\n"
"	movl	%eax, %ss:results + 36\n"
"	ljmpl	$8, $protected\n"
"protected:\n"
".code32\n"
"	movl	$0x10, %eax\n"
"	movl	%eax, %ds\n"
"	movl	%eax, %es\n"
"	movl	%eax, %ss\n"
"	movl	%eax, %fs\n"
"	movl	saved_esp, %esp\n"
"	lidt	idt_pointer\n"
"	popal\n"
"	ret\n"
".code16\n"
"far_proc:\n"
"	movw	%cs, %ax\n"
"	cmpw	$0x100, %ax\n"
"	jne	1f\n"
"	orl	$1, results + 4\n"
"1:	lret\n"
"on_int21:\n"
"	pushfl\n"
"	popl	results + 8\n"
"	movw	%sp, %bp\n"
"	movzwl	(%bp), %eax\n"
"	movl	%eax, results + 16\n"
"	movzwl	2(%bp), %eax\n"
"	movl	%eax, results + 12\n"
"	iretw\n"
".irp n, 0, 6, 12, 13\n"
"on_\\n:\n"
"	movb	$\\n, (%di)\n"
"	jmp	on_exception\n"
".endr\n"
"on_exception:\n"
"	movw	%sp, %bp\n"
"	movw	resume, %ax\n"
"	movw	%ax, (%bp)\n"
"	iretw\n"
".balign 4\n"
"real_idt:\n"
"	.word	0x3ff\n"
"	.long	ivt\n"
"gdt_here:\n"
"	.word	255\n"
"	.long	gdt\n"
"resume:	.word	0\n"
".balign 4\n"
"ivt:	.word	on_0, 0\n"
"	.fill	5, 4, 0\n"
"	.word	on_6, 0\n"
"	.fill	5, 4, 0\n"
"	.word	on_12, 0\n"
"	.word	on_13, 0\n"
"	.fill	19, 4, 0\n"
"	.word	on_int21, 0\n"
"	.globl	results\n"
"results: .fill 64, 1, 0xee\n"
"saved_esp: .long 0\n"
".code32\n"
".text\n");
/* clang-format on */

static void print_hex(const char *name, uint32_t val, unsigned digits)
{
	print(name);
	hex(val, digits);
}

static void ok(const char *name, bool is)
{
	print(name);
	print(is ? "ok" : "wrong");
}

int test_main(void)
{
	const struct results *r = &results;

	results.far = 0;
	gdt[6] = segment(0, 0xffff, 0x009b);
	gdt[7] = segment(0, 0xffff, 0x0093);
	to_real();
	print_hex("real: base ", r->base, 8);
	ok(" far call ", r->far & 1);
	ok(" far return ", r->far & 2);
	print(r->flags & 0x40300 ? "\nint 21: flags left"
				 : "\nint 21: flags cleared");
	print_hex(", frame cs ", r->frame_cs, 4);
	ok(" ip ", r->frame_ip == (uint32_t)int_next);
	print_hex("\n#GP past the limit: ", r->vector[0], 2);
	print_hex(", #SS past the limit: ", r->vector[1], 2);
	print_hex("\n#UD: ", r->vector[2], 2);
	print_hex(", #DE: ", r->vector[3], 2);
	print_hex(", STR: ", r->vector[4], 2);
	print_hex("\naddresses wrap at 64 KiB: ", r->wrap, 2);
	print_hex("\n32-bit operands: ", r->wide, 8);
	ok("\na write by CS: ", r->by_cs == 0x77);
	print_hex("\nunreal: ", r->unreal, 8);
	print_hex("\nPE without a jump: ring ", r->ring == 1 ? 0 : 3, 1);
	ok("\n16-bit protected mode: ", r->pm16 == 0x8765cba9);
	print((r->pm16_esp & 0xffff) == 0x6ffe ? ", sp has 16 bits"
					       : ", sp wrong");
	print_hex(", esp stays ", r->pm16_esp >> 16, 4);
	put('\n');
	return 0;
}
