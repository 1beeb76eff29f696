/* speed_native.c: the workloads as a program: NAME ROUNDS; prints the sum. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/work.h"

static uint8_t arena[WORK_ARENA_SIZE] __attribute__((aligned(4096)));

int main(int argc, char **argv)
{
	work_arena = arena;
	for (const struct work *w = works; argc == 3 && w->name; w++) {
		if (strcmp(w->name, argv[1]) != 0)
			continue;
		printf("%016llx\n",
		       (unsigned long long)w->run(strtoul(argv[2], NULL, 10)));
		return 0;
	}
	fprintf(stderr, "usage: %s NAME ROUNDS\n", argv[0]);
	return 2;
}
