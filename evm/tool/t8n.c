/* t8n.c: `evm t8n`: options, files, and the result as geth writes it. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "evm/hash.h"
#include "evm/tool/dump.h"
#include "evm/tool/difficulty.h"
#include "evm/tool/forkname.h"
#include "evm/tool/t8n.h"

static const char help[] =
	"usage: evm t8n [OPTION...]\n"
	"Apply a block of transactions to a state, as geth's evm t8n does.\n"
	"  --input.alloc FILE    accounts (alloc.json)\n"
	"  --input.env FILE      the block's environment (env.json)\n"
	"  --input.txs FILE      the transactions (txs.json); \"stdin\" for "
	"any\n"
	"                        of the three: one object with alloc, env, "
	"txs\n"
	"  --output.basedir DIR  where the files below go (.)\n"
	"  --output.alloc FILE   the accounts afterwards (alloc.json)\n"
	"  --output.result FILE  roots, receipts and the like (result.json)\n"
	"  --output.body FILE    the transactions that were taken, as RLP "
	"(none)\n"
	"                        \"stdout\" or \"stderr\": one object with "
	"all\n"
	"                        that is sent there\n"
	"  --state.fork NAME     the fork (Osaka)\n"
	"  --state.chainid N     the chain's number (1)\n"
	"  --state.reward N      the miner's reward in wei; -1: none (0)\n"
	"  --trace               a trace of each in DIR/trace-N-HASH.jsonl\n"
	"  --trace.memory, --trace.nostack, --trace.returndata\n"
	"Exit status: 0 if the block was applied, also with transactions that\n"
	"were rejected; as geth's: 2 if the machine failed or the command "
	"line\n"
	"is wrong, 3 for a wrong fork or a missing part of the environment, 4\n"
	"for a missing block hash, 10 for malformed input, 11 for files that\n"
	"cannot be read or written.\n";

enum t8n_option {
	IN_ALLOC = 256,
	IN_ENV,
	IN_TXS,
	OUT_DIR,
	OUT_ALLOC,
	OUT_RESULT,
	OUT_BODY,
	FORK,
	CHAIN_ID,
	REWARD,
	TRACE,
	TRACE_MEMORY,
	TRACE_NO_STACK,
	TRACE_RETURN_DATA,
	HELP,
};

static const struct option options[] = {
	{"input.alloc", required_argument, NULL, IN_ALLOC},
	{"input.env", required_argument, NULL, IN_ENV},
	{"input.txs", required_argument, NULL, IN_TXS},
	{"output.basedir", required_argument, NULL, OUT_DIR},
	{"output.alloc", required_argument, NULL, OUT_ALLOC},
	{"output.result", required_argument, NULL, OUT_RESULT},
	{"output.body", required_argument, NULL, OUT_BODY},
	{"state.fork", required_argument, NULL, FORK},
	{"state.chainid", required_argument, NULL, CHAIN_ID},
	{"state.reward", required_argument, NULL, REWARD},
	{"trace", no_argument, NULL, TRACE},
	{"trace.memory", no_argument, NULL, TRACE_MEMORY},
	{"trace.nostack", no_argument, NULL, TRACE_NO_STACK},
	{"trace.returndata", no_argument, NULL, TRACE_RETURN_DATA},
	{"help", no_argument, NULL, HELP},
	{0},
};

enum file { ALLOC, ENV, TXS, RESULT, BODY, FILES };

struct job {
	struct t8n t8n;
	const char *in[FILES], *out[FILES], *dir;
	json_t *input[FILES], *all;    /* `all`: stdin */
	json_t *to_stdout, *to_stderr; /* what is sent there */
	bool trace, help;
};

static const char *const names[FILES] = {"alloc", "env", "txs", "result",
					 "body"};

static int bad_value(const char *option, const char *value, const char *want)
{
	return complain(EXIT_USAGE, "t8n: %s %s: %s", option, value, want);
}

static int take_state(struct job *job, int option, const char *value)
{
	struct t8n *t = &job->t8n;
	uint64_t reward;

	if (option == FORK) {
		t->evm.fork = evm_fork_find(value);
		t->bomb_delay = difficulty_named_delay(value);
		t->blobs = fork_blobs(value);
		if (t->evm.fork == EVM_FORK_COUNT)
			return complain(T8N_CONFIG,
					"t8n: --state.fork %s: no such fork",
					value);
	} else if (option == CHAIN_ID) {
		if (!parse_u64(value, &t->evm.chain_id))
			return bad_value("--state.chainid", value,
					 "want a number");
	} else if (strcmp(value, "-1") == 0) {
		t->reward = -1;
	} else {
		if (!parse_u64(value, &reward) || reward > INT64_MAX)
			return bad_value("--state.reward", value,
					 "want -1 or a number below 2^63");
		t->reward = (int64_t)reward;
	}
	return 0;
}

static int take_option(struct job *job, int option, const char *value)
{
	switch (option) {
	case IN_ALLOC ... IN_TXS:
		job->in[option - IN_ALLOC] = value;
		break;
	case OUT_DIR:
		job->dir = value;
		break;
	case OUT_ALLOC:
		job->out[ALLOC] = value;
		break;
	case OUT_RESULT:
		job->out[RESULT] = value;
		break;
	case OUT_BODY:
		job->out[BODY] = value;
		break;
	case FORK ... REWARD:
		return take_state(job, option, value);
	case TRACE:
		job->trace = true;
		break;
	case TRACE_MEMORY:
		job->t8n.trace_memory = true;
		break;
	case TRACE_NO_STACK:
		job->t8n.trace_no_stack = true;
		break;
	case TRACE_RETURN_DATA:
		job->t8n.trace_return_data = true;
		break;
	case HELP:
		job->help = true;
		break;
	default:
		return complain(EXIT_USAGE, "t8n: unknown option or missing "
					    "value; see evm t8n --help");
	}
	return 0;
}

static json_t *load(struct t8n *t, const char *path, const char *what)
{
	static const char unread[] = "cannot be read";

	bool is_stdin = strcmp(path, "stdin") == 0;
	char problem[JSON_PROBLEM];
	json_t *json =
		read_json(is_stdin ? "-" : path, JSON_DECODE_ANY, problem);

	if (json)
		return json;
	if (!is_stdin && strncmp(problem, unread, strlen(unread)) == 0)
		t->status = T8N_IO;
	complain(t->status, "t8n: %s: %s: %s", what, path, problem);
	return NULL;
}

static bool load_inputs(struct job *job)
{
	for (int i = ALLOC; i <= TXS; i++) {
		if (strcmp(job->in[i], "stdin") != 0) {
			job->input[i] = load(&job->t8n, job->in[i], names[i]);
		} else {
			if (!job->all)
				job->all = load(&job->t8n, "stdin", "input");
			job->input[i] = json_incref(
				json_object_get(job->all, names[i]));
			if (job->all && !job->input[i])
				complain(T8N_JSON, "t8n: stdin: %s: missing",
					 names[i]);
		}
		if (!job->input[i])
			return false;
	}
	return true;
}

/* Keccak of an empty list: there are no ommers since Paris. */
static void put_header(struct t8n *t, json_t *json)
{
	const struct evm_block *b = &t->evm.block;

	json_object_set_new(json, "currentDifficulty",
			    t->evm.fork < EVM_PARIS
				    ? json_number(&b->difficulty)
				    : json_null());
	json_object_set_new(json, "gasUsed", json_u64(t->gas_used));
	if (t->evm.fork >= EVM_LONDON || has(t->env, "currentBaseFee"))
		json_object_set_new(json, "currentBaseFee",
				    json_number(&b->base_fee));
	if (t->evm.fork >= EVM_SHANGHAI)
		json_object_set_new(json, "withdrawalsRoot",
				    json_hex(t->withdrawals_root.bytes, 32));
	if (t->has_excess) {
		json_object_set_new(json, "currentExcessBlobGas",
				    json_u64(t->excess_blob_gas));
		json_object_set_new(json, "blobGasUsed",
				    json_u64(t->blob_gas_used));
	}
	if (t->evm.fork >= EVM_PRAGUE) {
		uint8_t hash[32];

		evm_sha256(t->request_hash[0], 32 * t->request_count, hash);
		json_object_set_new(json, "requestsHash", json_hex(hash, 32));
		json_object_set(json, "requests", t->requests);
	} else {
		json_object_set_new(json, "requests", json_null());
	}
}

static json_t *result_json(struct t8n *t)
{
	struct evm_hash state, txs, receipts, logs;
	json_t *json = json_object();

	if (evm_state_root(t->evm.state, &host_allocator, &state) < 0 ||
	    evm_trie_finish(&t->tx_trie, &txs) < 0 ||
	    evm_trie_finish(&t->receipt_trie, &receipts) < 0 ||
	    t->logs.failed || t->body.failed) {
		json_decref(json);
		return NULL;
	}
	evm_keccak256(t->logs.bytes, t->logs.len, logs.bytes);
	json_object_set_new(json, "stateRoot", json_hex(state.bytes, 32));
	json_object_set_new(json, "txRoot", json_hex(txs.bytes, 32));
	json_object_set_new(json, "receiptsRoot", json_hex(receipts.bytes, 32));
	json_object_set_new(json, "logsHash", json_hex(logs.bytes, 32));
	json_object_set_new(json, "logsBloom", json_hex(t->bloom, T8N_BLOOM));
	json_object_set(json, "receipts", t->receipts);
	if (json_array_size(t->rejected) > 0)
		json_object_set(json, "rejected", t->rejected);
	put_header(t, json);
	return json;
}

/* Takes over the reference. */
static int put(struct job *job, enum file file, json_t *json)
{
	const char *name = job->out[file];
	char path[PATH_MAX];
	int err = 0;

	if (!json)
		return complain(EXIT_BAD, "t8n: %s: no memory", names[file]);
	if (!name || !*name) {
		err = 0;
	} else if (strcmp(name, "stdout") == 0) {
		json_object_set(job->to_stdout, names[file], json);
	} else if (strcmp(name, "stderr") == 0) {
		json_object_set(job->to_stderr, names[file], json);
	} else {
		snprintf(path, sizeof(path), "%s/%s", job->dir, name);
		if (json_dump_file(json, path,
				   JSON_INDENT(1) | JSON_ENCODE_ANY) < 0)
			err = complain(T8N_IO, "t8n: %s: %s", path,
				       strerror(errno));
	}
	json_decref(json);
	return err;
}

static void put_stream(FILE *out, json_t *json)
{
	if (json_object_size(json) == 0)
		return;
	json_dumpf(json, out, JSON_INDENT(1));
	fputc('\n', out);
}

static int put_outputs(struct job *job)
{
	struct t8n *t = &job->t8n;
	json_t *body = json_hex(t->body.bytes, t->body.len);
	int err;

	job->to_stdout = json_object();
	job->to_stderr = json_object();
	err = put(job, RESULT, result_json(t));
	if (err == 0)
		err = put(job, ALLOC, dump_accounts(t->evm.state));
	if (err == 0)
		err = put(job, BODY, json_incref(body));
	put_stream(stdout, job->to_stdout);
	put_stream(stderr, job->to_stderr);
	json_decref(body);
	return err;
}

/* As far as it is not there yet. */
static int make_folder(const char *path)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	for (size_t i = 1; i <= len && len < sizeof(part); i++) {
		if (path[i] && path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = 0;
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return complain(T8N_IO, "t8n: %s: %s", part,
					strerror(errno));
	}
	return 0;
}

static int apply(struct job *job)
{
	struct t8n *t = &job->t8n;
	bool ok;

	if (make_folder(job->dir) != 0)
		return T8N_IO;
	if (!load_inputs(job))
		return t->status;
	t->env = job->input[ENV];
	t->txs = job->input[TXS];
	if (!json_is_array(t->txs) && !json_is_string(t->txs))
		return complain(T8N_JSON, "t8n: txs: want an array, or RLP as "
					  "a string of hex");
	t->trace_dir = job->trace ? job->dir : NULL;
	t->evm.alloc = host_allocator;
	t->evm.state = evm_state_create(&host_allocator);
	ok = t->evm.state &&
	     read_accounts(&t->reader, job->input[ALLOC], t->evm.state) &&
	     t8n_read_env(t) && t8n_run(t);
	if (!ok)
		return complain(t->status, "t8n: %s",
				t->reader.problem[0] ? t->reader.problem
						     : "no memory");
	return put_outputs(job);
}

int cmd_t8n(int argc, char **argv)
{
	struct job *job = calloc(1, sizeof(*job));
	int option, err = 0;

	if (!job)
		return complain(EXIT_BAD, "t8n: no memory");
	job->in[ALLOC] = job->out[ALLOC] = "alloc.json";
	job->in[ENV] = "env.json";
	job->in[TXS] = "txs.json";
	job->out[RESULT] = "result.json";
	job->dir = ".";
	job->t8n.evm.fork = EVM_OSAKA;
	job->t8n.blobs = fork_blobs("Osaka");
	job->t8n.evm.chain_id = 1;
	job->t8n.status = T8N_JSON;
	opterr = 0;
	while (err == 0 &&
	       (option = getopt_long(argc, argv, "", options, NULL)) != -1)
		err = take_option(job, option, optarg);
	if (err == 0 && optind < argc)
		err = complain(EXIT_USAGE,
			       "t8n: %s: what is this? see evm "
			       "t8n --help",
			       argv[optind]);
	if (err == 0 && job->help)
		fputs(help, stdout);
	else if (err == 0)
		err = apply(job);
	t8n_fini(&job->t8n);
	for (int i = 0; i < FILES; i++)
		json_decref(job->input[i]);
	json_decref(job->all);
	json_decref(job->to_stdout);
	json_decref(job->to_stderr);
	free(job);
	return err;
}
