/*
 * victim.h: a task that runs a few bytes of code, with any registers, and what
 * becomes of it. Its code, data and stack are a page each; behind the code all
 * is breakpoints, so that who gets through is seen, too. It gets a new start
 * for each piece of code by the answer to its last fault.
 */
#ifndef TESTS_KERNEL_VICTIM_H
#define TESTS_KERNEL_VICTIM_H

#include "tests/kernel/cases.h"

#define VICTIM_CODE  (AREA + UINT64_C(0x10000000))
#define VICTIM_DATA  (VICTIM_CODE + 0x2000)
#define VICTIM_STACK (VICTIM_CODE + 0x4000) /* its page; RSP: the middle */
#define VICTIM_RSP   (VICTIM_STACK + 0x800)

/* What became of it: sets of these. */
#define GOES_ON	     1u
#define FAULTS(kind) (1u << FAULT_##kind)
#define ANY_FAULT    0xfeu
#define NO_END	     0x100u /* nothing came of it in time */

struct code {
	uint8_t byte[40];
	unsigned length;
};

static inline void code_add(struct code *c, const void *bytes, unsigned length)
{
	memcpy(&c->byte[c->length], bytes, length);
	c->length += length;
}

#define CODE(...)                                                 \
	(struct code)                                             \
	{                                                         \
		.byte = {__VA_ARGS__},                            \
		.length = sizeof((const uint8_t[]){__VA_ARGS__}), \
	}

/* Adds these bytes, or a little-endian number. */
#define ADD(c, ...)                                 \
	code_add(c, (const uint8_t[]){__VA_ARGS__}, \
		 sizeof((const uint8_t[]){__VA_ARGS__}))

static inline void code_number(struct code *c, uint64_t value, unsigned bytes)
{
	code_add(c, &value, bytes);
}

/* Made of make()'s; in a case, before any code is tried. */
void victim_make(void);

/* The registers that the next code begins with; all zero but RIP and RSP. */
extern struct task_registers victim_begin;
/* And those that it ended with, and its fault's words (message.h). */
extern struct task_registers victim_end;
extern uint64_t victim_fault[4];

/* The victim's data, as we see it. */
extern volatile uint64_t *const victim_data;

/* How long one piece may run, in ns. */
extern uint64_t victim_time;

/* Another root pool; it begins with ours. */
void victim_set_pool(struct caddr pool);

/* Runs it; returns what became of it. */
unsigned victim_try(const struct code *code);

/*
 * The same, and a complaint if that is none of `expected`, or if the victim
 * has flags that nobody may have: no IF, an IOPL, VM.
 */
void victim_expect(const struct code *code, unsigned expected, const char *name,
		   uint64_t which);

/*
 * What else is to be expected of a processor that lets `lock mov` through, as
 * QEMU's does: it raises few of the FPU's and SIMD exceptions, and pops far
 * returns with the kernel's rights, which SMAP makes a fault of. 0 elsewhere.
 */
unsigned victim_lenient(void);

#endif
