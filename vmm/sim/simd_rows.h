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

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline int clamp(int x, int low, int high)
{
	return x < low ? low : x > high ? high : x;
}

static inline int8_t sat_s8(int x)
{
	return clamp(x, INT8_MIN, INT8_MAX);
}

static inline uint8_t sat_u8(int x)
{
	return clamp(x, 0, UINT8_MAX);
}

static inline int16_t sat_s16(int x)
{
	return clamp(x, INT16_MIN, INT16_MAX);
}

static inline uint16_t sat_u16(int x)
{
	return clamp(x, 0, UINT16_MAX);
}

/* A function of lanes: a from dst, b from src. */
#define LANES(name, lane, expr)                                    \
	static bool name(struct simd_ctx *ctx, union xmm *dst,     \
			 const union xmm *src)                     \
	{                                                          \
		for (unsigned i = 0; i < COUNT(dst->lane); i++) {  \
			__typeof__(dst->lane[0]) a = dst->lane[i], \
						 b = src->lane[i]; \
                                                                   \
			(void)a;                                   \
			dst->lane[i] = (expr);                     \
		}                                                  \
		return true;                                       \
	}

/* Wide lanes of dst, then of src, each saturated to half its width. */
#define PACK(name, wide, narrow, saturate)                            \
	static bool name(struct simd_ctx *ctx, union xmm *dst,        \
			 const union xmm *src)                        \
	{                                                             \
		union xmm d = *dst, s = *src;                         \
		unsigned count = COUNT(d.wide);                       \
                                                                      \
		for (unsigned i = 0; i < count; i++) {                \
			dst->narrow[i] = saturate(d.wide[i]);         \
			dst->narrow[count + i] = saturate(s.wide[i]); \
		}                                                     \
		return true;                                          \
	}

#define SIMD_PART_I(prefix, opcode, bytes, fn, name)                     \
	{                                                                \
		prefix, opcode, SIMD_ANY, SIMD_X_X_I, bytes, 0, fn, name \
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

/* As simd_find(), in one table. */
const struct simd_row *simd_find_in(const struct simd_table *table,
				    enum simd_prefix prefix, uint16_t opcode,
				    uint8_t modrm);

extern const struct simd_table simd_moves;	 /* simd_move.c */
extern const struct simd_table simd_integers;	 /* simd_int.c */
extern const struct simd_table simd_floats;	 /* simd_float.c */
extern const struct simd_table simd_conversions; /* simd_convert.c */
extern const struct simd_table simd_packed;	 /* simd_packed.c */
extern const struct simd_table simd_shuffles;	 /* simd_shuffle.c */
extern const struct simd_table simd_horizontals; /* simd_horizontal.c */
extern const struct simd_table simd_texts;	 /* simd_text.c */
extern const struct simd_table simd_ciphers;	 /* simd_aes.c */
extern const struct simd_table simd_hashes;	 /* simd_sha.c */

/* What only VEX has. */
extern const struct simd_table simd_vex_floats; /* simd_float.c */
extern const struct simd_table simd_vex_dots;	/* simd_horizontal.c */
extern const struct simd_table simd_vex_blends; /* simd_shuffle.c */
extern const struct simd_table simd_permutes;	/* simd_permute.c */
extern const struct simd_table simd_fmas;	/* simd_fma.c */

#endif
