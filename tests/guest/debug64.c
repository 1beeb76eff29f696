/*
 * debug64.c: single steps over what changes flags or rings, and breakpoints
 * of 64-bit mode. What ends each attempt: the vector, how far RIP is from the
 * start of the code (or of `entry', where ring 3 leads), DR6's low 16 bits,
 * and TF in the frame.
 *
 * QEMU 7.2 has STI and LSS put a step off, but no breakpoint after MOV SS;
 * reports one breakpoint of several, shifts long ones, knows no GD.
 *
 * Prints:
 *	popf sets TF: 01 +7 4ff0 tf 1
 *	step over popf, clearing TF: 01 +1 4ff0 tf 0
 *	step over pushf: 01 +1 4ff0 tf 1 pushed 102
 *	step over mov ss: 01 +3 4ff0 tf 1
 *	step over lss: 01 +5 4ff0 tf 1
 * qemu	step over lss: 01 +6 4ff0 tf 1
 *	step over sti: 01 +1 4ff0 tf 1
 * qemu	step over sti: 01 +2 4ff0 tf 1
 *	step over int 48: 30 +2 0ff0 tf 1
 *	step over int3: 03 +1 0ff0 tf 1
 *	step over ud2: 06 +0 0ff0 tf 1
 *	step over syscall, TF masked: 30 entry +4 0ff0 tf 0
 *	step over syscall: 01 entry +0 4ff0 tf 1
 *	sysret sets TF: 01 +0 4ff0 tf 1
 *	iretq sets TF: 01 +1 4ff0 tf 1
 *	step over iretq: 01 +0 4ff0 tf 0
 *	step over a call gate: 01 entry +0 4ff0 tf 1
 *	step in rep: 01 +0 4ff0 tf 1
 *	step over rep's last: 01 +2 4ff0 tf 1
 *	step over cli of ring 3: 0d +0 0ff0 tf 1
 *	step over jmp: 01 +2 4ff0 tf 1
 *	execute: 01 +1 0ff1 tf 0
 *	execute, with RF: 30 +6 0ff0 tf 0
 *	execute and step: 01 +0 0ff1 tf 1
 *	step into execute: 01 +1 4ff0 tf 1
 * qemu	step into execute: 01 +1 4ff1 tf 1
 *	execute after mov ss: 30 +6 0ff0 tf 0
 * qemu	execute after mov ss: 01 +2 0ff1 tf 0
 *	execute, second byte: 30 +6 0ff0 tf 0
 *	two at once: 01 +c 0ff6 tf 0
 * qemu	two at once: 01 +c 0ff2 tf 0
 *	not enabled: 30 +e 0ff0 tf 0
 *	write: 01 +c 0ff1 tf 0
 *	8 bytes met: 00ff00
 * qemu	8 bytes met: 1fe000
 *	above 4 GiB: 01 +6 0ff1 tf 0
 *	read and write by movsb: 01 +1 0ff3 tf 0
 * qemu	read and write by movsb: 01 +1 0ff1 tf 0
 *	push: 01 +1 0ff1 tf 0
 *	lock xadd: 01 +a 0ff1 tf 0
 *	a write that faults: 0e +0 0ff0 tf 0
 *	dr7 above 32 bits: 0d +a 0ff0 tf 0
 *	dr6 above 32 bits: 0d +a 0ff0 tf 0
 *	dr8: 06 +0 0ff0 tf 0
 *	GD: 01 +0 2ff0 tf 0
 * qemu	GD: 30 +5 0ff0 tf 0
 *	int1 in ring 3: 01 +1 0ff0 tf 0
 * qemu	int1 in ring 3: 06 +0 0ff0 tf 0
 *	end
 */
#include "tests/guest/bare64.h"

#define EXECUTE(i) (2u << 2 * (i))
#define WRITE(i)   (2u << 2 * (i) | 1u << (16 + 4 * (i)))
#define DATA(i)	   (2u << 2 * (i) | 3u << (16 + 4 * (i)))
#define LEN8(i)	   (2u << (18 + 4 * (i)))
#define GD	   0x2000u
#define GATE	   0x50
#define HIGH	   UINT64_C(0x8000000000) /* 4 MiB and so on, once more */

USER uint64_t variable[4] __attribute__((aligned(32)));
USER uint64_t far_pointer;
USER uint16_t stack_pointer[5]; /* for LSS */

#define END "\n int $0x30"

CODE(popf_set, "pushq $0x102; popfq; nop" END);
CODE(popf_fn, "popfq; nop" END);
CODE(pushf_fn, "pushfq; nop" END);
CODE(mov_ss, "movl %ecx, %ss; nop" END);
CODE(lss_fn, "lss (%r12), %eax; nop" END);
CODE(sti_fn, "sti; nop" END);
CODE(int_fn, "int $0x30");
CODE(int3_fn, "int3");
CODE(ud2_fn, "ud2");
CODE(syscall_fn, "syscall");
CODE(nop_fn, "nop; xchgw %ax, %ax; nop" END);
CODE(call_gate, "lcall *far_pointer");
CODE(rep_fn, "rep lodsb" END);
CODE(cli_fn, "cli");
CODE(jmp_fn, "jmp 1f; 1: nop" END);
CODE(exec_ss, "movl %ecx, %ss; nop; nop" END);
CODE(write_fn, "movq $1, variable + 8" END);
CODE(byte_fn, "movb $1, (%r12)" END);
CODE(high_fn, "movb $1, 1(%r13, %r12)" END);
CODE(movs_fn, "movsb" END);
CODE(push_fn, "pushq %rax" END);
CODE(xadd_fn, "lock xaddq %rax, variable" END);
CODE(int1_fn, ".byte 0xf1" END);

void entry(void), sysret_to(void), iretq_to(void), wide_dr7(void),
	wide_dr6(void), dr8(void), get_dr0(void);
__asm__("entry:	nop; nop; int $0x30\n"
	"sysret_to:	movl	$nop_fn, %ecx\n"
	"	movl	$0x102, %r11d\n"
	"	sysretq\n"
	"iretq_to:	iretq\n"
	"wide_dr7:	movabsq	$0x100000400, %rax\n"
	"	movq	%rax, %dr7\n"
	"wide_dr6:	movabsq	$0x1ffff0ff0, %rax\n"
	"	movq	%rax, %dr6\n"
	"dr8:	.byte	0x44, 0x0f, 0x21, 0xc0\n"
	"get_dr0:	movq	%dr0, %rax\n"
	"	int	$0x30\n");

static void go(const struct frame *f, uint64_t dr7)
{
	set_dr6(0xffff0ff0);
	set_dr7(dr7 | 0x400);
	attempt_frame(f);
}

static void tell(const char *name, void (*fn)(void))
{
	uint64_t at = trap.rip - (uint64_t)fn;

	print(name);
	print(": ");
	hex(trap.vector, 2);
	if (trap.rip - (uint64_t)entry < 8) {
		print(" entry");
		at = trap.rip - (uint64_t)entry;
	}
	print(" +");
	hex(at, at < 16 ? 1 : 2);
	put(' ');
	hex(trap.dr6, 4);
	print(" tf ");
	hex(trap.rflags >> 8 & 1, 1);
}

static void line(const char *name, void (*fn)(void))
{
	tell(name, fn);
	put('\n');
}

static void row(const char *name, void (*fn)(void), bool user, uint64_t flags,
		uint64_t dr7)
{
	struct frame f = frame_of(fn, user);

	f.rflags |= flags;
	go(&f, dr7);
	line(name, fn);
}

static void step_in(const char *name, void (*fn)(void), bool user)
{
	row(name, fn, user, TF, 0);
}

/* ---- steps ---- */

static void flag_steps(void)
{
	struct frame f = frame_of(popf_fn, false);

	row("popf sets TF", popf_set, false, 0, 0);
	f.rsp -= 8;
	*(uint64_t *)f.rsp = 2;
	f.rflags |= TF;
	go(&f, 0);
	line("step over popf, clearing TF", popf_fn);
	f = frame_of(pushf_fn, false);
	f.rflags |= TF;
	go(&f, 0);
	tell("step over pushf", pushf_fn);
	print(" pushed ");
	hex(*(uint64_t *)trap.rsp, 3);
	put('\n');
	step_in("step over mov ss", mov_ss, false);
	*(uint32_t *)stack_pointer = 0;
	stack_pointer[2] = SEL_DATA;
	enter[12] = (uint64_t)stack_pointer;
	step_in("step over lss", lss_fn, false);
	step_in("step over sti", sti_fn, false);
}

static void ring_steps(void)
{
	struct frame f;
	uint64_t at = (uint64_t)entry;

	step_in("step over int 48", int_fn, true);
	step_in("step over int3", int3_fn, true);
	step_in("step over ud2", ud2_fn, true);
	wrmsr(MSR_STAR, (uint64_t)SEL_UCODE32 << 48 | (uint64_t)SEL_CODE << 32);
	wrmsr(MSR_LSTAR, at);
	wrmsr(MSR_FMASK, TF);
	step_in("step over syscall, TF masked", syscall_fn, true);
	wrmsr(MSR_FMASK, 0);
	step_in("step over syscall", syscall_fn, true);
	f = frame_of(sysret_to, false);
	go(&f, 0);
	line("sysret sets TF", nop_fn);
	row("iretq sets TF", nop_fn, true, TF, 0);
	f = frame_of(iretq_to, false);
	f.rsp -= 40;
	*(struct frame *)f.rsp = frame_of(nop_fn, false);
	f.rflags |= TF;
	go(&f, 0);
	line("step over iretq", nop_fn);
	gdt[GATE / 8] = (at & 0xffff) | (uint64_t)SEL_CODE << 16 |
			UINT64_C(0xec) << 40 | (at >> 16 & 0xffff) << 48;
	gdt[GATE / 8 + 1] = at >> 32;
	far_pointer = (uint64_t)(GATE | 3) << 32;
	step_in("step over a call gate", call_gate, true);
}

static void other_steps(void)
{
	enter[1] = 5;
	enter[6] = (uint64_t)variable;
	step_in("step in rep", rep_fn, false);
	enter[1] = 1;
	step_in("step over rep's last", rep_fn, false);
	step_in("step over cli of ring 3", cli_fn, true);
	step_in("step over jmp", jmp_fn, true);
}

/* ---- breakpoints ---- */

static void points(const void *a, const void *b, const void *c)
{
	__asm__ volatile("movq %0, %%dr0; movq %1, %%dr1; movq %2, %%dr2"
			 :
			 : "r"(a), "r"(b), "r"(c));
}

static void execute(void)
{
	const char *nop = (const char *)nop_fn;

	enter[1] = SEL_DATA;
	points(nop + 1, 0, 0);
	row("execute", nop_fn, false, 0, EXECUTE(0));
	points(nop, 0, 0);
	row("execute, with RF", nop_fn, false, RF, EXECUTE(0));
	row("execute and step", nop_fn, false, TF, EXECUTE(0));
	points(nop + 1, 0, 0);
	row("step into execute", nop_fn, false, TF, EXECUTE(0));
	points((const char *)exec_ss + 2, 0, 0);
	row("execute after mov ss", exec_ss, false, 0, EXECUTE(0));
	points(nop + 2, 0, 0);
	row("execute, second byte", nop_fn, false, 0, EXECUTE(0));
}

static void lengths(void)
{
	uint64_t met = 0;

	points((const char *)variable + 13, 0, 0); /* aligned down */
	for (unsigned i = 0; i < 24; i++) {
		struct frame f = frame_of(byte_fn, true);

		enter[12] = (uint64_t)variable + i;
		go(&f, WRITE(0) | LEN8(0));
		met |= (uint64_t)(trap.vector == 1) << i;
	}
	print("8 bytes met: ");
	hex(met, 6);
	put('\n');
}

static void data(void)
{
	points(0, (const char *)variable + 8, (const char *)variable + 15);
	row("two at once", write_fn, false, 0, WRITE(1) | DATA(2));
	row("not enabled", write_fn, false, 0, WRITE(1) & ~0xffu);
	points((const char *)variable + 8, 0, 0);
	row("write", write_fn, true, 0, WRITE(0));
	lengths();
	enter[12] = (uint64_t)variable;
	enter[13] = HIGH;
	points((const char *)HIGH + (uint64_t)variable + 1, 0, 0);
	row("above 4 GiB", high_fn, true, 0, WRITE(0));
	enter[6] = (uint64_t)variable;
	enter[7] = (uint64_t)variable + 8;
	points(variable, &variable[1], 0);
	row("read and write by movsb", movs_fn, true, 0, DATA(0) | WRITE(1));
	points(user_stack_top - 16, 0, 0);
	row("push", push_fn, true, 0, WRITE(0));
	points(variable, 0, 0);
	row("lock xadd", xadd_fn, true, 0, WRITE(0));
	enter[12] = 0x100000;
	points((const void *)0x100000, 0, 0);
	row("a write that faults", byte_fn, true, 0, WRITE(0));
}

static void registers(void)
{
	row("dr7 above 32 bits", wide_dr7, false, 0, 0);
	row("dr6 above 32 bits", wide_dr6, false, 0, 0);
	row("dr8", dr8, false, 0, 0);
	row("GD", get_dr0, false, 0, GD);
	row("int1 in ring 3", int1_fn, true, 0, 0);
}

int test_main(void)
{
	pml4[1] = pml4[0];
	flag_steps();
	ring_steps();
	other_steps();
	execute();
	data();
	registers();
	return 0;
}
