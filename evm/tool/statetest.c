/*
 * statetest.c: GeneralStateTests: a transaction on a state, for each fork and
 * each combination of data, gas limit and value that the file names. The
 * verdict is the state root and the hash of the logs.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "evm/rlp.h"
#include "evm/tool/dump.h"
#include "evm/tool/measure.h"
#include "evm/tool/pulled.h"
#include "evm/tool/statecase.h"

static bool same_root(struct statecase *t, int *err)
{
	*err = evm_state_root(t->evm.state, &host_allocator, &t->is);
	return *err == 0 && memcmp(&t->is, &t->root, sizeof(t->root)) == 0;
}

/*
 * The fixtures' block pays its miner nothing, but that still touches him: he
 * exists afterwards, until Spurious Dragon clears what is empty. If the
 * transaction was refused, there is such a block in some fixtures only.
 */
static int end_block(struct statecase *t)
{
	bool refused = t->receipt.result.status >= EVM_TX_NONCE;
	int err = 0;

	if (refused && same_root(t, &err))
		return 0;
	if (err == 0)
		err = evm_state_touch(t->evm.state, &t->evm.block.coinbase);
	if (err == 0)
		evm_state_commit(t->evm.state, t->evm.fork);
	return err;
}

static const char *difference(struct statecase *t, json_t *state)
{
	struct evm_state *expected = evm_state_create(&host_allocator);
	const char *what = NULL;
	struct reader r = {0};

	if (expected && read_accounts(&r, state, expected))
		what = accounts_difference(t->evm.state, expected, t->text,
					   sizeof(t->text));
	evm_state_destroy(expected);
	return what ? what : "different state root";
}

static const char *compare(struct statecase *t, json_t *post)
{
	struct evm_hash logs;
	int err;

	if (same_root(t, &err))
		err = evm_logs_hash(t->evm.state, &host_allocator, &logs);
	else if (err == 0)
		return difference(t, json_object_get(post, "state"));
	if (err < 0)
		return "no memory";
	return memcmp(&logs, &t->logs, sizeof(logs)) == 0 ? NULL
							  : "different logs";
}

/*
 * Files from before `expectException` was thought of have only the root of
 * the state as it was; none after a transaction is that one.
 */
static const char *judge(struct statecase *t, json_t *post)
{
	enum evm_status status = t->receipt.result.status;
	const char *error = compare(t, post);

	if (t->refused && status < EVM_TX_NONCE)
		return "the transaction was not refused";
	if (!t->refused && status >= EVM_TX_NONCE && error)
		return evm_status_text(status);
	return error;
}

static const char *run(struct statecase *t, json_t *post, bool pull)
{
	uint64_t start = cpu_time();
	int err = 0;

	if (t->unrepresentable)
		t->receipt.result.status = EVM_TX_BALANCE;
	else if (pull)
		err = pulled_transact(&t->evm, &t->tx.tx, &t->receipt);
	else
		err = evm_transact(&t->evm, &t->tx.tx, &t->receipt);
	t->nanoseconds = cpu_time() - start;
	if (err < 0)
		return strerror(-err);
	return end_block(t) < 0 ? "no memory" : judge(t, post);
}

static void trace_end(const struct statecase *t)
{
	trace_result(stderr, &t->receipt.result, t->receipt.gas_used,
		     t->nanoseconds);
	fputs("{\"stateRoot\": \"", stderr);
	print_hex(stderr, t->is.bytes, sizeof(t->is.bytes));
	fputs("\"}\n", stderr);
}

static void run_case(struct batch *batch, struct verdict *v, json_t *test,
		     json_t *post, struct statecase *t)
{
	struct trace *trace = batch->trace ? trace_create(stderr) : NULL;

	if (trace)
		t->evm.tracer = &trace->tracer;
	if (statecase_load(t, test, v->fork, post))
		v->error = run(t, post, batch->pull);
	else
		v->error = t->reader.problem;
	if (!t->reader.problem[0]) {
		if (batch->trace)
			trace_end(t);
		v->root = &t->is;
		v->gas = t->receipt.gas_used;
		v->nanoseconds = t->nanoseconds;
		v->state = batch->dump ? dump_accounts(t->evm.state) : NULL;
	}
	batch_verdict(batch, v);
	json_decref(v->state);
	statecase_unload(t);
	trace_destroy(trace);
}

static void run_fork(struct batch *batch, const char *name, json_t *test,
		     const char *fork_name, json_t *cases)
{
	enum evm_fork fork = statecase_fork(test, fork_name);
	struct statecase *t;
	json_t *post;
	size_t i;

	if (!json_is_array(cases)) {
		struct verdict v = {.name = name,
				    .fork = fork_name,
				    .index = -1,
				    .error = "post: not an array of cases"};

		batch_verdict(batch, &v);
		return;
	}
	json_array_foreach(cases, i, post)
	{
		struct verdict v = {
			.name = name, .fork = fork_name, .index = (long)i};

		if (batch->index >= 0 && batch->index != (long)i)
			continue;
		t = fork < EVM_FORK_COUNT ? calloc(1, sizeof(*t)) : NULL;
		if (t) {
			t->evm.fork = fork;
			run_case(batch, &v, test, post, t);
		} else {
			v.error = fork < EVM_FORK_COUNT ? "no memory"
							: "unknown fork";
			batch_verdict(batch, &v);
		}
		free(t);
	}
}

static const char *no_state_test(json_t *test)
{
	static const struct {
		const char *key, *text;
	} others[] = {
		{"blocks", "post: missing; this is a blockchain test, which "
			   "evm does not run"},
		{"engineNewPayloads", "post: missing; this is an engine test, "
				      "which evm does not run"},
		{"exec", "post: not by fork; this is a VM test: evm vmtest"},
		{"txbytes", "post: missing; this is a transaction test: evm "
			    "txtest"},
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (has(test, others[i].key))
			return others[i].text;
	return "post: missing; this is no state test";
}

static void run_test(struct batch *batch, const char *name, json_t *test)
{
	json_t *posts = json_object_get(test, "post"), *cases;
	const char *fork_name;

	if (!json_is_object(posts) || has(test, "exec")) {
		struct verdict v = {.name = name,
				    .index = -1,
				    .error = no_state_test(test)};

		batch_verdict(batch, &v);
		return;
	}
	json_object_foreach(posts, fork_name, cases)
	{
		if (batch->fork == EVM_FORK_COUNT ||
		    batch->fork == statecase_fork(test, fork_name))
			run_fork(batch, name, test, fork_name, cases);
	}
}

static const char help[] =
	"usage: evm statetest [OPTION...] [FILE|FOLDER...]\n"
	"Run GeneralStateTests fixtures. Without a path, names of files are\n"
	"read from stdin, and each is answered at once.\n"
	"  --run REGEX     only tests whose names match\n"
	"  --fork NAME     only cases of this fork (also --statetest.fork)\n"
	"  --index N       only this case of each fork (--statetest.index)\n"
	"  -j N            in N processes\n"
	"  --quick         leave out the few fixtures that take very long\n"
	"  --skip PART     leave out files with PART in their paths\n"
	"  --json          results as geth's JSON array (the default)\n"
	"  --human         failures and counts only, one per line\n"
	"  --summary       counts only\n"
	"  --dump          each result with the accounts afterwards\n"
	"  --bench         each result with gas and CPU time in ns\n"
	"  --junit FILE    results as JUnit XML too\n"
	"  --trace         EIP-3155 trace on stderr\n"
	"  --pull          give each transaction its accounts only when it "
	"asks\n"
	"Exit status: 0 if all pass, 1 if one fails or cannot be read, 2 if\n"
	"the command line is wrong.\n";

int cmd_statetest(int argc, char **argv)
{
	struct batch batch = {.command = "statetest",
			      .help = help,
			      .run = run_test,
			      .has_pull = true};

	return batch_main(&batch, argc, argv);
}
