/* disassemble_none.c: for builds without Zydis. */
#include "shell/repl/disassemble.h"

const bool disassemble_built = false;

unsigned disassemble_one(const uint8_t *byte, unsigned len, uint64_t rip,
			 unsigned bits, char *text, size_t size)
{
	return 0;
}
