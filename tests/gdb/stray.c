/*
 * stray.c: a kernel in small with a planted bug, for docs/debugging.md: a
 * write that strays into a task's capability slot, long before anyone looks.
 */
#include "tests/guest/bare64.h"

#define SLOTS  4
#define TASKS  3
#define ROUNDS 20000

enum { EMPTY, MEMORY, CHANNEL };

struct slot {
	uint64_t type, object;
};

struct task {
	char name[16];
	struct slot slot[SLOTS];
	uint64_t ran;
};

static struct task task[TASKS];

/* The planted bug: the zero behind a name of 16 characters goes too far. */
static void set_name(struct task *t, const char *name)
{
	unsigned i;

	for (i = 0; name[i] && i < sizeof(t->name); i++)
		t->name[i] = name[i];
	t->name[i] = '\0';
}

static void give(struct task *t, unsigned slot, unsigned type, uint64_t object)
{
	t->slot[slot] = (struct slot){type, object};
}

static void run(struct task *t, unsigned round)
{
	if (round == ROUNDS / 2)
		set_name(t, t == &task[1] ? "block-device-srv" : "worker");
	t->ran++;
}

static void panic(const char *why)
{
	print(why);
	__asm__ volatile("1: cli; hlt; jmp 1b");
}

static void check(const struct task *t)
{
	if (t->slot[0].type != MEMORY)
		panic("panic: a task has lost its memory\n");
}

int test_main(void)
{
	for (unsigned i = 0; i < TASKS; i++) {
		set_name(&task[i], "new");
		give(&task[i], 0, MEMORY, 0x100000 * i);
		give(&task[i], 1, CHANNEL, 0x8000 + i);
	}
	for (unsigned round = 0; round < ROUNDS; round++)
		for (unsigned i = 0; i < TASKS; i++)
			run(&task[i], round);
	for (unsigned i = 0; i < TASKS; i++)
		check(&task[i]);
	return 0;
}
