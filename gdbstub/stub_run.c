/*
 * stub_run.c: going on, stopping, and the ends of both.
 *
 * A command that lets the target go has no reply of its own: what it gets is
 * the stop, whenever that comes (stub_event()).
 */
#include <string.h>

#include "gdbstub/stub_parts.h"

/* ---- why it stopped ---- */

static void write_why(struct stub *s, const struct gdb_event *e)
{
	static const char *const watch[] = {[GDB_WHY_WRITE] = "watch",
					    [GDB_WHY_READ] = "rwatch",
					    [GDB_WHY_ACCESS] = "awatch"};

	switch (e->why) {
	case GDB_WHY_NONE:
		break;
	case GDB_WHY_SW_BREAK:
		if (s->swbreak)
			buffer_text(&s->reply, "swbreak:;");
		break;
	case GDB_WHY_HW_BREAK:
		if (s->hwbreak)
			buffer_text(&s->reply, "hwbreak:;");
		break;
	case GDB_WHY_WRITE:
	case GDB_WHY_READ:
	case GDB_WHY_ACCESS:
		buffer_format(&s->reply, "%s:%llx;", watch[e->why],
			      (unsigned long long)e->addr);
		break;
	case GDB_WHY_BEGIN:
		buffer_text(&s->reply, "replaylog:begin;");
		break;
	case GDB_WHY_END:
		buffer_text(&s->reply, "replaylog:end;");
		break;
	}
}

static void write_stop(struct stub *s, const struct gdb_event *e)
{
	s->exited = e->kind != GDB_STOPPED;
	if (e->kind == GDB_STOPPED) {
		s->general = s->control = e->id;
		buffer_format(&s->reply, "T%02x", e->signal & 0xff);
		buffer_text(&s->reply, "thread:");
		stub_write_id(s, e->id);
		buffer_byte(&s->reply, ';');
		write_why(s, e);
		stub_expedite(s, e->id);
		return;
	}
	buffer_format(&s->reply, "%c%02x", e->kind == GDB_EXITED ? 'W' : 'X',
		      (e->kind == GDB_EXITED ? e->status : e->signal) & 0xff);
	if (s->multi)
		buffer_text(&s->reply, ";process:1");
}

void stub_event(void *ctx, const struct gdb_event *event)
{
	struct stub *s = ctx;

	if (!s->running)
		return;
	if (event->note[0])
		stub_text(s, event->note, strlen(event->note));
	s->running = false;
	s->reply.len = 0;
	write_stop(s, event);
	stub_flush(s);
}

bool stub_status(struct stub *s, struct text *t)
{
	struct gdb_event event;

	s->ops->stopped(s->t, &event);
	write_stop(s, &event);
	return true;
}

/* ---- going on ---- */

/* The first that means it; without one a thread stays. */
static struct gdb_action action_of(void *ctx, struct gdb_id id)
{
	const struct stub *s = ctx;

	for (unsigned i = 0; i < s->actions; i++) {
		const struct stub_action *a = &s->action[i];

		if ((a->pid <= 0 || a->pid == id.pid) &&
		    (a->tid <= 0 || a->tid == id.tid))
			return a->what;
	}
	return (struct gdb_action){.step = GDB_STAY};
}

static bool anyone_goes(struct stub *s)
{
	struct gdb_thread thread;

	for (unsigned n = 0; stub_thread(s, n, &thread); n++)
		if (action_of(s, thread.id).step != GDB_STAY)
			return true;
	return false;
}

static bool go(struct stub *s)
{
	const char *why;

	if (!anyone_goes(s))
		return stub_error(s, STUB_ESRCH);
	s->running = true;
	if (s->ops->resume(s->t, action_of, s))
		return false;
	s->running = false;
	if (s->ops->refusal) {
		why = s->ops->refusal(s->t);
		stub_text(s, why, strlen(why));
	}
	return stub_error(s, STUB_ENOSPC);
}

/* c, C, s and S: an old gdb's, for all threads or the one of Hc. */
static bool go_old(struct stub *s, struct text *t, bool step)
{
	uint64_t pc, signal;
	uint8_t buf[8];

	if (strchr("CS", s->in.data[0])) {
		if (!text_number(t, &signal))
			return stub_error(s, STUB_EINVAL);
		text_char(t, ';');
	}
	if (!text_empty(t)) {
		if (!text_number(t, &pc) || !text_empty(t))
			return stub_error(s, STUB_EINVAL);
		memcpy(buf, &pc, sizeof(buf));
		if (!s->ops->write_reg(s->t, s->control,
				       s->ops->layout(s->t)->pc, buf))
			return stub_error(s, STUB_EPERM);
	}
	s->actions = 0;
	if (step)
		s->action[s->actions++] = (struct stub_action){
			{.step = GDB_STEP}, s->control.pid, s->control.tid};
	s->action[s->actions++] =
		(struct stub_action){{.step = GDB_GO}, -1, -1};
	return go(s);
}

bool stub_continue(struct stub *s, struct text *t)
{
	return go_old(s, t, false);
}

bool stub_step(struct stub *s, struct text *t)
{
	return go_old(s, t, true);
}

/* Signals mean nothing to a machine. */
static bool read_action(struct text *t, struct gdb_action *a)
{
	uint64_t signal;

	*a = (struct gdb_action){.step = GDB_GO};
	if (text_char(t, 'c'))
		return true;
	if (text_char(t, 'C'))
		return text_number(t, &signal);
	if (text_char(t, 't')) {
		a->step = GDB_STAY;
		return true;
	}
	a->step = GDB_STEP;
	if (text_char(t, 's'))
		return true;
	if (text_char(t, 'S'))
		return text_number(t, &signal);
	return text_char(t, 'r') && text_number(t, &a->from) &&
	       text_char(t, ',') && text_number(t, &a->to);
}

static bool vcont(struct stub *s, struct text *t)
{
	if (text_empty(t))
		return stub_error(s, STUB_EINVAL);
	s->actions = 0;
	while (!text_empty(t)) {
		struct stub_action *a = &s->action[s->actions];

		if (s->actions == STUB_ACTIONS || !text_char(t, ';') ||
		    !read_action(t, &a->what))
			return stub_error(s, STUB_EINVAL);
		a->pid = a->tid = -1;
		if (text_char(t, ':') && !stub_read_id(t, &a->pid, &a->tid))
			return stub_error(s, STUB_EINVAL);
		s->actions++;
	}
	return go(s);
}

bool stub_backwards(struct stub *s, struct text *t)
{
	bool step = text_char(t, 's');

	if ((!step && !text_char(t, 'c')) || !text_empty(t) ||
	    !s->ops->can_reverse(s->t))
		return true;
	if (s->exited)
		return stub_error(s, STUB_ESRCH);
	s->running = true;
	if (s->ops->reverse(s->t, s->control, step))
		return false;
	s->running = false;
	return stub_error(s, STUB_EPERM);
}

/* ---- its ends ---- */

static bool read_pid(struct text *t, uint32_t *pid)
{
	uint64_t n;

	if (!text_number(t, &n) || !text_empty(t) || n < 1 || n > UINT32_MAX)
		return false;
	*pid = n;
	return true;
}

static bool leave(struct stub *s)
{
	stub_forget_points(s, true);
	s->ops->detach(s->t, true);
	stub_ok(s);
	stub_flush(s);
	s->over = true;
	return false;
}

/* Of the first process it is the end; the others are parts of it. */
bool stub_detach(struct stub *s, struct text *t)
{
	uint32_t pid = 1;

	if (text_empty(t))
		return leave(s);
	if (!text_char(t, ';') || !read_pid(t, &pid))
		return stub_error(s, STUB_EINVAL);
	if (pid == 1)
		return leave(s);
	if (!s->ops->adopt(s->t, pid, false))
		return stub_error(s, STUB_ESRCH);
	return stub_ok(s);
}

bool stub_kill(struct stub *s, struct text *t)
{
	stub_forget_points(s, true);
	s->ops->detach(s->t, false);
	s->ops->kill(s->t);
	s->over = true;
	return false;
}

/* One may run it again; till then it is as new. */
static bool kill_process(struct stub *s, struct text *t)
{
	uint32_t pid;

	if (!read_pid(t, &pid))
		return stub_error(s, STUB_EINVAL);
	if (pid != 1) {
		if (!s->ops->adopt(s->t, pid, false))
			return stub_error(s, STUB_ESRCH);
		return stub_ok(s);
	}
	s->ops->restart(s->t, NULL, NULL);
	s->exited = true;
	return stub_ok(s);
}

/* R's reply is none: gdb asks what there is. */
bool stub_restart(struct stub *s, struct text *t)
{
	s->ops->restart(s->t, NULL, NULL);
	s->exited = false;
	return false;
}

/* A word in hex at the end of `words`, with a zero: text has no others. */
static bool read_word(struct text *t, struct buffer *words)
{
	struct text hex = text_until(t, ';');
	size_t len = text_len(&hex) / 2, at = words->len;
	char byte;

	while (!text_empty(&hex)) {
		struct text pair = text_of(hex.at, 2);

		if (text_len(&hex) < 2 || !text_hex(&pair, &byte, 1) || !byte)
			return false;
		buffer_byte(words, byte);
		hex.at += 2;
	}
	buffer_byte(words, '\0');
	return !words->full && words->len == at + len + 1;
}

/*
 * "NAME[;WORD]...": gdb takes what is behind `run' apart as a shell does, and
 * here it becomes one line again. No name and no words: as it was started.
 */
static bool run(struct stub *s, struct text *t)
{
	struct buffer words = {.max = PACKET_MAX};
	size_t name;
	bool ok = read_word(t, &words);

	name = words.len;
	while (ok && !text_empty(t)) {
		if (words.len > name)
			words.data[words.len - 1] = ' ';
		ok = read_word(t, &words);
	}
	if (!ok)
		stub_error(s, STUB_EINVAL);
	else if (!s->ops->restart(s->t, *words.data ? words.data : NULL,
				  words.len > name ? words.data + name : NULL))
		stub_error(s, STUB_EPERM);
	else
		stub_status(s, t);
	buffer_fini(&words);
	return true;
}

static bool attach(struct stub *s, struct text *t)
{
	struct gdb_thread thread;
	uint32_t pid;

	if (!read_pid(t, &pid))
		return stub_error(s, STUB_EINVAL);
	if (pid == 1)
		return stub_status(s, t);
	if (!s->ops->adopt(s->t, pid, true))
		return stub_error(s, STUB_ESRCH);
	for (unsigned n = 0; stub_thread(s, n, &thread); n++)
		if (thread.id.pid == pid) {
			write_stop(s, &(struct gdb_event){.signal = GDB_SIGTRAP,
							  .id = thread.id});
			return true;
		}
	s->ops->adopt(s->t, pid, false);
	return stub_error(s, STUB_ESRCH);
}

static bool vcont_what(struct stub *s, struct text *t)
{
	buffer_text(&s->reply, "vCont;c;C;s;S;t;r");
	return true;
}

static bool interrupt(struct stub *s, struct text *t)
{
	return stub_ok(s); /* dispatch() has done it */
}

bool stub_v(struct stub *s, struct text *t)
{
	static const struct {
		const char *name;
		stub_fn *fn;
	} rows[] = {
		{"Cont?", vcont_what},	 {"Cont", vcont},
		{"CtrlC", interrupt},	 {"Run;", run},
		{"Kill;", kill_process}, {"Attach;", attach},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (text_word(t, rows[i].name))
			return rows[i].fn(s, t);
	return true;
}
