/*
 * booted.h: a machine in which our kernel and its init program have started:
 * real memory for tests of who looks at it. The files are those that the
 * environment names: KERNEL and INIT.
 */
#ifndef TESTS_UNIT_BOOTED_H
#define TESTS_UNIT_BOOTED_H

#include "devices/devices.h"
#include "shell/feeder.h"

struct booted {
	struct machine *m;
	struct board board;
	struct feeder feeder;
	struct mark end;
	const char *kernel, *init;
};

/* Type `text` and run until nothing more happens. Aborts when it cannot. */
void booted_begin(struct booted *b, uint64_t mem, const char *text);
void booted_end(struct booted *b);

#endif
