/*
 * bare32.h: what the 32-bit test programs share: descriptor tables, and
 * running code until its exception.
 *
 * attempt() calls a function in ring 0, attempt_user() in ring 3; both come
 * back by its return (`int $0x30` in ring 3) or by its first exception and
 * fill `trap`. Code for 16-bit modes is in section .low.
 */
#ifndef TESTS_GUEST_BARE32_H
#define TESTS_GUEST_BARE32_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/guest/print.h"

enum {
	SEL_CODE = 0x08,
	SEL_DATA = 0x10,
	SEL_UCODE = 0x1b,
	SEL_UDATA = 0x23,
	SEL_TSS = 0x28,
	SEL_FREE = 0x30, /* the first that tests may set */
	SEL_LAST = 0xf8
};

#define DONE 0x30 /* the vector that ends attempt_user() */

struct trap {
	uint32_t vector; /* DONE: there was none */
	uint32_t error;	 /* all ones: none was pushed */
	uint32_t eip, cs, eflags, esp, ss;
	uint32_t frame; /* where ESP pointed to EIP */
	uint32_t cr2;
};

extern struct trap trap;
extern uint64_t gdt[32], idt[256];
extern uint32_t tss[64]; /* with a bitmap for ports, from 104 on */
extern uint8_t kernel_stack_top[], user_stack_top[];
extern char low_image[], low_start[], low_end[];

void attempt(void (*fn)(void));
void attempt_user(void (*fn)(void));

/* From `esp` on with these, by IRET: eip, cs, eflags, esp, ss, ... */
void attempt_iret(const uint32_t *frame, unsigned words);

/* "name: ok", or the vector and error code in `trap`. */
void report(const char *name);

static inline uint64_t segment(uint32_t base, uint32_t limit, unsigned attr)
{
	return (limit & 0xffff) | (uint64_t)(base & 0xffffff) << 16 |
	       (uint64_t)(attr & 0xf0ff) << 40 |
	       (uint64_t)(limit >> 16 & 15) << 48 |
	       (uint64_t)(base >> 24) << 56;
}

static inline uint64_t gate(unsigned type, unsigned selector, uint32_t offset,
			    unsigned count)
{
	return (offset & 0xffff) | (uint64_t)selector << 16 |
	       (uint64_t)count << 32 | (uint64_t)type << 40 |
	       (uint64_t)(offset >> 16) << 48;
}

int test_main(void);

#endif
