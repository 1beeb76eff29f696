/*
 * boot_linux.c: a bzImage by the 32-bit entry of Linux's x86 boot protocol
 * (Documentation/arch/x86/boot.rst): ESI points at the zero page, which is
 * the kernel's own setup header, filled in, and what else a boot loader knows
 * of the machine; a GDT with flat segments 10h and 18h is loaded.
 *
 * Modules are the initial RAM disk, one behind the other from page to page:
 * Linux passes over the zeros between archives.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "vmm/boot_parts.h"
#include "vmm/image_linux.h"
#include "vmm/log.h"

/* The zero page (Documentation/arch/x86/zero-page.rst), but for the header. */
#define ZERO_PAGE_SIZE 4096
#define VIDEO_MODE     0x06
#define VIDEO_COLUMNS  0x07
#define VIDEO_EGA      0x0a
#define VIDEO_LINES    0x0e
#define VIDEO_IS_VGA   0x0f
#define VIDEO_POINTS   0x10
#define RSDP	       0x70
#define E820_COUNT     0x1e8
#define HEADER_LIMIT   0x290 /* where the next thing is */
#define E820	       0x2d0
#define E820_SIZE      20

#define LOADER_OTHER   0xff /* one without a number of its own */
#define SEL_CODE       0x10
#define SEL_DATA       0x18

enum e820_type { E820_RAM = 1, E820_RESERVED = 2 };

static void put(uint8_t *page, size_t at, size_t len, uint64_t val)
{
	memcpy(page + at, &val, len);
}

static void put_header(const struct image *image, uint8_t *page)
{
	size_t end = LINUX_MAGIC + image_linux_field(image, LINUX_JUMP, 1);

	if (end < LINUX_HEADER_MIN)
		end = LINUX_HEADER_MIN;
	if (end > HEADER_LIMIT)
		end = HEADER_LIMIT;
	if (end > image->size)
		end = image->size;
	memcpy(page + LINUX_SECTORS, image->data + LINUX_SECTORS,
	       end - LINUX_SECTORS);
	put(page, LINUX_LOADER, 1, LOADER_OTHER);
	put(page, LINUX_START, 4, image->entry);
}

/* Text of 80 by 25, as the screen has it. */
static void put_screen(uint8_t *page)
{
	put(page, VIDEO_MODE, 1, 3);
	put(page, VIDEO_COLUMNS, 1, 80);
	put(page, VIDEO_EGA, 2, 3);
	put(page, VIDEO_LINES, 1, 25);
	put(page, VIDEO_IS_VGA, 1, 1);
	put(page, VIDEO_POINTS, 2, 16);
}

static void put_e820(const struct boot_parts *parts, uint8_t *page)
{
	for (unsigned i = 0; i < parts->range_count; i++) {
		const struct memory_range *range = &parts->range[i];
		size_t at = E820 + i * E820_SIZE;

		put(page, at, 8, range->base);
		put(page, at + 8, 8, range->len);
		put(page, at + 16, 4, range->usable ? E820_RAM : E820_RESERVED);
	}
	put(page, E820_COUNT, 1, parts->range_count);
}

static int put_initrd(const struct boot_parts *parts, uint8_t *page)
{
	const struct boot_module *first = &parts->module[0], *last;
	uint64_t end, max;

	if (parts->module_count == 0)
		return 0;
	last = &parts->module[parts->module_count - 1];
	end = last->pa + last->size;
	max = image_linux_field(parts->image, LINUX_INITRD_MAX, 4);
	if (end - 1 > max)
		return fail(-ENOEXEC,
			    "%s: the initial RAM disk would end at %#" PRIx64
			    ", and this kernel wants it under %#" PRIx64,
			    parts->image->path, end, max);
	put(page, LINUX_INITRD, 4, first->pa);
	put(page, LINUX_INITRD_SIZE, 4, end - first->pa);
	return 0;
}

static int put_cmdline(const struct boot_parts *parts, uint8_t *page)
{
	uint64_t max = image_linux_field(parts->image, LINUX_CMDLINE_SIZE, 4);

	if (strlen(parts->cmdline) > max)
		return fail(-E2BIG,
			    "%s: the command line has %zu bytes, this kernel "
			    "takes %" PRIu64,
			    parts->image->path, strlen(parts->cmdline), max);
	put(page, LINUX_CMDLINE, 4,
	    boot_put_string(parts->data, parts->cmdline));
	return 0;
}

static void set_segments(const struct boot_parts *parts,
			 struct x86_state *state)
{
	static const uint64_t gdt[] = {0, 0, UINT64_C(0x00cf9b000000ffff),
				       UINT64_C(0x00cf93000000ffff)};

	for (unsigned i = SEG_ES; i <= SEG_GS; i++)
		state->seg[i].selector = i == SEG_CS ? SEL_CODE : SEL_DATA;
	state->gdt.base = boot_put(parts->data, gdt, sizeof(gdt));
	state->gdt.limit = sizeof(gdt) - 1;
}

int boot_linux(const struct boot_parts *parts, struct x86_state *state)
{
	uint8_t page[ZERO_PAGE_SIZE] = {0};
	int err;

	if (parts->image->entry > UINT32_MAX)
		return fail(-ENOEXEC,
			    "%s: wants to be at %#" PRIx64
			    ", out of 32-bit code's reach",
			    parts->image->path, parts->image->entry);
	put_header(parts->image, page);
	put_screen(page);
	put_e820(parts, page);
	put(page, RSDP, 8, ACPI_RSDP);
	err = put_initrd(parts, page);
	if (!err)
		err = put_cmdline(parts, page);
	if (err)
		return err;
	set_segments(parts, state);
	state->rip = parts->image->entry;
	state->gpr[GPR_RSI] = boot_put(parts->data, page, sizeof(page));
	return 0;
}
