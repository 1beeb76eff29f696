/*
 * registers.h: the registers as gdb numbers them, and the description that
 * tells it so.
 *
 * The first REG_CORE are those of the g packet and lie the same in all modes
 * of the processor: core, SSE and segment bases as gdb knows them. Behind
 * them are the system's, which are ours to name, and the upper halves of YMM.
 *
 * gdb's x86-64 reads 32-bit code as if it were 64-bit. So there is another
 * description, of the same registers as its i386 has them, for who asks.
 */
#ifndef GDBSTUB_REGISTERS_H
#define GDBSTUB_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/x86.h"

/* What gdb is told to take the processor for; the last two differ in what
 * gdb makes of code. */
enum reg_arch { REG_X86_64, REG_I386, REG_I8086 };

const char *reg_arch_name(enum reg_arch arch); /* gdb's */

/* Of x86-64; of the others by their names. */
enum {
	REG_RIP = 16,
	REG_EFLAGS = 17,
	REG_CS = 18,
	REG_ST0 = 24,
	REG_XMM0 = 40,
	REG_CORE = 59,

	REG_ESP = 4,
	REG_EBP = 5,
	REG_EIP = 8,
	REG_LOW_EFLAGS = 9,
	REG_LOW_CS = 10,
	REG_LOW_CORE = 41
};

/* Bytes; 0: there is none of that number. */
unsigned reg_size(enum reg_arch arch, unsigned n);
void reg_get(enum reg_arch arch, const struct x86_state *s, unsigned n,
	     uint8_t *buf);
void reg_set(enum reg_arch arch, struct x86_state *s, unsigned n,
	     const uint8_t *buf);

/* target.xml, for a processor with AVX or without; NULL: no memory. The
 * caller frees it. */
char *reg_describe(enum reg_arch arch, bool avx);

#endif
