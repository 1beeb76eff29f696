/*
 * points.h: the tests that a guest runs and names itself, read from what it
 * writes to its serial line.
 *
 * Understood are TAP 12 to 14, KTAP and kvm-unit-tests' PASS:, FAIL: and
 * SKIP: lines; any other line is none of ours. A plan is kept to: what was
 * planned and not run, was run and not planned, or has a number twice, is an
 * error. The guest is hostile: lines, depths and counts have bounds.
 */
#ifndef SHELL_RUNNER_POINTS_H
#define SHELL_RUNNER_POINTS_H

#include <stdbool.h>
#include <stddef.h>

/* In order of badness: of several the worst one counts. */
enum outcome { OUTCOME_PASS, OUTCOME_SKIP, OUTCOME_FAIL, OUTCOME_ERROR };

#define POINT_NAME   160
#define POINTS_MAX   65536
#define POINTS_DEPTH 8
#define POINTS_LINE  1024

struct point {
	enum outcome outcome;
	char *name; /* as the guest wrote it: any bytes but NUL and newline */
	char *note; /* why, or NULL */
	char *file; /* where, or NULL */
	unsigned line;
};

/* One level of TAP: a plan and what was seen of it. */
struct points_level {
	unsigned indent;
	size_t first; /* its first point */
	bool announced, planned;
	unsigned long plan, count;
	unsigned char *seen; /* a bit for each number up to `plan_room` */
	unsigned long room;
	char name[POINT_NAME]; /* "# Subtest:"; or "" */
};

struct points {
	struct point *point;
	size_t count;
	char trouble[240]; /* the first thing wrong with the plan, or "" */
	bool skip_all;	   /* 1..0 */
	bool any;	   /* a line that was understood */
	bool no_memory;

	struct points_level level[POINTS_DEPTH];
	unsigned depth; /* the level of the last line */
	unsigned yaml;	/* in a block indented so far; 0: in none */
	bool located;	/* the last point may be told where it is */

	/* kvm-unit-tests */
	unsigned long kut[5];
	bool summed;

	char line[POINTS_LINE];
	size_t len;
};

void points_init(struct points *p);

/* What the guest wrote next, however it is cut. */
void points_feed(struct points *p, const void *bytes, size_t len);

/*
 * No more comes. `planned`: all names that must have been run, each once, and
 * no others; a count of 0: not known.
 */
void points_end(struct points *p, char *const *planned, size_t planned_count);

/* Add one; also for those that were planned and not run. */
void points_add(struct points *p, enum outcome outcome, const char *name,
		const char *note);

/* Does it speak as kvm-unit-tests do? */
bool points_kut(const struct points *p);

void points_fini(struct points *p);

#endif
