/*
 * batch_work.c: the processes of a batch. Each worker takes the next file
 * from a shared counter, runs it, and sends what there is to print through
 * its pipe. One that dies has failed the file it had; another takes its place.
 */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "evm/tool/batch.h"

#define WORKERS_MAX 64
#define NO_FILE	    SIZE_MAX

/* In memory that all processes share. */
struct shared {
	atomic_size_t next;
	_Atomic size_t current[WORKERS_MAX]; /* the file each has, or NO_FILE */
};

/* What a worker says of a file: this, then the two texts. */
struct report {
	size_t file;
	struct batch_counts counts;
	size_t out_len, xml_len;
};

struct result {
	bool done;
	struct report report;
	char *out, *xml;
};

struct work {
	struct batch *batch;
	char **paths;
	size_t count, printed, done;
	struct result *results;
	struct shared *shared;
	struct batch_counts counts;
	FILE *xml;
	bool first;
	struct pollfd pipe[WORKERS_MAX];
	pid_t pid[WORKERS_MAX];
};

/* The texts are from malloc; NULL if there is no memory for them. */
static bool run_file(struct batch *batch, const char *path,
		     struct result *result)
{
	struct report *r = &result->report;

	batch->counts = (struct batch_counts){0};
	batch->out = open_memstream(&result->out, &r->out_len);
	batch->xml =
		batch->junit ? open_memstream(&result->xml, &r->xml_len) : NULL;
	if (!batch->out || (batch->junit && !batch->xml))
		return false;
	batch_file(batch, path);
	if (batch->xml)
		fclose(batch->xml);
	r->counts = batch->counts;
	return fclose(batch->out) == 0;
}

static bool send_all(int fd, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static bool receive_all(int fd, void *bytes, size_t len)
{
	char *p = bytes;

	while (len > 0) {
		ssize_t n = read(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static _Noreturn void worker(struct work *w, unsigned self, int fd)
{
	struct result result;
	bool ok = true;
	size_t file;

	while (ok) {
		file = atomic_fetch_add(&w->shared->next, 1);
		if (file >= w->count)
			break;
		w->shared->current[self] = file;
		result = (struct result){.report.file = file};
		ok = run_file(w->batch, w->paths[file], &result) &&
		     send_all(fd, &result.report, sizeof(result.report)) &&
		     send_all(fd, result.out, result.report.out_len) &&
		     send_all(fd, result.xml, result.report.xml_len);
		free(result.out);
		free(result.xml);
		w->shared->current[self] = ok ? NO_FILE : file;
	}
	_exit(ok ? EXIT_DONE : EXIT_BAD);
}

static bool start_worker(struct work *w, unsigned self)
{
	int fds[2];

	w->pipe[self].fd = -1;
	if (pipe(fds) < 0)
		return false;
	w->shared->current[self] = NO_FILE;
	fflush(NULL);
	w->pid[self] = fork();
	if (w->pid[self] == 0) {
		close(fds[0]);
		worker(w, self, fds[1]);
	}
	close(fds[1]);
	if (w->pid[self] < 0) {
		close(fds[0]);
		return false;
	}
	w->pipe[self] = (struct pollfd){.fd = fds[0], .events = POLLIN};
	return true;
}

/* Results that are next in order go out. */
static void put_results(struct work *w)
{
	while (w->printed < w->count && w->results[w->printed].done) {
		struct result *r = &w->results[w->printed++];

		if (r->report.out_len > 0) {
			if (w->batch->format == BATCH_JSON && !w->first)
				fputs(",\n", stdout);
			fwrite(r->out, 1, r->report.out_len, stdout);
			w->first = false;
		}
		if (w->xml && r->report.xml_len > 0)
			fwrite(r->xml, 1, r->report.xml_len, w->xml);
		free(r->out);
		free(r->xml);
		r->out = r->xml = NULL;
	}
}

static void put_progress(const struct work *w, bool end)
{
	static const char bar[] = "##############################";
	size_t width = sizeof(bar) - 1, part = width * w->done / w->count;

	if (!w->batch->progress)
		return;
	fprintf(stderr, "\r[%-*.*s] %zu/%zu files, %lu passed, %lu failed%s",
		(int)width, (int)part, bar, w->done, w->count, w->counts.passed,
		w->counts.failed, end ? "\n" : "");
}

static void finish_file(struct work *w, const struct result *result)
{
	w->results[result->report.file] = *result;
	w->results[result->report.file].done = true;
	w->counts.passed += result->report.counts.passed;
	w->counts.failed += result->report.counts.failed;
	w->counts.skipped += result->report.counts.skipped;
	w->done++;
	put_results(w);
	put_progress(w, false);
}

static bool receive(struct work *w, int fd)
{
	struct result r = {0};

	if (!receive_all(fd, &r.report, sizeof(r.report)))
		return false;
	r.out = malloc(r.report.out_len + 1);
	r.xml = malloc(r.report.xml_len + 1);
	if (r.out && r.xml && receive_all(fd, r.out, r.report.out_len) &&
	    receive_all(fd, r.xml, r.report.xml_len)) {
		finish_file(w, &r);
		return true;
	}
	free(r.out);
	free(r.xml);
	return false;
}

/* A file whose worker died is one failure, said as others are. */
static void lost_file(struct work *w, size_t file, int status)
{
	struct result result = {.report.file = file};
	struct batch *batch = w->batch;
	char reason[80];
	struct verdict v = {
		.name = w->paths[file], .index = -1, .error = reason};

	snprintf(reason, sizeof(reason), "its process ended with %s %d",
		 WIFSIGNALED(status) ? "signal" : "status",
		 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	complain(EXIT_BAD, "%s: %s: %s", batch->command, v.name, reason);
	batch->counts = (struct batch_counts){0};
	batch->file = v.name;
	batch->first = true;
	batch->xml = NULL;
	batch->out = open_memstream(&result.out, &result.report.out_len);
	if (batch->out) {
		batch_verdict(batch, &v);
		fclose(batch->out);
	}
	result.report.counts.failed = 1;
	finish_file(w, &result);
}

static void end_worker(struct work *w, unsigned self)
{
	int status = 0;

	close(w->pipe[self].fd);
	w->pipe[self].fd = -1;
	waitpid(w->pid[self], &status, 0);
	if (w->shared->current[self] == NO_FILE)
		return;
	lost_file(w, w->shared->current[self], status);
	if (atomic_load(&w->shared->next) < w->count)
		start_worker(w, self);
}

static void run_workers(struct work *w)
{
	unsigned jobs = w->batch->jobs;
	bool open = false;

	for (unsigned i = 0; i < jobs; i++)
		open |= start_worker(w, i);
	while (open) {
		open = false;
		if (poll(w->pipe, jobs, -1) < 0 && errno != EINTR)
			break;
		for (unsigned i = 0; i < jobs; i++) {
			if (w->pipe[i].fd >= 0 && w->pipe[i].revents &&
			    !receive(w, w->pipe[i].fd))
				end_worker(w, i);
			open |= w->pipe[i].fd >= 0;
		}
	}
}

static void run_here(struct work *w)
{
	for (size_t i = 0; i < w->count; i++) {
		struct result r = {.report.file = i};

		run_file(w->batch, w->paths[i], &r);
		finish_file(w, &r);
	}
}

static int begin(struct work *w)
{
	const char *junit = w->batch->junit;

	w->results = calloc(w->count, sizeof(*w->results));
	w->shared = mmap(NULL, sizeof(*w->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!w->results || w->shared == MAP_FAILED)
		return complain(EXIT_BAD, "no memory");
	if (!junit)
		return 0;
	w->xml = fopen(junit, "we");
	if (!w->xml)
		return complain(EXIT_BAD,
				"%s: %s: %s; name a file that can "
				"be written",
				w->batch->command, junit, strerror(errno));
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n",
	      w->xml);
	fprintf(w->xml, "<testsuite name=\"evm %s\">\n", w->batch->command);
	return 0;
}

static int end(struct work *w)
{
	int err = w->done == w->count ? 0 : EXIT_BAD;

	if (err)
		complain(err, "%s: %zu files were not run: no more processes",
			 w->batch->command, w->count - w->done);
	if (!w->xml)
		return err;
	fputs("</testsuite>\n</testsuites>\n", w->xml);
	if (fclose(w->xml) != 0)
		err = complain(EXIT_BAD, "%s: %s: %s", w->batch->command,
			       w->batch->junit, strerror(errno));
	return err;
}

int batch_files(struct batch *batch, char **paths, size_t count,
		struct batch_counts *counts)
{
	struct work w = {
		.batch = batch, .paths = paths, .count = count, .first = true};
	int err = begin(&w);

	if (err == 0) {
		if (batch->format == BATCH_JSON)
			fputs("[\n", stdout);
		if (batch->jobs > 1)
			run_workers(&w);
		else
			run_here(&w);
		put_progress(&w, true);
		if (batch->format == BATCH_JSON)
			fputs("\n]\n", stdout);
		err = end(&w);
	}
	counts->passed += w.counts.passed;
	counts->failed += w.counts.failed;
	counts->skipped += w.counts.skipped;
	if (w.shared != MAP_FAILED && w.shared)
		munmap(w.shared, sizeof(*w.shared));
	free(w.results);
	return err;
}
