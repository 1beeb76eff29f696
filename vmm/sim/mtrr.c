/*
 * mtrr.c: memory types of physical ranges, as storage: there are no caches
 * here, so a type means nothing. What is checked is what WRMSR checks (SDM 3
 * section 12.11); a mask with holes and ranges that overlap are the
 * guest's own affair.
 */
#include "vmm/sim/sim.h"

#define PHYS_BASE      0x200u /* and every second one after it */
#define PHYS_PAGE_MASK (((UINT64_C(1) << PHYS_BITS) - 1) & ~UINT64_C(0xfff))
#define MASK_VALID     (UINT64_C(1) << 11)
#define DEF_FIXED      (UINT64_C(1) << 10)
#define DEF_ENABLE     (UINT64_C(1) << 11)

/* UC, WC, WT, WP and WB. */
static bool type_ok(uint8_t type)
{
	return type == 0 || type == 1 || (type >= 4 && type <= 6);
}

/* In the order of x86_state's array. */
static const uint16_t fixed_msrs[MTRR_FIXED] = {
	0x250, 0x258, 0x259, 0x268, 0x269, 0x26a,
	0x26b, 0x26c, 0x26d, 0x26e, 0x26f,
};

static bool is_variable(uint32_t msr)
{
	return msr >= PHYS_BASE && msr < PHYS_BASE + 2 * MTRR_VARIABLE;
}

/* MTRR_FIXED: none of them. */
static unsigned fixed_index(uint32_t msr)
{
	unsigned i = 0;

	while (i < MTRR_FIXED && fixed_msrs[i] != msr)
		i++;
	return i;
}

uint64_t *mtrr_register(struct x86_state *s, uint32_t msr)
{
	unsigned i;

	if (msr == MSR_MTRR_DEF_TYPE)
		return &s->mtrr_def_type;
	if (is_variable(msr))
		return &s->mtrr_variable[msr - PHYS_BASE];
	i = fixed_index(msr);
	return i < MTRR_FIXED ? &s->mtrr_fixed[i] : NULL;
}

static bool types_ok(uint64_t val)
{
	for (unsigned i = 0; i < 64; i += 8)
		if (!type_ok(val >> i))
			return false;
	return true;
}

bool mtrr_fits(uint32_t msr, uint64_t val)
{
	if (msr == MSR_MTRR_DEF_TYPE)
		return type_ok(val) &&
		       !(val & ~(DEF_ENABLE | DEF_FIXED | 0xff));
	if (!is_variable(msr))
		return fixed_index(msr) == MTRR_FIXED || types_ok(val);
	if (msr & 1)
		return !(val & ~(PHYS_PAGE_MASK | MASK_VALID));
	return type_ok(val) && !(val & ~(PHYS_PAGE_MASK | 0xff));
}

bool mtrr_state_ok(const struct x86_state *s)
{
	for (unsigned i = 0; i < 2 * MTRR_VARIABLE; i++)
		if (!mtrr_fits(PHYS_BASE + i, s->mtrr_variable[i]))
			return false;
	for (unsigned i = 0; i < MTRR_FIXED; i++)
		if (!mtrr_fits(fixed_msrs[i], s->mtrr_fixed[i]))
			return false;
	return mtrr_fits(MSR_MTRR_DEF_TYPE, s->mtrr_def_type);
}
