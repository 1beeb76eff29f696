/* Multiboot 2: header tags, and the information tag by tag (sections 3.1 and
 * 3.6 of the specification). */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/boot_file.h"
#include "vmm/boot_parts.h"
#include "vmm/image_multiboot.h"

#include <elf.h> /* last: it has a PF_W of its own */

#define MIB	 UINT64_C(0x100000)
#define HEADER	 0x400 /* in the file */
#define SECTIONS 0x600
#define OPTIONAL 0x10000u

/* A header with these words as tags, and an end. */
static void put_header(struct elf_file *file, const uint32_t *words,
		       size_t count)
{
	uint32_t len = 16 + ((count * 4 + 7) & ~7u) + 8, magic = 0xe85250d6;
	const uint32_t head[4] = {magic, 0, len, -(magic + len)};

	memset(file->bytes + HEADER, 0, len);
	memcpy(file->bytes + HEADER, head, sizeof(head));
	if (count)
		memcpy(file->bytes + HEADER + 16, words, count * 4);
	elf_file_poke(file, HEADER + len - 4, 4, 8);
}

/* Where the first tag of `type` is, from `at` on; 0: there is none. */
static uint64_t find_tag(const struct booted *b, uint64_t at, uint32_t type)
{
	uint64_t info = b->state.gpr[GPR_RBX];
	uint64_t end = info + boot_u32(b, info);

	if (!at)
		at = info + 8;
	for (; at < end; at += (boot_u32(b, at + 4) + 7) & ~7u) {
		assert_in_range(boot_u32(b, at + 4), 8, end - at);
		if (boot_u32(b, at) == type)
			return at;
	}
	assert_int_equal(at, end);
	return 0;
}

static uint64_t tag(const struct booted *b, uint32_t type, uint32_t size)
{
	uint64_t at = find_tag(b, 0, type);

	assert_int_not_equal(at, 0);
	assert_int_equal(boot_u32(b, at + 4), size);
	return at;
}

static void check_memory(const struct booted *b)
{
	static const uint64_t ranges[3][3] = {
		{0, 0x9fc00, 1}, {0x9fc00, 0x60400, 2}, {MIB, 3 * MIB, 1}};
	uint64_t at = tag(b, 4, 16);

	assert_int_equal(boot_u32(b, at + 8), 639);
	assert_int_equal(boot_u32(b, at + 12), 3072);
	at = tag(b, 6, 16 + 3 * 24);
	assert_int_equal(boot_u32(b, at + 8), 24);
	assert_int_equal(boot_u32(b, at + 12), 0);
	for (int i = 0; i < 3; i++) {
		uint64_t range = at + 16 + i * 24;

		assert_int_equal(boot_u64(b, range), ranges[i][0]);
		assert_int_equal(boot_u64(b, range + 8), ranges[i][1]);
		assert_int_equal(boot_u64(b, range + 16), ranges[i][2]);
	}
}

static void check_modules(const struct booted *b)
{
	static const uint32_t size[2] = {10, 5000};
	uint64_t at = 0;

	for (int i = 0; i < 2; i++) {
		const char *name = boot_file_module(b, i);
		uint32_t start = i ? 0x105000 : 0x104000;

		at = find_tag(b, at, 3);
		assert_int_not_equal(at, 0);
		assert_int_equal(boot_u32(b, at + 8), start);
		assert_int_equal(boot_u32(b, at + 12), start + size[i]);
		assert_string_equal(boot_string(b, at + 16), name);
		assert_int_equal(boot_u32(b, at + 4), 16 + strlen(name) + 1);
		at += (boot_u32(b, at + 4) + 7) & ~7u;
	}
	assert_int_equal(find_tag(b, at, 3), 0);
}

static void check_info(bool elf64)
{
	struct booted b;
	uint64_t at;

	elf_file_make(&b.kernel, elf64);
	put_header(&b.kernel, NULL, 0);
	boot_file(&b, BOOT_MULTIBOOT2, 2, 4 * MIB);
	assert_int_equal(b.err, 0);
	check_protected_mode(&b.state);
	assert_int_equal(b.state.rip, 0x100010); /* e_entry is virtual */
	assert_int_equal(b.state.gpr[GPR_RAX], 0x36d76289);
	assert_int_equal(b.state.gpr[GPR_RBX] % 8, 0);
	assert_in_range(b.state.gpr[GPR_RBX], 0x9000, 0xd000 - 8);
	at = tag(&b, 1, 8 + sizeof("a=1 b"));
	assert_string_equal(boot_string(&b, at + 8), "a=1 b");
	at = tag(&b, 2, 8 + sizeof("vmm"));
	assert_string_equal(boot_string(&b, at + 8), "vmm");
	check_modules(&b);
	check_memory(&b);
	at = tag(&b, 8, 32);
	assert_int_equal(boot_u64(&b, at + 8), 0xb8000);
	assert_int_equal(boot_u32(&b, at + 16), 160);
	assert_int_equal(boot_u32(&b, at + 20), 80);
	assert_int_equal(boot_u32(&b, at + 24), 25);
	assert_int_equal(boot_u32(&b, at + 28), 2 << 8 | 16);
	assert_int_equal(find_tag(&b, 0, 9), 0);  /* no sections */
	assert_int_equal(find_tag(&b, 0, 14), 0); /* no board, no ACPI */
	assert_int_equal(find_tag(&b, 0, 21), 0); /* not relocatable */
	tag(&b, 0, 8);
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

static void test_auto_takes_it_last(void **state)
{
	struct booted b;

	for (int i = 0; i < 2; i++) {
		elf_file_make(&b.kernel, true);
		put_header(&b.kernel, NULL, 0);
		elf_file_poke(&b.kernel, ELF_FILE_NOTE + 8, 4, 17);
		if (i)
			elf_file_poke(&b.kernel, ELF_FILE_MB, 4, 0);
		boot_file(&b, BOOT_AUTO, 0, 4 * MIB);
		assert_int_equal(b.err, 0);
		assert_int_equal(b.state.gpr[GPR_RAX],
				 i ? 0x36d76289 : 0x2badb002);
		boot_file_end(&b);
	}
}

/* ---- the header ---- */

static const struct {
	uint32_t words[8];
	size_t count;
	const char *why; /* NULL: it starts */
} tag_rows[] = {
	{{1, 16, 1, 21}, 4, NULL}, /* all that is known */
	{{1, 12, 22}, 3, "demands information of type 22"},
	{{1 | OPTIONAL, 12, 22}, 3, NULL},
	{{1, 7}, 2, "has 7 bytes"}, /* no tag is shorter than its header */
	{{1, 8}, 2, NULL},
	{{2, 20, 0, 0, 0}, 5, "has 20 bytes, and needs 24"},
	{{2, 24, 0x100400, 0x100000, 0, 0}, 6, "no entry point"},
	{{3, 11, 0x100010}, 3, "has 11 bytes, and needs 12"},
	{{3, 12, 0x100010}, 3, NULL},
	{{3, 12, 0x101fff}, 3, NULL},
	{{3, 12, 0x102000}, 3, "entry point"},
	{{3, 12, 0xfffff}, 3, "entry point"},
	{{4, 12, 0}, 3, NULL}, /* no text, but no need of a console */
	{{4, 12, 1}, 3, "graphics mode"},
	{{4, 12, 3}, 3, NULL},
	{{5, 19, 0, 0, 0}, 5, "has 19 bytes, and needs 20"},
	{{5, 20, 1024, 768, 32}, 5, NULL}, /* said, but not refused */
	{{6, 8}, 2, NULL},
	{{7, 8}, 2, NULL}, /* for EFI, all three */
	{{8, 12, 0x1234}, 3, NULL},
	{{9, 12, 0x1234}, 3, NULL},
	{{10, 23, 0, 0, 0, 0}, 6, "has 23 bytes, and needs 24"},
	{{11, 8}, 2, "a tag of type 11"},
	{{11 | OPTIONAL, 8}, 2, NULL},
	{{11 | OPTIONAL, 24}, 2, "of 16 that are left"},
	{{11 | OPTIONAL, 16}, 2, NULL}, /* the end goes with it */
	{{11 | OPTIONAL, 0xffffffff}, 2, "that are left"},
};

static void test_tags_are_met_or_refused(void **state)
{
	struct booted b;

	for (size_t i = 0; i < sizeof(tag_rows) / sizeof(tag_rows[0]); i++) {
		elf_file_make(&b.kernel, true);
		put_header(&b.kernel, tag_rows[i].words, tag_rows[i].count);
		boot_file(&b, BOOT_MULTIBOOT2, 0, 4 * MIB);
		assert_int_equal(b.err, tag_rows[i].why ? -ENOEXEC : 0);
		if (tag_rows[i].why)
			assert_non_null(strstr(said(), tag_rows[i].why));
		boot_file_end(&b);
	}
}

/* Segments at 100000h whose virtual addresses go over the physical entry. */
static void test_an_entry_tag_is_physical(void **state)
{
	static const uint32_t words[3] = {3, 12, 0x100123};
	struct booted b;

	elf_file_make(&b.kernel, true);
	put_header(&b.kernel, words, 3);
	elf_file_poke(&b.kernel, 64 + 16, 8, 0x100100); /* p_vaddr */
	boot_file(&b, BOOT_MULTIBOOT2, 0, 4 * MIB);
	assert_int_equal(b.err, 0);
	assert_int_equal(b.state.rip, 0x100123);
	boot_file_end(&b);
}

static const struct {
	uint32_t header, load, load_end, bss_end;
	const char *why;
	uint32_t first, end; /* of what was loaded */
} address_rows[] = {
	{0x200400, 0x200000, 0x201000, 0x204000, NULL, 0x200000, 0x204000},
	{0x200400, 0x200400, 0, 0, NULL, 0x200400, 0x200000 + ELF_FILE_SIZE},
	{0x200400, 0x200401, 0, 0, "do not fit", 0, 0},
	{0x200400, 0x1fffff, 0, 0, "do not fit", 0, 0},
	{0x200400, 0xffffffff, 0, 0, NULL, 0x200000, 0x200000 + ELF_FILE_SIZE},
	{0x400, 0xffffffff, 0, 0, "entry point", 0, 0}, /* the file's at 0 */
	{0x3ff, 0xffffffff, 0, 0, "further into the file", 0, 0},
	{0x200400, 0x200000, 0x200000 + ELF_FILE_SIZE, 0, NULL, 0x200000,
	 0x200000 + ELF_FILE_SIZE},
	{0x200400, 0x200000, 0x200001 + ELF_FILE_SIZE, 0, "truncated", 0, 0},
	{0x200400, 0x200000, 0x201000, 0x200fff, "wrong order", 0, 0},
};

/* Of an ELF file, whose segments then do not count, or of any other. */
static void check_addresses(size_t row, bool flat)
{
	uint32_t words[10] = {2,
			      24,
			      address_rows[row].header,
			      address_rows[row].load,
			      address_rows[row].load_end,
			      address_rows[row].bss_end,
			      3,
			      12,
			      0x200500};
	struct booted b;

	elf_file_make(&b.kernel, true);
	put_header(&b.kernel, words, 10);
	if (flat)
		memset(b.kernel.bytes, 'x', ELF_FILE_MB + 4);
	boot_file(&b, BOOT_MULTIBOOT2, 1, 4 * MIB);
	assert_int_equal(b.err, address_rows[row].why ? -ENOEXEC : 0);
	if (address_rows[row].why) {
		assert_non_null(strstr(said(), address_rows[row].why));
	} else {
		uint32_t first = address_rows[row].first;
		uint32_t module = (address_rows[row].end + 0xfff) & ~0xfffu;

		assert_int_equal(b.state.rip, 0x200500);
		assert_memory_equal(guestmem_ptr(&b.gm, first, 0x100),
				    b.kernel.bytes + (first & 0xfff), 0x100);
		assert_int_equal(boot_u32(&b, module), 0x61616161);
	}
	boot_file_end(&b);
}

static void test_the_headers_addresses_are_used(void **state)
{
	for (size_t i = 0; i < sizeof(address_rows) / sizeof(address_rows[0]);
	     i++) {
		check_addresses(i, false);
		check_addresses(i, true);
	}
}

static void test_a_flat_file_needs_addresses(void **state)
{
	struct booted b;

	elf_file_make(&b.kernel, true);
	put_header(&b.kernel, NULL, 0);
	memset(b.kernel.bytes, 'x', ELF_FILE_MB + 4);
	boot_file(&b, BOOT_AUTO, 0, 4 * MIB);
	assert_int_equal(b.err, -ENOEXEC);
	assert_non_null(strstr(said(), "tag 2"));
	boot_file_end(&b);
}

static void test_where_the_header_may_be(void **state)
{
	static const struct {
		size_t at, size;
		uint32_t arch;
		bool found;
	} rows[] = {
		{0, 16, 0, true},
		{0, 15, 0, false},
		{4, 64, 0, false}, /* at multiples of eight */
		{32768 - 16, 40000, 0, true},
		{32768 - 8, 40000, 0, false},
		{32768, 40000, 0, false},
		{0, 64, 4, false}, /* MIPS */
	};
	static uint8_t bytes[40000];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t magic = 0xe85250d6;
		const uint32_t head[4] = {magic, rows[i].arch, 24,
					  -(magic + rows[i].arch + 24)};
		struct image image = {.data = bytes, .size = rows[i].size};

		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes + rows[i].at, head, sizeof(head));
		image_find_multiboot2(&image);
		assert_int_equal(image.has_multiboot2, rows[i].found);
		bytes[rows[i].at + 12]++;
		image_find_multiboot2(&image);
		assert_false(image.has_multiboot2);
	}
}

static void test_a_header_that_comes_too_late_is_named(void **state)
{
	static uint8_t bytes[40000];
	struct image image = {.data = bytes, .size = 40000, .path = "kernel"};
	const uint32_t head[4] = {0xe85250d6, 0, 16, -(0xe85250d6 + 16u)};
	const uint32_t first[3] = {0x1badb002, 0, -0x1badb002u};

	said_start();
	assert_int_equal(image_refuse_multiboot(&image), -ENOEXEC);
	assert_non_null(strstr(said(), "no way to start it"));
	memcpy(bytes + 32768, head, sizeof(head));
	image_refuse_multiboot(&image);
	assert_non_null(strstr(said(), "Multiboot 2 is at 0x8000"));
	memcpy(bytes + 8192, first, sizeof(first));
	image_refuse_multiboot(&image);
	assert_non_null(strstr(said(), "Multiboot 1 is at 0x2000"));
	assert_non_null(strstr(said(), "8 KiB"));
}

/* ---- relocation ---- */

/* The kernel has 3100h bytes from 100000h on, the machine 4 MiB. */
static const struct {
	uint32_t min, max, align, preference;
	uint32_t base; /* 0: refused */
} place_rows[] = {
	{0, 0xffffffff, 0, 0, 0x100000},
	{0, 0xffffffff, 1, 1, 0x100000},
	{0x100000, 0x103100, 1, 0, 0x100000}, /* just so */
	{0x100000, 0x1030ff, 1, 0, 0},
	{0x100001, 0xffffffff, 1, 0, 0x100001},
	{0x100001, 0xffffffff, 0x1000, 0, 0x101000},
	{0x200000, 0xffffffff, 0x1000, 0, 0x200000},
	{0, 0xffffffff, 0x200000, 0, 0x200000},
	{0, 0xffffffff, 0x400000, 0, 0},
	{0, 0xffffffff, 3, 0, 0}, /* no power of two */
	{0, 0xffffffff, 1, 2, 0x400000 - 0x3100},
	{0, 0xffffffff, 0x1000, 2, 0x3fc000},
	{0, 0x300000, 0x1000, 2, 0x2fc000},
	{0, 0x300000, 0x1000, 1, 0x100000},
	{0x300000, 0x200000, 1, 0, 0},
	{0, 0xffffffff, 1, 99, 0x100000}, /* no preference that is known */
};

static void check_place(const struct booted *b, uint32_t base, bool high)
{
	uint64_t at = tag(b, 21, 12),
		 module = tag(b, 3, boot_u32(b, find_tag(b, 0, 3) + 4));
	uint32_t where = high ? 0x100000 : (base + 0x3100 + 0xfff) & ~0xfffu;

	assert_int_equal(boot_u32(b, at + 8), base);
	assert_int_equal(b->state.rip, base + 0x10);
	assert_memory_equal(guestmem_ptr(&b->gm, base, 0x800),
			    b->kernel.bytes + 0x1000, 0x800);
	assert_memory_equal(guestmem_ptr(&b->gm, base + 0x3000, 0x100),
			    b->kernel.bytes + 0x1800, 0x100);
	/* Modules lie behind it, or under one that is as high as can be. */
	assert_int_equal(boot_u32(b, module + 8), where);
}

static void check_relocation(size_t row, bool entry_tag)
{
	const uint32_t words[10] = {10,
				    24,
				    place_rows[row].min,
				    place_rows[row].max,
				    place_rows[row].align,
				    place_rows[row].preference,
				    3,
				    12,
				    0x100010};
	struct booted b;

	elf_file_make(&b.kernel, true);
	put_header(&b.kernel, words, entry_tag ? 10 : 6);
	boot_file(&b, BOOT_MULTIBOOT2, 1, 4 * MIB);
	if (place_rows[row].base) {
		assert_int_equal(b.err, 0);
		check_place(&b, place_rows[row].base,
			    place_rows[row].preference == 2);
	} else {
		assert_int_equal(b.err, -ENOEXEC);
	}
	boot_file_end(&b);
}

static void test_a_relocatable_kernel_is_put_where_it_may_be(void **state)
{
	for (size_t i = 0; i < sizeof(place_rows) / sizeof(place_rows[0]);
	     i++) {
		check_relocation(i, false);
		check_relocation(i, true);
	}
}

static void test_modules_go_not_into_a_kernel_above_them(void **state)
{
	static const uint32_t words[6] = {10, 24, 0, 0x105000, 0x1000, 2};
	struct booted b;

	for (unsigned count = 1; count <= 2; count++) {
		elf_file_make(&b.kernel, true);
		put_header(&b.kernel, words, 6); /* to 101000h */
		boot_file(&b, BOOT_MULTIBOOT2, count, 4 * MIB);
		assert_int_equal(b.err, count == 1 ? 0 : -ENOEXEC);
		boot_file_end(&b);
	}
}

/* ---- sections ---- */

/* Three: none, code that is loaded, and names at 1800h that are not. */
static void put_sections(struct elf_file *file, bool elf64)
{
	const Elf64_Shdr s64[3] = {
		{0},
		{1, SHT_PROGBITS, SHF_ALLOC, 0x100000, 0x1000, 0x800, 0, 0, 16,
		 0},
		{7, SHT_STRTAB, 0, 0, 0x1800, 0x100, 0, 0, 1, 0}};
	const Elf32_Shdr s32[3] = {
		{0},
		{1, SHT_PROGBITS, SHF_ALLOC, 0x100000, 0x1000, 0x800, 0, 0, 16,
		 0},
		{7, SHT_STRTAB, 0, 0, 0x1800, 0x100, 0, 0, 1, 0}};

	if (elf64)
		memcpy(file->bytes + SECTIONS, s64, sizeof(s64));
	else
		memcpy(file->bytes + SECTIONS, s32, sizeof(s32));
	elf_file_poke(file, elf64 ? 0x28 : 0x20, elf64 ? 8 : 4, SECTIONS);
	elf_file_poke(file, elf64 ? 0x3a : 0x2e, 2, elf64 ? 64 : 40);
	elf_file_poke(file, elf64 ? 0x3c : 0x30, 2, 3);
	elf_file_poke(file, elf64 ? 0x3e : 0x32, 2, 2);
}

static void test_sections_are_loaded_and_told_of(void **state)
{
	struct booted b;

	for (int elf64 = 0; elf64 < 2; elf64++) {
		unsigned size = elf64 ? 64 : 40, addr = elf64 ? 16 : 12;
		uint64_t at;

		elf_file_make(&b.kernel, elf64);
		put_header(&b.kernel, NULL, 0);
		put_sections(&b.kernel, elf64);
		boot_file(&b, BOOT_MULTIBOOT2, 1, 4 * MIB);
		assert_int_equal(b.err, 0);
		at = tag(&b, 9, 20 + 3 * size);
		assert_int_equal(boot_u32(&b, at + 8), 3);
		assert_int_equal(boot_u32(&b, at + 12), size);
		assert_int_equal(boot_u32(&b, at + 16), 2);
		at += 20;
		assert_int_equal(boot_u32(&b, at + size + addr), 0x100000);
		/* Behind the module of 10 bytes at 104000h. */
		assert_int_equal(boot_u32(&b, at + 2 * size + addr), 0x104010);
		assert_memory_equal(guestmem_ptr(&b.gm, 0x104010, 0x100),
				    b.kernel.bytes + 0x1800, 0x100);
		boot_file_end(&b);
	}
}

static void test_damaged_sections_are_left_out(void **state)
{
	static const struct {
		size_t at, size;
		uint64_t val;
		bool told;
	} rows[] = {
		{0x3a, 2, 64, true}, /* e_shentsize */
		{0x3a, 2, 63, false},
		{0x3c, 2, 0, false}, /* e_shnum */
		{0x3e, 2, 3, false}, /* e_shstrndx */
		{0x28, 8, ELF_FILE_SIZE - 192, true},
		{0x28, 8, ELF_FILE_SIZE - 191, false},
		{0x28, 8, UINT64_MAX, false},
		{SECTIONS + 128 + 24, 8, ELF_FILE_SIZE - 0x100, true},
		{SECTIONS + 128 + 24, 8, ELF_FILE_SIZE - 0xff, false},
		{SECTIONS + 128 + 24, 8, UINT64_MAX, false},
		{SECTIONS + 128 + 32, 8, UINT64_MAX, false},
		{SECTIONS + 128 + 48, 8, UINT64_MAX, true}, /* alignment */
	};
	struct booted b;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		elf_file_make(&b.kernel, true);
		memset(b.kernel.bytes + SECTIONS, 0, 0x1200);
		put_header(&b.kernel, NULL, 0);
		put_sections(&b.kernel, true);
		if (rows[i].at == 0x28 && rows[i].told)
			memset(b.kernel.bytes + rows[i].val, 0, 192);
		elf_file_poke(&b.kernel, rows[i].at, rows[i].size, rows[i].val);
		boot_file(&b, BOOT_MULTIBOOT2, 0, 4 * MIB);
		assert_int_equal(b.err, 0);
		assert_int_equal(find_tag(&b, 0, 9) != 0, rows[i].told);
		boot_file_end(&b);
	}
}

/* As many as are told of have room in an ELF32 file that is so small. */
static void test_too_many_sections_are_left_out(void **state)
{
	struct booted b;

	for (unsigned more = 0; more < 2; more++) {
		elf_file_make(&b.kernel, false);
		memset(b.kernel.bytes + SECTIONS, 0, 0x1200);
		put_header(&b.kernel, NULL, 0);
		put_sections(&b.kernel, false);
		elf_file_poke(&b.kernel, 0x30, 2, BOOT_SECTIONS + more);
		boot_file(&b, BOOT_MULTIBOOT2, 0, 4 * MIB);
		assert_int_equal(b.err, 0);
		assert_int_equal(find_tag(&b, 0, 9) != 0, !more);
		boot_file_end(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_information_for_elf32),
		cmocka_unit_test(test_information_for_elf64),
		cmocka_unit_test(test_auto_takes_it_last),
		cmocka_unit_test(test_tags_are_met_or_refused),
		cmocka_unit_test(test_an_entry_tag_is_physical),
		cmocka_unit_test(test_the_headers_addresses_are_used),
		cmocka_unit_test(test_a_flat_file_needs_addresses),
		cmocka_unit_test(test_where_the_header_may_be),
		cmocka_unit_test(test_a_header_that_comes_too_late_is_named),
		cmocka_unit_test(
			test_a_relocatable_kernel_is_put_where_it_may_be),
		cmocka_unit_test(test_modules_go_not_into_a_kernel_above_them),
		cmocka_unit_test(test_sections_are_loaded_and_told_of),
		cmocka_unit_test(test_damaged_sections_are_left_out),
		cmocka_unit_test(test_too_many_sections_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
