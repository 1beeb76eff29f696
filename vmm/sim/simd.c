/*
 * simd.c: finds the row of an SSE instruction.
 *
 * Lanes of one register are looked at in several widths through union xmm,
 * which has the guest's byte order only on a little-endian host.
 */
#include "vmm/sim/simd_rows.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "union xmm");

static const struct simd_table *const tables[] = {
	&simd_moves,  &simd_integers, &simd_floats,	 &simd_conversions,
	&simd_packed, &simd_shuffles, &simd_horizontals, &simd_texts,
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

const struct simd_row *simd_find(enum simd_prefix prefix, uint16_t opcode,
				 uint8_t modrm)
{
	unsigned want = key(opcode, prefix);

	for (size_t t = 0; t < TABLES; t++) {
		size_t i = lower_bound(tables[t], want);

		for (; i < tables[t]->count; i++) {
			const struct simd_row *row = &tables[t]->rows[i];

			if (key(row->opcode, row->prefix) != want)
				break;
			if (fits(row, modrm))
				return row;
		}
	}
	return NULL;
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
