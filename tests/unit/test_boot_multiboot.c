/* The information record, field by field (Multiboot 0.6.96, section 3.3). */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/boot_file.h"

#define MIB (UINT64_C(1) << 20)

static void set_flags(struct elf_file *kernel, uint32_t flags)
{
	elf_file_poke(kernel, ELF_FILE_MB + 4, 4, flags);
	elf_file_poke(kernel, ELF_FILE_MB + 8, 4, -(0x1badb002u + flags));
}

static void check_map(const struct booted *b, uint64_t map)
{
	static const struct {
		uint64_t base, len;
		uint32_t type;
	} ranges[] = {
		{0, 0x9fc00, 1}, {0x9fc00, 0x60400, 2}, {MIB, 3 * MIB, 1}};

	for (int i = 0; i < 3; i++, map += 24) {
		assert_int_equal(boot_u32(b, map), 20);
		assert_int_equal(boot_u64(b, map + 4), ranges[i].base);
		assert_int_equal(boot_u64(b, map + 12), ranges[i].len);
		assert_int_equal(boot_u32(b, map + 20), ranges[i].type);
	}
}

static void check_info(bool elf64)
{
	struct booted b;
	uint64_t info, list;

	elf_file_make(&b.kernel, elf64);
	set_flags(&b.kernel, 3); /* aligned modules, memory information */
	boot_file(&b, BOOT_MULTIBOOT, 2, 4 * MIB);
	assert_int_equal(b.err, 0);
	check_protected_mode(&b.state);
	assert_int_equal(b.state.rip, 0x100010); /* e_entry is virtual */
	assert_int_equal(b.state.gpr[GPR_RAX], 0x2badb002);
	info = b.state.gpr[GPR_RBX];
	assert_in_range(info, 0x9000, 0xc000 - 88);
	assert_int_equal(boot_u32(&b, info), 0x24d); /* 0, 2, 3, 6, 9 */
	assert_int_equal(boot_u32(&b, info + 4), 639);
	assert_int_equal(boot_u32(&b, info + 8), 3072);
	assert_string_equal(boot_string(&b, boot_u32(&b, info + 16)), "a=1 b");
	assert_int_equal(boot_u32(&b, info + 20), 2);
	list = boot_u32(&b, info + 24);
	assert_int_equal(boot_u32(&b, list), 0x104000);
	assert_int_equal(boot_u32(&b, list + 4), 0x104000 + 10);
	assert_string_equal(boot_string(&b, boot_u32(&b, list + 8)),
			    boot_file_module(&b, 0));
	assert_int_equal(boot_u32(&b, list + 12), 0);
	assert_int_equal(boot_u32(&b, list + 16), 0x105000);
	assert_int_equal(boot_u32(&b, list + 20), 0x105000 + 5000);
	assert_int_equal(boot_u32(&b, info + 44), 72);
	check_map(&b, boot_u32(&b, info + 48));
	assert_string_equal(boot_string(&b, boot_u32(&b, info + 64)), "vmm");
	boot_file_end(&b);
}

static void test_information_for_elf32(void **state)
{
	check_info(false);
}

static void test_information_for_elf64(void **state)
{
	check_info(true);
}

static void test_auto_takes_multiboot_where_no_note_is(void **state)
{
	struct booted b;

	elf_file_make(&b.kernel, true);
	elf_file_poke(&b.kernel, ELF_FILE_NOTE + 8, 4, 17);
	boot_file(&b, BOOT_AUTO, 0, 4 * MIB);
	assert_int_equal(b.err, 0);
	assert_int_equal(b.state.gpr[GPR_RAX], 0x2badb002);
	boot_file_end(&b);
}

static void test_demands_are_met_or_refused(void **state)
{
	static const struct {
		uint32_t flags;
		int err;
	} rows[] = {{0, 0},
		    {1, 0},
		    {2, 0},
		    {3, 0},
		    {4, 0},
		    {8, -ENOEXEC},
		    {0x8000, -ENOEXEC},
		    {0x20000, 0} /* an offer */};
	struct booted b;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		elf_file_make(&b.kernel, true);
		set_flags(&b.kernel, rows[i].flags);
		boot_file(&b, BOOT_MULTIBOOT, 0, 4 * MIB);
		assert_int_equal(b.err, rows[i].err);
		boot_file_end(&b);
	}
}

static void test_the_headers_addresses_are_used(void **state)
{
	const uint32_t addresses[5] = {0x200000 + ELF_FILE_MB, 0x200000,
				       0x201000, 0x204000, 0x200123};
	struct booted b;

	elf_file_make(&b.kernel, true);
	set_flags(&b.kernel, 0x10000);
	memcpy(b.kernel.bytes + ELF_FILE_MB + 12, addresses, sizeof(addresses));
	boot_file(&b, BOOT_MULTIBOOT, 1, 4 * MIB);
	assert_int_equal(b.err, 0);
	assert_int_equal(b.state.rip, 0x200123);
	assert_memory_equal(guestmem_ptr(&b.gm, 0x200000, 0x1000),
			    b.kernel.bytes, 0x1000);
	assert_int_equal(boot_u32(&b, 0x204000), 0x61616161); /* module */
	boot_file_end(&b);
}

static void test_an_entry_outside_the_segments_is_refused(void **state)
{
	struct booted b;

	elf_file_make(&b.kernel, true);
	elf_file_poke(&b.kernel, 24, 8, 0x99999);
	boot_file(&b, BOOT_MULTIBOOT, 0, 4 * MIB);
	assert_int_equal(b.err, -ENOEXEC);
	assert_non_null(strstr(said(), "entry point"));
	boot_file_end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_information_for_elf32),
		cmocka_unit_test(test_information_for_elf64),
		cmocka_unit_test(test_auto_takes_multiboot_where_no_note_is),
		cmocka_unit_test(test_demands_are_met_or_refused),
		cmocka_unit_test(test_the_headers_addresses_are_used),
		cmocka_unit_test(test_an_entry_outside_the_segments_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
