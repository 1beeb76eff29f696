/* simd_operands.h: operands and code for the tests of the SSE table. */
#ifndef TESTS_UNIT_SIMD_OPERANDS_H
#define TESTS_UNIT_SIMD_OPERANDS_H

#include "vmm/sim/simd.h"

/* xorshift64*: the same operands in every run from the same state. */
extern uint64_t random_state;
uint64_t random64(void);
unsigned below(unsigned n);

enum operands { INTEGERS, SINGLES, DOUBLES, TEXTS, OPERANDS };

/* Values where something happens more often than among random ones. */
uint64_t operand_lane(enum operands kind);
union xmm operand(enum operands kind);

/* Does an imm8 follow? */
bool simd_has_imm(const struct simd_row *row);

/* reg = xmm2 or rax, rm = xmm1, rcx or [rdi]; `general` is 4 or 8. */
#define SIMD_CODE 16u
unsigned simd_encode(uint8_t out[SIMD_CODE], const struct simd_row *row,
		     bool memory, unsigned general, unsigned imm);

#endif
