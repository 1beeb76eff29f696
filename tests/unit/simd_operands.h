/* simd_operands.h: operands for the tests of the SSE table. */
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

#endif
