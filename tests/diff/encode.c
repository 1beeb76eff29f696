/*
 * encode.c: the bytes of an instruction, its free bits at random.
 */
#include <string.h>

#include "tests/diff/generate.h"

static unsigned pick_register(struct gen *g)
{
	unsigned reg = rng_below(&g->r, 16);

	for (int i = 0; i < 3 && g->dirty >> reg & 1; i++)
		reg = rng_below(&g->r, 16);
	return reg;
}

/* ModRM, SIB and displacement of memory; the REX bits for them. */
static unsigned put_memory(struct gen *g, uint8_t *out, unsigned reg,
			   bool gather, uint8_t *rex)
{
	unsigned kind = gather ? 2 + rng_below(&g->r, 7) : rng_below(&g->r, 16),
		 n = 0;
	unsigned base = pick_register(g), index = pick_register(g);
	unsigned mod = rng_below(&g->r, 3), disp = 0;

	*rex = 0;
	if (kind < 2) { /* [rip + disp32] */
		out[n++] = 0x05 | reg << 3;
		disp = 4;
	} else if (kind < 4) { /* [index * scale + disp32] */
		out[n++] = 0x04 | reg << 3;
		out[n++] = 0x05 | (index & 7) << 3 | rng_below(&g->r, 4) << 6;
		*rex = index >> 3 << 1;
		disp = 4;
	} else if (kind < 9 || base == RSP || base == 12) {
		out[n++] = mod << 6 | reg << 3 | 4;
		out[n++] = rng_below(&g->r, 4) << 6 | (index & 7) << 3 |
			   (base & 7);
		*rex = index >> 3 << 1 | base >> 3;
	} else {
		out[n++] = mod << 6 | reg << 3 | (base & 7);
		*rex = base >> 3;
	}
	if (kind >= 4)
		disp = mod == 1 ? 1 : mod == 2 ? 4 : (base & 7) == 5 ? 4 : 0;
	for (unsigned i = 0; i < disp; i++)
		out[n++] = rng_next(&g->r);
	return n;
}

static unsigned put_junk_prefixes(struct gen *g, const struct form *f,
				  uint8_t *out)
{
	static const uint8_t nothing[] = {0x26, 0x2e, 0x36, 0x3e};
	unsigned n = 0;

	if (rng_one_in(&g->r, 32))
		out[n++] = nothing[rng_below(&g->r, 4)];
	if (rng_one_in(&g->r, 24))
		out[n++] = 0x64 | rng_below(&g->r, 2);
	if (rng_one_in(&g->r, 16))
		out[n++] = 0x67;
	if (!f->vex && rng_one_in(&g->r, f->mem && f->map < 2 ? 12 : 200))
		out[n++] = 0xf0;
	return n;
}

/* It names a register, or must be zero. */
static unsigned vvvv(struct gen *g)
{
	return rng_one_in(&g->r, 2) ? 0 : rng_below(&g->r, 16);
}

static unsigned put_vex(const struct form *f, uint8_t *out, unsigned rex,
			unsigned v)
{
	out[0] = 0xc4;
	out[1] = (~rex & 7) << 5 | f->map;
	out[2] = (f->vex & 0x87) | (~v & 15) << 3;
	return 3;
}

static unsigned put_legacy(struct gen *g, const struct form *f, uint8_t *out,
			   unsigned rex)
{
	unsigned n = 0;

	if (f->prefix)
		out[n++] = f->prefix;
	rex |= f->rexw << 3;
	if (rex || rng_one_in(&g->r, 6))
		out[n++] = 0x40 | rex;
	if (f->map)
		out[n++] = 0x0f;
	if (f->map > 1)
		out[n++] = f->map == 2 ? 0x38 : 0x3a;
	return n;
}

void put_instruction(struct gen *g, const struct form *f, uint8_t *out)
{
	uint8_t tail[16], rex = 0, reg = rng_below(&g->r, 16);
	unsigned n = 0, len = 0;

	if (f->mem) {
		len = put_memory(g, tail, f->modrm >> 3 & 7, f->gather, &rex);
	} else if (f->has_modrm && !f->whole) {
		tail[len++] = (f->modrm & 0xf8) | (reg & 7);
		rex = reg >> 3;
	} else if (f->has_modrm) {
		tail[len++] = f->modrm;
	} else {
		rex = reg & 1;
	}
	if (f->has_modrm && !f->whole)
		rex |= rng_below(&g->r, 2) << 2;
	n = put_junk_prefixes(g, f, out);
	n += f->vex ? put_vex(f, out + n, rex, vvvv(g))
		    : put_legacy(g, f, out + n, rex);
	out[n++] = f->opcode;
	memcpy(out + n, tail, len);
	n += len;
	while (n < 15)
		out[n++] = rng_one_in(&g->r, 4) ? rng_below(&g->r, 4)
						: rng_next(&g->r);
}

/* Opcodes whose ModRM has the form's meaning in reg keep it; others vary. */
void vary_reg(struct gen *g, struct draft *d)
{
	const struct form *f = d->form;
	ZydisDecodedInstruction z;
	uint8_t try[16];
	unsigned at = d->z.raw.modrm.offset;

	if (!f->has_modrm || f->whole || rng_one_in(&g->r, 4))
		return;
	memcpy(try, d->byte, sizeof(try));
	try[at] = (try[at] & 0xc7) | rng_below(&g->r, 8) << 3;
	if (ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder64, NULL, try,
						       15, &z)) &&
	    z.mnemonic == d->z.mnemonic && z.length == d->z.length)
		memcpy(d->byte, try, sizeof(try));
}

bool decode(struct draft *d)
{
	return ZYAN_SUCCESS(
		ZydisDecoderDecodeFull(&decoder64, d->byte, 15, &d->z, d->op));
}
