/* rlp_read.c: reading RLP; see rlp.h. */
#include <string.h>

#include "evm/rlp.h"

static bool bad(struct evm_rlp_reader *r)
{
	r->bad = true;
	r->len = 0;
	return false;
}

/* The length that stands in `n` bytes: none too small, none written long. */
static bool long_length(struct evm_rlp_reader *r, size_t n, size_t *len)
{
	if (n > r->len || n > sizeof(*len) || r->bytes[0] == 0)
		return bad(r);
	*len = 0;
	for (size_t i = 0; i < n; i++)
		*len = *len << 8 | r->bytes[i];
	r->bytes += n;
	r->len -= n;
	return *len >= 56 || bad(r);
}

bool evm_rlp_next(struct evm_rlp_reader *r, struct evm_rlp_item *item)
{
	uint8_t first;

	*item = (struct evm_rlp_item){0};
	if (r->len == 0)
		return false;
	first = r->bytes[0];
	if (first < 0x80) {
		*item = (struct evm_rlp_item){false, r->bytes++, 1};
		r->len--;
		return true;
	}
	r->bytes++;
	r->len--;
	item->is_list = first >= 0xc0;
	first -= item->is_list ? 0xc0 : 0x80;
	item->len = first;
	if (first > 55 && !long_length(r, first - 55u, &item->len))
		return false;
	if (item->len > r->len)
		return bad(r);
	item->bytes = r->bytes;
	if (!item->is_list && item->len == 1 && item->bytes[0] < 0x80)
		return bad(r); /* it stands for itself */
	r->bytes += item->len;
	r->len -= item->len;
	return true;
}

struct evm_rlp_reader evm_rlp_next_list(struct evm_rlp_reader *r)
{
	struct evm_rlp_item item;

	if (!evm_rlp_next(r, &item) || !item.is_list) {
		bad(r);
		return (struct evm_rlp_reader){.bad = true};
	}
	return (struct evm_rlp_reader){item.bytes, item.len, false};
}

struct evm_rlp_item evm_rlp_next_string(struct evm_rlp_reader *r)
{
	struct evm_rlp_item item;

	if (!evm_rlp_next(r, &item) || item.is_list) {
		bad(r);
		return (struct evm_rlp_item){0};
	}
	return item;
}

struct u256 evm_rlp_next_number(struct evm_rlp_reader *r)
{
	struct evm_rlp_item item = evm_rlp_next_string(r);

	if (item.len > 32 || (item.len > 0 && item.bytes[0] == 0)) {
		bad(r);
		return u256_from(0);
	}
	return u256_load_bytes(item.bytes, item.len);
}

uint64_t evm_rlp_next_u64(struct evm_rlp_reader *r)
{
	struct u256 wide = evm_rlp_next_number(r);

	if (!u256_fits_u64(&wide))
		bad(r);
	return wide.w[0];
}

void evm_rlp_next_bytes(struct evm_rlp_reader *r, uint8_t *bytes, size_t len)
{
	struct evm_rlp_item item = evm_rlp_next_string(r);

	if (item.len == len && len > 0)
		memcpy(bytes, item.bytes, len);
	else if (item.len != len)
		bad(r);
}

/* The lists that are open are kept by where they end. */
bool evm_rlp_valid(const uint8_t *bytes, size_t len)
{
	const uint8_t *end[EVM_RLP_DEPTH_MAX];
	struct evm_rlp_reader r = {bytes, len, false};
	struct evm_rlp_item item;
	size_t depth = 0;

	if (!evm_rlp_next(&r, &item) || r.len > 0)
		return false;
	if (!item.is_list)
		return true;
	end[depth++] = item.bytes + item.len;
	r = (struct evm_rlp_reader){item.bytes, item.len, false};
	while (depth > 0) {
		if (r.len == 0) {
			const uint8_t *after = end[--depth];

			if (depth > 0)
				r = (struct evm_rlp_reader){
					after, (size_t)(end[depth - 1] - after),
					false};
			continue;
		}
		if (!evm_rlp_next(&r, &item))
			return false;
		if (!item.is_list)
			continue;
		if (depth == EVM_RLP_DEPTH_MAX)
			return false;
		end[depth++] = item.bytes + item.len;
		r = (struct evm_rlp_reader){item.bytes, item.len, false};
	}
	return true;
}
