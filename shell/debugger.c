/* debugger.c: gdb's stub, connected to the session. */
#include "shell/debugger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/verdict.h"
#include "vmm/boot.h"
#include "vmm/debug.h"
#include "vmm/log.h"

/* ---- beginning anew ---- */

static int keep_first(struct debugger *d)
{
	char *bytes = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&bytes, &size);

	if (!out)
		return fail(-ENOMEM, "gdb: no memory");
	snapshot_write(d->m, NULL, 0, out);
	if (fclose(out) != 0 || !bytes) {
		free(bytes);
		return fail(-ENOMEM, "gdb: no memory");
	}
	d->input = feeder_save(d->feeder, &d->input_len);
	if (!d->input) {
		free(bytes);
		return -ENOMEM;
	}
	return snapshot_parse("the start of the run", (uint8_t *)bytes, size,
			      &d->first);
}

/* gdb reads a file again that was made anew, and the machine has the old. */
static void say_if_new(const struct debugger *d,
		       const struct postmortem_program *p)
{
	struct stat st;

	if (p->file.fd < 0 || fstat(p->file.fd, &st) < 0)
		return;
	if (st.st_nlink == 0 || st.st_mtim.tv_sec > d->began)
		log_warn("gdb: %s was made anew; `run' begins again with the "
			 "old one: for the new one start vmm again",
			 p->path);
}

static void say_what_is_new(const struct debugger *d)
{
	const struct postmortem *p = d->postmortem;

	if (!p)
		return;
	say_if_new(d, &p->kernel);
	for (unsigned i = 0; i < p->modules; i++)
		say_if_new(d, &p->module[i]);
}

static bool write_first(void *ctx, uint64_t gpa, const void *data, size_t len)
{
	return debug_write(ctx, 0, gpa, data, len); /* paging is off */
}

/* The machine is as it was before its first instruction. */
static bool give_cmdline(const struct debugger *d, const char *cmdline)
{
	struct x86_state state;
	int err;

	if (d->options->restore) {
		fail(-ENOTSUP,
		     "gdb: run: this machine began with %s, where "
		     "its kernel had its command line already",
		     d->options->replay ? "a recording" : "a snapshot");
		return false;
	}
	d->m->cpu[0]->ops->get_state(d->m->cpu[0], &state);
	err = boot_set_cmdline(&d->m->mem, &state, cmdline, write_first, d->m);
	if (err == -EROFS)
		fail(err, "gdb: run: this run is recorded, and cannot begin "
			  "again with another command line");
	return !err;
}

static bool begin_anew(const struct debugger *d)
{
	if (d->history && history_recorded(d->history))
		return !history_goto(d->history, history_first(d->history));
	if (d->history)
		return !history_restart(d->history);
	if (snapshot_restore(&d->first, d->m) < 0)
		return false;
	d->panic->seen = false;
	return feeder_load(d->feeder, d->input, d->input_len);
}

static bool restart(void *ctx, const char *cmdline)
{
	const struct debugger *d = ctx;

	say_what_is_new(d);
	return begin_anew(d) && (!cmdline || give_cmdline(d, cmdline));
}

static void stopped(void *ctx)
{
	const struct debugger *d = ctx;

	output_flush(d->stdout_);
	lines_flush(d->lines);
}

static unsigned exit_status(void *ctx, enum stop_kind kind, uint64_t code)
{
	const struct debugger *d = ctx;
	struct machine ended = *d->m;
	struct verdict v;

	ended.stop = kind;
	ended.stop_code = code;
	verdict_of(&ended, d->options, &v);
	return v.status;
}

/* ---- time ---- */

static bool can_reverse(void *ctx)
{
	return ((const struct debugger *)ctx)->history;
}

static bool interrupted(void *ctx)
{
	return gdb_speaks(((const struct debugger *)ctx)->gdb);
}

static bool reverse(void *ctx, unsigned cpu, bool step)
{
	struct debugger *d = ctx;
	struct debug_stop stop = {.cpu = cpu};
	int err = step ? history_step_back(d->history)
		       : history_reverse_continue(d->history);

	if (err == 0)
		stop = *history_stop(d->history);
	else if (err == -ERANGE)
		stop.reason = DEBUG_BEGIN;
	else if (err != -EINTR)
		return false;
	debug_hold(d->m->debug, &stop);
	return true;
}

/* The words of history; false: none of them. */
static bool travel(struct debugger *d, const char *line,
		   void (*write)(void *out, const char *text, size_t len),
		   void *sink)
{
	uint64_t before, last;
	char text[1024];
	int err;

	if (!d->history)
		return false;
	before = history_now(d->history);
	last = history_last(d->history);
	err = history_command(d->history, line, text, sizeof(text));
	if (err == -ENOSYS)
		return false;
	write(sink, text, strlen(text));
	write(sink, "\n", 1);
	if (history_last(d->history) < last)
		panic_forked(d->panic);
	if (history_now(d->history) != before)
		debug_hold(d->m->debug, history_stop(d->history));
	return true;
}

/* ---- our kernel ---- */

static bool next_task(void *ctx, uint32_t after, struct gdb_task *task)
{
	const struct debugger *d = ctx;
	struct inspect_task t;

	if (inspect_next_task(d->inspect, after, &t))
		return false;
	*task = (struct gdb_task){.number = t.number,
				  .running = t.running,
				  .cr3 = t.cr3,
				  .rip = t.rip,
				  .rflags = t.rflags,
				  .fs_base = t.fs_base,
				  .gs_base = t.gs_base};
	memcpy(task->gpr, t.gpr, sizeof(task->gpr));
	snprintf(task->name, sizeof(task->name), "%s", t.name);
	snprintf(task->state, sizeof(task->state), "%s", t.state_name);
	return true;
}

static bool command(void *ctx, const char *line,
		    void (*write)(void *out, const char *text, size_t len),
		    void *sink)
{
	struct debugger *d = ctx;
	struct inspect_out out = {.write = write, .ctx = sink};
	char name[32], text[600];

	if (travel(d, line, write, sink))
		return true;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(line, " "), line);
	if (!inspect_command(name))
		return false;
	if (inspect_run(d->inspect, line, &out) == 0)
		return true;
	snprintf(text, sizeof(text), "%s%s%s\n", out.error,
		 out.hint[0] ? "; " : "", out.hint);
	write(sink, text, strlen(text));
	return true;
}

/* ---- why it stands ---- */

struct text_out {
	void (*write)(void *out, const char *text, size_t len);
	void *ctx;
};

static void explain_line(void *ctx, const char *line)
{
	const struct text_out *out = ctx;
	const char *text = strchr(line, ':'); /* behind the program's name */

	text = text ? text + 2 : line;
	out->write(out->ctx, text, strlen(text));
	out->write(out->ctx, "\n", 1);
}

/* As at the end of a run; then how the machine came there. */
static void explain(void *ctx,
		    void (*write)(void *out, const char *text, size_t len),
		    void *sink)
{
	struct debugger *d = ctx;
	struct text_out out = {write, sink};
	struct log_hook old;

	if (!d->postmortem)
		return;
	old = log_swap_hook((struct log_hook){explain_line, &out});
	postmortem_say(d->postmortem);
	if (d->history) {
		history_interrupt(d->history, NULL, NULL);
		if (!postmortem_trail(d->postmortem, d->history))
			debug_hold(d->m->debug, history_stop(d->history));
		history_interrupt(d->history, interrupted, d);
	}
	log_swap_hook(old);
}

/* A line for each of the inspector's commands. */
static const char *help(void)
{
	static char text[2048];
	size_t used = snprintf(text, sizeof(text), "%s",
			       "goto       N: to where N instructions had run, "
			       "back or forward\n"
			       "back       [N]: N instructions back\n"
			       "present    forward to the present\n"
			       "fork       let this be the present\n"
			       "rcont      back to the last point met\n"
			       "last-write ADDR [LEN]: who wrote there last\n");

	for (const struct inspect_help *h = inspect_commands; h->name; h++)
		if (used < sizeof(text))
			used += snprintf(text + used, sizeof(text) - used,
					 "%-10s %s\n", h->name, h->summary);
	return text;
}

/* ---- life ---- */

static int look_into_kernel(struct debugger *d)
{
	const struct options *o = d->options;
	struct inspect_config config = {.m = d->m,
					.kernel = o->kernel,
					.module = o->module,
					.module_count = o->module_count};

	d->inspect = inspect_create(&config);
	return d->inspect ? 0 : -ENOMEM;
}

bool debugger_is_elf32(const char *path)
{
	unsigned char ident[5] = {0}; /* magic number and class */
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is = fd >= 0 && read(fd, ident, sizeof(ident)) == sizeof(ident) &&
		  !memcmp(ident, "\177ELF\1", 5);

	if (fd >= 0)
		close(fd);
	return is;
}

/* gdb may run in another folder. NULL: no such file, or none for it. */
static char *full_path(const char *path)
{
	return path && !debugger_is_elf32(path) ? realpath(path, NULL) : NULL;
}

static int listen_for_gdb(struct debugger *d)
{
	const struct options *o = d->options;
	bool pipe = !strcmp(o->gdb, "stdio");
	struct gdb_config config = {
		.m = d->m,
		.where = o->gdb,
		.on_close = pipe ? GDB_CLOSE_QUIT : o->gdb_close,
		.owned = pipe,
		.kernel = d->kernel,
		.init = d->init,
		.hooks = {.ctx = d,
			  .next_task = next_task,
			  .monitor = command,
			  .monitor_help = help(),
			  .explain = explain,
			  .restart = restart,
			  .stopped = stopped,
			  .can_reverse = can_reverse,
			  .reverse = reverse,
			  .exit_status = exit_status},
	};

	d->gdb = gdb_create(&config);
	return d->gdb ? 0 : -EINVAL;
}

int debugger_begin(struct debugger *d, const struct options *options,
		   struct machine *m, struct feeder *feeder,
		   struct panic *panic, struct output *stdout_,
		   struct lines *lines, struct history *history)
{
	struct debug_stop stop = {.reason = DEBUG_RESTART};
	int err;

	*d = (struct debugger){.options = options,
			       .m = m,
			       .feeder = feeder,
			       .panic = panic,
			       .stdout_ = stdout_,
			       .lines = lines,
			       .history = history,
			       .began = time(NULL)};
	if (!options->gdb)
		return 0;
	err = m->debug ? 0 : debug_create(m);
	if (!err)
		err = d->history ? 0 : keep_first(d);
	if (!err)
		err = look_into_kernel(d);
	if (err)
		return err;
	d->kernel = full_path(options->kernel);
	d->init = options->module_count ? full_path(options->module[0]) : NULL;
	debug_hold(m->debug, &stop);
	if (debug_limits(m->debug)[0])
		log_warn("gdb: %s", debug_limits(m->debug));
	err = listen_for_gdb(d);
	if (!err && d->history)
		history_interrupt(d->history, interrupted, d);
	if (!err && gdb_address(d->gdb)[0])
		log_warn("gdb: the machine waits for one: target "
			 "extended-remote %s",
			 gdb_address(d->gdb));
	return err;
}

void debugger_end(struct debugger *d, int status)
{
	d->history = NULL;
	gdb_destroy(d->gdb, status);
	d->gdb = NULL;
	inspect_destroy(d->inspect);
	d->inspect = NULL;
	snapshot_close(&d->first);
	free(d->input);
	free(d->kernel);
	free(d->init);
	d->input = NULL;
	d->kernel = d->init = NULL;
}
