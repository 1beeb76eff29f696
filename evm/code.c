/* code.c: code made ready to run; see struct evm_code. */
#include "evm/alloc.h"
#include "evm/frame.h"
#include "evm/opcodes.h"

static size_t code_size(size_t len)
{
	return sizeof(struct evm_code) + len + EVM_CODE_PADDING + len / 8 + 1;
}

/* The bytes after a PUSH are data: a 5bh among them is no place to jump to. */
static void find_jumpdests(const uint8_t *bytes, size_t len, uint8_t *map)
{
	memset(map, 0, len / 8 + 1);
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == OP_JUMPDEST)
			map[i / 8] |= 1u << (i % 8);
		else if (bytes[i] >= OP_PUSH1 && bytes[i] <= OP_PUSH32)
			i += bytes[i] - OP_PUSH1 + 1;
	}
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
	code->len = len;
	if (len > 0)
		memcpy(code->bytes, bytes, len);
	memset(code->bytes + len, 0, EVM_CODE_PADDING);
	map = code->bytes + len + EVM_CODE_PADDING;
	find_jumpdests(code->bytes, len, map);
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
	if (code && --code->refs == 0)
		evm_free(alloc, code, code_size(code->len));
}
