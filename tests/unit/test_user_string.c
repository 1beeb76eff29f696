/*
 * What user programs have for a C library's string functions: each length and
 * place around a word, and around where the string instructions begin.
 */
#include "tests/unit/unit.h"

#include <string.h>

/* Under names of their own: those of the host's library are used, too. */
#define memcpy	user_memcpy
#define memmove user_memmove
#define memset	user_memset
#define memcmp	user_memcmp
#define memchr	user_memchr
#define strlen	user_strlen
#define strnlen user_strnlen
#define strcmp	user_strcmp
#define strncmp user_strncmp
#define strchr	user_strchr
#include "guest-kernel/user/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp

#define ROOM	256
#define LEN_MAX 160
#define MIDDLE	40 /* where the ranges begin, or near it */

static void fill(uint8_t *bytes)
{
	for (int i = 0; i < ROOM; i++)
		bytes[i] = (uint8_t)(i * 7 + 1);
}

static void test_copies_each_length_and_nothing_else(void **state)
{
	uint8_t from[ROOM], got[ROOM], want[ROOM];

	fill(from);
	for (size_t len = 0; len <= LEN_MAX; len++) {
		memset(got, 0xee, ROOM);
		memset(want, 0xee, ROOM);
		memcpy(want + MIDDLE, from + 3, len);
		assert_ptr_equal(user_memcpy(got + MIDDLE, from + 3, len),
				 got + MIDDLE);
		assert_memory_equal(got, want, ROOM);
	}
}

static void test_moves_over_itself_both_ways(void **state)
{
	uint8_t got[ROOM], want[ROOM];

	for (size_t len = 0; len <= LEN_MAX; len++) {
		for (int by = -17; by <= 17; by++) {
			fill(got);
			fill(want);
			memmove(want + MIDDLE + by, want + MIDDLE, len);
			user_memmove(got + MIDDLE + by, got + MIDDLE, len);
			assert_memory_equal(got, want, ROOM);
		}
	}
}

static void test_sets_each_length_and_nothing_else(void **state)
{
	uint8_t got[ROOM], want[ROOM];

	for (size_t len = 0; len <= LEN_MAX; len++) {
		fill(got);
		fill(want);
		memset(want + MIDDLE, 0x1a5, len);
		assert_ptr_equal(user_memset(got + MIDDLE, 0x1a5, len),
				 got + MIDDLE);
		assert_memory_equal(got, want, ROOM);
	}
}

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

static void test_compares_by_the_first_difference(void **state)
{
	uint8_t a[ROOM], b[ROOM];

	for (size_t len = 0; len <= 40; len++) {
		fill(a);
		fill(b);
		b[len] ^= 0x80; /* behind the range */
		assert_int_equal(user_memcmp(a, b, len), 0);
		for (size_t at = 0; at < len; at++) {
			fill(b);
			b[at] ^= 0x80;
			b[len - 1] ^= 0x55;
			assert_int_equal(sign(user_memcmp(a, b, len)),
					 sign(memcmp(a, b, len)));
		}
	}
}

static void test_finds_the_end_and_a_byte(void **state)
{
	static const char text[] = "one two";

	assert_int_equal(user_strlen(text), 7);
	assert_int_equal(user_strnlen(text, 3), 3);
	assert_ptr_equal(user_strchr(text, 't'), text + 4);
	assert_null(user_strchr(text, 'x'));
	assert_ptr_equal(user_memchr(text, 'o', 7), text);
	assert_null(user_memchr(text + 1, 'o', 5));
	assert_int_equal(sign(user_strcmp("one", "ond")), 1);
	assert_int_equal(sign(user_strcmp("on", "one")), -1);
	assert_int_equal(user_strncmp("one", "onx", 2), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copies_each_length_and_nothing_else),
		cmocka_unit_test(test_moves_over_itself_both_ways),
		cmocka_unit_test(test_sets_each_length_and_nothing_else),
		cmocka_unit_test(test_compares_by_the_first_difference),
		cmocka_unit_test(test_finds_the_end_and_a_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
