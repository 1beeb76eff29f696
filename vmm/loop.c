/*
 * loop.c: poll() on the machine's thread, and a watcher that makes the CPU
 * come back for it.
 *
 * The watcher has its own copy of the descriptors, taken under the lock when
 * it is armed. It sleeps until one is ready or the next timer is due, kicks
 * once, and then sleeps until loop_poll() arms it again: a source that is not
 * drained costs one kick for each poll and no more. It is started with the
 * first source or timer, so that a run without any pays nothing.
 */
#include "vmm/loop.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "vmm/log.h"

#define SOURCES	 16
#define TIMERS	 16
#define NEVER	 UINT64_MAX
#define NS_PER_S 1000000000u

struct source {
	int fd;
	void (*ready)(void *ctx);
	void *ctx;
};

struct host_timer {
	uint64_t when_ns; /* NEVER: free */
	void (*fire)(void *ctx);
	void *ctx;
};

struct loop {
	void (*kick)(void *ctx);
	void *kick_ctx;

	/* The machine's thread's alone. */
	struct source source[SOURCES];
	unsigned count;
	struct host_timer timer[TIMERS];
	bool started;
	pthread_t watcher;

	/* Shared with the watcher, under `lock`; `wake` tells of a change. */
	pthread_mutex_t lock;
	int wake; /* eventfd */
	bool quit;
	struct pollfd watched[SOURCES];
	unsigned watched_count;
	uint64_t watched_until;
};

uint64_t loop_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static struct timespec *timeout(struct timespec *ts, uint64_t wait_ns)
{
	if (wait_ns == NEVER)
		return NULL;
	*ts = (struct timespec){.tv_sec = (time_t)(wait_ns / NS_PER_S),
				.tv_nsec = (long)(wait_ns % NS_PER_S)};
	return ts;
}

static uint64_t until(uint64_t when_ns)
{
	uint64_t now;

	if (when_ns == NEVER)
		return NEVER;
	now = loop_now_ns();
	return when_ns > now ? when_ns - now : 0;
}

/* ---- the watcher ---- */

/* Take what to watch; false at the end. */
static bool take_orders(struct loop *loop, struct pollfd *fds, unsigned *count,
			uint64_t *when_ns)
{
	bool quit;

	pthread_mutex_lock(&loop->lock);
	*count = loop->watched_count;
	memcpy(fds, loop->watched, *count * sizeof(*fds));
	*when_ns = loop->watched_until;
	quit = loop->quit;
	pthread_mutex_unlock(&loop->lock);
	return !quit;
}

static void *watch(void *arg)
{
	struct loop *loop = arg;
	struct pollfd fds[1 + SOURCES] = {{loop->wake, POLLIN, 0}};
	struct timespec ts;
	uint64_t when, word;
	unsigned count;

	while (take_orders(loop, fds + 1, &count, &when)) {
		int n = ppoll(fds, 1 + count, timeout(&ts, until(when)), NULL);

		if (n < 0)
			continue;
		if (fds[0].revents) {
			if (read(loop->wake, &word, sizeof(word)) < 0)
				break;
			continue;
		}
		if (loop->kick)
			loop->kick(loop->kick_ctx);
		/* Said once; nothing more until armed again. */
		fds[0].revents = 0;
		while (poll(fds, 1, -1) < 0)
			;
	}
	return NULL;
}

static void wake_watcher(struct loop *loop)
{
	uint64_t one = 1;

	/* Fails only when already full of wake-ups, which is as good. */
	if (write(loop->wake, &one, sizeof(one)) < 0)
		return;
}

static int start_watcher(struct loop *loop)
{
	sigset_t all, old;
	int err;

	if (loop->started)
		return 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&loop->watcher, NULL, watch, loop);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		return fail(-err, "loop: cannot start a thread: %s",
			    strerror(err));
	loop->started = true;
	return 0;
}

/* Give the watcher the present sources and timers. */
static void arm(struct loop *loop)
{
	uint64_t next = NEVER;

	if (!loop->started)
		return;
	for (int i = 0; i < TIMERS; i++)
		if (loop->timer[i].when_ns < next)
			next = loop->timer[i].when_ns;
	pthread_mutex_lock(&loop->lock);
	for (unsigned i = 0; i < loop->count; i++)
		loop->watched[i] = (struct pollfd){.fd = loop->source[i].fd,
						   .events = POLLIN};
	loop->watched_count = loop->count;
	loop->watched_until = next;
	pthread_mutex_unlock(&loop->lock);
	wake_watcher(loop);
}

/* ---- life ---- */

struct loop *loop_create(void (*kick)(void *ctx), void *ctx)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop) {
		fail(-ENOMEM, "loop: out of memory");
		return NULL;
	}
	loop->kick = kick;
	loop->kick_ctx = ctx;
	loop->watched_until = NEVER;
	for (int i = 0; i < TIMERS; i++)
		loop->timer[i].when_ns = NEVER;
	pthread_mutex_init(&loop->lock, NULL);
	loop->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->wake < 0) {
		fail(-errno, "loop: eventfd: %s", strerror(errno));
		loop_destroy(loop);
		return NULL;
	}
	return loop;
}

void loop_destroy(struct loop *loop)
{
	if (!loop)
		return;
	if (loop->started) {
		pthread_mutex_lock(&loop->lock);
		loop->quit = true;
		pthread_mutex_unlock(&loop->lock);
		wake_watcher(loop);
		pthread_join(loop->watcher, NULL);
	}
	if (loop->wake >= 0)
		close(loop->wake);
	pthread_mutex_destroy(&loop->lock);
	free(loop);
}

/* ---- sources and timers ---- */

int loop_add(struct loop *loop, int fd, void (*ready)(void *ctx), void *ctx)
{
	int err;

	if (loop->count == SOURCES)
		return fail(-ENOSPC, "loop: more than %d descriptors", SOURCES);
	err = start_watcher(loop);
	if (err)
		return err;
	loop->source[loop->count++] = (struct source){fd, ready, ctx};
	arm(loop);
	return 0;
}

void loop_remove(struct loop *loop, int fd)
{
	for (unsigned i = 0; i < loop->count; i++)
		if (loop->source[i].fd == fd) {
			memmove(&loop->source[i], &loop->source[i + 1],
				(--loop->count - i) * sizeof(loop->source[0]));
			arm(loop);
			return;
		}
}

static struct host_timer *find_timer(struct loop *loop, void (*fire)(void *ctx),
				     void *ctx)
{
	struct host_timer *unused = NULL;

	for (int i = 0; i < TIMERS; i++) {
		struct host_timer *t = &loop->timer[i];

		if (t->when_ns == NEVER)
			unused = t;
		else if (t->fire == fire && t->ctx == ctx)
			return t;
	}
	return unused;
}

int loop_timer(struct loop *loop, uint64_t when_ns, void (*fire)(void *ctx),
	       void *ctx)
{
	struct host_timer *t = find_timer(loop, fire, ctx);
	int err = start_watcher(loop);

	if (err)
		return err;
	if (!t)
		return fail(-ENOSPC, "loop: more than %d timers", TIMERS);
	*t = (struct host_timer){when_ns ? when_ns : NEVER, fire, ctx};
	arm(loop);
	return 0;
}

/* ---- the loop ---- */

static int fire_timers(struct loop *loop)
{
	uint64_t now = loop_now_ns();
	int fired = 0;

	for (int i = 0; i < TIMERS; i++)
		if (loop->timer[i].when_ns <= now) {
			loop->timer[i].when_ns = NEVER;
			loop->timer[i].fire(loop->timer[i].ctx);
			fired++;
		}
	return fired;
}

/* A callback may remove any source: look each up again before calling. */
static int call_ready(struct loop *loop, const struct pollfd *fds,
		      unsigned count)
{
	int called = 0;

	for (unsigned i = 0; i < count; i++) {
		if (!fds[i].revents)
			continue;
		for (unsigned j = 0; j < loop->count; j++)
			if (loop->source[j].fd == fds[i].fd) {
				loop->source[j].ready(loop->source[j].ctx);
				called++;
				break;
			}
	}
	return called;
}

int loop_poll(struct loop *loop, uint64_t wait_ns)
{
	struct pollfd fds[SOURCES];
	struct timespec ts;
	unsigned count = loop->count;
	int n, called = 0;

	for (int i = 0; i < TIMERS; i++) {
		uint64_t wait = until(loop->timer[i].when_ns);

		wait_ns = wait < wait_ns ? wait : wait_ns;
	}
	for (unsigned i = 0; i < count; i++)
		fds[i] = (struct pollfd){.fd = loop->source[i].fd,
					 .events = POLLIN};
	n = ppoll(fds, count, timeout(&ts, wait_ns), NULL);
	if (n > 0)
		called = call_ready(loop, fds, count);
	called += fire_timers(loop);
	arm(loop);
	return called;
}
