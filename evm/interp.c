/*
 * interp.c: the loop. Before each instruction its row of the fork's table is
 * checked: is it one, are its operands there, is there room for its results,
 * can its static cost be paid. So the bodies check none of this. Program
 * counter, stack pointer and gas live in registers; the bodies of short
 * instructions are here, those that need memory, state or calls in ops.c.
 */
#include <string.h>

#include "evm/fast.h"
#include "evm/opcodes.h"

#define WANTS_FAST (EVM_STATUS_COUNT + 2)
#define JUMPS	   16 /* between two looks whether the code is hot */

/* Which of the three checks it was that failed. */
static enum evm_status refusal(const struct evm_op *op, size_t height)
{
	if (op->room == 0)
		return EVM_UNDEFINED_OPCODE;
	return height < op->min ? EVM_STACK_UNDERFLOW : EVM_STACK_OVERFLOW;
}

/* `n` bytes from pc on; those behind the code are its padding of zeros. */
static struct u256 push_data(const uint8_t *pc, unsigned n)
{
	struct u256 value, count;

	if (n <= 8)
		return u256_from(u256_load_be64(pc) >> (64 - 8 * n));
	value = u256_load(pc);
	count = u256_from(8 * (32 - n));
	return u256_shr(&count, &value);
}

static bool word_in_memory(const struct evm_frame *f, const struct u256 *offset)
{
	return u256_fits_u64(offset) && f->memory.len >= 32 &&
	       offset->w[0] <= f->memory.len - 32;
}

static int exp_cost(const struct evm_frame *f, const struct u256 *exponent)
{
	int byte = f->evm->fork >= EVM_SPURIOUS_DRAGON ? 50 : 10;

	return byte * (int)((u256_bits(exponent) + 7) / 8);
}

static void frame_store(struct evm_frame *f, const uint8_t *pc,
			const struct u256 *sp, int64_t gas)
{
	f->pc = (size_t)(pc - f->code->bytes);
	f->height = (size_t)(sp - f->stack);
	f->gas = gas;
}

/*
 * Instantiated with and without tracing, so that a run without pays nothing.
 * `r` is 0, a status, EVM_WANTS_CALL or an error number; or WANTS_FAST, now
 * and then after a jump if it `may_leave`.
 */
static inline __attribute__((always_inline)) int run(struct evm_frame *f,
						     bool traced,
						     bool may_leave)
{
	const struct evm_op *ops = evm_ops[f->evm->fork], *op;
	const struct evm_tracer *tracer = f->evm->tracer;
	const struct evm_code *code = f->code;
	const uint8_t *pc = code->bytes + f->pc;
	struct u256 *stack = f->stack, *sp = stack + f->height, word;
	int64_t gas = f->gas;
	uint8_t opcode;
	int r = 0, patience = JUMPS;

	for (;;) {
		opcode = *pc;
		op = &ops[opcode];
		if (traced) {
			frame_store(f, pc, sp, gas);
			tracer->before(tracer->ctx, f, opcode);
		}
		if ((size_t)(sp - stack) - op->min >= op->room) {
			r = refusal(op, (size_t)(sp - stack));
			break;
		}
		gas -= op->gas;
		if (gas < 0) {
			r = EVM_OUT_OF_GAS;
			break;
		}
		pc++;

		switch (opcode) {
		case OP_STOP:
			f->output_len = 0;
			goto leave;
		case OP_ADD:
			sp[-2] = u256_add(&sp[-1], &sp[-2]);
			sp--;
			break;
		case OP_MUL:
			sp[-2] = u256_mul(&sp[-1], &sp[-2]);
			sp--;
			break;
		case OP_SUB:
			sp[-2] = u256_sub(&sp[-1], &sp[-2]);
			sp--;
			break;
		case OP_DIV:
			sp[-2] = u256_div(&sp[-1], &sp[-2]);
			sp--;
			break;
		case OP_SDIV:
			sp[-2] = u256_div_signed(&sp[-1], &sp[-2]);
			sp--;
			break;
		case OP_MOD:
			sp[-2] = u256_mod(&sp[-1], &sp[-2]);
			sp--;
			break;
		case OP_SMOD:
			sp[-2] = u256_mod_signed(&sp[-1], &sp[-2]);
			sp--;
			break;
		case OP_ADDMOD:
			sp[-3] = u256_addmod(&sp[-1], &sp[-2], &sp[-3]);
			sp -= 2;
			break;
		case OP_MULMOD:
			sp[-3] = u256_mulmod(&sp[-1], &sp[-2], &sp[-3]);
			sp -= 2;
			break;
		case OP_EXP:
			gas -= exp_cost(f, &sp[-2]);
			if (gas < 0) {
				r = EVM_OUT_OF_GAS;
				goto leave;
			}
			sp[-2] = u256_exp(&sp[-1], &sp[-2]);
			sp--;
			break;
		case OP_SIGNEXTEND:
			sp[-2] = u256_sign_extend(&sp[-1], &sp[-2]);
			sp--;
			break;
		case OP_LT:
			sp[-2] = u256_from(u256_less(&sp[-1], &sp[-2]));
			sp--;
			break;
		case OP_GT:
			sp[-2] = u256_from(u256_less(&sp[-2], &sp[-1]));
			sp--;
			break;
		case OP_SLT:
			sp[-2] = u256_from(u256_less_signed(&sp[-1], &sp[-2]));
			sp--;
			break;
		case OP_SGT:
			sp[-2] = u256_from(u256_less_signed(&sp[-2], &sp[-1]));
			sp--;
			break;
		case OP_EQ:
			sp[-2] = u256_from(u256_equal(&sp[-1], &sp[-2]));
			sp--;
			break;
		case OP_ISZERO:
			sp[-1] = u256_from(u256_is_zero(&sp[-1]));
			break;
		case OP_AND:
			sp[-2] = u256_and(&sp[-1], &sp[-2]);
			sp--;
			break;
		case OP_OR:
			sp[-2] = u256_or(&sp[-1], &sp[-2]);
			sp--;
			break;
		case OP_XOR:
			sp[-2] = u256_xor(&sp[-1], &sp[-2]);
			sp--;
			break;
		case OP_NOT:
			sp[-1] = u256_not(&sp[-1]);
			break;
		case OP_BYTE:
			sp[-2] = u256_byte(&sp[-1], &sp[-2]);
			sp--;
			break;
		case OP_SHL:
			sp[-2] = u256_shl(&sp[-1], &sp[-2]);
			sp--;
			break;
		case OP_SHR:
			sp[-2] = u256_shr(&sp[-1], &sp[-2]);
			sp--;
			break;
		case OP_SAR:
			sp[-2] = u256_sar(&sp[-1], &sp[-2]);
			sp--;
			break;
		case OP_CLZ:
			sp[-1] = u256_from(256 - u256_bits(&sp[-1]));
			break;
		case OP_POP:
			sp--;
			break;
		case OP_MLOAD:
			if (!word_in_memory(f, &sp[-1]))
				goto other;
			sp[-1] = u256_load(f->memory.bytes + sp[-1].w[0]);
			break;
		case OP_MSTORE:
			if (!word_in_memory(f, &sp[-1]))
				goto other;
			u256_store(f->memory.bytes + sp[-1].w[0], &sp[-2]);
			sp -= 2;
			break;
		case OP_JUMPI:
			sp -= 2;
			if (u256_is_zero(&sp[0]))
				break;
			sp[0] = sp[1];
			sp++;
			__attribute__((fallthrough));
		case OP_JUMP:
			sp--;
			if (!u256_fits_u64(sp) ||
			    !evm_code_is_jumpdest(code, sp->w[0])) {
				r = EVM_BAD_JUMP;
				goto leave;
			}
			pc = code->bytes + sp->w[0];
			if (may_leave && --patience == 0) {
				r = WANTS_FAST;
				goto leave;
			}
			break;
		case OP_PC:
			*sp++ = u256_from((uint64_t)(pc - 1 - code->bytes));
			break;
		case OP_GAS:
			*sp++ = u256_from((uint64_t)gas);
			break;
		case OP_JUMPDEST:
			break;
		case OP_PUSH0:
			*sp++ = u256_from(0);
			break;
		case OP_PUSH1:
			*sp++ = u256_from(*pc++);
			break;
		case OP_PUSH2 ... OP_PUSH32:
			*sp++ = push_data(pc, opcode - OP_PUSH1 + 1u);
			pc += opcode - OP_PUSH1 + 1;
			break;
		case OP_DUP1 ... OP_DUP16:
			*sp = *(sp - 1 - (opcode - OP_DUP1));
			sp++;
			break;
		case OP_SWAP1 ... OP_SWAP16:
			word = sp[-1];
			sp[-1] = *(sp - 2 - (opcode - OP_SWAP1));
			*(sp - 2 - (opcode - OP_SWAP1)) = word;
			break;
		default:
		other:
			f->gas = gas;
			r = evm_op_other(f, opcode, sp);
			gas = f->gas;
			sp += op->delta;
			if (r != 0)
				goto leave;
			if (opcode == OP_RETURN || opcode == OP_SELFDESTRUCT)
				goto leave;
		}
		if (traced) {
			frame_store(f, pc, sp, gas);
			tracer->after(tracer->ctx, f, EVM_SUCCESS);
		}
	}
leave:
	frame_store(f, pc, sp, gas);
	if (traced && r >= 0)
		tracer->after(tracer->ctx, f,
			      r == EVM_WANTS_CALL ? EVM_SUCCESS
						  : (enum evm_status)r);
	return r;
}

static int run_plain(struct evm_frame *f)
{
	return run(f, false, false);
}

static int run_patient(struct evm_frame *f)
{
	return run(f, false, true);
}

static int run_traced(struct evm_frame *f)
{
	return run(f, true, false);
}

/*
 * How much the plain loop did, in gas: four for an instruction, mostly. What
 * a call gives away, or one instruction costs, must not make code hot.
 */
static void warm_up(struct evm_code *code, int64_t gas)
{
	size_t most = 8 * code->len + 1025;

	if (gas > 0)
		code->heat += (uint64_t)gas < most ? (size_t)gas : most;
}

static int run_fast(struct evm_frame *f)
{
	const struct evm_fast *fast;
	int64_t gas;
	int r;

	do {
		fast = evm_fast_get(f);
		gas = f->gas;
		r = fast ? evm_fast_run(f, fast) : run_patient(f);
		if (!fast)
			warm_up(f->code, gas - f->gas);
	} while (r == WANTS_FAST);
	return r == EVM_WANTS_PLAIN ? run_plain(f) : r;
}

int evm_interpret(struct evm_frame *f)
{
	int r = f->evm->tracer ? run_traced(f) : run_fast(f);

	if (r < 0)
		return r;
	f->calling = r == EVM_WANTS_CALL;
	if (!f->calling)
		f->status = (enum evm_status)r;
	return 0;
}
