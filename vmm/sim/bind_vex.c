/*
 * bind_vex.c: instructions with a VEX prefix. Those on general registers:
 * BMI1 and BMI2. The operand of VEX.vvvv goes to op->imm.
 */
#include "vmm/sim/bind.h"
#include "vmm/sim/exec.h"

struct vex_row {
	uint8_t map, opcode;
	uint8_t prefix; /* enum simd_prefix */
	uint8_t feature;
	op_fn *fn;
};

static const struct vex_row rows[] = {
	{2, 0xf2, SIMD_NP, FEATURE_BMI1, exec_andn},
	{2, 0xf3, SIMD_NP, FEATURE_BMI1, exec_bls},
	{2, 0xf5, SIMD_NP, FEATURE_BMI2, exec_bzhi},
	{2, 0xf5, SIMD_F3, FEATURE_BMI2, exec_pext},
	{2, 0xf5, SIMD_F2, FEATURE_BMI2, exec_pdep},
	{2, 0xf6, SIMD_F2, FEATURE_BMI2, exec_mulx},
	{2, 0xf7, SIMD_NP, FEATURE_BMI1, exec_bextr},
	{2, 0xf7, SIMD_66, FEATURE_BMI2, exec_shlx},
	{2, 0xf7, SIMD_F3, FEATURE_BMI2, exec_sarx},
	{2, 0xf7, SIMD_F2, FEATURE_BMI2, exec_shrx},
	{3, 0xf0, SIMD_F2, FEATURE_BMI2, exec_rorx},
};

static const struct vex_row *find(const struct insn *insn)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].map == insn->map &&
		    rows[i].opcode == insn->opcode &&
		    rows[i].prefix == bind_prefix(insn))
			return &rows[i];
	return NULL;
}

/* SDM 2 2.3: no 66, F2, F3, LOCK or REX before VEX. */
enum bound bind_vex(struct op *op, const struct insn *insn)
{
	const struct vex_row *row = find(insn);

	if (insn->vex_spoiled || insn->vex_256 || !row ||
	    !has(insn, row->feature))
		return bind_ud(op);
	op->size = insn->bits == 64 && insn->rex & 8 ? 8 : 4;
	op->fn = row->fn;
	if (row->fn == exec_rorx)
		return insn->vvvv ? bind_ud(op) : GOES_ON;
	op->imm = insn->vvvv;
	if (row->fn == exec_bls) {
		op->reg = insn->modrm >> 3 & 7;
		if (op->reg < 1 || op->reg > 3)
			return bind_ud(op);
	}
	return GOES_ON;
}
