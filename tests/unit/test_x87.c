/*
 * The x87's arithmetic on any host: transcendental functions against values
 * computed to 600 bits, the rounding of constants, and what the unit does
 * besides. (On x86-64 test_x87_native.c compares every instruction with the
 * processor as well.)
 */
#include <string.h>

#include "tests/unit/unit.h"
#include "vmm/sim/x87.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MASKED	     0x037fu

enum function { SIN, COS, TAN, EXP, ATAN, LOG, LOG1P };

static const struct {
	enum function function;
	struct {
		uint64_t sig;
		uint16_t se;
	} a, b, nearest;
} rows[] = {
	/* Angles are reduced by the pi of 66 bits; here too. */
	{SIN,
	 {0xc5a94da597b75092, 0xbfde},
	 {0x0000000000000000, 0x0000},
	 {0xc5a94da597b75092, 0xbfde}},
	{COS,
	 {0xbcadc94f9a9a80fd, 0x3ff4},
	 {0x0000000000000000, 0x0000},
	 {0xfffffba78255f0c9, 0x3ffe}},
	{TAN,
	 {0x81af7d129b08923d, 0x3fd9},
	 {0x0000000000000000, 0x0000},
	 {0x81af7d129b08923d, 0x3fd9}},
	{SIN,
	 {0xc6801c7642650644, 0xbfe6},
	 {0x0000000000000000, 0x0000},
	 {0xc6801c764264f260, 0xbfe6}},
	{COS,
	 {0xc53ea1da78633074, 0x3fed},
	 {0x0000000000000000, 0x0000},
	 {0xffffffffed00d172, 0x3ffe}},
	{TAN,
	 {0xd1ccfc1565aa9c82, 0x3fe6},
	 {0x0000000000000000, 0x0000},
	 {0xd1ccfc1565aacb7a, 0x3fe6}},
	{SIN,
	 {0x93685ca2a2863a7f, 0x3ffc},
	 {0x0000000000000000, 0x0000},
	 {0x92e62a5af5fa016d, 0x3ffc}},
	{COS,
	 {0xdee1574c63d2e490, 0xbfff},
	 {0x0000000000000000, 0x0000},
	 {0xadb3d3d61595f2c4, 0xbffc}},
	{TAN,
	 {0xe10db04928ce6f24, 0x3ffb},
	 {0x0000000000000000, 0x0000},
	 {0xe1f6b8f0496ebbb4, 0x3ffb}},
	{SIN,
	 {0xe3d98bec4d1fe09f, 0xbffb},
	 {0x0000000000000000, 0x0000},
	 {0xe3614a71f2d19f0b, 0xbffb}},
	{COS,
	 {0xcc20c08b79061596, 0x3ffd},
	 {0x0000000000000000, 0x0000},
	 {0xebec19c0481c5304, 0x3ffe}},
	{TAN,
	 {0xe4e0c038b6d13089, 0x3ffe},
	 {0x0000000000000000, 0x0000},
	 {0x9f5867094a5464ec, 0x3fff}},
	{SIN,
	 {0xe6842db8ba6676b3, 0x4002},
	 {0x0000000000000000, 0x0000},
	 {0xf6b7e27bfdc049ee, 0x3ffe}},
	{COS,
	 {0xaec95921e0fd67dd, 0xc000},
	 {0x0000000000000000, 0x0000},
	 {0xeab9f751dc6eff57, 0xbffe}},
	{TAN,
	 {0x9bc63a6e7eb0adf4, 0xc000},
	 {0x0000000000000000, 0x0000},
	 {0xdafb463a666d9728, 0x3ffe}},
	{SIN,
	 {0xd03602d0c76abf43, 0x4002},
	 {0x0000000000000000, 0x0000},
	 {0xdd3bb01e4b8d6291, 0x3ffd}},
	{COS,
	 {0xeaaf60d281daad10, 0xc002},
	 {0x0000000000000000, 0x0000},
	 {0x818f616b103babac, 0xbffe}},
	{TAN,
	 {0xcae3b55a88bafad9, 0xc001},
	 {0x0000000000000000, 0x0000},
	 {0xea2e8de0636e8e02, 0xbffa}},
	{SIN,
	 {0xab1b1da5e779c470, 0x4009},
	 {0x0000000000000000, 0x0000},
	 {0xc6735969a7be8c07, 0xbffe}},
	{COS,
	 {0xa3ccbdb5db3d1150, 0x4002},
	 {0x0000000000000000, 0x0000},
	 {0xb00247b96f446273, 0xbffe}},
	{TAN,
	 {0xee295ee5b2d87d5e, 0xc007},
	 {0x0000000000000000, 0x0000},
	 {0xa41222e2802b13dc, 0x4000}},
	{SIN,
	 {0xc935d757e79a27e6, 0x4013},
	 {0x0000000000000000, 0x0000},
	 {0xd30f08ad5c967e17, 0x3ffc}},
	{COS,
	 {0xea7220e1a20ab57c, 0x4008},
	 {0x0000000000000000, 0x0000},
	 {0x9237ce2a516f1b83, 0xbff9}},
	{TAN,
	 {0x8fed7b1248f2f8ed, 0xc00a},
	 {0x0000000000000000, 0x0000},
	 {0xe20c5eee301a6211, 0xbffa}},
	{SIN,
	 {0xbde39d41fd63ed5b, 0xc03b},
	 {0x0000000000000000, 0x0000},
	 {0x872560a7a6cb49b8, 0x3ffe}},
	{COS,
	 {0xf2d40c0d691406be, 0xc029},
	 {0x0000000000000000, 0x0000},
	 {0xbcc77e8a2854e874, 0x3ffe}},
	{TAN,
	 {0xe267c5cb6d59298c, 0xc030},
	 {0x0000000000000000, 0x0000},
	 {0xc099f81dce7a7ca2, 0xc000}},
	{SIN,
	 {0xcd7042df0b500a3f, 0x402a},
	 {0x0000000000000000, 0x0000},
	 {0xa3c760cdd86a0cab, 0x3ffc}},
	{COS,
	 {0xdbf5db8660b7d02b, 0x4028},
	 {0x0000000000000000, 0x0000},
	 {0xac6ce376bb901b32, 0x3ffe}},
	{TAN,
	 {0xf6003d8de1830294, 0x4038},
	 {0x0000000000000000, 0x0000},
	 {0x8957b1181923fd39, 0x3ffe}},
	{SIN,
	 {0xc90fdaa22168c235, 0x4000},
	 {0x0000000000000000, 0x0000},
	 {0x8000000000000000, 0xbfbf}},
	{COS,
	 {0xc90fdaa22168c235, 0x3fff},
	 {0x0000000000000000, 0x0000},
	 {0x8000000000000000, 0xbfbe}},
	{TAN,
	 {0xc90fdaa22168c235, 0x3fff},
	 {0x0000000000000000, 0x0000},
	 {0x8000000000000000, 0xc040}},
	{EXP,
	 {0xffcf24203c67523f, 0xbfd9},
	 {0x0000000000000000, 0x0000},
	 {0xb1503a2b9cf544d3, 0xbfd9}},
	{EXP,
	 {0x8dd6da7a13b45a39, 0x3fb9},
	 {0x0000000000000000, 0x0000},
	 {0xc4a188069c533184, 0x3fb8}},
	{EXP,
	 {0x9943e828f2ead0a8, 0x3fbb},
	 {0x0000000000000000, 0x0000},
	 {0xd4788436545bb6e9, 0x3fba}},
	{EXP,
	 {0xa1b636959c4792da, 0xbff9},
	 {0x0000000000000000, 0x0000},
	 {0xdea743782f522ec5, 0xbff8}},
	{EXP,
	 {0xef13622dfad9d3a9, 0xbff5},
	 {0x0000000000000000, 0x0000},
	 {0xa59c2573d98367ce, 0xbff5}},
	{EXP,
	 {0x91b4aaf3f56ab44e, 0x3ffa},
	 {0x0000000000000000, 0x0000},
	 {0xcc807bc55fd3f0b0, 0x3ff9}},
	{EXP,
	 {0xbaeeb3ef6072c48f, 0x3ffe},
	 {0x0000000000000000, 0x0000},
	 {0xa8ac012f1695789e, 0x3ffe}},
	{EXP,
	 {0xeef45e5ca4d5e415, 0x3ffe},
	 {0x0000000000000000, 0x0000},
	 {0xe8e8318b58a104c2, 0x3ffe}},
	{EXP,
	 {0xfc8770f99ec09609, 0x3ffd},
	 {0x0000000000000000, 0x0000},
	 {0xd0aed38e3dc8b3d0, 0x3ffd}},
	{EXP,
	 {0xd1306d9e6e6291d2, 0x3ffe},
	 {0x0000000000000000, 0x0000},
	 {0xc30cee8d2d8e51d3, 0x3ffe}},
	{EXP,
	 {0xa68a03aeefba436b, 0xbffe},
	 {0x0000000000000000, 0x0000},
	 {0xb9d5da457ad37ed0, 0xbffd}},
	{EXP,
	 {0xa6c87aa885689935, 0x3ffe},
	 {0x0000000000000000, 0x0000},
	 {0x921fbd4ac71dd5f6, 0x3ffe}},
	{ATAN,
	 {0xb5259cc4c9d459c5, 0x3ede},
	 {0xb031b1d505222fb2, 0x4015},
	 {0x83991b259440f7b4, 0x3ec8}},
	{ATAN,
	 {0xd1179ab90f616fb4, 0x3f5b},
	 {0xd6f2b15e5a58b185, 0x40b0},
	 {0xf9069b715dd22afc, 0x3ea9}},
	{ATAN,
	 {0xbea807bebcefd0a7, 0xbff0},
	 {0xd687d56df4707652, 0xbf11},
	 {0xc90fdaa22168c235, 0xbfff}},
	{ATAN,
	 {0xd0614caf40498cb3, 0xc04d},
	 {0xae96149c2d6b76db, 0xc01a},
	 {0xc90fdaa22168cf9d, 0xbfff}},
	{ATAN,
	 {0xec02fae95e80dfff, 0x4002},
	 {0xb046ca4cc98c9e51, 0xbffe},
	 {0xcf086401042cdad1, 0x3fff}},
	{ATAN,
	 {0xfc55ffeb06e44edf, 0x4002},
	 {0xa7aea08621a4cade, 0x4001},
	 {0xa0006772ff118480, 0x3fff}},
	{ATAN,
	 {0xa27afb92cdc656fb, 0xc001},
	 {0xb7b5c210ad9593b4, 0x3ffd},
	 {0xc0081b46c6bfb706, 0xbfff}},
	{ATAN,
	 {0xcce487441a124c15, 0xbffc},
	 {0xeab16702acc80ab5, 0xbffe},
	 {0xbb4f282c4a27e11e, 0xc000}},
	{ATAN,
	 {0xab19522314777e96, 0x3ffe},
	 {0xc8c161e4e288b164, 0xbffe},
	 {0x9be3cdb51eaeaf94, 0x4000}},
	{ATAN,
	 {0x8f7a48d3c9794969, 0xbffe},
	 {0xe74479f350ad12d3, 0x3ffe},
	 {0x8e26fe811dbb312b, 0xbffe}},
	{ATAN,
	 {0xa3a8e849dd1d4096, 0xbffe},
	 {0xcf4645b1ce66e9ee, 0xbffe},
	 {0x9e498708dadb7e95, 0xc000}},
	{ATAN,
	 {0xa55e62726bd881fd, 0x3ffe},
	 {0xac55564076f7f138, 0x3fff},
	 {0xe50b4abfc1bbfa5f, 0x3ffd}},
	{LOG,
	 {0xc8bf1c8b6b761fc5, 0xbffc},
	 {0x998b8b6c27ef79cb, 0x407a},
	 {0xc1510bad7998959c, 0xc003}},
	{LOG,
	 {0xc78919e36f31b692, 0x40dd},
	 {0xdf6d4c4a08460086, 0x3fb6},
	 {0xe116f24e40aafc95, 0xc0e3}},
	{LOG,
	 {0xa4ff52a5f69f28d8, 0x40e6},
	 {0x88b67094dc8d4dd1, 0x3fbb},
	 {0xaf10945dc783997b, 0xc0ec}},
	{LOG,
	 {0xe7b45e141eb81432, 0xbffe},
	 {0xe6c72f80e752f00d, 0x3ffc},
	 {0xf90a5970ee63948a, 0x3fff}},
	{LOG,
	 {0xf1187fdee5856cfa, 0x3ffd},
	 {0x81aeb80b0ca2a6b3, 0x4000},
	 {0xf5a34f891c40138e, 0x3ffd}},
	{LOG,
	 {0xc0686fdd2bfc7ffd, 0xbffc},
	 {0xc3320658051490ea, 0x4001},
	 {0xfaf97d06e869a0c3, 0xbffd}},
	{LOG,
	 {0xf4dff628f0651621, 0x3ffe},
	 {0xa0511873201a95cc, 0x3fff},
	 {0x9f0fcba6e8360e14, 0x3ffd}},
	{LOG,
	 {0xe4233ab5cfc1d550, 0xbfff},
	 {0x8fa4f048328475a7, 0x3ffe},
	 {0xbe2f73bd46d32005, 0x3fff}},
	{LOG,
	 {0x9ea6838d2bda7712, 0x3ffe},
	 {0xf5db3cdad2d0d097, 0x3ffe},
	 {0x940f5bc750ea3356, 0xbffa}},
	{LOG,
	 {0xe0d4a12d0cc85574, 0xbfff},
	 {0x8000000000000005, 0x3fff},
	 {0xcab9ea40ec7ae450, 0xbfc3}},
	{LOG,
	 {0xe0d4a12d0cc85574, 0xbfff},
	 {0xfffffffffffffffd, 0x3ffe},
	 {0xf3457f811bc6ab9a, 0x3fc1}},
	{LOG1P,
	 {0xc37d754b9e3b164d, 0x3ffc},
	 {0xa95bdedf790ff9b2, 0x3ee0},
	 {0xba94b700d9c39fbe, 0x3ede}},
	{LOG1P,
	 {0x8704c971db65d2a4, 0x3feb},
	 {0x8660f0191fe78154, 0xbede},
	 {0xcc7f74eab4770167, 0xbeca}},
	{LOG1P,
	 {0xdb3a627adabd2a4c, 0xbfed},
	 {0xa86f49cc7d7015fc, 0xbf53},
	 {0xd01867d4eb2d5ff1, 0x3f42}},
	{LOG1P,
	 {0xb161ccad59ee1cce, 0x3fef},
	 {0xae2fd3e94ddab100, 0xbfde},
	 {0xae1fd53a82386e81, 0xbfcf}},
	{LOG1P,
	 {0x8fd734676dbf42c0, 0xc000},
	 {0xdc8c8eaeb74e9504, 0xbfb9},
	 {0xb2c7f0440fbde52d, 0x3fbb}},
	{LOG1P,
	 {0x96daed8291157d5f, 0xbff0},
	 {0xd33c16059abc3e5b, 0x3fd6},
	 {0xb394b4cfcdf8d8da, 0xbfc8}},
	{LOG1P,
	 {0xe68c70d4a2fd39d9, 0xc003},
	 {0xafab76980d95a701, 0x3ffd},
	 {0xc43ae8e5b97a78af, 0xc002}},
	{LOG1P,
	 {0xf9a3122a6ba6cc6d, 0x3fff},
	 {0x9f5ee3bd0496be39, 0xbffc},
	 {0xf3b527dc3c41cf25, 0xbffd}},
	{LOG1P,
	 {0xcb81e906b1f69af3, 0xbffc},
	 {0xb6826b2e3974f660, 0xbffc},
	 {0xe687d52a9660512a, 0x3ffa}},
};

static struct f80 compute(struct f80_env *e, enum function function,
			  struct f80 a, struct f80 b)
{
	struct f80 r = f80_zero;

	switch (function) {
	case SIN:
		assert_true(f80_sincos(e, a, &r, NULL));
		break;
	case COS:
		assert_true(f80_sincos(e, a, NULL, &r));
		break;
	case TAN:
		assert_true(f80_tan(e, a, &r));
		break;
	case EXP:
		return f80_2xm1(e, a);
	case ATAN:
		return f80_atan2(e, a, b);
	case LOG:
		return f80_yl2x(e, a, b);
	case LOG1P:
		return f80_yl2xp1(e, a, b);
	}
	return r;
}

static void test_functions_give_the_nearest_value(void **state)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct f80_env e = {.control = MASKED};
		struct f80 a = {rows[i].a.sig, rows[i].a.se, {0}};
		struct f80 b = {rows[i].b.sig, rows[i].b.se, {0}};
		struct f80 r = compute(&e, rows[i].function, a, b);

		if (r.sig != rows[i].nearest.sig || r.se != rows[i].nearest.se)
			fail_msg("row %zu: %04x %016jx, not %04x %016jx", i,
				 r.se, (uintmax_t)r.sig, rows[i].nearest.se,
				 (uintmax_t)rows[i].nearest.sig);
		assert_int_equal(e.raised, F80_PE);
	}
}

static void test_angles_beyond_2_to_the_63_are_refused(void **state)
{
	struct f80_env e = {.control = MASKED};
	struct f80 a = {UINT64_C(1) << 63, 0x3fff + 63, {0}}, r;

	assert_false(f80_sincos(&e, a, &r, NULL));
	assert_false(f80_tan(&e, a, &r));
	assert_int_equal(e.raised, 0);
	a.se--;
	assert_true(f80_sincos(&e, a, &r, NULL));
}

static void test_exact_results_raise_nothing(void **state)
{
	struct f80_env e = {.control = MASKED};
	struct f80 half = {UINT64_C(1) << 63, 0x3ffe, {0}};
	struct f80 minus_one = f80_from_int(-1), r;

	r = f80_yl2x(&e, f80_from_int(3), f80_from_int(8)); /* 3 * log2(8) */
	assert_true(f80_compare(&e, r, f80_from_int(9), true) == IEEE_EQUAL);
	r = f80_2xm1(&e, f80_one);
	assert_memory_equal(&r, &f80_one, sizeof(r));
	r = f80_2xm1(&e, minus_one);
	half.se |= F80_SIGN;
	assert_memory_equal(&r, &half, sizeof(r));
	assert_int_equal(e.raised, 0);
}

/* ---- Rounding ---- */

static void test_precision_control_rounds_the_four_operations(void **state)
{
	/* 1/3 at 24, (reserved), 53 and 64 bits */
	static const uint64_t thirds[] = {
		0xaaaaab0000000000, 0xaaaaaaaaaaaaaaab, 0xaaaaaaaaaaaaa800,
		0xaaaaaaaaaaaaaaab};

	for (unsigned pc = 0; pc < 4; pc++) {
		struct f80_env e = {.control = 0x7f | pc << 8};
		struct f80 r = f80_div(&e, f80_one, f80_from_int(3));

		assert_int_equal(r.sig, thirds[pc]);
		assert_int_equal(r.se, 0x3ffd);
		assert_int_equal(e.raised, F80_PE);
		assert_int_equal(e.up, r.sig > 0xaaaaaaaaaaaaaaaa);
	}
}

static void test_unmasked_overflow_wraps_the_exponent(void **state)
{
	struct f80 huge = {UINT64_C(1) << 63, 0x7ffe, {0}}, r;
	struct f80_env masked = {.control = MASKED};
	struct f80_env unmasked = {.control = MASKED & ~F80_OE};

	r = f80_mul(&masked, huge, huge);
	assert_int_equal(r.se, 0x7fff);
	assert_int_equal(masked.raised, F80_OE | F80_PE);
	r = f80_mul(&unmasked, huge, huge);
	assert_int_equal(r.se, 2 * 0x7ffe - 0x3fff - 24576);
	assert_int_equal(unmasked.raised, F80_OE);
}

static void test_integral_values_up_to_2_to_the_64(void **state)
{
	struct f80_env e = {.control = MASKED};
	struct f80 a = {UINT64_MAX, 0x3fff + 62, {0}}, r; /* 2^63 - 1/2 */

	r = f80_rint(&e, a);
	assert_int_equal(r.se, 0x3fff + 63);
	assert_int_equal(r.sig, UINT64_C(1) << 63);
	assert_true(e.up);
	assert_int_equal(f80_to_int(&e, a, 64, IEEE_NEAREST), UINT64_C(1)
								      << 63);
	assert_int_equal(e.raised, F80_PE | F80_IE);
	e.raised = 0;
	assert_int_equal(f80_to_int(&e, a, 64, IEEE_ZERO), INT64_MAX);
	assert_int_equal(e.raised, F80_PE);
}

/* ---- The unit ---- */

static void run(struct x87 *x, struct x87_ctx *c, uint8_t opcode, uint8_t modrm)
{
	const struct x87_row *row = x87_find(opcode, modrm);

	assert_non_null(row);
	c->modrm = modrm;
	c->store = false;
	row->fn(x, c);
}

static void test_an_unmasked_exception_is_pending(void **state)
{
	struct x87_ctx c = {0};
	struct x87 x = {0};

	x87_init(&x);
	memcpy(c.mem, &(uint16_t){0x037b}, 2); /* ZE unmasked */
	run(&x, &c, 0xd9, 0x28);	       /* fldcw */
	run(&x, &c, 0xd9, 0xe8);	       /* fld1 */
	run(&x, &c, 0xd9, 0xee);	       /* fldz */
	assert_false(x87_pending(&x));
	run(&x, &c, 0xd8, 0xf9); /* fdivr st1: 1 / 0 */
	assert_true(x87_pending(&x));
	assert_int_equal(x.fsw & 0x3f, F80_ZE);
	memcpy(c.mem, &(uint16_t){0x037f}, 2);
	run(&x, &c, 0xd9, 0x28); /* masked: no longer pending, still noted */
	assert_false(x87_pending(&x));
	assert_int_equal(x.fsw & 0x3f, F80_ZE);
}

static void test_environments_come_back(void **state)
{
	static const struct {
		enum x87_format format;
		uint64_t ip, dp; /* as much as the format keeps */
		uint16_t fop;
	} formats[] = {
		{X87_32, 0x12345678, 0x87654321, 0x123},
		{X87_16, 0x5678, 0x4321, 0},
		{X87_REAL32, 0x12345678, 0x87654321, 0x123},
		{X87_REAL16, 0x45678, 0x54321, 0x123},
	};

	for (size_t i = 0; i < COUNT(formats); i++) {
		struct x87_ctx c = {.format = formats[i].format};
		struct x87 x = {0}, before;

		x87_init(&x);
		run(&x, &c, 0xd9, 0xeb); /* fldpi */
		run(&x, &c, 0xd9, 0xee); /* fldz */
		x.fip = 0x12345678;
		x.fdp = 0x87654321;
		x.fop = 0x123;
		before = x;
		run(&x, &c, 0xdd, 0x30); /* fnsave */
		assert_true(c.store);
		assert_int_equal(x.full, 0);
		assert_int_equal(x.fsw, 0);
		run(&x, &c, 0xdd, 0x20); /* frstor */
		assert_int_equal(x.fip & formats[i].ip, formats[i].ip);
		assert_int_equal(x.fip & ~formats[i].ip, 0);
		assert_int_equal(x.fdp, formats[i].dp);
		assert_int_equal(x.fop, formats[i].fop);
		x.fip = before.fip;
		x.fdp = before.fdp;
		x.fop = before.fop;
		assert_memory_equal(&x, &before, sizeof(x));
	}
}

static void test_fxsave_images_come_back(void **state)
{
	struct x87_ctx c = {0};
	struct x87 x = {0}, y = {0};
	uint8_t image[160] = {0};

	x87_init(&x);
	run(&x, &c, 0xd9, 0xeb);
	run(&x, &c, 0xd9, 0xe8);
	x.fip = UINT64_C(0xffff800012345678);
	x.fdp = UINT64_C(0xffff900012345678);
	x.fop = 0x7ff;
	x87_fxsave(&x, image, true);
	assert_int_equal(image[4], 0xc0);
	x87_fxload(&y, image, true);
	assert_memory_equal(&x, &y, sizeof(x));
	x87_fxsave(&x, image, false);
	x87_fxload(&y, image, false);
	assert_int_equal(y.fip, 0x12345678);
}

static void test_reserved_encodings_are_not_found(void **state)
{
	static const uint8_t none[][2] = {
		{0xd9, 0x08}, {0xd9, 0xd1}, {0xd9, 0xe2}, {0xd9, 0xe3},
		{0xd9, 0xe6}, {0xd9, 0xef}, {0xda, 0xe0}, {0xda, 0xe8},
		{0xda, 0xf0}, {0xdb, 0x20}, {0xdb, 0x30}, {0xdb, 0xe5},
		{0xdb, 0xf8}, {0xdd, 0x28}, {0xdd, 0xf0}, {0xde, 0xd8},
		{0xde, 0xda}, {0xdf, 0xe1}, {0xdf, 0xf8}};

	for (size_t i = 0; i < COUNT(none); i++)
		assert_null(x87_find(none[i][0], none[i][1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_functions_give_the_nearest_value),
		cmocka_unit_test(test_angles_beyond_2_to_the_63_are_refused),
		cmocka_unit_test(test_exact_results_raise_nothing),
		cmocka_unit_test(
			test_precision_control_rounds_the_four_operations),
		cmocka_unit_test(test_unmasked_overflow_wraps_the_exponent),
		cmocka_unit_test(test_integral_values_up_to_2_to_the_64),
		cmocka_unit_test(test_an_unmasked_exception_is_pending),
		cmocka_unit_test(test_environments_come_back),
		cmocka_unit_test(test_fxsave_images_come_back),
		cmocka_unit_test(test_reserved_encodings_are_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
