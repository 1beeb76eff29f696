/* lines.c: from what the options say to outputs, wires and sinks. */
#include "shell/lines.h"

#include <unistd.h>

static const struct serial_option *option(const struct lines *l, unsigned which)
{
	return &l->options->serial[which];
}

static bool is_wire(enum serial_kind kind)
{
	return kind == SERIAL_PTY || kind == SERIAL_UNIX || kind == SERIAL_TCP;
}

bool lines_exists(const struct options *o, unsigned which)
{
	return which < 2 || o->serial[which].given;
}

int lines_stdin(const struct options *o)
{
	for (int i = 0; i < BOARD_COMS; i++)
		if (o->serial[i].kind == SERIAL_STDIO ||
		    o->serial[i].kind == SERIAL_TEE)
			return i;
	return -1;
}

static int open_line(struct lines *l, unsigned which)
{
	const struct serial_option *s = option(l, which);
	struct line *line = &l->line[which];

	switch (s->kind) {
	case SERIAL_PTY:
		return wire_open_pty(&line->wire, l->m, which + 1, s->path);
	case SERIAL_UNIX:
		return wire_open_unix(&line->wire, l->m, which + 1, s->path);
	case SERIAL_TCP:
		return wire_open_tcp(&line->wire, l->m, which + 1, s->path);
	case SERIAL_FILE:
	case SERIAL_TEE:
		return output_open_file(&line->file, l->m, s->path);
	case SERIAL_STDERR:
		return output_open_stderr(&line->file, l->m);
	case SERIAL_STDIO:
	case SERIAL_NULL:
		break;
	}
	return 0;
}

int lines_open(struct lines *l, const struct options *o, struct machine *m,
	       struct output *stdout_, struct display *display)
{
	int err = 0;

	l->options = o;
	l->m = m;
	l->stdout_ = stdout_;
	l->display = display;
	for (unsigned i = 0; i < BOARD_COMS; i++)
		l->line[i].file.fd = -1;
	for (unsigned i = 0; i < BOARD_COMS && !err; i++)
		err = open_line(l, i);
	return err;
}

/* ---- sinks ---- */

static struct byte_sink stdio_sink(struct lines *l, unsigned which)
{
	const struct session_front *front = l->options->front;

	if (front && which < 2)
		return (struct byte_sink){front->send[which], front->ctx};
	if (l->options->display == DISPLAY_TERM)
		return display_sink(l->display);
	return output_sink(l->stdout_);
}

static void send_both(void *host, const uint8_t *bytes, size_t len)
{
	const struct byte_sink *sink = host;

	sink[0].send(sink[0].host, bytes, len);
	sink[1].send(sink[1].host, bytes, len);
}

static struct byte_sink end_of(struct lines *l, unsigned which)
{
	struct line *line = &l->line[which];

	if (is_wire(option(l, which)->kind))
		return wire_sink(&line->wire);
	switch (option(l, which)->kind) {
	case SERIAL_STDIO:
		return stdio_sink(l, which);
	case SERIAL_TEE:
		line->tee[0] = stdio_sink(l, which);
		line->tee[1] = output_sink(&line->file);
		return (struct byte_sink){send_both, line->tee};
	case SERIAL_FILE:
	case SERIAL_STDERR:
		return output_sink(&line->file);
	default:
		return (struct byte_sink){NULL, NULL};
	}
}

/* What has been shown is not shown again. */
static void first_time(void *host, const uint8_t *bytes, size_t len)
{
	const struct line *line = host;

	if (!line->m->past)
		line->shown.send(line->shown.host, bytes, len);
}

struct byte_sink lines_sink(struct lines *l, unsigned which,
			    struct panic *panic)
{
	enum stamp_kind stamp = l->options->stamp;
	struct byte_sink sink = end_of(l, which);

	if (is_wire(option(l, which)->kind) || l->options->front)
		stamp = STAMP_NONE; /* programs are there, not people */
	sink = stamp_sink(&l->line[which].stamp, l->m, stamp, sink);
	l->line[which].m = l->m;
	l->line[which].shown =
		panic_sink(panic, which, tail_sink(&l->tail[which], sink));
	return (struct byte_sink){first_time, &l->line[which]};
}

/* ---- wires ---- */

int lines_begin(struct lines *l, const struct board *board)
{
	int err = 0;

	for (unsigned i = 0; i < BOARD_COMS && !err; i++)
		err = wire_begin(&l->line[i].wire, board->com[i]);
	return err;
}

bool lines_have_wire(const struct lines *l)
{
	for (unsigned i = 0; i < BOARD_COMS; i++)
		if (l->line[i].wire.m)
			return true;
	return false;
}

/* ---- outputs ---- */

void lines_set_deadline(struct lines *l, uint64_t when_ns)
{
	for (unsigned i = 0; i < BOARD_COMS; i++)
		l->line[i].file.deadline_ns = when_ns;
}

void lines_set_patience(struct lines *l, int fd)
{
	for (unsigned i = 0; i < BOARD_COMS; i++)
		l->line[i].file.patience_fd = fd;
}

void lines_set_keys(struct lines *l, bool (*keys)(void *ctx), void *ctx)
{
	for (unsigned i = 0; i < BOARD_COMS; i++) {
		l->line[i].file.keys = keys;
		l->line[i].file.keys_ctx = ctx;
		l->line[i].file.keys_fd = STDIN_FILENO;
	}
}

unsigned lines_hidden(const struct lines *l)
{
	const struct options *o = l->options;
	unsigned hidden = 0;

	for (unsigned i = 0; i < BOARD_COMS; i++)
		if (o->display == DISPLAY_TERM ||
		    (o->serial[i].kind != SERIAL_STDIO &&
		     o->serial[i].kind != SERIAL_TEE &&
		     o->serial[i].kind != SERIAL_STDERR))
			hidden |= 1u << i;
	return hidden;
}

void lines_flush(struct lines *l)
{
	for (unsigned i = 0; i < BOARD_COMS; i++)
		if (l->line[i].file.fd >= 0)
			output_flush(&l->line[i].file);
}

bool lines_close(struct lines *l)
{
	bool ok = true;

	if (!l->m)
		return true;
	for (unsigned i = 0; i < BOARD_COMS; i++) {
		ok &= output_close(&l->line[i].file);
		wire_close(&l->line[i].wire);
	}
	return ok;
}
