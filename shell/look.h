/*
 * look.h: what --snapshot, --break-at, --hash-every, --trace and --look ask
 * for: to look at a run, at exact counts of instructions or at its end.
 * Nothing of it changes the run.
 */
#ifndef SHELL_LOOK_H
#define SHELL_LOOK_H

#include "shell/feeder.h"
#include "shell/inspect/inspect.h"
#include "shell/options.h"
#include "shell/output.h"
#include "shell/symbols.h"
#include "vmm/trace.h"

#define LOOK_INPUT "input" /* the feeder's part of a snapshot */

struct look {
	const struct options *options;
	struct machine *m;
	const struct feeder *feeder;
	struct mark snapshot, stop, hash, trace_on, trace_off;
	bool saved;
	struct trace trace;
	FILE *trace_out;	     /* ours to close, or NULL */
	struct symbols kernel, init; /* for the trace */
	struct inspect *inspect;     /* for --look, --trace caps; or NULL */
	struct output *out;	     /* where its commands write */
	struct look_mark {
		struct look *look;
		const struct look_option *option;
		struct mark mark;
		bool met; /* the run came to it */
	} at[LOOK_MAX];	  /* those of --look with a count */
	bool refused;	  /* one of them was */
};

/* Must the CPU count instructions for what these options ask? */
bool look_needs_count(const struct options *options);

/*
 * Set it all up. -ENOTSUP, said, when this CPU cannot; -errno, said, when the
 * trace's file cannot be written.
 */
int look_begin(struct look *look, const struct options *options,
	       struct machine *m, const struct feeder *feeder,
	       struct output *out);

/* The one inspector of the run, which the look keeps; NULL, said: no memory. */
struct inspect *look_inspector(struct look *look);

/* Does one of them write a file by its name? */
bool look_needs_files(const struct options *options);

/* --look, after the run: false, said, when one was refused, then or before. */
bool look_around(struct look *look);

/* After the run: false, said, when something asked for was not done. */
bool look_end(struct look *look);

/* Accepts a zeroed or ended one. */
void look_fini(struct look *look);

#endif
