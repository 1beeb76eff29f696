/*
 * fake_arch.h: the portable kernel built natively. Physical memory is an
 * array at the address DIRECT_MAP; the log is a string; what would end the
 * run jumps back.
 */
#ifndef TESTS_UNIT_FAKE_ARCH_H
#define TESTS_UNIT_FAKE_ARCH_H

#include <setjmp.h>

#ifndef DIRECT_MAP
#define DIRECT_MAP 0x200000000000UL /* as tests/unit/meson.build says */
#endif

#include "guest-kernel/kernel/init.h"

#define FAKE_MEMORY (48u << 20)
#define FAKE_LOG    65536

struct fake {
	char log[FAKE_LOG]; /* ends with a zero byte */
	size_t log_len;
	jmp_buf exit;	  /* arch_exit() goes there with 1 + its value */
	uint64_t next;	  /* fake_pages() */
	uint64_t flushed; /* last va */
	unsigned flushed_space, flushed_tables,
		space_gone;	      /* last identifiers */
	const struct task *task_gone; /* the last */
	unsigned interrupt_in;	      /* looks until one is pending; 0: never */
	unsigned looks;		      /* for an interrupt */
	uint32_t open;		      /* inputs of the IOAPIC */
	unsigned ports_closed;
	uint64_t now;	/* the kernel's clock */
	uint64_t timer; /* when it was last told to fire */
	uint16_t port;	/* last access */
	unsigned size;
	uint32_t value; /* written, or to be read */
	uint64_t fs_base;
};

extern struct fake fake;

/* All memory zero, no capability, no task, a top table. */
void fake_reset(void);
/* Memory nobody has yet. */
uint64_t fake_pages(unsigned count);

/*
 * A task with a root pool: slot 0 the pool, 1 its buffer, 2 an Untyped, 254
 * its address space, 255 itself.
 */
struct caller {
	struct task *task;
	struct cpool *pool;
	struct task_buffer *buffer;
};

#define CALLER_UNTYPED_BYTES (UINT64_C(4) << 20)

void caller_create(struct caller *c);

/* SYS_INVOKE with one-byte paths; returns the error, results in regs. */
enum error caller_invoke(struct caller *c, unsigned label, unsigned target,
			 unsigned words, const uint64_t word[4],
			 unsigned depth);
/* Fill slots from `dest` on; returns the error. */
enum error caller_retype(struct caller *c, unsigned type, unsigned bits,
			 unsigned count, unsigned dest);

#endif
