/*
 * vmtest.c: the old VMTests: one frame with Frontier's rules, without a
 * transaction around it. A test without "post" must fail; else gas, output,
 * logs and all accounts must be as it says.
 */
#include <stdlib.h>
#include <string.h>

#include "evm/rlp.h"
#include "evm/tool/vmtest.h"

static bool load_expected(struct vmtest *t, json_t *test)
{
	struct reader *r = &t->reader;

	t->must_fail = !has(test, "post");
	return t->must_fail ||
	       (read_accounts(r, json_object_get(test, "post"), t->post) &&
		read_u64(r, test, "gas", &t->gas_left) &&
		read_hash(r, test, "logs", &t->logs) &&
		read_bytes(r, test, "out", &t->output, &t->output_len));
}

bool vmtest_load(struct vmtest *t, json_t *test)
{
	json_t *exec = json_object_get(test, "exec");
	struct reader *r = &t->reader;
	uint64_t gas;

	t->evm.alloc = host_allocator;
	t->evm.state = evm_state_create(&host_allocator);
	t->post = evm_state_create(&host_allocator);
	if (!t->evm.state || !t->post)
		return reader_fail(r, "no memory");
	if (!read_env(r, json_object_get(test, "env"), EVM_FRONTIER, 0,
		      &t->evm.block) ||
	    !read_accounts(r, json_object_get(test, "pre"), t->evm.state) ||
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
	return load_expected(t, test);
}

void vmtest_unload(struct vmtest *t)
{
	evm_fini(&t->evm);
	evm_state_destroy(t->evm.state);
	evm_state_destroy(t->post);
	free(t->code);
	free(t->data);
	free(t->output);
}

static const char *check(struct vmtest *t, const struct evm_result *result)
{
	struct evm_hash logs;

	if (t->output_len != result->output_len ||
	    (t->output_len > 0 &&
	     memcmp(t->output, result->output, t->output_len) != 0))
		return "output";
	if (t->gas_left != (uint64_t)result->gas_left)
		return "gas";
	if (evm_logs_hash(t->evm.state, &host_allocator, &logs) < 0 ||
	    memcmp(&logs, &t->logs, sizeof(logs)) != 0)
		return "logs";
	return accounts_difference(t->evm.state, t->post, t->text,
				   sizeof(t->text));
}

static const char *run_loaded(struct vmtest *t)
{
	struct evm_result result;
	int err;

	err = evm_run_code(&t->evm, &t->msg, t->code, t->code_len, &result);
	if (err < 0)
		return strerror(-err);
	evm_state_commit(t->evm.state, t->evm.fork);
	if (t->must_fail)
		return result.status == EVM_SUCCESS ? "it did not fail" : NULL;
	if (result.status != EVM_SUCCESS)
		return evm_status_text(result.status);
	return check(t, &result);
}

static void run_test(struct batch *batch, const char *name, json_t *test)
{
	struct trace *trace = batch->trace ? trace_create(stderr) : NULL;
	struct verdict v = {.name = name, .index = -1, .error = "no memory"};
	struct vmtest *t = calloc(1, sizeof(*t));

	if (t) {
		if (trace)
			t->evm.tracer = &trace->tracer;
		v.error = vmtest_load(t, test) ? run_loaded(t)
					       : t->reader.problem;
		batch_verdict(batch, &v);
		vmtest_unload(t);
	} else {
		batch_verdict(batch, &v);
	}
	free(t);
	trace_destroy(trace);
}

static const char help[] =
	"usage: evm vmtest [OPTION...] [FILE|FOLDER...]\n"
	"Run VMTests fixtures (single frames, Frontier's rules). Options and\n"
	"results are those of evm statetest; see evm statetest --help.\n";

int cmd_vmtest(int argc, char **argv)
{
	struct batch batch = {
		.command = "vmtest", .help = help, .run = run_test};

	return batch_main(&batch, argc, argv);
}
