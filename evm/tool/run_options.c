/* run_options.c: the command line of `evm run`. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "evm/tool/run.h"

/* Hex from a file, with whatever space around. */
static int bytes_from_file(const char *path, uint8_t **bytes, size_t *size)
{
	size_t len;
	char *text = read_file(path, &len);
	bool ok;

	if (!text)
		return complain(EXIT_USAGE,
				"run: %s: %s; name a file with bytes in hex",
				path, strerror(errno));
	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		text[--len] = 0;
	free(*bytes);
	ok = strlen(text) == len &&
	     parse_bytes(text + strspn(text, " \t\r\n"), bytes, size);
	free(text);
	if (!ok)
		return complain(EXIT_USAGE,
				"run: %s: not hex; write two digits for each "
				"byte",
				path);
	return 0;
}

static int bad_value(const char *option, const char *value, const char *want)
{
	return complain(EXIT_USAGE, "run: --%s %s: %s", option, value, want);
}

static int bytes_option(const char *option, uint8_t **bytes, size_t *len,
			const char *value)
{
	free(*bytes);
	return parse_bytes(value, bytes, len)
		       ? 0
		       : bad_value(option, value, "want hex bytes");
}

static int number_option(const char *option, struct u256 *number,
			 const char *value)
{
	bool hex = strncmp(value, "0x", 2) == 0;

	if (hex ? parse_number(value, number) : parse_decimal(value, number))
		return 0;
	return bad_value(option, value, "want a number");
}

static int address_option(const char *option, struct evm_address *addr,
			  const char *value)
{
	return parse_address(value, addr)
		       ? 0
		       : bad_value(option, value, "want 40 hex digits");
}

enum run_option {
	CODE = 256,
	CODEFILE,
	INPUT,
	INPUTFILE,
	GAS,
	PRICE,
	VALUE,
	SENDER,
	RECEIVER,
	FORK,
	PRESTATE,
	CREATE,
	DUMP,
	BENCH,
	TRACE,
	TRACE_MEMORY,
	TRACE_RETURN_DATA,
	TRACE_NO_STACK,
	JSON,
	HELP
};

static const struct option options[] = {
	{"code", required_argument, NULL, CODE},
	{"codefile", required_argument, NULL, CODEFILE},
	{"input", required_argument, NULL, INPUT},
	{"inputfile", required_argument, NULL, INPUTFILE},
	{"gas", required_argument, NULL, GAS},
	{"price", required_argument, NULL, PRICE},
	{"value", required_argument, NULL, VALUE},
	{"sender", required_argument, NULL, SENDER},
	{"receiver", required_argument, NULL, RECEIVER},
	{"fork", required_argument, NULL, FORK},
	{"state.fork", required_argument, NULL, FORK},
	{"prestate", required_argument, NULL, PRESTATE},
	{"create", no_argument, NULL, CREATE},
	{"dump", no_argument, NULL, DUMP},
	{"bench", no_argument, NULL, BENCH},
	{"trace", no_argument, NULL, TRACE},
	{"trace.memory", no_argument, NULL, TRACE_MEMORY},
	{"trace.returndata", no_argument, NULL, TRACE_RETURN_DATA},
	{"trace.nostack", no_argument, NULL, TRACE_NO_STACK},
	{"json", no_argument, NULL, JSON},
	{"help", no_argument, NULL, HELP},
	{0},
};

static int take_value(struct run *run, int option, const char *value)
{
	uint64_t gas;

	switch (option) {
	case GAS:
		if (!parse_u64(value, &gas) || gas > INT64_MAX)
			return bad_value("gas", value,
					 "want a number below 2^63");
		run->msg.gas = (int64_t)gas;
		return 0;
	case PRICE:
		return number_option("price", &run->evm.gas_price, value);
	case VALUE:
		return number_option("value", &run->msg.value, value);
	case SENDER:
		return address_option("sender", &run->msg.sender, value);
	case RECEIVER:
		return address_option("receiver", &run->msg.recipient, value);
	case FORK:
		run->evm.fork = evm_fork_find(value);
		if (run->evm.fork == EVM_FORK_COUNT)
			return bad_value("fork", value,
					 "want one that evm run --help lists");
		return 0;
	default:
		run->prestate = value;
		return 0;
	}
}

static int take_bytes(struct run *run, int option, const char *value)
{
	switch (option) {
	case CODE:
		return bytes_option("code", &run->code, &run->code_len, value);
	case CODEFILE:
		return bytes_from_file(value, &run->code, &run->code_len);
	case INPUT:
		return bytes_option("input", &run->input, &run->msg.input_len,
				    value);
	default:
		return bytes_from_file(value, &run->input, &run->msg.input_len);
	}
}

static int take_option(struct run *run, int option, const char *value)
{
	switch (option) {
	case CODE ... INPUTFILE:
		return take_bytes(run, option, value);
	case GAS ... PRESTATE:
		return take_value(run, option, value);
	case CREATE:
		run->create = true;
		break;
	case DUMP:
		run->dump = true;
		break;
	case BENCH:
		run->bench = true;
		break;
	case TRACE:
		run->traced = true;
		break;
	case TRACE_MEMORY:
		run->traced = run->trace_memory = true;
		break;
	case TRACE_RETURN_DATA:
		run->traced = run->trace_return_data = true;
		break;
	case TRACE_NO_STACK:
		run->traced = run->trace_no_stack = true;
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

int run_options(struct run *run, int argc, char **argv)
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
	if (err == 0 && !run->code && !run->prestate)
		return complain(EXIT_USAGE,
				"run: no code was given; see evm run --help");
	return err;
}
