/*
 * feeder.h: input for the guest, a little at a time, in the guest's time.
 *
 * Bytes wait for COM1's FIFO and keys for the keyboard; a timer on the
 * guest's clock offers some of each every millisecond. What comes before the
 * guest has set up its devices would be lost, so each receiver is first
 * offered something when the guest listens there, or has halted once, or has
 * not done so for FEEDER_PATIENCE_NS. Nothing here looks at the host's clock,
 * so that equal input gives equal runs.
 */
#ifndef SHELL_FEEDER_H
#define SHELL_FEEDER_H

#include "devices/devices.h"
#include "shell/keymap.h"

#define FEEDER_STEP_NS	   UINT64_C(1000000)
#define FEEDER_PATIENCE_NS UINT64_C(1000000000)
#define FEEDER_KEY_NS	   UINT64_C(20000000) /* between two, for a busy guest */
#define FEEDER_BYTES	   4096
#define FEEDER_KEYS	   256

struct feeder {
	struct machine *m;
	struct device *com, *kbd; /* NULL: no such receiver */
	struct timer timer;
	bool com_ready, kbd_ready; /* the guest may be set up */

	/* Asked for more when all was taken; NULL: none comes by asking. */
	size_t (*more_bytes)(void *ctx, uint8_t *buf, size_t size);
	void *ctx;

	uint8_t byte[FEEDER_BYTES];
	size_t byte_first, byte_count; /* those that wait */
	struct key key[FEEDER_KEYS];   /* a ring */
	unsigned key_first, key_count;
	uint64_t next_key_ns; /* guest time; sooner only when it halts */

	const uint8_t *text; /* --type's rest, behind all keys */
	size_t text_len;

	struct keeper keeper;
};

void feeder_init(struct feeder *f, struct machine *m, struct device *com,
		 struct device *kbd);

/* Something may be there to offer: look at it as soon as the clock runs. */
void feeder_wake(struct feeder *f);

/* How many bytes fit. */
size_t feeder_byte_room(const struct feeder *f);

/* What does not fit is lost, as on a wire. */
void feeder_bytes(struct feeder *f, const uint8_t *bytes, size_t len);
void feeder_key(struct feeder *f, struct key key);

/* Type this, too; it stays the caller's. */
void feeder_type(struct feeder *f, const uint8_t *text, size_t len);

/*
 * Take what the machine's inputs bring (vmm/input.h), and be kept with it.
 * What comes from outside is given by the two below.
 */
void feeder_connect(struct feeder *f);
/* The same for bytes alone, as inputs of this kind. */
void feeder_connect_line(struct feeder *f, enum input_kind kind);
void feeder_give_bytes(struct feeder *f, const uint8_t *bytes, size_t len);
void feeder_give_key(struct feeder *f, struct key key);

/*
 * What it still holds, and when it offers next, as bytes without pointers;
 * NULL when there is no memory (said). What was not yet read from standard
 * input is not the feeder's.
 */
#define FEEDER_VERSION 1
uint8_t *feeder_save(const struct feeder *f, size_t *len);

/*
 * Hold that instead; `bytes` stays the caller's and is used until the text is
 * typed. False, and nothing changed: it is no such thing.
 */
bool feeder_load(struct feeder *f, const uint8_t *bytes, size_t len);

/* Will it offer anything more by itself? */
bool feeder_busy(const struct feeder *f);

#endif
