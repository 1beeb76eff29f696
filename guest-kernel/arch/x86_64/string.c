/* string.c: what the compiler and the kernel expect of a C library. */
#include <string.h>

/*
 * By eight bytes at a time: processors without fast short strings, and
 * simulators, take their time for each turn of a `rep`.
 */
void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
	void *at = to;
	size_t words = len / 8, rest = len % 8;

	asm volatile("rep movsq\n\t"
		     "movq %3, %2\n\t"
		     "rep movsb"
		     : "+&D"(at), "+&S"(from), "+&c"(words)
		     : "r"(rest)
		     : "memory");
	return to;
}

void *memset(void *to, int byte, size_t len)
{
	void *at = to;
	size_t words = len / 8, rest = len % 8;

	asm volatile("rep stosq\n\t"
		     "movq %3, %1\n\t"
		     "rep stosb"
		     : "+&D"(at), "+&c"(words)
		     : "a"((unsigned char)byte * 0x0101010101010101U), "r"(rest)
		     : "memory");
	return to;
}

void *memmove(void *to, const void *from, size_t len)
{
	char *at = (char *)to + len - 1;
	const char *last = (const char *)from + len - 1;

	if (to <= from || (const char *)from + len <= (char *)to)
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
