/* report_github.c: workflow commands, which GitHub shows at the source. */
#include "shell/runner/runner.h"
#include "shell/runner/text.h"

static void put_error(FILE *out, const struct result *r, const char *point,
		      const char *why, const char *file, unsigned line)
{
	fputs("::error ", out);
	if (file) {
		fputs("file=", out);
		text_puts(out, TEXT_PROPERTY, file);
		fprintf(out, ",line=%u,", line);
	}
	fputs("title=", out);
	report_name(out, TEXT_PROPERTY, r);
	fputs("::", out);
	if (point) {
		text_puts(out, TEXT_GITHUB, point);
		fputs(why ? ": " : "", out);
	}
	if (why)
		text_puts(out, TEXT_GITHUB, why);
	fputc('\n', out);
}

void report_github(FILE *out, const struct result *r)
{
	bool said = false;

	if (r->outcome < OUTCOME_FAIL)
		return;
	for (size_t i = 0; i < r->points.count; i++) {
		const struct point *p = &r->points.point[i];

		if (p->outcome < OUTCOME_FAIL)
			continue;
		put_error(out, r, p->name, p->note, p->file, p->line);
		said = true;
	}
	if (!said || r->outcome == OUTCOME_ERROR)
		put_error(out, r, NULL, r->why, NULL, 0);
	fflush(out);
}
