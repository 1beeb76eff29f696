/*
 * session.c: builds the machine an option line asks for, runs it, reports.
 *
 * Everything that can be refused (files, options, the accelerator) is refused
 * before the terminal is touched.
 */
#include "shell/session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devices/acpi.h"
#include "shell/report.h"
#include "shell/sandbox/sandbox.h"
#include "shell/terminal.h"
#include "shell/verdict.h"
#include "vmm/log.h"

static int build_board(struct session *s)
{
	struct board_config config = {
		.rtc_epoch = BOARD_EPOCH,
		.bios_state = true,
		.com3 = lines_exists(s->options, 2),
		.com4 = lines_exists(s->options, 3),
	};

	for (unsigned i = 0; i < BOARD_COMS; i++)
		config.com[i] = lines_sink(&s->lines, i, &s->panic);

	return board_build(&s->board, s->m, &config);
}

static int load_snapshot(struct session *s)
{
	const struct options *o = s->options;
	int err = o->replay ? recording_start(o->replay, &s->snapshot)
			    : snapshot_open(o->restore, &s->snapshot);

	if (err)
		return verdict_status(err);
	if (o->mem && o->mem != s->snapshot.mem_len) {
		fail(-EINVAL, "--mem: the machine in %s has %" PRIu64 " MiB",
		     o->restore, s->snapshot.mem_len >> 20);
		return EXIT_USAGE;
	}
	if (o->level != CPU_DEFAULT && o->level != s->snapshot.level) {
		fail(-EINVAL, "--cpu: the machine in %s has another processor",
		     o->restore);
		return EXIT_USAGE;
	}
	s->m = machine_create(s->snapshot.mem_len);
	if (!s->m)
		return EXIT_HOST;
	s->m->level = s->snapshot.level;
	return 0;
}

int session_load(const struct options *o, const struct guestmem *gm,
		 struct x86_state *state)
{
	struct boot_request req = {o->kernel, o->module,     o->module_count,
				   o->append, o->protocol,   acpi_write,
				   o->smp,    o->module_args};

	return boot_load(&req, gm, state);
}

/* Files first: what is wrong with them is said before any processor is. */
static int load(struct session *s, struct x86_state *state)
{
	const struct options *o = s->options;
	int err;

	if (o->restore)
		return load_snapshot(s);
	s->m = machine_create(o->mem);
	if (!s->m)
		return EXIT_HOST;
	err = session_load(o, &s->m->mem, state);
	return err ? verdict_status(err) : 0;
}

/* Before a halt is called a stall. */
static bool may_input(void *ctx)
{
	const struct session *s = ctx;

	return console_open(&s->console) || lines_have_wire(&s->lines) ||
	       window_is_open(&s->window);
}

/* Keys go to the screen's keyboard, else to the serial line that is stdio. */
static int connect_input(struct session *s)
{
	const struct options *o = s->options;
	bool keys = o->display == DISPLAY_TERM;
	int com = lines_stdin(o), err = 0;

	if (o->replay)
		com = o->replay->about.line;
	feeder_init(&s->feeder, s->m, com < 0 ? NULL : s->board.com[com],
		    s->board.kbd);
	feeder_connect(&s->feeder);
	if (o->replay) {
		console_init_none(&s->console, s->m, &s->feeder);
		timeline_connect(s);
		return 0;
	}
	if (o->front || (com < 0 && !keys))
		console_init_none(&s->console, s->m, &s->feeder);
	else
		err = console_init(&s->console, s->m, &s->feeder, keys,
				   o->escape);
	if (!err)
		err = lines_begin(&s->lines, &s->board);
	s->m->input = (struct input_source){s, may_input};
	s->m->paced |= lines_have_wire(&s->lines) || o->display == DISPLAY_SDL;
	if (o->type)
		feeder_type(&s->feeder, o->type, o->type_len);
	return err;
}

static void timed_out(void *ctx)
{
	struct session *s = ctx;
	char why[80];

	snprintf(why, sizeof(why), "not ended after %.3g s",
		 s->options->timeout_ns / 1e9);
	machine_stop(s->m, STOP_TIMEOUT, 0, why);
}

static int arm_timeout(struct session *s)
{
	uint64_t when;

	if (!s->options->timeout_ns ||
	    __builtin_add_overflow(loop_now_ns(), s->options->timeout_ns,
				   &when))
		return 0;
	s->stdout_.deadline_ns = when;
	lines_set_deadline(&s->lines, when);
	return loop_timer(s->m->loop, when, timed_out, s);
}

static int add_cpu(struct session *s, const struct x86_state *state)
{
	enum accel accel = s->options->accel;
	unsigned cpus =
		s->options->restore ? s->snapshot.cpus : s->options->smp;
	struct vcpu *cpu;

	if (!s->options->restore)
		s->m->level = s->options->level;
	s->m->seed = s->options->smp_seed;
	/* Only one of them counts. */
	if (accel == ACCEL_AUTO &&
	    (look_needs_count(s->options) || timeline_needs_count(s->options)))
		accel = ACCEL_SIM;
	if (accel == ACCEL_AUTO && cpus > 1) {
		log_warn("using the simulator: several processors run only "
			 "there");
		accel = ACCEL_SIM;
	}
	if (accel_choose(&accel) < 0)
		return EXIT_HOST;
	for (unsigned i = 0; i < cpus; i++)
		if (machine_add_cpu(s->m, accel) < 0)
			return EXIT_HOST;
	cpu = s->m->cpu[0];
	log_info("boot: runs on %s with %" PRIu64 " MiB", cpu->ops->name,
		 guestmem_size(&s->m->mem) >> 20);
	if (s->options->restore)
		return 0;
	return cpu->ops->set_state(cpu, state) < 0 ? EXIT_HOST : 0;
}

/* The input that waited goes before --type's. */
static int restore_input(struct session *s)
{
	const struct snapshot_part *part =
		snapshot_find(&s->snapshot, LOOK_INPUT);
	const struct options *o = s->options;
	size_t len = part ? part->head.len : 0, rest;
	bool wake = feeder_busy(&s->feeder); /* for what is given now */
	const uint8_t *text;

	if (!part)
		return 0;
	s->input = malloc(len + o->type_len);
	if (!s->input)
		return fail(-ENOMEM, "--restore: no memory for the input");
	memcpy(s->input, part->data, len);
	if (part->head.version != FEEDER_VERSION ||
	    !feeder_load(&s->feeder, s->input, len))
		return fail(-EINVAL,
			    "snapshot: %s: its input is of another version of "
			    "vmm",
			    o->restore);
	/* The text is the last of what was kept. */
	text = s->feeder.text;
	rest = s->feeder.text_len;
	if (o->type_len) {
		memcpy(s->input + len, o->type, o->type_len);
		feeder_type(&s->feeder, text, rest + o->type_len);
	}
	if (wake)
		feeder_wake(&s->feeder);
	return 0;
}

static int restore(struct session *s)
{
	int err;

	if (!s->options->restore)
		return 0;
	err = snapshot_restore(&s->snapshot, s->m);
	if (!err)
		err = restore_input(s);
	snapshot_close(&s->snapshot);
	return err ? verdict_status(err) : 0;
}

int session_begin(struct session *s, const struct options *options)
{
	struct x86_state state;
	int status;

	memset(s, 0, sizeof(*s));
	s->options = options;
	s->stdout_.fd = -1;
	if (options->display == DISPLAY_TERM && display_check() < 0)
		return EXIT_USAGE;
	status = load(s, &state);
	if (!status)
		status = add_cpu(s, &state);
	if (status)
		return status;
	if (signals_init(&s->signals, s->m) ||
	    output_open_stdout(&s->stdout_, s->m) ||
	    lines_open(&s->lines, options, s->m, &s->stdout_, &s->display) ||
	    panic_init(&s->panic, s->m, options->panic) || build_board(s) ||
	    connect_input(s))
		return EXIT_HOST;
	status = restore(s);
	if (!status &&
	    look_begin(&s->look, options, s->m, &s->feeder, &s->stdout_) < 0)
		status = EXIT_USAGE;
	if (!status && timeline_begin(s) < 0)
		status = EXIT_HOST;
	if (status)
		return status;
	if (options->display == DISPLAY_SDL &&
	    window_open(&s->window, &s->board, &s->feeder,
			options->kernel ? options->kernel : options->restore))
		return EXIT_HOST;
	if (options->screenshot) {
		s->screenshot = output_open_stream(options->screenshot);
		if (!s->screenshot)
			return EXIT_HOST;
	}
	s->stdout_.patience_fd = s->signals.fd;
	lines_set_patience(&s->lines, s->signals.fd);
	return 0;
}

/* The escape key is seen while output waits, as long as the terminal is the guest's. */
static void watch_keys(struct session *s, bool on)
{
	bool (*keys)(void *ctx) = on && s->console.tty ? console_look : NULL;

	s->stdout_.keys = keys;
	s->stdout_.keys_ctx = &s->console;
	s->stdout_.keys_fd = STDIN_FILENO;
	lines_set_keys(&s->lines, keys, &s->console);
}

/* The person's terminal becomes the guest's. */
static int enter_terminal(struct session *s)
{
	if (s->options->display == DISPLAY_TERM) {
		s->signals.redraw = display_redraw;
		s->signals.redraw_ctx = &s->display;
		s->display.escape = s->options->escape;
		return display_begin(&s->display, &s->board) ? EXIT_HOST : 0;
	}
	if (!s->console.tty)
		return 0;
	log_warn("this terminal is the guest's serial line now: Ctrl-%c ends "
		 "the run, all other keys go to the guest",
		 s->options->escape | 0x40);
	return terminal_enter(STDIN_FILENO, STDOUT_FILENO, true, "", "")
		       ? EXIT_HOST
		       : 0;
}

/* The line is the last one on standard output, and a line of its own. */
static void print_line(struct session *s, const char *line)
{
	if (!line)
		return;
	if (s->stdout_.midline)
		output_write(&s->stdout_, "\n", 1);
	output_write(&s->stdout_, line, strlen(line));
	output_write(&s->stdout_, "\n", 1);
}

/* What went out must have arrived; else a success is none. */
static bool close_outputs(struct session *s)
{
	bool ok = lines_close(&s->lines);

	return output_close(&s->stdout_) && ok;
}

/* Idle with interrupts on: input is what such a guest waits for. */
static void say_hint(struct session *s)
{
	struct x86_state state;
	uint64_t flags = 0;

	if (s->m->stop != STOP_STALL)
		return;
	for (unsigned i = 0; i < s->m->cpu_count; i++) {
		s->m->cpu[i]->ops->get_state(s->m->cpu[i], &state);
		flags |= state.rflags;
	}
	if (flags & FLAG_IF)
		log_warn("  run it in a terminal, keep a pipe open to it, or "
			 "give it keys with --type");
}

static void report(struct session *s, const struct verdict *v)
{
	/* The guest may have left the terminal's cursor behind a prompt. */
	if (s->stdout_.midline && v->text[0] && isatty(STDOUT_FILENO) &&
	    isatty(STDERR_FILENO))
		fputc('\n', stderr);
	if (v->text[0])
		log_warn("%s", v->text);
	say_hint(s);
	if (v->registers)
		postmortem_say(&s->postmortem);
	if (s->options->stats)
		report_stats(s->m, s->wall_ns);
	if (s->options->hash)
		report_hash(s->m);
}

/* From here on no file is opened by name, but those an option asked for. */
static int confine(struct session *s)
{
	const struct options *o = s->options;
	unsigned modes = SANDBOX_BASE;

	if (postmortem_open(&s->postmortem, s->m, &s->board, o))
		return -ENOMEM;
	s->postmortem.tail = s->lines.tail;
	s->postmortem.hidden = lines_hidden(&s->lines);
	s->debugger.postmortem = &s->postmortem;
	if (o->no_sandbox)
		return 0;
	if (look_needs_files(o) || o->front)
		modes |= SANDBOX_FILES;
	if (o->front && o->front->prompt)
		modes |= SANDBOX_PROMPT;
	if (!s->m->cpu[0]->ops->counted_time)
		modes |= SANDBOX_KVM;
	if (lines_have_wire(&s->lines) || o->gdb)
		modes |= SANDBOX_NET;
	if (window_is_open(&s->window))
		modes |= SANDBOX_WINDOW;
	return sandbox_enter(modes);
}

int session_ready(struct session *s)
{
	s->m->limit_ns = s->options->guest_ns;
	if (debugger_begin(&s->debugger, s->options, s->m, &s->feeder,
			   &s->panic, &s->stdout_, &s->lines,
			   s->timeline.history))
		return EXIT_HOST;
	if (window_is_open(&s->window) && window_begin(&s->window))
		return EXIT_HOST;
	return arm_timeout(s) || confine(s) ? EXIT_HOST : 0;
}

int session_screenshot(struct session *s)
{
	FILE *out = s->screenshot;

	s->screenshot = NULL;
	return out ? report_screenshot(&s->board, s->options->screenshot, out)
		   : 0;
}

int session_run(struct session *s)
{
	struct verdict v;
	uint64_t start;
	bool closed, looked;
	int err;

	err = enter_terminal(s);
	if (err)
		return err;
	start = loop_now_ns();
	watch_keys(s, true);
	err = session_ready(s);
	if (err)
		return err;
	machine_run(s->m);
	watch_keys(s, false);
	s->wall_ns = loop_now_ns() - start;
	display_end(&s->display);
	window_close(&s->window);
	terminal_leave();
	verdict_of(s->m, s->options, &v);
	if (s->panic.seen)
		verdict_panic(s->m, s->options, s->panic.text, &v);
	debugger_end(&s->debugger, v.status);
	looked = look_around(&s->look);
	print_line(s, v.line);
	closed = close_outputs(s);
	if ((!look_end(&s->look) || !closed || !looked) && v.status == 0)
		v.status = EXIT_HOST;
	if (!timeline_end(s))
		v.status = EXIT_HOST;
	report(s, &v);
	if (session_screenshot(s) && v.status == 0)
		v.status = EXIT_HOST;
	if (s->options->summary)
		report_summary(s->m, &v, s->wall_ns, s->options->summary);
	return v.status;
}

void session_end(struct session *s)
{
	display_end(&s->display);
	window_close(&s->window);
	terminal_leave();
	debugger_end(&s->debugger, EXIT_HOST);
	snapshot_close(&s->snapshot);
	look_fini(&s->look);
	postmortem_close(&s->postmortem);
	if (s->screenshot)
		fclose(s->screenshot);
	s->screenshot = NULL;
	if (!s->m)
		return;
	lines_close(&s->lines);
	output_close(&s->stdout_);
	panic_fini(&s->panic);
	console_fini(&s->console);
	signals_fini(&s->signals);
	timeline_fini(&s->timeline);
	machine_destroy(s->m);
	free(s->input);
}
