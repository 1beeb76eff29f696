/*
 * rings64.c: the ways between the rings of 64-bit mode: SYSCALL and SYSRET,
 * IRETQ, call gates, far returns, and what they refuse.
 *
 * `at' is what was seen on arrival: CS, SS, RFLAGS, and RCX and R11 or the
 * stack's words, as far as they tell.
 *
 * Prints:
 *	syscall: cs 0008 ss 0010 flags 00000002 rcx next r11 00000046
 *	sysretq: #30 cs 002b ss 0023 flags 00000046
 *	sysretl: #30 cs 001b ss 0023 flags 00000046
 *	sysret in ring 3: #0d(0000)
 *	sysretq to a hole: #0d(0000) cs 0008
 * qemu	sysretq to a hole: #0d(0000) cs 002b
 *	sysretq, rflags all ones: #30 flags 003c7ad7
 * qemu	sysretq, rflags all ones: #30 flags 00267ad7
 *	syscall of compatibility mode: #06 cs 001b
 * qemu	syscall of compatibility mode: #30 cs 0008
 *	call gate: cs 0008 ss 0000 frame ok
 *	lretq: #30 cs 002b ss 0023
 *	gate of ring 0: #0d(0050)
 *	gate not present: #0b(0050)
 *	upper half with a type: #0d(0050)
 *	gate to 32-bit code: #0d(0040)
 *	gate to data: #0d(0010)
 *	gate to null: #0d(0000)
 *	gate to a hole: #0d(0000) cs 002b
 * qemu	gate to a hole: #0d(0000) cs 0008
 *	gate of 16 bits: #0d(0050)
 *	gate, stack in a hole: #0c(0000) cs 002b
 *	jump by gate inward: #0d(0008)
 *	a call to the TSS: #0d(0030)
 *	a direct far jump: #06
 *	ljmp to 32-bit code: #30 cs 001b
 *	iretq to ring 3: #30 cs 002b ss 0023 flags 00000a02
 *	iretq to ring 3, flags: #30 cs 002b ss 0023 flags 00203ad7
 *	iretq to ring 0, null ss: #30 cs 0008 ss 0000
 *	iretq to 32-bit code: #30 cs 001b ss 0023
 *	cs null: #0d(0000)
 *	cs of data: #0d(0020)
 *	cs of ring 0: #0d(0008)
 *	cs not present: #0b(0048)
 *	cs beyond the table: #0d(0100)
 *	cs with L and D: #0d(0048)
 * qemu	cs with L and D: #30
 *	ss null: #0d(0000)
 *	ss of ring 0: #0d(0010)
 *	ss of code: #0d(0028)
 *	ss read-only: #0d(0048)
 *	ss not present: #0c(0048)
 * qemu	ss not present: #0b(0048)
 *	rip in a hole: #0d(0000) cs 0008
 * qemu	rip in a hole: #0d(0000) cs 002b
 *	rip beyond a limit: #0d(0000) cs 0008
 * qemu	rip beyond a limit: #30 cs 004b
 *	rsp in a hole: #0c(0000) cs 002b
 * qemu	rsp in a hole: #0d(0000) cs 002b
 *	NT: #0d(0000)
 *	iretq in ring 3, IOPL 0: #30 flags 00000002
 *	iretq in ring 3, inward: #0d(0008)
 *	lretq inward: #0d(0008)
 *	lretq to ring 3: #30 cs 002b ss 0023
 *	lretq, ss null: #0d(0000)
 *	ds of ring 0, left in ring 3: 0000
 *	end
 */
#include "tests/guest/bare64.h"

#define GATE  0x50 /* two entries */
#define EXTRA SEL_FREE
#define HOLE  0x800000000000

/* On arrival: CS, SS, RFLAGS, RCX, R11, RSP and the words there. */
uint64_t seen[10];
uint64_t way_back; /* what the arrival does next */
USER uint64_t user_word[4];
USER uint64_t far_pointer[2];

#define ASM(name, text)  \
	void name(void); \
	__asm__(#name ":\n" text "\n.text\n")

ASM(arrive, "	movq	%rcx, seen + 24\n"
	    "	movq	%r11, seen + 32\n"
	    "	movq	%rsp, seen + 40\n"
	    "	movq	(%rsp), %rax\n"
	    "	movq	%rax, seen + 48\n"
	    "	movq	8(%rsp), %rax\n"
	    "	movq	%rax, seen + 56\n"
	    "	movq	16(%rsp), %rax\n"
	    "	movq	%rax, seen + 64\n"
	    "	movq	24(%rsp), %rax\n"
	    "	movq	%rax, seen + 72\n"
	    "	pushfq\n"
	    "	popq	seen + 16\n"
	    "	movl	%cs, %eax\n"
	    "	movq	%rax, seen\n"
	    "	movl	%ss, %eax\n"
	    "	movq	%rax, seen + 8\n"
	    "	jmp	*way_back\n");
/* After SYSCALL, on a stack of its own. */
ASM(arrive_syscall, "	pushfq\n"
		    "	popq	seen + 16\n"
		    "	movq	%rcx, seen + 24\n"
		    "	movq	%r11, seen + 32\n"
		    "	movq	%rsp, seen + 40\n"
		    "	movl	%cs, %eax\n"
		    "	movq	%rax, seen\n"
		    "	movl	%ss, %eax\n"
		    "	movq	%rax, seen + 8\n"
		    "	jmp	*way_back\n");
ASM(do_sysretq, "sysretq");
ASM(do_sysretl, "movl $done32, %ecx; sysretl");
ASM(do_sysret_hole, "movabsq $0x800000000000, %rcx; sysretq");
ASM(do_sysret_ones, "movq $-1 - 0x10500, %r11; sysretq");
ASM(do_lretq, "lretq");
ASM(do_done, "int $0x30");

CODE(done32, "int $0x30");
CODE(syscall_fn, "pushq $0x246; popfq; syscall\nafter_syscall:"
		 "pushfq; popq %rbx; int $0x30");
extern char after_syscall[];
CODE(sysret_fn, "sysretq");
CODE(syscall32, ".code32; syscall; int $0x30; .code64");
CODE(call_gate, "lcall *far_pointer; int $0x30");
CODE(jump_gate, "ljmp *far_pointer");
CODE(jump_direct, ".byte 0xea, 0, 0, 0, 0, 0x1b, 0");
CODE(iretq_fn, "pushq $0x23; leaq user_stack_top - 64, %rax; pushq %rax;"
	       "pushq $0x3202; pushq $0x2b; pushq $user_done; iretq");
CODE(iretq_in, "pushq $0x10; pushq %rax; pushq $2; pushq $8;"
	       "pushq $user_done; iretq");
CODE(lretq_in, "pushq $8; pushq $user_done; lretq");
CODE(see_ds, "movl %ds, %eax; movl %eax, user_word; int $0x30");
ASM(lretq_out, "pushq $0x23; pushq $user_stack_top - 64; pushq $0x2b;"
	       "pushq $user_done; lretq");
ASM(lretq_null, "pushq $0; pushq $user_stack_top - 64; pushq $0x2b;"
		"pushq $user_done; lretq");
ASM(ds_out, "movl $0x10, %eax; movl %eax, %ds; pushq $0x23;"
	    "pushq $user_stack_top - 64; pushq $2; pushq $0x2b;"
	    "pushq $see_ds; iretq");

static void field(const char *name, uint64_t val, unsigned digits)
{
	print(name);
	hex(val, digits);
}

static void arrival(const char *name)
{
	print(name);
	if (trap.vector != DONE) {
		put(' ');
		outcome();
		field(" cs ", trap.cs, 4);
		return;
	}
	field(" cs ", seen[0], 4);
	field(" ss ", seen[1], 4);
}

enum { CS = 1, SS = 2, FLAGS = 4 };

/* What the attempt ended with. */
static void ending(const char *name, unsigned what)
{
	print(name);
	print(": #");
	hex(trap.vector, 2);
	if (trap.error != UINT64_MAX) {
		put('(');
		hex(trap.error, 4);
		put(')');
	}
	if (what & CS)
		field(" cs ", trap.cs, 4);
	if (what & SS)
		field(" ss ", trap.ss, 4);
	if (what & FLAGS)
		field(" flags ", trap.rflags & ~(uint64_t)RF, 8);
	put('\n');
}

static void with(void (*fn)(void), void (*next)(void))
{
	way_back = (uint64_t)next;
	attempt_user(fn);
}

static struct frame frame32(void (*fn)(void))
{
	struct frame f = frame_of(fn, true);

	f.cs = SEL_UCODE32;
	return f;
}

/* ---- SYSCALL ---- */

static void syscalls(void)
{
	struct frame f;

	wrmsr(MSR_STAR, (uint64_t)SEL_UCODE32 << 48 | (uint64_t)SEL_CODE << 32);
	wrmsr(MSR_LSTAR, (uint64_t)arrive_syscall);
	wrmsr(MSR_CSTAR, (uint64_t)do_done);
	wrmsr(MSR_FMASK, 0x244);
	with(syscall_fn, do_sysretq);
	arrival("syscall:");
	field(" flags ", seen[2], 8);
	print(seen[3] == (uint64_t)after_syscall ? " rcx next" : " rcx wrong");
	field(" r11 ", seen[4], 8);
	put('\n');
	ending("sysretq", CS | SS | FLAGS);
	with(syscall_fn, do_sysretl);
	ending("sysretl", CS | SS | FLAGS);
	attempt_user(sysret_fn);
	ending("sysret in ring 3", 0);
	with(syscall_fn, do_sysret_hole);
	ending("sysretq to a hole", CS);
	with(syscall_fn, do_sysret_ones);
	ending("sysretq, rflags all ones", FLAGS);
	f = frame32(syscall32);
	attempt_frame(&f);
	ending("syscall of compatibility mode", CS);
}

/* ---- call gates ---- */

static void set_call_gate(unsigned dpl, unsigned type, unsigned selector,
			  uint64_t at)
{
	gdt[GATE / 8] = (at & 0xffff) | (uint64_t)selector << 16 |
			(uint64_t)(0x80 | dpl << 5 | type) << 40 |
			(at >> 16 & 0xffff) << 48;
	gdt[GATE / 8 + 1] = at >> 32;
	far_pointer[0] = (uint64_t)(GATE | 3) << 32 | 0x12345678;
}

static void refused(const char *name, unsigned what)
{
	attempt_user(call_gate);
	ending(name, what);
}

static bool frame_ok(void)
{
	const uint64_t *at = &seen[6];

	return seen[5] == (uint64_t)tss_stack_top - 32 &&
	       at[0] == (uint64_t)call_gate + 7 && at[1] == SEL_UCODE &&
	       at[2] == (uint64_t)user_stack_top - 8 && at[3] == SEL_UDATA;
}

static void gates(void)
{
	uint64_t at = (uint64_t)arrive;

	set_call_gate(3, 12, SEL_CODE, at);
	with(call_gate, do_lretq);
	arrival("call gate:");
	print(frame_ok() ? " frame ok\n" : " frame wrong\n");
	ending("lretq", CS | SS);
	set_call_gate(0, 12, SEL_CODE, at);
	refused("gate of ring 0", 0);
	set_call_gate(3, 12, SEL_CODE, at);
	gdt[GATE / 8] &= ~(UINT64_C(0x80) << 40);
	refused("gate not present", 0);
	set_call_gate(3, 12, SEL_CODE, at);
	gdt[GATE / 8 + 1] |= UINT64_C(1) << 40;
	refused("upper half with a type", 0);
	set_call_gate(3, 12, SEL_CODE32, at);
	refused("gate to 32-bit code", 0);
	set_call_gate(3, 12, SEL_DATA, at);
	refused("gate to data", 0);
	set_call_gate(3, 12, 0, at);
	refused("gate to null", 0);
	set_call_gate(3, 12, SEL_CODE, HOLE);
	refused("gate to a hole", CS);
	set_call_gate(3, 4, SEL_CODE, at);
	refused("gate of 16 bits", 0);
	/* Of ring 1, since exceptions need that of ring 0. */
	set_call_gate(3, 12, EXTRA, at);
	gdt[EXTRA / 8] = segment(0xa0bb);
	tss.rsp[1][1] = 0x8000;
	tss.rsp[1][0] = 64;
	refused("gate, stack in a hole", CS);
	set_call_gate(3, 12, SEL_CODE, at);
	attempt_user(jump_gate);
	ending("jump by gate inward", 0);
	far_pointer[0] = (uint64_t)(SEL_TSS | 3) << 32;
	refused("a call to the TSS", 0);
	attempt_user(jump_direct);
	ending("a direct far jump", 0);
	far_pointer[0] = (uint64_t)SEL_UCODE32 << 32 | (uint64_t)done32;
	attempt_user(jump_gate);
	ending("ljmp to 32-bit code", CS);
}

/* ---- IRETQ ---- */

static void iretq(const char *name, const struct frame *f, unsigned what)
{
	attempt_frame(f);
	ending(name, what);
}

static void good_iretqs(void)
{
	struct frame f = frame_of((void (*)(void))user_done, true);

	f.rflags = 0xa02;
	iretq("iretq to ring 3", &f, CS | SS | FLAGS);
	f.rflags = 0x203ad7;
	iretq("iretq to ring 3, flags", &f, CS | SS | FLAGS);
	f = frame_of(do_done, false);
	f.ss = 0;
	iretq("iretq to ring 0, null ss", &f, CS | SS);
	f = frame32(done32);
	iretq("iretq to 32-bit code", &f, CS | SS);
}

static void bad_cs(const char *name, uint64_t cs)
{
	struct frame f = frame_of(done32, true);

	f.cs = cs;
	iretq(name, &f, 0);
}

static void bad_ss(const char *name, uint64_t ss)
{
	struct frame f = frame_of(done32, true);

	f.ss = ss;
	iretq(name, &f, 0);
}

static void bad_iretqs(void)
{
	struct frame f;

	bad_cs("cs null", 3);
	bad_cs("cs of data", SEL_UDATA);
	bad_cs("cs of ring 0", SEL_CODE | 3);
	gdt[EXTRA / 8] = segment(0xa07b);
	bad_cs("cs not present", EXTRA | 3);
	bad_cs("cs beyond the table", 0x103);
	gdt[EXTRA / 8] = segment(0xe0fb);
	bad_cs("cs with L and D", EXTRA | 3);
	bad_ss("ss null", 3);
	bad_ss("ss of ring 0", SEL_DATA);
	bad_ss("ss of code", SEL_UCODE);
	gdt[EXTRA / 8] = segment(0xc0f1);
	bad_ss("ss read-only", EXTRA | 3);
	gdt[EXTRA / 8] = segment(0xc073);
	bad_ss("ss not present", EXTRA | 3);
	f = frame_of((void (*)(void))HOLE, true);
	iretq("rip in a hole", &f, CS);
	gdt[EXTRA / 8] = segment(0x40fb) & ~(UINT64_C(15) << 48);
	f = frame_of(done32, true);
	f.cs = EXTRA | 3;
	iretq("rip beyond a limit", &f, CS);
	f = frame_of(lretq_in, true);
	f.rsp = UINT64_C(0xffff800000000000);
	iretq("rsp in a hole", &f, CS);
	f = frame_of(iretq_fn, false);
	f.rflags |= NT;
	iretq("NT", &f, 0);
}

static void from_ring3(void)
{
	attempt_user(iretq_fn);
	ending("iretq in ring 3, IOPL 0", FLAGS);
	attempt_user(iretq_in);
	ending("iretq in ring 3, inward", 0);
	attempt_user(lretq_in);
	ending("lretq inward", 0);
	attempt(lretq_out);
	ending("lretq to ring 3", CS | SS);
	attempt(lretq_null);
	ending("lretq, ss null", 0);
	attempt(ds_out);
	field("ds of ring 0, left in ring 3: ", user_word[0], 4);
	put('\n');
}

int test_main(void)
{
	syscalls();
	gates();
	good_iretqs();
	bad_iretqs();
	from_ring3();
	return 0;
}
