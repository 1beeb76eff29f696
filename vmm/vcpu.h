/*
 * vcpu.h: a processor, whichever kind it is.
 *
 * KVM (vmm/kvm.c) and the simulator (vmm/sim/) both implement struct
 * vcpu_ops; no other code asks which one it has.
 *
 * run() goes on until the CPU needs the machine's main loop and says why.
 * Accesses to ports and device registers are no reason to return: the CPU
 * makes them through struct vcpu_env in the middle of the instruction, so an
 * instruction with such an access is as exact as any other. Interrupts are
 * pulled: the CPU asks `pending` and `acknowledge`, as the INTR pin and the
 * INTA cycle do. The answer can change only by an access of this CPU, by a
 * timer (run() returned), or while run() is not running; so a CPU that asks
 * at the start of run(), after each device access and whenever interrupts
 * become allowed, misses none.
 */
#ifndef VMM_VCPU_H
#define VMM_VCPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/features.h"
#include "vmm/guestmem.h"
#include "vmm/x86.h"

enum vcpu_space { SPACE_PORT, SPACE_MEMORY };

/* What a local APIC has for its CPU besides vectors; the first goes first. */
enum vcpu_signal { SIGNAL_INIT = 1, SIGNAL_STARTUP = 2, SIGNAL_NMI = 4 };

/* What a CPU asks of its machine. All calls come from inside run(). */
struct vcpu_env {
	void *ctx;
	unsigned index; /* which CPU; 0 boots */
	enum cpu_level level;
	const struct guestmem *mem;
	/* CPU 0, for the others: CPUs of one kind share what they know of
	 * memory, and are made and destroyed in their order. NULL for it. */
	struct vcpu *first;

	/* An access to what is not RAM; size 1, 2, 4 or 8 (ports: to 4). */
	uint64_t (*read)(void *ctx, enum vcpu_space space, uint64_t addr,
			 unsigned size);
	void (*write)(void *ctx, enum vcpu_space space, uint64_t addr,
		      unsigned size, uint64_t val);

	/* INTR: is an interrupt waiting that priority lets through? */
	bool (*pending)(void *ctx);
	/* INTA: its vector, or -1 when it went away. */
	int (*acknowledge)(void *ctx);
	/* The local APIC's task priority register; CR8 is its bits 7:4. */
	uint8_t (*get_tpr)(void *ctx);
	void (*set_tpr)(void *ctx, uint8_t tpr);

	/* All below to now_ns() may be NULL. Which signals wait; take one, which
	 * gives the vector of SIGNAL_STARTUP. Asked where `pending` is. */
	unsigned (*signals)(void *ctx);
	uint8_t (*take_signal)(void *ctx, enum vcpu_signal signal);
	/*
	 * The local APIC's MSRs, 800h to 8ffh; false: #GP. A write of
	 * IA32_APIC_BASE, which the CPU itself keeps, is offered first; so is
	 * IA32_TSC_DEADLINE, with the guest's time in place of the TSC's.
	 */
	bool (*read_msr)(void *ctx, uint32_t msr, uint64_t *val);
	bool (*write_msr)(void *ctx, uint32_t msr, uint64_t val);

	/*
	 * PAUSE has retired: this CPU waits for another one. True: its turn is
	 * over, so deadline_ns() is not later than now. May be NULL.
	 */
	bool (*pause)(void *ctx);

	/* The guest's time now, and when run() must return at the latest. */
	uint64_t (*now_ns)(void *ctx);
	uint64_t (*deadline_ns)(void *ctx);
};

enum vcpu_exit_reason {
	EXIT_DEADLINE, /* now_ns() has reached deadline_ns() */
	EXIT_KICK,     /* kick() was called */
	EXIT_HALT,     /* halted is set, and nothing waits that ends it */
	EXIT_SHUTDOWN, /* triple fault */
	EXIT_DEBUG,    /* a breakpoint or step of the debugger */
	EXIT_ERROR,    /* cannot go on; why[] says it, state is kept */
};

/* A place in the guest's linear addresses that a debugger cares about. */
enum vcpu_point_kind { POINT_EXEC, POINT_WRITE, POINT_READ, POINT_ACCESS };

struct vcpu_point {
	uint64_t addr;
	uint64_t len; /* 1 or more, not past the end; of EXEC: not looked at */
	enum vcpu_point_kind kind;
};

/*
 * What a debugger asks of a CPU. A point changes nothing for the guest, which
 * neither sees it in memory nor loses its own breakpoints by it.
 */
struct vcpu_debug {
	const struct vcpu_point *point; /* sorted by kind, then address */
	unsigned count;
	/* One more instruction, REP with all its iterations; an event that is
	 * delivered first or by it ends it, too: at its handler. */
	bool step;
	/* The point at the instruction that is next does not count once. */
	bool pass;
	uint32_t vectors; /* bits: exceptions to stop at, not soft ones */
};

enum vcpu_debug_cause {
	DEBUG_CAUSE_STEP,  /* it was done */
	DEBUG_CAUSE_POINT, /* `point` of kind EXEC: before its instruction */
	DEBUG_CAUSE_TOUCH, /* `point` of the others: after the instruction */
	DEBUG_CAUSE_EXCEPTION, /* before the instruction that raises it */
};

struct vcpu_debug_event {
	enum vcpu_debug_cause cause;
	struct vcpu_point point; /* one that was met */
	uint64_t addr;		 /* of TOUCH: the first byte met */
	unsigned vector;
};

struct vcpu_exit {
	enum vcpu_exit_reason reason;
	struct vcpu_debug_event debug; /* EXIT_DEBUG */
	/*
	 * EXIT_ERROR: address, bytes, disassembly, reason. EXIT_SHUTDOWN:
	 * empty, or what to know of the registers. Else not looked at.
	 */
	char why[256];
};

/* What can be told of a CPU's work: bits of vcpu_trace.what. */
#define TRACE_EXEC 1u  /* each instruction, before it runs */
#define TRACE_INT  2u  /* interrupts and exceptions, once delivered */
#define TRACE_IO   4u  /* the machine's to tell: ports, device registers */
#define TRACE_MMU  8u  /* translations found by walking, page faults */
#define TRACE_CALL 16u /* SYSCALL, before it runs; SYSRET, after */

struct trace_event {
	unsigned kind;	/* one of the bits */
	unsigned cpu;	/* its index */
	uint64_t count; /* instructions retired before, by all CPUs */
	uint64_t rip;	/* linear; of INT what the frame holds */
	unsigned cpl;

	/* EXEC; len 0: it cannot be fetched. */
	uint8_t byte[15];
	unsigned len;
	const char *text; /* disassembled; "": this build cannot */

	/* INT */
	unsigned vector;
	bool external, soft; /* from outside; by INT n */

	/* INT and MMU: the error code, if there is one */
	bool has_error;
	uint32_t error;

	/* MMU; a fault has an error code and no gpa. */
	uint64_t gva, gpa, page_len;
	bool user, writable, executable;

	/* CALL: SYSCALL, else SYSRET; all 16 registers then. */
	bool enters;
	const uint64_t *gpr;
};

struct vcpu_trace {
	unsigned what;
	void (*event)(void *ctx, const struct trace_event *event);
	void *ctx;
};

/* Counters for --stats; a CPU that cannot count instructions leaves 0. */
struct vcpu_stats {
	uint64_t instructions; /* retired */
	uint64_t port_reads, port_writes;
	uint64_t mmio_reads, mmio_writes;
	uint64_t interrupts; /* external ones delivered */
	uint64_t exceptions; /* delivered, software interrupts included */
	uint64_t halts, kicks, deadlines;
	uint64_t blocks; /* decoded (sim) */
};

#define VCPU_EVENTS   16
#define VCPU_BRANCHES 24

/*
 * What a CPU went through last, the newest first, for a report after a bad
 * end: events always, since that costs next to nothing, branches if asked.
 */
struct vcpu_past {
	unsigned event_count, branch_count;

	struct vcpu_event {
		uint64_t count;	  /* instructions it had retired */
		uint64_t rip;	  /* what the frame holds */
		uint64_t address; /* of a page fault */
		uint32_t error;
		bool has_error;
		bool external, soft; /* from outside; by INT n */
		bool delivered;	     /* false: that raised another */
		uint8_t vector, cpl;
	} event[VCPU_EVENTS];

	/* Taken ones: from which instruction, to where. */
	struct vcpu_branch {
		uint64_t from, to;
		int vector; /* of the event that it was, or -1 */
	} branch[VCPU_BRANCHES];
};

/* Be told of each write to a range of RAM, by whatever address. */
struct write_watch {
	uint64_t gpa, len;
	/* Some of the range was written, by CPU `cpu` in the instruction that
	 * comes after `retired` of its own. From inside run(). */
	void (*written)(void *ctx, unsigned cpu, uint64_t retired);
	void *ctx;
};

struct reason; /* vmm/log.h */
struct vcpu;   /* a backend embeds this as its first member */

struct vcpu_ops {
	const char *name; /* "kvm", "sim" */

	void (*destroy)(struct vcpu *vcpu);
	void (*run)(struct vcpu *vcpu, struct vcpu_exit *exit);

	/* Make run() return soon, or at once when next called; any thread,
	 * any signal handler. */
	void (*kick)(struct vcpu *vcpu);

	/*
	 * Not while run() runs. set_state() returns -errno when refused. It
	 * also forgets what was kept of memory (decoded code, translations):
	 * whoever writes guest memory behind the CPU's back calls it after.
	 */
	void (*get_state)(struct vcpu *vcpu, struct x86_state *state);
	int (*set_state)(struct vcpu *vcpu, const struct x86_state *state);

	/* Guest nanoseconds the CPU has run for; also from inside run(). */
	uint64_t (*elapsed_ns)(struct vcpu *vcpu);

	/*
	 * Go on counting from here: elapsed_ns() is `count` now. NULL: what
	 * elapses is the host's time.
	 */
	void (*set_retired)(struct vcpu *vcpu, uint64_t count);

	void (*get_stats)(struct vcpu *vcpu, struct vcpu_stats *stats);

	/* NULL: this CPU does not know. */
	void (*get_past)(struct vcpu *vcpu, struct vcpu_past *past);
	/* Know branches, too: all runs slower, and nothing else changes.
	 * Before the first run(). NULL: this CPU cannot. */
	void (*keep_branches)(struct vcpu *vcpu, bool on);

	/*
	 * Tell what the trace names from now on; NULL: nothing. It stays the
	 * caller's. A NULL op: this CPU cannot tell. Nothing changes for the
	 * guest.
	 */
	void (*set_trace)(struct vcpu *vcpu, const struct vcpu_trace *trace);

	/*
	 * Run plainly, one instruction at a time, by the core that the fast
	 * one is measured against. NULL: there is none.
	 */
	void (*set_reference)(struct vcpu *vcpu, bool on);

	/*
	 * Do from the next run() on what a debugger asks, EXIT_DEBUG each
	 * time; it is copied. NULL: nothing any more. -ENOSPC, with nothing
	 * changed, when these points cannot all be watched.
	 */
	int (*set_debug)(struct vcpu *vcpu, const struct vcpu_debug *debug);

	/*
	 * What of that this CPU cannot do on this host, in words: -ENOTSUP; 0
	 * when nothing is amiss. May take milliseconds. NULL: all is done.
	 */
	int (*debug_limits)(struct vcpu *vcpu, struct reason *why);

	/*
	 * Translate as the CPU would, without a fault and without setting A
	 * or D bits: false when `gva` is not mapped. For people who look.
	 */
	bool (*translate)(struct vcpu *vcpu, uint64_t gva, uint64_t *gpa);

	/*
	 * For going back (vmm/history.h); NULL where a run cannot be repeated.
	 * What the CPU knows besides its state, which the guest may notice
	 * when it does not flush as it should: translations. Bytes for this
	 * process alone, to be freed; NULL: no memory. recall() comes after
	 * set_state().
	 */
	void *(*keep)(struct vcpu *vcpu, size_t *len);
	void (*recall)(struct vcpu *vcpu, const void *bytes);

	/* The first write to each page from now on is noted in mem->dirty. */
	void (*track_writes)(struct vcpu *vcpu);

	/* For all CPUs; it stays the caller's. NULL: no more. */
	void (*watch_writes)(struct vcpu *vcpu,
			     const struct write_watch *watch);

	bool catches; /* set_debug() takes vectors */

	/* True: time is counted in instructions and idle time can be skipped;
	 * false: it is the host's, and idling means waiting. */
	bool counted_time;
};

struct vcpu {
	const struct vcpu_ops *ops;
	struct vcpu_env env;
};

/*
 * The backends' constructors. Each returns 0 or -errno, having said why; the
 * registers are as after INIT (SDM 3 table 10-1) until set_state().
 */
int sim_create(const struct vcpu_env *env, struct vcpu **vcpu);
int kvm_create(const struct vcpu_env *env, struct vcpu **vcpu);

/* Registers at power-on, for both (SDM 3 table 10-1). */
void x86_state_reset(struct x86_state *state);
/* What INIT makes of them; all but the boot CPU wait for SIPI then. */
void x86_state_init(struct x86_state *state);
/* SIPI: real mode, at the vector's page. Not for one that does not wait. */
void x86_state_startup(struct x86_state *state, uint8_t vector);

#endif
