/* runtime.c: the user runtime itself, where it really runs. */
#include "tests/kernel/check.h"

static void test_strings(void)
{
	static char a[200], b[200];
	bool right = true;

	/* Every length and offset on both sides of the word and rep sizes. */
	for (unsigned len = 0; len < 150; len++) {
		for (unsigned at = 0; at < 3; at++) {
			for (unsigned i = 0; i < 200; i++)
				a[i] = b[i] = i;
			memcpy(a + at, a + 40 + at, len < 40 ? len : 0);
			memmove(b + at, b + 40 + at, len < 40 ? len : 0);
			right &= !memcmp(a, b, 200);
			memmove(b + at + 5, b + at, len);
			for (unsigned i = 0; i < len; i++)
				right &= b[at + 5 + i] == a[at + i];
			b[at + len] = 1;
			memset(b + at, 0x77, len);
			for (unsigned i = 0; i < len; i++)
				right &= b[at + i] == 0x77;
			right &= b[at + len] == 1;
		}
	}
	check(right, "memcpy, memmove, memset");
	check(memcmp("abc", "abd", 3) < 0 && memcmp("\377", "\1", 1) > 0 &&
		      memcmp("abc", "abd", 2) == 0,
	      "memcmp");
	check(strlen("") == 0 && strlen("four") == 4 && strnlen("four", 2) == 2,
	      "strlen");
	check(strcmp("a", "b") < 0 && strcmp("ab", "a") > 0 &&
		      strcmp("ab", "ab") == 0 && strncmp("ab", "ac", 1) == 0,
	      "strcmp");
	check(*strchr("walk", 'l') == 'l' && !strchr("walk", 'x') &&
		      !*strchr("walk", 0) &&
		      *(char *)memchr("ab", 'b', 2) == 'b',
	      "strchr");
}

static void test_heap(void)
{
	uint64_t seed = 3, before, after;
	uint8_t *p[64] = {0};
	size_t size[64] = {0};
	bool right = true;
	void *big;

	for (int i = 0; i < 5000; i++) {
		unsigned n = next_random(&seed) % 64;

		for (size_t k = 0; k < size[n]; k++)
			right &= p[n][k] == n;
		size[n] = next_random(&seed) % 2000;
		p[n] = realloc(p[n], size[n]);
		right &= p[n] != NULL;
		memset(p[n], n, size[n]);
	}
	check(right, "5000 times realloc");
	for (int n = 0; n < 64; n++)
		free(p[n]);
	/* More than a pool of frames, more than a page table of pages. */
	big = malloc(3 << 20);
	check(big != NULL, "3 MiB");
	memset(big, 1, 3 << 20);
	free(big);
	sys_untyped_info(UNTYPED, NULL, &before, NULL);
	for (int i = 0; i < 100; i++)
		free(calloc(1, 3 << 20));
	sys_untyped_info(UNTYPED, NULL, &after, NULL);
	check_equal(after, before, "freed memory is used again");
	check(!malloc(SIZE_MAX) && !malloc(UINT64_C(1) << 40) &&
		      !calloc(SIZE_MAX, 2),
	      "absurd sizes are refused");
}

/* All there is, in pieces of 1 MiB, and then it still works. */
static void test_heap_exhaustion(void)
{
	static void *p[600];
	unsigned count = 0;
	uint64_t left;

	while (count < 600 && (p[count] = malloc(1 << 20)))
		*(char *)p[count++] = 1;
	check(count > 0 && count < 600, "memory ends");
	while (count)
		free(p[--count]);
	check((p[0] = malloc(2 << 20)) != NULL, "and can be used again");
	check_error(sys_untyped_info(UNTYPED, NULL, &left, NULL), ERR_OK,
		    "info");
}

static void test_boot_info(const struct boot_info *info)
{
	uint64_t bytes = 0;
	bool main_listed = false;

	for (unsigned i = 0; i < info->untyped_count; i++) {
		check_equal(type_in(ROOT, info->untyped[i].slot),
			    OBJECT_UNTYPED, "a listed untyped");
		main_listed |= info->untyped[i].slot == BOOT_SLOT_UNTYPED;
		bytes += info->untyped[i].bytes;
	}
	check(main_listed, "the main one is listed");
	check(bytes > UINT64_C(8) << 20, "there is memory to work with");
	check((uint64_t)_start >= info->image_base &&
		      (uint64_t)_start < info->image_end,
	      "the entry is in the image");
	check_equal((uint64_t)_start, 0x88b0, "where people expect it");
	check_equal((uint64_t)rt_buffer(), BOOT_BUFFER, "our task buffer");
	check(strnlen(info->cmdline, BOOT_CMDLINE_SIZE) < BOOT_CMDLINE_SIZE,
	      "the command line ends");
}

static __thread uint64_t local = 0x1234567890;
static __thread uint8_t large[300];
__thread uint8_t aligned __attribute__((aligned(64))) = 7;

static volatile uint64_t seen[4];

static void look(uint64_t argument)
{
	seen[0] = local;
	seen[1] = (uintptr_t)&local;
	local = argument;
	seen[3] = large[299] + aligned;
	seen[2] = local;
	sys_yield();
	seen[0] = 0;
}

static void test_thread_local_variables(void)
{
	uint8_t *volatile at; /* what the compiler knows is not asked */

	check(local == 0x1234567890 && aligned == 7 && large[0] == 0 &&
		      large[299] == 0,
	      "thread-local variables begin as they are written");
	at = &aligned;
	check((uintptr_t)at % 64 == 0, "and aligned");
	local = 1;
	large[299] = 9;
	thread_start(look, 2);
	await(&seen[2], 2);
	check(seen[0] == 0x1234567890 && seen[3] == 7,
	      "every task has its own copy");
	check(seen[1] != (uintptr_t)&local && local == 1,
	      "and changes no other's");
	await(&seen[0], 0);
	check(local == 1, "after switches, too");
	check(rt_self()->self == rt_self() &&
		      (uintptr_t)&local < (uintptr_t)rt_self(),
	      "they end where the FS base is");
	check_error(sys_set_fs_base(~UINT64_C(0)), ERR_RANGE,
		    "an FS base of the kernel's is refused");
	check(local == 1, "which changes nothing");
}

static unsigned constructed;

static __attribute__((constructor(200))) void second(void)
{
	constructed = constructed == 1 ? 2 : 0;
}

static __attribute__((constructor(150))) void first(void)
{
	constructed = 1;
}

static __attribute__((constructor)) void third(void)
{
	constructed = constructed == 2 ? 3 : 0;
}

int user_main(const struct boot_info *info)
{
	check(constructed == 3, "constructors run in order");
	check(rt_boot_info() == info, "the boot information is there");
	test_thread_local_variables();
	test_boot_info(info);
	test_strings();
	test_heap();
	test_heap_exhaustion();
	return check_done();
}
