/*
 * sim.c: the simulated CPU as a struct vcpu: its run loop, its clock and its
 * state's two forms.
 *
 * run() grants the threaded code a slice of instructions at a time and looks
 * after everything else in between: faults and interrupts to deliver, single
 * steps, the deadline, the kick. Where the budget ends inside a block, a copy
 * of the block's first part runs instead, so that stops are exact.
 */
#include <errno.h>
#include <stdlib.h>

#include "vmm/log.h"
#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"
#include "vmm/sim/mmu.h"

/* Between two looks at the kick; bounds the stack where calls nest, too. */
#define SLICE 8192

static struct cpu *to_cpu(struct vcpu *vcpu)
{
	return (struct cpu *)vcpu;
}

/* ---- the clock ---- */

void cpu_event(struct cpu *cpu)
{
	cpu->after += cpu->left;
	cpu->left = 0;
}

/*
 * Ask for the deadline and spread what is left until then: this slice goes on
 * if it still ends before.
 */
static void set_budget(struct cpu *cpu)
{
	const struct vcpu_env *env = &cpu->vcpu.env;
	uint64_t retired = cpu_retired(cpu);
	uint64_t now = retired + cpu->others_ns;
	uint64_t deadline = env->deadline_ns(env->ctx);
	int64_t budget = 0, all;

	if (deadline > now)
		budget = deadline - now < (uint64_t)INT64_MAX / 2
				 ? deadline - now
				 : (uint64_t)INT64_MAX / 2;
	cpu->limit = retired + budget;
	all = budget - cpu_not_yet_run(cpu);
	if (cpu->left > all)
		cpu->left = all > 0 ? all : 0;
	cpu->after = all - cpu->left;
}

void cpu_interrupts_opened(struct cpu *cpu)
{
	const struct vcpu_env *env = &cpu->vcpu.env;

	cpu->poll = env->pending(env->ctx);
	if (cpu->poll)
		cpu_event(cpu);
}

void cpu_device_touched(struct cpu *cpu)
{
	const struct vcpu_env *env = &cpu->vcpu.env;

	cpu->signals = env->signals ? env->signals(env->ctx) : 0;
	cpu->poll = true;
	set_budget(cpu);
	if (cpu->s.rflags & FLAG_IF)
		cpu_interrupts_opened(cpu);
	if (cpu->signals ||
	    atomic_load_explicit(&cpu->kicked, memory_order_relaxed))
		cpu_event(cpu);
}

/* Between two calls of run() idle time is skipped and other CPUs run. */
static void take_up_clock(struct cpu *cpu)
{
	const struct vcpu_env *env = &cpu->vcpu.env;

	cpu->others_ns = env->now_ns(env->ctx) - cpu_retired(cpu);
	cpu_device_touched(cpu);
}

static uint64_t sim_elapsed_ns(struct vcpu *vcpu)
{
	return cpu_retired(to_cpu(vcpu));
}

static void sim_set_retired(struct vcpu *vcpu, uint64_t count)
{
	struct cpu *cpu = to_cpu(vcpu);

	cpu->limit = count;
	cpu->after = 0;
	cpu->left = 0;
}

/* ---- modes ---- */

/*
 * Code that does not conform runs in the ring of its descriptor. So does
 * what still runs by real mode's CS after PE was set, whatever its selector.
 */
static uint8_t current_ring(const struct cpu *cpu)
{
	const struct x86_segment *cs = &cpu->s.seg[SEG_CS];

	if (!(cpu->s.cr0 & CR0_PE))
		return 0;
	if ((cs->attr & 0xc) == 0xc)
		return cs->selector & 3;
	return (cs->attr & SEG_ATTR_DPL) >> 5;
}

/* Blocks are found by IP: it leads elsewhere by another segment. */
static void note_code_segment(struct cpu *cpu, const struct x86_segment *cs)
{
	uint64_t base = cpu->code64 ? 0 : cs->base;
	uint32_t limit = cpu->code64 ? UINT32_MAX : cs->limit;

	if (base == cpu->code_base && limit == cpu->code_limit)
		return;
	cpu->code_base = base;
	cpu->code_limit = limit;
	if (cpu->debugged) /* points are linear, blocks are not */
		code_flush(cpu);
	cpu->mode += MODE_GENERATION;
}

void cpu_update_mode(struct cpu *cpu)
{
	const struct x86_segment *cs = &cpu->s.seg[SEG_CS];
	uint64_t mode;

	cpu->cpl = current_ring(cpu);
	cpu->code64 = cpu->s.efer & EFER_LMA && cs->attr & SEG_ATTR_L;
	note_code_segment(cpu, cs);
	mode = (cpu->mode & -MODE_GENERATION) | cpu->cpl;
	if (cpu->code64)
		mode |= MODE_CODE64;
	else if (cs->attr & SEG_ATTR_B)
		mode |= MODE_CODE32;
	cpu->mode = mode;
	choose_tlbs(cpu);
}

/* ---- the loop ---- */

static void run_block(struct cpu *cpu, struct block *b)
{
	cpu->left -= b->count;
	cpu->op = b->op;
	cpu->in_block = true;
	b->op[0].fn(cpu, b->op);
	cpu->in_block = false;
}

static void run_whole(struct cpu *cpu, struct block *b)
{
	if (cpu->mode_alone)
		past_block(cpu, b);
	run_block(cpu, b);
}

/* The first `count` ops of `b`, then back here. */
static void run_part(struct cpu *cpu, const struct block *b, unsigned count)
{
	struct block *cut = block_cut(cpu, b, count);

	cpu->after += cpu->left - count;
	cpu->left = count;
	cpu->alone = false;
	if (cpu->mode_alone)
		past_part(cpu, b, count);
	run_block(cpu, cut);
}

/* Cut to one instruction and run that; everything is looked at each time. */
static void run_plainly(struct cpu *cpu)
{
	cpu_device_touched(cpu);
	cpu->after += cpu->left - 1;
	cpu->left = 1;
	run_block(cpu, reference_fetch(cpu));
	flags_set_arith(cpu, flags_get(cpu));
	cpu->poll = true;
}

static void run_one(struct cpu *cpu)
{
	if (cpu_traces(cpu, TRACE_EXEC))
		trace_insn(cpu);
	if (cpu->reference)
		run_plainly(cpu);
	else
		run_part(cpu, block_find(cpu), 1);
}

/* Instructions one by one: for a trap or a shadow after each, or to look. */
static bool must_step(const struct cpu *cpu)
{
	return cpu->s.rflags & FLAG_TF || cpu->s.shadow || debug_active(cpu) ||
	       cpu->reference || cpu_traces(cpu, TRACE_EXEC);
}

/* One instruction, perhaps with TF set or in the shadow of STI or MOV SS. */
static void step(struct cpu *cpu)
{
	bool trap = cpu->s.rflags & FLAG_TF;

	if (debug_active(cpu) && !(cpu->s.rflags & FLAG_RF) && !cpu->shadow_ss)
		debug_check_insn(cpu);
	cpu->s.rflags &= ~FLAG_RF; /* it was for this instruction */
	cpu->no_step_trap = false;
	cpu->s.shadow = 0;
	cpu->shadow_ss = false;
	run_one(cpu);
	if (trap && !cpu->no_step_trap)
		cpu->debug_hits |= DR6_BS;
	if (cpu->shadow_ss)
		cpu->debug_hits &= ~DR6_BS;
	else if (cpu->debug_hits)
		debug_trap(cpu);
}

static void deliver_pending(struct cpu *cpu)
{
	struct fault f = cpu->fault;

	cpu->fault_pending = false;
	cpu->delivering = f.vector;
	cpu->stats.exceptions++;
	deliver(cpu, f.vector, f.kind, cpu->rip, f.has_error, f.error);
	cpu->delivering = NO_VECTOR;
}

static void deliver_external(struct cpu *cpu, unsigned vector)
{
	cpu->s.halted = HALT_NONE;
	cpu->stats.interrupts++;
	cpu->delivering = vector + EXTERNAL_VECTOR;
	deliver(cpu, vector, EVENT_EXTERNAL, cpu->rip, false, 0);
	cpu->delivering = NO_VECTOR;
}

static bool take_interrupt(struct cpu *cpu)
{
	const struct vcpu_env *env = &cpu->vcpu.env;
	int vector;

	cpu->poll = false;
	if (!env->pending(env->ctx))
		return false;
	cpu->poll = true; /* there may be another behind it */
	vector = env->acknowledge(env->ctx);
	if (vector < 0)
		return false;
	deliver_external(cpu, vector);
	return true;
}

/* ---- INIT, SIPI, NMI ---- */

static void sim_get_state(struct vcpu *vcpu, struct x86_state *state);
static void take_state(struct cpu *cpu, const struct x86_state *state);

static void take_init(struct cpu *cpu)
{
	struct x86_state state;

	sim_get_state(&cpu->vcpu, &state);
	x86_state_init(&state);
	take_state(cpu, &state);
}

static void take_startup(struct cpu *cpu, uint8_t vector)
{
	struct x86_state state;

	if (cpu->s.halted != HALT_WAIT_SIPI)
		return;
	sim_get_state(&cpu->vcpu, &state);
	x86_state_startup(&state, vector);
	take_state(cpu, &state);
}

static unsigned signals_open(const struct cpu *cpu)
{
	if (cpu->s.halted == HALT_WAIT_SIPI)
		return cpu->signals & (SIGNAL_INIT | SIGNAL_STARTUP);
	if (cpu->s.in_nmi || cpu->s.shadow)
		return cpu->signals & ~SIGNAL_NMI;
	return cpu->signals;
}

/* One of them, the first by rank. */
static void take_signal(struct cpu *cpu, unsigned open)
{
	const struct vcpu_env *env = &cpu->vcpu.env;
	enum vcpu_signal signal = open & -open;
	uint8_t vector = env->take_signal(env->ctx, signal);

	cpu->signals = env->signals(env->ctx);
	switch (signal) {
	case SIGNAL_INIT:
		take_init(cpu);
		break;
	case SIGNAL_STARTUP:
		take_startup(cpu, vector);
		break;
	case SIGNAL_NMI:
		cpu->s.in_nmi = 1;
		deliver_external(cpu, VEC_NMI);
		break;
	}
}

static bool leave(struct cpu *cpu, enum vcpu_exit_reason reason)
{
	cpu->exit->reason = reason;
	cpu->stopped = true;
	return true;
}

/* Reasons to end the run; true when there is one. */
static bool must_leave(struct cpu *cpu)
{
	/* The exchange alone would cost more than all the rest here. */
	if (atomic_load_explicit(&cpu->kicked, memory_order_relaxed) &&
	    atomic_exchange(&cpu->kicked, false)) {
		cpu->stats.kicks++;
		return leave(cpu, EXIT_KICK);
	}
	if (cpu->s.halted) {
		cpu->stats.halts++;
		return leave(cpu, EXIT_HALT);
	}
	if (cpu->left + cpu->after <= 0) {
		cpu->stats.deadlines++;
		return leave(cpu, EXIT_DEADLINE);
	}
	return false;
}

static void grant(struct cpu *cpu)
{
	int64_t all = cpu->left + cpu->after;

	cpu->left = all < SLICE ? all : SLICE;
	cpu->after = all - cpu->left;
}

static bool interrupts_open(const struct cpu *cpu)
{
	return cpu->poll && cpu->s.halted != HALT_WAIT_SIPI &&
	       cpu->s.rflags & FLAG_IF && !cpu->s.shadow;
}

/* What comes between two instructions; false: nothing did. */
static bool take_events(struct cpu *cpu)
{
	if (cpu->fault_pending)
		deliver_pending(cpu);
	else if (signals_open(cpu))
		take_signal(cpu, signals_open(cpu));
	else if (interrupts_open(cpu))
		return take_interrupt(cpu);
	else
		return false;
	return true;
}

/* The debugger's turn; true: it was, or the run is over. */
static bool debugger_takes(struct cpu *cpu)
{
	switch (stops_way(cpu)) {
	case STOPS_STOP:
		return leave(cpu, EXIT_DEBUG);
	case STOPS_ALONE:
		step(cpu);
		return true;
	case STOPS_RUN:
		break;
	}
	return false;
}

static void loop(struct cpu *cpu)
{
	for (;;) {
		struct block *b;

		if (unlikely(cpu->debugged) && stops_stop(cpu))
			leave(cpu, EXIT_DEBUG);
		if (cpu->stopped)
			return;
		if (take_events(cpu))
			stops_delivered(cpu);
		if (must_leave(cpu))
			return;
		grant(cpu);
		if (unlikely(cpu->debugged) && debugger_takes(cpu))
			continue;
		if (must_step(cpu)) {
			step(cpu);
			continue;
		}
		b = block_find(cpu);
		cpu->s.rflags &= ~FLAG_RF;
		if (cpu->alone || b->op[0].fn == exec_point)
			run_part(cpu, b, 1);
		else if (cpu->left < b->count)
			run_part(cpu, b, cpu->left);
		else
			run_whole(cpu, b);
	}
}

/*
 * A gather whose later element faults has done a part, whose traps come in
 * lieu of the fault (SDM 2, VPGATHERDD): it faults when it goes on.
 */
static bool trap_in_lieu(struct cpu *cpu, uint64_t hits)
{
	if (!cpu->gathered)
		return false;
	if (cpu->s.rflags & FLAG_TF)
		hits |= DR6_BS;
	cpu->debug_hits = hits;
	if (hits)
		debug_trap(cpu);
	return hits;
}

/*
 * After a longjmp(): give back what the block did not run and set RIP to the
 * instruction it left at. One that faulted counts.
 */
static void unwound(struct cpu *cpu, enum unwind why)
{
	uint64_t hits = cpu->debug_hits;

	cpu->debug_hits = 0;
	cpu->stops.touched = false;
	cpu->stops.fresh_fault = cpu->delivering == NO_VECTOR;
	if (cpu->in_block) {
		cpu->left += cpu_not_yet_run(cpu);
		cpu->rip = op_rip(cpu->op);
		if (!cpu->code64)
			cpu->rip = (uint32_t)cpu->rip;
		cpu->in_block = false;
	}
	if (why == UNWIND_RETRY) {
		struct block *b = block_of(cpu->op);

		/* A block learns to end there; of a part, one op runs. */
		if ((char *)b == cpu->cut) {
			if (cpu->mode_alone)
				past_shorten(cpu, b->count - cpu->op->pos);
			cpu->alone = true;
		} else {
			block_truncate(b, cpu->op->pos);
		}
	} else if (why == UNWIND_FAULT) {
		if (cpu->delivering == NO_VECTOR)
			cpu->left--;
		if (!trap_in_lieu(cpu, hits))
			cpu->fault_pending = true;
	}
	cpu->gathered = false;
	cpu->delivering = NO_VECTOR;
}

static void sim_run(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	struct cpu *cpu = to_cpu(vcpu);
	int why;

	exit->why[0] = '\0';
	cpu->exit = exit;
	cpu->stopped = false;
	take_up_clock(cpu);
	why = _setjmp(cpu->unwind);
	if (why)
		unwound(cpu, why);
	loop(cpu);
}

static void sim_kick(struct vcpu *vcpu)
{
	atomic_store(&to_cpu(vcpu)->kicked, true);
}

/* ---- state ---- */

static void sim_get_state(struct vcpu *vcpu, struct x86_state *state)
{
	struct cpu *cpu = to_cpu(vcpu);
	const struct vcpu_env *env = &vcpu->env;

	*state = cpu->s;
	memcpy(state->gpr, cpu->r, sizeof(state->gpr));
	state->rip = cpu->rip;
	state->rflags = flags_get(cpu);
	state->cr8 = env->get_tpr(env->ctx) >> 4;
	if (state->shadow && cpu->shadow_ss)
		state->shadow = SHADOW_MOV_SS;
	fx_save(cpu, state->fxsave, true);
	memcpy(state->ymm_high, cpu->ymm_high, sizeof(state->ymm_high));
}

/* From memory when the state does not tell; what it says there counts. */
static void take_pdptes(struct cpu *cpu)
{
	const uint64_t *p = cpu->s.pdpte;

	if (mmu_pae(cpu) && !(p[0] | p[1] | p[2] | p[3]))
		mmu_load_pdptes(cpu, cpu->s.cr3);
}

static void take_state(struct cpu *cpu, const struct x86_state *state)
{
	cpu->s = *state;
	memcpy(cpu->r, state->gpr, sizeof(state->gpr));
	cpu->rip = state->rip;
	flags_set_arith(cpu, state->rflags);
	cpu->s.rflags |= FLAG_FIXED;
	fx_load(cpu, state->fxsave, true);
	memcpy(cpu->ymm_high, state->ymm_high, sizeof(cpu->ymm_high));
	cpu->fault_pending = false;
	cpu->s.shadow = state->shadow != 0;
	cpu->shadow_ss = state->shadow == SHADOW_MOV_SS;
	cpu->debug_hits = 0;
	cpuid_init(cpu);
	mmu_flush(cpu, true);
	code_flush(cpu);
	cpu_update_mode(cpu);
	take_pdptes(cpu);
}

static int sim_set_state(struct vcpu *vcpu, const struct x86_state *state)
{
	const struct vcpu_env *env = &vcpu->env;

	if (!state_ok(to_cpu(vcpu), state))
		return -EINVAL;
	take_state(to_cpu(vcpu), state);
	env->set_tpr(env->ctx, state->cr8 << 4);
	return 0;
}

static void sim_set_trace(struct vcpu *vcpu, const struct vcpu_trace *trace)
{
	to_cpu(vcpu)->trace = trace;
}

/* The TLBs stay empty while the plain core runs. */
static void sim_set_reference(struct vcpu *vcpu, bool on)
{
	to_cpu(vcpu)->reference = on;
	mmu_flush(to_cpu(vcpu), true);
}

static void sim_get_stats(struct vcpu *vcpu, struct vcpu_stats *stats)
{
	*stats = to_cpu(vcpu)->stats;
	stats->instructions = cpu_retired(to_cpu(vcpu));
}

/* ---- life ---- */

static void sim_destroy(struct vcpu *vcpu)
{
	if (!vcpu)
		return;
	stops_fini(to_cpu(vcpu));
	code_fini(to_cpu(vcpu));
	free(vcpu);
}

static const struct vcpu_ops sim_ops = {
	.name = "sim",
	.destroy = sim_destroy,
	.run = sim_run,
	.kick = sim_kick,
	.get_state = sim_get_state,
	.set_state = sim_set_state,
	.elapsed_ns = sim_elapsed_ns,
	.set_retired = sim_set_retired,
	.get_stats = sim_get_stats,
	.get_past = past_get,
	.keep_branches = past_keep_branches,
	.set_trace = sim_set_trace,
	.set_reference = sim_set_reference,
	.set_debug = stops_set,
	.translate = mmu_translate,
	.keep = sim_keep,
	.recall = sim_recall,
	.track_writes = sim_track_writes,
	.watch_writes = sim_watch_writes,
	.catches = true,
	.counted_time = true,
};

int sim_create(const struct vcpu_env *env, struct vcpu **vcpu)
{
	enum cpu_level level = env->level == CPU_DEFAULT ? CPU_V2 : env->level;
	const char *missing = features_missing(level, features_of_sim());
	struct x86_state state;
	struct cpu *cpu;

	if (missing)
		return fail(-ENOTSUP,
			    "sim: --cpu %s: the simulator has no %s; "
			    "--cpu max is all that it has",
			    cpu_level_name(level), missing);
	cpu = calloc(1, sizeof(*cpu));
	if (!cpu)
		return fail(-ENOMEM, "sim: no memory for a CPU");
	cpu->vcpu = (struct vcpu){.ops = &sim_ops, .env = *env};
	cpu->delivering = NO_VECTOR;
	cpu->features = features_of_sim() & features_of_level(level);
	if (code_init(cpu, (struct cpu *)env->first)) {
		sim_destroy(&cpu->vcpu);
		return -ENOMEM;
	}
	mmu_init(cpu);
	cpuid_init(cpu);
	x86_state_reset(&state);
	if (env->index) {
		state.apic_base &= ~APIC_BASE_BSP;
		x86_state_init(&state);
	}
	take_state(cpu, &state);
	*vcpu = &cpu->vcpu;
	return 0;
}
