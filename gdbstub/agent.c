/*
 * agent.c: a stack machine. The code is foreign: each byte, each place on the
 * stack and the number of steps are checked.
 */
#include "gdbstub/agent.h"

#define STACK 64
#define STEPS 10000

enum op {
	OP_ADD = 0x02,
	OP_SUB,
	OP_MUL,
	OP_DIV_SIGNED,
	OP_DIV,
	OP_REM_SIGNED,
	OP_REM,
	OP_LSH,
	OP_RSH_SIGNED,
	OP_RSH,
	OP_LOG_NOT = 0x0e,
	OP_AND,
	OP_OR,
	OP_XOR,
	OP_NOT,
	OP_EQUAL,
	OP_LESS_SIGNED,
	OP_LESS,
	OP_EXT,
	OP_REF8,
	OP_REF16,
	OP_REF32,
	OP_REF64,
	OP_IF_GOTO = 0x20,
	OP_GOTO,
	OP_CONST8,
	OP_CONST16,
	OP_CONST32,
	OP_CONST64,
	OP_REG,
	OP_END,
	OP_DUP,
	OP_POP,
	OP_ZERO_EXT,
	OP_SWAP,
	OP_PICK = 0x32,
	OP_ROT,
};

struct agent {
	const struct agent_code *code;
	const struct agent_source *from;
	size_t at;
	uint64_t stack[STACK];
	unsigned depth;
	bool ended;
};

static bool push(struct agent *a, uint64_t val)
{
	if (a->depth == STACK)
		return false;
	a->stack[a->depth++] = val;
	return true;
}

static bool pop(struct agent *a, uint64_t *val)
{
	if (!a->depth)
		return false;
	*val = a->stack[--a->depth];
	return true;
}

/* Big-endian, in the code. */
static bool fetch(struct agent *a, unsigned len, uint64_t *val)
{
	*val = 0;
	if (a->code->len - a->at < len)
		return false;
	while (len--)
		*val = *val << 8 | a->code->byte[a->at++];
	return true;
}

/* INT64_MIN / -1 is what the processor would not do. */
static bool divide(enum op op, uint64_t a, uint64_t b, uint64_t *r)
{
	if (b == 0)
		return false;
	if (op == OP_DIV)
		*r = a / b;
	else if (op == OP_REM)
		*r = a % b;
	else if ((int64_t)b == -1)
		*r = op == OP_DIV_SIGNED ? -a : 0;
	else if (op == OP_DIV_SIGNED)
		*r = (int64_t)a / (int64_t)b;
	else
		*r = (int64_t)a % (int64_t)b;
	return true;
}

static uint64_t shift(enum op op, uint64_t a, uint64_t by)
{
	bool far = by > 63;

	if (op == OP_LSH)
		return far ? 0 : a << by;
	if (op == OP_RSH)
		return far ? 0 : a >> by;
	return (int64_t)a >> (far ? 63 : by);
}

static bool binary(struct agent *m, enum op op)
{
	uint64_t a, b, r = 0;

	if (!pop(m, &b) || !pop(m, &a))
		return false;
	switch (op) {
	case OP_ADD:
		r = a + b;
		break;
	case OP_SUB:
		r = a - b;
		break;
	case OP_MUL:
		r = a * b;
		break;
	case OP_LSH:
	case OP_RSH:
	case OP_RSH_SIGNED:
		r = shift(op, a, b);
		break;
	case OP_AND:
		r = a & b;
		break;
	case OP_OR:
		r = a | b;
		break;
	case OP_XOR:
		r = a ^ b;
		break;
	case OP_EQUAL:
		r = a == b;
		break;
	case OP_LESS_SIGNED:
		r = (int64_t)a < (int64_t)b;
		break;
	case OP_LESS:
		r = a < b;
		break;
	default:
		if (!divide(op, a, b, &r))
			return false;
	}
	return push(m, r);
}

static bool unary(struct agent *m, enum op op)
{
	uint64_t a, bits = 64;

	if (!pop(m, &a))
		return false;
	if (op == OP_LOG_NOT)
		return push(m, !a);
	if (op == OP_NOT)
		return push(m, ~a);
	if (!fetch(m, 1, &bits) || bits == 0)
		return false;
	if (bits >= 64)
		return push(m, a);
	a <<= 64 - bits;
	return push(m, op == OP_EXT ? (uint64_t)((int64_t)a >> (64 - bits))
				    : a >> (64 - bits));
}

static bool reference(struct agent *m, unsigned len)
{
	uint64_t addr, val = 0;

	return pop(m, &addr) && m->from->mem(m->from->ctx, addr, &val, len) &&
	       push(m, val);
}

static bool jump(struct agent *m, bool always)
{
	uint64_t to, test = 1;

	if (!fetch(m, 2, &to) || (!always && !pop(m, &test)))
		return false;
	if (test)
		m->at = to;
	return m->at < m->code->len;
}

static bool constant(struct agent *m, unsigned len)
{
	uint64_t val;

	return fetch(m, len, &val) && push(m, val);
}

static bool pick(struct agent *m)
{
	uint64_t n;

	return fetch(m, 1, &n) && n < m->depth &&
	       push(m, m->stack[m->depth - 1 - n]);
}

/* The topmost goes under the `n` below it. */
static bool rotate(struct agent *m, unsigned n)
{
	uint64_t top;

	if (m->depth < n + 1)
		return false;
	top = m->stack[m->depth - 1];
	for (unsigned i = 1; i <= n; i++)
		m->stack[m->depth - i] = m->stack[m->depth - 1 - i];
	m->stack[m->depth - 1 - n] = top;
	return true;
}

static bool step(struct agent *m)
{
	uint64_t op, val;

	if (!fetch(m, 1, &op))
		return false;
	switch (op) {
	case OP_LOG_NOT:
	case OP_NOT:
	case OP_EXT:
	case OP_ZERO_EXT:
		return unary(m, op);
	case OP_REF8:
	case OP_REF16:
	case OP_REF32:
	case OP_REF64:
		return reference(m, 1u << (op - OP_REF8));
	case OP_IF_GOTO:
	case OP_GOTO:
		return jump(m, op == OP_GOTO);
	case OP_CONST8:
	case OP_CONST16:
	case OP_CONST32:
	case OP_CONST64:
		return constant(m, 1u << (op - OP_CONST8));
	case OP_REG:
		return fetch(m, 2, &op) &&
		       m->from->reg(m->from->ctx, op, &val) && push(m, val);
	case OP_END:
		m->ended = true;
		return true;
	case OP_DUP:
		return m->depth && push(m, m->stack[m->depth - 1]);
	case OP_POP:
		return pop(m, &val);
	case OP_SWAP:
		return rotate(m, 1);
	case OP_PICK:
		return pick(m);
	case OP_ROT:
		return rotate(m, 2);
	}
	if ((op >= OP_ADD && op <= OP_RSH) || (op >= OP_AND && op <= OP_LESS))
		return binary(m, op);
	return false;
}

bool agent_eval(const struct agent_code *code, const struct agent_source *from,
		uint64_t *result)
{
	struct agent m = {.code = code, .from = from};

	for (unsigned steps = 0; !m.ended; steps++)
		if (steps == STEPS || !step(&m))
			return false;
	return pop(&m, result);
}
