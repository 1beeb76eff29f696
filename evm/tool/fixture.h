/*
 * fixture.h: what the public JSON fixtures have in common: numbers, bytes,
 * blocks and accounts, read member by member.
 *
 * A read says whether the member was there and well-formed; what was wrong
 * with the first that was not is kept in the reader's text.
 */
#ifndef EVM_TOOL_FIXTURE_H
#define EVM_TOOL_FIXTURE_H

#include <jansson.h>

#include "evm/state.h"
#include "evm/tool/batch.h"

/* What is in a file; or NULL, and why in `problem`. */
#define JSON_PROBLEM 320
json_t *read_json(const char *path, size_t flags, char problem[JSON_PROBLEM]);

struct reader {
	const char *where; /* the object being read: "env" */
	char problem[160]; /* "" if there is none */
	bool takes_wide;   /* numbers that are too big are 0, and `wide` */
	bool wide;
};

/* Returns false. */
__attribute__((format(printf, 2, 3))) bool reader_fail(struct reader *r,
						       const char *format, ...);

/*
 * Numbers are hex with 0x, or decimal, or JSON's; nothing, or 0x alone, is 0.
 * Fillers write those that are too big with "0x:bigint " before them.
 */
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

/* A member that may be left out; then the value stays as it is. */
bool has(json_t *object, const char *key);
bool maybe_number(struct reader *r, json_t *object, const char *key,
		  struct u256 *value);
bool maybe_u64(struct reader *r, json_t *object, const char *key,
	       uint64_t *value);

/* One that is a value by itself; `name` is for messages. */
bool number_of(struct reader *r, json_t *value, const char *name,
	       struct u256 *number);
bool u64_of(struct reader *r, json_t *value, const char *name,
	    uint64_t *number);
bool address_of(struct reader *r, json_t *value, const char *name,
		struct evm_address *addr);
bool hash_of(struct reader *r, json_t *value, const char *name,
	     struct evm_hash *hash);

/* The block of a fixture, as the fork sees it. */
bool read_env(struct reader *r, json_t *env, enum evm_fork fork,
	      uint64_t blob_fraction, struct evm_block *block);
bool read_accounts(struct reader *r, json_t *accounts, struct evm_state *state);

/*
 * NULL, or what differs first between two sets of accounts; the text is in
 * `text`.
 */
const char *accounts_difference(const struct evm_state *is,
				const struct evm_state *expected, char *text,
				size_t size);

#endif
