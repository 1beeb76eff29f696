/* host_features.h: does the host's processor have it? For x86-64 hosts. */
#ifndef TESTS_UNIT_HOST_FEATURES_H
#define TESTS_UNIT_HOST_FEATURES_H

#include <cpuid.h>

#include "vmm/features.h"

static inline bool host_has(enum feature feature)
{
	static const struct {
		uint32_t leaf, index;
	} leaves[] = {{1, 0}, {7, 0}, {0xd, 1}, {0x80000001, 0}};

	for (unsigned i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
		uint32_t out[4] = {0};

		if (!__get_cpuid_count(leaves[i].leaf, leaves[i].index, &out[0],
				       &out[1], &out[2], &out[3]))
			continue;
		for (unsigned reg = 0; reg < 4; reg++)
			if (features_cpuid(UINT64_C(1) << feature,
					   leaves[i].leaf, leaves[i].index,
					   (enum cpuid_register)reg) &
			    out[reg])
				return true;
	}
	return false;
}

#endif
