/*
 * native_x87.h: runs one x87 instruction on the host's own processor.
 *
 * native_x87_run() loads the state from an FXSAVE image, and RAX and RFLAGS,
 * executes the instruction, whose memory operand is [rdi], and stores all of
 * it back. What is pending after it is dropped: no signal comes.
 */
#ifndef TESTS_UNIT_NATIVE_X87_H
#define TESTS_UNIT_NATIVE_X87_H

#include <stdbool.h>
#include <stdint.h>

/* The offsets are in native_x87_x86_64.c's code. */
struct native_x87 {
	_Alignas(16) uint8_t image[512];
	uint64_t rax, flags;
	uint8_t mem[112];
};

/* 0, or -ENOTSUP when the host runs no code made here. */
int native_x87_init(void);
void native_x87_compile(const uint8_t *code, unsigned len);
/* Executes what was compiled last. */
void native_x87_run(struct native_x87 *n);

#endif
