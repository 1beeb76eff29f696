/*
 * gdbstub.h: lets a gdb look into a machine, over a socket or a pipe.
 *
 * One client at a time: a second one is told so and dropped. The machine
 * needs a debugger (vmm/debug.h) first. What the stub knows of the guest's
 * kernel, and what is a matter of the whole program, comes by hooks.
 */
#ifndef GDBSTUB_GDBSTUB_H
#define GDBSTUB_GDBSTUB_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/machine.h"

/* A task of the guest's kernel, shown to gdb as a thread. */
struct gdb_task {
	uint32_t number; /* never used again */
	char name[48];
	char state[32];
	bool running; /* on the machine's CPU */
	uint64_t cr3; /* its address space */
	/* In user mode; of one that runs those of the CPU are taken. */
	uint64_t gpr[16], rip, rflags, fs_base, gs_base;
};

struct gdb_hooks {
	void *ctx; /* of all; each function may be NULL */
	/* The task with the lowest number above `after`; asked for from 0 on,
	 * one after the other. */
	bool (*next_task)(void *ctx, uint32_t after, struct gdb_task *task);
	/* A monitor command; false: no such. */
	bool (*monitor)(void *ctx, const char *line,
			void (*write)(void *out, const char *text, size_t len),
			void *out);
	const char *monitor_help; /* lines about those */
	/* More of `monitor why': what led to an exception or an end. */
	void (*explain)(void *ctx,
			void (*write)(void *out, const char *text, size_t len),
			void *out);
	/*
	 * Make the machine what it was at the start of the run; `cmdline` is
	 * another one for the kernel, or NULL. False, said: it cannot be.
	 */
	bool (*restart)(void *ctx, const char *cmdline);
	/* The machine stops, and gdb is about to say so. */
	void (*stopped)(void *ctx);
	/* What the process will end with. */
	unsigned (*exit_status)(void *ctx, enum stop_kind kind, uint64_t code);
	/* Backwards in time: told by a stop; see vmm/debug.h. */
	bool (*can_reverse)(void *ctx);
	bool (*reverse)(void *ctx, unsigned cpu, bool step);
};

/* When a client goes away without a word. */
enum gdb_close {
	GDB_CLOSE_KEEP, /* a machine that is held stays so for the next */
	GDB_CLOSE_GO,	/* it goes on */
	GDB_CLOSE_QUIT, /* the run is over */
};

struct gdb_config {
	struct machine *m;
	/*
	 * "tcp:PORT", "tcp:HOST:PORT", "unix:PATH", "stdio" or "fd:N", a
	 * connected descriptor that becomes ours.
	 */
	const char *where;
	enum gdb_close on_close;
	bool owned;	    /* gdb's `quit` ends the run */
	const char *kernel; /* its file, for gdb to read; or NULL */
	const char *init;   /* that of user programs */
	struct gdb_hooks hooks;
};

struct gdb;

/* Listen, before the process is confined. NULL, said. */
struct gdb *gdb_create(const struct gdb_config *config);
/* Where to connect to: "127.0.0.1:1234", "/tmp/x"; "" of a connection. */
const char *gdb_address(const struct gdb *gdb);
/* Has the client something to say? While it waits that is Ctrl-C. */
bool gdb_speaks(const struct gdb *gdb);
/* The run is over: the client is told how. Accepts NULL. */
void gdb_destroy(struct gdb *gdb, unsigned status);

#endif
