/* numbers.c: strict readers for what stands on a command line. */
#include "shell/numbers.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static bool parse_number(const char **text, uint64_t *value)
{
	const char *p = *text;

	if (!isdigit((unsigned char)*p))
		return false;
	for (*value = 0; isdigit((unsigned char)*p); p++) {
		if (*value > (UINT64_MAX - 9) / 10)
			return false;
		*value = *value * 10 + (*p - '0');
	}
	*text = p;
	return true;
}

/* The table ends with a NULL name. */
static bool parse_with_unit(const char *text, const struct unit *unit,
			    uint64_t *value)
{
	if (!parse_number(&text, value))
		return false;
	for (; unit->name; unit++)
		if (!strcmp(text, unit->name)) {
			if (*value > UINT64_MAX / unit->factor)
				return false;
			*value *= unit->factor;
			return true;
		}
	return false;
}

/* Digits, and nothing else: no sign, no space before. */
bool parse_decimal(const char *text, uint64_t max, uint64_t *val)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*val = strtoull(text, &end, 10);
	return !*end && errno == 0 && *val <= max;
}

bool parse_size(const char *text, uint64_t *bytes)
{
	static const struct unit units[] = {
		{"", 1},	  {"K", 1 << 10},   {"M", 1 << 20},
		{"G", 1 << 30},	  {"KiB", 1 << 10}, {"MiB", 1 << 20},
		{"GiB", 1 << 30}, {"k", 1 << 10},   {"m", 1 << 20},
		{"g", 1 << 30},	  {NULL, 0},
	};

	return parse_with_unit(text, units, bytes);
}

bool parse_duration(const char *text, uint64_t *ns)
{
	static const struct unit units[] = {
		{"ns", 1},
		{"us", 1000},
		{"ms", 1000000},
		{"s", 1000000000},
		{"m", UINT64_C(60000000000)},
		{"h", UINT64_C(3600000000000)},
		{NULL, 0},
	};

	return parse_with_unit(text, units, ns);
}

bool parse_count(const char *text, uint64_t *count)
{
	static const struct unit units[] = {
		{"", 1},	{"k", 1000},	   {"K", 1000},
		{"M", 1000000}, {"G", 1000000000}, {NULL, 0},
	};

	return parse_with_unit(text, units, count);
}

bool parse_range(const char *text, uint64_t *from, uint64_t *to)
{
	const char *dash = strchr(text, '-');
	char first[32];

	if (!dash || !text[1] || dash - text >= (long)sizeof(first))
		return false;
	snprintf(first, sizeof(first), "%.*s", (int)(dash - text), text);
	return (!first[0] || parse_count(first, from)) &&
	       (!dash[1] || parse_count(dash + 1, to)) && *from <= *to;
}

static int hex_digit(char c)
{
	if (!isxdigit((unsigned char)c))
		return -1;
	return isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* One escape, `*text` behind its backslash; -1: not one. */
static int parse_escape(const char **text)
{
	static const char names[] = "nrtbae0\\\"'";
	static const char values[] = "\n\r\t\b\a\033\0\\\"'";
	const char *at = **text ? strchr(names, **text) : NULL;

	if (at) {
		++*text;
		return values[at - names];
	}
	if (**text == 'x' && hex_digit((*text)[1]) >= 0 &&
	    hex_digit((*text)[2]) >= 0) {
		*text += 3;
		return hex_digit((*text)[-2]) << 4 | hex_digit((*text)[-1]);
	}
	return -1;
}

bool parse_escapes(const char *text, uint8_t *out, size_t *len)
{
	*len = 0;
	while (*text) {
		int c = (unsigned char)*text++;

		if (c == '\\') {
			c = parse_escape(&text);
			if (c < 0)
				return false;
		}
		out[(*len)++] = c;
	}
	return true;
}
