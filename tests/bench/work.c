/*
 * work.c: the table of the workloads, and those that are about memory,
 * branches and calls.
 */
#include <stddef.h>

#include "tests/bench/work.h"

uint8_t *work_arena;

const struct work works[] = {
	{"sha256", work_sha256},     {"keccak", work_keccak},
	{"multiply", work_multiply}, {"sieve", work_sieve},
	{"copy", work_copy},	     {"sort", work_sort},
	{"bytecode", work_bytecode}, {"recursion", work_recursion},
	{"chase", work_chase},	     {NULL, NULL},
};

#define SIEVE_SIZE 8192

uint64_t work_sieve(unsigned rounds)
{
	uint8_t *composite = work_arena;
	uint64_t primes = 0;

	for (unsigned n = 0; n < rounds; n++) {
		for (unsigned i = 0; i < SIEVE_SIZE; i++)
			composite[i] = 0;
		for (unsigned i = 2; i < SIEVE_SIZE; i++) {
			if (composite[i])
				continue;
			primes++;
			for (unsigned j = 2 * i; j < SIEVE_SIZE; j += i)
				composite[j] = 1;
		}
	}
	return primes;
}

/* Copy by words, then the string's length by bytes. */
uint64_t work_copy(unsigned rounds)
{
	uint64_t *from = (uint64_t *)work_arena;
	uint64_t *to = (uint64_t *)(work_arena + 8192), sum = 0;

	for (unsigned i = 0; i < 512; i++)
		from[i] = UINT64_C(0x0101010101010101) * (i % 255 + 1);
	((uint8_t *)from)[1500] = 0;
	for (unsigned n = 0; n < rounds; n++) {
		const uint8_t *s = (const uint8_t *)to;

		for (unsigned i = 0; i < 512; i++)
			to[i] = from[i];
		while (*s)
			s++;
		sum += s - (const uint8_t *)to;
	}
	return sum;
}

/* ---- quicksort, the order given by a function ---- */

#define SORT_COUNT 512

typedef int compare_fn(uint32_t a, uint32_t b);

static int ascending(uint32_t a, uint32_t b)
{
	return a < b;
}

static int by_low_half(uint32_t a, uint32_t b)
{
	return (a & 0xffff) < (b & 0xffff);
}

static compare_fn *volatile const orders[2] = {ascending, by_low_half};

static void sort(uint32_t *a, int low, int high, compare_fn *less)
{
	while (low < high) {
		uint32_t pivot = a[(low + high) / 2];
		int i = low, j = high;

		while (i <= j) {
			while (less(a[i], pivot))
				i++;
			while (less(pivot, a[j]))
				j--;
			if (i <= j) {
				uint32_t t = a[i];

				a[i++] = a[j];
				a[j--] = t;
			}
		}
		sort(a, low, j, less);
		low = i;
	}
}

uint64_t work_sort(unsigned rounds)
{
	uint32_t *a = (uint32_t *)work_arena, seed = 1;
	uint64_t sum = 0;

	for (unsigned n = 0; n < rounds; n++) {
		for (unsigned i = 0; i < SORT_COUNT; i++) {
			seed = seed * 1664525 + 1013904223;
			a[i] = seed >> 8;
		}
		sort(a, 0, SORT_COUNT - 1, orders[n & 1]);
		sum += a[n % SORT_COUNT];
	}
	return sum;
}

/* ---- an interpreter of a stack machine ---- */

enum { PUSH, ADD, MUL, XOR, DUP, SWAP, DECJNZ, STOP };

static uint64_t interpret(const uint8_t *code, uint64_t count)
{
	uint64_t stack[16] = {0}, *sp = stack + 1;

	for (const uint8_t *pc = code;;) {
		uint64_t t;

		switch (*pc++) {
		case PUSH:
			*++sp = *pc++;
			break;
		case ADD:
			sp--;
			sp[0] += sp[1];
			break;
		case MUL:
			sp--;
			sp[0] *= sp[1];
			break;
		case XOR:
			sp--;
			sp[0] ^= sp[1];
			break;
		case DUP:
			sp++;
			sp[0] = sp[-1];
			break;
		case SWAP:
			t = sp[0];
			sp[0] = sp[-1];
			sp[-1] = t;
			break;
		case DECJNZ:
			if (--count)
				pc = code;
			break;
		default:
			return sp[0];
		}
	}
}

uint64_t work_bytecode(unsigned rounds)
{
	static const uint8_t code[] = {PUSH, 7,	  ADD,	DUP,	PUSH, 31,
				       MUL,  XOR, PUSH, 3,	SWAP, ADD,
				       PUSH, 5,	  XOR,	DECJNZ, STOP};
	uint64_t sum = 0;

	for (unsigned n = 0; n < rounds; n++)
		sum += interpret(code, 100);
	return sum;
}

static uint64_t fibonacci(unsigned n)
{
	return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

uint64_t work_recursion(unsigned rounds)
{
	uint64_t sum = 0;

	for (unsigned n = 0; n < rounds; n++)
		sum += fibonacci(10 + n % 4);
	return sum;
}

/* A ring through all pages of the arena, each one's link at its own place. */
uint64_t work_chase(unsigned rounds)
{
	const unsigned pages = WORK_ARENA_SIZE / 4096;
	uint64_t **at, sum = 0;

	for (unsigned i = 0; i < pages; i++) {
		unsigned from = i * 769 % pages, to = (i + 1) * 769 % pages;

		at = (uint64_t **)(work_arena + from * 4096 + from % 64 * 64);
		*at = (uint64_t *)(work_arena + to * 4096 + to % 64 * 64);
	}
	at = (uint64_t **)work_arena;
	for (uint64_t n = (uint64_t)rounds * pages; n; n--) {
		at = (uint64_t **)*at;
		sum++;
	}
	return sum + ((uint8_t *)at - work_arena);
}
