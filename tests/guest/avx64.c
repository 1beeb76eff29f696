/*
 * avx64.c: AVX from XSETBV on: when it is #UD or #NM, encodings that are none,
 * alignment, what becomes of the upper halves, faults in the middle of a
 * gather, masked elements where nothing is mapped, XSAVE's third component,
 * and one rounding for a product and a sum.
 *
 * QEMU 7.2 raises no exceptions of SSE, takes CR0.EM for VEX too, does not look
 * at L and W everywhere, and loads what a mask leaves out.
 *
 * On sim: --cpu x86-64-v3
 * Not on rig: after VMRUN of QEMU's AVX is #UD whatever XCR0 says.
 * Prints:
 *	v3: ok
 *	no OSXSAVE: #06
 *	xsetbv without it: #06
 *	XCR0 is 1: #06
 *	XCR0 is 3: #06
 *	xsetbv 5: #0d(0000)
 *	xsetbv 7: ok
 *	vaddps: ok
 *	TS: #07
 *	EM: ok
 * qemu	EM: #06
 *	user code: ok
 *	66 before VEX: #06
 *	F3 before VEX: #06
 *	REX before VEX: #06
 *	LOCK before VEX: #06
 *	a second source of movaps: #06
 *	vmovd of 256 bits: #06
 * qemu	vmovd of 256 bits: ok
 *	vpermq of 128 bits: #06
 *	vbroadcastss with W: #06
 * qemu	vbroadcastss with W: ok
 *	gather into its mask: #06
 *	vmovaps ymm unaligned: #0d(0000)
 *	vmovaps xmm at 16: ok
 *	vmovups unaligned: ok
 *	vaddps unaligned: ok
 *	legacy paddd: 0000000200000002 0000000100000001
 *	vpaddd xmm: 0000000200000002 0000000000000000
 *	vpaddd ymm: 0000000200000002 0000000200000002
 *	vzeroupper: 0000000100000001 0000000000000000
 *	vzeroall: 0000000000000000 0000000000000000
 *	gather, third not mapped: #0e(0000) at 0000000000800000
 *	to 2222222211111111 0000000000000000 mask 0000000000000000 ffffffffffffffff
 *	gather again: ok
 *	to 2222222211111111 4444444433333333 mask 0000000000000000 0000000000000000
 *	vmaskmovps of what is mapped: ok
 * qemu	vmaskmovps of what is mapped: #0e(0000) at 0000000000800000
 *	vmaskmovps beyond: #0e(0000) at 0000000000800000
 *	vmaskmovps to what is mapped: ok
 *	xsave: 0000000000000007 0000000300000003
 *	xrstor without AVX: 0000000000000000
 *	xrstor: 0000000300000003
 *	fma: bff0000000000000 3c9ffffffffffffe
 *	fma, exactly: b960000000000000
 *	half: 3c00
 *	1/0 in the upper half: #13
 * qemu	1/0 in the upper half: ok
 *	end
 */
#include "tests/guest/bare64.h"

#define CR4_OSXMM 0x600u    /* OSFXSR, OSXMMEXCPT */
#define EDGE	  0x800000u /* nothing is mapped from there on */

static USER uint8_t area[832] __attribute__((aligned(64)));
static USER uint32_t vectors[3][8] __attribute__((aligned(32)));
static USER uint64_t value[4] __attribute__((aligned(32)));
static USER uint32_t mxcsr;

CODE(vaddps, "vaddps %ymm1, %ymm2, %ymm3");
CODE(p66, ".byte 0x66, 0xc5, 0xec, 0x58, 0xd9");
CODE(pf3, ".byte 0xf3, 0xc5, 0xec, 0x58, 0xd9");
CODE(rex, ".byte 0x40, 0xc5, 0xec, 0x58, 0xd9");
CODE(locked, ".byte 0xf0, 0xc5, 0xec, 0x58, 0x18");
CODE(second_source, ".byte 0xc5, 0xe8, 0x28, 0xd9");
CODE(wide_vmovd, ".byte 0xc5, 0xfd, 0x6e, 0xc8");
CODE(narrow_vpermq, ".byte 0xc4, 0xe3, 0xf9, 0x00, 0xc9, 0x00");
CODE(w_broadcast, ".byte 0xc4, 0xe2, 0xfd, 0x18, 0xc9");
CODE(gather_same, ".byte 0xc4, 0xe2, 0x75, 0x90, 0x0c, 0x10");
CODE(aligned_ymm, "vmovaps 16(%rax), %ymm1");
CODE(aligned_xmm, "vmovaps 16(%rax), %xmm1");
CODE(unaligned, "vmovups 1(%rax), %ymm1");
CODE(operand, "vaddps 1(%rax), %ymm1, %ymm2");
CODE(gather, "vpgatherdd %xmm2, (%rax,%xmm1,4), %xmm3");
CODE(mask_load, "vmaskmovps (%rax), %ymm2, %ymm3");
CODE(mask_store, "vmaskmovps %ymm3, %ymm2, (%rax)");
CODE(divide, "vdivpd %ymm1, %ymm2, %ymm3");

/* RAX is the value: vectors[] are ymm1 to ymm3 before, value[] ymm3 after. */
static void attempt_at(void (*fn)(void), uint64_t rax)
{
	enter[0] = rax;
	attempt(fn);
	enter[0] = 0;
}

static void load_vectors(void)
{
	__asm__ volatile("vmovups %0, %%ymm1\n\tvmovups %1, %%ymm2\n\t"
			 "vmovups %2, %%ymm3" ::"m"(vectors[0]),
			 "m"(vectors[1]), "m"(vectors[2]));
}

static void words(uint64_t a, uint64_t b)
{
	hex(a, 16);
	put(' ');
	hex(b, 16);
}

static void set_xcr0(uint64_t val)
{
	__asm__ volatile("xsetbv" ::"c"(0), "a"((uint32_t)val),
			 "d"((uint32_t)(val >> 32)));
}

static void xcr0_1(void)
{
	set_xcr0(1);
}

static void xcr0_5(void)
{
	set_xcr0(5);
}

static void xcr0_7(void)
{
	set_xcr0(7);
}

static void enabling(void)
{
	bool v3 = cpuid_bit(1, 2, 28) && cpuid_bit(1, 2, 12) &&
		  cpuid_bit(1, 2, 29) && cpuid_bit(7, 1, 5);

	print(v3 ? "v3: ok\n" : "v3: not all of it\n");
	set_cr4(get_cr4() | CR4_OSXMM);
	attempt(vaddps);
	report("no OSXSAVE");
	attempt(xcr0_1);
	report("xsetbv without it");
	set_cr4(get_cr4() | CR4_OSXSAVE);
	set_xcr0(1);
	attempt(vaddps);
	report("XCR0 is 1");
	set_xcr0(3);
	attempt(vaddps);
	report("XCR0 is 3");
	attempt(xcr0_5);
	report("xsetbv 5");
	attempt(xcr0_7);
	report("xsetbv 7");
	attempt(vaddps);
	report("vaddps");
	set_cr0(get_cr0() | CR0_TS);
	attempt(vaddps);
	report("TS");
	set_cr0((get_cr0() & ~CR0_TS) | CR0_EM);
	attempt(vaddps);
	report("EM");
	set_cr0(get_cr0() & ~CR0_EM);
	attempt_user(vaddps);
	report("user code");
}

static void encodings(void)
{
	static const struct {
		void (*fn)(void);
		const char *name;
	} rows[] = {
		{p66, "66 before VEX"},
		{pf3, "F3 before VEX"},
		{rex, "REX before VEX"},
		{locked, "LOCK before VEX"},
		{second_source, "a second source of movaps"},
		{wide_vmovd, "vmovd of 256 bits"},
		{narrow_vpermq, "vpermq of 128 bits"},
		{w_broadcast, "vbroadcastss with W"},
		{gather_same, "gather into its mask"},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		attempt_at(rows[i].fn, (uintptr_t)vectors);
		report(rows[i].name);
	}
	attempt_at(aligned_ymm, (uintptr_t)vectors);
	report("vmovaps ymm unaligned");
	attempt_at(aligned_xmm, (uintptr_t)vectors);
	report("vmovaps xmm at 16");
	attempt_at(unaligned, (uintptr_t)vectors);
	report("vmovups unaligned");
	attempt_at(operand, (uintptr_t)vectors);
	report("vaddps unaligned");
}

/* All lanes of ymm1 to ymm3 are 1. */
#define UPPER(name, text)                                                      \
	do {                                                                   \
		for (unsigned i = 0; i < 24; i++)                              \
			vectors[i / 8][i % 8] = 1;                             \
		load_vectors();                                                \
		__asm__ volatile(text "\n\tvmovups %%ymm3, %0" : "=m"(value)); \
		print(name ": ");                                              \
		words(value[0], value[2]);                                     \
		put('\n');                                                     \
	} while (0)

static void upper_halves(void)
{
	UPPER("legacy paddd", "paddd %%xmm1, %%xmm3");
	UPPER("vpaddd xmm", "vpaddd %%xmm1, %%xmm2, %%xmm3");
	UPPER("vpaddd ymm", "vpaddd %%ymm1, %%ymm2, %%ymm3");
	UPPER("vzeroupper", "vzeroupper");
	UPPER("vzeroall", "vzeroall");
}

static void report_at(const char *name)
{
	print(name);
	print(": ");
	outcome();
	if (trap.vector == 14) {
		print(" at ");
		hex(trap.cr2, 16);
	}
	put('\n');
}

static void print_gather(void)
{
	uint64_t mask[2];

	__asm__ volatile("vmovups %%xmm3, %0\n\tvmovups %%xmm2, %1"
			 : "=m"(value), "=m"(mask));
	print("to ");
	words(value[0], value[1]);
	print(" mask ");
	words(mask[0], mask[1]);
	put('\n');
}

/* Four doublewords across the edge; EDGE's page comes when it is asked. */
static void gathers(void)
{
	uint32_t *at = (uint32_t *)(uintptr_t)EDGE;
	uint64_t *pde = &pd[0][EDGE >> 21], was = *pde;

	for (unsigned i = 0; i < 8; i++) {
		vectors[0][i] = i;
		vectors[1][i] = ~0u;
		vectors[2][i] = 0;
	}
	for (unsigned i = 0; i < 4; i++)
		at[(int)i - 2] = 0x11111111 * (i + 1);
	*pde = 0;
	invlpg(EDGE);
	load_vectors();
	attempt_at(gather, EDGE - 8);
	report_at("gather, third not mapped");
	print_gather();
	*pde = was;
	attempt_at(gather, EDGE - 8);
	report_at("gather again");
	print_gather();
	*pde = 0;
	invlpg(EDGE);
	for (unsigned i = 0; i < 8; i++)
		vectors[1][i] = i < 2 ? ~0u : 0x7fffffff;
	load_vectors();
	attempt_at(mask_load, EDGE - 8);
	report_at("vmaskmovps of what is mapped");
	attempt_at(mask_load, EDGE - 4);
	report_at("vmaskmovps beyond");
	attempt_at(mask_store, EDGE - 8);
	report_at("vmaskmovps to what is mapped");
	*pde = was;
}

static uint64_t upper_of_ymm3(void)
{
	__asm__ volatile("vmovups %%ymm3, %0" : "=m"(value));
	return value[2];
}

#define STATE(insn, parts) \
	__asm__ volatile(insn " %0" : "+m"(area) : "a"(parts), "d"(0))

static void states(void)
{
	for (unsigned i = 0; i < 8; i++)
		vectors[2][i] = 3;
	load_vectors();
	STATE("xsave64", 7);
	print("xsave: ");
	words(*(uint64_t *)(area + 512), *(uint64_t *)(area + 576 + 48));
	*(uint64_t *)(area + 512) = 3;
	STATE("xrstor64", 7);
	print("\nxrstor without AVX: ");
	hex(upper_of_ymm3(), 16);
	*(uint64_t *)(area + 512) = 7;
	STATE("xrstor64", 7);
	print("\nxrstor: ");
	hex(upper_of_ymm3(), 16);
	put('\n');
}

/* (1 + 2^-52)(1 - 2^-53) - 1 is 2^-53 - 2^-105; two roundings give zero. */
static void numbers(void)
{
	static const uint64_t x = 0x3ff0000000000001, y = 0x3fefffffffffffff;
	static const uint64_t minus_one = 0xbff0000000000000;
	static const uint64_t minus = 0xbca0000000000000;
	static const uint32_t one = 0x3f800000;
	uint64_t half;

	__asm__ volatile("vmovq %1, %%xmm1\n\tvmovq %2, %%xmm2\n\t"
			 "vmovq %3, %%xmm3\n\tvmovq %%xmm3, %0\n\t"
			 "vfmadd231sd %%xmm1, %%xmm2, %%xmm3"
			 : "=m"(value[0])
			 : "m"(x), "m"(y), "m"(minus_one));
	__asm__ volatile("vmovq %%xmm3, %0" : "=m"(value[1]));
	print("fma: ");
	words(value[0], value[1]);
	__asm__ volatile("vmovq %1, %%xmm3\n\t"
			 "vfmadd213sd %2, %%xmm1, %%xmm2\n\t"
			 "vaddsd %%xmm3, %%xmm2, %%xmm2\n\tvmovq %%xmm2, %0"
			 : "=m"(value[2])
			 : "m"(minus), "m"(minus_one));
	print("\nfma, exactly: ");
	hex(value[2], 16);
	__asm__ volatile("vmovd %1, %%xmm1\n\tvcvtps2ph $0, %%xmm1, %%xmm2\n\t"
			 "vmovq %%xmm2, %0"
			 : "=m"(half)
			 : "m"(one));
	print("\nhalf: ");
	hex(half, 4);
	put('\n');
}

static void exceptions(void)
{
	for (unsigned i = 0; i < 24; i++) /* 1.0 but for the last divisor */
		vectors[i / 8][i % 8] = i % 2 && i != 7 ? 0x3ff00000 : 0;
	load_vectors();
	mxcsr = 0x1d80;
	__asm__ volatile("vldmxcsr %0" ::"m"(mxcsr));
	attempt(divide);
	report("1/0 in the upper half");
	mxcsr = 0x1f80;
	__asm__ volatile("vldmxcsr %0" ::"m"(mxcsr));
}

int test_main(void)
{
	enabling();
	encodings();
	upper_halves();
	gathers();
	states();
	numbers();
	exceptions();
	finish();
}
