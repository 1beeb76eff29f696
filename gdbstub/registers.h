/*
 * registers.h: the registers as gdb numbers them, and the description that
 * tells it so.
 *
 * The first REG_CORE are those of the g packet and lie the same in all modes
 * of the processor: core, SSE and segment bases as gdb knows them. Behind
 * them are the system's, which are ours to name, and the upper halves of YMM.
 */
#ifndef GDBSTUB_REGISTERS_H
#define GDBSTUB_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/x86.h"

enum {
	REG_RIP = 16,
	REG_EFLAGS = 17,
	REG_ST0 = 24,
	REG_XMM0 = 40,
	REG_CORE = 59
};

/* Bytes; 0: there is none of that number. */
unsigned reg_size(unsigned n);
void reg_get(const struct x86_state *s, unsigned n, uint8_t *buf);
void reg_set(struct x86_state *s, unsigned n, const uint8_t *buf);

/* target.xml, for a processor with AVX or without; NULL: no memory. The
 * caller frees it. */
char *reg_describe(bool avx);

#endif
