/* suggest.h: "did you mean": the nearest of a few names. */
#ifndef SHELL_SUGGEST_H
#define SHELL_SUGGEST_H

#include <stddef.h>

/*
 * The name nearest to the first `len` bytes of `text`, by at most two typing
 * mistakes (one for short words), or the one that begins with it; else NULL.
 */
const char *suggest(const char *text, size_t len, const char *const *name,
		    size_t count);

#endif
