/*
 * wire.h: a serial line's far end, for other programs to take up: a
 * pseudo-terminal, or a socket that listens.
 *
 * The guest never waits for whoever is there, or is not. What it sends waits
 * in a queue of bounded size for a client that is slow or still to come; when
 * that is full the oldest bytes are lost, and counted. One client at a time:
 * a second is turned away, and when the first has gone another may come.
 */
#ifndef SHELL_WIRE_H
#define SHELL_WIRE_H

#include <limits.h>

#include "devices/devices.h"
#include "shell/feeder.h"

#define WIRE_QUEUE 65536

struct wire {
	struct machine *m;     /* NULL: not open */
	char name[8];	       /* "COM2" */
	enum input_kind kind;  /* of its client's bytes */
	int listen_fd;	       /* -1: a pty */
	int fd;		       /* the client, or the pty; -1: nobody */
	char remove[PATH_MAX]; /* a socket's or link's name, ours; or "" */
	struct feeder feeder;  /* what the client sends */
	bool watched;	       /* `fd` is in the loop */
	bool armed;	       /* a timer will try again */
	uint64_t lost;
	size_t first, len; /* of the queue, a ring */
	uint8_t queue[WIRE_QUEUE];
};

/* `com` is which COM port, from 1. Each 0 or -errno, said. */

/* `link`, if not NULL, is made a symbolic link to it; else its name is said. */
int wire_open_pty(struct wire *w, struct machine *m, unsigned com,
		  const char *link);
/* Nobody but the user may connect. A socket nobody listens at is replaced. */
int wire_open_unix(struct wire *w, struct machine *m, unsigned com,
		   const char *path);
/* `place` is PORT, of this host alone, or HOST:PORT; port 0: any, said. */
int wire_open_tcp(struct wire *w, struct machine *m, unsigned com,
		  const char *place);

/* Once there is a chip: begin to listen for it. 0 or -errno, said. */
int wire_begin(struct wire *w, struct device *com);

struct byte_sink wire_sink(struct wire *w);

/* Get out what is left, within reason, and say what was lost. */
void wire_close(struct wire *w);

#endif
