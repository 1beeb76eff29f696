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

/* How an option is taken: by a function, or into a field as it is. */
enum cli_kind {
	CLI_CALL, /* `set`; NULL: print help */
	CLI_FLAG, /* a bool becomes true */
	CLI_TEXT, /* a const char * becomes the value */
	CLI_WORD, /* an int, or an enum, what `words` have for it */
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
	enum cli_kind kind;
	size_t at; /* the field's offset from `ctx` */
};

/* A field of a struct, for rows without a function: of the type they need. */
#define CLI_FIELD(want, type, field) \
	(offsetof(type, field) +     \
	 0 * sizeof((want *)NULL == &((type *)NULL)->field))
#define CLI_FLAG_OF(type, field) \
	.kind = CLI_FLAG, .at = CLI_FIELD(bool, type, field)
#define CLI_TEXT_OF(type, field) \
	.kind = CLI_TEXT, .at = CLI_FIELD(const char *, type, field)
/* An enum's type is the compiler's choice: its size has to be right. */
#define CLI_WORD_OF(type, field)                                           \
	.kind = CLI_WORD,                                                  \
	.at = offsetof(type, field) +                                      \
	      0 * sizeof(char[sizeof(((type *)NULL)->field) == sizeof(int) \
				      ? 1                                  \
				      : -1])

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

/* One option: 0, or -EINVAL, said. */
int cli_set(const struct cli_option *row, void *ctx, const char *value);

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
