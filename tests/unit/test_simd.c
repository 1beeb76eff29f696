/*
 * SSE and SSE2 of the simulated CPU: every row of its table against the
 * host's processor, and what holds on any host.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/native_simd.h"
#include "tests/unit/unit.h"
#include "vmm/sim/ieee.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ALL_MASKS    0x1f80u
#define ALL_FLAGS    0x3fu
#define STATUS_FLAGS 0x8d5u /* OF SF ZF AF PF CF */

/* ---- Operands ---- */

/* xorshift64*: the same operands in every run. */
static uint64_t random_state;

static uint64_t random64(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(0x2545f4914f6cdd1d);
}

static unsigned below(unsigned n)
{
	return random64() % n;
}

/* Exponent fields and fractions where something happens, of either format. */
static uint64_t interesting(const struct ieee_format *f)
{
	uint64_t max = 2 * (unsigned)f->emax + 1;
	uint64_t one = (uint64_t)1 << f->frac;
	const uint64_t exponents[] = {
		0,
		0,
		0,
		1,
		2,
		f->frac,
		f->emax - f->frac - 1,
		f->emax - 1,
		f->emax,
		f->emax,
		f->emax + 1,
		f->emax + 23,
		f->emax + 24,
		f->emax + 29,
		f->emax + 30,
		f->emax + 31,
		f->emax + 32,
		f->emax + 52,
		f->emax + 62,
		f->emax + 63,
		f->emax + 64,
		f->emax / 2,
		3 * (unsigned)f->emax / 2,
		max - 2,
		max - 1,
		max,
		max,
		max,
		random64() & max,
		/* around the limits of single precision, for cvtsd2ss */
		(f->emax - 127 - below(3)) & max,
		(f->emax + 126 + below(3)) & max,
		(f->emax - 149 - below(3)) & max,
	};
	const uint64_t fractions[] = {
		0,
		0,
		0,
		1,
		2,
		3,
		one - 1,
		one - 2,
		one / 2,
		one / 2 + 1,
		one / 2 - 1,
		one / 4 * 3,
		random64(),
		random64(),
		random64() << (f->frac / 2),
		one - ((uint64_t)1 << below(f->frac)),
		(uint64_t)1 << below(f->frac),
		/* halfway between two singles, and close to it */
		(uint64_t)1 << 28,
		((uint64_t)3 << 28) + 1,
		((uint64_t)1 << 28) - 1,
		((uint64_t)1 << f->frac) - ((uint64_t)1 << 28),
	};
	uint64_t sign = random64() & (uint64_t)1 << (f->bits - 1);

	return sign | exponents[below(COUNT(exponents))] << f->frac |
	       (fractions[below(COUNT(fractions))] & (one - 1));
}

enum operands { INTEGERS, SINGLES, DOUBLES, OPERANDS };

static uint64_t lane(enum operands kind)
{
	static const uint64_t edges[] = {
		0,
		~0ull,
		0x8000800080008000,
		0x7fff7fff7fff7fff,
		0x8080808080808080,
		0x7f7f7f7f7f7f7f7f,
		0x80000000,
		0x7fffffff7fffffff,
		0x8000000080000000,
		1,
		UINT64_C(1) << 63,
		INT64_MAX,
		15,
		16,
		17,
		31,
		32,
		33,
		63,
		64,
		0x00ff00ff00ff00ff,
		0xff00ff00ff00ff00,
		(1 << 24) + 1,
		(UINT64_C(1) << 53) + 1,
		(UINT64_C(3) << 53) - 1,
	};

	if (kind == SINGLES)
		return interesting(&ieee_single) | interesting(&ieee_single)
							   << 32;
	if (kind == DOUBLES)
		return interesting(&ieee_double);
	if (below(2))
		return edges[below(COUNT(edges))];
	return random64() >> (below(2) ? below(64) : 0);
}

static union xmm operand(enum operands kind)
{
	return (union xmm){.u64 = {lane(kind), lane(kind)}};
}

/* ---- One instruction on both ---- */

struct instruction {
	const struct simd_row *row;
	bool memory;
	unsigned general;
	unsigned imm;
};

static union xmm take(const void *from, unsigned bytes)
{
	union xmm x = {0};

	memcpy(&x, from, bytes);
	return x;
}

/* Bytes of rm in memory. */
static unsigned width(const struct instruction *in)
{
	bool general = in->row->form == SIMD_X_G || in->row->form == SIMD_G_X;

	return general ? in->general : in->row->bytes;
}

/* What the core does around a row's function, on a struct native. */
static void simulate(const struct instruction *in, struct native *n,
		     struct simd_ctx *ctx)
{
	const struct simd_row *row = in->row;
	union xmm rm = in->memory ? take(&n->mem, width(in)) : n->xmm1, dst,
		  src;
	bool rm_general = row->form == SIMD_X_G || row->form == SIMD_X_G_I ||
			  row->form == SIMD_G_X;

	*ctx = (struct simd_ctx){
		.mxcsr = n->mxcsr, .imm = in->imm, .general = in->general};
	if (rm_general && !in->memory)
		rm = take(&n->rcx, in->general);
	switch (row->form) {
	case SIMD_STORE:
	case SIMD_G_X:
	case SIMD_U_I:
		dst = rm;
		src = n->xmm0;
		break;
	case SIMD_R_X:
	case SIMD_R_X_I:
		dst = (union xmm){.u64 = {n->rax}};
		src = rm;
		break;
	default:
		dst = n->xmm0;
		src = rm;
		break;
	}
	n->fault = !row->fn(ctx, &dst, &src);
	n->mxcsr = ctx->mxcsr;
	if (n->fault)
		return;
	switch (row->form) {
	case SIMD_STORE:
	case SIMD_G_X:
	case SIMD_U_I:
		if (in->memory)
			memcpy(&n->mem, &dst, width(in));
		else if (row->form == SIMD_G_X)
			n->rcx = take(&dst, in->general).u64[0];
		else
			n->xmm1 = dst;
		break;
	case SIMD_R_X:
	case SIMD_R_X_I:
		n->rax = take(&dst, in->general).u64[0];
		break;
	case SIMD_MASKMOV:
		for (unsigned i = 0; i < 16; i++)
			if (dst.u64[0] >> i & 1)
				n->mem.u8[i] = n->xmm0.u8[i];
		break;
	case SIMD_FLAGS:
		break;
	default:
		n->xmm0 = dst;
		break;
	}
}

static void print(const char *who, const struct native *n)
{
	printf("  %-9s xmm0 %016lx%016lx xmm1 %016lx%016lx mem %016lx%016lx\n"
	       "            rax %016lx rcx %016lx mxcsr %08x%s\n",
	       who, n->xmm0.u64[1], n->xmm0.u64[0], n->xmm1.u64[1],
	       n->xmm1.u64[0], n->mem.u64[1], n->mem.u64[0], n->rax, n->rcx,
	       n->mxcsr, n->fault ? " fault" : "");
}

static bool same(const struct native *a, const struct native *b)
{
	return !memcmp(&a->xmm0, &b->xmm0, 16) &&
	       !memcmp(&a->xmm1, &b->xmm1, 16) &&
	       !memcmp(&a->mem, &b->mem, 16) && a->rax == b->rax &&
	       a->rcx == b->rcx && a->mxcsr == b->mxcsr && a->fault == b->fault;
}

/* `n` holds the operands. The instruction was compiled. */
static void check(const struct instruction *in, const struct native *n)
{
	struct native ours = *n, host = *n;
	struct simd_ctx ctx;

	simulate(in, &ours, &ctx);
	native_run(&host);
	if (same(&ours, &host) && (in->row->form != SIMD_FLAGS || host.fault ||
				   ctx.flags == (host.flags & STATUS_FLAGS)))
		return;
	printf("%s, rm is %s, general %u, imm %02x\n", in->row->name,
	       in->memory ? "memory" : "a register", in->general, in->imm);
	print("operands", n);
	print("ours", &ours);
	print("host", &host);
	fail();
}

static bool approximate(const struct simd_row *row)
{
	return row->opcode == 0x52 || row->opcode == 0x53;
}

static bool has_imm(const struct simd_row *row)
{
	return row->form == SIMD_X_X_I || row->form == SIMD_R_X_I ||
	       row->form == SIMD_X_G_I || row->form == SIMD_U_I;
}

/* ---- Against the host ---- */

/* Runs `rounds` operands of each kind; `mask` is ANDed from MXCSR's masks. */
static void try_operands(const struct instruction *in, unsigned rounds,
			 bool unmask)
{
	native_compile(in->row, in->memory, in->general, in->imm);
	for (unsigned i = 0; i < rounds * OPERANDS; i++) {
		enum operands kind = i % OPERANDS;
		struct native n = {
			.xmm0 = operand(kind),
			.xmm1 = operand(kind),
			.mem = operand(kind),
			.rax = lane(INTEGERS),
			.rcx = lane(INTEGERS),
		};

		n.mxcsr = random64() & 0xe040; /* RC, FTZ, DAZ */
		n.mxcsr |= unmask ? random64() & ALL_MASKS : ALL_MASKS;
		n.mxcsr |= below(4) ? 0 : random64() & ALL_FLAGS;
		check(in, &n);
	}
}

static void try_row(const struct simd_row *row, bool memory, bool unmask)
{
	unsigned rounds = unmask ? 60 : has_imm(row) ? 6 : 400;

	for (unsigned general = 4; general <= 8; general += 4) {
		if (general == 8 && !(row->props & SIMD_REXW))
			continue;
		for (unsigned imm = 0; imm < (has_imm(row) ? 256 : 1); imm++) {
			struct instruction in = {row, memory, general, imm};

			if (!unmask || imm < 8)
				try_operands(&in, rounds, unmask);
		}
	}
}

static void try_all(bool unmask)
{
	const struct simd_row *row;

	if (native_init())
		skip();
	random_state = 1;
	for (size_t i = 0; (row = simd_row_at(i)); i++) {
		if (approximate(row))
			continue;
		if (!(row->props & SIMD_MEM_ONLY))
			try_row(row, false, unmask);
		if (!(row->props & SIMD_REG_ONLY))
			try_row(row, true, unmask);
	}
}

static void test_every_row_does_what_the_host_does(void **state)
{
	try_all(false);
}

static void test_unmasked_exceptions_are_raised_as_by_the_host(void **state)
{
	try_all(true);
}

/* ---- Approximations: any value within the bound is right ---- */

#define BOUND (1.5 / 4096)

static float single(uint32_t bits)
{
	float x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

static const struct simd_row *row_of(enum simd_prefix prefix, uint8_t opcode)
{
	return simd_find(prefix, opcode, 0xc1);
}

/* One lane of rcpps or rsqrtps. */
static uint32_t approximation(uint8_t opcode, uint32_t a)
{
	struct simd_ctx ctx = {.mxcsr = 0};
	union xmm x = {.u32 = {0, 0, a, 0}};

	assert_true(row_of(SIMD_NP, opcode)->fn(&ctx, &x, &x));
	assert_int_equal(ctx.mxcsr, 0); /* all unmasked, and nothing raised */
	return x.u32[2];
}

static void test_approximations_are_within_their_bound(void **state)
{
	random_state = 2;
	for (unsigned i = 0; i < 40000; i++) {
		uint32_t a = (random64() & 0x7fffff) | (1 + below(251)) << 23;
		double exact_rcp = 1 / (double)single(a);
		double exact_rsqrt = 1 / sqrt(single(a));
		double rcp = single(approximation(0x53, a));
		double rsqrt = single(approximation(0x52, a));

		assert_true(fabs(rcp / exact_rcp - 1) <= BOUND);
		assert_true(fabs(rsqrt / exact_rsqrt - 1) <= BOUND);
	}
}

#define ORDINARY 1 /* a normal number: bounded, but silicon differs */

static const struct {
	uint32_t in, rcp, rsqrt;
} special[] = {
	{0x00000000, 0x7f800000, 0x7f800000},
	{0x80000000, 0xff800000, 0xff800000},
	{0x007fffff, 0x7f800000, 0x7f800000}, /* denormals count as zero */
	{0x807fffff, 0xff800000, 0xff800000},
	{0x7f800000, 0x00000000, 0x00000000},
	{0xff800000, 0x80000000, 0xffc00000},
	{0x7f000000, 0x00000000, ORDINARY}, /* 2^-127 is tiny: flushed */
	{0xff7fffff, 0x80000000, 0xffc00000},
	{0x7fc12345, 0x7fc12345, 0x7fc12345},
	{0xff812345, 0xffc12345, 0xffc12345}, /* signaling: quiet, no fault */
};

static void test_approximations_of_special_values(void **state)
{
	for (size_t i = 0; i < COUNT(special); i++) {
		assert_int_equal(approximation(0x53, special[i].in),
				 special[i].rcp);
		if (special[i].rsqrt != ORDINARY)
			assert_int_equal(approximation(0x52, special[i].in),
					 special[i].rsqrt);
	}
}

static void test_special_approximations_are_those_of_the_host(void **state)
{
	if (native_init())
		skip();
	for (uint8_t opcode = 0x52; opcode <= 0x53; opcode++) {
		native_compile(row_of(SIMD_F3, opcode), false, 4, 0);
		for (size_t i = 0; i < COUNT(special); i++) {
			struct native n = {.mxcsr = 0,
					   .xmm1.u32 = {special[i].in}};
			uint32_t expected = opcode == 0x53 ? special[i].rcp
							   : special[i].rsqrt;

			native_run(&n);
			if (expected != ORDINARY)
				assert_int_equal(n.xmm0.u32[0], expected);
			assert_int_equal(n.mxcsr, 0);
		}
	}
}

/* ---- The table ---- */

/* The core may pass the same register as dst and src. */
static void test_dst_and_src_may_be_the_same_object(void **state)
{
	const struct simd_row *row;

	random_state = 3;
	for (size_t i = 0; (row = simd_row_at(i)); i++) {
		for (unsigned n = 0; n < 64 * OPERANDS; n++) {
			struct simd_ctx one = {.mxcsr = ALL_MASKS,
					       .imm = random64() & 0xff,
					       .general = 8};
			struct simd_ctx two = one;
			union xmm a = operand(n % OPERANDS), b = a, src = a;

			assert_true(row->fn(&one, &a, &src));
			assert_memory_equal(&src, &b, sizeof(b));
			assert_true(row->fn(&two, &b, &b));
			assert_memory_equal(&a, &b, sizeof(b));
			assert_memory_equal(&one, &two, sizeof(one));
		}
	}
}

static void test_a_fault_changes_flags_only(void **state)
{
	struct simd_ctx ctx = {.mxcsr = ALL_MASKS & ~(MXCSR_ZE << 7)};
	union xmm dst = {.u32 = {0x3f800000, 0x00000001, 0x7f800001, 7}};
	const union xmm before = dst, src = {.u32 = {0, 0x3f800000, 0, 7}};

	assert_false(row_of(SIMD_NP, 0x5e)->fn(&ctx, &dst, &src));
	assert_memory_equal(&dst, &before, sizeof(dst));
	/* the other lanes' operands count, their results do not */
	assert_int_equal(ctx.mxcsr, (ALL_MASKS & ~(MXCSR_ZE << 7)) | MXCSR_IE |
					    MXCSR_DE | MXCSR_ZE);
}

static void test_every_row_is_found_in_the_forms_it_has(void **state)
{
	const struct simd_row *row;

	for (size_t i = 0; (row = simd_row_at(i)); i++) {
		uint8_t reg = row->select == SIMD_ANY ? 5 : row->select;
		const struct simd_row *memory =
			simd_find(row->prefix, row->opcode, reg << 3 | 0x85);
		const struct simd_row *regs =
			simd_find(row->prefix, row->opcode, reg << 3 | 0xc5);

		assert_true((memory == row) == !(row->props & SIMD_REG_ONLY));
		assert_true((regs == row) == !(row->props & SIMD_MEM_ONLY));
	}
}

static void test_other_opcodes_are_not_found(void **state)
{
	static const struct {
		uint8_t prefix, opcode, modrm;
	} none[] = {
		{SIMD_NP, 0x13, 0xc1}, /* movlps to a register */
		{SIMD_66, 0x12, 0xc1}, /* movlpd from a register */
		{SIMD_66, 0x50, 0x01}, /* movmskpd from memory */
		{SIMD_66, 0x71, 0x10}, /* psrlw of memory */
		{SIMD_66, 0x71, 0xc0}, /* group 12 /0 */
		{SIMD_66, 0x72, 0xd8}, /* group 13 /3 */
		{SIMD_66, 0x73, 0xe0}, /* group 14 /4 */
		{SIMD_66, 0xf7, 0x01}, /* maskmovdqu from memory */
		{SIMD_NP, 0xfe, 0xc1}, /* paddd on MMX registers */
		{SIMD_NP, 0xae, 0x10}, /* ldmxcsr: the core's */
		{SIMD_NP, 0x00, 0xc1}, {SIMD_F2, 0xff, 0xc1},
	};

	for (size_t i = 0; i < COUNT(none); i++)
		assert_null(simd_find(none[i].prefix, none[i].opcode,
				      none[i].modrm));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_does_what_the_host_does),
		cmocka_unit_test(
			test_unmasked_exceptions_are_raised_as_by_the_host),
		cmocka_unit_test(test_approximations_are_within_their_bound),
		cmocka_unit_test(test_approximations_of_special_values),
		cmocka_unit_test(
			test_special_approximations_are_those_of_the_host),
		cmocka_unit_test(test_dst_and_src_may_be_the_same_object),
		cmocka_unit_test(test_a_fault_changes_flags_only),
		cmocka_unit_test(test_every_row_is_found_in_the_forms_it_has),
		cmocka_unit_test(test_other_opcodes_are_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
