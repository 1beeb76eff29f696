/* x87_operands.h: states of the x87 unit for tests of its table. */
#ifndef TESTS_UNIT_X87_OPERANDS_H
#define TESTS_UNIT_X87_OPERANDS_H

#include "tests/unit/simd_operands.h"
#include "vmm/sim/x87.h"

/* Values where something happens more often than among random ones. */
struct f80 x87_operand(void);

/* An FXSAVE image with nothing pending; `unmask`: some exceptions. */
void x87_random_image(uint8_t image[512], bool unmask);

/* A memory operand of the kind that the row reads. */
void x87_random_memory(const struct x87_row *row, uint8_t *mem, unsigned size);

/* The instruction for ModRM `modrm` of a register form, or with [rdi]. */
#define X87_CODE 4u
unsigned x87_encode(uint8_t out[X87_CODE], const struct x87_row *row,
		    uint8_t modrm, bool small);

/*
 * Bits of the status word after `row`, in an FXSAVE image, that processors
 * set differently or that the SDM leaves undefined.
 */
unsigned x87_undefined_status(const struct x87_row *row,
			      const uint8_t image[512]);

/* Transcendental: processors differ in the last place. */
bool x87_approximate(const struct x87_row *row);

#endif
