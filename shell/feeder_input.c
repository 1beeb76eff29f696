/*
 * feeder_input.c: the feeder as a part of a run that can be repeated: what it
 * gets comes by the machine's inputs, what it holds is kept with the machine.
 */
#include <stdlib.h>
#include <string.h>

#include "shell/feeder.h"

/* As it is in a log; see struct key. */
struct given_key {
	uint16_t code;
	uint8_t more[2]; /* key_pack() */
};

void feeder_give_bytes(struct feeder *f, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		size_t part = len < INPUT_MAX ? len : INPUT_MAX;

		input_give(f->m, INPUT_OF_SERIAL, bytes, part);
		bytes += part;
		len -= part;
	}
}

void feeder_give_key(struct feeder *f, struct key key)
{
	struct given_key given = {key.code, {0}};

	key_pack(&key, given.more);
	input_give(f->m, INPUT_OF_KEY, &given, sizeof(given));
}

static void take_bytes(void *ctx, const uint8_t *data, size_t len)
{
	feeder_bytes(ctx, data, len);
}

static void take_key(void *ctx, const uint8_t *data, size_t len)
{
	struct given_key given;

	if (len != sizeof(given))
		return;
	memcpy(&given, data, sizeof(given));
	feeder_key(ctx, key_unpack(given.code, given.more));
}

static void *keep(void *ctx, size_t *len)
{
	struct feeder *kept = malloc(sizeof(*kept));

	*len = sizeof(*kept);
	if (kept)
		memcpy(kept, ctx, sizeof(*kept));
	return kept;
}

/* Its place in the clock's list and the machine's is its own. */
static void recall(void *ctx, const void *bytes)
{
	struct feeder *f = ctx;
	struct timer timer = f->timer;
	struct keeper keeper = f->keeper;

	memcpy(f, bytes, sizeof(*f));
	f->timer = timer;
	f->keeper = keeper;
	clock_set(&f->m->clock, &f->timer,
		  ((const struct feeder *)bytes)->timer.deadline_ns);
}

void feeder_connect_line(struct feeder *f, enum input_kind kind)
{
	input_handler(f->m, kind, take_bytes, f);
	f->keeper = (struct keeper){.keep = keep, .recall = recall, .ctx = f};
	machine_add_keeper(f->m, &f->keeper);
}

void feeder_connect(struct feeder *f)
{
	input_handler(f->m, INPUT_OF_KEY, take_key, f);
	feeder_connect_line(f, INPUT_OF_SERIAL);
}
