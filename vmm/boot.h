/*
 * boot.h: from an image to a CPU about to run its first instruction, with no
 * firmware: what a boot loader would leave behind, written directly.
 *
 * PVH (Xen's x86/HVM direct boot ABI, as QEMU and Firecracker do it) for
 * ELF64 and ELF32 files; Multiboot 1 (specification 0.6.96) and 2, for these
 * and flat files; Linux's own protocol for bzImages. All start in 32-bit
 * protected mode, paging off.
 */
#ifndef VMM_BOOT_H
#define VMM_BOOT_H

#include "vmm/image.h"
#include "vmm/machine.h"

enum boot_protocol {
	BOOT_AUTO, /* the first of these that the kernel has */
	BOOT_PVH,
	BOOT_MULTIBOOT,
	BOOT_MULTIBOOT2,
	BOOT_LINUX,
	BOOT_PROTOCOLS
};

struct boot_request {
	const char *kernel;	   /* path */
	const char *const *module; /* paths; the first is the init program */
	unsigned module_count;	   /* to BOOT_MODULES */
	const char *cmdline;	   /* "" for none; as it is, no path before */
	enum boot_protocol protocol;
	/* Writes the tables that a record copies ACPI's root pointer from, as
	 * they will be for so many processors; NULL: there will be none. */
	void (*write_tables)(const struct guestmem *gm, unsigned cpus);
	unsigned cpus;
	/* What follows each module's name; NULL, or NULLs: nothing. */
	const char *const *module_args;
};

#define BOOT_MODULES 16

/* Where the board writes ACPI's root pointer, in the BIOS window; both kinds
 * of kernels look there, PVH's are told. */
#define ACPI_RSDP    UINT64_C(0xf0000)

/*
 * Load everything into `gm` and give CPU 0's first registers in `state`.
 * -ENOEXEC and others as image.h says; nothing of the CPU is touched.
 */
int boot_load(const struct boot_request *req, const struct guestmem *gm,
	      struct x86_state *state);

/*
 * Of a machine that is as boot_load() left it, with these registers: give its
 * kernel another command line, by writes that the caller makes. -E2BIG,
 * -ENOSPC, -ENOTSUP for a machine that was not booted so, all said, and
 * nothing was written; -EROFS, not said, when a write was refused.
 */
typedef bool boot_write_fn(void *ctx, uint64_t gpa, const void *data,
			   size_t len);
int boot_set_cmdline(const struct guestmem *gm, const struct x86_state *state,
		     const char *cmdline, boot_write_fn *write, void *ctx);

/* One range of the machine's memory map. */
struct memory_range {
	uint64_t base, len;
	bool usable;
};

#define MEMORY_RANGES 8

/*
 * What both protocols report: RAM but for the last KiB under 640 KiB and the
 * window from there to 1 MiB, which is the devices' and the firmware's.
 */
unsigned memory_map(const struct guestmem *gm,
		    struct memory_range range[MEMORY_RANGES]);

#endif
