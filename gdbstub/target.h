/*
 * target.h: what gdb's stub asks of what is debugged.
 *
 * The stub knows the protocol and no CPU, a target knows CPUs and no
 * protocol. All calls but interrupt(), describe() and the two of threads come
 * while the target is stopped.
 */
#ifndef GDBSTUB_TARGET_H
#define GDBSTUB_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Both are 1 or more; threads of one process share an address space. */
struct gdb_id {
	uint32_t pid, tid;
};

struct gdb_thread {
	struct gdb_id id;
	unsigned core;	/* where it runs, or ran */
	char name[48];	/* "cpu0" */
	char extra[96]; /* "ring 0, halted" */
};

/* Numbers of the protocol's Z packets. */
enum gdb_point_kind {
	GDB_SW_BREAK,
	GDB_HW_BREAK,
	GDB_WRITE,
	GDB_READ,
	GDB_ACCESS,
	GDB_POINT_KINDS
};

struct gdb_point {
	enum gdb_point_kind kind;
	uint32_t pid;
	uint64_t addr, len;
};

enum gdb_step { GDB_STAY, GDB_GO, GDB_STEP };

/* What a thread is to do; a step goes on while the PC is in [from, to). */
struct gdb_action {
	enum gdb_step step;
	uint64_t from, to;
};

enum gdb_event_kind { GDB_STOPPED, GDB_EXITED, GDB_KILLED };

enum gdb_why {
	GDB_WHY_NONE,
	GDB_WHY_SW_BREAK,
	GDB_WHY_HW_BREAK,
	GDB_WHY_WRITE,
	GDB_WHY_READ,
	GDB_WHY_ACCESS,
	GDB_WHY_BEGIN, /* backwards as far as it goes */
	GDB_WHY_END,   /* forwards, to the present */
};

/* gdb's numbers, whatever the host's are. */
enum gdb_signal {
	GDB_SIGINT = 2,
	GDB_SIGILL = 4,
	GDB_SIGTRAP = 5,
	GDB_SIGABRT = 6,
	GDB_SIGFPE = 8,
	GDB_SIGSEGV = 11,
};

struct gdb_event {
	enum gdb_event_kind kind;
	unsigned signal; /* of STOPPED and KILLED */
	unsigned status; /* of EXITED */
	struct gdb_id id;
	enum gdb_why why;
	uint64_t addr;	/* of the watchpoint met */
	char note[320]; /* for the person; "": nothing */
};

/* Which of the registers are what. */
struct gdb_layout {
	unsigned in_g;	     /* the first of them are those of the g packet */
	uint8_t pc, told[5]; /* `told': with each stop */
};

/* Where the stub takes what happens; see stub.h. */
struct gdb_sink {
	void *ctx;
	void (*event)(void *ctx, const struct gdb_event *event);
	/* Text for gdb's window; between resume() and event(), or inside
	 * monitor(). */
	void (*text)(void *ctx, const char *text, size_t len);
};

struct gdb_target_ops {
	/*
	 * Someone is there: stop, and tell `sink` what happens from now on;
	 * the current state is what stopped() gives. detach() removes all
	 * points, tells no more, and goes on if so asked.
	 */
	void (*attach)(void *t, const struct gdb_sink *sink);
	void (*detach)(void *t, bool go_on);
	void (*stopped)(void *t, struct gdb_event *event);

	/* The n-th thread; false: there are no more. */
	bool (*thread)(void *t, unsigned n, struct gdb_thread *thread);
	bool (*alive)(void *t, struct gdb_id id);

	/*
	 * A process other than 1 that gdb wants to see as one, or no more:
	 * until then its threads are the first's. False: there is none such.
	 */
	bool (*adopt)(void *t, uint32_t pid, bool on);

	/* An XML document of the target description, or NULL: from now on
	 * registers are as it says. */
	const char *(*describe)(void *t, const char *annex);
	/* The file that a process runs, or NULL. */
	const char *(*exec_file)(void *t, uint32_t pid);

	/* Of the last description that was read. */
	const struct gdb_layout *(*layout)(void *t);
	/* Bytes of register n; 0: there is none. */
	unsigned (*reg_size)(void *t, unsigned n);
	/* False: not available, or refused. */
	bool (*read_reg)(void *t, struct gdb_id id, unsigned n, uint8_t *buf);
	bool (*write_reg)(void *t, struct gdb_id id, unsigned n,
			  const uint8_t *buf);
	/* Several at once, the first being register 0; false: none is set. */
	bool (*write_regs)(void *t, struct gdb_id id, const uint8_t *buf,
			   size_t len);

	/* How many bytes from the first on could be read; all or nothing. */
	uint64_t (*read_mem)(void *t, struct gdb_id id, uint64_t addr,
			     void *buf, uint64_t len);
	bool (*write_mem)(void *t, struct gdb_id id, uint64_t addr,
			  const void *buf, uint64_t len);

	/*
	 * 0 or -errno. `wanted` is asked, with the thread that met it, while
	 * the target is still between two instructions; NULL: always.
	 */
	int (*set_point)(void *t, const struct gdb_point *point,
			 bool (*wanted)(void *ctx, struct gdb_id id),
			 void *ctx);
	int (*remove_point)(void *t, const struct gdb_point *point);

	/* `action` says what each thread is to do. False: cannot, stays. */
	bool (*resume)(void *t,
		       struct gdb_action (*action)(void *ctx, struct gdb_id id),
		       void *ctx);
	/* Why it could not, a line for the person, or "". NULL: not known. */
	const char *(*refusal)(void *t);
	/* Backwards: a step, or to the last stop; false: cannot. */
	bool (*can_reverse)(void *t);
	bool (*reverse)(void *t, struct gdb_id id, bool step);
	void (*interrupt)(void *t);

	/*
	 * As at power-on, stopped; false: cannot, or not `program`. `args` is
	 * what it gets to read; either may be NULL: the same as it was.
	 */
	bool (*restart)(void *t, const char *program, const char *args);
	void (*kill)(void *t);

	/* A line for people; what it says goes to the sink. */
	void (*monitor)(void *t, struct gdb_id id, const char *line);
};

struct gdb_target {
	const struct gdb_target_ops *ops;
	void *t;
};

#endif
