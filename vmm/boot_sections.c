/*
 * boot_sections.c: the section headers are taken as they are in the file, and
 * only the addresses of those sections change that were nowhere in memory.
 * Two rounds over them: in the first each gets its place, if all fit; in the
 * second they are written.
 */
#include "vmm/boot_sections.h"

#include <elf.h>
#include <string.h>

#include "vmm/log.h"

/* Fields of a header that differ between ELF32 and ELF64. */
struct layout {
	uint16_t size, flags, address, offset, length, align, word;
};

static const struct layout layouts[2] = {
	{sizeof(Elf32_Shdr), offsetof(Elf32_Shdr, sh_flags),
	 offsetof(Elf32_Shdr, sh_addr), offsetof(Elf32_Shdr, sh_offset),
	 offsetof(Elf32_Shdr, sh_size), offsetof(Elf32_Shdr, sh_addralign), 4},
	{sizeof(Elf64_Shdr), offsetof(Elf64_Shdr, sh_flags),
	 offsetof(Elf64_Shdr, sh_addr), offsetof(Elf64_Shdr, sh_offset),
	 offsetof(Elf64_Shdr, sh_size), offsetof(Elf64_Shdr, sh_addralign), 8},
};

#define SECTION_TYPE 4 /* in both */

static uint64_t field(const uint8_t *header, unsigned at, unsigned size)
{
	uint64_t val = 0;

	memcpy(&val, header + at, size);
	return val;
}

/* Count, names and where the headers are; false: there are none to give. */
static bool find_headers(const struct image *image,
			 struct boot_sections *sections, uint64_t *offset)
{
	const struct layout *l = &layouts[image->elf64];
	Elf64_Ehdr eh64;
	Elf32_Ehdr eh32;
	unsigned entry_size;

	if (image->size < sizeof(eh64) ||
	    memcmp(image->data, ELFMAG, SELFMAG) != 0)
		return false;
	memcpy(&eh64, image->data, sizeof(eh64));
	memcpy(&eh32, image->data, sizeof(eh32));
	*offset = image->elf64 ? eh64.e_shoff : eh32.e_shoff;
	entry_size = image->elf64 ? eh64.e_shentsize : eh32.e_shentsize;
	sections->count = image->elf64 ? eh64.e_shnum : eh32.e_shnum;
	sections->names = image->elf64 ? eh64.e_shstrndx : eh32.e_shstrndx;
	sections->entry_size = l->size;
	if (*offset == 0 || sections->count == 0)
		return false;
	if (entry_size == l->size && sections->count <= BOOT_SECTIONS &&
	    sections->names < sections->count &&
	    image_in_file(image, *offset, (uint64_t)sections->count * l->size))
		return true;
	log_info("boot: %s: its %u section headers are too many or damaged, "
		 "and not told of",
		 image->path, sections->count);
	return false;
}

/* Is it only in the file as yet? */
static bool is_outside(const uint8_t *header, const struct layout *l)
{
	uint32_t type = field(header, SECTION_TYPE, 4);

	return type != SHT_NULL && type != SHT_NOBITS &&
	       !(field(header, l->flags, l->word) & SHF_ALLOC) &&
	       field(header, l->address, l->word) == 0 &&
	       field(header, l->length, l->word) != 0;
}

/* The next place for it, up to a page's alignment; false: there is none. */
static bool find_place(const struct boot_parts *parts, const uint8_t *header,
		       const struct layout *l, uint64_t *next, uint64_t *pa)
{
	uint64_t align = field(header, l->align, l->word);
	uint64_t len = field(header, l->length, l->word);

	if (align < 16 || align > GUEST_PAGE_SIZE || align & (align - 1))
		align = 16;
	if (!image_in_file(parts->image, field(header, l->offset, l->word),
			   len))
		return false;
	*pa = (*next + align - 1) & ~(align - 1);
	if (*pa > parts->free_end || len > parts->free_end - *pa)
		return false;
	*next = *pa + len;
	return true;
}

bool boot_load_sections(const struct boot_parts *parts,
			struct boot_sections *sections)
{
	const struct image *image = parts->image;
	const struct layout *l = &layouts[image->elf64];
	uint64_t offset, pa, next = parts->free;
	uint64_t place[BOOT_SECTIONS] = {0};

	if (!find_headers(image, sections, &offset))
		return false;
	memcpy(sections->bytes, image->data + offset,
	       (size_t)sections->count * l->size);
	for (unsigned i = 0; i < sections->count; i++) {
		uint8_t *header = sections->bytes + (size_t)i * l->size;

		if (!is_outside(header, l))
			continue;
		if (!find_place(parts, header, l, &next, &pa)) {
			log_info("boot: %s: its sections are damaged or do not "
				 "fit into memory, and not told of",
				 image->path);
			return false;
		}
		place[i] = pa;
	}
	for (unsigned i = 0; i < sections->count; i++) {
		uint8_t *header = sections->bytes + (size_t)i * l->size;

		if (!place[i])
			continue;
		memcpy(header + l->address, &place[i], l->word);
		guestmem_write(parts->gm, place[i],
			       image->data + field(header, l->offset, l->word),
			       field(header, l->length, l->word));
	}
	return true;
}
