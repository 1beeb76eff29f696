/*
 * decode.c: the simulator's decoder against Zydis, on random byte strings
 * with many prefixes and on valid instructions with a byte changed.
 *
 *	decode [--seed S] [--count N] [--long]
 *
 * What both call an instruction must have the same length, address, register
 * numbers, displacement and immediate; and outside 16-bit code both must call
 * the same byte strings instructions (zydis_legal.c has the exceptions).
 * --long: a hundred million strings.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/diff/diff.h"
#include "tests/unit/zydis_legal.h"
#include "vmm/sim/sim.h"

struct mode {
	ZydisMachineMode mode;
	ZydisStackWidth width;
	unsigned bits;
	ZydisDecoder decoder;
};

static struct mode modes[] = {
	{ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64, 64, {0}},
	{ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32, 32, {0}},
	{ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16, 16, {0}},
};

/* Random, or the last instruction with one byte changed. */
static void next_bytes(struct rng *r, uint8_t byte[16])
{
	static const uint8_t prefix[] = {0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x64,
					 0x65, 0x2e, 0x48, 0x41, 0x4f, 0x42};
	uint64_t any = rng_next(r), val;
	unsigned n = 0;

	if (any % 4 == 0) {
		byte[(any >> 8) % 15] = any >> 16;
		return;
	}
	val = rng_next(r);
	memcpy(byte, &val, 8);
	val = rng_next(r);
	memcpy(byte + 8, &val, 8);
	for (; (any >> 8 & 3) == 0 && n < 5; any >>= 10)
		byte[n++] = prefix[(any >> 10 & 0xff) % sizeof(prefix)];
	if ((any & 0x18) == 0x18) { /* VEX of few or many bits */
		byte[n++] = 0xc4 | (any >> 40 & 1);
		if (any >> 40 & 1)
			byte[n] |= any >> 32 & 0xf8;
		else if (any >> 41 & 3)
			byte[n] = (byte[n] & 0xe0) | (1 + (any >> 43) % 3);
		return;
	}
	if (any & 0x10) {
		byte[n++] = 0x0f;
		if (!(any & 0x60))
			byte[n] = any & 0x80 ? 0x38 : 0x3a;
	}
}

/* Our number of a general register of any width; -1: none. */
static int address_register(ZydisRegister reg)
{
	if (reg == ZYDIS_REGISTER_NONE || reg == ZYDIS_REGISTER_RIP ||
	    reg == ZYDIS_REGISTER_EIP)
		return REG_ZERO;
	return ZydisRegisterGetId(reg);
}

/* Does a register have this number? Zydis counts AH to BH as four more. */
static bool is_register(ZydisRegister reg, unsigned number)
{
	unsigned id = ZydisRegisterGetId(reg);

	switch (ZydisRegisterGetClass(reg)) {
	case ZYDIS_REGCLASS_GPR8:
		return (reg >= ZYDIS_REGISTER_SPL ? id - 4 : id) == number;
	case ZYDIS_REGCLASS_GPR16:
	case ZYDIS_REGCLASS_GPR32:
	case ZYDIS_REGCLASS_GPR64:
	case ZYDIS_REGCLASS_XMM:
	case ZYDIS_REGCLASS_YMM:
		return id == number;
	default: /* REX is ignored, or MOV CR8's affair */
		return (id & 7) == (number & 7);
	}
}

static bool same_address(const struct insn *insn, const ZydisDecodedOperand *op)
{
	bool rip = op->mem.base == ZYDIS_REGISTER_RIP ||
		   op->mem.base == ZYDIS_REGISTER_EIP;
	int base = address_register(op->mem.base);
	int index = address_register(op->mem.index);

	/* A gather's, of which none is "no index". */
	if (ZydisRegisterGetClass(op->mem.index) == ZYDIS_REGCLASS_XMM ||
	    ZydisRegisterGetClass(op->mem.index) == ZYDIS_REGCLASS_YMM)
		return index == ((insn->sib >> 3 & 7) | (insn->rex & 2) << 2) &&
		       base == insn->base && op->mem.disp.value == insn->disp;
	/* SIB with neither base nor mod: a displacement alone, whatever REX.B
	 * says (SDM 2 table 2-5), and the host agrees; to Zydis 4.0 it is R13
	 * without a displacement. */
	if (insn->base == REG_ZERO && insn->mod == 0 && base == GPR_R13)
		return true;
	if (rip != insn->rip_relative || base != insn->base)
		return false;
	if (index != insn->index ||
	    (index != REG_ZERO && op->mem.scale != 1u << insn->scale))
		return false;
	return insn->adsize == 2
		       ? (uint16_t)op->mem.disp.value == (uint16_t)insn->disp
		       : op->mem.disp.value == insn->disp;
}

/* MOV of control and debug registers has no memory form for us. */
static bool has_address(const struct insn *insn)
{
	return insn->has_modrm && insn->mod != 3;
}

/* Outside 64-bit code vvvv has three bits. */
static unsigned second_register(const struct insn *insn)
{
	return insn->vvvv & (insn->bits == 64 ? 15 : 7);
}

static const char *compare_operands(const struct insn *insn,
				    const ZydisDecodedInstruction *z,
				    const ZydisDecodedOperand *op)
{
	for (unsigned i = 0; i < z->operand_count_visible; i++) {
		ZydisOperandEncoding e = op[i].encoding;

		if (op[i].type == ZYDIS_OPERAND_TYPE_MEMORY &&
		    e == ZYDIS_OPERAND_ENCODING_MODRM_RM &&
		    (!has_address(insn) || !same_address(insn, &op[i])))
			return "other address";
		if (op[i].type != ZYDIS_OPERAND_TYPE_REGISTER)
			continue;
		if (e == ZYDIS_OPERAND_ENCODING_MODRM_REG &&
		    !is_register(op[i].reg.value, insn->reg))
			return "other register";
		if (e == ZYDIS_OPERAND_ENCODING_MODRM_RM &&
		    !is_register(op[i].reg.value, insn->rm))
			return "other register in r/m";
		if (e == ZYDIS_OPERAND_ENCODING_NDSNDD &&
		    !is_register(op[i].reg.value, second_register(insn)))
			return "other register in vvvv";
	}
	return NULL;
}

static const char *compare_immediate(const struct insn *insn,
				     const ZydisDecodedInstruction *z)
{
	unsigned bits = z->raw.imm[0].size + z->raw.imm[1].size;
	uint64_t mask = z->raw.imm[0].size == 64
				? UINT64_MAX
				: (UINT64_C(1) << z->raw.imm[0].size) - 1;

	if (z->raw.imm[0].size == 0 || insn->imm_len * 8 != bits)
		return NULL; /* none, or an absolute address: length is equal */
	if ((z->raw.imm[0].value.u ^ insn->imm) & mask)
		return "other immediate";
	return NULL;
}

/*
 * Not compared: EVEX, XOP and 3DNow!, other maps that no level has; of VEX
 * what is beyond AVX2, #UD whatever its length; and SSE4A, one maker's own.
 */
static bool is_other(const ZydisDecodedInstruction *z)
{
	if (z->encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY)
		return z->meta.isa_set == ZYDIS_ISA_SET_SSE4A;
	if (z->encoding != ZYDIS_INSTRUCTION_ENCODING_VEX)
		return true;
	switch (z->meta.isa_set) {
	case ZYDIS_ISA_SET_AVX:
	case ZYDIS_ISA_SET_AVXAES:
	case ZYDIS_ISA_SET_AVX2:
	case ZYDIS_ISA_SET_AVX2GATHER:
	case ZYDIS_ISA_SET_BMI1:
	case ZYDIS_ISA_SET_BMI2:
	case ZYDIS_ISA_SET_F16C:
	case ZYDIS_ISA_SET_FMA:
		return false;
	default:
		return true;
	}
}

static const char *compare(struct mode *m, const uint8_t *byte, bool *both)
{
	ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction z;
	struct insn insn;
	const char *what;

	*both = insn_decode(&insn, byte, 15, m->bits) == DECODE_OK &&
		ZYAN_SUCCESS(
			ZydisDecoderDecodeFull(&m->decoder, byte, 15, &z, op));
	if (m->bits != 16) {
		what = zydis_differs(&m->decoder, byte, m->bits);
		if (what)
			return what;
	}
	if (!*both || is_other(&z))
		return NULL;
	if (z.length != insn.len)
		return "other length";
	what = compare_operands(&insn, &z, op);
	return what ? what : compare_immediate(&insn, &z);
}

static void report(const struct mode *m, const uint8_t *byte, const char *what)
{
	char text[96];
	struct insn insn;

	insn_decode(&insn, byte, 15, m->bits);
	disassemble(text, sizeof(text), byte, 15, 0, m->bits);
	for (unsigned i = 0; i < 15; i++)
		printf("%02x ", byte[i]);
	printf("(%u): %s: \"%s\", %u bytes here\n", m->bits, what, text,
	       insn.len);
}

#define LONG_RUN 100000000u

static bool parse(int argc, char **argv, uint64_t *seed, uint64_t *count)
{
	for (int i = 1; i < argc; i++) {
		uint64_t *val = NULL;

		if (!strcmp(argv[i], "--long")) {
			*count = LONG_RUN;
			continue;
		}
		if (!strcmp(argv[i], "--seed"))
			val = seed;
		else if (!strcmp(argv[i], "--count"))
			val = count;
		if (!val || ++i == argc)
			return false;
		*val = strtoull(argv[i], NULL, 0);
	}
	return true;
}

int main(int argc, char **argv)
{
	uint64_t seed = 1, count = 1000000, known = 0;
	uint8_t byte[16] = {0};
	struct rng r;

	if (!parse(argc, argv, &seed, &count)) {
		fprintf(stderr,
			"usage: decode [--seed S] [--count N] [--long]\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		ZydisDecoderInit(&modes[i].decoder, modes[i].mode,
				 modes[i].width);
	r.s = seed;
	for (uint64_t i = 0; i < count; i++) {
		/* Half of the strings are 64-bit code. */
		struct mode *m = &modes[i & 1 ? 0 : 1 + (i >> 1 & 1)];
		const char *what;
		bool both;

		next_bytes(&r, byte);
		what = compare(m, byte, &both);
		known += both;
		if (what) {
			report(m, byte, what);
			return 1;
		}
	}
	printf("%" PRIu64 " byte strings, %" PRIu64 " instructions for both\n",
	       count, known);
	return known > count / 8 ? 0 : 1;
}
