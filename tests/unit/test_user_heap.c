/*
 * The guest's heap over a fake kernel that keeps the rules of retyping and
 * mapping: slots are empty before, tables come from the top, a page is mapped
 * once. Its pages are real memory of this process.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "guest-kernel/user/heap.h"

#define PAGE 4096
#define AREA (UINT64_C(64) << 20)

/* The slots by depth: root, the directory, the pools in it. */
static uint8_t root[256], directory[256], leaf[256][256];
static unsigned directory_slot;
static uint64_t frames_left[2]; /* of the two untypeds, in slots 2 and 1 */
static uint64_t tables[3];	/* hung in: PDPT, PD, PT */
static uint64_t pages, objects; /* mapped; made */
static int fail_in;		/* the call that fails; -1: none */
static char *area;
static bool panicked;

static uint8_t *slot(struct caddr c)
{
	uint8_t b[3] = {c.path >> 16, c.path >> 8, c.path};

	switch (c.depth) {
	case 1:
		return &root[b[2]];
	case 2:
		assert_int_equal(root[b[1]], OBJECT_CPOOL);
		directory_slot = b[1];
		return &directory[b[2]];
	case 3:
		assert_int_equal(b[0], directory_slot);
		assert_int_equal(directory[b[1]], OBJECT_CPOOL);
		return &leaf[b[1]][b[2]];
	}
	fail_msg("a capability address of depth %u", c.depth);
	return NULL;
}

static bool failing(void)
{
	return fail_in >= 0 && fail_in-- == 0;
}

enum error sys_untyped_retype(struct caddr untyped, uint64_t type,
			      uint64_t bits, uint64_t count, struct caddr dest,
			      uint64_t *left)
{
	uint64_t *frames = &frames_left[untyped.path == 2 ? 0 : 1];
	uint64_t each = type == OBJECT_CPOOL ? 4 : 1;
	uint8_t *first = slot(dest);

	assert_in_range(count, 1, 256);
	assert_true((dest.path & 0xff) + count <= 256);
	for (uint64_t i = 0; i < count; i++)
		assert_int_equal(first[i], OBJECT_NULL);
	if (*frames < count * each || failing())
		return ERR_NO_MEMORY;
	*frames -= count * each;
	objects += count;
	memset(first, type, count);
	return ERR_OK;
}

enum error sys_cpool_free_slot(struct caddr pool, uint64_t *index)
{
	assert_int_equal(pool.depth, 1);
	for (*index = 0; *index < 256; ++*index) {
		if (!root[*index])
			return ERR_OK;
	}
	return ERR_NO_SLOT;
}

enum error sys_table_map(struct caddr table, uint64_t va, struct caddr pml4)
{
	uint64_t offset = va - (uintptr_t)area;
	unsigned level = 2 - (OBJECT_PT - *slot(table));

	assert_in_range(*slot(table), OBJECT_PDPT, OBJECT_PT);
	if (level && !tables[level - 1])
		return ERR_NO_TABLE;
	/* The area lies in one 1 GiB: one PDPT, one PD, a PT for each 2 MiB. */
	assert_int_equal(tables[level], level == 2 ? offset >> 21 : 0);
	if (failing())
		return ERR_NO_MEMORY;
	tables[level]++;
	*slot(table) = 100; /* in use */
	return ERR_OK;
}

enum error sys_page_map(struct caddr page, uint64_t va, uint64_t rights,
			struct caddr pml4)
{
	uint64_t offset = va - (uintptr_t)area;

	assert_int_equal(*slot(page), OBJECT_RAW_PAGE);
	assert_int_equal(rights, RIGHT_READ | RIGHT_WRITE);
	assert_int_equal(offset, pages * PAGE);
	if (tables[2] <= offset >> 21)
		return ERR_NO_TABLE;
	if (failing())
		return ERR_NO_MEMORY;
	assert_int_equal(mprotect(area + offset, PAGE, PROT_READ | PROT_WRITE),
			 0);
	*slot(page) = 100;
	pages++;
	return ERR_OK;
}

void rt_panic(const char *fmt, ...)
{
	panicked = true;
	mock_assert(0, "panic", __FILE__, __LINE__);
	abort();
}

static struct heap heap;

static int setup(void **state)
{
	memset(root, 0, sizeof(root));
	memset(directory, 0, sizeof(directory));
	memset(leaf, 0, sizeof(leaf));
	memset(root, 1, 6);
	memset(tables, 0, sizeof(tables));
	frames_left[0] = 8000;
	frames_left[1] = 0;
	pages = objects = 0;
	fail_in = -1;
	/* Aligned to 2 MiB, so that page tables begin with the heap. */
	area = mmap(NULL, 2 * AREA, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(area, MAP_FAILED);
	*state = area;
	area += -(uintptr_t)area % AREA;
	heap = (struct heap){.untyped = {{2, 1}, {1, 1}},
			     .untyped_count = 2,
			     .root = {0, 1},
			     .pml4 = {3, 1},
			     .base = (uintptr_t)area};
	return 0;
}

static int teardown(void **state)
{
	return munmap(*state, 2 * AREA);
}

/* A repeatable stream of numbers (xorshift). */
static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

#define LIVE 200

struct live {
	uint8_t *at;
	size_t size;
};

static void assert_filled(const struct live *l, size_t len, uint8_t with)
{
	for (size_t i = 0; i < len; i++) {
		if (l->at[i] != with)
			fail_msg("a block was overwritten");
	}
}

static void test_random_use_keeps_all_contents(void **state)
{
	struct live live[LIVE] = {0};
	uint64_t seed = 42, top;

	for (int step = 0; step < 20000; step++) {
		unsigned n = next(&seed) % LIVE;
		size_t size = next(&seed) % (next(&seed) % 8 ? 300 : 20000);
		struct live *l = &live[n];
		size_t keep = l->size < size ? l->size : size;

		if (l->at)
			assert_filled(l, l->size, n);
		if (next(&seed) % 3 == 0) {
			heap_free(&heap, l->at);
			*l = (struct live){NULL, 0};
			continue;
		}
		l->at = heap_resize(&heap, l->at, size);
		assert_non_null(l->at);
		assert_int_equal((uintptr_t)l->at % 16, 0);
		assert_filled(l, keep, n);
		memset(l->at, n, size);
		l->size = size;
	}
	for (int i = 0; i < LIVE; i++)
		heap_free(&heap, live[i].at);
	/* All is one piece again: it can be had whole, with no new page. */
	top = pages;
	assert_non_null(heap_alloc(&heap, top * PAGE - 32));
	assert_int_equal(pages, top);
	assert_null(heap.bin[11]);
}

static void test_freed_memory_is_used_again(void **state)
{
	uint64_t used;
	void *p = heap_alloc(&heap, 100000);

	heap_free(&heap, p);
	used = pages;
	for (int i = 0; i < 1000; i++) {
		void *q = heap_alloc(&heap, 100000);

		assert_ptr_equal(q, p);
		heap_free(&heap, q);
	}
	assert_int_equal(pages, used);
}

static void test_exhaustion_is_null_and_passes(void **state)
{
	void *p[400], *again;
	int count = 0;
	uint64_t used;

	frames_left[0] = 60;
	frames_left[1] = 40;
	while ((p[count] = heap_alloc(&heap, 1000)))
		assert_true(++count < 400);
	assert_int_equal(frames_left[0], 0);
	assert_int_equal(frames_left[1], 0);
	/* 100 frames less three pools of 4, PDPT, PD and PT. */
	assert_int_equal(pages, 85);
	assert_int_equal(count, (85 * PAGE - 16) / 1024);
	used = pages;
	heap_free(&heap, p[7]);
	again = heap_alloc(&heap, 1000);
	assert_ptr_equal(again, p[7]);
	assert_int_equal(pages, used);
}

static void test_absurd_sizes_are_null(void **state)
{
	static const size_t sizes[] = {SIZE_MAX,
				       SIZE_MAX - 15,
				       SIZE_MAX - 16,
				       SIZE_MAX - 4096,
				       SIZE_MAX / 2,
				       UINT64_C(1) << 46,
				       (UINT64_C(1) << 46) + 1,
				       UINT64_C(1) << 40};
	void *p = heap_alloc(&heap, 10);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_null(heap_alloc(&heap, sizes[i]));
		assert_null(heap_resize(&heap, p, sizes[i]));
	}
	assert_non_null(heap_alloc(&heap, 0));
	heap_free(&heap, NULL);
}

/* The n-th call into the kernel fails, for every n: nothing is lost by it. */
static void test_a_failure_anywhere_loses_nothing(void **state)
{
	uint64_t made = 0;

	for (int n = 0;; n++) {
		void *p;

		fail_in = n;
		p = heap_alloc(&heap, 3 << 19);
		if (fail_in >= 0 && n == 0)
			fail_msg("nothing was called");
		if (p)
			memset(p, 1, 3 << 19);
		if (fail_in >= 0)
			break; /* it was never reached: all succeeded */
		fail_in = -1;
		p = p ? p : heap_alloc(&heap, 3 << 19);
		assert_non_null(p);
		/* 384 pages and a header; pools, PDPT, PD and PT. */
		assert_in_range(pages, 385, 385 + 16);
		assert_int_equal(objects, pages + 1 + 1 + 2 + 3);
		made = n;
		teardown(state);
		setup(state);
	}
	assert_true(made > 385);
}

static void expect_panic(void *p)
{
	panicked = false;
	expect_assert_failure(heap_free(&heap, p));
	assert_true(panicked);
}

static void test_wrong_pointers_panic(void **state)
{
	uint8_t *p = heap_alloc(&heap, 100), *q = heap_alloc(&heap, 100);

	expect_panic(p + 8);
	expect_panic(p + 16);
	expect_panic((uint8_t *)(uintptr_t)heap.base);
	expect_panic((uint8_t *)heap.last + 16);
	expect_panic((void *)16);
	heap_free(&heap, p);
	expect_panic(p);
	heap_free(&heap, q);
	expect_panic(q);
}

/* More than one pool of frames: 256 pages are 1 MiB. */
static void test_large_blocks_span_pools(void **state)
{
	uint8_t *p = heap_alloc(&heap, 5 << 20);

	assert_non_null(p);
	memset(p, 0xa5, 5 << 20);
	assert_true(pages >= 1281);
	assert_int_equal(directory[0], OBJECT_CPOOL);
	assert_int_equal(directory[6], OBJECT_CPOOL);
	assert_int_equal(root[6], OBJECT_CPOOL);
	assert_int_equal(root[7], OBJECT_NULL); /* one slot of the root */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_random_use_keeps_all_contents),
		TEST(test_freed_memory_is_used_again),
		TEST(test_exhaustion_is_null_and_passes),
		TEST(test_absurd_sizes_are_null),
		TEST(test_a_failure_anywhere_loses_nothing),
		TEST(test_wrong_pointers_panic),
		TEST(test_large_blocks_span_pools),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
