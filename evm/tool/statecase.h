/* statecase.h: one case of a GeneralStateTests fixture. */
#ifndef EVM_TOOL_STATECASE_H
#define EVM_TOOL_STATECASE_H

#include "evm/tool/json_tx.h"

/* A case of a state test: the machine before it, and what is expected. */
struct statecase {
	struct reader reader;
	struct evm evm;
	struct json_tx tx;
	struct evm_hash root, logs; /* expected */
	struct evm_hash is;	    /* the root that it came to */
	bool refused;		    /* the fixture expects it to be */
	bool unrepresentable; /* the transaction has a number that is too big */
	struct evm_receipt receipt;
	uint64_t nanoseconds;
	char text[200];
};

/*
 * The fork of a name in `post`; EVM_FORK_COUNT if it is none. Of two of which
 * one becomes the other at a time or block ("ShanghaiToCancunAtTime15k") it is
 * the one that holds in the test's block.
 */
enum evm_fork statecase_fork(json_t *test, const char *name);

/*
 * `post` is one element of the fixture's array for the fork; t->evm.fork is
 * set, the rest is zero. False: see t->reader. Unload it in any case.
 */
bool statecase_load(struct statecase *t, json_t *test, const char *fork,
		    json_t *post);
void statecase_unload(struct statecase *t);

#endif
