/*
 * simd.c: finds the row of an SSE instruction.
 *
 * Lanes of one register are looked at in several widths through union xmm,
 * which has the guest's byte order only on a little-endian host.
 */
#include "vmm/sim/simd_rows.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "union xmm");

static const struct simd_table *const tables[] = {
	&simd_moves,   &simd_integers, &simd_floats,	  &simd_conversions,
	&simd_packed,  &simd_shuffles, &simd_horizontals, &simd_texts,
	&simd_ciphers, &simd_hashes,
};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

static unsigned key(unsigned opcode, unsigned prefix)
{
	return opcode << 2 | prefix;
}

/* The first row of `table` that is not below `want`, or its end. */
static size_t lower_bound(const struct simd_table *table, unsigned want)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct simd_row *row = &table->rows[mid];

		if (key(row->opcode, row->prefix) < want)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool fits(const struct simd_row *row, uint8_t modrm)
{
	bool memory = modrm >> 6 != 3;

	if (row->props & (memory ? SIMD_REG_ONLY : SIMD_MEM_ONLY))
		return false;
	return row->select == SIMD_ANY || row->select == (modrm >> 3 & 7);
}

const struct simd_row *simd_find_in(const struct simd_table *table,
				    enum simd_prefix prefix, uint16_t opcode,
				    uint8_t modrm)
{
	unsigned want = key(opcode, prefix);
	size_t i = lower_bound(table, want);

	for (; i < table->count; i++) {
		const struct simd_row *row = &table->rows[i];

		if (key(row->opcode, row->prefix) != want)
			break;
		if (fits(row, modrm))
			return row;
	}
	return NULL;
}

const struct simd_row *simd_find(enum simd_prefix prefix, uint16_t opcode,
				 uint8_t modrm)
{
	const struct simd_row *row = NULL;

	for (size_t t = 0; t < TABLES && !row; t++)
		row = simd_find_in(tables[t], prefix, opcode, modrm);
	return row;
}

static enum feature feature_0f(unsigned opcode, unsigned prefix)
{
	switch (opcode) {
	case 0x12:
	case 0x16: /* movddup, movsldup, movshdup */
		return prefix >= SIMD_F3 ? FEATURE_SSE3 : FEATURE_SSE2;
	case 0x7c:
	case 0x7d:
	case 0xd0:
	case 0xf0:
		return FEATURE_SSE3;
	}
	return FEATURE_SSE2;
}

static enum feature feature_0f38(unsigned opcode)
{
	switch (opcode) {
	case 0x00 ... 0x0b:
	case 0x1c ... 0x1e:
		return FEATURE_SSSE3;
	case 0x37:
		return FEATURE_SSE4_2;
	case 0xc8 ... 0xcd:
		return FEATURE_SHA;
	case 0xdb ... 0xdf:
		return FEATURE_AES;
	}
	return FEATURE_SSE4_1;
}

static enum feature feature_0f3a(unsigned opcode)
{
	switch (opcode) {
	case 0x0f:
		return FEATURE_SSSE3;
	case 0x60 ... 0x63:
		return FEATURE_SSE4_2;
	case 0x44:
		return FEATURE_PCLMULQDQ;
	case 0xcc:
		return FEATURE_SHA;
	case 0xdf:
		return FEATURE_AES;
	}
	return FEATURE_SSE4_1;
}

enum feature simd_feature(const struct simd_row *row)
{
	switch (row->opcode & 0xff00) {
	case SIMD_0F38:
		return feature_0f38(row->opcode & 0xff);
	case SIMD_0F3A:
		return feature_0f3a(row->opcode & 0xff);
	}
	return feature_0f(row->opcode, row->prefix);
}

const struct simd_row *simd_row_at(size_t i)
{
	for (size_t t = 0; t < TABLES; t++) {
		if (i < tables[t]->count)
			return &tables[t]->rows[i];
		i -= tables[t]->count;
	}
	return NULL;
}
