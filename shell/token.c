/* token.c: see token.h. */
#include "shell/token.h"

#include <stdbool.h>
#include <string.h>

/* A token that is read, up to its end. */
struct cursor {
	const char *at, *end;
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One to `max` digits; true if there was one and none is left over. */
static bool take_hex(struct cursor *c, unsigned max, uint64_t *value)
{
	unsigned count = 0;

	for (*value = 0; c->at < c->end && hex_digit(*c->at) >= 0; c->at++) {
		if (++count > max)
			return false;
		*value = *value << 4 | (unsigned)hex_digit(*c->at);
	}
	return count > 0;
}

static bool take_char(struct cursor *c, char wanted)
{
	if (c->at == c->end || *c->at != wanted)
		return false;
	c->at++;
	return true;
}

static bool take_id(struct cursor *c, uint8_t id[4])
{
	const char *first = c->at;
	uint64_t value;

	if (!take_hex(c, 8, &value) || c->at - first != 8)
		return false;
	for (int i = 0; i < 4; i++)
		id[i] = value >> (24 - 8 * i);
	return true;
}

/* The addresses; each but the first with the sign of its difference. */
static bool take_frames(struct cursor *c, struct token *t)
{
	uint64_t value, last = 0;

	while (c->at < c->end && *c->at != ':') {
		bool down = false;

		if (*c->at == BACKTRACE_CUT || *c->at == BACKTRACE_BROKEN) {
			t->end = *c->at++;
			return true;
		}
		if (t->count == BACKTRACE_FRAMES_MAX)
			return false;
		if (t->count > 0) {
			down = take_char(c, '-');
			if (!down && !take_char(c, '+'))
				return false;
		}
		if (!take_hex(c, 16, &value))
			return false;
		last = down ? last - value : last + value;
		t->pc[t->count++] = last;
	}
	return true;
}

static uint32_t crc32(const char *text, size_t len)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < len; i++) {
		crc ^= (uint8_t)text[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? BACKTRACE_POLYNOMIAL : 0);
	}
	return ~crc;
}

/* What may be part of a token; `len` bytes at most. */
static size_t word_length(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && (hex_digit(text[n]) >= 0 ||
			   (text[n] && strchr(":+-~!", text[n]))))
		n++;
	return n;
}

/* A version, 1 to 3 digits and a colon. */
static bool take_version(struct cursor *c, unsigned *version)
{
	const char *first = c->at;

	*version = 0;
	while (c->at < c->end && *c->at >= '0' && *c->at <= '9' &&
	       c->at - first < 3)
		*version = *version * 10 + (*c->at++ - '0');
	return c->at > first && take_char(c, ':');
}

static bool checked(struct cursor *c, const char *text)
{
	size_t covered = c->at - text;
	const char *digits = c->at + 1;
	uint64_t crc;

	return take_char(c, ':') && take_hex(c, 8, &crc) &&
	       c->at - digits == 8 && crc == crc32(text, covered);
}

enum token_state token_parse(const char *text, size_t len, struct token *t)
{
	struct cursor c;

	*t = (struct token){.len = word_length(text, len)};
	c = (struct cursor){text, text + t->len};
	if (!take_version(&c, &t->version))
		return TOKEN_NONE;
	if (t->version != BACKTRACE_VERSION)
		return TOKEN_VERSION;
	if (!take_id(&c, t->id) || !take_char(&c, ':') || !take_frames(&c, t) ||
	    !checked(&c, text))
		return TOKEN_DAMAGED;
	t->len = c.at - text;
	return TOKEN_GOOD;
}
