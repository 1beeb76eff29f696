/*
 * XSAVE and its kin, XCR0 and INVPCID on the simulated CPU: areas against
 * the host's processor, what is refused, and what CPUID says of it.
 */
#include "tests/unit/unit.h"

#include <stdalign.h>

#include "tests/unit/host_features.h"
#include "tests/unit/sim_guest.h"

#define AREA	   832
#define YMM_HIGH   576 /* and the length without it */
#define HEADER	   512
#define MXCSR	   24
#define MXCSR_MASK 28 /* some processors have a bit more */
#define IN	   GUEST_DATA
#define OUT	   (GUEST_DATA + 0x1000)
#define COMPACT	   (UINT64_C(1) << 63)
#define PATTERN	   0xa5
#define XCR0_ALL   7u

struct area {
	alignas(64) uint8_t byte[AREA];
};

static uint64_t seed = 1;

static uint64_t random64(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return seed ^ seed >> 29;
}

static void put(struct area *a, unsigned at, uint64_t val, unsigned size)
{
	memcpy(a->byte + at, &val, size);
}

/* No exception pends in it, and no pointers, which processors keep apart. */
static void random_area(struct area *a, uint64_t bits)
{
	memset(a, 0, sizeof(*a));
	put(a, 0, 0x40 | (random64() & 0xf3f), 2);
	put(a, 2, random64() & 0x7f00, 2);
	put(a, 4, random64(), 1);
	put(a, MXCSR, random64() & 0xffff, 4);
	for (unsigned i = 0; i < 8; i++) {
		put(a, 32 + 16 * i, random64(), 8);
		put(a, 40 + 16 * i, random64(), 2);
	}
	for (unsigned i = 160; i < 416; i += 8)
		put(a, i, random64(), 8);
	for (unsigned i = YMM_HIGH; i < AREA; i += 8)
		put(a, i, random64(), 8);
	put(a, HEADER, bits, 8);
}

enum kind { XSAVE, XSAVEOPT, XSAVEC, KINDS };

/* ---- the host ---- */

#define ROUND_TRIP(save)                                                    \
	__asm__ volatile("fxsave64 (%[keep])\n\t"                           \
			 "xor %%edx, %%edx\n\t"                             \
			 "mov %[loads], %%eax\n\t"                          \
			 "xrstor64 (%[in])\n\t"                             \
			 "mov %[saves], %%eax\n\t" save " (%[out])\n\t"     \
			 "vzeroupper\n\t"                                   \
			 "fxrstor64 (%[keep])"                              \
			 :                                                  \
			 : [keep] "r"(&keep), [in] "r"(in), [out] "r"(out), \
			   [loads] "r"(loads), [saves] "r"(saves)           \
			 : "rax", "rdx", "memory")

static void run_host(enum kind kind, const struct area *in, uint32_t loads,
		     struct area *out, uint32_t saves)
{
	struct area keep;

	switch (kind) {
	case XSAVE:
		ROUND_TRIP("xsave64");
		break;
	case XSAVEOPT:
		ROUND_TRIP("xsaveopt64");
		break;
	default:
		ROUND_TRIP("xsavec64");
	}
}

/* ---- the simulator ---- */

static void run(struct guest *g, const char *code, size_t len)
{
	guest_put(g, GUEST_CODE, code, len);
	guest_put(g, GUEST_CODE + len, "\xf4", 1);
	g->state.rip = GUEST_CODE;
	g->state.halted = 0;
	g->deadline = UINT64_MAX;
	assert_int_equal(guest_run(g), EXIT_HALT);
}

/* The vector it ends in, or -1. */
static int vector(const struct guest *g)
{
	uint64_t rip = g->state.rip;

	return rip > GUEST_VEC && rip < GUEST_VEC + 16 * 32
		       ? (int)(rip - GUEST_VEC) / 16
		       : -1;
}

/* xrstor64 [rsi]; mov eax, ebx; xsave64, xsaveopt64 or xsavec64 [rdi] */
static const char *const round_trips[KINDS] = {
	"\x48\x0f\xae\x2e\x89\xd8\x48\x0f\xae\x27",
	"\x48\x0f\xae\x2e\x89\xd8\x48\x0f\xae\x37",
	"\x48\x0f\xae\x2e\x89\xd8\x48\x0f\xc7\x27",
};

static void run_sim(struct guest *g, enum kind kind, const struct area *in,
		    uint32_t loads, struct area *out, uint32_t saves)
{
	struct x86_state *s = &g->state;

	guest_put(g, IN, in->byte, AREA);
	guest_put(g, OUT, out->byte, AREA);
	s->gpr[GPR_RSI] = IN;
	s->gpr[GPR_RDI] = OUT;
	s->gpr[GPR_RAX] = loads;
	s->gpr[GPR_RBX] = saves;
	s->gpr[GPR_RDX] = 0;
	run(g, round_trips[kind], 10);
	assert_int_equal(vector(g), -1);
	guestmem_read(&g->mem, OUT, out->byte, AREA);
}

static int difference(const struct area *a, const struct area *b)
{
	for (unsigned i = 0; i < AREA; i++)
		if (a->byte[i] != b->byte[i] &&
		    (i < MXCSR_MASK || i >= MXCSR_MASK + 4))
			return i;
	return -1;
}

/*
 * When the host switches tasks between the two instructions, all components
 * count as used; hence the further attempts.
 */
static void compare(struct guest *g, enum kind kind, unsigned bits)
{
	struct area in, before, ours, host;
	unsigned saves = random64() >> 20 & XCR0_ALL;
	int at = 0;

	random_area(&in, bits);
	if (random64() & 0x1000) { /* a compact area */
		put(&in, HEADER + 8, COMPACT | XCR0_ALL, 8);
		put(&in, MXCSR, 0x1f80, 4);
	}
	memset(&before, PATTERN, sizeof(before));
	memset(before.byte + HEADER, 0, AREA - HEADER);
	put(&before, HEADER, random64() & XCR0_ALL, 8);
	ours = before;
	run_sim(g, kind, &in, XCR0_ALL, &ours, saves);
	for (unsigned n = 0; n < 10 && at >= 0; n++) {
		host = before;
		run_host(kind, &in, XCR0_ALL, &host, saves);
		at = difference(&ours, &host);
	}
	if (at >= 0)
		fail_msg(
			"kind %d, bits %u, saves %u: byte %d is %02x, not %02x",
			kind, bits, saves, at, ours.byte[at], host.byte[at]);
}

/* A processor need not know that a component is in its initial state. */
static bool host_tracks_use(void)
{
	struct area in, out;
	uint64_t bits = 1;

	random_area(&in, 0);
	memset(&out, 0, sizeof(out));
	for (unsigned n = 0; n < 10 && bits; n++) {
		run_host(XSAVE, &in, XCR0_ALL, &out, XCR0_ALL);
		memcpy(&bits, out.byte + HEADER, 8);
	}
	return bits == 0;
}

static void test_areas_are_the_hosts(void **state)
{
	static const enum feature needs[KINDS] = {
		FEATURE_XSAVE, FEATURE_XSAVEOPT, FEATURE_XSAVEC};
	bool tracks;

	if (!host_has(FEATURE_XSAVEC) || !host_has(FEATURE_AVX))
		skip();
	tracks = host_tracks_use();
	for (int kind = XSAVE; kind < KINDS; kind++)
		for (unsigned n = 0; n < 400 && host_has(needs[kind]); n++)
			compare(*state, kind, tracks ? n & XCR0_ALL : XCR0_ALL);
}

/* What is not asked for stays. */
static void test_a_mask_leaves_the_rest_alone(void **state)
{
	struct guest *g = *state;
	struct area first, second, out;

	random_area(&first, XCR0_ALL);
	random_area(&second, XCR0_ALL);
	run_sim(g, XSAVE, &first, XCR0_ALL, &out, 0);
	memset(&out, PATTERN, sizeof(out));
	put(&out, HEADER, 0, 8);
	run_sim(g, XSAVE, &second, 1, &out, XCR0_ALL); /* x87 alone */
	assert_memory_equal(out.byte, second.byte, 24);
	assert_memory_equal(out.byte + 32, second.byte + 32, 128);
	assert_memory_equal(out.byte + MXCSR, first.byte + MXCSR, 4);
	assert_memory_equal(out.byte + 160, first.byte + 160, 256);
	run_sim(g, XSAVE, &first, 2, &out, XCR0_ALL); /* SSE alone */
	assert_memory_equal(out.byte, second.byte, 24);
	assert_memory_equal(out.byte + 160, first.byte + 160, 256);
	run_sim(g, XSAVE, &second, 4, &out, XCR0_ALL); /* AVX alone */
	assert_memory_equal(out.byte + 160, first.byte + 160, 256);
	assert_memory_equal(out.byte + YMM_HIGH, second.byte + YMM_HIGH, 256);
}

static void test_bad_areas_are_refused_whole(void **state)
{
	static const struct {
		uint64_t bits, form, rest;
		uint32_t mxcsr;
	} rows[] = {
		{8, 0, 0, 0x1f80},	     /* no such component */
		{7, 1, 0, 0x1f80},	     /* a form without bit 63 */
		{7, 0, 1, 0x1f80},	     /* bytes 16 to 23 */
		{7, 0, 0, 0x11f80},	     /* MXCSR */
		{7, COMPACT | 3, 0, 0x1f80}, /* more than there is */
		{7, COMPACT | 15, 0, 0x1f80},
		{7, COMPACT | 7, 1, 0x1f80},
	};
	struct guest *g = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct x86_state before;
		struct area in;

		random_area(&in, rows[i].bits);
		put(&in, HEADER + 8, rows[i].form, 8);
		put(&in, HEADER + 16, rows[i].rest, 8);
		put(&in, MXCSR, rows[i].mxcsr, 4);
		guest_put(g, IN, in.byte, AREA);
		g->state.gpr[GPR_RSI] = IN;
		g->state.gpr[GPR_RAX] = XCR0_ALL;
		g->state.gpr[GPR_RDX] = 0;
		before = g->state;
		run(g, "\x48\x0f\xae\x2e", 4);
		assert_int_equal(vector(g), VEC_GP);
		assert_memory_equal(g->state.fxsave, before.fxsave, 512);
		assert_memory_equal(g->state.ymm_high, before.ymm_high, 256);
	}
}

static void test_what_is_checked_first(void **state)
{
	/* xsave, xsaveopt, xsavec, xrstor of [rsi]; then rsi, CR0, CR4 */
	static const char *const code[] = {"\x0f\xae\x26", "\x0f\xae\x36",
					   "\x0f\xc7\x26", "\x0f\xae\x2e"};
	struct guest *g = *state;
	uint64_t cr0 = g->state.cr0, cr4 = g->state.cr4;
	struct area in;

	random_area(&in, 0);
	guest_put(g, IN, in.byte, AREA);
	for (unsigned i = 0; i < 4; i++) {
		g->state.gpr[GPR_RAX] = XCR0_ALL;
		g->state.gpr[GPR_RSI] = IN + 32;
		run(g, code[i], 3);
		assert_int_equal(vector(g), VEC_GP);
		g->state.gpr[GPR_RSI] = IN;
		g->state.cr0 = cr0 | CR0_TS;
		run(g, code[i], 3);
		assert_int_equal(vector(g), VEC_NM);
		g->state.cr4 = cr4 & ~CR4_OSXSAVE;
		run(g, code[i], 3);
		assert_int_equal(vector(g), VEC_UD);
		g->state.cr0 = cr0;
		g->state.cr4 = cr4;
		run(g, code[i], 3);
		assert_int_equal(vector(g), -1);
	}
}

static int set_xcr(struct guest *g, uint32_t reg, uint64_t val)
{
	g->state.gpr[GPR_RCX] = reg;
	g->state.gpr[GPR_RAX] = (uint32_t)val;
	g->state.gpr[GPR_RDX] = val >> 32;
	run(g, "\x0f\x01\xd1", 3);
	return vector(g);
}

static void test_xcr0_takes_what_there_is(void **state)
{
	struct guest *g = *state;

	assert_int_equal(set_xcr(g, 0, 1), -1);
	assert_int_equal(g->state.xcr0, 1);
	assert_int_equal(set_xcr(g, 0, 3), -1);
	assert_int_equal(g->state.xcr0, 3);
	assert_int_equal(set_xcr(g, 0, 7), -1);
	assert_int_equal(g->state.xcr0, 7);
	assert_int_equal(set_xcr(g, 0, 5), VEC_GP); /* AVX without SSE */
	assert_int_equal(set_xcr(g, 0, 2), VEC_GP);
	assert_int_equal(set_xcr(g, 0, 0), VEC_GP);
	assert_int_equal(set_xcr(g, 0, 1 | UINT64_C(1) << 62), VEC_GP);
	assert_int_equal(set_xcr(g, 0, 0x203), VEC_GP);
	assert_int_equal(set_xcr(g, 1, 3), VEC_GP);
	assert_int_equal(g->state.xcr0, 7);
	g->state.gpr[GPR_RCX] = 0;
	run(g, "\x0f\x01\xd0", 3);
	assert_int_equal(g->state.gpr[GPR_RAX], 7);
	assert_int_equal(g->state.gpr[GPR_RDX], 0);
	g->state.gpr[GPR_RCX] = 2;
	run(g, "\x0f\x01\xd0", 3);
	assert_int_equal(vector(g), VEC_GP);
}

/* ---- INVPCID ---- */

static int invpcid(struct guest *g, uint64_t type, uint64_t low, uint64_t high)
{
	guest_put64(g, IN, low);
	guest_put64(g, IN + 8, high);
	g->state.gpr[GPR_RAX] = type;
	g->state.gpr[GPR_RSI] = IN;
	run(g, "\x66\x0f\x38\x82\x06", 5);
	return vector(g);
}

static void test_invpcid_checks_its_descriptor(void **state)
{
	struct guest *g = *state;

	for (uint64_t type = 0; type < 4; type++)
		assert_int_equal(invpcid(g, type, 0, 0x1000), -1);
	assert_int_equal(invpcid(g, 4, 0, 0), VEC_GP);
	assert_int_equal(invpcid(g, 2, 0x1000, 0), VEC_GP);
	assert_int_equal(invpcid(g, 0, 0, UINT64_C(1) << 63), VEC_GP);
	assert_int_equal(invpcid(g, 2, 0, UINT64_C(1) << 63), -1);
	assert_int_equal(invpcid(g, 1, 5, 0), VEC_GP); /* CR4.PCIDE is 0 */
	g->state.cr4 |= CR4_PCIDE;
	assert_int_equal(invpcid(g, 1, 5, 0), -1);
}

/* Read [rdi], then map another page there, invalidate, read again. */
static void test_invpcid_forgets_translations(void **state)
{
	static const char code[] = "\x8a\x1f"		  /* mov bl, [rdi] */
				   "\x49\x89\x10"	  /* mov [r8], rdx */
				   "\x66\x0f\x38\x82\x06" /* invpcid */
				   "\x8a\x0f";		  /* mov cl, [rdi] */
	struct guest *g = *state;

	for (unsigned type = 0; type < 4; type++) {
		guest_put64(g, GUEST_PD, GUEST_PT | 7);
		for (uint64_t i = 0; i < 256; i++)
			guest_put64(g, GUEST_PT + 8 * i, i << 12 | 7);
		guest_put(g, 0x50000, "\x11", 1);
		guest_put(g, 0x51000, "\x22", 1);
		guest_put64(g, IN, 0);
		guest_put64(g, IN + 8, 0x50000);
		g->state.gpr[GPR_RAX] = type;
		g->state.gpr[GPR_RSI] = IN;
		g->state.gpr[GPR_RDI] = 0x50000;
		g->state.gpr[GPR_R8] = GUEST_PT + 8 * 0x50;
		g->state.gpr[GPR_RDX] = 0x51000 | 7;
		run(g, code, sizeof(code) - 1);
		assert_int_equal(vector(g), -1);
		assert_int_equal(g->state.gpr[GPR_RBX] & 0xff, 0x11);
		assert_int_equal(g->state.gpr[GPR_RCX] & 0xff, 0x22);
	}
}

/* ---- CPUID ---- */

static void cpuid(struct guest *g, uint32_t leaf, uint32_t sub)
{
	g->state.gpr[GPR_RAX] = leaf;
	g->state.gpr[GPR_RCX] = sub;
	run(g, "\x0f\xa2", 2);
}

static void test_cpuid_describes_the_area(void **state)
{
	struct guest *g = *state;

	cpuid(g, 1, 0);
	assert_true(g->state.gpr[GPR_RCX] & 1u << 27); /* OSXSAVE */
	cpuid(g, 0xd, 0);
	assert_int_equal(g->state.gpr[GPR_RAX], XCR0_ALL);
	assert_int_equal(g->state.gpr[GPR_RBX], AREA);
	assert_int_equal(g->state.gpr[GPR_RCX], AREA);
	cpuid(g, 0xd, 1);
	assert_int_equal(g->state.gpr[GPR_RAX], 0xf);
	assert_int_equal(g->state.gpr[GPR_RBX], AREA);
	cpuid(g, 0xd, 2);
	assert_int_equal(g->state.gpr[GPR_RAX], AREA - YMM_HIGH);
	assert_int_equal(g->state.gpr[GPR_RBX], YMM_HIGH);
	assert_int_equal(g->state.gpr[GPR_RCX], 0);
	/* What XCR0 has not enabled takes no room. */
	g->state.xcr0 = 3;
	cpuid(g, 0xd, 0);
	assert_int_equal(g->state.gpr[GPR_RBX], YMM_HIGH);
	assert_int_equal(g->state.gpr[GPR_RCX], AREA);
	cpuid(g, 0xd, 1);
	assert_int_equal(g->state.gpr[GPR_RBX], YMM_HIGH);
	g->state.cr4 &= ~CR4_OSXSAVE;
	cpuid(g, 1, 0);
	assert_false(g->state.gpr[GPR_RCX] & 1u << 27);
}

static void test_levels_without_avx_have_two_components(void **state)
{
	struct guest g;

	guest_init_level(&g, CPU_V2);
	g.state.cr4 |= CR4_OSXSAVE;
	cpuid(&g, 0xd, 0);
	assert_int_equal(g.state.gpr[GPR_RAX], 3);
	assert_int_equal(g.state.gpr[GPR_RCX], YMM_HIGH);
	cpuid(&g, 0xd, 1);
	assert_int_equal(g.state.gpr[GPR_RAX], 7);
	cpuid(&g, 0xd, 2);
	assert_int_equal(g.state.gpr[GPR_RAX], 0);
	assert_int_equal(set_xcr(&g, 0, 3), -1);
	assert_int_equal(set_xcr(&g, 0, 7), VEC_GP);
	guest_fini(&g);
}

/* ---- XSAVES ---- */

static const char xsaves[] = "\x48\x0f\xc7\x2f";  /* [rdi] */
static const char xrstors[] = "\x48\x0f\xc7\x1e"; /* [rsi] */

static void test_xsaves_is_xsavec_for_the_kernel(void **state)
{
	struct guest *g = *state;
	struct area in, compact, out;

	random_area(&in, XCR0_ALL);
	memset(&compact, 0, sizeof(compact));
	run_sim(g, XSAVEC, &in, XCR0_ALL, &compact, XCR0_ALL);
	g->state.gpr[GPR_RAX] = XCR0_ALL;
	memset(&out, 0, sizeof(out));
	guest_put(g, OUT, out.byte, AREA);
	run(g, xsaves, 4);
	assert_int_equal(vector(g), -1);
	guestmem_read(&g->mem, OUT, out.byte, AREA);
	assert_memory_equal(out.byte, compact.byte, AREA);
	/* XRSTORS takes that, and not the other form. */
	memset(g->state.ymm_high, 0, 256);
	g->state.gpr[GPR_RSI] = OUT;
	run(g, xrstors, 4);
	assert_int_equal(vector(g), -1);
	assert_memory_equal(g->state.ymm_high, in.byte + YMM_HIGH, 256);
	g->state.gpr[GPR_RSI] = IN;
	run(g, xrstors, 4);
	assert_int_equal(vector(g), VEC_GP);
}

static void test_user_code_has_no_xsaves(void **state)
{
	struct guest *g = *state;

	guest_user(g);
	g->state.gpr[GPR_RAX] = XCR0_ALL;
	g->state.gpr[GPR_RDI] = OUT;
	run(g, xsaves, 4);
	assert_int_equal(vector(g), VEC_GP);
}

static void test_xss_is_zero(void **state)
{
	struct guest *g = *state;

	for (unsigned val = 0; val < 2; val++) {
		g->state.gpr[GPR_RCX] = MSR_XSS;
		g->state.gpr[GPR_RAX] = val;
		g->state.gpr[GPR_RDX] = 0;
		run(g, "\x0f\x30\x0f\x32", 4); /* wrmsr; rdmsr */
		assert_int_equal(vector(g), val ? VEC_GP : -1);
	}
}

static void test_old_processors_have_none_of_it(void **state)
{
	static const char *const code[] = {"\x0f\xae\x26", "\x0f\xae\x36",
					   "\x0f\xc7\x26", "\x0f\xae\x2e",
					   "\x0f\x01\xd0", "\x0f\x01\xd1"};
	struct guest g;

	guest_init_level(&g, CPU_V1);
	g.state.gpr[GPR_RSI] = IN;
	for (unsigned i = 0; i < 6; i++) {
		run(&g, code[i], 3);
		assert_int_equal(vector(&g), VEC_UD);
	}
	run(&g, "\x66\x0f\x38\x82\x06", 5);
	assert_int_equal(vector(&g), VEC_UD);
	guest_fini(&g);
}

static int setup(void **state)
{
	struct guest *g = guest_new(state, CPU_MAX);

	g->state.cr4 |= CR4_OSXSAVE;
	g->state.xcr0 = XCR0_ALL;
	return 0;
}

#define TEST(name) GUEST_TEST(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_areas_are_the_hosts),
		TEST(test_a_mask_leaves_the_rest_alone),
		TEST(test_bad_areas_are_refused_whole),
		TEST(test_what_is_checked_first),
		TEST(test_xcr0_takes_what_there_is),
		TEST(test_invpcid_checks_its_descriptor),
		TEST(test_invpcid_forgets_translations),
		TEST(test_cpuid_describes_the_area),
		TEST(test_levels_without_avx_have_two_components),
		TEST(test_xsaves_is_xsavec_for_the_kernel),
		TEST(test_user_code_has_no_xsaves),
		TEST(test_xss_is_zero),
		TEST(test_old_processors_have_none_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
