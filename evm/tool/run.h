/* run.h: what the files of `evm run` share. */
#ifndef EVM_TOOL_RUN_H
#define EVM_TOOL_RUN_H

#include "evm/state.h"
#include "evm/tool/tool.h"

struct run {
	struct evm evm;
	struct evm_message msg;
	uint8_t *code, *input, *initcode;
	size_t code_len;
	const char *prestate;
	bool create, json, dump, bench, help;
	bool traced, trace_memory, trace_return_data, trace_no_stack;
	uint64_t nanoseconds; /* that the run took */
};

/* The options; 0, or an exit status after a message. */
int run_options(struct run *run, int argc, char **argv);

/* run_json.c, or no_json.c: accounts and block from a file; accounts out. */
int run_load_prestate(struct run *run);
int run_dump(const struct run *run);

#endif
