/*
 * waiting.c: tasks that wait at channels: for an entry, and for room. They
 * are served as they came, end at their deadlines, go with the channel, and
 * overwriting waits for nobody.
 */
#include "tests/kernel/cases.h"

/* Longer than some calls of the kernel that checks itself. */
#define TIME UINT64_C(10000000)

/* One call on the channel, by a task of its own. */
struct op {
	unsigned label;
	uint64_t word[2]; /* a take: flags, slot; a put: value, flags */
	unsigned depths;  /* of a path among them */
	uint64_t deadline;
	volatile uint64_t error, kind, value, turn;
	struct actor *actor;
};

static struct op ops[ACTORS];
static unsigned op_count;
static volatile uint64_t turns;
static struct caddr channel;

static void invoke(struct op *op)
{
	register uint64_t r10 __asm__("r10") = op->word[1];
	register uint64_t r13 __asm__("r13") = op->deadline;
	uint64_t rax = SYS_INVOKE, rdx = op->word[0];

	__asm__ volatile("syscall"
			 : "+a"(rax), "+d"(rdx), "+r"(r10)
			 : "D"(channel.path),
			   "S"(INFO(op->label, 2, channel.depth, op->depths)),
			   "r"(r13)
			 : "rcx", "r11", "memory");
	op->kind = rdx;
	op->value = r10;
	op->error = rax;
}

static void act(uint64_t n)
{
	invoke(&ops[n]);
	ops[n].turn = ++turns;
	sys_exit();
}

static struct op *start(struct op op)
{
	struct op *o = &ops[op_count];

	*o = op;
	o->error = NOT_YET;
	o->actor = start_function(act, op_count++);
	return o;
}

static struct op *taker(void)
{
	return start((struct op){CHANNEL_TAKE});
}

static struct op *putter(uint64_t value)
{
	return start((struct op){CHANNEL_PUT_RAW, {value}});
}

static struct caddr task_of(const struct op *op)
{
	return op->actor->thread.task;
}

static void make_channel(unsigned bits)
{
	op_count = 0;
	turns = 0;
	channel = make(OBJECT_CHANNEL, bits);
}

static void put(uint64_t value)
{
	EXPECT_OK(sys_channel_put_raw(channel, value, CHANNEL_TRY));
}

/* The channel's entries are these numbers, and no more. */
static void expect_entries(const char *values)
{
	struct taken got = {0};

	for (; *values; values++) {
		EXPECT_OK(sys_channel_take(channel, CHANNEL_TRY, CADDR_ANY,
					   &got));
		EXPECT_EQUAL(got.value, (uint64_t)(*values - '0'));
	}
	EXPECT_EQUAL(sys_channel_take(channel, CHANNEL_TRY, CADDR_ANY, &got),
		     ERR_WOULD_BLOCK);
}

/* Its turn, or 0: any, for others were woken at the same time. */
static void expect_done(const struct op *op, uint64_t turn)
{
	yield_often();
	EXPECT_OK(op->error);
	EXPECT(turn ? op->turn == turn : op->turn > 0);
}

static void expect_waits(const struct op *op, enum abi_task_state state)
{
	yield_often();
	EXPECT_EQUAL(op->error, NOT_YET);
	EXPECT_EQUAL(state_of(task_of(op)), state);
}

static void sleep_until(uint64_t time)
{
	struct caddr note = make(OBJECT_NOTIFICATION, 0);
	uint64_t bits;

	EXPECT_EQUAL(notification_wait(note, time, &bits), ERR_TIMEOUT);
	yield_often();
}

static void takers_as_they_came(void)
{
	struct op *a, *b, *c;

	make_channel(1);
	a = taker();
	b = taker();
	c = taker();
	expect_waits(a, TASK_WAITING);
	put(5);
	expect_done(a, 1);
	expect_waits(b, TASK_WAITING);
	put(6);
	put(7);
	expect_done(b, 0);
	expect_done(c, 0);
	EXPECT_EQUAL(a->value, 5);
	EXPECT_EQUAL(b->value, 6);
	EXPECT_EQUAL(c->value, 7);
	EXPECT_EQUAL(c->kind, CHANNEL_RAW);
	expect_entries("");
}

/* By when they came, not by who they are. */
static void priority_is_no_matter(void)
{
	struct op *a, *b;

	make_channel(1);
	a = taker();
	b = taker();
	EXPECT_OK(sys_task_set_priority(task_of(b), 110, 110));
	put(5);
	expect_done(a, 1);
	expect_waits(b, TASK_WAITING);
}

static void putters_as_they_came(void)
{
	struct op *a, *b, *c;

	make_channel(1);
	put(1);
	put(2);
	a = putter(3);
	b = putter(4);
	c = putter(5);
	expect_waits(a, TASK_PUTTING);
	EXPECT_EQUAL(sys_channel_put_raw(channel, 9, CHANNEL_TRY),
		     ERR_WOULD_BLOCK);
	expect_waits(c, TASK_PUTTING);
	expect_entries("12345");
	expect_done(a, 0);
	expect_done(b, 0);
	expect_done(c, 0);
}

static void one_place_one_putter(void)
{
	struct op *a, *b;
	struct taken got;

	make_channel(0);
	put(1);
	a = putter(2);
	b = putter(3);
	EXPECT_OK(sys_channel_take(channel, 0, CADDR_ANY, &got));
	EXPECT_EQUAL(got.value, 1);
	expect_done(a, 1);
	expect_waits(b, TASK_PUTTING);
	expect_entries("23");
}

static void overwriting(void)
{
	struct op *a;

	make_channel(1);
	for (unsigned i = 1; i < 6; i++)
		EXPECT_OK(sys_channel_put_raw(channel, i, CHANNEL_OVERWRITE));
	expect_entries("45");
	a = taker();
	EXPECT_OK(sys_channel_put_raw(channel, 7, CHANNEL_OVERWRITE));
	expect_done(a, 1);
	EXPECT_EQUAL(a->value, 7);
	expect_entries("");
}

/* The oldest entry is lost, not those that wait to be put. */
static void overwriting_before_putters(void)
{
	struct op *a;

	make_channel(1);
	put(1);
	put(2);
	a = putter(3);
	EXPECT_OK(sys_channel_put_raw(channel, 4, CHANNEL_OVERWRITE));
	expect_waits(a, TASK_PUTTING);
	expect_entries("243");
}

static void overwriting_a_capability(void)
{
	struct caddr note = make(OBJECT_NOTIFICATION, 0);

	make_channel(0);
	EXPECT_OK(sys_channel_put_cap(channel, note, CHANNEL_TRY));
	EXPECT_OK(sys_cpool_delete(ROOT, note.path)); /* lives in there */
	EXPECT_OK(sys_channel_put_raw(channel, 1, CHANNEL_OVERWRITE));
	expect_entries("1");
}

static void a_take_with_a_deadline(void)
{
	uint64_t before = sys_clock();
	struct op op = {CHANNEL_TAKE, {CHANNEL_DEADLINE}, 0, before + TIME};
	struct taken got;

	make_channel(0);
	op.error = NOT_YET;
	invoke(&op);
	EXPECT_EQUAL(op.error, ERR_TIMEOUT);
	EXPECT(sys_clock() >= before + TIME);
	op.deadline = 1; /* long past */
	invoke(&op);
	EXPECT_EQUAL(op.error, ERR_TIMEOUT);
	put(5);
	invoke(&op);
	EXPECT_OK(op.error); /* no wait, no deadline */
	EXPECT_EQUAL(op.value, 5);
	EXPECT_EQUAL(sys_channel_take(channel, CHANNEL_TRY, CADDR_ANY, &got),
		     ERR_WOULD_BLOCK);
}

static void a_put_with_a_deadline(void)
{
	uint64_t before = sys_clock();
	struct op op = {CHANNEL_PUT_RAW,
			{2, CHANNEL_DEADLINE},
			.deadline = before + TIME};

	make_channel(0);
	put(1);
	invoke(&op);
	EXPECT_EQUAL(op.error, ERR_TIMEOUT);
	EXPECT(sys_clock() >= before + TIME);
	expect_entries("1");
	invoke(&op);
	EXPECT_OK(op.error);
	expect_entries("2");
}

/* Two with deadlines, the later first: each at its own, others stay. */
static void deadlines_apart(void)
{
	uint64_t now = sys_clock();
	struct op *a, *b, *c;

	make_channel(0);
	a = start((struct op){
		CHANNEL_TAKE, {CHANNEL_DEADLINE}, .deadline = now + 4 * TIME});
	b = start((struct op){
		CHANNEL_TAKE, {CHANNEL_DEADLINE}, .deadline = now + 2 * TIME});
	c = taker();
	sleep_until(now + 2 * TIME);
	EXPECT_EQUAL(b->error, ERR_TIMEOUT);
	EXPECT_EQUAL(a->error, NOT_YET);
	sleep_until(now + 4 * TIME);
	EXPECT_EQUAL(a->error, ERR_TIMEOUT);
	expect_waits(c, TASK_WAITING);
	put(3);
	expect_done(c, 3);
}

static void served_before_its_deadline(void)
{
	uint64_t until = sys_clock() + 3 * TIME;
	struct op *a;

	make_channel(0);
	a = start((struct op){
		CHANNEL_TAKE, {CHANNEL_DEADLINE}, .deadline = until});
	put(3);
	expect_done(a, 1);
	sleep_until(until + TIME);
	EXPECT_OK(a->error);
}

static void the_channel_goes_with_takers(void)
{
	struct op *a, *b;

	make_channel(0);
	a = taker();
	b = start((struct op){CHANNEL_TAKE,
			      {CHANNEL_DEADLINE},
			      .deadline = sys_clock() + TIME});
	EXPECT_OK(sys_cpool_delete(ROOT, channel.path));
	yield_often();
	EXPECT_EQUAL(a->error, ERR_GONE);
	EXPECT_EQUAL(b->error, ERR_GONE);
}

static void the_channel_goes_with_putters(void)
{
	struct op *a, *b;

	make_channel(0);
	put(1);
	a = putter(2);
	b = putter(3);
	EXPECT_OK(sys_cpool_delete(ROOT, channel.path));
	yield_often();
	EXPECT_EQUAL(a->error, ERR_GONE);
	EXPECT_EQUAL(b->error, ERR_GONE);
}

static void the_memory_is_revoked(void)
{
	struct caddr memory = make(OBJECT_UNTYPED, 65536);
	struct op *a;

	make_channel(0);
	EXPECT_OK(sys_cpool_delete(ROOT, channel.path));
	EXPECT_OK(sys_untyped_retype(memory, OBJECT_CHANNEL, 0, 1, channel,
				     NULL));
	a = taker();
	expect_waits(a, TASK_WAITING);
	EXPECT_OK(sys_cpool_revoke(ROOT, memory.path));
	yield_often();
	EXPECT_EQUAL(a->error, ERR_GONE);
}

static void a_waiter_goes(void)
{
	struct op *a, *b;

	make_channel(0);
	a = taker();
	b = taker();
	EXPECT_OK(sys_cpool_delete(ROOT, task_of(a).path));
	put(4);
	expect_done(b, 1);
	EXPECT_EQUAL(b->value, 4);
	put(1);
	a = putter(2);
	b = putter(3);
	EXPECT_OK(sys_cpool_delete(ROOT, task_of(a).path));
	expect_entries("13");
	expect_done(b, 2);
}

/* Stopped it is out of the queue; started it is at its end. */
static void a_waiter_is_stopped(void)
{
	struct op *a, *b;

	make_channel(0);
	a = taker();
	b = taker();
	EXPECT_OK(sys_task_set_active(task_of(a), 0));
	EXPECT_OK(sys_task_set_active(task_of(a), 1));
	put(1);
	expect_done(b, 1);
	put(2);
	expect_done(a, 2);
	put(3);
	a = putter(4);
	EXPECT_OK(sys_task_set_active(task_of(a), 0));
	expect_entries("3");
	EXPECT_OK(sys_task_set_active(task_of(a), 1));
	expect_done(a, 3);
	expect_entries("4");
}

/* A capability for one without a slot for it: that is its error alone. */
static void a_capability_without_a_place(void)
{
	struct caddr note = make(OBJECT_NOTIFICATION, 0), slot = empty_slot();
	struct op *a, *b;

	make_channel(0);
	a = start((struct op){CHANNEL_TAKE, {0, ROOT.path}, 1});
	b = start((struct op){CHANNEL_TAKE, {0, slot.path}, 1});
	EXPECT_OK(sys_channel_put_cap(channel, note, CHANNEL_TRY));
	yield_often();
	EXPECT_EQUAL(a->error, ERR_SLOT_TAKEN);
	EXPECT_OK(b->error);
	EXPECT_EQUAL(b->kind, CHANNEL_CAP);
	EXPECT_EQUAL(type_in(ROOT, slot.path), OBJECT_NOTIFICATION);
}

/* What is put after a wait is what the path leads to by then. */
static void a_capability_that_changes(void)
{
	struct caddr slot = make(OBJECT_NOTIFICATION, 0), to = empty_slot();
	struct op *a, *b;
	struct taken got;

	make_channel(0);
	put(1);
	a = start((struct op){CHANNEL_PUT_CAP, {slot.path}, 1});
	expect_waits(a, TASK_PUTTING);
	EXPECT_OK(sys_cpool_delete(ROOT, slot.path));
	EXPECT_OK(sys_untyped_retype(CASE_MEMORY, OBJECT_ENDPOINT, 0, 1, slot,
				     NULL));
	EXPECT_OK(sys_channel_take(channel, CHANNEL_TRY, CADDR_ANY, &got));
	expect_done(a, 1);
	b = start((struct op){CHANNEL_PUT_CAP, {slot.path}, 1});
	EXPECT_OK(sys_channel_take(channel, CHANNEL_TRY, to, &got));
	EXPECT_EQUAL(type_in(ROOT, to.path), OBJECT_ENDPOINT);
	expect_done(b, 2);
	EXPECT_OK(sys_cpool_delete(ROOT, to.path));
	b = start((struct op){CHANNEL_PUT_CAP, {slot.path}, 1});
	expect_waits(b, TASK_PUTTING);
	EXPECT_OK(sys_cpool_delete(ROOT, slot.path));
	EXPECT_OK(sys_channel_take(channel, CHANNEL_TRY, to, &got));
	yield_often();
	EXPECT_EQUAL(b->error, ERR_EMPTY_SLOT);
}

static void flags_that_are_refused(void)
{
	struct taken got;

	make_channel(0);
	EXPECT_EQUAL(sys_channel_put_raw(channel, 1, 8), ERR_RANGE);
	EXPECT_EQUAL(sys_channel_put_raw(channel, 1, UINT64_MAX), ERR_RANGE);
	EXPECT_EQUAL(
		sys_channel_take(channel, CHANNEL_OVERWRITE, CADDR_ANY, &got),
		ERR_RANGE);
	EXPECT_EQUAL(sys_channel_take(minted(channel, RIGHT_WRITE, 0), 0,
				      CADDR_ANY, &got),
		     ERR_NO_RIGHT);
	EXPECT_EQUAL(sys_channel_put_raw(minted(channel, RIGHT_READ, 0), 1,
					 CHANNEL_OVERWRITE),
		     ERR_NO_RIGHT);
}

int user_main(const struct boot_info *info)
{
	static const struct test_case cases[] = {
		{"takers are served as they came", takers_as_they_came},
		{"the same, elsewhere", takers_as_they_came, true},
		{"whatever their priority", priority_is_no_matter},
		{"putters are served as they came", putters_as_they_came},
		{"the same, elsewhere", putters_as_they_came, true},
		{"one place, one putter", one_place_one_putter},
		{"overwriting", overwriting},
		{"overwriting while others wait to put",
		 overwriting_before_putters},
		{"overwriting a capability", overwriting_a_capability},
		{"a take with a deadline", a_take_with_a_deadline},
		{"a put with a deadline", a_put_with_a_deadline},
		{"deadlines apart", deadlines_apart},
		{"served before its deadline", served_before_its_deadline},
		{"the channel goes while tasks take",
		 the_channel_goes_with_takers},
		{"the channel goes while tasks put",
		 the_channel_goes_with_putters},
		{"its memory is revoked", the_memory_is_revoked},
		{"one that waits goes", a_waiter_goes},
		{"one that waits is stopped", a_waiter_is_stopped},
		{"a capability that finds no place",
		 a_capability_without_a_place},
		{"a capability that changes during the wait",
		 a_capability_that_changes},
		{"flags and rights that are refused", flags_that_are_refused},
	};

	return RUN_CASES(cases);
}
