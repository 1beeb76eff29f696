/*
 * native_simd.h: runs one SSE instruction on the host's own processor.
 *
 * native_compile() makes the code for a row of the simulator's table with
 * reg = xmm0 or rax and rm = xmm1, rcx or `mem`; native_run() loads those and
 * MXCSR from a struct native, executes it and stores everything back.
 */
#ifndef TESTS_UNIT_NATIVE_SIMD_H
#define TESTS_UNIT_NATIVE_SIMD_H

#include "vmm/sim/simd.h"

/* The offsets are in native_simd_x86_64.c's code. */
struct native {
	union xmm xmm0, xmm1;
	uint64_t rax, rcx;
	uint64_t flags;
	uint32_t mxcsr;
	uint32_t mxcsr_after; /* what the test itself runs with */
	_Alignas(16) union xmm mem;
	bool fault; /* SIGFPE was raised */
};

/* 0, or -ENOTSUP when the host cannot run x86-64 code. */
int native_init(void);
void native_compile(const struct simd_row *row, bool memory, unsigned general,
		    unsigned imm);
/* Executes what was compiled last. */
void native_run(struct native *n);

#endif
