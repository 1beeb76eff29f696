/*
 * A debugger's stops on the simulator: at instructions, at accesses, after
 * steps, before exceptions; and that the guest runs the same with them.
 */
#include "tests/unit/unit.h"

#include "tests/unit/sim_guest.h"

/*
 * 10000 mov ecx, 5		10010 mov ebx, [20000h]
 * 10005 add eax, ecx		10017 hlt
 * 10007 mov [20000h], eax
 * 1000e loop 10005
 */
static const uint8_t program[] = {0xb9, 5,    0,    0, 0,    0x01, 0xc8, 0x89,
				  0x04, 0x25, 0,    0, 0x02, 0x00, 0xe2, 0xf5,
				  0x8b, 0x1c, 0x25, 0, 0,    0x02, 0x0,	 0xf4};

#define CODE(g, ...)                                             \
	guest_put(g, GUEST_CODE, (const uint8_t[]){__VA_ARGS__}, \
		  sizeof((const uint8_t[]){__VA_ARGS__}))

static int setup(void **state)
{
	struct guest *g = guest_new(state, CPU_DEFAULT);

	guest_put(g, GUEST_CODE, program, sizeof(program));
	return 0;
}

static void ask(struct guest *g, const struct vcpu_debug *debug)
{
	assert_int_equal(g->cpu->ops->set_debug(g->cpu, debug), 0);
}

static void ask_point(struct guest *g, enum vcpu_point_kind kind, uint64_t addr,
		      uint64_t len, bool pass)
{
	struct vcpu_point point = {addr, len, kind};

	ask(g, &(struct vcpu_debug){.point = &point, .count = 1, .pass = pass});
}

static void ask_step(struct guest *g)
{
	ask(g, &(struct vcpu_debug){.step = true});
}

static void assert_cause(struct guest *g, enum vcpu_debug_cause cause,
			 uint64_t rip)
{
	assert_int_equal(g->exit.reason, EXIT_DEBUG);
	assert_int_equal(g->exit.debug.cause, cause);
	assert_int_equal(g->state.rip, rip);
}

/* What the program ends with when nobody looks. */
static void assert_end(struct guest *g)
{
	assert_int_equal(g->exit.reason, EXIT_HALT);
	assert_int_equal(g->state.rip, GUEST_CODE + 0x18);
	assert_int_equal(g->state.gpr[GPR_RBX], 15);
	assert_int_equal(g->cpu->ops->elapsed_ns(g->cpu), 18);
}

static void test_a_breakpoint_is_met_each_time(void **state)
{
	struct guest *g = *state;

	ask_point(g, POINT_EXEC, GUEST_CODE + 7, 1, false);
	guest_run(g);
	for (unsigned i = 0; i < 5; i++) {
		assert_cause(g, DEBUG_CAUSE_POINT, GUEST_CODE + 7);
		assert_int_equal(g->state.gpr[GPR_RCX], 5 - i);
		assert_int_equal(g->cpu->ops->elapsed_ns(g->cpu), 2 + 3 * i);
		ask_point(g, POINT_EXEC, GUEST_CODE + 7, 1, true);
		guest_go_on(g);
	}
	assert_end(g);
}

static void test_without_pass_it_stays_where_it_is(void **state)
{
	struct guest *g = *state;

	ask_point(g, POINT_EXEC, GUEST_CODE, 1, false);
	guest_run(g);
	assert_cause(g, DEBUG_CAUSE_POINT, GUEST_CODE);
	guest_go_on(g);
	assert_cause(g, DEBUG_CAUSE_POINT, GUEST_CODE);
	ask(g, NULL);
	guest_go_on(g);
	assert_end(g);
}

static void test_one_set_in_code_that_has_run(void **state)
{
	struct guest *g = *state;

	g->deadline = 7;
	guest_run(g);
	assert_int_equal(g->exit.reason, EXIT_DEADLINE);
	g->deadline = 8; /* at the point, before it was looked at */
	ask_point(g, POINT_EXEC, GUEST_CODE + 7, 1, false);
	guest_go_on(g);
	assert_int_equal(g->exit.reason, EXIT_DEADLINE);
	g->deadline = 1000;
	guest_go_on(g);
	assert_cause(g, DEBUG_CAUSE_POINT, GUEST_CODE + 7);
	assert_int_equal(g->cpu->ops->elapsed_ns(g->cpu), 8);
	ask(g, NULL);
	guest_go_on(g);
	assert_end(g);
}

static void test_steps_are_single_instructions(void **state)
{
	struct guest *g = *state;
	uint64_t steps = 0;

	do {
		ask_step(g);
		if (steps == 0)
			guest_run(g);
		else
			guest_go_on(g);
		steps++;
		assert_int_equal(g->exit.debug.cause, DEBUG_CAUSE_STEP);
		assert_int_equal(g->cpu->ops->elapsed_ns(g->cpu), steps);
	} while (g->state.rip != GUEST_CODE + 0x18);
	ask(g, NULL);
	guest_go_on(g);
	assert_end(g);
}

static void test_a_repeated_instruction_is_one_step(void **state)
{
	struct guest *g = *state;

	CODE(g, 0xf3, 0xaa, 0x90); /* rep stosb; nop */
	g->state.gpr[GPR_RCX] = 100;
	g->state.gpr[GPR_RDI] = GUEST_DATA;
	ask_step(g);
	guest_run(g);
	assert_cause(g, DEBUG_CAUSE_STEP, GUEST_CODE + 2);
	assert_int_equal(g->state.gpr[GPR_RDI], GUEST_DATA + 100);
	assert_int_equal(g->cpu->ops->elapsed_ns(g->cpu), 100);
}

static void test_watchpoints_see_what_touches_them(void **state)
{
	static const struct {
		enum vcpu_point_kind kind;
		uint64_t addr, len, met;
		unsigned hits;
		uint64_t rip; /* of the first */
	} row[] = {
		{POINT_WRITE, GUEST_DATA, 4, GUEST_DATA, 5, 0x0e},
		{POINT_WRITE, GUEST_DATA + 3, 1, GUEST_DATA + 3, 5, 0x0e},
		{POINT_WRITE, GUEST_DATA - 8, 9, GUEST_DATA, 5, 0x0e},
		{POINT_WRITE, GUEST_DATA + 4, 4, 0, 0, 0},
		{POINT_WRITE, GUEST_DATA - 8, 8, 0, 0, 0},
		{POINT_READ, GUEST_DATA, 4, GUEST_DATA, 1, 0x17},
		{POINT_ACCESS, GUEST_DATA, 4, GUEST_DATA, 6, 0x0e},
		{POINT_ACCESS, 0x18000, 0x10000, GUEST_DATA, 6, 0x0e},
	};

	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct guest *g = *state;
		unsigned hits = 0;

		guest_teardown(state);
		setup(state);
		g = *state;
		ask_point(g, row[i].kind, row[i].addr, row[i].len, false);
		for (guest_run(g); g->exit.reason == EXIT_DEBUG;
		     guest_go_on(g)) {
			if (hits++ == 0)
				assert_int_equal(g->state.rip,
						 GUEST_CODE + row[i].rip);
			assert_int_equal(g->exit.debug.cause,
					 DEBUG_CAUSE_TOUCH);
			assert_int_equal(g->exit.debug.addr, row[i].met);
			assert_int_equal(g->exit.debug.point.addr, row[i].addr);
		}
		assert_int_equal(hits, row[i].hits);
		assert_end(g);
	}
}

static void test_a_watchpoint_sees_exception_frames(void **state)
{
	struct guest *g = *state;

	CODE(g, 0x0f, 0x0b); /* ud2 */
	ask_point(g, POINT_WRITE, GUEST_STACK - 40, 8, false);
	guest_run(g);
	assert_cause(g, DEBUG_CAUSE_TOUCH, GUEST_VEC + 16 * VEC_UD);
	guest_go_on(g);
	assert_int_equal(g->exit.reason, EXIT_HALT);
}

static void test_a_watched_byte_in_bulk(void **state)
{
	struct guest *g = *state;

	CODE(g, 0xf3, 0xaa, 0xf4); /* rep stosb; hlt */
	g->state.gpr[GPR_RCX] = 0x2000;
	g->state.gpr[GPR_RDI] = GUEST_DATA;
	ask_point(g, POINT_WRITE, GUEST_DATA + 0x1234, 1, false);
	guest_run(g);
	assert_cause(g, DEBUG_CAUSE_TOUCH, GUEST_CODE);
	assert_int_equal(g->state.gpr[GPR_RDI], GUEST_DATA + 0x1235);
	guest_go_on(g);
	assert_int_equal(g->exit.reason, EXIT_HALT);
	assert_int_equal(g->state.gpr[GPR_RDI], GUEST_DATA + 0x2000);
}

static void test_a_step_ends_at_a_handler(void **state)
{
	struct guest *g = *state;

	CODE(g, 0x0f, 0x0b);
	ask_step(g);
	guest_run(g);
	assert_cause(g, DEBUG_CAUSE_STEP, GUEST_VEC + 16 * VEC_UD);

	CODE(g, 0x90, 0x90);
	g->state.rip = GUEST_CODE;
	g->state.rflags |= FLAG_IF;
	g->vector = 0x80;
	ask_step(g);
	guest_run(g);
	assert_cause(g, DEBUG_CAUSE_STEP, GUEST_VEC + 16 * 0x80);
	assert_int_equal(guest_get64(g, g->state.gpr[GPR_RSP]), GUEST_CODE);
}

static void test_a_step_into_a_triple_fault_is_its_end(void **state)
{
	struct guest *g = *state;

	CODE(g, 0x0f, 0x0b);
	g->state.idt.limit = 0;
	ask_step(g);
	guest_run(g);
	assert_int_equal(g->exit.reason, EXIT_SHUTDOWN);
	assert_int_equal(g->state.rip, GUEST_CODE);
}

static void test_exceptions_are_caught_before_they_happen(void **state)
{
	struct vcpu_debug catch = {.vectors = 1u << VEC_UD};
	struct guest *g = *state;

	CODE(g, 0x90, 0x0f, 0x0b);
	ask(g, &catch);
	guest_run(g);
	assert_cause(g, DEBUG_CAUSE_EXCEPTION, GUEST_CODE + 1);
	assert_int_equal(g->exit.debug.vector, VEC_UD);
	assert_int_equal(g->state.gpr[GPR_RSP], GUEST_STACK);
	assert_int_equal(g->cpu->ops->elapsed_ns(g->cpu), 1);
	catch.pass = true;
	ask(g, &catch);
	guest_go_on(g);
	assert_int_equal(g->exit.reason, EXIT_HALT);
	assert_int_equal(g->state.rip, GUEST_VEC + 16 * VEC_UD + 1);
}

static void test_a_thousand_points_that_are_not_met(void **state)
{
	static struct vcpu_point point[1000];
	struct guest *g = *state;

	for (unsigned i = 0; i < 1000; i++)
		point[i] = (struct vcpu_point){GUEST_CODE + 0x18 + i, 1,
					       POINT_EXEC};
	ask(g, &(struct vcpu_debug){.point = point, .count = 1000});
	guest_run(g);
	assert_end(g);
}

static void test_points_are_linear_addresses(void **state)
{
	struct guest *g = *state;

	/* 32-bit code with a base: EIP 0 is GUEST_CODE. */
	CODE(g, 0x90, 0x90, 0xf4);
	g->state.seg[SEG_CS] = (struct x86_segment){GUEST_CODE, 0xffffffff,
						    SEL_CODE32, 0xc09b};
	g->state.rip = 0;
	ask_point(g, POINT_EXEC, GUEST_CODE + 1, 1, false);
	guest_run(g);
	assert_cause(g, DEBUG_CAUSE_POINT, 1);
}

static void test_the_plain_core_stops_alike(void **state)
{
	struct guest *g = *state;

	g->cpu->ops->set_reference(g->cpu, true);
	test_a_breakpoint_is_met_each_time(state);
	test_watchpoints_see_what_touches_them(state);
}

static void test_the_guest_sees_no_breakpoint(void **state)
{
	struct guest *g = *state;

	CODE(g, 0x8a, 0x04, 0x25, 0x07, 0, 0x01, 0, 0xf4); /* mov al, [7] */
	ask_point(g, POINT_EXEC, GUEST_CODE + 7, 1, false);
	guest_run(g);
	assert_cause(g, DEBUG_CAUSE_POINT, GUEST_CODE + 7);
	assert_int_equal(g->state.gpr[GPR_RAX] & 0xff, 0xf4);
}

#define TEST(name) GUEST_TEST(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_breakpoint_is_met_each_time),
		TEST(test_without_pass_it_stays_where_it_is),
		TEST(test_one_set_in_code_that_has_run),
		TEST(test_steps_are_single_instructions),
		TEST(test_a_repeated_instruction_is_one_step),
		TEST(test_watchpoints_see_what_touches_them),
		TEST(test_a_watchpoint_sees_exception_frames),
		TEST(test_a_watched_byte_in_bulk),
		TEST(test_a_step_ends_at_a_handler),
		TEST(test_a_step_into_a_triple_fault_is_its_end),
		TEST(test_exceptions_are_caught_before_they_happen),
		TEST(test_a_thousand_points_that_are_not_met),
		TEST(test_points_are_linear_addresses),
		TEST(test_the_plain_core_stops_alike),
		TEST(test_the_guest_sees_no_breakpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
