/*
 * bench.c: `evm bench`: how fast the calls of state tests run. What is timed
 * is the call alone, without the transaction around it; each case begins from
 * the same state every time.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evm/tool/measure.h"
#include "evm/tool/statecase.h"

#define CASE_NS 300000000

/* Over all cases: for the geometric mean. */
static struct {
	double log_sum;
	unsigned count;
} total;

static int begin(struct statecase *t, struct evm_message *msg)
{
	const struct evm_transaction *tx = &t->tx.tx;
	bool cold;

	*msg = (struct evm_message){
		.kind = tx->is_creation ? EVM_CREATE : EVM_CALL,
		.gas = (int64_t)(tx->gas_limit -
				 evm_intrinsic_gas(t->evm.fork, tx)),
		.sender = tx->sender,
		.recipient = tx->to,
		.code_from = tx->to,
		.value = tx->value,
		.input = tx->input,
		.input_len = tx->input_len,
	};
	t->evm.origin = tx->sender;
	t->evm.gas_price = tx->gas_price;
	evm_state_begin(t->evm.state);
	return evm_state_host.use_account(t->evm.state, &tx->to, &cold);
}

static const char *measure(struct statecase *t, const char *name,
			   const struct verdict *v)
{
	struct evm_message msg;
	struct evm_result result;
	struct measure m;
	int64_t gas;
	int err = begin(t, &msg);

	if (err == 0)
		err = measure_call(&t->evm, &msg, CASE_NS, &result, &m);
	if (err < 0)
		return strerror(-err);
	gas = msg.gas - result.gas_left;
	printf("%-40s %2ld %12lld gas %12.0f ns %8.1f Mgas/s  %s\n", name,
	       v->index, (long long)gas, m.median,
	       (double)gas * 1000 / m.median, evm_status_text(result.status));
	if (gas > 0) {
		total.log_sum += log((double)gas * 1000 / m.median);
		total.count++;
	}
	return NULL;
}

static void run_case(struct batch *batch, struct verdict *v, json_t *test,
		     json_t *post)
{
	struct statecase *t = calloc(1, sizeof(*t));
	enum evm_fork fork = evm_fork_find(v->fork);

	if (!t || fork == EVM_FORK_COUNT) {
		v->error = t ? "unknown fork" : "no memory";
		batch_verdict(batch, v);
		free(t);
		return;
	}
	t->evm.fork = fork;
	if (!statecase_load(t, test, v->fork, post))
		v->error = t->reader.problem;
	else
		v->error = measure(t, v->name, v);
	batch_verdict(batch, v);
	statecase_unload(t);
	free(t);
}

static void run_test(struct batch *batch, const char *name, json_t *test)
{
	json_t *cases, *post;
	const char *fork;
	size_t i;

	json_object_foreach(json_object_get(test, "post"), fork, cases)
	{
		if (batch->fork != EVM_FORK_COUNT &&
		    batch->fork != evm_fork_find(fork))
			continue;
		json_array_foreach(cases, i, post)
		{
			struct verdict v = {
				.name = name, .fork = fork, .index = (long)i};

			if (batch->index < 0 || batch->index == (long)i)
				run_case(batch, &v, test, post);
		}
	}
}

static const char help[] =
	"usage: evm bench [--run REGEX] [--fork NAME] [--index N] "
	"FILE|FOLDER...\n"
	"Time the calls of state tests: gas, median CPU time of a call, "
	"speed;\n"
	"and the geometric mean of the speeds.\n";

int cmd_bench(int argc, char **argv)
{
	struct batch batch = {.command = "bench",
			      .help = help,
			      .run = run_test,
			      .format = BATCH_HUMAN,
			      .in_process = true};
	int err = batch_main(&batch, argc, argv);

	if (total.count > 0)
		printf("geometric mean %.1f Mgas/s of %u\n",
		       exp(total.log_sum / total.count), total.count);
	return err;
}
