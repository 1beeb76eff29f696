/* wire.c: a queue, a client, and a timer for when the client is slow. */
#include "shell/wire.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vmm/log.h"

#define RETRY_NS UINT64_C(2000000)
#define LAST_MS	 500 /* for a client to take more, at the end */

static void retry(void *ctx);
static void unwatch(struct wire *w);

static bool is_pty(const struct wire *w)
{
	return w->listen_fd < 0;
}

static void hang_up(struct wire *w)
{
	unwatch(w);
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

/* ---- to the client ---- */

static ssize_t put_some(struct wire *w, const uint8_t *bytes, size_t len)
{
	if (is_pty(w))
		return write(w->fd, bytes, len);
	return send(w->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* As much as it takes now; true when nothing is left. */
static bool drain(struct wire *w)
{
	while (w->len && w->fd >= 0) {
		size_t run = WIRE_QUEUE - w->first;
		ssize_t n = put_some(w, w->queue + w->first,
				     run < w->len ? run : w->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN && !is_pty(w))
			hang_up(w);
		if (n <= 0)
			break;
		w->first = (w->first + n) % WIRE_QUEUE;
		w->len -= n;
	}
	return w->len == 0;
}

static void arm(struct wire *w)
{
	if (!w->armed && w->len && w->fd >= 0)
		w->armed = loop_timer(w->m->loop, loop_now_ns() + RETRY_NS,
				      retry, w) == 0;
}

static void retry(void *ctx)
{
	struct wire *w = ctx;

	w->armed = false;
	drain(w);
	arm(w);
}

static void put(struct wire *w, uint8_t byte)
{
	if (w->len == WIRE_QUEUE) {
		w->first = (w->first + 1) % WIRE_QUEUE;
		w->len--;
		w->lost++;
	}
	w->queue[(w->first + w->len++) % WIRE_QUEUE] = byte;
}

static void take(void *host, const uint8_t *bytes, size_t len)
{
	struct wire *w = host;

	for (size_t i = 0; i < len; i++)
		put(w, bytes[i]);
	/* A burst goes out in one piece: with the timer. */
	arm(w);
}

struct byte_sink wire_sink(struct wire *w)
{
	return (struct byte_sink){take, w};
}

/* ---- from the client ---- */

static void readable(void *ctx)
{
	struct wire *w = ctx;
	uint8_t buf[512];
	ssize_t n;

	if (feeder_byte_room(&w->feeder) < sizeof(buf)) {
		unwatch(w); /* until the guest has taken some */
		return;
	}
	n = read(w->fd, buf, sizeof(buf));
	if (n > 0)
		input_give(w->m, w->kind, buf, n);
	else if (!is_pty(w) && (n == 0 || (errno != EAGAIN && errno != EINTR)))
		hang_up(w);
}

static void watch(struct wire *w)
{
	if (w->fd >= 0 && !w->watched)
		w->watched = loop_add(w->m->loop, w->fd, readable, w) == 0;
}

static void unwatch(struct wire *w)
{
	if (w->watched)
		loop_remove(w->m->loop, w->fd);
	w->watched = false;
}

/* The feeder has nothing more. */
static size_t drained(void *ctx, uint8_t *buf, size_t size)
{
	watch(ctx);
	return 0;
}

/* Not seen by reading while what it sent before waits for the guest. */
static bool is_gone(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLRDHUP};

	return poll(&p, 1, 0) > 0 &&
	       p.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

/* One that is there goes on. */
static void come(void *ctx)
{
	struct wire *w = ctx;
	int fd =
		accept4(w->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (w->fd >= 0 && is_gone(w->fd))
		hang_up(w);
	if (w->fd >= 0) {
		close(fd);
		return;
	}
	w->fd = fd;
	watch(w);
	drain(w);
	arm(w);
}

/* ---- its life ---- */

int wire_begin(struct wire *w, struct device *com)
{
	int err = 0;

	if (!w->m)
		return 0;
	feeder_init(&w->feeder, w->m, com, NULL);
	feeder_connect_line(&w->feeder, w->kind);
	w->feeder.ctx = w;
	w->feeder.more_bytes = drained;
	watch(w);
	if (!is_pty(w))
		err = loop_add(w->m->loop, w->listen_fd, come, w);
	else if (!w->watched)
		err = -ENOSPC;
	return err ? fail(err, "serial: %s: %s", w->name, strerror(-err)) : 0;
}

/* Whoever reads gets the rest; whoever does not is not waited for. */
static void last_words(struct wire *w)
{
	struct pollfd fd = {.fd = w->fd, .events = POLLOUT};

	while (!drain(w) && w->fd >= 0 && !is_pty(w) &&
	       poll(&fd, 1, LAST_MS) > 0)
		;
}

void wire_close(struct wire *w)
{
	if (!w->m)
		return;
	last_words(w);
	w->lost += w->len;
	if (w->lost)
		log_warn("%s: %" PRIu64 " bytes were lost: nobody read them",
			 w->name, w->lost);
	hang_up(w);
	if (!is_pty(w)) {
		loop_remove(w->m->loop, w->listen_fd);
		close(w->listen_fd);
	}
	loop_timer(w->m->loop, 0, retry, w);
	if (w->remove[0])
		unlink(w->remove);
	w->m = NULL;
}
