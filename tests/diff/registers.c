/*
 * registers.c: what a case begins with in the registers it has not fixed.
 */
#include <string.h>

#include "tests/diff/generate.h"

#define FLAGS_ARITH 0x8d5u
#define FLAG_IF	    0x200u
#define FLAG_DF	    0x400u
#define FLAG_ID	    0x200000u
#define MXCSR_AT    24 /* in FXSAVE images */
#define ST_AT	    32
#define XMM_AT	    160

void first_stack_pointer(struct gen *g)
{
	uint64_t rsp = BOX_STACK + 0x400 + rng_below(&g->r, 0x100) * 8;
	unsigned kind = rng_below(&g->r, 32);

	if (kind == 0)
		rsp = BOX_STACK + rng_below(&g->r, 17);
	else if (kind == 1)
		rsp = BOX_STACK + BOX_PAGE - rng_below(&g->r, 17);
	else if (kind < 5)
		rsp += rng_below(&g->r, 8);
	else if (kind == 5 && rng_one_in(&g->r, 8))
		rsp = rng_operand(&g->r);
	fix(g, RSP, rsp);
}

/* What wants to be aligned is the maker's; ours is as AMD has it. */
bool alignment_checked(struct gen *g)
{
	return rng_one_in(&g->r, 8) && __builtin_cpu_is("amd");
}

static uint32_t first_mxcsr(struct gen *g)
{
	uint64_t any = rng_next(&g->r);
	uint32_t flags = any >> 32 & 0x3f;

	switch (any & 7) {
	case 0:
		return any >> 16 & 0xffff; /* some exceptions unmasked */
	case 1:
	case 2:
		return 0x1f80 | (any >> 16 & 0xe040) | flags;
	}
	return 0x1f80;
}

/* Numbers of all kinds, also those that no instruction makes. */
static void put_st(struct gen *g, uint8_t *at)
{
	static const uint16_t exponents[] = {0,	     1,	     0x3ffe, 0x3fff,
					     0x4000, 0x403e, 0x7ffe, 0x7fff};
	uint64_t mantissa = rng_float(&g->r);
	uint16_t exponent = exponents[rng_below(&g->r, 8)];

	if (!rng_one_in(&g->r, 4))
		exponent = 0x3fff - 40 + rng_below(&g->r, 80);
	if (exponent && !rng_one_in(&g->r, 16))
		mantissa |= UINT64_C(1) << 63;
	exponent |= rng_below(&g->r, 2) << 15;
	memcpy(at, &mantissa, 8);
	memcpy(at + 8, &exponent, 2);
}

/* FSW's exceptions only where they are masked: nothing waits, mostly. */
void first_x87(struct gen *g)
{
	uint8_t *fx = g->c->in.fxsave;
	uint16_t fcw = 0x37f, fsw = rng_below(&g->r, 8) << 11;

	if (g->c->units == 1 && rng_one_in(&g->r, 3))
		fcw = 0x40 | (rng_next(&g->r) & 0xf3f);
	if (rng_one_in(&g->r, 4))
		fsw |= rng_next(&g->r) & 0x473f & (fcw | 0xffc0);
	memcpy(fx, &fcw, 2);
	memcpy(fx + 2, &fsw, 2);
	fx[4] = rng_one_in(&g->r, 2) ? 0xff : rng_next(&g->r);
	for (unsigned i = 0; i < 8; i++)
		put_st(g, fx + ST_AT + 16 * i);
}

static void put_vector(struct registers *in, unsigned reg, unsigned part,
		       uint64_t val)
{
	uint8_t *at = part < 2 ? in->fxsave + XMM_AT : in->ymm_high;

	memcpy(at + 16 * reg + 8 * (part & 1), &val, 8);
}

/* So that most elements are on the page that the base names. */
void small_indexes(struct gen *g)
{
	unsigned parts = native_has_avx() ? 4 : 2;

	for (unsigned i = 0; i < 16 * parts; i++) {
		uint64_t val = (uint64_t)rng_below(&g->r, 64) - 32;

		if (!(g->c->indexes >> i / parts & 1) || rng_one_in(&g->r, 16))
			continue;
		if (rng_one_in(&g->r, 2)) /* for doublewords */
			val = (val & 31) | (uint64_t)rng_below(&g->r, 32) << 32;
		put_vector(&g->c->in, i / parts, i % parts, val);
	}
}

/* All that no address or count depends on. */
void free_registers(struct gen *g)
{
	struct registers *in = &g->c->in;
	uint32_t mxcsr = first_mxcsr(g);
	uint16_t fcw = 0x37f;

	for (unsigned i = 0; i < 16; i++)
		if (!(g->fixed >> i & 1))
			in->gpr[i] = rng_operand(&g->r);
	memset(in->fxsave, 0, XMM_AT);
	memcpy(in->fxsave, &fcw, 2);
	memcpy(in->fxsave + MXCSR_AT, &mxcsr, 4);
	memset(in->ymm_high, 0, sizeof(in->ymm_high));
	for (unsigned i = 0; i < (native_has_avx() ? 64 : 32); i++)
		put_vector(in, i / 2 % 16, i % 2 + i / 32 * 2,
			   i & 2 ? rng_float(&g->r) : rng_operand(&g->r));
	in->rflags = 2 | FLAG_IF | (rng_next(&g->r) & FLAGS_ARITH);
	if (rng_one_in(&g->r, 6))
		in->rflags |= FLAG_DF;
	if (rng_one_in(&g->r, 16))
		in->rflags |= FLAG_ID;
	if (alignment_checked(g))
		in->rflags |= FLAG_AC;
}
