/*
 * source.h: which function and line an address of an ELF file belongs to,
 * from its DWARF; functions inlined there are named with those they are in.
 * Without libdw, and for files without DWARF, the symbol table names functions
 * alone.
 */
#ifndef SHELL_SOURCE_H
#define SHELL_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#define SOURCE_ID_MAX	  32
#define SOURCE_FRAMES_MAX 16 /* functions inlined into one another */

struct source;
struct symbols;

/* Texts live as long as the struct source; NULL and 0: not known. */
struct source_frame {
	const char *function;
	const char *file;
	unsigned line;
};

/* NULL, having said why, if the file cannot be read or is no ELF file. */
struct source *source_open(const char *path);
/* The same of an open file, which is the caller's; `path` is for its name. */
struct source *source_open_fd(int fd, const char *path);
void source_close(struct source *source);

const char *source_path(const struct source *source);

/* The build ID's bytes; returns how many, 0: it has none. */
unsigned source_build_id(const struct source *source,
			 uint8_t id[SOURCE_ID_MAX]);

/* Is the address in a segment that is executed? */
bool source_covers(const struct source *source, uint64_t va);

/*
 * The function at the address, first the innermost of those inlined there,
 * each later one with the place that called the one before. Returns how many;
 * 0: it is in no segment that is executed, or nothing is known.
 */
unsigned source_find(struct source *source, uint64_t va,
		     struct source_frame frame[SOURCE_FRAMES_MAX]);

/* By DWARF's numbers: rax, rdx, rcx, rbx, rsi, rdi, rbp, rsp, r8 ... rip. */
#define SOURCE_RBP  6
#define SOURCE_RSP  7
#define SOURCE_RIP  16
#define SOURCE_REGS 17

struct source_regs {
	uint64_t r[SOURCE_REGS];
	uint32_t known;	  /* bits: those that are */
	bool behind_call; /* rip is where a call returns to */
};

/* Eight bytes of the program's memory. */
struct source_memory {
	bool (*read)(void *ctx, uint64_t va, uint64_t *word);
	void *ctx;
};

/*
 * Make the registers those of the caller, by the file's call frame
 * information. False, and nothing changed: it says nothing of this address,
 * this is the outermost function, or the memory does not bear it out.
 */
bool source_unwind(struct source *source, struct source_regs *regs,
		   const struct source_memory *memory);

/* The functions by their symbols; the source's own. */
const struct symbols *source_symbols(const struct source *source);

#endif
