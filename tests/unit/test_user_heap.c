/*
 * The guest's heap over fake grains, whose frames are real memory of this
 * process: readable only while they are mapped.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "guest-kernel/user/heap.h"
#include "guest-kernel/user/space.h"

#define PAGE  4096
#define AREA  (UINT64_C(64) << 20)
#define BYTES GRAIN_BYTES

static struct {
	bool taken;
	uint64_t va; /* of its first page */
	unsigned pages;
} fakes[200];

static unsigned left;  /* grains that can still be taken */
static unsigned taken; /* and are */
static int fail_in;    /* the call that fails; -1: none */
static char *area;
static bool panicked;

static bool failing(void)
{
	return fail_in >= 0 && fail_in-- == 0;
}

/* The one that was given back last comes first, as from the real one. */
bool grain_take(struct grain *g)
{
	*g = (struct grain){0};
	if (left == 0 || failing())
		return false;
	while (fakes[g->index].taken)
		g->index++;
	fakes[g->index].taken = true;
	left--;
	taken++;
	return true;
}

void grain_give(struct grain *g)
{
	size_t len = fakes[g->index].pages * PAGE;
	void *at = (void *)fakes[g->index].va;

	assert_true(fakes[g->index].taken);
	if (len > 0) {
		/* The next to use it finds it zeroed. */
		assert_int_equal(madvise(at, len, MADV_DONTNEED), 0);
		assert_int_equal(mprotect(at, len, PROT_NONE), 0);
	}
	memset(&fakes[g->index], 0, sizeof(fakes[0]));
	left++;
	taken--;
}

struct caddr grain_slot(const struct grain *g, unsigned n)
{
	return (struct caddr){g->index << 8 | n, 2};
}

enum error grain_make(struct grain *g, enum abi_object type, uint64_t size,
		      unsigned count, struct caddr *first)
{
	assert_int_equal(type, OBJECT_RAW_PAGE);
	assert_int_equal(count, GRAIN_PAGES);
	assert_int_equal(g->used, 0);
	*first = grain_slot(g, 0);
	return failing() ? ERR_NO_MEMORY : ERR_OK;
}

struct space *space_own(void)
{
	return NULL;
}

enum error space_map(struct space *space, struct caddr frame, uint64_t va,
		     uint64_t rights)
{
	unsigned index = frame.path >> 8, n = frame.path & 0xff;

	assert_int_equal(rights, RIGHT_READ | RIGHT_WRITE);
	assert_in_range(va, (uintptr_t)area, (uintptr_t)area + AREA - PAGE);
	if (failing())
		return ERR_NO_MEMORY;
	if (n == 0)
		fakes[index].va = va;
	assert_int_equal(fakes[index].pages++, n);
	assert_int_equal(fakes[index].va + n * PAGE, va);
	assert_int_equal(mprotect((void *)va, PAGE, PROT_READ | PROT_WRITE), 0);
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
	memset(fakes, 0, sizeof(fakes));
	left = 200;
	taken = 0;
	fail_in = -1;
	area = mmap(NULL, AREA, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(area, MAP_FAILED);
	*state = area;
	heap = (struct heap){.base = (uintptr_t)area};
	return 0;
}

static int teardown(void **state)
{
	return munmap(*state, AREA);
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
	uint64_t seed = 42;
	unsigned top;

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
	/* All is one piece again: it can be had whole, with no new grain. */
	top = heap.grains;
	assert_non_null(heap_alloc(&heap, top * BYTES - 32));
	assert_int_equal(heap.grains, top);
	assert_null(heap.bin[11]);
}

static void test_freed_memory_is_used_again(void **state)
{
	void *p = heap_alloc(&heap, 100000);

	heap_free(&heap, p);
	for (int i = 0; i < 1000; i++) {
		void *q = heap_alloc(&heap, 100000);

		assert_ptr_equal(q, p);
		heap_free(&heap, q);
	}
	assert_int_equal(taken, 1);
}

static void test_exhaustion_is_null_and_passes(void **state)
{
	static void *p[4000];
	void *again;
	int count = 0;

	left = 10;
	while ((p[count] = heap_alloc(&heap, 1000)))
		assert_true(++count < 4000);
	assert_int_equal(left, 0);
	assert_int_equal(count, (10 * BYTES - 16) / 1024);
	heap_free(&heap, p[7]);
	again = heap_alloc(&heap, 1000);
	assert_ptr_equal(again, p[7]);
	assert_int_equal(taken, 10);
}

static void test_what_is_free_at_the_end_goes_back(void **state)
{
	uint8_t *low = heap_alloc(&heap, 100), *p, *q;

	p = heap_alloc(&heap, 8 << 20);
	q = heap_alloc(&heap, 100);
	assert_int_equal(taken, 33);
	heap_free(&heap, p);
	assert_int_equal(taken, 33); /* there is something behind it */
	heap_free(&heap, q);
	assert_in_range(taken, HEAP_KEEP / BYTES, HEAP_KEEP / BYTES + 1);
	heap_trim(&heap, 0);
	assert_int_equal(taken, 1);
	memset(low, 1, 100);
	p = heap_alloc(&heap, 3 << 20);
	memset(p, 1, 3 << 20);
	heap_free(&heap, p);
	heap_free(&heap, low);
	heap_trim(&heap, 0);
	assert_int_equal(taken, 1);
	assert_non_null(heap_alloc(&heap, BYTES - 32));
	assert_int_equal(taken, 1);
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

/* The n-th call that can fails, for every n: nothing is lost by it. */
static void test_a_failure_anywhere_loses_nothing(void **state)
{
	int n = 0;

	for (;; n++) {
		void *p;

		fail_in = n;
		p = heap_alloc(&heap, 3 << 18);
		if (p)
			memset(p, 1, 3 << 18);
		assert_int_equal(taken, heap.grains);
		if (fail_in >= 0)
			break; /* it was never reached: all succeeded */
		assert_null(p);
		fail_in = -1;
		p = heap_alloc(&heap, 3 << 18);
		assert_non_null(p);
		memset(p, 1, 3 << 18);
		/* 768 KiB and headers. */
		assert_int_equal(taken, 4);
		teardown(state);
		setup(state);
	}
	assert_int_equal(n, 4 * (2 + GRAIN_PAGES));
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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_random_use_keeps_all_contents),
		TEST(test_freed_memory_is_used_again),
		TEST(test_exhaustion_is_null_and_passes),
		TEST(test_what_is_free_at_the_end_goes_back),
		TEST(test_absurd_sizes_are_null),
		TEST(test_a_failure_anywhere_loses_nothing),
		TEST(test_wrong_pointers_panic),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
