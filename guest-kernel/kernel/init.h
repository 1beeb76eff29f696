/*
 * init.h: the init program: what the boot makes for it.
 */
#ifndef KERNEL_INIT_H
#define KERNEL_INIT_H

#include "guest-kernel/common/elf.h"
#include "guest-kernel/kernel/kernel.h"
#include "guest-kernel/kernel/memory.h"

/* Images lie below the stacks. */
#define INIT_IMAGE_END BOOT_CHILD_STACK

/* Make the first task and all it finds; the arena gives the memory. */
void init_create(struct boot *boot, const struct elf_image *image);

/* From a described machine to a ready init program (main.c). */
void kernel_start(struct boot *boot);

#endif
