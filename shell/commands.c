/* commands.c: the list of commands, and those that tell about it. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "shell/cli.h"
#include "shell/suggest.h"
#include "shell/verdict.h"
#include "vmm/log.h"

#define COMMANDS_MAX 32

const struct cli_command *const cli_commands[] = {
	&command_boot,	 &command_shell,   &command_gdb,
	&command_replay, &command_test,	   &command_symbolize,
	&command_doctor, &command_config,  &command_completion,
	&command_help,	 &command_version, NULL,
};

const struct cli_command *cli_find(const char *name)
{
	for (size_t i = 0; cli_commands[i]; i++)
		if (!strcmp(cli_commands[i]->name, name))
			return cli_commands[i];
	return NULL;
}

const char *cli_meant(const char *word)
{
	const char *names[COMMANDS_MAX];
	size_t count = 0;

	for (size_t i = 0; cli_commands[i] && count < COMMANDS_MAX; i++)
		names[count++] = cli_commands[i]->name;
	return suggest(word, strlen(word), names, count);
}

/* ---- vmm help, vmm --help ---- */

static void print_commands(FILE *out)
{
	fputs("vmm: run and look into x86-64 kernels\n"
	      "\n"
	      "Usage: vmm COMMAND [OPTION...] ...    (vmm KERNEL is vmm boot "
	      "KERNEL)\n"
	      "       vmm help COMMAND               all about one of them\n"
	      "       vmm --version\n"
	      "\n",
	      out);
	for (size_t i = 0; cli_commands[i]; i++)
		fprintf(out, "  %-11s %s\n", cli_commands[i]->name,
			cli_commands[i]->summary);
	fputs("\n"
	      "Examples:\n"
	      "  vmm kernel.elf --init rinit.elf          COM1 is the "
	      "terminal\n"
	      "  vmm kernel.elf --display term            screen and keyboard "
	      "are the terminal\n"
	      "  vmm kernel.elf --accel sim --hash        the same run every "
	      "time\n"
	      "  vmm shell kernel.elf -i rinit.elf        a prompt: look, act, "
	      "stop, step\n"
	      "  vmm test tests/*.elf --junit r.xml       0 only if all say "
	      "that they passed\n"
	      "  vmm boot k.elf --type 'help\\n' --screenshot s.png\n",
	      out);
}

static int unknown_command(const char *word)
{
	const char *near = cli_meant(word);

	if (near)
		return fail(EXIT_USAGE,
			    "help: no command '%s'; did you mean '%s'?", word,
			    near);
	return fail(EXIT_USAGE, "help: no command '%s'; see vmm help", word);
}

static int run_help(int argc, char **argv)
{
	const struct cli_command *c = NULL;
	int err = cli_parse(&command_help, argc, argv, NULL);

	if (err)
		return cli_status(err);
	if (argc - optind > 1)
		return fail(EXIT_USAGE, "help: '%s': one command at a time",
			    argv[optind + 1]);
	if (optind < argc) {
		c = cli_find(argv[optind]);
		if (!c)
			return unknown_command(argv[optind]);
		cli_print_help(c, stdout);
	} else {
		print_commands(stdout);
	}
	return cli_flush();
}

static const struct cli_option help_rows[] = {CLI_HELP};

const struct cli_command command_help = {
	.name = "help",
	.usage = "[COMMAND]",
	.summary = "what there is, or all about one command",
	.story = "Print the list of commands, or a command's options.\n",
	CLI_OPTIONS(help_rows),
	.run = run_help,
};

/* ---- vmm version, vmm --version ---- */

static int run_version(int argc, char **argv)
{
	int err = cli_parse(&command_version, argc, argv, NULL);

	if (err)
		return cli_status(err);
	if (cli_operands(&command_version, argc, argv))
		return EXIT_USAGE;
	puts("vmm " VMM_VERSION "\n" VMM_FEATURES);
	return cli_flush();
}

const struct cli_command command_version = {
	.name = "version",
	.usage = "",
	.summary = "the version of this program",
	.story = "Print the version.\n",
	CLI_OPTIONS(help_rows),
	.run = run_version,
};

/* ---- the program ---- */

int cli_main(int argc, char **argv)
{
	static const struct {
		const char *word, *name;
	} others[] = {{"--help", "help"},
		      {"-h", "help"},
		      {"--version", "version"},
		      {"-V", "version"}};
	const struct cli_command *c;
	const char *name = argc > 1 ? argv[1] : "";

	if (argc < 2) {
		print_commands(stderr);
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!strcmp(name, others[i].word))
			name = others[i].name;
	c = cli_find(name);
	if (!c) /* vmm KERNEL ... */
		return command_boot.run(argc, argv);
	return c->run(argc - 1, argv + 1);
}
