/*
 * exec_muldiv.c: MUL IMUL DIV IDIV. Of a product CF and OF are defined, the
 * rest is as after a test of the low half.
 */
#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"

typedef unsigned __int128 u128;
typedef __int128 s128;

/* rDX:rAX, or AX for bytes. */
ALWAYS_INLINE void set_pair(struct cpu *cpu, unsigned size, u128 val)
{
	if (size == 1) {
		reg_set(cpu, GPR_RAX, 2, val);
		return;
	}
	reg_set(cpu, GPR_RAX, size, val);
	reg_set(cpu, GPR_RDX, size, val >> (8 * size));
}

ALWAYS_INLINE u128 get_pair(const struct cpu *cpu, unsigned size)
{
	if (size == 1)
		return reg_get(cpu, GPR_RAX, 2);
	return reg_get(cpu, GPR_RAX, size) | (u128)reg_get(cpu, GPR_RDX, size)
						     << (8 * size);
}

ALWAYS_INLINE void mul(struct cpu *cpu, const struct op *op, uint8_t *at,
		       unsigned size, bool mem)
{
	u128 p = (u128)reg_get(cpu, GPR_RAX, size) * at_get(at, size);
	bool over = p >> (8 * size);

	set_pair(cpu, size, p);
	flags_cf_of(cpu, p, size, over, over);
}

ALWAYS_INLINE s128 signed_product(uint64_t a, uint64_t b, unsigned size)
{
	return (s128)(int64_t)extend(a, size) * (int64_t)extend(b, size);
}

ALWAYS_INLINE bool signed_over(s128 p, unsigned size)
{
	return p != (int64_t)extend(p, size);
}

ALWAYS_INLINE void imul(struct cpu *cpu, const struct op *op, uint8_t *at,
			unsigned size, bool mem)
{
	s128 p = signed_product(cpu->r[GPR_RAX], at_get(at, size), size);
	bool over = signed_over(p, size);

	set_pair(cpu, size, p);
	flags_cf_of(cpu, p, size, over, over);
}

ALWAYS_INLINE void imul_to(struct cpu *cpu, const struct op *op, unsigned size,
			   uint64_t a, uint64_t b)
{
	s128 p = signed_product(a, b, size);
	bool over = signed_over(p, size);

	reg_set(cpu, op->reg, size, p);
	flags_cf_of(cpu, p, size, over, over);
}

ALWAYS_INLINE void imul_reg(struct cpu *cpu, const struct op *op, uint8_t *at,
			    unsigned size, bool mem)
{
	imul_to(cpu, op, size, cpu->r[op->reg], at_get(at, size));
}

ALWAYS_INLINE void imul_imm(struct cpu *cpu, const struct op *op, uint8_t *at,
			    unsigned size, bool mem)
{
	imul_to(cpu, op, size, op->imm, at_get(at, size));
}

static _Noreturn void divide_error(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	raise_fault(cpu, VEC_DE);
}

ALWAYS_INLINE void set_quotient(struct cpu *cpu, unsigned size, uint64_t q,
				uint64_t r)
{
	if (size == 1) {
		reg_set(cpu, GPR_RAX, 2, (q & 0xff) | (r & 0xff) << 8);
		return;
	}
	reg_set(cpu, GPR_RAX, size, q);
	reg_set(cpu, GPR_RDX, size, r);
}

ALWAYS_INLINE void divide(struct cpu *cpu, const struct op *op, uint8_t *at,
			  unsigned size, bool mem)
{
	uint64_t d = at_get(at, size);
	u128 n = get_pair(cpu, size);

	if (d == 0 || n >> (8 * size) >= d)
		divide_error(cpu, op);
	if (n >> 64 == 0)
		set_quotient(cpu, size, (uint64_t)n / d, (uint64_t)n % d);
	else
		set_quotient(cpu, size, n / d, n % d);
}

ALWAYS_INLINE void idivide(struct cpu *cpu, const struct op *op, uint8_t *at,
			   unsigned size, bool mem)
{
	unsigned spare = 128 - 16 * size;
	int64_t d = extend(at_get(at, size), size);
	s128 n = (s128)(get_pair(cpu, size) << spare) >> spare, q;

	/* The most negative over -1 overflows, in C as well. */
	if (d == 0 || (d == -1 && n == (s128)((u128)1 << 127)))
		divide_error(cpu, op);
	q = n / d;
	if (signed_over(q, size))
		divide_error(cpu, op);
	set_quotient(cpu, size, q, n % d);
}

/* clang-format off */
HANDLERS(mul, mul, RM_READ)
HANDLERS(imul, imul, RM_READ)
HANDLERS(divide, divide, RM_READ)
HANDLERS(idivide, idivide, RM_READ)
HANDLERS_248(imul_reg, imul_reg, RM_READ)
HANDLERS_248(imul_imm, imul_imm, RM_READ)
/* clang-format on */

op_fn *const mul_fns[8] = {LIST(mul)};
op_fn *const imul_fns[8] = {LIST(imul)};
op_fn *const div_fns[8] = {LIST(divide)};
op_fn *const idiv_fns[8] = {LIST(idivide)};
op_fn *const imul_reg_fns[8] = {LIST_NO1(imul_reg)};
op_fn *const imul_imm_fns[8] = {LIST_NO1(imul_imm)};
