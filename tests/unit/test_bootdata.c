/* test_bootdata.c: what loaders say, well and badly. */
#include "tests/unit/unit.h"

#include <string.h>

#include "guest-kernel/arch/x86_64/bootdata.h"
#include "tests/unit/fake_arch.h"

#define INFO	0x9000
#define MAP	0x9100
#define MODULES 0x9800
#define CMDLINE 0xa000

static struct boot boot;

static int setup(void **state)
{
	fake_reset();
	memset(&boot, 0, sizeof(boot));
	return 0;
}

static void put32(uint64_t pa, uint32_t value)
{
	memcpy(arch_ptr(pa), &value, sizeof(value));
}

static void put64(uint64_t pa, uint64_t value)
{
	memcpy(arch_ptr(pa), &value, sizeof(value));
}

/* Offsets as in Multiboot 0.6.96, section 3.3. */
static void multiboot(uint32_t flags, uint32_t map_length)
{
	put32(INFO, flags);
	put32(INFO + 16, CMDLINE);
	put32(INFO + 20, 1);
	put32(INFO + 24, MODULES);
	put32(INFO + 44, map_length);
	put32(INFO + 48, MAP);
	put32(MODULES, 0x200010);
	put32(MODULES + 4, 0x201234);
}

static void multiboot_map(unsigned i, uint64_t base, uint64_t len,
			  uint32_t type)
{
	put32(MAP + 24 * i, 20);
	put64(MAP + 24 * i + 4, base);
	put64(MAP + 24 * i + 12, len);
	put32(MAP + 24 * i + 20, type);
}

/* Offsets as in Xen's start_info.h. */
static void pvh(uint32_t entries)
{
	put32(INFO, 0x336ec578);
	put32(INFO + 4, 1);
	put32(INFO + 12, 1);
	put64(INFO + 16, MODULES);
	put64(INFO + 24, CMDLINE);
	put64(INFO + 40, MAP);
	put32(INFO + 48, entries);
	put64(MODULES, 0x200010);
	put64(MODULES + 8, 0x1224);
}

static void pvh_map(unsigned i, uint64_t base, uint64_t size, uint32_t type)
{
	put64(MAP + 24 * i, base);
	put64(MAP + 24 * i + 8, size);
	put32(MAP + 24 * i + 16, type);
}

static void expect_described(void)
{
	assert_int_equal(boot.memory.count, 3);
	assert_int_equal(boot.memory.range[0].base, 0x1000); /* not page 0 */
	assert_int_equal(boot.memory.range[0].end, 0x9f000);
	assert_int_equal(boot.memory.range[1].base, 0x100000);
	assert_int_equal(boot.memory.range[1].end, 0x300000);
	assert_int_equal(boot.memory.range[2].base, 0x301000);
	assert_int_equal(boot.memory.range[2].end, 0x400000);
	assert_int_equal(boot.module.base, 0x200010);
	assert_int_equal(boot.module.end, 0x201234);
}

static void test_multiboot_is_read(void **state)
{
	multiboot(0x4c, 3 * 24);
	multiboot_map(0, 0x300800, 1, 2); /* reserved, inside RAM: its page */
	multiboot_map(1, 0x100000, 0x300000, 1);
	multiboot_map(2, 0, 0x9fc00, 1);
	strcpy(arch_ptr(CMDLINE), "kernel.elf one  two");
	boot_read(MULTIBOOT_MAGIC, INFO, &boot);
	expect_described();
	assert_string_equal(boot.cmdline, "one  two");
}

static void test_pvh_is_read(void **state)
{
	pvh(3);
	pvh_map(0, 0x300800, 1, 2);
	pvh_map(1, 0x100000, 0x300000, 1);
	pvh_map(2, 0, 0x9fc00, 1);
	strcpy(arch_ptr(CMDLINE), "one  two");
	boot_read(0, INFO, &boot);
	expect_described();
	assert_string_equal(boot.cmdline, "one  two");
}

static void expect_modules(void)
{
	assert_int_equal(boot.module.base, 0x200010);
	assert_int_equal(boot.further_count, 2);
	assert_int_equal(boot.further[0].range.base, 0x210000);
	assert_int_equal(boot.further[0].range.end, 0x210123);
	assert_string_equal(boot.further[0].name, "hello.elf");
	assert_int_equal(boot.further[1].range.base, 0x220000);
	assert_int_equal(strlen(boot.further[1].name), BOOT_NAME_SIZE - 1);
}

static void name_modules(uint64_t at)
{
	strcpy(arch_ptr(at), "/a/long path/to/nothing");
	strcpy(arch_ptr(at + 0x100), "build/tests/hello.elf an argument");
	memset(arch_ptr(at + 0x200), 'n', 100);
}

static void test_further_modules_have_names(void **state)
{
	const uint64_t names = CMDLINE + 0x800;

	pvh(1);
	pvh_map(0, 0x100000, 0x300000, 1);
	put32(INFO + 12, 4);
	for (unsigned i = 1; i < 4; i++) {
		put64(MODULES + 32 * i, 0x200000 + 0x10000 * i);
		put64(MODULES + 32 * i + 8, i == 3 ? 0 : 0x123); /* empty */
		put64(MODULES + 32 * i + 16, names + 0x100 * i);
	}
	name_modules(names);
	boot_read(0, INFO, &boot);
	expect_modules();

	setup(state);
	multiboot(0x48, 24);
	multiboot_map(0, 0x100000, 0x300000, 1);
	put32(INFO + 20, 40); /* more than are read */
	for (unsigned i = 1; i < 4; i++) {
		put32(MODULES + 16 * i, 0x200000 + 0x10000 * i);
		put32(MODULES + 16 * i + 4,
		      0x200000 + 0x10000 * i + (i == 3 ? 0 : 0x123));
		put32(MODULES + 16 * i + 8, names + 0x100 * i);
	}
	name_modules(names);
	boot_read(MULTIBOOT_MAGIC, INFO, &boot);
	expect_modules();
}

static void test_a_long_command_line_is_cut(void **state)
{
	pvh(1);
	pvh_map(0, 0x100000, 0x300000, 1);
	memset(arch_ptr(CMDLINE), 'a', 4000);
	boot_read(0, INFO, &boot);
	assert_int_equal(strlen(boot.cmdline), BOOT_CMDLINE_SIZE - 1);
	/* Multiboot: a name without an end is no arguments. */
	setup(state);
	multiboot(0x44, 24);
	multiboot_map(0, 0x100000, 0x300000, 1);
	strcpy(arch_ptr(CMDLINE), "kernel.elf");
	boot_read(MULTIBOOT_MAGIC, INFO, &boot);
	assert_string_equal(boot.cmdline, "");
	assert_int_equal(boot.module.end, 0); /* not in the flags */
}

static void test_what_wraps_or_never_ends_is_survived(void **state)
{
	multiboot(0x40, UINT32_MAX);
	multiboot_map(0, 0x100000, UINT64_MAX, 1); /* to the end */
	put32(MAP + 24, UINT32_MAX);		   /* next one: too far away */
	boot_read(MULTIBOOT_MAGIC, INFO, &boot);
	assert_int_equal(boot.memory.count, 1);
	assert_int_equal(boot.memory.range[0].end, DIRECT_MAP_SIZE);
}

static void expect_panic(uint32_t magic, const char *why)
{
	volatile int end = setjmp(fake.exit);

	if (end == 0)
		boot_read(magic, INFO, &boot);
	assert_int_equal(end, 1 + 0x30);
	assert_non_null(strstr(fake.log, why));
}

static void test_without_a_map_there_is_no_kernel(void **state)
{
	multiboot(0x0c, 0);
	expect_panic(MULTIBOOT_MAGIC, "no memory map");
	setup(state);
	pvh(0);
	expect_panic(0, "no memory map");
	setup(state);
	pvh(1);
	put32(INFO + 4, 0); /* version 0 has no map */
	expect_panic(0, "no memory map");
	setup(state);
	expect_panic(0, "neither Multiboot nor PVH");
	setup(state);
	pvh(1);
	put64(INFO + 40, BOOT_MAPPED - 8);
	expect_panic(0, "above 4 GiB");
}

#define T(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_multiboot_is_read),
		T(test_pvh_is_read),
		T(test_further_modules_have_names),
		T(test_a_long_command_line_is_cut),
		T(test_what_wraps_or_never_ends_is_survived),
		T(test_without_a_map_there_is_no_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
