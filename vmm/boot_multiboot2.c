/*
 * boot_multiboot2.c: Multiboot 2 (specification 2.0, section 3.6): EAX holds
 * a magic number, EBX points at the information, which is a list of tags in
 * one piece: each with its type and length, and from a multiple of eight.
 *
 * The header was image_multiboot2.c's. A tag of what the machine has not is
 * left out, which is what a kernel that demands it must expect.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "vmm/boot_parts.h"
#include "vmm/boot_sections.h"
#include "vmm/log.h"

enum info_type {
	INFO_END,
	INFO_CMDLINE,
	INFO_LOADER,
	INFO_MODULE,
	INFO_MEMORY,
	INFO_MEMMAP = 6,
	INFO_FRAMEBUFFER = 8,
	INFO_SECTIONS,
	INFO_RSDP1 = 14,
	INFO_RSDP2,
	INFO_LOAD_BASE = 21
};

enum mmap_type { MMAP_RAM = 1, MMAP_RESERVED = 2 };

#define TAG_HEADER  8
#define EGA_TEXT    2 /* as the framebuffer's type */
#define TEXT_SCREEN 0xb8000u

/* The information while it grows, tag by tag. */
struct info {
	uint8_t byte[BOOT_DATA_SIZE];
	uint32_t used;
};

static void put(struct info *info, const void *bytes, size_t len)
{
	assert(len <= sizeof(info->byte) - info->used);
	memcpy(info->byte + info->used, bytes, len);
	info->used += len;
}

static void put32(struct info *info, uint32_t val)
{
	put(info, &val, sizeof(val));
}

static void put64(struct info *info, uint64_t val)
{
	put(info, &val, sizeof(val));
}

/* A tag of `len` bytes behind its header, to be put next. */
static void begin(struct info *info, enum info_type type, size_t len)
{
	info->used = (info->used + 7) & ~7u;
	put32(info, type);
	put32(info, TAG_HEADER + len);
}

static void put_text(struct info *info, enum info_type type, const char *text)
{
	begin(info, type, strlen(text) + 1);
	put(info, text, strlen(text) + 1);
}

static void put_modules(struct info *info, const struct boot_parts *parts)
{
	for (unsigned i = 0; i < parts->module_count; i++) {
		const struct boot_module *module = &parts->module[i];
		size_t len = strlen(module->name) + 1;

		begin(info, INFO_MODULE, 8 + len);
		put32(info, module->pa);
		put32(info, module->pa + module->size);
		put(info, module->name, len);
	}
}

/* Basic: the usable KiB from 0 and from 1 MiB; then the ranges. */
static void put_memory(struct info *info, const struct boot_parts *parts)
{
	uint32_t lower = 0, upper = 0;

	for (unsigned i = 0; i < parts->range_count; i++) {
		const struct memory_range *range = &parts->range[i];

		if (range->usable && range->base == 0)
			lower = range->len >> 10;
		if (range->usable && range->base == 0x100000)
			upper = range->len >> 10;
	}
	begin(info, INFO_MEMORY, 8);
	put32(info, lower);
	put32(info, upper);
	begin(info, INFO_MEMMAP, 8 + parts->range_count * 24);
	put32(info, 24); /* an entry's size */
	put32(info, 0);	 /* its version */
	for (unsigned i = 0; i < parts->range_count; i++) {
		const struct memory_range *range = &parts->range[i];

		put64(info, range->base);
		put64(info, range->len);
		put32(info, range->usable ? MMAP_RAM : MMAP_RESERVED);
		put32(info, 0);
	}
}

static void put_screen(struct info *info)
{
	static const uint8_t depth[4] = {16, EGA_TEXT};

	begin(info, INFO_FRAMEBUFFER, 24);
	put64(info, TEXT_SCREEN);
	put32(info, 160); /* bytes in a line */
	put32(info, 80);
	put32(info, 25);
	put(info, depth, sizeof(depth));
}

/*
 * GRUB's and kernels' header files give the counts 32 bits each, and so do
 * we; the specification's drawing has 16, and nobody follows it.
 */
static void put_sections(struct info *info, const struct boot_parts *parts)
{
	struct boot_sections sections;

	if (!boot_load_sections(parts, &sections))
		return;
	begin(info, INFO_SECTIONS,
	      12 + (size_t)sections.count * sections.entry_size);
	put32(info, sections.count);
	put32(info, sections.entry_size);
	put32(info, sections.names);
	put(info, sections.bytes, (size_t)sections.count * sections.entry_size);
}

/* ACPI's root pointer, which the board wrote: in the form of ACPI 1.0, which
 * is the first part of the later one, and whole. */
static void put_rsdp(struct info *info, const struct boot_parts *parts)
{
	uint8_t rsdp[36];

	if (!guestmem_read(parts->gm, ACPI_RSDP, rsdp, sizeof(rsdp)) ||
	    memcmp(rsdp, "RSD PTR ", 8) != 0)
		return;
	begin(info, INFO_RSDP1, 20);
	put(info, rsdp, 20);
	begin(info, INFO_RSDP2, sizeof(rsdp));
	put(info, rsdp, sizeof(rsdp));
}

static void put_load_base(struct info *info, const struct image *image)
{
	if (!image->relocation.wanted)
		return;
	begin(info, INFO_LOAD_BASE, 4);
	put32(info, image_start(image));
}

static void put_tags(struct info *info, const struct boot_parts *parts)
{
	put_text(info, INFO_CMDLINE, parts->cmdline);
	put_text(info, INFO_LOADER, "vmm");
	put_modules(info, parts);
	put_memory(info, parts);
	put_screen(info);
	put_sections(info, parts);
	put_rsdp(info, parts);
	put_load_base(info, parts->image);
	begin(info, INFO_END, 0);
}

int boot_multiboot2(const struct boot_parts *parts, struct x86_state *state)
{
	struct info info = {.used = 8};
	uint64_t entry;

	if (!image_entry(parts->image, &entry) || entry > UINT32_MAX)
		return fail(-ENOEXEC,
			    "%s: its entry point %#" PRIx64
			    " is in none of its segments under 4 GiB",
			    parts->image->path, parts->image->entry);
	put_tags(&info, parts);
	memcpy(info.byte, &info.used, sizeof(info.used));
	state->rip = entry;
	state->gpr[GPR_RAX] = MULTIBOOT2_LOADER;
	state->gpr[GPR_RBX] = boot_put(parts->data, info.byte, info.used);
	return 0;
}
