/* difficulty.h: what a block's difficulty must be, before Paris. */
#ifndef EVM_TOOL_DIFFICULTY_H
#define EVM_TOOL_DIFFICULTY_H

#include "evm/evm.h"

#define DIFFICULTY_MINIMUM 131072

struct parent_block {
	uint64_t timestamp;
	struct u256 difficulty;
	bool has_uncles; /* counts since Byzantium */
};

/* How far the fork's "bomb" is put off, in blocks. */
uint64_t difficulty_bomb_delay(enum evm_fork fork);
/* The same of a fork by its name: some changed the delay and nothing else. */
uint64_t difficulty_named_delay(const char *fork);

/* The block is not before its parent. */
struct u256 difficulty_next(enum evm_fork fork, uint64_t bomb_delay,
			    uint64_t number, uint64_t timestamp,
			    const struct parent_block *parent);

#endif
