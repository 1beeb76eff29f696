/*
 * bind_vex.c: instructions with a VEX prefix: those on general registers,
 * BMI1 and BMI2, whose operand of VEX.vvvv goes to op->imm; and those on
 * vector registers, which vex_find() knows.
 */
#include "vmm/sim/bind.h"
#include "vmm/sim/exec.h"

struct general_row {
	uint8_t map, opcode;
	uint8_t prefix; /* enum simd_prefix */
	uint8_t feature;
	op_fn *fn;
};

static const struct general_row rows[] = {
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

static const struct general_row *find(const struct insn *insn)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].map == insn->map &&
		    rows[i].opcode == insn->opcode &&
		    rows[i].prefix == bind_prefix(insn))
			return &rows[i];
	return NULL;
}

/* The register of VEX.vvvv: outside 64-bit code there are eight. */
static unsigned second(const struct insn *insn)
{
	return insn->vvvv & (insn->bits == 64 ? 15 : 7);
}

static enum bound bind_general(struct op *op, const struct insn *insn,
			       const struct general_row *row)
{
	if (insn->vex_256 || !has(insn, row->feature))
		return bind_ud(op);
	op->size = insn->bits == 64 && insn->rex & 8 ? 8 : 4;
	op->fn = row->fn;
	if (insn->bits != 64) {
		op->fn = exec_vex_protected;
		op->then = row->fn;
	}
	if (row->fn == exec_rorx)
		return insn->vvvv ? bind_ud(op) : GOES_ON;
	op->imm = second(insn);
	if (row->fn == exec_bls) {
		op->reg = insn->modrm >> 3 & 7;
		if (op->reg < 1 || op->reg > 3)
			return bind_ud(op);
	}
	return GOES_ON;
}

/* ---- vector registers ---- */

/*
 * An index register that is a vector's has no number that means none; it
 * goes to op->rm. Three different registers are needed.
 */
static enum bound bind_gather(struct op *op, const struct insn *insn)
{
	unsigned index = (insn->sib >> 3 & 7) | (insn->rex & 2) << 2;

	if ((insn->modrm & 7) != 4 || insn->adsize == 2 || index == op->reg ||
	    index == op->vex.vvvv || op->reg == op->vex.vvvv)
		return bind_ud(op);
	op->rm = index;
	op->index = REG_ZERO;
	op->fn = exec_gather;
	return GOES_ON;
}

/* 0F AE /2 and /3: VLDMXCSR, VSTMXCSR */
static enum bound bind_mxcsr(struct op *op, const struct insn *insn)
{
	unsigned reg = insn->modrm >> 3 & 7;

	if (insn->mod == 3 || insn->vex_256 || insn->vvvv || insn->rep ||
	    insn->p66 || (reg != 2 && reg != 3) || !has(insn, FEATURE_AVX))
		return bind_ud(op);
	op->fn = reg == 2 ? exec_vldmxcsr : exec_vstmxcsr;
	return GOES_ON;
}

static op_fn *function_of(const struct vex_op *vex)
{
	switch (vex->shape) {
	case VEX_ZERO:
		return exec_vzero;
	case VEX_MASK_LOAD:
		return exec_mask_load;
	case VEX_MASK_STORE:
		return exec_mask_store;
	}
	return exec_avx;
}

static enum bound bind_vector(struct op *op, const struct insn *insn)
{
	bool w = insn->rex & 8;
	struct vex_how how;

	op->simd = vex_find(&(struct vex_key){.map = insn->map,
					      .opcode = insn->opcode,
					      .prefix = bind_prefix(insn),
					      .modrm = insn->modrm,
					      .vvvv = insn->vvvv,
					      .w = w,
					      .wide = insn->vex_256},
			    &how);
	if (!op->simd || !has(insn, FEATURE_AVX) || !has(insn, how.feature))
		return bind_ud(op);
	/* A general register has 32 bits whatever W says. */
	if (insn->bits != 64 && op->simd->props & SIMD_REXW) {
		op->flags &= ~OP_REXW;
		how.op.bytes = op->simd->bytes;
	}
	op->vex = how.op;
	op->vex.imm = insn->imm;
	op->vex.vvvv = second(insn);
	if (how.op.shape == VEX_GATHER)
		return bind_gather(op, insn);
	if (op->simd->form == SIMD_MASKMOV)
		bind_rdi(op, insn);
	op->fn = function_of(&how.op);
	return GOES_ON;
}

/* SDM 2 2.3: no 66, F2, F3, LOCK or REX before VEX. */
enum bound bind_vex(struct op *op, const struct insn *insn)
{
	const struct general_row *row = find(insn);

	if (insn->vex_spoiled)
		return bind_ud(op);
	if (row)
		return bind_general(op, insn, row);
	if (insn->map == 1 && insn->opcode == 0xae)
		return bind_mxcsr(op, insn);
	return bind_vector(op, insn);
}
