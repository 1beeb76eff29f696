/*
 * Another command line for a machine that was booted: in place of the first,
 * or behind all records; whatever is refused has changed nothing.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/boot_file.h"
#include "vmm/boot_parts.h"

#define MIB (UINT64_C(1) << 20)

static struct booted b;
static unsigned writes, writes_left;

static bool put(void *ctx, uint64_t gpa, const void *data, size_t len)
{
	writes++;
	return writes_left-- && guestmem_write(&b.gm, gpa, data, len);
}

static int set(const char *text)
{
	writes = 0;
	writes_left = 2;
	said_start();
	return boot_set_cmdline(&b.gm, &b.state, text, put, NULL);
}

/* Of Multiboot 2, which has none, where its size is. */
static uint64_t pointer_at(enum boot_protocol protocol)
{
	switch (protocol) {
	case BOOT_MULTIBOOT2:
		return b.state.gpr[GPR_RBX];
	case BOOT_PVH:
		return b.state.gpr[GPR_RBX] + 24;
	case BOOT_MULTIBOOT:
		return b.state.gpr[GPR_RBX] + 16;
	default:
		return b.state.gpr[GPR_RSI] + 0x228;
	}
}

static uint64_t text_at(enum boot_protocol protocol)
{
	uint64_t at = pointer_at(protocol);

	if (protocol == BOOT_MULTIBOOT2) {
		for (at += 8; boot_u32(&b, at) != 1;)
			at += (boot_u32(&b, at + 4) + 7) & ~7u;
		return at + 8;
	}
	return boot_u32(&b, at);
}

static void boot(enum boot_protocol protocol)
{
	/* Magic number, architecture, length, sum; the end. */
	static const uint32_t header[] = {0xe85250d6,	       0, 24,
					  -(0xe85250d6u + 24), 0, 8};

	if (protocol == BOOT_LINUX)
		linux_file_make(&b.kernel);
	else
		elf_file_make(&b.kernel, true);
	if (protocol == BOOT_MULTIBOOT2)
		memcpy(b.kernel.bytes + 0x400, header, sizeof(header));
	boot_file(&b, protocol, 2, 4 * MIB);
	assert_int_equal(b.err, 0);
	assert_string_equal(boot_string(&b, text_at(protocol)), "a=1 b");
}

static uint8_t *window(void)
{
	return guestmem_ptr(&b.gm, BOOT_DATA, BOOT_DATA_SIZE);
}

/* What differs is the text, in either place, and the pointer to it. */
static void check_rest(const uint8_t *before, uint64_t old, uint64_t at,
		       size_t len, uint64_t pointer)
{
	for (uint64_t gpa = BOOT_DATA; gpa < BOOT_DATA + BOOT_DATA_SIZE;
	     gpa++) {
		if (window()[gpa - BOOT_DATA] == before[gpa - BOOT_DATA])
			continue;
		assert_true(gpa - at < len || gpa - old < len ||
			    gpa - pointer < 4);
		assert_true(at == old || gpa - old >= len);
	}
}

static void test_each_protocol_gets_it(void **state)
{
	static const char *const texts[] = {"", "x", "a=2 b", "longer than it",
					    "short"};
	uint8_t before[BOOT_DATA_SIZE];
	uint64_t old, at;

	for (enum boot_protocol p = BOOT_PVH; p <= BOOT_LINUX; p++) {
		if (p == BOOT_MULTIBOOT2) /* has a test of its own */
			continue;
		boot(p);
		memcpy(before, window(), sizeof(before));
		old = text_at(p);
		for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]);
		     i++) {
			memcpy(window(), before, sizeof(before)); /* anew */
			assert_int_equal(set(texts[i]), 0);
			at = text_at(p);
			assert_string_equal(boot_string(&b, at), texts[i]);
			assert_true((at == old) == (strlen(texts[i]) <= 5));
			check_rest(before, old, at, strlen(texts[i]) + 5,
				   pointer_at(p));
		}
		boot_file_end(&b);
	}
}

/* Tag by tag it is what booting with that text gives. */
static void test_multiboot_2_gets_it_between_its_tags(void **state)
{
	static const char *const texts[] = {
		"",	"x", "a=2 b", "longer", "longer than it was before",
		"short"};
	uint8_t before[BOOT_DATA_SIZE];
	uint64_t info, at;
	uint32_t rest, size, old_rest, old_size;

	boot(BOOT_MULTIBOOT2);
	info = b.state.gpr[GPR_RBX];
	memcpy(before, window(), sizeof(before));
	at = text_at(BOOT_MULTIBOOT2);
	assert_int_equal(at, info + 16);
	old_rest = 16 + 8; /* "a=1 b" and padding */
	old_size = boot_u32(&b, info);
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t len = strlen(texts[i]) + 1;

		memcpy(window(), before, sizeof(before));
		assert_int_equal(set(texts[i]), 0);
		assert_string_equal(boot_string(&b, at), texts[i]);
		assert_int_equal(boot_u32(&b, info + 12), 8 + len);
		rest = 16 + ((len + 7) & ~7u);
		size = boot_u32(&b, info);
		assert_int_equal(size - rest, old_size - old_rest);
		assert_memory_equal(
			guestmem_ptr(&b.gm, info + rest, size - rest),
			before + (info - BOOT_DATA) + old_rest, size - rest);
		for (uint64_t gpa = info + size;
		     gpa < BOOT_DATA + BOOT_DATA_SIZE; gpa++)
			assert_int_equal(window()[gpa - BOOT_DATA], 0);
	}
	boot_file_end(&b);
}

static void test_multiboot_2_that_makes_no_sense(void **state)
{
	/* In place of its size, its first tag's type and length. */
	static const struct {
		unsigned at;
		uint32_t bad;
	} rows[] = {
		{0, 0},		  {0, 8},
		{0, 12},	  {0, BOOT_DATA_SIZE + 1},
		{8, 99},	  {12, 0},
		{12, 7},	  {12, BOOT_DATA_SIZE},
		{12, UINT32_MAX}, {0, UINT32_MAX},
	};
	uint64_t info;
	uint32_t size, good;

	boot(BOOT_MULTIBOOT2);
	info = b.state.gpr[GPR_RBX];
	size = boot_u32(&b, info);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		good = boot_u32(&b, info + rows[i].at);
		guestmem_write(&b.gm, info + rows[i].at, &rows[i].bad, 4);
		assert_int_equal(set("x"), -ENOTSUP);
		assert_int_equal(writes, 0);
		guestmem_write(&b.gm, info + rows[i].at, &good, 4);
	}
	guestmem_write(&b.gm, info + size + 4, "\x01", 1);
	assert_int_equal(set("so long that it comes to that byte"), -ENOSPC);
	assert_int_equal(writes, 0);
	assert_int_equal(set("x"), 0);
	b.state.gpr[GPR_RBX] = 0x1000000;
	assert_int_equal(set("x"), -ENOTSUP);
	boot_file_end(&b);
}

static void test_as_long_as_boot_takes(void **state)
{
	char text[4097];

	memset(text, 'x', sizeof(text));
	boot(BOOT_PVH);
	text[4096] = '\0';
	assert_int_equal(set(text), -E2BIG);
	assert_int_equal(writes, 0);
	assert_non_null(strstr(said(), "4096 bytes"));
	text[4095] = '\0';
	assert_int_equal(set(text), 0);
	assert_string_equal(boot_string(&b, text_at(BOOT_PVH)), text);
	boot_file_end(&b);
}

/* It says so in its header. */
static void test_no_longer_than_linux_takes(void **state)
{
	uint64_t max;
	char text[4096];

	boot(BOOT_LINUX);
	max = boot_u32(&b, b.state.gpr[GPR_RSI] + 0x238);
	assert_in_range(max, 1, sizeof(text) - 2);
	memset(text, 'x', max + 1);
	text[max + 1] = '\0';
	assert_int_equal(set(text), -E2BIG);
	assert_int_equal(writes, 0);
	text[max] = '\0';
	assert_int_equal(set(text), 0);
	boot_file_end(&b);
}

static void test_where_there_is_no_room(void **state)
{
	boot(BOOT_PVH);
	guestmem_write(&b.gm, BOOT_DATA + BOOT_DATA_SIZE - 8, "\x01", 1);
	assert_int_equal(set("longer than it was"), -ENOSPC);
	assert_int_equal(writes, 0);
	assert_int_equal(set("a=3"), 0); /* there is in its own place */
	boot_file_end(&b);
}

static void test_of_what_was_not_booted(void **state)
{
	boot(BOOT_PVH);
	b.state.gpr[GPR_RBX] = 0;
	assert_int_equal(set("x"), -ENOTSUP);
	b.state.gpr[GPR_RBX] = UINT64_MAX - 3;
	assert_int_equal(set("x"), -ENOTSUP);
	/* Pointers that lead anywhere. */
	b.state.gpr[GPR_RAX] = 0x2badb002;
	assert_int_equal(set("x"), -ENOTSUP);
	b.state.gpr[GPR_RBX] = 0x400;
	assert_int_equal(set("x"), -ENOTSUP);
	assert_int_equal(writes, 0);
	boot_file_end(&b);
}

static void test_in_a_past_that_is_fixed(void **state)
{
	boot(BOOT_PVH);
	for (unsigned n = 0; n < 2; n++) {
		said_start();
		writes_left = n;
		assert_int_equal(
			boot_set_cmdline(&b.gm, &b.state, "x", put, NULL),
			-EROFS);
		assert_string_equal(said(), "");
	}
	boot_file_end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_protocol_gets_it),
		cmocka_unit_test(test_multiboot_2_gets_it_between_its_tags),
		cmocka_unit_test(test_multiboot_2_that_makes_no_sense),
		cmocka_unit_test(test_as_long_as_boot_takes),
		cmocka_unit_test(test_no_longer_than_linux_takes),
		cmocka_unit_test(test_where_there_is_no_room),
		cmocka_unit_test(test_of_what_was_not_booted),
		cmocka_unit_test(test_in_a_past_that_is_fixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
