/*
 * reference.h: the machine's instructions once more, written to be read: a
 * check of every rule at every step, arithmetic digit by digit, costs spelled
 * out from the EIPs, nothing shared with evm/interp.c, evm/ops*.c and
 * evm/opcodes.h. It takes the interpreter's place in struct evm, so that any
 * program can be run by both and compared.
 */
#ifndef TESTS_EVM_REFERENCE_H
#define TESTS_EVM_REFERENCE_H

#include "evm/frame.h"

int reference_interpret(struct evm_frame *f);

/* math.c */
struct u256 ref_add(struct u256 a, struct u256 b);
struct u256 ref_sub(struct u256 a, struct u256 b);
struct u256 ref_mul(struct u256 a, struct u256 b);
struct u256 ref_div(struct u256 a, struct u256 b);
struct u256 ref_mod(struct u256 a, struct u256 b);
struct u256 ref_sdiv(struct u256 a, struct u256 b);
struct u256 ref_smod(struct u256 a, struct u256 b);
struct u256 ref_addmod(struct u256 a, struct u256 b, struct u256 m);
struct u256 ref_mulmod(struct u256 a, struct u256 b, struct u256 m);
struct u256 ref_exp(struct u256 a, struct u256 b);
struct u256 ref_signextend(struct u256 index, struct u256 a);
struct u256 ref_byte(struct u256 index, struct u256 a);
struct u256 ref_shl(struct u256 count, struct u256 a);
struct u256 ref_shr(struct u256 count, struct u256 a);
struct u256 ref_sar(struct u256 count, struct u256 a);
unsigned ref_bits(struct u256 a);
bool ref_less(struct u256 a, struct u256 b);
bool ref_sless(struct u256 a, struct u256 b);
bool ref_zero(struct u256 a);

#endif
