/*
 * gates32.c: call gates of 32-bit protected mode: who may use them, the
 * stack switch, the copied parameters, far returns to an outer ring.
 *
 * Prints:
 *	a call from ring 3: cs 0008 ss 0010 parameters 11111111 22222222
 *	frame: cs 001b ss 0023, esp as it was
 *	back in ring 3 with cs 001b, esp as it was
 *	same ring: 2 words
 *	16-bit gate: ok
 *	gate of ring 0 from ring 3: #0d(0030)
 *	gate not present: #0b(0030)
 *	no code segment: #0d(0010)
 *	null code segment: #0d(0000)
 *	code not present: #0b(0038)
 *	stack of another ring: #0a(0020)
 *	null stack: #0a(0000)
 *	stack not present: #0c(0040)
 * qemu	stack not present: #0a(0040)
 *	stack too small: #0c(0040)
 * qemu	stack too small: ok
 *	a jump inward: #0d(0008)
 *	a jump to conforming code: ok
 *	busy TSS: #0d(0028)
 *	end
 */
#include "tests/guest/bare32.h"

#define GATE  SEL_FREE
#define EXTRA (SEL_FREE + 8)
#define STACK (SEL_FREE + 16)

/* What the procedure behind the gate saw, and the caller after it. */
uint32_t seen[10], after[2];
void call_gate(void), behind(void), behind16(void), call_same(void),
	jump_gate(void), call_tss(void), call_small(void);

__asm__("behind:\n"
	"	movl	%cs, %eax\n"
	"	movl	%eax, seen\n"
	"	movl	%ss, %eax\n"
	"	movl	%eax, seen + 4\n"
	"	movl	8(%esp), %eax\n" /* parameters */
	"	movl	%eax, seen + 8\n"
	"	movl	12(%esp), %eax\n"
	"	movl	%eax, seen + 12\n"
	"	movl	4(%esp), %eax\n" /* CS, ESP, SS */
	"	movl	%eax, seen + 16\n"
	"	movl	16(%esp), %eax\n"
	"	movl	%eax, seen + 20\n"
	"	movl	20(%esp), %eax\n"
	"	movl	%eax, seen + 24\n"
	"	movl	%esp, seen + 28\n"
	"	lretl	$8\n"
	"call_gate:\n"
	"	movl	%esp, seen + 32\n"
	"	pushl	$0x22222222\n"
	"	pushl	$0x11111111\n"
	"	lcall	$0x33, $0x12345678\n"
	"	movl	%cs, %eax\n"
	"	movl	%eax, after\n"
	"	movl	%esp, after + 4\n"
	"	ret\n"
	"call_same:\n"
	"	movl	%esp, seen + 32\n"
	"	lcall	$0x30, $0\n"
	"back_here:\n"
	"	ret\n"
	".section .low,\"ax\"\n"
	"call_small:\n"
	"	lcall	$0x30, $0\n"
	"	ret\n"
	"behind16:\n"
	"	lretw\n"
	".text\n"
	"jump_gate:\n"
	"	ljmp	$0x33, $0\n"
	"call_tss:\n"
	"	lcall	$0x28, $0\n"
	"	ret\n");

void same_ring(void), conforming(void);
__asm__("same_ring:\n"
	"	movl	%esp, seen + 28\n"
	"	lretl\n"
	"conforming:\n"
	"	int	$0x30\n");

static void set_gate(unsigned dpl, unsigned type, unsigned selector,
		     void (*fn)(void), unsigned count)
{
	gdt[GATE / 8] =
		gate(0x80 | dpl << 5 | type, selector, (uint32_t)fn, count);
}

static void refused(const char *name)
{
	attempt_user(call_gate);
	report(name);
}

static void good_calls(void)
{
	set_gate(3, 12, SEL_CODE, behind, 2);
	attempt_user(call_gate);
	print("a call from ring 3: cs ");
	hex(seen[0], 4);
	print(" ss ");
	hex(seen[1], 4);
	print(" parameters ");
	hex(seen[2], 8);
	put(' ');
	hex(seen[3], 8);
	print("\nframe: cs ");
	hex(seen[4], 4);
	print(" ss ");
	hex(seen[6], 4);
	print(seen[5] == seen[8] - 8 &&
			      seen[7] == (uint32_t)kernel_stack_top - 24
		      ? ", esp as it was\n"
		      : ", esp wrong\n");
	print("back in ring 3 with cs ");
	hex(after[0], 4);
	print(after[1] == seen[8] ? ", esp as it was\n" : ", esp wrong\n");

	set_gate(0, 12, SEL_CODE, same_ring, 5);
	attempt(call_same);
	print("same ring: ");
	hex((seen[8] - seen[7]) / 4, 1);
	print(" words\n");
}

/* Its offset and what it pushes have 16 bits: all of it is in low memory. */
static void small_gate(void)
{
	set_gate(0, 4, SEL_CODE, behind16, 0);
	attempt(call_small);
	report("16-bit gate");
}

static void bad_gates(void)
{
	set_gate(0, 12, SEL_CODE, behind, 2);
	refused("gate of ring 0 from ring 3");
	set_gate(3, 12, SEL_CODE, behind, 2);
	gdt[GATE / 8] &= ~(UINT64_C(0x80) << 40);
	refused("gate not present");
	set_gate(3, 12, SEL_DATA, behind, 2);
	refused("no code segment");
	set_gate(3, 12, 3, behind, 2);
	refused("null code segment");
	gdt[EXTRA / 8] = segment(0, 0xfffff, 0xc01b);
	set_gate(3, 12, EXTRA, behind, 2);
	refused("code not present");
}

/* Of ring 1, since exceptions need that of ring 0. */
static void bad_stack(const char *name, unsigned selector)
{
	gdt[EXTRA / 8] = segment(0, 0xfffff, 0xc0bb);
	set_gate(3, 12, EXTRA, behind, 2);
	tss[3] = (uint32_t)kernel_stack_top;
	tss[4] = selector;
	refused(name);
}

int test_main(void)
{
	good_calls();
	small_gate();
	bad_gates();
	bad_stack("stack of another ring", SEL_UDATA);
	bad_stack("null stack", 0);
	gdt[STACK / 8] = segment(0, 0xfffff, 0xc033);
	bad_stack("stack not present", STACK | 1);
	gdt[STACK / 8] = segment(0, 0xfff, 0x40b3);
	bad_stack("stack too small", STACK | 1);

	set_gate(3, 12, SEL_CODE, behind, 0);
	attempt_user(jump_gate);
	report("a jump inward");
	gdt[EXTRA / 8] = segment(0, 0xfffff, 0xc09f);
	set_gate(3, 12, EXTRA, conforming, 0);
	attempt_user(jump_gate);
	report("a jump to conforming code");
	attempt(call_tss);
	report("busy TSS");
	return 0;
}
