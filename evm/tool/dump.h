/* dump.h: accounts as JSON, as fixtures and geth write them. */
#ifndef EVM_TOOL_DUMP_H
#define EVM_TOOL_DUMP_H

#include <jansson.h>

#include "evm/state.h"

/* A new object, by address; NULL if there is no memory. */
json_t *dump_accounts(const struct evm_state *state);

json_t *json_number(const struct u256 *value);
json_t *json_u64(uint64_t value);
json_t *json_hex(const uint8_t *bytes, size_t len);

#endif
