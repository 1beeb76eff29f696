/* bind_0f.c: the maps 0F, 0F 38 and 0F 3A; SSE by simd_find(). */
#include "vmm/sim/bind.h"
#include "vmm/sim/exec.h"

static enum bound go(struct op *op, op_fn *fn)
{
	op->fn = fn;
	return GOES_ON;
}

static enum bound end(struct op *op, op_fn *fn)
{
	op->fn = fn;
	return ENDS;
}

static enum bound bind_group6(struct op *op, const struct insn *insn)
{
	op->reg = (insn->modrm >> 3) & 7;
	switch (op->reg) {
	case 0:
	case 1:
		return go(op, exec_sldt);
	case 2:
	case 3:
		return go(op, exec_lldt);
	case 4:
	case 5:
		return go(op, exec_verr);
	}
	return bind_ud(op);
}

/* 0F 01 with mod 3: instructions without operands, by all of ModRM. */
static enum bound bind_group7_reg(struct op *op, const struct insn *insn)
{
	switch (insn->modrm) {
	case 0xca: /* CLAC */
	case 0xcb: /* STAC */
		if (insn->rep || insn->p66 || !has(insn, FEATURE_SMAP))
			return bind_ud(op);
		op->imm = insn->modrm & 1;
		return end(op, exec_stac);
	case 0xd0:
	case 0xd1:
		if (insn->rep || insn->p66 || !has(insn, FEATURE_XSAVE))
			return bind_ud(op);
		return go(op, insn->modrm & 1 ? exec_xsetbv : exec_xgetbv);
	case 0xf8:
		return insn->bits == 64 ? go(op, exec_swapgs) : bind_ud(op);
	case 0xf9:
		return has(insn, FEATURE_RDTSCP) ? go(op, exec_rdtscp)
						 : bind_ud(op);
	}
	switch ((insn->modrm >> 3) & 7) {
	case 4:
		return go(op, exec_smsw);
	case 6:
		return end(op, exec_lmsw);
	}
	return bind_ud(op);
}

static enum bound bind_group7(struct op *op, const struct insn *insn)
{
	if (insn->mod == 3)
		return bind_group7_reg(op, insn);
	op->reg = (insn->modrm >> 3) & 7;
	switch (op->reg) {
	case 0:
	case 1:
		return go(op, exec_sgdt);
	case 2:
	case 3:
		return go(op, exec_lgdt);
	case 4:
		return go(op, exec_smsw);
	case 6:
		return end(op, exec_lmsw);
	case 7:
		return end(op, exec_invlpg);
	}
	return bind_ud(op);
}

static enum bound bind_00(struct op *op, const struct insn *insn)
{
	switch (insn->opcode) {
	case 0x00:
		return bind_group6(op, insn);
	case 0x01:
		return bind_group7(op, insn);
	case 0x02:
		return go(op, exec_lar);
	case 0x03:
		return go(op, exec_lsl);
	case 0x05:
		return insn->bits == 64 ? end(op, exec_syscall) : bind_ud(op);
	case 0x06:
		return go(op, exec_clts);
	case 0x07:
		return insn->bits == 64 ? end(op, exec_sysret) : bind_ud(op);
	case 0x08:
	case 0x09:
		return go(op, exec_wbinvd);
	case 0x0d: /* PREFETCHW */
		return go(op, exec_nop);
	}
	return bind_ud(op);
}

/* There are CR0, 2, 3, 4 and 8, and DR0 to 7. */
static enum bound bind_20(struct op *op, const struct insn *insn)
{
	unsigned there = insn->opcode & 1 ? 0xff : 0x11d;

	if (!(there >> insn->reg & 1))
		return bind_ud(op);
	switch (insn->opcode) {
	case 0x20:
		return go(op, exec_mov_from_cr);
	case 0x21:
		return go(op, exec_mov_from_dr);
	case 0x22:
		return end(op, exec_mov_to_cr);
	}
	return end(op, exec_mov_to_dr);
}

static enum bound bind_30(struct op *op, const struct insn *insn)
{
	switch (insn->opcode) {
	case 0x30:
		return end(op, exec_wrmsr);
	case 0x31:
		return go(op, exec_rdtsc);
	case 0x32:
		return go(op, exec_rdmsr);
	case 0x33:
		return go(op, exec_rdpmc);
	case 0x34:
	case 0x35:
		if (!(insn->features & FEATURE_BIT(SEP)))
			return bind_ud(op);
		return end(op, insn->opcode & 1 ? exec_sysexit : exec_sysenter);
	}
	return bind_ud(op);
}

static enum bound bind_a0(struct op *op, const struct insn *insn)
{
	switch (insn->opcode) {
	case 0xa0:
	case 0xa8:
		op->reg = insn->opcode == 0xa0 ? SEG_FS : SEG_GS;
		return go(op, exec_push_seg);
	case 0xa1:
	case 0xa9:
		op->reg = insn->opcode == 0xa1 ? SEG_FS : SEG_GS;
		return end(op, exec_pop_seg);
	case 0xa2:
		return go(op, exec_cpuid);
	case 0xa3:
	case 0xab:
		return go(op, exec_bt_reg);
	case 0xa4:
	case 0xa5:
	case 0xac:
	case 0xad:
		return go(op, exec_double_shift);
	case 0xaf:
		bind_rm(op, insn, imul_reg_fns, insn->opsize);
		return GOES_ON;
	}
	return bind_ud(op);
}

/* 0F AE on memory without a prefix, and on registers. */
static enum bound bind_group15(struct op *op, const struct insn *insn)
{
	unsigned reg = (insn->modrm >> 3) & 7;

	if (insn->mod == 3) {
		op->reg = reg;
		if (insn->rep == 0xf3 && reg < 4 && insn->bits == 64 &&
		    has(insn, FEATURE_FSGSBASE))
			return go(op, exec_fsgsbase);
		if (!insn->rep && !insn->p66 && reg >= 5) /* fences */
			return go(op, exec_nop);
		return bind_ud(op);
	}
	if (insn->p66 && !insn->rep &&
	    ((reg == 6 && has(insn, FEATURE_CLWB)) ||
	     (reg == 7 && has(insn, FEATURE_CLFLUSHOPT))))
		return go(op, exec_clflush);
	if (insn->rep || insn->p66)
		return bind_ud(op);
	switch (reg) {
	case 0:
		return go(op, exec_fxsave);
	case 1:
		return go(op, exec_fxrstor);
	case 2:
		return go(op, exec_ldmxcsr);
	case 3:
		return go(op, exec_stmxcsr);
	case 4:
		return has(insn, FEATURE_XSAVE) ? go(op, exec_xsave)
						: bind_ud(op);
	case 5:
		return has(insn, FEATURE_XSAVE) ? go(op, exec_xrstor)
						: bind_ud(op);
	case 6:
		op->imm = 1;
		return has(insn, FEATURE_XSAVEOPT) ? go(op, exec_xsave)
						   : bind_ud(op);
	case 7:
		return go(op, exec_clflush);
	}
	return bind_ud(op);
}

static enum bound bind_extend(struct op *op, const struct insn *insn,
			      op_fn *const fns[8])
{
	unsigned from = insn->opcode & 1 ? 2 : 1;

	bind_regs(op, insn, 4, from);
	op->fn = bind_pick(fns, op, from);
	return GOES_ON;
}

static enum bound bind_b0(struct op *op, const struct insn *insn)
{
	/* LSS, -, LFS, LGS */
	static const uint8_t segs[] = {SEG_SS, 0, SEG_FS, SEG_GS};

	switch (insn->opcode) {
	case 0xb0:
	case 0xb1:
		bind_rm(op, insn, cmpxchg_fns, bind_size(insn));
		return GOES_ON;
	case 0xb2:
	case 0xb4:
	case 0xb5:
		if (insn->mod == 3)
			return bind_ud(op);
		op->imm = segs[insn->opcode - 0xb2];
		return end(op, exec_load_far);
	case 0xb3:
	case 0xbb:
		return go(op, exec_bt_reg);
	case 0xb6:
	case 0xb7:
		return bind_extend(op, insn, movzx_fns);
	case 0xb8:
		if (insn->rep != 0xf3 || !has(insn, FEATURE_POPCNT))
			return bind_ud(op);
		return go(op, exec_popcnt);
	case 0xba:
		op->reg = (insn->modrm >> 3) & 7;
		return op->reg < 4 ? bind_ud(op) : go(op, exec_bt_imm);
	case 0xbc:
		return go(op, insn->rep == 0xf3 && has(insn, FEATURE_BMI1)
				      ? exec_tzcnt
				      : exec_bsf);
	case 0xbd:
		return go(op, insn->rep == 0xf3 && has(insn, FEATURE_LZCNT)
				      ? exec_lzcnt
				      : exec_bsr);
	case 0xbe:
	case 0xbf:
		return bind_extend(op, insn, movsx_fns);
	}
	return bind_ud(op); /* UD1 */
}

/* 0F C7 on registers: RDRAND, RDSEED, and with F3 RDPID. */
static enum bound bind_random(struct op *op, const struct insn *insn)
{
	unsigned reg = insn->modrm >> 3 & 7;

	if (insn->rep == 0xf3 && reg == 7 && has(insn, FEATURE_RDPID))
		return go(op, exec_rdpid);
	if (insn->rep)
		return bind_ud(op);
	if ((reg == 6 && has(insn, FEATURE_RDRAND)) ||
	    (reg == 7 && has(insn, FEATURE_RDSEED)))
		return go(op, exec_rdrand);
	return bind_ud(op);
}

/* 0F C7 on memory: CMPXCHG8B and 16B, XSAVEC, XSAVES, XRSTORS. */
static enum bound bind_group9(struct op *op, const struct insn *insn)
{
	switch (insn->modrm >> 3 & 7) {
	case 1:
		op->size = insn->rex & 8 ? 8 : 4;
		if (op->size == 8 && !has(insn, FEATURE_CX16))
			break;
		return go(op, exec_cmpxchg8b);
	case 3:
	case 5:
		if (insn->rep || insn->p66 || !has(insn, FEATURE_XSAVES))
			break;
		op->imm = 1;
		return go(op, (insn->modrm >> 3 & 7) == 3 ? exec_xrstor
							  : exec_xsavec);
	case 4:
		if (insn->rep || insn->p66 || !has(insn, FEATURE_XSAVEC))
			break;
		return go(op, exec_xsavec);
	}
	return bind_ud(op);
}

static enum bound bind_c0(struct op *op, const struct insn *insn)
{
	switch (insn->opcode) {
	case 0xc0:
	case 0xc1:
		bind_rm(op, insn, xadd_fns, bind_size(insn));
		return GOES_ON;
	case 0xc3: /* MOVNTI */
		if (insn->mod == 3 || insn->rep || insn->p66)
			return bind_ud(op);
		bind_rm(op, insn, mov_to_rm_fns, insn->opsize);
		return GOES_ON;
	case 0xc7:
		return insn->mod == 3 ? bind_random(op, insn)
				      : bind_group9(op, insn);
	}
	op->reg = (insn->opcode & 7) | (insn->rex & 1) << 3;
	return go(op, exec_bswap);
}

enum simd_prefix bind_prefix(const struct insn *insn)
{
	if (insn->rep)
		return insn->rep == 0xf3 ? SIMD_F3 : SIMD_F2;
	return insn->p66 ? SIMD_66 : SIMD_NP;
}

/* The implied address of MASKMOVDQU and MASKMOVQ. */
void bind_rdi(struct op *op, const struct insn *insn)
{
	op->base = GPR_RDI;
	bind_segment(op, insn, SEG_DS);
}

static enum bound bind_mmx(struct op *op, const struct insn *insn,
			   uint16_t opcode)
{
	struct mmx_op mmx;

	op->simd = mmx_find(bind_prefix(insn), opcode, insn->modrm, &mmx);
	if (!op->simd || !has(insn, FEATURE_MMX) ||
	    (insn->map > 1 && !has(insn, FEATURE_SSSE3)))
		return bind_ud(op);
	mmx.imm = insn->imm;
	op->mmx = mmx;
	if (mmx.form == MMX_MASKMOV)
		bind_rdi(op, insn);
	return go(op, exec_mmx);
}

static enum bound bind_simd(struct op *op, const struct insn *insn)
{
	static const uint16_t maps[] = {0, 0, SIMD_0F38, SIMD_0F3A};
	uint16_t opcode = maps[insn->map] | insn->opcode;

	op->simd = simd_find(bind_prefix(insn), opcode, insn->modrm);
	if (!op->simd)
		return bind_mmx(op, insn, opcode);
	if (!has(insn, simd_feature(op->simd)))
		return bind_ud(op);
	if (op->simd->form == SIMD_MASKMOV)
		bind_rdi(op, insn);
	return go(op, exec_simd);
}

enum bound bind_map1(struct op *op, const struct insn *insn)
{
	switch (insn->opcode) {
	case 0x00 ... 0x0d:
		return bind_00(op, insn);
	case 0x18 ... 0x1f: /* prefetches and NOPs with an operand */
		return go(op, exec_nop);
	case 0x20 ... 0x23:
		return bind_20(op, insn);
	case 0x30 ... 0x37:
		return bind_30(op, insn);
	case 0x40 ... 0x4f:
		return go(op, bind_pick(cmov_fns[insn->opcode & 15], op,
					insn->opsize));
	case 0x80 ... 0x8f:
		return bind_branch(op, insn, jcc_fns[insn->opcode & 15]);
	case 0x90 ... 0x9f:
		bind_regs(op, insn, 1, 1);
		return go(op, bind_pick(setcc_fns[insn->opcode & 15], op, 1));
	case 0xa0 ... 0xad:
	case 0xaf:
		return bind_a0(op, insn);
	case 0xae:
		return bind_group15(op, insn);
	case 0xb0 ... 0xbf:
		return bind_b0(op, insn);
	case 0xc0:
	case 0xc1:
	case 0xc3:
	case 0xc7 ... 0xcf:
		return bind_c0(op, insn);
	}
	return bind_simd(op, insn);
}

/* 0F 38 F0 and F1 without F2 */
static enum bound bind_movbe(struct op *op, const struct insn *insn)
{
	if (insn->rep || insn->mod == 3 || !has(insn, FEATURE_MOVBE))
		return bind_ud(op);
	return go(op, insn->opcode & 1 ? exec_movbe_store : exec_movbe_load);
}

/* 0F 38 F6: the prefix is no operand size. */
static enum bound bind_adx(struct op *op, const struct insn *insn)
{
	if (!has(insn, FEATURE_ADX) || insn->rep == 0xf2 ||
	    (!insn->rep && !insn->p66))
		return bind_ud(op);
	op->size = insn->rex & 8 ? 8 : 4;
	return go(op, insn->rep ? exec_adox : exec_adcx);
}

/* F2 0F 38 F0 and F1 */
static enum bound bind_crc32(struct op *op, const struct insn *insn)
{
	if (!has(insn, FEATURE_SSE4_2))
		return bind_ud(op);
	op->size = bind_size(insn);
	bind_regs(op, insn, 4, op->size);
	return go(op, exec_crc32);
}

/* 66 0F 38 82: the type is in a register, the rest in memory. */
static enum bound bind_invpcid(struct op *op, const struct insn *insn)
{
	if (insn->rep || !insn->p66 || insn->mod == 3 ||
	    !has(insn, FEATURE_INVPCID))
		return bind_ud(op);
	return end(op, exec_invpcid);
}

enum bound bind_map23(struct op *op, const struct insn *insn)
{
	if (insn->map == 2 && insn->opcode == 0x82)
		return bind_invpcid(op, insn);
	if (insn->map == 2 && (insn->opcode & 0xfe) == 0xf0)
		return insn->rep == 0xf2 ? bind_crc32(op, insn)
					 : bind_movbe(op, insn);
	if (insn->map == 2 && insn->opcode == 0xf6)
		return bind_adx(op, insn);
	return bind_simd(op, insn);
}
