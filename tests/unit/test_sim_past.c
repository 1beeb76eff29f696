/* What the simulated CPU can tell of what it did last. */
#include "tests/unit/unit.h"

#include "tests/unit/sim_guest.h"

/*
 *	0	mov ecx, 3
 *	5	dec ecx
 *	7	jnz 5
 *	9	jmp 12
 *	11	nop
 *	12	ud2
 */
static const char code[] = "\xb9\x03\0\0\0\xff\xc9\x75\xfc\xeb\x01\x90\x0f\x0b";

static void run(struct guest *g, struct vcpu_past *past, bool branches)
{
	guest_put(g, GUEST_CODE, code, sizeof(code));
	g->cpu->ops->keep_branches(g->cpu, branches);
	guest_run(g);
	g->cpu->ops->get_past(g->cpu, past);
}

static void check_branches(const struct vcpu_past *past)
{
	static const struct vcpu_branch wanted[] = {
		{GUEST_CODE + 12, GUEST_VEC + 16 * VEC_UD, VEC_UD},
		{GUEST_CODE + 9, GUEST_CODE + 12, -1},
		{GUEST_CODE + 7, GUEST_CODE + 5, -1},
		{GUEST_CODE + 7, GUEST_CODE + 5, -1},
	};

	assert_int_equal(past->branch_count, 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(past->branch[i].from, wanted[i].from);
		assert_int_equal(past->branch[i].to, wanted[i].to);
		assert_int_equal(past->branch[i].vector, wanted[i].vector);
	}
}

static void test_branches_are_told_newest_first(void **state)
{
	struct vcpu_past past;
	struct guest g;

	guest_init(&g);
	run(&g, &past, true);
	check_branches(&past);
	assert_int_equal(past.event_count, 1);
	assert_int_equal(past.event[0].vector, VEC_UD);
	assert_int_equal(past.event[0].rip, GUEST_CODE + 12);
	assert_int_equal(past.event[0].count, 9);
	assert_true(past.event[0].delivered);
	guest_fini(&g);
}

/* A slice that ends in the middle of the loop's block. */
static void test_a_stop_in_a_block_is_no_branch(void **state)
{
	for (uint64_t at = 1; at < 9; at++) {
		struct vcpu_past past;
		struct guest g;

		guest_init(&g);
		g.deadline = at;
		run(&g, &past, true);
		assert_int_equal(g.exit.reason, EXIT_DEADLINE);
		g.deadline = 100000;
		guest_go_on(&g);
		g.cpu->ops->get_past(g.cpu, &past);
		check_branches(&past);
		guest_fini(&g);
	}
}

static void test_branches_only_when_asked(void **state)
{
	struct vcpu_past past;
	struct x86_state with;
	struct guest g;

	guest_init(&g);
	run(&g, &past, true);
	with = g.state;
	guest_fini(&g);
	guest_init(&g);
	run(&g, &past, false);
	assert_int_equal(past.branch_count, 0);
	assert_int_equal(past.event_count, 1);
	assert_memory_equal(&g.state, &with, sizeof(with));
	guest_fini(&g);
}

/* Each exception on the way to a triple fault; none was delivered. */
static void test_a_triple_fault_is_told_step_by_step(void **state)
{
	static const uint8_t vectors[] = {VEC_DF, VEC_GP, VEC_UD};
	struct vcpu_past past;
	struct guest g;

	guest_init(&g);
	g.state.idt.limit = 0;
	run(&g, &past, true);
	assert_int_equal(g.exit.reason, EXIT_SHUTDOWN);
	assert_int_equal(past.event_count, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(past.event[i].vector, vectors[i]);
		assert_false(past.event[i].delivered);
	}
	assert_true(past.event[1].has_error);
	guest_fini(&g);
}

/* jmp to itself: more of them than either ring holds, with interrupts. */
static void test_rings_that_went_round(void **state)
{
	struct vcpu_past past;
	struct guest g;

	guest_init(&g);
	guest_put(&g, GUEST_CODE, "\xeb\xfe", 2);
	guest_put(&g, GUEST_VEC + 16 * 0x40, "\x48\xcf", 2); /* iretq */
	g.cpu->ops->keep_branches(g.cpu, true);
	g.state.rflags |= FLAG_IF;
	g.deadline = 0;
	guest_run(&g);
	for (unsigned i = 0; i < 2000; i++) {
		g.vector = i % 7 ? -1 : 0x40;
		g.deadline += i % 3;
		guest_go_on(&g);
		g.cpu->ops->get_past(g.cpu, &past);
		for (unsigned k = 0; k < past.branch_count; k++) {
			const struct vcpu_branch *b = &past.branch[k];
			bool handler = b->from != GUEST_CODE;

			assert_int_equal(b->vector,
					 b->to == GUEST_CODE ? -1 : 0x40);
			assert_true(!handler ||
				    b->from == GUEST_VEC + 16 * 0x40);
		}
	}
	assert_int_equal(past.event_count, VCPU_EVENTS);
	assert_int_equal(past.branch_count, VCPU_BRANCHES);
	guest_fini(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_branches_are_told_newest_first),
		cmocka_unit_test(test_a_stop_in_a_block_is_no_branch),
		cmocka_unit_test(test_branches_only_when_asked),
		cmocka_unit_test(test_a_triple_fault_is_told_step_by_step),
		cmocka_unit_test(test_rings_that_went_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
