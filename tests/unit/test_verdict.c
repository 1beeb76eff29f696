/* Every way a run can end has its exit status; only success is 0. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "devices/devices.h"
#include "shell/verdict.h"

static const struct {
	enum stop_kind stop;
	uint16_t port; /* of STOP_EXIT */
	uint32_t value;
	int status, qemu;
	const char *line, *text;
} rows[] = {
	{STOP_EXIT, 0x501, 0x31, 0, 99, "Exit code: 99, test succeed.", ""},
	{STOP_EXIT, 0x501, 0x30, 1, 97, "Exit code: 97, test failed.",
	 "failed"},
	{STOP_EXIT, 0xf4, 0x10, 0, 33, NULL, ""},
	{STOP_EXIT, 0xf4, 0x11, 1, 35, NULL, "failed"},
	{STOP_EXIT, 0xf4, 0, 6, 1, NULL, "value 0 on port 0xf4"},
	{STOP_EXIT, 0xf4, 0x77, 6, 239, NULL, "value 0x77 on port 0xf4"},
	{STOP_EXIT, 0xf4, 0x131, 6, 99, NULL, "value 0x131"},
	{STOP_EXIT, 0x501, 0x10, 6, 33, NULL, "value 0x10 on port 0x501"},
	{STOP_POWEROFF, 0, 0, 6, 6, NULL, "without a verdict: why"},
	{STOP_RESET, 0, 0, 4, 4, NULL, "reset: why"},
	{STOP_TRIPLE, 0, 0, 4, 4, NULL, "triple fault"},
	{STOP_PANIC, 0, 0, 3, 3, NULL, "panic: why"},
	{STOP_STALL, 0, 0, 5, 5, NULL, "stall: why"},
	{STOP_CRASH, 0, 0, 125, 125, NULL, "cannot go on: why"},
	{STOP_TIMEOUT, 0, 0, 124, 124, NULL, "timeout: why"},
	{STOP_QUIT, 0, 0, 130, 130, NULL, "ended by why"},
	{STOP_HOST, 0, 0, 71, 71, NULL, ""},
	{STOP_SIGNAL, 0, SIGINT, 130, 130, NULL, "ended by why"},
	{STOP_SIGNAL, 0, SIGTERM, 143, 143, NULL, "ended by why"},
	{STOP_SIGNAL, 0, SIGHUP, 129, 129, NULL, "ended by why"},
	{STOP_NONE, 0, 0, 125, 125, NULL, "not ended"},
};

static void check_row(size_t i, enum exit_map map, int status)
{
	struct options options = {.exit_map = map};
	struct machine m = {.stop = rows[i].stop, .why = "why"};
	struct verdict v;

	m.stop_code = rows[i].stop == STOP_EXIT
			      ? exit_code(rows[i].port, rows[i].value)
			      : rows[i].value;
	verdict_of(&m, &options, &v);
	if (v.status != status || !strstr(v.text, rows[i].text) ||
	    !v.line != !rows[i].line || (!rows[i].text[0] && v.text[0]))
		fail_msg("row %zu: %d, \"%s\"", i, v.status, v.text);
	if (v.line)
		assert_string_equal(v.line, rows[i].line);
}

static void test_each_end_has_its_status(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(i, EXIT_MAP_VERDICT, rows[i].status);
		check_row(i, EXIT_MAP_QEMU, rows[i].qemu);
	}
}

static void test_errors_before_the_run(void **state)
{
	assert_int_equal(verdict_status(-ENOENT), 2);
	assert_int_equal(verdict_status(-ENOEXEC), 2);
	assert_int_equal(verdict_status(-EACCES), 2);
	assert_int_equal(verdict_status(-ENOMEM), 71);
	assert_int_equal(verdict_status(-EIO), 71);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_end_has_its_status),
		cmocka_unit_test(test_errors_before_the_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
