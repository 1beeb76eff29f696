/*
 * fake_target.h: what the stub debugs in tests: memory, registers, and three
 * threads of which the last is another process's; the second has no registers.
 */
#ifndef TESTS_UNIT_FAKE_TARGET_H
#define TESTS_UNIT_FAKE_TARGET_H

#include "gdbstub/target.h"

#define FAKE_MEMORY 65536
#define FAKE_REGS   70

struct fake_target {
	struct gdb_sink sink;
	uint8_t mem[FAKE_MEMORY]; /* from address 0 on */
	uint8_t reg[FAKE_REGS][16];
	unsigned points, restarts;
	bool running;
	enum gdb_step step; /* that of thread 1.1 */
	bool gone;	    /* the third thread has ended */
	char args[64];	    /* of the last run */
};

extern const struct gdb_target_ops fake_target_ops; /* of struct fake_target */

#endif
