/*
 * simd_vex.c: which instructions VEX makes of the tables: AVX, AVX2, FMA and
 * F16C (SDM 2 2.3 and each instruction's encodings). Most are a row of SSE's,
 * which is done in each half of a register; a row of this table says for a
 * range of opcodes how the halves go together. What only VEX has is in tables
 * of its own (simd_rows.h).
 */
#include "vmm/sim/simd_rows.h"

/* Prefixes of a row. */
#define NP	  (1u << SIMD_NP)
#define P66	  (1u << SIMD_66)
#define PF3	  (1u << SIMD_F3)
#define PF2	  (1u << SIMD_F2)
#define PS	  (NP | P66)  /* packed single and double */
#define SS	  (PF3 | PF2) /* scalar */

/* VEX.L, without any: both. And VEX.W, without any: it does not matter. */
#define V	  0x001u /* vvvv is an operand; else it must be 1111 */
#define L0	  0x002u
#define L1	  0x004u
#define LIG	  0x008u /* L does not matter */
#define W0	  0x010u
#define W1	  0x020u
#define INT	  0x040u /* 256 bits are AVX2's */
#define ALGN	  0x080u /* memory must be aligned */
#define ONLY_MEM  0x100u
#define ONLY_REG  0x200u
#define WHOLE_MEM 0x400u /* of 256 bits, though of 128 less is read */
#define REG_AVX2  0x800u /* AVX has it of memory only */

struct vex_row {
	uint8_t map, first, last;
	uint8_t prefixes;
	uint16_t flags;
	uint8_t shape; /* enum vex_shape */
	uint8_t arg;
	uint8_t feature;
};

#define EACH	     VEX_LANES, 0, FEATURE_AVX
#define IMM(shift)   VEX_LANES, shift, FEATURE_AVX
#define SHAPE(shape) VEX_##shape, 0, FEATURE_AVX
#define MASK(bits)   VEX_MASK, bits, FEATURE_AVX
#define OF(feature)  VEX_LANES, 0, FEATURE_##feature
#define AVX2(shape)  VEX_##shape, 0, FEATURE_AVX2

static const struct vex_row rows[] = {
	{1, 0x10, 0x11, PS, 0, EACH},
	{1, 0x10, 0x11, SS, LIG | ONLY_MEM, EACH},
	{1, 0x10, 0x11, SS, LIG | ONLY_REG | V, EACH},
	{1, 0x12, 0x12, PS, V | L0, EACH},
	{1, 0x12, 0x12, PF3, 0, EACH},
	{1, 0x12, 0x12, PF2, WHOLE_MEM, EACH},
	{1, 0x13, 0x13, PS, L0, EACH},
	{1, 0x14, 0x15, PS, V, EACH},
	{1, 0x16, 0x16, PS, V | L0, EACH},
	{1, 0x16, 0x16, PF3, 0, EACH},
	{1, 0x17, 0x17, PS, L0, EACH},
	{1, 0x28, 0x29, PS, ALGN, EACH},
	{1, 0x2a, 0x2a, SS, V | LIG, EACH},
	{1, 0x2b, 0x2b, PS, ALGN, EACH},
	{1, 0x2c, 0x2d, SS, LIG, EACH},
	{1, 0x2e, 0x2f, PS, LIG, EACH},
	{1, 0x50, 0x50, NP, 0, MASK(4)},
	{1, 0x50, 0x50, P66, 0, MASK(2)},
	{1, 0x51, 0x51, PS, 0, EACH},
	{1, 0x52, 0x53, NP, 0, EACH},
	{1, 0x51, 0x53, SS, V | LIG, EACH},
	{1, 0x54, 0x59, PS, V, EACH},
	{1, 0x58, 0x5a, SS, V | LIG, EACH},
	{1, 0x5a, 0x5a, NP, 0, SHAPE(WIDEN)},
	{1, 0x5a, 0x5a, P66, 0, SHAPE(NARROW)},
	{1, 0x5b, 0x5b, PS | PF3, 0, EACH},
	{1, 0x5c, 0x5f, PS, V, EACH},
	{1, 0x5c, 0x5f, SS, V | LIG, EACH},
	{1, 0x60, 0x6d, P66, V | INT, EACH},
	{1, 0x6e, 0x6e, P66, L0, EACH},
	{1, 0x6f, 0x6f, P66, ALGN, EACH},
	{1, 0x6f, 0x6f, PF3, 0, EACH},
	{1, 0x70, 0x70, P66 | SS, INT, EACH},
	{1, 0x71, 0x73, P66, V | INT, EACH},
	{1, 0x74, 0x76, P66, V | INT, EACH},
	{1, 0x77, 0x77, NP, 0, SHAPE(ZERO)},
	{1, 0x7c, 0x7d, P66 | PF2, V, EACH},
	{1, 0x7e, 0x7e, P66 | PF3, L0, EACH},
	{1, 0x7f, 0x7f, P66, ALGN, EACH},
	{1, 0x7f, 0x7f, PF3, 0, EACH},
	{1, 0xc2, 0xc2, PS, V, EACH},
	{1, 0xc2, 0xc2, SS, V | LIG, EACH},
	{1, 0xc4, 0xc4, P66, V | L0, EACH},
	{1, 0xc5, 0xc5, P66, L0, EACH},
	{1, 0xc6, 0xc6, NP, V, EACH},
	{1, 0xc6, 0xc6, P66, V, IMM(2)},
	{1, 0xd0, 0xd0, P66 | PF2, V, EACH},
	{1, 0xd1, 0xd3, P66, V | INT, SHAPE(COUNT)},
	{1, 0xd4, 0xd5, P66, V | INT, EACH},
	{1, 0xd6, 0xd6, P66, L0, EACH},
	{1, 0xd7, 0xd7, P66, INT, MASK(16)},
	{1, 0xd8, 0xe0, P66, V | INT, EACH},
	{1, 0xe1, 0xe2, P66, V | INT, SHAPE(COUNT)},
	{1, 0xe3, 0xe5, P66, V | INT, EACH},
	{1, 0xe6, 0xe6, P66 | PF2, 0, SHAPE(NARROW)},
	{1, 0xe6, 0xe6, PF3, 0, SHAPE(WIDEN)},
	{1, 0xe7, 0xe7, P66, ALGN, EACH},
	{1, 0xe8, 0xef, P66, V | INT, EACH},
	{1, 0xf0, 0xf0, PF2, 0, EACH},
	{1, 0xf1, 0xf3, P66, V | INT, SHAPE(COUNT)},
	{1, 0xf4, 0xf6, P66, V | INT, EACH},
	{1, 0xf7, 0xf7, P66, L0, EACH},
	{1, 0xf8, 0xfe, P66, V | INT, EACH},

	{2, 0x00, 0x0b, P66, V | INT, EACH},
	{2, 0x0c, 0x0d, P66, V | W0, EACH},
	{2, 0x0e, 0x0f, P66, W0, EACH},
	{2, 0x13, 0x13, P66, W0, VEX_WIDEN, 0, FEATURE_F16C},
	{2, 0x16, 0x16, P66, V | L1 | W0, AVX2(WHOLE)},
	{2, 0x17, 0x17, P66, 0, EACH},
	{2, 0x18, 0x18, P66, W0 | REG_AVX2, SHAPE(WHOLE)},
	{2, 0x19, 0x19, P66, L1 | W0 | REG_AVX2, SHAPE(WHOLE)},
	{2, 0x1a, 0x1a, P66, L1 | W0, SHAPE(WHOLE)},
	{2, 0x1c, 0x1e, P66, INT, EACH},
	{2, 0x20, 0x25, P66, INT, SHAPE(WIDEN)},
	{2, 0x28, 0x29, P66, V | INT, EACH},
	{2, 0x2a, 0x2a, P66, INT | ALGN, EACH},
	{2, 0x2b, 0x2b, P66, V | INT, EACH},
	{2, 0x2c, 0x2d, P66, V | W0, SHAPE(MASK_LOAD)},
	{2, 0x2e, 0x2f, P66, V | W0, SHAPE(MASK_STORE)},
	{2, 0x30, 0x35, P66, INT, SHAPE(WIDEN)},
	{2, 0x36, 0x36, P66, V | L1 | W0, AVX2(WHOLE)},
	{2, 0x37, 0x40, P66, V | INT, EACH},
	{2, 0x41, 0x41, P66, L0, EACH},
	{2, 0x45, 0x45, P66, V, OF(AVX2)},
	{2, 0x46, 0x46, P66, V | W0, OF(AVX2)},
	{2, 0x47, 0x47, P66, V, OF(AVX2)},
	{2, 0x58, 0x59, P66, W0, AVX2(WHOLE)},
	{2, 0x5a, 0x5a, P66, L1 | W0, AVX2(WHOLE)},
	{2, 0x78, 0x79, P66, W0, AVX2(WHOLE)},
	{2, 0x8c, 0x8c, P66, V, AVX2(MASK_LOAD)},
	{2, 0x8e, 0x8e, P66, V, AVX2(MASK_STORE)},
	{2, 0x90, 0x93, P66, V, AVX2(GATHER)},
	{2, 0x96, 0x98, P66, V, VEX_THREE, 0, FEATURE_FMA},
	{2, 0x99, 0x99, P66, V | LIG, VEX_THREE, 0, FEATURE_FMA},
	{2, 0x9a, 0x9a, P66, V, VEX_THREE, 0, FEATURE_FMA},
	{2, 0x9b, 0x9b, P66, V | LIG, VEX_THREE, 0, FEATURE_FMA},
	{2, 0x9c, 0x9c, P66, V, VEX_THREE, 0, FEATURE_FMA},
	{2, 0x9d, 0x9d, P66, V | LIG, VEX_THREE, 0, FEATURE_FMA},
	{2, 0x9e, 0x9e, P66, V, VEX_THREE, 0, FEATURE_FMA},
	{2, 0x9f, 0x9f, P66, V | LIG, VEX_THREE, 0, FEATURE_FMA},
	{2, 0xdb, 0xdb, P66, L0, OF(AES)},
	{2, 0xdc, 0xdf, P66, V | L0, OF(AES)},

	{3, 0x00, 0x01, P66, L1 | W1, AVX2(WHOLE)},
	{3, 0x02, 0x02, P66, V | W0, VEX_LANES, 4, FEATURE_AVX2},
	{3, 0x04, 0x04, P66, W0, EACH},
	{3, 0x05, 0x05, P66, W0, IMM(2)},
	{3, 0x06, 0x06, P66, V | L1 | W0, SHAPE(WHOLE)},
	{3, 0x08, 0x09, P66, 0, EACH},
	{3, 0x0a, 0x0b, P66, V | LIG, EACH},
	{3, 0x0c, 0x0c, P66, V, IMM(4)},
	{3, 0x0d, 0x0d, P66, V, IMM(2)},
	{3, 0x0e, 0x0f, P66, V | INT, EACH},
	{3, 0x14, 0x17, P66, L0, EACH},
	{3, 0x18, 0x18, P66, V | L1 | W0, SHAPE(WHOLE)},
	{3, 0x19, 0x19, P66, L1 | W0, SHAPE(WHOLE)},
	{3, 0x1d, 0x1d, P66, W0, VEX_NARROW, 0, FEATURE_F16C},
	{3, 0x20, 0x22, P66, V | L0, EACH},
	{3, 0x38, 0x38, P66, V | L1 | W0, AVX2(WHOLE)},
	{3, 0x39, 0x39, P66, L1 | W0, AVX2(WHOLE)},
	{3, 0x40, 0x40, P66, V | WHOLE_MEM, SHAPE(WHOLE)},
	{3, 0x41, 0x41, P66, V | L0, EACH},
	{3, 0x42, 0x42, P66, V | INT, IMM(3)},
	{3, 0x44, 0x44, P66, V | L0, OF(PCLMULQDQ)},
	{3, 0x46, 0x46, P66, V | L1 | W0, AVX2(WHOLE)},
	{3, 0x4a, 0x4b, P66, V | W0, SHAPE(SELECT)},
	{3, 0x4c, 0x4c, P66, V | W0 | INT, SHAPE(SELECT)},
	{3, 0x60, 0x63, P66, L0, EACH},
	{3, 0xdf, 0xdf, P66, L0, OF(AES)},
};

/* ---- Lookup ---- */

static const struct simd_table *const tables[] = {
	&simd_vex_floats, &simd_vex_dots, &simd_permutes,
	&simd_vex_blends, &simd_fmas,
};

/* A row that only VEX has, or SSE's. */
static const struct simd_row *compute_row(const struct vex_key *k)
{
	static const uint16_t maps[] = {0, 0, SIMD_0F38, SIMD_0F3A};
	uint16_t opcode = maps[k->map] | k->opcode;
	const struct simd_row *row = NULL;

	for (size_t i = 0; i < COUNT(tables) && !row; i++)
		row = simd_find_in(tables[i], k->prefix, opcode, k->modrm);
	return row ? row : simd_find(k->prefix, opcode, k->modrm);
}

/* FMA's three orders of operands are alike. */
static uint8_t first_order(const struct vex_key *k)
{
	bool fma = k->map == 2 && (k->opcode & 15) >= 6 && k->opcode >= 0xa0 &&
		   k->opcode < 0xc0;

	return fma ? 0x90 | (k->opcode & 15) : k->opcode;
}

static bool fits(const struct vex_row *r, const struct vex_key *k)
{
	uint8_t opcode = first_order(k);
	bool memory = k->modrm >> 6 != 3;

	return r->map == k->map && opcode >= r->first && opcode <= r->last &&
	       r->prefixes >> k->prefix & 1 &&
	       !(r->flags & (memory ? ONLY_REG : ONLY_MEM));
}

static bool bits_ok(const struct vex_row *r, const struct vex_key *k)
{
	if (r->flags & (k->wide ? L0 : L1))
		return false;
	if (r->flags & (k->w ? W0 : W1))
		return false;
	return r->flags & V || k->vvvv == 0;
}

/* Bytes of rm in memory. */
static uint8_t memory_bytes(const struct vex_row *r, const struct simd_row *row,
			    const struct vex_key *k, bool two)
{
	bool general = row->form == SIMD_X_G || row->form == SIMD_G_X ||
		       row->form == SIMD_X_G_I || row->form == SIMD_G_X_I;

	if (row->props & SIMD_REXW && k->w && general)
		return 8;
	if (r->shape == VEX_THREE && r->flags & LIG)
		return k->w ? 8 : 4;
	if (two && r->flags & WHOLE_MEM)
		return 32;
	if (!two || r->shape == VEX_COUNT || r->shape == VEX_WHOLE)
		return row->bytes;
	if (row->bytes == 16)
		return 32;
	return 2 * row->bytes;
}

static uint8_t feature_of(const struct vex_row *r, const struct vex_key *k)
{
	if (r->flags & INT && k->wide)
		return FEATURE_AVX2;
	if (r->flags & REG_AVX2 && k->modrm >> 6 == 3)
		return FEATURE_AVX2;
	return r->feature;
}

static const struct vex_row *vex_row(const struct vex_key *k)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		if (fits(&rows[i], k))
			return &rows[i];
	return NULL;
}

const struct simd_row *vex_find(const struct vex_key *k, struct vex_how *how)
{
	const struct vex_row *r = vex_row(k);
	const struct simd_row *row = r ? compute_row(k) : NULL;

	if (!row || !bits_ok(r, k))
		return NULL;
	*how = (struct vex_how){
		.feature = feature_of(r, k),
		.op = {.shape = r->shape,
		       .arg = r->arg,
		       .two = k->wide && !(r->flags & LIG),
		       .v = r->flags & V,
		       .aligned = r->flags & ALGN},
	};
	how->op.bytes = memory_bytes(r, row, k, how->op.two);
	return row;
}
