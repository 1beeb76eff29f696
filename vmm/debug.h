/*
 * debug.h: a machine under a debugger: it is held still, stepped, and stops
 * at points; who looks (gdb's stub, the shell's prompt) is told.
 *
 * Points are logical: a list in here, by linear address, whatever is or is
 * not mapped there now. Each CPU gets it when the machine goes on and stops
 * where its addresses are met (vcpu_ops.set_debug); what else a point asks
 * for (an address space, a condition) is asked here, and the machine goes on
 * when it does not hold. So points outlive resets, paging, other page tables.
 *
 * A machine that is held (m->paused) stays inside machine_run(), which waits
 * on its loop's descriptors only; all calls here come from there, on the
 * machine's thread, never from inside a CPU's run().
 */
#ifndef VMM_DEBUG_H
#define VMM_DEBUG_H

#include "vmm/machine.h"

#define DEBUG_ANY_SPACE UINT64_MAX

struct debug_point {
	enum vcpu_point_kind kind;
	uint64_t addr, len;
	uint64_t space;	   /* CR3 without its low bits, or DEBUG_ANY_SPACE */
	const void *owner; /* whose it is */
	bool once;	   /* gone when it was met */

	/* Asked when met; NULL: always. It must not change the machine. */
	bool (*wanted)(void *ctx, const struct debug_point *point,
		       unsigned cpu);
	void *ctx;

	uint64_t hits; /* times that it stopped the machine */
};

enum debug_reason {
	DEBUG_INTERRUPT, /* someone asked */
	DEBUG_STEP,	 /* what was to be stepped is done */
	DEBUG_POINT,	 /* before the instruction at `point` */
	DEBUG_WATCH,	 /* after one that touched `point` */
	DEBUG_EXCEPTION, /* before one that raises `vector` */
	DEBUG_TRIPLE,	 /* triple fault; going on ends the run */
	DEBUG_END,	 /* a verdict: going on ends the run */
	DEBUG_BEGIN,	 /* backwards: before this nothing is known */
	DEBUG_RESTART,	 /* the machine is as it was at the beginning */
};

struct debug_stop {
	enum debug_reason reason;
	unsigned cpu;
	struct vcpu_point point; /* of POINT and WATCH */
	uint64_t addr;		 /* of WATCH: the first byte touched */
	unsigned vector;
	enum stop_kind verdict; /* of END and TRIPLE */
	uint64_t code;
	char why[256]; /* of END and TRIPLE, in words */
};

struct debug_listener {
	/* The machine is held from now on, or goes on. Either may be NULL. */
	void (*stopped)(void *ctx, const struct debug_stop *stop);
	void (*resumed)(void *ctx);
	void *ctx;
	struct debug_listener *next;
};

struct debug; /* m->debug */

/* Give the machine a debugger, once; -ENOMEM or -ENOTSUP, said. */
int debug_create(struct machine *m);
void debug_destroy(struct debug *d); /* accepts NULL */

/* What the processors cannot do of what is below, in words; "": all. */
const char *debug_limits(const struct debug *d);

void debug_listen(struct debug *d, struct debug_listener *listener);
void debug_unlisten(struct debug *d, struct debug_listener *listener);

/*
 * Add a point; one that is there already (owner, kind, address, length and
 * space) is replaced. 0, -EINVAL for no length or one past the end of the
 * address space, -ENOMEM; nothing is said.
 */
int debug_add(struct debug *d, const struct debug_point *point);

/* Remove it; false: there is none such. */
bool debug_remove(struct debug *d, const struct debug_point *point);

/* All points of this owner. */
void debug_remove_all(struct debug *d, const void *owner);

/* The n-th point, or NULL; valid until one is added or removed. */
const struct debug_point *debug_nth(const struct debug *d, unsigned n);

/*
 * Exceptions to stop before, as bits; see vcpu_debug.vectors. -ENOTSUP, not
 * said: a CPU is not told of exceptions, and nothing was changed.
 */
int debug_catch(struct debug *d, uint32_t vectors);
uint32_t debug_caught(const struct debug *d);

/* Let steps enter interrupt handlers; at first they hold interrupts off. */
void debug_step_interrupts(struct debug *d, bool on);

/* Give that CPU no turn when the machine goes on next, until it stops. */
void debug_freeze(struct debug *d, unsigned cpu);

/* Hold the machine now; nothing happens to one that is held. */
void debug_interrupt(struct debug *d);

/*
 * Of a held machine; the stop is told to the listeners later. -EBUSY: it is
 * not held. -ENOSPC: this CPU cannot watch all these points; then it is held
 * still. Nothing is said.
 *
 * Going on does not stop at a point at the very instruction that a CPU
 * stopped at. A step is one instruction of that CPU, or as many as keep it
 * in [from, to); other CPUs run in their turns.
 */
int debug_continue(struct debug *d);
int debug_step(struct debug *d, unsigned cpu, uint64_t from, uint64_t to);

/*
 * Let it count there, too, when the machine goes on next: for who takes his
 * points away where they are not to.
 */
void debug_meet_again(struct debug *d);

bool debug_held(const struct debug *d);
/* Why it is held: the last stop. */
const struct debug_stop *debug_last(const struct debug *d);
/* A few words for people. */
const char *debug_reason_text(enum debug_reason reason);

/*
 * Hold it and tell the listeners so: for who moves the machine in time
 * (vmm/history.h), or makes it anew.
 */
void debug_hold(struct debug *d, const struct debug_stop *stop);

/*
 * Let someone else see the stops of a machine that he runs; while this is
 * set nobody is told and the machine goes on. NULL: no more. The points are
 * those that count at debug_continue().
 */
struct debug_scanner {
	void *ctx;
	void (*met)(void *ctx, const struct debug_stop *stop);
};
int debug_scan(struct debug *d, const struct debug_scanner *scanner);

/*
 * Guest memory by linear address, as CPU `cpu` sees it now: how many bytes
 * from the first one on could be copied. RAM only: devices are not touched.
 */
uint64_t debug_read(struct machine *m, unsigned cpu, uint64_t gva, void *buf,
		    uint64_t len);
/*
 * All or nothing; read-only pages too. What CPUs keep of memory is forgotten.
 * Like the next one it is an input of the run (vmm/input.h): in the past,
 * which is fixed, nothing is written.
 */
bool debug_write(struct machine *m, unsigned cpu, uint64_t gva, const void *buf,
		 uint64_t len);

/* 0; -EROFS in the past; what the CPU refuses a state with. Not said. */
int debug_set_state(struct machine *m, unsigned cpu,
		    const struct x86_state *state);

/* ---- for machine.c ---- */

/* A CPU came back with EXIT_DEBUG or EXIT_SHUTDOWN: true, it was seen to. */
bool debug_exit(struct debug *d, unsigned cpu, const struct vcpu_exit *exit);
/* There is a verdict: true when it is put off, and the machine held. */
bool debug_ended(struct debug *d);

#endif
