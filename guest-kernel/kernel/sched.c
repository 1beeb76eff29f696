/* sched.c: who runs; sched.h says what always holds. */
#include "guest-kernel/kernel/kernel.h"

#define TIMEOUTS_AT_ONCE 16

static struct sched *const sched = &kernel.sched;

/* ---- The queues of the ready ---- */

static void enqueue(struct task *task, bool first)
{
	struct task_queue *queue = &sched->ready[task->priority];

	if (first)
		queue_prepend(queue, task);
	else
		queue_append(queue, task);
	sched->ready_bits[task->priority / 64] |= UINT64_C(1)
						  << task->priority % 64;
	if (sched->ready_end <= task->priority)
		sched->ready_end = task->priority + 1;
}

/* 1 + the highest priority that is ready, or 0. */
static unsigned find_end(void)
{
	for (unsigned i = PRIORITIES / 64; i-- > 0;)
		if (sched->ready_bits[i])
			return i * 64 + 64 -
			       __builtin_clzll(sched->ready_bits[i]);
	return 0;
}

static void dequeue(struct task *task)
{
	struct task_queue *queue = &sched->ready[task->priority];

	queue_remove(queue, task);
	if (queue->head)
		return;
	sched->ready_bits[task->priority / 64] &=
		~(UINT64_C(1) << task->priority % 64);
	if (sched->ready_end == task->priority + 1u)
		sched->ready_end = find_end();
}

/* ---- Budgets ---- */

/* The running context's time, up to now, is used. */
static void charge(uint64_t now)
{
	struct sched_context *sc = sched->context;

	if (sc && now > sched->since) {
		sc->consumed += now - sched->since;
		refills_charge(&sc->refills, now - sched->since);
	}
	sched->since = now;
}

static bool has_budget(const struct sched_context *sc, uint64_t now)
{
	return sc->refills.budget && refills_when(&sc->refills) <= now;
}

/* It waits for its context's next refill; without a budget, for one. */
static void park(struct task *task)
{
	struct sched_context *sc = task->context;

	task->state = TASK_PARKED;
	sc->parked = task;
	if (sc->refills.budget)
		timeout_arm(&sched->timeouts, &sc->timeout,
			    refills_when(&sc->refills));
	sched->reschedule = true;
}

static void unpark(struct task *task)
{
	task->context->parked = NULL;
	timeout_cancel(&sched->timeouts, &task->context->timeout);
}

/* ---- What happens to tasks ---- */

static void make_ready(struct task *task, bool first)
{
	const struct task *running = sched->running;

	if (task->context && !has_budget(task->context, arch_now())) {
		park(task);
		return;
	}
	task->state = TASK_READY;
	enqueue(task, first);
	/* A new peer begins a slice, a higher one preempts. */
	if (!running || task->priority >= running->priority)
		sched->reschedule = true;
}

void sched_ready(struct task *task)
{
	check(task->state != TASK_READY && task->state != TASK_PARKED);
	make_ready(task, false);
}

void sched_unready(struct task *task)
{
	check(task->state == TASK_READY || task->state == TASK_PARKED);
	if (task->state == TASK_PARKED) {
		unpark(task);
	} else if (task == sched->running) {
		sched->running = NULL;
	} else {
		dequeue(task);
	}
	task->state = TASK_INACTIVE;
}

void sched_handover(struct task *task)
{
	if (sched->running || task->context != sched->context ||
	    sched->ready_end > task->priority) {
		sched_ready(task);
		return;
	}
	/* The same time goes on, slice and all, so the timer stays right. */
	task->state = TASK_READY;
	sched->running = task;
}

void sched_yield(void)
{
	struct task *task = sched->running;

	if (!task)
		return;
	sched->running = NULL;
	enqueue(task, false);
}

void sched_priority(struct task *task, unsigned priority)
{
	bool queued = task->state == TASK_READY && task != sched->running;

	if (task->priority == priority)
		return;
	if (queued)
		dequeue(task);
	task->priority = priority;
	if (queued)
		enqueue(task, false);
	sched->reschedule = true;
}

void sched_context_set(struct task *task, struct sched_context *context)
{
	bool was = task->state == TASK_READY || task->state == TASK_PARKED;

	if (was && task == sched->running) {
		charge(arch_now());
		sched->context = NULL;
	}
	if (was)
		sched_unready(task);
	task->context = context;
	if (was)
		make_ready(task, true);
}

void sched_refill(struct sched_context *context, uint64_t budget,
		  uint64_t period)
{
	struct task *task = context->parked;
	uint64_t now = arch_now();

	if (context == sched->context)
		charge(now);
	if (task)
		unpark(task);
	refills_init(&context->refills, budget, period, now);
	if (task)
		make_ready(task, false);
	sched->reschedule = true;
}

uint64_t sched_consumed(struct sched_context *context)
{
	if (context == sched->context)
		charge(arch_now());
	return context->consumed;
}

/* ---- Time ---- */

static void timeout_happens(struct timeout *t)
{
	struct sched_context *sc;
	struct task *task;

	/* None of them runs: who waits is on no processor. */
	switch (t->kind) {
	case TIMEOUT_WAIT:
		task_timed_out(container_of(t, struct task, timeout));
		break;
	case TIMEOUT_REFILL:
		sc = container_of(t, struct sched_context, timeout);
		task = sc->parked;
		sc->parked = NULL;
		make_ready(task, false);
		break;
	}
}

void sched_timer(void)
{
	sched->reschedule = true;
}

/* The running task's turn may be over: its slice, or its budget. */
static void end_turn(uint64_t now)
{
	struct task *task = sched->running;

	if (!task)
		return;
	if (task->context && !has_budget(task->context, now)) {
		if (task->fault_flags & FAULT_ON_BUDGET) {
			fault_user(task, FAULT_BUDGET, now);
		} else {
			sched->running = NULL;
			park(task);
		}
		return;
	}
	if (now < sched->slice_end && sched->ready_end <= task->priority + 1u)
		return;
	sched->running = NULL;
	/* Who is preempted goes on first, who used up a slice last. */
	enqueue(task, now < sched->slice_end);
	sched->slice_end = 0;
}

static void begin_turn(uint64_t now)
{
	unsigned end = sched->ready_end;
	struct task *task;

	if (sched->running || end == 0)
		return;
	task = sched->ready[end - 1].head;
	dequeue(task);
	sched->running = task;
	sched->slice_end = 0;
	if (task->context)
		refills_begin(&task->context->refills, now);
}

static uint64_t next_event(uint64_t now)
{
	struct task *task = sched->running;
	uint64_t next = timeout_next(&sched->timeouts), budget;

	if (!task)
		return next;
	if (!sched->ready[task->priority].head)
		sched->slice_end = UINT64_MAX;
	else if (sched->slice_end == 0 || sched->slice_end == UINT64_MAX)
		sched->slice_end = now + SLICE_NS;
	if (sched->slice_end < next)
		next = sched->slice_end;
	if (sched->context) {
		budget = now + refills_amount(&sched->context->refills);
		if (budget < next)
			next = budget;
	}
	return next;
}

static void reschedule(void)
{
	uint64_t now = arch_now();
	struct timeout *t;

	charge(now);
	/* More of them are due at once: the timer comes back for the rest. */
	for (unsigned i = 0; i < TIMEOUTS_AT_ONCE; i++) {
		t = timeout_due(&sched->timeouts, now);
		if (!t)
			break;
		timeout_happens(t);
	}
	end_turn(now);
	begin_turn(now);
	sched->context = sched->running ? sched->running->context : NULL;
	sched->since = now;
	sched->reschedule = false;
	arch_timer(next_event(now));
}

struct task *sched_pick(void)
{
	if (sched->reschedule || !sched->running)
		reschedule();
	return sched->running;
}

struct task *sched_current(void)
{
	unsigned end = sched->ready_end;

	if (sched->running && sched->running->priority + 1u >= end)
		return sched->running;
	return end ? sched->ready[end - 1].head : NULL;
}
