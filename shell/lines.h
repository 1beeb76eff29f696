/*
 * lines.h: the serial lines of a session: where each one's bytes go and come
 * from.
 *
 * Standard output and files get every byte: a reader that is slow holds the
 * machine, whose time stands still. Those who connect to a pty or socket hold
 * nobody (shell/wire.h).
 */
#ifndef SHELL_LINES_H
#define SHELL_LINES_H

#include "shell/display.h"
#include "shell/options.h"
#include "shell/output.h"
#include "shell/panic.h"
#include "shell/stamp.h"
#include "shell/tail.h"
#include "shell/wire.h"

struct lines {
	const struct options *options;
	struct machine *m;
	struct output *stdout_;
	struct display *display;
	struct line {
		struct output file;
		struct wire wire;
		struct stamp stamp;
		struct byte_sink tee[2]; /* to standard output, and `file` */
		struct byte_sink shown;	 /* what is behind first_time() */
		const struct machine *m;
	} line[BOARD_COMS];
	struct tail tail[BOARD_COMS];
};

/* Does it exist on the board? COM1 and COM2 always do. */
bool lines_exists(const struct options *options, unsigned which);
/* The line that standard input goes to, or -1. */
int lines_stdin(const struct options *options);

/* Open files and sockets. 0 or -errno, said. */
int lines_open(struct lines *l, const struct options *options,
	       struct machine *m, struct output *stdout_,
	       struct display *display);
/* What a chip sends; `panic` looks at it on the way. */
struct byte_sink lines_sink(struct lines *l, unsigned which,
			    struct panic *panic);
/* The chips are there: listen for clients. 0 or -errno, said. */
int lines_begin(struct lines *l, const struct board *board);

/* Is any of them a pty or socket? Someone may come there and send. */
bool lines_have_wire(const struct lines *l);

/* As struct output has them, for all that may wait; not standard output. */
void lines_set_deadline(struct lines *l, uint64_t when_ns);
void lines_set_patience(struct lines *l, int fd);
void lines_set_keys(struct lines *l, bool (*keys)(void *ctx), void *ctx);

/* Bits: those whose bytes the person has not seen. */
unsigned lines_hidden(const struct lines *l);

/* What is collected is seen at once. */
void lines_flush(struct lines *l);

/* Flush and close all. False if that failed. Accepts a zeroed one. */
bool lines_close(struct lines *l);

#endif
