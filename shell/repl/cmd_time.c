/* cmd_time.c: back and forward in the run; see vmm/history.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shell/repl/repl.h"

static int no_history(struct repl *r)
{
	return answer_fail(&r->answer, "NOT_BUILT",
			   "this processor's runs cannot be repeated; use "
			   "--accel sim");
}

/* The line again, with what is an address as a number. */
static bool line_of(struct repl *r, const struct words *w, bool address,
		    char *line, size_t size)
{
	size_t at = snprintf(line, size, "%s", w->word[0]);
	uint64_t val;

	for (unsigned i = 1; i < w->count && at < size; i++) {
		if (!repl_value(r, w->word[i], address, &val))
			return false;
		at += snprintf(line + at, size - at, " %" PRIu64, val);
	}
	return true;
}

static void was_moved(struct repl *r, struct history *h)
{
	answer_number(&r->answer, "instruction", history_now(h));
	r->ended = false;
	if (r->m->debug)
		debug_hold(r->m->debug, history_stop(h));
}

/* It stands still for that, and afterwards, as after `stop`. */
static int run_word(struct repl *r, const struct words *w)
{
	struct history *h = r->session.timeline.history;
	char line[200], text[400];
	uint64_t before;
	int err;

	if (!h)
		return no_history(r);
	if (!line_of(r, w, w->word[0][0] == 'l', line, sizeof(line)))
		return 2;
	repl_hold(r);
	before = history_now(h);
	err = history_command(h, line, text, sizeof(text));
	if (history_now(h) != before || !strcmp(w->word[0], "present"))
		was_moved(r, h);
	if (err)
		return answer_fail(&r->answer, "FAILED", "%s", text);
	answer_string(&r->answer, "answer", text);
	fprintf(r->answer.text, "%s\n", text);
	return 0;
}

static int run_when(struct repl *r, const struct words *w)
{
	struct history *h = r->session.timeline.history;
	char text[200];

	if (!h)
		return no_history(r);
	history_command(h, "when", text, sizeof(text));
	answer_number(&r->answer, "instruction", history_now(h));
	answer_number(&r->answer, "present", history_last(h));
	fprintf(r->answer.text, "%s\n", text);
	return 0;
}

const struct repl_command time_commands[] = {
	{"when", GROUP_MACHINE, "", "how many instructions have run", NULL, 0,
	 0, "-", false, run_when},
	{"goto", GROUP_MACHINE, "N", "to when N instructions had run",
	 "The past is fixed: what is typed waits for the present, to which "
	 "`cont` comes.\n",
	 1, 1, "-", false, run_word},
	{"back", GROUP_MACHINE, "[N]", "N instructions back, or one", NULL, 0,
	 1, "-", false, run_word},
	{"last-write", GROUP_MACHINE, "ADDRESS [BYTES]", "who wrote there last",
	 "  last-write task_table 8\n", 1, 2, "y-", false, run_word},
	{"present", GROUP_MACHINE, "", "to where the run was left", NULL, 0, 0,
	 "-", false, run_word},
	{"fork", GROUP_MACHINE, "",
	 "forget what comes after now: go on otherwise", NULL, 0, 0, "-", false,
	 run_word},
	{NULL}};
