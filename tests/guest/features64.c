/*
 * features64.c: what CR4 opens and closes: UMIP, FSGSBASE, global pages;
 * canonical bases; and the bits of control registers that must not be set,
 * of which QEMU 7.2 takes most, some to its end: those are left out there.
 *
 * Prints:
 *	without UMIP: sgdt ok sidt ok sldt ok str ok smsw ok
 *	with UMIP: sgdt #0d(0000) sidt #0d(0000) sldt #0d(0000) str #0d(0000) smsw #0d(0000)
 *	with UMIP in ring 0: sgdt ok sidt ok sldt ok str ok smsw ok
 *	rdfsbase without CR4: #06
 *	rdfsbase: ok
 *	wrgsbase, read back: 000056789abcdef0
 *	wrgsbase of 32 bits: 000000009abcdef0
 *	wrfsbase to a hole: #0d(0000)
 * qemu	wrfsbase to a hole: ok
 *	a load by that base: 77
 *	null to gs leaves: 0000000000000000
 *	swapgs: 1111 2222
 *	msr fs to a hole: #0d(0000)
 * qemu	msr fs to a hole: ok
 *	lstar to a hole: #0d(0000)
 * qemu	lstar to a hole: ok
 *	lgdt from a hole: #0d(0000)
 *	efer, unknown bit: #0d(0000)
 * qemu	efer, unknown bit: ok
 * rig	efer, unknown bit: #0d(0000)
 *	efer, LME off: #0d(0000)
 * qemu	efer, LME off: left out
 * rig	efer, LME off: #0d(0000)
 *	cr0, PG off: #0d(0000)
 * qemu	cr0, PG off: left out
 * rig	cr0, PG off: #0d(0000)
 *	cr0, PG without PE: #0d(0000)
 * qemu	cr0, PG without PE: left out
 * rig	cr0, PG without PE: #0d(0000)
 *	cr0, NW without CD: #0d(0000)
 * qemu	cr0, NW without CD: left out
 * rig	cr0, NW without CD: #0d(0000)
 *	cr4, PAE off: #0d(0000)
 * qemu	cr4, PAE off: left out
 * rig	cr4, PAE off: #0d(0000)
 *	cr4, unknown bit: #0d(0000)
 * qemu	cr4, unknown bit: left out
 * rig	cr4, unknown bit: #0d(0000)
 *	pat, type 2: #0d(0000)
 * qemu	pat, type 2: left out
 * rig	pat, type 2: #0d(0000)
 *	global pages, after invlpg: new, after cr4.PGE: new
 *	others, after cr3: new
 *	end
 */
#include "tests/guest/bare64.h"

#define LINEAR UINT64_C(0x8000000000)
#define G      0x100u

USER uint8_t buffer[16];
USER uint64_t base_word;
USER uint64_t seventy_seven = 0x77;
static uint64_t pdpt1[512] ALIGNED, pd1[512] ALIGNED, pt1[512] ALIGNED;
static uint64_t page[2][512] ALIGNED;

#define END "\n int $0x30"
CODE(sgdt_fn, "sgdt buffer" END);
CODE(sidt_fn, "sidt buffer" END);
CODE(sldt_fn, "sldt %eax" END);
CODE(str_fn, "str %eax" END);
CODE(smsw_fn, "smsw %eax" END);
CODE(rdfsbase_fn, "rdfsbase %rax" END);
CODE(wrgsbase_fn, "wrgsbase %r12; rdgsbase %rax; movq %rax, base_word" END);
CODE(wrgsbase32, "wrgsbase %r12d; rdgsbase %rax; movq %rax, base_word" END);
CODE(wrfsbase_hole, "movabsq $0x800000000000, %rax; wrfsbase %rax" END);
CODE(by_fs, "movl $seventy_seven - 16, %eax; wrfsbase %rax; movq %fs:16, %rax;"
	    "movq %rax, base_word" END);
CODE(load_gs, "wrgsbase %r12; xorl %eax, %eax; movl %eax, %gs; rdgsbase %rax;"
	      "movq %rax, base_word" END);
CODE(wrmsr_fn,
     "xorl %eax, %eax; movl %r12d, %ecx; movl $0x8000, %edx; wrmsr" END);
CODE(efer_fn, "movl $0xc0000080, %ecx; rdmsr; xorl %r12d, %eax; wrmsr" END);
CODE(cr0_fn, "movq %r12, %cr0" END);
CODE(cr4_fn, "movq %r12, %cr4" END);
CODE(pat_fn,
     "movl $0x277, %ecx; movl $0x02020202, %eax; xorl %edx, %edx; wrmsr" END);
CODE(lgdt_hole, "movabsq $0x800000000000, %rax; lgdt (%rax)" END);

static void short_row(const char *name, void (*fn)(void), bool user)
{
	struct frame f = frame_of(fn, user);

	attempt_frame(&f);
	put(' ');
	print(name);
	put(' ');
	outcome();
}

static void five(const char *name, bool user)
{
	print(name);
	short_row("sgdt", sgdt_fn, user);
	short_row("sidt", sidt_fn, user);
	short_row("sldt", sldt_fn, user);
	short_row("str", str_fn, user);
	short_row("smsw", smsw_fn, user);
	put('\n');
}

static void umip(void)
{
	five("without UMIP:", true);
	set_cr4(get_cr4() | CR4_UMIP);
	five("with UMIP:", true);
	five("with UMIP in ring 0:", false);
	set_cr4(get_cr4() & ~(uint64_t)CR4_UMIP);
}

static void word(const char *name, unsigned digits)
{
	print(name);
	hex(base_word, digits);
	put('\n');
}

static void row(const char *name, void (*fn)(void), uint64_t r12)
{
	enter[12] = r12;
	attempt(fn);
	report(name);
}

static void bases(void)
{
	attempt_user(rdfsbase_fn);
	report("rdfsbase without CR4");
	set_cr4(get_cr4() | CR4_FSGSBASE);
	attempt_user(rdfsbase_fn);
	report("rdfsbase");
	enter[12] = UINT64_C(0x123456789abcdef0) & 0x7fffffffffff;
	attempt_user(wrgsbase_fn);
	word("wrgsbase, read back: ", 16);
	attempt_user(wrgsbase32);
	word("wrgsbase of 32 bits: ", 16);
	attempt_user(wrfsbase_hole);
	report("wrfsbase to a hole");
	attempt_user(by_fs);
	word("a load by that base: ", 2);
	attempt_user(load_gs);
	word("null to gs leaves: ", 16);
	wrmsr(MSR_GS_BASE, 0x1111);
	wrmsr(MSR_KGS_BASE, 0x2222);
	__asm__ volatile("swapgs");
	print("swapgs: ");
	hex(rdmsr(MSR_KGS_BASE), 4);
	put(' ');
	hex(rdmsr(MSR_GS_BASE), 4);
	put('\n');
}

/* QEMU does these, and falls. */
static void fatal_row(const char *name, void (*fn)(void), uint64_t r12)
{
	uint32_t a = 0x40000000, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	if (b != 0x54474354) { /* TCGT */
		row(name, fn, r12);
		return;
	}
	print(name);
	print(": left out\n");
}

static void registers(void)
{
	uint64_t cr0 = get_cr0(), cr4 = get_cr4();

	row("msr fs to a hole", wrmsr_fn, MSR_FS_BASE);
	row("lstar to a hole", wrmsr_fn, MSR_LSTAR);
	row("lgdt from a hole", lgdt_hole, 0);
	row("efer, unknown bit", efer_fn, 0x80);
	fatal_row("efer, LME off", efer_fn, 0x100);
	fatal_row("cr0, PG off", cr0_fn, cr0 & ~UINT64_C(0x80000000));
	fatal_row("cr0, PG without PE", cr0_fn, cr0 & ~UINT64_C(1));
	fatal_row("cr0, NW without CD", cr0_fn, cr0 | 0x20000000);
	fatal_row("cr4, PAE off", cr4_fn, cr4 & ~UINT64_C(0x20));
	fatal_row("cr4, unknown bit", cr4_fn, cr4 | UINT64_C(1) << 30);
	fatal_row("pat, type 2", pat_fn, 0);
}

/* ---- what stays in the TLB, where it must ---- */

static uint64_t look(void)
{
	return *(volatile uint64_t *)LINEAR;
}

/* Map the first page, look, map the second unseen. */
static void remap(uint64_t flags)
{
	pt1[0] = (uint64_t)page[0] | 3 | flags;
	invlpg(LINEAR);
	look();
	pt1[0] = (uint64_t)page[1] | 3 | flags;
}

static void seen(const char *name)
{
	print(name);
	print(look() == 1 ? "new" : "old");
}

static void global_pages(void)
{
	pml4[1] = (uint64_t)pdpt1 | 3;
	pdpt1[0] = (uint64_t)pd1 | 3;
	pd1[0] = (uint64_t)pt1 | 3;
	page[1][0] = 1;
	set_cr4(get_cr4() | CR4_PGE);
	remap(G);
	invlpg(LINEAR);
	seen("global pages, after invlpg: ");
	remap(G);
	set_cr4(get_cr4() ^ CR4_PGE);
	set_cr4(get_cr4() ^ CR4_PGE);
	seen(", after cr4.PGE: ");
	remap(0);
	set_cr3(get_cr3());
	seen("\nothers, after cr3: ");
	put('\n');
}

int test_main(void)
{
	umip();
	bases();
	registers();
	global_pages();
	return 0;
}
