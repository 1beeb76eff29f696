/* output.c: collect, write without blocking, wait with an eye on the end. */
#include "shell/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/log.h"

#define COLLECT_NS UINT64_C(1000000)
#define NS_PER_MS  UINT64_C(1000000)

static void output_init(struct output *out, struct machine *m, const char *name,
			int fd)
{
	out->name = name;
	out->m = m;
	out->fd = fd;
	out->patience_fd = -1;
	out->deadline_ns = UINT64_MAX;
	out->keys = NULL;
	out->failed = out->midline = out->armed = out->is_socket = false;
	out->flushed_ns = 0;
	out->len = 0;
}

/*
 * O_NONBLOCK belongs to the open file, which we may share with the shell that
 * started us: a terminal or pipe is opened once more for us alone. Where that
 * is not allowed a write may block; so may one to a file, but not for long.
 * For a socket each write says that it is not to wait.
 */
int output_open_stdout(struct output *out, struct machine *m)
{
	struct stat st = {0};
	int fd = -1;

	if (fstat(STDOUT_FILENO, &st) == 0 &&
	    (S_ISFIFO(st.st_mode) || isatty(STDOUT_FILENO)))
		fd = open("/proc/self/fd/1",
			  O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		fd = STDOUT_FILENO;
	output_init(out, m, "standard output", fd);
	out->is_socket = S_ISSOCK(st.st_mode);
	return 0;
}

int output_open_stderr(struct output *out, struct machine *m)
{
	struct stat st = {0};
	int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);

	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(-errno, "serial: standard error: %s",
			    strerror(errno));
	output_init(out, m, "standard error", fd);
	out->is_socket = S_ISSOCK(st.st_mode);
	return 0;
}

/* O_NONBLOCK: not to wait for a FIFO's reader, when opened nor when full. */
int output_open_file(struct output *out, struct machine *m, const char *path)
{
	int fd = open(path,
		      O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC |
			      O_NOCTTY,
		      0666);

	if (fd < 0 && errno == ENXIO)
		return fail(-ENXIO,
			    "serial: %s: nothing reads it; start its reader "
			    "first",
			    path);
	if (fd < 0)
		return fail(-errno, "serial: %s: cannot be written: %s", path,
			    strerror(errno));
	output_init(out, m, path, fd);
	return 0;
}

/* ---- streams ---- */

struct stream {
	int fd;
	bool failed;
};

static ssize_t stream_write(void *cookie, const char *bytes, size_t len)
{
	struct stream *s = cookie;
	struct pollfd room = {.fd = s->fd, .events = POLLOUT};
	size_t done = 0;

	while (done < len && !s->failed) {
		ssize_t n = write(s->fd, bytes + done, len - done);

		if (n > 0)
			done += n;
		else if (n < 0 && errno == EAGAIN)
			s->failed = poll(&room, 1, OUTPUT_PATIENCE_MS) == 0;
		else if (n < 0 && errno != EINTR)
			return -1;
	}
	if (!s->failed)
		return len;
	errno = ETIMEDOUT;
	return -1;
}

static int stream_close(void *cookie)
{
	struct stream *s = cookie;
	int err = close(s->fd);

	free(s);
	return err;
}

FILE *output_open_stream(const char *path)
{
	static const cookie_io_functions_t functions = {.write = stream_write,
							.close = stream_close};
	struct stream *s = calloc(1, sizeof(*s));
	FILE *out = NULL;

	if (s)
		s->fd = open(path,
			     O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK |
				     O_CLOEXEC | O_NOCTTY,
			     0666);
	if (s && s->fd >= 0)
		out = fopencookie(s, "w", functions);
	if (out)
		return out;
	fail(-errno, "%s: cannot be written: %s", path,
	     errno == ENXIO ? "nothing reads it" : strerror(errno));
	if (s && s->fd >= 0)
		close(s->fd);
	free(s);
	return NULL;
}

/* ---- what waits ---- */

static void give_up(struct output *out, int err)
{
	out->failed = true;
	out->len = 0;
	fail(-err, "%s: cannot write: %s", out->name, strerror(err));
	machine_stop(out->m, STOP_HOST, 0, "");
}

/* The run is over and this reader does not read: drop the rest. */
static void lose_patience(struct output *out)
{
	out->failed = true;
	out->len = 0;
	log_warn("%s: nobody reads it; the rest is dropped", out->name);
}

/* Until the descriptor takes bytes; false when it is no use to wait on. */
static bool wait_for_room(struct output *out)
{
	struct pollfd fds[3] = {
		{.fd = out->fd, .events = POLLOUT},
		{.fd = out->patience_fd, .events = POLLIN},
		{.fd = out->keys ? out->keys_fd : -1, .events = POLLIN}};
	uint64_t now = loop_now_ns();
	int wait_ms = -1;

	if (out->deadline_ns != UINT64_MAX)
		wait_ms = out->deadline_ns > now
				  ? (out->deadline_ns - now) / NS_PER_MS + 1
				  : 0;
	if (poll(fds, 3, wait_ms) < 0)
		return errno == EINTR;
	if (fds[1].revents)
		return fds[0].revents != 0;
	if (fds[2].revents)
		return !out->keys(out->keys_ctx);
	return fds[0].revents != 0;
}

/* A socket cannot be opened once more, but be told not to wait. */
static ssize_t write_some(struct output *out, const void *bytes, size_t len)
{
	if (out->is_socket)
		return send(out->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(out->fd, bytes, len);
}

bool output_flush(struct output *out)
{
	size_t done = 0;

	while (done < out->len && !out->failed) {
		ssize_t n = write_some(out, out->buf + done, out->len - done);

		if (n > 0)
			done += n;
		else if (n < 0 && errno == EAGAIN && !wait_for_room(out))
			lose_patience(out);
		else if (n < 0 && errno != EAGAIN && errno != EINTR)
			give_up(out, errno);
	}
	out->len = 0;
	out->flushed_ns = loop_now_ns();
	return !out->failed;
}

static void collected(void *ctx)
{
	struct output *out = ctx;

	out->armed = false;
	output_flush(out);
}

/* The first byte after a silence goes out at once, a burst in one piece. */
static void begin_collecting(struct output *out)
{
	if (loop_now_ns() - out->flushed_ns > COLLECT_NS)
		output_flush(out);
	else if (!out->armed)
		out->armed =
			loop_timer(out->m->loop, out->flushed_ns + COLLECT_NS,
				   collected, out) == 0;
}

void output_write(struct output *out, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;

	if (len == 0 || out->failed)
		return;
	out->midline = from[len - 1] != '\n';
	while (len > 0) {
		bool first = out->len == 0;
		size_t room = sizeof(out->buf) - out->len;
		size_t count = len < room ? len : room;

		memcpy(out->buf + out->len, from, count);
		out->len += count;
		from += count;
		len -= count;
		if (out->len == sizeof(out->buf))
			output_flush(out);
		else if (first)
			begin_collecting(out);
	}
}

static void sink_send(void *host, const uint8_t *buf, size_t len)
{
	output_write(host, buf, len);
}

struct byte_sink output_sink(struct output *out)
{
	return (struct byte_sink){sink_send, out};
}

bool output_close(struct output *out)
{
	bool ok;

	if (out->fd < 0)
		return true;
	ok = output_flush(out);
	if (out->armed)
		loop_timer(out->m->loop, 0, collected, out);
	if (out->fd != STDOUT_FILENO && close(out->fd) < 0 && ok) {
		give_up(out, errno);
		ok = false;
	}
	out->fd = -1;
	return ok;
}
