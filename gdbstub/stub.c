/*
 * stub.c: a session: what arrives is taken apart, looked up in the table of
 * commands, and answered.
 */
#include <stdlib.h>
#include <string.h>

#include "gdbstub/stub_parts.h"

/* ---- replies ---- */

bool stub_ok(struct stub *s)
{
	buffer_text(&s->reply, "OK");
	return true;
}

bool stub_error(struct stub *s, enum stub_error err)
{
	s->reply.len = 0;
	buffer_format(&s->reply, "E%02d", err);
	return true;
}

static void send(struct stub *s, const struct buffer *b)
{
	s->config.send(s->config.ctx, b->data, b->len);
}

void stub_flush(struct stub *s)
{
	if (s->reply.full)
		stub_error(s, STUB_ENOSPC);
	s->reply.full = false;
	s->last.len = 0;
	packet_frame(&s->last, s->reply.data, s->reply.len);
	s->reply.len = 0;
	send(s, &s->last);
}

/* ---- threads' names ---- */

static bool read_part(struct text *t, int64_t *val)
{
	uint64_t n;

	*val = -1;
	if (text_word(t, "-1"))
		return true;
	if (!text_number(t, &n) || n > UINT32_MAX)
		return false;
	*val = n;
	return true;
}

bool stub_read_id(struct text *t, int64_t *pid, int64_t *tid)
{
	*pid = 1;
	if (!text_char(t, 'p'))
		return read_part(t, tid);
	*tid = -1;
	return read_part(t, pid) && (!text_char(t, '.') || read_part(t, tid));
}

void stub_write_id(struct stub *s, struct gdb_id id)
{
	if (s->multi)
		buffer_format(&s->reply, "p%x.%x", id.pid, id.tid);
	else
		buffer_format(&s->reply, "%x", id.tid);
}

static bool means(int64_t pid, int64_t tid, struct gdb_id id)
{
	return (pid <= 0 || pid == id.pid) && (tid <= 0 || tid == id.tid);
}

bool stub_thread(struct stub *s, unsigned n, struct gdb_thread *thread)
{
	return !s->exited && s->ops->thread(s->t, n, thread);
}

bool stub_find_thread(struct stub *s, int64_t pid, int64_t tid,
		      struct gdb_id *id)
{
	struct gdb_thread thread;

	/* Of any: rather the one that stopped. */
	if (s->exited)
		return false;
	if (means(pid, tid, s->general) && s->ops->alive(s->t, s->general)) {
		*id = s->general;
		return true;
	}
	for (unsigned n = 0; stub_thread(s, n, &thread); n++)
		if (means(pid, tid, thread.id)) {
			*id = thread.id;
			return true;
		}
	return false;
}

/* ---- the commands that are about the session ---- */

static bool extend(struct stub *s, struct text *t)
{
	s->extended = true;
	return stub_ok(s);
}

/* Of Hc, all threads are the rule: it is for single steps only. */
static bool choose_thread(struct stub *s, struct text *t)
{
	bool control = text_char(t, 'c');
	int64_t pid, tid;
	struct gdb_id id;

	if ((!control && !text_char(t, 'g')) || !stub_read_id(t, &pid, &tid) ||
	    !text_empty(t))
		return stub_error(s, STUB_EINVAL);
	if (control && tid < 0)
		return stub_ok(s);
	if (!stub_find_thread(s, pid, tid, &id))
		return stub_error(s, STUB_ESRCH);
	if (control)
		s->control = id;
	else
		s->general = id;
	return stub_ok(s);
}

static bool thread_alive(struct stub *s, struct text *t)
{
	int64_t pid, tid;

	if (!stub_read_id(t, &pid, &tid) || !text_empty(t))
		return stub_error(s, STUB_EINVAL);
	if (s->exited || pid < 1 || tid < 1 ||
	    !s->ops->alive(s->t, (struct gdb_id){pid, tid}))
		return stub_error(s, STUB_ESRCH);
	return stub_ok(s);
}

/* ---- what arrives ---- */

static stub_fn *const commands[128] = {
	['!'] = extend,
	['?'] = stub_status,
	['b'] = stub_backwards,
	['c'] = stub_continue,
	['C'] = stub_continue,
	['D'] = stub_detach,
	['g'] = stub_read_regs,
	['G'] = stub_write_regs,
	['H'] = choose_thread,
	['k'] = stub_kill,
	['m'] = stub_read_mem,
	['M'] = stub_write_mem,
	['p'] = stub_read_reg,
	['P'] = stub_write_reg,
	['q'] = stub_query,
	['Q'] = stub_set,
	['R'] = stub_restart,
	['s'] = stub_step,
	['S'] = stub_step,
	['T'] = thread_alive,
	['v'] = stub_v,
	['x'] = stub_read_binary,
	['X'] = stub_write_binary,
	['z'] = stub_remove,
	['Z'] = stub_insert,
};

/* gdb sends nothing but an interrupt while it waits; others may. */
static void dispatch(struct stub *s)
{
	struct text t = text_of(s->in.data, s->in.len);
	unsigned char name = text_empty(&t) ? 0 : *t.at;
	stub_fn *fn = name < 128 ? commands[name] : NULL;

	if (s->running)
		s->ops->interrupt(s->t);
	s->reply.len = 0;
	if (fn)
		t.at++;
	if (!fn || fn(s, &t))
		stub_flush(s);
	if (s->no_ack_next) {
		s->in.no_ack = true;
		s->no_ack_next = false;
	}
}

static void acknowledge(struct stub *s, const char *how)
{
	if (!s->in.no_ack)
		s->config.send(s->config.ctx, how, 1);
}

/*
 * A gdb that waits two seconds for the first "+" of all sends its qSupported
 * again, takes the first reply, and the second for that of its next packet.
 */
static bool greets_again(struct stub *s)
{
	static const char name[] = "qSupported";
	bool again = s->greeted;

	s->greeted = !s->in.no_ack && s->in.len >= strlen(name) &&
		     !memcmp(s->in.data, name, strlen(name));
	return again && s->greeted;
}

static void take(struct stub *s, enum packet_event event)
{
	switch (event) {
	case PACKET_MORE:
		break;
	case PACKET_READY:
		acknowledge(s, "+");
		if (!greets_again(s))
			dispatch(s);
		break;
	case PACKET_ACK:
		s->greeted = false;
		break;
	case PACKET_BAD:
		acknowledge(s, "-");
		break;
	case PACKET_LONG:
		acknowledge(s, "+");
		stub_error(s, STUB_EINVAL);
		stub_flush(s);
		break;
	case PACKET_INTERRUPT:
		if (s->running)
			s->ops->interrupt(s->t);
		break;
	case PACKET_RESEND:
		if (s->last.len)
			send(s, &s->last);
		break;
	}
}

void stub_input(struct stub *s, const void *data, size_t len)
{
	const uint8_t *byte = data;

	for (size_t i = 0; i < len && !s->over; i++)
		take(s, packet_push(&s->in, byte[i]));
}

bool stub_over(const struct stub *s)
{
	return s->over;
}

/* ---- life ---- */

struct stub *stub_create(const struct stub_config *config)
{
	struct stub *s = calloc(1, sizeof(*s));
	struct gdb_sink sink = {s, stub_event, stub_text};
	struct gdb_event event;

	if (!s)
		return NULL;
	s->config = *config;
	s->ops = config->target.ops;
	s->t = config->target.t;
	s->reply.max = PACKET_MAX * 2;
	s->last.max = PACKET_MAX * 4;
	s->threads.max = STUB_TRANSFER_MAX;
	s->ops->attach(s->t, &sink);
	s->ops->stopped(s->t, &event);
	s->general = s->control = event.id;
	return s;
}

void stub_destroy(struct stub *s, bool go_on)
{
	if (!s)
		return;
	stub_forget_points(s, true);
	if (!s->over)
		s->ops->detach(s->t, go_on);
	buffer_fini(&s->reply);
	buffer_fini(&s->last);
	buffer_fini(&s->threads);
	free(s);
}
