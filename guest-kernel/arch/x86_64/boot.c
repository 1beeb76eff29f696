/* boot.c: the first C: from what the loader left to the first task. */
#include "guest-kernel/arch/x86_64/bootdata.h"
#include "guest-kernel/arch/x86_64/cpu.h"
#include "guest-kernel/kernel/init.h"

extern const uint8_t load_start[], kernel_end[], bss_end[];

_Noreturn void arch_start(uint32_t magic, uint32_t info);

/* Modules must be in RAM: they are read through the direct map. */
static void check_module(const struct range *m, const struct range_set *ram)
{
	if (m->base == m->end)
		return;
	for (unsigned i = 0; i < ram->count; i++)
		if (m->base < m->end && m->base >= ram->range[i].base &&
		    m->end <= ram->range[i].end)
			return;
	panic("init: the module lies outside the memory");
}

static void set_modules_aside(struct boot *boot, const struct range_set *ram)
{
	check_module(&boot->module, ram);
	ranges_remove(&boot->memory, boot->module.base, boot->module.end);
	for (unsigned i = 0; i < boot->further_count; i++) {
		const struct range *m = &boot->further[i].range;

		check_module(m, ram);
		ranges_remove(&boot->memory, m->base, m->end);
	}
}

void arch_start(uint32_t magic, uint32_t info)
{
	static struct boot boot;
	static struct range_set ram;

	serial_init();
	print("[kernel] vmm microkernel, ABI version %u\n", ABI_VERSION);
	boot_read(magic, info, &boot);
	cpu_init();

	boot_devices(&boot);
	ram = boot.memory;
	ranges_remove(&ram, (uintptr_t)load_start,
		      (uintptr_t)kernel_end - KERNEL_VMA);
	ranges_remove(&boot.memory, (uintptr_t)load_start,
		      (uintptr_t)bss_end - KERNEL_VMA);
	set_modules_aside(&boot, &ram);
	ranges_remove(&boot.devices, (uintptr_t)load_start,
		      (uintptr_t)bss_end - KERNEL_VMA);
	arena_init(&boot, BOOT_MAPPED);
	paging_init(&boot, &ram);
	kernel_start(&boot);
	irq_init();
	resume();
}
