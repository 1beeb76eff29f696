/*
 * run.c: running the guest until something is there, and not for ever: what
 * waits for the guest waits in the guest's time.
 *
 * A machine with a debugger (vmm/debug.h) is held by that, and its verdicts
 * are put off, so that a guest that has ended can be looked at; where the
 * processor cannot be debugged the prompt simply does not run it.
 */
#include "shell/repl/repl.h"

#include <string.h>

#include "vmm/debug.h"

/* ---- held or not ---- */

bool repl_held(const struct repl *r)
{
	return r->m->debug ? debug_held(r->m->debug) : r->still;
}

void repl_hold(struct repl *r)
{
	if (r->m->debug)
		debug_interrupt(r->m->debug);
	else
		r->still = true;
}

int repl_let_go(struct repl *r)
{
	if (r->m->debug && debug_held(r->m->debug))
		return debug_continue(r->m->debug);
	r->still = false;
	return 0;
}

/* The verdict, as m->stop has it for this moment. */
static void note_verdict(struct repl *r)
{
	const struct options *o = &r->options->options;

	r->ended = true;
	r->over = (struct debug_stop){.verdict = r->m->stop,
				      .code = r->m->stop_code};
	memcpy(r->over.why, r->m->why, sizeof(r->over.why));
	verdict_of(r->m, o, &r->verdict);
	if (r->session.panic.seen)
		verdict_panic(r->m, o, r->session.panic.text, &r->verdict);
}

static void note_stop(struct repl *r, const struct debug_stop *stop)
{
	struct machine *m = r->m;

	r->breaks.stop = *stop;
	if (stop->reason != DEBUG_END && stop->reason != DEBUG_TRIPLE)
		return;
	m->stop = stop->verdict;
	m->stop_code = stop->code;
	memcpy(m->why, stop->why, sizeof(m->why));
	note_verdict(r);
	m->stop = STOP_NONE;
}

static void stopped(void *ctx, const struct debug_stop *stop)
{
	struct repl *r = ctx;

	note_stop(r, stop);
	repl_pause(r, r->ended ? END_ENDED : END_BREAK);
}

void repl_watch_stops(struct repl *r)
{
	r->breaks.listener =
		(struct debug_listener){.stopped = stopped, .ctx = r};
	if (r->m->debug)
		debug_listen(r->m->debug, &r->breaks.listener);
}

void repl_renewed(struct repl *r, bool held)
{
	struct debug_stop stop = {.reason = DEBUG_RESTART};
	struct machine *m = r->m;

	m->stop = STOP_NONE;
	memset(m->sleep, 0, sizeof(m->sleep));
	r->session.panic.seen = false;
	r->ended = r->link.greeted = false;
	r->still = held;
	timeline_renew(&r->session);
	if (!m->debug)
		return;
	m->paused = false; /* the clock is another: begin to hold anew */
	debug_hold(m->debug, &stop);
	if (!held)
		debug_continue(m->debug);
}

/* ---- running ---- */

void repl_pause(struct repl *r, enum repl_end end)
{
	if (!r->running || r->m->stop)
		return;
	r->end = end;
	machine_stop(r->m, STOP_PAUSE, 0, "");
}

/* A panic ends the run a little later (panic.h); else --timeout-virtual. */
static uint64_t session_limit(const struct repl *r)
{
	return r->session.panic.seen ? r->m->limit_ns
				     : r->options->options.guest_ns;
}

/* The earlier of that and what this wait allows. */
static uint64_t limit(const struct repl *r, uint64_t limit_ns)
{
	uint64_t session = session_limit(r);
	uint64_t now = clock_now(&r->m->clock), at;

	if (!limit_ns || __builtin_add_overflow(now, limit_ns, &at))
		return session;
	return session && session < at ? session : at;
}

/* Not the guest's end but ours: a signal, --timeout, a host that fails us. */
static void check_fatal(struct repl *r)
{
	switch (r->m->stop) {
	case STOP_SIGNAL:
	case STOP_HOST:
	case STOP_QUIT:
	case STOP_TIMEOUT:
		note_verdict(r);
		r->quit = true;
		r->status = r->verdict.status;
		break;
	default:
		break;
	}
}

static enum repl_end end_of(struct repl *r)
{
	struct machine *m = r->m;

	if (m->stop == STOP_PAUSE) {
		m->stop = STOP_NONE;
		return r->end;
	}
	if (m->stop == STOP_TIMEOUT && m->limit_ns &&
	    m->limit_ns != session_limit(r) &&
	    clock_now(&m->clock) >= m->limit_ns) {
		m->stop = STOP_NONE;
		return END_LIMIT;
	}
	note_verdict(r);
	check_fatal(r);
	m->stop = STOP_NONE;
	return END_ENDED;
}

enum repl_end repl_go(struct repl *r, unsigned flags, uint64_t limit_ns)
{
	enum repl_end end;

	if (r->ended)
		return END_ENDED;
	if (r->interrupted)
		return END_PAUSED;
	r->stop_when_idle = flags & GO_IDLE;
	r->stop_at_line = flags & GO_LINE;
	r->m->limit_ns = limit(r, limit_ns);
	r->running = true;
	machine_run(r->m);
	r->running = false;
	end = end_of(r);
	r->m->limit_ns = session_limit(r);
	r->stop_when_idle = r->stop_at_line = false;
	return end;
}

void repl_wait(struct repl *r)
{
	if (!r->ended && !(r->still && !r->m->debug))
		repl_go(r, 0, 0);
	else
		loop_poll(r->m->loop, UINT64_MAX);
	check_fatal(r);
}

uint64_t repl_time(const struct repl *r, uint64_t ns)
{
	return r->m->cpu[0]->ops->counted_time ? ns : ns * REPL_UNCOUNTED;
}

static uint64_t said(const struct repl *r)
{
	return r->serial.lost + r->serial.len;
}

/*
 * A guest that never idles, but polls for input, has booted when it has said
 * something and then nothing for a while.
 */
void repl_settle(struct repl *r)
{
	uint64_t until = clock_now(&r->m->clock) + repl_time(r, REPL_BOOT_NS);
	enum repl_end end = END_LIMIT;
	bool quiet = false;

	if (r->settled || repl_held(r) || r->ended)
		return;
	while (end == END_LIMIT && !quiet && clock_now(&r->m->clock) < until) {
		uint64_t before = said(r);

		end = repl_go(r, GO_IDLE, repl_time(r, REPL_QUIET_NS));
		quiet = said(r) && said(r) == before;
	}
	r->settled = true;
}

void repl_calm(struct repl *r)
{
	if (!repl_held(r) && !r->ended)
		repl_go(r, GO_IDLE, repl_time(r, REPL_SETTLE_NS));
}

/* ---- why it does not run ---- */

void repl_state(struct repl *r, char *text, size_t size)
{
	const struct verdict *v = &r->verdict;

	if (r->ended)
		snprintf(text, size, "the guest has ended: %s",
			 *v->text  ? v->text
			 : v->line ? v->line
				   : "no verdict");
	else if (repl_held(r))
		breaks_say(r, text, size);
	else
		snprintf(text, size, "the guest runs");
}

int repl_must_run(struct repl *r, const char *what)
{
	char state[400];

	if (!repl_held(r) && !r->ended)
		return 0;
	repl_state(r, state, sizeof(state));
	answer_fail(&r->answer, r->ended ? "ENDED" : "STOPPED", "%s: %s", what,
		    state);
	answer_hint(&r->answer, r->ended ? "`reset` boots it again; looking "
					   "works as before"
					 : "`cont` lets it run");
	return 1;
}
