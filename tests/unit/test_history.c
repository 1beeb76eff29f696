/*
 * Going back and forward: what a machine was it is again, inputs included;
 * who wrote, and which point was met last, is found.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "vmm/history.h"

#define MEM	(UINT64_C(1) << 20)
#define CODE	0x1000
#define COUNTER 0x8000
#define SLOT	0x9000
#define INPUT	0xa000

/*
 * 16-bit code:	again:	inc word [COUNTER]
 *			cmp word [COUNTER], 7000
 *			jne over
 *			mov byte [SLOT], 5ah	; the stray write
 *		over:	mov ax, [INPUT]
 *			add [COUNTER + 2], ax
 *			jmp again
 */
static const uint8_t code[] = {
	0xff, 0x06, 0x00, 0x80,		    /* 1000 */
	0x81, 0x3e, 0x00, 0x80, 0x58, 0x1b, /* 1004 */
	0x75, 0x05,			    /* 100a */
	0xc6, 0x06, 0x00, 0x90, 0x5a,	    /* 100c */
	0xa1, 0x00, 0xa0,		    /* 1011 */
	0x01, 0x06, 0x02, 0x80,		    /* 1014 */
	0xeb, 0xe6,			    /* 1018 */
};

#define STRAY	 0x100c
#define TURN	 6		    /* instructions each time round */
#define STRAY_AT (6999u * TURN + 3) /* before it */
#define LENGTH	 100000u

static struct machine *m;
static struct history *h;

static void take_input(void *ctx, const uint8_t *data, size_t len)
{
	guestmem_write(&m->mem, INPUT, data, len < 2 ? len : 2);
	for (unsigned i = 0; i < m->cpu_count; i++) {
		struct x86_state state;

		m->cpu[i]->ops->get_state(m->cpu[i], &state);
		m->cpu[i]->ops->set_state(m->cpu[i], &state);
	}
}

static void end_run(void *ctx)
{
	machine_stop(m, STOP_BREAK, 0, "");
}

static struct mark end_mark = {.reached = end_run};

/* As whoever sits at it would. */
static void run_to(uint64_t count)
{
	m->stop = STOP_NONE;
	end_mark.count = count;
	machine_mark(m, &end_mark);
	machine_run(m);
	m->stop = STOP_NONE;
	assert_int_equal(machine_count(m), count);
}

static void make(void)
{
	struct vcpu_env env;
	struct x86_state state;

	m = machine_create(MEM);
	machine_env(m, 0, &env);
	assert_int_equal(sim_create(&env, &m->cpu[0]), 0);
	m->cpu_count = 1;
	m->cpu[0]->ops->get_state(m->cpu[0], &state);
	state.seg[SEG_CS].base = 0;
	state.seg[SEG_CS].selector = 0;
	state.rip = CODE;
	guestmem_write(&m->mem, CODE, code, sizeof(code));
	assert_int_equal(m->cpu[0]->ops->set_state(m->cpu[0], &state), 0);
	input_handler(m, INPUT_OF_SERIAL, take_input, NULL);
}

static int setup(void **state)
{
	make();
	h = history_create(m, HISTORY_MEM);
	assert_non_null(h);
	return 0;
}

static int teardown(void **state)
{
	history_destroy(h);
	machine_destroy(m);
	return 0;
}

static uint64_t rip(void)
{
	struct x86_state state;

	m->cpu[0]->ops->get_state(m->cpu[0], &state);
	return state.rip;
}

static uint64_t fresh_hash(uint64_t count)
{
	struct machine *kept = m;
	uint64_t hash;

	make();
	run_to(count);
	hash = machine_hash(m);
	machine_destroy(m);
	m = kept;
	return hash;
}

static void test_any_instant_is_what_it_was(void **state)
{
	static const uint64_t counts[] = {0, 1, 99999, 50000, 50001, 49999, 7};

	run_to(LENGTH);
	for (unsigned i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		assert_int_equal(history_goto(h, counts[i]), 0);
		assert_int_equal(history_now(h), counts[i]);
		assert_false(history_live(h));
		assert_true(m->past);
		assert_true(machine_hash(m) == fresh_hash(counts[i]));
	}
	assert_int_equal(history_present(h), 0);
	assert_true(history_live(h) && !m->past);
	assert_true(machine_hash(m) == fresh_hash(LENGTH));
}

static void test_outside_of_the_run_there_is_nothing(void **state)
{
	run_to(1000);

	assert_int_equal(history_goto(h, 1001), -ERANGE);
	assert_int_equal(history_goto(h, 1000), 0);
	assert_true(history_live(h));
	assert_int_equal(history_goto(h, 0), 0);
	assert_int_equal(history_step_back(h), -ERANGE);
	assert_int_equal(history_now(h), 0);
}

static void test_the_past_runs_into_the_present_and_on(void **state)
{
	run_to(1000);
	assert_int_equal(history_goto(h, 10), 0);
	run_to(500);
	assert_false(history_live(h));
	run_to(2000);
	assert_true(history_live(h));
	assert_true(machine_hash(m) == fresh_hash(2000));
}

static void test_inputs_come_again_where_they_came(void **state)
{
	uint64_t first, last;

	run_to(1000);
	input_give(m, INPUT_OF_SERIAL, "\x05", 2);
	run_to(2000);
	input_give(m, INPUT_OF_SERIAL, "\x07\x01", 2);
	first = machine_hash(m);
	run_to(3000);
	last = machine_hash(m);
	assert_int_equal(history_goto(h, 900), 0);
	assert_int_equal(history_goto(h, 2000), 0);
	assert_true(machine_hash(m) == first);
	assert_int_equal(history_goto(h, 1), 0);
	run_to(3000);
	assert_true(machine_hash(m) == last);
	assert_true(last != fresh_hash(3000));
}

static void test_new_input_waits_for_the_present(void **state)
{
	uint16_t word;

	run_to(1000);
	assert_int_equal(history_goto(h, 10), 0);
	input_give(m, INPUT_OF_SERIAL, "\x05", 2);
	run_to(900);
	guestmem_read(&m->mem, INPUT, &word, 2);
	assert_int_equal(word, 0);
	run_to(1100);
	guestmem_read(&m->mem, INPUT, &word, 2);
	assert_int_equal(word, 5);
}

static void test_a_fork_forgets_what_came_after(void **state)
{
	run_to(1000);
	input_give(m, INPUT_OF_SERIAL, "\x05", 2);
	run_to(LENGTH);
	assert_int_equal(history_goto(h, 900), 0);
	assert_int_equal(history_fork(h), 0);
	assert_true(history_live(h));
	assert_int_equal(history_last(h), 900);
	run_to(2000);
	assert_true(machine_hash(m) == fresh_hash(2000));
}

static void test_what_a_debugger_changes_is_an_input(void **state)
{
	uint64_t hash;

	assert_int_equal(debug_create(m), 0);
	run_to(1000);
	assert_true(debug_write(m, 0, INPUT, "\x09", 1));
	run_to(2000);
	hash = machine_hash(m);
	assert_int_equal(history_goto(h, 1500), 0);
	assert_false(debug_write(m, 0, INPUT, "\x01", 1));
	assert_int_equal(history_goto(h, 10), 0);
	run_to(2000);
	assert_true(machine_hash(m) == hash);
}

/* Also where the machine has not moved since, so that nothing is to go back. */
static void test_a_run_begins_again_without_what_was_set(void **state)
{
	assert_int_equal(debug_create(m), 0);
	for (uint64_t to = 0; to <= 2000; to += 1000) {
		assert_true(debug_write(m, 0, INPUT, "\x09", 1));
		if (to)
			run_to(to);
		if (to == 2000)
			assert_int_equal(history_goto(h, 500), 0);
		assert_int_equal(history_restart(h), 0);
		assert_true(history_live(h));
		assert_int_equal(history_last(h), 0);
		assert_true(machine_hash(m) == fresh_hash(0));
	}
	run_to(2000);
	assert_true(machine_hash(m) == fresh_hash(2000));
	assert_int_equal(history_goto(h, 0), 0);
	assert_true(machine_hash(m) == fresh_hash(0));
}

static void test_the_last_write_is_found(void **state)
{
	struct history_hit hit = {0};
	uint8_t byte;

	run_to(LENGTH);
	assert_int_equal(history_last_write(h, SLOT, 8, &hit), 0);
	assert_int_equal(hit.count, STRAY_AT);
	assert_true(history_live(h));
	assert_int_equal(machine_count(m), LENGTH);
	assert_int_equal(history_goto(h, hit.count), 0);
	assert_int_equal(rip(), STRAY);
	guestmem_read(&m->mem, SLOT, &byte, 1);
	assert_int_equal(byte, 0);
	/* Before it there was none; where nobody wrote there is none. */
	assert_int_equal(history_last_write(h, SLOT, 1, &hit), -ENOENT);
	assert_int_equal(history_now(h), STRAY_AT);
	assert_int_equal(history_present(h), 0);
	assert_int_equal(history_last_write(h, SLOT + 1, 7, &hit), -ENOENT);
	assert_int_equal(history_last_write(h, COUNTER + 3, 1, &hit), 0);
	assert_int_equal(history_last_write(h, MEM, 1, &hit), -EFAULT);
	assert_int_equal(history_last_write(h, 0, 0, &hit), -EFAULT);
}

static void add_point(enum vcpu_point_kind kind, uint64_t addr, uint64_t len)
{
	struct debug_point point = {.kind = kind,
				    .addr = addr,
				    .len = len,
				    .space = DEBUG_ANY_SPACE};

	assert_int_equal(debug_add(m->debug, &point), 0);
}

static void test_points_are_met_backwards(void **state)
{
	assert_int_equal(debug_create(m), 0);
	run_to(LENGTH);
	assert_int_equal(history_reverse_continue(h), 0);
	assert_int_equal(history_stop(h)->reason, DEBUG_BEGIN);
	assert_int_equal(history_now(h), 0);
	assert_int_equal(history_present(h), 0);

	add_point(POINT_WRITE, SLOT, 4);
	assert_int_equal(history_reverse_continue(h), 0);
	assert_int_equal(history_stop(h)->reason, DEBUG_WATCH);
	assert_int_equal(history_stop(h)->addr, SLOT);
	assert_int_equal(history_now(h), STRAY_AT);
	assert_int_equal(rip(), STRAY);
	add_point(POINT_EXEC, CODE, 1);
	assert_int_equal(history_reverse_continue(h), 0);
	assert_int_equal(history_stop(h)->reason, DEBUG_POINT);
	assert_int_equal(history_now(h), STRAY_AT - 3);
	assert_int_equal(history_reverse_continue(h), 0);
	assert_int_equal(history_now(h), STRAY_AT - 3 - TURN);
}

static void test_a_word_goes_to_the_last_point(void **state)
{
	char text[200];

	assert_int_equal(debug_create(m), 0);
	run_to(LENGTH);
	assert_int_equal(history_command(h, "rcont", text, sizeof(text)),
			 -ENOENT);
	assert_string_equal(text, "no breakpoint or watchpoint is set");
	assert_true(history_live(h));
	add_point(POINT_WRITE, SLOT, 4);
	assert_int_equal(history_command(h, "rcont", text, sizeof(text)), 0);
	assert_int_equal(history_now(h), STRAY_AT);
	assert_int_equal(history_command(h, "rcont", text, sizeof(text)), 0);
	assert_string_equal(text, "instruction 0, where the run begins: no "
				  "point was met before");
}

static void test_memory_is_bounded(void **state)
{
	struct history_stats stats;
	uint64_t hash;

	history_destroy(h);
	h = history_create(m, 40 << 10);
	run_to(18000000);
	assert_int_equal(history_goto(h, 17000000), 0);
	hash = machine_hash(m);
	history_get_stats(h, &stats);
	assert_true(stats.moments == 1 || stats.bytes <= 40 << 10);
	assert_int_equal(history_goto(h, 1000000), 0);
	assert_int_equal(history_goto(h, 17000000), 0);
	assert_true(machine_hash(m) == hash);
}

static void test_another_machine_has_another_history(void **state)
{
	uint64_t hash;

	run_to(1000);
	assert_int_equal(history_goto(h, 10), 0);
	assert_int_equal(history_again(h), 0);
	assert_true(history_live(h) && !m->past);
	assert_int_equal(history_first(h), 10);
	assert_int_equal(history_last(h), 10);
	run_to(3000);
	hash = machine_hash(m);
	assert_int_equal(history_goto(h, 9), -ERANGE);
	assert_int_equal(history_goto(h, 10), 0);
	run_to(3000);
	assert_true(machine_hash(m) == hash);
}

static bool asked_at_once(void *ctx)
{
	return true;
}

static void test_a_long_way_can_be_interrupted(void **state)
{
	run_to(8000000);
	history_interrupt(h, asked_at_once, NULL);
	assert_int_equal(history_goto(h, 7900000), -EINTR);
	assert_true(history_now(h) < 7900000);
	history_interrupt(h, NULL, NULL);
	assert_int_equal(history_goto(h, 7900000), 0);
}

static void test_the_words_answer(void **state)
{
	char text[200];

	run_to(LENGTH);
	assert_int_equal(history_command(h, "when", text, sizeof(text)), 0);
	assert_string_equal(text, "instruction 100000, the present");
	assert_int_equal(history_command(h, "back 10", text, sizeof(text)), 0);
	assert_string_equal(text, "instruction 99990, 10 before the present");
	assert_int_equal(
		history_command(h, "last-write 0x9000", text, sizeof(text)), 0);
	assert_string_equal(text,
			    "0x9000 (physical 0x9000) was last written by CPU "
			    "0 after instruction 41997\n"
			    "goto 41997: right before that");
	assert_int_equal(history_command(h, "goto 0x10", text, sizeof(text)),
			 0);
	assert_int_equal(history_now(h), 16);
	assert_int_equal(history_command(h, "goto -1", text, sizeof(text)),
			 -EINVAL);
	assert_int_equal(history_command(h, "back 17", text, sizeof(text)),
			 -ERANGE);
	assert_int_equal(history_hit(h)->count, 41997);
	assert_int_equal(history_command(h, "rcont", text, sizeof(text)),
			 -ENOENT);
	assert_int_equal(history_command(h, "present", text, sizeof(text)), 0);
	assert_true(history_live(h));
	assert_int_equal(history_command(h, "list", text, sizeof(text)),
			 -ENOSYS);
}

#define HISTORY_TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HISTORY_TEST(test_any_instant_is_what_it_was),
		HISTORY_TEST(test_outside_of_the_run_there_is_nothing),
		HISTORY_TEST(test_the_past_runs_into_the_present_and_on),
		HISTORY_TEST(test_inputs_come_again_where_they_came),
		HISTORY_TEST(test_new_input_waits_for_the_present),
		HISTORY_TEST(test_a_fork_forgets_what_came_after),
		HISTORY_TEST(test_what_a_debugger_changes_is_an_input),
		HISTORY_TEST(test_a_run_begins_again_without_what_was_set),
		HISTORY_TEST(test_the_last_write_is_found),
		HISTORY_TEST(test_points_are_met_backwards),
		HISTORY_TEST(test_a_word_goes_to_the_last_point),
		HISTORY_TEST(test_memory_is_bounded),
		HISTORY_TEST(test_another_machine_has_another_history),
		HISTORY_TEST(test_a_long_way_can_be_interrupted),
		HISTORY_TEST(test_the_words_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
