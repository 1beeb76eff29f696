/*
 * fuzz_pack.c: packs of tests (evm/pack.h) from anyone: a good case of one
 * transaction or one frame, of which bytes are changed and which may be cut
 * short.
 * Whatever it says, running it ends, and all memory comes back.
 *
 *	clang -g -fsanitize=fuzzer,address,undefined -I. \
 *		tests/fuzz/fuzz_pack.c $(ls evm/?*.c) -o fuzz_pack
 */
#include <stdlib.h>
#include <string.h>

#include "evm/pack.h"
#include "tests/fuzz/memory.h"

#define CASE_MAX 2048
#define GAS	 100000

struct bytes {
	uint8_t at[CASE_MAX];
	size_t len;
};

static void put(struct bytes *b, const void *bytes, size_t len)
{
	if (len == 0)
		return;
	memcpy(b->at + b->len, bytes, len);
	b->len += len;
}

static void put_number(struct bytes *b, uint64_t number, size_t len)
{
	for (size_t i = 0; i < len; i++)
		b->at[b->len++] = (uint8_t)(number >> (8 * i));
}

/* A word, most significant byte first. */
static void put_word(struct bytes *b, uint8_t low)
{
	static const uint8_t zeros[31];

	put(b, zeros, sizeof(zeros));
	put_number(b, low, 1);
}

static void put_address(struct bytes *b, uint8_t low)
{
	static const uint8_t zeros[19];

	put(b, zeros, sizeof(zeros));
	put_number(b, low, 1);
}

static void put_lists(struct bytes *b)
{
	put_number(b, 1, 4); /* access list: an address with a key */
	put_address(b, 7);
	put_number(b, 1, 4);
	put_word(b, 1);
	put_number(b, 1, 4); /* a blob's hash */
	put_word(b, 1);
	put_number(b, 1, 4); /* an authorization */
	put_word(b, 1);
	put_address(b, 7);
	put_number(b, 0, 8);
	for (int i = 0; i < 3; i++)
		put_word(b, 1);
}

static void put_account(struct bytes *b, uint8_t low, const void *code,
			uint32_t len)
{
	put_address(b, low);
	put_number(b, 0, 8);
	put_word(b, 0xff);
	put_number(b, len, 4);
	put(b, code, len);
	put_number(b, 1, 4);
	put_word(b, 1);
	put_word(b, 2);
}

static const uint8_t code[] = {0x60, 1,	   0x60, 2, 0x55, 0x60,
			       1,    0x54, 0x60, 0, 0xa1};

static void put_tx(struct bytes *b)
{
	put_number(b, 0, 1);
	put_address(b, 1);
	put_address(b, 7);
	put_number(b, 0, 8);
	put_number(b, GAS, 8);
	for (int i = 0; i < 4; i++)
		put_word(b, 0);
	put_number(b, 2, 4);
	put(b, "ab", 2);
	put_lists(b);
}

static void put_frame(struct bytes *b)
{
	put_address(b, 7);
	put_address(b, 1);
	put_address(b, 1);
	put_word(b, 1);
	put_word(b, 0);
	put_number(b, GAS, 8);
	put_number(b, sizeof(code), 4);
	put(b, code, sizeof(code));
	put_number(b, 2, 4);
	put(b, "ab", 2);
	put_number(b, 0, 8);
	put_number(b, 1, 4);
	put(b, "c", 1);
}

static void make_case(struct bytes *b, bool frame)
{
	put_number(b, frame ? EVM_FRONTIER : EVM_OSAKA, 1);
	put_number(b, frame ? EVM_PACK_FRAME : EVM_PACK_TOUCH, 1);
	put_number(b, 1, 4);
	put(b, "n", 1);
	put_word(b, 0);
	put_word(b, 0);
	put_number(b, 1, 8);
	put_address(b, 9);
	put_number(b, 1, 8);
	put_number(b, 1, 8);
	put_number(b, GAS, 8);
	for (int i = 0; i < 4; i++)
		put_word(b, 0);
	put_number(b, 6, 4);
	if (frame)
		put_frame(b);
	else
		put_tx(b);
	put_number(b, 2, 4);
	put_account(b, 1, NULL, 0);
	put_account(b, 7, code, sizeof(code));
}

/*
 * The first byte chooses the case; then three for each change: where, and what
 * is turned there.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes body = {.len = 0}, all = {.len = 0};
	struct evm_pack_result result;
	struct evm_pack pack;

	make_case(&body, size > 0 && data[0] & 1);
	for (size_t i = 1; i + 2 < size && i < 16; i += 3)
		body.at[(data[i] << 8 | data[i + 1]) % body.len] ^= data[i + 2];
	put(&all, EVM_PACK_MAGIC, EVM_PACK_MAGIC_LEN);
	put_number(&all, body.len, 4);
	put(&all, body.at, body.len);
	if (size > 0 && data[0] % 4 == 0)
		all.len -= data[0] / 4;
	if (!evm_pack_open(&pack, all.at, all.len))
		abort();
	while (evm_pack_run(&pack, &alloc, &result) > 0)
		if (result.name_len > all.len)
			abort();
	if (in_use != 0)
		abort();
	return 0;
}
