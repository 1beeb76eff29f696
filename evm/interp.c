/*
 * interp.c: the loop. Before each instruction it is checked: is it one, are
 * its operands there, is there room for its results, can its static cost be
 * paid. So the bodies check none of this. Short instructions know their row of
 * the table when they are compiled; those that need memory, state or calls are
 * in ops.c, and checked by their row of the fork's table. Program counter,
 * stack pointer and gas live in registers, and each body jumps to the next
 * instruction's itself.
 */
#include "evm/binary.h"
#include "evm/fast.h"
#include "evm/opcodes.h"
#include "evm/ops.h"

#define WANTS_FAST (EVM_STATUS_COUNT + 2)

/* Which of the three checks it was that failed. */
static enum evm_status refusal(const uint16_t *costs, size_t opcode,
			       size_t height)
{
	if (costs[opcode] == EVM_NO_OP)
		return EVM_UNDEFINED_OPCODE;
	return height < evm_ops[opcode].min ? EVM_STACK_UNDERFLOW
					    : EVM_STACK_OVERFLOW;
}

/* `n` bytes from pc on; those behind the code are its padding of zeros. */
static inline __attribute__((always_inline)) struct u256 push_data(
	const uint8_t *pc, unsigned n)
{
	struct u256 value = {{0}};

#pragma GCC unroll 4
	for (unsigned i = 0; i < 4; i++) {
		if (n >= 8 * i + 8)
			value.w[i] = u256_load_be64(pc + n - 8 * i - 8);
		else if (n > 8 * i)
			value.w[i] =
				u256_load_be64(pc) >> (64 * i + 64 - 8 * n);
	}
	return value;
}

static void frame_store(struct evm_frame *f, const uint8_t *pc,
			const struct u256 *sp, int64_t gas)
{
	f->pc = (size_t)(pc - f->code->bytes);
	f->height = (size_t)(sp - f->stack);
	f->gas = gas;
}

/* Of the short instructions: what is known without a fork. */
enum {
#define ROW(fork, value, name, in, out, gas, since)               \
	IN_##name = (in), OUT_##name = (out), GAS_##name = (gas), \
	IS_NEW_##name = EVM_##since != EVM_FRONTIER,
	EVM_OPCODES(ROW, EVM_FRONTIER)
#undef ROW
#define ROW(fork, value, name, in, out, gas, since) LAST_GAS_##name = (gas),
		EVM_OPCODES(ROW, EVM_FORK_COUNT - 1)
#undef ROW
};

/* No instruction leaves more than one word more than it takes. */
static inline bool fits(size_t height, size_t in, size_t out)
{
	return height >= in && (out <= in || height < EVM_STACK_MAX);
}

/* or gcc jumps over what leaves the loop, once an instruction */
#define RARELY(x) __builtin_expect(x, 0)

#define CHECK(name)                                                     \
	do {                                                            \
		_Static_assert((int)GAS_##name == (int)LAST_GAS_##name, \
			       "its cost depends on the fork");         \
		if (RARELY(!fits((size_t)(sp - stack), IN_##name,       \
				 OUT_##name)) ||                        \
		    (IS_NEW_##name && costs[OP_##name] == EVM_NO_OP))   \
			goto refuse;                                    \
		gas -= GAS_##name;                                      \
		if (RARELY(gas < 0))                                    \
			goto out_of_gas;                                \
		pc++;                                                   \
	} while (0)

#define NEXT                          \
	do {                          \
		opcode = *pc;         \
		goto *labels[opcode]; \
	} while (0)

/* Those that come in rows. */
/* clang-format off */
#define ALL_16(X) \
	X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) \
	X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16)
#define ALL_32(X) \
	ALL_16(X) \
	X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) \
	X(25) X(26) X(27) X(28) X(29) X(30) X(31) X(32)
/* clang-format on */

#define LABEL(name)		     [OP_##name] = &&name,
#define LABEL_BINARY(form, name, fn) LABEL(name)
#define LABEL_PUSH(n)		     LABEL(PUSH##n)
#define LABEL_DUP_SWAP(n)	     LABEL(DUP##n) LABEL(SWAP##n)

#define DO_BINARY(form, name, fn)           \
	name:                               \
	CHECK(name);                        \
	op_##fn(&sp[-2], &sp[-1], &sp[-2]); \
	sp--;                               \
	NEXT;
#define DO_PUSH(n)                       \
	PUSH##n : CHECK(PUSH##n);        \
	if (n == 2 && pc[2] == OP_JUMP)  \
		goto push_jump;          \
	if (n == 2 && pc[2] == OP_JUMPI) \
		goto push_jumpi;         \
	DO_JUST_PUSH(n)
#define DO_JUST_PUSH(n)           \
	*sp++ = push_data(pc, n); \
	pc += n;                  \
	NEXT;
#define DO_DUP_SWAP(n)            \
	DUP##n : CHECK(DUP##n);   \
	*sp = sp[-n];             \
	sp++;                     \
	NEXT;                     \
	SWAP##n : CHECK(SWAP##n); \
	word = sp[-1];            \
	sp[-1] = sp[-1 - n];      \
	sp[-1 - n] = word;        \
	NEXT;

/*
 * Until it ends: 0, a status, EVM_WANTS_CALL or an error number; or until it
 * jumps with less than `hot_at` gas left: WANTS_FAST. With a tracer every label
 * is that of the tracing, so that a run without pays nothing.
 */
static int run(struct evm_frame *f, const struct evm_tracer *tracer,
	       int64_t hot_at)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
	static const void *const plain[256] = {
		[0 ... 255] = &&other,
		EVM_BINARY(LABEL_BINARY, _) ALL_32(LABEL_PUSH) ALL_16(
			LABEL_DUP_SWAP) LABEL(STOP) LABEL(ADDMOD) LABEL(MULMOD)
			LABEL(EXP) LABEL(ISZERO) LABEL(NOT) LABEL(CLZ)
				LABEL(POP) LABEL(MLOAD) LABEL(MSTORE) LABEL(
					CALLDATALOAD) LABEL(JUMP) LABEL(JUMPI)
					LABEL(PC) LABEL(GAS) LABEL(JUMPDEST)
						LABEL(PUSH0)};
#pragma GCC diagnostic pop
	static const void *const traced[256] = {[0 ... 255] = &&trace};
	const void *const *labels = tracer ? traced : plain;
	const uint16_t *costs = evm_op_gas[f->evm->fork];
	const struct evm_op *op;
	struct evm_code *code = f->code;
	const uint8_t *pc = code->bytes + f->pc;
	struct u256 *stack = f->stack, *sp = stack + f->height, word;
	int64_t gas = f->gas, cost;
	uint64_t target;
	bool began = false;
	size_t opcode;
	int r;

	NEXT;

trace:
	frame_store(f, pc, sp, gas);
	if (began)
		tracer->after(tracer->ctx, f, EVM_SUCCESS);
	tracer->before(tracer->ctx, f, (uint8_t)opcode);
	began = true;
	goto *plain[opcode];

	EVM_BINARY(DO_BINARY, _)
	ALL_32(DO_PUSH)
	ALL_16(DO_DUP_SWAP)

ADDMOD:
	CHECK(ADDMOD);
	sp[-3] = u256_addmod(&sp[-1], &sp[-2], &sp[-3]);
	sp -= 2;
	NEXT;
MULMOD:
	CHECK(MULMOD);
	sp[-3] = u256_mulmod(&sp[-1], &sp[-2], &sp[-3]);
	sp -= 2;
	NEXT;
EXP:
	CHECK(EXP);
	gas -= evm_exp_cost(f, &sp[-2]);
	if (gas < 0)
		goto out_of_gas;
	sp[-2] = u256_exp(&sp[-1], &sp[-2]);
	sp--;
	NEXT;
ISZERO:
	CHECK(ISZERO);
	sp[-1] = u256_from(u256_is_zero(&sp[-1]));
	NEXT;
NOT:
	CHECK(NOT);
	sp[-1] = u256_not(&sp[-1]);
	NEXT;
CLZ:
	CHECK(CLZ);
	sp[-1] = u256_from(256 - u256_bits(&sp[-1]));
	NEXT;
POP:
	CHECK(POP);
	sp--;
	NEXT;
PC:
	CHECK(PC);
	*sp++ = u256_from((uint64_t)(pc - 1 - code->bytes));
	NEXT;
GAS:
	CHECK(GAS);
	*sp++ = u256_from((uint64_t)gas);
	NEXT;
PUSH0:
	CHECK(PUSH0);
	*sp++ = u256_from(0);
	NEXT;
JUMPDEST:
	CHECK(JUMPDEST);
	NEXT;
MLOAD:
	CHECK(MLOAD);
	if (!evm_word_in_memory(f, &sp[-1])) {
		cost = evm_memory_grow_word(f, &sp[-1], gas);
		if (cost < 0)
			goto outside;
		gas -= cost;
	}
	sp[-1] = u256_load(f->memory.bytes + sp[-1].w[0]);
	NEXT;
MSTORE:
	CHECK(MSTORE);
	if (!evm_word_in_memory(f, &sp[-1])) {
		cost = evm_memory_grow_word(f, &sp[-1], gas);
		if (cost < 0)
			goto outside;
		gas -= cost;
	}
	u256_store(f->memory.bytes + sp[-1].w[0], &sp[-2]);
	sp -= 2;
	NEXT;
CALLDATALOAD:
	CHECK(CALLDATALOAD);
	if (!evm_word_in_calldata(f, &sp[-1]))
		goto outside;
	sp[-1] = u256_load(f->msg.input + sp[-1].w[0]);
	NEXT;

	/* PUSH2 and a jump, which mostly go together: both at once. */
push_jump:
	if (tracer || gas < GAS_JUMP) {
		DO_JUST_PUSH(2)
	}
	gas -= GAS_JUMP;
	target = push_data(pc, 2).w[0];
	goto jump_to;
push_jumpi:
	if (tracer || gas < GAS_JUMPI || sp == stack) {
		DO_JUST_PUSH(2)
	}
	gas -= GAS_JUMPI;
	target = push_data(pc, 2).w[0];
	if (!u256_is_zero(--sp))
		goto jump_to;
	pc += 3;
	NEXT;
JUMPI:
	CHECK(JUMPI);
	sp -= 2;
	if (u256_is_zero(&sp[0]))
		NEXT;
	word = sp[1];
	goto jump;
JUMP:
	CHECK(JUMP);
	word = *--sp;
jump:
	target = u256_fits_u64(&word) ? word.w[0] : UINT64_MAX;
jump_to:
	if (!evm_code_is_jumpdest(code, target)) {
		r = EVM_BAD_JUMP;
		goto leave;
	}
	pc = code->bytes + target;
	if (gas < hot_at) {
		r = WANTS_FAST;
		goto leave;
	}
	if (tracer)
		NEXT;
	goto JUMPDEST; /* without a look at what it is */

other:
	op = &evm_ops[opcode];
	cost = costs[opcode];
	if (RARELY((size_t)(sp - stack) - op->min >= op->room ||
		   cost == EVM_NO_OP))
		goto refuse;
	gas -= cost;
	if (RARELY(gas < 0))
		goto out_of_gas;
	pc++;
outside:
	f->gas = gas;
	r = evm_op_other(f, (uint8_t)opcode, sp);
	gas = f->gas;
	sp += evm_ops[opcode].delta;
	if (r == 0 && opcode != OP_RETURN && opcode != OP_SELFDESTRUCT)
		NEXT;
	goto leave;
STOP:
	CHECK(STOP);
	f->output_len = 0;
	r = EVM_SUCCESS;
	goto leave;
refuse:
	/*
	 * Or gcc moves a part of this into each instruction, and their bodies
	 * out of the way for it: a jump more for each, a fifth of the time.
	 */
	__asm__("" : "+r"(sp), "+r"(opcode));
	r = refusal(costs, opcode, (size_t)(sp - stack));
	goto leave;
out_of_gas:
	r = EVM_OUT_OF_GAS;
leave:
	frame_store(f, pc, sp, gas);
	if (tracer && r >= 0)
		tracer->after(tracer->ctx, f,
			      r == EVM_WANTS_CALL ? EVM_SUCCESS
						  : (enum evm_status)r);
	return r;
}

/*
 * How much the plain loop did, in gas: four for an instruction, mostly. What
 * a call gives away, or one instruction costs, must not make code hot.
 */
static void warm_up(struct evm_code *code, int64_t gas)
{
	size_t most = evm_fast_heat(code) + 1;

	if (gas > 0)
		code->heat += (uint64_t)gas < most ? (size_t)gas : most;
}

/* How much gas will be left when the code is hot. */
static int64_t hot_at(const struct evm_frame *f)
{
	size_t heat = evm_fast_heat(f->code);

	return heat > f->code->heat ? f->gas - (int64_t)(heat - f->code->heat)
				    : f->gas;
}

static int run_fast(struct evm_frame *f)
{
	const struct evm_fast *fast;
	int64_t gas;
	int r;

	do {
		fast = evm_fast_get(f);
		gas = f->gas;
		r = fast ? evm_fast_run(f, fast) : run(f, NULL, hot_at(f));
		if (!fast)
			warm_up(f->code, gas - f->gas);
	} while (r == WANTS_FAST);
	return r == EVM_WANTS_PLAIN ? run(f, NULL, INT64_MIN) : r;
}

int evm_interpret(struct evm_frame *f)
{
	int r = f->evm->tracer ? run(f, f->evm->tracer, INT64_MIN)
			       : run_fast(f);

	if (r < 0)
		return r;
	f->calling = r == EVM_WANTS_CALL;
	if (!f->calling)
		f->status = (enum evm_status)r;
	return 0;
}
