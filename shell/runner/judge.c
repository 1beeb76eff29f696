/*
 * judge.c: green is only what ended as it was to end, kept its plan and has
 * no point that failed.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "devices/devices.h"
#include "shell/runner/runner.h"
#include "shell/verdict.h"

static void decide(struct result *r, enum outcome outcome, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void decide(struct result *r, enum outcome outcome, const char *fmt, ...)
{
	va_list args;

	r->outcome = outcome;
	va_start(args, fmt);
	vsnprintf(r->why, sizeof(r->why), fmt, args);
	va_end(args);
}

static bool is_failure(int status)
{
	return !strcmp(verdict_word(status), "failure");
}

static void judge_end(struct result *r, int expect)
{
	const char *text = r->summary.text;

	if (!r->summary.ended || r->status != r->summary.status)
		/* It did not come to a run, and said why on standard error. */
		decide(r, OUTCOME_ERROR, "vmm could not run it (status %d)",
		       r->status);
	else if (expect == 0)
		decide(r, is_failure(r->status) ? OUTCOME_FAIL : OUTCOME_ERROR,
		       "%s", *text ? text : verdict_word(r->status));
	else
		decide(r, OUTCOME_FAIL, "ended with %s, not with %s%s%s",
		       verdict_word(r->status), verdict_word(expect),
		       *text ? ": " : "", text);
}

/* The worst point, and how many are as bad. */
static void judge_points(struct result *r)
{
	size_t count[OUTCOME_ERROR + 1] = {0};
	const struct points *p = &r->points;
	const struct point *first = NULL;
	enum outcome worst = OUTCOME_PASS;

	for (size_t i = 0; i < p->count; i++) {
		enum outcome o = p->point[i].outcome;

		count[o]++;
		if (o >= OUTCOME_FAIL && (!first || o > worst)) {
			first = &p->point[i];
			worst = o;
		}
	}
	if (*p->trouble)
		decide(r, OUTCOME_ERROR, "%s", p->trouble);
	else if (first)
		decide(r, worst, "%zu of %zu: %s%s%s",
		       count[OUTCOME_FAIL] + count[OUTCOME_ERROR], p->count,
		       first->name, first->note ? ": " : "",
		       first->note ? first->note : "");
	else if ((p->count && count[OUTCOME_SKIP] == p->count) ||
		 (p->skip_all && p->count == 0))
		decide(r, OUTCOME_SKIP, "all of it was skipped");
	else
		decide(r, OUTCOME_PASS, "%s", "");
}

/*
 * kvm-unit-tests write 0 to port f4h when all is well, 77 when all was
 * skipped, and else 1 or more. In general these values say nothing.
 */
static void read_kut_exit(struct result *r)
{
	struct run_summary *s = &r->summary;
	uint32_t value = exit_code_value(s->exit_code);

	if (!points_kut(&r->points) || !s->ended || !s->exited ||
	    strcmp(verdict_word(r->status), "none") != 0 ||
	    exit_code_port(s->exit_code) != 0xf4)
		return;
	if (value == 0 || value == 77) {
		r->status = s->status = 0;
		s->text[0] = 0;
	} else {
		verdict_of_word("failure", &s->status);
		r->status = s->status;
	}
}

void judge(struct result *r, const struct test *test)
{
	read_kut_exit(r);
	if (r->status == test->expect && r->summary.ended &&
	    r->summary.status == r->status)
		judge_points(r);
	else
		judge_end(r, test->expect);
}

const char *outcome_word(enum outcome outcome)
{
	static const char *const words[] = {[OUTCOME_PASS] = "pass",
					    [OUTCOME_SKIP] = "skip",
					    [OUTCOME_FAIL] = "fail",
					    [OUTCOME_ERROR] = "error"};

	return words[outcome];
}

void tally_add(struct tally *t, const struct result *r)
{
	t->count[r->outcome]++;
	t->total++;
	t->host += r->outcome == OUTCOME_ERROR && r->status == EXIT_HOST;
}
