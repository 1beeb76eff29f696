/*
 * AVX on the simulated CPU: what is checked before an instruction is done,
 * in every mode, faults and devices in the middle of gathers and masked
 * moves, and numbers whose results the manual tells. tests/diff compares what
 * they compute with the host's processor.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/sim_guest.h"

#define FX_MXCSR 24
#define FX_XMM	 160
#define XCR0_AVX 7
#define CODE32	 0xc09b
/* What is mapped ends here; from RAM's end to it there is the device. */
#define END	 (UINT64_C(1) << 30)

static void run_code(struct guest *g, const void *code, size_t len)
{
	struct x86_state *s = &g->state;

	guest_put(g, GUEST_CODE, code, len);
	guest_put(g, GUEST_CODE + len, "\xf4", 1);
	s->rip = GUEST_CODE;
	s->gpr[GPR_RSP] = GUEST_STACK;
	s->halted = 0;
	g->deadline = UINT64_MAX;
	assert_int_equal(guest_run(g), EXIT_HALT);
}

/* The vector that it ends in, or -1. */
static int vector_of(struct guest *g, const void *code, size_t len)
{
	struct x86_segment cs = g->state.seg[SEG_CS];
	uint64_t rip;

	run_code(g, code, len);
	rip = g->state.rip;
	g->state.seg[SEG_CS] = cs;
	if (rip >= GUEST_VEC && rip < GUEST_VEC + 16 * 32)
		return (rip - GUEST_VEC) / 16;
	return -1;
}

#define VECTOR(g, code) vector_of(g, code, sizeof(code) - 1)

/* Four quadwords of a YMM register. */
static void put_ymm(struct guest *g, unsigned reg, const uint64_t val[4])
{
	memcpy(g->state.fxsave + FX_XMM + 16 * reg, val, 16);
	memcpy(g->state.ymm_high + 16 * reg, val + 2, 16);
}

static uint64_t ymm(const struct guest *g, unsigned reg, unsigned i)
{
	const uint8_t *at = i < 2 ? g->state.fxsave + FX_XMM + 16 * reg
				  : g->state.ymm_high + 16 * reg - 16;
	uint64_t val;

	memcpy(&val, at + 8 * i, 8);
	return val;
}

static void fill(struct guest *g, unsigned reg, uint64_t val)
{
	put_ymm(g, reg, (const uint64_t[]){val, val, val, val});
}

static const char vaddps[] = "\xc5\xec\x58\xd9"; /* ymm3, ymm2, ymm1 */
static const char andn[] = "\xc4\xe2\x68\xf2\xd9";

/* ---- what is checked first ---- */

static void test_xcr0_and_osxsave_open_it(void **state)
{
	struct guest *g = *state;
	const uint64_t cr0 = g->state.cr0, cr4 = g->state.cr4;

	assert_int_equal(VECTOR(g, vaddps), -1);
	for (unsigned xcr0 = 1; xcr0 < 7; xcr0 += 2) {
		g->state.xcr0 = xcr0;
		assert_int_equal(VECTOR(g, vaddps), VEC_UD);
	}
	g->state.xcr0 = XCR0_AVX;
	g->state.cr4 = cr4 & ~CR4_OSXSAVE;
	assert_int_equal(VECTOR(g, vaddps), VEC_UD);
	assert_int_equal(VECTOR(g, andn), -1);
	g->state.cr4 = cr4 & ~CR4_OSFXSR; /* SSE's */
	assert_int_equal(VECTOR(g, vaddps), -1);
	g->state.cr4 = cr4;
	g->state.cr0 = cr0 | CR0_EM;
	assert_int_equal(VECTOR(g, vaddps), -1);
	g->state.cr0 = cr0 | CR0_TS;
	assert_int_equal(VECTOR(g, vaddps), VEC_NM);
	g->state.xcr0 = 3;
	assert_int_equal(VECTOR(g, vaddps), VEC_UD);
}

static void test_encodings_that_are_none(void **state)
{
	static const char none[][8] = {
		"\xc5\xe8\x28\xd9",	    /* vmovaps with vvvv */
		"\xc5\xfd\x6e\xc8",	    /* vmovd of 256 bits */
		"\xc4\xe3\xf9\x00\xc9",	    /* vpermq of 128 bits */
		"\xc4\xe3\x7d\x00\xc9",	    /* vpermq without W */
		"\xc4\xe2\xfd\x18\xc9",	    /* vbroadcastss with W */
		"\xc4\xe2\x7d\x1a\xc9",	    /* vbroadcastf128 of a register */
		"\xc4\xe2\x79\x19\xc9",	    /* vbroadcastsd xmm */
		"\xc4\xe2\x75\x90\x0c\x10", /* gather into its mask */
		"\xc4\xe2\x75\x90\x14\x10", /* and by it */
		"\xc4\xe2\x75\x90\x10",	    /* without SIB */
		"\xc4\xe2\x78\xf6\xd9",	    /* SHA and ADX have no VEX */
		"\xc5\xf8\xae\x38",	    /* clflush neither */
		"\xc4\xe4\x6c\x58\xd9",	    /* map 4 */
		"\x66\xc5\xec\x58\xd9",	    /* prefixes before it */
		"\xf3\xc5\xec\x58\xd9",	    "\xf0\xc5\xec\x58\x18",
		"\x48\xc5\xec\x58\xd9",
	};
	struct guest *g = *state;

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(VECTOR(g, none[i]), VEC_UD);
	/* A segment prefix or 67 may be there. */
	assert_int_equal(VECTOR(g, "\x67\x2e\xc5\xec\x58\xd9"), -1);
}

static void test_levels_decide(void **state)
{
	struct guest g;

	guest_init_level(&g, CPU_V2);
	g.state.cr4 |= CR4_OSXSAVE;
	g.state.xcr0 = XCR0_AVX; /* which that level has not */
	assert_int_equal(g.cpu->ops->set_state(g.cpu, &g.state), -EINVAL);
	g.state.xcr0 = 3;
	assert_int_equal(VECTOR(&g, vaddps), VEC_UD);
	assert_int_equal(VECTOR(&g, andn), VEC_UD);
	guest_fini(&g);
	guest_init_level(&g, CPU_V3);
	g.state.cr4 |= CR4_OSXSAVE;
	g.state.xcr0 = XCR0_AVX;
	assert_int_equal(VECTOR(&g, vaddps), -1);
	assert_int_equal(VECTOR(&g, "\xc4\xe2\x75\xb8\xda"), -1);     /* FMA */
	assert_int_equal(VECTOR(&g, "\xc4\xe2\x71\xdc\xda"), VEC_UD); /* AES */
	guest_fini(&g);
}

/* ---- other modes ---- */

static void test_32_bit_code_has_eight_registers(void **state)
{
	struct guest *g = *state;

	g->state.seg[SEG_CS].attr = CODE32;
	fill(g, 1, 1);
	fill(g, 2, 2);
	fill(g, 9, 9);
	/* vpaddq ymm3, ymm1, ymm2; vvvv's highest bit does not matter */
	assert_int_equal(VECTOR(g, "\xc4\xe1\x75\xd4\xda"), -1);
	assert_int_equal(ymm(g, 3, 3), 3);
	assert_int_equal(VECTOR(g, "\xc4\xe1\x35\xd4\xda"), -1);
	assert_int_equal(ymm(g, 3, 3), 3);
	/* vmovd with W stays one of 32 bits */
	g->state.gpr[GPR_RAX] = UINT64_C(0x1234567887654321);
	assert_int_equal(VECTOR(g, "\xc4\xe1\xf9\x6e\xd8"), -1);
	assert_int_equal(ymm(g, 3, 0), 0x87654321);
	/* vzeroall leaves the other eight */
	assert_int_equal(VECTOR(g, "\xc5\xfc\x77"), -1);
	assert_int_equal(ymm(g, 2, 3), 0);
	assert_int_equal(ymm(g, 9, 0), 9);
	assert_int_equal(ymm(g, 9, 3), 9);
}

static void real_mode(struct guest *g)
{
	struct x86_state *s = &g->state;

	s->cr0 &= ~(uint64_t)(CR0_PE | CR0_PG);
	s->efer = 0;
	for (unsigned i = 0; i <= SEG_GS; i++)
		s->seg[i] = (struct x86_segment){0, 0xffff, 0, 0x93};
	s->seg[SEG_CS] =
		(struct x86_segment){GUEST_CODE, 0xffff, GUEST_CODE >> 4, 0x9b};
	s->idt = (struct x86_table){GUEST_IDT, 0x3ff};
	for (unsigned v = 0; v < 32; v++)
		guest_put64(g, GUEST_IDT + 4 * v, GUEST_VEC + 16 * v);
	s->rip = 0;
	s->gpr[GPR_RSP] = 0x8000;
	s->halted = 0;
}

/* As LES of a register is; also what has nothing to do with XCR0. */
static void test_real_mode_has_no_vex(void **state)
{
	static const char *const code[] = {vaddps, andn, "\xc5\xfc\x77\x90"};
	struct guest *g = *state;
	struct x86_state was = g->state;

	for (unsigned i = 0; i < 3; i++) {
		g->state = was;
		real_mode(g);
		guest_put(g, GUEST_CODE, code[i], 5);
		g->deadline = UINT64_MAX;
		assert_int_equal(guest_run(g), EXIT_HALT);
		assert_int_equal(g->state.rip, GUEST_VEC + 16 * VEC_UD + 1);
	}
}

static void test_16_bit_protected_code_has_vex(void **state)
{
	struct guest *g = *state;

	g->state.efer &= ~(uint64_t)(EFER_LMA | EFER_LME);
	g->state.cr0 &= ~(uint64_t)CR0_PG;
	g->state.seg[SEG_CS] =
		(struct x86_segment){GUEST_CODE, 0xffff, SEL_CODE, 0x9b};
	fill(g, 1, 1);
	fill(g, 2, 2);
	/* vpaddq ymm3, ymm1, ymm2; hlt */
	guest_put(g, GUEST_CODE, "\xc5\xf5\xd4\xda\xf4", 5);
	g->state.rip = 0;
	assert_int_equal(guest_run(g), EXIT_HALT);
	assert_int_equal(g->state.rip, 5);
	assert_int_equal(ymm(g, 3, 3), 3);
}

/* ---- memory ---- */

static void test_few_moves_want_alignment(void **state)
{
	static const struct {
		const char *code;
		unsigned at;
		int vector;
	} rows[] = {
		{"\xc5\xfc\x28\x18", 16, VEC_GP}, /* vmovaps ymm3, [rax] */
		{"\xc5\xfc\x28\x18", 32, -1},
		{"\xc5\xf8\x28\x18", 16, -1}, /* xmm3 */
		{"\xc5\xf8\x28\x18", 8, VEC_GP},
		{"\xc5\xfd\xe7\x18", 16, VEC_GP}, /* vmovntdq [rax], ymm3 */
		{"\xc5\xfd\x7f\x18", 16, VEC_GP}, /* vmovdqa [rax], ymm3 */
		{"\xc5\xfe\x7f\x18", 1, -1},	  /* vmovdqu [rax], ymm3 */
		{"\xc5\xfc\x10\x18", 1, -1},	  /* vmovups ymm3, [rax] */
		{"\xc5\xf4\x58\x18", 1, -1},	  /* vaddps ymm3, ymm1, [rax] */
		{"\xc5\xf0\x58\x18", 1, -1},	  /* xmm3, xmm1 */
	};
	struct guest *g = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		g->state.gpr[GPR_RAX] = GUEST_DATA + rows[i].at;
		assert_int_equal(vector_of(g, rows[i].code, 4), rows[i].vector);
	}
}

static void test_a_store_across_the_end_writes_nothing(void **state)
{
	struct guest *g = *state;

	g->state.gpr[GPR_RAX] = END - 31;
	g->writes = 0;
	assert_int_equal(vector_of(g, "\xc5\xfe\x7f\x18", 4), VEC_PF);
	assert_int_equal(g->state.cr2, END);
	assert_int_equal(g->writes, 0);
}

/* vpgatherqq ymm3, [rax + ymm1 * 8], ymm2 from the device */
static void test_a_gather_reads_each_element_of_a_device_once(void **state)
{
	struct guest *g = *state;
	uint64_t before;

	put_ymm(g, 1, (const uint64_t[]){0, 1, 2, 3});
	put_ymm(g, 2, (const uint64_t[]){UINT64_MAX, 0, UINT64_C(1) << 63, 1});
	fill(g, 3, 5);
	g->state.gpr[GPR_RAX] = 0x200000;
	g->device = 0x1234;
	g->reads = 0;
	before = guest_now(g);
	assert_int_equal(vector_of(g, "\xc4\xe2\xed\x91\x1c\xc8", 6), -1);
	assert_int_equal(g->reads, 2);
	assert_int_equal(g->last_addr, 0x200010);
	assert_int_equal(ymm(g, 3, 0), 0x1234);
	assert_int_equal(ymm(g, 3, 1), 5);
	assert_int_equal(ymm(g, 3, 2), 0x1234);
	assert_int_equal(ymm(g, 3, 3), 5);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(ymm(g, 2, i), 0);
	assert_int_equal(guest_now(g) - before, 2); /* and the halt */
}

/* vpgatherdd ymm3, [rax + ymm1 * 4], ymm2: the sixth faults */
static void test_a_fault_keeps_what_a_gather_has(void **state)
{
	struct guest *g = *state;
	const uint64_t zero[4] = {0}, all = UINT64_MAX;

	guest_put64(g, GUEST_DATA, 0x2222222211111111);
	put_ymm(g, 1,
		(const uint64_t[]){0, 0, (END - GUEST_DATA) / 4 << 32, 0});
	put_ymm(g, 2, (const uint64_t[]){all, all, all, all});
	put_ymm(g, 3, zero);
	g->state.gpr[GPR_RAX] = GUEST_DATA;
	assert_int_equal(vector_of(g, "\xc4\xe2\x6d\x90\x1c\x88", 6), VEC_PF);
	assert_int_equal(g->state.cr2, END);
	assert_int_equal(ymm(g, 3, 1), 0x1111111111111111);
	assert_int_equal(ymm(g, 3, 2), 0x11111111);
	assert_int_equal(ymm(g, 3, 3), 0);
	assert_int_equal(ymm(g, 2, 1), 0);
	assert_int_equal(ymm(g, 2, 2), UINT64_C(0xffffffff00000000));
	assert_int_equal(ymm(g, 2, 3), all);
	/* It goes on from there. */
	put_ymm(g, 1, (const uint64_t[]){1, 1, UINT64_C(1) << 32, 0});
	assert_int_equal(vector_of(g, "\xc4\xe2\x6d\x90\x1c\x88", 6), -1);
	assert_int_equal(ymm(g, 3, 0), 0x1111111111111111);
	assert_int_equal(ymm(g, 3, 2), UINT64_C(0x2222222211111111));
}

/* The same, stepped: what is done traps in lieu of the fault, once. */
static void test_a_gather_that_steps_traps_before_it_faults(void **state)
{
	struct guest *g = *state;
	const uint64_t zero[4] = {0}, high = UINT64_C(0xffffffff00000000);

	put_ymm(g, 1, (const uint64_t[]){0, (END - GUEST_DATA) / 4, 0, 0});
	put_ymm(g, 2, (const uint64_t[]){high, UINT64_MAX, 0, 0});
	put_ymm(g, 3, zero);
	g->state.gpr[GPR_RAX] = GUEST_DATA;
	g->state.rflags |= FLAG_TF;
	assert_int_equal(vector_of(g, "\xc4\xe2\x6d\x90\x1c\x88", 6), VEC_DB);
	assert_int_equal(guest_get64(g, g->state.gpr[GPR_RSP]), GUEST_CODE);
	assert_int_equal(g->state.dr[6] >> 14 & 1, 1);
	assert_int_equal(ymm(g, 2, 0), 0);
	assert_int_equal(ymm(g, 2, 1), UINT64_MAX);
	/* Nothing is done before the fault this time. */
	g->state.rflags |= FLAG_TF;
	assert_int_equal(vector_of(g, "\xc4\xe2\x6d\x90\x1c\x88", 6), VEC_PF);
	assert_int_equal(ymm(g, 2, 1), UINT64_MAX);
	g->state.rflags &= ~(uint64_t)FLAG_TF;
}

/* vmaskmovpd [rax], ymm2, ymm3 */
static void test_a_masked_store_is_all_or_nothing(void **state)
{
	struct guest *g = *state;
	const uint64_t top = UINT64_C(1) << 63;

	fill(g, 3, 7);
	put_ymm(g, 2, (const uint64_t[]){top, 0, 0, top});
	g->state.gpr[GPR_RAX] = END - 24;
	g->writes = 0;
	assert_int_equal(vector_of(g, "\xc4\xe2\x6d\x2f\x18", 5), VEC_PF);
	assert_int_equal(g->writes, 0);
	put_ymm(g, 2, (const uint64_t[]){top, 0, top, ~top});
	assert_int_equal(vector_of(g, "\xc4\xe2\x6d\x2f\x18", 5), -1);
	assert_int_equal(g->writes, 2);
	assert_int_equal(g->last_addr, END - 8);
}

/* ---- numbers ---- */

/* vfmadd213sd xmm1, xmm2, xmm3: xmm2 * xmm1 + xmm3 */
static void test_fma_rounds_once(void **state)
{
	static const struct {
		uint64_t a, b, c, result;
		uint32_t flags;
	} rows[] = {
		/* (1 + 2^-52)(1 - 2^-53) - 1 */
		{0x3ff0000000000001, 0x3fefffffffffffff, 0xbff0000000000000,
		 0x3c9ffffffffffffe, 0},
		/* 2^1023 * 2 - 2^1023 * 2 + ... does not overflow half-way */
		{0x7fe0000000000000, 0x4000000000000000, 0xffefffffffffffff,
		 0x7ca0000000000000, 0},
		{0x7fe0000000000000, 0x4000000000000000, 0, 0x7ff0000000000000,
		 0x28},
		/* infinity by zero, also with a NaN to add */
		{0x7ff0000000000000, 0, 0x3ff0000000000000, 0xfff8000000000000,
		 1},
		{0x7ff0000000000000, 0, 0x7ff8000000000123, 0x7ff8000000000123,
		 0},
		/* the first NaN of a, b, c */
		{0x7ff8000000000001, 0x7ff8000000000002, 0x7ff8000000000003,
		 0x7ff8000000000001, 0},
		{0x3ff0000000000000, 0x7ff8000000000002, 0x7ff0000000000003,
		 0x7ff8000000000002, 1},
		/* x - x is +0; -0 + -0 is not */
		{0x3ff0000000000000, 0x4000000000000000, 0xc000000000000000, 0,
		 0},
		{0x8000000000000000, 0x3ff0000000000000, 0x8000000000000000,
		 0x8000000000000000, 0},
		/* a denormal, tiny and inexact */
		{0x0010000000000001, 0x3fe0000000000000, 0, 0x0008000000000000,
		 0x30},
		{0x0000000000000001, 0x3ff0000000000000, 0, 1, 2},
	};
	struct guest *g = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fill(g, 2, rows[i].a);
		fill(g, 1, rows[i].b);
		fill(g, 3, rows[i].c);
		g->state.fxsave[FX_MXCSR] = 0x80;
		assert_int_equal(vector_of(g, "\xc4\xe2\xe9\xa9\xcb", 5), -1);
		assert_int_equal(ymm(g, 1, 0), rows[i].result);
		assert_int_equal(ymm(g, 1, 1), rows[i].b);
		assert_int_equal(ymm(g, 1, 2), 0);
		assert_int_equal(g->state.fxsave[FX_MXCSR] & 0x3f,
				 rows[i].flags);
	}
}

/* vcvtps2ph xmm2, xmm1, to nearest; vcvtph2ps xmm3, xmm2 */
static void test_halves_are_rounded_and_widened(void **state)
{
	static const struct {
		uint32_t single;
		uint16_t half;
		uint32_t back;
	} rows[] = {
		{0x3f800000, 0x3c00, 0x3f800000},
		{0xc0000000, 0xc000, 0xc0000000},
		{0x477fe000, 0x7bff, 0x477fe000}, /* 65504 */
		{0x477ff000, 0x7c00, 0x7f800000}, /* a tie: infinity */
		{0x38800000, 0x0400, 0x38800000},
		{0x33800000, 0x0001, 0x33800000}, /* the least */
		{0x33000000, 0x0000, 0x00000000}, /* a tie: to even */
		{0x33000001, 0x0001, 0x33800000},
		{0x7f800001, 0x7e00, 0x7fc00000}, /* signaling */
		{0xffc02000, 0xfe01, 0xffc02000},
	};
	struct guest *g = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fill(g, 1, rows[i].single);
		assert_int_equal(vector_of(g,
					   "\xc4\xe3\x79\x1d\xca\x00"
					   "\xc4\xe2\x79\x13\xda",
					   11),
				 -1);
		assert_int_equal(ymm(g, 2, 0) & 0xffff, rows[i].half);
		assert_int_equal(ymm(g, 3, 0) & 0xffffffff, rows[i].back);
	}
}

/*
 * vcmpsd xmm3, xmm1, xmm2, imm8: for less, equal, greater and unordered, as
 * SDM 2 CMPPD's table 3-1 has its columns, and whether a quiet NaN signals.
 */
static void test_predicates_are_the_manuals(void **state)
{
	static const char table[32][6] = {
		"0100-", "1000s", "1100s", "0001-", "1011-", "0111s", "0011s",
		"1110-", "0101-", "1001s", "1101s", "0000-", "1010-", "0110s",
		"0010s", "1111-", "0100s", "1000-", "1100-", "0001s", "1011s",
		"0111-", "0011-", "1110s", "0101s", "1001-", "1101-", "0000s",
		"1010s", "0110-", "0010-", "1111s",
	};
	static const uint64_t first[4] = {
		0, 0x3ff0000000000000, 0x4000000000000000, 0x7ff8000000000000};
	uint8_t code[] = {0xc5, 0xf3, 0xc2, 0xda, 0};
	struct guest *g = *state;

	for (unsigned i = 0; i < 128; i++) {
		const char *row = table[i / 4];
		bool signals = i % 4 == 3 && row[4] == 's';

		code[4] = i / 4;
		fill(g, 1, first[i % 4]);
		fill(g, 2, 0x3ff0000000000000);
		g->state.fxsave[FX_MXCSR] = 0x80;
		assert_int_equal(vector_of(g, code, 5), -1);
		assert_int_equal(ymm(g, 3, 0),
				 row[i % 4] == '1' ? UINT64_MAX : 0);
		assert_int_equal(g->state.fxsave[FX_MXCSR] & 1, signals);
	}
}

/* vdivpd ymm3, ymm2, ymm1: one half's invalid hides the other's inexact. */
static void test_halves_raise_together(void **state)
{
	const uint64_t one = 0x3ff0000000000000, three = 0x4008000000000000;
	struct guest *g = *state;

	put_ymm(g, 1, (const uint64_t[]){three, three, one, 0});
	put_ymm(g, 2, (const uint64_t[]){one, one, one, 0});
	fill(g, 3, 5);
	g->state.fxsave[FX_MXCSR] = 0; /* IM clear, and the next byte's stay */
	assert_int_equal(vector_of(g, "\xc5\xed\x5e\xd9", 4), VEC_XM);
	assert_int_equal(g->state.fxsave[FX_MXCSR] & 0x3f, 1);
	assert_int_equal(ymm(g, 3, 0), 5);
	assert_int_equal(ymm(g, 3, 3), 5);
	g->state.fxsave[FX_MXCSR] = 0x80;
	assert_int_equal(vector_of(g, "\xc5\xed\x5e\xd9", 4), -1);
	assert_int_equal(g->state.fxsave[FX_MXCSR] & 0x3f, 0x21);
}

static int setup(void **state)
{
	struct guest *g = guest_new(state, CPU_MAX);

	g->state.cr4 |= CR4_OSXSAVE;
	g->state.xcr0 = XCR0_AVX;
	return 0;
}

#define TEST(name) GUEST_TEST(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_xcr0_and_osxsave_open_it),
		TEST(test_encodings_that_are_none),
		TEST(test_levels_decide),
		TEST(test_32_bit_code_has_eight_registers),
		TEST(test_real_mode_has_no_vex),
		TEST(test_16_bit_protected_code_has_vex),
		TEST(test_few_moves_want_alignment),
		TEST(test_a_store_across_the_end_writes_nothing),
		TEST(test_a_gather_reads_each_element_of_a_device_once),
		TEST(test_a_fault_keeps_what_a_gather_has),
		TEST(test_a_gather_that_steps_traps_before_it_faults),
		TEST(test_a_masked_store_is_all_or_nothing),
		TEST(test_fma_rounds_once),
		TEST(test_halves_are_rounded_and_widened),
		TEST(test_predicates_are_the_manuals),
		TEST(test_halves_raise_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
