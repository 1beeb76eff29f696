/*
 * machine.c: the loop that runs a machine until there is a verdict.
 *
 * One turn: fire what is due on the guest's clock, run the CPU until it comes
 * back, see why. The host's descriptors are polled when the watcher kicked
 * the CPU out and while the guest idles, never in between.
 */
#include "vmm/machine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/debug.h"
#include "vmm/log.h"
#include "vmm/trace.h"

/* ---- what a CPU asks ---- */

static uint64_t env_read(void *ctx, enum vcpu_space space, uint64_t addr,
			 unsigned size)
{
	const struct machine_port *p = ctx;
	struct machine *m = p->m;
	struct bus *bus = space == SPACE_PORT ? &m->ports : &m->mmio;
	uint64_t val;

	m->current = p->cpu;
	val = bus_read(bus, addr, size);
	if (m->trace)
		trace_access(m->trace, m, space, addr, size, val, false);
	return val;
}

static void env_write(void *ctx, enum vcpu_space space, uint64_t addr,
		      unsigned size, uint64_t val)
{
	const struct machine_port *p = ctx;
	struct machine *m = p->m;

	m->current = p->cpu;
	if (m->trace)
		trace_access(m->trace, m, space, addr, size, val, true);
	bus_write(space == SPACE_PORT ? &m->ports : &m->mmio, addr, size, val);
}

static bool held_off(const struct machine_port *p)
{
	return p->m->held & HOLD_EVENTS(p->cpu);
}

static bool env_pending(void *ctx)
{
	const struct machine_port *p = ctx;
	const struct intr_source *intr = &p->m->intr;

	return intr->pending && !held_off(p) &&
	       intr->pending(intr->ctx, p->cpu);
}

static int env_acknowledge(void *ctx)
{
	const struct machine_port *p = ctx;
	const struct intr_source *intr = &p->m->intr;

	return intr->acknowledge ? intr->acknowledge(intr->ctx, p->cpu) : -1;
}

static uint8_t env_get_tpr(void *ctx)
{
	const struct machine_port *p = ctx;
	const struct intr_source *intr = &p->m->intr;

	return intr->get_tpr ? intr->get_tpr(intr->ctx, p->cpu) : 0;
}

static void env_set_tpr(void *ctx, uint8_t tpr)
{
	const struct machine_port *p = ctx;
	const struct intr_source *intr = &p->m->intr;

	if (intr->set_tpr)
		intr->set_tpr(intr->ctx, p->cpu, tpr);
}

static unsigned env_signals(void *ctx)
{
	const struct machine_port *p = ctx;
	const struct intr_source *intr = &p->m->intr;

	if (!intr->signals || held_off(p))
		return 0;
	return intr->signals(intr->ctx, p->cpu);
}

static uint8_t env_take_signal(void *ctx, enum vcpu_signal signal)
{
	const struct machine_port *p = ctx;
	const struct intr_source *intr = &p->m->intr;

	return intr->take_signal ? intr->take_signal(intr->ctx, p->cpu, signal)
				 : 0;
}

static bool env_read_msr(void *ctx, uint32_t msr, uint64_t *val)
{
	const struct machine_port *p = ctx;
	const struct intr_source *intr = &p->m->intr;

	return intr->read_msr && intr->read_msr(intr->ctx, p->cpu, msr, val);
}

static bool env_write_msr(void *ctx, uint32_t msr, uint64_t val)
{
	const struct machine_port *p = ctx;
	const struct intr_source *intr = &p->m->intr;

	return intr->write_msr && intr->write_msr(intr->ctx, p->cpu, msr, val);
}

static uint64_t env_now_ns(void *ctx)
{
	return clock_now(&((struct machine_port *)ctx)->m->clock);
}

/* The limit is no timer: it keeps no guest from being called idle for ever. */
static uint64_t next_event(const struct machine *m)
{
	uint64_t next = clock_next(&m->clock);

	return m->limit_ns && m->limit_ns < next ? m->limit_ns : next;
}

/* Counts, of marks and of turns, are points of elapsed time, which idling
 * does not move. */
static uint64_t env_deadline_ns(void *ctx)
{
	const struct machine *m = ((struct machine_port *)ctx)->m;
	uint64_t next = next_event(m), at = CLOCK_NEVER;

	if (m->cpu_count > 1)
		at = m->turn.end;
	if (m->marks && m->marks->count < at)
		at = m->marks->count;
	if (input_due(m) < at)
		at = input_due(m);
	if (at > CLOCK_NEVER - m->clock.skipped_ns)
		return next;
	at += m->clock.skipped_ns;
	return at < next ? at : next;
}

/* Whether others sleep is not asked: a machine restored may not know yet. */
static bool env_pause(void *ctx)
{
	struct machine *m = ((struct machine_port *)ctx)->m;

	if (m->cpu_count == 1)
		return false;
	m->turn.end = machine_count(m);
	return true;
}

void machine_env(struct machine *m, unsigned index, struct vcpu_env *env)
{
	m->port[index] = (struct machine_port){m, index};
	*env = (struct vcpu_env){
		.ctx = &m->port[index],
		.index = index,
		.level = m->level,
		.mem = &m->mem,
		.first = index ? m->cpu[0] : NULL,
		.read = env_read,
		.write = env_write,
		.pending = env_pending,
		.acknowledge = env_acknowledge,
		.get_tpr = env_get_tpr,
		.set_tpr = env_set_tpr,
		.signals = env_signals,
		.take_signal = env_take_signal,
		.read_msr = env_read_msr,
		.write_msr = env_write_msr,
		.pause = env_pause,
		.now_ns = env_now_ns,
		.deadline_ns = env_deadline_ns,
	};
}

/* ---- life ---- */

static void kick_cpus(void *ctx)
{
	struct machine *m = ctx;

	for (unsigned i = 0; i < m->cpu_count; i++)
		m->cpu[i]->ops->kick(m->cpu[i]);
}

static uint64_t elapsed_ns(void *ctx)
{
	return machine_count(ctx);
}

struct machine *machine_create(uint64_t mem_len)
{
	struct machine *m = calloc(1, sizeof(*m));

	if (!m) {
		fail(-ENOMEM, "machine: out of memory");
		return NULL;
	}
	m->devices_end = &m->devices;
	m->quantum = MACHINE_QUANTUM;
	m->clock = (struct clock){.elapsed_ns = elapsed_ns, .ctx = m};
	m->loop = loop_create(kick_cpus, m);
	if (!m->loop || guestmem_init(&m->mem, mem_len) < 0) {
		machine_destroy(m);
		return NULL;
	}
	return m;
}

void machine_destroy(struct machine *m)
{
	if (!m)
		return;
	/* First the watcher, which kicks CPUs. */
	loop_destroy(m->loop);
	debug_destroy(m->debug);
	for (unsigned i = 0; i < m->cpu_count; i++)
		m->cpu[i]->ops->destroy(m->cpu[i]);
	while (m->devices) {
		struct device *dev = m->devices;

		m->devices = dev->next;
		dev->ops->destroy(dev);
	}
	inputs_fini(m);
	guestmem_fini(&m->mem);
	free(m);
}

void machine_add_device(struct machine *m, struct device *dev)
{
	*m->devices_end = dev;
	m->devices_end = &dev->next;
}

uint64_t machine_count(const struct machine *m)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < m->cpu_count; i++)
		count += m->cpu[i]->ops->elapsed_ns(m->cpu[i]);
	return count;
}

void machine_mark(struct machine *m, struct mark *mark)
{
	struct mark **at = &m->marks;

	while (*at && (*at)->count <= mark->count)
		at = &(*at)->next;
	mark->next = *at;
	*at = mark;
}

void machine_unmark(struct machine *m, struct mark *mark)
{
	struct mark **at = &m->marks;

	while (*at && *at != mark)
		at = &(*at)->next;
	if (*at)
		*at = mark->next;
}

void machine_add_keeper(struct machine *m, struct keeper *keeper)
{
	keeper->next = m->keepers;
	m->keepers = keeper;
}

void machine_hold(struct machine *m, uint64_t cpus)
{
	if (m->held != cpus)
		input_poke(m, INPUT_OF_HOLD, &cpus, sizeof(cpus));
}

int machine_trace(struct machine *m, struct trace *trace)
{
	bool cpus = trace && trace->cpu.what & ~TRACE_IO;

	for (unsigned i = 0; cpus && i < m->cpu_count; i++)
		if (!m->cpu[i]->ops->set_trace)
			return -ENOTSUP;
	for (unsigned i = 0; i < m->cpu_count; i++)
		if (m->cpu[i]->ops->set_trace)
			m->cpu[i]->ops->set_trace(m->cpu[i],
						  cpus ? &trace->cpu : NULL);
	m->trace = trace && trace->cpu.what & TRACE_IO ? trace : NULL;
	return 0;
}

void machine_stop(struct machine *m, enum stop_kind kind, uint64_t code,
		  const char *why)
{
	if (m->stop)
		return;
	m->stop = kind;
	m->stop_code = code;
	snprintf(m->why, sizeof(m->why), "%s", why ? why : "");
	kick_cpus(m);
}

/* ---- the run ---- */

/* Guest time must not pass faster than the host's: wait for either. */
static void idle_paced(struct machine *m, uint64_t next_ns)
{
	uint64_t now = clock_now(&m->clock), start = loop_now_ns(), slept;

	loop_poll(m->loop, next_ns == CLOCK_NEVER ? CLOCK_NEVER
			   : next_ns > now	  ? next_ns - now
						  : 0);
	if (!m->cpu[0]->ops->counted_time)
		return;
	slept = loop_now_ns() - start;
	clock_skip_to(&m->clock, now + slept < next_ns ? now + slept : next_ns);
	input_idle(m, next_ns);
}

/* The guest's time alone counts: skip what is idle, but for what has come. */
static void idle_skipping(struct machine *m, uint64_t next_ns)
{
	if (!m->deaf)
		loop_poll(m->loop, 0);
	if (m->inputs.replay || !input_idle(m, next_ns))
		clock_skip_to(&m->clock, next_ns);
}

static bool input_may_come(const struct machine *m)
{
	const struct inputs *all = &m->inputs;

	if (all->replay)
		return all->next < all->count || all->ran_out;
	return all->box_count || (m->input.open && m->input.open(m->input.ctx));
}

/* Is there a CPU that an interrupt would wake? */
static bool interruptible(const struct machine *m)
{
	for (unsigned i = 0; i < m->cpu_count; i++)
		if (m->sleep[i].interrupts)
			return true;
	return false;
}

/*
 * All CPUs sleep. What can wake one is an interrupt, from a timer or from
 * input; when neither can come any more the run is over. After it all are
 * asked again.
 */
static void idle(struct machine *m)
{
	uint64_t next = clock_next(&m->clock);

	if (!interruptible(m)) {
		machine_stop(m, STOP_STALL, 0,
			     m->cpu_count > 1
				     ? "all CPUs are halted with interrupts off"
				     : "the CPU is halted with interrupts off");
		return;
	}
	if (next == CLOCK_NEVER && !input_may_come(m)) {
		machine_stop(m, STOP_STALL, 0,
			     "the guest is idle, no timer is armed and no "
			     "input can come");
		return;
	}
	if (m->stop)
		return;
	memset(m->sleep, 0, sizeof(m->sleep));
	next = next_event(m);
	if (input_idle(m, next))
		return;
	if (!m->inputs.replay &&
	    (m->paced || !m->cpu[0]->ops->counted_time || next == CLOCK_NEVER))
		idle_paced(m, next);
	else
		idle_skipping(m, next);
}

static void fall_asleep(struct machine *m, unsigned cpu)
{
	struct x86_state state;
	bool waits;

	m->cpu[cpu]->ops->get_state(m->cpu[cpu], &state);
	waits = state.halted == HALT_WAIT_SIPI;
	m->sleep[cpu] = (struct machine_sleep){
		.asleep = true,
		.interrupts = !waits && state.rflags & FLAG_IF,
		.signals = SIGNAL_INIT | (waits		 ? SIGNAL_STARTUP
					  : state.in_nmi ? 0
							 : SIGNAL_NMI),
	};
}

/* What wakes a CPU it takes when it runs, so nothing is asked in vain. */
static bool awake(struct machine *m, unsigned cpu)
{
	const struct machine_sleep *s = &m->sleep[cpu];

	if (m->held & HOLD_TURNS(cpu))
		return false;
	return !s->asleep || (s->interrupts && env_pending(&m->port[cpu])) ||
	       env_signals(&m->port[cpu]) & s->signals;
}

static void handle_exit(struct machine *m, const struct vcpu_exit *exit)
{
	switch (exit->reason) {
	case EXIT_DEADLINE:
		break;
	case EXIT_KICK:
		if (!m->deaf)
			loop_poll(m->loop, 0);
		break;
	case EXIT_HALT:
		fall_asleep(m, m->turn.cpu);
		break;
	case EXIT_SHUTDOWN:
		if (!m->debug || !debug_exit(m->debug, m->current, exit))
			machine_stop(m, STOP_TRIPLE, 0, exit->why);
		break;
	case EXIT_DEBUG:
		if (!m->debug || !debug_exit(m->debug, m->current, exit))
			machine_stop(m, STOP_CRASH, 0,
				     "debug event with no debugger attached");
		break;
	case EXIT_ERROR:
		machine_stop(m, STOP_CRASH, 0, exit->why);
		break;
	}
}

/*
 * Before the exit is handled: the instruction at the mark may have halted the
 * CPU, and what follows an idle time is not the mark's instant any more.
 */
static void reach_marks(struct machine *m)
{
	uint64_t count = machine_count(m);

	if (!m->marks || m->marks->count > count)
		return;
	clock_run(&m->clock);
	while (m->marks && m->marks->count <= count) {
		struct mark *mark = m->marks;

		m->marks = mark->next;
		mark->reached(mark->ctx);
	}
}

/* Whoever looks at a count sees it before what comes in there. */
static void arrive(struct machine *m)
{
	reach_marks(m);
	if (!m->stop)
		input_reach(m);
}

/* ---- turns ---- */

/* One step of a 64-bit multiply-and-fold hash; every input bit counts. */
static uint64_t mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

static uint64_t draw(const struct machine *m, unsigned cpu)
{
	return mix(mix(mix(0, m->seed), machine_count(m)), cpu) >> 32;
}

static uint64_t turn_length(const struct machine *m, unsigned cpu)
{
	if (!m->seed)
		return m->quantum;
	return 1 + draw(m, cpu) % (2 * m->quantum - 1);
}

/*
 * How many places further the turn goes: to the next CPU, or, by a seed, to
 * any other. CPUs that spin end their turns at PAUSEs, whatever the lengths
 * drawn: without this, every seed would give them a lock in the same order.
 */
static unsigned turn_step(const struct machine *m)
{
	return m->seed ? 1 + draw(m, m->turn.cpu) % (m->cpu_count - 1) : 1;
}

/* Give the turn to a CPU that is awake; false when there is none. */
static bool choose(struct machine *m)
{
	unsigned first = m->turn.cpu;

	if (m->cpu_count == 1)
		return awake(m, 0);
	if (machine_count(m) < m->turn.end && awake(m, first))
		return true;
	first += turn_step(m);
	for (unsigned i = 0; i < m->cpu_count; i++) {
		unsigned cpu = (first + i) % m->cpu_count;

		if (!awake(m, cpu))
			continue;
		m->turn.cpu = cpu;
		m->turn.end = machine_count(m) + turn_length(m, cpu);
		return true;
	}
	return false;
}

static void check_limit(struct machine *m)
{
	char why[80];

	if (!m->limit_ns || clock_now(&m->clock) < m->limit_ns)
		return;
	snprintf(why, sizeof(why), "not ended after %.3g s of guest time",
		 m->limit_ns / 1e9);
	machine_stop(m, STOP_TIMEOUT, 0, why);
}

static void run_once(struct machine *m)
{
	struct vcpu_exit exit;

	clock_run(&m->clock);
	check_limit(m);
	if (m->stop)
		return;
	if (!choose(m)) {
		idle(m);
		return;
	}
	m->current = m->turn.cpu;
	m->sleep[m->current].asleep = false;
	m->cpu[m->current]->ops->run(m->cpu[m->current], &exit);
	arrive(m);
	if (!m->stop)
		handle_exit(m, &exit);
}

/* With a debugger there may be more to come. */
static bool ended(struct machine *m)
{
	/* Who is told of the hold may stop it for a reason of his own. */
	while (m->stop)
		if (!m->debug || !debug_ended(m->debug))
			return true;
	return false;
}

void machine_rerun(struct machine *m)
{
	arrive(m);
	while (!m->stop)
		run_once(m);
}

void machine_run(struct machine *m)
{
	loop_poll(m->loop, 0);
	arrive(m);
	while (!ended(m)) {
		if (m->paused)
			loop_poll(m->loop, CLOCK_NEVER);
		else
			run_once(m);
	}
}

/* ---- the state hash ---- */

uint64_t machine_mix(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t word = 0;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&word, p, 8);
		h = mix(h, word);
	}
	word = 0;
	memcpy(&word, p, len);
	return mix(h, word ^ (uint64_t)len << 56);
}

static bool page_is_zero(const uint8_t *page)
{
	return !page[0] && !memcmp(page, page + 1, GUEST_PAGE_SIZE - 1);
}

/* Zero pages are passed over: memory never touched costs nothing to speak of,
 * and the hash does not depend on how much of it there is. */
static uint64_t mix_memory(uint64_t h, const struct guestmem *gm)
{
	for (int i = 0; i < GUESTMEM_REGIONS; i++) {
		const struct guestmem_region *r = &gm->region[i];

		for (uint64_t at = 0; at < r->len; at += GUEST_PAGE_SIZE)
			if (!page_is_zero(r->host + at))
				h = machine_mix(mix(h, r->base + at),
						r->host + at, GUEST_PAGE_SIZE);
	}
	return h;
}

uint64_t machine_hash_registers(struct machine *m)
{
	uint64_t h = mix(0, clock_now(&m->clock));

	if (m->cpu_count > 1)
		h = mix(mix(h, m->turn.cpu), m->turn.end);

	for (unsigned i = 0; i < m->cpu_count; i++) {
		struct x86_state state;

		m->cpu[i]->ops->get_state(m->cpu[i], &state);
		h = machine_mix(h, &state, sizeof(state));
	}
	for (const struct device *dev = m->devices; dev; dev = dev->next)
		h = machine_mix(h, (const char *)dev + dev->ops->state_offset,
				dev->ops->state_size);
	return h;
}

uint64_t machine_hash(struct machine *m)
{
	return mix_memory(machine_hash_registers(m), &m->mem);
}
