/* mips_native.c: the workload as a program of the host, to compare with. */
#include <stdio.h>
#include <time.h>

#include "tests/bench/mips.h"

int main(void)
{
	struct timespec from, to;
	uint64_t sum;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	sum = mips_run(MIPS_ROUNDS);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	printf("native: %.1f ms, sum %016llx\n",
	       (to.tv_sec - from.tv_sec) * 1e3 +
		       (to.tv_nsec - from.tv_nsec) / 1e6,
	       (unsigned long long)sum);
	return 0;
}
