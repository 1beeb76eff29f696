/*
 * cli.h: commands and their options as tables.
 *
 * A row is all there is to say about an option: getopt_long's list, --help,
 * suggestions for slips, shell completions, configuration file and
 * environment all come from it. A command is a row of commands.c's list.
 */
#ifndef SHELL_CLI_H
#define SHELL_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* One of the words an option takes; a list ends with a NULL name. */
struct cli_word {
	const char *name;
	int value;
};

struct cli_option {
	const char *name;
	char letter;	 /* 0: none */
	const char *arg; /* NULL: takes none */
	/* 0, or -EINVAL having said what is wrong; `ctx` is cli_parse's. */
	int (*set)(void *ctx, const char *value);
	const char *help;
	const struct cli_word *words; /* NULL: any text, or a file */
	bool per_run;		      /* not for a configuration */
};

struct cli_command {
	const char *name;
	const char *usage;   /* what follows the name: "KERNEL [OPTION...]" */
	const char *summary; /* one line for vmm --help */
	const char *story;   /* what `vmm help NAME` says before the options */
	const char *after;   /* and after them; NULL: nothing */
	const struct cli_option *option;
	size_t option_count;
	/*
	 * A command whose options this one takes, too, behind its own, --help
	 * among them; what `ctx` points to begins with what they are read
	 * into. They are configured as that command's. NULL: none.
	 */
	const struct cli_command *base;
	const struct cli_word *words; /* of its operands; NULL: files */
	/* argv[0] is the command's name. The exit status. */
	int (*run)(int argc, char **argv);
};

#define CLI_OPTIONS(rows) \
	.option = (rows), .option_count = sizeof(rows) / sizeof((rows)[0])

/* Its own options and its base's: how many, and the i-th. */
size_t cli_rows(const struct cli_command *command);
const struct cli_option *cli_row(const struct cli_command *command, size_t i);

/* Every table's last rows. */
#define CLI_HELP                                                  \
	{                                                         \
		"help", 'h', NULL, NULL, "print this", NULL, true \
	}

/*
 * Read argv's options; what is none is from argv[optind] on. 0; -EINVAL,
 * said; or CLI_DONE when --help was given, and printed.
 */
#define CLI_DONE 1
int cli_parse(const struct cli_command *command, int argc, char **argv,
	      void *ctx);

/* Of a command that takes none, afterwards: -EINVAL, said, if there are some. */
int cli_operands(const struct cli_command *command, int argc, char **argv);

/* The exit status for what cli_parse() gave, when it was not 0. */
int cli_status(int result);

/* One of a few words; else -EINVAL, said. */
int cli_word(const char *option, const struct cli_word *words, const char *text,
	     int *value);

/* `vmm help NAME` */
void cli_print_help(const struct cli_command *command, FILE *out);

/* May colours go to this stream? A terminal, and no NO_COLOR. */
bool cli_colour(FILE *out);

/* Flush standard output: 0, or EXIT_HOST having said why. */
int cli_flush(void);

/* commands.c: all of them, ending with NULL, and the one of that name. */
extern const struct cli_command *const cli_commands[];
const struct cli_command *cli_find(const char *name);

/* The name that `word` was to be, or NULL. */
const char *cli_meant(const char *word);

/* The program: find the command, run it. The exit status. */
int cli_main(int argc, char **argv);

extern const struct cli_command command_boot, command_completion,
	command_config, command_doctor, command_gdb, command_help,
	command_replay, command_shell, command_symbolize, command_test,
	command_version;

#endif
