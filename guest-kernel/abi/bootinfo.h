/*
 * bootinfo.h: what the first task finds when it starts, the init program.
 *
 * Its registers: RIP its ELF entry, RSP = BOOT_STACK_TOP, RDI = BOOT_INFO
 * (the address of struct boot_info, read-only), all others zero.
 *
 * Slots of its root pool. Those below 16 and from 249 on are as in Rux, as
 * far as Rux's README documents them; the rest is free.
 *
 *	  0	the root pool itself
 *	  1	Untyped: memory under 1 MiB
 *	  2	Untyped: the main one
 *	  3	PML4 of the init program
 *	  4	a pool of the init's frames (image, stacks); of pools of them
 *		when there are more than 256
 *	  5	a pool of the init's page tables
 *	  6..	further Untypeds: more ranges of memory, then those under 4 GiB
 *		that are none, for devices (without the interrupt controllers)
 *	243	IO_PORT 2f8h-2ffh: COM2, the debug link (abi/link.h)
 *	244	IO_PORT 60h-64h: the keyboard controller
 *	245	empty: where rinit keeps the pool of its input driver
 *	246	SCHED_CONTROL
 *	247	IRQ_CONTROL
 *	249	empty: where `start child` puts its Task
 *	250	TaskBuffer for a child, mapped at BOOT_CHILD_BUFFER
 *	251	IO_PORT 3d4h-3d5h: the VGA cursor
 *	252	IO_PORT 3f8h-3ffh: COM1
 *	253	its own Task
 *	254	Channel: input. What rinit's driver puts there are raw values;
 *		0..ffh are set 1 scancodes from the keyboard, INPUT_SERIAL +
 *		byte are bytes from COM1
 *	255	Channel: for talking with a child
 */
#ifndef ABI_BOOTINFO_H
#define ABI_BOOTINFO_H

#include <stdint.h>

#define BOOT_SLOT_CPOOL		 0
#define BOOT_SLOT_UNTYPED_LOW	 1
#define BOOT_SLOT_UNTYPED	 2
#define BOOT_SLOT_PML4		 3
#define BOOT_SLOT_FRAMES	 4
#define BOOT_SLOT_TABLES	 5
#define BOOT_SLOT_UNTYPED_MORE	 6
#define BOOT_SLOT_LINK_PORTS	 243
#define BOOT_SLOT_KEYBOARD_PORTS 244
#define BOOT_SLOT_SCHED_CONTROL	 246
#define BOOT_SLOT_IRQ_CONTROL	 247
#define BOOT_SLOT_DONE		 248 /* of children: where they say their end */
#define BOOT_SLOT_CHILD		 249
#define BOOT_SLOT_CHILD_BUFFER	 250
#define BOOT_SLOT_VGA_PORTS	 251
#define BOOT_SLOT_SERIAL_PORTS	 252
#define BOOT_SLOT_TASK		 253
#define BOOT_SLOT_INPUT		 254
#define BOOT_SLOT_CHANNEL	 255

#define INPUT_SERIAL		 0x100u

/*
 * Addresses in the init's address space, as in Rux. Programs go by their
 * boot_info; these are for the kernel, and for what people type by hand.
 */
#define BOOT_STACK		 UINT64_C(0x80000000) /* 4 pages */
#define BOOT_STACK_TOP		 UINT64_C(0x80003ffc)
#define BOOT_CHILD_STACK	 UINT64_C(0x70000000) /* 4 pages */
#define BOOT_CHILD_STACK_TOP	 UINT64_C(0x70003ffc)
#define BOOT_STACK_BYTES	 UINT64_C(0x4000)
#define BOOT_INFO		 UINT64_C(0x90000000)
#define BOOT_BUFFER		 UINT64_C(0x90001000)
#define BOOT_VGA		 UINT64_C(0x90002000) /* b8000h: 80x25 cells */
#define BOOT_CHILD_BUFFER	 UINT64_C(0x90003000)
#define BOOT_MODULE_BASE	 UINT64_C(0xa0000000) /* the modules, in order */
#define BOOT_FREE		 UINT64_C(0x100000000000)
#define BOOT_FREE_END		 UINT64_C(0x7fffffff0000)

/*
 * The first word of each boot stack, at the lowest address, holds the address
 * of the task buffer of who runs on it: code that knows only its stack (its
 * address rounded down to 16 KiB) finds its buffer.
 */

#define BOOT_INFO_MAGIC		 UINT64_C(0x6f666e69746f6f62) /* "bootinfo" */
#define BOOT_CMDLINE_SIZE	 1024
#define BOOT_UNTYPEDS		 32
#define BOOT_MODULE_MAX		 8
#define BOOT_NAME_SIZE		 48 /* the last part of a path, and a zero byte */

struct boot_untyped {
	uint64_t base; /* physical, for people; user space gains nothing */
	uint64_t bytes;
	uint32_t slot;	/* in the root pool */
	uint32_t flags; /* UNTYPED_DEVICE */
};

/* A file that the loader put beside the kernel, behind the init program. */
struct boot_module {
	uint64_t va, bytes; /* mapped, read-only */
	char name[BOOT_NAME_SIZE];
};

/*
 * What a program knows of where things are; all addresses are its own. A
 * program that another one starts as a child finds the same, with what it has
 * been given.
 */
struct boot_info {
	uint64_t magic;
	uint32_t abi_version;
	uint32_t untyped_count;
	struct boot_untyped untyped[BOOT_UNTYPEDS];
	uint64_t image_base, image_end;	 /* its mapped image, pages */
	uint64_t frame_count;		 /* capabilities under slot 4 */
	char cmdline[BOOT_CMDLINE_SIZE]; /* ends with a zero byte */
	uint64_t stack, stack_bytes;	 /* of the task that finds this */
	uint64_t buffer;		 /* its task buffer */
	uint64_t free_base, free_end;	 /* nothing is there, nor will be */
	uint32_t done_slot; /* an Endpoint to say its end to; 0: none */
	uint32_t module_count;
	struct boot_module module[BOOT_MODULE_MAX];
};

_Static_assert(sizeof(struct boot_untyped) == 24, "ABI");
_Static_assert(sizeof(struct boot_info) <= 4096, "one page");

#endif
