/*
 * bootdata.h: reading what a loader left in memory. Built natively too, for
 * the tests.
 */
#ifndef ARCH_BOOTDATA_H
#define ARCH_BOOTDATA_H

#include "guest-kernel/kernel/memory.h"

#define BOOT_MAPPED	(UINT64_C(1) << 32) /* by start.S */
#define MULTIBOOT_MAGIC 0x2badb002u

/*
 * Memory map, first module and command line, from a Multiboot information
 * record if the magic number says so, else from PVH's. Panics when there is
 * no memory map to go by.
 */
void boot_read(uint32_t magic, uint32_t info, struct boot *boot);

/*
 * Where there is no memory below 4 GiB there may be devices, but not the
 * interrupt controllers, which are the kernel's, and not page 0.
 */
void boot_devices(struct boot *boot);

#endif
