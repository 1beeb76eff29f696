/*
 * completion.c: `vmm completion SHELL`: a script that completes commands,
 * options and their words, made from the tables that read them.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "shell/cli.h"
#include "shell/verdict.h"
#include "vmm/log.h"

enum { SHELL_BASH, SHELL_ZSH, SHELL_FISH };

/* Is it a file or folder that the option takes? */
static bool takes_path(const struct cli_option *row)
{
	return row->arg && !row->words &&
	       (!strncmp(row->arg, "FILE", 4) || !strcmp(row->arg, "DIR"));
}

static void put_words(const struct cli_word *words)
{
	for (const struct cli_word *w = words; w && w->name; w++)
		printf("%s%s", w == words ? "" : " ", w->name);
}

static void put_command_names(const char *between)
{
	for (size_t i = 0; cli_commands[i]; i++)
		printf("%s%s", i ? between : "", cli_commands[i]->name);
}

/* ---- bash ---- */

static void put_bash_option(const struct cli_command *c,
			    const struct cli_option *row)
{
	if (!row->arg)
		return;
	printf("\t'%s --%s'", c->name, row->name);
	if (row->letter)
		printf(" | '%s -%c'", c->name, row->letter);
	printf(")\n\t\t");
	if (row->words) {
		printf("COMPREPLY=($(compgen -W '");
		put_words(row->words);
		printf("' -- \"$cur\"))\n");
	} else if (takes_path(row)) {
		printf("COMPREPLY=($(compgen -f -- \"$cur\"))\n");
	} else {
		printf("COMPREPLY=()\n");
	}
	printf("\t\treturn ;;\n");
}

static void put_bash_command(const struct cli_command *c)
{
	printf("\t%s)\n\t\toptions='", c->name);
	for (size_t i = 0; i < cli_rows(c); i++)
		printf("%s--%s", i ? " " : "", cli_row(c, i)->name);
	printf("' words='");
	put_words(c->words);
	printf("' ;;\n");
}

static void put_bash(void)
{
	fputs("# bash completion for vmm; made by `vmm completion bash`\n"
	      "_vmm() {\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]}\n"
	      "\tlocal prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	      "\tlocal cmd=boot options='' words='' commands='",
	      stdout);
	put_command_names(" ");
	fputs("'\n"
	      "\tif [ \"$cur\" = = ]; then\n"
	      "\t\tcur=\n"
	      "\telif [ \"$prev\" = = ] && [ \"$COMP_CWORD\" -ge 2 ]; then\n"
	      "\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	      "\tfi\n"
	      "\tif [ \"$COMP_CWORD\" -gt 1 ]; then\n"
	      "\t\tcase \" $commands \" in\n"
	      "\t\t*\" ${COMP_WORDS[1]} \"*) cmd=${COMP_WORDS[1]} ;;\n"
	      "\t\tesac\n"
	      "\tfi\n"
	      "\tcase \"$cmd $prev\" in\n",
	      stdout);
	for (size_t i = 0; cli_commands[i]; i++)
		for (size_t k = 0; k < cli_rows(cli_commands[i]); k++)
			put_bash_option(cli_commands[i],
					cli_row(cli_commands[i], k));
	fputs("\tesac\n\tcase $cmd in\n", stdout);
	for (size_t i = 0; cli_commands[i]; i++)
		put_bash_command(cli_commands[i]);
	fputs("\tesac\n"
	      "\tif [[ $cur == -* ]]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
	      "\telif [ \"$COMP_CWORD\" = 1 ]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$commands\" -- \"$cur\")\n"
	      "\t\t\t$(compgen -f -- \"$cur\"))\n"
	      "\telif [ -n \"$words\" ]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	      "\telse\n"
	      "\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n"
	      "\tfi\n"
	      "}\n"
	      "complete -o filenames -F _vmm vmm\n",
	      stdout);
}

/* ---- zsh ---- */

/* Help between '[' and ']' and single quotes. */
static void put_zsh_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", stdout);
		else if (strchr("[]:\\", *text))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static void put_zsh_option(const struct cli_option *row)
{
	if (row->letter)
		printf("\t\t\t{-%c,--%s%s}'[", row->letter, row->name,
		       row->arg ? "=" : "");
	else
		printf("\t\t\t'--%s%s[", row->name, row->arg ? "=" : "");
	put_zsh_text(row->help);
	putchar(']');
	if (row->arg) {
		printf(":%s:", row->arg);
		if (row->words) {
			putchar('(');
			put_words(row->words);
			putchar(')');
		} else if (takes_path(row)) {
			fputs("_files", stdout);
		}
	}
	fputs("' \\\n", stdout);
}

static void put_zsh_command(const struct cli_command *c)
{
	printf("\t%s)\n\t\t_arguments -s \\\n", c->name);
	for (size_t i = 0; i < cli_rows(c); i++)
		put_zsh_option(cli_row(c, i));
	fputs("\t\t\t'*:operand:", stdout);
	if (c->words) {
		putchar('(');
		put_words(c->words);
		putchar(')');
	} else {
		fputs("_files", stdout);
	}
	fputs("' ;;\n", stdout);
}

static void put_zsh(void)
{
	fputs("#compdef vmm\n"
	      "# zsh completion for vmm; made by `vmm completion zsh`\n"
	      "_vmm() {\n"
	      "\tlocal -a commands\n"
	      "\tcommands=(\n",
	      stdout);
	for (size_t i = 0; cli_commands[i]; i++) {
		printf("\t\t'%s:", cli_commands[i]->name);
		put_zsh_text(cli_commands[i]->summary);
		fputs("'\n", stdout);
	}
	fputs("\t)\n"
	      "\tif (( CURRENT == 2 )); then\n"
	      "\t\t_describe command commands\n"
	      "\t\t_files\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tlocal command=$words[2]\n"
	      "\tif (( ! ${#commands[(r)$command:*]} )); then\n"
	      "\t\tcommand=boot\n"
	      "\telse\n"
	      "\t\tshift words\n"
	      "\t\t(( CURRENT-- ))\n"
	      "\tfi\n"
	      "\tcase $command in\n",
	      stdout);
	for (size_t i = 0; cli_commands[i]; i++)
		put_zsh_command(cli_commands[i]);
	fputs("\tesac\n"
	      "}\n"
	      "if [ \"$funcstack[1]\" = _vmm ]; then\n"
	      "\t_vmm \"$@\"\n"
	      "else\n"
	      "\tcompdef _vmm vmm\n"
	      "fi\n",
	      stdout);
}

/* ---- fish ---- */

static void put_fish_text(const char *text)
{
	putchar('\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('\'');
}

static void put_fish_option(const struct cli_command *c,
			    const struct cli_option *row)
{
	printf("complete -c vmm -n '__vmm_command %s' -l %s", c->name,
	       row->name);
	if (row->letter)
		printf(" -s %c", row->letter);
	if (row->arg)
		fputs(takes_path(row) ? " -r -F" : " -x", stdout);
	if (row->words) {
		fputs(" -a '", stdout);
		put_words(row->words);
		putchar('\'');
	}
	fputs(" -d ", stdout);
	put_fish_text(row->help);
	putchar('\n');
}

static void put_fish(void)
{
	fputs("# fish completion for vmm; made by `vmm completion fish`\n"
	      "function __vmm_command\n"
	      "\tset -l words (commandline -opc)\n"
	      "\tset -l command boot\n"
	      "\tif set -q words[2]; and contains -- $words[2] ",
	      stdout);
	put_command_names(" ");
	fputs("\n"
	      "\t\tset command $words[2]\n"
	      "\tend\n"
	      "\ttest $command = $argv[1]\n"
	      "end\n"
	      "function __vmm_first\n"
	      "\ttest (count (commandline -opc)) = 1\n"
	      "end\n",
	      stdout);
	for (size_t i = 0; cli_commands[i]; i++) {
		const struct cli_command *c = cli_commands[i];

		printf("complete -c vmm -n __vmm_first -a %s -d ", c->name);
		put_fish_text(c->summary);
		putchar('\n');
		for (size_t k = 0; k < cli_rows(c); k++)
			put_fish_option(c, cli_row(c, k));
		if (!c->words)
			continue;
		printf("complete -c vmm -n '__vmm_command %s' -f -a '",
		       c->name);
		put_words(c->words);
		fputs("'\n", stdout);
	}
}

/* ---- the command ---- */

static const struct cli_word shells[] = {{"bash", SHELL_BASH},
					 {"zsh", SHELL_ZSH},
					 {"fish", SHELL_FISH},
					 {NULL, 0}};

static int run_completion(int argc, char **argv)
{
	static void (*const put[])(void) = {put_bash, put_zsh, put_fish};
	int err = cli_parse(&command_completion, argc, argv, NULL);

	if (err)
		return cli_status(err);
	if (argc - optind != 1)
		return fail(EXIT_USAGE, "completion: for which shell? bash, "
					"zsh or fish");
	for (const struct cli_word *w = shells; w->name; w++)
		if (!strcmp(w->name, argv[optind])) {
			put[w->value]();
			return cli_flush();
		}
	return fail(EXIT_USAGE, "completion: '%s' is none of: bash, zsh, fish",
		    argv[optind]);
}

static const struct cli_option rows[] = {CLI_HELP};

const struct cli_command command_completion = {
	.name = "completion",
	.usage = "bash|zsh|fish",
	.summary = "a script that completes vmm's words in a shell",
	.story = "Print a completion script. An installed vmm has them "
		 "already; else try\n"
		 "  source <(vmm completion bash)\n"
		 "  vmm completion fish | source\n",
	CLI_OPTIONS(rows),
	.words = shells,
	.run = run_completion,
};
