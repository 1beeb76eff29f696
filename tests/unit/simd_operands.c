/* simd_operands.c: operands and code for the tests of the SSE table. */
#include "tests/unit/simd_operands.h"
#include "vmm/sim/ieee.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

uint64_t random_state;

uint64_t random64(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(0x2545f4914f6cdd1d);
}

unsigned below(unsigned n)
{
	return random64() % n;
}

/* Exponent fields and fractions where something happens, of either format. */
static uint64_t interesting(const struct ieee_format *f)
{
	uint64_t max = 2 * (unsigned)f->emax + 1;
	uint64_t one = (uint64_t)1 << f->frac;
	const uint64_t exponents[] = {
		0,
		0,
		0,
		1,
		2,
		f->frac,
		f->emax - f->frac - 1,
		f->emax - 1,
		f->emax,
		f->emax,
		f->emax + 1,
		f->emax + 23,
		f->emax + 24,
		f->emax + 29,
		f->emax + 30,
		f->emax + 31,
		f->emax + 32,
		f->emax + 52,
		f->emax + 62,
		f->emax + 63,
		f->emax + 64,
		f->emax / 2,
		3 * (unsigned)f->emax / 2,
		max - 2,
		max - 1,
		max,
		max,
		max,
		random64() & max,
		/* around the limits of single precision, for cvtsd2ss */
		(f->emax - 127 - below(3)) & max,
		(f->emax + 126 + below(3)) & max,
		(f->emax - 149 - below(3)) & max,
	};
	const uint64_t fractions[] = {
		0,
		0,
		0,
		1,
		2,
		3,
		one - 1,
		one - 2,
		one / 2,
		one / 2 + 1,
		one / 2 - 1,
		one / 4 * 3,
		random64(),
		random64(),
		random64() << (f->frac / 2),
		one - ((uint64_t)1 << below(f->frac)),
		(uint64_t)1 << below(f->frac),
		/* halfway between two singles, and close to it */
		(uint64_t)1 << 28,
		((uint64_t)3 << 28) + 1,
		((uint64_t)1 << 28) - 1,
		((uint64_t)1 << f->frac) - ((uint64_t)1 << 28),
	};
	uint64_t sign = random64() & (uint64_t)1 << (f->bits - 1);

	return sign | exponents[below(COUNT(exponents))] << f->frac |
	       (fractions[below(COUNT(fractions))] & (one - 1));
}

/* Bytes of a few kinds, with zeros between them. */
static uint64_t characters(void)
{
	static const uint8_t few[] = {0, 'a', 'b', 'c', 'z', 0x7f, 0x80, 0xff};
	uint64_t mask = below(2) ? ~0ull : 0xff00ff00ff00ff, text = 0;
	unsigned kinds = 2 + below(COUNT(few) - 1), zeros = below(3);

	for (unsigned i = 0; i < 8; i++) {
		unsigned k = below(kinds);

		text = text << 8 | few[zeros && !k ? 1 : k];
	}
	return text & mask;
}

uint64_t operand_lane(enum operands kind)
{
	static const uint64_t edges[] = {
		0,
		~0ull,
		0x8000800080008000,
		0x7fff7fff7fff7fff,
		0x8080808080808080,
		0x7f7f7f7f7f7f7f7f,
		0x80000000,
		0x7fffffff7fffffff,
		0x8000000080000000,
		1,
		UINT64_C(1) << 63,
		INT64_MAX,
		15,
		16,
		17,
		31,
		32,
		33,
		63,
		64,
		0x00ff00ff00ff00ff,
		0xff00ff00ff00ff00,
		(1 << 24) + 1,
		(UINT64_C(1) << 53) + 1,
		(UINT64_C(3) << 53) - 1,
	};

	if (kind == TEXTS)
		return characters();
	if (kind == SINGLES)
		return interesting(&ieee_single) | interesting(&ieee_single)
							   << 32;
	if (kind == DOUBLES)
		return interesting(&ieee_double);
	if (below(2))
		return edges[below(COUNT(edges))];
	return random64() >> (below(2) ? below(64) : 0);
}

union xmm operand(enum operands kind)
{
	return (union xmm){.u64 = {operand_lane(kind), operand_lane(kind)}};
}

bool simd_has_imm(const struct simd_row *row)
{
	switch (row->form) {
	case SIMD_X_X_I:
	case SIMD_R_X_I:
	case SIMD_X_G_I:
	case SIMD_G_X_I:
	case SIMD_U_I:
	case SIMD_TEXT:
	case SIMD_TEXT_I:
		return true;
	}
	return false;
}

static uint8_t modrm(const struct simd_row *row, bool memory)
{
	bool general = row->form == SIMD_R_X || row->form == SIMD_R_X_I;
	uint8_t reg = row->select != SIMD_ANY ? row->select : general ? 0 : 2;

	return reg << 3 | (memory ? 0x07 /* [rdi] */ : 0xc1 /* xmm1, rcx */);
}

unsigned simd_encode(uint8_t out[SIMD_CODE], const struct simd_row *row,
		     bool memory, unsigned general, unsigned imm)
{
	static const uint8_t prefixes[] = {
		[SIMD_66] = 0x66, [SIMD_F3] = 0xf3, [SIMD_F2] = 0xf2};
	uint8_t *p = out;

	if (row->prefix != SIMD_NP)
		*p++ = prefixes[row->prefix];
	if (general == 8)
		*p++ = 0x48; /* REX.W */
	*p++ = 0x0f;
	if (row->opcode >> 8)
		*p++ = row->opcode >> 8;
	*p++ = row->opcode;
	*p++ = modrm(row, memory);
	if (simd_has_imm(row))
		*p++ = imm;
	return p - out;
}
