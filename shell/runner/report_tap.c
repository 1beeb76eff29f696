/* report_tap.c: TAP 14; a guest's points are a subtest of its run. */
#include <string.h>

#include "shell/runner/runner.h"
#include "shell/runner/text.h"
#include "shell/verdict.h"

#define LINES 20

void report_name(FILE *out, int form, const struct result *r)
{
	text_puts(out, form, r->name);
	if (r->seeded)
		fprintf(out, " (seed %llu)", (unsigned long long)r->seed);
}

void report_tap_begin(FILE *out, size_t count)
{
	fprintf(out, "TAP version 14\n1..%zu\n", count);
}

/* The last lines, each indented; nothing of them can end the block. */
static void put_lines(FILE *out, const char *key, const char *text, size_t len)
{
	const char *from = text + len;

	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	from = text + len;
	for (int lines = 0; from > text; from--)
		if (from[-1] == '\n' && ++lines == LINES)
			break;
	if (from == text + len)
		return;
	fprintf(out, "  %s: |2\n", key);
	for (const char *end = text + len; from < end;) {
		const char *newline = memchr(from, '\n', end - from);
		size_t line = (newline ? newline : end) - from;

		if (line && from[line - 1] == '\r')
			line--;
		/* The mark keeps CI systems from seeing commands in it. */
		fputs("    > ", out);
		text_put(out, TEXT_PLAIN, from, line);
		fputc('\n', out);
		if (!newline)
			break;
		from = newline + 1;
	}
}

static void put_key(FILE *out, const char *key, const char *value)
{
	fprintf(out, "  %s: \"", key);
	text_puts(out, TEXT_JSON, value);
	fputs("\"\n", out);
}

static void put_details(FILE *out, const struct result *r)
{
	fputs("  ---\n", out);
	fprintf(out, "  severity: %s\n", outcome_word(r->outcome));
	put_key(out, "message", r->why);
	if (r->status >= 0)
		put_key(out, "verdict", verdict_word(r->status));
	if (r->command)
		put_key(out, "again", r->command);
	put_lines(out, "monitor", r->err ? r->err : "", r->err_len);
	put_lines(out, "serial", r->out ? r->out : "", r->out_len);
	fputs("  ...\n", out);
}

static void put_points(FILE *out, const struct result *r)
{
	fputs("# Subtest: ", out);
	report_name(out, TEXT_PLAIN, r);
	fprintf(out, "\n    1..%zu\n", r->points.count);
	for (size_t i = 0; i < r->points.count; i++) {
		const struct point *p = &r->points.point[i];

		fprintf(out, "    %s %zu - ",
			p->outcome >= OUTCOME_FAIL ? "not ok" : "ok", i + 1);
		text_puts(out, TEXT_TAP, p->name);
		if (p->outcome == OUTCOME_SKIP)
			fputs(" # SKIP ", out);
		if (p->outcome == OUTCOME_SKIP && p->note)
			text_puts(out, TEXT_TAP, p->note);
		fputc('\n', out);
		if (p->outcome < OUTCOME_FAIL || (!p->note && !p->file))
			continue;
		fputs("      ---\n", out);
		if (p->note) {
			fputs("    ", out);
			put_key(out, "message", p->note);
		}
		if (p->file) {
			fputs("    ", out);
			put_key(out, "file", p->file);
			fprintf(out, "      line: %u\n", p->line);
		}
		fputs("      ...\n", out);
	}
}

void report_tap(FILE *out, size_t number, const struct result *r)
{
	if (r->points.count)
		put_points(out, r);
	fprintf(out, "%s %zu - ", r->outcome >= OUTCOME_FAIL ? "not ok" : "ok",
		number);
	report_name(out, TEXT_TAP, r);
	if (r->outcome == OUTCOME_SKIP) {
		fputs(" # SKIP ", out);
		text_puts(out, TEXT_TAP, r->why);
	}
	fputc('\n', out);
	if (r->outcome >= OUTCOME_FAIL)
		put_details(out, r);
	fflush(out);
}

/* ---- what differs between the runs of one test ---- */

static void put_seeds(FILE *out, const struct result *r, size_t count,
		      enum outcome outcome)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		if (r[i].cut || r[i].outcome != outcome)
			continue;
		if (found == 0)
			fprintf(out, "; %s with seed", outcome_word(outcome));
		if (found++ < 20)
			fprintf(out, " %llu", (unsigned long long)r[i].seed);
	}
	if (found > 20)
		fprintf(out, " and %zu more", found - 20);
}

static void put_flakes(FILE *out, const struct result *r, size_t count)
{
	size_t bad = 0, runs = 0;

	for (size_t i = 0; i < count; i++) {
		runs += !r[i].cut;
		bad += !r[i].cut && r[i].outcome >= OUTCOME_FAIL;
	}
	if (runs < 2)
		return;
	fprintf(out, "# %s: ",
		bad == 0      ? "steady"
		: bad == runs ? "always bad"
			      : "flaky");
	text_puts(out, TEXT_PLAIN, r->name);
	fprintf(out, ": %zu of %zu runs bad (%.1f %%)", bad, runs,
		100.0 * bad / runs);
	put_seeds(out, r, count, OUTCOME_FAIL);
	put_seeds(out, r, count, OUTCOME_ERROR);
	fputc('\n', out);
}

void report_flakes(FILE *out, const struct result *r, size_t count)
{
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1;
		     end < count && !strcmp(r[end].name, r[i].name); end++)
			;
		if (end - i > 1)
			put_flakes(out, r + i, end - i);
	}
}

void report_tap_end(FILE *out, const struct result *r, size_t count)
{
	struct tally t = {{0}, 0, 0};

	for (size_t i = 0; i < count; i++)
		tally_add(&t, &r[i]);
	report_flakes(out, r, count);
	fprintf(out,
		"# %zu run%s: %zu passed, %zu failed, %zu in error, "
		"%zu skipped\n",
		t.total, t.total == 1 ? "" : "s", t.count[OUTCOME_PASS],
		t.count[OUTCOME_FAIL], t.count[OUTCOME_ERROR],
		t.count[OUTCOME_SKIP]);
	fflush(out);
}
