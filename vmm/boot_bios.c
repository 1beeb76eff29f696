/*
 * boot_bios.c: what is left of a BIOS for kernels that look for one: its data
 * area, and an interrupt table whose services answer that they are not there.
 *
 * Some kernels go back to real mode at their start and ask for disks, video
 * modes and the memory map, and do well without an answer; zeros for vectors
 * would have them run whatever lies at address 0. Nothing here is needed, or
 * looked at, by a kernel that stays in protected mode.
 */
#include <string.h>

#include "vmm/boot_parts.h"

#define VECTORS	 0x400 /* bytes of the table */
#define DATA	 0x400 /* the area behind it */
#define DATA_END 0x500
#define SEGMENT	 0xf000
#define CODE	 0xfe00 /* in that segment */

/* The handlers, as machine code for real mode. */
enum handler { IGNORE, TICK, MASTER, SLAVE, VIDEO, EQUIPMENT, MEMORY, ABSENT };

static const struct {
	uint8_t len, byte[48];
} code[] = {
	/* iret */
	[IGNORE] = {1, {0xcf}},
	/* push ds, ax; ax = ds = 40h; ++dword [6ch]; EOI; pop; iret */
	[TICK] = {19,
		  {0x1e, 0x50, 0xb8, 0x40, 0x00, 0x8e, 0xd8, 0x66, 0xff, 0x06,
		   0x6c, 0x00, 0xb0, 0x20, 0xe6, 0x20, 0x58, 0x1f, 0xcf}},
	/* push ax; EOI to the master; pop ax; iret */
	[MASTER] = {7, {0x50, 0xb0, 0x20, 0xe6, 0x20, 0x58, 0xcf}},
	/* and to the slave */
	[SLAVE] = {9, {0x50, 0xb0, 0x20, 0xe6, 0xa0, 0xe6, 0x20, 0x58, 0xcf}},
	/* ah = 0fh: mode 3, 80 columns, page 0; 1ah: a VGA in colour; 12h: an
	 * EGA in colour with all its memory; 3: cursor at 0, 0; all else, VBE
	 * too, changes nothing, which is no success */
	[VIDEO] = {43, {0x80, 0xfc, 0x0f, 0x75, 0x06, 0xb8, 0x03, 0x50, 0xb7,
			0x00, 0xcf, 0x80, 0xfc, 0x1a, 0x75, 0x07, 0xb8, 0x1a,
			0x00, 0xbb, 0x08, 0x00, 0xcf, 0x80, 0xfc, 0x12, 0x75,
			0x04, 0xbb, 0x03, 0x00, 0xcf, 0x80, 0xfc, 0x03, 0x75,
			0x05, 0xb9, 0x0e, 0x0d, 0x31, 0xd2, 0xcf}},
	/* push ds; ax = ds = 40h; ax = [10h]; pop ds; iret */
	[EQUIPMENT] = {11,
		       {0x1e, 0xb8, 0x40, 0x00, 0x8e, 0xd8, 0xa1, 0x10, 0x00,
			0x1f, 0xcf}},
	/* likewise [13h] */
	[MEMORY] = {11,
		    {0x1e, 0xb8, 0x40, 0x00, 0x8e, 0xd8, 0xa1, 0x13, 0x00, 0x1f,
		     0xcf}},
	/* CF and ZF in the flags that iret takes; ah = 86h: no such function */
	[ABSENT] = {11,
		    {0x55, 0x89, 0xe5, 0x80, 0x4e, 0x06, 0x41, 0x5d, 0xb4, 0x86,
		     0xcf}},
};

#define HANDLERS (sizeof(code) / sizeof(code[0]))

/* Who gets which vectors; the later row counts. */
static const struct {
	uint8_t first, last, handler;
} vectors[] = {
	{0x00, 0xff, IGNORE},	 {0x08, 0x0f, MASTER}, {0x08, 0x08, TICK},
	{0x70, 0x77, SLAVE},	 {0x13, 0x1a, ABSENT}, {0x10, 0x10, VIDEO},
	{0x11, 0x11, EQUIPMENT}, {0x12, 0x12, MEMORY},
};

static void put_vectors(const struct guestmem *gm)
{
	uint16_t table[256][2], at = CODE, start[HANDLERS];

	for (size_t i = 0; i < HANDLERS; i++) {
		start[i] = at;
		guestmem_write(gm, (SEGMENT << 4) + at, code[i].byte,
			       code[i].len);
		at += code[i].len;
	}
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		for (unsigned v = vectors[i].first; v <= vectors[i].last; v++) {
			table[v][0] = start[vectors[i].handler];
			table[v][1] = SEGMENT;
		}
	guestmem_write(gm, 0, table, sizeof(table));
}

/*
 * Older kernels find the memory, the EBDA and the screen where a BIOS notes
 * them, and go wrong over zeros: a search below address 0.
 */
static void put_data(const struct guestmem *gm)
{
	static const struct {
		uint16_t at, val;
	} words[] = {
		{0x400, 0x3f8},		   /* COM1 */
		{0x402, 0x2f8},		   /* COM2 */
		{0x40e, IMAGE_HOLE >> 4},  /* EBDA, as a segment */
		{0x410, 0x22},		   /* 80x25 in colour, an FPU */
		{0x413, IMAGE_HOLE >> 10}, /* memory under it, in KiB */
		{0x449, 80 << 8 | 3},	   /* video mode, columns */
		{0x463, 0x3d4},		   /* CRTC */
		{0x484, 16 << 8 | 24},	   /* the last row, lines of a letter */
	};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		guestmem_write(gm, words[i].at, &words[i].val, 2);
}

static bool is_free(const struct image *image, uint64_t from, uint64_t end)
{
	for (uint64_t pa = from; pa < end; pa++)
		if (image_holds(image, pa))
			return false;
	return true;
}

void boot_put_bios(const struct image *image, const struct guestmem *gm)
{
	if (is_free(image, 0, VECTORS))
		put_vectors(gm);
	if (is_free(image, DATA, DATA_END))
		put_data(gm);
}
