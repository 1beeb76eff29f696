/*
 * unwind.h: from a function's registers to its caller's, by the call frame
 * information of an ELF file (DWARF 5 section 6.4); only for source.c.
 */
#ifndef SHELL_UNWIND_H
#define SHELL_UNWIND_H

#include <libelf.h>

#include "shell/source.h"

struct unwind;

/* NULL if the file has no such information, or this program no libdw. */
struct unwind *unwind_open(Elf *elf);
void unwind_close(struct unwind *unwind);

/* As source_unwind(). */
bool unwind_step(struct unwind *unwind, struct source_regs *regs,
		 const struct source_memory *memory);

#endif
