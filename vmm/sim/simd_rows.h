/*
 * simd_rows.h: how the simd_*.c files write their part of the table.
 *
 * Each file exports its rows, sorted by opcode and, below that, by prefix;
 * simd.c searches them. Rows of the same opcode and prefix stand together.
 */
#ifndef VMM_SIM_SIMD_ROWS_H
#define VMM_SIM_SIMD_ROWS_H

#include "vmm/sim/simd.h"

struct simd_table {
	const struct simd_row *rows;
	size_t count;
};

#define SIMD_TABLE(array)                               \
	{                                               \
		array, sizeof(array) / sizeof(array[0]) \
	}

/* reg xmm <- rm xmm or aligned m128, with and without an imm8. */
#define SIMD_FULL(prefix, opcode, fn, name)                                    \
	{                                                                      \
		prefix, opcode, SIMD_ANY, SIMD_X_X, 16, SIMD_ALIGNED, fn, name \
	}
#define SIMD_FULL_I(prefix, opcode, fn, name)                               \
	{                                                                   \
		prefix, opcode, SIMD_ANY, SIMD_X_X_I, 16, SIMD_ALIGNED, fn, \
			name                                                \
	}
/* reg xmm <- rm xmm or memory of `bytes`. */
#define SIMD_PART(prefix, opcode, bytes, fn, name)                     \
	{                                                              \
		prefix, opcode, SIMD_ANY, SIMD_X_X, bytes, 0, fn, name \
	}

extern const struct simd_table simd_moves;    /* simd_move.c */
extern const struct simd_table simd_integers; /* simd_int.c */

#endif
