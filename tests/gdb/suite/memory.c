/*
 * memory.c: strings, memory and numbers for the suite's programs.
 */
#include "tests/gdb/suite/libc.h"

void *memset(void *to, int c, size_t n)
{
	void *at = to;

	__asm__ volatile("rep stosb" : "+D"(at), "+c"(n) : "a"(c) : "memory");
	return to;
}

void *memcpy(void *to, const void *from, size_t n)
{
	void *at = to;

	__asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(n)::"memory");
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	char *t = to;
	const char *f = from;

	if (t <= f)
		return memcpy(to, from, n);
	while (n--)
		t[n] = f[n];
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (size_t i = 0; i < n; i++)
		if (x[i] != y[i])
			return x[i] - y[i];
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i] || !a[i])
			return (unsigned char)a[i] - (unsigned char)b[i];
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

char *strncpy(char *to, const char *from, size_t n)
{
	size_t i = 0;

	for (; i < n && from[i]; i++)
		to[i] = from[i];
	for (; i < n; i++)
		to[i] = 0;
	return to;
}

char *strcpy(char *to, const char *from)
{
	memcpy(to, from, strlen(from) + 1);
	return to;
}

char *strcat(char *to, const char *from)
{
	strcpy(to + strlen(to), from);
	return to;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)s;
		if (!*s)
			return 0;
	}
}

char *strrchr(const char *s, int c)
{
	const char *last = 0;

	do
		if (*s == (char)c)
			last = s;
	while (*s++);
	return (char *)last;
}

wchar_t *wcscat(wchar_t *to, const wchar_t *from)
{
	wchar_t *at = to;

	while (*at)
		at++;
	while ((*at++ = *from++))
		;
	return to;
}

long strtol(const char *s, char **end, int base)
{
	long n = 0;
	bool minus = *s == '-';

	(void)base;
	s += minus;
	while (*s >= '0' && *s <= '9')
		n = n * 10 + *s++ - '0';
	if (end)
		*end = (char *)s;
	return minus ? -n : n;
}

int atoi(const char *s)
{
	return (int)strtol(s, 0, 10);
}

int abs(int n)
{
	return n < 0 ? -n : n;
}

double sqrt(double d)
{
	__asm__("sqrtsd %0, %0" : "+x"(d));
	return d;
}

double fabs(double d)
{
	return d < 0 ? -d : d;
}

/*
 * The heap has an address and no name: gdb would show pointers into it with
 * that. A piece says its size in the 16 bytes before it; nothing comes back.
 */
#define HEAP	  0x2000000ul
#define HEAP_SIZE (24ul << 20)
static size_t used;

void *malloc(size_t n)
{
	size_t size = (n + 31) & ~(size_t)15;
	char *at = (char *)HEAP + used;

	if (n > HEAP_SIZE || size > HEAP_SIZE - used)
		return 0;
	used += size;
	*(size_t *)at = n;
	return at + 16;
}

void free(void *at)
{
	(void)at;
}

void *aligned_alloc(size_t to, size_t n)
{
	char *at = malloc(n + to);

	return at ? at + (-(uintptr_t)at & (to - 1)) : 0;
}

/* What new and delete of C++ are to the linker. */
void *_Znwm(size_t n)
{
	return malloc(n);
}

void *_Znam(size_t n)
{
	return malloc(n);
}

void _ZdlPv(void *at)
{
	(void)at;
}

void _ZdlPvm(void *at, size_t n)
{
	(void)at;
	(void)n;
}

void *calloc(size_t n, size_t size)
{
	size_t all;

	/* What is handed out was never anyone's: it is zero. */
	return __builtin_mul_overflow(n, size, &all) ? 0 : malloc(all);
}

void *realloc(void *old, size_t n)
{
	void *at = malloc(n);

	if (old && at) {
		size_t had = *(size_t *)((char *)old - 16);

		memcpy(at, old, had < n ? had : n);
	}
	return at;
}

char *strdup(const char *s)
{
	char *at = malloc(strlen(s) + 1);

	return at ? strcpy(at, s) : 0;
}
