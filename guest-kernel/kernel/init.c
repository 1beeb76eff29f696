/*
 * init.c: the first task: its pools, address space, stacks and boot info, as
 * abi/bootinfo.h says. What is made here lies in the arena, before any
 * Untyped is handed out, and so has no parent in the derivation tree.
 */
#include "guest-kernel/kernel/init.h"

#include <string.h>

/* Of the stacks, the boot info, the buffer and the screen. */
#define FIXED_FRAMES 11

#define VGA_TEXT     UINT64_C(0xb8000)

struct making {
	struct boot *boot;
	struct cpool *root, *frames, *tables;
	bool nested; /* frames is a pool of pools */
	unsigned frame_count, table_count;
	uint64_t top; /* the PML4 */
	unsigned space;
	unsigned slot; /* for the next further Untyped */
	struct boot_info *info;
};

static void put_cap(struct slot *slot, struct cap cap)
{
	cap_root(slot, &cap);
}

static struct cap make_object(struct making *m, unsigned type, unsigned bits)
{
	uint64_t bytes = object_bytes(type, bits);
	unsigned pages = (bytes + PAGE_MASK) / PAGE_SIZE;
	uint64_t base = arena_pages(m->boot, pages);

	memset(arch_ptr(base), 0, bytes);
	return object_create(type, base, bits);
}

static struct cpool *make_pool(struct making *m, struct slot *slot)
{
	struct cap cap = make_object(m, OBJECT_CPOOL, 0);

	put_cap(slot, cap);
	return cpool_of(&cap);
}

static struct slot *put_frame(struct making *m, struct cap cap)
{
	struct cpool *pool = m->frames;
	unsigned i = m->frame_count++;

	if (m->nested) {
		struct slot *outer = &m->frames->slot[i / CPOOL_SLOTS];

		pool = slot_empty(outer) ? make_pool(m, outer)
					 : cpool_of(&outer->cap);
	}
	put_cap(&pool->slot[i % CPOOL_SLOTS], cap);
	return &pool->slot[i % CPOOL_SLOTS];
}

static void note_mapping(const struct making *m, struct cap *cap, uint64_t va)
{
	cap->space = m->space;
	cap->map.generation = kernel.space[m->space].generation;
	cap->map.va = va;
}

static void make_tables(struct making *m, uint64_t va)
{
	static const uint8_t types[] = {OBJECT_PDPT, OBJECT_PD, OBJECT_PT};

	for (unsigned i = 0; i < sizeof(types); i++) {
		struct cap cap;
		uint64_t *entry;

		check(!vspace_walk(m->top, va, table_level(types[i]) + 1,
				   &entry));
		if (*entry & PTE_P)
			continue;
		cap = make_object(m, types[i], 0);
		note_mapping(m, &cap, va);
		*entry = cap.base | TABLE_ENTRY_BITS;
		check(m->table_count < CPOOL_SLOTS);
		put_cap(&m->tables->slot[m->table_count++], cap);
	}
}

/* Map a frame; its capability says so. */
static void map_frame(struct making *m, struct cap *cap, uint64_t va)
{
	uint64_t *entry;

	make_tables(m, va);
	check(!vspace_walk(m->top, va, 1, &entry) && !(*entry & PTE_P));
	*entry = vspace_page_entry(cap, cap->rights);
	note_mapping(m, cap, va);
}

static void *make_frame(struct making *m, uint64_t va, unsigned rights)
{
	struct cap cap = make_object(m, OBJECT_RAW_PAGE, 0);

	cap.rights = rights;
	map_frame(m, &cap, va);
	put_frame(m, cap);
	return arch_ptr(cap.base);
}

static void load_segment(struct making *m, const struct elf_segment *s)
{
	const uint8_t *file = arch_ptr(m->boot->module.base);
	uint64_t first = s->va & ~PAGE_MASK;

	for (uint64_t va = first; va < s->va + s->memory_size;
	     va += PAGE_SIZE) {
		uint8_t *page = make_frame(m, va, s->rights);
		uint64_t skip = va < s->va ? s->va - va : 0;
		uint64_t done = va + skip - s->va;
		uint64_t len = PAGE_SIZE - skip;

		if (done >= s->file_size)
			continue;
		if (len > s->file_size - done)
			len = s->file_size - done;
		memcpy(page + skip, file + s->offset + done, len);
	}
}

static void make_stack(struct making *m, uint64_t base, uint64_t buffer)
{
	for (uint64_t at = 0; at < BOOT_STACK_BYTES; at += PAGE_SIZE) {
		uint64_t *page =
			make_frame(m, base + at, RIGHT_ALL & ~RIGHT_EXEC);

		if (at == 0)
			page[0] = buffer;
	}
}

static void make_fixed_frames(struct making *m, struct task *task)
{
	struct cap vga = {.type = OBJECT_RAW_PAGE,
			  .rights = RIGHT_ALL & ~RIGHT_EXEC,
			  .flags = CAP_DEVICE,
			  .base = VGA_TEXT};
	struct cap buffer = make_object(m, OBJECT_TASK_BUFFER, 0);
	struct cap child = make_object(m, OBJECT_TASK_BUFFER, 0);

	make_stack(m, BOOT_STACK, BOOT_BUFFER);
	make_stack(m, BOOT_CHILD_STACK, BOOT_CHILD_BUFFER);
	m->info = make_frame(m, BOOT_INFO, RIGHT_READ | RIGHT_GRANT);

	buffer.rights = child.rights = RIGHT_ALL & ~RIGHT_EXEC;
	map_frame(m, &buffer, BOOT_BUFFER);
	cap_copy(put_frame(m, buffer), &task->buffer);
	map_frame(m, &child, BOOT_CHILD_BUFFER);
	put_cap(&m->root->slot[BOOT_SLOT_CHILD_BUFFER], child);
	map_frame(m, &vga, BOOT_VGA);
	put_frame(m, vga);
}

static uint64_t pages_of(const struct range *r)
{
	return (r->end - r->base + PAGE_MASK) / PAGE_SIZE;
}

/* Frames of their own: a module may begin anywhere, and end in a page. */
static void make_modules(struct making *m)
{
	uint64_t va = BOOT_MODULE_BASE;

	for (unsigned i = 0; i < m->boot->further_count; i++) {
		const struct module *from = &m->boot->further[i];
		struct boot_module *to = &m->info->module[i];

		to->va = va;
		to->bytes = from->range.end - from->range.base;
		memcpy(to->name, from->name, sizeof(to->name));
		for (uint64_t at = 0; at < to->bytes; at += PAGE_SIZE) {
			uint64_t left = to->bytes - at;
			void *page = make_frame(m, va + at,
						RIGHT_READ | RIGHT_GRANT);

			memcpy(page, arch_ptr(from->range.base + at),
			       left < PAGE_SIZE ? left : PAGE_SIZE);
		}
		va += pages_of(&from->range) * PAGE_SIZE;
	}
	m->info->module_count = m->boot->further_count;
}

static void make_ports_and_channels(struct making *m)
{
	struct slot *slot = m->root->slot;
	struct cap vga = {.type = OBJECT_IO_PORT, .rights = RIGHT_ALL};
	struct cap com1 = vga, com2 = vga, keyboard = vga;
	struct cap irqs = {.type = OBJECT_IRQ_CONTROL, .rights = RIGHT_ALL};
	struct cap time = {.type = OBJECT_SCHED_CONTROL, .rights = RIGHT_ALL};
	struct cap input = make_object(m, OBJECT_CHANNEL, CHANNEL_BITS_MAX);

	vga.port.first = 0x3d4;
	vga.port.last = 0x3d5;
	com1.port.first = 0x3f8;
	com1.port.last = 0x3ff;
	com2.port.first = 0x2f8;
	com2.port.last = 0x2ff;
	keyboard.port.first = 0x60;
	keyboard.port.last = 0x64;
	put_cap(&slot[BOOT_SLOT_VGA_PORTS], vga);
	put_cap(&slot[BOOT_SLOT_SERIAL_PORTS], com1);
	put_cap(&slot[BOOT_SLOT_LINK_PORTS], com2);
	put_cap(&slot[BOOT_SLOT_KEYBOARD_PORTS], keyboard);
	put_cap(&slot[BOOT_SLOT_IRQ_CONTROL], irqs);
	put_cap(&slot[BOOT_SLOT_SCHED_CONTROL], time);
	put_cap(&slot[BOOT_SLOT_INPUT], input);
	put_cap(&slot[BOOT_SLOT_CHANNEL], make_object(m, OBJECT_CHANNEL, 4));
}

static struct task *make_task(struct making *m, const struct elf_image *image)
{
	struct cap cap = make_object(m, OBJECT_TASK, 0);
	struct cap top = make_object(m, OBJECT_PML4, 0);
	struct task *task = task_of(&cap);

	put_cap(&m->root->slot[BOOT_SLOT_PML4], top);
	put_cap(&m->root->slot[BOOT_SLOT_TASK], cap);
	cap_copy(&m->root->slot[BOOT_SLOT_PML4], &task->table);
	task->table.cap.flags |= CAP_VITAL;
	cap_copy(&m->root->slot[BOOT_SLOT_CPOOL], &task->cpool);
	m->top = top.base;
	m->space = top.space;
	task->max_priority = PRIORITIES - 1;
	task->regs.rip = image->entry;
	task->regs.rsp = BOOT_STACK_TOP;
	task->regs.rdi = BOOT_INFO;
	return task;
}

static void put_untyped(struct making *m, const struct range *r, unsigned slot,
			bool device)
{
	struct cap cap = {.type = OBJECT_UNTYPED,
			  .rights = RIGHT_ALL,
			  .flags = device ? CAP_DEVICE : 0,
			  .base = r->base,
			  .untyped = {.size = r->end - r->base}};

	put_cap(&m->root->slot[slot], cap);
	m->info->untyped[m->info->untyped_count++] = (struct boot_untyped){
		.base = r->base,
		.bytes = r->end - r->base,
		.slot = slot,
		.flags = device ? UNTYPED_DEVICE : 0,
	};
}

static void put_more(struct making *m, const struct range *r, bool device)
{
	if (m->info->untyped_count < BOOT_UNTYPEDS)
		put_untyped(m, r, m->slot++, device);
}

static void add_module_memory(struct range_set *memory,
			      const struct range *module)
{
	ranges_add(memory, module->base & ~PAGE_MASK,
		   (module->end + PAGE_MASK) & ~PAGE_MASK);
}

/*
 * All memory that is left: what the arena did not need, the modules'; and
 * where devices may be. The screen's first page is a frame already.
 */
static void make_untypeds(struct making *m)
{
	struct range_set *memory = &m->boot->memory;
	const struct range *low, *largest;

	ranges_add(memory, m->boot->arena.base, m->boot->arena.end);
	add_module_memory(memory, &m->boot->module);
	for (unsigned i = 0; i < m->boot->further_count; i++)
		add_module_memory(memory, &m->boot->further[i].range);
	low = ranges_largest(memory, 0x100000);
	largest = ranges_largest(memory, UINT64_MAX);
	if (largest == low)
		panic("boot: no memory is left above 1 MiB");
	if (low)
		put_untyped(m, low, BOOT_SLOT_UNTYPED_LOW, false);
	put_untyped(m, largest, BOOT_SLOT_UNTYPED, false);
	for (unsigned i = 0; i < memory->count; i++) {
		const struct range *r = &memory->range[i];

		if (r != low && r != largest)
			put_more(m, r, false);
	}
	ranges_remove(&m->boot->devices, VGA_TEXT, VGA_TEXT + PAGE_SIZE);
	for (unsigned i = 0; i < m->boot->devices.count; i++)
		put_more(m, &m->boot->devices.range[i], true);
}

static void fill_info(struct making *m, const struct elf_image *image)
{
	struct boot_info *info = m->info;

	info->magic = BOOT_INFO_MAGIC;
	info->abi_version = ABI_VERSION;
	info->image_base = image->base;
	info->image_end = image->end;
	info->frame_count = m->frame_count;
	info->stack = BOOT_STACK;
	info->stack_bytes = BOOT_STACK_BYTES;
	info->buffer = BOOT_BUFFER;
	info->free_base = BOOT_FREE;
	info->free_end = BOOT_FREE_END;
	memcpy(info->cmdline, m->boot->cmdline, sizeof(info->cmdline));
	info->cmdline[sizeof(info->cmdline) - 1] = '\0';
}

static uint64_t count_frames(const struct boot *boot,
			     const struct elf_image *image)
{
	uint64_t count = image->pages + FIXED_FRAMES;

	for (unsigned i = 0; i < boot->further_count; i++)
		count += pages_of(&boot->further[i].range);
	if (count > CPOOL_SLOTS * CPOOL_SLOTS)
		panic("boot: the modules are larger than 256 MiB");
	return count;
}

void init_create(struct boot *boot, const struct elf_image *image)
{
	struct making m = {
		.boot = boot,
		.slot = BOOT_SLOT_UNTYPED_MORE,
		.nested = count_frames(boot, image) > CPOOL_SLOTS,
	};
	struct cap root = make_object(&m, OBJECT_CPOOL, 0);
	struct task *task;

	m.root = cpool_of(&root);
	put_cap(&m.root->slot[BOOT_SLOT_CPOOL], root);
	m.frames = make_pool(&m, &m.root->slot[BOOT_SLOT_FRAMES]);
	m.tables = make_pool(&m, &m.root->slot[BOOT_SLOT_TABLES]);
	task = make_task(&m, image);
	for (unsigned i = 0; i < image->count; i++)
		load_segment(&m, &image->segment[i]);
	make_fixed_frames(&m, task);
	make_modules(&m);
	make_ports_and_channels(&m);
	fill_info(&m, image);
	make_untypeds(&m);
	sched_ready(task);
}
