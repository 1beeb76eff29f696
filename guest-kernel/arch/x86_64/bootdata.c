/*
 * bootdata.c: what the loader says (PVH: Xen's start_info.h; Multiboot 0.6.96
 * section 3.3), copied before anything is overwritten.
 *
 * Its records lie anywhere in the first 4 GiB, which start.S has mapped. The
 * loader is trusted to mean well, but not to be without mistakes.
 */
#include "guest-kernel/arch/x86_64/bootdata.h"

#include "guest-kernel/kernel/kernel.h"

#include <string.h>

/* Where PCs have them, and the kernel takes them to be (irq.c). */
#define IOAPIC_BASE UINT64_C(0xfec00000)
#define LAPIC_BASE  UINT64_C(0xfee00000)

#define PVH_MAGIC   0x336ec578u
#define MEMORY_RAM  1u
#define MAP_ENTRIES 256u /* as many as are read */

#define MB_CMDLINE  (1u << 2)
#define MB_MODULES  (1u << 3)
#define MB_MAP	    (1u << 6)

struct multiboot_info {
	uint32_t flags, mem_lower, mem_upper, boot_device, cmdline;
	uint32_t mods_count, mods_addr, syms[4];
	uint32_t mmap_length, mmap_addr;
};

struct multiboot_module {
	uint32_t start, end, string, zero;
};

struct multiboot_map {
	uint32_t size; /* of the rest */
	uint64_t base, len;
	uint32_t type;
} __attribute__((packed));

struct pvh_info {
	uint32_t magic, version, flags, nr_modules;
	uint64_t modlist, cmdline, rsdp;
	uint64_t memmap; /* from version 1 on */
	uint32_t memmap_entries, zero;
};

struct pvh_module {
	uint64_t base, size, cmdline, zero;
};

struct pvh_map {
	uint64_t base, size;
	uint32_t type, zero;
};

static void read_record(uint64_t pa, void *to, uint64_t size)
{
	if (pa >= BOOT_MAPPED || size > BOOT_MAPPED - pa)
		panic("boot: a boot record lies above 4 GiB");
	memcpy(to, arch_ptr(pa), size);
}

static void read_cmdline(struct boot *boot, uint64_t pa, bool skip_word)
{
	const char *from = arch_ptr(pa);
	unsigned len = 0;

	if (pa == 0 || pa >= BOOT_MAPPED - 2 * BOOT_CMDLINE_SIZE)
		return;
	/* Multiboot's begins with the kernel's name. */
	for (unsigned i = 0; skip_word && i < BOOT_CMDLINE_SIZE; i++) {
		if (*from == '\0')
			break;
		if (*from++ == ' ')
			break;
	}
	while (len < BOOT_CMDLINE_SIZE - 1 && from[len]) {
		boot->cmdline[len] = from[len];
		len++;
	}
	boot->cmdline[len] = '\0';
}

/* The last part of the path that a module's command line begins with. */
static void read_name(uint64_t pa, char name[BOOT_NAME_SIZE])
{
	const char *from = arch_ptr(pa);
	unsigned len = 0;

	if (pa == 0 || pa >= BOOT_MAPPED - BOOT_CMDLINE_SIZE)
		return;
	for (unsigned i = 0; i < BOOT_CMDLINE_SIZE; i++) {
		if (from[i] == '\0' || from[i] == ' ')
			break;
		if (from[i] == '/')
			len = 0;
		else if (len < BOOT_NAME_SIZE - 1)
			name[len++] = from[i];
	}
	memset(name + len, 0, BOOT_NAME_SIZE - len);
}

/* The first is the init program, and has no name. */
static void add_module(struct boot *boot, unsigned i, struct range range,
		       uint64_t cmdline)
{
	struct module *m = &boot->further[boot->further_count];

	if (i == 0) {
		boot->module = range;
		return;
	}
	if (range.base >= range.end)
		return; /* empty, or no range at all */
	m->range = range;
	read_name(cmdline, m->name);
	boot->further_count++;
}

#define MODULES (1 + BOOT_MODULE_MAX) /* as many as are read */

/* What is not RAM is taken out after all RAM is in, should they overlap. */
static void add_memory(struct boot *boot, uint64_t base, uint64_t len,
		       bool is_ram, bool adding)
{
	uint64_t end = base + len < base ? UINT64_MAX : base + len;

	if (adding && is_ram)
		ranges_add(&boot->memory, base, end);
	else if (!adding && !is_ram)
		ranges_remove(&boot->memory, base, end);
}

static void read_multiboot_map(struct boot *boot,
			       const struct multiboot_info *info, bool adding)
{
	uint64_t at = info->mmap_addr, end = at + info->mmap_length;

	for (unsigned i = 0; i < MAP_ENTRIES && at < end; i++) {
		struct multiboot_map map;

		read_record(at, &map, sizeof(map));
		add_memory(boot, map.base, map.len, map.type == MEMORY_RAM,
			   adding);
		at += (uint64_t)map.size + sizeof(map.size);
	}
}

static void read_multiboot(uint32_t pa, struct boot *boot)
{
	struct multiboot_info info;
	struct multiboot_module module;

	read_record(pa, &info, sizeof(info));
	if (!(info.flags & MB_MAP))
		panic("boot: the loader gave no memory map");
	read_multiboot_map(boot, &info, true);
	read_multiboot_map(boot, &info, false);
	if (info.flags & MB_CMDLINE)
		read_cmdline(boot, info.cmdline, true);
	if (!(info.flags & MB_MODULES))
		return;
	for (unsigned i = 0; i < info.mods_count && i < MODULES; i++) {
		read_record(info.mods_addr + (uint64_t)i * sizeof(module),
			    &module, sizeof(module));
		add_module(boot, i, (struct range){module.start, module.end},
			   module.string);
	}
}

static void read_pvh_map(struct boot *boot, const struct pvh_info *info,
			 bool adding)
{
	for (unsigned i = 0; i < MAP_ENTRIES && i < info->memmap_entries; i++) {
		struct pvh_map map;

		read_record(info->memmap + i * sizeof(map), &map, sizeof(map));
		add_memory(boot, map.base, map.size, map.type == MEMORY_RAM,
			   adding);
	}
}

static void read_pvh(uint32_t pa, struct boot *boot)
{
	struct pvh_info info;
	struct pvh_module module;

	read_record(pa, &info, sizeof(info));
	if (info.magic != PVH_MAGIC)
		panic("boot: neither Multiboot nor PVH");
	if (info.version < 1 || info.memmap_entries == 0)
		panic("boot: the loader gave no memory map");
	read_pvh_map(boot, &info, true);
	read_pvh_map(boot, &info, false);
	read_cmdline(boot, info.cmdline, false);
	for (unsigned i = 0; i < info.nr_modules && i < MODULES; i++) {
		read_record(info.modlist + i * sizeof(module), &module,
			    sizeof(module));
		add_module(
			boot, i,
			(struct range){module.base, module.base + module.size},
			module.cmdline);
	}
}

void boot_read(uint32_t magic, uint32_t info, struct boot *boot)
{
	if (magic == MULTIBOOT_MAGIC)
		read_multiboot(info, boot);
	else
		read_pvh(info, boot);
	/* Page 0 stays out: address 0 is nobody's. */
	ranges_remove(&boot->memory, 0, PAGE_SIZE);
}

void boot_devices(struct boot *boot)
{
	ranges_add(&boot->devices, PAGE_SIZE, BOOT_MAPPED);
	for (unsigned i = 0; i < boot->memory.count; i++)
		ranges_remove(&boot->devices, boot->memory.range[i].base,
			      boot->memory.range[i].end);
	ranges_remove(&boot->devices, IOAPIC_BASE, IOAPIC_BASE + PAGE_SIZE);
	ranges_remove(&boot->devices, LAPIC_BASE, LAPIC_BASE + PAGE_SIZE);
}
