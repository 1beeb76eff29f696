/*
 * source.h: which function and line an address of an ELF file belongs to,
 * from its DWARF; functions inlined there are named with those they are in.
 * Without libdw, and for files without DWARF, the symbol table names functions
 * alone.
 */
#ifndef SHELL_SOURCE_H
#define SHELL_SOURCE_H

#include <stdint.h>

#define SOURCE_ID_MAX	  32
#define SOURCE_FRAMES_MAX 16 /* functions inlined into one another */

struct source;

/* Texts live as long as the struct source; NULL and 0: not known. */
struct source_frame {
	const char *function;
	const char *file;
	unsigned line;
};

/* NULL, having said why, if the file cannot be read or is no ELF file. */
struct source *source_open(const char *path);
void source_close(struct source *source);

const char *source_path(const struct source *source);

/* The build ID's bytes; returns how many, 0: it has none. */
unsigned source_build_id(const struct source *source,
			 uint8_t id[SOURCE_ID_MAX]);

/*
 * The function at the address, first the innermost of those inlined there,
 * each later one with the place that called the one before. Returns how many;
 * 0: it is in no segment that is executed, or nothing is known.
 */
unsigned source_find(struct source *source, uint64_t va,
		     struct source_frame frame[SOURCE_FRAMES_MAX]);

#endif
