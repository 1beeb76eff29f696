/* rlp.c: writing RLP; see rlp.h. Yellow paper, appendix B. */
#include "evm/alloc.h"
#include "evm/hash.h"
#include "evm/rlp.h"
#include "evm/state.h"

void evm_rlp_fini(struct evm_rlp *r)
{
	evm_free(r->alloc, r->bytes, r->size);
	r->bytes = NULL;
	r->len = r->size = 0;
}

static bool room(struct evm_rlp *r, size_t more)
{
	void *bytes = r->bytes;

	if (!r->failed &&
	    evm_reserve(r->alloc, &bytes, &r->size, r->len + more, 1) < 0)
		r->failed = true;
	r->bytes = bytes;
	return !r->failed;
}

void evm_rlp_raw(struct evm_rlp *r, const uint8_t *bytes, size_t len)
{
	if (len == 0 || !room(r, len))
		return;
	memcpy(r->bytes + r->len, bytes, len);
	r->len += len;
}

/* A prefix for `len` bytes: 80h for strings, c0h for lists. */
static size_t prefix(uint8_t out[9], uint8_t kind, size_t len)
{
	size_t bytes = 0;

	if (len < 56) {
		out[0] = kind + (uint8_t)len;
		return 1;
	}
	while (bytes < sizeof(len) && len >> (8 * bytes))
		bytes++;
	out[0] = kind + 55 + (uint8_t)bytes;
	for (size_t i = 0; i < bytes; i++)
		out[1 + i] = (uint8_t)(len >> (8 * (bytes - 1 - i)));
	return 1 + bytes;
}

void evm_rlp_string(struct evm_rlp *r, const uint8_t *bytes, size_t len)
{
	uint8_t head[9];

	if (len != 1 || bytes[0] >= 0x80)
		evm_rlp_raw(r, head, prefix(head, 0x80, len));
	evm_rlp_raw(r, bytes, len);
}

void evm_rlp_number(struct evm_rlp *r, const struct u256 *value)
{
	size_t len = (u256_bits(value) + 7) / 8;
	uint8_t bytes[32];

	u256_store(bytes, value);
	evm_rlp_string(r, bytes + 32 - len, len);
}

size_t evm_rlp_begin(const struct evm_rlp *r)
{
	return r->len;
}

void evm_rlp_end(struct evm_rlp *r, size_t start)
{
	uint8_t head[9];
	size_t n;

	if (!room(r, sizeof(head)))
		return;
	n = prefix(head, 0xc0, r->len - start);
	memmove(r->bytes + start + n, r->bytes + start, r->len - start);
	memcpy(r->bytes + start, head, n);
	r->len += n;
}

void evm_rlp_log(struct evm_rlp *r, const struct evm_log *log)
{
	size_t list = evm_rlp_begin(r), topics;
	uint8_t word[32];

	evm_rlp_string(r, log->address.bytes, sizeof(log->address.bytes));
	topics = evm_rlp_begin(r);
	for (unsigned i = 0; i < log->topic_count; i++) {
		u256_store(word, &log->topic[i]);
		evm_rlp_string(r, word, sizeof(word));
	}
	evm_rlp_end(r, topics);
	evm_rlp_string(r, log->data, log->len);
	evm_rlp_end(r, list);
}

void evm_rlp_logs(struct evm_rlp *r, const struct evm_state *state)
{
	size_t list = evm_rlp_begin(r);

	for (size_t i = 0; i < evm_state_log_count(state); i++)
		evm_rlp_log(r, evm_state_log(state, i));
	evm_rlp_end(r, list);
}

int evm_logs_hash(const struct evm_state *state,
		  const struct evm_allocator *alloc, struct evm_hash *hash)
{
	struct evm_rlp r = {.alloc = alloc};

	evm_rlp_logs(&r, state);
	if (!r.failed)
		evm_keccak256(r.bytes, r.len, hash->bytes);
	evm_rlp_fini(&r);
	return r.failed ? EVM_ERR_NO_MEMORY : 0;
}
