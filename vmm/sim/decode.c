/*
 * decode.c: from bytes to the parts of an instruction: prefixes, opcode,
 * ModRM, SIB, displacement and immediates (SDM 2 chapter 2). Which function
 * does it is bind.c's matter; this file knows lengths.
 *
 * Two tables of attributes, one for each opcode map, say what follows the
 * opcode. Maps 0F 38 and 0F 3A always have ModRM.
 */
#include <string.h>

#include "vmm/sim/sim.h"

enum {
	M = 1,	     /* ModRM */
	IB = 2,	     /* imm8 */
	IZ = 4,	     /* imm16/32 by operand size */
	IV = 8,	     /* imm16/32/64 by operand size */
	IW = 16,     /* imm16 */
	MOFFS = 32,  /* an address of address size */
	FAR = 64,    /* ptr16:16/32 */
	NO64 = 128,  /* #UD in 64-bit code */
	D64 = 256,   /* operand size is 64, or 16 with 66, in 64-bit code */
	F64 = 512,   /* operand size is 64 in 64-bit code whatever is said */
	GRP3 = 1024, /* imm only for reg 0 and 1 */
	PREFIX = 2048,
	BAD = 4096,
};

/* clang-format off */
static const uint16_t map0[256] = {
#define ALU_ROW(at)                                                            \
	[at] = M, [(at) + 1] = M, [(at) + 2] = M, [(at) + 3] = M,              \
	[(at) + 4] = IB, [(at) + 5] = IZ
	ALU_ROW(0x00), ALU_ROW(0x08), ALU_ROW(0x10), ALU_ROW(0x18),
	ALU_ROW(0x20), ALU_ROW(0x28), ALU_ROW(0x30), ALU_ROW(0x38),
#undef ALU_ROW
	[0x06] = NO64, [0x07] = NO64, [0x0e] = NO64, [0x0f] = PREFIX,
	[0x16] = NO64, [0x17] = NO64, [0x1e] = NO64, [0x1f] = NO64,
	[0x26] = PREFIX, [0x27] = NO64, [0x2e] = PREFIX, [0x2f] = NO64,
	[0x36] = PREFIX, [0x37] = NO64, [0x3e] = PREFIX, [0x3f] = NO64,
	[0x50 ... 0x5f] = D64,
	[0x60] = NO64, [0x61] = NO64, [0x62] = M | NO64, [0x63] = M,
	[0x64 ... 0x67] = PREFIX,
	[0x68] = IZ | D64, [0x69] = M | IZ, [0x6a] = IB | D64, [0x6b] = M | IB,
	[0x70 ... 0x7f] = IB | F64,
	[0x80] = M | IB, [0x81] = M | IZ, [0x82] = M | IB | NO64,
	[0x83] = M | IB,
	[0x84 ... 0x8e] = M, [0x8f] = M | D64,
	[0x9a] = FAR | NO64, [0x9c] = D64, [0x9d] = D64,
	[0xa0 ... 0xa3] = MOFFS, [0xa8] = IB, [0xa9] = IZ,
	[0xb0 ... 0xb7] = IB, [0xb8 ... 0xbf] = IV,
	[0xc0] = M | IB, [0xc1] = M | IB, [0xc2] = IW | F64, [0xc3] = F64,
	[0xc4] = M | NO64, [0xc5] = M | NO64, [0xc6] = M | IB, [0xc7] = M | IZ,
	[0xc8] = IW | IB | D64, [0xc9] = D64, [0xca] = IW, [0xcd] = IB,
	[0xce] = NO64, [0xd0 ... 0xd3] = M, [0xd4] = IB | NO64,
	[0xd5] = IB | NO64, [0xd6] = NO64, [0xd8 ... 0xdf] = M,
	[0xe0 ... 0xe3] = IB | F64, [0xe4 ... 0xe7] = IB,
	[0xe8] = IZ | F64, [0xe9] = IZ | F64, [0xea] = FAR | NO64,
	[0xeb] = IB | F64, [0xf0] = PREFIX, [0xf2] = PREFIX, [0xf3] = PREFIX,
	[0xf6] = M | IB | GRP3, [0xf7] = M | IZ | GRP3,
	[0xfe] = M, [0xff] = M,
};

static const uint16_t map1[256] = {
	[0x00 ... 0x03] = M, [0x04] = BAD, [0x0a] = BAD, [0x0c] = BAD,
	[0x0d] = M, [0x0e] = BAD, [0x0f] = BAD,
	[0x10 ... 0x23] = M, [0x24 ... 0x27] = BAD, [0x28 ... 0x2f] = M,
	[0x36] = BAD, [0x37] = BAD, [0x39] = BAD, [0x3b ... 0x3f] = BAD,
	[0x40 ... 0x6f] = M, [0x70 ... 0x73] = M | IB, [0x74 ... 0x76] = M,
	[0x78 ... 0x7f] = M,
	[0x80 ... 0x8f] = IZ | F64, [0x90 ... 0x9f] = M,
	[0xa0] = D64, [0xa1] = D64, [0xa3] = M, [0xa4] = M | IB, [0xa5] = M,
	[0xa6] = BAD, [0xa7] = BAD, [0xa8] = D64, [0xa9] = D64, [0xab] = M,
	[0xac] = M | IB, [0xad ... 0xaf] = M,
	[0xb0 ... 0xb9] = M, [0xba] = M | IB, [0xbb ... 0xc1] = M,
	[0xc2] = M | IB, [0xc3] = M, [0xc4 ... 0xc6] = M | IB, [0xc7] = M,
	[0xd0 ... 0xff] = M,
};
/* clang-format on */

struct reader {
	struct insn *insn;
	const uint8_t *byte;
	unsigned avail, pos;
	bool over;
};

static uint8_t next_byte(struct reader *r)
{
	if (r->pos >= r->avail) {
		r->over = true;
		return 0;
	}
	return r->byte[r->pos++];
}

/* 1, 2, 4 or 8. Of what is cut short nobody asks for the value. */
static uint64_t next_bytes(struct reader *r, unsigned size)
{
	const uint8_t *at = r->byte + r->pos;
	uint64_t val = 0;

	if (r->avail - r->pos < size) {
		r->pos = r->avail;
		r->over = true;
		return 0;
	}
	r->pos += size;
	switch (size) {
	case 1:
		return *at;
	case 2:
		memcpy(&val, at, 2);
		break;
	case 4:
		memcpy(&val, at, 4);
		break;
	default:
		memcpy(&val, at, 8);
	}
	return val;
}

static int64_t sign_extend(uint64_t val, unsigned size)
{
	unsigned shift = 64 - 8 * size;

	return (int64_t)(val << shift) >> shift;
}

/* True: `byte` was a legacy prefix and is noted. */
static bool take_prefix(struct insn *insn, uint8_t byte)
{
	switch (byte) {
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
		/* ES, CS, SS, DS: no meaning in 64-bit code. */
		if (insn->bits != 64)
			insn->seg = (byte >> 3) & 3;
		return true;
	case 0x64:
	case 0x65:
		insn->seg = SEG_FS + (byte & 1);
		return true;
	case 0x66:
		insn->p66 = true;
		return true;
	case 0x67:
		insn->p67 = true;
		return true;
	case 0xf0:
		insn->lock = true;
		return true;
	case 0xf2:
	case 0xf3:
		insn->rep = byte;
		return true;
	}
	return false;
}

/*
 * C4 and C5 are VEX in 64-bit code and, outside, when LES and LDS would have
 * a register (SDM 2 2.3.5). In real and virtual-8086 mode VEX is #UD, as LES
 * of a register is: exec_avx.c looks.
 */
static bool at_vex(const struct reader *r, uint8_t byte)
{
	if (r->over || (byte & 0xfe) != 0xc4)
		return false;
	return r->insn->bits == 64 ||
	       (r->pos < r->avail && r->byte[r->pos] >= 0xc0);
}

/*
 *	C5:  R vvvv L pp               R, X, B and vvvv are inverted
 *	C4:  R X B mmmmm   W vvvv L pp
 */
static void read_vex(struct reader *r, uint8_t byte)
{
	static const uint8_t reps[] = {0, 0, 0xf3, 0xf2};
	struct insn *insn = r->insn;
	uint8_t first = next_byte(r), last = first;

	insn->vex = true;
	insn->vex_spoiled = insn->lock || insn->p66 || insn->rep || insn->rex;
	insn->map = 1;
	insn->rex = ~first >> 5 & 4;
	if (byte == 0xc4) {
		last = next_byte(r);
		insn->map = first & 31;
		insn->rex = (~first >> 5 & 7) | (last >> 4 & 8);
	}
	insn->vvvv = ~last >> 3 & 15;
	if (insn->bits != 64)
		insn->rex &= 8;
	insn->vex_256 = last & 4;
	insn->p66 = (last & 3) == 1;
	insn->rep = reps[last & 3];
	insn->opcode = next_byte(r);
}

/* Prefixes and opcode; REX counts only right before the opcode. */
static void read_opcode(struct reader *r)
{
	struct insn *insn = r->insn;
	uint8_t byte = next_byte(r);

	while (!r->over) {
		if (insn->bits == 64 && (byte & 0xf0) == 0x40)
			insn->rex = byte;
		else if (take_prefix(insn, byte))
			insn->rex = 0;
		else
			break;
		byte = next_byte(r);
	}
	if (at_vex(r, byte)) {
		read_vex(r, byte);
		return;
	}
	if (byte == 0x0f && !r->over) {
		byte = next_byte(r);
		insn->map = 1;
		if (byte == 0x38 || byte == 0x3a) {
			insn->map = byte == 0x38 ? 2 : 3;
			byte = next_byte(r);
		}
	}
	insn->opcode = byte;
}

static void read_address16(struct reader *r)
{
	static const uint8_t bases[8] = {GPR_RBX, GPR_RBX, GPR_RBP, GPR_RBP,
					 GPR_RSI, GPR_RDI, GPR_RBP, GPR_RBX};
	static const uint8_t indexes[8] = {GPR_RSI,  GPR_RDI,  GPR_RSI,
					   GPR_RDI,  REG_ZERO, REG_ZERO,
					   REG_ZERO, REG_ZERO};
	struct insn *insn = r->insn;
	unsigned rm = insn->modrm & 7;

	insn->base = bases[rm];
	insn->index = indexes[rm];
	if (insn->mod == 0 && rm == 6) {
		insn->base = REG_ZERO;
		insn->disp = sign_extend(next_bytes(r, 2), 2);
	} else if (insn->mod) {
		insn->disp = sign_extend(next_bytes(r, insn->mod), insn->mod);
	}
}

static void read_address(struct reader *r)
{
	struct insn *insn = r->insn;
	unsigned rm = insn->modrm & 7, size = 0;

	insn->index = REG_ZERO;
	insn->base = rm | (insn->rex & 1) << 3;
	if (rm == 4) {
		uint8_t sib = insn->sib = next_byte(r);
		unsigned index = ((sib >> 3) & 7) | (insn->rex & 2) << 2;

		insn->scale = sib >> 6;
		if (index != 4)
			insn->index = index;
		rm = sib & 7;
		insn->base = rm | (insn->rex & 1) << 3;
		if (rm == 5 && insn->mod == 0) {
			insn->base = REG_ZERO;
			size = 4;
		}
	} else if (rm == 5 && insn->mod == 0) {
		insn->base = REG_ZERO;
		insn->rip_relative = insn->bits == 64;
		size = 4;
	}
	if (insn->mod == 1)
		size = 1;
	else if (insn->mod == 2)
		size = 4;
	if (size)
		insn->disp = sign_extend(next_bytes(r, size), size);
}

static void read_modrm(struct reader *r)
{
	struct insn *insn = r->insn;

	insn->has_modrm = true;
	insn->modrm = next_byte(r);
	insn->mod = insn->modrm >> 6;
	insn->reg = ((insn->modrm >> 3) & 7) | (insn->rex & 4) << 1;
	insn->rm = (insn->modrm & 7) | (insn->rex & 1) << 3;
	/* MOV to and from CR and DR ignore mod (SDM 2 MOV, note). */
	if (insn->map == 1 && insn->opcode >= 0x20 && insn->opcode <= 0x23)
		insn->mod = 3;
	if (insn->mod == 3)
		return;
	if (insn->adsize == 2)
		read_address16(r);
	else
		read_address(r);
}

static void set_sizes(struct insn *insn, unsigned attr)
{
	bool small = insn->bits == 16 ? !insn->p66 : insn->p66 && !insn->vex;

	insn->opsize = small ? 2 : 4;
	if (insn->bits == 64) {
		insn->adsize = insn->p67 ? 4 : 8;
		if (insn->rex & 8 || attr & F64 || (attr & D64 && !small))
			insn->opsize = 8;
	} else {
		insn->adsize = (insn->bits == 16) != insn->p67 ? 2 : 4;
	}
}

static void read_immediates(struct reader *r, unsigned attr)
{
	struct insn *insn = r->insn;
	unsigned z = insn->opsize == 2 ? 2 : 4, start = r->pos;

	if (attr & GRP3 && (insn->modrm & 0x38) > 0x08)
		return;
	if (attr & MOFFS)
		insn->disp = next_bytes(r, insn->adsize);
	if (attr & IW)
		insn->imm = next_bytes(r, 2);
	if (attr & IZ)
		insn->imm = sign_extend(next_bytes(r, z), z);
	if (attr & IV)
		insn->imm =
			insn->opsize == 8
				? next_bytes(r, 8)
				: (uint64_t)sign_extend(next_bytes(r, z), z);
	if (attr & FAR) {
		insn->imm = next_bytes(r, z);
		insn->imm2 = next_bytes(r, 2);
	}
	if (attr & IB && attr & IW)
		insn->imm2 = next_byte(r);
	else if (attr & IB)
		insn->imm = sign_extend(next_byte(r), 1);
	insn->imm_len = r->pos - start;
}

static unsigned attributes(const struct insn *insn)
{
	switch (insn->map) {
	case 0:
		return insn->vex ? BAD : map0[insn->opcode];
	case 1:
		return map1[insn->opcode];
	case 2:
		return M;
	case 3:
		return M | IB;
	}
	return BAD; /* VEX has room for more maps */
}

enum decode insn_decode(struct insn *insn, const uint8_t *byte, unsigned avail,
			unsigned bits)
{
	static const struct insn nothing = {.seg = -1};
	struct reader r = {insn, byte, avail < 15 ? avail : 15, 0, false};
	unsigned attr;

	*insn = nothing;
	insn->bits = bits;
	read_opcode(&r);
	attr = attributes(insn);
	if (attr & BAD || (attr & NO64 && bits == 64 && !r.over))
		attr = BAD;
	set_sizes(insn, attr);
	if (attr & M && !r.over)
		read_modrm(&r);
	if (!r.over && attr != BAD)
		read_immediates(&r, attr);
	insn->len = r.pos;
	if (r.over)
		return avail >= 15 ? DECODE_TOO_LONG : DECODE_MORE;
	return attr == BAD ? DECODE_UD : DECODE_OK;
}
