/* cmd_machine.c: stopping, going on, stepping, and beginning anew. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "shell/numbers.h"
#include "shell/repl/repl.h"
#include "vmm/boot.h"

#define STEPS_MAX UINT64_C(10000000)

/* ---- stop, cont ---- */

static int run_stop(struct repl *r, const struct words *w)
{
	repl_hold(r);
	r->settled |= r->prompting;
	breaks_answer(r);
	return 0;
}

static int cannot_go(struct repl *r)
{
	char state[400];

	repl_state(r, state, sizeof(state));
	answer_fail(&r->answer, "ENDED", "%s", state);
	answer_hint(&r->answer, "`reset` boots it again");
	return 1;
}

static int let_go(struct repl *r)
{
	if (r->ended)
		return cannot_go(r);
	if (repl_let_go(r) == 0)
		return 0;
	return answer_fail(&r->answer, "FAILED",
			   "this processor cannot watch all these points; "
			   "`delete` some");
}

/* What came of it, when a script or a time limit waited for that. */
static int went(struct repl *r, enum repl_end end)
{
	char state[400];

	switch (end) {
	case END_BREAK:
		breaks_answer(r);
		return 0;
	case END_IDLE:
		answer_string(&r->answer, "state", "idle");
		fprintf(r->answer.text, "the guest is idle\n");
		return 0;
	case END_ENDED:
		repl_state(r, state, sizeof(state));
		answer_string(&r->answer, "state", "ended");
		fprintf(r->answer.text, "%s\n", state);
		return 0;
	default:
		return 0;
	}
}

static int run_cont(struct repl *r, const struct words *w)
{
	enum repl_end end;
	uint64_t ns = 0;

	if (w->count > 1 && !parse_duration(w->word[1], &ns))
		return answer_fail(&r->answer, "USAGE",
				   "'%s' is no time like 10ms, 5s or 2m",
				   w->word[1]);
	if (let_go(r))
		return 1;
	r->settled = true;
	if (r->prompting && !ns)
		return 0;
	end = repl_go(r, ns ? 0 : GO_IDLE, ns);
	if (end == END_LIMIT)
		repl_hold(r);
	if (end == END_LIMIT)
		end = END_BREAK;
	return went(r, end);
}

/* ---- step ---- */

static int step_once(struct repl *r)
{
	enum repl_end end;

	if (debug_step(r->m->debug, r->m->turn.cpu, 0, 0) != 0)
		return answer_fail(&r->answer, "FAILED", "it cannot step now");
	r->breaks.stop.reason = DEBUG_INTERRUPT;
	end = repl_go(r, GO_IDLE, 0);
	if (end == END_BREAK)
		return 0;
	if (end != END_IDLE && end != END_PAUSED)
		return went(r, end);
	/* It sleeps: what would wake it does not come. */
	repl_hold(r);
	return end == END_PAUSED
		       ? 1
		       : answer_fail(&r->answer, "IDLE",
				     "the processor is halted, and nothing "
				     "wakes it");
}

static int run_step(struct repl *r, const struct words *w)
{
	uint64_t count = 1;
	int status = 0;

	if (w->count > 1 && !repl_value(r, w->word[1], false, &count))
		return 2;
	if (!count || count > STEPS_MAX)
		return answer_fail(&r->answer, "USAGE",
				   "step: from 1 to %" PRIu64 " instructions",
				   STEPS_MAX);
	if (!r->m->debug)
		return repl_no_debugger(r);
	if (r->ended)
		return cannot_go(r);
	repl_hold(r);
	while (count-- && !status && !r->ended) {
		status = step_once(r);
		if (r->breaks.stop.reason != DEBUG_STEP)
			break;
	}
	if (!status && !r->ended)
		breaks_answer(r);
	return status;
}

/* ---- until ---- */

/* More than an address: something that can become true. */
static bool is_condition(const char *text)
{
	return strstr(text, "==") || strstr(text, "!=") || strstr(text, "&&") ||
	       strstr(text, "||") || strpbrk(text, "<>!");
}

static int until_condition(struct repl *r, const char *text)
{
	uint64_t steps = 0, value = 0;
	struct reason why;
	int status = 0;

	while (!status && !r->ended && !r->interrupted) {
		if (!repl_evaluate(r, text, false, &value, &why) && !steps)
			return answer_fail(&r->answer, "USAGE", "'%s': %s",
					   text, why.text);
		if (value || ++steps > STEPS_MAX)
			break;
		value = 0;
		status = step_once(r);
	}
	if (!status && steps > STEPS_MAX)
		status = answer_fail(&r->answer, "LIMIT",
				     "'%s' is not true after %" PRIu64
				     " instructions",
				     text, STEPS_MAX);
	if (!status && !r->ended)
		breaks_answer(r);
	return status;
}

static int until_address(struct repl *r, const char *text)
{
	struct debug_point point = {.kind = POINT_EXEC,
				    .len = 1,
				    .space = DEBUG_ANY_SPACE,
				    .owner = &r->settled,
				    .once = true};
	enum repl_end end;

	if (!repl_value(r, text, false, &point.addr))
		return 2;
	if (debug_add(r->m->debug, &point) != 0 || let_go(r))
		return answer_fail(&r->answer, "FAILED",
				   "no point can be set there");
	r->settled = true;
	end = repl_go(r, GO_IDLE, 0);
	debug_remove_all(r->m->debug, &r->settled);
	if (end != END_IDLE)
		return went(r, end);
	return answer_fail(&r->answer, "IDLE",
			   "'%s' was not reached: the guest is idle", text);
}

static int run_until(struct repl *r, const struct words *w)
{
	char text[WORDS_SIZE];
	size_t len = 0;

	if (!r->m->debug)
		return repl_no_debugger(r);
	if (r->ended)
		return cannot_go(r);
	for (unsigned i = 1; i < w->count; i++)
		len += snprintf(text + len, sizeof(text) - len, "%s%s",
				i > 1 ? " " : "", w->word[i]);
	repl_hold(r);
	return is_condition(text) ? until_condition(r, text)
				  : until_address(r, text);
}

/* ---- reset, save, restore ---- */

static int load_again(struct repl *r)
{
	struct x86_state state;

	guestmem_clear(&r->m->mem);
	if (session_load(&r->options->options, &r->m->mem, &state) < 0)
		return answer_fail(&r->answer, "FAILED",
				   "the machine is empty now");
	board_reset(&r->session.board);
	for (unsigned i = 0; i < r->m->cpu_count; i++)
		if (r->m->cpu[i]->ops->set_state(
			    r->m->cpu[i], i ? &r->power_on[i] : &state) < 0)
			return answer_fail(&r->answer, "FAILED",
					   "the processor refuses its state");
	return 0;
}

/* False, said: it could not be written. */
static bool cut_recording(struct repl *r, const char *why)
{
	int cut = timeline_cut(&r->session, why);

	if (cut > 0)
		fprintf(r->answer.text, "the recording in %s ends here: %s\n",
			r->options->options.record, why);
	return cut >= 0;
}

static int run_reset(struct repl *r, const struct words *w)
{
	int status;

	if (r->options->options.restore)
		return answer_fail(&r->answer, "FAILED",
				   "reset: what was booted is not known: the "
				   "machine came with --restore; `restore` "
				   "brings it back");
	if (!cut_recording(r, "the machine is reset"))
		return 1;
	status = load_again(r);
	repl_renewed(r, status != 0 || r->options->stopped);
	r->settled = false;
	if (status)
		return status;
	fprintf(r->answer.text, "booting again\n");
	if (!r->prompting)
		repl_settle(r);
	return 0;
}

static int run_save(struct repl *r, const struct words *w)
{
	struct snapshot_extra input = {LOOK_INPUT, FEEDER_VERSION, NULL, 0};
	uint8_t *bytes = feeder_save(&r->session.feeder, &input.len);
	int err;

	if (!bytes)
		return 1;
	input.data = bytes;
	err = snapshot_save(r->m, &input, 1, w->word[1]);
	free(bytes);
	if (err)
		return 1;
	fprintf(r->answer.text, "kept in %s\n", w->word[1]);
	answer_string(&r->answer, "file", w->word[1]);
	return 0;
}

static int run_restore(struct repl *r, const struct words *w)
{
	struct snapshot snapshot = {0};
	int err = snapshot_open(w->word[1], &snapshot);

	if (!err && snapshot.mem_len != guestmem_size(&r->m->mem))
		err = fail(-EINVAL,
			   "%s: its machine has %" PRIu64
			   " MiB; begin with `vmm shell --restore`",
			   w->word[1], snapshot.mem_len >> 20);
	if (!err && !cut_recording(r, "another machine is restored"))
		err = -EIO;
	if (!err)
		err = snapshot_restore(&snapshot, r->m);
	snapshot_close(&snapshot);
	if (err)
		return 1;
	repl_renewed(r, repl_held(r) && !r->ended);
	r->settled = true;
	fprintf(r->answer.text, "as it was in %s\n", w->word[1]);
	return 0;
}

const struct repl_command machine_commands[] = {
	{"stop", GROUP_MACHINE, "", "hold the machine still", NULL, 0, 0, "",
	 false, run_stop},
	{"cont", GROUP_MACHINE, "[TIME]", "let it run, for TIME of its own",
	 "  In a script: until it is idle, ends, or meets a breakpoint.\n", 0,
	 1, "-", false, run_cont},
	{"step", GROUP_MACHINE, "[COUNT]", "instructions, one or COUNT", NULL,
	 0, 1, "-", false, run_step},
	{"until", GROUP_MACHINE, "ADDRESS | CONDITION",
	 "run to there, or until it is true",
	 "  until syscall_handle; until rax==5 && rip<0x1000\n"
	 "  A condition is asked before each instruction.\n",
	 1, WORDS_MAX, "y", false, run_until},
	{"reset", GROUP_MACHINE, "", "power off and on: boot again", NULL, 0, 0,
	 "", false, run_reset},
	{"save", GROUP_MACHINE, "FILE", "keep the whole machine in a file",
	 NULL, 1, 1, "F", true, run_save},
	{"restore", GROUP_MACHINE, "FILE", "be the machine kept there", NULL, 1,
	 1, "F", false, run_restore},
	{NULL}};
