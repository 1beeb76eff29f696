/* Good files load; every bad one is refused with its reason, in one line. */
#include "tests/unit/unit.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "tests/unit/elf_file.h"
#include "vmm/image_multiboot.h"

#define MIB	  (UINT64_C(1) << 20)

/* Where the fields of the ELF64 file are. */
#define EH(field) offsetof(Elf64_Ehdr, field)
#define PH(index, field)                                     \
	(sizeof(Elf64_Ehdr) + (index) * sizeof(Elf64_Phdr) + \
	 offsetof(Elf64_Phdr, field))

/* Open and load into 4 MiB, boot data at 9000h; the first error, or 0. */
static int load(struct elf_file *file, struct image *image, struct guestmem *gm)
{
	int err;

	elf_file_open(file);
	said_start();
	err = image_open(file->path, image);
	if (!err)
		err = image_load(image, gm, 0x9000, 0xc000);
	elf_file_close(file);
	return err;
}

static void check_good(bool elf64)
{
	struct elf_file file;
	struct guestmem gm;
	struct image image;
	uint64_t entry;

	assert_int_equal(guestmem_init(&gm, 4 * MIB), 0);
	elf_file_make(&file, elf64);
	assert_int_equal(load(&file, &image, &gm), 0);
	assert_string_equal(said(), "");
	assert_int_equal(image.elf64, elf64);
	assert_int_equal(image.seg_count, 2);
	assert_memory_equal(guestmem_ptr(&gm, 0x100000, 0x800),
			    file.bytes + 0x1000, 0x800);
	assert_memory_equal(guestmem_ptr(&gm, 0x103000, 0x100),
			    file.bytes + 0x1800, 0x100);
	assert_int_equal(*(uint8_t *)guestmem_ptr(&gm, 0x100800, 1), 0);
	assert_true(image.has_pvh);
	assert_int_equal(image.pvh_entry, 0x100010);
	assert_true(image.has_multiboot);
	assert_int_equal(image.mb_offset, ELF_FILE_MB);
	assert_int_equal(image_end(&image), 0x103100);
	assert_true(image_entry(&image, &entry));
	assert_int_equal(entry, 0x100010); /* given as a virtual address */
	image_close(&image);
	image_close(&image);
	guestmem_fini(&gm);
}

static void test_elf64_loads(void **state)
{
	check_good(true);
}

static void test_elf32_loads(void **state)
{
	check_good(false);
}

/* What one change to the good ELF64 file makes of it. */
static const struct {
	size_t at, size;
	uint64_t value;
	const char *why; /* NULL: still good */
} changes[] = {
	{0, 1, 0x7e, "not an ELF file"},
	{EI_CLASS, 1, 3, "neither a 32-bit nor a 64-bit"},
	{EI_DATA, 1, 0, "neither a little- nor a big-endian"},
	{EI_DATA, 1, ELFDATA2MSB, "x86"},
	{EI_VERSION, 1, 2, "unknown version"},
	{EH(e_machine), 2, EM_AARCH64, "is for AArch64"},
	{EH(e_machine), 2, EM_RISCV, "is for RISC-V"},
	{EH(e_machine), 2, EM_386, "not for x86"}, /* in an ELF64 file */
	{EH(e_machine), 2, 0x1234, "machine 4660"},
	{EH(e_type), 2, ET_REL, "object file"},
	{EH(e_type), 2, ET_CORE, "core dump"},
	{EH(e_type), 2, 0x99, "not an executable"},
	{EH(e_type), 2, ET_DYN, NULL}, /* with real addresses */
	{EH(e_phnum), 2, 0, "no segment"},
	{EH(e_phnum), 2, PN_XNUM, "too many program headers"},
	{EH(e_phnum), 2, 115, "truncated"},
	{EH(e_phoff), 8, ELF_FILE_SIZE - 100, "truncated"},
	{EH(e_phoff), 8, UINT64_MAX - 8, "truncated"},
	{PH(0, p_type), 4, PT_NULL, NULL}, /* the second is left */
	{PH(0, p_filesz), 8, 0x2001, "more bytes in the file"},
	{PH(0, p_filesz), 8, 0x900, NULL}, /* to the file's last byte */
	{PH(0, p_filesz), 8, 0x901, "truncated"},
	{PH(0, p_offset), 8, ELF_FILE_SIZE - 0x800, NULL},
	{PH(0, p_offset), 8, ELF_FILE_SIZE - 0x7ff, "truncated"},
	{PH(0, p_offset), 8, UINT64_MAX - 0x10, "truncated"},
	{PH(2, p_offset), 8, ELF_FILE_SIZE - 23, "truncated"},
	{PH(0, p_memsz), 8, 0x3000, NULL}, /* up to the second */
	{PH(0, p_memsz), 8, 0x3001, "overlaps another"},
	{PH(1, p_paddr), 8, 0x101fff, "overlaps another"},
	{PH(1, p_paddr), 8, 0x102000, NULL},
	{PH(1, p_paddr), 8, 4 * MIB - 0x100, NULL},
	{PH(1, p_paddr), 8, 4 * MIB - 0xff, "RAM"},
	{PH(1, p_paddr), 8, UINT64_MAX - 0xff, "RAM"},
	{PH(1, p_paddr), 8, UINT64_MAX - 0xfe, "wraps around"},
	{PH(1, p_memsz), 8, UINT64_MAX, "wraps around"},
	{PH(1, p_paddr), 8, 0x8f00, NULL},
	{PH(1, p_paddr), 8, 0x8f01, "hits the boot data"},
	{PH(1, p_paddr), 8, 0xbfff, "hits the boot data"},
	{PH(1, p_paddr), 8, 0xc000, NULL},
	{PH(1, p_paddr), 8, IMAGE_HOLE - 0x100, NULL},
	{PH(1, p_paddr), 8, IMAGE_HOLE - 0xff, "devices' window"},
	{PH(1, p_paddr), 8, IMAGE_HOLE_END - 1, "devices' window"},
};

static void test_each_change_is_judged(void **state)
{
	struct elf_file file;
	struct guestmem gm;
	struct image image;

	assert_int_equal(guestmem_init(&gm, 4 * MIB), 0);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const char *why = changes[i].why;
		int err;

		elf_file_make(&file, true);
		elf_file_poke(&file, changes[i].at, changes[i].size,
			      changes[i].value);
		err = load(&file, &image, &gm);
		if (err != (why ? -ENOEXEC : 0) ||
		    (why && !strstr(said(), why)) ||
		    (why && !strstr(said(), file.path)))
			fail_msg("row %zu (%s): %d, \"%s\"", i,
				 why ? why : "good", err, said());
		image_close(&image);
	}
	guestmem_fini(&gm);
}

/* Cut anywhere: refused, or nothing that counts was cut. */
static void test_every_truncation_is_refused(void **state)
{
	struct elf_file file;
	struct guestmem gm;
	struct image image;

	assert_int_equal(guestmem_init(&gm, 4 * MIB), 0);
	for (size_t size = 1; size < ELF_FILE_SIZE; size += 61) {
		elf_file_make(&file, true);
		file.size = size;
		assert_int_equal(load(&file, &image, &gm), -ENOEXEC);
		assert_non_null(
			strstr(said(), size < 4 ? "not an ELF" : "truncated"));
	}
	guestmem_fini(&gm);
}

/* A refused file leaves memory as it was. */
static void test_nothing_is_written_unless_all_fits(void **state)
{
	struct elf_file file;
	struct guestmem gm;
	struct image image;

	assert_int_equal(guestmem_init(&gm, 4 * MIB), 0);
	elf_file_make(&file, true);
	elf_file_poke(&file, PH(1, p_paddr), 8, 8 * MIB);
	assert_int_equal(load(&file, &image, &gm), -ENOEXEC);
	assert_int_equal(*(uint8_t *)guestmem_ptr(&gm, 0x100000, 1), 0);
	image_close(&image);
	guestmem_fini(&gm);
}

static int open_path(const char *path)
{
	struct image image;

	said_start();
	return image_open(path, &image);
}

static void test_what_is_no_file_is_refused(void **state)
{
	struct elf_file file;
	struct image image;

	assert_int_equal(open_path("/nonexistent/kernel"), -ENOENT);
	assert_non_null(strstr(said(), "/nonexistent/kernel"));
	assert_int_equal(open_path("/"), -EISDIR);
	assert_non_null(strstr(said(), "directory"));
	assert_int_equal(open_path("/dev/null"), -EINVAL);
	assert_non_null(strstr(said(), "regular"));
	elf_file_make(&file, true);
	file.size = 0;
	elf_file_open(&file);
	assert_int_equal(image_open(file.path, &image), -ENOEXEC);
	assert_non_null(strstr(said(), "empty"));
	elf_file_close(&file);
}

static void test_a_pie_at_zero_is_refused(void **state)
{
	struct elf_file file;
	struct guestmem gm;
	struct image image;

	assert_int_equal(guestmem_init(&gm, 4 * MIB), 0);
	elf_file_make(&file, true);
	elf_file_poke(&file, EH(e_type), 2, ET_DYN);
	elf_file_poke(&file, PH(0, p_paddr), 8, 0);
	assert_int_equal(load(&file, &image, &gm), -ENOEXEC);
	assert_non_null(strstr(said(), "PIE"));
	guestmem_fini(&gm);
}

/* Notes by other names, of other types or of odd sizes are no entry. */
static void test_only_the_xen_note_counts(void **state)
{
	static const struct {
		size_t at;
		uint32_t value;
		bool pvh;
	} rows[] = {
		{0, 4, true},	{0, 5, false},	{0, 0x7fffffff, false},
		{4, 4, true},	{4, 8, true},	{4, 2, false},
		{4, 12, false}, {8, 17, false}, {12, 0x006e6559, false},
	};
	struct elf_file file;
	struct image image;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		elf_file_make(&file, true);
		elf_file_poke(&file, ELF_FILE_NOTE + rows[i].at, 4,
			      rows[i].value);
		elf_file_open(&file);
		assert_int_equal(image_open(file.path, &image), 0);
		if (image.has_pvh != rows[i].pvh)
			fail_msg("row %zu", i);
		image_close(&image);
		elf_file_close(&file);
	}
}

static void test_the_multiboot_header_needs_its_checksum(void **state)
{
	struct elf_file file;
	struct image image;

	elf_file_make(&file, true);
	elf_file_poke(&file, ELF_FILE_MB + 4, 4, 1);
	elf_file_open(&file);
	assert_int_equal(image_open(file.path, &image), 0);
	assert_false(image.has_multiboot);
	image_close(&image);
	elf_file_close(&file);
}

/* Flag bit 16: the header says what goes where, also in a flat file. */
struct address_row {
	uint32_t header, load, load_end, bss_end;
	const char *why; /* NULL: good */
	uint64_t offset, filesz, memsz;
};

static const struct address_row address_rows[] = {
	{0x100200, 0x100000, 0, 0, NULL, 0, 0x1900, 0x1900},
	{0x100200, 0x100000, 0x101000, 0, NULL, 0, 0x1000, 0x1000},
	{0x100200, 0x100000, 0x101000, 0x109000, NULL, 0, 0x1000, 0x9000},
	{0x100200, 0x100200, 0, 0, NULL, 0x200, 0x1700, 0x1700},
	{0x100200, 0x100000, 0x101900, 0, NULL, 0, 0x1900, 0x1900},
	{0x100200, 0x100000, 0x101901, 0, "truncated"},
	{0x100200, 0x100000, 0x101000, 0x100800, "wrong order"},
	{0x100200, 0x100000, 0x0fffff, 0, "wrong order"},
	{0x100200, 0x100000, 0, 0x100000, "wrong order"},
	{0x100200, 0x100201, 0, 0, "do not fit"},
	{0x100201, 0x100000, 0, 0, "do not fit"},
};

static void check_addresses(const struct address_row *row, bool flat)
{
	uint32_t header[8] = {0x1badb002,   0x10000,   -(0x1badb002u + 0x10000),
			      row->header,  row->load, row->load_end,
			      row->bss_end, 0x100010};
	struct elf_file file;
	struct image image;
	int err;

	elf_file_make(&file, true);
	memcpy(file.bytes + ELF_FILE_MB, header, sizeof(header));
	if (flat)
		file.bytes[0] = 0;
	elf_file_open(&file);
	said_start();
	err = image_open(file.path, &image);
	if (!err && !flat) {
		assert_true(image_has_addresses(&image));
		err = image_use_addresses(&image);
	}
	assert_int_equal(err, row->why ? -ENOEXEC : 0);
	if (row->why) {
		assert_non_null(strstr(said(), row->why));
	} else {
		assert_int_equal(image.seg_count, 1);
		assert_int_equal(image.seg[0].paddr, row->load);
		assert_int_equal(image.seg[0].offset, row->offset);
		assert_int_equal(image.seg[0].filesz, row->filesz);
		assert_int_equal(image.seg[0].memsz, row->memsz);
		assert_int_equal(image.entry, 0x100010);
	}
	image_close(&image);
	elf_file_close(&file);
}

static void test_addresses_in_the_multiboot_header(void **state)
{
	for (size_t i = 0; i < sizeof(address_rows) / sizeof(address_rows[0]);
	     i++) {
		check_addresses(&address_rows[i], false);
		check_addresses(&address_rows[i], true);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elf64_loads),
		cmocka_unit_test(test_elf32_loads),
		cmocka_unit_test(test_each_change_is_judged),
		cmocka_unit_test(test_every_truncation_is_refused),
		cmocka_unit_test(test_nothing_is_written_unless_all_fits),
		cmocka_unit_test(test_what_is_no_file_is_refused),
		cmocka_unit_test(test_a_pie_at_zero_is_refused),
		cmocka_unit_test(test_only_the_xen_note_counts),
		cmocka_unit_test(test_the_multiboot_header_needs_its_checksum),
		cmocka_unit_test(test_addresses_in_the_multiboot_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
