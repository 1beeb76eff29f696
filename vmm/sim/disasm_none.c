/* disasm_none.c: for builds without Zydis. */
#include "vmm/sim/sim.h"

void disassemble(char *text, size_t size, const uint8_t *byte, unsigned len,
		 uint64_t rip, unsigned bits)
{
	text[0] = '\0';
}
