/* booted.c: see booted.h. */
#include "tests/unit/booted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/boot.h"

#define INSTRUCTIONS_MAX 3000000

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "booted: %s\n", what);
	abort();
}

static void enough(void *ctx)
{
	struct booted *b = ctx;

	machine_stop(b->m, STOP_BREAK, 0, "");
}

static const char *file_of(const char *name)
{
	const char *path = getenv(name);

	need(path != NULL, "KERNEL and INIT name the files to boot");
	return path;
}

void booted_begin(struct booted *b, uint64_t mem, const char *text)
{
	struct board_config config = {.rtc_epoch = BOARD_EPOCH,
				      .bios_state = true};
	struct boot_request req = {.cmdline = "", .module_count = 1};
	struct x86_state state;

	memset(b, 0, sizeof(*b));
	b->kernel = req.kernel = file_of("KERNEL");
	b->init = file_of("INIT");
	req.module = &b->init;
	b->m = machine_create(mem);
	need(b->m && !boot_load(&req, &b->m->mem, &state), "load");
	need(!machine_add_cpu(b->m, ACCEL_SIM), "add a CPU");
	need(!b->m->cpu[0]->ops->set_state(b->m->cpu[0], &state), "registers");
	need(!board_build(&b->board, b->m, &config), "board");
	feeder_init(&b->feeder, b->m, NULL, b->board.kbd);
	feeder_type(&b->feeder, (const uint8_t *)text, strlen(text));
	feeder_wake(&b->feeder);
	b->end = (struct mark){INSTRUCTIONS_MAX, enough, b, NULL};
	machine_mark(b->m, &b->end);
	machine_run(b->m);
}

void booted_end(struct booted *b)
{
	machine_destroy(b->m);
	b->m = NULL;
}
