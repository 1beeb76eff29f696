/*
 * image_linux.h: what image.c and boot_linux.c share of bzImages: the setup
 * header of Linux's x86 boot protocol (Documentation/arch/x86/boot.rst), by
 * its offsets, which are the same in the file and in the zero page.
 */
#ifndef VMM_IMAGE_LINUX_H
#define VMM_IMAGE_LINUX_H

#include "vmm/image.h"

#define LINUX_SECTORS	   0x1f1 /* first byte of the header */
#define LINUX_SIZE	   0x1f4 /* of the kernel proper, in 16 bytes */
#define LINUX_JUMP	   0x201 /* length of the header from 202h on */
#define LINUX_MAGIC	   0x202
#define LINUX_VERSION	   0x206
#define LINUX_LOADER	   0x210
#define LINUX_FLAGS	   0x211
#define LINUX_START	   0x214
#define LINUX_INITRD	   0x218
#define LINUX_INITRD_SIZE  0x21c
#define LINUX_CMDLINE	   0x228
#define LINUX_INITRD_MAX   0x22c
#define LINUX_CMDLINE_SIZE 0x238
#define LINUX_PREFERRED	   0x258
#define LINUX_INIT_SIZE	   0x260
#define LINUX_HEADER_MIN   0x264 /* the end of what is needed */

/* The header's signature is there. */
bool image_is_linux(const struct image *image);

/* Check the header; make the kernel proper the image's segment. */
int image_take_linux(struct image *image);

/* A little-endian field of the file; `at` is under LINUX_HEADER_MIN. */
uint64_t image_linux_field(const struct image *image, size_t at, size_t len);

#endif
