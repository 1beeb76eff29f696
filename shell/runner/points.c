/* points.c: lines to test points; plans are checked when a level ends. */
#include "shell/runner/points.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KUT_PASS, KUT_FAIL, KUT_SKIP, KUT_XFAIL, KUT_XPASS };

__attribute__((format(printf, 2, 3))) static void trouble(struct points *p,
							  const char *fmt, ...)
{
	va_list args;

	if (*p->trouble)
		return;
	va_start(args, fmt);
	vsnprintf(p->trouble, sizeof(p->trouble), fmt, args);
	va_end(args);
}

static char *copy(const char *text)
{
	return text && *text ? strndup(text, POINTS_LINE) : NULL;
}

void points_add(struct points *p, enum outcome outcome, const char *name,
		const char *note)
{
	struct point *more = p->point;

	p->located = false;
	if (p->count == POINTS_MAX) {
		trouble(p, "more than %d test points", POINTS_MAX);
		return;
	}
	/* Room doubles at each power of two. */
	if ((p->count & (p->count - 1)) == 0)
		more = realloc(more,
			       (p->count ? 2 * p->count : 1) * sizeof(*more));
	if (!more) {
		p->no_memory = true;
		return;
	}
	p->point = more;
	more[p->count++] =
		(struct point){outcome, strdup(name), copy(note), NULL, 0};
	p->no_memory |= !more[p->count - 1].name;
	p->located = true;
}

/* ---- levels ---- */

static void level_begin(struct points *p, struct points_level *level,
			unsigned indent)
{
	free(level->seen);
	*level = (struct points_level){.indent = indent, .first = p->count};
}

static const char *level_name(const struct points_level *level)
{
	return *level->name ? level->name : "the guest";
}

static void level_end(struct points *p, struct points_level *level)
{
	if (level->planned && level->count != level->plan)
		trouble(p, "%s planned %lu tests and ran %lu",
			level_name(level), level->plan, level->count);
	else if (level->announced && !level->planned)
		trouble(p, "%s announced TAP and gave no plan",
			level_name(level));
	free(level->seen);
	level->seen = NULL;
}

/* Leave the levels that are deeper than `indent`, and enter its own. */
static struct points_level *level_at(struct points *p, unsigned indent)
{
	while (p->depth > 0 && p->level[p->depth].indent > indent)
		level_end(p, &p->level[p->depth--]);
	if (p->level[p->depth].indent >= indent)
		return &p->level[p->depth];
	if (p->depth + 1 == POINTS_DEPTH) {
		trouble(p, "subtests more than %d deep", POINTS_DEPTH - 1);
		return &p->level[p->depth];
	}
	level_begin(p, &p->level[++p->depth], indent);
	return &p->level[p->depth];
}

static bool room_for(struct points_level *level, unsigned long number)
{
	size_t old = level->seen ? level->room / 8 + 1 : 0;
	unsigned long room = number | 255;
	unsigned char *more;

	if (number <= level->room)
		return true;
	more = realloc(level->seen, room / 8 + 1);
	if (!more)
		return false;
	memset(more + old, 0, room / 8 + 1 - old);
	level->seen = more;
	level->room = room;
	return true;
}

/* A number that is the plan's, and for the first time. */
static void count_number(struct points *p, struct points_level *level,
			 unsigned long number)
{
	if (number == 0 || number > POINTS_MAX ||
	    (level->planned && number > level->plan)) {
		trouble(p, "test number %lu is not in the plan", number);
		return;
	}
	if (!room_for(level, number)) {
		p->no_memory = true;
		return;
	}
	if (level->seen[number / 8] & 1 << number % 8)
		trouble(p, "test number %lu came twice", number);
	level->seen[number / 8] |= 1 << number % 8;
}

/* ---- TAP ---- */

/* `word` at the beginning of `text`, in any case, and ending there. */
static const char *after_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	if (strncasecmp(text, word, len) || isalnum((unsigned char)text[len]))
		return NULL;
	return text + len;
}

static const char *skip_spaces(const char *text)
{
	return text + strspn(text, " \t");
}

/* The directive's mark: a '#' after a blank, that is not escaped. */
static char *find_directive(char *text)
{
	for (char *at = text; (at = strchr(at, '#')); at++)
		if (at == text || at[-1] == ' ' || at[-1] == '\t')
			return at;
	return NULL;
}

static void trim(char *text)
{
	size_t len = strlen(text);

	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		text[--len] = 0;
}

/* TAP escapes '#' and '\' in names. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text == '\\' && (text[1] == '#' || text[1] == '\\'))
			text++;
		*to++ = *text;
	}
	*to = 0;
}

/* What SKIP, TODO and the like make of a result. */
static enum outcome directed(bool ok, const char *directive, const char **note)
{
	static const struct {
		const char *word;
		enum outcome ok, not_ok;
	} rows[] = {
		{"SKIP", OUTCOME_SKIP, OUTCOME_SKIP},
		{"SKIPPED", OUTCOME_SKIP, OUTCOME_SKIP},
		{"TODO", OUTCOME_PASS, OUTCOME_SKIP},
		{"XFAIL", OUTCOME_PASS, OUTCOME_SKIP},
		{"TIMEOUT", OUTCOME_FAIL, OUTCOME_FAIL},
		{"ERROR", OUTCOME_ERROR, OUTCOME_ERROR},
	};

	*note = directive;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *rest = after_word(directive, rows[i].word);

		if (!rest)
			continue;
		if (*(rest = skip_spaces(rest)))
			*note = rest;
		return ok ? rows[i].ok : rows[i].not_ok;
	}
	return ok ? OUTCOME_PASS : OUTCOME_FAIL;
}

/* A parent's line names the points under it, and adds none if it agrees. */
static bool name_children(struct points *p, const struct points_level *child,
			  const char *name, enum outcome outcome)
{
	bool agrees = outcome <= OUTCOME_SKIP;

	for (size_t i = child->first; i < p->count; i++) {
		char full[2 * POINTS_LINE];
		char *old = p->point[i].name;

		agrees |= p->point[i].outcome >= outcome;
		if (!old)
			continue;
		snprintf(full, sizeof(full), "%s/%s", name, old);
		p->point[i].name = strndup(full, POINTS_LINE);
		p->no_memory |= !p->point[i].name;
		free(old);
	}
	return agrees && p->count > child->first;
}

/* "ok 3 - name # SKIP why"; `rest` is behind ok. */
static bool read_point(struct points *p, bool ok, char *rest, unsigned indent,
		       bool sure)
{
	char *text = rest + strspn(rest, " \t"), *end, *hash, unnamed[32];
	const char *note = NULL;
	struct points_level *level;
	enum outcome outcome = ok ? OUTCOME_PASS : OUTCOME_FAIL;
	unsigned long number = 0;
	bool deeper, numbered = isdigit((unsigned char)*text);

	if (numbered) {
		number = strtoul(text, &end, 10);
		if (*end && *end != ' ' && *end != '\t')
			return false;
		text = end + strspn(end, " \t");
	} else if (!sure && strncmp(text, "- ", 2)) {
		return false; /* "ok, so far": a kernel's own words */
	}
	if (*text == '-' && (text[1] == ' ' || !text[1]))
		text = text + 1 + strspn(text + 1, " \t");
	hash = find_directive(text);
	if (hash) {
		*hash = 0;
		outcome = directed(ok, skip_spaces(hash + 1), &note);
	}
	trim(text);
	unescape(text);
	deeper = p->depth > 0 && p->level[p->depth].indent > indent;
	while (p->depth > 1 && p->level[p->depth - 1].indent > indent)
		level_end(p, &p->level[p->depth--]);
	if (deeper && p->level[p->depth].indent > indent &&
	    name_children(p, &p->level[p->depth], text, outcome)) {
		level = level_at(p, indent);
	} else {
		level = level_at(p, indent);
		if (!*text)
			snprintf(text = unnamed, sizeof(unnamed), "test %lu",
				 numbered ? number : level->count + 1);
		points_add(p, outcome, text, note);
	}
	level->count++;
	if (numbered)
		count_number(p, level, number);
	return true;
}

/* "1..3 # SKIP why" */
static bool read_plan(struct points *p, char *text, unsigned indent)
{
	struct points_level *level;
	unsigned long plan;
	char *end, *hash;

	if (strncmp(text, "1..", 3) || !isdigit((unsigned char)text[3]))
		return false;
	plan = strtoul(text + 3, &end, 10);
	hash = find_directive(end);
	if (hash)
		*hash = 0;
	if (*skip_spaces(end))
		return false;
	level = level_at(p, indent);
	if (level->planned)
		trouble(p, "%s gave two plans", level_name(level));
	level->planned = true;
	level->plan = plan;
	if (plan > POINTS_MAX)
		trouble(p, "a plan of more than %d tests", POINTS_MAX);
	if (level->seen)
		for (unsigned long n = plan + 1; n <= level->room; n++)
			if (level->seen[n / 8] & 1 << n % 8)
				trouble(p, "test number %lu is not in the plan",
					n);
	if (plan == 0 && p->depth == 0)
		p->skip_all = true;
	return true;
}

/* "# Subtest: name", and our header's "# at file.c:12". */
static bool read_comment(struct points *p, const char *text, unsigned indent)
{
	const char *at = skip_spaces(text + 1), *colon;

	if (!strncmp(at, "Subtest: ", 9)) {
		struct points_level *level = level_at(p, indent);

		snprintf(level->name, sizeof(level->name), "%.*s",
			 POINT_NAME - 1, at + 9);
		return true;
	}
	if (strncmp(at, "at ", 3) || !p->located || !p->count)
		return false;
	colon = strrchr(at, ':');
	if (!colon || !isdigit((unsigned char)colon[1]) || colon == at + 3)
		return false;
	p->point[p->count - 1].file = strndup(at + 3, colon - at - 3);
	p->point[p->count - 1].line = strtoul(colon + 1, NULL, 10);
	p->located = false;
	return true;
}

static bool read_bail_out(struct points *p, const char *text)
{
	if (strncasecmp(text, "Bail out!", 9))
		return false;
	text = skip_spaces(text + 9);
	trouble(p, "the guest gave up: %s", *text ? text : "Bail out!");
	return true;
}

static bool read_version(struct points *p, const char *text, unsigned indent)
{
	const char *number = strncmp(text, "TAP version ", 12) == 0 ? text + 12
			     : strncmp(text, "KTAP version ", 13) == 0
				     ? text + 13
				     : NULL;

	if (!number || !isdigit((unsigned char)*number))
		return false;
	level_at(p, indent)->announced = true;
	return true;
}

/* ---- kvm-unit-tests ---- */

static bool read_kut_summary(struct points *p, const char *text)
{
	unsigned long tests, seen = 0;
	char *end;

	if (strncmp(text, "SUMMARY: ", 9) || !isdigit((unsigned char)text[9]))
		return false;
	tests = strtoul(text + 9, &end, 10);
	if (strncmp(end, " test", 5))
		return false;
	for (int i = 0; i < 5; i++)
		seen += p->kut[i];
	if (tests != seen)
		trouble(p, "its summary says %lu tests, and it ran %lu", tests,
			seen);
	p->summed = true;
	return true;
}

static bool read_kut(struct points *p, const char *text)
{
	static const struct {
		const char *word;
		int which;
		enum outcome outcome;
		const char *note;
	} rows[] = {
		{"PASS: ", KUT_PASS, OUTCOME_PASS, NULL},
		{"FAIL: ", KUT_FAIL, OUTCOME_FAIL, NULL},
		{"SKIP: ", KUT_SKIP, OUTCOME_SKIP, NULL},
		{"XFAIL: ", KUT_XFAIL, OUTCOME_PASS, "failed as expected"},
		{"XPASS: ", KUT_XPASS, OUTCOME_FAIL, "passed unexpectedly"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].word);

		if (strncmp(text, rows[i].word, len) || !text[len])
			continue;
		if (p->summed)
			trouble(p, "tests after the summary");
		p->kut[rows[i].which]++;
		points_add(p, rows[i].outcome, text + len, rows[i].note);
		return true;
	}
	return read_kut_summary(p, text);
}

bool points_kut(const struct points *p)
{
	bool any = p->summed;

	for (int i = 0; i < 5; i++)
		any |= p->kut[i] > 0;
	return any;
}

/* ---- lines ---- */

/* "[    1.234567] ", as Linux puts it before everything. */
static char *skip_stamp(char *text)
{
	size_t len;

	if (*text != '[')
		return text;
	len = 1 + strspn(text + 1, " 0123456789.");
	if (len == 1 || text[len] != ']' || text[len + 1] != ' ')
		return text;
	return text + len + 2;
}

/* YAML under a point is its own matter. */
static bool in_yaml(struct points *p, const char *text, unsigned indent)
{
	if (p->yaml && indent >= p->yaml) {
		if (!strcmp(text, "..."))
			p->yaml = 0;
		return true;
	}
	p->yaml = 0;
	if (indent == 0 || strcmp(text, "---") || !p->any)
		return false;
	p->yaml = indent;
	return true;
}

static void read_line(struct points *p, char *line)
{
	char *stamped = skip_stamp(line);
	char *text = stamped + strspn(stamped, " ");
	unsigned indent = text - stamped;
	bool sure = p->level[p->depth].announced || p->level[p->depth].planned;

	trim(text);
	if (in_yaml(p, text, indent))
		return;
	if (*text == '#')
		p->any |= read_comment(p, text, indent);
	else if (!strncmp(text, "ok", 2) && strchr(" \t", text[2]))
		p->any |= read_point(p, true, text + 2, indent, sure);
	else if (!strncmp(text, "not ok", 6) && strchr(" \t", text[6]))
		p->any |= read_point(p, false, text + 6, indent, true);
	else
		p->any |= read_plan(p, text, indent) ||
			  read_version(p, text, indent) ||
			  read_bail_out(p, text) ||
			  (!indent && read_kut(p, text));
}

static void end_of_line(struct points *p)
{
	while (p->len && p->line[p->len - 1] == '\r')
		p->len--;
	p->line[p->len] = 0;
	/* Nothing of ours has a NUL in it. */
	if (p->len && !memchr(p->line, 0, p->len))
		read_line(p, p->line);
	p->len = 0;
}

void points_init(struct points *p)
{
	memset(p, 0, sizeof(*p));
}

void points_feed(struct points *p, const void *bytes, size_t len)
{
	const char *at = bytes;

	for (; len--; at++)
		if (*at == '\n')
			end_of_line(p);
		else if (p->len + 1 < sizeof(p->line))
			p->line[p->len++] = *at;
}

/* ---- the end ---- */

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names that were run, sorted; the caller's to free. */
static char **sorted_names(struct points *p, size_t *count)
{
	char **name = malloc((p->count + 1) * sizeof(*name));

	*count = 0;
	for (size_t i = 0; name && i < p->count; i++)
		if (p->point[i].name)
			name[(*count)++] = p->point[i].name;
	if (name && *count)
		qsort(name, *count, sizeof(*name), compare);
	return name;
}

/* Both sorted: each planned name once, and no other. */
static void compare_names(struct points *p, char **ran, size_t ran_count,
			  char **planned, size_t planned_count)
{
	size_t r = 0;

	for (size_t i = 0; i < planned_count; i++) {
		bool found = false;

		for (; r < ran_count && strcmp(ran[r], planned[i]) < 0; r++)
			trouble(p, "'%s' was run and is not planned", ran[r]);
		for (; r < ran_count && !strcmp(ran[r], planned[i]); r++) {
			if (found)
				trouble(p, "'%s' was run twice", planned[i]);
			found = true;
		}
		if (i && !strcmp(planned[i - 1], planned[i]))
			trouble(p, "'%s' is planned twice", planned[i]);
		else if (!found)
			points_add(p, OUTCOME_ERROR, planned[i],
				   "planned, but not run");
	}
	for (; r < ran_count; r++)
		trouble(p, "'%s' was run and is not planned", ran[r]);
}

static void check_names(struct points *p, char *const *planned, size_t count)
{
	size_t ran_count = 0;
	char **sorted = malloc(count * sizeof(*sorted));
	char **ran = sorted_names(p, &ran_count);

	if (sorted && ran) {
		memcpy(sorted, planned, count * sizeof(*sorted));
		qsort(sorted, count, sizeof(*sorted), compare);
		compare_names(p, ran, ran_count, sorted, count);
	} else {
		p->no_memory = true;
	}
	free(sorted);
	free(ran);
}

void points_end(struct points *p, char *const *planned, size_t planned_count)
{
	if (p->len)
		end_of_line(p);
	for (;; p->depth--) {
		level_end(p, &p->level[p->depth]);
		if (p->depth == 0)
			break;
	}
	if (planned_count)
		check_names(p, planned, planned_count);
	if (p->no_memory)
		trouble(p, "no memory for all test points");
}

void points_fini(struct points *p)
{
	for (size_t i = 0; i < p->count; i++) {
		free(p->point[i].name);
		free(p->point[i].note);
		free(p->point[i].file);
	}
	free(p->point);
	for (int i = 0; i < POINTS_DEPTH; i++)
		free(p->level[i].seen);
	memset(p, 0, sizeof(*p));
}
