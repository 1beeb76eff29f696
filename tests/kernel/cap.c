/*
 * cap.c: capabilities are copied, minted, moved, deleted and revoked; memory
 * comes back when nothing is left in it, to the byte; and an error says what
 * it is about.
 */
#include "tests/kernel/check.h"

#define PAGE	     4096
#define READ_WRITE   (RIGHT_READ | RIGHT_WRITE)

/* A part of memory of our own, so that others' use does not blur the sums. */
#define MEMORY	     caddr_root(20)
#define MEMORY_BYTES (UINT64_C(8) << 20)

/* A pool for what the tests make. */
#define POOL	     caddr_root(21)
#define IN(index)    caddr_in(POOL, index)

static volatile uint64_t stage;

static uint64_t left(void)
{
	uint64_t bytes = 0;

	sys_untyped_info(MEMORY, NULL, &bytes, NULL);
	return bytes;
}

static enum error retype(uint64_t type, uint64_t size, uint64_t count,
			 struct caddr dest)
{
	return sys_untyped_retype(MEMORY, type, size, count, dest, NULL);
}

/* All of it was given back. */
static void check_all_back(const char *name)
{
	check_equal(left(), MEMORY_BYTES, name);
}

static void check_detail(unsigned argument, unsigned expected, unsigned found,
			 const char *name)
{
	check_equal(sys_failed.detail, DETAIL(argument, expected, found), name);
}

static void test_rights_and_badges(void)
{
	uint64_t type, rights, value;

	check_error(retype(OBJECT_RAW_PAGE, 0, 1, IN(0)), ERR_OK, "a frame");
	check_error(sys_cpool_mint(POOL, 1, READ_WRITE, 0, IN(0)), ERR_OK,
		    "minted to read and write");
	check_error(sys_cpool_mint(POOL, 2, RIGHT_ALL, 0, IN(1)), ERR_OK,
		    "minted from that with all rights");
	sys_cpool_info(POOL, 2, &type, &rights, &value);
	check(type == OBJECT_RAW_PAGE && rights == READ_WRITE,
	      "which does not give any back");
	check_error(sys_page_map(IN(2), AREA, RIGHT_READ | RIGHT_EXEC, PML4),
		    ERR_NO_RIGHT, "it cannot be mapped to run");
	check_detail(2, 0, 0, "says argument 2");
	check_error(sys_cpool_mint(POOL, 3, RIGHT_ALL, 7, IN(0)), ERR_RANGE,
		    "a frame has no badge");
	check_error(sys_cpool_copy(POOL, 1, IN(0)), ERR_SLOT_TAKEN,
		    "a taken slot");
	check_error(sys_cpool_copy(POOL, 256, IN(0)), ERR_RANGE, "slot 256");
	check_error(sys_cpool_copy(POOL, 3, IN(99)), ERR_EMPTY_SLOT,
		    "a copy of nothing");
	check_error(sys_cpool_revoke(POOL, 0), ERR_OK, "revoke");
	check(type_in(POOL, 0) == OBJECT_RAW_PAGE &&
		      type_in(POOL, 1) == OBJECT_NULL &&
		      type_in(POOL, 2) == OBJECT_NULL,
	      "the source stays, the others are gone");
	check_error(sys_cpool_revoke(POOL, 1), ERR_EMPTY_SLOT,
		    "nothing cannot be revoked");
	check_error(sys_cpool_delete(POOL, 0), ERR_OK, "delete");
	check_error(sys_cpool_delete(POOL, 0), ERR_OK, "of an empty slot");
	check_all_back("all memory is back");
}

/* A pool held without a right cannot be used for what that is for. */
static void test_rights_of_pools(void)
{
	retype(OBJECT_CPOOL, 0, 1, IN(0));
	retype(OBJECT_CHANNEL, 0, 1, caddr_in(IN(0), 5));
	sys_cpool_mint(POOL, 1, RIGHT_READ, 0, IN(0));
	sys_cpool_mint(POOL, 2, RIGHT_WRITE, 0, IN(0));
	check_error(sys_channel_put_raw(caddr_in(IN(1), 5), 1, CHANNEL_TRY),
		    ERR_OK, "use through a pool to read");
	check_error(retype(OBJECT_CHANNEL, 0, 1, caddr_in(IN(1), 6)),
		    ERR_NO_RIGHT, "make in it");
	check_detail(4, OBJECT_CPOOL, OBJECT_CPOOL, "says the destination");
	check_error(sys_cpool_delete(IN(1), 5), ERR_NO_RIGHT, "delete in it");
	check_error(sys_cpool_move(POOL, 9, caddr_in(IN(1), 5)), ERR_NO_RIGHT,
		    "move out of it");
	check_error(sys_cpool_copy(POOL, 9, caddr_in(IN(1), 5)), ERR_OK,
		    "copy out of it");
	check_error(sys_channel_put_raw(caddr_in(IN(2), 5), 1, CHANNEL_TRY),
		    ERR_NO_RIGHT, "use through a pool to write");
	check_error(retype(OBJECT_CHANNEL, 0, 1, caddr_in(IN(2), 6)), ERR_OK,
		    "make in it");
	sys_cpool_revoke(ROOT, 20);
	check_all_back("all memory is back");
}

static void test_move(void)
{
	uint64_t info;

	retype(OBJECT_CHANNEL, 3, 1, IN(0));
	sys_cpool_copy(POOL, 1, IN(0));
	sys_channel_put_raw(IN(0), 55, CHANNEL_TRY);
	check_error(sys_cpool_move(POOL, 7, IN(0)), ERR_OK, "move");
	check_equal(type_in(POOL, 0), OBJECT_NULL, "the old slot is empty");
	sys_cpool_info(POOL, 7, NULL, NULL, &info);
	check_equal(info, 3, "it is the same channel");
	check_error(sys_cpool_revoke(POOL, 7), ERR_OK, "revoke by the new");
	check_equal(type_in(POOL, 1), OBJECT_NULL, "reaches its copy");
	retype(OBJECT_CPOOL, 0, 1, IN(2));
	check_error(sys_cpool_move(IN(2), 0, IN(2)), ERR_BAD_STATE,
		    "a pool's last into itself");
	sys_cpool_delete(POOL, 2);
	sys_cpool_delete(POOL, 7);
	check_all_back("all memory is back");
}

static void test_split(void)
{
	check_error(retype(OBJECT_UNTYPED, 1 << 20, 4, IN(0)), ERR_OK,
		    "four parts");
	check_error(sys_untyped_retype(IN(2), OBJECT_UNTYPED, 64, 256,
				       caddr_in(POOL, 4), NULL),
		    ERR_RANGE, "more than the pool has slots");
	check_error(sys_untyped_retype(IN(2), OBJECT_RAW_PAGE, 0, 200, IN(10),
				       NULL),
		    ERR_OK, "200 frames from the third");
	check_error(sys_cpool_delete(POOL, 2), ERR_OK, "delete that part");
	check_equal(left(), MEMORY_BYTES - (4 << 20),
		    "its frames hold the memory");
	check_error(sys_cpool_revoke(ROOT, 20), ERR_OK, "revoke all");
	check_equal(type_in(POOL, 100), OBJECT_NULL, "the frames are gone");
	check_all_back("all memory is back");
	check_error(retype(OBJECT_UNTYPED, MEMORY_BYTES, 1, IN(0)), ERR_OK,
		    "in one piece");
	check_error(retype(OBJECT_UNTYPED, 64, 1, IN(1)), ERR_NO_MEMORY,
		    "and no more");
	sys_cpool_delete(POOL, 0);
}

static void read_at(uint64_t va)
{
	stage = 1;
	stage = 1 + *(volatile uint64_t *)va;
}

static struct thread probe;

/* What another task reads at va; 0 if it faults. */
static uint64_t probed(uint64_t va)
{
	stage = 0;
	thread_restart(&probe, read_at, va);
	await_any(&stage);
	yield_often();
	return stage - 1;
}

static void test_a_revoked_mapping_is_gone(void)
{
	volatile uint64_t *a = (uint64_t *)AREA, *b = (uint64_t *)(AREA + PAGE);

	retype(OBJECT_RAW_PAGE, 0, 1, IN(0));
	sys_cpool_copy(POOL, 1, IN(0));
	sys_cpool_copy(POOL, 2, IN(0));
	make_tables(AREA);
	check_error(sys_page_map(IN(1), (uint64_t)a, READ_WRITE, PML4), ERR_OK,
		    "mapped here");
	check_error(sys_page_map(IN(2), (uint64_t)b, RIGHT_READ, PML4), ERR_OK,
		    "and there");
	*a = 99;
	check_equal(*b, 99, "one memory");
	check_equal(probed((uint64_t)b), 99, "others see it");
	check_error(sys_cpool_revoke(POOL, 0), ERR_OK, "revoke");
	check_equal(probed((uint64_t)a), 0, "it is not here");
	check_equal(probed((uint64_t)b), 0, "nor there");
	check_error(sys_page_map(IN(0), (uint64_t)a, READ_WRITE, PML4), ERR_OK,
		    "the source can be mapped");
	check_equal(*a, 99, "and has what was written");
	sys_cpool_delete(POOL, 0);
	check_equal(probed((uint64_t)a), 0, "deleted, it is gone");
	check_all_back("all memory is back");
}

static void test_large_frames(void)
{
	uint64_t va = AREA + (UINT64_C(1) << 30);
	volatile uint64_t *word = (uint64_t *)(va + LARGE_PAGE_BYTES - 8);

	check_error(retype(OBJECT_LARGE_PAGE, 0, 2, IN(0)), ERR_OK,
		    "two frames of 2 MiB");
	sys_table_map(make(OBJECT_PD, 0), va, PML4);
	check_error(sys_page_map(IN(0), va + PAGE, READ_WRITE, PML4),
		    ERR_ALIGNMENT, "not at 4 KiB");
	check_error(sys_page_map(IN(0), va, READ_WRITE, PML4), ERR_OK,
		    "mapped");
	check_equal(*word, 0, "it is zero to its end");
	*word = 4711;
	check_error(
		sys_page_map(IN(1), va + LARGE_PAGE_BYTES, READ_WRITE, PML4),
		ERR_OK, "the other behind it");
	check_equal(word[1], 0, "begins there");
	check_error(sys_cpool_copy(POOL, 2, IN(0)), ERR_OK, "a copy");
	check_error(sys_page_map(IN(2), va + 2 * LARGE_PAGE_BYTES, RIGHT_READ,
				 PML4),
		    ERR_OK, "mapped a second time");
	check_equal(probed((uint64_t)word + 2 * LARGE_PAGE_BYTES), 4711,
		    "shows the same");
	check_error(sys_page_unmap(IN(0)), ERR_OK, "unmap the first");
	check_equal(probed((uint64_t)word), 0, "it is gone");
	check_equal(probed((uint64_t)word + 2 * LARGE_PAGE_BYTES), 4711,
		    "the second is not");
	sys_cpool_revoke(ROOT, 20);
	check_equal(probed((uint64_t)word + 2 * LARGE_PAGE_BYTES), 0,
		    "revoked, it is");
	check_all_back("all memory is back");
}

static void count_for_ever(uint64_t n)
{
	for (;;) {
		stage++;
		sys_yield();
	}
}

/* Objects that hold each other go when nobody else holds them. */
static void test_objects_end(void)
{
	struct thread t;
	struct taken got;
	uint64_t at;

	retype(OBJECT_CPOOL, 0, 1, IN(0));
	for (unsigned i = 0; i < 100; i++) {
		retype(OBJECT_CPOOL, 0, 1, IN(1));
		sys_cpool_copy(IN(1), 1, IN(1)); /* it holds itself, too */
		sys_cpool_move(IN(1), 0, IN(0));
		sys_cpool_move(POOL, 0, IN(1));
	}
	check_error(sys_cpool_delete(POOL, 0), ERR_OK, "pools 100 deep");
	check_all_back("are all gone");

	retype(OBJECT_CHANNEL, 2, 2, IN(0));
	sys_channel_put_cap(IN(0), IN(1), CHANNEL_TRY);
	sys_channel_put_cap(IN(0), IN(0), CHANNEL_TRY);
	sys_cpool_delete(POOL, 1);
	check(left() < MEMORY_BYTES, "a channel lives in another's entry");
	sys_cpool_delete(POOL, 0);
	check_all_back("and goes with it");

	t = thread_start(count_for_ever, 0);
	yield_often();
	check(stage > 5, "a task runs");
	sys_cpool_delete(ROOT, t.task.path);
	at = stage;
	yield_often();
	check_equal(stage, at, "deleted, it does not");

	retype(OBJECT_CHANNEL, 0, 1, IN(0));
	sys_channel_put_cap(IN(0), IN(0), CHANNEL_TRY);
	sys_channel_put_raw(IN(0), 1, CHANNEL_TRY);
	sys_cpool_copy(POOL, 1, IN(0));
	check_error(sys_channel_take(IN(0), CHANNEL_TRY, IN(2), &got), ERR_OK,
		    "what was taken back");
	check(got.kind == CHANNEL_CAP, "was not, so it is there");
	sys_cpool_revoke(ROOT, 20);
	check_all_back("all memory is back");
}

static void wait_at(uint64_t slot)
{
	struct taken got;

	stage = 1;
	stage = 100 + sys_channel_take(IN(slot), 0, CADDR_ANY, &got);
}

static void test_who_waits_is_told(void)
{
	retype(OBJECT_CHANNEL, 0, 1, IN(0));
	stage = 0;
	thread_start(wait_at, 0);
	await(&stage, 1);
	yield_often();
	check_error(sys_cpool_delete(POOL, 0), ERR_OK,
		    "a channel goes while a task waits");
	check(await(&stage, 100 + ERR_GONE), "and the task is told");
}

static void test_devices(const struct boot_info *info)
{
	uint64_t bytes, free, flags;
	struct caddr device = {0};

	for (unsigned i = 0; i < info->untyped_count; i++) {
		const struct boot_untyped *u = &info->untyped[i];

		check_error(sys_untyped_info(caddr_root(u->slot), &bytes, &free,
					     &flags),
			    ERR_OK, "an Untyped of the boot");
		check(bytes == u->bytes && flags == u->flags,
		      "is as boot_info says");
		if (u->base == 0xb9000)
			device = caddr_root(u->slot);
	}
	check(device.depth == 1, "the rest of the screen's memory is there");
	check_error(sys_untyped_retype(device, OBJECT_CPOOL, 0, 1, IN(0), NULL),
		    ERR_RANGE, "no pool can be made of it");
	check_error(
		sys_untyped_retype(device, OBJECT_RAW_PAGE, 0, 1, IN(0), NULL),
		ERR_OK, "but a frame");
	check_error(sys_page_map(IN(0), AREA + 16 * PAGE, READ_WRITE, PML4),
		    ERR_OK, "and it can be mapped");
	sys_cpool_delete(POOL, 0);
}

static void test_details(void)
{
	check_error(sys_task_set_cpool(PML4, ROOT), ERR_WRONG_TYPE,
		    "an address space is no task");
	check_detail(0, OBJECT_TASK, OBJECT_PML4, "says so");
	check_error(sys_page_map(caddr_in(caddr_root(BOOT_SLOT_FRAMES), 0),
				 AREA, RIGHT_READ, ROOT),
		    ERR_WRONG_TYPE, "a pool is no address space");
	check_detail(3, OBJECT_PML4, OBJECT_CPOOL, "says so");
	check_error(sys_cpool_copy(POOL, 9, caddr_in(PML4, 5)), ERR_BAD_ADDRESS,
		    "a path through an address space");
	check_detail(2, OBJECT_CPOOL, OBJECT_PML4, "says so");
	check_error(sys_cpool_type(ROOT, 256, NULL), ERR_RANGE, "slot 256");
	check_detail(1, 0, 0, "is the first argument");
}

int user_main(const struct boot_info *info)
{
	check_error(sys_untyped_retype(UNTYPED, OBJECT_UNTYPED, MEMORY_BYTES, 1,
				       MEMORY, NULL),
		    ERR_OK, "8 MiB");
	check_error(sys_untyped_retype(UNTYPED, OBJECT_CPOOL, 0, 1, POOL, NULL),
		    ERR_OK, "a pool");
	probe = thread_start(read_at, (uint64_t)&stage);
	yield_often();
	test_rights_and_badges();
	test_rights_of_pools();
	test_move();
	test_split();
	test_a_revoked_mapping_is_gone();
	test_large_frames();
	test_objects_end();
	test_who_waits_is_told();
	test_devices(info);
	test_details();
	return check_done();
}
