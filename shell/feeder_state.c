/* feeder_state.c: a feeder's input as bytes, for snapshots. */
#include <stdlib.h>
#include <string.h>

#include "shell/feeder.h"
#include "vmm/log.h"

/* No padding; bytes, keys and text follow in this order. */
struct saved {
	uint64_t timer_ns, next_key_ns;
	uint64_t text_len;
	uint32_t byte_count, key_count;
	uint8_t com_ready, kbd_ready, unused[6];
};

struct saved_key {
	uint16_t code;
	uint8_t more[2]; /* key_pack() */
};

static uint8_t *put(uint8_t *at, const void *data, size_t len)
{
	if (len)
		memcpy(at, data, len);
	return at + len;
}

uint8_t *feeder_save(const struct feeder *f, size_t *len)
{
	struct saved h = {.timer_ns = f->timer.deadline_ns,
			  .next_key_ns = f->next_key_ns,
			  .text_len = f->text_len,
			  .byte_count = f->byte_count,
			  .key_count = f->key_count,
			  .com_ready = f->com_ready,
			  .kbd_ready = f->kbd_ready};
	uint8_t *bytes, *at;

	*len = sizeof(h) + f->byte_count +
	       f->key_count * sizeof(struct saved_key) + f->text_len;
	bytes = malloc(*len);
	if (!bytes) {
		log_warn("snapshot: no memory for the input");
		return NULL;
	}
	at = put(bytes, &h, sizeof(h));
	at = put(at, f->byte + f->byte_first, f->byte_count);
	for (unsigned i = 0; i < f->key_count; i++) {
		const struct key *k = &f->key[(f->key_first + i) % FEEDER_KEYS];
		struct saved_key key = {k->code, {0}};

		key_pack(k, key.more);
		at = put(at, &key, sizeof(key));
	}
	put(at, f->text, f->text_len);
	return bytes;
}

static bool sizes_ok(const struct saved *h, size_t len)
{
	size_t fixed = sizeof(*h) + h->byte_count +
		       h->key_count * sizeof(struct saved_key);

	return h->byte_count <= FEEDER_BYTES && h->key_count <= FEEDER_KEYS &&
	       fixed <= len && len - fixed == h->text_len;
}

bool feeder_load(struct feeder *f, const uint8_t *bytes, size_t len)
{
	const uint8_t *at = bytes;
	struct saved h;

	if (len < sizeof(h))
		return false;
	memcpy(&h, at, sizeof(h));
	if (!sizes_ok(&h, len))
		return false;
	at += sizeof(h);
	memcpy(f->byte, at, h.byte_count);
	at += h.byte_count;
	f->byte_first = 0;
	f->byte_count = h.byte_count;
	f->key_first = 0;
	f->key_count = h.key_count;
	for (unsigned i = 0; i < h.key_count; i++) {
		struct saved_key key;

		memcpy(&key, at, sizeof(key));
		at += sizeof(key);
		f->key[i] = key_unpack(key.code, key.more);
	}
	f->text = at;
	f->text_len = h.text_len;
	f->next_key_ns = h.next_key_ns;
	f->com_ready = h.com_ready;
	f->kbd_ready = h.kbd_ready;
	clock_set(&f->m->clock, &f->timer, h.timer_ns);
	return true;
}
