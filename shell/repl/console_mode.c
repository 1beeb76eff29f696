/*
 * console_mode.c: `console`: the terminal is the guest's serial line until
 * Ctrl-] gives it back to the prompt.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "shell/repl/repl.h"
#include "shell/terminal.h"

static void readable(void *ctx)
{
	struct repl *r = ctx;
	uint8_t buf[512], *end;
	ssize_t len = read(STDIN_FILENO, buf, sizeof(buf));

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	end = len > 0 ? memchr(buf, r->options->options.escape, len) : buf;
	if (end)
		len = end - buf;
	feeder_give_bytes(&r->session.feeder, buf, len);
	if (!end)
		return;
	r->at_console = false;
	repl_pause(r, END_PAUSED);
}

static int run_console(struct repl *r, const struct words *w)
{
	int status = repl_must_run(r, "nobody reads the serial line");

	if (status)
		return status;
	if (!r->prompting)
		return answer_fail(&r->answer, "USAGE",
				   "console: standard input and output must "
				   "be a terminal");
	above_flush(r);
	terminal_leave();
	if (terminal_enter(STDIN_FILENO, STDOUT_FILENO, true, "", "") < 0)
		return 1;
	printf("The guest's serial line; Ctrl-%c leads back to the prompt.\n",
	       r->options->options.escape | 0x40);
	fflush(stdout);
	r->at_console = true;
	if (loop_add(r->m->loop, STDIN_FILENO, readable, r) < 0)
		r->at_console = false;
	while (r->at_console && !r->quit && !r->ended && !repl_held(r))
		repl_wait(r);
	r->at_console = false;
	loop_remove(r->m->loop, STDIN_FILENO);
	terminal_leave();
	terminal_keep(STDIN_FILENO, STDOUT_FILENO, "");
	fputc('\n', r->answer.text);
	return 0;
}

const struct repl_command console_commands[] = {
	{"console", GROUP_MACHINE, "", "type to COM1 until Ctrl-]", NULL, 0, 0,
	 "", true, run_console},
	{NULL}};
