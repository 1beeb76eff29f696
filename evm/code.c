/* code.c: code made ready to run; see struct evm_code. */
#include "evm/alloc.h"
#include "evm/fast.h"
#include "evm/hash.h"
#include "evm/opcodes.h"

static size_t code_size(size_t len)
{
	return sizeof(struct evm_code) + len + EVM_CODE_PADDING + len / 8 + 1;
}

/*
 * The bytes after a PUSH are data: a 5bh among them is no place to jump to.
 * As a signed number PUSH32 is the largest byte: one test for all PUSHes.
 */
bool evm_code_scan(struct evm_code *code, uint64_t pc)
{
	size_t i;

	if (pc >= code->len)
		return false;
	for (i = code->scanned; i <= pc; i++) {
		uint8_t byte = code->bytes[i];

		if ((int8_t)byte >= OP_PUSH1)
			i += byte - OP_PUSH1 + 1;
		else if (byte == OP_JUMPDEST)
			code->jumpdests[i / 8] |= 1u << (i % 8);
	}
	code->scanned = i < code->len ? i : code->len;
	return code->jumpdests[pc / 8] >> (pc % 8) & 1;
}

struct evm_code *evm_code_create(const struct evm_allocator *alloc,
				 const uint8_t *bytes, size_t len)
{
	struct evm_code *code = NULL;
	uint8_t *map;

	if (len < SIZE_MAX / 4)
		code = evm_alloc(alloc, code_size(len));
	if (!code)
		return NULL;
	code->refs = 1;
	code->heat = 0;
	code->fast = NULL;
	code->hashed = false;
	code->scanned = 0;
	code->len = len;
	if (len > 0)
		memcpy(code->bytes, bytes, len);
	memset(code->bytes + len, 0, EVM_CODE_PADDING);
	map = code->bytes + len + EVM_CODE_PADDING;
	memset(map, 0, len / 8 + 1);
	code->jumpdests = map;
	return code;
}

struct evm_code *evm_code_ref(const struct evm_code *code)
{
	struct evm_code *c = (struct evm_code *)code;

	if (c)
		c->refs++;
	return c;
}

void evm_code_unref(const struct evm_allocator *alloc, struct evm_code *code)
{
	if (!code || --code->refs > 0)
		return;
	evm_fast_free(alloc, code->fast);
	evm_free(alloc, code, code_size(code->len));
}

/* Filling in what can be computed at any time leaves the code as it was. */
void evm_code_hash(const struct evm_code *code, struct evm_hash *hash)
{
	struct evm_code *c = (struct evm_code *)code;

	if (!c) {
		evm_keccak256(NULL, 0, hash->bytes);
		return;
	}
	if (!c->hashed)
		evm_keccak256(c->bytes, c->len, c->hash.bytes);
	c->hashed = true;
	*hash = c->hash;
}

const struct evm_address *evm_code_delegate(const struct evm_code *code)
{
	static const uint8_t mark[3] = {0xef, 0x01, 0x00};

	if (!code || code->len != sizeof(mark) + sizeof(struct evm_address) ||
	    memcmp(code->bytes, mark, sizeof(mark)) != 0)
		return NULL;
	return (const struct evm_address *)(code->bytes + sizeof(mark));
}
