/*
 * vmtest.c: the old VMTests: one frame with Frontier's rules, without a
 * transaction around it. A test without "post" must fail; else gas, output,
 * logs and all accounts must be as it says.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "evm/rlp.h"
#include "evm/tool/fixture.h"

struct vmtest {
	struct reader reader;
	struct evm evm;
	struct evm_message msg;
	uint8_t *code, *data;
	size_t code_len;
	struct evm_state *post;
};

static bool load(struct vmtest *t, json_t *test)
{
	json_t *exec = json_object_get(test, "exec");
	json_t *post = json_object_get(test, "post");
	struct reader *r = &t->reader;
	uint64_t gas;

	t->evm.alloc = host_allocator;
	t->evm.state = evm_state_create(&host_allocator);
	t->post = evm_state_create(&host_allocator);
	if (!t->evm.state || !t->post)
		return false;
	if (!read_env(r, json_object_get(test, "env"), &t->evm.block) ||
	    !read_accounts(r, json_object_get(test, "pre"), t->evm.state) ||
	    (post && !read_accounts(r, post, t->post)) ||
	    !read_address(r, exec, "address", &t->msg.recipient) ||
	    !read_address(r, exec, "caller", &t->msg.sender) ||
	    !read_address(r, exec, "origin", &t->evm.origin) ||
	    !read_number(r, exec, "gasPrice", &t->evm.gas_price) ||
	    !read_number(r, exec, "value", &t->msg.value) ||
	    !read_u64(r, exec, "gas", &gas) || gas > INT64_MAX ||
	    !read_bytes(r, exec, "code", &t->code, &t->code_len) ||
	    !read_bytes(r, exec, "data", &t->data, &t->msg.input_len))
		return false;
	t->msg.gas = (int64_t)gas;
	t->msg.input = t->data;
	t->msg.code_from = t->msg.recipient;
	return true;
}

static void unload(struct vmtest *t)
{
	evm_fini(&t->evm);
	evm_state_destroy(t->evm.state);
	evm_state_destroy(t->post);
	free(t->code);
	free(t->data);
}

static bool same_code(const struct evm_account *a, const struct evm_account *b)
{
	const uint8_t *code_a, *code_b;
	size_t len_a, len_b;

	evm_account_code(a, &code_a, &len_a);
	evm_account_code(b, &code_b, &len_b);
	return len_a == len_b &&
	       (len_a == 0 || memcmp(code_a, code_b, len_a) == 0);
}

/* Whether all of a's storage is in b. */
static bool storage_in(const struct evm_account *a, const struct evm_account *b)
{
	const struct evm_slot *s = NULL;
	struct u256 other;

	while ((s = evm_account_next_slot(a, s))) {
		other = evm_account_storage(b, &s->key);
		if (!u256_equal(&other, &s->value))
			return false;
	}
	return true;
}

/* NULL, or what differs first; every account of a against b's. */
static const char *difference(const struct evm_state *a,
			      const struct evm_state *b)
{
	const struct evm_account *x = NULL, *y;

	while ((x = evm_state_next(a, x))) {
		y = evm_state_find(b, &x->address);
		if (!y)
			return "accounts";
		if (x->nonce != y->nonce)
			return "a nonce";
		if (!u256_equal(&x->balance, &y->balance))
			return "a balance";
		if (!same_code(x, y))
			return "code";
		if (!storage_in(x, y) || !storage_in(y, x))
			return "storage";
	}
	return NULL;
}

static const char *check(struct vmtest *t, json_t *test,
			 const struct evm_result *result)
{
	struct evm_hash logs, expected;
	uint8_t *out = NULL;
	const char *what;
	uint64_t gas;
	size_t len;
	bool same;

	if (!read_u64(&t->reader, test, "gas", &gas) ||
	    !read_hash(&t->reader, test, "logs", &expected) ||
	    !read_bytes(&t->reader, test, "out", &out, &len))
		return "expectations";
	same = len == result->output_len &&
	       (len == 0 || memcmp(out, result->output, len) == 0);
	free(out);
	if (!same)
		return "output";
	if (gas != (uint64_t)result->gas_left)
		return "gas";
	if (evm_logs_hash(t->evm.state, &host_allocator, &logs) < 0 ||
	    memcmp(&logs, &expected, sizeof(logs)) != 0)
		return "logs";
	what = difference(t->evm.state, t->post);
	return what ? what : difference(t->post, t->evm.state);
}

static void run_loaded(struct batch *batch, const char *name, json_t *test,
		       struct vmtest *t)
{
	bool must_fail = !json_object_get(test, "post");
	struct evm_result result;
	const char *what;
	int err;

	err = evm_run_code(&t->evm, &t->msg, t->code, t->code_len, &result);
	if (err < 0) {
		batch_fail(batch, name, "cannot be run: %s", strerror(-err));
		return;
	}
	evm_state_commit(t->evm.state, t->evm.fork);
	if (must_fail || result.status != EVM_SUCCESS) {
		if (must_fail == (result.status != EVM_SUCCESS))
			batch->passed++;
		else
			batch_fail(batch, name, "ended with: %s",
				   evm_status_text(result.status));
		return;
	}
	what = check(t, test, &result);
	if (!what)
		batch->passed++;
	else
		batch_fail(batch, name, "different: %s (gas left %" PRId64 ")",
			   what, result.gas_left);
}

static void run_test(struct batch *batch, const char *name, json_t *test)
{
	struct vmtest *t = calloc(1, sizeof(*t));
	struct trace *trace = calloc(1, sizeof(*trace));

	if (t && trace && load(t, test)) {
		trace_init(trace, stderr);
		if (batch->trace)
			t->evm.tracer = &trace->tracer;
		run_loaded(batch, name, test, t);
	} else {
		batch_fail(batch, name, "cannot be read: %s",
			   t && t->reader.problem ? t->reader.problem
						  : "no memory");
	}
	if (t)
		unload(t);
	free(t);
	free(trace);
}

static const char help[] =
	"usage: evm vmtest [--summary] [--run PART] [--trace] FILE|FOLDER...\n"
	"Run VMTests fixtures (single frames, Frontier's rules). Failures and\n"
	"the counts go to stdout, traces (EIP-3155) to stderr. Exit status: 0\n"
	"if all pass, 1 if not, 2 if the command line is wrong.\n"
	"  --summary    print the counts only\n"
	"  --run PART   only tests whose names contain PART\n";

int cmd_vmtest(int argc, char **argv)
{
	struct batch batch = {.run = run_test};

	return batch_main(&batch, argc, argv, help);
}
