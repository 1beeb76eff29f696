/* measure.h: how long a call takes. */
#ifndef EVM_TOOL_MEASURE_H
#define EVM_TOOL_MEASURE_H

#include "evm/state.h"

struct measure {
	unsigned rounds;
	double best, median; /* nanoseconds of CPU time for one call */
};

/*
 * Makes the call again and again from the same state, which is as it was
 * afterwards; for about `ns`, and at least 8 rounds. A round is as many calls
 * as the clock needs to be exact.
 */
int measure_call(struct evm *evm, const struct evm_message *msg, uint64_t ns,
		 struct evm_result *result, struct measure *m);

/* CPU time of this process, in nanoseconds */
uint64_t cpu_time(void);

#endif
