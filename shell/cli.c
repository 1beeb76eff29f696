/* cli.c: getopt_long and --help from a command's table. */
#include "shell/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/suggest.h"
#include "shell/verdict.h"
#include "vmm/log.h"

#define FIRST_VALUE 256 /* getopt's value of row 0 */
#define ROWS_MAX    64

size_t cli_rows(const struct cli_command *c)
{
	return c->option_count + (c->base ? cli_rows(c->base) : 0);
}

const struct cli_option *cli_row(const struct cli_command *c, size_t i)
{
	return i < c->option_count ? &c->option[i]
				   : cli_row(c->base, i - c->option_count);
}

int cli_word(const char *option, const struct cli_word *words, const char *text,
	     int *value)
{
	char list[160] = "";
	size_t len = 0;

	for (const struct cli_word *w = words; w->name; w++) {
		if (!strcmp(w->name, text)) {
			*value = w->value;
			return 0;
		}
		if (len < sizeof(list))
			len += snprintf(list + len, sizeof(list) - len, "%s%s",
					w == words ? "" : ", ", w->name);
	}
	return fail(-EINVAL, "--%s: '%s' is none of: %s", option, text, list);
}

static void fill_getopt(const struct cli_command *c,
			struct option list[ROWS_MAX + 1],
			char letters[2 * ROWS_MAX + 2])
{
	char *letter = letters;

	*letter++ = ':'; /* a missing argument is told apart */
	for (size_t i = 0; i < cli_rows(c); i++) {
		const struct cli_option *row = cli_row(c, i);

		list[i] = (struct option){
			row->name, row->arg ? required_argument : no_argument,
			NULL, FIRST_VALUE + (int)i};
		if (!row->letter)
			continue;
		*letter++ = row->letter;
		if (row->arg)
			*letter++ = ':';
	}
	list[cli_rows(c)] = (struct option){0};
	*letter = 0;
}

static const struct cli_option *find_row(const struct cli_command *c, int value)
{
	if (value >= FIRST_VALUE)
		return cli_row(c, value - FIRST_VALUE);
	for (size_t i = 0; i < cli_rows(c); i++)
		if (cli_row(c, i)->letter == value)
			return cli_row(c, i);
	return NULL;
}

static int unknown_option(const struct cli_command *c, const char *arg)
{
	const char *names[ROWS_MAX], *near;

	if (strncmp(arg, "--", 2) || optopt >= FIRST_VALUE) {
		const struct cli_option *row = find_row(c, optopt);

		if (row)
			return fail(-EINVAL, "--%s takes no value", row->name);
		return fail(-EINVAL, "unknown option '-%c'; see vmm help %s",
			    optopt, c->name);
	}
	for (size_t i = 0; i < cli_rows(c); i++)
		names[i] = cli_row(c, i)->name;
	near = suggest(arg + 2, strcspn(arg + 2, "="), names, cli_rows(c));
	if (near)
		return fail(-EINVAL,
			    "unknown option '%s'; did you mean '--%s'?", arg,
			    near);
	return fail(-EINVAL, "unknown option '%s'; see vmm help %s", arg,
		    c->name);
}

int cli_set(const struct cli_option *row, void *ctx, const char *value)
{
	void *field = (char *)ctx + row->at;

	switch (row->kind) {
	case CLI_FLAG:
		*(bool *)field = true;
		return 0;
	case CLI_TEXT:
		*(const char **)field = value;
		return 0;
	case CLI_WORD:
		return cli_word(row->name, row->words, value, field);
	default:
		return row->set(ctx, value);
	}
}

static int take_option(const struct cli_command *c, int value, char **argv,
		       void *ctx)
{
	const struct cli_option *row;

	if (value == '?')
		return unknown_option(c, argv[optind - 1]);
	row = find_row(c, value == ':' ? optopt : value);
	if (value == ':')
		return fail(-EINVAL, "--%s needs a value (%s)", row->name,
			    row->arg);
	if (row->set || row->kind != CLI_CALL)
		return cli_set(row, ctx, optarg);
	cli_print_help(c, stdout);
	return CLI_DONE;
}

int cli_parse(const struct cli_command *c, int argc, char **argv, void *ctx)
{
	struct option list[ROWS_MAX + 1];
	char letters[2 * ROWS_MAX + 2];
	int value, err = 0;

	if (cli_rows(c) > ROWS_MAX)
		abort();
	fill_getopt(c, list, letters);
	opterr = 0;
	optind = 0; /* also when called again */
	while (!err &&
	       (value = getopt_long(argc, argv, letters, list, NULL)) != -1)
		err = take_option(c, value, argv, ctx);
	return err;
}

int cli_operands(const struct cli_command *c, int argc, char **argv)
{
	if (optind == argc)
		return 0;
	return fail(-EINVAL, "%s: '%s': it takes no operands", c->name,
		    argv[optind]);
}

int cli_status(int result)
{
	return result == CLI_DONE ? cli_flush() : EXIT_USAGE;
}

bool cli_colour(FILE *out)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(out)) && !(no && *no) && term &&
	       strcmp(term, "dumb") != 0;
}

int cli_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return fail(EXIT_HOST, "standard output: cannot write: %s",
		    strerror(errno));
}

/* ---- help ---- */

static void print_row(FILE *out, const struct cli_option *row)
{
	char left[40];

	snprintf(left, sizeof(left), "--%s%s%s", row->name, row->arg ? " " : "",
		 row->arg ? row->arg : "");
	if (row->letter)
		fprintf(out, "  -%c, %-19s %s\n", row->letter, left, row->help);
	else
		fprintf(out, "      %-19s %s\n", left, row->help);
}

void cli_print_help(const struct cli_command *c, FILE *out)
{
	fprintf(out, "Usage: vmm %s%s%s\n\n%s\n", c->name, *c->usage ? " " : "",
		c->usage, c->story);
	for (size_t i = 0; i < c->option_count; i++)
		print_row(out, &c->option[i]);
	if (c->base)
		fprintf(out, "\nand all options of vmm %s: see vmm help %s.\n",
			c->base->name, c->base->name);
	if (c->after)
		fprintf(out, "\n%s", c->after);
}
