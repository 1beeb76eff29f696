/* batch.c: options, files and results of a batch; see batch.h. */
#include <errno.h>
#include <fts.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "evm/tool/fixture.h"

/* Fixtures that take from seconds to minutes, in any EVM. */
static const char *const slow[] = {
	"vmPerformance/loopMul",
	"vmPerformance/loopExp",
	"CALLBlake2f_MaxRounds",
	"static_Call50000_sha256",
	"Call50000_sha256",
	"CreateOOGafterMaxCodesize",
	"vmPerformance/performanceTester",
};

static void json_text(FILE *out, const char *text)
{
	json_t *string = json_string(text);

	if (string)
		json_dumpf(string, out, JSON_ENCODE_ANY);
	else
		fputs("\"?\"", out);
	json_decref(string);
}

static void xml_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '&')
			fputs("&amp;", out);
		else if (*text == '"')
			fputs("&quot;", out);
		else
			fputc((unsigned char)*text < ' ' ? '?' : *text, out);
	}
}

static void put_json(const struct batch *batch, const struct verdict *v)
{
	FILE *out = batch->out;

	fputs(batch->first ? "{\"name\": " : ",\n{\"name\": ", out);
	json_text(out, v->name);
	fprintf(out, ", \"pass\": %s", v->error ? "false" : "true");
	if (v->root) {
		fputs(", \"stateRoot\": \"", out);
		print_hex(out, v->root->bytes, sizeof(v->root->bytes));
		fputc('"', out);
	}
	if (v->fork)
		fprintf(out, ", \"fork\": \"%s\"", v->fork);
	if (v->index >= 0)
		fprintf(out, ", \"index\": %ld", v->index);
	if (v->error) {
		fputs(", \"error\": ", out);
		json_text(out, v->error);
	}
	if (v->state) {
		fputs(", \"state\": ", out);
		json_dumpf(v->state, out, JSON_COMPACT);
	}
	if (batch->bench)
		fprintf(out,
			", \"benchStats\": {\"gasUsed\": %" PRIu64
			", \"time\": %" PRIu64 "}",
			v->gas, v->nanoseconds);
	fputc('}', out);
}

static void put_junit(const struct batch *batch, const struct verdict *v)
{
	FILE *xml = batch->xml;

	fputs("<testcase classname=\"", xml);
	xml_text(xml, batch->file);
	fputs("\" name=\"", xml);
	xml_text(xml, v->name);
	if (v->fork)
		fprintf(xml, " %s", v->fork);
	if (v->index >= 0)
		fprintf(xml, " %ld", v->index);
	if (!v->error) {
		fputs("\"/>\n", xml);
		return;
	}
	fputs("\"><failure message=\"", xml);
	xml_text(xml, v->error);
	fputs("\"/></testcase>\n", xml);
}

static void put_human(const struct batch *batch, const struct verdict *v)
{
	if (!v->error)
		return;
	fprintf(batch->out, "FAIL %s: %s", batch->file, v->name);
	if (v->fork)
		fprintf(batch->out, ", %s", v->fork);
	if (v->index >= 0)
		fprintf(batch->out, ", %ld", v->index);
	fprintf(batch->out, ": %s\n", v->error);
}

void batch_verdict(struct batch *batch, const struct verdict *v)
{
	if (v->error)
		batch->counts.failed++;
	else
		batch->counts.passed++;
	if (batch->format == BATCH_JSON)
		put_json(batch, v);
	else if (batch->format == BATCH_HUMAN)
		put_human(batch, v);
	if (batch->xml)
		put_junit(batch, v);
	batch->first = false;
}

static void file_failed(struct batch *batch, const char *reason)
{
	struct verdict v = {.name = batch->file, .index = -1, .error = reason};

	complain(EXIT_BAD, "%s: %s: %s", batch->command, batch->file, reason);
	batch_verdict(batch, &v);
}

static bool wanted(const struct batch *batch, const char *name)
{
	return !batch->filtered ||
	       regexec(&batch->filter, name, 0, NULL, 0) == 0;
}

static void run_list(struct batch *batch, json_t *tests)
{
	char name[24];
	json_t *test;
	size_t i;

	json_array_foreach(tests, i, test)
	{
		snprintf(name, sizeof(name), "%zu", i);
		if (wanted(batch, name))
			batch->run(batch, name, test);
	}
}

void batch_file(struct batch *batch, const char *path)
{
	const char *name;
	char problem[JSON_PROBLEM];
	json_t *tests, *test;

	batch->file = path;
	batch->first = true;
	tests = read_json(path, batch->json_flags, problem);
	if (!tests) {
		file_failed(batch, problem);
		return;
	}
	if (json_is_array(tests) && batch->takes_lists)
		run_list(batch, tests);
	else if (!json_is_object(tests))
		file_failed(batch, "line 1: want an object of tests by name");
	json_object_foreach(tests, name, test)
	{
		if (wanted(batch, name))
			batch->run(batch, name, test);
	}
	json_decref(tests);
}

struct paths {
	char **path;
	size_t count, size;
};

static int add_path(struct paths *paths, const char *path)
{
	if (paths->count == paths->size) {
		size_t size = paths->size ? paths->size * 2 : 64;
		char **more = realloc(paths->path, size * sizeof(*more));

		if (!more)
			return complain(EXIT_BAD, "no memory");
		paths->path = more;
		paths->size = size;
	}
	paths->path[paths->count] = strdup(path);
	return paths->path[paths->count++] ? 0
					   : complain(EXIT_BAD, "no memory");
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool is_json(const FTSENT *e)
{
	return e->fts_namelen > 5 &&
	       strcmp(e->fts_name + e->fts_namelen - 5, ".json") == 0;
}

static bool left_out(const struct batch *batch, const char *path)
{
	for (size_t i = 0; i < batch->skip_count; i++)
		if (strstr(path, batch->skip[i]))
			return true;
	return false;
}

static int cannot_walk(const char *path, int error)
{
	return complain(EXIT_USAGE,
			"%s: %s; name a file or folder of JSON fixtures", path,
			strerror(error));
}

/* A file named by hand is read whatever its name is. */
static int walk(const struct batch *batch, char *path, struct paths *paths)
{
	char *roots[] = {path, NULL};
	FTS *fts = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	int err = 0;
	FTSENT *e;

	if (!fts)
		return cannot_walk(path, errno);
	while ((e = fts_read(fts))) {
		if (e->fts_info == FTS_NS || e->fts_info == FTS_ERR ||
		    e->fts_info == FTS_DNR)
			err = cannot_walk(e->fts_path, e->fts_errno);
		/* a link to nowhere, or to itself */
		if (e->fts_info == FTS_SLNONE &&
		    (is_json(e) || e->fts_level == 0))
			err = cannot_walk(
				e->fts_path,
				stat(e->fts_accpath, &(struct stat){0}) < 0
					? errno
					: ENOENT);
		if (e->fts_info == FTS_F && (is_json(e) || e->fts_level == 0) &&
		    !left_out(batch, e->fts_path) &&
		    add_path(paths, e->fts_path))
			err = EXIT_BAD;
	}
	fts_close(fts);
	return err;
}

enum batch_option {
	RUN = 256,
	FORK,
	INDEX,
	HUMAN,
	SUMMARY,
	JSON,
	TRACE,
	DUMP,
	BENCH,
	JUNIT,
	SKIP,
	QUICK,
	PULL,
	HELP,
};

static const struct option options[] = {
	{"run", required_argument, NULL, RUN},
	{"fork", required_argument, NULL, FORK},
	{"statetest.fork", required_argument, NULL, FORK},
	{"index", required_argument, NULL, INDEX},
	{"statetest.index", required_argument, NULL, INDEX},
	{"human", no_argument, NULL, HUMAN},
	{"summary", no_argument, NULL, SUMMARY},
	{"json", no_argument, NULL, JSON},
	{"trace", no_argument, NULL, TRACE},
	{"dump", no_argument, NULL, DUMP},
	{"bench", no_argument, NULL, BENCH},
	{"junit", required_argument, NULL, JUNIT},
	{"skip", required_argument, NULL, SKIP},
	{"quick", no_argument, NULL, QUICK},
	{"pull", no_argument, NULL, PULL},
	{"jobs", required_argument, NULL, 'j'},
	{"help", no_argument, NULL, HELP},
	{0},
};

static int bad_value(const struct batch *batch, const char *option,
		     const char *value, const char *want)
{
	return complain(EXIT_USAGE, "%s: %s %s: %s", batch->command, option,
			value, want);
}

static int skip_part(struct batch *batch, const char *part)
{
	const char **more =
		realloc(batch->skip, (batch->skip_count + 1) * sizeof(*more));

	if (!more)
		return complain(EXIT_BAD, "no memory");
	batch->skip = more;
	batch->skip[batch->skip_count++] = part;
	return 0;
}

static int skip_slow(struct batch *batch)
{
	int err = 0;

	for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]) && !err; i++)
		err = skip_part(batch, slow[i]);
	return err;
}

static int set_filter(struct batch *batch, const char *pattern)
{
	if (batch->filtered)
		regfree(&batch->filter);
	batch->filtered =
		regcomp(&batch->filter, pattern, REG_EXTENDED | REG_NOSUB) == 0;
	if (!batch->filtered)
		return bad_value(batch, "--run", pattern,
				 "want a regular expression");
	return 0;
}

static int take_value(struct batch *batch, int option, const char *value)
{
	uint64_t number;

	switch (option) {
	case FORK:
		batch->fork = evm_fork_find(value);
		if (batch->fork == EVM_FORK_COUNT)
			return bad_value(batch, "--fork", value,
					 "no such fork");
		return 0;
	case INDEX:
		if (!parse_u64(value, &number) || number > INT32_MAX)
			return bad_value(batch, "--index", value,
					 "want a number from 0 on");
		batch->index = (long)number;
		return 0;
	default: /* -j */
		if (!parse_u64(value, &number) || number < 1 || number > 64)
			return bad_value(batch, "-j", value,
					 "want a number from 1 to 64");
		batch->jobs = (unsigned)number;
		return 0;
	}
}

static int unknown_option(const struct batch *batch)
{
	return complain(EXIT_USAGE,
			"%s: unknown option or missing value; see evm %s "
			"--help",
			batch->command, batch->command);
}

static int take_option(struct batch *batch, int option, const char *value)
{
	switch (option) {
	case RUN:
		return set_filter(batch, value);
	case FORK:
	case INDEX:
	case 'j':
		return take_value(batch, option, value);
	case HUMAN:
		batch->format = BATCH_HUMAN;
		break;
	case SUMMARY:
		batch->format = BATCH_SUMMARY;
		break;
	case JSON:
		batch->format = BATCH_JSON;
		break;
	case TRACE:
		batch->trace = true;
		break;
	case DUMP:
		batch->dump = true;
		break;
	case BENCH:
		batch->bench = true;
		break;
	case JUNIT:
		batch->junit = value;
		break;
	case SKIP:
		return skip_part(batch, value);
	case QUICK:
		return skip_slow(batch);
	case PULL:
		batch->pull = true;
		return batch->has_pull ? 0 : unknown_option(batch);
	default:
		return unknown_option(batch);
	}
	return 0;
}

static int verdict_of(const struct batch *batch,
		      const struct batch_counts *counts, int err)
{
	FILE *out = batch->format == BATCH_JSON ? stderr : stdout;

	if (batch->format != BATCH_JSON || counts->failed > 0)
		fprintf(out, "%lu passed, %lu failed, %lu skipped\n",
			counts->passed, counts->failed, counts->skipped);
	if (err)
		return err;
	if (counts->passed + counts->failed + counts->skipped == 0)
		return complain(EXIT_BAD, "%s: no test was found",
				batch->command);
	return counts->failed ? EXIT_BAD : EXIT_DONE;
}

/* Names of files come line by line; each is answered before the next. */
static int from_stdin(struct batch *batch)
{
	struct batch_counts counts = {0};
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int err = 0;

	batch->progress = false;
	batch->jobs = 1;
	while ((len = getline(&line, &size, stdin)) > 0) {
		if (line[len - 1] == '\n')
			line[--len] = 0;
		if (len > 0 && batch_files(batch, &line, 1, &counts))
			err = EXIT_BAD;
		fflush(stdout);
	}
	free(line);
	return verdict_of(batch, &counts, err);
}

static int from_paths(struct batch *batch, char **argv, int count)
{
	struct batch_counts counts = {0};
	struct paths paths = {0};
	int err = 0, walked;

	for (int i = 0; i < count; i++) {
		walked = walk(batch, argv[i], &paths);
		err = err ? err : walked;
	}
	if (paths.count > 0 &&
	    batch_files(batch, paths.path, paths.count, &counts))
		err = EXIT_BAD;
	for (size_t i = 0; i < paths.count; i++)
		free(paths.path[i]);
	free(paths.path);
	return err && paths.count == 0 ? err : verdict_of(batch, &counts, err);
}

int batch_main(struct batch *batch, int argc, char **argv)
{
	int option, err = 0;

	batch->fork = EVM_FORK_COUNT;
	batch->index = -1;
	batch->jobs = 1;
	batch->progress = isatty(STDERR_FILENO);
	opterr = 0;
	while (err == 0 &&
	       (option = getopt_long(argc, argv, "j:", options, NULL)) != -1) {
		if (option == HELP) {
			fputs(batch->help, stdout);
			goto out;
		}
		err = take_option(batch, option, optarg);
	}
	if (err)
		goto out;
	if (batch->trace || batch->in_process) {
		batch->jobs = 1;
		batch->progress = false;
	}
	err = optind < argc ? from_paths(batch, argv + optind, argc - optind)
			    : from_stdin(batch);
out:
	if (batch->filtered)
		regfree(&batch->filter);
	free(batch->skip);
	return err;
}
