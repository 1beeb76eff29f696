/*
 * record.h: a run in a file, to be repeated elsewhere, bit for bit.
 *
 * What is written: the machine as it began (a snapshot, vmm/snapshot.h), each
 * input with the instant it reached the guest (vmm/input.h), now and then a
 * hash of the state, and how it ended. Nothing else is needed to run it again,
 * not even the kernel's file.
 *
 * The file is little-endian and has no pointers in it:
 *
 *	header		magic, format version, CRC-32C of these
 *	records		each: a head with a number, counted up from 0, and
 *			CRC-32Cs of itself and of the bytes that follow it
 *
 * Records are appended whole, one write each, so that what a killed recorder
 * leaves is good up to where it came. A file is foreign data: recording_open()
 * checks all that can be checked without a machine.
 */
#ifndef VMM_RECORD_H
#define VMM_RECORD_H

#include "vmm/dirty.h"
#include "vmm/machine.h"
#include "vmm/snapshot.h"

/* Raised as well when the machine runs otherwise from the same inputs:
 * 2: PAUSE ends a CPU's turn, and a seed draws whose the next one is. */
#define RECORD_FORMAT 2
#define RECORD_MAGIC  "VMMRUN\x1a"

enum record_kind {
	RECORD_ABOUT, /* struct record_about, two names; the first */
	RECORD_START, /* a snapshot's bytes; the second */
	RECORD_INPUT,
	RECORD_CHECK, /* 8 bytes: the state's hash at `count` */
	RECORD_END,   /* struct record_end, why; the last */
	RECORD_KINDS
};

/* On file, all four; no padding. */
struct record_header {
	char magic[8];
	uint32_t format;
	uint32_t crc; /* of the bytes before it */
};

struct record_head {
	uint32_t kind, number;
	uint64_t count, ns; /* of START: 0 */
	uint16_t input;	    /* enum input_kind */
	uint8_t point, joined;
	uint32_t len; /* of what follows */
	uint32_t data_crc;
	uint32_t head_crc; /* of the bytes before it */
};

/* How the machine's inputs are connected, and what ran. */
struct record_about {
	char version[16]; /* of vmm */
	int32_t line;	  /* the serial line that takes input; -1: none */
	uint32_t file;	  /* 1: it may be asked for more */
	uint32_t lines;	  /* bits: those that there are, */
	uint32_t wires;	  /* and those that clients could send by */
	uint32_t kernel_crc, init_crc; /* CRC-32C of the files; 0: none */
	/* The files' names follow, with a 0 each. */
};

struct record_end {
	uint32_t stop;	/* enum stop_kind */
	uint32_t exact; /* the guest's own end: `hash` is of its state */
	uint64_t code, hash;
	/* m->why follows, with a 0. */
};

/* ---- the state, checked often and cheaply ---- */

/*
 * A hash of the whole machine, of which memory's part is kept up by the pages
 * that were written. It is not machine_hash().
 */
struct state_sum {
	struct machine *m;
	struct dirty_set dirty;
	uint64_t *page[GUESTMEM_REGIONS]; /* each page's share; 0: zeros */
	uint64_t memory;		  /* all of them */
	uint64_t written;		  /* pages, since the last time */
};

int state_sum_init(struct state_sum *sum, struct machine *m);
void state_sum_fini(struct state_sum *sum);
uint64_t state_sum(struct state_sum *sum);

/* ---- recording ---- */

struct recorder {
	struct machine *m;
	const char *path;
	int fd; /* -1: not open */
	uint32_t number;
	struct state_sum sum;
	struct mark check;
	uint64_t spacing; /* instructions between checks */
	bool failed;	  /* said; the run was stopped */
};

/*
 * Make the file anew and record what runs from here on, before it runs. The
 * names of `about` may be NULL. -errno, said; on CPUs that do not count
 * -ENOTSUP, said.
 */
int recorder_begin(struct recorder *r, struct machine *m, const char *path,
		   const struct record_about *about, const char *kernel,
		   const char *init, const struct snapshot_extra *extra);

/* The run is over, as m->stop says: 0, or -errno, said. */
int recorder_end(struct recorder *r);

/* Accepts a zeroed or ended one. */
void recorder_fini(struct recorder *r);

/* ---- reading, and repeating ---- */

struct recording {
	const char *path; /* not owned; for messages */
	uint8_t *bytes;	  /* owned */
	size_t size;
	struct record_about about;
	const char *kernel, *init; /* "": none */
	const uint8_t *start;
	size_t start_len;
	size_t first;  /* where the records behind START are */
	bool whole;    /* it has an end; else it was cut off */
	uint64_t last; /* the latest count in it */
	struct record_end end;
	uint64_t end_ns;
	const char *end_why;

	/* While it is repeated: */
	struct machine *m;
	struct state_sum sum;
	struct mark check, over;
	size_t at; /* of the next check */
	uint64_t expected;
	unsigned checked;
	bool other_way; /* said */
	bool done;	/* it came to the recording's end */
};

/* Read and check; -errno, or -EINVAL for what is no good, said. */
int recording_open(const char *path, const char *version, struct recording *r);

/* Check `size` bytes, which become the recording's, also when refused. */
int recording_parse(const char *path, const char *version, uint8_t *bytes,
		    size_t size, struct recording *r);

/* Accepts a zeroed or closed one. */
void recording_close(struct recording *r);

/* The machine it began with; the snapshot's bytes are its own. */
int recording_start(const struct recording *r, struct snapshot *s);

/* `m` has been restored from that: let it run as recorded. -errno, said. */
int recording_follow(struct recording *r, struct machine *m);

/* Before the machine goes; recording_close() does it, too. */
void recording_leave(struct recording *r);

/* After the run: was it the same? 0, or -EIO, said. Says what was seen. */
int recording_judge(struct recording *r);

/* ---- between the files of this ---- */

/* Does the guest come to this end again by itself, at that very instant? */
bool record_exact(enum stop_kind stop);

/*
 * The record at *at, which is to have that number, and on to the next one: 1;
 * 0: there is no whole one more; -EINVAL, said.
 */
int record_next(const struct recording *r, size_t *at, uint32_t number,
		struct record_head *head, const uint8_t **data);

#endif
