/*
 * paging.c: the kernel's half of every address space:
 *
 *	DIRECT_MAP	all RAM but the kernel's own, writable, no code; the
 *			registers of LAPIC and IOAPIC, uncached
 *	KERNEL_VMA	the kernel: text executable, data writable, the rest
 *			neither; the page below the stack is missing
 *
 * Made once. Lower tables are shared by all top tables, so it never changes.
 */
#include "guest-kernel/arch/x86_64/cpu.h"

#include "guest-kernel/arch/x86_64/insn.h"
#include "guest-kernel/kernel/kernel.h"

#include <string.h>

#define LARGE_PAGE (UINT64_C(1) << 21)
#define LAPIC	   UINT64_C(0xfee00000)
#define IOAPIC	   UINT64_C(0xfec00000)

extern const uint8_t text_start[], rodata_start[], data_start[], kernel_end[],
	bss_end[], kernel_stack_guard[];

static uint64_t new_table(struct boot *boot)
{
	uint64_t pa = arena_pages(boot, 1);

	memset(arch_ptr(pa), 0, PAGE_SIZE);
	return pa;
}

static uint64_t *next_table(struct boot *boot, uint64_t *entry)
{
	if (!(*entry & PTE_P))
		*entry = new_table(boot) | PTE_P | PTE_W;
	return arch_ptr(*entry & PTE_ADDR);
}

static void map_page(struct boot *boot, uint64_t va, uint64_t pa,
		     uint64_t flags, unsigned level)
{
	uint64_t *table = arch_ptr(kernel.top_table);

	for (unsigned l = 4; l > level; l--)
		table = next_table(
			boot,
			&table[va >> (12 + 9 * (l - 1)) & (TABLE_ENTRIES - 1)]);
	table[va >> (12 + 9 * (level - 1)) & (TABLE_ENTRIES - 1)] =
		pa | flags | PTE_P | PTE_G | (level > 1 ? PTE_PS : 0);
}

static void map_range(struct boot *boot, uint64_t va, uint64_t pa,
		      uint64_t size, uint64_t flags)
{
	uint64_t step;

	for (uint64_t at = 0; at < size; at += step) {
		bool large = (va + at) % LARGE_PAGE == 0 &&
			     (pa + at) % LARGE_PAGE == 0 &&
			     size - at >= LARGE_PAGE;

		step = large ? LARGE_PAGE : PAGE_SIZE;
		map_page(boot, va + at, pa + at, flags, large ? 2 : 1);
	}
}

static void map_section(struct boot *boot, const uint8_t *from,
			const uint8_t *to, uint64_t flags)
{
	uint64_t va = (uintptr_t)from;

	map_range(boot, va, va - KERNEL_VMA, to - from, flags);
}

static void map_device(struct boot *boot, uint64_t pa)
{
	map_page(boot, DIRECT_MAP + pa, pa, PTE_W | PTE_NX | PTE_PCD | PTE_PWT,
		 1);
}

void paging_init(struct boot *boot, const struct range_set *ram)
{
	kernel.top_table = new_table(boot);
	for (unsigned i = 0; i < ram->count; i++)
		map_range(boot, DIRECT_MAP + ram->range[i].base,
			  ram->range[i].base,
			  ram->range[i].end - ram->range[i].base,
			  PTE_W | PTE_NX);
	map_device(boot, LAPIC);
	map_device(boot, IOAPIC);
	map_section(boot, text_start, rodata_start, 0);
	map_section(boot, rodata_start, data_start, PTE_NX);
	map_section(boot, data_start, kernel_stack_guard, PTE_W | PTE_NX);
	map_section(boot, kernel_stack_guard + PAGE_SIZE, kernel_end,
		    PTE_W | PTE_NX);
	write_cr3(kernel.top_table);
	/* start.S's tables have served. */
	ranges_add(&boot->memory, (uintptr_t)kernel_end - KERNEL_VMA,
		   (uintptr_t)bss_end - KERNEL_VMA);
}

static bool loaded(unsigned space)
{
	return (read_cr3() & PTE_ADDR) == kernel.space[space].top;
}

/* Loading CR3 flushes what is not global, so only the loaded space matters. */
void arch_flush_page(unsigned space, uint64_t va)
{
	if (loaded(space))
		asm volatile("invlpg (%0)" ::"r"(va) : "memory");
}

void arch_flush_space(unsigned space)
{
	if (loaded(space))
		write_cr3(read_cr3());
}

void arch_space_gone(unsigned space)
{
	if (loaded(space))
		write_cr3(kernel.top_table);
}
