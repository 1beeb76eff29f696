/*
 * inspect.h: the kernel inspector: what our kernel's objects are right now,
 * read from the guest's memory alone. The guest does not take part: it may be
 * stopped anywhere, crashed or looping, and nothing of it changes.
 *
 * Where things are is told by a note that the kernel carries
 * (guest-kernel/abi/inspect.h). Whatever the memory holds is believed only as
 * far as it was checked: a walk ends where it comes to something twice, and
 * what is wrong is shown as corrupt. A kernel that is not ours, or of another
 * version, is said to be that (-ENOEXEC).
 *
 * The machine must not run during a call. Each call looks anew.
 */
#ifndef SHELL_INSPECT_INSPECT_H
#define SHELL_INSPECT_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "vmm/machine.h"

struct inspect;

struct inspect_config {
	struct machine *m;
	/*
	 * ELF files, for names; any may be NULL, and nothing needs one. They
	 * are opened at once, and read when a name is needed.
	 */
	const char *kernel;
	const char *const *module;
	unsigned module_count;
};

/* NULL, said: no memory. Files that cannot be read give no names. */
struct inspect *inspect_create(const struct inspect_config *config);
/* Accepts NULL. */
void inspect_destroy(struct inspect *in);

/* Is it our kernel, and can we read it? 0, or -ENOEXEC and why not. */
int inspect_check(struct inspect *in, char *why, size_t size);

/* ---- commands ---- */

/* Where a command's output goes, and in which form. */
struct inspect_out {
	void (*write)(void *ctx, const char *text, size_t len);
	void *ctx;
	bool json;	 /* one object a line; else for people */
	bool colour;	 /* escape sequences may be used */
	char error[256]; /* set when a command is refused: one line */
	char hint[256];	 /* what to do about it, or "" */
};

/*
 * Run one command line, as "list task#2" or "caps --svg caps.svg". Returns 0;
 * -EINVAL for an unknown command or wrong arguments, -ENOENT for a name of
 * nothing, -ENOEXEC when the kernel is not ours: out->error says it, and
 * nothing is printed elsewhere.
 */
int inspect_run(struct inspect *in, const char *line, struct inspect_out *out);

struct request;

struct inspect_help {
	const char *name, *usage, *summary;
	int words;		       /* that may follow the name, at most */
	int (*run)(struct request *r); /* inspect_run()'s */
};

/* All commands, in the order to list them in; ends with a NULL name. */
extern const struct inspect_help inspect_commands[];

/* The row of a command, or NULL. */
const struct inspect_help *inspect_command(const char *name);

/*
 * For each TRACE_CALL event, also while the machine runs: a line to `out` for
 * each call that made, moved or took capabilities; `why` knows it from then
 * on. In the same run, the same lines.
 */
void inspect_call(struct inspect *in, const struct trace_event *event,
		  FILE *out);

/* ---- for prompts: what is there ---- */

/* `about` is a few words on what `word` is. */
typedef void inspect_word_fn(void *ctx, const char *word, const char *about);

/*
 * Slots of the first task's root pool, and of the pools in it for a prefix
 * with a '/', as paths ("249", "5/12"), lowest first: those taken, with their
 * types; of certain types only (TYPES_x of the ABI); those that are free.
 */
void inspect_slots(struct inspect *in, const char *prefix, inspect_word_fn *fn,
		   void *ctx);
void inspect_slots_of(struct inspect *in, uint32_t types, const char *prefix,
		      inspect_word_fn *fn, void *ctx);
void inspect_free_slots(struct inspect *in, const char *prefix,
			inspect_word_fn *fn, void *ctx);
/* Names of tasks. */
void inspect_task_names(struct inspect *in, const char *prefix,
			inspect_word_fn *fn, void *ctx);
/* Words that can follow in a line of a command of ours, whatever they are. */
void inspect_complete(struct inspect *in, const char *line, const char *prefix,
		      inspect_word_fn *fn, void *ctx);

/* What lies in a slot of the first task's pools. */
struct inspect_slot {
	unsigned type;	 /* enum abi_object; 0: it is free */
	unsigned rights; /* RIGHT_* */
	char name[32];	 /* of the object: "task#2", "endpoint@3fe000" */
	char detail[96]; /* "inactive", "58.2 MiB free" */
};

/* `path` as "5/12". 0; -ENOENT: leads nowhere; -ENOEXEC. */
int inspect_slot(struct inspect *in, const char *path,
		 struct inspect_slot *slot);

/* ---- for debuggers: tasks ---- */

struct inspect_task {
	uint32_t number;	/* as in "task#2": never used again */
	char name[48];		/* "task#2", and its program if known */
	unsigned state;		/* enum abi_task_state */
	const char *state_name; /* "waiting" */
	bool running;		/* on a processor now */
	uint64_t at;		/* guest-physical address of its object */
	uint64_t cr3;		/* of its address space; 0: it has none */
	/*
	 * In user mode. Of the running task: those of the processor, or, if
	 * that is in the kernel, those with which it will go on; then RBX,
	 * R14 and R15 may be old, for a system call saves them late.
	 */
	uint64_t gpr[16], rip, rflags, fs_base, gs_base;
};

/*
 * The task with the lowest number above `after`; 0, -ENOENT, -ENOEXEC. After 0
 * the kernel is looked at, and then all go by that.
 */
int inspect_next_task(struct inspect *in, uint32_t after,
		      struct inspect_task *task);

#endif
