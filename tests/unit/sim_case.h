/*
 * sim_case.h: a test of the simulated CPU is a few bytes of code, the guest of
 * sim_guest.h around them, and what the run must have left.
 */
#ifndef TESTS_SIM_CASE_H
#define TESTS_SIM_CASE_H

#include "tests/unit/unit.h"

#include "tests/unit/sim_guest.h"

#define CODE(g, ...)                                             \
	guest_put(g, GUEST_CODE, (const uint8_t[]){__VA_ARGS__}, \
		  sizeof((const uint8_t[]){__VA_ARGS__}))

static inline int setup(void **state)
{
	struct guest *g = malloc(sizeof(*g));

	guest_init(g);
	*state = g;
	return 0;
}

static inline int teardown(void **state)
{
	guest_fini(*state);
	free(*state);
	return 0;
}

/* Word `i` of the exception frame at the handler's stack pointer. */
static inline uint64_t frame(struct guest *g, unsigned i)
{
	return guest_get64(g, g->state.gpr[GPR_RSP] + 8 * i);
}

/* The run ended in the halt of this vector's handler. */
static inline void assert_vector(struct guest *g, unsigned vector)
{
	assert_int_equal(g->exit.reason, EXIT_HALT);
	assert_int_equal(g->state.rip, GUEST_VEC + 16 * vector + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
