/* detail.c: a few words on a capability, by its type. */
#include "shell/inspect/names.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "guest-kernel/abi/message.h"
#include "shell/inspect/space.h"
#include "shell/inspect/tasks.h"

#define DEVICE 1u /* the kernel's CAP_DEVICE */

__attribute__((format(printf, 2, 3))) static void say(struct detail *d,
						      const char *format, ...)
{
	size_t len = strlen(d->text);
	va_list args;

	va_start(args, format);
	vsnprintf(d->text + len, sizeof(d->text) - len, format, args);
	va_end(args);
}

static void say_untyped(struct detail *d, const struct cap *cap)
{
	say(d, "%s free of %s%s", bytes_text(cap->word[0] - cap->word[1]).text,
	    bytes_text(cap->word[0]).text,
	    cap->flags & DEVICE ? ", for devices" : "");
}

static void say_pool(const struct model *m, struct detail *d,
		     const struct object *pool)
{
	unsigned taken = 0;

	for (unsigned i = 0; i < CPOOL_SLOTS; i++)
		taken += model_held(m, pool, ROLE_POOL, i) != NIL;
	say(d, "%u of %u slots taken", taken, CPOOL_SLOTS);
}

static void say_task(const struct model *m, struct detail *d,
		     const struct object *task)
{
	struct detail wait = wait_detail(m, task);

	say(d, "%s", task_state_text(m, task));
	if (*wait.text)
		say(d, " %s", wait.text);
}

/* How many tasks a queue has; it may be a circle. */
static unsigned queue_length(const struct model *m, uint64_t queue)
{
	struct queue q;
	unsigned count = 0;

	for (queue_begin(m, &q, queue); queue_next(m, &q) != NIL;)
		count++;
	return count;
}

static void say_channel(const struct model *m, struct detail *d,
			const struct object *channel)
{
	const struct layout *l = &m->layout;
	uint64_t count = layout_get(l, channel->base, INSPECT_CHANNEL_COUNT);
	unsigned takers = queue_length(
		m, layout_at(l, channel->base, INSPECT_CHANNEL_WAITERS));
	unsigned putters = queue_length(
		m, layout_at(l, channel->base, INSPECT_CHANNEL_PUTTERS));

	if (count)
		say(d, "%" PRIu64 " of %u entries", count, 1u << channel->bits);
	else
		say(d, "empty");
	if (takers)
		say(d, ", %u wait%s to take", takers, takers > 1 ? "" : "s");
	if (putters)
		say(d, ", %u wait%s to put", putters, putters > 1 ? "" : "s");
}

static void say_mapping(const struct model *m, struct detail *d,
			const struct cap *cap)
{
	uint64_t top;

	if (cap_mapped(m, cap, &top))
		say(d, "at %" PRIx64 " in pml4@%" PRIx64, cap->word[1], top);
	else
		say(d, "not mapped");
	if (cap->flags & DEVICE)
		say(d, ", a device's");
}

static void say_endpoint(const struct model *m, struct detail *d,
			 const struct cap *cap, const struct object *ep)
{
	const struct layout *l = &m->layout;
	unsigned count =
		queue_length(m, layout_at(l, ep->base, INSPECT_ENDPOINT_QUEUE));
	bool receivers = layout_get(l, ep->base, INSPECT_ENDPOINT_RECEIVERS);

	if (cap->word[0])
		say(d, "badge %" PRIx64 ", ", cap->word[0]);
	if (count)
		say(d, "%u wait%s to %s", count, count > 1 ? "" : "s",
		    receivers ? "receive" : "send");
	else
		say(d, "nobody waits");
}

static void say_notification(const struct model *m, struct detail *d,
			     const struct cap *cap, const struct object *n)
{
	const struct layout *l = &m->layout;
	uint64_t bits = layout_get(l, n->base, INSPECT_NOTIFICATION_BITS);
	unsigned count = queue_length(
		m, layout_at(l, n->base, INSPECT_NOTIFICATION_QUEUE));

	if (cap->word[0])
		say(d, "badge %" PRIx64 ", ", cap->word[0]);
	if (bits)
		say(d, "bits %" PRIx64, bits);
	else
		say(d, "no bit is set");
	if (count)
		say(d, ", %u wait%s", count, count > 1 ? "" : "s");
}

bool object_idle(const struct model *m, const struct object *o)
{
	const struct layout *l = &m->layout;

	return o->type == OBJECT_REPLY && !o->corrupt && !o->dying &&
	       !layout_get(l, o->base, INSPECT_REPLY_CALLER) &&
	       !layout_get(l, o->base, INSPECT_REPLY_SERVER);
}

static void say_reply(const struct model *m, struct detail *d,
		      const struct object *reply)
{
	const struct layout *l = &m->layout;
	uint64_t caller = layout_follow(l, reply->base, INSPECT_REPLY_CALLER);
	uint64_t server = layout_follow(l, reply->base, INSPECT_REPLY_SERVER);

	if (caller)
		say(d, "%s awaits the answer of %s",
		    object_name_at(m, OBJECT_TASK, caller).text,
		    server ? object_name_at(m, OBJECT_TASK, server).text
			   : "nobody");
	else if (server)
		say(d, "offered by %s",
		    object_name_at(m, OBJECT_TASK, server).text);
	else
		say(d, "free");
}

static void say_irq(const struct model *m, struct detail *d,
		    const struct object *irq)
{
	const struct layout *l = &m->layout;
	uint64_t at = layout_at(l, l->kernel, INSPECT_KERNEL_IRQ) +
		      irq->base * l->size[INSPECT_SIZE_IRQ];
	uint32_t line = layout_get(l, at, INSPECT_IRQ_LINE);
	uint32_t told = model_held(m, irq, ROLE_NOTIFICATION, 0);

	if (line == UINT32_MAX)
		say(d, "messages");
	else
		say(d, "line %u", line);
	if (told != NIL)
		say(d, ", tells %s", object_name(m, m->cap[told].object).text);
}

static void say_context(const struct model *m, struct detail *d,
			const struct object *sc)
{
	const struct layout *l = &m->layout;
	uint64_t budget = layout_get(l, sc->base, INSPECT_CONTEXT_BUDGET);
	uint64_t period = layout_get(l, sc->base, INSPECT_CONTEXT_PERIOD);
	uint64_t bound = layout_follow(l, sc->base, INSPECT_CONTEXT_BOUND);

	if (!budget)
		say(d, "no budget yet");
	else
		say(d, "%s in %s", time_text(budget).text,
		    time_text(period).text);
	if (bound)
		say(d, ", of %s", object_name_at(m, OBJECT_TASK, bound).text);
}

static void say_living(const struct model *m, struct detail *d,
		       const struct cap *cap, const struct object *o)
{
	switch (cap->type) {
	case OBJECT_CPOOL:
		say_pool(m, d, o);
		break;
	case OBJECT_TASK:
		say_task(m, d, o);
		break;
	case OBJECT_CHANNEL:
		say_channel(m, d, o);
		break;
	case OBJECT_ENDPOINT:
		say_endpoint(m, d, cap, o);
		break;
	case OBJECT_NOTIFICATION:
		say_notification(m, d, cap, o);
		break;
	case OBJECT_REPLY:
		say_reply(m, d, o);
		break;
	case OBJECT_IRQ_HANDLER:
		say_irq(m, d, o);
		break;
	case OBJECT_SCHED_CONTEXT:
		say_context(m, d, o);
		break;
	}
}

struct detail cap_detail(const struct model *m, const struct cap *cap)
{
	struct detail d = {""};

	if (cap->corrupt) {
		say(&d, "corrupt: %s", cap->corrupt);
		return d;
	}
	if (cap->object != NIL && m->object[cap->object].corrupt) {
		say(&d, "corrupt: %s", m->object[cap->object].corrupt);
		return d;
	}
	if (type_in(cap->type, TYPES_FRAME | TYPES_TABLE))
		say_mapping(m, &d, cap);
	else if (cap->type == OBJECT_UNTYPED)
		say_untyped(&d, cap);
	else if (cap->type == OBJECT_PML4)
		say(&d, "address space %u", cap->space);
	else if (cap->type == OBJECT_IO_PORT)
		say(&d, "%" PRIx64 "h-%" PRIx64 "h", cap->word[0],
		    cap->word[1]);
	else if (cap->type == OBJECT_ZOMBIE)
		say(&d, "being undone");
	else if (cap->object != NIL)
		say_living(m, &d, cap, &m->object[cap->object]);
	return d;
}

struct detail wait_detail(const struct model *m, const struct object *task)
{
	static const struct {
		uint8_t type;
		const char *text;
	} ways[] = {
		[TASK_WAITING] = {OBJECT_CHANNEL, "for an entry of"},
		[TASK_PUTTING] = {OBJECT_CHANNEL, "for room in"},
		[TASK_SENDING] = {OBJECT_ENDPOINT, "to"},
		[TASK_CALLING] = {OBJECT_ENDPOINT, "to"},
		[TASK_RECEIVING] = {OBJECT_ENDPOINT, "from"},
		[TASK_LISTENING] = {OBJECT_NOTIFICATION, "to"},
		[TASK_ANSWERED] = {OBJECT_REPLY, "by"},
	};
	const struct layout *l = &m->layout;
	uint64_t state = layout_get(l, task->base, INSPECT_TASK_STATE);
	uint64_t at = layout_follow(l, task->base, INSPECT_TASK_WAITS);
	uint64_t deadline = layout_get(l, task->base, INSPECT_TASK_DEADLINE);
	struct detail d = {""};

	if (state >= sizeof(ways) / sizeof(ways[0]) || !ways[state].text || !at)
		return d;
	if (layout_get(l, at, INSPECT_OBJECT_TYPE) == OBJECT_REPLY)
		say(&d, "by %s",
		    object_name_at(m, OBJECT_TASK,
				   layout_follow(l, at, INSPECT_REPLY_SERVER))
			    .text);
	else
		say(&d, "%s %s", ways[state].text,
		    object_name_at(m, ways[state].type, at).text);
	if (deadline)
		say(&d, " until %s", time_text(deadline).text);
	return d;
}
