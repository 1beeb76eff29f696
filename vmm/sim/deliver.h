/*
 * deliver.h: what the files that deliver events and change rings share.
 */
#ifndef VMM_SIM_DELIVER_H
#define VMM_SIM_DELIVER_H

#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"

#define NO_TASK_SWITCH                                           \
	"task switches by hardware are not implemented: switch " \
	"stacks in software"

struct gate {
	uint16_t selector;
	uint64_t offset;
	unsigned ist;
	unsigned size; /* of the words it pushes */
	bool trap;     /* IF stays */
};

struct event {
	unsigned vector;
	enum event_kind kind;
	uint64_t rip;
	bool has_error;
	uint32_t error;
};

/* The EXT bit of error codes: the event is not the program's own. */
static inline uint32_t event_ext(const struct event *ev)
{
	return ev->kind != EVENT_SOFT;
}

/*
 * A stack outside 64-bit code that a frame grows on. Pushing writes memory
 * and moves `sp`, no more; committing loads SS and rSP.
 */
struct frame {
	struct descriptor ss;
	uint64_t sp;
	unsigned size;	 /* of the words */
	unsigned access; /* ACCESS_SYSTEM: of another ring than CPL */
	uint32_t error;	 /* of #SS when it is too small */
	bool other;	 /* not the current stack */
};

/* ---- deliver.c ---- */
uint64_t tss_field(struct cpu *cpu, unsigned offset, unsigned size,
		   uint32_t ext);
uint64_t event_flags(struct cpu *cpu, const struct event *ev);
void enter_handler(struct cpu *cpu, const struct gate *g);

/* ---- deliver_legacy.c ---- */
void frame_here(const struct cpu *cpu, unsigned size, uint32_t ext,
		struct frame *f);
/* The stack that the TSS has for this ring. */
void frame_inner(struct cpu *cpu, unsigned cpl, unsigned size, uint32_t ext,
		 struct frame *f);
void frame_push(struct cpu *cpu, struct frame *f, uint64_t val);
/* After CPL has changed. */
void frame_commit(struct cpu *cpu, struct frame *f);
void deliver_legacy(struct cpu *cpu, const struct event *ev,
		    const struct gate *g, struct descriptor *cs, unsigned cpl);

/* ---- real_mode.c: also for virtual-8086 code ---- */
void deliver_real(struct cpu *cpu, const struct event *ev);

/* ---- gates.c: `gate` is a system descriptor ---- */
void gate_jump(struct cpu *cpu, uint16_t selector,
	       const struct descriptor *gate);
void gate_call(struct cpu *cpu, uint16_t selector,
	       const struct descriptor *gate, uint64_t next_rip);

#endif
