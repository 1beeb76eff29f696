/* tail.c: a ring of lines. */
#include "shell/tail.h"

#include <string.h>

#include "vmm/log.h"

static void take(struct tail *t, uint8_t byte)
{
	char *line;

	if (byte == '\n') {
		if (!t->open) /* an empty one */
			t->line[t->count++ % TAIL_LINES][0] = 0;
		t->open = false;
		return;
	}
	if (byte == '\r')
		return;
	if (!t->open) {
		t->count++;
		t->len = 0;
		t->open = true;
	}
	line = t->line[(t->count - 1) % TAIL_LINES];
	if (t->len + 1 < TAIL_LINE)
		line[t->len++] = byte < 0x20 || byte >= 0x7f ? '?' : byte;
	line[t->len] = 0;
}

static void keep(void *host, const uint8_t *bytes, size_t len)
{
	struct tail *t = host;

	for (size_t i = 0; i < len; i++)
		take(t, bytes[i]);
	if (t->next.send)
		t->next.send(t->next.host, bytes, len);
}

struct byte_sink tail_sink(struct tail *t, struct byte_sink next)
{
	t->next = next;
	return (struct byte_sink){keep, t};
}

void tail_say(const struct tail *t, const char *title)
{
	unsigned first = t->count > TAIL_LINES ? t->count - TAIL_LINES : 0;

	if (t->count)
		log_warn("  %s", title);
	for (unsigned i = first; i < t->count; i++)
		log_warn("    %s", t->line[i % TAIL_LINES]);
}
