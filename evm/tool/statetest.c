/*
 * statetest.c: GeneralStateTests: a transaction on a state, for each fork and
 * each combination of data, gas limit and value that the file names. The
 * verdict is the state root and the hash of the logs.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "evm/rlp.h"
#include "evm/tool/fixture.h"

struct statetest {
	struct reader reader;
	struct evm evm;
	struct evm_transaction tx;
	struct evm_hash root, logs;
	uint8_t *data;
	bool refused; /* the fixture expects it to be */
};

static const char *indexed(json_t *tx, const char *key, json_t *indexes,
			   const char *index)
{
	json_t *array = json_object_get(tx, key);
	json_t *i = json_object_get(indexes, index);

	return json_string_value(
		json_array_get(array, (size_t)json_integer_value(i)));
}

static bool bad(struct statetest *t, const char *key)
{
	t->reader.problem = key;
	return false;
}

static bool load_tx(struct statetest *t, json_t *tx, json_t *indexes)
{
	const char *data = indexed(tx, "data", indexes, "data");
	const char *gas = indexed(tx, "gasLimit", indexes, "gas");
	const char *value = indexed(tx, "value", indexes, "value");
	const char *to = json_string_value(json_object_get(tx, "to"));
	struct reader *r = &t->reader;

	t->tx.is_creation = !to || !*to;
	if (!t->tx.is_creation && !parse_address(to, &t->tx.to))
		return bad(t, "to");
	if (!data || !parse_bytes(data, &t->data, &t->tx.input_len))
		return bad(t, "data");
	t->tx.input = t->data;
	if (!gas || !parse_u64(gas, &t->tx.gas_limit))
		return bad(t, "gasLimit");
	if (!value || !parse_number(value, &t->tx.value))
		return bad(t, "value");
	return read_u64(r, tx, "nonce", &t->tx.nonce) &&
	       read_number(r, tx, "gasPrice", &t->tx.gas_price) &&
	       read_address(r, tx, "sender", &t->tx.sender);
}

static bool load(struct statetest *t, json_t *test, json_t *post)
{
	struct reader *r = &t->reader;

	t->evm.alloc = host_allocator;
	t->evm.state = evm_state_create(&host_allocator);
	t->refused = json_object_get(post, "expectException");
	return t->evm.state &&
	       read_env(r, json_object_get(test, "env"), &t->evm.block) &&
	       read_accounts(r, json_object_get(test, "pre"), t->evm.state) &&
	       read_hash(r, post, "hash", &t->root) &&
	       read_hash(r, post, "logs", &t->logs) &&
	       load_tx(t, json_object_get(test, "transaction"),
		       json_object_get(post, "indexes"));
}

static void unload(struct statetest *t)
{
	evm_fini(&t->evm);
	evm_state_destroy(t->evm.state);
	free(t->data);
}

/*
 * The fixtures' block pays its miner nothing, but that still touches him: he
 * exists afterwards, until Spurious Dragon clears what is empty.
 */
static int end_block(struct evm *evm)
{
	int err = evm_state_touch(evm->state, &evm->block.coinbase);

	if (err == 0)
		evm_state_commit(evm->state, evm->fork);
	return err;
}

static const char *run(struct statetest *t)
{
	struct evm_receipt receipt;
	struct evm_hash root, logs;
	int err = evm_transact(&t->evm, &t->tx, &receipt);

	if (err < 0)
		return strerror(-err);
	if (t->refused && receipt.result.status < EVM_TX_NONCE)
		return "the transaction was not refused";
	if (end_block(&t->evm) < 0 ||
	    evm_logs_hash(t->evm.state, &host_allocator, &logs) < 0 ||
	    evm_state_root(t->evm.state, &host_allocator, &root) < 0)
		return "no memory";
	if (memcmp(&logs, &t->logs, sizeof(logs)) != 0)
		return "different logs";
	if (memcmp(&root, &t->root, sizeof(root)) != 0)
		return "different state root";
	return NULL;
}

static void run_case(struct batch *batch, const char *name, json_t *test,
		     enum evm_fork fork, json_t *post)
{
	struct statetest *t = calloc(1, sizeof(*t));
	struct trace *trace = calloc(1, sizeof(*trace));
	const char *what = "no memory";

	if (t && trace) {
		t->evm.fork = fork;
		trace_init(trace, stderr);
		if (batch->trace)
			t->evm.tracer = &trace->tracer;
		what = load(t, test, post) ? run(t)
		       : t->reader.problem ? t->reader.problem
					   : "no memory";
	}
	if (what)
		batch_fail(batch, name, "%s, gas limit %" PRIu64 ": %s",
			   evm_fork_name(fork), t ? t->tx.gas_limit : 0, what);
	else
		batch->passed++;
	if (t)
		unload(t);
	free(t);
	free(trace);
}

static void run_test(struct batch *batch, const char *name, json_t *test)
{
	json_t *posts = json_object_get(test, "post"), *cases, *post;
	const char *fork_name;
	size_t i;

	if (!json_is_object(posts)) {
		batch_fail(batch, name, "cannot be read: post");
		return;
	}
	json_object_foreach(posts, fork_name, cases)
	{
		enum evm_fork fork = evm_fork_find(fork_name);

		if (fork == EVM_FORK_COUNT) {
			batch->skipped += json_array_size(cases);
			continue;
		}
		if (batch->fork != EVM_FORK_COUNT && batch->fork != fork)
			continue;
		json_array_foreach(cases, i, post)
		{
			run_case(batch, name, test, fork, post);
		}
	}
}

static const char help[] =
	"usage: evm statetest [--summary] [--run PART] [--fork NAME] "
	"[--trace]\n"
	"                     FILE|FOLDER...\n"
	"Run GeneralStateTests fixtures. Failures and the counts go to "
	"stdout,\n"
	"traces (EIP-3155) to stderr. Cases of forks that are not built in "
	"are\n"
	"counted as skipped. Exit status: 0 if none fails, 1 if one does, 2 "
	"if\n"
	"the command line is wrong.\n"
	"  --summary    print the counts only\n"
	"  --run PART   only tests whose names contain PART\n"
	"  --fork NAME  only cases of this fork\n";

int cmd_statetest(int argc, char **argv)
{
	struct batch batch = {.run = run_test};

	return batch_main(&batch, argc, argv, help);
}
