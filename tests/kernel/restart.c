/*
 * restart.c: calls that are broken off by interrupts and made again, here by a
 * task above ours that wakes every few microseconds. They end as if nothing
 * had been, also if by then nothing is left of the path to their target.
 */
#include "tests/kernel/cases.h"

#define TICK	   10000 /* ns */
#define MANY	   200	 /* tasks to delete: some 80 us */
#define FIRST	   16
#define ROOM	   (UINT64_C(2) << 20)

#define SELF	   caddr_root(BOOT_SLOT_TASK)
#define UNFINISHED UINT64_C(1000)
#define USUAL	   100 /* priority */

static volatile uint64_t ticks, result;
static struct caddr note;

static void tick(uint64_t argument)
{
	uint64_t bits;

	while (notification_wait(note, sys_clock() + TICK, &bits) ==
	       ERR_TIMEOUT)
		ticks++;
	sys_exit();
}

static void start_ticking(void)
{
	struct actor *a;

	note = make(OBJECT_NOTIFICATION, 0);
	ticks = 0;
	a = start_function(tick, 0);
	EXPECT_OK(sys_task_set_priority(a->thread.task, 200, 200));
}

static void fill(struct caddr memory, struct caddr pool)
{
	EXPECT_OK(sys_untyped_retype(memory, OBJECT_TASK, 0, MANY,
				     caddr_in(pool, FIRST), NULL));
}

static void nothing_odd(void)
{
	struct caddr pool = make(OBJECT_CPOOL, 0);
	uint64_t before;

	start_ticking();
	fill(CASE_MEMORY, pool);
	before = ticks;
	EXPECT_OK(sys_cpool_delete(ROOT, pool.path));
	EXPECT(ticks - before > 2);
}

/* A pool, and in it the root pool, by which it is deleted. */
static void delete_the_path(void)
{
	struct caddr pool = make(OBJECT_CPOOL, 0);
	uint64_t before;

	start_ticking();
	fill(CASE_MEMORY, pool);
	EXPECT_OK(sys_cpool_copy(pool, 3, ROOT));
	before = ticks;
	EXPECT_OK(sys_cpool_delete(caddr_in(pool, 3), pool.path));
	EXPECT(ticks - before > 2);
	EXPECT_EQUAL(type_in(ROOT, pool.path), OBJECT_NULL);
}

static void revoke_the_path(void)
{
	struct caddr memory = make(OBJECT_UNTYPED, ROOM);
	struct caddr pool = empty_slot(), bag = make(OBJECT_CPOOL, 0);
	uint64_t before, left;

	start_ticking();
	EXPECT_OK(sys_untyped_retype(memory, OBJECT_CPOOL, 0, 1, pool, NULL));
	EXPECT_OK(sys_cpool_copy(pool, 3, ROOT));
	fill(memory, bag);
	EXPECT_OK(sys_cpool_copy(bag, 1, pool));
	EXPECT_OK(sys_cpool_copy(bag, 2, caddr_in(bag, 1)));
	before = ticks;
	EXPECT_OK(sys_cpool_revoke(caddr_in(pool, 3), memory.path));
	EXPECT(ticks - before > 2);
	EXPECT_OK(sys_untyped_info(memory, NULL, &left, NULL));
	EXPECT_EQUAL(left, ROOM);
	EXPECT_EQUAL(type_in(ROOT, pool.path), OBJECT_NULL);
	EXPECT_EQUAL(type_in(bag, 2), OBJECT_NULL);
}

/* The Untyped lies in the one pool that the path leads to. */
static void revoke_the_slot_itself(void)
{
	struct caddr memory = make(OBJECT_UNTYPED, ROOM);
	struct caddr pool = empty_slot(), bag = make(OBJECT_CPOOL, 0);
	struct caddr inner = caddr_in(pool, 3);

	start_ticking();
	EXPECT_OK(sys_untyped_retype(memory, OBJECT_CPOOL, 0, 1, pool, NULL));
	EXPECT_OK(sys_untyped_retype(memory, OBJECT_CPOOL, 0, 1, inner, NULL));
	fill(memory, bag);
	EXPECT_OK(sys_cpool_move(inner, 0, memory));
	EXPECT_OK(sys_cpool_revoke(inner, 0));
	EXPECT_EQUAL(type_in(ROOT, pool.path), OBJECT_NULL);
	EXPECT_EQUAL(type_in(bag, FIRST), OBJECT_NULL);
}

/* By a task whose root pool is made of what it revokes, from its slot 5. */
static void revoke_the_root(uint64_t index)
{
	result = sys_cpool_revoke(caddr_root(5), index);
	sys_exit();
}

static struct thread rootless(struct caddr memory, struct caddr bag)
{
	struct caddr pool = empty_slot();
	struct thread t = thread_make(revoke_the_root, memory.path);

	result = UNFINISHED;
	EXPECT_OK(sys_untyped_retype(memory, OBJECT_CPOOL, 0, 1, pool, NULL));
	EXPECT_OK(sys_cpool_copy(pool, 5, ROOT));
	fill(memory, bag);
	EXPECT_OK(sys_task_set_cpool(t.task, pool));
	return t;
}

static void revoke_ones_own_root(void)
{
	struct caddr memory = make(OBJECT_UNTYPED, ROOM);
	struct caddr bag = make(OBJECT_CPOOL, 0);
	struct thread t = rootless(memory, bag);
	uint64_t before = ticks, left;

	start_ticking();
	EXPECT_OK(sys_task_set_active(t.task, 1));
	EXPECT(await_state(t.task, TASK_INACTIVE));
	EXPECT_OK(result);
	EXPECT(ticks - before > 2);
	EXPECT_OK(sys_untyped_info(memory, NULL, &left, NULL));
	EXPECT_EQUAL(left, ROOM);
}

/* Stopped in the midst of it, and going on. */
static void revoke_with_a_pause(void)
{
	struct caddr memory = make(OBJECT_UNTYPED, ROOM);
	struct caddr bag = make(OBJECT_CPOOL, 0);
	struct thread t = rootless(memory, bag);
	uint64_t bits;

	note = make(OBJECT_NOTIFICATION, 0);
	EXPECT_OK(sys_task_set_priority(SELF, 255, 255));
	EXPECT_OK(sys_task_set_active(t.task, 1));
	for (int i = 0; i < 5; i++) {
		notification_wait(note, sys_clock() + TICK, &bits);
		if (result != UNFINISHED) {
			/* It may be so quick where ticks are late. */
			EXPECT(!counts_instructions());
			break;
		}
		EXPECT_OK(sys_task_set_active(t.task, 0));
		notification_wait(note, sys_clock() + TICK, &bits);
		EXPECT_OK(sys_task_set_active(t.task, 1));
	}
	EXPECT_OK(sys_task_set_priority(SELF, USUAL, 255));
	EXPECT(await_state(t.task, TASK_INACTIVE));
	EXPECT_OK(result);
	EXPECT_EQUAL(type_in(bag, FIRST), OBJECT_NULL);
}

static void set_result(uint64_t value)
{
	uint64_t type;

	result = sys_cpool_type(ROOT, value, &type) ? UNFINISHED : type;
	sys_exit();
}

/* Stopped, and started elsewhere: that call is its own. */
static void revoke_given_up(void)
{
	struct caddr memory = make(OBJECT_UNTYPED, ROOM);
	struct caddr bag = make(OBJECT_CPOOL, 0);
	struct thread t = rootless(memory, bag);
	uint64_t bits;

	note = make(OBJECT_NOTIFICATION, 0);
	EXPECT_OK(sys_task_set_cpool(t.task, ROOT));
	EXPECT_OK(sys_cpool_copy(bag, 5, ROOT));
	EXPECT_OK(sys_task_set_cpool(t.task, bag));
	EXPECT_OK(sys_task_set_priority(SELF, 255, 255));
	EXPECT_OK(sys_task_set_active(t.task, 1));
	notification_wait(note, sys_clock() + TICK, &bits);
	EXPECT_OK(sys_task_set_active(t.task, 0));
	EXPECT(result == UNFINISHED || !counts_instructions());
	EXPECT_OK(sys_task_set_priority(SELF, USUAL, 255));
	EXPECT_OK(sys_task_set_cpool(t.task, ROOT));
	thread_restart(&t, set_result, BOOT_SLOT_PML4);
	EXPECT(await_state(t.task, TASK_INACTIVE));
	EXPECT_EQUAL(result, OBJECT_PML4);
	EXPECT_OK(sys_cpool_revoke(ROOT, memory.path));
}

static void retype_broken_off(void)
{
	struct caddr pool = make(OBJECT_CPOOL, 0);
	uint64_t before, left, after;

	start_ticking();
	EXPECT_OK(sys_untyped_info(CASE_MEMORY, NULL, &left, NULL));
	before = ticks;
	EXPECT_OK(sys_untyped_retype(CASE_MEMORY, OBJECT_RAW_PAGE, 0, 256,
				     caddr_in(pool, 0), NULL));
	EXPECT(ticks - before > 2);
	EXPECT_OK(sys_untyped_info(CASE_MEMORY, NULL, &after, NULL));
	EXPECT(left - after < 257 * PAGE_BYTES);
}

int user_main(const struct boot_info *info)
{
	static const struct test_case cases[] = {
		{"a delete that is broken off", nothing_odd},
		{"a delete of what its path leads through", delete_the_path},
		{"a revoke of what its path leads through", revoke_the_path},
		{"a revoke of the pool that its slot lies in",
		 revoke_the_slot_itself},
		{"a revoke of one's own root pool", revoke_ones_own_root},
		{"the same, stopped and started", revoke_with_a_pause},
		{"a revoke that is given up", revoke_given_up},
		{"a retype that is broken off", retype_broken_off},
	};

	return RUN_CASES(cases);
}
