/* cmd_time.c: back and forward in the run; see vmm/history.h. */
#include <errno.h>
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
static bool line_of(struct repl *r, const char *name, const struct words *w,
		    bool address, char *line, size_t size)
{
	size_t at = snprintf(line, size, "%s", name);
	uint64_t val;

	for (unsigned i = 1; i < w->count && at < size; i++) {
		if (!repl_value(r, w->word[i], address, &val))
			return false;
		at += snprintf(line + at, size - at, " %" PRIu64, val);
	}
	return true;
}

/* The loop is not asked: what else is in it may want to change the machine. */
static bool interrupted(void *ctx)
{
	struct repl *r = ctx;

	signals_take(&r->session.signals);
	return r->interrupted || r->m->stop;
}

/* It stands somewhere else: as the debugger tells it, and whether it is over. */
static void was_moved(struct repl *r, const struct debug_stop *stop)
{
	r->ended = false;
	if (r->m->debug)
		debug_hold(r->m->debug, stop);
}

static void answer_where(struct repl *r, struct history *h)
{
	char state[400];

	answer_number(&r->answer, "instruction", history_now(h));
	answer_number(&r->answer, "present", history_last(h));
	if (!r->ended) {
		breaks_answer(r);
		return;
	}
	repl_state(r, state, sizeof(state));
	answer_string(&r->answer, "state", "ended");
	fprintf(r->answer.text, "%s\n", state);
}

static void answer_hit(struct repl *r, struct history *h)
{
	answer_number(&r->answer, "instruction", history_hit(h)->count);
	answer_number(&r->answer, "cpu", history_hit(h)->cpu);
}

static int failed(struct repl *r, struct history *h, int err, const char *text)
{
	static const struct {
		int err;
		const char *code;
	} codes[] = {
		{-EINVAL, "USAGE"},	{-ERANGE, "RANGE"},
		{-ENOENT, "NOT_FOUND"}, {-EFAULT, "NOT_MAPPED"},
		{-EBUSY, "RECORDED"},	{-EINTR, "INTERRUPTED"},
	};
	const char *code = "FAILED";
	int status;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].err == err)
			code = codes[i].code;
	if (err == -EINTR)
		return answer_fail(&r->answer, code, "interrupted at %s", text);
	status = answer_fail(&r->answer, code, "%s", text);
	if (err == -ERANGE && history_live(h))
		answer_hint(&r->answer, "`cont` lets it run on");
	return status;
}

/* It stands still for that, and afterwards, as after `stop'. */
static int run_word(struct repl *r, const struct words *w)
{
	const struct repl_command *c = repl_command(w->word[0]);
	const struct debug_stop there = {.reason = DEBUG_INTERRUPT};
	struct history *h = r->session.timeline.history;
	char line[200], text[400];
	uint64_t before, last;
	bool search;
	int err;

	if (!h)
		return no_history(r);
	search = !strcmp(c->name, "last-write");
	if (!line_of(r, c->name, w, search, line, sizeof(line)))
		return 2;
	if (!r->options->options.gdb) /* whose it is */
		history_interrupt(h, interrupted, r);
	repl_hold(r);
	before = history_now(h);
	last = history_last(h);
	err = history_command(h, line, text, sizeof(text));
	if (history_now(h) != before)
		was_moved(r, err == -EINTR ? &there : history_stop(h));
	if (history_last(h) < last)
		panic_forked(&r->session.panic);
	if (err)
		return failed(r, h, err, text);
	answer_string(&r->answer, "answer", text);
	fprintf(r->answer.text, "%s\n", text);
	if (search)
		answer_hit(r, h);
	else
		answer_where(r, h);
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
	 "  The past is fixed: what is typed waits for the present, to which "
	 "`cont` comes.\n",
	 1, 1, "-", false, run_word},
	{"back", GROUP_MACHINE, "[N]", "N instructions back, or one", NULL, 0,
	 1, "-", false, run_word},
	{"rcont", GROUP_MACHINE, "", "back to the last point that was met",
	 "  `break` and `watch` set points. At one that is watched it stands "
	 "before the\n  instruction that touches it; where none was met, at "
	 "the run's beginning.\n",
	 0, 0, "-", false, run_word},
	{"last-write", GROUP_MACHINE, "ADDRESS [BYTES]", "who wrote there last",
	 "  last-write task_table 8\n", 1, 2, "y-", false, run_word},
	{"present", GROUP_MACHINE, "", "to where the run was left", NULL, 0, 0,
	 "-", false, run_word},
	{"fork", GROUP_MACHINE, "",
	 "forget what comes after now: go on otherwise", NULL, 0, 0, "-", false,
	 run_word},
	{NULL}};
