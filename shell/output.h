/*
 * output.h: the guest's bytes to a descriptor, exactly and in bounded memory.
 *
 * Bytes are collected for at most a millisecond of the host's time and then
 * written. A reader that is slow slows the guest down, and a reader that went
 * away, or a device that is full, ends the run: nothing is lost in silence.
 * While waiting for a slow reader a signal, Ctrl-] or the deadline still ends
 * the run; what does not get out after that is dropped.
 */
#ifndef SHELL_OUTPUT_H
#define SHELL_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "devices/devices.h"
#include "vmm/machine.h"

#define OUTPUT_SIZE 32768

struct output {
	const char *name; /* for messages */
	struct machine *m;
	int fd;		      /* -1: not open */
	bool is_socket;	      /* not to wait is asked with each write */
	int patience_fd;      /* readable: stop waiting; -1: none */
	uint64_t deadline_ns; /* host time after which not to wait */

	/* While waiting, keys_fd is read by this; true: stop waiting. */
	bool (*keys)(void *ctx); /* may be NULL */
	void *keys_ctx;
	int keys_fd;

	bool failed;	     /* said; everything is dropped from then on */
	bool midline;	     /* the last byte was no newline */
	bool armed;	     /* a timer will flush */
	uint64_t flushed_ns; /* host time of the last write */
	size_t len;
	uint8_t buf[OUTPUT_SIZE];
};

/* Standard output or error, or a file made anew. 0 or -errno, said. */
int output_open_stdout(struct output *out, struct machine *m);
int output_open_stderr(struct output *out, struct machine *m);
int output_open_file(struct output *out, struct machine *m, const char *path);

/*
 * A file made anew; NULL, said, also for a FIFO that nobody reads. When
 * whoever reads it takes nothing for OUTPUT_PATIENCE_MS, this write fails and
 * all that follow.
 */
#define OUTPUT_PATIENCE_MS 5000
FILE *output_open_stream(const char *path);

/* The sink for a chip's bytes. */
struct byte_sink output_sink(struct output *out);

void output_write(struct output *out, const void *bytes, size_t len);

/* Write what is collected. False when that failed, now or before. */
bool output_flush(struct output *out);

/* Flush and close; accepts one that was not opened. False as above. */
bool output_close(struct output *out);

#endif
