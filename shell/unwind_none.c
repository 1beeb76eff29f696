/* unwind_none.c: no libdw, so frame pointers have to do. */
#include "shell/unwind.h"

#include <stddef.h>

struct unwind *unwind_open(Elf *elf)
{
	return NULL;
}

void unwind_close(struct unwind *unwind)
{
}

bool unwind_step(struct unwind *unwind, struct source_regs *regs,
		 const struct source_memory *memory)
{
	return false;
}
