/*
 * boot_parts.h: what boot.c hands to the protocols, boot_pvh.c,
 * boot_multiboot.c, boot_multiboot2.c and boot_linux.c, which only write
 * records and pick an entry point.
 *
 * The records go into one window low in memory, built up in a buffer and
 * copied at the end. Its size is fixed and enough for the most there can be;
 * the asserts in boot.c say so.
 */
#ifndef VMM_BOOT_PARTS_H
#define VMM_BOOT_PARTS_H

#include "vmm/boot.h"

/* Where QEMU's Multiboot loader puts its own, too; and where else, if the
 * kernel lies there. */
#define BOOT_DATA	  UINT64_C(0x9000)
#define BOOT_DATA_HIGH	  UINT64_C(0x90000)
#define BOOT_DATA_SIZE	  UINT64_C(0x4000)

#define BOOT_CMDLINE_MAX  4095 /* bytes without the final zero */
#define BOOT_NAME_MAX	  255  /* of a module's name and arguments */
#define BOOT_SECTIONS	  100  /* of an ELF file, that are told of */

/* By which a kernel knows how it was started: in EAX, and of PVH's record. */
#define MULTIBOOT_LOADER  0x2badb002u
#define MULTIBOOT2_LOADER 0x36d76289u
#define PVH_START_INFO	  0x336ec578u

struct boot_module {
	char name[BOOT_NAME_MAX + 1]; /* the file's, without its folder, and
					 its arguments */
	uint64_t pa, size;	      /* where it was put */
};

struct boot_data {
	uint64_t base; /* BOOT_DATA or BOOT_DATA_HIGH */
	uint8_t bytes[BOOT_DATA_SIZE];
	size_t used;
};

struct boot_parts {
	const struct guestmem *gm;
	const struct image *image;
	const char *cmdline;
	struct memory_range range[MEMORY_RANGES];
	unsigned range_count;
	struct boot_module module[BOOT_MODULES];
	unsigned module_count;
	uint64_t free, free_end; /* RAM behind the modules */
	struct boot_data *data;
};

/* Append to the data, 8-byte aligned; its guest-physical address. */
uint32_t boot_put(struct boot_data *data, const void *bytes, size_t len);

/* The same for a string with its final zero. */
uint32_t boot_put_string(struct boot_data *data, const char *text);

/* The BIOS's data area and its services that say no, where the image leaves
 * them alone. */
void boot_put_bios(const struct image *image, const struct guestmem *gm);

/*
 * Each writes its records into parts->data and sets the registers in which
 * its entry differs from boot.c's flat protected mode. 0 or -ENOEXEC, said.
 */
int boot_pvh(const struct boot_parts *parts, struct x86_state *state);
int boot_multiboot(const struct boot_parts *parts, struct x86_state *state);
int boot_multiboot2(const struct boot_parts *parts, struct x86_state *state);
int boot_linux(const struct boot_parts *parts, struct x86_state *state);

#endif
