/* string.c: what the compiler and the kernel expect of a C library. */
#include <string.h>

/*
 * `rep movsb` and `rep stosb` are as fast as anything on processors with
 * ERMSB, and one instruction to read.
 */
void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
	void *at = to;

	asm volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(len)::"memory");
	return to;
}

void *memset(void *to, int byte, size_t len)
{
	void *at = to;

	asm volatile("rep stosb" : "+D"(at), "+c"(len) : "a"(byte) : "memory");
	return to;
}

void *memmove(void *to, const void *from, size_t len)
{
	char *at = (char *)to + len - 1;
	const char *last = (const char *)from + len - 1;

	if (to <= from)
		return memcpy(to, from, len);
	asm volatile("std; rep movsb; cld"
		     : "+D"(at), "+S"(last), "+c"(len)::"memory");
	return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const unsigned char *p = a, *q = b;

	for (size_t i = 0; i < len; i++)
		if (p[i] != q[i])
			return p[i] - q[i];
	return 0;
}
