/* stub_memory.c: m, M, x, X, and searching and summing in place. */
#include <stdlib.h>
#include <string.h>

#include "gdbstub/stub_parts.h"

/* Long ones hold everything else up. */
#define SCAN_MAX   (UINT64_C(4) << 30)
#define SUM_MAX	   (UINT64_C(1) << 30)
#define SCAN_CHUNK 65536u

/* "ADDR,LEN" */
static bool read_range(struct text *t, uint64_t *addr, uint64_t *len)
{
	return text_number(t, addr) && text_char(t, ',') &&
	       text_number(t, len) && (!*len || *addr + *len - 1 >= *addr);
}

/* Fewer than asked for are fine, none are not; caller frees. */
static uint8_t *fetch(struct stub *s, struct text *t, uint64_t *len)
{
	uint64_t addr, max = (PACKET_MAX - 8) / 2;
	uint8_t *buf;

	if (!read_range(t, &addr, len) || !text_empty(t)) {
		stub_error(s, STUB_EINVAL);
		return NULL;
	}
	if (*len > max)
		*len = max;
	buf = malloc(*len + 1);
	if (!buf) {
		stub_error(s, STUB_ENOSPC);
		return NULL;
	}
	if (*len) {
		*len = s->ops->read_mem(s->t, s->general, addr, buf, *len);
		if (!*len) {
			free(buf);
			stub_error(s, STUB_EFAULT);
			return NULL;
		}
	}
	return buf;
}

bool stub_read_mem(struct stub *s, struct text *t)
{
	uint64_t len;
	uint8_t *buf = fetch(s, t, &len);

	if (buf)
		buffer_hex(&s->reply, buf, len);
	free(buf);
	return true;
}

bool stub_read_binary(struct stub *s, struct text *t)
{
	uint64_t len;
	uint8_t *buf = fetch(s, t, &len);

	if (buf) {
		buffer_byte(&s->reply, 'b');
		buffer_escaped(&s->reply, buf, len);
	}
	free(buf);
	return true;
}

static bool store(struct stub *s, uint64_t addr, const void *buf, uint64_t len)
{
	if (len && !s->ops->write_mem(s->t, s->general, addr, buf, len))
		return stub_error(s, STUB_EFAULT);
	return stub_ok(s);
}

bool stub_write_mem(struct stub *s, struct text *t)
{
	uint64_t addr, len;
	uint8_t *buf;

	if (!read_range(t, &addr, &len) || !text_char(t, ':') ||
	    len > PACKET_MAX / 2)
		return stub_error(s, STUB_EINVAL);
	buf = malloc(len + 1);
	if (!buf)
		return stub_error(s, STUB_ENOSPC);
	if (text_hex(t, buf, len))
		store(s, addr, buf, len);
	else
		stub_error(s, STUB_EINVAL);
	free(buf);
	return true;
}

bool stub_write_binary(struct stub *s, struct text *t)
{
	uint64_t addr, len;

	if (!read_range(t, &addr, &len) || !text_char(t, ':') ||
	    text_len(t) != len)
		return stub_error(s, STUB_EINVAL);
	return store(s, addr, t->at, len);
}

/* ---- scans ---- */

/*
 * Pieces of SCAN_CHUNK, each with `more` bytes of the next if there are any;
 * `look` ends it by true. False when a piece cannot be read.
 */
struct scan {
	struct stub *s;
	uint64_t addr, len, more;
	bool (*look)(void *ctx, uint64_t addr, const uint8_t *buf,
		     uint64_t len);
	void *ctx;
};

static bool scan(const struct scan *c, bool *found)
{
	uint8_t *buf = malloc(SCAN_CHUNK + c->more);
	bool ok = buf;

	*found = false;
	for (uint64_t at = 0; ok && !*found && at < c->len; at += SCAN_CHUNK) {
		uint64_t n = c->len - at;

		if (n > SCAN_CHUNK + c->more)
			n = SCAN_CHUNK + c->more;
		ok = c->s->ops->read_mem(c->s->t, c->s->general, c->addr + at,
					 buf, n) == n;
		*found = ok && c->look(c->ctx, c->addr + at, buf, n);
	}
	free(buf);
	return ok;
}

struct pattern {
	struct text bytes;
	uint64_t at;
};

static bool look_for(void *ctx, uint64_t addr, const uint8_t *buf, uint64_t len)
{
	struct pattern *p = ctx;
	const uint8_t *hit = memmem(buf, len, p->bytes.at, text_len(&p->bytes));

	if (hit)
		p->at = addr + (hit - buf);
	return hit;
}

bool stub_search(struct stub *s, struct text *t)
{
	struct pattern p;
	uint64_t addr, len;
	bool found;

	if (!text_number(t, &addr) || !text_char(t, ';') ||
	    !text_number(t, &len) || !text_char(t, ';') || text_empty(t) ||
	    len > SCAN_MAX || addr + len < addr)
		return stub_error(s, STUB_EINVAL);
	p.bytes = *t;
	if (len < text_len(t)) {
		buffer_byte(&s->reply, '0');
		return true;
	}
	if (!scan(&(struct scan){s, addr, len, text_len(t) - 1, look_for, &p},
		  &found))
		return stub_error(s, STUB_EFAULT);
	buffer_byte(&s->reply, found ? '1' : '0');
	if (found)
		buffer_format(&s->reply, ",%llx", (unsigned long long)p.at);
	return true;
}

/* CRC-32 with the highest bit first and nothing inverted, as gdb has it. */
static bool sum(void *ctx, uint64_t addr, const uint8_t *buf, uint64_t len)
{
	/* What four bits leave of the polynomial 04c11db7h. */
	static const uint32_t left[16] = {
		0x00000000, 0x04c11db7, 0x09823b6e, 0x0d4326d9,
		0x130476dc, 0x17c56b6b, 0x1a864db2, 0x1e475005,
		0x2608edb8, 0x22c9f00f, 0x2f8ad6d6, 0x2b4bcb61,
		0x350c9b64, 0x31cd86d3, 0x3c8ea00a, 0x384fbdbd};
	uint32_t crc = *(uint32_t *)ctx;

	for (uint64_t i = 0; i < len; i++) {
		crc = crc << 4 ^ left[crc >> 28 ^ buf[i] >> 4];
		crc = crc << 4 ^ left[crc >> 28 ^ (buf[i] & 15)];
	}
	*(uint32_t *)ctx = crc;
	return false;
}

bool stub_crc(struct stub *s, struct text *t)
{
	uint64_t addr, len;
	uint32_t crc = UINT32_MAX;
	bool found;

	if (!read_range(t, &addr, &len) || !text_empty(t) || len > SUM_MAX)
		return stub_error(s, STUB_EINVAL);
	if (!scan(&(struct scan){s, addr, len, 0, sum, &crc}, &found))
		return stub_error(s, STUB_EFAULT);
	buffer_format(&s->reply, "C%08x", crc);
	return true;
}
