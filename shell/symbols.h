/* symbols.h: the names of functions at addresses, from ELF files' tables. */
#ifndef SHELL_SYMBOLS_H
#define SHELL_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol {
	uint64_t va, size; /* size 0: up to the next */
	char *name;
};

/* Sorted by address. */
struct symbols {
	struct symbol *symbol;
	size_t count;
};

/* What the ELF file `path` has, or nothing; never an error. NULL: nothing. */
void symbols_load(struct symbols *symbols, const char *path);
/* The same of an open file; -1: nothing. It stays open. */
void symbols_read(struct symbols *symbols, int fd);
void symbols_free(struct symbols *symbols);

/*
 * " <name+0x12>" into `text`, or false and "" when no symbol covers `va`.
 */
bool symbols_name(const struct symbols *symbols, uint64_t va, char *text,
		  size_t size);

/* The name alone, or NULL. */
const char *symbols_function(const struct symbols *symbols, uint64_t va);

#endif
