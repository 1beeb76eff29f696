/*
 * MMX on the simulated CPU: what its instructions do to the x87 unit, and
 * what is checked before one is done. tests/diff compares what they compute
 * with the host's processor.
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/sim_guest.h"

#define FX_FTW	 4
#define FX_ST	 32
#define FX_XMM	 160
#define FSW_TOP3 0x18 /* TOP is 3; the high byte */

/* [rdi] is the end of what is mapped in the tests of faults. */
#define END	 (UINT64_C(1) << 30)

static void run_code(struct guest *g, const uint8_t *code, unsigned len,
		     uint64_t rdi)
{
	struct x86_state *s = &g->state;

	guest_put(g, GUEST_CODE, code, len);
	guest_put(g, GUEST_CODE + len, "\xf4", 1);
	s->rip = GUEST_CODE;
	s->gpr[GPR_RDI] = rdi;
	s->gpr[GPR_RSP] = GUEST_STACK;
	s->halted = 0;
	g->deadline = UINT64_MAX;
	assert_int_equal(guest_run(g), EXIT_HALT);
}

/* The vector that was raised, or -1 when the code came to its end. */
static int vector_of(struct guest *g, const uint8_t *code, unsigned len,
		     uint64_t rdi)
{
	uint64_t rip;

	run_code(g, code, len, rdi);
	rip = g->state.rip;
	if (rip >= GUEST_VEC && rip < GUEST_VEC + 16 * 32)
		return (rip - GUEST_VEC) / 16;
	return -1;
}

/* ST(i) in the image; MMX register n is ST(n - TOP). */
static uint8_t *st(struct guest *g, unsigned i)
{
	return g->state.fxsave + FX_ST + 16 * i;
}

/* TOP 3, two registers full, each with its own bytes in it. */
static void put_x87(struct guest *g)
{
	uint8_t *fx = g->state.fxsave;
	const uint16_t fcw = 0x37f;

	memset(fx, 0, 24);
	memcpy(fx, &fcw, 2);
	fx[3] = FSW_TOP3;
	fx[FX_FTW] = 0x18;
	for (unsigned i = 0; i < 8; i++)
		memset(st(g, i), 0x11 * ((i + 3) & 7), 10);
}

static const uint8_t paddb[] = {0x0f, 0xfc, 0xd1};	/* mm2, mm1 */
static const uint8_t movd_store[] = {0x0f, 0x7e, 0x17}; /* [rdi], mm2 */
static const uint8_t movq_load[] = {0x0f, 0x6f, 0x17};	/* mm2, [rdi] */
static const uint8_t emms[] = {0x0f, 0x77};
static const uint8_t cvtpi2pd_mem[] = {0x66, 0x0f, 0x2a, 0x17};
static const uint8_t cvtpi2pd[] = {0x66, 0x0f, 0x2a, 0xd1}; /* xmm2, mm1 */
static const uint8_t movq2dq[] = {0xf3, 0x0f, 0xd6, 0xd1};

static void test_all_registers_become_full_and_top_zero(void **state)
{
	struct guest *g = *state;

	put_x87(g);
	assert_int_equal(vector_of(g, paddb, 3, 0), -1);
	assert_int_equal(g->state.fxsave[FX_FTW], 0xff);
	assert_int_equal(g->state.fxsave[3], 0);
	/* mm2: 22..22 + 11..11, and all ones above it; mm1 as it was. */
	assert_memory_equal(st(g, 2),
			    "\x33\x33\x33\x33\x33\x33\x33\x33\xff\xff", 10);
	assert_memory_equal(st(g, 1),
			    "\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11", 10);
}

static void test_a_store_claims_the_registers_too(void **state)
{
	struct guest *g = *state;

	put_x87(g);
	guest_put64(g, GUEST_DATA, 0);
	assert_int_equal(vector_of(g, movd_store, 3, GUEST_DATA), -1);
	assert_int_equal(guest_get64(g, GUEST_DATA), 0x22222222);
	assert_int_equal(g->state.fxsave[FX_FTW], 0xff);
	assert_int_equal(g->state.fxsave[3], 0);
	assert_memory_equal(st(g, 2),
			    "\x22\x22\x22\x22\x22\x22\x22\x22\x22\x22", 10);
}

static void test_emms_makes_all_registers_empty(void **state)
{
	struct guest *g = *state;

	put_x87(g);
	assert_int_equal(vector_of(g, emms, 2, 0), -1);
	assert_int_equal(g->state.fxsave[FX_FTW], 0);
	assert_int_equal(g->state.fxsave[3], 0);
	assert_memory_equal(st(g, 2),
			    "\x22\x22\x22\x22\x22\x22\x22\x22\x22\x22", 10);
}

static void test_numbers_from_memory_leave_the_unit_alone(void **state)
{
	struct guest *g = *state;
	double two[2];

	put_x87(g);
	guest_put64(g, GUEST_DATA, UINT64_C(0xffffffff00000007));
	assert_int_equal(vector_of(g, cvtpi2pd_mem, 4, GUEST_DATA), -1);
	memcpy(two, g->state.fxsave + FX_XMM + 32, 16);
	assert_true(two[0] == 7 && two[1] == -1);
	assert_int_equal(g->state.fxsave[FX_FTW], 0x18);
	assert_int_equal(g->state.fxsave[3], FSW_TOP3);
	assert_int_equal(vector_of(g, cvtpi2pd, 4, 0), -1);
	assert_int_equal(g->state.fxsave[FX_FTW], 0xff);
	assert_int_equal(g->state.fxsave[3], 0);
}

static void test_a_page_fault_leaves_the_unit_alone(void **state)
{
	static const struct {
		const uint8_t *code;
		unsigned len, back;
	} rows[] = {{movq_load, 3, 7}, {movd_store, 3, 3}};
	struct guest *g = *state;

	for (unsigned i = 0; i < 2; i++) {
		put_x87(g);
		assert_int_equal(vector_of(g, rows[i].code, rows[i].len,
					   END - rows[i].back),
				 VEC_PF);
		assert_int_equal(g->state.cr2, END);
		assert_int_equal(g->state.fxsave[FX_FTW], 0x18);
		assert_int_equal(g->state.fxsave[3], FSW_TOP3);
	}
}

/* The low halves' interleaving needs four bytes; the others all eight. */
static void test_memory_operands_have_their_length(void **state)
{
	static const struct {
		uint8_t code[5];
		unsigned len, bytes;
	} rows[] = {
		{{0x0f, 0x60, 0x17}, 3, 4},	  /* punpcklbw */
		{{0x0f, 0x62, 0x17}, 3, 4},	  /* punpckldq */
		{{0x0f, 0x68, 0x17}, 3, 8},	  /* punpckhbw */
		{{0x0f, 0xd1, 0x17}, 3, 8},	  /* psrlw */
		{{0x0f, 0xc4, 0x17, 0x01}, 4, 2}, /* pinsrw */
		{{0x0f, 0x6e, 0x17}, 3, 4},	  /* movd */
		{{0x48, 0x0f, 0x6e, 0x17}, 4, 8}, /* movq */
		{{0x0f, 0x38, 0x00, 0x17}, 4, 8}, /* pshufb */
	};
	struct guest *g = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		put_x87(g);
		assert_int_equal(vector_of(g, rows[i].code, rows[i].len,
					   END - rows[i].bytes),
				 -1);
		assert_int_equal(vector_of(g, rows[i].code, rows[i].len,
					   END - rows[i].bytes + 1),
				 VEC_PF);
	}
}

static void test_control_bits_are_checked(void **state)
{
	struct guest *g = *state;
	const uint64_t cr0 = g->state.cr0, cr4 = g->state.cr4;

	put_x87(g);
	g->state.cr0 = cr0 | CR0_EM | CR0_TS;
	assert_int_equal(vector_of(g, paddb, 3, 0), VEC_UD);
	assert_int_equal(vector_of(g, emms, 2, 0), VEC_UD);
	g->state.cr0 = cr0 | CR0_TS;
	assert_int_equal(vector_of(g, paddb, 3, 0), VEC_NM);
	assert_int_equal(vector_of(g, emms, 2, 0), VEC_NM);
	g->state.cr0 = cr0;
	/* CR4.OSFXSR is for XMM registers. */
	g->state.cr4 = cr4 & ~CR4_OSFXSR;
	assert_int_equal(vector_of(g, paddb, 3, 0), -1);
	assert_int_equal(vector_of(g, movq2dq, 4, 0), VEC_UD);
	g->state.cr4 = cr4;
}

/* Divide by zero was raised and is not masked. */
static void test_a_pending_x87_exception_comes_first(void **state)
{
	const uint16_t fcw = 0x37b, fsw = 0x8084;
	struct guest *g = *state;

	put_x87(g);
	memcpy(g->state.fxsave, &fcw, 2);
	memcpy(g->state.fxsave + 2, &fsw, 2);
	assert_int_equal(vector_of(g, paddb, 3, 0), VEC_MF);
	assert_int_equal(vector_of(g, emms, 2, 0), VEC_MF);
	assert_int_equal(vector_of(g, cvtpi2pd, 4, 0), VEC_MF);
	assert_int_equal(vector_of(g, cvtpi2pd_mem, 4, GUEST_DATA), -1);
	assert_int_equal(g->state.fxsave[FX_FTW], 0x18);
}

/* REX names no further MMX registers. */
static void test_rex_reaches_no_mmx_register(void **state)
{
	static const uint8_t code[] = {0x45, 0x0f, 0xfc, 0xd1};
	struct guest *g = *state;

	put_x87(g);
	assert_int_equal(vector_of(g, code, 4, 0), -1);
	assert_int_equal(st(g, 2)[0], 0x33);
}

static void test_the_lowest_level_has_it(void **state)
{
	static const uint8_t cpuid[] = {0x0f, 0xa2};
	struct guest g;

	guest_init_level(&g, CPU_V1);
	g.state.gpr[GPR_RAX] = 1;
	run_code(&g, cpuid, 2, 0);
	assert_true(g.state.gpr[GPR_RDX] >> 23 & 1);
	assert_int_equal(vector_of(&g, paddb, 3, 0), -1);
	guest_fini(&g);
}

#define TEST(name) GUEST_TEST(name, guest_setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all_registers_become_full_and_top_zero),
		TEST(test_a_store_claims_the_registers_too),
		TEST(test_emms_makes_all_registers_empty),
		TEST(test_numbers_from_memory_leave_the_unit_alone),
		TEST(test_a_page_fault_leaves_the_unit_alone),
		TEST(test_memory_operands_have_their_length),
		TEST(test_control_bits_are_checked),
		TEST(test_a_pending_x87_exception_comes_first),
		TEST(test_rex_reaches_no_mmx_register),
		TEST(test_the_lowest_level_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
