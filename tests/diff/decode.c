/*
 * decode.c: the simulator's decoder against Zydis, on random byte strings
 * with many prefixes and on valid instructions with a byte changed.
 *
 *	decode [--seed S] [--count N]
 *
 * What both call an instruction must have the same length, address, register
 * numbers, displacement and immediate. Which byte strings are instructions
 * at all is compared by tests/unit/test_sim_zydis.c, with its exceptions.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/diff/diff.h"
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
 * Not compared: EVEX, XOP and 3DNow!, other maps that no level has; of VEX,
 * AVX and the mask registers' instructions, which are #UD whatever their
 * length, and all of it in 16-bit code, where we take it for LDS and LES; and
 * SSE4A, one maker's own.
 */
static bool is_other(const struct mode *m, const ZydisDecodedInstruction *z)
{
	if (z->encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY)
		return z->meta.isa_set == ZYDIS_ISA_SET_SSE4A;
	if (z->encoding != ZYDIS_INSTRUCTION_ENCODING_VEX || m->bits == 16)
		return true;
	return z->meta.isa_set != ZYDIS_ISA_SET_BMI1 &&
	       z->meta.isa_set != ZYDIS_ISA_SET_BMI2;
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
	if (!*both || is_other(m, &z))
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

static bool parse(int argc, char **argv, uint64_t *seed, uint64_t *count)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--seed"))
			*seed = strtoull(argv[i + 1], NULL, 0);
		else if (!strcmp(argv[i], "--count"))
			*count = strtoull(argv[i + 1], NULL, 0);
		else
			return false;
	}
	return argc % 2 == 1;
}

int main(int argc, char **argv)
{
	uint64_t seed = 1, count = 1000000, known = 0;
	uint8_t byte[16] = {0};
	struct rng r;

	if (!parse(argc, argv, &seed, &count)) {
		fprintf(stderr, "usage: decode [--seed S] [--count N]\n");
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
