/* run.c: `evm run`: some code as one frame, from the command line. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "evm/state.h"
#include "evm/tool/tool.h"

static const char help[] =
	"usage: evm run [OPTION...] [CODE]\n"
	"Run EVM code as one call and print how it ended.\n"
	"  CODE, --code HEX   the code, in hex\n"
	"  --codefile FILE    the code, in hex, from a file (- for stdin)\n"
	"  --input HEX        call data\n"
	"  --gas N            gas limit (default 10000000000)\n"
	"  --value N          value of the call, in wei\n"
	"  --sender ADDRESS   who calls, and the origin\n"
	"  --receiver ADDRESS where the code is\n"
	"  --fork NAME        Frontier to Osaka, by name (default Byzantium)\n"
	"  --trace            EIP-3155 trace on stderr\n"
	"  --json             the result as one JSON object\n"
	"Numbers are decimal, or hex with 0x. Exit status: 0 if the code\n"
	"succeeded, 1 if it failed or could not be run, 2 if the command line\n"
	"is wrong.\n";

struct run {
	struct evm evm;
	struct evm_message msg;
	uint8_t *code, *input;
	size_t code_len;
	bool traced, json, help;
};

/* Hex from a file, with whatever space around. */
static int code_from_file(struct run *run, const char *path)
{
	size_t len;
	char *text = read_file(path, &len);
	bool ok;

	if (!text)
		return complain(EXIT_USAGE,
				"run: %s: %s; name a file with hex code", path,
				strerror(errno));
	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		text[--len] = 0;
	free(run->code);
	ok = strlen(text) == len && parse_bytes(text + strspn(text, " \t\r\n"),
						&run->code, &run->code_len);
	free(text);
	if (!ok)
		return complain(EXIT_USAGE,
				"run: %s: not hex; write two digits for each "
				"byte of code",
				path);
	return 0;
}

static int bad_value(const char *option, const char *value, const char *want)
{
	return complain(EXIT_USAGE, "run: --%s %s: %s", option, value, want);
}

static bool bytes_option(uint8_t **bytes, size_t *len, const char *value)
{
	free(*bytes);
	return parse_bytes(value, bytes, len);
}

static bool value_option(struct u256 *wei, const char *value)
{
	uint64_t small;

	if (!parse_u64(value, &small))
		return strncmp(value, "0x", 2) == 0 && parse_number(value, wei);
	*wei = u256_from(small);
	return true;
}

enum run_option {
	CODE = 256,
	CODEFILE,
	INPUT,
	GAS,
	VALUE,
	SENDER,
	RECEIVER,
	FORK,
	TRACE,
	JSON,
	HELP
};

static const struct option options[] = {
	{"code", required_argument, NULL, CODE},
	{"codefile", required_argument, NULL, CODEFILE},
	{"input", required_argument, NULL, INPUT},
	{"gas", required_argument, NULL, GAS},
	{"value", required_argument, NULL, VALUE},
	{"sender", required_argument, NULL, SENDER},
	{"receiver", required_argument, NULL, RECEIVER},
	{"fork", required_argument, NULL, FORK},
	{"trace", no_argument, NULL, TRACE},
	{"json", no_argument, NULL, JSON},
	{"help", no_argument, NULL, HELP},
	{0},
};

static int take_option(struct run *run, int option, const char *value)
{
	uint64_t gas;

	switch (option) {
	case CODE:
		if (!bytes_option(&run->code, &run->code_len, value))
			return bad_value("code", value, "want hex bytes");
		break;
	case CODEFILE:
		return code_from_file(run, value);
	case INPUT:
		if (!bytes_option(&run->input, &run->msg.input_len, value))
			return bad_value("input", value, "want hex bytes");
		break;
	case GAS:
		if (!parse_u64(value, &gas) || gas > INT64_MAX)
			return bad_value("gas", value,
					 "want a number below 2^63");
		run->msg.gas = (int64_t)gas;
		break;
	case VALUE:
		if (!value_option(&run->msg.value, value))
			return bad_value("value", value, "want a number");
		break;
	case SENDER:
		if (!parse_address(value, &run->msg.sender))
			return bad_value("sender", value, "want 40 hex digits");
		break;
	case RECEIVER:
		if (!parse_address(value, &run->msg.recipient))
			return bad_value("receiver", value,
					 "want 40 hex digits");
		break;
	case FORK:
		run->evm.fork = evm_fork_find(value);
		if (run->evm.fork == EVM_FORK_COUNT)
			return bad_value("fork", value,
					 "want one that evm run --help lists");
		break;
	case TRACE:
		run->traced = true;
		break;
	case JSON:
		run->json = true;
		break;
	case HELP:
		run->help = true;
		break;
	default:
		return complain(EXIT_USAGE, "run: unknown option or missing "
					    "value; see evm run --help");
	}
	return 0;
}

static int take_options(struct run *run, int argc, char **argv)
{
	int option, err = 0;

	opterr = 0;
	while (err == 0 &&
	       (option = getopt_long(argc, argv, "", options, NULL)) != -1)
		err = take_option(run, option, optarg);
	if (err || run->help)
		return err;
	if (optind < argc)
		err = take_option(run, CODE, argv[optind++]);
	if (err == 0 && optind < argc)
		return complain(EXIT_USAGE,
				"run: %s: more than one code was given",
				argv[optind]);
	if (err == 0 && !run->code)
		return complain(EXIT_USAGE,
				"run: no code was given; see evm run --help");
	return err;
}

static void print_storage(const struct run *run, const char *format_key,
			  const char *between, const char *separator)
{
	const struct evm_account *account;
	const struct evm_slot *slot = NULL;
	bool first = true;

	account = evm_state_find(run->evm.state, &run->msg.recipient);
	while (account && (slot = evm_account_next_slot(account, slot))) {
		fputs(first ? "" : separator, stdout);
		fputs(format_key, stdout);
		print_number(stdout, &slot->key);
		fputs(between, stdout);
		print_number(stdout, &slot->value);
		fputs(run->json ? "\"" : "\n", stdout);
		first = false;
	}
}

static void print_text(const struct run *run, const struct evm_result *result)
{
	printf("status    %s\n", evm_status_text(result->status));
	printf("gas left  %" PRId64 " (0x%" PRIx64 ")\n", result->gas_left,
	       result->gas_left);
	printf("gas used  %" PRId64 " (0x%" PRIx64 ")\n",
	       run->msg.gas - result->gas_left,
	       run->msg.gas - result->gas_left);
	fputs("output    ", stdout);
	print_hex(stdout, result->output, result->output_len);
	putchar('\n');
	print_storage(run, "storage   ", " = ", "");
	printf("logs      %zu\n", evm_state_log_count(run->evm.state));
}

static void print_json(const struct run *run, const struct evm_result *result)
{
	printf("{\"status\":\"%s\",\"gasLeft\":\"0x%" PRIx64
	       "\",\"gasUsed\":\"0x%" PRIx64 "\",\"output\":\"",
	       evm_status_text(result->status), result->gas_left,
	       run->msg.gas - result->gas_left);
	print_hex(stdout, result->output, result->output_len);
	fputs("\",\"storage\":{", stdout);
	print_storage(run, "\"", "\":\"", ",");
	printf("},\"logs\":%zu}\n", evm_state_log_count(run->evm.state));
}

/* The sender has what it sends, the receiver the code. */
static int set_up(struct run *run)
{
	struct u256 zero = u256_from(0);
	int err;

	run->msg.code_from = run->msg.recipient;
	run->msg.input = run->input;
	run->evm.origin = run->msg.sender;
	run->evm.block.gas_limit = (uint64_t)run->msg.gas;
	err = evm_state_put(run->evm.state, &run->msg.recipient, 0, &zero,
			    run->code, run->code_len);
	if (err == 0)
		err = evm_state_add_balance(run->evm.state, &run->msg.sender,
					    &run->msg.value);
	return err;
}

static int execute(struct run *run)
{
	struct evm_result result;
	int err = set_up(run);

	if (err == 0)
		err = evm_call(&run->evm, &run->msg, &result);
	if (err < 0)
		return complain(EXIT_BAD, "run: the code cannot be run: %s%s",
				strerror(-err),
				err == EVM_ERR_UNSUPPORTED
					? "; it calls a precompile that is "
					  "not built in"
					: "");
	evm_state_commit(run->evm.state, run->evm.fork);
	if (run->traced)
		trace_result(stderr, &result,
			     (uint64_t)(run->msg.gas - result.gas_left), 0);
	if (run->json)
		print_json(run, &result);
	else
		print_text(run, &result);
	return result.status == EVM_SUCCESS ? EXIT_DONE : EXIT_BAD;
}

static void set_defaults(struct run *run)
{
	static const char receiver[] = "receiver", sender[] = "sender";
	struct evm_address *to = &run->msg.recipient, *from = &run->msg.sender;

	/* as geth's: the words, at the end of the address */
	memcpy(to->bytes + 20 - strlen(receiver), receiver, strlen(receiver));
	memcpy(from->bytes + 20 - strlen(sender), sender, strlen(sender));
	run->msg.gas = 10000000000;
	run->evm.fork = EVM_BYZANTIUM;
	run->evm.alloc = host_allocator;
}

int cmd_run(int argc, char **argv)
{
	struct run *run = calloc(1, sizeof(*run));
	struct trace *trace = trace_create(stderr);
	int err;

	if (!run || !trace) {
		err = complain(EXIT_BAD, "run: no memory");
		goto out;
	}
	set_defaults(run);
	err = take_options(run, argc, argv);
	if (err)
		goto out;
	if (run->help) {
		fputs(help, stdout);
		goto out;
	}
	if (run->traced)
		run->evm.tracer = &trace->tracer;
	run->evm.state = evm_state_create(&host_allocator);
	err = run->evm.state ? execute(run)
			     : complain(EXIT_BAD, "run: no memory");
out:
	if (run) {
		evm_fini(&run->evm);
		evm_state_destroy(run->evm.state);
		free(run->code);
		free(run->input);
	}
	free(run);
	trace_destroy(trace);
	return err;
}
