/* mips.h: the workload of the speed benchmark. */
#ifndef TESTS_BENCH_MIPS_H
#define TESTS_BENCH_MIPS_H

#include <stdint.h>

/* How much work a run is, for the guest and natively. */
#define MIPS_ROUNDS 1000

/* The sum of all results: equal wherever it runs. */
uint64_t mips_run(unsigned rounds);

#endif
