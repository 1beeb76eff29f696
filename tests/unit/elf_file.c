/* elf_file.c: the file lives in a memfd, which has a path in /proc. */
#include "tests/unit/elf_file.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Before cmocka, which has a macro fail(). */
#include "vmm/log.h"

#include "tests/unit/unit.h"

#define ENTRY 0x100010

static void make64(uint8_t *bytes)
{
	uint64_t high = UINT64_C(0xffffffff) << 32;
	Elf64_Ehdr eh = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1},
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = 1,
		.e_entry = high | (ELF_FILE_VA + 0x10),
		.e_phoff = sizeof(eh),
		.e_ehsize = sizeof(eh),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 3,
	};
	Elf64_Phdr ph[3] = {
		{PT_LOAD, PF_R | PF_X, 0x1000, high | ELF_FILE_VA, 0x100000,
		 0x800, 0x2000, 0x1000},
		{PT_LOAD, PF_R | PF_W, 0x1800, high | (ELF_FILE_VA + 0x3000),
		 0x103000, 0x100, 0x100, 0x1000},
		{PT_NOTE, PF_R, ELF_FILE_NOTE, 0, 0, 24, 24, 4},
	};

	memcpy(bytes, &eh, sizeof(eh));
	memcpy(bytes + sizeof(eh), ph, sizeof(ph));
}

static void make32(uint8_t *bytes)
{
	Elf32_Ehdr eh = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, 1},
		.e_type = ET_EXEC,
		.e_machine = EM_386,
		.e_version = 1,
		.e_entry = ELF_FILE_VA + 0x10,
		.e_phoff = sizeof(eh),
		.e_ehsize = sizeof(eh),
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = 3,
	};
	Elf32_Phdr ph[3] = {
		{PT_LOAD, 0x1000, ELF_FILE_VA, 0x100000, 0x800, 0x2000,
		 PF_R | PF_X, 0x1000},
		{PT_LOAD, 0x1800, ELF_FILE_VA + 0x3000, 0x103000, 0x100, 0x100,
		 PF_R | PF_W, 0x1000},
		{PT_NOTE, ELF_FILE_NOTE, 0, 0, 24, 24, PF_R, 4},
	};

	memcpy(bytes, &eh, sizeof(eh));
	memcpy(bytes + sizeof(eh), ph, sizeof(ph));
}

void elf_file_make(struct elf_file *file, bool elf64)
{
	static const uint32_t multiboot[3] = {0x1badb002, 0, -0x1badb002u};
	uint32_t note[6] = {4, 8, 18, 0, ENTRY, 0};

	memset(file, 0, sizeof(*file));
	file->size = ELF_FILE_SIZE;
	(elf64 ? make64 : make32)(file->bytes);
	memcpy(file->bytes + ELF_FILE_MB, multiboot, sizeof(multiboot));
	memcpy(&note[3], "Xen", 4);
	memcpy(file->bytes + ELF_FILE_NOTE, note, sizeof(note));
	for (size_t i = 0x1000; i < ELF_FILE_SIZE; i++)
		file->bytes[i] = i * 7 + 1;
}

void elf_file_poke(struct elf_file *file, size_t at, size_t size,
		   uint64_t value)
{
	memcpy(file->bytes + at, &value, size);
}

void linux_file_make(struct elf_file *file)
{
	*file = (struct elf_file){.size = ELF_FILE_SIZE, .fd = -1};
	for (size_t i = 0x600; i < ELF_FILE_SIZE; i++)
		file->bytes[i] = i;
	elf_file_poke(file, 0x1f1, 1, 2); /* sectors behind the first */
	elf_file_poke(file, 0x1f4, 4, LINUX_FILE_KERNEL / 16);
	elf_file_poke(file, 0x1fe, 2, 0xaa55);
	elf_file_poke(file, 0x200, 2, 0x6aeb); /* the header's end */
	elf_file_poke(file, 0x202, 4, 0x53726448);
	elf_file_poke(file, 0x206, 2, 0x20f);
	elf_file_poke(file, 0x211, 1, 1); /* loaded high */
	elf_file_poke(file, 0x214, 4, 0x100000);
	elf_file_poke(file, 0x22c, 4, 0x2fffff);
	elf_file_poke(file, 0x238, 4, 255);
	elf_file_poke(file, 0x258, 8, 0x100000);
	elf_file_poke(file, 0x260, 4, 0x4000);
	elf_file_poke(file, 0x268, 4, 0x12345678); /* the last field */
	elf_file_poke(file, 0x26c, 4, 0xbad);	   /* code */
}

void elf_file_open(struct elf_file *file)
{
	file->fd = memfd_create("kernel", MFD_CLOEXEC);
	assert_true(file->fd >= 0);
	assert_int_equal(write(file->fd, file->bytes, file->size), file->size);
	snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
}

void elf_file_close(struct elf_file *file)
{
	close(file->fd);
}

static char last[512];

static void keep(void *ctx, const char *line)
{
	snprintf(last, sizeof(last), "%s", line);
}

void said_start(void)
{
	last[0] = 0;
	log_set_hook(keep, NULL);
}

const char *said(void)
{
	return last;
}
