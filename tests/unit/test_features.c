/* The levels of --cpu: what each has, on the list and on the simulator. */
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/sim_guest.h"

static void test_levels_contain_the_ones_below(void **state)
{
	for (int level = CPU_V2; level <= CPU_MAX; level++) {
		uint64_t below = features_of_level(level - 1);

		assert_int_equal(below & ~features_of_level(level), 0);
		assert_true(features_of_level(level) != below);
	}
}

static void test_levels_are_the_psabis(void **state)
{
	/* leaf 1 EDX and ECX, 7 EBX, 8000_0001 ECX: what each level adds */
	static const struct {
		enum cpu_level level;
		uint32_t leaf;
		enum cpuid_register reg;
		uint32_t bits;
	} rows[] = {
		{CPU_V1, 1, CPUID_EDX, 1u << 8 | 1u << 15 | 7u << 24},
		{CPU_V2, 1, CPUID_ECX,
		 1u | 1u << 9 | 1u << 13 | 3u << 19 | 1u << 23},
		{CPU_V2, 0x80000001, CPUID_ECX, 1u},
		{CPU_V3, 1, CPUID_ECX, 1u << 12 | 1u << 22 | 3u << 28},
		{CPU_V3, 7, CPUID_EBX, 1u << 3 | 1u << 5 | 1u << 8},
		{CPU_V3, 0x80000001, CPUID_ECX, 1u << 5},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t at = features_of_level(rows[i].level);
		uint64_t below = features_of_level(rows[i].level - 1);

		assert_int_equal(rows[i].bits & ~features_cpuid(at,
								rows[i].leaf, 0,
								rows[i].reg),
				 0);
		assert_int_equal(rows[i].bits & features_cpuid(below,
							       rows[i].leaf, 0,
							       rows[i].reg),
				 0);
	}
}

static void test_what_a_level_misses_is_named(void **state)
{
	uint64_t v2 = features_of_level(CPU_V2);

	assert_null(features_missing(CPU_V2, v2));
	assert_string_equal(features_missing(CPU_V2, v2 & ~FEATURE_BIT(SSE4_2)),
			    "SSE4_2");
	/* not the psABI's */
	assert_null(features_missing(CPU_V2, v2 & ~FEATURE_BIT(SMEP)));
	assert_non_null(features_missing(CPU_V3, v2));
	assert_null(features_missing(CPU_MAX, 0));
}

/* ---- on the simulator ---- */

static void cpuid(struct guest *g, uint32_t leaf, uint32_t sub, uint64_t out[4])
{
	struct x86_state *s = &g->state;

	guest_put(g, GUEST_CODE, "\x0f\xa2\xf4", 3);
	s->rip = GUEST_CODE;
	s->halted = 0;
	s->gpr[GPR_RAX] = leaf;
	s->gpr[GPR_RCX] = sub;
	assert_int_equal(guest_run(g), EXIT_HALT);
	out[CPUID_EAX] = s->gpr[GPR_RAX];
	out[CPUID_EBX] = s->gpr[GPR_RBX];
	out[CPUID_ECX] = s->gpr[GPR_RCX];
	out[CPUID_EDX] = s->gpr[GPR_RDX];
}

static void test_an_apic_switched_off_is_not_told_of(void **state)
{
	uint64_t out[4];
	struct guest g;

	guest_init(&g);
	for (unsigned on = 0; on < 4; on++) {
		g.state.apic_base = 0xfee00100 | (on & 1) << 11;
		cpuid(&g, 1, 0, out);
		assert_int_equal(out[CPUID_EDX] >> 9 & 1, on & 1);
	}
	guest_fini(&g);
}

static void test_cpuid_says_what_the_level_has(void **state)
{
	static const struct {
		enum cpu_level level;
		enum cpu_level same_as;
	} rows[] = {{CPU_V1, CPU_V1},
		    {CPU_V2, CPU_V2},
		    {CPU_DEFAULT, CPU_V2},
		    {CPU_MAX, CPU_MAX}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t set =
			features_of_level(rows[i].same_as) & features_of_sim();
		uint64_t leaf1[4], leaf7[4], leaf7_1[4], amd[4];
		struct guest g;

		guest_init_level(&g, rows[i].level);
		cpuid(&g, 1, 0, leaf1);
		cpuid(&g, 7, 0, leaf7);
		cpuid(&g, 7, 1, leaf7_1);
		cpuid(&g, 0x80000001, 0, amd);
		assert_int_equal(leaf1[CPUID_EDX],
				 features_cpuid(set, 1, 0, CPUID_EDX));
		assert_int_equal(leaf1[CPUID_ECX],
				 features_cpuid(set, 1, 0, CPUID_ECX) |
					 1u << 31);
		assert_int_equal(leaf7[CPUID_EBX],
				 features_cpuid(set, 7, 0, CPUID_EBX));
		assert_int_equal(leaf7[CPUID_ECX],
				 features_cpuid(set, 7, 0, CPUID_ECX));
		assert_int_equal(leaf7_1[CPUID_EBX], 0);
		assert_int_equal(amd[CPUID_EDX],
				 features_cpuid(set, 0x80000001, 0, CPUID_EDX));
		assert_int_equal(amd[CPUID_ECX],
				 features_cpuid(set, 0x80000001, 0, CPUID_ECX));
		guest_fini(&g);
	}
}

/* One CPUID run again and again answers anew what has changed. */
static void test_cpuid_follows_osxsave_and_ecx(void **state)
{
	/* 1: mov eax, edi; mov ecx, esi; cpuid; mov [rbp], ecx;
	 * add rbp, 4; mov rax, cr4; xor rax, OSXSAVE; mov cr4, rax;
	 * inc rsi; dec r8; jnz 1b; hlt */
	static const char code[] =
		"\x89\xf8\x89\xf1\x0f\xa2\x89\x4d\x00\x48\x83\xc5\x04"
		"\x0f\x20\xe0\x48\x35\x00\x00\x04\x00\x0f\x22\xe0"
		"\x48\xff\xc6\x49\xff\xc8\x75\xdf\xf4";
	uint32_t out[3];
	struct guest g;

	for (uint32_t leaf = 1; leaf <= 0xb; leaf += 0xa) {
		guest_init(&g);
		guest_put(&g, GUEST_CODE, code, sizeof(code) - 1);
		g.state.gpr[GPR_RDI] = leaf;
		g.state.gpr[GPR_RSI] = 0;
		g.state.gpr[GPR_RBP] = GUEST_DATA;
		g.state.gpr[GPR_R8] = 3;
		assert_int_equal(guest_run(&g), EXIT_HALT);
		guestmem_read(&g.mem, GUEST_DATA, out, sizeof(out));
		for (unsigned i = 0; i < 3; i++)
			if (leaf == 1) /* OSXSAVE */
				assert_int_equal(out[i] >> 27 & 1, i & 1);
			else /* the level asked for */
				assert_int_equal(out[i] & 0xff, i);
		guest_fini(&g);
	}
}

/* Where `code` ends on a processor of this level: a vector, or -1. */
static int vector_at(enum cpu_level level, const char *code, size_t len,
		     uint64_t rax, uint64_t cr4)
{
	struct guest g;
	int vector;

	guest_init_level(&g, level);
	guest_put(&g, GUEST_CODE, code, len);
	guest_put(&g, GUEST_CODE + len, "\xf4", 1);
	g.state.gpr[GPR_RAX] = rax;
	g.state.gpr[GPR_RDI] = GUEST_DATA;
	g.state.cr4 |= cr4;
	assert_int_equal(guest_run(&g), EXIT_HALT);
	vector = g.state.rip < GUEST_VEC + 16 * 32 && g.state.rip >= GUEST_VEC
			 ? (int)(g.state.rip - GUEST_VEC) / 16
			 : -1;
	guest_fini(&g);
	return vector;
}

static const struct {
	const char *code;
	size_t len;
	enum cpu_level first;
	uint64_t cr4;
} gated[] = {
#define ROW(code, first, cr4)                      \
	{                                          \
		code, sizeof(code) - 1, first, cr4 \
	}
	ROW("\x66\x0f\x58\xc1", CPU_V1, 0),	     /* addpd */
	ROW("\xf2\x0f\xf0\x07", CPU_V2, 0),	     /* lddqu */
	ROW("\x66\x0f\xd0\xc1", CPU_V2, 0),	     /* addsubpd */
	ROW("\x66\x0f\x38\x00\xc1", CPU_V2, 0),	     /* pshufb */
	ROW("\x66\x0f\x38\x17\xc1", CPU_V2, 0),	     /* ptest */
	ROW("\x66\x0f\x38\x37\xc1", CPU_V2, 0),	     /* pcmpgtq */
	ROW("\x66\x0f\x3a\x0f\xc1\x01", CPU_V2, 0),  /* palignr */
	ROW("\x66\x0f\x3a\x63\xc1\x01", CPU_V2, 0),  /* pcmpistri */
	ROW("\xf3\x0f\xb8\xc1", CPU_V2, 0),	     /* popcnt */
	ROW("\xf2\x0f\x38\xf1\xc1", CPU_V2, 0),	     /* crc32 */
	ROW("\x48\x0f\xc7\x0f", CPU_V2, 0),	     /* cmpxchg16b */
	ROW("\x0f\xc7\x0f", CPU_V1, 0),		     /* cmpxchg8b */
	ROW("\x66\x0f\x38\xdc\xc1", CPU_MAX, 0),     /* aesenc */
	ROW("\x66\x0f\x3a\x44\xc1\x01", CPU_MAX, 0), /* pclmulqdq */
	ROW("\x0f\x38\xcc\xc1", CPU_MAX, 0),	     /* sha256msg1 */
	ROW("\x9f", CPU_V2, 0),			     /* lahf */
	ROW("\x9e", CPU_V2, 0),			     /* sahf */
	ROW("\x0f\x01\xf9", CPU_V2, 0),		     /* rdtscp */
	ROW("\x0f\x01\xca", CPU_V2, 0),		     /* clac */
	ROW("\xf3\x48\x0f\xae\xc0", CPU_V2, CR4_FSGSBASE),
#undef ROW
};

static void test_instructions_of_other_levels_are_undefined(void **state)
{
	for (size_t i = 0; i < sizeof(gated) / sizeof(gated[0]); i++)
		for (int level = CPU_V1; level <= CPU_MAX; level++) {
			if (level == CPU_V3)
				continue;
			assert_int_equal(
				vector_at(level, gated[i].code, gated[i].len, 0,
					  level == CPU_V1 ? 0 : gated[i].cr4),
				level < (int)gated[i].first ? VEC_UD : -1);
		}
}

/* mov cr4, rax */
static void test_bits_of_cr4_follow_the_level(void **state)
{
	static const uint64_t bits[] = {CR4_SMEP, CR4_SMAP, CR4_UMIP,
					CR4_FSGSBASE};

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		/* the guest's pages are the user's, which SMEP forbids */
		if (bits[i] != CR4_SMEP)
			assert_int_equal(vector_at(CPU_V2, "\x0f\x22\xe0", 3,
						   CR4_PAE | bits[i], 0),
					 -1);
		assert_int_equal(vector_at(CPU_V1, "\x0f\x22\xe0", 3,
					   CR4_PAE | bits[i], 0),
				 VEC_GP);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels_contain_the_ones_below),
		cmocka_unit_test(test_levels_are_the_psabis),
		cmocka_unit_test(test_what_a_level_misses_is_named),
		cmocka_unit_test(test_an_apic_switched_off_is_not_told_of),
		cmocka_unit_test(test_cpuid_says_what_the_level_has),
		cmocka_unit_test(test_cpuid_follows_osxsave_and_ecx),
		cmocka_unit_test(
			test_instructions_of_other_levels_are_undefined),
		cmocka_unit_test(test_bits_of_cr4_follow_the_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
