/*
 * fixture.h: the public JSON test fixtures: finding files, and reading what
 * their kinds have in common. A file that is malformed is reported and counts
 * as a failure; the rest goes on.
 */
#ifndef EVM_TOOL_FIXTURE_H
#define EVM_TOOL_FIXTURE_H

#include <jansson.h>

#include "evm/state.h"
#include "evm/tool/tool.h"

/* What the batch came to, and how much of it is printed. */
struct batch {
	unsigned long passed, failed, skipped;
	bool summary; /* only the last line */
	bool trace;
	const char *file;   /* being read */
	const char *filter; /* part of a test's name, or NULL */
	enum evm_fork fork; /* EVM_FORK_COUNT: all */
	void (*run)(struct batch *batch, const char *name, json_t *test);
};

/* The subcommand: options and paths; calls batch->run for each test. */
int batch_main(struct batch *batch, int argc, char **argv, const char *help);

__attribute__((format(printf, 3, 4))) void batch_fail(struct batch *batch,
						      const char *name,
						      const char *format, ...);

/*
 * Members by name. They say whether the member was there and well-formed; the
 * first that was not is named in `problem`.
 */
struct reader {
	const char *problem;
};

bool read_number(struct reader *r, json_t *object, const char *key,
		 struct u256 *value);
bool read_u64(struct reader *r, json_t *object, const char *key,
	      uint64_t *value);
bool read_address(struct reader *r, json_t *object, const char *key,
		  struct evm_address *addr);
bool read_bytes(struct reader *r, json_t *object, const char *key,
		uint8_t **bytes, size_t *len);
bool read_hash(struct reader *r, json_t *object, const char *key,
	       struct evm_hash *hash);
bool read_env(struct reader *r, json_t *env, struct evm_block *block);
bool read_accounts(struct reader *r, json_t *accounts, struct evm_state *state);

#endif
