/*
 * Lines and functions of a real ELF file: this program. It asks for addresses
 * of its own, where they are in the file.
 */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "shell/source.h"
#include "shell/symbolize.h"

#define SELF "/proc/self/exe"

/* What runs at an address of the file runs that much higher. */
static int first_base(struct dl_phdr_info *info, size_t size, void *base)
{
	*(uint64_t *)base = info->dlpi_addr;
	return 1; /* the first is the program */
}

static uint64_t base(void)
{
	uint64_t base = 0;

	dl_iterate_phdr(first_base, &base);
	return base;
}

static unsigned inner_line, outer_line;

static __attribute__((noinline)) uint64_t caller(void)
{
	return (uintptr_t)__builtin_return_address(0) - base();
}

static inline __attribute__((always_inline)) uint64_t inner(void)
{
	uint64_t va;

	inner_line = __LINE__ + 1;
	va = caller();
	__asm__ volatile("" : "+r"(va)); /* no tail call */
	return va;
}

static __attribute__((noinline)) uint64_t outer(void)
{
	uint64_t va;

	outer_line = __LINE__ + 1;
	va = inner();
	__asm__ volatile("" : "+r"(va));
	return va;
}

static void assert_place(const struct source_frame *frame, const char *function,
			 unsigned line)
{
	const char *end = "tests/unit/test_source.c";

	assert_string_equal(frame->function, function);
	assert_non_null(frame->file);
	assert_true(strlen(frame->file) >= strlen(end));
	assert_string_equal(frame->file + strlen(frame->file) - strlen(end),
			    end);
	assert_int_equal(frame->line, line);
}

static void test_inlined_functions_have_their_lines(void **state)
{
	struct source_frame frame[SOURCE_FRAMES_MAX];
	struct source *s = source_open(SELF);
	uint64_t va = outer();

	assert_non_null(s);
	assert_int_equal(source_find(s, va - 1, frame), 2);
	assert_place(&frame[0], "inner", inner_line);
	assert_place(&frame[1], "outer", outer_line);
	source_close(s);
}

static void test_addresses_of_nothing_are_not_found(void **state)
{
	static const uint64_t rows[] = {0, 1, UINT64_C(1) << 46, UINT64_MAX};
	struct source_frame frame[SOURCE_FRAMES_MAX];
	struct source *s = source_open(SELF);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(source_find(s, rows[i], frame), 0);
	assert_int_equal(source_find(s, (uintptr_t)&inner_line - base(), frame),
			 0);
	source_close(s);
}

/* Lines of text through symbolize(); what comes out. */
static int through(const char *text, size_t len, char *out, size_t size)
{
	static char self[] = SELF;
	char *elf[] = {self};
	FILE *file = fmemopen(out, size, "w");
	int fd[2], status;

	memset(out, 0, size);
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], text, len), len);
	close(fd[1]);
	status = symbolize(elf, 1, fd[0], file);
	close(fd[0]);
	fclose(file);
	return status;
}

static void test_addresses_in_a_log_are_explained(void **state)
{
	char text[200], out[2000], *below;
	uint64_t va = outer();

	snprintf(text, sizeof(text), "backtrace: 0x10 %#lx\nnext\n", va);
	assert_int_equal(through(text, strlen(text), out, sizeof(out)), 0);
	assert_memory_equal(out, text, strlen(text) - strlen("next\n"));
	below = strchr(out, '\n') + 1;
	assert_non_null(strstr(below, "inner at "));
	assert_non_null(strstr(below, "\n      inlined into outer at "));
	assert_string_equal(out + strlen(out) - 6, "\nnext\n");
}

static void test_other_text_is_left_alone(void **state)
{
	static const char *const rows[] = {
		"",
		"\n",
		"no end",
		"rip 0x\nrip 0xg\n0x0 0x10\n",
		"backtrace:\nbacktrace: \nbacktrace: x\n",
		"ffffffffffffffff ffffffffffffffffffff 0x12345678123456789\n",
		"\xff\xfe\r\n\x1b[31mred\n",
	};
	static char out[30000], long_line[20001];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i]);

		assert_int_equal(through(rows[i], len, out, sizeof(out)), 0);
		assert_string_equal(out, rows[i]);
	}
	through("a\0b\n", 4, out, sizeof(out));
	assert_memory_equal(out, "a\0b\n", 5);
	memset(long_line, '0', 20000);
	assert_int_equal(through(long_line, 20000, out, sizeof(out)), 0);
	assert_string_equal(out, long_line);
}

static void test_what_is_no_elf_file_is_refused(void **state)
{
	assert_null(source_open("/nonexistent"));
	assert_null(source_open("/dev/null"));
	assert_null(source_open("/"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inlined_functions_have_their_lines),
		cmocka_unit_test(test_addresses_of_nothing_are_not_found),
		cmocka_unit_test(test_addresses_in_a_log_are_explained),
		cmocka_unit_test(test_other_text_is_left_alone),
		cmocka_unit_test(test_what_is_no_elf_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
