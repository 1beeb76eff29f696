/*
 * report_junit.c: the XML that CI systems read: a suite for each run, in it
 * a case "run" for the run as a whole and one for each of the guest's points.
 */
#include "shell/runner/runner.h"
#include "shell/runner/text.h"
#include "shell/verdict.h"

struct sums {
	size_t tests, failures, errors, skipped;
	double seconds;
};

static void add_outcome(struct sums *s, enum outcome outcome)
{
	s->tests++;
	s->failures += outcome == OUTCOME_FAIL;
	s->errors += outcome == OUTCOME_ERROR;
	s->skipped += outcome == OUTCOME_SKIP;
}

static void add_result(struct sums *s, const struct result *r)
{
	add_outcome(s, r->outcome);
	for (size_t i = 0; i < r->points.count; i++)
		add_outcome(s, r->points.point[i].outcome);
	s->seconds += r->summary.wall_ns / 1e9;
}

static void put_attribute(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	text_puts(out, TEXT_XML, value);
	fputc('"', out);
}

static void put_sums(FILE *out, const struct sums *s)
{
	fprintf(out,
		" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\""
		" skipped=\"%zu\" time=\"%.6f\"",
		s->tests, s->failures, s->errors, s->skipped, s->seconds);
}

/* What stands inside a case: nothing if it passed. */
static void put_outcome(FILE *out, enum outcome outcome, const char *why,
			const char *type)
{
	static const char *const tags[] = {[OUTCOME_SKIP] = "skipped",
					   [OUTCOME_FAIL] = "failure",
					   [OUTCOME_ERROR] = "error"};

	if (outcome == OUTCOME_PASS)
		return;
	fprintf(out, "      <%s", tags[outcome]);
	put_attribute(out, "message", why);
	if (outcome != OUTCOME_SKIP)
		put_attribute(out, "type", type);
	fputs("/>\n", out);
}

static void put_point(FILE *out, const struct result *r, const struct point *p)
{
	fputs("    <testcase classname=\"", out);
	report_name(out, TEXT_XML, r);
	fputc('"', out);
	put_attribute(out, "name", p->name);
	fputs(" time=\"0\"", out);
	if (p->file) {
		put_attribute(out, "file", p->file);
		fprintf(out, " line=\"%u\"", p->line);
	}
	fputs(">\n", out);
	put_outcome(out, p->outcome, p->note ? p->note : "", "point");
	fputs("    </testcase>\n", out);
}

static void put_property(FILE *out, const char *name, const char *value)
{
	fprintf(out, "      <property name=\"%s\"", name);
	put_attribute(out, "value", value);
	fputs("/>\n", out);
}

static void put_properties(FILE *out, const struct result *r)
{
	char number[32];

	fputs("    <properties>\n", out);
	if (r->seeded) {
		snprintf(number, sizeof(number), "%llu",
			 (unsigned long long)r->seed);
		put_property(out, "seed", number);
	}
	if (r->command)
		put_property(out, "command", r->command);
	fputs("    </properties>\n", out);
}

static void put_text(FILE *out, const char *tag, const char *text, size_t len)
{
	if (!len)
		return;
	fprintf(out, "    <%s>", tag);
	text_put(out, TEXT_XML, text, len);
	fprintf(out, "</%s>\n", tag);
}

static void put_suite(FILE *out, const struct result *r)
{
	struct sums sums = {0, 0, 0, 0, 0};

	add_result(&sums, r);
	fputs("  <testsuite name=\"", out);
	report_name(out, TEXT_XML, r);
	fputc('"', out);
	put_sums(out, &sums);
	fputs(">\n", out);
	put_properties(out, r);
	fputs("    <testcase classname=\"", out);
	report_name(out, TEXT_XML, r);
	fprintf(out, "\" name=\"run\" time=\"%.6f\">\n",
		r->summary.wall_ns / 1e9);
	put_outcome(out, r->outcome, r->why,
		    r->status >= 0 ? verdict_word(r->status) : "none");
	fputs("    </testcase>\n", out);
	for (size_t i = 0; i < r->points.count; i++)
		put_point(out, r, &r->points.point[i]);
	put_text(out, "system-out", r->out, r->out_len);
	put_text(out, "system-err", r->err, r->err_len);
	fputs("  </testsuite>\n", out);
}

void report_junit(FILE *out, const struct result *r, size_t count)
{
	struct sums sums = {0, 0, 0, 0, 0};

	for (size_t i = 0; i < count; i++)
		add_result(&sums, &r[i]);
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	      "<testsuites name=\"vmm test\"",
	      out);
	put_sums(out, &sums);
	fputs(">\n", out);
	for (size_t i = 0; i < count; i++)
		put_suite(out, &r[i]);
	fputs("</testsuites>\n", out);
}
