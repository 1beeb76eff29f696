/*
 * latency.c: how long going back takes, on a run made as long as is asked.
 *
 *	latency COUNT ADDRESS KERNEL [vmm boot's options]
 *
 * The run goes to its end, by --timeout-virtual or its own. Then: one step
 * back from COUNT random instants, reached by other means; the same again
 * from where one is; and who wrote to physical ADDRESS last.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "shell/session.h"
#include "vmm/history.h"

#define STEPS_MAX 10000

static double ms[STEPS_MAX];

static double cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return 1e3 * ts.tv_sec + ts.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void say(const char *what, unsigned count)
{
	qsort(ms, count, sizeof(ms[0]), by_size);
	printf("%s: median %.2f ms, 90 %% %.2f ms, longest %.2f ms\n", what,
	       ms[count / 2], ms[count * 9 / 10], ms[count - 1]);
}

static void fail_at(const char *what)
{
	fprintf(stderr, "latency: %s\n", what);
	exit(1);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* From the present: nothing near the instant has been gone over before. */
static void steps_back(struct history *h, unsigned count)
{
	uint64_t seed = 88172645463325252u, last = history_last(h);

	for (unsigned i = 0; i < count; i++) {
		double start;

		history_present(h);
		start = cpu_ms();
		if (history_goto(h, 1 + next_random(&seed) % (last - 2)))
			fail_at("cannot go there");
		ms[i] = cpu_ms() - start;
	}
	say("back to any instant", count);
}

static void steps_on(struct history *h, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		double start = cpu_ms();

		if (history_step_back(h))
			fail_at("cannot step back");
		ms[i] = cpu_ms() - start;
	}
	say("and one more, again and again", count);
}

static void last_write(struct history *h, uint64_t gpa)
{
	struct history_hit hit = {0};
	double start;
	int err;

	history_present(h);
	start = cpu_ms();
	err = history_last_write(h, gpa, 8, &hit);
	printf("last write to %#" PRIx64 ": %.0f ms, %s at %" PRIu64 "\n", gpa,
	       cpu_ms() - start, err ? "none" : "found", hit.count);
}

int main(int argc, char **argv)
{
	static struct session s;
	struct history_stats stats;
	struct options o;
	struct history *h;
	unsigned count;
	uint64_t gpa;
	double start;

	if (argc < 4)
		fail_at("usage: latency COUNT ADDRESS KERNEL [OPTION ...]");
	count = strtoul(argv[1], NULL, 0);
	gpa = strtoull(argv[2], NULL, 0);
	argv[2] = (char *)"boot";
	if (count > STEPS_MAX || !count ||
	    options_parse(argc - 2, argv + 2, &o) || session_begin(&s, &o))
		fail_at("cannot run that");
	s.m->limit_ns = o.guest_ns;
	h = history_create(s.m, o.history_mem ? o.history_mem : HISTORY_MEM);
	if (!h)
		return 1;
	start = cpu_ms();
	machine_run(s.m);
	history_get_stats(h, &stats);
	printf("%" PRIu64 " instructions in %.0f ms; %" PRIu64
	       " moments, %" PRIu64 " MiB\n",
	       history_last(h), cpu_ms() - start, stats.moments,
	       stats.bytes >> 20);
	steps_back(h, count);
	steps_on(h, count);
	last_write(h, gpa);
	history_destroy(h);
	session_end(&s);
	options_fini(&o);
	return 0;
}
