/* source_dwarf.h: what DWARF says of an address; only for source.c. */
#ifndef SHELL_SOURCE_DWARF_H
#define SHELL_SOURCE_DWARF_H

#include <libelf.h>

#include "shell/source.h"

struct source_dwarf;

/* NULL if the file has no DWARF, or this program no libdw. */
struct source_dwarf *source_dwarf_open(Elf *elf);
void source_dwarf_close(struct source_dwarf *dwarf);

/* As source_find(). */
unsigned source_dwarf_find(struct source_dwarf *dwarf, uint64_t va,
			   struct source_frame frame[SOURCE_FRAMES_MAX]);

#endif
