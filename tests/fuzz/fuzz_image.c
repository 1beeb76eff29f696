/*
 * fuzz_image.c: kernel files. Inputs that begin with an odd byte are files as
 * they are; the others are changes to a good one, ELF or bzImage, four
 * bytes each (where, and what); some with a Multiboot 2 header. Whatever is started then starts in RAM, with its records there.
 *
 *	clang -g -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -I. \
 *		tests/fuzz/fuzz_image.c tests/unit/elf_file.c \
 *		vmm/image*.c vmm/boot*.c vmm/guestmem.c vmm/log.c vmm/x86_state.c \
 *		-lelf -lcmocka -o fuzz_image
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/elf_file.h"
#include "vmm/boot.h"

#define MEM	(UINT64_C(2) << 20)
#define CHANGES 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* A header of Multiboot 2 with a tag of each type, and section headers. */
static void put_multiboot2(struct elf_file *file)
{
	static const uint32_t words[] = {
		0xe85250d6, 0,	      144,	-(0xe85250d6 + 144u),
		10,	    24,	      0x100000, 0x180000,
		0x1000,	    2,	      3,	12,
		0x100010,   0,	      2,	24,
		0x100240,   0x100000, 0x101800, 0x102000,
		1,	    12,	      8,	0,
		4,	    12,	      2,	0,
		0x10063,    8,	      6,	8,
		0,	    8,
	};

	memcpy(file->bytes + 0x240, words, sizeof(words));
	elf_file_poke(file, 0x28, 8, 0x1000); /* of what is random there */
	elf_file_poke(file, 0x3a, 2, 64);
	elf_file_poke(file, 0x3c, 2, 4);
	memset(file->bytes + 0x1000, 0, 256);
	elf_file_poke(file, 0x1040 + 4, 1, 1);
	elf_file_poke(file, 0x1040 + 24, 8, 0x1800);
	elf_file_poke(file, 0x1040 + 32, 8, 0x100);
}

static void make_file(struct elf_file *file, const uint8_t *data, size_t size)
{
	if (size > 1 && data[1] & 2)
		linux_file_make(file);
	else
		elf_file_make(file, !(size > 1 && data[1] & 1));
	if (size > 1 && !(data[1] & 2) && data[1] & 4)
		put_multiboot2(file);
	if (size > 0 && data[0] & 1) {
		file->size =
			size < sizeof(file->bytes) ? size : sizeof(file->bytes);
		memcpy(file->bytes, data, file->size);
		return;
	}
	for (size_t i = 2, n = 0; i + 4 <= size && n < CHANGES; i += 4, n++) {
		/* Mostly the headers, where it matters. */
		size_t at = (data[i] | (data[i + 1] & 3) << 8);

		elf_file_poke(file, at, data[i + 1] & 4 ? 2 : 1,
			      data[i + 2] | data[i + 3] << 8);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct elf_file file;
	const char *module[1] = {file.path};
	struct boot_request req = {.kernel = file.path,
				   .module = module,
				   .module_count = size & 1,
				   .cmdline = "fuzz"};
	struct x86_state state;
	struct guestmem gm;
	uint64_t record;

	make_file(&file, data, size);
	req.protocol = size % BOOT_PROTOCOLS; /* each of them */
	said_start();
	elf_file_open(&file);
	check(guestmem_init(&gm, MEM) == 0);
	if (boot_load(&req, &gm, &state) == 0) {
		check(state.rip < MEM);
		record = state.gpr[GPR_RBX] | state.gpr[GPR_RSI]; /* or zero */
		check(guestmem_ptr(&gm, record, 56) != NULL);
	} else {
		check(said()[0] != 0); /* nothing is refused in silence */
	}
	guestmem_fini(&gm);
	elf_file_close(&file);
	return 0;
}
