/* Every way a run can end, and what idling does to the guest's clock. */
#include "tests/unit/unit.h"

#include <string.h>
#include <unistd.h>

#include "tests/unit/fake_cpu.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct machine *m;
static bool input_is_open;
static unsigned fired;
static uint64_t fired_at;

static void on_fire(void *ctx)
{
	fired++;
	fired_at = clock_now(&m->clock);
}

static bool input_open(void *ctx)
{
	return input_is_open;
}

static int setup(void **state)
{
	m = machine_create(1 << 20);
	fired = 0;
	input_is_open = false;
	return !m;
}

static int teardown(void **state)
{
	machine_destroy(m);
	return 0;
}

static void stop_twice(struct machine *machine, void *ctx)
{
	machine_stop(machine, STOP_EXIT, 0x31, "first");
	machine_stop(machine, STOP_CRASH, 7, "second");
}

static void test_the_first_verdict_wins_and_ends_the_run(void **state)
{
	static const struct fake_step steps[] = {
		{EXIT_KICK, 0, NULL},
		{EXIT_SHUTDOWN, 0, stop_twice},
		{EXIT_KICK, 0, NULL},
	};
	struct fake_cpu *f = fake_cpu_add(m, steps, COUNT(steps), NULL, true);

	machine_run(m);
	assert_int_equal(m->stop, STOP_EXIT);
	assert_int_equal(m->stop_code, 0x31);
	assert_string_equal(m->why, "first");
	assert_int_equal(f->runs, 2);
	assert_int_equal(f->kicks, 1);
}

static void test_a_shutdown_is_a_triple_fault(void **state)
{
	fake_cpu_add(m, NULL, 0, NULL, true);
	machine_run(m);
	assert_int_equal(m->stop, STOP_TRIPLE);
}

static void test_a_cpu_error_is_a_crash_with_its_reason(void **state)
{
	static const struct fake_step steps[] = {{EXIT_ERROR, 0, NULL}};

	fake_cpu_add(m, steps, 1, NULL, true);
	machine_run(m);
	assert_int_equal(m->stop, STOP_CRASH);
	assert_string_equal(m->why, "fake");
}

static void test_halted_with_interrupts_off_is_a_stall(void **state)
{
	static const struct fake_step steps[] = {{EXIT_HALT, 0, NULL}};
	struct fake_cpu *f = fake_cpu_add(m, steps, 1, NULL, true);

	f->state.rflags = FLAG_FIXED;
	input_is_open = true;
	m->input.open = input_open;
	machine_run(m);
	assert_int_equal(m->stop, STOP_STALL);
}

static void test_idle_with_nothing_to_come_is_a_stall(void **state)
{
	static const struct fake_step steps[] = {{EXIT_HALT, 0, NULL}};

	m->input.open = input_open;
	fake_cpu_add(m, steps, 1, NULL, true);
	machine_run(m);
	assert_int_equal(m->stop, STOP_STALL);
}

static void test_idle_time_is_skipped_to_the_next_timer(void **state)
{
	static const struct fake_step steps[] = {{EXIT_HALT, 100, NULL}};
	struct timer timer;

	timer_init(&timer, &m->clock, on_fire, NULL);
	clock_set(&m->clock, &timer, UINT64_C(3600) * 1000000000);
	fake_cpu_add(m, steps, 1, NULL, true);
	machine_run(m);
	assert_int_equal(m->stop, STOP_TRIPLE);
	assert_int_equal(fired, 1);
	assert_int_equal(fired_at, UINT64_C(3600) * 1000000000);
}

static void test_a_paced_machine_waits_for_the_host(void **state)
{
	static const struct fake_step steps[] = {{EXIT_HALT, 0, NULL},
						 {EXIT_HALT, 0, NULL},
						 {EXIT_HALT, 0, NULL},
						 {EXIT_HALT, 0, NULL}};
	uint64_t start = loop_now_ns();
	struct timer timer;

	timer_init(&timer, &m->clock, on_fire, NULL);
	clock_set(&m->clock, &timer, 2000000);
	m->paced = true;
	fake_cpu_add(m, steps, COUNT(steps), NULL, true);
	machine_run(m);
	assert_int_equal(fired, 1);
	assert_true(loop_now_ns() - start >= 2000000);
}

static void key_comes(void *ctx)
{
	char byte;

	assert_int_equal(read(*(int *)ctx, &byte, 1), 1);
	input_is_open = false;
}

static void test_idle_waits_for_input_that_may_come(void **state)
{
	static const struct fake_step steps[] = {{EXIT_HALT, 0, NULL},
						 {EXIT_HALT, 0, NULL}};
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	input_is_open = true;
	m->input.open = input_open;
	loop_add(m->loop, fds[0], key_comes, &fds[0]);
	assert_int_equal(write(fds[1], "k", 1), 1);
	fake_cpu_add(m, steps, COUNT(steps), NULL, true);
	machine_run(m);
	assert_false(input_is_open);
	assert_int_equal(m->stop, STOP_STALL);
	close(fds[0]);
	close(fds[1]);
}

/* One that was woken is not passed over again. */
static bool first_is_pending(void *ctx, unsigned cpu)
{
	return cpu == 0 && *(unsigned *)ctx == 1;
}

static unsigned order[8], turns;

static void note_turn(struct machine *machine, void *ctx)
{
	order[turns++] = machine->current;
}

static void wake_first(struct machine *machine, void *ctx)
{
	note_turn(machine, ctx);
	*(unsigned *)machine->intr.ctx = 1;
}

static void take(struct machine *machine, void *ctx)
{
	note_turn(machine, ctx);
	*(unsigned *)machine->intr.ctx = 2;
}

static void test_cpus_take_turns_and_sleepers_are_passed_over(void **state)
{
	static const struct fake_step first[] = {
		{EXIT_DEADLINE, 100, note_turn},
		{EXIT_HALT, 1, note_turn},
		{EXIT_DEADLINE, 100, take},
		{EXIT_SHUTDOWN, 1, note_turn},
	};
	static const struct fake_step second[] = {
		{EXIT_DEADLINE, 100, note_turn},
		{EXIT_DEADLINE, 100, note_turn},
		{EXIT_DEADLINE, 100, wake_first},
		{EXIT_DEADLINE, 100, note_turn},
	};
	static const unsigned expected[] = {1, 0, 1, 0, 1, 0, 1, 0};
	unsigned pending = 0;

	turns = 0;
	m->quantum = 100;
	m->intr = (struct intr_source){.ctx = &pending,
				       .pending = first_is_pending};
	fake_cpu_add(m, first, COUNT(first), NULL, true);
	fake_cpu_add(m, second, COUNT(second), NULL, true);
	machine_run(m);
	assert_int_equal(m->stop, STOP_TRIPLE);
	assert_int_equal(turns, 8);
	assert_memory_equal(order, expected, sizeof(expected));
	assert_int_equal(clock_now(&m->clock), 602);
}

static void pause_second(struct machine *machine, void *ctx)
{
	struct vcpu_env env;

	note_turn(machine, ctx);
	machine_env(machine, 1, &env);
	assert_true(env.pause(env.ctx));
	assert_int_equal(env.now_ns(env.ctx), env.deadline_ns(env.ctx));
}

/* When the other one sleeps another turn of the same CPU begins. */
static void test_a_pause_ends_the_turn(void **state)
{
	static const struct fake_step first[] = {
		{EXIT_DEADLINE, 100, note_turn},
		{EXIT_HALT, 10, note_turn},
	};
	static const struct fake_step second[] = {
		{EXIT_DEADLINE, 30, pause_second},
		{EXIT_DEADLINE, 30, pause_second},
		{EXIT_DEADLINE, 30, pause_second},
		{EXIT_SHUTDOWN, 1, note_turn},
	};
	static const unsigned expected[] = {1, 0, 1, 0, 1, 1};

	turns = 0;
	m->quantum = 100;
	fake_cpu_add(m, first, COUNT(first), NULL, true);
	fake_cpu_add(m, second, COUNT(second), NULL, true);
	machine_run(m);
	assert_int_equal(m->stop, STOP_TRIPLE);
	assert_int_equal(turns, COUNT(expected));
	assert_memory_equal(order, expected, sizeof(expected));
}

static void test_all_asleep_for_ever_is_a_stall(void **state)
{
	static const struct fake_step steps[] = {{EXIT_HALT, 0, NULL}};
	struct fake_cpu *f[2];

	for (unsigned i = 0; i < 2; i++) {
		f[i] = fake_cpu_add(m, steps, 1, NULL, true);
		f[i]->state.rflags = FLAG_FIXED;
	}
	f[1]->state.halted = HALT_WAIT_SIPI;
	machine_run(m);
	assert_int_equal(m->stop, STOP_STALL);
	assert_string_equal(m->why, "all CPUs are halted with interrupts off");
}

static void test_the_hash_sees_registers_memory_and_time(void **state)
{
	struct fake_cpu *f = fake_cpu_add(m, NULL, 0, NULL, true);
	uint64_t h0 = machine_hash(m), h1, h2, h3;
	uint8_t one = 1;

	assert_true(machine_hash(m) == h0);
	f->state.gpr[GPR_R15] = 1;
	h1 = machine_hash(m);
	guestmem_write(&m->mem, (1 << 20) - 1, &one, 1);
	h2 = machine_hash(m);
	f->elapsed_ns = 1;
	h3 = machine_hash(m);
	assert_true(h0 != h1 && h1 != h2 && h2 != h3);
}

#define MACHINE_TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_TEST(test_the_first_verdict_wins_and_ends_the_run),
		MACHINE_TEST(test_a_shutdown_is_a_triple_fault),
		MACHINE_TEST(test_a_cpu_error_is_a_crash_with_its_reason),
		MACHINE_TEST(test_halted_with_interrupts_off_is_a_stall),
		MACHINE_TEST(test_idle_with_nothing_to_come_is_a_stall),
		MACHINE_TEST(test_idle_time_is_skipped_to_the_next_timer),
		MACHINE_TEST(test_a_paced_machine_waits_for_the_host),
		MACHINE_TEST(test_idle_waits_for_input_that_may_come),
		MACHINE_TEST(test_cpus_take_turns_and_sleepers_are_passed_over),
		MACHINE_TEST(test_a_pause_ends_the_turn),
		MACHINE_TEST(test_all_asleep_for_ever_is_a_stall),
		MACHINE_TEST(test_the_hash_sees_registers_memory_and_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
