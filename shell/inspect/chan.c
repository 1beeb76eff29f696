/* chan.c: `chan`: where tasks meet, what lies there, and who waits. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shell/inspect/graph.h"

void text_add(struct text *t, const char *format, ...)
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
static void add_queue(const struct model *m, struct text *t, uint64_t at,
		      const char *to)
{
	unsigned count = 0;
	struct queue q;
	uint32_t task;

	queue_begin(m, &q, at);
	for (; (task = queue_next(m, &q)) != NIL; count++)
		if (count < 8)
			text_add(t, "%s%s", t->len ? " " : "",
				 object_name(m, task).text);
	if (count > 8)
		text_add(t, " and %u more", count - 8);
	if (count)
		text_add(t, " %s", to);
	if (q.corrupt)
		text_add(t, "%scorrupt: the queue leads elsewhere",
			 t->len ? "; " : "");
}

static void add_entry(const struct model *m, struct text *t,
		      const struct object *channel, unsigned index)
{
	const struct layout *l = &m->layout;
	uint64_t first = layout_get(l, channel->base, INSPECT_CHANNEL_FIRST);
	uint64_t mask = (UINT64_C(1) << channel->bits) - 1;
	uint64_t at = channel->base + l->size[INSPECT_SIZE_CHANNEL] +
		      ((first + index) & mask) * l->size[INSPECT_SIZE_ENTRY];
	uint32_t cap;

	switch (layout_get(l, at, INSPECT_ENTRY_KIND)) {
	case CHANNEL_RAW:
		text_add(t, "raw %" PRIu64,
			 layout_get(l, at, INSPECT_ENTRY_VALUE));
		break;
	case CHANNEL_PAYLOAD:
		text_add(t, "%" PRIu64 " bytes",
			 layout_get(l, at, INSPECT_ENTRY_LENGTH));
		break;
	case CHANNEL_CAP:
		cap = model_held(m, channel, ROLE_ENTRY, index);
		text_add(t, "cap %s",
			 cap == NIL ? "gone"
				    : object_name(m, m->cap[cap].object).text);
		break;
	default:
		text_add(t, "corrupt");
	}
}

static void add_entries(const struct model *m, struct text *t,
			const struct object *channel)
{
	uint64_t count =
		layout_get(&m->layout, channel->base, INSPECT_CHANNEL_COUNT);

	for (unsigned i = 0; i < count && i < 4; i++) {
		text_add(t, i ? ", " : ": ");
		add_entry(m, t, channel, i);
	}
	if (count > 4)
		text_add(t, " and %" PRIu64 " more", count - 4);
}

bool is_meeting(unsigned type)
{
	return type_in(type, TYPES_CHANNEL | TYPES_ENDPOINT | TYPES_REPLY |
				     TYPES_NOTIFICATION | TYPES_SCHED_CONTEXT);
}

void meeting_waiters(const struct model *m, const struct object *o,
		     struct text *t)
{
	const struct layout *l = &m->layout;
	uint64_t bound;

	switch (o->type) {
	case OBJECT_CHANNEL:
		add_queue(m, t, layout_at(l, o->base, INSPECT_CHANNEL_WAITERS),
			  "to take");
		add_queue(m, t, layout_at(l, o->base, INSPECT_CHANNEL_PUTTERS),
			  "to put");
		break;
	case OBJECT_ENDPOINT:
		add_queue(m, t, layout_at(l, o->base, INSPECT_ENDPOINT_QUEUE),
			  layout_get(l, o->base, INSPECT_ENDPOINT_RECEIVERS)
				  ? "to receive"
				  : "to send");
		break;
	case OBJECT_NOTIFICATION:
		add_queue(m, t,
			  layout_at(l, o->base, INSPECT_NOTIFICATION_QUEUE),
			  "to be told");
		bound = layout_follow(l, o->base, INSPECT_NOTIFICATION_BOUND);
		if (bound)
			text_add(t, "%sbound to %s", t->len ? "; " : "",
				 object_name_at(m, OBJECT_TASK, bound).text);
		break;
	case OBJECT_REPLY:
		bound = layout_follow(l, o->base, INSPECT_REPLY_CALLER);
		if (bound)
			text_add(t, "%s for the answer",
				 object_name_at(m, OBJECT_TASK, bound).text);
		break;
	}
}

void meeting_content(const struct model *m, const struct object *o,
		     struct text *t)
{
	const struct layout *l = &m->layout;
	uint64_t bits, server;

	switch (o->type) {
	case OBJECT_CHANNEL:
		text_add(t, "%" PRIu64 "/%u",
			 layout_get(l, o->base, INSPECT_CHANNEL_COUNT),
			 1u << o->bits);
		add_entries(m, t, o);
		break;
	case OBJECT_NOTIFICATION:
		bits = layout_get(l, o->base, INSPECT_NOTIFICATION_BITS);
		if (bits)
			text_add(t, "bits %" PRIx64, bits);
		break;
	case OBJECT_REPLY:
		server = layout_follow(l, o->base, INSPECT_REPLY_SERVER);
		if (server)
			text_add(t, "%s",
				 object_name_at(m, OBJECT_TASK, server).text);
		break;
	case OBJECT_IRQ_HANDLER:
	case OBJECT_SCHED_CONTEXT:
		text_add(t, "%s", cap_detail(m, &m->cap[o->first]).text);
		break;
	}
}

static void chan_row(const struct model *m, struct table *t, uint32_t object)
{
	const struct object *o = &m->object[object];
	struct text content = {"", 0}, waiters = {"", 0};

	if (!o->corrupt) {
		meeting_content(m, o, &content);
		meeting_waiters(m, o, &waiters);
	}
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
	const struct model *m = r->m;
	unsigned idle = 0;
	struct table t;

	table_begin(&t, r->out, "channel");
	for (unsigned type = 0; type < OBJECT_COUNT; type++)
		for (uint32_t i = 0; i < m->object_count; i++) {
			if (m->object[i].type != type ||
			    (!is_meeting(type) && type != OBJECT_IRQ_HANDLER))
				continue;
			if (!r->out->json && object_idle(m, &m->object[i]))
				idle++;
			else
				chan_row(m, &t, i);
		}
	if (!table_end(&t) && !idle)
		out_line(r->out, "There is no place to meet.");
	if (idle)
		out_line(r->out, "%u Repl%s free.", idle,
			 idle > 1 ? "ies are" : "y is");
	return 0;
}
