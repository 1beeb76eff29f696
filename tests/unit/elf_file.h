/*
 * elf_file.h: a good kernel file, to be spoiled byte by byte.
 *
 *	000h	ELF header, program headers: two PT_LOAD, one PT_NOTE
 *	200h	Multiboot header without addresses
 *	300h	the note Xen/18: the entry is the first segment's first byte
 *	1000h	the first segment: 800h bytes to 100000h, 2000h in memory
 *	1800h	the second: 100h bytes to 103000h
 */
#ifndef TESTS_UNIT_ELF_FILE_H
#define TESTS_UNIT_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_FILE_SIZE 0x1900
#define ELF_FILE_MB   0x200
#define ELF_FILE_NOTE 0x300
#define ELF_FILE_VA   0x80100000u /* ELF64: sign-extended */

struct elf_file {
	uint8_t bytes[ELF_FILE_SIZE];
	size_t size; /* of them, what is in the file */
	char path[64];
	int fd;
};

void elf_file_make(struct elf_file *file, bool elf64);

/*
 * The same of a bzImage of boot protocol 2.15: two sectors for real mode,
 * then LINUX_FILE_KERNEL bytes that want to be at 100000h, where they need
 * 4000h bytes; no initial RAM disk from 300000h on, 255 bytes of command line.
 */
#define LINUX_FILE_KERNEL (ELF_FILE_SIZE - 0x600)
void linux_file_make(struct elf_file *file);

void elf_file_poke(struct elf_file *file, size_t at, size_t size,
		   uint64_t value);

/* A file of `size` bytes, at `path` until elf_file_close(). */
void elf_file_open(struct elf_file *file);
void elf_file_close(struct elf_file *file);

/* What the program said last; empty when it said nothing. */
const char *said(void);
void said_start(void);

#endif
