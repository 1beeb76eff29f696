/*
 * toml.h: the part of TOML 1.0 that configuration and test lists need.
 *
 * Tables ([a], [[a]]) one level deep; keys that are words; strings on one
 * line, whole numbers, booleans, and arrays of them. What it takes is TOML and
 * means what TOML says; the rest of TOML (dates, floats, inline tables,
 * dotted keys, texts of several lines) is refused by name.
 */
#ifndef SHELL_TOML_H
#define SHELL_TOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum toml_kind { TOML_STRING, TOML_INTEGER, TOML_BOOLEAN, TOML_ARRAY };

struct toml_value {
	enum toml_kind kind;
	char *string; /* ends with a NUL and has no other */
	int64_t integer;
	bool boolean;
	struct toml_value *item;
	size_t count;
};

struct toml_key {
	char *name;
	unsigned line;
	struct toml_value value;
};

struct toml_table {
	char *name;
	bool many; /* [[name]] */
	unsigned line;
	struct toml_key *key;
	size_t count;
};

/* table[0] holds the keys above the first header; its name is "". */
struct toml {
	struct toml_table *table;
	size_t count;
};

/*
 * 0; -EINVAL with "line N: what is wrong" in `why`; -ENOMEM. Whatever came,
 * toml_fini() is to be called.
 */
int toml_parse(const char *text, size_t len, struct toml *toml, char *why,
	       size_t why_size);

/* The file; 0 or -errno, said. -ENOENT is not said. */
int toml_load(const char *path, struct toml *toml);

void toml_fini(struct toml *toml);

#endif
