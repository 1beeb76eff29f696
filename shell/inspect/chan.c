/* chan.c: `chan`: where tasks meet, what lies there, and who waits. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shell/inspect/internal.h"

struct text {
	char text[256];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t,
						      const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(t->text + t->len, sizeof(t->text) - t->len, format,
			args);
	va_end(args);
	t->len += len < 0 ? 0 : len;
	if (t->len >= sizeof(t->text))
		t->len = sizeof(t->text) - 1;
}

/* "task#1 task#3 wait to take" */
static void add_queue(struct request *r, struct text *t, uint64_t at,
		      const char *to)
{
	const struct model *m = r->m;
	unsigned count = 0;
	struct queue q;
	uint32_t task;

	queue_begin(m, &q, at);
	for (; (task = queue_next(m, &q)) != NONE; count++)
		if (count < 8)
			add(t, "%s%s", t->len ? " " : "",
			    object_name(m, task).text);
	if (count > 8)
		add(t, " and %u more", count - 8);
	if (count)
		add(t, " %s", to);
	if (q.corrupt)
		add(t, "%scorrupt: the queue leads elsewhere",
		    t->len ? "; " : "");
}

static void add_entry(struct request *r, struct text *t,
		      const struct object *channel, unsigned index)
{
	const struct layout *l = &r->m->layout;
	uint64_t first = layout_get(l, channel->base, INSPECT_CHANNEL_FIRST);
	uint64_t mask = (UINT64_C(1) << channel->bits) - 1;
	uint64_t at = channel->base + l->size[INSPECT_SIZE_CHANNEL] +
		      ((first + index) & mask) * l->size[INSPECT_SIZE_ENTRY];
	uint32_t cap;

	switch (layout_get(l, at, INSPECT_ENTRY_KIND)) {
	case CHANNEL_RAW:
		add(t, "raw %" PRIu64, layout_get(l, at, INSPECT_ENTRY_VALUE));
		break;
	case CHANNEL_PAYLOAD:
		add(t, "%" PRIu64 " bytes",
		    layout_get(l, at, INSPECT_ENTRY_LENGTH));
		break;
	case CHANNEL_CAP:
		cap = model_held(r->m, channel, ROLE_ENTRY, index);
		add(t, "cap %s",
		    cap == NONE
			    ? "gone"
			    : object_name(r->m, r->m->cap[cap].object).text);
		break;
	default:
		add(t, "corrupt");
	}
}

static void add_entries(struct request *r, struct text *t,
			const struct object *channel)
{
	uint64_t count =
		layout_get(&r->m->layout, channel->base, INSPECT_CHANNEL_COUNT);

	for (unsigned i = 0; i < count && i < 4; i++) {
		add(t, i ? ", " : "");
		add_entry(r, t, channel, i);
	}
	if (count > 4)
		add(t, " and %" PRIu64 " more", count - 4);
}

static void say_waiters(struct request *r, struct text *t,
			const struct object *o)
{
	const struct model *m = r->m;
	const struct layout *l = &m->layout;
	uint64_t bound;

	switch (o->type) {
	case OBJECT_CHANNEL:
		add_queue(r, t, layout_at(l, o->base, INSPECT_CHANNEL_WAITERS),
			  "to take");
		add_queue(r, t, layout_at(l, o->base, INSPECT_CHANNEL_PUTTERS),
			  "to put");
		break;
	case OBJECT_ENDPOINT:
		add_queue(r, t, layout_at(l, o->base, INSPECT_ENDPOINT_QUEUE),
			  layout_get(l, o->base, INSPECT_ENDPOINT_RECEIVERS)
				  ? "to receive"
				  : "to send");
		break;
	case OBJECT_NOTIFICATION:
		add_queue(r, t,
			  layout_at(l, o->base, INSPECT_NOTIFICATION_QUEUE),
			  "to be told");
		bound = layout_follow(l, o->base, INSPECT_NOTIFICATION_BOUND);
		if (bound)
			add(t, "%sbound to %s", t->len ? "; " : "",
			    object_name_at(m, OBJECT_TASK, bound).text);
		break;
	case OBJECT_REPLY:
		bound = layout_follow(l, o->base, INSPECT_REPLY_CALLER);
		if (bound)
			add(t, "%s for the answer",
			    object_name_at(m, OBJECT_TASK, bound).text);
		break;
	}
}

static void say_content(struct request *r, struct text *t,
			const struct object *o)
{
	const struct model *m = r->m;
	const struct layout *l = &m->layout;
	uint64_t bits, server;

	switch (o->type) {
	case OBJECT_CHANNEL:
		add(t, "%" PRIu64 "/%u ",
		    layout_get(l, o->base, INSPECT_CHANNEL_COUNT),
		    1u << o->bits);
		add_entries(r, t, o);
		break;
	case OBJECT_NOTIFICATION:
		bits = layout_get(l, o->base, INSPECT_NOTIFICATION_BITS);
		if (bits)
			add(t, "bits %" PRIx64, bits);
		break;
	case OBJECT_REPLY:
		server = layout_follow(l, o->base, INSPECT_REPLY_SERVER);
		if (server)
			add(t, "%s",
			    object_name_at(m, OBJECT_TASK, server).text);
		break;
	case OBJECT_IRQ_HANDLER:
		add(t, "%s", cap_detail(m, &m->cap[o->first]).text);
		break;
	}
}

static void chan_row(struct request *r, struct table *t, uint32_t object)
{
	const struct model *m = r->m;
	const struct object *o = &m->object[object];
	struct text content = {"", 0}, waiters = {"", 0};

	if (!o->corrupt) {
		say_content(r, &content, o);
		say_waiters(r, &waiters, o);
	}
	while (content.len && content.text[content.len - 1] == ' ')
		content.text[--content.len] = 0;
	table_row(t);
	table_cell(t, "object", CELL_NAME, "%s", object_name(m, object).text);
	table_cell(t, "slot", 0, "%s", slot_name(m, &m->cap[o->first]).text);
	table_cell(t, "caps", CELL_RIGHT | CELL_NUMBER, "%u", o->caps);
	table_cell(t, "has", 0, "%s", content.text);
	table_cell(t, "waits", o->corrupt ? CELL_BAD : 0, "%s",
		   o->corrupt ? o->corrupt : waiters.text);
}

int cmd_chan(struct request *r)
{
	static const uint8_t types[] = {OBJECT_CHANNEL, OBJECT_ENDPOINT,
					OBJECT_REPLY, OBJECT_NOTIFICATION,
					OBJECT_IRQ_HANDLER};
	struct table t;

	table_begin(&t, r->out, "channel");
	for (size_t n = 0; n < sizeof(types); n++)
		for (uint32_t i = 0; i < r->m->object_count; i++)
			if (r->m->object[i].type == types[n])
				chan_row(r, &t, i);
	if (!table_end(&t))
		out_line(r->out, "There is no place to meet.");
	return 0;
}
