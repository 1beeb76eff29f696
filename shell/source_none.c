/* source_none.c: no libdw, so no DWARF; symbols still name functions. */
#include "shell/source_dwarf.h"

#include <stddef.h>

struct source_dwarf *source_dwarf_open(Elf *elf)
{
	return NULL;
}

void source_dwarf_close(struct source_dwarf *dwarf)
{
}

unsigned source_dwarf_find(struct source_dwarf *dwarf, uint64_t va,
			   struct source_frame frame[SOURCE_FRAMES_MAX])
{
	return 0;
}
