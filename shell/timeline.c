/* timeline.c: a session's recorder, recording and history. */
#include "shell/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/session.h"
#include "vmm/crc32c.h"
#include "vmm/log.h"

bool timeline_needs_count(const struct options *o)
{
	return o->record || o->replay || o->history_mem || o->gdb;
}

/* ---- what is recorded of the outside ---- */

uint32_t timeline_file_crc(const char *path)
{
	uint8_t buf[65536];
	uint32_t crc = 0;
	ssize_t n = 0;
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return 0;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		crc = crc32c(crc, buf, n);
	close(fd);
	return n < 0 ? 0 : crc;
}

static struct record_about about(const struct session *s)
{
	const struct options *o = s->options;
	struct record_about a = {
		.version = VMM_VERSION,
		.line = lines_stdin(o),
		.file = s->feeder.more_bytes != NULL,
		.kernel_crc = timeline_file_crc(o->kernel),
		.init_crc = timeline_file_crc(o->module_count ? o->module[0]
							      : NULL),
	};

	_Static_assert(sizeof(VMM_VERSION) <= sizeof(a.version), "fits");
	for (unsigned i = 0; i < BOARD_COMS; i++) {
		a.lines |= (uint32_t)lines_exists(o, i) << i;
		a.wires |= (uint32_t)(s->lines.line[i].wire.m != NULL) << i;
	}
	return a;
}

static int record(struct session *s)
{
	const struct options *o = s->options;
	struct record_about a = about(s);
	struct snapshot_extra input = {LOOK_INPUT, FEEDER_VERSION, NULL, 0};
	uint8_t *bytes = feeder_save(&s->feeder, &input.len);
	int err = -ENOMEM;

	input.data = bytes;
	if (bytes)
		err = recorder_begin(
			&s->timeline.recorder, s->m, o->record, &a, o->kernel,
			o->module_count ? o->module[0] : NULL, &input);
	free(bytes);
	return err;
}

/* ---- a replay ---- */

static size_t nothing(void *ctx, uint8_t *buf, size_t size)
{
	return 0;
}

static size_t ask_log(void *ctx, uint8_t *buf, size_t size)
{
	struct session *s = ctx;

	return input_ask(s->m, INPUT_OF_FILE, nothing, s, buf, size);
}

static size_t ask_nobody(void *ctx, uint8_t *buf, size_t size)
{
	return 0;
}

/* The same feeders in the same order: of two that are due, the first goes
 * first. */
void timeline_connect(struct session *s)
{
	const struct record_about *a = &s->options->replay->about;

	if (a->file) {
		s->feeder.more_bytes = ask_log;
		s->feeder.ctx = s;
	}
	for (unsigned i = 0; i < BOARD_COMS; i++) {
		struct feeder *f = &s->timeline.wire[i];

		if (!(a->wires >> i & 1))
			continue;
		feeder_init(f, s->m, s->board.com[i], NULL);
		feeder_connect_line(f, INPUT_OF_COM1 + i);
		f->more_bytes = ask_nobody;
	}
	link_host_init(&s->timeline.link, s->m, s->board.com[1]);
}

/* ---- all of it ---- */

/* Whoever has a debugger can go back, if the CPU can. */
static bool wants_history(const struct session *s)
{
	return s->options->history_mem ||
	       ((s->options->gdb || s->options->front) &&
		s->m->cpu[0]->ops->counted_time);
}

int timeline_begin(struct session *s)
{
	const struct options *o = s->options;
	struct timeline *t = &s->timeline;
	int err = 0;

	t->recording = o->replay;
	if (o->replay)
		err = recording_follow(o->replay, s->m);
	if (!err && o->record)
		err = record(s);
	if (err || !wants_history(s))
		return err;
	t->history = history_create(s->m, o->history_mem ? o->history_mem
							 : HISTORY_MEM);
	return t->history ? 0 : -ENOTSUP;
}

void timeline_renew(struct session *s)
{
	if (s->timeline.history)
		history_again(s->timeline.history);
}

/* Who leaves the past leaves the present, too: if that is over, as it was. */
static void leave_past(struct session *s)
{
	struct machine *m = s->m;
	const struct debug_stop *was;
	enum stop_kind stop = m->stop;
	uint64_t code = m->stop_code;
	char why[sizeof(m->why)];

	memcpy(why, m->why, sizeof(why));
	history_present(s->timeline.history);
	m->stop = STOP_NONE;
	was = history_stop(s->timeline.history);
	if (was->verdict)
		machine_stop(m, was->verdict, was->code, was->why);
	else
		machine_stop(m, stop, code, why);
}

int timeline_cut(struct session *s, const char *why)
{
	struct recorder *r = &s->timeline.recorder;
	int err;

	if (!r->m)
		return 0;
	if (s->m->past)
		leave_past(s);
	machine_stop(s->m, STOP_QUIT, 0, why);
	err = recorder_end(r);
	s->m->stop = STOP_NONE;
	return err ? err : 1;
}

bool timeline_end(struct session *s)
{
	struct timeline *t = &s->timeline;
	bool good = true;

	if (s->m->past && t->recorder.m)
		leave_past(s);
	if (s->m->past)
		return true;
	if (t->recorder.m)
		good = recorder_end(&t->recorder) == 0;
	if (t->recording)
		good = recording_judge(t->recording) == 0 && good;
	return good;
}

void timeline_fini(struct timeline *t)
{
	history_destroy(t->history);
	t->history = NULL;
	recorder_fini(&t->recorder);
	if (t->recording)
		recording_leave(t->recording);
	t->recording = NULL;
}
