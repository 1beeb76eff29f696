/*
 * native_simd.h: runs one SSE instruction on the host's own processor.
 *
 * native_compile() makes the code for a row of the simulator's table with
 * reg = xmm2 or rax and rm = xmm1, rcx or `mem`; xmm0, rax, rcx and rdx are
 * there for the rows that imply them. native_run() loads those and MXCSR from
 * a struct native, executes it and stores everything back.
 */
#ifndef TESTS_UNIT_NATIVE_SIMD_H
#define TESTS_UNIT_NATIVE_SIMD_H

#include "vmm/sim/simd.h"

/* The offsets are in native_simd_x86_64.c's code. */
struct native {
	union xmm xmm0, xmm1, xmm2;
	uint64_t rax, rcx, rdx;
	uint64_t flags;
	uint32_t mxcsr;
	uint32_t mxcsr_after; /* what the test itself runs with */
	uint64_t unused;
	_Alignas(16) union xmm mem;
	bool fault; /* SIGFPE was raised */
};

/* 0, or -ENOTSUP when the host has no SSE4.2 or runs no code made here. */
int native_init(void);
/* Does the host have the instruction? */
bool native_has(const struct simd_row *row);
void native_compile(const struct simd_row *row, bool memory, unsigned general,
		    unsigned imm);
/* Executes what was compiled last. */
void native_run(struct native *n);
uint32_t native_crc32(uint32_t crc, uint64_t data, unsigned bytes);

#endif
