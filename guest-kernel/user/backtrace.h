/*
 * backtrace.h: the way back through the callers, and its token, whose form is
 * in abi/backtrace.h. Both work on what they are given, so that they also run
 * in the host's tests.
 */
#ifndef USER_BACKTRACE_H
#define USER_BACKTRACE_H

#include <stddef.h>
#include <stdint.h>

#include "guest-kernel/abi/backtrace.h"

struct backtrace {
	uint64_t pc[BACKTRACE_FRAMES_MAX]; /* return addresses */
	unsigned count;
	char end; /* 0, BACKTRACE_CUT or BACKTRACE_BROKEN */
};

/* Room for the longest token and the zero byte behind it. */
#define BACKTRACE_TOKEN_SIZE (32 + BACKTRACE_FRAMES_MAX * 17)

/*
 * Follows the chain of frame pointers from `frame`, within [base, top), where
 * memory must be readable. Believes no frame outside it, none that is not
 * aligned and none that does not lead upwards.
 */
void backtrace_walk(struct backtrace *trace, uint64_t frame, uint64_t base,
		    uint64_t top);

/* Returns the length. */
size_t backtrace_token(char text[BACKTRACE_TOKEN_SIZE],
		       const struct backtrace *trace,
		       const uint8_t build_id[4]);

#endif
