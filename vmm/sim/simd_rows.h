/*
 * simd_rows.h: how the simd_*.c files write their part of the table.
 *
 * Each file exports its rows, sorted by opcode and, below that, by prefix;
 * simd.c searches them. Rows of the same opcode and prefix stand together.
 */
#ifndef VMM_SIM_SIMD_ROWS_H
#define VMM_SIM_SIMD_ROWS_H

#include "vmm/sim/ieee.h"
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

/* Lane i of x, as wide as format f. */
static inline uint64_t simd_lane(const union xmm *x,
				 const struct ieee_format *f, unsigned i)
{
	return f->bits == 32 ? x->u32[i] : x->u64[i];
}

static inline void simd_set_lane(union xmm *x, const struct ieee_format *f,
				 unsigned i, uint64_t value)
{
	if (f->bits == 32)
		x->u32[i] = value;
	else
		x->u64[i] = value;
}

/* Notes what all lanes raised; false when some of it is unmasked. */
bool simd_commit(struct simd_ctx *ctx, const struct ieee *e);

extern const struct simd_table simd_moves;	 /* simd_move.c */
extern const struct simd_table simd_integers;	 /* simd_int.c */
extern const struct simd_table simd_floats;	 /* simd_float.c */
extern const struct simd_table simd_conversions; /* simd_convert.c */

#endif
