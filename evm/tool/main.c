/* main.c: the `evm` command. */
#include <errno.h>
#include <string.h>

#include "evm/tool/tool.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *text;
} commands[] = {
	{"run", cmd_run, "run code from the command line"},
	{"bench", cmd_bench, "time the calls of state tests"},
	{"disasm", cmd_disasm, "list the instructions of code"},
	{"t8n", cmd_t8n, "a block of transactions, from state to state"},
	{"vmtest", cmd_vmtest, "run VMTests fixtures"},
	{"statetest", cmd_statetest, "run GeneralStateTests fixtures"},
	{"pack", cmd_pack, "state tests without JSON, for the kernel"},
	{"txtest", cmd_txtest, "run TransactionTests fixtures"},
	{"rlptest", cmd_rlptest, "run RLPTests fixtures"},
	{"trietest", cmd_trietest, "run TrieTests fixtures"},
	{"basictest", cmd_basictest, "run BasicTests fixtures"},
};

static void usage(FILE *out)
{
	fputs("usage: evm COMMAND [OPTION...]; evm COMMAND --help says more\n",
	      out);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(out, "  %-10s %s\n", commands[i].name,
			commands[i].text);
}

/* What was to be said has been: a full disk is no success. */
static int flushed(int status)
{
	int err = fflush(stdout) ? errno : ferror(stdout) ? EIO : 0;

	if (!err)
		return status;
	complain(EXIT_BAD, "standard output: cannot write: %s", strerror(err));
	return status == EXIT_DONE ? EXIT_BAD : status;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return flushed(EXIT_DONE);
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("evm " VMM_VERSION);
		return flushed(EXIT_DONE);
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return flushed(commands[i].run(argc - 1, argv + 1));
	complain(EXIT_USAGE, "%s: no such command", argv[1]);
	usage(stderr);
	return EXIT_USAGE;
}
