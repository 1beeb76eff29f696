/* arguments.c: see arguments.h. */
#include "guest-kernel/user/arguments.h"

#include <stddef.h>

/* One word from *from to `to`, without its quotes; returns its end. */
static char *take_word(const char **from, char *to, const char *end)
{
	char quote = 0;

	for (; **from && (quote || **from != ' '); ++*from) {
		char c = **from;

		if (quote ? c == quote : c == '"' || c == '\'')
			quote = quote ? 0 : c;
		else if (to < end)
			*to++ = c;
	}
	return to;
}

void arguments_split(struct arguments *a, char *name, const char *cmdline)
{
	char *to = a->text, *end = a->text + sizeof(a->text) - 1;

	a->count = 0;
	a->word[a->count++] = name;
	for (;;) {
		while (*cmdline == ' ')
			cmdline++;
		if (!*cmdline || a->count == ARGUMENTS_MAX)
			break;
		a->word[a->count++] = to;
		to = take_word(&cmdline, to, end);
		*to = 0;
		to += to < end;
	}
	a->word[a->count] = NULL;
}
