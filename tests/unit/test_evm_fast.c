/*
 * The fast interpreter against the plain one, which looks at every
 * instruction: random programs, with all the gas they want, with half and to
 * the last one, must end alike: gas, output, storage and the balance.
 * Running with a tracer is running plainly; code with enough heat is
 * translated at once.
 */
#include "tests/unit/evm_unit.h"

#include "evm/frame.h"

#define CODE_MAX 600
#define PLENTY	 1000000

static uint64_t seed = 99;

static unsigned random_below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)((seed * UINT64_C(0x2545f4914f6cdd1d) >> 33) % n);
}

struct program {
	uint8_t code[CODE_MAX + 64];
	size_t len;
	int height;
};

static void put_byte(struct program *p, unsigned byte)
{
	p->code[p->len++] = (uint8_t)byte;
}

static void put_push(struct program *p)
{
	static const uint8_t sizes[] = {1, 1, 1, 2, 4, 8, 9, 20, 31, 32};
	unsigned n = sizes[random_below(sizeof(sizes))];
	unsigned kind = random_below(4);

	put_byte(p, OP_PUSH1 + n - 1);
	while (n-- > 0)
		put_byte(p, kind == 0	? 0
			    : kind == 1 ? 0xff
					: random_below(256));
	p->height++;
}

/* To behind what comes next; taken if the top is not zero. */
static void put_skip(struct program *p)
{
	size_t target = p->len + 4 + 1;

	put_byte(p, OP_PUSH2);
	put_byte(p, (unsigned)(target >> 8));
	put_byte(p, target & 0xff);
	put_byte(p, OP_JUMPI);
	put_byte(p, random_below(2) ? OP_JUMPDEST : OP_PC);
	p->height -= 1;
	if (p->code[p->len - 1] == OP_PC)
		p->height++;
	put_byte(p, OP_JUMPDEST);
}

/* A place in memory, small mostly, and the instruction. */
static void put_memory(struct program *p)
{
	bool load = random_below(2);

	put_byte(p, OP_PUSH1);
	put_byte(p, random_below(random_below(8) ? 128 : 256));
	put_byte(p, load ? OP_MLOAD : OP_MSTORE);
	p->height += load ? 1 : -1;
}

static void put_random(struct program *p)
{
	static const uint8_t binary[] = {
		OP_ADD,	 OP_MUL,	OP_SUB, OP_DIV, OP_SDIV, OP_MOD,
		OP_SMOD, OP_SIGNEXTEND, OP_LT,	OP_GT,	OP_SLT,	 OP_SGT,
		OP_EQ,	 OP_AND,	OP_OR,	OP_XOR, OP_BYTE, OP_SHL,
		OP_SHR,	 OP_SAR,	OP_EXP};
	static const uint8_t unary[] = {OP_ISZERO,	 OP_NOT,   OP_CLZ,
					OP_CALLDATALOAD, OP_SLOAD, OP_BALANCE};
	static const uint8_t constant[] = {OP_GAS,    OP_PC,	   OP_MSIZE,
					   OP_CALLER, OP_CODESIZE, OP_PUSH0};
	unsigned choice = random_below(20), n;

	if (choice < 5 || p->height < 3) {
		put_push(p);
	} else if (choice < 11) {
		put_byte(p, binary[random_below(sizeof(binary))]);
		p->height--;
	} else if (choice < 12) {
		put_byte(p, unary[random_below(sizeof(unary))]);
	} else if (choice < 13) {
		put_byte(p, constant[random_below(sizeof(constant))]);
		p->height++;
	} else if (choice < 15) {
		n = random_below(p->height < 16 ? (unsigned)p->height : 16);
		put_byte(p, OP_DUP1 + n);
		p->height++;
	} else if (choice < 17) {
		n = random_below(p->height < 16 ? (unsigned)p->height - 1 : 15);
		put_byte(p, OP_SWAP1 + n);
	} else if (choice < 18) {
		put_byte(p, OP_POP);
		p->height--;
	} else if (random_below(4)) {
		put_memory(p);
	} else if (random_below(2)) {
		put_skip(p);
	} else {
		put_byte(p, random_below(2) ? OP_ADDMOD : OP_MULMOD);
		p->height -= 2;
	}
}

/* What is on top goes to storage; then 96 bytes of memory are returned. */
static void make_program(struct program *p)
{
	size_t len = 20 + random_below(CODE_MAX - 200);

	*p = (struct program){0};
	while (p->len < len)
		put_random(p);
	if (random_below(8) == 0) /* some bytes that make no sense */
		for (int i = 0; i < 20; i++)
			put_byte(p, random_below(256));
	put_byte(p, OP_PUSH1);
	put_byte(p, 1);
	put_byte(p, OP_SSTORE);
	put_byte(p, OP_PUSH1);
	put_byte(p, 96);
	put_byte(p, OP_PUSH0);
	put_byte(p, OP_RETURN);
}

static void nothing_before(void *ctx, const struct evm_frame *f, uint8_t opcode)
{
}

static void nothing_after(void *ctx, const struct evm_frame *f,
			  enum evm_status status)
{
}

static const struct evm_tracer plainly = {.before = nothing_before,
					  .after = nothing_after};

static void prepare(struct machine *m, const struct program *p, bool fast)
{
	struct evm_code *code;

	assert_int_equal(machine_init(m, EVM_OSAKA), 0);
	assert_int_equal(put(m, &addr_a, 77, p->code, p->len), 0);
	code = evm_state_find(m->evm.state, &addr_a)->code;
	if (fast)
		code->heat = SIZE_MAX / 2;
	else
		m->evm.tracer = &plainly;
}

/* The gas it used. */
static int64_t check_alike(const struct program *p, int64_t gas)
{
	struct machine fast = {0}, plain = {0};
	struct u256 a, b;

	prepare(&fast, p, true);
	prepare(&plain, p, false);
	assert_int_equal(call(&fast, &addr_a, gas), 0);
	assert_int_equal(call(&plain, &addr_a, gas), 0);
	assert_int_equal(fast.result.status > EVM_REVERT,
			 plain.result.status > EVM_REVERT);
	assert_int_equal(fast.result.gas_left, plain.result.gas_left);
	assert_int_equal(fast.result.output_len, plain.result.output_len);
	if (plain.result.output_len > 0)
		assert_memory_equal(fast.result.output, plain.result.output,
				    plain.result.output_len);
	a = stored(&fast, &addr_a, 1);
	b = stored(&plain, &addr_a, 1);
	assert_true(u256_equal(&a, &b));
	gas -= plain.result.gas_left;
	machine_fini(&fast);
	machine_fini(&plain);
	assert_int_equal(fast.meter.bytes, 0);
	return gas;
}

static void test_random_programs_end_alike(void **state)
{
	struct program p;
	int64_t used;
	int good = 0;

	for (int i = 0; i < 1500; i++) {
		make_program(&p);
		used = check_alike(&p, PLENTY);
		if (used == PLENTY)
			continue;
		good++;
		check_alike(&p, used / 2);
		check_alike(&p, used - 1);
		check_alike(&p, used);
	}
	assert_true(good > 750); /* the others fail somewhere */
}

static void test_any_bytes_end_alike(void **state)
{
	struct program p;

	for (int i = 0; i < 3000; i++) {
		p.len = 1 + random_below(100);
		for (size_t j = 0; j < p.len; j++)
			p.code[j] =
				(uint8_t)(random_below(3)
						  ? OP_PUSH1 + random_below(64)
						  : random_below(256));
		check_alike(&p, 30000);
	}
}

/* 1024 words are the most, and where the next would come it fails. */
static void test_the_stack_may_be_full(void **state)
{
	struct program p = {.len = 0};

	for (unsigned n = 1023; n <= 1025; n++) {
		uint8_t code[1100];

		memset(code, OP_CALLER, n);
		struct machine m = {0};

		assert_int_equal(machine_init(&m, EVM_OSAKA), 0);
		put(&m, &addr_a, 0, code, n);
		evm_state_find(m.evm.state, &addr_a)->code->heat = SIZE_MAX / 2;
		assert_int_equal(call(&m, &addr_a, PLENTY), 0);
		assert_int_equal(m.result.status,
				 n > 1024 ? EVM_STACK_OVERFLOW : EVM_SUCCESS);
		machine_fini(&m);
	}
	put_byte(&p, OP_PUSH1);
	put_byte(&p, 1);
	put_byte(&p, OP_ADD);
	check_alike(&p, PLENTY);
}

/*
 * Blocks of nothing but their JUMPDEST are done with the next: entered at
 * each, with each amount of gas, also where the block behind them fails.
 */
static void test_jumpdests_in_a_row_are_paid_for(void **state)
{
	for (unsigned n = 0; n <= 5; n++) {
		for (unsigned entry = 0; entry <= n; entry++) {
			struct program p = {.len = 0};

			put_byte(&p, OP_JUMPDEST);
			put_byte(&p, OP_JUMPDEST);
			put_byte(&p, OP_PUSH1);
			put_byte(&p, 5 + entry);
			put_byte(&p, OP_JUMP);
			for (unsigned i = 0; i <= n; i++)
				put_byte(&p, OP_JUMPDEST);
			put_byte(&p, OP_CALLER);
			put_byte(&p, OP_POP);
			put_byte(&p, n % 2 ? OP_POP : OP_PUSH0);
			for (int64_t gas = 0; gas < 30; gas++)
				check_alike(&p, gas);
			check_alike(&p, PLENTY);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_programs_end_alike),
		cmocka_unit_test(test_any_bytes_end_alike),
		cmocka_unit_test(test_the_stack_may_be_full),
		cmocka_unit_test(test_jumpdests_in_a_row_are_paid_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
