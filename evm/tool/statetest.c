/*
 * statetest.c: GeneralStateTests: a transaction on a state, for each fork and
 * each combination of data, gas limit and value that the file names. The
 * verdict is the state root and the hash of the logs.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "evm/rlp.h"
#include "evm/tool/dump.h"
#include "evm/tool/json_tx.h"

struct statetest {
	struct reader reader;
	struct evm evm;
	struct json_tx tx;
	struct evm_hash root, logs; /* expected */
	struct evm_hash is;	    /* the root that it came to */
	bool refused;		    /* the fixture expects it to be */
	bool unrepresentable; /* the transaction has a number that is too big */
	struct evm_receipt receipt;
	uint64_t nanoseconds;
	char text[200];
};

/* The case's choice among the values of data, gas limit or value. */
static json_t *indexed(json_t *tx, const char *key, json_t *indexes,
		       const char *index)
{
	json_t *i = json_object_get(indexes, index);

	return json_array_get(json_object_get(tx, key),
			      (size_t)json_integer_value(i));
}

/*
 * Some fixtures have numbers that no transaction can have and expect them to
 * be refused; those are no mistake of the file.
 */
static bool wide_number(struct statetest *t, json_t *value, const char *key,
			struct u256 *number)
{
	const char *text = json_string_value(value);

	if (t->refused && text &&
	    (strncmp(text, "0x:bigint", 9) == 0 || strlen(text) > 66)) {
		t->unrepresentable = true;
		*number = u256_from(0);
		return true;
	}
	return number_of(&t->reader, value, key, number);
}

static bool wide_u64(struct statetest *t, json_t *value, const char *key,
		     uint64_t *number)
{
	struct u256 wide;

	if (!wide_number(t, value, key, &wide))
		return false;
	if (!u256_fits_u64(&wide))
		t->unrepresentable = true;
	*number = wide.w[0];
	return true;
}

static bool load_tx(struct statetest *t, json_t *tx, json_t *indexes)
{
	json_t *access = indexed(tx, "accessLists", indexes, "data");
	json_t *to = json_object_get(tx, "to");
	struct evm_transaction *e = &t->tx.tx;
	struct reader *r = &t->reader;
	const char *data =
		json_string_value(indexed(tx, "data", indexes, "data"));

	r->where = "transaction";
	if (!tx)
		return reader_fail(r, "missing");
	e->is_creation = !to || json_is_null(to) || !*json_string_value(to);
	if (!e->is_creation && !read_address(r, tx, "to", &e->to))
		return false;
	if (!data || !parse_bytes(data, &t->tx.input, &e->input_len))
		return reader_fail(r, "data: %s", data ? "not hex" : "missing");
	e->input = t->tx.input;
	return wide_u64(t, indexed(tx, "gasLimit", indexes, "gas"), "gasLimit",
			&e->gas_limit) &&
	       wide_number(t, indexed(tx, "value", indexes, "value"), "value",
			   &e->value) &&
	       wide_u64(t, json_object_get(tx, "nonce"), "nonce", &e->nonce) &&
	       read_address(r, tx, "sender", &e->sender) &&
	       json_tx_common(r, tx, access, &t->tx);
}

static bool load_config(struct statetest *t, json_t *config, const char *fork,
			struct evm_blob_schedule *blobs)
{
	json_t *schedule =
		json_object_get(json_object_get(config, "blobSchedule"), fork);
	uint64_t max = blobs->max;

	t->reader.where = "config";
	t->evm.chain_id = 1;
	if (!maybe_u64(&t->reader, config, "chainid", &t->evm.chain_id) ||
	    !maybe_u64(&t->reader, schedule, "max", &max) ||
	    !maybe_u64(&t->reader, schedule, "baseFeeUpdateFraction",
		       &blobs->fraction))
		return false;
	blobs->max = (unsigned)max;
	if (blobs->fraction == 0 && t->evm.fork >= EVM_CANCUN)
		return reader_fail(&t->reader, "baseFeeUpdateFraction: zero");
	return true;
}

static bool load(struct statetest *t, json_t *test, const char *fork,
		 json_t *post)
{
	struct evm_blob_schedule blobs = evm_blob_schedule(t->evm.fork);
	struct reader *r = &t->reader;

	t->evm.alloc = host_allocator;
	t->evm.state = evm_state_create(&host_allocator);
	t->refused = has(post, "expectException");
	if (!t->evm.state)
		return reader_fail(r, "no memory");
	if (!load_config(t, json_object_get(test, "config"), fork, &blobs) ||
	    !read_env(r, json_object_get(test, "env"), t->evm.fork,
		      blobs.fraction, &t->evm.block) ||
	    !read_accounts(r, json_object_get(test, "pre"), t->evm.state))
		return false;
	t->evm.block.blob_max = blobs.max;
	r->where = "post";
	return read_hash(r, post, "hash", &t->root) &&
	       read_hash(r, post, "logs", &t->logs) &&
	       load_tx(t, json_object_get(test, "transaction"),
		       json_object_get(post, "indexes"));
}

static void unload(struct statetest *t)
{
	evm_fini(&t->evm);
	evm_state_destroy(t->evm.state);
	json_tx_fini(&t->tx);
}

/*
 * The fixtures' block pays its miner nothing, but that still touches him: he
 * exists afterwards, until Spurious Dragon clears what is empty. If the
 * transaction was refused, only the older fixtures have it so; those that
 * tell the whole state afterwards (`state`) have no such block.
 */
static int end_block(struct statetest *t, json_t *post)
{
	bool refused = t->receipt.result.status >= EVM_TX_NONCE;
	int err = 0;

	if (!refused || !has(post, "state"))
		err = evm_state_touch(t->evm.state, &t->evm.block.coinbase);
	if (err == 0)
		evm_state_commit(t->evm.state, t->evm.fork);
	return err;
}

static const char *compare(struct statetest *t, json_t *post)
{
	struct reader r = {0};
	struct evm_state *expected;
	struct evm_hash logs;
	const char *what = NULL;

	if (evm_logs_hash(t->evm.state, &host_allocator, &logs) < 0 ||
	    evm_state_root(t->evm.state, &host_allocator, &t->is) < 0)
		return "no memory";
	if (memcmp(&t->is, &t->root, sizeof(t->root)) == 0)
		return memcmp(&logs, &t->logs, sizeof(logs)) == 0
			       ? NULL
			       : "different logs";
	expected =
		has(post, "state") ? evm_state_create(&host_allocator) : NULL;
	if (expected &&
	    read_accounts(&r, json_object_get(post, "state"), expected))
		what = accounts_difference(t->evm.state, expected, t->text,
					   sizeof(t->text));
	evm_state_destroy(expected);
	return what ? what : "different state root";
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static const char *run(struct statetest *t, json_t *post)
{
	enum evm_status status;
	uint64_t start = now();
	int err = 0;

	if (t->unrepresentable)
		t->receipt.result.status = EVM_TX_BALANCE;
	else
		err = evm_transact(&t->evm, &t->tx.tx, &t->receipt);
	t->nanoseconds = now() - start;
	if (err < 0)
		return strerror(-err);
	status = t->receipt.result.status;
	if (end_block(t, post) < 0)
		return "no memory";
	if (t->refused && status < EVM_TX_NONCE)
		return "the transaction was not refused";
	if (!t->refused && status >= EVM_TX_NONCE)
		return evm_status_text(status);
	return compare(t, post);
}

static void trace_end(const struct statetest *t)
{
	trace_result(stderr, &t->receipt.result, t->receipt.gas_used,
		     t->nanoseconds);
	fputs("{\"stateRoot\": \"", stderr);
	print_hex(stderr, t->is.bytes, sizeof(t->is.bytes));
	fputs("\"}\n", stderr);
}

static void run_case(struct batch *batch, struct verdict *v, json_t *test,
		     json_t *post, struct statetest *t)
{
	struct trace *trace = batch->trace ? trace_create(stderr) : NULL;

	if (trace)
		t->evm.tracer = &trace->tracer;
	if (load(t, test, v->fork, post))
		v->error = run(t, post);
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
	unload(t);
	trace_destroy(trace);
}

static void run_fork(struct batch *batch, const char *name, json_t *test,
		     const char *fork_name, json_t *cases)
{
	enum evm_fork fork = evm_fork_find(fork_name);
	struct statetest *t;
	json_t *post;
	size_t i;

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

static void run_test(struct batch *batch, const char *name, json_t *test)
{
	json_t *posts = json_object_get(test, "post"), *cases;
	const char *fork_name;

	if (!json_is_object(posts)) {
		struct verdict v = {.name = name,
				    .index = -1,
				    .error = "post: missing; this is no state "
					     "test"};

		batch_verdict(batch, &v);
		return;
	}
	json_object_foreach(posts, fork_name, cases)
	{
		if (batch->fork == EVM_FORK_COUNT ||
		    batch->fork == evm_fork_find(fork_name))
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
	"Exit status: 0 if all pass, 1 if one fails or cannot be read, 2 if\n"
	"the command line is wrong.\n";

int cmd_statetest(int argc, char **argv)
{
	struct batch batch = {
		.command = "statetest", .help = help, .run = run_test};

	return batch_main(&batch, argc, argv);
}
