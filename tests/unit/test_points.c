/* What guests say about their own tests, honest ones and others. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/runner/points.h"

/* "PSFE" by point, then the trouble; fed in pieces of `step` bytes. */
static char *read_all(const char *text, size_t step, char *const *planned,
		      size_t planned_count)
{
	static char result[1024];
	size_t len = 0;
	struct points p;

	points_init(&p);
	for (size_t at = 0, all = strlen(text); at < all; at += step)
		points_feed(&p, text + at, step < all - at ? step : all - at);
	points_end(&p, planned, planned_count);
	for (size_t i = 0; i < p.count; i++)
		len += snprintf(result + len, sizeof(result) - len, "%s%c:%s",
				i ? "|" : "", "PSFE"[p.point[i].outcome],
				p.point[i].name);
	snprintf(result + len, sizeof(result) - len, "%s%s",
		 *p.trouble ? " !" : "", p.trouble);
	points_fini(&p);
	return result;
}

struct row {
	const char *text, *result;
};

static void check_rows(const struct row *row, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t step = 1; step < 8; step += 3)
			if (strcmp(read_all(row[i].text, step, NULL, 0),
				   row[i].result))
				fail_msg("%s\ngave: %s\nnot:  %s", row[i].text,
					 read_all(row[i].text, step, NULL, 0),
					 row[i].result);
}

#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof(rows[0]))

static void test_tap(void **state)
{
	static const struct row rows[] = {
		{"", ""},
		{"booting\nok, so far\nokay\nnothing not ok\n", ""},
		{"ok 1\nok 2 - two\n1..2\n", "P:test 1|P:two"},
		{"1..2\r\nok 1 a\r\nnot ok 2 - b\r\n", "P:a|F:b"},
		{"TAP version 14\n1..1\nok\n", "P:test 1"},
		{"1..0 # SKIP no device\n", ""},
		{"1..1\nok 1 - a # SKIP why\n", "S:a"},
		{"1..1\nnot ok 1 - a # todo later\n", "S:a"},
		{"1..1\nok 1 - a \\# b # Skipped: c\n", "S:a # b"},
		{"1..1\nok 1 - x#1\n", "P:x#1"},
		{"ok - a\nnot ok - b", "P:a|F:b"},
		{"1..1\nnot ok 1 - a\n  ---\n  ok 7\n  not ok 8\n  ...\n",
		 "F:a"},
		{"1..2\nnot ok 1 - a\n  ---\n  x: y\nok 2 - b\n", "F:a|P:b"},
		{"[    0.1] 1..1\n[    0.2] ok 1 a\n", "P:a"},
	};

	CHECK(rows);
}

static void test_subtests(void **state)
{
	static const struct row rows[] = {
		{"TAP version 14\n1..2\n# Subtest: s\n    1..2\n"
		 "    ok 1 - a\n    not ok 2 - b\nnot ok 1 - s\nok 2 - t\n",
		 "P:s/a|F:s/b|P:t"},
		{"KTAP version 1\n1..1\n  KTAP version 1\n  1..2\n"
		 "    KTAP version 1\n    1..1\n    ok 1 x\n  ok 1 in\n"
		 "  ok 2 flat\nok 1 top\n",
		 "P:top/in/x|P:top/flat"},
		/* The parent says more than its children. */
		{"1..1\n  1..1\n  ok 1 a\nnot ok 1 s\n", "P:s/a|F:s"},
		{"1..1\n  1..2\n  ok 1 a\nok 1 s\n",
		 "P:s/a !the guest planned 2 tests and ran 1"},
	};

	CHECK(rows);
}

static void test_plans_that_lie(void **state)
{
	static const struct row rows[] = {
		{"1..2\nok 1 a\n", "P:a !the guest planned 2 tests and ran 1"},
		{"1..1\nok 1 a\nok 2 b\n",
		 "P:a|P:b !test number 2 is not in the plan"},
		{"ok 1 a\nok 2 b\n1..1\n",
		 "P:a|P:b !test number 2 is not in the plan"},
		{"1..2\nok 1 a\nok 1 b\n", "P:a|P:b !test number 1 came twice"},
		{"1..1\n1..1\nok 1 a\n", "P:a !the guest gave two plans"},
		{"TAP version 13\nok 1 a\n",
		 "P:a !the guest announced TAP and gave no plan"},
		{"1..3\nok 1 a\nBail out! no memory\n",
		 "P:a !the guest gave up: no memory"},
		{"1..99999999999999999999\nok 1 a\n",
		 "P:a !a plan of more than 65536 tests"},
		{"1..1\nok 99999999999999999999 a\n",
		 "P:a !test number 18446744073709551615 is not in the plan"},
		{"1..1\nok 0 a\n", "P:a !test number 0 is not in the plan"},
	};

	CHECK(rows);
}

static void test_kvm_unit_tests(void **state)
{
	static const struct row rows[] = {
		{"enabling apic\nPASS: a: b\nFAIL: c\nSKIP: d\nXFAIL: e\n"
		 "XPASS: f\nSUMMARY: 5 tests, 2 unexpected failures\n",
		 "P:a: b|F:c|S:d|P:e|F:f"},
		{"PASS: a\nSUMMARY: 2 tests\n",
		 "P:a !its summary says 2 tests, and it ran 1"},
		{"PASS: a\nSUMMARY: 1 tests\nPASS: b\n",
		 "P:a|P:b !tests after the summary"},
		{"PASS:\nPASSED: x\n", ""},
	};

	CHECK(rows);
}

static void test_manifest(void **state)
{
	char *const planned[] = {"b", "a"};
	char *const twice[] = {"a", "a"};

	assert_string_equal(read_all("ok - a\nok - b\n", 99, planned, 2),
			    "P:a|P:b");
	assert_string_equal(read_all("ok - a\n", 99, planned, 2), "P:a|E:b");
	assert_string_equal(read_all("", 99, planned, 2), "E:a|E:b");
	assert_string_equal(
		read_all("ok - a\nok - b\nok - c\n", 99, planned, 2),
		"P:a|P:b|P:c !'c' was run and is not planned");
	assert_string_equal(
		read_all("ok - a\nok - b\nok - a\n", 99, planned, 2),
		"P:a|P:b|P:a !'a' was run twice");
	assert_string_equal(read_all("ok - a\n", 99, twice, 2),
			    "P:a !'a' is planned twice");
}

static void test_places(void **state)
{
	static const char text[] = "not ok - a\n# at x/y.c:12\n# at z.c:1\n"
				   "ok - b\n# at nowhere\n# at :3\n";
	struct points p;

	points_init(&p);
	points_feed(&p, text, sizeof(text) - 1);
	points_end(&p, NULL, 0);
	assert_int_equal(p.count, 2);
	assert_string_equal(p.point[0].file, "x/y.c");
	assert_int_equal(p.point[0].line, 12);
	assert_null(p.point[1].file);
	points_fini(&p);
}

static void test_floods_have_an_end(void **state)
{
	struct points p;
	char line[64];

	points_init(&p);
	for (int i = 1; i <= POINTS_MAX + 5; i++)
		points_feed(&p, line, snprintf(line, 64, "ok %d x\n", i));
	points_end(&p, NULL, 0);
	assert_int_equal(p.count, POINTS_MAX);
	assert_string_equal(p.trouble, "more than 65536 test points");
	points_fini(&p);

	points_init(&p);
	points_feed(&p, "ok - ", 5);
	for (int i = 0; i < 5000; i++)
		points_feed(&p, "y", 1);
	points_end(&p, NULL, 0);
	assert_int_equal(strlen(p.point[0].name), POINTS_LINE - 6);
	points_fini(&p);

	points_init(&p);
	for (int i = 0; i < 40; i++)
		points_feed(&p, line, snprintf(line, 64, "%*s1..1\n", i, ""));
	points_end(&p, NULL, 0);
	assert_true(*p.trouble);
	points_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tap),
		cmocka_unit_test(test_subtests),
		cmocka_unit_test(test_plans_that_lie),
		cmocka_unit_test(test_kvm_unit_tests),
		cmocka_unit_test(test_manifest),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_floods_have_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
