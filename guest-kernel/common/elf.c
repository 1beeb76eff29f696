/*
 * elf.c: an image is an ELF64 executable for x86-64, linked to fixed
 * addresses. Every field that is used is checked first; segments are mapped
 * with the rights they ask for, so they may not share a page, and none may
 * be both writable and executable.
 */
#include "guest-kernel/common/elf.h"

#include <string.h>

#define ET_EXEC	  2
#define EM_X86_64 62
#define PT_LOAD	  1
#define PT_INTERP 3
#define PF_X	  1u
#define PF_W	  2u
#define PF_R	  4u

#define PAGE_SIZE UINT64_C(4096)
#define PAGE_MASK (PAGE_SIZE - 1)

struct file_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct program_header {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

_Static_assert(sizeof(struct file_header) == 64, "ELF64");
_Static_assert(sizeof(struct program_header) == 56, "ELF64");

static const char *check_header(const struct file_header *h, uint64_t size)
{
	/* 64-bit, little-endian, version 1 */
	if (memcmp(h->ident, "\177ELF\2\1\1", 7) != 0)
		return "it is no ELF64 file";
	if (h->machine != EM_X86_64)
		return "it is for another processor";
	if (h->type != ET_EXEC)
		return "it is no executable with fixed addresses";
	if (h->phentsize != sizeof(struct program_header) || h->phnum == 0)
		return "it has no program headers";
	if (h->phoff > size ||
	    h->phnum > (size - h->phoff) / sizeof(struct program_header))
		return "it is cut off in its program headers";
	return NULL;
}

static const char *check_segment(const struct program_header *s, uint64_t size,
				 uint64_t end, const struct elf_image *image)
{
	if (s->offset > size || s->filesz > size - s->offset)
		return "it is cut off in a segment";
	if (s->filesz > s->memsz)
		return "a segment has more bytes than memory";
	if (s->vaddr < PAGE_SIZE || s->vaddr >= end ||
	    s->memsz > end - s->vaddr)
		return "a segment lies outside the addresses for images";
	if (!(s->flags & PF_R))
		return "a segment is not readable";
	if (s->flags & PF_W && s->flags & PF_X)
		return "a segment is writable and executable";
	if ((s->vaddr & ~PAGE_MASK) < image->end)
		return "segments share a page or are out of order";
	if (image->count == ELF_SEGMENTS)
		return "it has too many segments";
	return NULL;
}

static const char *add_segment(const struct program_header *s,
			       struct elf_image *image)
{
	uint64_t first = s->vaddr & ~PAGE_MASK;
	uint64_t end = (s->vaddr + s->memsz + PAGE_MASK) & ~PAGE_MASK;

	image->segment[image->count++] = (struct elf_segment){
		.va = s->vaddr,
		.memory_size = s->memsz,
		.offset = s->offset,
		.file_size = s->filesz,
		.rights = RIGHT_READ | RIGHT_GRANT |
			  (s->flags & PF_W ? RIGHT_WRITE : 0) |
			  (s->flags & PF_X ? RIGHT_EXEC : 0),
	};
	if (image->count == 1)
		image->base = first;
	image->end = end;
	if ((end - first) / PAGE_SIZE > ELF_PAGES - image->pages)
		return "it is larger than 256 MiB";
	image->pages += (end - first) / PAGE_SIZE;
	return NULL;
}

static const char *check_entry(const struct elf_image *image)
{
	for (unsigned i = 0; i < image->count; i++) {
		const struct elf_segment *s = &image->segment[i];

		if (s->rights & RIGHT_EXEC && image->entry >= s->va &&
		    image->entry - s->va < s->memory_size)
			return NULL;
	}
	return "its entry is in no executable segment";
}

const char *elf_parse(const uint8_t *file, uint64_t size, uint64_t end,
		      struct elf_image *image)
{
	struct file_header h;
	const char *wrong;

	*image = (struct elf_image){0};
	if (size < sizeof(h))
		return "it is too short for an ELF file";
	memcpy(&h, file, sizeof(h));
	wrong = check_header(&h, size);
	if (wrong)
		return wrong;
	image->entry = h.entry;
	for (unsigned i = 0; i < h.phnum; i++) {
		struct program_header s;

		memcpy(&s, file + h.phoff + i * sizeof(s), sizeof(s));
		if (s.type == PT_INTERP)
			return "it wants a dynamic linker";
		if (s.type != PT_LOAD || s.memsz == 0)
			continue;
		wrong = check_segment(&s, size, end, image);
		if (!wrong)
			wrong = add_segment(&s, image);
		if (wrong)
			return wrong;
	}
	return check_entry(image);
}
