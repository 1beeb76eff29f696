/* suggest.c: edit distance with neighbours exchanged (optimal alignment). */
#include "shell/suggest.h"

#include <string.h>

#define WORD_MAX 24

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned distance(const char *a, size_t a_len, const char *b,
			 size_t b_len)
{
	unsigned d[WORD_MAX + 1][WORD_MAX + 1];

	for (size_t i = 0; i <= a_len; i++)
		for (size_t j = 0; j <= b_len; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = i + j;
				continue;
			}
			d[i][j] =
				least(least(d[i - 1][j], d[i][j - 1]) + 1,
				      d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[a_len][b_len];
}

const char *suggest(const char *text, size_t len, const char *const *name,
		    size_t count)
{
	unsigned best = len <= 3 ? 2 : 3; /* not as far as this */
	const char *found = NULL;

	if (len == 0 || len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t name_len = strlen(name[i]);
		unsigned far;

		if (name_len > WORD_MAX)
			continue;
		far = name_len > len && !strncmp(text, name[i], len)
			      ? 1
			      : distance(text, len, name[i], name_len);
		if (far < best) {
			best = far;
			found = name[i];
		}
	}
	return found;
}
