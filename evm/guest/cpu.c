/* cpu.c: what the processor can do, asked once, before main(); see builtin.h. */
#include "evm/guest/builtin.h"

#define LEAF_FEATURES 7
#define EBX_BMI	      (1u << 3)
#define EBX_BMI2      (1u << 8)

bool evm_guest_has_bmi;

static void cpuid(uint32_t leaf, uint32_t *a, uint32_t *b)
{
	uint32_t c = 0, d;

	*a = leaf;
	__asm__("cpuid" : "+a"(*a), "=b"(*b), "+c"(c), "=d"(d));
}

__attribute__((constructor)) static void look(void)
{
	const uint32_t both = EBX_BMI | EBX_BMI2;
	uint32_t most, a, b;

	cpuid(0, &most, &b);
	if (most < LEAF_FEATURES)
		return;
	cpuid(LEAF_FEATURES, &a, &b);
	evm_guest_has_bmi = (b & both) == both;
}
