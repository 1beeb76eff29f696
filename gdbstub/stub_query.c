/* stub_query.c: q and Q packets, qXfer's documents, monitor commands. */
#include <stdlib.h>
#include <string.h>

#include "gdbstub/stub_parts.h"

#define MONITOR_MAX 1024

/* ---- what both sides can ---- */

static void note_feature(struct stub *s, struct text word)
{
	struct text w = word;

	if (text_word(&w, "multiprocess+"))
		s->multi = true;
	else if (text_word(&w, "swbreak+"))
		s->swbreak = true;
	else if (text_word(&w, "hwbreak+"))
		s->hwbreak = true;
}

static bool supported(struct stub *s, struct text *t)
{
	text_char(t, ':');
	while (!text_empty(t))
		note_feature(s, text_until(t, ';'));
	buffer_format(&s->reply,
		      "PacketSize=%x;QStartNoAckMode+;vContSupported+;"
		      "ConditionalBreakpoints+;binary-upload+;"
		      "qXfer:features:read+;qXfer:threads:read+;"
		      "qXfer:exec-file:read+",
		      PACKET_MAX);
	if (s->multi)
		buffer_text(&s->reply, ";multiprocess+");
	if (s->swbreak)
		buffer_text(&s->reply, ";swbreak+");
	if (s->hwbreak)
		buffer_text(&s->reply, ";hwbreak+");
	if (s->ops->can_reverse(s->t))
		buffer_text(&s->reply, ";ReverseStep+;ReverseContinue+");
	return true;
}

/* ---- threads ---- */

static bool current_thread(struct stub *s, struct text *t)
{
	if (!text_empty(t))
		return true;
	buffer_text(&s->reply, "QC");
	stub_write_id(s, s->general);
	return true;
}

static bool first_threads(struct stub *s, struct text *t)
{
	struct gdb_thread thread;

	buffer_byte(&s->reply, 'm');
	for (unsigned n = 0; stub_thread(s, n, &thread); n++) {
		if (n)
			buffer_byte(&s->reply, ',');
		stub_write_id(s, thread.id);
	}
	return true;
}

static bool more_threads(struct stub *s, struct text *t)
{
	buffer_byte(&s->reply, 'l');
	return true;
}

static bool thread_info(struct stub *s, struct text *t)
{
	struct gdb_thread thread;
	int64_t pid, tid;

	if (!text_char(t, ',') || !stub_read_id(t, &pid, &tid) ||
	    !text_empty(t))
		return stub_error(s, STUB_EINVAL);
	for (unsigned n = 0; stub_thread(s, n, &thread); n++)
		if (thread.id.pid == pid && thread.id.tid == tid) {
			buffer_hex(&s->reply, thread.name, strlen(thread.name));
			buffer_hex(&s->reply, " ", 1);
			buffer_hex(&s->reply, thread.extra,
				   strlen(thread.extra));
			return true;
		}
	return stub_error(s, STUB_ESRCH);
}

static bool attached(struct stub *s, struct text *t)
{
	buffer_byte(&s->reply, s->config.owned ? '0' : '1');
	return true;
}

/* ---- documents ---- */

static void xml_text(struct buffer *b, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '<':
			buffer_text(b, "&lt;");
			break;
		case '&':
			buffer_text(b, "&amp;");
			break;
		case '"':
			buffer_text(b, "&quot;");
			break;
		default:
			buffer_byte(b,
				    *text >= ' ' && *text < 0x7f ? *text : '?');
		}
}

static void write_thread(struct stub *s, const struct gdb_thread *thread)
{
	struct buffer *b = &s->threads;

	if (s->multi)
		buffer_format(b, "<thread id=\"p%x.%x\"", thread->id.pid,
			      thread->id.tid);
	else
		buffer_format(b, "<thread id=\"%x\"", thread->id.tid);
	buffer_format(b, " core=\"%u\" name=\"", thread->core);
	xml_text(b, thread->name);
	buffer_text(b, "\">");
	xml_text(b, thread->extra);
	buffer_text(b, "</thread>\n");
}

/* Kept while it is read in pieces. */
static void write_threads(struct stub *s)
{
	struct gdb_thread thread;

	s->threads.len = 0;
	s->threads.full = false;
	buffer_text(&s->threads, "<?xml version=\"1.0\"?>\n<threads>\n");
	for (unsigned n = 0; stub_thread(s, n, &thread); n++)
		write_thread(s, &thread);
	buffer_text(&s->threads, "</threads>\n");
}

static bool is(struct text t, const char *word)
{
	return text_word(&t, word) && text_empty(&t);
}

/* Of an object that there is. */
static bool document(struct stub *s, struct text object, struct text annex,
		     uint64_t offset, struct text *doc)
{
	char name[64];
	uint64_t pid = 1;
	const char *text = NULL;

	if (is(object, "threads")) {
		if (!text_empty(&annex))
			return false;
		if (offset == 0 || !s->threads.data)
			write_threads(s);
		*doc = text_of(s->threads.data, s->threads.len);
		return true;
	}
	if (is(object, "features")) {
		if (text_len(&annex) >= sizeof(name))
			return false;
		memcpy(name, annex.at, text_len(&annex));
		name[text_len(&annex)] = '\0';
		text = s->ops->describe(s->t, name);
	} else {
		if (!text_empty(&annex) &&
		    (!text_number(&annex, &pid) || !text_empty(&annex)))
			return false;
		text = s->ops->exec_file(s->t, pid);
	}
	if (text)
		*doc = text_of(text, strlen(text));
	return text;
}

/* "OBJECT:read:ANNEX:OFFSET,LENGTH" */
static bool transfer(struct stub *s, struct text *t)
{
	struct text object = text_until(t, ':'), doc, annex;
	uint64_t offset, len;

	if (!text_word(t, "read:") ||
	    (!is(object, "threads") && !is(object, "features") &&
	     !is(object, "exec-file")))
		return true; /* nothing can be written: unknown */
	annex = text_until(t, ':');
	if (!text_number(t, &offset) || !text_char(t, ',') ||
	    !text_number(t, &len) || !text_empty(t))
		return stub_error(s, STUB_EINVAL);
	if (!document(s, object, annex, offset, &doc))
		return stub_error(s, 0);
	if (offset > text_len(&doc))
		return stub_error(s, STUB_EINVAL);
	doc.at += offset;
	len = len == 0 ? 1 : len;
	if (len > PACKET_MAX / 2 - 8)
		len = PACKET_MAX / 2 - 8;
	buffer_byte(&s->reply, text_len(&doc) > len ? 'm' : 'l');
	buffer_escaped(&s->reply, doc.at,
		       text_len(&doc) > len ? len : text_len(&doc));
	return true;
}

/* ---- monitor ---- */

/* As packets of their own, each of text that fits. */
void stub_text(void *ctx, const char *text, size_t len)
{
	struct stub *s = ctx;

	while (len > 0 && !s->over) {
		size_t n = len < 4096 ? len : 4096;

		s->reply.len = 0;
		buffer_byte(&s->reply, 'O');
		buffer_hex(&s->reply, text, n);
		stub_flush(s);
		text += n;
		len -= n;
	}
}

static bool monitor(struct stub *s, struct text *t)
{
	char line[MONITOR_MAX];
	size_t len = text_len(t) / 2;

	if (len >= sizeof(line) || !text_hex(t, line, len))
		return stub_error(s, STUB_EINVAL);
	line[len] = '\0';
	s->ops->monitor(s->t, s->general, line);
	s->reply.len = 0;
	return stub_ok(s);
}

/* ---- the tables ---- */

static bool nothing(struct stub *s, struct text *t)
{
	return true;
}

static bool no_symbols(struct stub *s, struct text *t)
{
	return stub_ok(s);
}

struct row {
	const char *name;
	stub_fn *fn;
};

/* Longer names before those that they begin with. */
static const struct row queries[] = {
	{"CRC:", stub_crc},
	{"Supported", supported},
	{"Xfer:", transfer},
	{"fThreadInfo", first_threads},
	{"sThreadInfo", more_threads},
	{"ThreadExtraInfo", thread_info},
	{"Attached", attached},
	{"Search:memory:", stub_search},
	{"Rcmd,", monitor},
	{"Symbol::", no_symbols},
	{"C", current_thread},
};

static bool no_ack(struct stub *s, struct text *t)
{
	s->no_ack_next = true;
	return stub_ok(s);
}

/* New threads are told by the list alone. */
static const struct row settings[] = {
	{"StartNoAckMode", no_ack},
	{"ThreadEvents:", nothing},
};

static bool look_up(struct stub *s, struct text *t, const struct row *rows,
		    size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (text_word(t, rows[i].name))
			return rows[i].fn(s, t);
	return true;
}

bool stub_query(struct stub *s, struct text *t)
{
	return look_up(s, t, queries, sizeof(queries) / sizeof(queries[0]));
}

bool stub_set(struct stub *s, struct text *t)
{
	return look_up(s, t, settings, sizeof(settings) / sizeof(settings[0]));
}
