/* boot_file.h: boots the good file, and looks at what the guest finds. */
#ifndef TESTS_UNIT_BOOT_FILE_H
#define TESTS_UNIT_BOOT_FILE_H

#include "tests/unit/elf_file.h"
#include "vmm/boot.h"

struct booted {
	struct elf_file kernel, module[2];
	struct guestmem gm;
	struct x86_state state;
	int err;
};

/*
 * Boot `b->kernel` (already made) with `count` modules of 10 and 5000 bytes,
 * the command line "a=1 b" and `mem` bytes of memory.
 */
void boot_file(struct booted *b, enum boot_protocol protocol, unsigned count,
	       uint64_t mem);
void boot_file_end(struct booted *b);

/* What the guest should find as module `i`'s name; the first has arguments. */
const char *boot_file_module(const struct booted *b, unsigned i);

uint32_t boot_u32(const struct booted *b, uint64_t gpa);
uint64_t boot_u64(const struct booted *b, uint64_t gpa);
const char *boot_string(const struct booted *b, uint64_t gpa);

/* Flat 32-bit protected mode, paging and interrupts off. */
void check_protected_mode(const struct x86_state *state);

#endif
