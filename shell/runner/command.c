/* command.c: `vmm test`: its options, and where the reports go. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/cli.h"
#include "shell/config.h"
#include "shell/numbers.h"
#include "shell/runner/runner.h"
#include "shell/runner/text.h"
#include "shell/runner/watch.h"
#include "shell/verdict.h"
#include "vmm/log.h"

#define DEFAULT_TIMEOUT "60s"
#define DEFAULT_LIST	"vmm.toml"
#define EXIT_BAD	1
#define JOBS_MAX	256
#define REPEAT_MAX	1000000

#define MAX_OF(list)	(sizeof(list) / sizeof((list)[0]))

/* ---- readers ---- */

static int set_number(const char *option, const char *value, uint64_t least,
		      uint64_t most, uint64_t *number)
{
	if (parse_decimal(value, most, number) && *number >= least)
		return 0;
	return fail(-EINVAL, "--%s: '%s' is not a number from %llu to %llu",
		    option, value, (unsigned long long)least,
		    (unsigned long long)most);
}

static int set_jobs(void *ctx, const char *value)
{
	struct runner_options *o = ctx;
	uint64_t n = 0;
	int err = set_number("jobs", value, 1, JOBS_MAX, &n);

	o->jobs = n;
	return err;
}

static int set_repeat(void *ctx, const char *value)
{
	struct runner_options *o = ctx;
	uint64_t n = 1;
	int err = set_number("repeat", value, 1, REPEAT_MAX, &n);

	o->repeat = n;
	return err;
}

static int set_seed(void *ctx, const char *value)
{
	struct runner_options *o = ctx;

	o->seeded = true;
	return set_number("seed", value, 0, UINT64_MAX - REPEAT_MAX, &o->seed);
}

static int set_timeout(void *ctx, const char *value)
{
	struct runner_options *o = ctx;
	uint64_t ns;

	o->timeout = value;
	if (parse_duration(value, &ns) && ns)
		return 0;
	return fail(-EINVAL,
		    "--timeout: '%s' is not a duration like 10s, 500ms or 2m",
		    value);
}

static int set_filter(void *ctx, const char *value)
{
	struct runner_options *o = ctx;

	if (o->filter_count == MAX_OF(o->filter))
		return fail(-EINVAL, "--filter: too many");
	o->filter[o->filter_count++] = value;
	return 0;
}

/* "2/8" */
static int set_shard(void *ctx, const char *value)
{
	struct runner_options *o = ctx;
	const char *slash = strchr(value, '/');
	uint64_t i, n;
	char text[24] = "";

	if (slash && slash - value < (ptrdiff_t)sizeof(text))
		memcpy(text, value, slash - value);
	if (!slash || !parse_decimal(text, 1000000, &i) ||
	    !parse_decimal(slash + 1, 1000000, &n) || i < 1 || i > n)
		return fail(-EINVAL,
			    "--shard: '%s' is not like 2/8, the second of "
			    "eight",
			    value);
	o->shard = i;
	o->shards = n;
	return 0;
}

static const struct cli_option rows[] = {
	{"kernel", 'k', "FILE", NULL,
	 "the images are init programs of this kernel",
	 CLI_TEXT_OF(struct runner_options, kernel)},
	{"jobs", 'j', "N", set_jobs, "runs at a time (one a processor)"},
	{"timeout", 't', "TIME", set_timeout, "of each run (60s)"},
	{"filter", 'f', "NAME", set_filter,
	 "those whose name has NAME in it, or is like N*ME", NULL, true},
	{"list", 'l', NULL, NULL, "say what would be run", NULL, true,
	 CLI_FLAG_OF(struct runner_options, list)},
	{"repeat", 'n', "K", set_repeat,
	 "run each K times, with other --smp-seeds"},
	{"seed", 0, "N", set_seed, "the first of the seeds (0)", NULL, true},
	{"fail-fast", 0, NULL, NULL, "begin nothing after a failure",
	 CLI_FLAG_OF(struct runner_options, fail_fast)},
	{"watch", 'w', NULL, NULL, "again whenever a file changes", NULL, true,
	 CLI_FLAG_OF(struct runner_options, watch)},
	{"tap", 0, "FILE", NULL, "TAP there; - is standard output (-)",
	 CLI_TEXT_OF(struct runner_options, tap)},
	{"junit", 0, "FILE", NULL, "JUnit XML there",
	 CLI_TEXT_OF(struct runner_options, junit)},
	{"json", 0, "FILE", NULL, "JSON there, an object a line",
	 CLI_TEXT_OF(struct runner_options, json)},
	{"github", 0, NULL, NULL, "GitHub annotations of what is bad",
	 CLI_FLAG_OF(struct runner_options, github)},
	{"shard", 0, "I/N", set_shard, "the I-th part of N, with --results",
	 NULL, true},
	{"results", 0, "DIR", NULL,
	 "keep each result there; what is there is not run",
	 CLI_TEXT_OF(struct runner_options, results)},
	{"fresh", 0, NULL, NULL, "run also what --results has", NULL, true,
	 CLI_FLAG_OF(struct runner_options, fresh)},
	{"merge", 0, "DIR", NULL, "report what all shards left in DIR", NULL,
	 true, CLI_TEXT_OF(struct runner_options, merge)},
	CLI_HELP,
};

/* ---- reports ---- */

struct reports {
	const struct runner_options *o;
	const struct shard *shard; /* NULL: results are not kept */
	FILE *tap, *junit, *json;
	size_t number;
	struct tally tally;
};

static int open_report(const char *path, FILE **out)
{
	if (!path)
		return 0;
	*out = strcmp(path, "-") ? fopen(path, "we") : stdout;
	if (*out)
		return 0;
	return fail(-errno, "%s: cannot be written: %s", path, strerror(errno));
}

static int open_reports(struct reports *r, const struct runner_options *o)
{
	const char *paths[] = {o->tap, o->junit, o->json};
	int on_stdout = 0, err;

	*r = (struct reports){.o = o};
	for (int i = 0; i < 3; i++)
		on_stdout += paths[i] && !strcmp(paths[i], "-");
	if (on_stdout > 1)
		return fail(-EINVAL, "only one of --tap, --junit and --json "
				     "can go to standard output");
	if (!on_stdout && !o->tap)
		r->tap = stdout;
	err = open_report(o->tap, &r->tap);
	if (!err)
		err = open_report(o->junit, &r->junit);
	return err ? err : open_report(o->json, &r->json);
}

static int close_report(FILE *out, const char *path)
{
	bool bad;

	if (!out)
		return 0;
	bad = fflush(out) != 0 || ferror(out);
	if (out != stdout)
		bad |= fclose(out) != 0;
	return bad ? fail(-EIO, "%s: cannot write: %s",
			  out == stdout ? "standard output" : path,
			  strerror(errno))
		   : 0;
}

static int close_reports(struct reports *r)
{
	int err = close_report(r->tap, r->o->tap);

	err |= close_report(r->junit, r->o->junit);
	err |= close_report(r->json, r->o->json);
	return err ? -EIO : 0;
}

static void report_one(void *ctx, const struct result *result)
{
	struct reports *r = ctx;

	tally_add(&r->tally, result);
	if (r->tap)
		report_tap(r->tap, ++r->number, result);
	if (r->json)
		report_json(r->json, result);
	if (r->o->github)
		report_github(stdout, result);
}

static void report_end(struct reports *r, const struct result *result,
		       size_t count)
{
	if (r->tap)
		report_tap_end(r->tap, result, count);
	else
		report_flakes(stderr, result, count);
	if (r->json)
		report_json_end(r->json, &r->tally);
	if (r->junit)
		report_junit(r->junit, result, count);
}

/* What came of all: nothing but passes and skips is 0, and not no runs. */
static int status_of(const struct tally *t)
{
	size_t bad = t->count[OUTCOME_FAIL] + t->count[OUTCOME_ERROR];

	if (bad == 0)
		return 0;
	return bad == t->host ? EXIT_HOST : EXIT_BAD;
}

/* ---- runs ---- */

static void list(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct test *t = &plan->test[i];

		text_puts(stdout, TEXT_PLAIN, t->name);
		fputs(t->skip ? "  # SKIP " : "\n", stdout);
		if (t->skip) {
			text_puts(stdout, TEXT_PLAIN, t->skip);
			fputc('\n', stdout);
		}
		for (size_t k = 0; k < t->planned_count; k++) {
			fputs("    ", stdout);
			text_puts(stdout, TEXT_PLAIN, t->planned[k]);
			fputc('\n', stdout);
		}
	}
}

/* A result is kept as soon as it is there. */
static bool keep(void *ctx, size_t job, const struct result *result)
{
	struct reports *r = ctx;

	return !r->shard || shard_keep(r->shard, job, result) == 0;
}

static int run_and_report(const struct plan *plan,
			  const struct runner_options *o,
			  const struct shard *shard, struct result *result)
{
	struct reports reports;
	struct watcher w = {report_one, keep, &reports, isatty(STDERR_FILENO)};
	int ended, err;

	if (open_reports(&reports, o))
		return EXIT_USAGE;
	reports.shard = shard;
	if (reports.tap)
		report_tap_begin(reports.tap, plan->job_count);
	ended = run_jobs(plan, o, result, plan->job_count, &w);
	report_end(&reports, result, plan->job_count);
	err = close_reports(&reports);
	if (shard && !ended && !err)
		err = shard_end(shard);
	if (ended < 0 || err)
		return EXIT_HOST;
	return ended ? 128 + ended : status_of(&reports.tally);
}

static int run_plan(const struct plan *plan, const struct runner_options *o,
		    const struct shard *shard)
{
	struct result *result = calloc(plan->job_count + 1, sizeof(*result));
	int status;

	if (!result)
		return fail(EXIT_HOST, "test: no memory");
	for (size_t i = 0; i < plan->job_count; i++) {
		result_init(&result[i], &plan->job[i]);
		if (shard)
			shard_note(shard, i, &result[i]);
		if (shard && !o->fresh)
			shard_read(shard, i, &result[i]);
	}
	status = run_and_report(plan, o, shard, result);
	for (size_t i = 0; i < plan->job_count; i++)
		result_fini(&result[i]);
	free(result);
	return status;
}

static int run_kept(struct plan *plan, const struct runner_options *o)
{
	struct shard shard;
	int status = EXIT_HOST;

	if (shard_begin(&shard, plan, o) == 0)
		status = run_plan(plan, o, &shard);
	shard_fini(&shard);
	return status;
}

static int run_once(const struct runner_options *o)
{
	struct plan plan;
	int status = EXIT_USAGE;

	if (plan_make(&plan, o) == 0) {
		status = 0;
		if (o->list)
			list(&plan);
		else if (o->results)
			status = run_kept(&plan, o);
		else
			status = run_plan(&plan, o, NULL);
	}
	plan_fini(&plan);
	return status;
}

static int run_merge(const struct runner_options *o)
{
	struct reports reports;
	struct result *result;
	size_t count;
	int status = EXIT_USAGE;

	if (merge_read(o->merge, &result, &count) == 0 &&
	    open_reports(&reports, o) == 0) {
		if (reports.tap)
			report_tap_begin(reports.tap, count);
		for (size_t i = 0; i < count; i++)
			report_one(&reports, &result[i]);
		report_end(&reports, result, count);
		status = close_reports(&reports) ? EXIT_HOST
						 : status_of(&reports.tally);
	}
	for (size_t i = 0; i < count; i++)
		result_fini(&result[i]);
	free(result);
	return status;
}

/* ---- --watch ---- */

static int watch_plan(int fd, const struct runner_options *o)
{
	struct plan plan;
	int err = 0;

	for (unsigned i = 0; i < o->image_count && !err; i++)
		err = watch_add(fd, o->image[i]);
	if (!err && o->kernel)
		err = watch_add(fd, o->kernel);
	if (!err && plan_make(&plan, o) == 0) {
		for (size_t i = 0; i < plan.count && !err; i++) {
			err = watch_add(fd, plan.test[i].image);
			if (!err)
				err = watch_add(fd, plan.test[i].arg[0]);
		}
		plan_fini(&plan);
	} else if (!err) {
		plan_fini(&plan);
	}
	return err;
}

static int run_watching(const struct runner_options *o)
{
	int signal = 0;

	while (!signal) {
		int fd = watch_begin(), status;

		if (fd < 0 || watch_plan(fd, o)) {
			close(fd);
			return EXIT_HOST;
		}
		status = run_once(o);
		if (status > 128)
			signal = status - 128;
		if (!signal)
			fprintf(stderr,
				"vmm: %s; waiting for a file to change, "
				"Ctrl-C ends\n",
				status ? "not all is well" : "all is well");
		if (!signal)
			signal = watch_wait(fd);
		close(fd);
	}
	return 128 + signal;
}

/* ---- the command ---- */

/* What stands behind "--" is for vmm boot. */
static int split(int argc, char **argv, struct runner_options *o)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--")) {
			o->boot_arg = argv + i + 1;
			o->boot_arg_count = argc - i - 1;
			return i;
		}
	return argc;
}

static unsigned processors(void)
{
	cpu_set_t set;
	int count = sched_getaffinity(0, sizeof(set), &set) == 0
			    ? CPU_COUNT(&set)
			    : 1;

	return count < 1 ? 1 : count > JOBS_MAX ? JOBS_MAX : count;
}

static int check_together(const struct runner_options *o)
{
	if (o->merge && (o->image_count || o->shards || o->results || o->watch))
		return fail(-EINVAL, "--merge: runs nothing; leave out images, "
				     "--shard, --results and --watch");
	if (o->shards && !o->results)
		return fail(-EINVAL, "--shard: say where the results are kept "
				     "with --results DIR");
	if (o->fresh && !o->results)
		return fail(-EINVAL, "--fresh: there are no --results");
	return 0;
}

static int take_images(int argc, char **argv, struct runner_options *o)
{
	if ((size_t)(argc - optind) > MAX_OF(o->image))
		return fail(-EINVAL,
			    "test: more than %zu images; put them into a "
			    "vmm.toml",
			    MAX_OF(o->image));
	while (optind < argc)
		o->image[o->image_count++] = argv[optind++];
	if (o->image_count || o->merge)
		return 0;
	if (access(DEFAULT_LIST, F_OK) < 0)
		return fail(-EINVAL,
			    "test: which images? Name them, or write a "
			    "vmm.toml; see vmm help test");
	o->image[o->image_count++] = DEFAULT_LIST;
	return 0;
}

static int run_test(int argc, char **argv)
{
	static struct runner_options o;
	int err;

	o = (struct runner_options){
		.jobs = processors(), .repeat = 1, .timeout = DEFAULT_TIMEOUT};
	argc = split(argc, argv, &o);
	err = config_parse(&command_test, argc, argv, &o);
	if (err)
		return cli_status(err);
	if (take_images(argc, argv, &o) || check_together(&o))
		return EXIT_USAGE;
	if (o.merge)
		return run_merge(&o);
	return o.watch ? run_watching(&o) : run_once(&o);
}

const struct cli_command command_test = {
	.name = "test",
	.usage = "[OPTION...] IMAGE...|LIST.toml... [-- BOOT-OPTION...]",
	.summary = "run many kernels or programs and say what came of them",
	.story = "Run each image as vmm boot does, several at a time, and "
		 "report.\n"
		 "A test passes if its guest says success, its TAP, KTAP or "
		 "kvm-unit-tests\n"
		 "lines hold no failure, and all that was planned was run. "
		 "Without images:\n"
		 "what vmm.toml lists. vmm_test.h lets a guest name its "
		 "tests.\n",
	.after = "A list:\n"
		 "  [defaults]              [[test]]\n"
		 "  kernel = \"kernel.elf\"   name = \"channels\"\n"
		 "  timeout = \"10s\"         init = \"channels.elf\"\n"
		 "                          options = [\"--smp\", \"2\"]\n"
		 "  and: modules, append, verdict (what it is to end with), "
		 "plan, skip\n"
		 "\n"
		 "Exit status: 0 all passed, 1 not all, 2 wrong options or "
		 "lists, 71 only the\n"
		 "host was at fault, 130 Ctrl-C.\n",
	CLI_OPTIONS(rows),
	.run = run_test,
};
