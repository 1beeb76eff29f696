/* packet.c: framing, and reading and writing what packets hold. */
#include "gdbstub/packet.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* ---- what arrives ---- */

static void begin(struct packet_reader *r)
{
	r->state = PACKET_DATA;
	r->escaped = r->too_long = r->spoilt = false;
	r->sum = 0;
	r->len = 0;
}

static enum packet_event between(struct packet_reader *r, uint8_t byte)
{
	switch (byte) {
	case '$':
		begin(r);
		break;
	case 0x03:
		return PACKET_INTERRUPT;
	case '+':
		return r->no_ack ? PACKET_MORE : PACKET_ACK;
	case '-':
		return r->no_ack ? PACKET_MORE : PACKET_RESEND;
	}
	return PACKET_MORE;
}

static void take(struct packet_reader *r, uint8_t byte)
{
	r->sum += byte;
	if (!r->escaped && byte == '}') {
		r->escaped = true;
		return;
	}
	if (r->escaped)
		byte ^= 0x20;
	r->escaped = false;
	if (r->len == PACKET_MAX)
		r->too_long = true;
	else
		r->data[r->len++] = byte;
}

static enum packet_event finish(struct packet_reader *r, bool sum_ok)
{
	r->state = PACKET_IDLE;
	if (r->too_long)
		return PACKET_LONG;
	if (r->spoilt || (!sum_ok && !r->no_ack))
		return PACKET_BAD;
	r->data[r->len] = '\0';
	return PACKET_READY;
}

/* A digit that is none belongs to what comes next. */
static enum packet_event no_digit(struct packet_reader *r, uint8_t byte)
{
	r->state = PACKET_IDLE;
	if (byte == '$')
		begin(r);
	return PACKET_BAD;
}

enum packet_event packet_push(struct packet_reader *r, uint8_t byte)
{
	int val;

	switch (r->state) {
	case PACKET_IDLE:
		return between(r, byte);
	case PACKET_DATA:
		if (byte == '$') { /* never in data: the rest got lost */
			begin(r);
		} else if (byte == '#') {
			r->spoilt = r->escaped;
			r->state = PACKET_SUM1;
		} else {
			take(r, byte);
		}
		return PACKET_MORE;
	case PACKET_SUM1:
		if (digit(byte) < 0)
			return no_digit(r, byte);
		r->first = digit(byte);
		r->state = PACKET_SUM2;
		return PACKET_MORE;
	case PACKET_SUM2:
		break;
	}
	val = digit(byte);
	if (val < 0)
		return no_digit(r, byte);
	return finish(r, r->sum == (r->first << 4 | val));
}

/* ---- buffers ---- */

void buffer_fini(struct buffer *b)
{
	free(b->data);
	b->data = NULL;
	b->len = b->size = 0;
}

static bool room(struct buffer *b, size_t more)
{
	size_t size = b->size ? b->size : 256;
	char *data;

	if (b->full || more > b->max - b->len)
		goto full;
	while (size < b->len + more)
		size *= 2;
	if (size == b->size)
		return true;
	data = realloc(b->data, size);
	if (!data)
		goto full;
	b->data = data;
	b->size = size;
	return true;
full:
	b->full = true;
	return false;
}

void buffer_bytes(struct buffer *b, const void *data, size_t len)
{
	if (!len || !room(b, len))
		return;
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

void buffer_byte(struct buffer *b, uint8_t byte)
{
	buffer_bytes(b, &byte, 1);
}

void buffer_text(struct buffer *b, const char *text)
{
	buffer_bytes(b, text, strlen(text));
}

void buffer_format(struct buffer *b, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len > 0)
		buffer_bytes(b, text,
			     (size_t)len < sizeof(text) ? (size_t)len
							: sizeof(text) - 1);
}

void buffer_hex(struct buffer *b, const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *byte = data;

	for (size_t i = 0; i < len; i++) {
		buffer_byte(b, digits[byte[i] >> 4]);
		buffer_byte(b, digits[byte[i] & 15]);
	}
}

void buffer_escaped(struct buffer *b, const void *data, size_t len)
{
	const char *byte = data;

	for (size_t i = 0; i < len; i++) {
		if (byte[i] == '#' || byte[i] == '$' || byte[i] == '}' ||
		    byte[i] == '*') {
			buffer_byte(b, '}');
			buffer_byte(b, byte[i] ^ 0x20);
		} else {
			buffer_byte(b, byte[i]);
		}
	}
}

void packet_frame(struct buffer *out, const char *data, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += (uint8_t)data[i];
	buffer_byte(out, '$');
	buffer_bytes(out, data, len);
	buffer_byte(out, '#');
	buffer_hex(out, &sum, 1);
}

/* ---- what packets hold ---- */

bool text_number(struct text *t, uint64_t *val)
{
	const char *first = t->at;

	*val = 0;
	while (t->at < t->end && digit(*t->at) >= 0) {
		if (*val >> 60)
			return false;
		*val = *val << 4 | digit(*t->at++);
	}
	return t->at > first;
}

bool text_char(struct text *t, char c)
{
	if (text_empty(t) || *t->at != c)
		return false;
	t->at++;
	return true;
}

bool text_word(struct text *t, const char *word)
{
	size_t len = strlen(word);

	if (text_len(t) < len || memcmp(t->at, word, len))
		return false;
	t->at += len;
	return true;
}

struct text text_until(struct text *t, char c)
{
	struct text part = {t->at, t->end};

	for (part.end = t->at; part.end < t->end && *part.end != c; part.end++)
		;
	t->at = part.end < t->end ? part.end + 1 : t->end;
	return part;
}

bool text_hex(struct text *t, void *buf, size_t len)
{
	uint8_t *byte = buf;

	if (text_len(t) / 2 != len || text_len(t) % 2)
		return false;
	for (size_t i = 0; i < len; i++, t->at += 2) {
		int high = digit(t->at[0]), low = digit(t->at[1]);

		if (high < 0 || low < 0)
			return false;
		byte[i] = high << 4 | low;
	}
	return true;
}
