/*
 * boot_multiboot.c: Multiboot 1 (specification 0.6.96): EAX holds a magic
 * number, EBX points at an information record.
 *
 * ELF64 files are taken as ELF32 ones are: the entry state is the same, and
 * the kernel changes to long mode itself. The entry point may be given as a
 * virtual address; what counts is where its segment was loaded.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "vmm/boot_parts.h"
#include "vmm/log.h"

/* The header's flags: bits 15:0 are demands, 31:16 offers (section 3.1.2). */
#define WANT_ALIGNED (1u << 0) /* modules on page boundaries: they are */
#define WANT_MEMORY  (1u << 1) /* memory information: it is there */
#define WANT_VIDEO   (1u << 2)
#define WANT_UNKNOWN 0xfff8u
#define HEADER_MODE  32 /* offset of mode_type: 0 graphics, 1 text */

/* The information's flags (section 3.3). */
#define INFO_MEMORY  (1u << 0)
#define INFO_CMDLINE (1u << 2)
#define INFO_MODULES (1u << 3)
#define INFO_MEMMAP  (1u << 6)
#define INFO_LOADER  (1u << 9)

enum mmap_type { MMAP_RAM = 1, MMAP_RESERVED = 2 };

struct mb_info {
	uint32_t flags;
	uint32_t mem_lower, mem_upper; /* KiB from 0, and from 1 MiB */
	uint32_t boot_device;
	uint32_t cmdline;
	uint32_t mods_count, mods_addr;
	uint32_t syms[4];
	uint32_t mmap_length, mmap_addr;
	uint32_t drives_length, drives_addr;
	uint32_t config_table;
	uint32_t boot_loader_name;
	uint32_t apm_table;
	uint32_t vbe[4];
};

struct mb_module {
	uint32_t start, end, string, reserved;
};

/* `size` counts the bytes that follow it. */
struct mb_mmap {
	uint32_t size;
	uint64_t addr, len;
	uint32_t type;
} __attribute__((packed));

_Static_assert(sizeof(struct mb_info) == 88, "section 3.3");
_Static_assert(sizeof(struct mb_module) == 16, "section 3.3");
_Static_assert(sizeof(struct mb_mmap) == 24, "section 3.3");

static void put_modules(const struct boot_parts *parts, struct mb_info *info)
{
	struct mb_module list[BOOT_MODULES] = {0};

	for (unsigned i = 0; i < parts->module_count; i++) {
		const struct boot_module *module = &parts->module[i];

		list[i].start = module->pa;
		list[i].end = module->pa + module->size;
		list[i].string = boot_put_string(parts->data, module->name);
	}
	info->flags |= INFO_MODULES;
	info->mods_count = parts->module_count;
	info->mods_addr = boot_put(parts->data, list,
				   parts->module_count * sizeof(list[0]));
}

/* mem_lower and mem_upper: the usable ranges that start at 0 and 1 MiB. */
static void put_memory(const struct boot_parts *parts, struct mb_info *info)
{
	struct mb_mmap map[MEMORY_RANGES] = {0};

	for (unsigned i = 0; i < parts->range_count; i++) {
		const struct memory_range *range = &parts->range[i];

		map[i].size = sizeof(map[i]) - sizeof(map[i].size);
		map[i].addr = range->base;
		map[i].len = range->len;
		map[i].type = range->usable ? MMAP_RAM : MMAP_RESERVED;
		if (range->usable && range->base == 0)
			info->mem_lower = range->len >> 10;
		if (range->usable && range->base == 0x100000)
			info->mem_upper = range->len >> 10;
	}
	info->flags |= INFO_MEMORY | INFO_MEMMAP;
	info->mmap_length = parts->range_count * sizeof(map[0]);
	info->mmap_addr = boot_put(parts->data, map, info->mmap_length);
}

static int check_wants(const struct image *image)
{
	uint32_t mode;

	if (image->mb_flags & WANT_UNKNOWN)
		return fail(-ENOEXEC,
			    "%s: its Multiboot header demands features that "
			    "are not known (flags %#x)",
			    image->path, image->mb_flags & WANT_UNKNOWN);
	if (!(image->mb_flags & WANT_VIDEO) ||
	    image->mb_offset + HEADER_MODE + sizeof(mode) > image->size)
		return 0;
	memcpy(&mode, image->data + image->mb_offset + HEADER_MODE,
	       sizeof(mode));
	if (mode == 0)
		log_warn("%s: it would like a graphics mode; there is only "
			 "the 80x25 text mode",
			 image->path);
	return 0;
}

int boot_multiboot(const struct boot_parts *parts, struct x86_state *state)
{
	const struct image *image = parts->image;
	struct mb_info info = {0};
	uint64_t entry;
	int err;

	err = check_wants(image);
	if (err)
		return err;
	if (!image_entry(image, &entry) || entry > UINT32_MAX)
		return fail(-ENOEXEC,
			    "%s: its entry point %#" PRIx64
			    " is in none of its segments under 4 GiB",
			    image->path, image->entry);
	put_modules(parts, &info);
	put_memory(parts, &info);
	info.flags |= INFO_CMDLINE | INFO_LOADER;
	info.cmdline = boot_put_string(parts->data, parts->cmdline);
	info.boot_loader_name = boot_put_string(parts->data, "vmm");
	state->rip = entry;
	state->gpr[GPR_RAX] = MULTIBOOT_LOADER;
	state->gpr[GPR_RBX] = boot_put(parts->data, &info, sizeof(info));
	return 0;
}
