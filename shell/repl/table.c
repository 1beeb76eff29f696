/* table.c: finding a command by its name, and the commands about commands. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guest-kernel/abi/calls.h"
#include "shell/cli.h"
#include "shell/repl/act.h"
#include "shell/repl/repl.h"
#include "shell/suggest.h"

#define NAMES_MAX  256
#define NESTED_MAX 8

const struct repl_command *const repl_tables[] = {
	start_commands,	  act_commands,
	debug_commands,	  machine_commands,
	memory_commands,  guest_commands,
	console_commands, shell_commands,
	time_commands,	  NULL};

/* ---- finding ---- */

static const struct repl_command *find(const char *name, size_t len,
				       bool *several)
{
	const struct repl_command *found = NULL;

	*several = false;
	for (size_t t = 0; repl_tables[t]; t++)
		for (const struct repl_command *c = repl_tables[t]; c->name;
		     c++) {
			if (strncmp(c->name, name, len))
				continue;
			if (!c->name[len])
				return c;
			*several |= found != NULL;
			found = c;
		}
	return found;
}

/* How much of the word is the name: of "x/4gx" the x. */
static size_t name_length(const char *word)
{
	return word[0] == 'x' && word[1] == '/' ? 1 : strlen(word);
}

static bool exact(const struct repl_command *c, const char *word, size_t len)
{
	return c && strlen(c->name) == len && !strncmp(c->name, word, len);
}

const struct repl_command *repl_command(const char *word)
{
	size_t len = name_length(word);
	bool several;
	const struct repl_command *c = find(word, len, &several);

	if (exact(c, word, len))
		return c;
	if (inspect_command(word) || call_find(word))
		return NULL;
	/* An abbreviation must not be one of the inspector's, too. */
	for (const struct inspect_help *h = inspect_commands; h->name; h++)
		several |= !strncmp(h->name, word, len);
	return several || !len ? NULL : c;
}

void repl_each_command(void (*fn)(void *, const char *, const char *),
		       void *ctx)
{
	for (const struct inspect_help *h = inspect_commands; h->name; h++)
		fn(ctx, h->name, h->summary);
	for (size_t t = 0; repl_tables[t]; t++)
		for (const struct repl_command *c = repl_tables[t]; c->name;
		     c++)
			fn(ctx, c->name, c->summary);
}

struct names {
	const char *name[NAMES_MAX];
	size_t count;
};

static void add_name(void *ctx, const char *name, const char *about)
{
	struct names *n = ctx;

	if (n->count < NAMES_MAX)
		n->name[n->count++] = name;
}

static int unknown(struct repl *r, const char *word)
{
	size_t len = strlen(word);
	struct names names = {.count = 0}, alike = {.count = 0};
	const char *near;

	repl_each_command(add_name, &names);
	for (size_t i = 0; i < names.count; i++)
		if (!strncmp(names.name[i], word, len))
			alike.name[alike.count++] = names.name[i];
	if (alike.count > 1) {
		answer_fail(&r->answer, "USAGE",
			    "'%s' is the beginning of several commands", word);
		for (size_t i = 0; i < alike.count; i++)
			answer_hint(&r->answer, "%s", alike.name[i]);
		return 2;
	}
	near = suggest(word, len, names.name, names.count);
	answer_fail(&r->answer, "USAGE", "no command '%s'%s%s%s", word,
		    near ? "; did you mean '" : "", near ? near : "",
		    near ? "'?" : "");
	if (!near)
		answer_hint(&r->answer, "`help` lists them");
	return 2;
}

/* ---- carrying out ---- */

static int usage(struct repl *r, const struct repl_command *c)
{
	answer_fail(&r->answer, "USAGE", "expected: %s%s%s", c->name,
		    *c->usage ? " " : "", c->usage);
	answer_hint(&r->answer, "`help %s` says more", c->name);
	return 2;
}

static void write_text(void *ctx, const char *text, size_t len)
{
	fwrite(text, 1, len, ctx);
}

static int run_inspector(struct repl *r, const struct words *w)
{
	struct inspect_out out = {
		.write = write_text,
		.ctx = r->options->json ? r->answer.lines : r->answer.text,
		.json = r->options->json,
		.colour = r->prompting && cli_colour(stdout),
	};
	char line[WORDS_SIZE];
	int err;

	repl_settle(r);
	snprintf(line, sizeof(line), "%.*s", (int)w->raw_len, w->raw);
	err = inspect_run(r->inspect, line, &out);
	if (!err)
		return 0;
	answer_fail(&r->answer,
		    err == -EINVAL   ? "USAGE"
		    : err == -ENOENT ? "NOT_FOUND"
				     : "NOT_OURS",
		    "%s", out.error);
	if (*out.hint)
		answer_hint(&r->answer, "%s", out.hint);
	return err == -EINVAL ? 2 : 1;
}

int repl_execute(struct repl *r, const struct words *w)
{
	const struct repl_command *c = repl_command(w->word[0]);

	if (c) {
		if (w->count - 1 < c->min || w->count - 1 > c->max)
			return usage(r, c);
		if (c->needs_guest)
			repl_settle(r);
		return c->run(r, w);
	}
	if (inspect_command(w->word[0]))
		return run_inspector(r, w);
	if (call_find(w->word[0]))
		return act_call(r, w);
	return unknown(r, w->word[0]);
}

/* ---- help ---- */

static const struct {
	enum repl_group group;
	const char *title;
} groups[] = {
	{GROUP_LOOK, "Looking, without the guest's help"},
	{GROUP_ACT, "Acting, through rinit and its capabilities"},
	{GROUP_MACHINE, "The machine"},
	{GROUP_SHELL, "This prompt"},
};

/* "x/NFU" is one word. */
static const char *between(const char *usage)
{
	return *usage && *usage != '/' ? " " : "";
}

static void help_row(FILE *out, const char *name, const char *usage,
		     const char *summary)
{
	int used = fprintf(out, "  %s%s%s", name, between(usage), usage);

	if (used > 34)
		fprintf(out, "\n%*s", 35, "");
	else
		fprintf(out, "%*s", 35 - used, "");
	fprintf(out, "%s\n", summary);
}

static void help_group(FILE *out, unsigned g)
{
	fprintf(out, "%s%s:\n", g ? "\n" : "", groups[g].title);
	for (const struct inspect_help *h = inspect_commands;
	     groups[g].group == GROUP_LOOK && h->name; h++)
		help_row(out, h->name, h->usage, h->summary);
	for (size_t t = 0; repl_tables[t]; t++)
		for (const struct repl_command *c = repl_tables[t]; c->name;
		     c++)
			if (c->group == groups[g].group)
				help_row(out, c->name, c->usage, c->summary);
}

static void help_all(FILE *out)
{
	for (unsigned g = 0; g < sizeof(groups) / sizeof(groups[0]); g++)
		help_group(out, g);
	fputs("\nA slot is a number 0..255 or a path through pools, 5/12. "
	      "Values are C's\nexpressions of numbers, registers and symbols. "
	      "`help COMMAND` says more, `help\ncalls` lists the kernel's "
	      "calls.\n",
	      out);
}

static int help_one(struct repl *r, const char *word)
{
	const struct repl_command *c = repl_command(word);
	const struct inspect_help *h = c ? NULL : inspect_command(word);
	FILE *out = r->answer.text;

	if (c)
		fprintf(out, "%s%s%s\n  %s\n%s", c->name, between(c->usage),
			c->usage, c->summary, c->text ? c->text : "");
	else if (h)
		fprintf(out, "%s%s%s\n  %s\n", h->name, between(h->usage),
			h->usage, h->summary);
	else if (!call_help(r, word))
		return unknown(r, word);
	return 0;
}

static int run_help(struct repl *r, const struct words *w)
{
	if (w->count > 1)
		return help_one(r, w->word[1]);
	help_all(r->answer.text);
	return 0;
}

static int run_echo(struct repl *r, const struct words *w)
{
	for (unsigned i = 1; i < w->count; i++)
		fprintf(r->answer.text, "%s%s", i > 1 ? " " : "", w->word[i]);
	fputc('\n', r->answer.text);
	return 0;
}

static int run_quit(struct repl *r, const struct words *w)
{
	uint64_t status = 0;

	if (w->count > 1 && !repl_value(r, w->word[1], false, &status))
		return 2;
	if (status > 255)
		return answer_fail(&r->answer, "USAGE",
				   "'%s': an exit status is 0..255",
				   w->word[1]);
	r->status = status;
	r->quit = true;
	return 0;
}

/* A script, from malloc; or NULL with errno set. */
static char *read_script(const char *path)
{
	FILE *in = fopen(path, "re");
	char *text = calloc(1, 1); /* stays so if the file is empty */
	size_t size = 1;
	int err = in && text ? 0 : errno;

	if (!err && getdelim(&text, &size, 0, in) < 0 && ferror(in))
		err = errno;
	if (in)
		fclose(in);
	if (err) {
		free(text);
		text = NULL;
		errno = err;
	}
	return text;
}

/* Its commands' answers are printed; it has none of its own if all is well. */
static int run_source(struct repl *r, const struct words *w)
{
	static unsigned depth;
	char *text = read_script(w->word[1]);
	int status;

	if (!text)
		return answer_fail(&r->answer, "FAILED",
				   "%s: cannot be read: %s", w->word[1],
				   strerror(errno));
	if (depth == NESTED_MAX) {
		free(text);
		return answer_fail(&r->answer, "FAILED",
				   "%s: scripts are nested too deeply",
				   w->word[1]);
	}
	depth++;
	status = repl_nested(r, text, w->word[1]);
	depth--;
	free(text);
	return status ? answer_fail(&r->answer,
				    status == 2 ? "USAGE" : "FAILED",
				    "%s: a command in it failed", w->word[1])
		      : 0;
}

const struct repl_command shell_commands[] = {
	{"help", GROUP_SHELL, "[COMMAND]", "this list, or all about one", NULL,
	 0, 1, "c", false, run_help},
	{"echo", GROUP_SHELL, "TEXT...", "print the words", NULL, 0, WORDS_MAX,
	 "-", false, run_echo},
	{"source", GROUP_SHELL, "FILE", "carry out the commands in a file",
	 NULL, 1, 1, "F", false, run_source},
	{"quit", GROUP_SHELL, "[STATUS]",
	 "leave; the exit status is 0, or this", NULL, 0, 1, "-", false,
	 run_quit},
	{NULL}};
