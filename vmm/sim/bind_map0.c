/* bind_map0.c: the one-byte opcodes, by their high digit; x87. */
#include "vmm/sim/bind.h"
#include "vmm/sim/exec.h"

/* 00 to 3F: kind in bits 5:3, form in bits 2:0. */
static enum bound bind_alu(struct op *op, const struct insn *insn)
{
	unsigned kind = insn->opcode >> 3, size = bind_size(insn);

	switch (insn->opcode & 6) {
	case 0:
		bind_rm(op, insn, alu_rm_reg_fns[kind], size);
		break;
	case 2:
		bind_rm(op, insn, alu_reg_rm_fns[kind], size);
		break;
	default:
		op->size = size;
		op->rm = GPR_RAX;
		op->fn = bind_pick(alu_rm_imm_fns[kind], op, size);
	}
	return GOES_ON;
}

enum bound bind_branch(struct op *op, const struct insn *insn, op_fn *fn)
{
	op->fn = fn;
	op->disp = insn->rip + insn->len;
	op->imm = truncate_to(op->disp + insn->imm, insn->opsize);
	return ENDS;
}

static enum bound bind_group3(struct op *op, const struct insn *insn)
{
	unsigned size = bind_size(insn), reg = (insn->modrm >> 3) & 7;

	switch (reg) {
	case 0:
	case 1:
		bind_rm(op, insn, alu_rm_imm_fns[8], size);
		break;
	case 2:
		bind_rm(op, insn, not_fns, size);
		break;
	case 3:
		bind_rm(op, insn, neg_fns, size);
		break;
	case 4:
		bind_rm(op, insn, mul_fns, size);
		break;
	case 5:
		bind_rm(op, insn, imul_fns, size);
		break;
	case 6:
		bind_rm(op, insn, div_fns, size);
		break;
	default:
		bind_rm(op, insn, idiv_fns, size);
	}
	return GOES_ON;
}

/* FE and FF. Near branches and PUSH are 64 bits wide in 64-bit code. */
static enum bound bind_group5(struct op *op, const struct insn *insn)
{
	unsigned size = bind_size(insn), reg = (insn->modrm >> 3) & 7;
	bool far_or_bad = reg == 3 || reg == 5 || reg == 7;

	if (reg < 2) {
		bind_rm(op, insn, reg ? dec_fns : inc_fns, size);
		return GOES_ON;
	}
	if (!(insn->opcode & 1) || reg == 7 || (far_or_bad && insn->mod == 3))
		return bind_ud(op);
	if (insn->bits == 64 && (reg == 2 || reg == 4))
		op->size = 8;
	if (insn->bits == 64 && reg == 6 && op->size == 4)
		op->size = 8;
	switch (reg) {
	case 2:
		op->fn = op->size == 8 ? exec_call_rm64 : exec_call_rm;
		return ENDS;
	case 3:
		op->fn = exec_call_far;
		return ENDS;
	case 4:
		op->fn = op->size == 8 ? exec_jmp_rm64 : exec_jmp_rm;
		return ENDS;
	case 5:
		op->fn = exec_jmp_far;
		return ENDS;
	}
	op->fn = exec_push_rm;
	return GOES_ON;
}

static enum bound bind_shift(struct op *op, const struct insn *insn)
{
	unsigned kind = (insn->modrm >> 3) & 7;

	if (insn->opcode >= 0xd2) {
		bind_rm(op, insn, shift_cl_fns[kind], bind_size(insn));
		return GOES_ON;
	}
	bind_rm(op, insn, shift_imm_fns[kind], bind_size(insn));
	if (insn->opcode >= 0xd0)
		op->imm = 1;
	return GOES_ON;
}

static enum bound bind_string(struct op *op, const struct insn *insn, op_fn *fn)
{
	op->fn = fn;
	op->size = bind_size(insn);
	bind_segment(op, insn, SEG_DS);
	return ENDS;
}

static enum bound bind_push_seg(struct op *op, unsigned seg, bool push)
{
	op->reg = seg;
	op->fn = push ? exec_push_seg : exec_pop_seg;
	return push ? GOES_ON : ENDS;
}

/* Opcodes that 64-bit code does not have, of 00 to 3F. */
static enum bound bind_low_odd(struct op *op, const struct insn *insn)
{
	switch (insn->opcode) {
	case 0x06:
	case 0x0e:
	case 0x16:
	case 0x1e:
		return bind_push_seg(op, insn->opcode >> 3, true);
	case 0x07:
	case 0x17:
	case 0x1f:
		return bind_push_seg(op, insn->opcode >> 3, false);
	}
	op->fn = insn->opcode & 0x10 ? exec_aaa : exec_daa;
	return GOES_ON;
}

/* 40 to 5F */
static enum bound bind_reg_in_opcode(struct op *op, const struct insn *insn)
{
	unsigned reg = (insn->opcode & 7) | (insn->rex & 1) << 3;

	op->reg = op->rm = reg;
	switch (insn->opcode >> 3 & 3) {
	case 0:
		op->fn = bind_pick(inc_fns, op, op->size);
		break;
	case 1:
		op->fn = bind_pick(dec_fns, op, op->size);
		break;
	case 2:
		op->fn = push_reg_fn(op->size);
		break;
	default:
		op->fn = pop_reg_fn(op->size);
	}
	return GOES_ON;
}

static enum bound bind_60(struct op *op, const struct insn *insn)
{
	switch (insn->opcode) {
	case 0x60:
		op->fn = exec_pusha;
		return GOES_ON;
	case 0x61:
		op->fn = exec_popa;
		return GOES_ON;
	case 0x63: /* MOVSXD; ARPL outside 64-bit code */
		op->fn = exec_arpl;
		if (insn->bits != 64)
			return GOES_ON;
		op->fn = bind_pick(insn->opsize == 2 ? mov_from_rm_fns
						     : movsx_fns,
				   op, insn->opsize == 2 ? 2 : 4);
		return GOES_ON;
	case 0x68:
	case 0x6a:
		op->fn = exec_push_imm;
		return GOES_ON;
	case 0x69:
	case 0x6b:
		op->fn = bind_pick(imul_imm_fns, op, op->size);
		return GOES_ON;
	case 0x6c:
	case 0x6d:
	case 0x6e:
	case 0x6f:
		if (op->size == 8)
			op->size = 4;
		bind_string(op, insn,
			    insn->opcode < 0x6e ? exec_ins : exec_outs);
		if (op->size == 8)
			op->size = 4;
		return ENDS;
	}
	if (insn->mod == 3)
		return bind_ud(op); /* EVEX, in 32-bit code */
	op->fn = exec_bound;
	return GOES_ON;
}

static enum bound bind_80(struct op *op, const struct insn *insn)
{
	unsigned size = bind_size(insn), reg = (insn->modrm >> 3) & 7;

	switch (insn->opcode) {
	case 0x80:
	case 0x81:
	case 0x82:
		bind_rm(op, insn, alu_rm_imm_fns[reg],
			insn->opcode == 0x82 ? 1 : size);
		return GOES_ON;
	case 0x83:
		bind_rm(op, insn, alu_rm_imm_fns[reg], insn->opsize);
		return GOES_ON;
	case 0x84:
	case 0x85:
		bind_rm(op, insn, alu_rm_reg_fns[8], size);
		return GOES_ON;
	case 0x86:
	case 0x87:
		bind_rm(op, insn, xchg_fns, size);
		return GOES_ON;
	case 0x88:
	case 0x89:
		bind_rm(op, insn, mov_to_rm_fns, size);
		return GOES_ON;
	case 0x8a:
	case 0x8b:
		bind_rm(op, insn, mov_from_rm_fns, size);
		return GOES_ON;
	case 0x8c:
		op->reg = reg;
		op->fn = exec_mov_from_seg;
		return reg > SEG_GS ? bind_ud(op) : GOES_ON;
	case 0x8d:
		op->fn = lea_fn(op);
		return insn->mod == 3 ? bind_ud(op) : GOES_ON;
	case 0x8e:
		op->reg = reg;
		op->fn = exec_mov_to_seg;
		return reg > SEG_GS || reg == SEG_CS ? bind_ud(op) : ENDS;
	}
	op->fn = exec_pop_rm;
	return reg ? bind_ud(op) : GOES_ON;
}

/* 90: NOP, PAUSE, or with REX.B a real exchange. */
static enum bound bind_xchg_rax(struct op *op, const struct insn *insn)
{
	unsigned reg = (insn->opcode & 7) | (insn->rex & 1) << 3;

	op->reg = reg;
	op->rm = GPR_RAX;
	op->fn = reg == GPR_RAX ? exec_nop : xchg_fns[FN_INDEX(op->size, 0)];
	if (reg != GPR_RAX || insn->rep != 0xf3)
		return GOES_ON;
	op->fn = exec_pause;
	return ENDS;
}

static enum bound bind_90(struct op *op, const struct insn *insn)
{
	static op_fn *const fns[16] = {
		[8] = exec_cbw,	   [9] = exec_cwd,    [10] = exec_call_far,
		[11] = exec_fwait, [12] = exec_pushf, [13] = exec_popf,
		[14] = exec_sahf,  [15] = exec_lahf};

	if (insn->opcode < 0x98)
		return bind_xchg_rax(op, insn);
	if (insn->opcode >= 0x9e && insn->bits == 64 &&
	    !has(insn, FEATURE_LAHF))
		return bind_ud(op);
	op->fn = fns[insn->opcode & 15];
	op->disp = insn->imm2;
	return insn->opcode == 0x9a || insn->opcode == 0x9d ? ENDS : GOES_ON;
}

/* MOV between rAX and an absolute address. */
static enum bound bind_moffs(struct op *op, const struct insn *insn)
{
	unsigned size = bind_size(insn);

	op->disp = insn->disp;
	op->size = size;
	op->reg = GPR_RAX;
	op->flags |= OP_MEM;
	bind_segment(op, insn, SEG_DS);
	op->fn = bind_pick(insn->opcode & 2 ? mov_to_rm_fns : mov_from_rm_fns,
			   op, size);
	return GOES_ON;
}

static enum bound bind_a0(struct op *op, const struct insn *insn)
{
	switch (insn->opcode & 14) {
	case 0:
	case 2:
		return bind_moffs(op, insn);
	case 4:
		return bind_string(op, insn, exec_movs);
	case 6:
		return bind_string(op, insn, exec_cmps);
	case 8:
		op->size = bind_size(insn);
		op->rm = GPR_RAX;
		op->fn = bind_pick(alu_rm_imm_fns[8], op, op->size);
		return GOES_ON;
	case 10:
		return bind_string(op, insn, exec_stos);
	case 12:
		return bind_string(op, insn, exec_lods);
	}
	return bind_string(op, insn, exec_scas);
}

static enum bound bind_b0(struct op *op, const struct insn *insn)
{
	unsigned reg = (insn->opcode & 7) | (insn->rex & 1) << 3;
	unsigned size = insn->opcode & 8 ? insn->opsize : 1;

	op->size = size;
	op->rm = size == 1 ? bind_reg8(insn, reg) : reg;
	op->fn = bind_pick(mov_imm_fns, op, size);
	return GOES_ON;
}

static enum bound bind_ret(struct op *op, const struct insn *insn)
{
	op->fn = op->size == 8 ? exec_ret64 : exec_ret;
	if (insn->opcode & 1)
		op->imm = 0;
	return ENDS;
}

static enum bound bind_c0(struct op *op, const struct insn *insn)
{
	static op_fn *const fns[16] = {
		[10] = exec_ret_far, [11] = exec_ret_far, [12] = exec_int3,
		[13] = exec_int,     [14] = exec_into,	  [15] = exec_iret};
	unsigned reg = (insn->modrm >> 3) & 7;

	switch (insn->opcode) {
	case 0xc0:
	case 0xc1:
		return bind_shift(op, insn);
	case 0xc2:
	case 0xc3:
		return bind_ret(op, insn);
	case 0xc4:
	case 0xc5:
		if (insn->mod == 3)
			return bind_ud(op); /* VEX, in 32-bit code */
		op->imm = insn->opcode & 1 ? SEG_DS : SEG_ES;
		op->fn = exec_load_far;
		return ENDS;
	case 0xc6:
	case 0xc7:
		bind_rm(op, insn, mov_imm_fns, bind_size(insn));
		return reg ? bind_ud(op) : GOES_ON;
	case 0xc8:
		op->opcode = insn->imm2; /* the nesting level */
		op->fn = exec_enter;
		return GOES_ON;
	case 0xc9:
		op->fn = op->size == 8 ? exec_leave64 : exec_leave;
		return GOES_ON;
	}
	op->fn = fns[insn->opcode & 15];
	return ENDS;
}

static enum bound bind_x87(struct op *op, const struct insn *insn)
{
	op->x87 = x87_find(insn->opcode, insn->modrm);
	if (!op->x87)
		return bind_ud(op);
	op->imm = insn->modrm;
	op->fn = exec_x87;
	return GOES_ON;
}

static enum bound bind_d0(struct op *op, const struct insn *insn)
{
	static op_fn *const fns[] = {exec_aam, exec_aad, exec_salc, exec_xlat};

	if (insn->opcode >= 0xd8)
		return bind_x87(op, insn);
	if (insn->opcode < 0xd4)
		return bind_shift(op, insn);
	bind_segment(op, insn, SEG_DS);
	op->fn = fns[insn->opcode & 3];
	return GOES_ON;
}

static enum bound bind_e0(struct op *op, const struct insn *insn)
{
	switch (insn->opcode) {
	case 0xe0:
	case 0xe1:
	case 0xe2:
		return bind_branch(op, insn, exec_loop);
	case 0xe3:
		return bind_branch(op, insn, exec_jcxz);
	case 0xe8:
		return bind_branch(op, insn,
				   insn->opsize == 8 ? exec_call64 : exec_call);
	case 0xe9:
	case 0xeb:
		return bind_branch(op, insn, exec_jmp);
	case 0xea:
		op->disp = insn->imm2;
		op->fn = exec_jmp_far;
		return ENDS;
	}
	op->size = bind_size(insn);
	if (op->size == 8)
		op->size = 4;
	op->fn = insn->opcode & 2 ? exec_out : exec_in;
	return ENDS;
}

static enum bound bind_f0(struct op *op, const struct insn *insn)
{
	static op_fn *const fns[16] = {
		[1] = exec_int1,     [4] = exec_hlt,
		[5] = exec_flag_bit, [8] = exec_flag_bit,
		[9] = exec_flag_bit, [10] = exec_cli,
		[11] = exec_sti,     [12] = exec_flag_bit,
		[13] = exec_flag_bit};

	switch (insn->opcode) {
	case 0xf6:
	case 0xf7:
		return bind_group3(op, insn);
	case 0xfe:
	case 0xff:
		return bind_group5(op, insn);
	}
	op->fn = fns[insn->opcode & 15];
	switch (insn->opcode) {
	case 0xf1:
	case 0xf4:
	case 0xfb:
		return ENDS;
	}
	return GOES_ON;
}

enum bound bind_map0(struct op *op, const struct insn *insn)
{
	switch (insn->opcode >> 4) {
	case 0x0:
	case 0x1:
	case 0x2:
	case 0x3:
		return (insn->opcode & 7) < 6 ? bind_alu(op, insn)
					      : bind_low_odd(op, insn);
	case 0x4:
	case 0x5:
		return bind_reg_in_opcode(op, insn);
	case 0x6:
		return bind_60(op, insn);
	case 0x7:
		return bind_branch(op, insn, jcc_fns[insn->opcode & 15]);
	case 0x8:
		return bind_80(op, insn);
	case 0x9:
		return bind_90(op, insn);
	case 0xa:
		return bind_a0(op, insn);
	case 0xb:
		return bind_b0(op, insn);
	case 0xc:
		return bind_c0(op, insn);
	case 0xd:
		return bind_d0(op, insn);
	case 0xe:
		return bind_e0(op, insn);
	}
	return bind_f0(op, insn);
}
