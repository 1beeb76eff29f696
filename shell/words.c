/* words.c: see words.h. */
#include "shell/words.h"

#include <string.h>

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool ends(char c)
{
	return !c || c == ';' || c == '\n';
}

/* Behind the closing quote, or NULL when there is none. */
static const char *quoted(const char *p, char **to)
{
	char quote = *p++;

	for (; *p && *p != '\n' && *p != quote; p++) {
		if (*p == '\\' && p[1] && p[1] != '\n')
			*(*to)++ = *p++;
		*(*to)++ = *p;
	}
	return *p == quote ? p + 1 : NULL;
}

/* One word to *to, with a zero byte; NULL: a quote is not closed. */
static const char *read_word(const char *p, char **to, bool *any_quote)
{
	while (p && !blank(*p) && !ends(*p)) {
		if (*p == '"' || *p == '\'') {
			*any_quote = true;
			p = quoted(p, to);
		} else {
			*(*to)++ = *p++;
		}
	}
	*(*to)++ = 0;
	return p;
}

static const char *skip_comment(const char *p)
{
	while (*p && *p != '\n')
		p++;
	return p;
}

static const char *read_words(const char *p, struct words *w, const char **why)
{
	char *to = w->text;

	for (;;) {
		while (blank(*p))
			p++;
		if (*p == '#')
			p = skip_comment(p);
		if (ends(*p))
			return p;
		if (w->count == WORDS_MAX) {
			*why = "too many words";
			return NULL;
		}
		w->word[w->count] = to;
		p = read_word(p, &to, &w->quoted[w->count]);
		if (!p) {
			*why = "a quote is not closed";
			return NULL;
		}
		w->count++;
	}
}

bool words_read(const char **line, struct words *w, const char **why)
{
	const char *end;

	w->count = 0;
	memset(w->quoted, 0, sizeof(w->quoted));
	while (blank(**line))
		(*line)++;
	w->raw = *line;
	/* What is written is no longer than what is read, and a zero each. */
	if (strcspn(*line, "\n") >= WORDS_SIZE / 2) {
		*why = "the line is too long";
		return false;
	}
	end = read_words(*line, w, why);
	if (!end)
		return false;
	w->word[w->count] = NULL;
	w->raw_len = end - *line;
	*line = *end ? end + 1 : end;
	return true;
}
