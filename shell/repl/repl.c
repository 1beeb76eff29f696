/* repl.c: connecting a session with a prompt or scripts, and the two loops. */
#include "shell/repl/repl.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/repl/command.h"
#include "shell/report.h"
#include "shell/terminal.h"

/* ---- what the guest sends ---- */

static void com1_sent(void *ctx, const uint8_t *bytes, size_t len)
{
	struct repl *r = ctx;

	serial_log_add(&r->serial, bytes, len);
	if (r->stop_at_line && memchr(bytes, '\n', len))
		repl_pause(r, END_PAUSED);
	if (r->at_console) {
		fwrite(bytes, 1, len, stdout);
		fflush(stdout);
	} else if (r->options->quiet) {
		return;
	} else if (r->prompting || r->options->json) {
		above_add(r, bytes, len);
	} else {
		output_write(&r->session.stdout_, bytes, len);
	}
}

static void com2_sent(void *ctx, const uint8_t *bytes, size_t len)
{
	struct repl *r = ctx;

	if (link_host_receive(&r->link, bytes, len))
		repl_pause(r, END_PAUSED);
}

/* Asked when the guest idles and no timer is armed: a person may type yet. */
static bool input_open(void *ctx)
{
	struct repl *r = ctx;

	if (r->stop_when_idle)
		repl_pause(r, END_IDLE);
	return true;
}

/* ---- signals, at the prompt ---- */

static void redraw(void *ctx)
{
	prompt_resize(ctx);
}

static void suspend(void *ctx)
{
	prompt_suspend(ctx);
}

static void interrupt(void *ctx)
{
	struct repl *r = ctx;

	if (r->at_prompt) {
		prompt_clear(r);
		return;
	}
	r->interrupted = true;
	repl_pause(r, END_PAUSED);
}

/* What is said outside of a command comes above the line. */
static void heard(void *ctx, const char *line)
{
	struct repl *r = ctx;
	char text[1200];
	int len = snprintf(text, sizeof(text), "%s\n", line);

	prompt_print(r, text, len);
}

/* ---- life ---- */

static int start_prompt(struct repl *r)
{
	r->m->paced = true;
	r->session.signals.redraw = redraw;
	r->session.signals.suspend = suspend;
	r->session.signals.interrupt = interrupt;
	r->session.signals.redraw_ctx = r;
	log_set_hook(heard, r);
	return prompt_begin(r);
}

static int start_debugger(struct repl *r)
{
	bool can = true;

	for (unsigned i = 0; i < r->m->cpu_count; i++)
		can &= r->m->cpu[i]->ops->set_debug != NULL;
	if (can && !r->m->debug && debug_create(r->m) < 0)
		return -ENOMEM;
	repl_watch_stops(r);
	return 0;
}

static int begin(struct repl *r)
{
	const struct options *o = &r->options->options;
	struct machine *m = r->session.m;

	r->m = m;
	r->inspect = look_inspector(&r->session.look);
	if (!r->inspect || start_debugger(r) < 0)
		return EXIT_HOST;
	m->input = (struct input_source){r, input_open};
	link_host_init(&r->link, m, r->session.board.com[1]);
	for (unsigned i = 0; i < m->cpu_count; i++)
		m->cpu[i]->ops->get_state(m->cpu[i], &r->power_on[i]);
	if (r->prompting && start_prompt(r) < 0)
		return EXIT_HOST;
	if (session_ready(&r->session))
		return EXIT_HOST;
	r->settled = o->restore;
	if (r->options->stopped)
		repl_hold(r);
	return 0;
}

static void end(struct repl *r)
{
	if (r->prompting)
		prompt_end(r);
	log_set_hook(NULL, NULL);
	symbols_free(&r->kernel);
	symbols_free(&r->init);
	if (r->history >= 0)
		close(r->history);
	session_end(&r->session);
}

/* ---- a person ---- */

/* It has stopped or ended by itself while a line was typed: say so, once. */
static void announce(struct repl *r, bool *held, bool *ended)
{
	char text[420];

	if ((r->ended && !*ended) || (!r->ended && repl_held(r) && !*held)) {
		above_flush(r);
		repl_state(r, text, sizeof(text) - 1);
		strcat(text, "\n");
		prompt_print(r, text, strlen(text));
	}
	*held = repl_held(r);
	*ended = r->ended;
}

static void converse(struct repl *r)
{
	bool held, ended;

	while (!r->quit) {
		held = repl_held(r);
		ended = r->ended;
		prompt_show(r);
		while (!r->line && !r->quit) {
			repl_wait(r);
			announce(r, &held, &ended);
		}
		prompt_hide(r);
		above_flush(r);
		if (r->line && !r->quit)
			repl_line(r, r->line);
		log_set_hook(heard, r);
		free(r->line);
		r->line = NULL;
		r->interrupted = false;
	}
}

static void greet(struct repl *r)
{
	int key = r->options->options.escape | 0x40;
	char text[200];

	if (prompt_edits)
		snprintf(text, sizeof(text),
			 "vmm %s on %s. `help` lists the commands, Tab "
			 "completes, Ctrl-%c types to the guest.\n",
			 repl_version, r->m->cpu[0]->ops->name, key);
	else
		snprintf(text, sizeof(text),
			 "vmm %s on %s. `help` lists the commands, `console` "
			 "types to the guest until Ctrl-%c.\n",
			 repl_version, r->m->cpu[0]->ops->name, key);
	prompt_print(r, text, strlen(text));
}

/* ---- scripts ---- */

/* A line of standard input; false: there is none any more. */
static bool input_line(struct repl *r, char *line, size_t size)
{
	struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
			       {.fd = r->session.signals.fd, .events = POLLIN}};
	size_t len = 0;

	while (len + 1 < size) {
		ssize_t n;

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if (fds[1].revents) {
			loop_poll(r->m->loop, 0);
			return false;
		}
		n = read(STDIN_FILENO, line + len, 1);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0 || line[len] == '\n')
			break;
		len++;
		line[len] = 0;
		if (n == 0)
			break;
	}
	line[len] = 0;
	return len || (fds[0].revents & POLLIN && !(fds[0].revents & POLLHUP));
}

static int run_input(struct repl *r)
{
	char line[WORDS_SIZE], where[40];
	unsigned number = 0;
	int status = 0;

	while (!status && !r->quit && input_line(r, line, sizeof(line))) {
		snprintf(where, sizeof(where), "<stdin>:%u", ++number);
		status = repl_script(r, line, where);
	}
	return status;
}

static int run_script(struct repl *r, unsigned i)
{
	const char *name = r->options->script[i].text;
	char where[32];
	struct words w = {.count = 2, .word = {"source", name}};

	if (r->options->script[i].kind == SOURCE_FILE)
		return repl_file(r, &w);
	if (r->options->scripts > 1)
		snprintf(where, sizeof(where), "-c %u", i + 1);
	else
		snprintf(where, sizeof(where), "-c");
	return repl_script(r, name, where);
}

/* What is recorded ends as the guest did, or with who left the prompt. */
static bool end_timeline(struct repl *r)
{
	struct machine *m = r->m;

	m->stop = STOP_NONE;
	if (r->ended)
		machine_stop(m, r->over.verdict, r->over.code, r->over.why);
	else
		machine_stop(m, STOP_QUIT, 0, "the prompt");
	return timeline_end(&r->session);
}

/* As at the end of vmm boot: what options ask, and all must be written. */
static bool finish(struct repl *r)
{
	const struct options *o = &r->options->options;
	bool ok = look_end(&r->session.look);

	ok = end_timeline(r) && ok;
	if (o->stats)
		report_stats(r->m, loop_now_ns() - r->began_ns);
	if (o->hash)
		report_hash(r->m);
	ok = session_screenshot(&r->session) == 0 && ok;
	return output_flush(&r->session.stdout_) && ok;
}

/* A guest that ended badly by itself leaves its mark on the status. */
static int final_status(struct repl *r, int status)
{
	const struct verdict *v = &r->verdict;

	above_flush(r);
	if (r->m->stop == STOP_SIGNAL)
		return 128 + (int)r->m->stop_code;
	if (r->ended && v->line && !r->options->json) {
		char line[128];
		int len = snprintf(line, sizeof(line), "%s\n", v->line);

		repl_print(r, line, len);
	}
	if (r->quit || status)
		return r->quit ? r->status : status;
	if (r->ended && *v->text)
		log_warn("%s", v->text);
	return r->ended ? v->status : 0;
}

static int run_scripts(struct repl *r)
{
	int status = 0;

	for (unsigned i = 0; i < r->options->scripts && !status && !r->quit;
	     i++)
		status = run_script(r, i);
	if (!r->options->scripts)
		status = run_input(r);
	return final_status(r, status);
}

/* ---- the program ---- */

static bool at_terminal(const struct shell_options *o)
{
	return !o->scripts && !o->json && isatty(STDIN_FILENO) &&
	       isatty(STDOUT_FILENO);
}

static int run(struct repl *r)
{
	int status = begin(r);

	if (status)
		return status;
	if (!r->prompting)
		return run_scripts(r);
	greet(r);
	converse(r);
	terminal_leave();
	if (r->status > 128 && *r->verdict.text)
		log_warn("%s", r->verdict.text);
	return r->status;
}

int repl_main(struct shell_options *options)
{
	static struct repl repl;
	struct repl *r = &repl;
	struct session_front front = {{com1_sent, com2_sent}, r, false};
	int status;

	r->options = options;
	r->history = -1;
	r->prompting = at_terminal(options);
	front.prompt = r->prompting;
	options->options.front = &front;
	r->has_link = options->options.serial[1].kind == SERIAL_NULL;
	if (r->has_link)
		options->options.serial[1].kind = SERIAL_STDIO;
	signals_block();
	status = session_begin(&r->session, &options->options);
	r->began_ns = loop_now_ns();
	if (!status) {
		status = run(r);
		log_set_hook(NULL, NULL);
		if (r->m && !finish(r) && !status)
			status = EXIT_HOST;
	}
	end(r);
	return status;
}
