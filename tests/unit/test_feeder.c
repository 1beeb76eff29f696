/*
 * Input comes in the guest's time: not before it listens, no more than its
 * devices hold, and for ever only while someone might read it.
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "shell/feeder.h"
#include "tests/unit/fake_cpu.h"

#define MS   UINT64_C(1000000)

#define COM1 0x3f8
#define FCR  (COM1 + 2)
#define IER  (COM1 + 1)
#define LSR  (COM1 + 5)
#define IMR  0x21

struct fixture {
	struct machine *m;
	struct fake_cpu *cpu;
	struct board board;
	struct feeder feeder;
};

static struct fixture f;

static int setup(void **state)
{
	struct board_config config = {.bios_state = true};

	memset(&f, 0, sizeof(f));
	f.m = machine_create(1 << 20);
	f.cpu = fake_cpu_add(f.m, NULL, 0, NULL, true);
	assert_int_equal(board_build(&f.board, f.m, &config), 0);
	bus_write(&f.m->ports, FCR, 1, 1);    /* the FIFOs on */
	bus_write(&f.m->ports, IMR, 1, 0xf9); /* no 8254 that ticks */
	feeder_init(&f.feeder, f.m, f.board.com[0], f.board.kbd);
	return 0;
}

static int teardown(void **state)
{
	machine_destroy(f.m);
	return 0;
}

static void pass(uint64_t ns)
{
	f.cpu->elapsed_ns += ns;
	clock_run(&f.m->clock);
}

static unsigned read_serial(char *text)
{
	unsigned len = 0;

	while (bus_read(&f.m->ports, LSR, 1) & 1)
		text[len++] = bus_read(&f.m->ports, COM1, 1);
	text[len] = 0;
	return len;
}

static unsigned read_keys(uint8_t *codes)
{
	unsigned len = 0;

	while (bus_read(&f.m->ports, 0x64, 1) & 1)
		codes[len++] = bus_read(&f.m->ports, 0x60, 1);
	return len;
}

static void give(const char *text)
{
	feeder_bytes(&f.feeder, (const uint8_t *)text, strlen(text));
}

static void test_nothing_comes_before_the_guest_listens(void **state)
{
	give("x");
	pass(FEEDER_PATIENCE_NS - 1);
	assert_int_equal(uart_room(f.board.com[0]), 16);
	assert_true(feeder_busy(&f.feeder));
	pass(MS);
	assert_int_equal(uart_room(f.board.com[0]), 15);
}

static void test_its_interrupt_says_that_it_listens(void **state)
{
	give("x");
	pass(MS);
	assert_int_equal(uart_room(f.board.com[0]), 16);
	bus_write(&f.m->ports, COM1 + 1, 1, 1);
	pass(MS);
	assert_int_equal(uart_room(f.board.com[0]), 15);
}

static void test_polling_says_that_it_listens(void **state)
{
	char text[32];
	int polls;

	give("x");
	for (polls = 0; !read_serial(text); polls++)
		pass(MS);
	assert_in_range(polls, 2, 100);
	assert_string_equal(text, "x");
}

static void test_a_halt_says_that_it_listens(void **state)
{
	char text[32];

	f.cpu->state.halted = 1;
	give("x");
	pass(0);
	assert_int_equal(read_serial(text), 1);
}

static void test_no_more_than_the_fifo_holds(void **state)
{
	char text[32];

	f.cpu->state.halted = 1;
	give("0123456789abcdefghij");
	pass(0);
	assert_int_equal(read_serial(text), 16);
	assert_string_equal(text, "0123456789abcdef");
	pass(MS);
	assert_int_equal(read_serial(text), 4);
	assert_string_equal(text, "ghij");
	pass(MS);
	assert_false(feeder_busy(&f.feeder));
}

static void test_keys_come_one_at_a_time(void **state)
{
	uint8_t codes[32];

	f.cpu->state.halted = 1;
	feeder_type(&f.feeder, (const uint8_t *)"aBc", 3);
	pass(0);
	f.cpu->state.halted = 0;
	pass(MS); /* the first was not read: the second waits */
	assert_int_equal(read_keys(codes), 2);
	assert_memory_equal(codes, "\x1e\x9e", 2);
	pass(MS); /* it was, but the guest is still at it */
	assert_int_equal(read_keys(codes), 0);
	f.cpu->state.halted = 1;
	pass(MS);
	f.cpu->state.halted = 0;
	assert_int_equal(read_keys(codes), 4);
	assert_memory_equal(codes, "\x2a\x30\xb0\xaa", 4);
	pass(FEEDER_KEY_NS); /* it never halts again */
	assert_int_equal(read_keys(codes), 2);
}

/* The status read over and over is as good as a halt. */
static void test_a_guest_that_polls_gets_the_next_key(void **state)
{
	uint8_t codes[32];

	f.cpu->state.halted = 1;
	feeder_type(&f.feeder, (const uint8_t *)"ab", 2);
	pass(0);
	f.cpu->state.halted = 0;
	read_keys(codes);
	for (int i = 0; i < 32; i++)
		assert_int_equal(read_keys(codes), 0);
	pass(MS);
	assert_int_equal(read_keys(codes), 2);
	assert_memory_equal(codes, "\x30\xb0", 2);
}

/* Halted, its FIFO full, no other timer: nothing will change any more. */
static void test_it_gives_up_on_a_guest_that_reads_nothing(void **state)
{
	f.cpu->state.halted = 1;
	give("0123456789abcdefX");
	pass(0);
	assert_true(feeder_busy(&f.feeder));
	pass(MS);
	assert_false(feeder_busy(&f.feeder));
}

static void test_it_waits_for_a_guest_that_runs(void **state)
{
	char text[32];

	f.cpu->state.halted = 1;
	give("0123456789abcdefX");
	pass(0);
	f.cpu->state.halted = 0;
	for (int i = 0; i < 100; i++)
		pass(MS);
	assert_true(feeder_busy(&f.feeder));
	read_serial(text);
	pass(MS);
	assert_int_equal(read_serial(text), 1);
}

static void test_what_does_not_fit_is_lost(void **state)
{
	uint8_t bytes[FEEDER_BYTES];

	memset(bytes, 'x', sizeof(bytes));
	feeder_bytes(&f.feeder, bytes, sizeof(bytes) - 1);
	assert_int_equal(feeder_byte_room(&f.feeder), 1);
	give("ab");
	assert_int_equal(feeder_byte_room(&f.feeder), 0);
	give("c");
	assert_int_equal(f.feeder.byte[FEEDER_BYTES - 1], 'a');
	for (int i = 0; i < FEEDER_KEYS + 10; i++)
		feeder_key(&f.feeder, (struct key){.code = 0x1e});
	assert_int_equal(f.feeder.key_count, FEEDER_KEYS);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_nothing_comes_before_the_guest_listens),
		T(test_its_interrupt_says_that_it_listens),
		T(test_polling_says_that_it_listens),
		T(test_a_halt_says_that_it_listens),
		T(test_no_more_than_the_fifo_holds),
		T(test_keys_come_one_at_a_time),
		T(test_a_guest_that_polls_gets_the_next_key),
		T(test_it_gives_up_on_a_guest_that_reads_nothing),
		T(test_it_waits_for_a_guest_that_runs),
		T(test_what_does_not_fit_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
