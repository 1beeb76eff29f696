/*
 * string.c: what the compiler calls by itself, and little more.
 *
 * A compiler turns plain loops into calls of memcpy and memset, even inside
 * memcpy and memset. keep_loop() in the body stops it, in gcc and in clang.
 */
#include "guest-kernel/user/rt.h"

/*
 * From here on the string instructions pay for their start-up: words at a
 * time, as processors without fast short strings, and simulators, take their
 * time for each turn of a `rep`. What is left is done by one word that ends
 * where the range does.
 */
#define REP_MIN 64

typedef uint64_t __attribute__((may_alias, aligned(1))) word_t;

static inline void keep_loop(void)
{
	__asm__ volatile("" ::: "memory");
}

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
	uint8_t *d = to;
	const uint8_t *s = from;

	if (len >= REP_MIN) {
		size_t words = len / 8;
		word_t last = *(const word_t *)(s + len - 8);

		__asm__ volatile("rep movsq"
				 : "+D"(d), "+S"(s), "+c"(words)
				 :
				 : "memory");
		*(word_t *)((uint8_t *)to + len - 8) = last;
		return to;
	}
	for (; len >= 8; len -= 8, d += 8, s += 8) {
		*(word_t *)d = *(const word_t *)s;
		keep_loop();
	}
	for (; len; len--) {
		*d++ = *s++;
		keep_loop();
	}
	return to;
}

void *memmove(void *to, const void *from, size_t len)
{
	uint8_t *d = to;
	const uint8_t *s = from;

	if ((uintptr_t)d - (uintptr_t)s >= len)
		return memcpy(to, from, len); /* forwards is safe */
	for (; len >= 8; len -= 8) {
		*(word_t *)(d + len - 8) = *(const word_t *)(s + len - 8);
		keep_loop();
	}
	for (; len; len--) {
		d[len - 1] = s[len - 1];
		keep_loop();
	}
	return to;
}

void *memset(void *to, int byte, size_t len)
{
	word_t word = (uint8_t)byte * 0x0101010101010101U;
	uint8_t *d = to;

	if (len >= REP_MIN) {
		size_t words = len / 8;

		__asm__ volatile("rep stosq"
				 : "+D"(d), "+c"(words)
				 : "a"(word)
				 : "memory");
		*(word_t *)((uint8_t *)to + len - 8) = word;
		return to;
	}
	for (; len >= 8; len -= 8, d += 8) {
		*(word_t *)d = word;
		keep_loop();
	}
	for (; len; len--) {
		*d++ = byte;
		keep_loop();
	}
	return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const uint8_t *x = a, *y = b;

	while (len >= 8 && *(const word_t *)x == *(const word_t *)y)
		x += 8, y += 8, len -= 8;
	for (; len; len--, x++, y++) {
		if (*x != *y)
			return *x - *y;
	}
	return 0;
}

void *memchr(const void *in, int byte, size_t len)
{
	const uint8_t *p = in;

	for (size_t i = 0; i < len; i++) {
		if (p[i] == (uint8_t)byte)
			return (void *)(p + i);
	}
	return NULL;
}

size_t strlen(const char *s)
{
	size_t len = 0;

	while (s[len]) {
		len++;
		keep_loop();
	}
	return len;
}

size_t strnlen(const char *s, size_t max)
{
	size_t len = 0;

	while (len < max && s[len])
		len++;
	return len;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t max)
{
	for (size_t i = 0; i < max; i++) {
		uint8_t x = a[i], y = b[i];

		if (x != y || !x)
			return x - y;
	}
	return 0;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)s;
		if (!*s)
			return NULL;
	}
}
