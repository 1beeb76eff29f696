/* disassemble.h: one instruction as text, where this build can. */
#ifndef SHELL_REPL_DISASSEMBLE_H
#define SHELL_REPL_DISASSEMBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const bool disassemble_built;

/* Its length; 0: these bytes are none. */
unsigned disassemble_one(const uint8_t *byte, unsigned len, uint64_t rip,
			 unsigned bits, char *text, size_t size);

#endif
