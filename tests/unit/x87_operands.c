/* x87_operands.c: states of the x87 unit for tests of its table. */
#include <string.h>

#include "tests/unit/x87_operands.h"
#include "vmm/sim/ieee.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static unsigned any_exponent(void)
{
	const unsigned fields[] = {
		0, 0, 1, 2, 0x7fff, 0x7fff, 0x7ffe, 0x3fff, 0x3fff, 0x3ffe,
		/* close to one, integers, and beyond the integers */
		0x3fff - 2 + below(4), 0x3fff + below(66), 0x3fff - below(70),
		0x3fff + 60 + below(8), 0x3fff + 13 + below(4),
		0x3fff + 29 + below(4),
		/* the limits of the other formats */
		0x3fff + 126 + below(3), 0x3fff - 126 - below(26),
		0x3fff + 1022 + below(3), 0x3fff - 1022 - below(54),
		/* where products over- and underflow */
		0x3fff + 8190 + below(4), 0x3fff - 8190 - below(40), below(70),
		0x7ffe - below(70), below(0x8000)};

	return fields[below(COUNT(fields))];
}

static uint64_t any_significand(void)
{
	const uint64_t top = UINT64_C(1) << 63;
	const uint64_t sigs[] = {
		top, top, top | 1, ~0ull, ~1ull, top | top >> 1,
		top | top >> 1 | 1, top | random64(), top | random64(),
		top | random64(), top | (random64() << below(64)),
		/* halfway between singles, doubles, integers */
		top | UINT64_C(1) << 39, top | UINT64_C(3) << 39,
		top | UINT64_C(1) << 10, top | UINT64_C(3) << 10,
		top | UINT64_C(1) << below(64), -(UINT64_C(1) << below(64)),
		top | (UINT64_C(1) << below(63)) | 1};

	return sigs[below(COUNT(sigs))];
}

struct f80 x87_operand(void)
{
	struct f80 x = {.sig = any_significand(),
			.se = any_exponent() | (below(2) ? F80_SIGN : 0)};

	if (!(x.se & F80_EXP)) {
		if (below(2))
			x.sig = below(3) ? x.sig << 1 >> (1 + below(63)) : 0;
	} else if (!below(40)) {
		x.sig &= ~(UINT64_C(1) << 63); /* unsupported */
	}
	return x;
}

void x87_random_image(uint8_t image[512], bool unmask)
{
	uint16_t fcw = 0x7f | (random64() & 0xf00), fsw;

	if (unmask)
		fcw &= ~(random64() & 0x3f);
	/* C3 to C0, TOP, and flags whose exceptions are masked */
	fsw = (random64() & 0x7f00) | (below(3) ? 0 : random64() & fcw & 0x3f);
	memset(image, 0, 512);
	memcpy(image, &fcw, 2);
	memcpy(image + 2, &fsw, 2);
	image[4] = below(4) ? ~(1u << ((fsw >> 11) + 7) % 8) : random64();
	memcpy(image + 24, &(uint32_t){0x1f80}, 4);
	for (unsigned i = 0; i < 8; i++) {
		struct f80 x = x87_operand();

		memcpy(image + 32 + 16 * i, &x, 10);
	}
}

static void decimal(uint8_t *mem)
{
	for (unsigned i = 0; i < 9; i++)
		mem[i] = below(10) | below(10) << 4;
	mem[9] = below(2) ? 0x80 : 0;
}

void x87_random_memory(const struct x87_row *row, uint8_t *mem, unsigned size)
{
	bool integer = row->opcode & 2;
	struct f80 x = x87_operand();
	uint64_t bits;

	for (unsigned i = 0; i < size; i++)
		mem[i] = random64();
	if (row->form != X87_LOAD || row->bytes > 10)
		return;
	bits = operand_lane(integer	      ? INTEGERS
			    : row->bytes == 4 ? SINGLES
					      : DOUBLES);
	if (row->bytes < 10)
		memcpy(mem, &bits, sizeof(bits));
	else if (row->opcode == 0xdf)
		decimal(mem);
	else
		memcpy(mem, &x, 10);
}

unsigned x87_encode(uint8_t out[X87_CODE], const struct x87_row *row,
		    uint8_t modrm, bool small)
{
	uint8_t *p = out;

	if (small)
		*p++ = 0x66;
	*p++ = row->opcode;
	*p++ = row->bytes ? row->first | 7 /* [rdi] */ : modrm;
	return p - out;
}

bool x87_approximate(const struct x87_row *row)
{
	static const uint8_t modrm[] = {0xf0, 0xf1, 0xf2, 0xf3,
					0xf9, 0xfb, 0xfe, 0xff};

	if (row->opcode != 0xd9 || row->bytes)
		return false;
	return memchr(modrm, row->first, sizeof(modrm));
}

/*
 * A comparison that raises what is unmasked: the SDM leaves the codes alone,
 * AMD's processors set them. fcomi and its kin: C1 becomes 0, or stays on
 * theirs. ffree: undefined. A store that overflows or underflows unmasked
 * stores nothing, so PE and C1 have no meaning.
 */
unsigned x87_undefined_status(const struct x87_row *row,
			      const uint8_t image[512])
{
	bool compares = strstr(row->name, "com") || !strcmp(row->name, "ftst");
	unsigned unmasked = image[2] & ~image[0], status = 0;

	if (row->form == X87_FLAGS || !strncmp(row->name, "ffree", 5))
		status |= X87_C1;
	if (compares && unmasked & 0x3f)
		status |= X87_C3 | X87_C2 | X87_C0;
	if (row->form == X87_STORE && unmasked & (F80_OE | F80_UE))
		status |= F80_PE | X87_C1;
	return status;
}
