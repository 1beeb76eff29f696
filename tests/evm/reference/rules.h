/* rules.h: what instructions need and cost without their operands. */
#ifndef TESTS_EVM_REFERENCE_RULES_H
#define TESTS_EVM_REFERENCE_RULES_H

#include "evm/evm.h"

struct ref_rule {
	bool defined;
	unsigned in, out;
	int64_t gas;
};

struct ref_rule ref_rule_of(enum evm_fork fork, uint8_t opcode);

/* SSTORE: what it costs beyond a cold slot, and what it gives back. */
void ref_store_rule(enum evm_fork fork, struct u256 original,
		    struct u256 current, struct u256 value, int64_t *gas,
		    int64_t *refund);

#endif
