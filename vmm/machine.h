/*
 * machine.h: guest memory + two buses + a clock + CPUs + devices, and the one
 * loop that runs them until there is a verdict.
 *
 * machine_create() makes an empty machine; the board (devices/board.c) fills
 * its buses and sets the interrupt source; a loader (vmm/boot.h) puts the
 * image into memory and sets the registers; machine_run() runs. One thread at
 * a time touches a machine.
 */
#ifndef VMM_MACHINE_H
#define VMM_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/bus.h"
#include "vmm/clock.h"
#include "vmm/guestmem.h"
#include "vmm/input.h"
#include "vmm/loop.h"
#include "vmm/vcpu.h"

#define MACHINE_CPUS 8

/* How a run ended: its verdict (exit codes are shell/verdict.c's matter). */
enum stop_kind {
	STOP_NONE,     /* still running */
	STOP_EXIT,     /* exit port written; code: port << 32 | value */
	STOP_POWEROFF, /* powered off without a verdict */
	STOP_RESET,    /* the guest asked for a reset */
	STOP_TRIPLE,   /* triple fault */
	STOP_PANIC,    /* the guest said so (pvpanic) */
	STOP_STALL,    /* idle, and nothing can ever wake it */
	STOP_CRASH,    /* the CPU cannot go on; machine.why says it */
	STOP_TIMEOUT,  /* --timeout, --timeout-virtual */
	STOP_QUIT,     /* the person ended it */
	STOP_HOST,     /* the host failed us, which was said */
	STOP_SIGNAL,   /* SIGINT, SIGTERM, SIGHUP; code: the signal */
	STOP_BREAK,    /* --break-at */
	STOP_PAUSE, /* no verdict: whoever drives the machine goes on later */
};

/* The interrupt controllers' CPU side, as struct vcpu_env has it. */
struct intr_source {
	void *ctx;
	bool (*pending)(void *ctx, unsigned cpu);
	int (*acknowledge)(void *ctx, unsigned cpu);
	uint8_t (*get_tpr)(void *ctx, unsigned cpu);
	void (*set_tpr)(void *ctx, unsigned cpu, uint8_t tpr);
	unsigned (*signals)(void *ctx, unsigned cpu);
	uint8_t (*take_signal)(void *ctx, unsigned cpu,
			       enum vcpu_signal signal);
	bool (*read_msr)(void *ctx, unsigned cpu, uint32_t msr, uint64_t *val);
	bool (*write_msr)(void *ctx, unsigned cpu, uint32_t msr, uint64_t val);
};

/*
 * Where input for the guest comes from while it is idle, asked before a halt
 * is called a stall. See shell/console.c.
 */
struct input_source {
	void *ctx;
	/* Could more input ever arrive? It may stop the machine, too. */
	bool (*open)(void *ctx);
};

/*
 * Something to be done when the CPUs have retired `count` instructions,
 * exactly: the CPU whose turn it is is between two instructions and no timer is due. Only for CPUs
 * that count (vcpu_ops.counted_time).
 */
struct mark {
	uint64_t count;
	void (*reached)(void *ctx);
	void *ctx;
	struct mark *next; /* the machine's list, soonest first */
};

/*
 * What is no device and still decides how a run goes on (the shell's typing),
 * for going back: bytes for this process alone, to be freed; NULL: no memory.
 */
struct keeper {
	void *(*keep)(void *ctx, size_t *len);
	void (*recall)(void *ctx, const void *bytes);
	void *ctx;
	struct keeper *next;
};

/* A CPU's way to its machine: the ctx of its struct vcpu_env. */
struct machine_port {
	struct machine *m;
	unsigned cpu;
};

/*
 * Several CPUs run in turn on the one thread, round robin; those that sleep
 * are passed over. The clock counts what all of them retire, so all see one
 * time, and it never goes back. A turn ends after a number of instructions,
 * at a PAUSE, or when its CPU halts. How long it may be, and which CPU is
 * next, depends on the seed, on which CPU it is and on the count it begins
 * at, and on nothing else: these two fields and the count are all that the
 * order of things depends on.
 */
struct machine_turn {
	uint64_t cpu;
	uint64_t end; /* machine_count() when another has its turn */
};

#define MACHINE_QUANTUM	 5000

/* Bits of machine.held. */
#define HOLD_EVENTS(cpu) (UINT64_C(1) << (cpu))
#define HOLD_TURNS(cpu)	 (UINT64_C(1) << (32 + (cpu)))

/* Found out when a CPU halts; forgotten without harm. */
struct machine_sleep {
	bool asleep;
	bool interrupts;  /* wake it */
	unsigned signals; /* wake it */
};

struct machine {
	struct guestmem mem;
	struct bus ports, mmio;
	struct clock clock;
	struct loop *loop; /* owned */
	struct vcpu *cpu[MACHINE_CPUS];
	unsigned cpu_count;
	enum cpu_level level; /* of the CPUs that are added */
	struct machine_port port[MACHINE_CPUS];
	struct machine_sleep sleep[MACHINE_CPUS];
	struct machine_turn turn;
	/* Instructions of a turn; with a seed, from 1 to twice as many. */
	uint64_t quantum, seed;
	unsigned current;	/* the CPU that runs, or that makes an access */
	struct device *devices; /* owned, in order of creation */
	struct device **devices_end;
	struct intr_source intr;
	struct input_source input;
	struct inputs inputs;
	struct keeper *keepers;
	struct dirty_set *dirty_sets; /* vmm/dirty.h */
	struct mark *marks;	      /* those not reached yet */
	struct trace *trace;	      /* NULL: nothing is traced */

	/*
	 * The debugger's (vmm/debug.h), NULL: none. `paused`: machine_run()
	 * only waits on the loop. `held`: CPUs whose interrupts and signals
	 * (HOLD_EVENTS) or turns (HOLD_TURNS) do not come. That changes the
	 * run, as input does: it is set by machine_hold().
	 */
	struct debug *debug;
	bool paused;
	uint64_t held;

	/*
	 * Wait for the host's clock while the guest idles though guest time
	 * could be skipped: someone is at the terminal.
	 */
	bool paced;

	/*
	 * What runs now has run before (vmm/history.h): nothing that leaves
	 * the machine is to be shown again.
	 */
	bool past;
	bool deaf; /* the loop is not polled */

	uint64_t limit_ns; /* guest time at which to stop; 0: none */

	enum stop_kind stop;
	uint64_t stop_code;
	char why[256]; /* what stopped it, in words; may be empty */
};

/* Which CPU backend; ACCEL_AUTO is resolved by accel_choose(). */
enum accel { ACCEL_AUTO, ACCEL_KVM, ACCEL_SIM };

/* NULL, having said why. */
struct machine *machine_create(uint64_t mem_len);

/* Accepts NULL and half-built ones; frees devices and CPUs too. */
void machine_destroy(struct machine *m);

/* Fill in what CPU `index` of this machine asks it for. */
void machine_env(struct machine *m, unsigned index, struct vcpu_env *env);

/* Add a CPU of the given kind (not ACCEL_AUTO). 0 or -errno, said. */
int machine_add_cpu(struct machine *m, enum accel accel);

/* Put a device on the machine's list; the machine owns it from now on. */
void machine_add_device(struct machine *m, struct device *dev);

/* What the CPUs have retired together (without counted_time: its nanoseconds). */
uint64_t machine_count(const struct machine *m);

/*
 * Have `mark` called at its count, after those set before for the same count;
 * at once when the run begins if that has passed. It stays the caller's, is
 * taken off the list before it is called, and may be set again from inside.
 * Marks change nothing that the guest can see.
 */
void machine_mark(struct machine *m, struct mark *mark);

/* Take it off the list; one that is not on it is accepted. */
void machine_unmark(struct machine *m, struct mark *mark);

/* Keep this, too, when the machine is kept. It stays the caller's. */
void machine_add_keeper(struct machine *m, struct keeper *keeper);

/*
 * Write down from now on what `trace` asks for (vmm/trace.h); NULL: nothing.
 * It stays the caller's. -ENOTSUP, not said, when the CPU cannot tell.
 */
int machine_trace(struct machine *m, struct trace *trace);

/* Run until there is a verdict in m->stop. Power-on reset is the board's. */
void machine_run(struct machine *m);

/* Hold interrupts off these CPUs, while the machine is stopped; in the past
 * it is as it was. */
void machine_hold(struct machine *m, uint64_t cpus);

/*
 * For who moves it in time (vmm/history.h): run until m->stop, also when it
 * is held, and without a look at the loop if m->deaf.
 */
void machine_rerun(struct machine *m);

/*
 * End the run with a verdict; the first one wins. From a device, a loop
 * callback or before the run; the CPU stops at the end of its instruction.
 */
void machine_stop(struct machine *m, enum stop_kind kind, uint64_t code,
		  const char *why);

/*
 * A 64-bit hash over the CPUs' registers, RAM, the devices' states and the
 * clock: equal for equal runs, whatever host they ran on.
 */
uint64_t machine_hash(struct machine *m);

/* The same without RAM, and the step that such hashes are made of. */
uint64_t machine_hash_registers(struct machine *m);
uint64_t machine_mix(uint64_t h, const void *data, size_t len);

/*
 * Turn ACCEL_AUTO into KVM or sim: KVM when its self-test passes, else sim
 * with one line that says why not. For ACCEL_KVM -errno (said) when it fails.
 */
int accel_choose(enum accel *accel);

#endif
