/* The start info record and its lists, field by field (Xen's start_info.h). */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/boot_file.h"

#define MIB	(UINT64_C(1) << 20)
#define GIB	(UINT64_C(1) << 30)

/* In the ELF64 file: the second program header's physical address. */
#define PADDR_1 (64 + 56 + 24)

static void test_start_info_of_two_modules(void **state)
{
	struct booted b;
	uint64_t info, list, map;

	elf_file_make(&b.kernel, true);
	boot_file(&b, BOOT_AUTO, 2, 4 * MIB);
	assert_int_equal(b.err, 0);
	check_protected_mode(&b.state);
	assert_int_equal(b.state.rip, 0x100010);
	assert_int_equal(b.state.gpr[GPR_RAX], 0);
	info = b.state.gpr[GPR_RBX];
	assert_in_range(info, 0x9000, 0xc000 - 56);
	assert_int_equal(boot_u32(&b, info), 0x336ec578);
	assert_int_equal(boot_u32(&b, info + 4), 1);  /* version */
	assert_int_equal(boot_u32(&b, info + 8), 0);  /* flags */
	assert_int_equal(boot_u32(&b, info + 12), 2); /* modules */
	assert_int_equal(boot_u64(&b, info + 32), ACPI_RSDP);
	assert_int_equal(boot_u32(&b, info + 52), 0); /* reserved */
	assert_string_equal(boot_string(&b, boot_u64(&b, info + 24)), "a=1 b");

	list = boot_u64(&b, info + 16);
	assert_int_equal(boot_u64(&b, list), 0x104000); /* behind the kernel */
	assert_int_equal(boot_u64(&b, list + 8), 10);
	assert_string_equal(boot_string(&b, boot_u64(&b, list + 16)),
			    boot_file_module(&b, 0));
	assert_int_equal(boot_u64(&b, list + 24), 0);
	assert_int_equal(boot_u64(&b, list + 32), 0x105000);
	assert_int_equal(boot_u64(&b, list + 40), 5000);
	assert_memory_equal(guestmem_ptr(&b.gm, 0x105000, 5000),
			    b.module[1].bytes, 5000);

	map = boot_u64(&b, info + 40);
	assert_int_equal(boot_u32(&b, info + 48), 3);
	assert_int_equal(boot_u64(&b, map), 0);
	assert_int_equal(boot_u64(&b, map + 8), 0x9fc00);
	assert_int_equal(boot_u32(&b, map + 16), 1); /* RAM */
	assert_int_equal(boot_u64(&b, map + 24), 0x9fc00);
	assert_int_equal(boot_u64(&b, map + 32), 0x100000 - 0x9fc00);
	assert_int_equal(boot_u32(&b, map + 40), 2); /* reserved */
	assert_int_equal(boot_u64(&b, map + 48), MIB);
	assert_int_equal(boot_u64(&b, map + 56), 3 * MIB);
	assert_int_equal(boot_u32(&b, map + 64), 1);
	boot_file_end(&b);
}

/* Where kernels look that know a BIOS; not over a kernel that lies there. */
static void test_the_bios_data_area(void **state)
{
	struct booted b;

	elf_file_make(&b.kernel, true);
	boot_file(&b, BOOT_PVH, 0, UINT64_C(2) << 20);
	assert_int_equal(b.err, 0);
	assert_int_equal(boot_u32(&b, 0x400), 0x02f803f8);
	assert_int_equal(boot_u32(&b, 0x40e) & 0xffff, 0x9fc0);
	assert_int_equal(boot_u32(&b, 0x413) & 0xffff, 639);
	boot_file_end(&b);
}

/* A kernel may lie where the records usually are. */
static void test_the_records_make_room(void **state)
{
	struct booted b;

	elf_file_make(&b.kernel, true);
	boot_file(&b, BOOT_PVH, 0, UINT64_C(2) << 20);
	assert_in_range(b.state.gpr[GPR_RBX], 0x9000, 0xbfff);
	boot_file_end(&b);

	elf_file_make(&b.kernel, true);
	elf_file_poke(&b.kernel, PADDR_1, 8, 0x9000);
	boot_file(&b, BOOT_PVH, 0, UINT64_C(2) << 20);
	assert_int_equal(b.err, 0);
	assert_in_range(b.state.gpr[GPR_RBX], 0x90000, 0x92fff);
	assert_string_equal(
		boot_string(&b, boot_u64(&b, b.state.gpr[GPR_RBX] + 24)),
		"a=1 b");
	boot_file_end(&b);
}

static void test_no_modules_is_no_list(void **state)
{
	struct booted b;
	uint64_t info;

	elf_file_make(&b.kernel, false);
	boot_file(&b, BOOT_PVH, 0, 4 * MIB);
	assert_int_equal(b.err, 0);
	info = b.state.gpr[GPR_RBX];
	assert_int_equal(boot_u32(&b, info + 12), 0);
	assert_int_equal(boot_u64(&b, info + 16), 0);
	boot_file_end(&b);
}

static void test_memory_over_the_hole_is_a_range_of_its_own(void **state)
{
	struct booted b;
	uint64_t info, map;

	elf_file_make(&b.kernel, true);
	boot_file(&b, BOOT_PVH, 0, 4 * GIB);
	assert_int_equal(b.err, 0);
	info = b.state.gpr[GPR_RBX];
	map = boot_u64(&b, info + 40);
	assert_int_equal(boot_u32(&b, info + 48), 4);
	assert_int_equal(boot_u64(&b, map + 56), 3 * GIB - MIB);
	assert_int_equal(boot_u64(&b, map + 72), 4 * GIB);
	assert_int_equal(boot_u64(&b, map + 80), GIB);
	boot_file_end(&b);
}

static void refuse(struct booted *b, unsigned modules, uint64_t mem,
		   const char *why)
{
	boot_file(b, BOOT_PVH, modules, mem);
	assert_int_equal(b->err, -ENOEXEC);
	assert_non_null(strstr(said(), why));
	boot_file_end(b);
}

static void test_an_entry_outside_the_segments_is_refused(void **state)
{
	struct booted b;

	elf_file_make(&b.kernel, true);
	elf_file_poke(&b.kernel, ELF_FILE_NOTE + 16, 8, 0x103100);
	refuse(&b, 0, 4 * MIB, "entry point");
}

static void test_a_kernel_without_the_note_is_refused(void **state)
{
	struct booted b;

	elf_file_make(&b.kernel, true);
	elf_file_poke(&b.kernel, ELF_FILE_NOTE + 8, 4, 17);
	refuse(&b, 0, 4 * MIB, "no PVH note");
	elf_file_poke(&b.kernel, ELF_FILE_MB, 4, 0);
	refuse(&b, 0, 4 * MIB, "neither");
}

/* 16 KiB behind the kernel take modules to their last byte, not one more. */
static void test_modules_must_fit(void **state)
{
	struct booted b;

	elf_file_make(&b.kernel, true);
	boot_file(&b, BOOT_PVH, 2, MIB + 0x7000);
	assert_int_equal(b.err, 0);
	boot_file_end(&b);
	refuse(&b, 2, MIB + 0x6000, "do not fit");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start_info_of_two_modules),
		cmocka_unit_test(test_the_bios_data_area),
		cmocka_unit_test(test_the_records_make_room),
		cmocka_unit_test(test_no_modules_is_no_list),
		cmocka_unit_test(
			test_memory_over_the_hole_is_a_range_of_its_own),
		cmocka_unit_test(test_an_entry_outside_the_segments_is_refused),
		cmocka_unit_test(test_a_kernel_without_the_note_is_refused),
		cmocka_unit_test(test_modules_must_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
