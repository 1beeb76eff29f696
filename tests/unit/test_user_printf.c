/* The guest's formatting against the host's C library, case by case. */
#include "tests/unit/unit.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "guest-kernel/user/rt.h"

static char printed[2048];
static size_t printed_len;

enum error sys_print(const char *text, size_t len)
{
	memcpy(printed, text, len);
	printed_len = len;
	return ERR_OK;
}

/* Same text, same result, also when it is cut at any place. */
#define SAME(...)                                                              \
	do {                                                                   \
		char ours[128], theirs[128];                                   \
		int len = snprintf(theirs, sizeof(theirs), __VA_ARGS__);       \
                                                                               \
		for (size_t size = 0; size <= (size_t)len + 2; size++) {       \
			memset(ours, 0x55, sizeof(ours));                      \
			memset(theirs, 0x55, sizeof(theirs));                  \
			snprintf(theirs, size, __VA_ARGS__);                   \
			assert_int_equal(rt_snprintf(ours, size, __VA_ARGS__), \
					 len);                                 \
			assert_memory_equal(ours, theirs, sizeof(ours));       \
		}                                                              \
	} while (0)

static void test_integers(void **state)
{
	static const long long values[] = {
		0,   1,	    -1,	     9,		10,	   255,
		256, -128,  INT_MAX, INT_MIN,	UINT_MAX,  LLONG_MAX,
		-99, 65535, 65536,   LLONG_MIN, 1879064572};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		long long v = values[i];

		SAME("%d|%i|%u", (int)v, (int)v, (unsigned)v);
		SAME("%x|%X|%o", (unsigned)v, (unsigned)v, (unsigned)v);
		SAME("%ld %lu %lx", (long)v, (long)v, (long)v);
		SAME("%lld %llu %llx", v, (unsigned long long)v,
		     (unsigned long long)v);
		SAME("%hd %hu %hhd %hhu", (short)v, (unsigned short)v,
		     (signed char)v, (unsigned char)v);
		SAME("%zu %zd %zx %jd %td", (size_t)v, (ssize_t)v, (size_t)v,
		     (intmax_t)v, (ptrdiff_t)v);
		SAME("[%8d] [%-8d] [%08d]", (int)v, (int)v, (int)v);
		SAME("[%+d] [% d] [%+6d]", (int)v, (int)v, (int)v);
		SAME("[%.0d] [%.5d] [%9.5d]", (int)v, (int)v, (int)v);
		SAME("[%016llx] [%2llx]", (unsigned long long)v,
		     (unsigned long long)v);
		SAME("[%*d] [%*d] [%.*d]", 7, (int)v, -7, (int)v, 3, (int)v);
		SAME("[%.*d]", -1, (int)v);
		SAME("[%#x] [%#X] [%#o]", (unsigned)v, (unsigned)v,
		     (unsigned)v);
		SAME("[%#14x] [%#014x] [%-#14x]", (unsigned)v, (unsigned)v,
		     (unsigned)v);
		SAME("[%#14o] [%#014o] [%-#14o]", (unsigned)v, (unsigned)v,
		     (unsigned)v);
		SAME("[%#.0x] [%#.5x] [%#.0o] [%#.5o] [%#.12o]", (unsigned)v,
		     (unsigned)v, (unsigned)v, (unsigned)v, (unsigned)v);
	}
}

static void test_text(void **state)
{
	static const char open[3] = {'a', 'b', 'c'}; /* without an end */

	SAME("%s", "");
	SAME("%s and %s", "one", "two");
	SAME("[%6s] [%-6s] [%2s]", "abc", "abc", "abc");
	SAME("[%.2s] [%.0s] [%.9s] [%5.1s]", "abc", "abc", "abc", "abc");
	SAME("[%.3s] [%.*s]", open, 2, open);
	SAME("%c%c [%3c] [%-3c]", 'a', 0, 'b', 'c');
	SAME("100%% %p", (void *)0x1234);
	SAME("plain");
}

static void test_what_is_unknown_stands_as_it_is(void **state)
{
	char text[32];
	const char *fmt = "%y 5%";
	const char *volatile null = NULL;

	rt_snprintf(text, sizeof(text), fmt, 1);
	assert_string_equal(text, "%y 5%");
	fmt = "%s";
	rt_snprintf(text, sizeof(text), fmt, null);
	assert_string_equal(text, "(null)");
}

static void test_absurd_widths_end(void **state)
{
	volatile int least = INT_MIN;
	char text[8];

	assert_int_equal(rt_snprintf(text, sizeof(text), "%*d", least, 7), 1);
	assert_int_equal(rt_snprintf(text, sizeof(text), "%2000d", 7), 2000);
	assert_string_equal(text, "       ");
}

static void test_a_printed_line_is_cut(void **state)
{
	rt_print("x=%d", 5);
	assert_int_equal(printed_len, 3);
	assert_memory_equal(printed, "x=5", 3);
	rt_print("%300s", "end");
	assert_int_equal(printed_len, 255);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_what_is_unknown_stands_as_it_is),
		cmocka_unit_test(test_absurd_widths_end),
		cmocka_unit_test(test_a_printed_line_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
