/* bind.h: what bind.c, bind_map0.c and bind_0f.c share. */
#ifndef VMM_SIM_BIND_H
#define VMM_SIM_BIND_H

#include "vmm/sim/handlers.h"
#include "vmm/sim/sim.h"

/* Does the op's function go on to the next op, or leave the block? */
enum bound { GOES_ON, ENDS };

enum bound bind_map0(struct op *op, const struct insn *insn);
enum bound bind_map1(struct op *op, const struct insn *insn);
enum bound bind_map23(struct op *op, const struct insn *insn);
enum bound bind_vex(struct op *op, const struct insn *insn);

/* The mandatory prefix. */
enum simd_prefix bind_prefix(const struct insn *insn);

enum bound bind_ud(struct op *op);
enum bound bind_branch(struct op *op, const struct insn *insn, op_fn *fn);
void bind_rm(struct op *op, const struct insn *insn, op_fn *const fns[8],
	     unsigned size);
void bind_regs(struct op *op, const struct insn *insn, unsigned reg_size,
	       unsigned rm_size);
void bind_segment(struct op *op, const struct insn *insn, unsigned seg);
op_fn *bind_pick(op_fn *const fns[8], const struct op *op, unsigned size);
uint8_t bind_reg8(const struct insn *insn, unsigned reg);
unsigned bind_size(const struct insn *insn);
void bind_rdi(struct op *op, const struct insn *insn);

static inline bool has(const struct insn *insn, enum feature feature)
{
	return insn->features >> feature & 1;
}

#endif
