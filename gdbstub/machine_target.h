/*
 * machine_target.h: a machine as gdb's target.
 *
 * Process 1 is the machine: its threads are the CPUs, its breakpoints hit in
 * every address space. If the guest's kernel is known, its tasks are threads
 * too; and each address space can be attached to as a further process, whose
 * threads are the tasks in it and whose breakpoints hit there only.
 */
#ifndef GDBSTUB_MACHINE_TARGET_H
#define GDBSTUB_MACHINE_TARGET_H

#include "gdbstub/gdbstub.h"
#include "gdbstub/registers.h"
#include "gdbstub/target.h"
#include "vmm/debug.h"

#define TASK_TID   100 /* added to a task's number */
#define SPACES_MAX 1024

struct mt_point {
	struct gdb_point at;
	bool fresh; /* set since the machine stands */
	struct machine_target *target;
	bool (*wanted)(void *ctx, struct gdb_id id);
	void *ctx;
	struct mt_point *next;
};

struct machine_target {
	const struct gdb_config *config;
	struct machine *m;
	struct debug *d;
	struct debug_listener listener;
	struct gdb_sink sink;
	bool attached;
	enum reg_arch arch, next_arch; /* told, and at the next reading */
	char *description;	       /* of `arch' */
	char owner[GDB_POINT_KINDS];   /* their addresses own points */
	struct mt_point *points;
	struct gdb_point met; /* the last that was */
	bool met_now;	      /* since the machine goes */
	bool too_much;	      /* is watched for the processor: it did not go */
	char refusal[600];
	struct gdb_id stepper; /* who asked for the step */
	uint32_t awaited;      /* a task that is to run again; 0: none */
	/* Address spaces: process 2 + index. Never forgotten. */
	uint64_t space[SPACES_MAX];
	bool adopted[SPACES_MAX]; /* attached to */
	unsigned spaces;
	/* The registers of `cached_cpu` while the machine is held. */
	struct x86_state cache;
	int cached_cpu; /* -1: none */
	/* All tasks, while it is held: to find them is to read the kernel. */
	struct gdb_task *task;
	unsigned tasks, task_room;
	bool tasks_known;
};

extern const struct gdb_target_ops machine_target_ops;

/* -ENOMEM, said. */
int machine_target_init(struct machine_target *t,
			const struct gdb_config *config);
void machine_target_fini(struct machine_target *t);

/* The event that a stop is, for the protocol. */
void machine_target_event(struct machine_target *t,
			  const struct debug_stop *stop,
			  struct gdb_event *event);

/* What gdb is told to take the code for when it asks next; or right now. */
void mt_set_arch(struct machine_target *t, enum reg_arch arch, bool now);

/* monitor.c */
void machine_monitor(void *t, struct gdb_id id, const char *line);

/* resume.c */
bool mt_resume(void *t,
	       struct gdb_action (*action)(void *ctx, struct gdb_id id),
	       void *ctx);

/* tasks.c: threads and who they are */
bool mt_thread(void *t, unsigned n, struct gdb_thread *thread);
bool mt_alive(void *t, struct gdb_id id);
bool mt_adopt(void *t, uint32_t pid, bool on);
/* The process that it can be attached to as; 1: none. */
uint32_t mt_pid_of(struct machine_target *t, const struct gdb_task *task);
bool mt_next_task(struct machine_target *t, uint32_t after,
		  struct gdb_task *task);
/* The CPU that a thread is on; -1: a task that does not run. */
int mt_cpu_of(struct machine_target *t, struct gdb_id id);
bool mt_task_of(struct machine_target *t, struct gdb_id id,
		struct gdb_task *task);
/* The CR3 of a process; DEBUG_ANY_SPACE of the first; false: none such. */
bool mt_space(const struct machine_target *t, uint32_t pid, uint64_t *space);
/* The running task of that process, else CPU `cpu`. */
struct gdb_id mt_runner(struct machine_target *t, uint32_t pid, unsigned cpu);
const struct x86_state *mt_state(struct machine_target *t, unsigned cpu);
void mt_forget_state(struct machine_target *t);

#endif
