/* record.c: what each system call did to capabilities. */
#include "shell/inspect/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/inspect/graph.h"
#include "shell/inspect/syscalls.h"

#define CALLS_MAX 1000000u /* more are not remembered */
#define SAID_MAX  6	   /* changes in one line */

/* A call that changed something, for good. */
struct done {
	uint64_t count;
	uint32_t task;
	char *text;
};

/* What came into a slot, and by which call. */
struct origin {
	uint64_t at, base;
	uint8_t type;
	uint32_t done;
};

/* The call whose effects are not known yet. */
struct open {
	bool there;
	bool watched; /* it may change capabilities */
	bool returned;
	uint64_t count, rip, error;
	uint32_t task;
	struct call_text text;
};

struct record {
	struct model before;
	bool known;	/* `before` is the state before the open call */
	bool remembers; /* the open call is the last of `done` */
	struct open open;
	struct done *done;
	uint32_t done_count;
	struct origin *origin; /* in the order of their coming */
	uint32_t origin_count;
};

void record_free(struct record *r)
{
	if (!r)
		return;
	model_free(&r->before);
	for (uint32_t i = 0; i < r->done_count; i++)
		free(r->done[i].text);
	free(r->done);
	free(r->origin);
	free(r);
}

static bool remember_call(struct record *r)
{
	struct done done = {r->open.count, r->open.task, NULL};

	if (r->done_count == CALLS_MAX ||
	    !array_grow((void **)&r->done, r->done_count, sizeof(done)))
		return false;
	done.text = strdup(r->open.text.text);
	if (!done.text)
		return false;
	r->done[r->done_count++] = done;
	return true;
}

static void remember_slot(struct record *r, const struct cap *cap)
{
	if (r->origin_count == CALLS_MAX ||
	    !array_grow((void **)&r->origin, r->origin_count,
			sizeof(*r->origin)))
		return;
	r->origin[r->origin_count++] = (struct origin){
		cap->at, cap->base, cap->type, r->done_count - 1};
}

struct detail record_origin(const struct record *r, const struct cap *cap)
{
	struct detail d = {""};

	for (uint32_t i = r ? r->origin_count : 0; i > 0; i--) {
		const struct origin *o = &r->origin[i - 1];
		const struct done *done = &r->done[o->done];

		if (o->at != cap->at)
			continue;
		if (o->base == cap->base && o->type == cap->type)
			snprintf(d.text, sizeof(d.text),
				 "%" PRIu64 " task#%" PRIu32 " %s", done->count,
				 done->task, done->text);
		break;
	}
	return d;
}

/* ---- differences ---- */

static bool same(const struct cap *a, const struct cap *b)
{
	return a->type == b->type && a->base == b->base &&
	       a->rights == b->rights;
}

/* What `to` has that `from` has not. */
struct changes {
	unsigned count;
	struct text text;
};

static void note_change(struct changes *c, const struct model *m,
			const struct cap *cap, char sign)
{
	if (c->count++ >= SAID_MAX)
		return;
	text_add(&c->text, "%s%c%s in %s", c->count > 1 ? ", " : "", sign,
		 object_name(m, cap->object).text, slot_name(m, cap).text);
}

static void compare(struct record *r, const struct model *from,
		    const struct model *to, char sign, struct changes *c)
{
	for (uint32_t i = 0; i < to->cap_count; i++) {
		const struct cap *cap = &to->cap[i];
		uint32_t old = model_cap_at(from, cap->at);

		if (cap->type == OBJECT_NULL || cap->role == ROLE_ZOMBIE ||
		    (old != NIL && same(&from->cap[old], cap)))
			continue;
		note_change(c, to, cap, sign);
		if (sign == '+' && r->remembers)
			remember_slot(r, cap);
	}
}

/* ---- calls ---- */

static void say(const struct open *open, const struct changes *c, FILE *out)
{
	fprintf(out, "%" PRIu64 " caps task#%" PRIu32 " %s %s%s: %s",
		open->count, open->task, open->text.text,
		open->returned ? "= " : "goes on",
		open->returned ? error_name(open->error) : "", c->text.text);
	if (c->count > SAID_MAX)
		fprintf(out, " and %u more", c->count - SAID_MAX);
	fputc('\n', out);
}

static bool look(struct inspect *in, struct model *m)
{
	char why[256];

	if (!model_capture(m, &in->m->mem, in->kernel.fd, why, sizeof(why)))
		return true;
	model_free(m);
	return false;
}

/* User code runs again: all that the open call did is done. */
static void finish(struct inspect *in, struct record *r, FILE *out)
{
	struct changes c = {0, {"", 0}};
	struct model now;

	if (!r->open.there || !r->open.watched || !look(in, &now))
		return;
	r->remembers = remember_call(r);
	compare(r, &r->before, &now, '+', &c);
	compare(r, &now, &r->before, '-', &c);
	if (c.count)
		say(&r->open, &c, out);
	else if (r->remembers)
		free(r->done[--r->done_count].text);
	model_free(&r->before);
	r->before = now;
}

static uint32_t running_task(const struct record *r)
{
	const struct layout *l = &r->before.layout;
	uint64_t task = layout_follow(l, l->kernel, INSPECT_KERNEL_RUNNING);

	return task ? layout_get(l, task, INSPECT_TASK_NUMBER) : 0;
}

static void begin(struct record *r, const struct trace_event *e)
{
	r->open = (struct open){.there = true,
				.watched = call_may_change(e->gpr),
				.count = e->count,
				.rip = e->rip,
				.task = running_task(r)};
	if (r->open.watched)
		r->open.text = call_text(e->gpr);
}

void inspect_call(struct inspect *in, const struct trace_event *e, FILE *out)
{
	struct record *r = in->record;

	if (!r)
		r = in->record = calloc(1, sizeof(*r));
	if (!r)
		return;
	if (!r->known)
		r->known = look(in, &r->before);
	if (!r->known)
		return;
	/* One that is broken off comes back to its SYSCALL. */
	if (!e->enters && running_task(r) == r->open.task &&
	    e->rip != r->open.rip) {
		r->open.returned = true;
		r->open.error = e->gpr[GPR_RAX];
	}
	finish(in, r, out);
	r->open.there = false;
	if (e->enters)
		begin(r, e);
}
