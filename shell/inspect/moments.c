/*
 * moments.c: `mark` keeps a moment, `diff` says what is different now. A
 * moment is a line of text for each slot that is taken and each object that
 * tasks meet at or that runs; what reads the same has not changed.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/inspect/graph.h"

#define MOMENTS_MAX 16

struct line {
	char what[NAME_SIZE];
	char *text;
};

struct moment {
	char name[32];
	struct line *line;
	uint32_t count;
	struct moment *next;
};

/* ---- making one ---- */

static void moment_free(struct moment *moment)
{
	for (uint32_t i = 0; moment->line && i < moment->count; i++)
		free(moment->line[i].text);
	free(moment->line);
	free(moment);
}

void moments_free(struct inspect *in)
{
	while (in->moments) {
		struct moment *moment = in->moments;

		in->moments = moment->next;
		moment_free(moment);
	}
}

static void add_line(struct moment *moment, const char *what, const char *text)
{
	struct line *line = &moment->line[moment->count];

	snprintf(line->what, sizeof(line->what), "%s", what);
	line->text = strdup(text);
	moment->count += line->text != NULL;
}

static void add_cap(struct moment *moment, const struct model *m,
		    const struct cap *cap)
{
	bool said =
		cap->corrupt || type_in(cap->type, TYPES_FRAME | TYPES_TABLE);
	char text[2 * NAME_SIZE + DETAIL_SIZE + 16];

	snprintf(text, sizeof(text), "%s %s%s%s",
		 object_name(m, cap->object).text,
		 rights_text(cap->rights).text, said ? " " : "",
		 said ? cap_detail(m, cap).text : "");
	add_line(moment, slot_name(m, cap).text, text);
}

static void add_object(struct moment *moment, const struct model *m,
		       uint32_t object)
{
	const struct object *o = &m->object[object];
	struct text text = {"", 0};

	if (o->corrupt)
		text_add(&text, "corrupt: %s", o->corrupt);
	else if (o->type == OBJECT_TASK)
		text_add(&text, "%s %s", task_state_text(m, o),
			 wait_detail(m, o).text);
	else if (o->type == OBJECT_UNTYPED)
		text_add(&text, "%s", cap_detail(m, &m->cap[o->first]).text);
	else if (is_meeting(o->type)) {
		meeting_content(m, o, &text);
		text_add(&text, "%s", text.len ? " " : "");
		meeting_waiters(m, o, &text);
	}
	if (text.len)
		add_line(moment, object_name(m, object).text, text.text);
}

static int compare_lines(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return strcmp(x->what, y->what);
}

static struct moment *moment_now(const struct model *m, const char *name)
{
	struct moment *moment = calloc(1, sizeof(*moment));

	if (!moment)
		return NULL;
	snprintf(moment->name, sizeof(moment->name), "%s", name);
	moment->line = calloc((size_t)m->cap_count + m->object_count + 1,
			      sizeof(*moment->line));
	if (!moment->line) {
		free(moment);
		return NULL;
	}
	for (uint32_t i = 0; i < m->cap_count; i++)
		add_cap(moment, m, &m->cap[i]);
	for (uint32_t i = 0; i < m->object_count; i++)
		add_object(moment, m, i);
	qsort(moment->line, moment->count, sizeof(*moment->line),
	      compare_lines);
	return moment;
}

/* ---- commands ---- */

/* Where the pointer to it is, or where it would be put; *count: how many. */
static struct moment **find(struct inspect *in, const char *name,
			    unsigned *count)
{
	struct moment **at = &in->moments;

	*count = 0;
	for (; *at && strcmp((*at)->name, name) != 0; at = &(*at)->next)
		++*count;
	return at;
}

int cmd_mark(struct request *r)
{
	const char *name = r->argc > 1 ? r->argv[1] : "";
	struct moment *moment, **at;
	unsigned count;

	if (strlen(name) >= sizeof(moment->name))
		return out_refuse(r->out, -EINVAL,
				  "mark: the name is too long");
	at = find(r->in, name, &count);
	if (!*at && count >= MOMENTS_MAX)
		return out_refuse(r->out, -EINVAL,
				  "mark: there are %u marks; take another's "
				  "name again",
				  count);
	moment = moment_now(r->m, name);
	if (!moment)
		return out_refuse(r->out, -ENOMEM, "no memory");
	if (*at) {
		moment->next = (*at)->next;
		moment_free(*at);
	}
	*at = moment;
	return 0;
}

static void say_change(struct table *t, const char *sign, const char *what,
		       const char *before, const char *after)
{
	table_row(t);
	table_cell(t, "", CELL_PEOPLE, "%s", sign);
	table_cell(t, "what", CELL_NAME, "%s", what);
	table_cell(t, "before", CELL_DIM, "%s", before);
	table_cell(t, "after", 0, "%s", after);
}

/* Both are sorted. */
static void compare(struct table *t, const struct moment *a,
		    const struct moment *b)
{
	uint32_t i = 0, n = 0;

	while (i < a->count || n < b->count) {
		const struct line *x = &a->line[i], *y = &b->line[n];
		int order = i == a->count   ? 1
			    : n == b->count ? -1
					    : strcmp(x->what, y->what);

		if (order < 0)
			say_change(t, "-", x->what, x->text, "");
		else if (order > 0)
			say_change(t, "+", y->what, "", y->text);
		else if (strcmp(x->text, y->text) != 0)
			say_change(t, "~", x->what, x->text, y->text);
		i += order <= 0;
		n += order >= 0;
	}
}

int cmd_diff(struct request *r)
{
	const char *name = r->argc > 1 ? r->argv[1] : "";
	struct moment *now, **at;
	unsigned count;
	struct table t;

	at = find(r->in, name, &count);
	if (!*at) {
		out_hint(r->out, "keep a moment with `mark%s%s`",
			 *name ? " " : "", name);
		return out_refuse(r->out, -ENOENT,
				  *name ? "no moment is marked '%s'"
					: "no moment is marked%s",
				  name);
	}
	now = moment_now(r->m, name);
	if (!now)
		return out_refuse(r->out, -ENOMEM, "no memory");
	table_begin(&t, r->out, "change");
	compare(&t, *at, now);
	moment_free(now);
	if (!table_end(&t))
		out_line(r->out, "Nothing has changed.");
	return 0;
}
