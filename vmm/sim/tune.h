/* tune.h: quicker functions for the ops of a complete block. */
#ifndef VMM_SIM_TUNE_H
#define VMM_SIM_TUNE_H

#include "vmm/sim/sim.h"

/* Learn which functions there are; again and again is no harm. */
void tune_init(void);

/*
 * Choose for each op of a block of 64-bit code. `turn` remembers which copy
 * of a function comes next; it has no effect that the guest could see.
 */
void tune_block(struct block *b, uint8_t *turn);

#endif
