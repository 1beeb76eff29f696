/* vmtest.h: one of the old VMTests: a frame by itself. */
#ifndef EVM_TOOL_VMTEST_H
#define EVM_TOOL_VMTEST_H

#include "evm/tool/fixture.h"

struct vmtest {
	struct reader reader;
	struct evm evm;
	struct evm_message msg;
	uint8_t *code, *data;
	size_t code_len;
	/* what is expected; nothing of the rest if it must fail */
	bool must_fail;
	uint64_t gas_left;
	struct evm_hash logs;
	uint8_t *output;
	size_t output_len;
	struct evm_state *post;
	char text[200];
};

/* *t is zero. False: see t->reader. Unload it in any case. */
bool vmtest_load(struct vmtest *t, json_t *test);
void vmtest_unload(struct vmtest *t);

#endif
