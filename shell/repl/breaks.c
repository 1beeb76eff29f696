/*
 * breaks.c: break, watch and delete; and what is said when the machine stops.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "shell/repl/repl.h"

/* ---- where it stands ---- */

static const struct break_point *row_of(const struct repl *r,
					const struct vcpu_point *p)
{
	for (unsigned i = 0; i < BREAKS_MAX; i++) {
		const struct break_point *b = &r->breaks.row[i];

		if (b->number && b->point.kind == p->kind &&
		    b->point.addr == p->addr)
			return b;
	}
	return NULL;
}

static uint64_t rip_of(struct repl *r)
{
	struct x86_state s;

	r->m->cpu[r->m->turn.cpu]->ops->get_state(r->m->cpu[r->m->turn.cpu],
						  &s);
	return s.rip;
}

static void say_why(struct repl *r, char *text, size_t size)
{
	const struct debug_stop *stop = &r->breaks.stop;
	const struct break_point *b;

	text[0] = 0;
	if (!r->m->debug)
		return;
	switch (stop->reason) {
	case DEBUG_POINT:
	case DEBUG_WATCH:
		b = row_of(r, &stop->point);
		if (b && stop->reason == DEBUG_WATCH)
			snprintf(text, size,
				 "watchpoint %u, %#" PRIx64 " was touched, ",
				 b->number, stop->addr);
		else if (b)
			snprintf(text, size, "breakpoint %u, ", b->number);
		break;
	case DEBUG_EXCEPTION:
		snprintf(text, size, "exception %u, ", stop->vector);
		break;
	default:
		break;
	}
}

void breaks_say(struct repl *r, char *text, size_t size)
{
	char why[96], name[128];
	uint64_t rip = rip_of(r);

	say_why(r, why, sizeof(why));
	repl_name(r, rip, name, sizeof(name));
	snprintf(text, size, "stopped: %sat %#" PRIx64 "%s", why, rip, name);
}

void breaks_answer(struct repl *r)
{
	char text[400];

	breaks_say(r, text, sizeof(text));
	fprintf(r->answer.text, "%s\n", text);
	answer_string(&r->answer, "state", "stopped");
	answer_hex(&r->answer, "rip", rip_of(r));
}

/* ---- the list ---- */

static bool wanted(void *ctx, const struct debug_point *point, unsigned cpu)
{
	struct break_point *b = ctx;
	struct reason why;
	uint64_t value = 1;

	/* One that cannot be told (memory not mapped now) does not stop. */
	return !*b->condition ||
	       (repl_evaluate(b->repl, b->condition, false, &value, &why) &&
		value);
}

int repl_no_debugger(struct repl *r)
{
	return answer_fail(&r->answer, "NOT_BUILT",
			   "this processor cannot be debugged; use --accel "
			   "sim");
}

/* An empty row for a point at what `text` says, or NULL having said why not. */
static struct break_point *new_row(struct repl *r, const char *text)
{
	struct break_point *b = r->breaks.row;

	if (!r->m->debug) {
		repl_no_debugger(r);
		return NULL;
	}
	while (b < r->breaks.row + BREAKS_MAX && b->number)
		b++;
	if (b == r->breaks.row + BREAKS_MAX) {
		answer_fail(&r->answer, "FAILED", "there are %u points already",
			    BREAKS_MAX);
		return NULL;
	}
	memset(b, 0, sizeof(*b));
	snprintf(b->text, sizeof(b->text), "%s", text);
	return b;
}

static const char *kind_text(enum vcpu_point_kind kind)
{
	static const char *const texts[] = {[POINT_EXEC] = "break",
					    [POINT_WRITE] = "watch w",
					    [POINT_READ] = "watch r",
					    [POINT_ACCESS] = "watch rw"};

	return texts[kind];
}

static void print_row(struct repl *r, const struct break_point *b)
{
	char name[128];

	repl_name(r, b->point.addr, name, sizeof(name));
	fprintf(r->answer.text, "%u: %s %#" PRIx64 "%s", b->number,
		kind_text(b->point.kind), b->point.addr, name);
	if (b->point.kind != POINT_EXEC)
		fprintf(r->answer.text, ", %" PRIu64 " bytes", b->point.len);
	if (*b->condition)
		fprintf(r->answer.text, " if %s", b->condition);
	fputc('\n', r->answer.text);
}

static int list_all(struct repl *r)
{
	unsigned count = 0;

	for (unsigned i = 0; i < BREAKS_MAX; i++)
		if (r->breaks.row[i].number) {
			print_row(r, &r->breaks.row[i]);
			count++;
		}
	if (!count)
		fprintf(r->answer.text, "no points are set\n");
	return 0;
}

/* Set while it runs: held for a moment, so that the processors are told. */
static int tell_processors(struct repl *r)
{
	bool held = repl_held(r);

	if (held || r->ended)
		return 0;
	repl_hold(r);
	return repl_let_go(r);
}

static int add(struct repl *r, struct break_point *b)
{
	const char *limits = debug_limits(r->m->debug);
	int err;

	b->point.owner = b;
	b->point.space = DEBUG_ANY_SPACE;
	b->point.wanted = wanted;
	b->point.ctx = b;
	b->repl = r;
	err = debug_add(r->m->debug, &b->point);
	if (!err)
		err = tell_processors(r);
	if (err) {
		debug_remove(r->m->debug, &b->point);
		repl_let_go(r);
		return answer_fail(
			&r->answer, "FAILED", "%s: %s", b->text,
			err != -ENOSPC ? "there can be no point there"
			: limits[0]    ? limits
				       : "this processor cannot watch more");
	}
	b->number = ++r->breaks.last;
	print_row(r, b);
	answer_number(&r->answer, "number", b->number);
	answer_hex(&r->answer, "address", b->point.addr);
	return 0;
}

/* The words behind `if`, as one; false: too long, or no expression. */
static bool condition(struct repl *r, const struct words *w, unsigned from,
		      struct break_point *b)
{
	struct reason why;
	uint64_t value;
	size_t len = 0;

	b->condition[0] = 0;
	for (unsigned i = from; i < w->count && len < sizeof(b->condition); i++)
		len += snprintf(b->condition + len, sizeof(b->condition) - len,
				"%s%s", len ? " " : "", w->word[i]);
	if (!len || len >= sizeof(b->condition)) {
		answer_fail(&r->answer, "USAGE",
			    len ? "the condition is too "
				  "long"
				: "if what?");
		return false;
	}
	if (repl_evaluate(r, b->condition, false, &value, &why) ||
	    strstr(why.text, "not mapped"))
		return true;
	answer_fail(&r->answer, "USAGE", "'%s': %s", b->condition, why.text);
	return false;
}

static int run_break(struct repl *r, const struct words *w)
{
	struct break_point *b;

	if (w->count == 1)
		return list_all(r);
	b = new_row(r, w->word[1]);
	if (!b)
		return 1;
	b->point = (struct debug_point){.kind = POINT_EXEC, .len = 1};
	if (!repl_value(r, w->word[1], false, &b->point.addr))
		return 2;
	if (w->count > 2 && strcmp(w->word[2], "if") != 0)
		return answer_fail(&r->answer, "USAGE",
				   "expected: break ADDRESS [if CONDITION]");
	if (w->count > 2 && !condition(r, w, 3, b))
		return 2;
	return add(r, b);
}

static int run_watch(struct repl *r, const struct words *w)
{
	static const struct {
		const char *name;
		enum vcpu_point_kind kind;
	} kinds[] = {
		{"w", POINT_WRITE}, {"r", POINT_READ}, {"rw", POINT_ACCESS}};
	struct break_point *b;
	bool known = w->count < 4;

	b = new_row(r, w->word[1]);
	if (!b)
		return 1;
	b->point = (struct debug_point){.kind = POINT_WRITE, .len = 8};
	if (!repl_value(r, w->word[1], false, &b->point.addr) ||
	    (w->count > 2 && !repl_value(r, w->word[2], false, &b->point.len)))
		return 2;
	for (unsigned i = 0; i < 3 && w->count > 3; i++)
		if (!strcmp(w->word[3], kinds[i].name)) {
			b->point.kind = kinds[i].kind;
			known = true;
		}
	if (!known)
		return answer_fail(&r->answer, "USAGE",
				   "watch: '%s' is none of w, r, rw",
				   w->word[3]);
	return add(r, b);
}

static void drop(struct repl *r, struct break_point *b)
{
	debug_remove(r->m->debug, &b->point);
	b->number = 0;
}

int breaks_delete(struct repl *r, const char *which)
{
	bool found = !which;
	uint64_t number = 0;

	if (which && !repl_value(r, which, false, &number))
		return 2;
	for (unsigned i = 0; i < BREAKS_MAX; i++) {
		struct break_point *b = &r->breaks.row[i];

		if (!b->number || (number && b->number != number))
			continue;
		drop(r, b);
		found = true;
	}
	if (!found)
		return answer_fail(&r->answer, "NOT_FOUND",
				   "there is no point %" PRIu64 "; `break` "
				   "lists them",
				   number);
	tell_processors(r);
	return 0;
}

const struct repl_command debug_commands[] = {
	{"break", GROUP_MACHINE, "[ADDRESS [if CONDITION]]",
	 "stop there; or the list of points",
	 "  break syscall_handle; break 0x88b0 if rdi==5\n", 0, WORDS_MAX, "y",
	 false, run_break},
	{"watch", GROUP_MACHINE, "ADDRESS [BYTES [w|r|rw]]",
	 "stop when it is written, or read", NULL, 1, 3, "y-", false,
	 run_watch},
	{NULL}};
