/*
 * trace.h: what a machine does, one line for each thing.
 *
 * The CPU tells through struct vcpu_trace, the machine tells of accesses to
 * devices; here the lines are made. Each begins with the number of
 * instructions retired before, so that lines of all kinds sort together.
 */
#ifndef VMM_TRACE_H
#define VMM_TRACE_H

#include <stdio.h>

#include "vmm/machine.h"

struct trace {
	FILE *out;
	struct vcpu_trace cpu; /* what: TRACE_*, TRACE_IO too */

	/* " <name+0x12>" or "" for an address of ring `cpl`; may be NULL. */
	void (*symbol)(void *ctx, uint64_t va, unsigned cpl, char *text,
		       size_t size);
	void *ctx;

	/* Told of TRACE_CALL; who it is writes what there is to say. */
	void (*call)(void *ctx, const struct trace_event *event);
};

void trace_init(struct trace *trace, FILE *out, unsigned what);

/* "#PF", or "" for a vector that is no exception. */
const char *trace_vector(unsigned vector);

/* From the machine: an access to a port or to device memory. */
void trace_access(struct trace *trace, struct machine *m, enum vcpu_space space,
		  uint64_t addr, unsigned size, uint64_t val, bool write);

#endif
