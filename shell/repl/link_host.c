/* link_host.c: see link_host.h. */
#include "shell/repl/link_host.h"

#include <string.h>

/* As many bytes as the UART has room for; more when it has. */
static void offer(void *ctx)
{
	struct link_host *l = ctx;

	l->sent += uart_receive(l->com, l->request + l->sent,
				l->request_len - l->sent);
	if (l->sent < l->request_len)
		clock_set(&l->m->clock, &l->timer,
			  clock_now(&l->m->clock) + LINK_STEP_NS);
}

void link_host_init(struct link_host *l, struct machine *m, struct device *com)
{
	memset(l, 0, sizeof(*l));
	l->m = m;
	l->com = com;
	timer_init(&l->timer, &m->clock, offer, l);
}

void link_host_again(struct link_host *l)
{
	l->sent = 0;
	l->answered = false;
	clock_set(&l->m->clock, &l->timer, clock_now(&l->m->clock));
}

void link_host_ask(struct link_host *l, enum link_kind kind,
		   const void *payload, uint32_t len)
{
	if (len)
		memcpy(l->request + LINK_HEAD, payload, len);
	l->request_len = link_seal(l->request, kind, ++l->sequence, len);
	link_host_again(l);
}

bool link_host_sent(const struct link_host *l)
{
	return l->sent == l->request_len;
}

/* Of another version, to another question: of no use. */
static bool fits(const struct link_host *l, const struct link_frame *f)
{
	return f->version == LINK_VERSION && f->sequence == l->sequence &&
	       (f->kind == LINK_REFUSED ||
		f->kind == (l->request[3] | LINK_ANSWER)) &&
	       l->request_len && !l->answered;
}

bool link_host_receive(struct link_host *l, const uint8_t *bytes, size_t len)
{
	struct link_frame f;
	bool came = false;

	for (size_t i = 0; i < len; i++) {
		link_push(&l->parser, bytes[i]);
		while (link_next(&l->parser, &f)) {
			if (!fits(l, &f))
				continue;
			l->answered = came = true;
			l->kind = f.kind;
			l->length = f.length;
			memcpy(l->payload, f.payload, f.length);
		}
	}
	return came;
}
