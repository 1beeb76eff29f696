/* main.c: the kernel's state, and its portable start. */
#include "guest-kernel/kernel/init.h"

struct kernel kernel;

void kernel_start(struct boot *boot)
{
	struct elf_image image;
	const char *wrong;

	if (boot->module.base == boot->module.end)
		panic("init: no module was loaded with the kernel");
	wrong = elf_parse(arch_ptr(boot->module.base),
			  boot->module.end - boot->module.base, INIT_IMAGE_END,
			  &image);
	if (wrong)
		panic("init: %s", wrong);
	init_create(boot, &image);
	print("[kernel] init has %u pages, entry %lx\n", image.pages,
	      image.entry);
}
