/* native_simd_none.c: hosts that are not x86-64. */
#include <errno.h>

#include "tests/unit/native_simd.h"

int native_init(void)
{
	return -ENOTSUP;
}

bool native_has(const struct simd_row *row)
{
	return false;
}

void native_compile(const struct simd_row *row, bool memory, unsigned general,
		    unsigned imm)
{
}

void native_run(struct native *n)
{
}

uint32_t native_crc32(uint32_t crc, uint64_t data, unsigned bytes)
{
	return 0;
}
