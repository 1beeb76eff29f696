/*
 * fuzz_elf.c: ELF files for the guest's loaders. Inputs that begin with an odd
 * byte are files as they are; the others are changes to a good one, four bytes
 * each (where, and what). Whatever is accepted keeps what elf.h promises.
 *
 *	clang -g -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -I. \
 *		tests/fuzz/fuzz_elf.c guest-kernel/common/elf.c -o fuzz_elf
 */
#include <elf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "guest-kernel/common/elf.h"

#define END  UINT64_C(0x70000000)
#define PAGE UINT64_C(4096)

struct file {
	Elf64_Ehdr header;
	Elf64_Phdr segment[4];
	uint8_t bytes[64];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static const struct file good = {
	.header = {.e_ident = {0x7f, 'E', 'L', 'F', 2, 1, 1},
		   .e_type = ET_EXEC,
		   .e_machine = EM_X86_64,
		   .e_version = 1,
		   .e_entry = 0x8010,
		   .e_phoff = sizeof(Elf64_Ehdr),
		   .e_ehsize = sizeof(Elf64_Ehdr),
		   .e_phentsize = sizeof(Elf64_Phdr),
		   .e_phnum = 4},
	.segment = {{PT_LOAD, 5, 0x120, 0x8000, 0, 0x20, 0x20, PAGE},
		    {PT_LOAD, 4, 0x130, 0x9ff0, 0, 0x30, 0x30, PAGE},
		    {PT_LOAD, 6, 0x140, 0xb000, 0, 0x10, 0x5000, PAGE},
		    {PT_NOTE, 4, 0x130, 0x9ff0, 0, 0x10, 0x10, 4}},
};

static void check_image(const struct elf_image *image, uint64_t size)
{
	uint64_t at = PAGE, pages = 0;
	bool entry = false;

	check(image->count > 0 && image->count <= ELF_SEGMENTS);
	for (unsigned i = 0; i < image->count; i++) {
		const struct elf_segment *s = &image->segment[i];
		uint64_t first = s->va & -PAGE;
		uint64_t end = (s->va + s->memory_size + PAGE - 1) & -PAGE;

		check(s->memory_size > 0 && first >= at);
		check(s->va < END && s->memory_size <= END - s->va);
		check(s->file_size <= s->memory_size);
		check(s->offset <= size && s->file_size <= size - s->offset);
		check(s->rights & RIGHT_READ);
		check(!(s->rights & RIGHT_WRITE) || !(s->rights & RIGHT_EXEC));
		entry |= s->rights & RIGHT_EXEC && image->entry >= s->va &&
			 image->entry - s->va < s->memory_size;
		pages += (end - first) / PAGE;
		at = end;
	}
	check(entry);
	check(pages == image->pages && pages <= ELF_PAGES);
	check(image->base == (image->segment[0].va & -PAGE));
	check(image->end == at);
}

/* The file is in memory of its own, so that reading past it is seen. */
static void try(const uint8_t *file, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct elf_image image;

	check(copy != NULL);
	memcpy(copy, file, size);
	if (!elf_parse(copy, size, END, &image))
		check_image(&image, size);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t changes = size > 0 ? data[0] >> 1 & 7 : 0;
	uint8_t file[sizeof(good)];

	if (size > 0 && data[0] & 1) {
		try(data, size);
		return 0;
	}
	memcpy(file, &good, sizeof(file));
	for (size_t i = 1; i + 4 <= size && changes-- > 0; i += 4) {
		size_t at = (data[i] | data[i + 1] << 8) % (sizeof(file) - 1);

		memcpy(file + at, data + i + 2, data[i + 1] & 0x80 ? 2 : 1);
	}
	try(file, sizeof(file));
	return 0;
}
