/* disasm.c: `evm disasm`: code as a list of its instructions. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "evm/opcodes.h"
#include "evm/tool/tool.h"

static const char help[] =
	"usage: evm disasm [--fork NAME] [CODE|-]\n"
	"List the instructions of EVM code, given in hex or on stdin. A byte\n"
	"that is none in the fork (default Osaka) is shown as INVALID.\n";

static void print_code(enum evm_fork fork, const uint8_t *code, size_t len)
{
	for (size_t pc = 0; pc < len; pc++) {
		const char *name = evm_opcode_name(fork, code[pc]);
		size_t data = 0;

		if (name && code[pc] >= OP_PUSH1 && code[pc] <= OP_PUSH32)
			data = code[pc] - OP_PUSH1 + 1u;
		printf("%05zx: %02x  %s", pc, code[pc],
		       name ? name : "INVALID");
		if (data > 0) {
			size_t there =
				len - pc - 1 < data ? len - pc - 1 : data;

			putchar(' ');
			print_hex(stdout, code + pc + 1, there);
			if (there < data)
				printf("  (%zu bytes behind the end)",
				       data - there);
		}
		putchar('\n');
		pc += data;
	}
}

/* Hex from stdin, with white space around it. */
static char *from_stdin(void)
{
	size_t len;
	char *text = read_file("-", &len);

	while (text && len > 0 && strchr(" \t\r\n", text[len - 1]))
		text[--len] = 0;
	return text;
}

static int disassemble(enum evm_fork fork, const char *text)
{
	uint8_t *code;
	size_t len;

	if (!parse_bytes(text, &code, &len))
		return complain(EXIT_BAD, "disasm: %.40s: want hex bytes",
				text);
	print_code(fork, code, len);
	free(code);
	return EXIT_DONE;
}

int cmd_disasm(int argc, char **argv)
{
	static const struct option options[] = {
		{"fork", required_argument, NULL, 'f'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	enum evm_fork fork = EVM_OSAKA;
	char *text;
	int option, err;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return EXIT_DONE;
		}
		fork = option == 'f' ? evm_fork_find(optarg) : EVM_FORK_COUNT;
		if (fork == EVM_FORK_COUNT)
			return complain(EXIT_USAGE,
					"disasm: unknown option or fork; see "
					"evm disasm --help");
	}
	if (optind < argc && strcmp(argv[optind], "-") != 0)
		return disassemble(fork, argv[optind]);
	text = from_stdin();
	if (!text)
		return complain(EXIT_BAD, "disasm: stdin: %s", strerror(errno));
	err = disassemble(fork, text);
	free(text);
	return err;
}
