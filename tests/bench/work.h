/*
 * work.h: what the speed benchmark does: workloads, the same source for the
 * guest and for the host.
 */
#ifndef TESTS_BENCH_WORK_H
#define TESTS_BENCH_WORK_H

#include <stdint.h>

struct work {
	const char *name;
	/* Returns a sum of the results: equal wherever it runs. */
	uint64_t (*run)(unsigned rounds);
};

/* Ends with a name of NULL. */
extern const struct work works[];

/* Memory for the workloads: page aligned, given by each home. */
#define WORK_ARENA_SIZE (8u << 20)
extern uint8_t *work_arena;

uint64_t work_sha256(unsigned rounds);
uint64_t work_keccak(unsigned rounds);
uint64_t work_multiply(unsigned rounds);
uint64_t work_sieve(unsigned rounds);
uint64_t work_copy(unsigned rounds);
uint64_t work_sort(unsigned rounds);
uint64_t work_bytecode(unsigned rounds);
uint64_t work_recursion(unsigned rounds);
uint64_t work_chase(unsigned rounds);

#endif
