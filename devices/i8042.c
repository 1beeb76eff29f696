/*
 * i8042.c: the keyboard controller and the keyboard behind it.
 *
 * The keyboard speaks scan code set 2 (or 1, when told to), and the
 * controller translates to set 1 while its command byte says so. One byte at
 * a time stands in the output buffer: a controller's reply first, then the
 * keyboard's replies, then keys. IRQ 1 follows the buffer: it drops when the
 * byte is read and rises again for the next. There is no mouse, but its port
 * answers. Every key event is queued whole or not at all.
 */
#include "devices/devices.h"

#include <string.h>

#include "devices/chip.h"

enum { DATA = 0, COMMAND = 4, STATUS = 4 }; /* 60h and 64h */

#define STATUS_OBF     0x01
#define STATUS_SYS     0x04
#define STATUS_COMMAND 0x08
#define STATUS_OPEN    0x10 /* the keyboard lock */
#define STATUS_AUX     0x20
#define STATUS_TIMEOUT 0x40

#define CMD_IRQ1       0x01
#define CMD_IRQ12      0x02
#define CMD_KBD_OFF    0x10
#define CMD_AUX_OFF    0x20
#define CMD_TRANSLATE  0x40

#define OUT_RUN	       0x01 /* low: the CPU is in reset */
#define OUT_A20	       0x02
#define OUT_IRQ1       0x10
#define OUT_IRQ12      0x20
#define OUT_DEFAULT    0xcf

#define KBD_ACK	       0xfa
#define KBD_RESEND     0xfe
#define KBD_BAT_OK     0xaa
#define KBD_ECHO       0xee
#define KBD_BREAK      0xf0 /* set 2: the next byte is released */
#define KBD_ID	       0xab, 0x83

#define KEY_QUEUE      16
#define KEY_BYTES      8 /* the longest event: Pause in set 2 */

/* What the controller makes of the keyboard's bytes: set 2 to set 1. */
static const uint8_t translation[] = {
	0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, /* 00 */
	0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59, /* 08 */
	0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, /* 10 */
	0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b, /* 18 */
	0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, /* 20 */
	0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d, /* 28 */
	0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, /* 30 */
	0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f, /* 38 */
	0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, /* 40 */
	0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61, /* 48 */
	0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, /* 50 */
	0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76, /* 58 */
	0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, /* 60 */
	0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f, /* 68 */
	0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, /* 70 */
	0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54, /* 78 */
	0x80, 0x81, 0x82, 0x41, 0x54,			/* 80 */
};

enum source { FROM_KBD, FROM_AUX };

/* So many reads of STATUS in a row are a wait for a key. */
#define POLLS 16

CHIP_STATE_BEGIN
struct i8042_state {
	/* Controller. */
	uint8_t status; /* SYS, COMMAND and TIMEOUT; the others are derived */
	uint8_t cmd;	/* the command byte */
	uint8_t out;	/* the output port */
	uint8_t expect; /* the command whose data byte comes next; 0: none */
	bool full;	/* the output buffer holds a byte nobody read */
	uint8_t data, from;
	bool reply_full; /* one reply waits for the buffer */
	uint8_t reply, reply_from;
	/* Keyboard. */
	uint8_t set, leds, rate;
	bool scanning;
	uint8_t kbd_expect; /* as `expect` */
	uint8_t last;	    /* the byte sent last, for a resend */
	uint8_t answer[4], answer_first, answer_count;
	uint8_t key[KEY_QUEUE], key_first, key_count;
	uint8_t polls; /* reads of STATUS that found nothing, in a row */
};
CHIP_STATE_END

struct i8042 {
	struct device dev;
	struct i8042_state s;
	struct irq_line aux_irq;
	void (*reset)(void *ctx);
	void *ctx;
};

/* ---- The buffer and its two lines ---- */

static void update_irq(struct i8042 *k)
{
	bool kbd = k->s.full && k->s.from == FROM_KBD;
	bool aux = k->s.full && k->s.from == FROM_AUX;

	irq_set(&k->dev.irq, kbd && (k->s.cmd & CMD_IRQ1));
	irq_set(&k->aux_irq, aux && (k->s.cmd & CMD_IRQ12));
}

static void fill(struct i8042 *k, uint8_t byte, uint8_t from)
{
	k->s.full = true;
	k->s.data = byte;
	k->s.from = from;
}

/* The keyboard's next byte, as it left the keyboard; -1: none. */
static int next_kbd_byte(struct i8042 *k)
{
	if (k->s.answer_count) {
		k->s.answer_count--;
		k->s.last = k->s.answer[k->s.answer_first++];
	} else if (k->s.key_count) {
		k->s.key_count--;
		k->s.last = k->s.key[k->s.key_first];
		k->s.key_first = (k->s.key_first + 1) % KEY_QUEUE;
	} else {
		return -1;
	}
	return k->s.last;
}

static uint8_t translate(uint8_t byte)
{
	return byte < sizeof(translation) ? translation[byte] : byte;
}

static void fill_from_kbd(struct i8042 *k)
{
	int byte = next_kbd_byte(k), released = 0;

	if (byte >= 0 && (k->s.cmd & CMD_TRANSLATE)) {
		if (byte == KBD_BREAK) {
			released = 0x80;
			byte = next_kbd_byte(k);
		}
		if (byte >= 0)
			byte = translate(byte) | released;
	}
	if (byte >= 0)
		fill(k, byte, FROM_KBD);
}

/* Bring the next byte, if there is one, into the empty buffer. */
static void refill(struct i8042 *k)
{
	if (!k->s.full && k->s.reply_full) {
		k->s.reply_full = false;
		fill(k, k->s.reply, k->s.reply_from);
	}
	if (!k->s.full && !(k->s.cmd & CMD_KBD_OFF))
		fill_from_kbd(k);
	update_irq(k);
}

static void reply(struct i8042 *k, uint8_t byte, uint8_t from)
{
	k->s.reply_full = true;
	k->s.reply = byte;
	k->s.reply_from = from;
}

/* ---- The keyboard ---- */

static void answer(struct i8042 *k, unsigned count, const uint8_t *bytes)
{
	memcpy(k->s.answer, bytes, count);
	k->s.answer_first = 0;
	k->s.answer_count = count;
}

#define ANSWER(k, ...) \
	answer(k, sizeof((uint8_t[]){__VA_ARGS__}), (uint8_t[]){__VA_ARGS__})

static void drop_keys(struct i8042 *k)
{
	k->s.key_first = k->s.key_count = 0;
	memset(k->s.key, 0, sizeof(k->s.key));
}

static void kbd_defaults(struct i8042 *k, bool scanning)
{
	k->s.set = 2;
	k->s.rate = 0x2b;
	k->s.scanning = scanning;
	drop_keys(k);
}

static void choose_set(struct i8042 *k, uint8_t set)
{
	if (set == 0) {
		ANSWER(k, KBD_ACK, k->s.set);
	} else if (set == 1 || set == 2) {
		k->s.set = set;
		ANSWER(k, KBD_ACK);
	} else {
		ANSWER(k, KBD_RESEND); /* set 3 is not spoken */
	}
}

static void kbd_argument(struct i8042 *k, uint8_t cmd, uint8_t arg)
{
	switch (cmd) {
	case 0xed:
		k->s.leds = arg & 7;
		ANSWER(k, KBD_ACK);
		break;
	case 0xf0:
		choose_set(k, arg);
		break;
	case 0xf3:
		k->s.rate = arg & 0x7f;
		ANSWER(k, KBD_ACK);
		break;
	}
}

static void kbd_command(struct i8042 *k, uint8_t cmd)
{
	switch (cmd) {
	case 0xed: /* LEDs */
	case 0xf0: /* scan code set */
	case 0xf3: /* repeat rate */
		k->s.kbd_expect = cmd;
		ANSWER(k, KBD_ACK);
		break;
	case 0xee:
		ANSWER(k, KBD_ECHO);
		break;
	case 0xf2:
		ANSWER(k, KBD_ACK, KBD_ID);
		break;
	case 0xf4:
		k->s.scanning = true;
		drop_keys(k);
		ANSWER(k, KBD_ACK);
		break;
	case 0xf5:
	case 0xf6:
		kbd_defaults(k, cmd == 0xf6);
		ANSWER(k, KBD_ACK);
		break;
	case 0xfe:
		ANSWER(k, k->s.last);
		break;
	case 0xff:
		kbd_defaults(k, true);
		k->s.leds = 0;
		ANSWER(k, KBD_ACK, KBD_BAT_OK);
		break;
	default:
		ANSWER(k, KBD_RESEND);
		break;
	}
}

/* A command in the place of an argument ends the wait for it. */
static void write_kbd(struct i8042 *k, uint8_t byte)
{
	uint8_t expect = k->s.kbd_expect;

	k->s.cmd &= ~CMD_KBD_OFF; /* a byte for the keyboard switches it on */
	k->s.kbd_expect = 0;
	if (expect && byte < 0xed)
		kbd_argument(k, expect, byte);
	else
		kbd_command(k, byte);
}

/* ---- The controller ---- */

static void write_out(struct i8042 *k, uint8_t val)
{
	k->s.out = val;
	if (!(val & OUT_RUN))
		k->reset(k->ctx);
}

static uint8_t read_out(const struct i8042 *k)
{
	uint8_t out = k->s.out & ~(OUT_IRQ1 | OUT_IRQ12);

	if (!k->s.full)
		return out;
	return out | (k->s.from == FROM_KBD ? OUT_IRQ1 : OUT_IRQ12);
}

static void write_data(struct i8042 *k, uint8_t val)
{
	uint8_t expect = k->s.expect;

	k->s.expect = 0;
	k->s.status &= ~(STATUS_COMMAND | STATUS_TIMEOUT);
	switch (expect) {
	case 0x60:
		k->s.cmd = val;
		break;
	case 0xd1:
		write_out(k, val);
		break;
	case 0xd2:
		reply(k, val, FROM_KBD);
		break;
	case 0xd3:
		reply(k, val, FROM_AUX);
		break;
	case 0xd4: /* nothing hangs there to take the byte */
		k->s.status |= STATUS_TIMEOUT;
		reply(k, KBD_RESEND, FROM_AUX);
		break;
	default:
		write_kbd(k, val);
		break;
	}
}

static void set_bits(uint8_t *byte, uint8_t bits, bool on)
{
	*byte = on ? *byte | bits : *byte & ~bits;
}

static void write_command(struct i8042 *k, uint8_t cmd)
{
	k->s.expect = 0;
	k->s.status |= STATUS_COMMAND;
	switch (cmd) {
	case 0x20:
		reply(k, k->s.cmd, FROM_KBD);
		break;
	case 0x60:
	case 0xd1 ... 0xd4:
		k->s.expect = cmd;
		break;
	case 0xa7:
	case 0xa8:
		set_bits(&k->s.cmd, CMD_AUX_OFF, cmd == 0xa7);
		break;
	case 0xaa: /* self-test */
		k->s.status |= STATUS_SYS;
		reply(k, 0x55, FROM_KBD);
		break;
	case 0xa9: /* both ports' wires are well */
	case 0xab:
		reply(k, 0x00, FROM_KBD);
		break;
	case 0xad:
	case 0xae:
		set_bits(&k->s.cmd, CMD_KBD_OFF, cmd == 0xad);
		break;
	case 0xc0: /* input port: not locked */
		reply(k, 0x80, FROM_KBD);
		break;
	case 0xd0:
		reply(k, read_out(k), FROM_KBD);
		break;
	case 0xdd:
	case 0xdf:
		set_bits(&k->s.out, OUT_A20, cmd == 0xdf);
		break;
	case 0xf0 ... 0xff: /* pulse the low bits that are clear */
		if (!(cmd & OUT_RUN))
			k->reset(k->ctx);
		break;
	}
}

static uint8_t read_status(struct i8042 *k)
{
	uint8_t status = k->s.status | STATUS_OPEN;

	if (k->s.full)
		k->s.polls = 0;
	else if (k->s.polls < POLLS)
		k->s.polls++;

	if (k->s.full)
		status |= STATUS_OBF;
	if (k->s.full && k->s.from == FROM_AUX)
		status |= STATUS_AUX;
	return status;
}

static uint64_t i8042_read(struct device *dev, uint64_t reg, unsigned size)
{
	struct i8042 *k = container_of(dev, struct i8042, dev);
	uint8_t data = k->s.data;

	if (reg == STATUS)
		return read_status(k);
	if (reg != DATA)
		return ~UINT64_C(0);
	k->s.full = false;
	update_irq(k); /* low between two bytes: the 8259 needs the edge */
	refill(k);
	return data;
}

static void i8042_write(struct device *dev, uint64_t reg, unsigned size,
			uint64_t val)
{
	struct i8042 *k = container_of(dev, struct i8042, dev);

	k->s.polls = 0;
	if (reg == DATA)
		write_data(k, val);
	else if (reg == COMMAND)
		write_command(k, val);
	refill(k);
}

static void i8042_reset(struct device *dev)
{
	struct i8042 *k = container_of(dev, struct i8042, dev);

	memset(&k->s, 0, sizeof(k->s));
	k->s.status = STATUS_COMMAND;
	k->s.cmd = CMD_IRQ1 | CMD_IRQ12;
	k->s.out = OUT_DEFAULT;
	kbd_defaults(k, true);
	update_irq(k);
}

static void i8042_restored(struct device *dev)
{
	update_irq(container_of(dev, struct i8042, dev));
}

#define FIELD(member, max) STATE_MAX(struct i8042_state, member, max)

static const struct state_field i8042_fields[] = {
	STATE_BITS(struct i8042_state, status,
		   STATUS_SYS | STATUS_COMMAND | STATUS_TIMEOUT),
	FIELD(full, 1),
	FIELD(from, FROM_AUX),
	FIELD(reply_full, 1),
	FIELD(reply_from, FROM_AUX),
	FIELD(set, 3),
	FIELD(scanning, 1),
	FIELD(answer_first, sizeof(((struct i8042_state *)0)->answer)),
	FIELD(answer_count, sizeof(((struct i8042_state *)0)->answer)),
	FIELD(key_first, KEY_QUEUE - 1),
	FIELD(key_count, KEY_QUEUE),
	FIELD(polls, POLLS),
	STATE_END,
};

static bool i8042_state_ok(const struct device *dev, const void *state,
			   uint64_t now_ns)
{
	const struct i8042_state *s = state;

	return s->answer_first + s->answer_count <= sizeof(s->answer);
}

static const struct device_ops i8042_ops = {
	.name = "i8042",
	.width = 1,
	.read = i8042_read,
	.write = i8042_write,
	.reset = i8042_reset,
	.restored = i8042_restored,
	.destroy = chip_free,
	DEVICE_STATE(struct i8042, s, 1),
	.fields = i8042_fields,
	.state_ok = i8042_state_ok,
};

struct device *i8042_create(void (*reset)(void *ctx), void *ctx)
{
	struct i8042 *k = chip_alloc(sizeof(*k), &i8042_ops);

	if (!k)
		return NULL;
	k->reset = reset;
	k->ctx = ctx;
	i8042_reset(&k->dev);
	return &k->dev;
}

void i8042_set_aux_irq(struct device *dev, const struct irq_line *irq)
{
	container_of(dev, struct i8042, dev)->aux_irq = *irq;
}

/* ---- Keys ---- */

/* The event in set 1; Pause is all make, and two keys come with a shift. */
static unsigned encode_set1(uint16_t key, bool down, uint8_t out[KEY_BYTES])
{
	static const uint8_t pause[] = {0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5};
	static const uint8_t print[] = {0xe0, 0x2a, 0xe0, 0x37};
	static const uint8_t print_up[] = {0xe0, 0xb7, 0xe0, 0xaa};
	unsigned count = 0;

	switch (key) {
	case I8042_PAUSE:
		memcpy(out, pause, sizeof(pause));
		return down ? sizeof(pause) : 0;
	case I8042_PRINT:
		memcpy(out, down ? print : print_up, sizeof(print));
		return sizeof(print);
	}
	if (key >> 8)
		out[count++] = key >> 8;
	out[count++] = (key & 0x7f) | (down ? 0 : 0x80);
	return count;
}

/* F7 and SysRq have two codes in the table; keyboards send the upper one. */
static uint8_t set2_of(uint8_t code)
{
	for (unsigned i = sizeof(translation) - 1; i > 0; i--)
		if (translation[i] == code)
			return i;
	return 0;
}

static unsigned set1_to_set2(const uint8_t *in, unsigned len,
			     uint8_t out[KEY_BYTES])
{
	unsigned count = 0;

	for (unsigned i = 0; i < len; i++) {
		if (in[i] >= 0xe0) {
			out[count++] = in[i];
			continue;
		}
		if (in[i] & 0x80)
			out[count++] = KBD_BREAK;
		out[count++] = set2_of(in[i] & 0x7f);
	}
	return count;
}

/* Codes from 60h on would look like prefixes when they are released. */
static bool is_key(uint16_t key)
{
	return key == I8042_PAUSE || ((key >> 8 == 0 || key >> 8 == 0xe0) &&
				      (key & 0xff) && (key & 0xff) < 0x60);
}

bool i8042_key(struct device *dev, uint16_t set1, bool down)
{
	struct i8042 *k = container_of(dev, struct i8042, dev);
	uint8_t codes[KEY_BYTES], bytes[KEY_BYTES];
	unsigned count;

	if (!is_key(set1) || !k->s.scanning)
		return true; /* nobody will ever see it */
	count = encode_set1(set1, down, codes);
	if (k->s.set == 2)
		count = set1_to_set2(codes, count, bytes);
	else
		memcpy(bytes, codes, count);
	if (count > KEY_QUEUE - (unsigned)k->s.key_count)
		return false;
	for (unsigned i = 0; i < count; i++)
		k->s.key[(k->s.key_first + k->s.key_count++) % KEY_QUEUE] =
			bytes[i];
	refill(k);
	return true;
}

bool i8042_polled(const struct device *dev)
{
	return container_of(dev, const struct i8042, dev)->s.polls == POLLS;
}

bool i8042_idle(const struct device *dev)
{
	const struct i8042 *k = container_of(dev, struct i8042, dev);

	return !k->s.key_count && !(k->s.full && k->s.from == FROM_KBD);
}
