/*
 * runner.h: `vmm test`: many runs of `vmm boot`, each a process of ours, and
 * what came of them.
 *
 *	plan.c	    command line and vmm.toml to tests, tests to jobs
 *	run.c	    jobs to processes to results
 *	judge.c	    what a run's end and its points mean
 *	report_*.c  results to TAP, JUnit, JSON, GitHub
 *	shard.c	    results to files, named by what was run; and back
 */
#ifndef SHELL_RUNNER_RUNNER_H
#define SHELL_RUNNER_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "shell/options.h"
#include "shell/runner/manifest.h"
#include "shell/runner/points.h"

/* What is to be run. Strings are the plan's. */
struct test {
	const char *name;
	const char *image; /* whose manifest counts */
	const char **arg;  /* of `vmm boot`, argv[1] on */
	unsigned arg_count;
	int expect;	     /* the exit status that is right */
	const char *skip;    /* why it is not run, or NULL */
	uint64_t timeout_ns; /* as its options have it */
	bool accel_auto;
	char **planned; /* names of points that must be run */
	size_t planned_count;
};

struct job {
	const struct test *test;
	bool seeded;
	uint64_t seed;
};

struct plan {
	struct test *test;
	size_t count;
	struct job *job;
	size_t job_count;
	char **owned; /* strings */
	size_t owned_count;
};

/* What came of one job. All is its own. */
struct result {
	char *name, *command; /* `command` repeats it */
	char *image;
	bool seeded, done;
	bool cut; /* never begun, or ended with all: it says nothing */
	uint64_t seed;
	enum outcome outcome;
	char why[400]; /* if not passed */
	int status;    /* of vmm boot; -1: it did not get that far */
	char job[65];  /* its ID, or "" */
	struct run_summary summary;
	struct points points;
	char *out, *err; /* the last bytes of both */
	size_t out_len, err_len;
};

struct runner_options {
	const char *file;   /* vmm.toml, or NULL */
	const char *kernel; /* images are init programs of it */
	const char *image[1024];
	unsigned image_count;
	char **boot_arg; /* what stood behind -- */
	unsigned boot_arg_count;
	unsigned jobs, repeat;
	uint64_t seed;
	bool seeded;
	const char *timeout; /* of each run */
	const char *filter[64];
	unsigned filter_count;
	bool list, watch, github, fail_fast, fresh;
	const char *tap, *junit, *json; /* a file, "-", or NULL */
	unsigned shard, shards;		/* 1..shards; 0: all */
	const char *results, *merge;
};

/* ---- plan.c ---- */

/* 0; or -errno, said. plan_fini() is to be called either way. */
int plan_make(struct plan *plan, const struct runner_options *o);
void plan_fini(struct plan *plan);

/* ---- judge.c ---- */

/* Set outcome and why. `ended` is false when vmm itself was killed. */
void judge(struct result *r, const struct test *test);
const char *outcome_word(enum outcome outcome);

struct tally {
	size_t count[OUTCOME_ERROR + 1];
	size_t host; /* of the errors, those that are the host's trouble */
	size_t total;
};

void tally_add(struct tally *t, const struct result *r);

/* ---- run.c ---- */

struct watcher {
	/* Called with each result as soon as those before it are known. */
	void (*finished)(void *ctx, const struct result *r);
	/* Called with each at once; NULL: not. False: begin no more. */
	bool (*ended)(void *ctx, size_t job, const struct result *r);
	void *ctx;
	bool progress; /* a line on standard error */
};

/*
 * Run the jobs for which `result` is not done, `result[i]` being plan job i's.
 * The signal that ended it early, or 0; -errno, said.
 */
int run_jobs(const struct plan *plan, const struct runner_options *o,
	     struct result *result, size_t count, const struct watcher *w);
void result_init(struct result *r, const struct job *job);
void result_fini(struct result *r);

/* ---- report_*.c ---- */

void report_tap_begin(FILE *out, size_t count);
void report_tap(FILE *out, size_t number, const struct result *r);
void report_tap_end(FILE *out, const struct result *r, size_t count);
void report_junit(FILE *out, const struct result *r, size_t count);
void report_json(FILE *out, const struct result *r);
void report_json_end(FILE *out, const struct tally *t);
void report_github(FILE *out, const struct result *r);

/* "name", or "name (seed 7)". */
void report_name(FILE *out, int form, const struct result *r);

/* What differs from seed to seed, as comments: "# flaky: ...". */
void report_flakes(FILE *out, const struct result *r, size_t count);

/* ---- job_id.c ---- */

#define JOB_ID 65 /* a SHA-256 in hexadecimal digits */

/*
 * What would be run, as a hash over this program, the images' bytes, options
 * and seed: the same on every machine. 0 or -errno, said.
 */
int job_id(const struct job *job, char id[JOB_ID]);
/* Files may have changed: read them again. */
void job_id_forget(void);

/* ---- shard.c ---- */

struct shard {
	const char *dir;
	unsigned shard, shards;
	char plan[JOB_ID];  /* of all jobs' IDs */
	char (*id)[JOB_ID]; /* of all jobs */
	struct job *all;    /* all jobs, in order */
	size_t all_count;
};

/*
 * Leave of the plan's jobs only those of this shard; then job i of the plan is
 * all[shard - 1 + i * shards]. 0 or -errno, said.
 */
int shard_begin(struct shard *s, struct plan *plan,
		const struct runner_options *o);
/* Write into `r` whose result it will be. */
void shard_note(const struct shard *s, size_t i, struct result *r);
/* Keep the result of the plan's job i, before anyone can see half of it. */
int shard_keep(const struct shard *s, size_t i, const struct result *r);
/* Is there one already, that need not be done again? */
bool shard_read(const struct shard *s, size_t i, struct result *r);
/* All its results are kept: say so in the folder. 0 or -errno, said. */
int shard_end(const struct shard *s);
void shard_fini(struct shard *s);

/* ---- shard_json.c ---- */

/* A kept result. -ENOENT; or -EINVAL, said, for what is damaged. */
int result_read(const char *path, const char *id, struct result *r);

/*
 * All results that a folder's shards planned, those that are missing as
 * errors; -errno, said, if there is no telling what was planned.
 */
int merge_read(const char *dir, struct result **result, size_t *count);

#endif
