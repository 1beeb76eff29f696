/*
 * except64.c: the exceptions of 64-bit mode, in ring 0 and in ring 3: vector,
 * error code, how far RIP is from the function's start, and the stack that
 * the frame is on: `here' below the one in use, aligned, `tss' that of the
 * TSS. CS, RFLAGS, RSP and SS in the frame are checked, and told when wrong.
 *
 * QEMU 7.2 counts 16 bytes a gate in error codes, leaves out EXT, RF, #AC and
 * the exceptions of SSE, and checks addresses where they are used.
 *
 * Prints:
 *	divide by zero: 00 +2 here, 00 +2 tss
 *	quotient too large: 00 +4 here, 00 +4 tss
 *	least by -1: 00 +b here, 00 +b tss
 *	int1: 01 +1 here, 01 +1 tss
 * qemu	int1: 06 +0 here, 06 +0 tss
 *	int3: 03 +1 here, 03 +1 tss
 *	int 3: 03 +2 here, 03 +2 tss
 *	int 48: 30 +2 here, 30 +2 tss
 *	int 49, closed: 31 +2 here, 0d(018a) +0 tss
 * qemu	int 49, closed: 31 +2 here, 0d(0312) +0 tss
 *	into: 06 +0 here, 06 +0 tss
 *	push es: 06 +0 here, 06 +0 tss
 *	ud2: 06 +0 here, 06 +0 tss
 *	lock nop: 06 +0 here, 06 +0 tss
 *	mov to cs: 06 +0 here, 06 +0 tss
 *	16 bytes: 0d(0000) +0 here, 0d(0000) +0 tss
 *	x87, TS: 07 +0 here, 07 +0 tss
 *	wait, TS and MP: 07 +0 here, 07 +0 tss
 *	sse, TS: 07 +0 here, 07 +0 tss
 *	x87, EM: 07 +0 here, 07 +0 tss
 *	sse, EM: 06 +0 here, 06 +0 tss
 *	ds not present: 0b(0048) +4 here, 0d(0048) +4 tss
 *	ss not present: 0c(0048) +4 here, 0d(0048) +4 tss
 *	ds beyond the table: 0d(0100) +4 here, 0d(0100) +4 tss
 *	ds of ring 0: ok, 0d(0010) +4 tss
 *	null ss: ok, 0d(0000) +2 tss
 *	push to no canonical address: 0c(0000) +a ist, 0c(0000) +a ist
 * qemu	push to no canonical address: 0d(0000) +a ist, 0d(0000) +a ist
 *	by rbp: 0c(0000) +a here, 0c(0000) +a tss
 * qemu	by rbp: 0e(0000) +a here, 0e(0004) +a tss
 *	by rax: 0d(0000) +a here, 0d(0000) +a tss
 *	jump to no canonical address: 0d(0000) +a here, 0d(0000) +a tss
 * qemu	jump to no canonical address: 0d(0000) +far here, 0d(0000) +far tss
 *	unaligned movaps: 0d(0000) +5 here, 0d(0000) +5 tss
 *	hlt: ok, 0d(0000) +0 tss
 *	cli: ok, 0d(0000) +0 tss
 *	in: ok, 0d(0000) +0 tss
 *	mov from cr3: ok, 0d(0000) +0 tss
 *	mov to cr8: ok, 0d(0000) +2 tss
 *	16 to cr8: 0d(0000) +5 here, 0d(0000) +5 tss
 * qemu	16 to cr8: ok, 0d(0000) +5 tss
 * rig	16 to cr8: 0d(0000) +5 here, 0d(0000) +5 tss
 *	mov from dr7: ok, 0d(0000) +0 tss
 *	rdmsr: ok, 0d(0000) +5 tss
 *	unknown msr: 0d(0000) +5 here, 0d(0000) +5 tss
 * qemu	unknown msr: ok, 0d(0000) +5 tss
 * rig	unknown msr: 0d(0000) +5 here, 0d(0000) +5 tss
 *	invlpg: ok, 0d(0000) +0 tss
 *	wbinvd: ok, 0d(0000) +0 tss
 *	clts: ok, 0d(0000) +0 tss
 *	swapgs: ok, 0d(0000) +0 tss
 *	lgdt: ok, 0d(0000) +0 tss
 *	ltr, busy: 0d(0030) +4 here, 0d(0000) +4 tss
 *	syscall without SCE: 06 +0 here, 06 +0 tss
 *	not mapped: 0e(0000) +5 here, 0e(0004) +5 tss
 *	write to code of ring 0: ok, 0e(0007) +5 tss
 *	fwait after 1/0: 10 +f here, 10 +f tss
 *	unaligned, AC: ok, 11(0000) +5 tss
 * qemu	unaligned, AC: ok, ok
 *	unaligned push, AC: ok, 11(0000) +6 tss
 * qemu	unaligned push, AC: ok, ok
 *	1/0 in sse: 13 +14 here, 13 +14 tss
 * qemu	1/0 in sse: ok, ok
 *	1/0 in sse, masked unit: 06 +14 here, 06 +14 tss
 * qemu	1/0 in sse, masked unit: ok, ok
 *	gate of #UD absent: 0b(0033) +0 here, 0b(0033) +0 tss
 * qemu	gate of #UD absent: 0b(0062) +0 here, 0b(0062) +0 tss
 *	gate of int 49 absent: 0b(018a) +0 here, 0b(018a) +0 tss
 * qemu	gate of int 49 absent: 0b(0312) +0 here, 0b(0312) +0 tss
 *	gate to data: 0d(0011) +0 here, 0d(0011) +0 tss
 * qemu	gate to data: 0d(0010) +0 here, 0d(0010) +0 tss
 *	gate to 32-bit code: 0d(0041) +0 here, 0d(0041) +0 tss
 * qemu	gate to 32-bit code: 0d(0040) +0 here, 0d(0040) +0 tss
 *	gate of #GP absent: 08(0000) +a here, 08(0000) +a tss
 *	gate of #PF absent: 08(0000) +5 here, 08(0000) +5 tss
 *	#PF, its gate to data: 08(0000) +5 here, 08(0000) +5 tss
 *	beyond the IDT: 0d(018a) +0 here, 0d(018a) +0 tss
 * qemu	beyond the IDT: 0d(0312) +0 here, 0d(0312) +0 tss
 *	IST: 06 +0 ist, 06 +0 ist
 *	stack not canonical: 0c(0001) +0 ist, 0c(0001) +0 ist
 * qemu	stack not canonical: 0d(0000) +0 here, 0d(0000) +0 tss
 *	TSS too short: 0a(0031) +0 ist, 0a(0031) +0 ist
 * qemu	TSS too short: 0a(0030) +0 ist, 0a(0030) +0 ist
 *	RF in the frame: fault 1 trap 0 in a rep 1
 * qemu	RF in the frame: fault 0 trap 0 in a rep 0
 * rig	RF in the frame: fault 1 trap 0 in a rep 0
 *	end
 */
#include "tests/guest/bare64.h"

USER uint32_t mxcsr_zero = 0x1d80; /* division by zero is not masked */
USER uint16_t control_zero = 0x37b;

CODE(de_zero, "xorl %ecx, %ecx; divl %ecx");
CODE(de_large, "movb $1, %dl; movb $1, %cl; divw %dx");
CODE(de_least, "movl $0x80000000, %eax; cltd; .byte 0x6a, 0xff; popq %rcx;"
	       "nop; nop; idivl %ecx");
CODE(int1, ".byte 0xf1");
CODE(int3, "int3");
CODE(int_3, ".byte 0xcd, 3");
CODE(int_48, "int $48");
CODE(int_49, "int $49");
CODE(into, ".byte 0xce");
CODE(push_es, ".byte 0x06");
CODE(ud2, "ud2");
CODE(lock_nop, ".byte 0xf0, 0x90");
CODE(mov_cs, ".byte 0x8e, 0xc8");
CODE(too_long, ".fill 15, 1, 0x66; nop");
CODE(x87, "fnop");
CODE(wait, "fwait");
CODE(sse, "xorps %xmm0, %xmm0");
CODE(load_ds, "movw $0x48, %ax; movw %ax, %ds");
CODE(load_ss, "movw $0x48, %ax; movw %ax, %ss");
CODE(far_ds, "movw $0x100, %ax; movw %ax, %ds");
CODE(inner_ds, "movw $0x10, %ax; movw %ax, %ds");
CODE(null_ss, "xorl %eax, %eax; movw %ax, %ss");
CODE(push_hole, "movabsq $0xffff800000000000, %rsp; pushq %rax");
CODE(rbp_hole, "movabsq $0x7ffffffffffc, %rbp; movq (%rbp), %rax");
CODE(rax_hole, "movabsq $0xffff7fffffffffff, %rax; movb (%rax), %al");
CODE(jump_hole, "movabsq $0x800000000000, %rax; jmp *%rax");
CODE(unaligned_sse, "leaq 1(%rsp), %rax; movaps (%rax), %xmm0");
CODE(hlt_fn, "hlt");
CODE(cli_fn, "cli");
CODE(in_fn, "inb $0x61, %al");
CODE(get_cr3_fn, "movq %cr3, %rax");
CODE(set_cr8_fn, "xorl %eax, %eax; movq %rax, %cr8");
CODE(bad_cr8, "movl $16, %eax; movq %rax, %cr8");
CODE(get_dr7_fn, "movq %dr7, %rax");
CODE(rdmsr_fn, "movl $0xc0000100, %ecx; rdmsr");
CODE(bad_msr, "movl $0xc0001234, %ecx; rdmsr");
CODE(invlpg_fn, "invlpg (%rsp)");
CODE(wbinvd_fn, "wbinvd");
CODE(clts_fn, "clts");
CODE(swapgs_fn, "swapgs; swapgs");
CODE(lgdt_fn, "lgdt gdt_pointer");
CODE(ltr_fn, "movw $0x30, %ax; ltr %ax");
CODE(syscall_fn, "syscall");
CODE(absent_fn, "movl $0xfff00000, %eax; movb (%rax), %al");
CODE(text_fn, "movl $0x100000, %eax; movb %al, (%rax)");
CODE(fwait_fn, "fninit; fldcw control_zero; fld1; fldz; fdivrp; fwait; fninit");
CODE(ac_fn, "leaq -9(%rsp), %rax; movl %eax, (%rax)");
CODE(ac_push, "popq %rax; popq %rdx; subq $17, %rsp; pushq %rax");
CODE(rep_fn, "rep lodsb");
CODE(xm_fn, "movl $1, %eax; cvtsi2ss %eax, %xmm0; ldmxcsr mxcsr_zero;"
	    "xorps %xmm1, %xmm1; divss %xmm1, %xmm0");

static void describe(const struct frame *f, void (*fn)(void))
{
	uint64_t at = trap.rip - (uint64_t)fn;
	uint64_t here = (trap.rsp & ~UINT64_C(15)) - 40;

	hex(trap.vector, 2);
	if (trap.error != UINT64_MAX) {
		put('(');
		hex(trap.error, 4);
		put(')');
	}
	print(" +");
	if (at < 256)
		hex(at, at > 15 ? 2 : 1);
	else
		print("far");
	if (trap.frame == here)
		print(" here");
	else if (trap.frame == (uint64_t)tss_stack_top - 40)
		print(" tss");
	else if (trap.frame == (uint64_t)ist_stack_top - 40)
		print(" ist");
	else
		print(" elsewhere");
	if (trap.cs != f->cs)
		print(", cs wrong");
	if ((trap.rflags ^ f->rflags) & ~(RF | 0x8d5))
		print(", rflags wrong");
	if (trap.ss != f->ss)
		print(", ss wrong");
}

/* One ring. RSP in the frame is as it was, unless the function moved it. */
static void ring(void (*fn)(void), bool user, uint64_t flags)
{
	struct frame f = frame_of(fn, user);

	f.rflags |= flags;
	attempt_frame(&f);
	if (trap.vector == DONE && trap.rip - (uint64_t)fn != 2) {
		print("ok");
		return;
	}
	describe(&f, fn);
	if (trap.rsp != f.rsp && fn != push_hole && fn != ac_push)
		print(", rsp wrong");
}

static void both_with(const char *name, void (*fn)(void), uint64_t flags)
{
	print(name);
	print(": ");
	ring(fn, false, flags);
	print(", ");
	ring(fn, true, flags);
	put('\n');
}

static void both(const char *name, void (*fn)(void))
{
	both_with(name, fn, 0);
}

static void with_cr0(const char *name, void (*fn)(void), uint64_t set)
{
	uint64_t cr0 = get_cr0();

	set_cr0(cr0 | set);
	both(name, fn);
	set_cr0(cr0);
}

static void simple(void)
{
	both("divide by zero", de_zero);
	both("quotient too large", de_large);
	both("least by -1", de_least);
	both("int1", int1);
	both("int3", int3);
	both("int 3", int_3);
	both("int 48", int_48);
	both("int 49, closed", int_49);
	both("into", into);
	both("push es", push_es);
	both("ud2", ud2);
	both("lock nop", lock_nop);
	both("mov to cs", mov_cs);
	both("16 bytes", too_long);
}

static void units(void)
{
	with_cr0("x87, TS", x87, CR0_TS);
	with_cr0("wait, TS and MP", wait, CR0_TS);
	with_cr0("sse, TS", sse, CR0_TS);
	with_cr0("x87, EM", x87, CR0_EM);
	with_cr0("sse, EM", sse, CR0_EM);
}

static void segments(void)
{
	gdt[SEL_FREE / 8] = segment(0xc013);
	both("ds not present", load_ds);
	both("ss not present", load_ss);
	both("ds beyond the table", far_ds);
	both("ds of ring 0", inner_ds);
	both("null ss", null_ss);
	set_gate(12, 0x8e, SEL_CODE, stubs[12], 1);
	set_gate(13, 0x8e, SEL_CODE, stubs[13], 1);
	both("push to no canonical address", push_hole);
	reset_gate(12);
	reset_gate(13);
	both("by rbp", rbp_hole);
	both("by rax", rax_hole);
	both("jump to no canonical address", jump_hole);
	both("unaligned movaps", unaligned_sse);
}

/* HLT in ring 0 needs an interrupt to end: of this CPU's own, waiting. */
static void halt_once(const char *name)
{
	print(name);
	print(": ok, ");
	ring(hlt_fn, true, 0);
	put('\n');
}

static void privileged(void)
{
	uint64_t efer = rdmsr(MSR_EFER);

	halt_once("hlt");
	both("cli", cli_fn);
	both("in", in_fn);
	both("mov from cr3", get_cr3_fn);
	both("mov to cr8", set_cr8_fn);
	both("16 to cr8", bad_cr8);
	both("mov from dr7", get_dr7_fn);
	both("rdmsr", rdmsr_fn);
	both("unknown msr", bad_msr);
	both("invlpg", invlpg_fn);
	both("wbinvd", wbinvd_fn);
	both("clts", clts_fn);
	both("swapgs", swapgs_fn);
	both("lgdt", lgdt_fn);
	both("ltr, busy", ltr_fn);
	wrmsr(MSR_EFER, efer & ~UINT64_C(1));
	both("syscall without SCE", syscall_fn);
	wrmsr(MSR_EFER, efer);
}

static void rest(void)
{
	uint64_t cr4 = get_cr4();

	pd[3][0x1ff] = pd[3][0x1ff] & ~UINT64_C(1);
	invlpg(0xfff00000);
	both("not mapped", absent_fn);
	pd[3][0x1ff] |= 1;
	both("write to code of ring 0", text_fn);
	both("fwait after 1/0", fwait_fn);
	__asm__ volatile("fninit");
	set_cr0(get_cr0() | CR0_AM);
	both_with("unaligned, AC", ac_fn, AC);
	both_with("unaligned push, AC", ac_push, AC);
	both("1/0 in sse", xm_fn);
	set_cr4(cr4 & ~(uint64_t)CR4_XMM);
	both("1/0 in sse, masked unit", xm_fn);
	set_cr4(cr4);
}

static void gates(void)
{
	set_gate(6, 0x0e, SEL_CODE, stubs[6], 0);
	both("gate of #UD absent", ud2);
	set_gate(49, 0x6e, SEL_CODE, stubs[49], 0);
	both("gate of int 49 absent", int_49);
	set_gate(6, 0x8e, SEL_DATA, stubs[6], 0);
	both("gate to data", ud2);
	set_gate(6, 0x8e, SEL_CODE32, stubs[6], 0);
	both("gate to 32-bit code", ud2);
	reset_gate(6);
	reset_gate(49);
	set_gate(13, 0x0e, SEL_CODE, stubs[13], 0);
	both("gate of #GP absent", rax_hole);
	reset_gate(13);
	pd[3][0x1ff] &= ~UINT64_C(1);
	invlpg(0xfff00000);
	set_gate(14, 0x0e, SEL_CODE, stubs[14], 0);
	both("gate of #PF absent", absent_fn);
	set_gate(14, 0x8e, SEL_DATA, stubs[14], 0);
	both("#PF, its gate to data", absent_fn);
	reset_gate(14);
	pd[3][0x1ff] |= 1;
}

static void lidt(unsigned limit)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) idtr = {limit, (uint64_t)idt};

	__asm__ volatile("lidt %0" ::"m"(idtr));
}

/* TR again, which must not be busy. */
static void set_tss_limit(unsigned limit)
{
	gdt[SEL_TSS / 8] =
		(gdt[SEL_TSS / 8] & ~UINT64_C(0x2000000ffff)) | limit;
	__asm__ volatile("ltr %0" ::"r"((uint16_t)SEL_TSS));
}

static void stacks(void)
{
	lidt(49 * 16 - 1);
	both("beyond the IDT", int_49);
	lidt(sizeof(idt) - 1);

	set_gate(6, 0x8e, SEL_CODE, stubs[6], 1);
	both("IST", ud2);
	set_gate(12, 0x8e, SEL_CODE, stubs[12], 1);
	set_gate(10, 0x8e, SEL_CODE, stubs[10], 1);
	set_gate(6, 0x8e, SEL_CODE, stubs[6], 7);
	tss.ist[6][1] = 0xffff8000;
	both("stack not canonical", ud2);
	set_tss_limit(83); /* the last IST begins at 84 */
	both("TSS too short", ud2);
	set_tss_limit(sizeof(tss) - 1);
	reset_gate(6);
	reset_gate(10);
	reset_gate(12);
}

static uint64_t rf(void (*fn)(void))
{
	attempt(fn);
	return trap.rflags >> 16 & 1;
}

static void resume_flag(void)
{
	struct frame f;

	print("RF in the frame: fault ");
	hex(rf(ud2), 1);
	print(" trap ");
	hex(rf(int3), 1);
	print(" in a rep ");
	/* A step, which ends an iteration that is not the last. */
	enter[1] = 9;
	enter[6] = (uint64_t)attempt_stack_top - 64;
	f = frame_of(rep_fn, false);
	f.rflags |= TF;
	attempt_frame(&f);
	hex(trap.rflags >> 16 & 1, 1);
	put('\n');
}

int test_main(void)
{
	simple();
	units();
	segments();
	privileged();
	rest();
	gates();
	stacks();
	resume_flag();
	return 0;
}
