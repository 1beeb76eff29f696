/*
 * callers64.c: four functions that call one another, compiled without frame
 * pointers, and a fifth that is inlined; the innermost halts for ever. Who
 * called whom can be told by call frame information alone: each has locals of
 * its own size, with words that look like return addresses among them.
 */
#include "tests/guest/bare64.h"

#define WORDS 24

static __attribute__((noinline)) void innermost(volatile uint64_t *lure)
{
	volatile uint64_t room[7];

	for (unsigned i = 0; i < 7; i++)
		room[i] = lure[i];
	__asm__ volatile("cli; hlt" : : "m"(room) : "rbp", "rbx");
}

static inline __attribute__((always_inline)) void inlined(
	volatile uint64_t *lure)
{
	innermost(lure);
	__asm__ volatile("");
}

static __attribute__((noinline)) void middle(volatile uint64_t *lure)
{
	volatile uint64_t room[3];

	room[0] = lure[0];
	inlined(lure);
	room[1] = room[0];
}

static __attribute__((noinline)) void outer(void)
{
	volatile uint64_t lure[WORDS];

	for (unsigned i = 0; i < WORDS; i++)
		lure[i] = (uintptr_t)innermost + 4;
	middle(lure);
	lure[1] = lure[0];
}

int test_main(void)
{
	outer();
	return 0;
}
