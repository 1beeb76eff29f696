/*
 * Going to an instant of a run, from wherever in it, gives the machine that a
 * run gives that never went anywhere.
 *
 *	goto COUNT SEED KERNEL [vmm boot's options]
 *
 * One run notes the state's hash at COUNT random instants. Another is at them
 * again in random order, back and forth; now and then goes to the present, or
 * a step back. Its end must be the first one's, too.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/options.h"
#include "shell/session.h"
#include "vmm/history.h"

#define POINTS_MAX 100000

struct point {
	uint64_t count, hash;
	struct mark mark;
	struct machine *m;
};

static struct point point[POINTS_MAX];
static unsigned points;

static uint64_t next_random(uint64_t *seed)
{
	*seed += UINT64_C(0x9e3779b97f4a7c15);
	uint64_t z = *seed;

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void die(const char *what, uint64_t count)
{
	fprintf(stderr, "goto: %s at %" PRIu64 "\n", what, count);
	exit(1);
}

static struct session *begin(const struct options *o)
{
	struct session *s = malloc(sizeof(*s));

	if (!s || session_begin(s, o))
		die("cannot begin", 0);
	s->m->limit_ns = o->guest_ns;
	return s;
}

static void end(struct session *s)
{
	session_end(s);
	free(s);
}

static void note(void *ctx)
{
	struct point *p = ctx;

	p->hash = machine_hash(p->m);
}

static uint64_t length_of(const struct options *o)
{
	struct session *s = begin(o);
	uint64_t length;

	machine_run(s->m);
	length = machine_count(s->m);
	end(s);
	return length;
}

/* The hash at the end; those on the way go into the points. */
static uint64_t note_run(const struct options *o)
{
	struct session *s = begin(o);
	uint64_t hash;

	for (unsigned i = 0; i < points; i++) {
		point[i].m = s->m;
		point[i].mark = (struct mark){.count = point[i].count,
					      .reached = note,
					      .ctx = &point[i]};
		machine_mark(s->m, &point[i].mark);
	}
	machine_run(s->m);
	hash = machine_hash(s->m);
	end(s);
	return hash;
}

static void visit(struct history *h, struct machine *m, const struct point *p)
{
	if (history_goto(h, p->count))
		die("cannot go", p->count);
	if (machine_count(m) != p->count || machine_hash(m) != p->hash)
		die("another state", p->count);
}

/* By way of the instant before; from the present, too. */
static void visit_oddly(struct history *h, struct machine *m,
			const struct point *p, uint64_t way)
{
	if (way % 4 == 0 && history_present(h))
		die("cannot come back", p->count);
	if (way % 4 == 1 && p->count < history_last(h)) {
		if (history_goto(h, p->count + 1) ||
		    (p->count + 1 == history_last(h) &&
		     history_goto(h, p->count)))
			die("cannot go behind", p->count);
		if (machine_count(m) > p->count && history_step_back(h))
			die("cannot step back", p->count);
	}
	visit(h, m, p);
}

int main(int argc, char **argv)
{
	struct history_stats stats;
	struct history *h;
	struct options o;
	struct session *s;
	uint64_t seed, length, hash, visits;

	if (argc < 4)
		die("usage: goto COUNT SEED KERNEL [OPTION ...]", 0);
	visits = strtoull(argv[1], NULL, 0);
	seed = strtoull(argv[2], NULL, 0);
	argv[2] = (char *)"boot";
	if (visits > POINTS_MAX || options_parse(argc - 2, argv + 2, &o))
		die("cannot run that", 0);
	length = length_of(&o);
	for (points = 0; points < visits; points++)
		point[points].count = next_random(&seed) % length;
	hash = note_run(&o);

	s = begin(&o);
	h = history_create(s->m, HISTORY_MEM);
	if (!h)
		return 1;
	machine_run(s->m);
	for (unsigned i = 0; i < points; i++)
		visit_oddly(h, s->m, &point[next_random(&seed) % points],
			    next_random(&seed));
	/* And through the past into the present. */
	machine_run(s->m);
	if (!history_live(h) || machine_count(s->m) != length ||
	    machine_hash(s->m) != hash)
		die("another end", machine_count(s->m));
	history_get_stats(h, &stats);
	printf("%u instants of %" PRIu64 ": all the same; %" PRIu64
	       " moments, %" PRIu64 " KiB\n",
	       points, length, stats.moments, stats.bytes >> 10);
	history_destroy(h);
	end(s);
	options_fini(&o);
	return 0;
}
