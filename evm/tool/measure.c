/* measure.c: how long a call takes; see measure.h. */
#include <stdlib.h>
#include <time.h>

#include "evm/tool/measure.h"

#define ROUNDS_MAX 1000
#define ROUND_NS   200000 /* long enough for the clock */

uint64_t cpu_time(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static int one_round(struct evm *evm, const struct evm_message *msg,
		     unsigned calls, struct evm_result *result, uint64_t *ns)
{
	size_t snapshot = evm_state_snapshot(evm->state);
	uint64_t start = cpu_time();
	int err = 0;

	for (unsigned i = 0; i < calls && err == 0; i++) {
		err = evm_call(evm, msg, result);
		evm_state_rollback(evm->state, snapshot);
	}
	*ns = cpu_time() - start;
	return err;
}

int measure_call(struct evm *evm, const struct evm_message *msg, uint64_t ns,
		 struct evm_result *result, struct measure *m)
{
	uint64_t took = 0, begin = cpu_time();
	double each[ROUNDS_MAX];
	unsigned calls = 1;
	int err = 0;

	*m = (struct measure){0};
	while (err == 0 &&
	       (err = one_round(evm, msg, calls, result, &took)) == 0 &&
	       took < ROUND_NS && calls < 1u << 20)
		calls *= 2;
	while (err == 0 && m->rounds < ROUNDS_MAX &&
	       (m->rounds < 8 || cpu_time() - begin < ns)) {
		err = one_round(evm, msg, calls, result, &took);
		each[m->rounds++] = (double)took / calls;
	}
	if (err < 0)
		return err;
	qsort(each, m->rounds, sizeof(each[0]), by_size);
	m->best = each[0];
	m->median = each[m->rounds / 2];
	return 0;
}
