/*
 * words.h: a line of vmm shell's as words.
 *
 * Words are parted by blanks, commands by ';' or a newline; '#' at the
 * beginning of a word makes the rest of the line a comment. Quotes, "..." or
 * '...', keep blanks and those signs; a backslash in front of a quote keeps
 * that. Backslashes stay: the commands that take text undo them as C does.
 */
#ifndef SHELL_WORDS_H
#define SHELL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define WORDS_MAX  40
#define WORDS_SIZE 4096

struct words {
	unsigned count;
	const char *word[WORDS_MAX + 1]; /* a NULL behind the last */
	bool quoted[WORDS_MAX + 1];
	const char *raw; /* the command as it stands in the line */
	size_t raw_len;
	char text[WORDS_SIZE];
};

/*
 * Read the command at *line and move *line behind it. False: it is no good,
 * `why` says in what way. A command without words (blank, a comment) is fine.
 */
bool words_read(const char **line, struct words *words, const char **why);

/* The word, or NULL behind the last. */
static inline const char *words_at(const struct words *w, unsigned i)
{
	return i < w->count ? w->word[i] : NULL;
}

#endif
