/*
 * priority.c: who runs, and for how long. Priorities, their inheritance along
 * calls, and budgets: a task has what it was given, and the others the rest.
 */
#include "tests/kernel/cases.h"

#define SELF	caddr_root(BOOT_SLOT_TASK)
#define CONTROL caddr_root(BOOT_SLOT_SCHED_CONTROL)
#define MS	UINT64_C(1000000)
/* A period that has begun; and what a host may take of one's time. */
#define SLACK	(counts_instructions() ? 3 * MS : 30 * MS)

static volatile uint64_t count[3];
static struct caddr ep, reply, note;

static void make_objects(void)
{
	ep = make(OBJECT_ENDPOINT, 0);
	reply = make(OBJECT_REPLY, 0);
	note = make(OBJECT_NOTIFICATION, 0);
	for (unsigned i = 0; i < 3; i++)
		count[i] = 0;
}

static void spin(uint64_t n)
{
	for (;;)
		count[n]++;
}

static void wait_for(uint64_t nanoseconds)
{
	uint64_t bits;

	/* Long enough for the others to get that far on a busy host. */
	if (!counts_instructions())
		nanoseconds *= 20;
	EXPECT_EQUAL(notification_wait(note, sys_clock() + nanoseconds, &bits),
		     ERR_TIMEOUT);
}

static struct caddr spinner(unsigned n, unsigned priority)
{
	struct caddr task = thread_make(spin, n).task;

	EXPECT_OK(sys_task_set_priority(task, priority, priority));
	return task;
}

static void own_priority(unsigned priority)
{
	EXPECT_OK(sys_task_set_priority(SELF, priority, 255));
}

static void lower_ones_wait(void)
{
	struct caddr low;

	make_objects();
	own_priority(100);
	low = spinner(0, 99);
	EXPECT_OK(sys_task_set_active(low, 1));
	for (unsigned i = 0; i < 1000; i++)
		sys_yield();
	EXPECT_EQUAL(count[0], 0);
	wait_for(MS);
	EXPECT(count[0] > 0);
}

static void a_higher_one_runs_at_once(void)
{
	struct actor *a;

	make_objects();
	own_priority(100);
	a = make_actor(
		(const struct step[]){{SYS_RECV, note}, {SYS_RECV, note}}, 2);
	EXPECT_OK(sys_task_set_priority(a->thread.task, 101, 101));
	EXPECT_OK(sys_task_set_active(a->thread.task, 1));
	EXPECT_EQUAL(state_of(a->thread.task), TASK_LISTENING);
	EXPECT_OK(notify(note, 5));
	EXPECT_EQUAL(a->step[0].m.badge, 5);
	EXPECT_OK(sys_task_set_priority(a->thread.task, 99, 99));
	EXPECT_OK(notify(note, 6));
	EXPECT_EQUAL(a->step[1].error, NOT_YET);
}

static void the_highest_of_three(void)
{
	struct caddr task[3];

	make_objects();
	own_priority(200);
	for (unsigned i = 0; i < 3; i++) {
		task[i] = spinner(i, 50 + 10 * i);
		EXPECT_OK(sys_task_set_active(task[i], 1));
	}
	wait_for(MS);
	EXPECT(count[0] == 0 && count[1] == 0 && count[2] > 0);
	EXPECT_OK(sys_task_set_active(task[2], 0));
	wait_for(MS);
	EXPECT(count[0] == 0 && count[1] > 0);
	EXPECT_OK(sys_task_set_priority(task[0], 61, 61));
	wait_for(MS);
	EXPECT(count[0] > 0);
}

static void equals_take_turns(void)
{
	make_objects();
	own_priority(200);
	for (unsigned i = 0; i < 3; i++)
		EXPECT_OK(sys_task_set_active(spinner(i, 60), 1));
	wait_for(200 * MS);
	for (unsigned i = 0; i < 3; i++)
		EXPECT(count[i] > count[(i + 1) % 3] / 2);
}

static void priorities_out_of_range(void)
{
	struct caddr task = make(OBJECT_TASK, 0);

	EXPECT_EQUAL(sys_task_set_priority(task, 256, 0), ERR_RANGE);
	EXPECT_EQUAL(sys_task_set_priority(task, 0, 256), ERR_RANGE);
	EXPECT_EQUAL(sys_task_set_priority(task, UINT64_MAX, 0), ERR_RANGE);
	EXPECT_OK(sys_task_set_priority(task, 255, 255));
	EXPECT_EQUAL(priority_of(task), 255);
	EXPECT_OK(sys_task_set_priority(task, 0, 0));
	EXPECT_EQUAL(priority_of(task), 0);
}

static volatile uint64_t tried[3];

static void try_to_rise(uint64_t slot)
{
	struct caddr self = caddr_root(slot);

	tried[0] = sys_task_set_priority(self, 121, 0);
	tried[1] = sys_task_set_priority(self, 0, 121);
	tried[2] = sys_task_set_priority(self, 120, 120);
}

static void no_higher_than_the_maximum(void)
{
	struct thread t = thread_make(try_to_rise, 0);

	make_objects();
	own_priority(130);
	EXPECT_OK(sys_task_set_arg(t.task, t.task.path));
	EXPECT_OK(sys_task_set_priority(t.task, 110, 120));
	EXPECT_OK(sys_task_set_active(t.task, 1));
	wait_for(MS);
	EXPECT_EQUAL(tried[0], ERR_NO_RIGHT);
	EXPECT_EQUAL(tried[1], ERR_NO_RIGHT);
	EXPECT_EQUAL(tried[2], ERR_OK);
	EXPECT_EQUAL(priority_of(t.task), 120);
}

static void a_server_inherits(void)
{
	struct actor *server, *caller;

	make_objects();
	own_priority(200);
	server = START({SYS_RECV, ep, reply}, {SYS_RECV, note},
		       {SYS_SEND, reply}, {SYS_RECV, note});
	caller = make_actor((const struct step[]){{SYS_CALL, ep}}, 1);
	EXPECT_OK(sys_task_set_priority(server->thread.task, 20, 20));
	EXPECT_OK(sys_task_set_priority(caller->thread.task, 90, 90));
	wait_for(MS);
	EXPECT_EQUAL(priority_of(server->thread.task), 20);
	EXPECT_OK(sys_task_set_active(caller->thread.task, 1));
	wait_for(MS);
	EXPECT_EQUAL(priority_of(server->thread.task), 90);
	/* What its caller is given it has, too. */
	EXPECT_OK(sys_task_set_priority(caller->thread.task, 95, 95));
	EXPECT_EQUAL(priority_of(server->thread.task), 95);
	EXPECT_OK(notify(note, 1));
	wait_for(MS);
	EXPECT_EQUAL(caller->step[0].error, ERR_OK);
	EXPECT_EQUAL(priority_of(server->thread.task), 20);
}

static void a_chain_inherits(void)
{
	struct caddr ep2, reply2;
	struct actor *first, *second, *caller;

	make_objects();
	own_priority(200);
	ep2 = make(OBJECT_ENDPOINT, 0);
	reply2 = make(OBJECT_REPLY, 0);
	second = START({SYS_RECV, ep2, reply2}, {SYS_RECV, note},
		       {SYS_SEND, reply2});
	first = START({SYS_RECV, ep, reply}, {SYS_CALL, ep2},
		      {SYS_SEND, reply});
	caller = make_actor((const struct step[]){{SYS_CALL, ep}}, 1);
	EXPECT_OK(sys_task_set_priority(second->thread.task, 10, 10));
	EXPECT_OK(sys_task_set_priority(first->thread.task, 20, 20));
	EXPECT_OK(sys_task_set_priority(caller->thread.task, 30, 30));
	EXPECT_OK(sys_task_set_active(caller->thread.task, 1));
	wait_for(MS);
	EXPECT_EQUAL(priority_of(second->thread.task), 30);
	EXPECT_EQUAL(priority_of(first->thread.task), 30);
	EXPECT_OK(sys_task_set_active(caller->thread.task, 0));
	EXPECT_EQUAL(priority_of(second->thread.task), 20);
	EXPECT_EQUAL(priority_of(first->thread.task), 20);
}

/* One of middle priority cannot keep who calls a low server waiting. */
static void no_inversion(void)
{
	struct actor *server, *caller;

	make_objects();
	own_priority(200);
	server = START({SYS_RECV, ep, reply}, {SYS_SEND, reply});
	caller = make_actor((const struct step[]){{SYS_CALL, ep}}, 1);
	EXPECT_OK(sys_task_set_priority(server->thread.task, 10, 10));
	EXPECT_OK(sys_task_set_priority(caller->thread.task, 90, 90));
	wait_for(MS);
	EXPECT_OK(sys_task_set_active(spinner(0, 50), 1));
	EXPECT_OK(sys_task_set_active(caller->thread.task, 1));
	wait_for(5 * MS);
	EXPECT_EQUAL(caller->step[0].error, ERR_OK);
}

/* ---- budgets ---- */

static struct caddr make_context(uint64_t budget, uint64_t period)
{
	struct caddr context = make(OBJECT_SCHED_CONTEXT, 0);

	EXPECT_OK(sys_sched_control_set(CONTROL, context, budget, period));
	return context;
}

static uint64_t consumed(struct caddr context)
{
	uint64_t used = 0;

	EXPECT_OK(sys_sched_context_info(context, NULL, NULL, &used));
	return used;
}

static void a_budget_is_kept(void)
{
	uint64_t from;
	struct caddr context, task, low;

	make_objects();
	own_priority(200);
	context = make_context(2 * MS, 20 * MS);
	task = spinner(0, 100);
	low = spinner(1, 50);
	EXPECT_OK(sys_task_set_context(task, context));
	EXPECT_OK(sys_task_set_active(task, 1));
	EXPECT_OK(sys_task_set_active(low, 1));
	from = sys_clock();
	wait_for(200 * MS);
	/* Ten periods or, on a busy host, more; another may have begun. */
	EXPECT(consumed(context) > 15 * MS);
	EXPECT(consumed(context) <= (sys_clock() - from) / 10 + SLACK);
	EXPECT(count[0] > 0);
	EXPECT(count[1] > 5 * count[0]); /* it does not starve */
}

/* One that has used up its budget, for a second. */
static struct caddr parked(struct caddr context)
{
	struct caddr task = spinner(0, 100);

	EXPECT_OK(sys_task_set_context(task, context));
	EXPECT_OK(sys_task_set_active(task, 1));
	wait_for(10 * MS);
	EXPECT_EQUAL(state_of(task), TASK_PARKED);
	return task;
}

static void a_used_up_task_is_parked(void)
{
	struct caddr task, context;

	make_objects();
	own_priority(200);
	context = make_context(MS, 1000 * MS);
	task = parked(context);
	EXPECT_OK(sys_sched_control_set(CONTROL, context, MS, MS));
	wait_for(10 * MS);
	EXPECT_EQUAL(state_of(task), TASK_READY);
	EXPECT_OK(sys_sched_control_set(CONTROL, context, MS, 1000 * MS));
	wait_for(10 * MS);
	EXPECT_EQUAL(state_of(task), TASK_PARKED);
	EXPECT_OK(sys_task_set_context(task, CADDR_ANY));
	EXPECT_EQUAL(state_of(task), TASK_READY);
}

static void the_end_of_a_budget_is_told(void)
{
	struct step step = {SYS_RECV};
	struct caddr task;

	make_objects();
	own_priority(200);
	task = spinner(0, 100);
	EXPECT_OK(sys_task_set_context(task, make_context(MS, 1000 * MS)));
	EXPECT_OK(sys_task_set_fault_handler(task, FAULT_ON_BUDGET, ep));
	EXPECT_OK(sys_task_set_active(task, 1));
	step.target = ep;
	step.reply = reply;
	step.deadline = sys_clock() + 100 * MS;
	EXPECT_OK(do_step(&step));
	EXPECT_EQUAL(MESSAGE_LABEL_OF(step.m.info), FAULT_BUDGET);
	EXPECT_OK(sys_task_set_context(task, CADDR_ANY));
	EXPECT_OK(message_send(reply, (struct message){0}));
	EXPECT_EQUAL(state_of(task), TASK_READY);
}

static void spin_and_serve(uint64_t unused)
{
	struct message m = {0};

	if (message_receive(ep, reply, &m))
		return;
	for (uint64_t until = sys_clock() + 3 * MS; sys_clock() < until;)
		count[0]++;
	message_send(reply, m);
	spin(1);
}

static void a_server_runs_on_its_callers_budget(void)
{
	uint64_t used, served;
	struct caddr context;
	struct thread server;
	struct actor *caller;

	make_objects();
	own_priority(200);
	context = make_context(10 * MS, 20 * MS);
	server = thread_start(spin_and_serve, 0);
	EXPECT_OK(sys_task_set_priority(server.task, 100, 100));
	caller = make_actor((const struct step[]){{SYS_CALL, ep}}, 1);
	EXPECT_OK(sys_task_set_context(caller->thread.task, context));
	EXPECT_OK(sys_task_set_priority(caller->thread.task, 100, 100));
	wait_for(MS);
	EXPECT_OK(sys_task_set_active(caller->thread.task, 1));
	for (int i = 0; i < 100 && count[1] == 0; i++)
		wait_for(10 * MS);
	wait_for(10 * MS);
	EXPECT_EQUAL(caller->step[0].error, ERR_OK);
	used = consumed(context);
	EXPECT(used >= 3 * MS);
	EXPECT(used < 5 * MS || !counts_instructions());
	/* What the server does now is not the caller's. */
	served = count[1];
	wait_for(10 * MS);
	EXPECT(count[1] > served);
	EXPECT_EQUAL(consumed(context), used);
}

static void a_context_is_one_tasks(void)
{
	struct caddr context, one, two;

	context = make_context(MS, 2 * MS);
	one = make(OBJECT_TASK, 0);
	two = make(OBJECT_TASK, 0);
	EXPECT_OK(sys_task_set_context(one, context));
	EXPECT_OK(sys_task_set_context(one, context));
	EXPECT_EQUAL(sys_task_set_context(two, context), ERR_BAD_STATE);
	EXPECT_OK(sys_cpool_delete(ROOT, one.path));
	EXPECT_OK(sys_task_set_context(two, context));
	EXPECT_OK(sys_task_set_context(two, CADDR_ANY));
	EXPECT_OK(sys_task_set_context(two, context));
	EXPECT_OK(sys_cpool_revoke(ROOT, context.path));
	EXPECT_OK(sys_task_set_context(make(OBJECT_TASK, 0), context));
}

static void a_context_goes(void)
{
	struct caddr context, task;

	make_objects();
	own_priority(200);
	context = make_context(MS, 1000 * MS);
	task = parked(context);
	EXPECT_OK(sys_cpool_revoke(ROOT, context.path));
	EXPECT_OK(sys_cpool_delete(ROOT, context.path));
	wait_for(5 * MS);
	EXPECT_EQUAL(state_of(task), TASK_READY);
}

static void budgets_out_of_range(void)
{
	static const struct {
		uint64_t budget, period;
		enum error error;
	} rows[] = {
		{9999, 1000000, ERR_RANGE},
		{10000, 10000, ERR_OK},
		{10001, 10000, ERR_RANGE},
		{10000, UINT64_C(1) << 40, ERR_OK},
		{UINT64_C(1) << 40, UINT64_C(1) << 40, ERR_OK},
		{10000, (UINT64_C(1) << 40) + 1, ERR_RANGE},
		{0, 0, ERR_RANGE},
		{UINT64_MAX, UINT64_MAX, ERR_RANGE},
	};
	struct caddr context = make(OBJECT_SCHED_CONTEXT, 0);

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t budget = 0, period = 0;

		EXPECT_EQUAL(sys_sched_control_set(CONTROL, context,
						   rows[i].budget,
						   rows[i].period),
			     rows[i].error);
		if (rows[i].error)
			continue;
		EXPECT_OK(sys_sched_context_info(context, &budget, &period,
						 NULL));
		EXPECT_EQUAL(budget, rows[i].budget);
		EXPECT_EQUAL(period, rows[i].period);
	}
}

int user_main(const struct boot_info *info)
{
	static const struct test_case cases[] = {
		{"lower priorities wait", lower_ones_wait},
		{"a higher one runs at once", a_higher_one_runs_at_once},
		{"the highest of three", the_highest_of_three},
		{"equals take turns", equals_take_turns},
		{"priorities out of range", priorities_out_of_range},
		{"no higher than the maximum", no_higher_than_the_maximum},
		{"a server inherits its caller's priority", a_server_inherits},
		{"so does a chain of servers", a_chain_inherits},
		{"the middle does not hold up the high", no_inversion},
		{"a budget is kept, and nobody starves", a_budget_is_kept},
		{"a used up task is parked", a_used_up_task_is_parked},
		{"a handler learns of the end of a budget",
		 the_end_of_a_budget_is_told},
		{"a server runs on its caller's budget",
		 a_server_runs_on_its_callers_budget},
		{"a scheduling context is one task's", a_context_is_one_tasks},
		{"a scheduling context goes", a_context_goes},
		{"budgets out of range", budgets_out_of_range},
	};

	return RUN_CASES(cases);
}
