/*
 * snapshot.h: a whole machine in a file, and back.
 *
 * What is kept: each CPU's struct x86_state, the memory pages that are not
 * zero, each device's state struct, the clock, and what others hand along
 * (the shell: input not yet taken). A machine restored from it goes on as the
 * one it was taken from, to the bit.
 *
 * The file is little-endian and has no pointers in it:
 *
 *	header		magic, format version, how many parts, the file's
 *			length, CRC-32C of the parts and of the header
 *	parts		each: kind, index, version, length, name, its bytes
 *
 * A file is foreign data. snapshot_open() checks all that can be checked
 * without a machine, snapshot_restore() the rest before it changes anything;
 * what is wrong is said in one line that names the file and the reason.
 */
#ifndef VMM_SNAPSHOT_H
#define VMM_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "vmm/machine.h"

#define SNAPSHOT_FORMAT 1
#define SNAPSHOT_PARTS	64

enum snapshot_kind {
	SNAPSHOT_MACHINE, /* memory size, number of CPUs, their level */
	SNAPSHOT_CLOCK,	  /* struct snapshot_clock */
	SNAPSHOT_CPU,	  /* struct x86_state; index: which CPU */
	SNAPSHOT_DEVICE,  /* index: place in the machine's list */
	SNAPSHOT_MEMORY,  /* per page: its address, its 4096 bytes */
	SNAPSHOT_EXTRA,	  /* others', by name */
	SNAPSHOT_KINDS
};

/* On file, all three; no padding. */
struct snapshot_header {
	char magic[8];
	uint32_t format;
	uint32_t parts;
	uint64_t len; /* of the file */
	uint32_t parts_crc;
	uint32_t header_crc; /* of the bytes before it */
};

struct snapshot_head {
	uint32_t kind, index;
	uint32_t version;
	char name[20]; /* zeros behind it, one at least */
	uint64_t len;  /* of the bytes that follow */
};

struct snapshot_clock {
	uint64_t retired; /* by all CPUs; 0: they do not count */
	uint64_t skipped_ns;
	struct machine_turn turn;
	uint64_t seed; /* of the turns */
};

/* Someone else's bytes; the name has at most 19. */
struct snapshot_extra {
	const char *name;
	uint32_t version;
	const void *data;
	size_t len;
};

struct snapshot_part {
	struct snapshot_head head;
	const uint8_t *data; /* in the file's bytes; not aligned */
};

/* A checked file in memory. */
struct snapshot {
	const char *path; /* not owned; for messages */
	uint8_t *bytes;	  /* owned */
	uint64_t mem_len;
	unsigned cpus;
	enum cpu_level level;
	struct snapshot_part part[SNAPSHOT_PARTS];
	unsigned parts;
};

/*
 * Write `m` to `path` by way of a new file in the same folder: whatever goes
 * wrong, what was at `path` is still there. The machine must not be inside
 * run(). -errno, said.
 */
int snapshot_save(struct machine *m, const struct snapshot_extra *extra,
		  unsigned extras, const char *path);

/* The same to a stream that is open; errors are the stream's. */
void snapshot_write(struct machine *m, const struct snapshot_extra *extra,
		    unsigned extras, FILE *out);

/* Read and check; -errno, or -EINVAL for what is no good, said. */
int snapshot_open(const char *path, struct snapshot *s);

/* Check `size` bytes, which become the snapshot's, also when refused. */
int snapshot_parse(const char *path, uint8_t *bytes, size_t size,
		   struct snapshot *s);

/* Accepts a zeroed or closed one. */
void snapshot_close(struct snapshot *s);

/*
 * Make `m`, with the same memory size, CPUs and devices, what the snapshot
 * says. -EINVAL, said, when they differ or the CPU refuses its registers;
 * then `m` is as it was.
 */
int snapshot_restore(const struct snapshot *s, struct machine *m);

/* Another's part, or NULL when there is none of that name. */
const struct snapshot_part *snapshot_find(const struct snapshot *s,
					  const char *name);

#endif
