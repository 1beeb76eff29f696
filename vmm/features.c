/* features.c: questions about the list of features.h. */
#include "vmm/features.h"

#include <stddef.h>

struct feature_row {
	const char *name;
	uint32_t leaf;
	uint8_t index, reg, bit, level, flags;
};

/* The list's short words for flags. */
#define SIM   FEATURE_SIM
#define EXTRA FEATURE_EXTRA
#define ROW(name, leaf, index, reg, bit, level, flags) \
	{#name, leaf, index, CPUID_##reg, bit, CPU_##level, flags},

static const struct feature_row rows[FEATURE_COUNT] = {FEATURE_LIST(ROW)};

uint64_t features_of_sim(void)
{
	uint64_t set = 0;

	for (unsigned i = 0; i < FEATURE_COUNT; i++)
		if (rows[i].flags & FEATURE_SIM)
			set |= UINT64_C(1) << i;
	return set;
}

uint64_t features_of_level(enum cpu_level level)
{
	uint64_t set = 0;

	for (unsigned i = 0; i < FEATURE_COUNT; i++)
		if (rows[i].level <= level)
			set |= UINT64_C(1) << i;
	return set;
}

const char *features_missing(enum cpu_level level, uint64_t have)
{
	for (unsigned i = 0; i < FEATURE_COUNT; i++)
		if (level != CPU_MAX && rows[i].level <= level &&
		    !(rows[i].flags & FEATURE_EXTRA) && !(have >> i & 1))
			return rows[i].name;
	return NULL;
}

uint32_t features_cpuid(uint64_t set, uint32_t leaf, uint32_t index,
			enum cpuid_register reg)
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < FEATURE_COUNT; i++)
		if (rows[i].leaf == leaf && rows[i].index == index &&
		    rows[i].reg == reg && set >> i & 1)
			bits |= UINT32_C(1) << rows[i].bit;
	return bits;
}

const char *cpu_level_name(enum cpu_level level)
{
	static const char *const names[] = {"default", "x86-64", "x86-64-v2",
					    "x86-64-v3", "max"};

	return names[level];
}
