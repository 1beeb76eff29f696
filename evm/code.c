/* code.c: code made ready to run; see struct evm_code. */
#include "evm/alloc.h"
#include "evm/fast.h"
#include "evm/hash.h"
#include "evm/opcodes.h"

#define STEPS 96 /* cost as much as scanning some thousand bytes */

static size_t code_size(size_t len)
{
	return sizeof(struct evm_code) + len + EVM_CODE_PADDING + len / 8 + 1;
}

/* The bytes after a PUSH are data: a 5bh among them is no place to jump to. */
static size_t next(const struct evm_code *code, size_t pc)
{
	return pc + 1 + evm_push_size(code->bytes[pc]);
}

static void mark(struct evm_code *code, size_t pc)
{
	code->jumpdests[pc / 8] |= 1u << (pc % 8);
}

/*
 * PUSHes are branched on: a length added would make each step wait. (Compared
 * as signed numbers, what is not below PUSH1 is one: PUSH32 is the highest.)
 */
void evm_code_scan(struct evm_code *code, size_t pc)
{
	const uint8_t *bytes = code->bytes;
	uint8_t *map = code->jumpdests;
	size_t i = code->scanned;

	while (i <= pc) {
		uint8_t byte = bytes[i];

		if ((int8_t)byte >= OP_PUSH1)
			i += byte - (OP_PUSH1 - 1u);
		else if (byte == OP_JUMPDEST)
			map[i / 8] |= (uint8_t)(1u << (i % 8));
		i++;
	}
	code->scanned = i < code->len ? i : code->len;
}

/* What makes a byte that is `d` before another reach PUSH<d> by addition. */
#define REACH(d) ((uint64_t)(0x80 - (OP_PUSH1 + (d)-1)))
#define REACH_8(d)                                                      \
	(REACH(d) | REACH((d)-1) << 8 | REACH((d)-2) << 16 |            \
	 REACH((d)-3) << 24 | REACH((d)-4) << 32 | REACH((d)-5) << 40 | \
	 REACH((d)-6) << 48 | REACH((d)-7) << 56)

/*
 * The first of the 32 bytes before pc that, if it were a PUSH, would have the
 * byte at pc in its data; pc itself if there is none: then an instruction
 * begins there. Eight at once: the highest bit of a byte's sum says that it
 * is a PUSH of enough bytes, unless the byte was 80h or more before.
 */
static size_t covered_from(const struct evm_code *code, size_t pc)
{
	static const uint64_t reach[4] = {REACH_8(32), REACH_8(24), REACH_8(16),
					  REACH_8(8)};
	const uint64_t high = UINT64_C(0x8080808080808080);
	/* which is 32 bytes before code->bytes + pc */
	const uint8_t *bytes =
		(const uint8_t *)code + offsetof(struct evm_code, before) + pc;
	uint64_t word, pushes;

#pragma GCC unroll 4
	for (size_t i = 0; i < 4; i++) {
		memcpy(&word, bytes + i * 8, 8);
		pushes = ((word & ~high) + reach[i]) & ~word & high;
		if (pushes)
			return pc - 32 + i * 8 +
			       (size_t)__builtin_ctzll(pushes) / 8;
	}
	return pc;
}

/*
 * An instruction is found going back to a byte that can only be one, which is
 * near mostly. Code that jumps about is scanned from its beginning, once.
 */
bool evm_code_find(struct evm_code *code, uint64_t pc)
{
	size_t i = pc, from;

	if (code->bytes[pc] != OP_JUMPDEST || pc < code->scanned)
		return false;
	for (;;) {
		if (code->steps++ >= STEPS) {
			evm_code_scan(code, pc);
			return code->jumpdests[pc / 8] >> (pc % 8) & 1;
		}
		from = covered_from(code, i);
		if (from == i)
			break;
		i = from;
	}
	while (i < pc)
		i = next(code, i);
	if (i == pc)
		mark(code, pc);
	return i == pc;
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
	code->scanned = code->steps = 0;
	code->len = len;
	memset(code->before, 0, sizeof(code->before));
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
