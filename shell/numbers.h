/*
 * numbers.h: sizes, durations and escaped text as people type them. All of
 * the text must be used up: "64Mx" is wrong, not 64M.
 */
#ifndef SHELL_NUMBERS_H
#define SHELL_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Digits and nothing else, up to `max`. */
bool parse_decimal(const char *text, uint64_t max, uint64_t *val);

/* 4096, 64K, 64M, 64MiB, 1G: bytes. */
bool parse_size(const char *text, uint64_t *bytes);

/* 10s, 500ms, 250us, 2m, 1h: nanoseconds. A unit is required. */
bool parse_duration(const char *text, uint64_t *ns);

/* 1000, 1k, 20M, 1G: a number of instructions, in thousands. */
bool parse_count(const char *text, uint64_t *count);

/* "1000-2000", "1M-" and "-5k"; what is not said stays as it is. */
bool parse_range(const char *text, uint64_t *from, uint64_t *to);

/*
 * C's escapes (\n \r \t \b \a \e \\ \" \' \0 \xhh) undone; `out` has room for
 * strlen(text) bytes. False for any other.
 */
bool parse_escapes(const char *text, uint8_t *out, size_t *len);

#endif
