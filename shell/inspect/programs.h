/*
 * programs.h: the ELF files that were given, and which of them a task runs:
 * that one whose code is in its address space.
 */
#ifndef SHELL_INSPECT_PROGRAMS_H
#define SHELL_INSPECT_PROGRAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "shell/source.h"
#include "shell/symbols.h"
#include "vmm/guestmem.h"

#define PROGRAM_SEGMENTS 8
#define PROGRAM_MARK	 64

struct program_segment {
	uint64_t va, end;
	unsigned flags; /* PF_* */
};

struct program {
	char name[32]; /* the file's, without folder and ".elf" */
	int fd;	       /* -1: it cannot be read */
	struct program_segment segment[PROGRAM_SEGMENTS];
	unsigned segments;
	/*
	 * Of the first segment that is executed the first bytes and the last:
	 * all our programs begin alike.
	 */
	struct program_mark {
		uint64_t va;
		uint8_t bytes[PROGRAM_MARK];
		unsigned len;
	} head, tail;
	bool named; /* symbols were read */
	struct symbols symbols;
	bool lined;	       /* lines were looked for */
	struct source *source; /* NULL: there are none */
};

void program_open(struct program *p, const char *path);
/* Accepts a zeroed one whose fd is -1. */
void program_close(struct program *p);

/* Is it in the address space of this PML4? */
bool program_runs(const struct program *p, const struct guestmem *mem,
		  uint64_t top);

/* " <name+0x12>", or "". */
void program_symbol(struct program *p, uint64_t va, char *text, size_t size);
/* Is `va` the end of a call in a function of the program? */
bool program_calls(struct program *p, uint64_t va);

/* The innermost function there, its file and line; false: not known. */
bool program_line(struct program *p, uint64_t va, struct source_frame *frame);

/* "code", "data", ...; NULL: no part of the program is there. */
const char *program_part(const struct program *p, uint64_t va);

#endif
