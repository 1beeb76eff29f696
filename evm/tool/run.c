/* run.c: `evm run`: some code as one call, from the command line. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "evm/frame.h"
#include "evm/tool/measure.h"
#include "evm/tool/run.h"

#define BENCH_NS 1000000000 /* as long as a measurement lasts */

static const char help[] =
	"usage: evm run [OPTION...] [CODE]\n"
	"Run EVM code as one call and print how it ended.\n"
	"  CODE, --code HEX   the code, in hex\n"
	"  --codefile FILE    the code, in hex, from a file (- for stdin)\n"
	"  --input HEX        call data; --inputfile FILE\n"
	"  --create           the code is init code: run it as a creation\n"
	"  --gas N            gas limit (default 10000000000)\n"
	"  --price N          gas price that the code sees, in wei\n"
	"  --value N          value of the call, in wei\n"
	"  --sender ADDRESS   who calls, and the origin\n"
	"  --receiver ADDRESS where the code is\n"
	"  --prestate FILE    accounts before, as JSON: {\"ADDRESS\":\n"
	"                     {\"balance\", \"nonce\", \"code\", "
	"\"storage\"}},\n"
	"                     or geth's genesis with such an \"alloc\"; then\n"
	"                     CODE may be left out\n"
	"  --fork NAME        Frontier, Homestead, EIP150, EIP158, Byzantium,\n"
	"                     Constantinople, Petersburg, Istanbul, Berlin,\n"
	"                     London, Paris, Shanghai, Cancun, Prague, Osaka\n"
	"                     (the default)\n"
	"  --trace            EIP-3155 trace on stderr; also --trace.memory,\n"
	"                     --trace.returndata, --trace.nostack\n"
	"  --dump             the accounts afterwards, as JSON\n"
	"  --json             the result as one JSON object\n"
	"  --bench            run it for a second; best and median time\n"
	"Numbers are decimal, or hex with 0x. Exit status: 0 if the code\n"
	"succeeded, 1 if it failed or could not be run, 2 if the command line\n"
	"is wrong.\n";

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
static int put_accounts(struct run *run)
{
	struct u256 zero = u256_from(0);
	int err = 0;

	if (run->code && !run->create)
		err = evm_state_put(run->evm.state, &run->msg.recipient, 0,
				    &zero, run->code, run->code_len);
	if (err == 0 && !u256_is_zero(&run->msg.value))
		err = evm_state_add_balance(run->evm.state, &run->msg.sender,
					    &run->msg.value);
	evm_state_commit(run->evm.state, EVM_FRONTIER);
	return err;
}

/* A creation's input: the code, and what was given as input behind it. */
static int make_initcode(struct run *run)
{
	size_t len = run->code_len + run->msg.input_len;

	run->initcode = malloc(len + 1);
	if (!run->initcode)
		return EVM_ERR_NO_MEMORY;
	if (run->code_len > 0)
		memcpy(run->initcode, run->code, run->code_len);
	if (run->msg.input_len > 0)
		memcpy(run->initcode + run->code_len, run->input,
		       run->msg.input_len);
	run->msg.kind = EVM_CREATE;
	run->msg.input = run->initcode;
	run->msg.input_len = len;
	return 0;
}

/* Of a transaction, those whom it names are warm; code may be elsewhere. */
static int begin_call(struct run *run)
{
	const struct evm_address *named[] = {&run->msg.sender,
					     &run->msg.recipient,
					     &run->evm.block.coinbase};
	struct evm_state *state = run->evm.state;
	const struct evm_address *delegate;
	const struct evm_account *to;
	bool cold;
	int err = 0;

	evm_state_begin(state);
	for (int i = 0; i < 3 && err == 0; i++)
		err = evm_state_host.use_account(state, named[i], &cold);
	to = evm_state_find(state, &run->msg.recipient);
	delegate = to ? evm_code_delegate(to->code) : NULL;
	if (err == 0 && delegate && run->evm.fork >= EVM_PRAGUE) {
		run->msg.code_from = *delegate;
		run->msg.is_delegated = true;
		err = evm_state_host.use_account(state, delegate, &cold);
	}
	return err;
}

static int set_up(struct run *run)
{
	int err;

	run->msg.code_from = run->msg.recipient;
	run->msg.input = run->input;
	run->evm.origin = run->msg.sender;
	if (run->evm.block.gas_limit == 0)
		run->evm.block.gas_limit = (uint64_t)run->msg.gas;
	err = put_accounts(run);
	if (err == 0 && run->create)
		err = make_initcode(run);
	return err == 0 ? begin_call(run) : err;
}

static int bench(struct run *run, struct evm_result *result)
{
	struct measure m;
	int err = measure_call(&run->evm, &run->msg, BENCH_NS, result, &m);

	if (err == 0)
		printf("rounds    %u\nbest      %.0f ns\nmedian    %.0f ns\n"
		       "speed     %.1f Mgas/s (median)\n",
		       m.rounds, m.best, m.median,
		       (double)(run->msg.gas - result->gas_left) * 1000 /
			       m.median);
	return err;
}

static int call(struct run *run, struct evm_result *result)
{
	int err = set_up(run);
	uint64_t start;

	if (err == 0 && run->bench)
		err = bench(run, result);
	if (err == 0) {
		start = cpu_time();
		err = evm_call(&run->evm, &run->msg, result);
		run->nanoseconds = cpu_time() - start;
	}
	return err;
}

static int execute(struct run *run)
{
	struct evm_result result;
	int err;

	if (run->prestate && run_load_prestate(run) != 0)
		return EXIT_BAD;
	err = call(run, &result);
	if (err < 0)
		return complain(EXIT_BAD, "run: the code cannot be run: %s%s",
				strerror(-err),
				err == EVM_ERR_UNSUPPORTED
					? "; it calls a precompile that is "
					  "not built in"
					: "");
	if (run->create && result.status == EVM_SUCCESS)
		run->msg.recipient = result.created;
	evm_state_commit(run->evm.state, run->evm.fork);
	if (run->traced)
		trace_result(stderr, &result,
			     (uint64_t)(run->msg.gas - result.gas_left),
			     run->nanoseconds);
	if (run->json)
		print_json(run, &result);
	else
		print_text(run, &result);
	if (run->dump && run_dump(run) != 0)
		return EXIT_BAD;
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
	run->evm.fork = EVM_OSAKA;
	run->evm.chain_id = 1;
	run->evm.block.blob_base_fee = u256_from(1);
	run->evm.alloc = host_allocator;
}

static struct trace *start_trace(struct run *run)
{
	struct trace *trace = trace_create(stderr);

	if (!trace)
		return NULL;
	trace->with_memory = run->trace_memory;
	trace->with_return_data = run->trace_return_data;
	trace->without_stack = run->trace_no_stack;
	if (run->traced)
		run->evm.tracer = &trace->tracer;
	return trace;
}

int cmd_run(int argc, char **argv)
{
	struct run *run = calloc(1, sizeof(*run));
	struct trace *trace = NULL;
	int err;

	if (!run)
		return complain(EXIT_BAD, "run: no memory");
	set_defaults(run);
	err = run_options(run, argc, argv);
	if (err == 0 && run->help) {
		fputs(help, stdout);
	} else if (err == 0) {
		trace = start_trace(run);
		run->evm.state = evm_state_create(&host_allocator);
		err = trace && run->evm.state
			      ? execute(run)
			      : complain(EXIT_BAD, "run: no memory");
	}
	evm_fini(&run->evm);
	evm_state_destroy(run->evm.state);
	free(run->code);
	free(run->input);
	free(run->initcode);
	free(run);
	trace_destroy(trace);
	return err;
}
