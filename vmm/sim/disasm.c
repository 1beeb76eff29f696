/* disasm.c: one instruction as text, by Zydis. */
#include <stdio.h>

#include <Zydis/Zydis.h>

#include "vmm/sim/sim.h"

void disassemble(char *text, size_t size, const uint8_t *byte, unsigned len,
		 uint64_t rip, unsigned bits)
{
	ZydisMachineMode mode = bits == 64 ? ZYDIS_MACHINE_MODE_LONG_64
				: bits == 32
					? ZYDIS_MACHINE_MODE_LONG_COMPAT_32
					: ZYDIS_MACHINE_MODE_LONG_COMPAT_16;
	ZydisDisassembledInstruction insn;

	text[0] = '\0';
	if (ZYAN_SUCCESS(ZydisDisassembleIntel(mode, rip, byte, len, &insn)))
		snprintf(text, size, "%s", insn.text);
}
