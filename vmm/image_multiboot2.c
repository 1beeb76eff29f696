/*
 * image_multiboot2.c: the header of Multiboot 2 (specification 2.0, section
 * 3.1) in a file: a list of tags, each with its type, a flag that makes it
 * optional, and its length. What is unknown and not optional is refused; what
 * is for EFI firmware is passed over, as there is none.
 */
#include <errno.h>
#include <inttypes.h>

#include "vmm/image_multiboot.h"
#include "vmm/log.h"

#define MB2_MAGIC     0xe85250d6u
#define MB2_ARCH_I386 0
#define MB2_HEADER    16 /* bytes before the tags */
#define TAG_HEADER    8
#define TAG_OPTIONAL  1u

enum {
	TAG_END,
	TAG_REQUEST,
	TAG_ADDRESS,
	TAG_ENTRY,
	TAG_CONSOLE,
	TAG_FRAMEBUFFER,
	TAG_MODULE_ALIGN,
	TAG_EFI_SERVICES,
	TAG_EFI_ENTRY32,
	TAG_EFI_ENTRY64,
	TAG_RELOCATABLE,
	TAG_TYPES
};

/* The least that each has. */
static const uint8_t tag_size[TAG_TYPES] = {
	[TAG_END] = 8,		[TAG_REQUEST] = 8,	[TAG_ADDRESS] = 24,
	[TAG_ENTRY] = 12,	[TAG_CONSOLE] = 12,	[TAG_FRAMEBUFFER] = 20,
	[TAG_MODULE_ALIGN] = 8, [TAG_EFI_SERVICES] = 8, [TAG_EFI_ENTRY32] = 12,
	[TAG_EFI_ENTRY64] = 12, [TAG_RELOCATABLE] = 24,
};

/* The types of the information's tags go up to the load base address. */
#define INFO_LAST	21

#define CONSOLE_NEEDED	1u
#define CONSOLE_TEXT_OK 2u

#define FROM_THE_START	UINT32_MAX /* as load_addr */
#define MIB		UINT64_C(0x100000)

struct tag {
	uint64_t at; /* in the file */
	unsigned type, flags;
	uint32_t size;
};

/* What the tags said, in whatever order. */
struct wants {
	uint64_t address, entry; /* where these tags are; 0: none */
	uint32_t console;
	bool graphics, no_text;
};

static int bad(const struct image *image, const char *why)
{
	return fail(-ENOEXEC, "%s: %s", image->path, why);
}

bool image_find_header2(const struct image *image, size_t end, uint64_t *where)
{
	for (size_t at = 0; at + MB2_HEADER <= end; at += 8) {
		uint32_t arch = image_le32(image, at + 4);
		uint32_t len = image_le32(image, at + 8);

		if (image_le32(image, at) != MB2_MAGIC ||
		    arch != MB2_ARCH_I386 ||
		    MB2_MAGIC + arch + len + image_le32(image, at + 12) != 0)
			continue;
		*where = at;
		return true;
	}
	return false;
}

void image_find_multiboot2(struct image *image)
{
	size_t end = image->size < MB2_SEARCH ? image->size : MB2_SEARCH;

	image->has_multiboot2 =
		image_find_header2(image, end, &image->mb2_offset);
	if (image->has_multiboot2)
		image->mb2_len = image_le32(image, image->mb2_offset + 8);
}

/* ---- the tags ---- */

/* The information's types that a kernel asks for must be known; whether there
 * is such information is another matter. */
static int check_request(const struct image *image, const struct tag *tag)
{
	for (uint32_t i = TAG_HEADER; i + 4 <= tag->size; i += 4) {
		uint32_t type = image_le32(image, tag->at + i);

		if (type > INFO_LAST && !(tag->flags & TAG_OPTIONAL))
			return fail(-ENOEXEC,
				    "%s: its Multiboot 2 header demands "
				    "information of type %" PRIu32
				    ", which is not known",
				    image->path, type);
	}
	return 0;
}

static int take_relocation(struct image *image, const struct tag *tag)
{
	struct image_range *range = &image->relocation;
	uint32_t preference = image_le32(image, tag->at + 20);

	range->wanted = true;
	range->min = image_le32(image, tag->at + 8);
	range->max = image_le32(image, tag->at + 12);
	range->align = image_le32(image, tag->at + 16);
	range->preference =
		preference <= RANGE_HIGHEST ? preference : RANGE_ANY;
	if (range->align == 0)
		range->align = 1;
	if (range->align & (range->align - 1))
		return fail(-ENOEXEC,
			    "%s: its Multiboot 2 header wants it aligned to "
			    "%#" PRIx32 ", which is no power of two",
			    image->path, range->align);
	return 0;
}

static int take_tag(struct image *image, const struct tag *tag,
		    struct wants *wants)
{
	if (tag->type < TAG_TYPES && tag->size < tag_size[tag->type])
		return fail(-ENOEXEC,
			    "%s: the tag of type %u in its Multiboot 2 header "
			    "has %" PRIu32 " bytes, and needs %d",
			    image->path, tag->type, tag->size,
			    tag_size[tag->type]);
	switch (tag->type) {
	case TAG_REQUEST:
		return check_request(image, tag);
	case TAG_ADDRESS:
		wants->address = tag->at;
		return 0;
	case TAG_ENTRY:
		wants->entry = tag->at;
		return 0;
	case TAG_CONSOLE:
		wants->console = image_le32(image, tag->at + 8);
		wants->no_text = !(wants->console & CONSOLE_TEXT_OK);
		return 0;
	case TAG_FRAMEBUFFER:
		wants->graphics = true;
		return 0;
	case TAG_RELOCATABLE:
		return take_relocation(image, tag);
	case TAG_MODULE_ALIGN: /* they are */
	case TAG_EFI_SERVICES:
	case TAG_EFI_ENTRY32:
	case TAG_EFI_ENTRY64:
		return 0;
	}
	if (tag->flags & TAG_OPTIONAL)
		return 0;
	return fail(-ENOEXEC,
		    "%s: its Multiboot 2 header has a tag of type %u, which is "
		    "not known and not optional",
		    image->path, tag->type);
}

/* Tags begin at multiples of eight; the header's end is an end, too. */
static int take_tags(struct image *image, struct wants *wants)
{
	uint64_t at = image->mb2_offset + MB2_HEADER;
	uint64_t end = image->mb2_offset + image->mb2_len;

	while (at + TAG_HEADER <= end) {
		uint32_t word = image_le32(image, at);
		struct tag tag = {at, word & 0xffff, word >> 16,
				  image_le32(image, at + 4)};
		int err;

		if (tag.size < TAG_HEADER || tag.size > end - at)
			return fail(-ENOEXEC,
				    "%s: the tag of type %u in its Multiboot 2 "
				    "header has %" PRIu32 " bytes, of %" PRIu64
				    " that are left",
				    image->path, tag.type, tag.size, end - at);
		if (tag.type == TAG_END)
			break;
		err = take_tag(image, &tag, wants);
		if (err)
			return err;
		at += ((uint64_t)tag.size + 7) & ~UINT64_C(7);
	}
	return 0;
}

static int check_console(const struct image *image, const struct wants *wants)
{
	if (wants->console & CONSOLE_NEEDED && wants->no_text)
		return bad(image, "it demands a graphics mode; there is only "
				  "the 80x25 text mode");
	if (wants->graphics)
		log_warn("%s: it would like a graphics mode; there is only "
			 "the 80x25 text mode",
			 image->path);
	return 0;
}

static int take_addresses(struct image *image, const struct wants *wants)
{
	uint64_t at = wants->address;
	struct flat_addresses flat = {
		.header = image_le32(image, at + 8),
		.load = image_le32(image, at + 12),
		.load_end = image_le32(image, at + 16),
		.bss_end = image_le32(image, at + 20),
		.entry = image_le32(image, wants->entry + 8),
	};

	if (flat.load == FROM_THE_START) {
		if (flat.header < image->mb2_offset)
			return bad(image, "its Multiboot 2 header lies further "
					  "into the file than its address");
		flat.load = flat.header - image->mb2_offset;
	}
	return image_use_flat(image, image->mb2_offset, &flat);
}

int image_use_multiboot2(struct image *image)
{
	struct wants wants = {0};
	int err;

	if (image->mb2_len < MB2_HEADER ||
	    !image_in_file(image, image->mb2_offset, image->mb2_len))
		return bad(image, "truncated: its Multiboot 2 header is not "
				  "all in the file");
	err = take_tags(image, &wants);
	if (!err && !wants.address && image->seg_count == 0)
		err = image_refuse_format(image);
	if (!err)
		err = check_console(image, &wants);
	if (err)
		return err;
	if (wants.address && !wants.entry)
		return bad(image, "its Multiboot 2 header has addresses, but "
				  "no entry point");
	if (wants.address)
		return take_addresses(image, &wants);
	if (wants.entry) {
		image->entry = image_le32(image, wants.entry + 8);
		image->entry_is_physical = true;
	}
	return 0;
}

/* ---- another place ---- */

static uint64_t align_up(uint64_t pa, uint32_t align)
{
	return (pa + align - 1) & ~((uint64_t)align - 1);
}

/* The lowest and highest places within the range, above the first MiB. */
static bool find_places(const struct image_range *range, uint64_t size,
			uint64_t ram_end, uint64_t *low, uint64_t *high)
{
	uint64_t end = range->max < ram_end ? range->max : ram_end;

	*low = align_up(range->min < MIB ? MIB : range->min, range->align);
	if (end < size || end - size < *low)
		return false;
	*high = (end - size) & ~((uint64_t)range->align - 1);
	return true;
}

int image_relocate(struct image *image, const struct guestmem *gm)
{
	const struct image_range *range = &image->relocation;
	uint64_t start = image_start(image), size = image_end(image) - start;
	uint64_t low, high, to, entry;

	if (!find_places(range, size, gm->region[0].base + gm->region[0].len,
			 &low, &high))
		return fail(-ENOEXEC,
			    "%s: its %#" PRIx64 " bytes fit nowhere from "
			    "%#" PRIx32 " to %#" PRIx32
			    ", where it may be; give the guest more with --mem",
			    image->path, size, range->min, range->max);
	to = range->preference == RANGE_HIGHEST ? high : low;
	if (range->preference == RANGE_ANY && start >= low && start <= high &&
	    start == align_up(start, range->align))
		to = start;
	if (image_entry(image, &entry)) {
		image->entry = entry - start + to;
		image->entry_is_physical = true;
	}
	for (unsigned i = 0; i < image->seg_count; i++)
		image->seg[i].paddr += to - start;
	return 0;
}
