/*
 * undefined.c: which flags an instruction leaves undefined (SDM 2, "Flags
 * affected" of each; APM 3 agrees but where it defines more).
 */
#include "tests/diff/diff.h"

#define CF 0x001u
#define PF 0x004u
#define AF 0x010u
#define ZF 0x040u
#define SF 0x080u
#define OF 0x800u

static const struct {
	ZydisMnemonic mnemonic;
	uint32_t flags;
} rows[] = {
	{ZYDIS_MNEMONIC_AND, AF},
	{ZYDIS_MNEMONIC_OR, AF},
	{ZYDIS_MNEMONIC_XOR, AF},
	{ZYDIS_MNEMONIC_TEST, AF},
	{ZYDIS_MNEMONIC_MUL, SF | ZF | AF | PF},
	{ZYDIS_MNEMONIC_IMUL, SF | ZF | AF | PF},
	{ZYDIS_MNEMONIC_DIV, CF | OF | SF | ZF | AF | PF},
	{ZYDIS_MNEMONIC_IDIV, CF | OF | SF | ZF | AF | PF},
	{ZYDIS_MNEMONIC_BSF, CF | OF | SF | AF | PF},
	{ZYDIS_MNEMONIC_BSR, CF | OF | SF | AF | PF},
	{ZYDIS_MNEMONIC_BT, OF | SF | AF | PF},
	{ZYDIS_MNEMONIC_BTS, OF | SF | AF | PF},
	{ZYDIS_MNEMONIC_BTR, OF | SF | AF | PF},
	{ZYDIS_MNEMONIC_BTC, OF | SF | AF | PF},
	{ZYDIS_MNEMONIC_TZCNT, OF | SF | AF | PF},
	{ZYDIS_MNEMONIC_LZCNT, OF | SF | AF | PF},
	{ZYDIS_MNEMONIC_ANDN, AF | PF},
	{ZYDIS_MNEMONIC_BLSI, AF | PF},
	{ZYDIS_MNEMONIC_BLSMSK, AF | PF},
	{ZYDIS_MNEMONIC_BLSR, AF | PF},
	{ZYDIS_MNEMONIC_BZHI, AF | PF},
	{ZYDIS_MNEMONIC_BEXTR, AF | SF | PF},
};

bool is_shift(ZydisMnemonic m)
{
	switch (m) {
	case ZYDIS_MNEMONIC_ROL:
	case ZYDIS_MNEMONIC_ROR:
	case ZYDIS_MNEMONIC_RCL:
	case ZYDIS_MNEMONIC_RCR:
	case ZYDIS_MNEMONIC_SHL:
	case ZYDIS_MNEMONIC_SHR:
	case ZYDIS_MNEMONIC_SAR:
	case ZYDIS_MNEMONIC_SHLD:
	case ZYDIS_MNEMONIC_SHRD:
		return true;
	default:
		return false;
	}
}

/* Makers differ in what flags an unmasked invalid comparison leaves. */
bool compares_to_flags(ZydisMnemonic m)
{
	return m == ZYDIS_MNEMONIC_FCOMI || m == ZYDIS_MNEMONIC_FCOMIP ||
	       m == ZYDIS_MNEMONIC_FUCOMI || m == ZYDIS_MNEMONIC_FUCOMIP;
}

/* A count of zero or a REP without iterations changes no flag. */
bool keeps_flags(ZydisMnemonic m, ZydisInstructionAttributes attr)
{
	return is_shift(m) ||
	       attr & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE |
		       ZYDIS_ATTRIB_HAS_REPNE);
}

static bool rotates(ZydisMnemonic m)
{
	return m == ZYDIS_MNEMONIC_ROL || m == ZYDIS_MNEMONIC_ROR ||
	       m == ZYDIS_MNEMONIC_RCL || m == ZYDIS_MNEMONIC_RCR;
}

/* `count` is masked as the processor does, or -1: not known. */
static uint32_t shift_flags(ZydisMnemonic m, unsigned bits, int count)
{
	uint32_t flags = rotates(m) ? 0 : AF;

	if (count == 0)
		return 0;
	if (count != 1)
		flags |= OF;
	if ((m == ZYDIS_MNEMONIC_SHL || m == ZYDIS_MNEMONIC_SHR) &&
	    (count < 0 || (unsigned)count >= bits) && bits < 32)
		flags |= CF;
	if (m == ZYDIS_MNEMONIC_SHLD || m == ZYDIS_MNEMONIC_SHRD)
		if (bits == 16 && (count < 0 || count > 16))
			flags |= CF | SF | ZF | PF;
	return flags;
}

uint32_t undefined_flags(const ZydisDecodedInstruction *insn,
			 const ZydisDecodedOperand *op, int cl)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].mnemonic == insn->mnemonic)
			return rows[i].flags;
	if (is_shift(insn->mnemonic)) {
		const ZydisDecodedOperand *n =
			&op[insn->operand_count_visible - 1];
		int count = cl;

		if (n->type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
			count = n->imm.value.u & 0xff;
		if (count >= 0)
			count &= op[0].size == 64 ? 63 : 31;
		return shift_flags(insn->mnemonic, op[0].size, count);
	}
	return 0;
}
