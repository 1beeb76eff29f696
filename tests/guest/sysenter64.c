/*
 * sysenter64.c: SYSENTER and SYSEXIT in long mode, where AMD's processors do
 * not have them.
 *
 * On qemu: -cpu max,la57=off,vendor=GenuineIntel
 * Not on kvm: its processor may be AMD's.
 * Prints:
 *	sysenter: cs 0008 ss 0010 flags 00000046 #30
 *	of compatibility mode: cs 0008 ss 0010 flags 00000046 #30
 *	sysexitq: #30 cs 002b ss 0033
 *	sysexitl: #30 cs 001b ss 0023
 *	no selector: #0d(0000) cs 002b
 *	sysexit in ring 3: #0d(0000) cs 002b
 *	sysexitq to a hole: #0d(0000) cs 0008
 * qemu	sysexitq to a hole: #0d(0000) cs 002b
 *	end
 */
#include "tests/guest/bare64.h"

#define SYSENTER_CS  0x174u
#define SYSENTER_ESP 0x175u
#define SYSENTER_EIP 0x176u

uint64_t seen[3]; /* on arrival: CS, SS, RFLAGS */
uint64_t way_back;

void arrive(void), do_sysexitq(void), do_sysexitl(void), do_sysexit_hole(void),
	do_done(void);
__asm__("arrive:	pushfq\n"
	"	popq	seen + 16\n"
	"	movl	%cs, %eax\n"
	"	movq	%rax, seen\n"
	"	movl	%ss, %eax\n"
	"	movq	%rax, seen + 8\n"
	"	jmp	*way_back\n"
	"do_sysexitq:\n"
	"	movl	$user_done, %edx\n"
	"	movq	$user_stack_top, %rcx\n"
	"	.byte	0x48\n" /* REX.W, which clang has no word for */
	"	sysexit\n"
	"do_sysexitl:\n"
	"	movl	$done32, %edx\n"
	"	movq	$user_stack_top, %rcx\n"
	"	sysexit\n"
	"do_sysexit_hole:\n"
	"	movabsq	$0x800000000000, %rdx\n"
	"	movq	$user_stack_top, %rcx\n"
	"	.byte	0x48\n" /* REX.W, which clang has no word for */
	"	sysexit\n"
	"do_done:\n"
	"	int	$0x30\n");

CODE(done32, "int $0x30");
CODE(sysenter_fn, "pushq $0x46; popfq; sysenter");
CODE(sysenter32, ".code32; pushl $0x46; popfl; sysenter; .code64");
CODE(sysexit_fn, "sysexit");

static void with(void (*fn)(void), void (*next)(void), unsigned cs)
{
	struct frame f = frame_of(fn, true);

	f.cs = cs;
	way_back = (uint64_t)next;
	attempt_frame(&f);
}

static void field(const char *name, uint64_t val, unsigned digits)
{
	print(name);
	hex(val, digits);
}

static void arrival(const char *name)
{
	print(name);
	field(" cs ", seen[0], 4);
	field(" ss ", seen[1], 4);
	field(" flags ", seen[2], 8);
	field(" #", trap.vector, 2);
	put('\n');
}

static void ending(const char *name, bool ss)
{
	field(name, trap.vector, 2);
	if (trap.error != UINT64_MAX) {
		field("(", trap.error, 4);
		put(')');
	}
	field(" cs ", trap.cs, 4);
	if (ss)
		field(" ss ", trap.ss, 4);
	put('\n');
}

int test_main(void)
{
	wrmsr(SYSENTER_CS, SEL_CODE);
	wrmsr(SYSENTER_ESP, (uint64_t)attempt_stack_top - 64);
	wrmsr(SYSENTER_EIP, (uint64_t)arrive);
	with(sysenter_fn, do_done, SEL_UCODE);
	arrival("sysenter:");
	seen[0] = seen[1] = seen[2] = 0;
	with(sysenter32, do_done, SEL_UCODE32);
	arrival("of compatibility mode:");
	with(sysenter_fn, do_sysexitq, SEL_UCODE);
	ending("sysexitq: #", true);
	with(sysenter_fn, do_sysexitl, SEL_UCODE);
	ending("sysexitl: #", true);
	wrmsr(SYSENTER_CS, 0);
	attempt_user(sysenter_fn);
	ending("no selector: #", false);
	wrmsr(SYSENTER_CS, SEL_CODE);
	attempt_user(sysexit_fn);
	ending("sysexit in ring 3: #", false);
	with(sysenter_fn, do_sysexit_hole, SEL_UCODE);
	ending("sysexitq to a hole: #", false);
	return 0;
}
