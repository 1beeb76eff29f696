/* link_host.c: see link_host.h. */
#include "shell/repl/link_host.h"

#include <stdlib.h>
#include <string.h>

/* As many bytes as the UART has room for; more when it has. */
static void offer(void *ctx)
{
	struct link_host *l = ctx;
	struct link_out *out = &l->out;

	out->sent += uart_receive(l->com, out->bytes + out->sent,
				  out->len - out->sent);
	if (out->sent < out->len)
		clock_set(&l->m->clock, &l->timer,
			  clock_now(&l->m->clock) + LINK_STEP_NS);
}

static void take_request(void *ctx, const uint8_t *data, size_t len)
{
	struct link_host *l = ctx;

	l->given = false;
	if (len > sizeof(l->out.bytes))
		return;
	memcpy(l->out.bytes, data, len);
	l->out.len = len;
	l->out.sent = 0;
	clock_set(&l->m->clock, &l->timer, clock_now(&l->m->clock));
}

static void *keep(void *ctx, size_t *len)
{
	const struct link_host *l = ctx;
	struct link_out *kept = malloc(sizeof(*kept));

	*len = sizeof(*kept);
	if (!kept)
		return NULL;
	*kept = l->out;
	kept->timer_ns = l->timer.deadline_ns;
	return kept;
}

static void recall(void *ctx, const void *bytes)
{
	struct link_host *l = ctx;

	memcpy(&l->out, bytes, sizeof(l->out));
	clock_set(&l->m->clock, &l->timer, l->out.timer_ns);
}

void link_host_init(struct link_host *l, struct machine *m, struct device *com)
{
	memset(l, 0, sizeof(*l));
	l->m = m;
	l->com = com;
	timer_init(&l->timer, &m->clock, offer, l);
	input_handler(m, INPUT_OF_LINK, take_request, l);
	l->keeper = (struct keeper){.keep = keep, .recall = recall, .ctx = l};
	machine_add_keeper(m, &l->keeper);
}

void link_host_again(struct link_host *l)
{
	l->answered = false;
	l->given = true;
	input_give(l->m, INPUT_OF_LINK, l->request, l->request_len);
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
	return !l->given && l->out.sent == l->out.len;
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
