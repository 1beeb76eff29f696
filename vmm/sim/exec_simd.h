/*
 * exec_simd.h: what the vector instructions' exec_*.c share: operands in
 * memory of 1 to 32 bytes, and the call of a row's function.
 */
#ifndef VMM_SIM_EXEC_SIMD_H
#define VMM_SIM_EXEC_SIMD_H

#include "vmm/sim/exec.h"

/* rm, when it is no memory, is a general register. */
static inline bool simd_rm_general(const struct simd_row *row)
{
	return row->form == SIMD_X_G || row->form == SIMD_G_X ||
	       row->form == SIMD_X_G_I || row->form == SIMD_G_X_I;
}

static inline void simd_check_aligned(struct cpu *cpu, const struct op *op,
				      uint64_t ea, unsigned bytes)
{
	if (likely(!(ea & (bytes - 1))))
		return;
	cpu->op = op;
	raise_error(cpu, VEC_GP, 0);
}

/* Long operands; to->u64[] and what follows gets `bytes` bytes. */
static inline void simd_load_wide(struct cpu *cpu, const struct op *op,
				  uint64_t ea, unsigned bytes, void *to)
{
	const struct tlb_entry *e = tlb_entry(cpu, ea);

	if (likely(e->read == LAST_PAGE(ea, bytes))) {
		memcpy(to, (const void *)(e->host + ea), bytes);
		return;
	}
	cpu->op = op;
	lin_read_bytes(cpu, mem_linear(cpu, op->seg, ea, bytes, ACCESS_READ),
		       to, bytes, ACCESS_READ);
}

static inline void simd_store_wide(struct cpu *cpu, const struct op *op,
				   uint64_t ea, unsigned bytes,
				   const void *from)
{
	const struct tlb_entry *e = tlb_entry(cpu, ea);

	if (likely(e->write == LAST_PAGE(ea, bytes))) {
		memcpy((void *)(e->host + ea), from, bytes);
		return;
	}
	cpu->op = op;
	lin_write_bytes(cpu, mem_linear(cpu, op->seg, ea, bytes, ACCESS_WRITE),
			from, bytes, ACCESS_WRITE);
}

/* 16 bytes, or fewer with zeros above them. */
static inline void simd_load(struct cpu *cpu, const struct op *op, uint64_t ea,
			     unsigned bytes, union xmm *to)
{
	if (bytes == 16) {
		simd_load_wide(cpu, op, ea, 16, to);
		return;
	}
	to->u64[1] = 0;
	to->u64[0] = load(cpu, op, ea, bytes);
}

static inline void simd_store(struct cpu *cpu, const struct op *op, uint64_t ea,
			      unsigned bytes, const union xmm *from)
{
	if (bytes == 16)
		simd_store_wide(cpu, op, ea, 16, from);
	else
		store(cpu, op, ea, bytes, from->u64[0]);
}

/* An unmasked exception: nothing has changed but MXCSR's flags. */
_Noreturn void simd_fault(struct cpu *cpu, const struct op *op);

/* Run the row; an unmasked exception leaves nothing but MXCSR's flags. */
void simd_compute(struct cpu *cpu, const struct op *op, struct simd_ctx *ctx,
		  union xmm *dst, const union xmm *src);

static inline void simd_set_general(struct cpu *cpu, const struct simd_ctx *ctx,
				    unsigned reg, const union xmm *val)
{
	reg_set(cpu, reg, ctx->general, val->u64[0]);
}

/*
 * MASKMOVDQU, MASKMOVQ: the bytes of `from` that `mask` selects go to
 * DS:[rDI]. All are probed first, so that a fault writes none.
 */
void simd_store_masked(struct cpu *cpu, const struct op *op, uint64_t mask,
		       const union xmm *from);

#endif
