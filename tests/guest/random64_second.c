/*
 * random64_second.c: a second CPU for random programs. It has this whole
 * program again, code and data, as a copy that its page tables map where the
 * first CPU has its own. The rest of memory is both CPUs', and so are the
 * pages of the window: each writes its programs over the other's.
 *
 *	c00000h	its copy of the first 2 MiB
 *	e00000h	its copy of ring 3's 2 MiB, from 400000h on
 */
#include "tests/guest/random64.h"

#define COPY	  0xc00000u
#define USER_COPY 0xe00000u
#define USER_AREA 0x400000u
#define PART	  0x200000u
#define START	  0x8000u

#define ICR	  (*(volatile uint32_t *)0xfee00300)
#define ICR_INIT  0xc4500 /* to all others */
#define ICR_SIPI  (0xc4600 | START >> 12)

extern const uint8_t trampoline[], trampoline_cr3[], trampoline_end[];

uint64_t own_offset;

static void copy(uint64_t to, uint64_t from, uint64_t len)
{
	uint64_t words = (len + 7) / 8;

	__asm__ volatile("rep movsq"
			 : "+D"(to), "+S"(from), "+c"(words)::"memory");
}

/* Where the second CPU has it; for the first that is where it lies. */
static uint64_t *theirs(uint64_t *own)
{
	return (uint64_t *)((uint64_t)own + COPY);
}

static void map(void)
{
	uint64_t *directory = theirs(pd[0]);

	theirs(pml4)[0] = (uint64_t)theirs(pdpt) | 7;
	for (unsigned i = 0; i < 4; i++)
		theirs(pdpt)[i] = (uint64_t)theirs(pd[i]) | 7;
	directory[0] = COPY | 0x83;
	directory[USER_AREA / PART] = USER_COPY | 0x87;
}

void start_second(void)
{
	uint32_t *cr3 = (uint32_t *)(START + (trampoline_cr3 - trampoline));

	copy(START, (uint64_t)trampoline, trampoline_end - trampoline);
	*cr3 = (uint64_t)theirs(pml4);
	copy(COPY, 0, PART);
	copy(USER_COPY, USER_AREA, PART);
	map();
	*theirs(&own_offset) = COPY;
	ICR = ICR_INIT;
	ICR = ICR_SIPI;
}
