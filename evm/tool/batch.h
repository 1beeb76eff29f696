/*
 * batch.h: running many fixtures: finding their files, sharing them among
 * processes, and saying how each case ended.
 *
 * A file that is malformed is reported and counts as a failure; the rest goes
 * on. Files are taken by whichever process is free; what they printed is put
 * out in the files' order, so that the output does not depend on -j.
 */
#ifndef EVM_TOOL_BATCH_H
#define EVM_TOOL_BATCH_H

#include <jansson.h>
#include <regex.h>

#include "evm/tool/tool.h"

/* How results are written. */
enum batch_format {
	BATCH_JSON,    /* geth's array */
	BATCH_HUMAN,   /* a line for each failure, and the counts */
	BATCH_SUMMARY, /* the counts */
};

struct batch_counts {
	unsigned long passed, failed, skipped;
};

struct batch {
	const char *command; /* "statetest" */
	const char *help;
	size_t json_flags; /* for the parser, beyond the usual */
	void (*run)(struct batch *batch, const char *name, json_t *test);
	bool has_pull;	  /* knows --pull */
	bool takes_lists; /* of tests; their names are 0, 1, ... */

	enum batch_format format;
	bool trace, dump, bench, pull;
	bool in_process;    /* no workers, no bar */
	bool filtered;	    /* `filter` is in force */
	regex_t filter;	    /* of names */
	enum evm_fork fork; /* EVM_FORK_COUNT: all */
	long index;	    /* of the case of a fork; -1: all */
	unsigned jobs;
	const char *junit; /* file, or NULL */
	bool progress;	   /* a bar on stderr */
	const char **skip; /* parts of paths to leave out */
	size_t skip_count;

	/* While a file is run: where it is, and what is written of it. */
	const char *file;
	struct batch_counts counts;
	FILE *out, *xml;
	bool first; /* of the file's results */
};

/* What is said of one case. `error` is NULL for one that has passed. */
struct verdict {
	const char *name;
	const char *fork; /* or NULL */
	long index;	  /* -1: none */
	const char *error;
	const struct evm_hash *root; /* or NULL */
	json_t *state;		     /* for --dump; or NULL */
	uint64_t nanoseconds, gas;   /* for --bench */
};

void batch_verdict(struct batch *batch, const struct verdict *verdict);

/* The subcommand: options and paths; calls batch->run for each test. */
int batch_main(struct batch *batch, int argc, char **argv);

/* batch_work.c: runs the files and puts out what they say. */
int batch_files(struct batch *batch, char **paths, size_t count,
		struct batch_counts *counts);
/* One file, in this process; what it says goes to batch->out and ->xml. */
void batch_file(struct batch *batch, const char *path);

#endif
