/*
 * guest.h: the least a bare test program needs to be booted by the PVH note:
 * 32-bit protected mode, flat segments, paging off, EBX = start info.
 */
	.section .note.pvh, "a", @note
	.balign	4
	.long	4, 4, 18		/* name and value sizes, entry point */
	.asciz	"Xen"
	.long	_start

	.text
	.code32
	.globl	_start

#define EXIT_PORT    0xf4
#define EXIT_SUCCESS 0x10
#define EXIT_FAILURE 0x11
#define COM1	     0x3f8
