/*
 * run.c: as many processes at a time as asked for; each is a fork of this
 * one that runs one guest and leaves its summary in a shared page.
 *
 * The parent is one thread in one poll(). A child that does not keep its own
 * --timeout is killed GRACE_NS later.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shell/runner/progress.h"
#include "shell/runner/runner.h"
#include "shell/runner/text.h"
#include "shell/verdict.h"
#include "vmm/log.h"
#include "vmm/loop.h"

#define GRACE_NS  UINT64_C(10000000000)
#define TAIL_SIZE 65536
#define ARGS_MAX  160
#define JOBS_MAX  256

struct slot {
	pid_t pid; /* 0: free */
	size_t job;
	struct result *r;
	int fd[2]; /* its standard output and error; -1: at their end */
	struct run_summary *summary; /* shared with it */
	uint64_t kill_ns;
	bool killed;
};

struct runs {
	const struct plan *plan;
	const struct runner_options *o;
	struct result *result;
	size_t count, next, reported;
	const struct watcher *w;
	struct progress progress;
	struct slot *slot;
	unsigned busy;
	int signal_fd;
	int ended_by;	  /* a signal; 0: none */
	bool failed;	  /* for --fail-fast */
	bool stop;	  /* nothing more is begun */
	enum accel accel; /* what auto comes to, found out once */
	int err;
};

/* ---- results ---- */

static char *command_of(const struct job *job)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	fputs("vmm boot", out);
	for (unsigned i = 0; i < job->test->arg_count; i++) {
		const char *arg = job->test->arg[i];
		bool plain =
			*arg && !arg[strspn(arg, "abcdefghijklmnopqrstuvwxyz"
						 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
						 "0123456789-_./=:,+@%")];

		fputs(plain ? " " : " '", out);
		text_puts(out, plain ? TEXT_PLAIN : TEXT_SHELL, arg);
		fputs(plain ? "" : "'", out);
	}
	if (job->seeded)
		fprintf(out, " --smp-seed %llu", (unsigned long long)job->seed);
	fclose(out);
	return text;
}

void result_init(struct result *r, const struct job *job)
{
	memset(r, 0, sizeof(*r));
	r->name = strdup(job->test->name);
	r->image = strdup(job->test->image);
	r->command = command_of(job);
	r->seeded = job->seeded;
	r->seed = job->seed;
	r->outcome = OUTCOME_ERROR;
	r->cut = true;
	r->status = -1;
	snprintf(r->why, sizeof(r->why), "planned, but not run");
	points_init(&r->points);
}

void result_fini(struct result *r)
{
	free(r->name);
	free(r->image);
	free(r->command);
	free(r->out);
	free(r->err);
	points_fini(&r->points);
	memset(r, 0, sizeof(*r));
}

/* The last TAIL_SIZE bytes, and up to as many more between two cuts. */
static void keep_tail(char **tail, size_t *len, const char *bytes, size_t more)
{
	char *room = *tail ? *tail : malloc(2 * TAIL_SIZE);

	*tail = room;
	if (!room)
		return;
	if (*len + more > 2 * TAIL_SIZE) {
		size_t left = *len < TAIL_SIZE ? *len : TAIL_SIZE;

		memmove(room, room + *len - left, left);
		*len = left;
	}
	memcpy(room + *len, bytes, more);
	*len += more;
}

/* ---- the child ---- */

static void be_quiet(int out, int err)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
		_exit(EXIT_HOST);
}

_Noreturn static void run_child(const struct job *job,
				struct run_summary *summary, enum accel accel,
				pid_t parent, int out, int err)
{
	char *argv[ARGS_MAX] = {(char *)"boot"}, seed[32];
	struct options options;
	sigset_t none;
	int argc = 1, status = EXIT_USAGE;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_HOST); /* it died before */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* A Ctrl-C is the parent's to handle. */
	setpgid(0, 0);
	be_quiet(out, err);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	for (unsigned i = 0; i < job->test->arg_count; i++)
		argv[argc++] = (char *)job->test->arg[i];
	if (job->seeded) {
		snprintf(seed, sizeof(seed), "%llu",
			 (unsigned long long)job->seed);
		argv[argc++] = (char *)"--smp-seed";
		argv[argc++] = seed;
	}
	if (options_parse(argc, argv, &options) == 0) {
		options.summary = summary;
		if (options.accel == ACCEL_AUTO && accel == ACCEL_SIM)
			options.accel = ACCEL_SIM;
		status = boot_run(&options);
	}
	fflush(NULL);
	_exit(status);
}

/* ---- the parent ---- */

static int begin(struct runs *runs, struct slot *s, size_t job)
{
	const struct job *j = &runs->plan->job[job];
	pid_t parent = getpid();
	int out[2], err[2];

	*s = (struct slot){.job = job, .r = &runs->result[job]};
	if (pipe2(out, O_CLOEXEC) < 0)
		return fail(-errno, "test: pipe: %s", strerror(errno));
	if (pipe2(err, O_CLOEXEC) < 0) {
		close(out[0]);
		close(out[1]);
		return fail(-errno, "test: pipe: %s", strerror(errno));
	}
	s->summary = mmap(NULL, sizeof(*s->summary), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fflush(NULL);
	s->pid = s->summary == MAP_FAILED ? -1 : fork();
	if (s->pid == 0) {
		s->summary->want_hash = j->seeded && runs->o->json;
		run_child(j, s->summary, runs->accel, parent, out[1], err[1]);
	}
	close(out[1]);
	close(err[1]);
	if (s->pid < 0) {
		int e = errno;

		close(out[0]);
		close(err[0]);
		s->pid = 0;
		return fail(-e, "test: cannot start a process: %s",
			    strerror(e));
	}
	s->fd[0] = out[0];
	s->fd[1] = err[0];
	fcntl(s->fd[0], F_SETFL, O_NONBLOCK);
	fcntl(s->fd[1], F_SETFL, O_NONBLOCK);
	if (__builtin_add_overflow(loop_now_ns(), GRACE_NS, &s->kill_ns) ||
	    __builtin_add_overflow(s->kill_ns, j->test->timeout_ns,
				   &s->kill_ns))
		s->kill_ns = UINT64_MAX;
	runs->busy++;
	return 0;
}

static void tell(struct runs *runs, size_t job)
{
	const struct watcher *w = runs->w;

	if (!w->ended || w->ended(w->ctx, job, &runs->result[job]))
		return;
	runs->stop = true;
	runs->err = -EIO;
}

/* Those that are not run at all. */
static bool skip_job(struct runs *runs, size_t job)
{
	const struct test *t = runs->plan->job[job].test;
	struct result *r = &runs->result[job];

	if (r->done)
		return true;
	if (!t->skip)
		return false;
	r->outcome = OUTCOME_SKIP;
	r->cut = false;
	snprintf(r->why, sizeof(r->why), "%s", t->skip);
	r->done = true;
	tell(runs, job);
	return true;
}

static void begin_some(struct runs *runs)
{
	for (unsigned i = 0; i < runs->o->jobs && !runs->stop; i++) {
		if (runs->slot[i].pid)
			continue;
		while (runs->next < runs->count && skip_job(runs, runs->next))
			runs->next++;
		if (runs->next == runs->count)
			return;
		runs->err = begin(runs, &runs->slot[i], runs->next);
		if (runs->err) {
			runs->stop = true;
			return;
		}
		runs->next++;
	}
}

static void read_some(struct slot *s, int which)
{
	char buf[16384];
	ssize_t n = read(s->fd[which], buf, sizeof(buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close(s->fd[which]);
		s->fd[which] = -1;
	} else if (which == 0) {
		points_feed(&s->r->points, buf, n);
		keep_tail(&s->r->out, &s->r->out_len, buf, n);
	} else {
		keep_tail(&s->r->err, &s->r->err_len, buf, n);
	}
}

static void set_result(struct runs *runs, struct slot *s, int wait_status)
{
	const struct test *t = runs->plan->job[s->job].test;
	struct result *r = s->r;

	r->summary = *s->summary;
	/* Of shared memory, which the child may have left half written. */
	r->summary.text[sizeof(r->summary.text) - 1] = 0;
	points_end(&r->points, t->planned, t->planned_count);
	r->done = true;
	r->cut = runs->ended_by && s->killed;
	r->outcome = OUTCOME_ERROR;
	if (WIFEXITED(wait_status)) {
		r->status = WEXITSTATUS(wait_status);
		judge(r, t);
	} else if (s->killed) {
		snprintf(r->why, sizeof(r->why),
			 runs->ended_by ? "ended from outside"
					: "vmm did not keep its --timeout and "
					  "was killed");
	} else {
		snprintf(r->why, sizeof(r->why), "vmm was ended by signal %d",
			 WTERMSIG(wait_status));
	}
	runs->failed |= r->outcome >= OUTCOME_FAIL;
}

static void end(struct runs *runs, struct slot *s, int wait_status)
{
	/* What is still in the pipes is the guest's last words. */
	for (int i = 0; i < 2; i++) {
		while (s->fd[i] >= 0) {
			struct pollfd fd = {.fd = s->fd[i], .events = POLLIN};

			if (poll(&fd, 1, 0) <= 0)
				break;
			read_some(s, i);
		}
		if (s->fd[i] >= 0)
			close(s->fd[i]);
	}
	set_result(runs, s, wait_status);
	munmap(s->summary, sizeof(*s->summary));
	s->pid = 0;
	runs->busy--;
	progress_ended(&runs->progress, s->r);
	if (runs->failed && runs->o->fail_fast)
		runs->stop = true;
	/* One that was ended from outside has no result of its own. */
	if (!runs->ended_by)
		tell(runs, s->job);
}

static void reap(struct runs *runs)
{
	int wait_status;

	for (unsigned i = 0; i < runs->o->jobs; i++)
		if (runs->slot[i].pid &&
		    waitpid(runs->slot[i].pid, &wait_status, WNOHANG) > 0)
			end(runs, &runs->slot[i], wait_status);
}

static void kill_late(struct runs *runs)
{
	uint64_t now = loop_now_ns();

	for (unsigned i = 0; i < runs->o->jobs; i++) {
		struct slot *s = &runs->slot[i];

		if (!s->pid || s->killed ||
		    (now < s->kill_ns && !runs->ended_by))
			continue;
		s->killed = true;
		kill(s->pid, SIGKILL);
	}
}

static void take_signals(struct runs *runs)
{
	struct signalfd_siginfo info;

	while (read(runs->signal_fd, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD) {
			runs->ended_by = info.ssi_signo;
			runs->stop = true;
		}
}

static void wait_for_some(struct runs *runs)
{
	struct pollfd fd[2 * JOBS_MAX + 1];
	nfds_t count = 0;

	fd[count++] = (struct pollfd){runs->signal_fd, POLLIN, 0};
	for (unsigned i = 0; i < runs->o->jobs; i++)
		for (int k = 0; k < 2; k++)
			fd[count++] = (struct pollfd){
				runs->slot[i].pid ? runs->slot[i].fd[k] : -1,
				POLLIN, 0};
	if (poll(fd, count, 1000) <= 0)
		return;
	for (unsigned i = 0; i < runs->o->jobs; i++)
		for (int k = 0; k < 2; k++)
			if (fd[1 + 2 * i + k].revents)
				read_some(&runs->slot[i], k);
	if (fd[0].revents)
		take_signals(runs);
}

static void report_done(struct runs *runs)
{
	for (;
	     runs->reported < runs->count && runs->result[runs->reported].done;
	     runs->reported++) {
		progress_clear(&runs->progress);
		runs->w->finished(runs->w->ctx, &runs->result[runs->reported]);
	}
}

static void show_progress(struct runs *runs)
{
	const char *name[4];
	unsigned count = 0;

	for (unsigned i = 0; i < runs->o->jobs && count < 4; i++)
		if (runs->slot[i].pid)
			name[count++] = runs->slot[i].r->name;
	progress_show(&runs->progress, name, count);
}

static int open_signals(sigset_t *old)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, old);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? fail(-errno, "test: signalfd: %s", strerror(errno))
		      : fd;
}

static void choose_accel(struct runs *runs)
{
	for (size_t i = 0; i < runs->plan->count; i++)
		if (runs->plan->test[i].accel_auto && !runs->accel)
			accel_choose(&runs->accel);
}

int run_jobs(const struct plan *plan, const struct runner_options *o,
	     struct result *result, size_t count, const struct watcher *w)
{
	struct runs runs = {
		.plan = plan, .o = o, .result = result, .count = count, .w = w};
	sigset_t old;

	runs.slot = calloc(o->jobs, sizeof(*runs.slot));
	if (!runs.slot)
		return fail(-ENOMEM, "test: no memory");
	runs.signal_fd = open_signals(&old);
	if (runs.signal_fd < 0) {
		free(runs.slot);
		return runs.signal_fd;
	}
	choose_accel(&runs);
	progress_init(&runs.progress, w->progress, result, count);
	do {
		begin_some(&runs);
		report_done(&runs);
		show_progress(&runs);
		if (!runs.busy)
			break;
		wait_for_some(&runs);
		kill_late(&runs);
		reap(&runs);
	} while (true);
	/* What was planned and never begun is said, too. */
	for (size_t i = 0; i < count; i++)
		result[i].done = true;
	report_done(&runs);
	progress_clear(&runs.progress);
	close(runs.signal_fd);
	sigprocmask(SIG_SETMASK, &old, NULL);
	free(runs.slot);
	return runs.err ? runs.err : runs.ended_by;
}
