/*
 * packet.h: gdb's packets on the wire, and the numbers and bytes in them.
 *
 * "$data#cc": cc is the sum of the data bytes as they are sent, modulo 256.
 * In data, '}' goes before a byte XOR 20h. Whatever arrives, a reader is
 * always in a state from which the next good packet is read.
 */
#ifndef GDBSTUB_PACKET_H
#define GDBSTUB_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_MAX 0x20000 /* bytes of data, unescaped, in either direction */

enum packet_event {
	PACKET_MORE,	  /* nothing yet */
	PACKET_READY,	  /* data[0..len) and a 0 behind it */
	PACKET_BAD,	  /* its sum is wrong: resend */
	PACKET_LONG,	  /* longer than PACKET_MAX; it is gone */
	PACKET_INTERRUPT, /* a 03h between packets */
	PACKET_ACK,	  /* the other side has the last reply */
	PACKET_RESEND,	  /* the other side wants the last reply again */
};

enum packet_state { PACKET_IDLE, PACKET_DATA, PACKET_SUM1, PACKET_SUM2 };

struct packet_reader {
	enum packet_state state;
	bool escaped, too_long, spoilt;
	bool no_ack; /* sums are not looked at */
	uint8_t sum, first;
	size_t len;
	char data[PACKET_MAX + 1];
};

/* One more byte of what arrived. */
enum packet_event packet_push(struct packet_reader *r, uint8_t byte);

/* Bytes that grow, up to `max`; more sets `full` and is lost. */
struct buffer {
	char *data;
	size_t len, size, max;
	bool full;
};

void buffer_fini(struct buffer *b);
void buffer_bytes(struct buffer *b, const void *data, size_t len);
void buffer_byte(struct buffer *b, uint8_t byte);
void buffer_text(struct buffer *b, const char *text);
void buffer_format(struct buffer *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* As two hexadecimal digits each; as what a packet may hold. */
void buffer_hex(struct buffer *b, const void *data, size_t len);
void buffer_escaped(struct buffer *b, const void *data, size_t len);

/* The wire's form of `data`, which is escaped already where it must be. */
void packet_frame(struct buffer *out, const char *data, size_t len);

/*
 * What is read from a packet; each function takes what it reads off the front
 * and returns false, with the rest anywhere, when it is not there.
 */
struct text {
	const char *at, *end;
};

static inline struct text text_of(const char *data, size_t len)
{
	return (struct text){data, data + len};
}

static inline size_t text_len(const struct text *t)
{
	return t->end - t->at;
}

static inline bool text_empty(const struct text *t)
{
	return t->at == t->end;
}

/* 1 to 16 significant hexadecimal digits, as many as there are. */
bool text_number(struct text *t, uint64_t *val);
bool text_char(struct text *t, char c);
/* The word, if the rest begins with it. */
bool text_word(struct text *t, const char *word);
/* Up to `c` (which is taken too) or the end. */
struct text text_until(struct text *t, char c);
/* All the rest as pairs of digits; exactly `len` bytes. */
bool text_hex(struct text *t, void *buf, size_t len);

#endif
