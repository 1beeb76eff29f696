/* verify_exit.c: the verifying kernel stops as soon as something is wrong. */
#include "guest-kernel/kernel/kernel.h"

const bool verify_always = true;

void verify_exit(void)
{
	const char *wrong = verify();

	if (wrong)
		panic("verify: %s", wrong);
}
