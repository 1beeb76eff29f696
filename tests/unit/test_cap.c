/* test_cap.c: the derivation tree: its links, counts and ends of objects. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_arch.h"

static struct caller c;
static struct slot *slot; /* of the caller's pool */

static int setup(void **state)
{
	fake_reset();
	caller_create(&c);
	slot = c.pool->slot;
	return 0;
}

/* As a call does that goes by nothing of this. */
static bool revoke(struct slot *slot)
{
	static const struct way none;

	return object_revoke(slot, &none) && object_drain();
}

/* Slots from 10 on are one frame's capabilities; 10 is the first. */
static int setup_frame(void **state)
{
	setup(state);
	return caller_retype(&c, OBJECT_RAW_PAGE, 0, 1, 10);
}

/* The children of `parent`, from the first, are exactly these slots. */
static void expect(unsigned parent, const char *children)
{
	const struct slot *s = slot[parent].child;
	char list[100] = "";

	for (; s; s = cap_is_last(s) ? NULL : s->next)
		sprintf(list + strlen(list), "%s%u", *list ? " " : "",
			(unsigned)(s - slot));
	assert_string_equal(list, children);
	assert_null(verify());
}

static void test_a_new_child_is_the_first(void **state)
{
	cap_copy(&slot[10], &slot[11]);
	cap_copy(&slot[10], &slot[12]);
	cap_copy(&slot[10], &slot[13]);
	cap_copy(&slot[12], &slot[14]);
	expect(10, "13 12 11");
	expect(12, "14");
	expect(11, "");
}

/* 10 has 13, 12, 11; 12 has 16, 15, 14. */
static void make_family(void)
{
	for (unsigned i = 11; i < 14; i++)
		cap_copy(&slot[10], &slot[i]);
	for (unsigned i = 14; i < 17; i++)
		cap_copy(&slot[12], &slot[i]);
}

static void test_what_is_deleted_leaves_its_children_to_its_parent(void **state)
{
	static const struct {
		unsigned deleted;
		const char *left;
	} rows[] = {
		{13, "12 11"},
		{11, "13 12"},
		{12, "13 16 15 14 11"},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		setup_frame(state);
		make_family();
		cap_delete(&slot[rows[i].deleted]);
		expect(10, rows[i].left);
	}
	cap_delete(&slot[10]); /* an Untyped's child */
	expect(2, "13 16 15 14 11");
}

static void test_an_only_child_leaves_its_children(void **state)
{
	cap_copy(&slot[10], &slot[11]);
	cap_copy(&slot[11], &slot[12]);
	cap_copy(&slot[11], &slot[13]);
	cap_delete(&slot[11]);
	expect(10, "13 12");
	cap_delete(&slot[12]);
	cap_delete(&slot[13]);
	expect(10, "");
}

static void test_a_moved_slot_keeps_its_place(void **state)
{
	static const char *const after[] = {"20 12 11", "13 20 11", "13 12 20"};

	for (unsigned i = 0; i < 3; i++) {
		setup_frame(state);
		make_family();
		cap_move(&slot[13 - i], &slot[20]);
		expect(10, after[i]);
		expect(i == 1 ? 20 : 12, "16 15 14");
		assert_true(slot_empty(&slot[13 - i]));
	}
	cap_move(&slot[10], &slot[21]);
	expect(21, "13 12 20");
	expect(2, "21");
}

/* Random trees, moved, pruned and grown; the checker knows what is right. */
static void test_any_sequence_leaves_a_tree(void **state)
{
	uint64_t seed = 88172645463325252;

	for (unsigned n = 0; n < 20000; n++) {
		unsigned a, b;

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		a = 10 + seed % 60;
		b = 10 + (seed >> 16) % 60;
		if (slot_empty(&slot[a]))
			continue;
		if (slot_empty(&slot[b]) && (seed >> 32) % 4)
			cap_copy(&slot[a], &slot[b]);
		else if (slot_empty(&slot[b]))
			cap_move(&slot[a], &slot[b]);
		else if ((seed >> 32) % 2 &&
			 (slot[2].child != &slot[a] || slot[a].child ||
			  !cap_is_last(&slot[a])))
			cap_delete(&slot[a]);
		if (n % 16 == 0)
			assert_null(verify());
	}
}

static void test_revoking_takes_all_that_descends_and_no_more(void **state)
{
	make_family();
	cap_copy(&slot[14], &slot[17]);
	cap_copy(&slot[17], &slot[18]);
	assert_true(revoke(&slot[12]));
	expect(10, "13 12 11");
	for (unsigned i = 14; i < 19; i++)
		assert_true(slot_empty(&slot[i]));
	assert_true(revoke(&slot[10]));
	expect(10, "");
}

/* However deep or broad: as many steps as capabilities, none too long. */
static void test_a_hundred_thousand_capabilities_go(void **state)
{
	unsigned shapes = 3, calls;
	struct slot *many = calloc(100001, sizeof(*many));

	for (unsigned shape = 0; shape < shapes; shape++) {
		setup(state);
		many[0] = (struct slot){0};
		cap_copy(&slot[2], &many[0]);
		for (unsigned i = 1; i <= 100000; i++) {
			unsigned parent = shape == 0   ? 0
					  : shape == 1 ? i - 1
						       : i / 2;
			struct cap cap = {.type = OBJECT_RAW_PAGE};

			cap_derive(&many[parent], &many[i], &cap);
		}
		fake.interrupt_in = 1;
		for (calls = 1; !revoke(&many[0]); calls++)
			;
		assert_int_equal(calls, 100000 / 8 + 1);
		for (unsigned i = 1; i <= 100000; i++)
			assert_true(slot_empty(&many[i]));
	}
	free(many);
}

/* ---- objects ---- */

static enum error drop(unsigned index)
{
	return caller_invoke(&c, CPOOL_DELETE, 0, 1, (uint64_t[4]){index}, 0);
}

static enum error retype_in(unsigned pool, unsigned type, unsigned index)
{
	uint64_t word[4] = {type, 0, 1, pool << 8 | index};

	return caller_invoke(&c, UNTYPED_RETYPE, 2, 4, word, 2);
}

static void test_the_last_capability_takes_the_object_along(void **state)
{
	assert_int_equal(caller_retype(&c, OBJECT_CPOOL, 0, 1, 10), ERR_OK);
	assert_int_equal(retype_in(10, OBJECT_TASK, 7), ERR_OK);
	cap_copy(&slot[10], &slot[11]);
	assert_int_equal(cpool_of(&slot[10].cap)->object.count, 2);
	assert_int_equal(drop(10), ERR_OK);
	assert_int_equal(cpool_of(&slot[11].cap)->object.count, 1);
	assert_non_null(slot[2].child);
	assert_int_equal(drop(11), ERR_OK);
	expect(2, ""); /* the pool, and the task in it */
}

static void test_deleting_from_an_empty_slot_is_nothing(void **state)
{
	assert_int_equal(drop(10), ERR_OK);
	assert_int_equal(drop(256), ERR_RANGE);
}

/* A pool that holds itself, and nobody else holds, is gone. */
static void test_a_pool_does_not_keep_itself(void **state)
{
	assert_int_equal(caller_retype(&c, OBJECT_CPOOL, 0, 1, 10), ERR_OK);
	cap_copy(&slot[10], &cpool_of(&slot[10].cap)->slot[3]);
	cap_copy(&slot[10], &cpool_of(&slot[10].cap)->slot[4]);
	assert_int_equal(cpool_of(&slot[10].cap)->object.count, 1);
	assert_null(verify());
	assert_int_equal(drop(10), ERR_OK);
	expect(2, "");
}

/* Nor can its last capability be put where nobody finds it. */
static void test_the_last_does_not_move_into_its_own_pool(void **state)
{
	uint64_t word[4] = {5, 10};

	assert_int_equal(caller_retype(&c, OBJECT_CPOOL, 0, 1, 10), ERR_OK);
	assert_int_equal(caller_invoke(&c, CPOOL_MOVE, 10, 2, word, 1),
			 ERR_BAD_STATE);
	cap_copy(&slot[10], &slot[11]);
	assert_int_equal(caller_invoke(&c, CPOOL_MOVE, 10, 2, word, 1), ERR_OK);
	assert_null(verify());
	/* And out again. */
	assert_int_equal(caller_invoke(&c, CPOOL_MOVE, 0, 2,
				       (uint64_t[4]){12, 11 << 8 | 5}, 2),
			 ERR_OK);
	assert_int_equal(cpool_of(&slot[12].cap)->object.count, 2);
	assert_null(verify());
}

static void test_pools_in_pools_go_without_end(void **state)
{
	struct cpool *pool;

	assert_int_equal(caller_retype(&c, OBJECT_CPOOL, 0, 1, 10), ERR_OK);
	pool = cpool_of(&slot[10].cap);
	for (unsigned i = 0; i < 200; i++) {
		assert_int_equal(caller_retype(&c, OBJECT_CPOOL, 0, 1, 11),
				 ERR_OK);
		cap_move(&slot[11], &pool->slot[i]);
		pool = cpool_of(&pool->slot[i].cap);
	}
	fake.interrupt_in = 1;
	do {
		c.task->regs.rip = 0x1002;
		drop(10);
		assert_null(verify());
	} while (c.task->regs.rip == 0x1000);
	expect(2, "");
}

/* A thousand, one in the other, the outermost held by the caller. */
static void test_a_thousand_pools_deep(void **state)
{
	struct slot *at = &slot[10];
	unsigned calls = 0;

	for (unsigned i = 0; i < 1000; i++) {
		struct cap cap = object_create(
			OBJECT_CPOOL,
			fake_pages((CPOOL_BYTES + PAGE_MASK) / PAGE_SIZE), 0);

		cap_root(at, &cap);
		at = &cpool_of(&cap)->slot[255];
	}
	assert_null(verify());
	fake.interrupt_in = 1;
	do {
		c.task->regs.rip = 0x1002;
		drop(10);
		calls++;
	} while (c.task->regs.rip == 0x1000);
	assert_null(verify());
	assert_null(kernel.dying);
	/* A look every 8 steps; a pool is passed in 16. */
	assert_int_equal(calls, 2001);
}

/*
 * One call with interrupts pending all the time, made again until it is done;
 * its target is `path`, of two bytes.
 */
static enum error call_broken_off(unsigned label, uint64_t path, uint64_t index,
				  unsigned *calls)
{
	struct regs *r = &c.task->regs;

	fake.interrupt_in = 1;
	*calls = 0;
	do {
		r->rax = SYS_INVOKE;
		r->rdi = path;
		r->rsi = label | 1u << INFO_WORDS_SHIFT |
			 2u << INFO_TARGET_SHIFT;
		r->rdx = index;
		r->rip = 0x1002;
		syscall_handle(c.task);
		assert_null(verify());
		++*calls;
	} while (r->rip == 0x1000);
	fake.interrupt_in = 0;
	assert_int_equal(r->rip, 0x1002);
	assert_int_equal(c.task->drains_at, 0);
	return r->rax;
}

/* Things in a pool from slot 16 on; to delete them takes a while. */
static void fill_with_tasks(const struct slot *pool, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(caller_retype(&c, OBJECT_TASK, 0, 1, 100),
				 ERR_OK);
		cap_move(&slot[100], &cpool_of(&pool->cap)->slot[16 + i]);
	}
}

/* Pool 10 has the root pool in its slot 3; both ways lead to slot 10. */
static void test_deleting_what_the_path_leads_through(void **state)
{
	unsigned calls;

	caller_retype(&c, OBJECT_CPOOL, 0, 1, 10);
	cap_copy(&slot[0], &cpool_of(&slot[10].cap)->slot[3]);
	fill_with_tasks(&slot[10], 100);
	assert_int_equal(call_broken_off(CPOOL_DELETE, 10 << 8 | 3, 10, &calls),
			 ERR_OK);
	assert_true(calls > 10);
	expect(2, "");
}

/* Only the call that was broken off drains: a new one looks for its target. */
static void test_another_call_does_not_go_on_with_it(void **state)
{
	static const unsigned labels[] = {TASK_SET_IP, TASK_SET_REGISTERS};

	for (unsigned i = 0; i < 2; i++) {
		setup(state);
		caller_retype(&c, OBJECT_CPOOL, 0, 1, 10);
		fill_with_tasks(&slot[10], 100);
		fake.interrupt_in = 1;
		c.task->regs.rip = 0x1002;
		caller_invoke(&c, CPOOL_DELETE, 0, 1, (uint64_t[4]){10}, 0);
		assert_int_equal(c.task->regs.rip, 0x1000);
		assert_int_equal(c.task->drains_at, 0x1002);
		fake.interrupt_in = 0;
		c.task->regs.rip = 0x2002; /* elsewhere: as ever */
		assert_int_equal(caller_invoke(&c, CPOOL_DELETE, 77, 1,
					       (uint64_t[4]){10}, 0),
				 ERR_EMPTY_SLOT);
		assert_int_equal(c.task->drains_at, 0x1002);
		task_stop(c.task);
		c.task->regs.rsp = 0x1000;
		memset(c.buffer, 0, sizeof(*c.buffer));
		caller_invoke(&c, labels[i], 255, 1, (uint64_t[4]){0x1000}, 0);
		assert_int_equal(c.task->regs.rax, ERR_OK);
		assert_int_equal(c.task->drains_at, 0);
	}
}

/*
 * Untyped 10, and pool 11 made from it, by which the call goes: in its slot 3
 * is where the Untyped's capability is, seen from there. Beside them, before
 * and behind pool 11 in the tree, all kinds of other descendants.
 */
static void make_way_through_it(bool only)
{
	struct slot *inner;

	caller_retype(&c, OBJECT_UNTYPED, 2 << 20, 1, 10);
	caller_invoke(&c, UNTYPED_RETYPE, 10, 4,
		      (uint64_t[4]){OBJECT_RAW_PAGE, 0, 40, 120}, 1);
	caller_invoke(&c, UNTYPED_RETYPE, 10, 4,
		      (uint64_t[4]){OBJECT_CPOOL, 0, 1, 11}, 1);
	caller_invoke(&c, UNTYPED_RETYPE, 10, 4,
		      (uint64_t[4]){OBJECT_TASK, 0, 40, 60}, 1);
	for (unsigned i = 0; i < 20; i++)
		cap_copy(i % 2 ? &slot[200 + i - 1] : &slot[11],
			 &slot[200 + i]);
	inner = &cpool_of(&slot[11].cap)->slot[3];
	if (!only) {
		cap_copy(&slot[0], inner);
		return;
	}
	/* A pool that is held by nobody else, with the Untyped in it. */
	caller_retype(&c, OBJECT_CPOOL, 0, 1, 12);
	cap_move(&slot[10], &cpool_of(&slot[12].cap)->slot[10]);
	cap_move(&slot[12], inner);
}

static void test_revoking_what_the_path_leads_through(void **state)
{
	struct slot *first;
	unsigned calls;

	for (int only = 0; only < 2; only++) {
		setup(state);
		make_way_through_it(only);
		assert_int_equal(
			call_broken_off(CPOOL_REVOKE, 11 << 8 | 3, 10, &calls),
			ERR_OK);
		assert_true(calls > 5);
		first = slot[2].child;
		assert_true(only ? !first : first == &slot[10]);
		assert_true(only || !slot[10].child);
	}
}

/* The caller's root pool itself is made of what is revoked. */
static void test_revoking_ones_own_root(void **state)
{
	struct caller other;
	struct cpool *root;
	unsigned calls;

	caller_create(&other); /* who keeps the old root */
	cap_copy(&slot[0], &other.pool->slot[9]);

	caller_retype(&c, OBJECT_UNTYPED, 2 << 20, 1, 10);
	caller_invoke(&c, UNTYPED_RETYPE, 10, 4,
		      (uint64_t[4]){OBJECT_CPOOL, 0, 1, 11}, 1);
	caller_invoke(&c, UNTYPED_RETYPE, 10, 4,
		      (uint64_t[4]){OBJECT_TASK, 0, 100, 20}, 1);
	root = cpool_of(&slot[11].cap);
	cap_copy(&slot[0], &root->slot[5]);
	cap_copy(&slot[0], &root->slot[6]);
	cap_delete(&c.task->cpool);
	cap_copy(&slot[11], &c.task->cpool);
	cap_copy(&c.task->cpool, &slot[12]);
	/* Slot 5, the old root, and its slot 0, itself. */
	assert_int_equal(call_broken_off(CPOOL_REVOKE, 5 << 8, 10, &calls),
			 ERR_OK);
	assert_true(calls > 10);
	assert_null(slot[10].child);
	assert_true(slot_empty(&c.task->cpool));
	expect(2, "10");
}

static void test_what_a_pool_is_made_of_can_lie_in_it(void **state)
{
	struct cpool *pool;

	/* An Untyped in a pool that is made from it. */
	assert_int_equal(caller_retype(&c, OBJECT_UNTYPED, 1 << 20, 1, 10),
			 ERR_OK);
	assert_int_equal(caller_invoke(&c, UNTYPED_RETYPE, 10, 4,
				       (uint64_t[4]){OBJECT_CPOOL, 0, 1, 11},
				       1),
			 ERR_OK);
	pool = cpool_of(&slot[11].cap);
	cap_move(&slot[10], &pool->slot[0]);
	assert_null(verify());
	assert_int_equal(
		caller_invoke(&c, CPOOL_REVOKE, 11, 1, (uint64_t[4]){0}, 0),
		ERR_OK);
	expect(2, "");
}

static void test_whoever_waits_at_a_channel_is_told_of_its_end(void **state)
{
	assert_int_equal(caller_retype(&c, OBJECT_CHANNEL, 2, 1, 10), ERR_OK);
	caller_invoke(&c, CHANNEL_TAKE, 10, 1, (uint64_t[4]){0}, 0);
	assert_int_equal(c.task->state, TASK_WAITING);
	cap_delete(&slot[10]);
	assert_null(verify());
	assert_true(object_drain());
	assert_int_equal(c.task->state, TASK_READY);
	assert_int_equal(c.task->regs.rax, ERR_GONE);
	expect(2, "");
}

static void test_a_channel_takes_its_entries_along(void **state)
{
	assert_int_equal(caller_retype(&c, OBJECT_CHANNEL, 2, 1, 10), ERR_OK);
	assert_int_equal(caller_retype(&c, OBJECT_TASK, 0, 1, 11), ERR_OK);
	caller_invoke(&c, CHANNEL_PUT_CAP, 10, 2,
		      (uint64_t[4]){11, CHANNEL_TRY}, 1);
	caller_invoke(&c, CHANNEL_PUT_CAP, 10, 2,
		      (uint64_t[4]){10, CHANNEL_TRY}, 1);
	assert_int_equal(c.task->regs.rax, ERR_OK);
	drop(11); /* the entry's copy is the last now */
	assert_null(verify());
	drop(10);
	expect(2, "");
}

static void test_a_revoked_entry_is_none(void **state)
{
	assert_int_equal(caller_retype(&c, OBJECT_CHANNEL, 2, 1, 10), ERR_OK);
	assert_int_equal(caller_retype(&c, OBJECT_TASK, 0, 1, 11), ERR_OK);
	caller_invoke(&c, CHANNEL_PUT_CAP, 10, 2,
		      (uint64_t[4]){11, CHANNEL_TRY}, 1);
	caller_invoke(&c, CHANNEL_PUT_RAW, 10, 2,
		      (uint64_t[4]){77, CHANNEL_TRY}, 0);
	assert_true(revoke(&slot[11]));
	assert_null(verify());
	caller_invoke(&c, CHANNEL_TAKE, 10, 1, (uint64_t[4]){CHANNEL_TRY}, 0);
	assert_int_equal(c.task->regs.rax, ERR_OK);
	assert_int_equal(c.task->regs.rdx, CHANNEL_RAW);
	assert_int_equal(c.task->regs.r10, 77);
}

static void test_a_task_without_its_space_stops(void **state)
{
	unsigned space = slot[254].cap.space;

	assert_true(revoke(&slot[254]));
	assert_int_equal(c.task->state, TASK_INACTIVE);
	assert_null(sched_current());
	assert_int_equal(fake.space_gone, 0);
	cap_delete(&slot[254]);
	assert_int_equal(fake.space_gone, space);
	assert_int_equal(kernel.spaces_used, 0);
	assert_null(verify());
}

static void test_a_task_may_delete_itself(void **state)
{
	drop(255);
	assert_null(sched_current());
	assert_ptr_equal(fake.task_gone, c.task);
	assert_true(slot_empty(&c.task->cpool));
	assert_true(slot_empty(&c.task->table));
	assert_null(verify());
}

/* ---- copies ---- */

static void test_the_copy_of_a_frame_is_mapped_nowhere(void **state)
{
	slot[10].cap.space = 5;
	slot[10].cap.map.va = 0x400000;
	slot[10].cap.rights = RIGHT_READ | RIGHT_GRANT;
	cap_copy(&slot[10], &slot[11]);
	assert_int_equal(slot[11].cap.space, 0);
	assert_int_equal(slot[11].cap.map.va, 0);
	assert_int_equal(slot[11].cap.rights, slot[10].cap.rights);
	assert_int_equal(slot[10].cap.space, 5);
}

static void test_the_copy_of_an_untyped_takes_what_is_left(void **state)
{
	struct cap *cap = &slot[2].cap;

	cap_copy(&slot[2], &slot[11]);
	assert_int_equal(cap->untyped.used, cap->untyped.size);
	assert_int_equal(slot[11].cap.base, cap->base + PAGE_SIZE);
	assert_int_equal(slot[11].cap.untyped.size,
			 cap->untyped.size - PAGE_SIZE);
	assert_int_equal(slot[11].cap.untyped.used, 0);
	assert_null(verify());
	cap_delete(&slot[11]);
	assert_null(verify());
}

static void test_only_lower_page_tables_have_no_copy(void **state)
{
	for (unsigned type = 1; type < OBJECT_COUNT; type++) {
		struct cap cap = {.type = type};
		bool table = type == OBJECT_PDPT || type == OBJECT_PD ||
			     type == OBJECT_PT;

		assert_int_equal(cap_may_copy(&cap),
				 table ? ERR_NO_COPY : ERR_OK);
	}
}

static enum error mint(unsigned index, uint64_t rights, uint64_t badge,
		       unsigned source)
{
	uint64_t word[4] = {index, rights, badge, source};

	return caller_invoke(&c, CPOOL_MINT, 0, 4, word, 1);
}

static void test_minting_takes_rights_and_never_gives_any(void **state)
{
	slot[10].cap.rights = RIGHT_READ | RIGHT_EXEC;
	assert_int_equal(mint(11, RIGHT_READ | RIGHT_WRITE, 0, 10), ERR_OK);
	assert_int_equal(slot[11].cap.rights, RIGHT_READ);
	assert_int_equal(mint(11, RIGHT_READ, 0, 10), ERR_SLOT_TAKEN);
	assert_int_equal(mint(12, RIGHT_ALL + 1, 0, 10), ERR_RANGE);
	assert_int_equal(mint(12, RIGHT_ALL, 1, 10), ERR_RANGE);
	assert_int_equal(mint(256, RIGHT_ALL, 0, 10), ERR_RANGE);
	assert_null(verify());
}

static void test_badges_are_given_once(void **state)
{
	struct cap cap = {.type = OBJECT_NOTIFICATION, .rights = RIGHT_ALL};

	cap_root(&slot[20], &cap);
	assert_int_equal(mint(21, RIGHT_ALL, UINT64_MAX, 20), ERR_OK);
	assert_int_equal(slot[21].cap.badge, UINT64_MAX);
	assert_int_equal(mint(22, RIGHT_ALL, 5, 21), ERR_BAD_STATE);
	assert_int_equal(mint(22, RIGHT_WRITE, 0, 21), ERR_OK);
	assert_int_equal(slot[22].cap.badge, UINT64_MAX);
}

static void test_a_part_of_ports_is_a_part(void **state)
{
	static const struct {
		uint64_t first, last;
		enum error error;
	} rows[] = {
		{0x3f8, 0x3ff, ERR_OK},
		{0x3f9, 0x3f9, ERR_OK},
		{0x3f7, 0x3ff, ERR_RANGE},
		{0x3f8, 0x400, ERR_RANGE},
		{0x3fa, 0x3f9, ERR_RANGE},
		{0x3f8, 0x103ff, ERR_RANGE},
		{0x3f8, UINT64_C(1) << 47, ERR_RANGE},
	};
	struct cap cap = {.type = OBJECT_IO_PORT,
			  .rights = RIGHT_ALL,
			  .port = {.first = 0x3f8, .last = 0x3ff}};

	cap_root(&slot[20], &cap);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(mint(30 + i, RIGHT_READ,
				      rows[i].first | rows[i].last << 16, 20),
				 rows[i].error);
		assert_null(verify());
	}
}

#define T(test) cmocka_unit_test_setup(test, setup)
#define F(test) cmocka_unit_test_setup(test, setup_frame)

int main(void)
{
	const struct CMUnitTest tests[] = {
		F(test_a_new_child_is_the_first),
		F(test_what_is_deleted_leaves_its_children_to_its_parent),
		F(test_an_only_child_leaves_its_children),
		F(test_a_moved_slot_keeps_its_place),
		F(test_any_sequence_leaves_a_tree),
		F(test_revoking_takes_all_that_descends_and_no_more),
		T(test_a_hundred_thousand_capabilities_go),
		T(test_the_last_capability_takes_the_object_along),
		T(test_deleting_from_an_empty_slot_is_nothing),
		T(test_a_pool_does_not_keep_itself),
		T(test_the_last_does_not_move_into_its_own_pool),
		T(test_pools_in_pools_go_without_end),
		T(test_a_thousand_pools_deep),
		T(test_deleting_what_the_path_leads_through),
		T(test_another_call_does_not_go_on_with_it),
		T(test_revoking_what_the_path_leads_through),
		T(test_revoking_ones_own_root),
		T(test_what_a_pool_is_made_of_can_lie_in_it),
		T(test_whoever_waits_at_a_channel_is_told_of_its_end),
		T(test_a_channel_takes_its_entries_along),
		T(test_a_revoked_entry_is_none),
		T(test_a_task_without_its_space_stops),
		T(test_a_task_may_delete_itself),
		F(test_the_copy_of_a_frame_is_mapped_nowhere),
		F(test_the_copy_of_an_untyped_takes_what_is_left),
		T(test_only_lower_page_tables_have_no_copy),
		F(test_minting_takes_rights_and_never_gives_any),
		T(test_badges_are_given_once),
		T(test_a_part_of_ports_is_a_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
