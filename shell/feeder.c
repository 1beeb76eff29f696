/* feeder.c: the timer that offers input. */
#include "shell/feeder.h"

#include <string.h>

void feeder_wake(struct feeder *f)
{
	if (f->timer.deadline_ns == CLOCK_NEVER)
		clock_set(&f->m->clock, &f->timer, clock_now(&f->m->clock));
}

size_t feeder_byte_room(const struct feeder *f)
{
	return FEEDER_BYTES - f->byte_count;
}

void feeder_bytes(struct feeder *f, const uint8_t *bytes, size_t len)
{
	size_t room = feeder_byte_room(f);

	len = len < room ? len : room;
	memmove(f->byte, f->byte + f->byte_first, f->byte_count);
	memcpy(f->byte + f->byte_count, bytes, len);
	f->byte_first = 0;
	f->byte_count += len;
	feeder_wake(f);
}

void feeder_key(struct feeder *f, struct key key)
{
	if (f->key_count < FEEDER_KEYS)
		f->key[(f->key_first + f->key_count++) % FEEDER_KEYS] = key;
	feeder_wake(f);
}

void feeder_type(struct feeder *f, const uint8_t *text, size_t len)
{
	f->text = text;
	f->text_len = len;
	feeder_wake(f);
}

static bool next_key(struct feeder *f, struct key *key)
{
	if (f->key_count) {
		*key = f->key[f->key_first];
		f->key_first = (f->key_first + 1) % FEEDER_KEYS;
		f->key_count--;
		return true;
	}
	while (f->text_len) {
		f->text_len--;
		if (keymap_key(*f->text++, key))
			return true;
	}
	return false;
}

/* All of a key at once: it never needs more than an empty queue holds. */
static void press(struct device *kbd, struct key key)
{
	if (key.how != KEY_TAP) {
		i8042_key(kbd, key.code, key.how == KEY_DOWN);
		return;
	}
	if (key.ctrl)
		i8042_key(kbd, KEY_CTRL, true);
	if (key.shift)
		i8042_key(kbd, KEY_SHIFT, true);
	i8042_key(kbd, key.code, true);
	i8042_key(kbd, key.code, false);
	if (key.shift)
		i8042_key(kbd, KEY_SHIFT, false);
	if (key.ctrl)
		i8042_key(kbd, KEY_CTRL, false);
}

static bool halted(const struct feeder *f)
{
	struct x86_state state;

	for (unsigned i = 0; i < f->m->cpu_count; i++) {
		f->m->cpu[i]->ops->get_state(f->m->cpu[i], &state);
		if (!state.halted)
			return false;
	}
	return true;
}

/*
 * A keyboard knows no flow control: a guest that works slower than we type
 * would lose keys. So the next one comes when it has halted or polls for one,
 * or, for a guest that does neither, FEEDER_KEY_NS after the last.
 */
static bool wants_key(const struct feeder *f, uint64_t now)
{
	return i8042_idle(f->kbd) &&
	       (now >= f->next_key_ns || halted(f) || i8042_polled(f->kbd));
}

static bool offer_key(struct feeder *f, uint64_t now)
{
	struct key key;

	if (!f->kbd || !wants_key(f, now) || !next_key(f, &key))
		return false;
	press(f->kbd, key);
	f->next_key_ns = now + FEEDER_KEY_NS;
	return true;
}

static bool offer_bytes(struct feeder *f)
{
	size_t taken;

	if (f->byte_count == 0 && f->more_bytes) {
		f->byte_first = 0;
		f->byte_count = f->more_bytes(f->ctx, f->byte, FEEDER_BYTES);
	}
	if (!f->com || f->byte_count == 0)
		return false;
	taken = uart_receive(f->com, f->byte + f->byte_first, f->byte_count);
	f->byte_first += taken;
	f->byte_count -= taken;
	return taken > 0;
}

static bool left(const struct feeder *f)
{
	return f->byte_count || f->key_count || f->text_len;
}

/*
 * A guest that has halted with its receivers full and no timer armed will
 * never take more: then neither are we a reason to go on.
 */
static bool hopeless(const struct feeder *f)
{
	return clock_next(&f->m->clock) == CLOCK_NEVER && halted(f) &&
	       !(f->m->intr.pending && f->m->intr.pending(f->m->intr.ctx, 0));
}

static void find_ready(struct feeder *f)
{
	bool set_up = false;

	if (!f->com_ready || !f->kbd_ready)
		set_up = clock_now(&f->m->clock) >= FEEDER_PATIENCE_NS ||
			 halted(f);
	f->com_ready |= set_up || (f->com && uart_listening(f->com));
	f->kbd_ready |= set_up || (f->kbd && i8042_polled(f->kbd));
}

static void step(void *ctx)
{
	struct feeder *f = ctx;
	uint64_t now = clock_now(&f->m->clock);
	bool taken = false, ready;

	find_ready(f);
	if (f->com_ready)
		taken = offer_bytes(f);
	if (f->kbd_ready)
		taken |= offer_key(f, now);
	ready = f->com_ready && f->kbd_ready;
	if (taken || (left(f) && !(ready && hopeless(f))) ||
	    (!f->com_ready && f->more_bytes))
		clock_set(&f->m->clock, &f->timer, now + FEEDER_STEP_NS);
}

void feeder_init(struct feeder *f, struct machine *m, struct device *com,
		 struct device *kbd)
{
	memset(f, 0, sizeof(*f));
	f->m = m;
	f->com = com;
	f->kbd = kbd;
	timer_init(&f->timer, &m->clock, step, f);
}

bool feeder_busy(const struct feeder *f)
{
	return f->timer.deadline_ns != CLOCK_NEVER;
}
