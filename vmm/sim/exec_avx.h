/* exec_avx.h: what exec_avx.c and exec_avx_mem.c share. */
#ifndef VMM_SIM_EXEC_AVX_H
#define VMM_SIM_EXEC_AVX_H

#include "vmm/sim/exec_simd.h"

/* A YMM register, or an XMM register and zeros. */
struct halves {
	union xmm x[2];
};

/* #UD and #NM of all that VEX encodes on vector registers. */
void avx_check(struct cpu *cpu, const struct op *op);

ALWAYS_INLINE void avx_get(const struct cpu *cpu, unsigned reg,
			   struct halves *to)
{
	to->x[0] = cpu->xmm[reg];
	to->x[1] = cpu->ymm_high[reg];
}

/* Without a second half it becomes zero. */
ALWAYS_INLINE void avx_set(struct cpu *cpu, const struct op *op, unsigned reg,
			   const struct halves *from)
{
	cpu->xmm[reg] = from->x[0];
	cpu->ymm_high[reg] = op->vex.two ? from->x[1] : (union xmm){{0}};
}

#endif
