/*
 * named.c: tests named with vmm_test.h: one passes, one fails, and one is
 * planned and never run, though the guest says success in the end.
 */
#include "include/vmm_test.h"
#include "tests/guest/bare32.h"

void vmm_test_puts(const char *text)
{
	print(text);
}

static volatile int never;

int test_main(void)
{
	VMM_TEST("one and one are two", never + 2 == 1 + 1);
	VMM_TEST("one and one are three", never + 3 == 1 + 1);
	if (never)
		VMM_TEST("what never happens", true);
	return 0;
}
