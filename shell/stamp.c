/* stamp.c: cuts what comes into lines. */
#include "shell/stamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NS UINT64_C(1000000000)

static void put_time(struct stamp *s)
{
	uint64_t ns = s->kind == STAMP_HOST ? loop_now_ns() - s->start_ns
					    : clock_now(&s->m->clock);
	char text[48];
	int len = snprintf(text, sizeof(text), "[%5" PRIu64 ".%06" PRIu64 "] ",
			   ns / NS, ns % NS / 1000);

	s->next.send(s->next.host, (const uint8_t *)text, len);
}

static void take(void *host, const uint8_t *bytes, size_t len)
{
	struct stamp *s = host;

	while (len) {
		const uint8_t *end = memchr(bytes, '\n', len);
		size_t part = end ? (size_t)(end - bytes) + 1 : len;

		if (!s->midline)
			put_time(s);
		s->next.send(s->next.host, bytes, part);
		s->midline = !end;
		bytes += part;
		len -= part;
	}
}

struct byte_sink stamp_sink(struct stamp *s, struct machine *m,
			    enum stamp_kind kind, struct byte_sink next)
{
	if (kind == STAMP_NONE || !next.send)
		return next;
	*s = (struct stamp){m, kind, loop_now_ns(), next, false};
	return (struct byte_sink){take, s};
}
