/* Bytes arrive exactly; a reader that is gone or asleep is no hang. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "shell/output.h"
#include "tests/unit/elf_file.h"

struct fixture {
	struct machine *m;
	int pipe[2];
	struct output out;
};

static struct fixture f;

static int setup(void **state)
{
	f.m = machine_create(1 << 20);
	signal(SIGPIPE, SIG_IGN);
	said_start();
	assert_int_equal(pipe2(f.pipe, O_NONBLOCK | O_CLOEXEC), 0);
	f.out = (struct output){.name = "test",
				.m = f.m,
				.fd = f.pipe[1],
				.patience_fd = -1,
				.deadline_ns = UINT64_MAX};
	return 0;
}

static int teardown(void **state)
{
	output_close(&f.out);
	close(f.pipe[0]);
	machine_destroy(f.m);
	return 0;
}

static void test_bytes_arrive_in_order(void **state)
{
	char sent[3000], got[3001];

	for (size_t i = 0; i < sizeof(sent); i++) {
		sent[i] = i * 31;
		output_write(&f.out, &sent[i], 1);
	}
	assert_true(output_flush(&f.out));
	assert_int_equal(read(f.pipe[0], got, sizeof(got)), sizeof(sent));
	assert_memory_equal(got, sent, sizeof(sent));
	assert_int_equal(f.m->stop, STOP_NONE);
}

static void test_it_knows_an_unfinished_line(void **state)
{
	assert_false(f.out.midline);
	output_write(&f.out, "a\nb", 3);
	assert_true(f.out.midline);
	output_write(&f.out, "\n", 1);
	assert_false(f.out.midline);
}

static void test_a_reader_that_is_gone_ends_the_run(void **state)
{
	close(f.pipe[0]);
	output_write(&f.out, "x", 1);
	assert_false(output_flush(&f.out));
	assert_int_equal(f.m->stop, STOP_HOST);
	assert_non_null(strstr(said(), "Broken pipe"));
	output_write(&f.out, "more", 4); /* lost, and not said again */
	assert_int_equal(f.out.len, 0);
}

/* Far more than pipe and buffer hold, and a deadline that is over. */
static void test_a_reader_that_sleeps_is_not_waited_for(void **state)
{
	static char bytes[1 << 20];

	f.out.deadline_ns = 1;
	output_write(&f.out, bytes, sizeof(bytes));
	assert_true(f.out.failed);
	assert_int_equal(f.m->stop, STOP_NONE); /* the timeout says it */
	assert_non_null(strstr(said(), "nobody reads"));
	assert_false(output_close(&f.out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_bytes_arrive_in_order,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_it_knows_an_unfinished_line, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_reader_that_is_gone_ends_the_run, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_a_reader_that_sleeps_is_not_waited_for, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
