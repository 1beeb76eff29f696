/*
 * rinit's command line over a fake kernel that writes down each call: a row
 * is a line, the calls it leads to and what it answers.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "guest-kernel/user/rinit_child.h"
#include "guest-kernel/user/rinit_cli.h"
#include "guest-kernel/user/rt.h"

static char calls[4096];
static char shown[8192];

/* What the n-th call from now returns; the others return ERR_OK. */
static int fail_at;
static enum error fail_with;

__thread struct sys_failure sys_failed;

static enum error note(const char *fmt, ...)
{
	size_t len = strlen(calls);
	va_list args;

	va_start(args, fmt);
	vsnprintf(calls + len, sizeof(calls) - len, fmt, args);
	va_end(args);
	strcat(calls, ";");
	if (fail_at-- != 0)
		return ERR_OK;
	sys_failed = (struct sys_failure){fail_with, 0, DETAIL_NONE};
	return fail_with;
}

/* A capability address as people write it. */
static const char *path(struct caddr c)
{
	static char text[2][64];
	static int turn;
	char *s = text[turn ^= 1];
	int len = 0;

	for (unsigned i = c.depth; i-- > 0;)
		len += sprintf(s + len, "%s%u", len ? "/" : "",
			       (unsigned)(c.path >> i * 8 & 0xff));
	return s;
}

enum error sys_untyped_retype(struct caddr untyped, uint64_t type,
			      uint64_t bits, uint64_t count, struct caddr dest,
			      uint64_t *left)
{
	assert_int_equal(bits, 0);
	assert_int_equal(count, 1);
	return note("retype %s %s %s", object_name(type), path(untyped),
		    path(dest));
}

enum error sys_task_set_sp(struct caddr task, uint64_t value)
{
	return note("sp %s %llx", path(task), (unsigned long long)value);
}

enum error sys_task_set_ip(struct caddr task, uint64_t value)
{
	return note("ip %s %llx", path(task), (unsigned long long)value);
}

enum error sys_task_set_cpool(struct caddr task, struct caddr cap)
{
	return note("cpool %s %s", path(task), path(cap));
}

enum error sys_task_set_table(struct caddr task, struct caddr cap)
{
	return note("table %s %s", path(task), path(cap));
}

enum error sys_task_set_buffer(struct caddr task, struct caddr cap)
{
	return note("buffer %s %s", path(task), path(cap));
}

enum error sys_task_set_active(struct caddr task, uint64_t active)
{
	return note("active %s %llu", path(task), (unsigned long long)active);
}

enum error sys_channel_put_raw(struct caddr channel, uint64_t value,
			       uint64_t flags)
{
	return note("raw %s %llu", path(channel), (unsigned long long)value);
}

enum error sys_channel_put_cap(struct caddr channel, struct caddr cap,
			       uint64_t flags)
{
	return note("cap %s %s", path(channel), path(cap));
}

enum error sys_task_set_arg(struct caddr task, uint64_t value)
{
	return note("arg %s %llx", path(task), (unsigned long long)value);
}

enum error sys_task_set_fs_base(struct caddr task, uint64_t value)
{
	return note("fs %s %llx", path(task), (unsigned long long)value);
}

bool rinit_start_module(struct console *out, const char *line)
{
	note("start \"%s\"", line);
	return strcmp(line, "missing") != 0;
}

bool rinit_wait_module(struct console *out, const char *name)
{
	note("wait \"%s\"", name);
	return true;
}

void sys_list_cpool(void)
{
	note("list");
}

void sys_yield(void)
{
}

enum error sys_print(const char *text, size_t len)
{
	fail_msg("a command printed to the log");
	return ERR_OK;
}

static void show(struct console *console, const char *text, size_t len)
{
	strncat(shown, text, len);
}

static void execute(const char *text)
{
	static const struct child_start child = {0x88b0, 0x70003ffc};
	struct console out = {show};
	char line[256];

	calls[0] = 0;
	shown[0] = 0;
	snprintf(line, sizeof(line), "%s", text);
	cli_execute(&out, &child, line);
}

struct row {
	const char *line, *calls, *shown;
};

static void check(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		fail_at = -1;
		execute(rows[i].line);
		if (strcmp(calls, rows[i].calls) ||
		    strcmp(shown, rows[i].shown))
			fail_msg("%s: calls %s shows %s", rows[i].line, calls,
				 shown);
	}
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof(rows[0]))
#define DONE	    "Operation finished.\n"

static void test_every_command(void **state)
{
	static const struct row rows[] = {
		{"echo hello", "", "hello\n"},
		{"echo  two  words ", "", " two  words \n"},
		{"echo", "", "\n"},
		{"list", "list;", "Listing task cpool ...\n"},
		{"retype cpool 2 6", "retype CPOOL 2 6;", DONE},
		{"retype task 2 249", "retype TASK 2 249;", DONE},
		{"set stack 249 1879064572", "sp 249 70003ffc;", DONE},
		{"set instruction 249 34992", "ip 249 88b0;", DONE},
		{"set cpool 249 0", "cpool 249 0;", DONE},
		{"set table 249 3", "table 249 3;", DONE},
		{"set buffer 249 250", "buffer 249 250;", DONE},
		{"set active 249 1", "active 249 1;", DONE},
		{"set active 249 0", "active 249 0;", DONE},
		{"start child",
		 "retype TASK 2 249;sp 249 70003ffc;ip 249 88b0;cpool 249 0;"
		 "table 249 3;buffer 249 250;active 249 1;",
		 "Child started.\n"},
		{"start child hello.elf a  b", "start \"hello.elf a  b\";",
		 "Child started.\n"},
		{"start child missing", "start \"missing\";", ""},
		{"wait child hello.elf", "wait \"hello.elf\";", ""},
		{"send raw 5", "raw 255 5;",
		 "Sent raw to child through channel 255\n"},
		{"send cap 0", "cap 255 0;",
		 "Sent cap to child through channel 255\n"},
		{"", "", ""},
		{"   ", "", ""},
	};

	CHECK(rows);
}

static void test_how_arguments_are_written(void **state)
{
	static const struct row rows[] = {
		{"  send   raw   0xFf  ", "raw 255 255;",
		 "Sent raw to child through channel 255\n"},
		{"send raw 18446744073709551615",
		 "raw 255 18446744073709551615;",
		 "Sent raw to child through channel 255\n"},
		{"send raw 0xffffffffffffffff", "raw 255 18446744073709551615;",
		 "Sent raw to child through channel 255\n"},
		{"send raw 007", "raw 255 7;",
		 "Sent raw to child through channel 255\n"},
		{"retype cpool 0x2 5/12", "retype CPOOL 2 5/12;", DONE},
		{"retype task 2 1/2/3/4/5/6/7/8",
		 "retype TASK 2 1/2/3/4/5/6/7/8;", DONE},
		{"set cpool 0/255 255/0xfF", "cpool 0/255 255/255;", DONE},
	};

	CHECK(rows);
}

#define NO_CAP	  "expected a slot 0..255 or a path such as 5/12\n"
#define NO_NUMBER "expected a number of 64 bits, decimal or 0x hex\n"

static void test_lines_with_mistakes_call_nothing(void **state)
{
	static const struct row rows[] = {
		{"retype", "", "Expected: retype cpool, retype task\n"},
		{"retypes", "",
		 "Unknown command. \"retypes\" is none of those that help "
		 "lists.\n"},
		{"retype page 2 6", "",
		 "Expected: retype cpool, retype task\n"},
		{"ech hello", "",
		 "Unknown command. \"ech\" is none of those that help "
		 "lists.\n"},
		{"LIST", "",
		 "Unknown command. \"LIST\" is none of those that help "
		 "lists.\n"},
		{"list all", "", "list: expected: list\n"},
		{"start", "", "Expected: start child\n"},
		{"send", "", "Expected: send raw, send cap\n"},
		{"send raw", "", "send raw: expected: send raw VALUE\n"},
		{"send raw 1 2", "", "send raw: expected: send raw VALUE\n"},
		{"send raw five", "", "send raw: \"five\": " NO_NUMBER},
		{"send raw 12x", "", "send raw: \"12x\": " NO_NUMBER},
		{"send raw -1", "", "send raw: \"-1\": " NO_NUMBER},
		{"send raw 0x", "", "send raw: \"0x\": " NO_NUMBER},
		{"send raw 18446744073709551616", "",
		 "send raw: \"18446744073709551616\": " NO_NUMBER},
		{"send raw 0x10000000000000000", "",
		 "send raw: \"0x10000000000000000\": " NO_NUMBER},
		{"send cap 256", "", "send cap: \"256\": " NO_CAP},
		{"send cap /1", "", "send cap: \"/1\": " NO_CAP},
		{"send cap 1/", "", "send cap: \"1/\": " NO_CAP},
		{"send cap 1//2", "", "send cap: \"1//2\": " NO_CAP},
		{"send cap 1/256", "", "send cap: \"1/256\": " NO_CAP},
		{"send cap 1/2/3/4/5/6/7/8/9", "",
		 "send cap: \"1/2/3/4/5/6/7/8/9\": " NO_CAP},
		{"retype task 2", "",
		 "retype task: expected: retype task SOURCE TARGET\n"},
		{"retype cpool two 6", "", "retype cpool: \"two\": " NO_CAP},
		{"set", "",
		 "Expected: set stack, set instruction, set cpool, set table, "
		 "set buffer, set active\n"},
		{"set stack 249", "",
		 "set stack: expected: set stack TASK ADDRESS\n"},
		{"set active 249 2", "",
		 "set active: \"2\": expected 0 or 1\n"},
		{"set active 249 yes", "",
		 "set active: \"yes\": expected 0 or 1\n"},
	};

	CHECK(rows);
}

static void test_refusals_are_named(void **state)
{
	fail_at = 0;
	fail_with = ERR_SLOT_TAKEN;
	execute("retype task 2 249");
	assert_string_equal(shown, "retype task: SLOT_TAKEN: the target slot "
				   "is not empty\n");
	fail_at = 0;
	fail_with = ERR_WOULD_BLOCK;
	execute("send raw 5");
	assert_string_equal(shown,
			    "send raw: WOULD_BLOCK: nothing there to take, or "
			    "no room to put\nThe channel is full: is a child "
			    "there to take from it?\n");
}

static void test_start_child_stops_at_the_first_refusal(void **state)
{
	static const char *const steps[] = {
		"retype task", "set stack",  "set instruction", "set cpool",
		"set table",   "set buffer", "set active",
	};
	char expected[128];

	for (int i = 0; i < 7; i++) {
		int count = 0;

		fail_at = i;
		fail_with = ERR_BAD_STATE;
		execute("start child");
		for (const char *p = calls; *p; p++)
			count += *p == ';';
		assert_int_equal(count, i + 1);
		snprintf(expected, sizeof(expected),
			 "start child: %s: BAD_STATE: not in the state the "
			 "object is in\n",
			 steps[i]);
		assert_string_equal(shown, expected);
	}
}

/* Each line of help begins with words that are a command, and fits. */
static void test_help_lists_them_all(void **state)
{
	int lines = 0;

	execute("help");
	for (char *p = strtok(shown, "\n"); p; p = strtok(NULL, "\n")) {
		assert_true(strlen(p) < 80);
		lines += p[0] == ' ';
	}
	assert_int_equal(lines, 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_command),
		cmocka_unit_test(test_how_arguments_are_written),
		cmocka_unit_test(test_lines_with_mistakes_call_nothing),
		cmocka_unit_test(test_refusals_are_named),
		cmocka_unit_test(test_start_child_stops_at_the_first_refusal),
		cmocka_unit_test(test_help_lists_them_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
