/* stub_parts.h: the parts of a session to each other. */
#ifndef GDBSTUB_STUB_PARTS_H
#define GDBSTUB_STUB_PARTS_H

#include "gdbstub/agent.h"
#include "gdbstub/packet.h"
#include "gdbstub/stub.h"

/* Errors of replies: errno's numbers on Linux, in decimal as others' are. */
enum stub_error {
	STUB_EPERM = 1,
	STUB_ESRCH = 3,
	STUB_EFAULT = 14,
	STUB_EINVAL = 22,
	STUB_ENOSPC = 28,
};

#define STUB_POINTS	  16384
#define STUB_CONDITIONS	  8
#define STUB_ACTIONS	  256
#define STUB_TRANSFER_MAX (1u << 20)

struct stub_point {
	struct gdb_point at;
	struct stub *stub;
	struct agent_code *condition[STUB_CONDITIONS];
	unsigned conditions; /* 0: always */
	struct stub_point *next;
};

/* One of vCont's; -1: all, 0: any. */
struct stub_action {
	struct gdb_action what;
	int64_t pid, tid;
};

struct stub {
	struct stub_config config;
	const struct gdb_target_ops *ops;
	void *t;
	struct packet_reader in;
	struct buffer reply; /* the data of the packet being made */
	struct buffer last;  /* the last one sent, framed */
	bool no_ack_next;
	bool greeted; /* by qSupported, whose reply is not acknowledged yet */
	bool multi, extended, swbreak, hwbreak;
	bool running; /* a stop reply is owed */
	bool exited;  /* that told of the end */
	bool over;
	struct gdb_id general, control; /* of Hg, of Hc */
	struct stub_point *points;
	unsigned point_count;
	struct stub_action action[STUB_ACTIONS];
	unsigned actions;
	struct buffer threads; /* the document while it is read */
};

/* A command: what is behind its name. False: nothing is to be sent. */
typedef bool stub_fn(struct stub *s, struct text *t);

bool stub_ok(struct stub *s);
bool stub_error(struct stub *s, enum stub_error err);
void stub_flush(struct stub *s); /* send `reply` */

/* "p1.1", "p1.-1", "0", "5"; pid is 1 when it is not said. */
bool stub_read_id(struct text *t, int64_t *pid, int64_t *tid);
void stub_write_id(struct stub *s, struct gdb_id id);
/* The n-th; a run that is over, and told so, has none. */
bool stub_thread(struct stub *s, unsigned n, struct gdb_thread *thread);
/* The thread that they mean; false: there is none. */
bool stub_find_thread(struct stub *s, int64_t pid, int64_t tid,
		      struct gdb_id *id);

/* stub_query.c: q and Q packets */
stub_fn stub_query, stub_set;
void stub_text(void *ctx, const char *text, size_t len);

/* stub_memory.c */
stub_fn stub_read_mem, stub_write_mem, stub_read_binary, stub_write_binary;
stub_fn stub_search, stub_crc;

/* stub_registers.c */
stub_fn stub_read_regs, stub_write_regs, stub_read_reg, stub_write_reg;
/* Those that gdb asks for after each stop. */
void stub_expedite(struct stub *s, struct gdb_id id);

/* stub_points.c */
stub_fn stub_insert, stub_remove;
void stub_forget_points(struct stub *s, bool tell);

/* stub_run.c */
stub_fn stub_status, stub_continue, stub_step, stub_v, stub_backwards;
stub_fn stub_detach, stub_kill, stub_restart;
void stub_event(void *ctx, const struct gdb_event *event);

#endif
