/* fake_cpu.h: a CPU that replays a list of exits, for tests of the machine. */
#ifndef TESTS_UNIT_FAKE_CPU_H
#define TESTS_UNIT_FAKE_CPU_H

#include "vmm/machine.h"

/* What one call of run() does: pass time, call back, then exit. */
struct fake_step {
	enum vcpu_exit_reason reason;
	uint64_t ns; /* guest time that passes first */
	void (*act)(struct machine *m, void *ctx);
};

struct fake_cpu {
	struct vcpu vcpu;
	struct x86_state state;
	const struct fake_step *step, *end;
	void *ctx;
	uint64_t elapsed_ns;
	uint64_t set_ns; /* the guest's time when its state was set */
	uint64_t drift;	 /* host's time: what passes between two looks */
	unsigned runs, kicks;
};

/* Put a fake CPU into `m`; past its last step it shuts down. */
struct fake_cpu *fake_cpu_add(struct machine *m, const struct fake_step *steps,
			      unsigned count, void *ctx, bool counted_time);

#endif
