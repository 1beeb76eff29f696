/*
 * The contracts at the first addresses: published values, numbers computed
 * with other means, what they cost, and how they refuse.
 */
#include "tests/unit/evm_unit.h"

#include <stdio.h>

#define SIGNED \
	"18c547e4f7b0f325ad1e56f57e26c745b09a3e503d86e00e5255ff7f715d3d1c"
#define SIGNED_R \
	"73b1693892219d736caba55bdb67216e485557ea6b6af75f37096c9aa6a5a75f"
#define SIGNED_S \
	"eeb940b1d03b21e36b0e47e79769f095fe2ab855bd91e3a38756b7d75a9c4549"
#define ZERO_62 "00000000000000000000000000000000000000000000000000000000000000"
#define ORDER	"fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"

/* bn254's modulus and order, generators, and -1 times that of G1 */
#define BN_P	"30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47"
#define BN_ORDER \
	"30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001"
#define ZERO ZERO_62 "00"
#define ONE  ZERO_62 "01"
#define TWO  ZERO_62 "02"
#define BN_MINUS \
	"30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd45"
#define BN_TWICE                                                           \
	"030644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd3" \
	"15ed738c0e0a7c92e7845f96b2ae9c0a68a6a449e3538fc7ff3ebf7a5a18a2c4"
#define BN_X_I \
	"198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
#define BN_X "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
#define BN_Y_I \
	"090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
#define BN_Y  "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"
#define BN_G2 BN_X_I BN_X BN_Y_I BN_Y

static const struct row {
	const char *what;
	uint8_t number;
	int64_t gas;
	const char *input, *output; /* NULL: refused */
} rows[] = {
	{"ecrecover", 1, 3000, SIGNED ZERO_62 "1c" SIGNED_R SIGNED_S,
	 "000000000000000000000000a94f5374fce5edbc8e2a8697c15331677e6ebf0b"},
	{"ecrecover, v 29", 1, 3000, SIGNED ZERO_62 "1d" SIGNED_R SIGNED_S, ""},
	{"ecrecover, v beyond a byte", 1, 3000,
	 SIGNED "01" ZERO_62 "1c" SIGNED_R SIGNED_S, ""},
	{"ecrecover, r 0", 1, 3000, SIGNED ZERO_62 "1c" ZERO_62 "00" SIGNED_S,
	 ""},
	{"ecrecover, s 0: cut short", 1, 3000, SIGNED ZERO_62 "1c" SIGNED_R,
	 ""},
	{"ecrecover, r the order", 1, 3000, SIGNED ZERO_62 "1c" ORDER SIGNED_S,
	 ""},
	{"ecrecover, r no x of the curve", 1, 3000,
	 SIGNED ZERO_62 "1c" ZERO_62 "05" SIGNED_S, ""},
	{"ecrecover of nothing", 1, 3000, "", ""},
	{"SHA-256", 2, 72, "616263",
	 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"RIPEMD-160", 3, 720, "616263",
	 "0000000000000000000000008eb208f7e05d987a9b044a8e98c6b087f15a0bfc"},
	{"identity", 4, 18, "616263", "616263"},
	{"identity of 32 bytes", 4, 18, ZERO_62 "07", ZERO_62 "07"},
	{"identity of nothing", 4, 15, "", ""},
	{"3^(p - 2) mod p", 5, 13056,
	 "000000000000000000000000000000000000000000000000000000000000"
	 "000100000000000000000000000000000000000000000000000000000000"
	 "000000200000000000000000000000000000000000000000000000000000"
	 "00000000002003ffffffffffffffffffffffffffffffffffffffffffffff"
	 "fffffffffefffffc2effffffffffffffffffffffffffffffffffffffffff"
	 "fffffffffffffefffffc2f",
	 "000000000000000000000000000000000000000000000000000000000000"
	 "0001"},
	{"anything mod 0", 5, 0,
	 "000000000000000000000000000000000000000000000000000000000000"
	 "000100000000000000000000000000000000000000000000000000000000"
	 "000000010000000000000000000000000000000000000000000000000000"
	 "00000000000207030000",
	 "0000"},
	{"anything mod 1", 5, 0,
	 "000000000000000000000000000000000000000000000000000000000000"
	 "000100000000000000000000000000000000000000000000000000000000"
	 "000000010000000000000000000000000000000000000000000000000000"
	 "000000000001070001",
	 "00"},
	{"0^0", 5, 0,
	 "000000000000000000000000000000000000000000000000000000000000"
	 "000000000000000000000000000000000000000000000000000000000000"
	 "000000000000000000000000000000000000000000000000000000000000"
	 "00000000000105",
	 "01"},
	{"even modulus", 5, 75,
	 "000000000000000000000000000000000000000000000000000000000000"
	 "000a00000000000000000000000000000000000000000000000000000000"
	 "000000030000000000000000000000000000000000000000000000000000"
	 "00000000000abde54164d8399f767c4500b79178a2b0c11fdecb91ce36",
	 "629cc3ce3c914f188ee3"},
	{"long base", 5, 2000,
	 "000000000000000000000000000000000000000000000000000000000000"
	 "003200000000000000000000000000000000000000000000000000000000"
	 "000000030000000000000000000000000000000000000000000000000000"
	 "00000000000c0d46a62332553fc1ea36f17fd374c6a5387777330bdbd721"
	 "0dff076ce2ef87b0b125ec1d7da0a6eb8c9ebd69fe29d76d43300100014e"
	 "7d887b2827688de6a16a3b",
	 "175fe8e26fc286b1b450fdba"},
	{"zeros before the modulus", 5, 93,
	 "000000000000000000000000000000000000000000000000000000000000"
	 "000900000000000000000000000000000000000000000000000000000000"
	 "000000020000000000000000000000000000000000000000000000000000"
	 "00000000000c377814e8a25f2dd97f3f1f0000000000000008617959ce",
	 "00000000000000078511afb7"},
	{"digits of all ones", 5, 460,
	 "000000000000000000000000000000000000000000000000000000000000"
	 "001400000000000000000000000000000000000000000000000000000000"
	 "000000030000000000000000000000000000000000000000000000000000"
	 "000000000010ffffffffffffffffffffffffffffffffffffffffffffffff"
	 "ffffffffffffff0000000000000000",
	 "c00000003fffffffffffffffffffffff"},
	{"long exponent", 5, 134,
	 "000000000000000000000000000000000000000000000000000000000000"
	 "000100000000000000000000000000000000000000000000000000000000"
	 "000000260000000000000000000000000000000000000000000000000000"
	 "000000000003050ea92e9c82b1478c281d687c966c377b9aa2bb2edb2003"
	 "5b73993fd4235992edcf451a1afe870f4243",
	 "003f4c"},
	{"bn254: sum of a point and itself", 6, 500, ONE TWO ONE TWO, BN_TWICE},
	{"bn254: sum with its negative", 6, 500, ONE TWO ONE BN_MINUS,
	 ZERO ZERO},
	{"bn254: sum with infinity", 6, 500, ONE TWO ZERO ZERO "ff", ONE TWO},
	{"bn254: sum, cut short", 6, 500, ONE TWO, ONE TWO},
	{"bn254: sum of nothing", 6, 500, "", ZERO ZERO},
	{"bn254: sum, not on the curve", 6, 500, ONE ONE, NULL},
	{"bn254: sum, x is the modulus", 6, 500, BN_P ZERO, NULL},
	{"bn254: twice", 7, 40000, ONE TWO TWO, BN_TWICE},
	{"bn254: by zero", 7, 40000, ONE TWO ZERO, ZERO ZERO},
	{"bn254: by its order", 7, 40000, ONE TWO BN_ORDER, ZERO ZERO},
	{"bn254: by its order and 1", 7, 40000,
	 ONE TWO
	 "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000002",
	 ONE TWO},
	{"bn254: product, not on the curve", 7, 40000, TWO TWO ONE, NULL},
	{"bn254: no pairs", 8, 100000, "", ONE},
	{"bn254: half a pair", 8, 100000, ONE TWO, NULL},
	{"bn254: one pair", 8, 180000, ONE TWO BN_G2, ZERO},
	{"bn254: a pair and its inverse", 8, 260000,
	 ONE TWO BN_G2 ONE BN_MINUS BN_G2, ONE},
	{"bn254: (2P, Q)(-P, Q)(-P, Q)", 8, 340000,
	 BN_TWICE BN_G2 ONE BN_MINUS BN_G2 ONE BN_MINUS BN_G2, ONE},
	{"bn254: five pairs of infinity and one more", 8, 580000,
	 ZERO ZERO BN_G2 ZERO ZERO BN_G2 ZERO ZERO BN_G2 ZERO ZERO BN_G2 ONE TWO
		 ZERO ZERO ZERO ZERO ONE TWO BN_G2,
	 ZERO},
	{"bn254: not on the twist", 8, 180000,
	 ZERO ZERO BN_X_I BN_X BN_Y_I BN_X, NULL},
	{"bn254: the twist's parts swapped", 8, 180000,
	 ONE TWO BN_X BN_X_I BN_Y BN_Y_I, NULL},
};

static size_t unhex(uint8_t *out, const char *text)
{
	size_t len = strlen(text) / 2;
	unsigned byte;

	for (size_t i = 0; i < len; i++) {
		assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
		out[i] = (uint8_t)byte;
	}
	return len;
}

static void run(struct machine *m, const struct row *row, int64_t gas)
{
	uint8_t input[2048];
	struct evm_message msg = {.gas = gas,
				  .sender = addr_from,
				  .input = input,
				  .input_len = unhex(input, row->input)};

	msg.recipient.bytes[19] = row->number;
	msg.code_from = msg.recipient;
	machine_init(m, EVM_BYZANTIUM);
	assert_int_equal(evm_call(&m->evm, &msg, &m->result), 0);
	if (row->number == 4) /* its output is its input, which ends here */
		assert_true(m->result.output != input ||
			    m->result.output_len == 0);
}

static void check_row(const struct row *row)
{
	struct machine m = {0};
	uint8_t want[128];
	size_t len = unhex(want, row->output ? row->output : "");
	enum evm_status status =
		row->output ? EVM_SUCCESS : EVM_PRECOMPILE_FAILURE;

	run(&m, row, row->gas);
	if (m.result.status != status || m.result.gas_left != 0)
		fail_msg("%s: %s, gas left %ld", row->what,
			 evm_status_text(m.result.status), m.result.gas_left);
	if (m.result.output_len != len ||
	    (len > 0 && memcmp(m.result.output, want, len) != 0))
		fail_msg("%s: other output", row->what);
	machine_fini(&m);
	if (row->gas > 0) {
		run(&m, row, row->gas - 1);
		assert_int_equal(m.result.status, EVM_OUT_OF_GAS);
		machine_fini(&m);
	}
	assert_int_equal(m.meter.bytes, 0);
}

static void test_what_they_give_and_cost(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i]);
}

static const struct row too_long = {
	"modexp of lengths beyond all gas", 5, 0,
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	""};

static void test_lengths_beyond_all_gas(void **state)
{
	struct machine m = {0};

	run(&m, &too_long, INT64_MAX);
	assert_int_equal(m.result.status, EVM_OUT_OF_GAS);
	machine_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_they_give_and_cost),
		cmocka_unit_test(test_lengths_beyond_all_gas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
