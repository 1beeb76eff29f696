/* The zero page of Linux's boot protocol, field by field. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/boot_file.h"

#define MIB (UINT64_C(1) << 20)

static struct booted b;

/* Boots the good file with what `at` says otherwise, if at is not 0. */
static void boot_changed(unsigned modules, uint64_t mem, size_t at, size_t size,
			 uint64_t value)
{
	linux_file_make(&b.kernel);
	if (at)
		elf_file_poke(&b.kernel, at, size, value);
	boot_file(&b, BOOT_AUTO, modules, mem);
}

static void test_zero_page(void **state)
{
	uint64_t page;

	boot_changed(0, 4 * MIB, 0, 0, 0);
	assert_int_equal(b.err, 0);
	assert_int_equal(b.state.rip, 0x100000);
	assert_memory_equal(guestmem_ptr(&b.gm, 0x100000, LINUX_FILE_KERNEL),
			    b.kernel.bytes + 0x600, LINUX_FILE_KERNEL);
	page = b.state.gpr[GPR_RSI];
	assert_int_equal(boot_u32(&b, page + 0x06) & 0xffff, 80 << 8 | 3);
	assert_int_equal(boot_u32(&b, page + 0x0e) & 0xffff, 1 << 8 | 25);
	assert_int_equal(boot_u64(&b, page + 0x70), ACPI_RSDP);
	assert_int_equal(boot_u32(&b, page + 0x1ec), 0); /* sentinel */
	assert_int_equal(boot_u32(&b, page + 0x202), 0x53726448);
	assert_int_equal(boot_u32(&b, page + 0x210) & 0xffff, 0x1ff);
	assert_int_equal(boot_u32(&b, page + 0x214), 0x100000);
	assert_int_equal(boot_u32(&b, page + 0x218), 0); /* no RAM disk */
	assert_int_equal(boot_u32(&b, page + 0x21c), 0);
	assert_string_equal(boot_string(&b, boot_u32(&b, page + 0x228)),
			    "a=1 b");
	assert_int_equal(boot_u32(&b, page + 0x268), 0x12345678);
	assert_int_equal(boot_u32(&b, page + 0x26c),
			 0); /* no header any more */

	assert_int_equal(boot_u32(&b, page + 0x1e8) & 0xff, 3);
	assert_int_equal(boot_u64(&b, page + 0x2d0), 0);
	assert_int_equal(boot_u64(&b, page + 0x2d8), 0x9fc00);
	assert_int_equal(boot_u32(&b, page + 0x2e0), 1); /* RAM */
	assert_int_equal(boot_u32(&b, page + 0x2f4), 2); /* reserved */
	assert_int_equal(boot_u64(&b, page + 0x2f8), MIB);
	assert_int_equal(boot_u64(&b, page + 0x300), 3 * MIB);
	boot_file_end(&b);
}

static void test_segments(void **state)
{
	uint64_t gdt;

	boot_changed(0, 4 * MIB, 0, 0, 0);
	check_protected_mode(&b.state);
	assert_int_equal(b.state.seg[SEG_CS].selector, 0x10);
	assert_int_equal(b.state.seg[SEG_DS].selector, 0x18);
	assert_int_equal(b.state.seg[SEG_SS].selector, 0x18);
	assert_int_equal(b.state.gpr[GPR_RBX], 0);
	assert_int_equal(b.state.gdt.limit, 31);
	gdt = b.state.gdt.base;
	assert_true(boot_u64(&b, gdt + 0x10) == UINT64_C(0xcf9b000000ffff));
	assert_true(boot_u64(&b, gdt + 0x18) == UINT64_C(0xcf93000000ffff));
	boot_file_end(&b);
}

/* Behind what the kernel needs at first; together they are one. */
static void test_modules_are_the_ram_disk(void **state)
{
	uint64_t page;

	boot_changed(2, 4 * MIB, 0, 0, 0);
	assert_int_equal(b.err, 0);
	page = b.state.gpr[GPR_RSI];
	assert_int_equal(boot_u32(&b, page + 0x218), 0x104000);
	assert_int_equal(boot_u32(&b, page + 0x21c), 0x1000 + 5000);
	assert_memory_equal(guestmem_ptr(&b.gm, 0x105000, 5000),
			    b.module[1].bytes, 5000);
	boot_file_end(&b);
}

/* What one change makes of it, with a module of 10 bytes. */
static void test_what_is_refused(void **state)
{
	static const struct {
		size_t at, size;
		uint64_t value;
		const char *why; /* NULL: still good */
	} rows[] = {
		{0x206, 2, 0x209, "boot protocol 2.09"},
		{0x206, 2, 0x20a, NULL},
		{0x211, 1, 0, "under 1 MiB"},
		{0x258, 8, 0xfffff, "under 1 MiB"},
		{0x258, 8, UINT64_C(1) << 32, "not all in RAM"},
		{0x258, 8, UINT64_MAX - 0xfff, "segment"},
		{0x260, 4, 0x2ff000, "initial RAM disk"},
		{0x260, 4, 0x300001, "not all in RAM"},
		{0x260, 4, 0x300000, "module"},
		{0x260, 4, 0, NULL}, /* the file's size at least */
		{0x1f1, 1, 0, NULL}, /* 4 */
		{0x1f1, 1, 11, NULL},
		{0x1f1, 1, 12, "truncated"},
		{0x1f4, 4, LINUX_FILE_KERNEL / 16 + 1, "truncated"},
		{0x1f4, 4, UINT32_MAX, "truncated"},
		{0x201, 1, 0, NULL},
		{0x201, 1, 255, NULL},
		{0x22c, 4, 0x104009, NULL},
		{0x22c, 4, 0x104008, "initial RAM disk"},
		{0x238, 4, 5, NULL},
		{0x238, 4, 4, "command line"},
		{0x202, 1, 0, "not an ELF file"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool small = rows[i].at == 0x1f1;

		linux_file_make(&b.kernel);
		if (small) /* for other numbers of sectors */
			elf_file_poke(&b.kernel, 0x1f4, 4, 1);
		elf_file_poke(&b.kernel, rows[i].at, rows[i].size,
			      rows[i].value);
		boot_file(&b, BOOT_AUTO, 1, 4 * MIB);
		assert_int_equal(b.err != 0, rows[i].why != NULL);
		if (rows[i].why)
			assert_non_null(strstr(said(), rows[i].why));
		boot_file_end(&b);
	}
}

static void test_a_cut_header(void **state)
{
	linux_file_make(&b.kernel);
	b.kernel.size = 0x263;
	boot_file(&b, BOOT_AUTO, 0, 4 * MIB);
	assert_int_equal(b.err, -ENOEXEC);
	assert_non_null(strstr(said(), "cut off"));
	boot_file_end(&b);
}

static void test_each_protocol_wants_its_files(void **state)
{
	static const enum boot_protocol protocol[] = {BOOT_PVH, BOOT_MULTIBOOT,
						      BOOT_LINUX};

	for (unsigned i = 0; i < 3; i++) {
		linux_file_make(&b.kernel);
		boot_file(&b, protocol[i], 0, 4 * MIB);
		assert_int_equal(b.err, i == 2 ? 0 : -ENOEXEC);
		boot_file_end(&b);
	}
	elf_file_make(&b.kernel, true);
	boot_file(&b, BOOT_LINUX, 0, 4 * MIB);
	assert_int_equal(b.err, -ENOEXEC);
	boot_file_end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zero_page),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_modules_are_the_ram_disk),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_a_cut_header),
		cmocka_unit_test(test_each_protocol_wants_its_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
