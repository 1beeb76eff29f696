/*
 * options.h: how `vmm boot` is to run, read into one struct from the table in
 * options.c (see shell/cli.h).
 */
#ifndef SHELL_OPTIONS_H
#define SHELL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/devices.h"
#include "gdbstub/gdbstub.h"
#include "shell/stamp.h"
#include "vmm/boot.h"
#include "vmm/machine.h"

enum serial_kind {
	SERIAL_NULL,
	SERIAL_STDIO,
	SERIAL_FILE,
	SERIAL_TEE, /* stdio, and a file */
	SERIAL_PTY,
	SERIAL_UNIX,
	SERIAL_TCP,
	SERIAL_STDERR, /* output only */
};

struct serial_option {
	enum serial_kind kind;
	const char *path; /* or PORT, HOST:PORT; of PTY a link to it, or NULL */
	bool given;
};

enum display_kind { DISPLAY_NONE, DISPLAY_TERM, DISPLAY_SDL };
enum exit_map { EXIT_MAP_VERDICT, EXIT_MAP_QEMU };

/* A range of instructions, `to` not in it. */
struct trace_option {
	unsigned what; /* TRACE_*; 0: none */
	uint64_t from, to;
};

/*
 * Who takes the place of the terminal for a serial line that is SERIAL_STDIO:
 * the prompt of vmm shell. It gives the guest its input itself.
 */
struct session_front {
	void (*send[2])(void *ctx, const uint8_t *bytes, size_t len);
	void *ctx;
	bool prompt; /* a person types: the sandbox lets a line editor be */
};

/* One of the inspector's commands, at the end or at a count. */
struct look_option {
	const char *text;
	size_t len;
	bool has_count;
	uint64_t count;
};

#define LOOK_MAX 16

/* What a caller of boot_run() wants to know besides its status. */
struct run_summary {
	bool ended; /* the fields below are set */
	bool want_hash;
	int status;
	bool exited; /* by a debug-exit port: devices.h's exit_code() */
	uint64_t exit_code;
	uint64_t instructions; /* 0: not counted */
	uint64_t guest_ns, wall_ns, hash;
	char text[320]; /* the verdict in words, or "" */
};

/* Strings are argv's own; `type` and `snapshot` are allocated. */
struct options {
	const char *kernel;		  /* may be NULL with `restore` */
	const char *module[BOOT_MODULES]; /* the first is --init's, if given */
	const char *module_args[BOOT_MODULES]; /* NULL: none */
	unsigned module_count;
	unsigned last_module; /* which one was given last */
	bool init;
	enum accel accel;
	enum cpu_level level;
	unsigned smp;	     /* processors; 0, with `restore` */
	uint64_t smp_seed;   /* 0: turns of one length */
	uint64_t mem;	     /* 0, with `restore`: not given */
	uint64_t timeout_ns; /* 0: none */
	uint64_t guest_ns;   /* --timeout-virtual; 0: none */
	const char *panic;   /* --panic-regex, or NULL */
	struct serial_option serial[BOARD_COMS];
	enum stamp_kind stamp;
	enum display_kind display;
	const char *append;
	enum boot_protocol protocol;
	enum exit_map exit_map;
	uint8_t *type; /* bytes to type on the keyboard, or NULL */
	size_t type_len;
	const char *screenshot;
	char *snapshot; /* NULL: none */
	uint64_t snapshot_at;
	const char *restore;
	const char *record;	  /* NULL: not */
	struct recording *replay; /* NULL: not; `restore` has its name */
	uint64_t history_mem;	  /* bytes; 0: no history */
	bool has_break;
	uint64_t break_at;
	uint64_t hash_every; /* 0: never */
	struct trace_option trace;
	const char *trace_file; /* NULL: standard error */
	struct look_option look[LOOK_MAX];
	unsigned look_count;
	bool reference;
	bool branches;
	bool no_sandbox;
	uint8_t escape; /* the byte of the key that ends the run */
	bool stats, hash, verbose;
	const char *gdb; /* where to wait for one; NULL: nowhere */
	enum gdb_close gdb_close;
	const struct session_front *front; /* NULL: none */
	struct run_summary *summary;	   /* filled in at the end; NULL: not */
};

/* As cli_parse(), with nothing configured; argv[0] is "boot" or, for `vmm KERNEL`, the program. */
int options_parse(int argc, char **argv, struct options *options);

/*
 * What vmm boot does before it parses: the defaults, and what is configured.
 * And after: what goes together, and what was not given.
 */
int options_begin(struct options *options, struct options *configured);
int options_finish(struct options *options, const struct options *configured);

/* Between the two: the kernel, the only operand. -EINVAL, said. */
int options_kernel(struct options *options, int argc, char **argv);

/* `vmm boot` so asked for: the exit status. */
int boot_run(const struct options *options);

void options_fini(struct options *options);

#endif
