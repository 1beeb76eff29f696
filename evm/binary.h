/*
 * binary.h: the instructions with two operands and one result, for both
 * interpreters: op_fn() for each of EVM_BINARY (opcodes.h). The longer ones
 * are not inlined: they would take the registers of the loop they are in.
 */
#ifndef EVM_BINARY_H
#define EVM_BINARY_H

#include "evm/u256.h"

#define EVM_INLINE   static inline __attribute__((always_inline))
#define EVM_NOINLINE static __attribute__((noinline))

/* *r = a op b; a is the top of the stack. r may be one of them. */
#define EVM_DEFINE(kind, name, expression)                        \
	kind void op_##name(struct u256 *r, const struct u256 *a, \
			    const struct u256 *b)                 \
	{                                                         \
		*r = (expression);                                \
	}

EVM_DEFINE(EVM_INLINE, add, u256_add(a, b))
EVM_DEFINE(EVM_NOINLINE, mul, u256_mul(a, b))
EVM_DEFINE(EVM_INLINE, sub, u256_sub(a, b))
EVM_DEFINE(EVM_NOINLINE, div, u256_div(a, b))
EVM_DEFINE(EVM_NOINLINE, sdiv, u256_div_signed(a, b))
EVM_DEFINE(EVM_NOINLINE, mod, u256_mod(a, b))
EVM_DEFINE(EVM_NOINLINE, smod, u256_mod_signed(a, b))
EVM_DEFINE(EVM_INLINE, sext, u256_sign_extend(a, b))
EVM_DEFINE(EVM_INLINE, lt, u256_from(u256_less(a, b)))
EVM_DEFINE(EVM_INLINE, gt, u256_from(u256_less(b, a)))
EVM_DEFINE(EVM_INLINE, slt, u256_from(u256_less_signed(a, b)))
EVM_DEFINE(EVM_INLINE, sgt, u256_from(u256_less_signed(b, a)))
EVM_DEFINE(EVM_INLINE, eq, u256_from(u256_equal(a, b)))
EVM_DEFINE(EVM_INLINE, and, u256_and(a, b))
EVM_DEFINE(EVM_INLINE, or, u256_or(a, b))
EVM_DEFINE(EVM_INLINE, xor, u256_xor(a, b))
EVM_DEFINE(EVM_NOINLINE, byte, u256_byte(a, b))
EVM_DEFINE(EVM_INLINE, shl, u256_shl(a, b))
EVM_DEFINE(EVM_INLINE, shr, u256_shr(a, b))
EVM_DEFINE(EVM_NOINLINE, sar, u256_sar(a, b))

#undef EVM_DEFINE

#endif
