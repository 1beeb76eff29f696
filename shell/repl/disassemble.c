/* disassemble.c: by Zydis. */
#include "shell/repl/disassemble.h"

#include <stdio.h>

#include <Zydis/Zydis.h>

const bool disassemble_built = true;

unsigned disassemble_one(const uint8_t *byte, unsigned len, uint64_t rip,
			 unsigned bits, char *text, size_t size)
{
	ZydisMachineMode mode = bits == 64 ? ZYDIS_MACHINE_MODE_LONG_64
				: bits == 32
					? ZYDIS_MACHINE_MODE_LONG_COMPAT_32
					: ZYDIS_MACHINE_MODE_LONG_COMPAT_16;
	ZydisDisassembledInstruction insn;

	if (!ZYAN_SUCCESS(ZydisDisassembleIntel(mode, rip, byte, len, &insn)))
		return 0;
	snprintf(text, size, "%s", insn.text);
	return insn.info.length;
}
