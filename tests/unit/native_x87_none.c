/* native_x87_none.c: hosts that are not x86-64. */
#include <errno.h>

#include "tests/unit/native_x87.h"

int native_x87_init(void)
{
	return -ENOTSUP;
}

void native_x87_compile(const uint8_t *code, unsigned len)
{
}

void native_x87_run(struct native_x87 *n)
{
}
