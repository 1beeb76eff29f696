/* report_json.c: one object a line: a run each, and a summary at the end. */
#include <inttypes.h>
#include <string.h>

#include "shell/runner/runner.h"
#include "shell/runner/text.h"
#include "shell/verdict.h"

static void put_string(FILE *out, const char *key, const char *text, size_t len)
{
	fprintf(out, ",\"%s\":\"", key);
	text_put(out, TEXT_JSON, text, len);
	fputc('"', out);
}

static void put_if(FILE *out, const char *key, const char *text)
{
	if (text)
		put_string(out, key, text, strlen(text));
}

static void put_points(FILE *out, const struct points *points)
{
	fputs(",\"points\":[", out);
	for (size_t i = 0; i < points->count; i++) {
		const struct point *p = &points->point[i];

		fprintf(out, "%s{\"outcome\":\"%s\"", i ? "," : "",
			outcome_word(p->outcome));
		put_if(out, "name", p->name);
		put_if(out, "note", p->note);
		put_if(out, "file", p->file);
		if (p->file)
			fprintf(out, ",\"line\":%u", p->line);
		fputc('}', out);
	}
	fputc(']', out);
}

void report_json(FILE *out, const struct result *r)
{
	const struct run_summary *s = &r->summary;

	fprintf(out, "{\"type\":\"run\",\"outcome\":\"%s\"",
		outcome_word(r->outcome));
	if (*r->job)
		put_if(out, "job", r->job);
	put_if(out, "name", r->name);
	if (r->seeded)
		fprintf(out, ",\"seed\":%" PRIu64, r->seed);
	put_if(out, "why", r->why);
	fprintf(out, ",\"status\":%d", r->status);
	if (r->status >= 0)
		put_if(out, "verdict", verdict_word(r->status));
	put_if(out, "image", r->image);
	put_if(out, "command", r->command);
	fprintf(out,
		",\"instructions\":%" PRIu64 ",\"guest_ns\":%" PRIu64
		",\"wall_ns\":%" PRIu64,
		s->instructions, s->guest_ns, s->wall_ns);
	if (s->want_hash)
		fprintf(out, ",\"hash\":\"%016" PRIx64 "\"", s->hash);
	put_points(out, &r->points);
	put_string(out, "out", r->out ? r->out : "", r->out_len);
	put_string(out, "err", r->err ? r->err : "", r->err_len);
	fputs("}\n", out);
	fflush(out);
}

void report_json_end(FILE *out, const struct tally *t)
{
	fprintf(out,
		"{\"type\":\"summary\",\"total\":%zu,\"pass\":%zu,"
		"\"fail\":%zu,\"error\":%zu,\"skip\":%zu}\n",
		t->total, t->count[OUTCOME_PASS], t->count[OUTCOME_FAIL],
		t->count[OUTCOME_ERROR], t->count[OUTCOME_SKIP]);
	fflush(out);
}
