/*
 * Integer instructions beyond SSE4.2, against the host's own processor where
 * it has them, and what of them has no equal there: random numbers.
 */
#include "tests/unit/unit.h"

#include "tests/unit/host_features.h"
#include "tests/unit/sim_native.h"

#define ROUNDS 60

/* ---- encodings without VEX; rm is rBX or [rSI], reg is rCX ---- */

struct legacy {
	uint8_t prefix, opcode[3], len;
	enum feature feature;
	uint64_t undefined;
	bool has16, mem_only;
};

static const struct legacy legacy_rows[] = {
	{0xf3, {0x0f, 0xbc}, 2, FEATURE_BMI1, PF | AF | SF | OF, true, false},
	{0xf3, {0x0f, 0xbd}, 2, FEATURE_LZCNT, PF | AF | SF | OF, true, false},
	{0, {0x0f, 0x38, 0xf0}, 3, FEATURE_MOVBE, 0, true, true},
	{0, {0x0f, 0x38, 0xf1}, 3, FEATURE_MOVBE, 0, true, true},
	{0x66, {0x0f, 0x38, 0xf6}, 3, FEATURE_ADX, 0, false, false},
	{0xf3, {0x0f, 0x38, 0xf6}, 3, FEATURE_ADX, 0, false, false},
};

static size_t emit_legacy(uint8_t *out, const struct legacy *row, unsigned size,
			  bool mem)
{
	size_t n = 0;

	if (size == 2)
		out[n++] = 0x66;
	if (row->prefix)
		out[n++] = row->prefix;
	if (size == 8)
		out[n++] = 0x48;
	memcpy(out + n, row->opcode, row->len);
	n += row->len;
	out[n++] = mem ? 0x0e : 0xcb;
	return n;
}

static void test_legacy_encodings_agree_with_the_host(void **state)
{
	for (size_t i = 0; i < sizeof(legacy_rows) / sizeof(*legacy_rows);
	     i++) {
		const struct legacy *row = &legacy_rows[i];

		if (!host_has(row->feature))
			continue;
		for (unsigned n = 0; n < 6 * ROUNDS; n++) {
			unsigned size = 2u << n % 3;
			bool mem = n & 8;
			struct regs regs;
			uint8_t insn[8];

			if ((size == 2 && !row->has16) ||
			    (!mem && row->mem_only))
				continue;
			random_regs(&regs);
			compare(*state, insn, emit_legacy(insn, row, size, mem),
				row->undefined, &regs);
		}
	}
}

/* ---- with VEX: reg is rAX or an extension, vvvv rCX ---- */

struct vex {
	uint8_t map, opcode, pp, reg;
	enum feature feature;
	uint64_t undefined;
	bool imm;
};

static const struct vex vex_rows[] = {
	{2, 0xf2, 0, 0, FEATURE_BMI1, AF | PF, false}, /* andn */
	{2, 0xf3, 0, 1, FEATURE_BMI1, AF | PF, false}, /* blsr */
	{2, 0xf3, 0, 2, FEATURE_BMI1, AF | PF, false}, /* blsmsk */
	{2, 0xf3, 0, 3, FEATURE_BMI1, AF | PF, false}, /* blsi */
	{2, 0xf5, 0, 0, FEATURE_BMI2, AF | PF, false}, /* bzhi */
	{2, 0xf5, 2, 0, FEATURE_BMI2, 0, false},       /* pext */
	{2, 0xf5, 3, 0, FEATURE_BMI2, 0, false},       /* pdep */
	{2, 0xf6, 3, 0, FEATURE_BMI2, 0, false},       /* mulx */
	{2, 0xf6, 3, 1, FEATURE_BMI2, 0, false},       /* mulx, twice rcx */
	{2, 0xf7, 0, 0, FEATURE_BMI1, AF | SF | PF, false}, /* bextr */
	{2, 0xf7, 1, 0, FEATURE_BMI2, 0, false},	    /* shlx */
	{2, 0xf7, 2, 0, FEATURE_BMI2, 0, false},	    /* sarx */
	{2, 0xf7, 3, 0, FEATURE_BMI2, 0, false},	    /* shrx */
	{3, 0xf0, 3, 0, FEATURE_BMI2, 0, true},		    /* rorx */
};

static size_t emit_vex(uint8_t *out, const struct vex *row, bool wide, bool mem,
		       uint8_t imm)
{
	unsigned vvvv = row->imm ? 0 : 1;
	const uint8_t code[] = {0xc4,
				0xe0 | row->map,
				wide << 7 | (~vvvv & 15) << 3 | row->pp,
				row->opcode,
				(mem ? 0x06 : 0xc3) | row->reg << 3,
				imm};

	memcpy(out, code, sizeof(code));
	return sizeof(code) - !row->imm;
}

static void test_vex_encodings_agree_with_the_host(void **state)
{
	for (size_t i = 0; i < sizeof(vex_rows) / sizeof(*vex_rows); i++) {
		const struct vex *row = &vex_rows[i];

		if (!host_has(row->feature))
			continue;
		for (unsigned n = 0; n < 4 * ROUNDS; n++) {
			struct regs regs;
			uint8_t insn[8];
			size_t len = emit_vex(insn, row, n & 1, n & 2,
					      random64() >> 20);

			random_regs(&regs);
			/* fields of bextr and lengths of bzhi that are small */
			if (n & 4)
				regs.rcx &= 0x3f3f;
			compare(*state, insn, len, row->undefined, &regs);
		}
	}
}

/* ---- what has no equal on the host ---- */

static void run_bytes(struct guest *g, const char *code, size_t len)
{
	guest_put(g, GUEST_CODE, code, len);
	guest_put(g, GUEST_CODE + len, "\xf4", 1);
	g->state.rip = GUEST_CODE;
	g->state.halted = 0;
	assert_int_equal(guest_run(g), EXIT_HALT);
}

static void test_random_numbers_are_the_same_in_every_run(void **state)
{
	/* rdrand rax; rdseed rbx; rdrand cx; rdseed edx */
	static const char code[] = "\x48\x0f\xc7\xf0\x48\x0f\xc7\xfb"
				   "\x66\x0f\xc7\xf1\x0f\xc7\xfa";
	struct guest a, b;

	guest_init_level(&a, CPU_MAX);
	guest_init_level(&b, CPU_MAX);
	a.state.gpr[GPR_RCX] = b.state.gpr[GPR_RCX] = UINT64_MAX;
	a.state.rflags |= ALL;
	b.state.rflags |= ALL;
	run_bytes(&a, code, sizeof(code) - 1);
	run_bytes(&b, code, sizeof(code) - 1);
	assert_memory_equal(&a.state, &b.state, sizeof(a.state));
	assert_int_equal(a.state.rflags & ALL, CF);
	assert_int_equal(a.state.gpr[GPR_RCX] >> 16, UINT64_MAX >> 16);
	assert_int_equal(a.state.gpr[GPR_RDX] >> 32, 0);
	assert_int_not_equal(a.state.gpr[GPR_RAX], a.state.gpr[GPR_RBX]);
	/* it goes on; and the state is all that decides */
	b.state.gpr[GPR_RAX] = 0;
	run_bytes(&b, code, 4);
	assert_int_not_equal(b.state.gpr[GPR_RAX], a.state.gpr[GPR_RAX]);
	b.state.random = 0;
	run_bytes(&b, code, 4);
	assert_int_equal(b.state.gpr[GPR_RAX], a.state.gpr[GPR_RAX]);
	guest_fini(&a);
	guest_fini(&b);
}

static void test_rdpid_reads_tsc_aux(void **state)
{
	struct guest *g = *state;

	g->state.tsc_aux = 0x12345678;
	g->state.gpr[GPR_RAX] = UINT64_MAX;
	run_bytes(g, "\xf3\x0f\xc7\xf8", 4);
	assert_int_equal(g->state.gpr[GPR_RAX], 0x12345678);
}

static bool is_undefined(enum cpu_level level, const uint8_t *code, size_t len)
{
	struct guest g;
	bool undefined;

	guest_init_level(&g, level);
	g.state.gpr[GPR_RSI] = GUEST_DATA;
	run_bytes(&g, (const char *)code, len);
	undefined = g.state.rip == GUEST_VEC + 16 * VEC_UD + 1;
	assert_true(undefined || g.state.rip == GUEST_CODE + len + 1);
	guest_fini(&g);
	return undefined;
}

static void test_lesser_processors_do_not_have_them(void **state)
{
	static const uint8_t more[][6] = {
		{0x48, 0x0f, 0xc7, 0xf0, 0x90}, /* rdrand */
		{0x48, 0x0f, 0xc7, 0xf8, 0x90}, /* rdseed */
		{0xf3, 0x0f, 0xc7, 0xf8, 0x90}, /* rdpid */
		{0x66, 0x0f, 0xae, 0x3e, 0x90}, /* clflushopt */
		{0x66, 0x0f, 0xae, 0x36, 0x90}, /* clwb */
	};
	uint8_t code[8];

	for (size_t i = 0; i < sizeof(vex_rows) / sizeof(*vex_rows); i++) {
		size_t len = emit_vex(code, &vex_rows[i], true, true, 1);

		assert_true(is_undefined(CPU_V2, code, len));
		assert_false(is_undefined(CPU_MAX, code, len));
	}
	for (size_t i = 2; i < sizeof(legacy_rows) / sizeof(*legacy_rows);
	     i++) {
		size_t len = emit_legacy(code, &legacy_rows[i], 4, true);

		assert_true(is_undefined(CPU_V2, code, len));
		assert_false(is_undefined(CPU_MAX, code, len));
	}
	for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++) {
		assert_true(is_undefined(CPU_V2, more[i], 5));
		assert_false(is_undefined(CPU_MAX, more[i], 5));
	}
}

/* Where there is no TZCNT and LZCNT they are BSF and BSR. */
static void test_old_processors_ignore_the_prefix(void **state)
{
	struct guest g;

	guest_init_level(&g, CPU_V2);
	g.state.gpr[GPR_RBX] = 0x100;
	run_bytes(&g, "\xf3\x48\x0f\xbd\xc3", 5);
	assert_int_equal(g.state.gpr[GPR_RAX], 8);
	guest_fini(&g);
	guest_init_level(&g, CPU_MAX);
	g.state.gpr[GPR_RBX] = 0x100;
	run_bytes(&g, "\xf3\x48\x0f\xbd\xc3", 5);
	assert_int_equal(g.state.gpr[GPR_RAX], 55);
	guest_fini(&g);
}

static void test_vex_rules_are_checked(void **state)
{
	static const uint8_t code[][8] = {
		{0xc4, 0xe2, 0x74, 0xf2, 0xc3},	      /* andn, L = 1 */
		{0x66, 0xc4, 0xe2, 0x70, 0xf2, 0xc3}, /* 66 before */
		{0xf3, 0xc4, 0xe2, 0x70, 0xf2, 0xc3}, /* F3 before */
		{0x48, 0xc4, 0xe2, 0x70, 0xf2, 0xc3}, /* REX before */
		{0xf0, 0xc4, 0xe2, 0x70, 0xf2, 0x06}, /* LOCK before */
		{0xc4, 0xe3, 0x73, 0xf0, 0xc3, 0x01}, /* rorx with vvvv */
		{0xc4, 0xe2, 0x70, 0xf3, 0xc3},	      /* group 17 /0 */
		{0xc4, 0xe2, 0x70, 0xf3, 0xe3},	      /* group 17 /4 */
		{0xc4, 0xe0, 0x70, 0xf2, 0xc3},	      /* map 0 */
		{0xc4, 0xe4, 0x70, 0xf2, 0xc3},	      /* map 4 */
	};

	assert_false(is_undefined(CPU_MAX,
				  (const uint8_t *)"\xc4\xe2\x70\xf2\xc3", 5));
	/* a segment is fine */
	assert_false(is_undefined(
		CPU_MAX, (const uint8_t *)"\x3e\xc4\xe2\x70\xf2\x06", 6));
	for (size_t i = 0; i < sizeof(code) / sizeof(code[0]); i++)
		assert_true(is_undefined(CPU_MAX, code[i], 8));
}

static int setup(void **state)
{
	return native_setup(state, CPU_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_legacy_encodings_agree_with_the_host),
		cmocka_unit_test(test_vex_encodings_agree_with_the_host),
		cmocka_unit_test(test_random_numbers_are_the_same_in_every_run),
		cmocka_unit_test(test_rdpid_reads_tsc_aux),
		cmocka_unit_test(test_lesser_processors_do_not_have_them),
		cmocka_unit_test(test_old_processors_ignore_the_prefix),
		cmocka_unit_test(test_vex_rules_are_checked),
	};

	return cmocka_run_group_tests(tests, setup, native_teardown);
}
