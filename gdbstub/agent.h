/*
 * agent.h: gdb's agent expressions, by which conditions of breakpoints are
 * asked here and not in gdb (GDB manual, appendix F).
 */
#ifndef GDBSTUB_AGENT_H
#define GDBSTUB_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AGENT_CODE_MAX 4096

struct agent_code {
	size_t len;
	uint8_t byte[];
};

/* Where values come from; false: there is none. */
struct agent_source {
	void *ctx;
	bool (*reg)(void *ctx, unsigned n, uint64_t *val);
	bool (*mem)(void *ctx, uint64_t addr, void *buf, unsigned len);
};

/* False when it cannot be evaluated: no such value, or no such code. */
bool agent_eval(const struct agent_code *code, const struct agent_source *from,
		uint64_t *result);

#endif
