/*
 * boot_pvh.c: Xen's x86/HVM direct boot ABI (xen/include/public/arch-x86/
 * hvm/start_info.h, version 1): EBX points at a start info record, and the
 * entry point is the physical address in the ELF note Xen/18.
 */
#include <errno.h>
#include <inttypes.h>

#include "vmm/boot_parts.h"
#include "vmm/log.h"

#define START_VERSION 1u

enum memmap_type { MEMMAP_RAM = 1, MEMMAP_RESERVED = 2 };

struct start_info {
	uint32_t magic, version, flags, nr_modules;
	uint64_t modlist_paddr, cmdline_paddr, rsdp_paddr, memmap_paddr;
	uint32_t memmap_entries, reserved;
};

struct modlist_entry {
	uint64_t paddr, size, cmdline_paddr, reserved;
};

struct memmap_entry {
	uint64_t addr, size;
	uint32_t type, reserved;
};

_Static_assert(sizeof(struct start_info) == 56, "ABI");
_Static_assert(sizeof(struct modlist_entry) == 32, "ABI");
_Static_assert(sizeof(struct memmap_entry) == 24, "ABI");

static void put_modules(const struct boot_parts *parts, struct start_info *info)
{
	struct modlist_entry list[BOOT_MODULES] = {0};

	if (parts->module_count == 0)
		return;
	for (unsigned i = 0; i < parts->module_count; i++) {
		const struct boot_module *module = &parts->module[i];

		list[i].paddr = module->pa;
		list[i].size = module->size;
		list[i].cmdline_paddr =
			boot_put_string(parts->data, module->name);
	}
	info->nr_modules = parts->module_count;
	info->modlist_paddr = boot_put(parts->data, list,
				       parts->module_count * sizeof(list[0]));
}

static void put_memmap(const struct boot_parts *parts, struct start_info *info)
{
	struct memmap_entry map[MEMORY_RANGES] = {0};

	for (unsigned i = 0; i < parts->range_count; i++) {
		const struct memory_range *range = &parts->range[i];

		map[i].addr = range->base;
		map[i].size = range->len;
		map[i].type = range->usable ? MEMMAP_RAM : MEMMAP_RESERVED;
	}
	info->memmap_entries = parts->range_count;
	info->memmap_paddr =
		boot_put(parts->data, map, parts->range_count * sizeof(map[0]));
}

int boot_pvh(const struct boot_parts *parts, struct x86_state *state)
{
	struct start_info info = {PVH_START_INFO, START_VERSION};
	const struct image *image = parts->image;

	if (!image_holds(image, image->pvh_entry))
		return fail(-ENOEXEC,
			    "%s: its PVH entry point %#" PRIx64
			    " is in none of its segments",
			    image->path, image->pvh_entry);
	if (image->pvh_entry > UINT32_MAX)
		return fail(-ENOEXEC,
			    "%s: its PVH entry point %#" PRIx64
			    " is over 4 GiB, out of 32-bit code's reach",
			    image->path, image->pvh_entry);
	put_modules(parts, &info);
	put_memmap(parts, &info);
	info.rsdp_paddr = ACPI_RSDP;
	info.cmdline_paddr = boot_put_string(parts->data, parts->cmdline);
	state->rip = image->pvh_entry;
	state->gpr[GPR_RBX] = boot_put(parts->data, &info, sizeof(info));
	return 0;
}
