/*
 * timeline.h: a session's run as something to keep: recorded into a file,
 * repeated from one, or gone back in.
 */
#ifndef SHELL_TIMELINE_H
#define SHELL_TIMELINE_H

#include "shell/feeder.h"
#include "shell/options.h"
#include "shell/repl/link_host.h"
#include "vmm/history.h"
#include "vmm/record.h"

struct session;

struct timeline {
	struct recorder recorder;
	struct recording *recording; /* NULL: no replay */
	struct history *history;     /* NULL: none */
	/* In a replay: for what clients of the lines sent, and a prompt. */
	struct feeder wire[BOARD_COMS];
	struct link_host link;
};

/* Is something asked for that only a CPU that counts can do? */
bool timeline_needs_count(const struct options *options);

/* CRC-32C of a file, 0: it cannot be read. */
uint32_t timeline_file_crc(const char *path);

/* In a replay, instead of the console and the wires. */
void timeline_connect(struct session *s);

/* All is as it will begin. 0 or -errno, said. */
int timeline_begin(struct session *s);

/* The machine will be another one: what is recorded of this one ends here: 1;
 * 0: nothing is; -errno, said. */
int timeline_cut(struct session *s, const char *why);

/* The machine is another one: what was of the old one is forgotten. */
void timeline_renew(struct session *s);

/* The run is over: false, said, if a file is not good or it was another run. */
bool timeline_end(struct session *s);

/* Before the machine goes; accepts a zeroed one. */
void timeline_fini(struct timeline *t);

#endif
