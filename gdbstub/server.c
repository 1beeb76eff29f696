/*
 * server.c: carries bytes between the stub and a client, by the machine's
 * loop.
 *
 * Nothing here blocks the machine: what a client does not read waits in a
 * queue, and one whose queue is full is dropped.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gdbstub/machine_target.h"
#include "gdbstub/packet.h"
#include "gdbstub/stub.h"
#include "vmm/log.h"
#include "vmm/unix_socket.h"

#define QUEUE_MAX (4u << 20)
#define RETRY_NS  1000000u
#define BACKLOG	  64

struct gdb {
	struct gdb_config config;
	struct machine_target target;
	int listener; /* -1: there is one client ever */
	bool named;   /* `address' is a file, and ours */
	int in, out;  /* -1: no client */
	struct stub *stub;
	struct buffer queue;
	bool retrying;
	char address[128];
};

static bool write_some(struct gdb *g)
{
	ssize_t n = write(g->out, g->queue.data, g->queue.len);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	g->queue.len -= n;
	memmove(g->queue.data, g->queue.data + n, g->queue.len);
	return true;
}

static void drop(struct gdb *g, bool go_on);
static void retry(void *ctx);

/* False: this client is lost. */
static bool flush(struct gdb *g)
{
	if (g->queue.full || (g->queue.len && !write_some(g)))
		return false;
	if (g->queue.len && !g->retrying) {
		g->retrying = true;
		loop_timer(g->config.m->loop, loop_now_ns() + RETRY_NS, retry,
			   g);
	}
	return true;
}

static void lost(struct gdb *g)
{
	bool quit = g->config.on_close == GDB_CLOSE_QUIT;

	drop(g, g->config.on_close == GDB_CLOSE_GO);
	if (quit)
		machine_stop(g->config.m, STOP_QUIT, 0, "gdb has gone");
}

static void retry(void *ctx)
{
	struct gdb *g = ctx;

	g->retrying = false;
	if (g->in >= 0 && !flush(g))
		lost(g);
}

/* What cannot be sent is found out by the next event of the loop. */
static void queue(void *ctx, const void *data, size_t len)
{
	struct gdb *g = ctx;

	buffer_bytes(&g->queue, data, len);
	if (!flush(g) && !g->retrying) {
		g->retrying = true;
		loop_timer(g->config.m->loop, loop_now_ns(), retry, g);
	}
}

static void drop(struct gdb *g, bool go_on)
{
	struct stub *stub = g->stub;

	if (g->in < 0)
		return;
	flush(g);
	loop_remove(g->config.m->loop, g->in);
	if (g->retrying)
		loop_timer(g->config.m->loop, 0, retry, g);
	g->retrying = false;
	close(g->in);
	if (g->out != g->in)
		close(g->out);
	g->in = g->out = -1;
	g->stub = NULL;
	buffer_fini(&g->queue);
	g->queue.full = false;
	stub_destroy(stub, go_on);
}

/* gdb's farewell: it was told to go or to be over. */
static void farewell(struct gdb *g)
{
	bool owned = g->config.owned;

	drop(g, false);
	if (owned)
		machine_stop(g->config.m, STOP_QUIT, 0, "gdb has gone");
}

static void readable(void *ctx)
{
	struct gdb *g = ctx;
	uint8_t buf[16384];
	ssize_t n = read(g->in, buf, sizeof(buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		stub_input(g->stub, buf, n);
	if (n <= 0)
		lost(g);
	else if (stub_over(g->stub))
		farewell(g);
}

/* ---- clients ---- */

static int connected(struct gdb *g, int in, int out)
{
	struct stub_config config = {
		.target = {&machine_target_ops, &g->target},
		.ctx = g,
		.send = queue,
		.owned = g->config.owned};

	fcntl(in, F_SETFL, fcntl(in, F_GETFL) | O_NONBLOCK);
	fcntl(out, F_SETFL, fcntl(out, F_GETFL) | O_NONBLOCK);
	g->in = in;
	g->out = out;
	g->queue.max = QUEUE_MAX;
	g->stub = stub_create(&config);
	if (g->stub && loop_add(g->config.m->loop, in, readable, g) == 0)
		return 0;
	stub_destroy(g->stub, false);
	g->stub = NULL;
	g->in = g->out = -1;
	return -ENOMEM;
}

static void refuse(int fd, const char *why)
{
	struct buffer b = {.max = 256};

	packet_frame(&b, why, strlen(why));
	if (send(fd, b.data, b.len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_info("gdb: a client refused: %s", strerror(errno));
	buffer_fini(&b);
	close(fd);
}

/* One that has hung up, which was not seen to yet, holds nobody up. */
static bool hung_up(const struct gdb *g)
{
	struct pollfd fd = {.fd = g->in, .events = POLLRDHUP};

	return g->in >= 0 && poll(&fd, 1, 0) > 0 &&
	       fd.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

static void knocks(void *ctx)
{
	struct gdb *g = ctx;
	int fd = accept4(g->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (hung_up(g))
		lost(g);
	if (g->in >= 0) {
		log_warn("gdb: a second client was refused: one at a time");
		refuse(fd, "E.vmm: another gdb is connected");
	} else if (connected(g, fd, fd) < 0) {
		refuse(fd, "E.vmm: out of memory");
	}
}

/* ---- where ---- */

static int bad_where(const char *where)
{
	return fail(-EINVAL,
		    "--gdb: '%s' is none of: tcp:PORT, tcp:ADDRESS:PORT, "
		    "unix:PATH, stdio",
		    where);
}

static int listen_on(struct gdb *g, const struct sockaddr_in *addr)
{
	int one = 1;

	g->listener =
		socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (g->listener < 0)
		return -errno;
	setsockopt(g->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(g->listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (bind(g->listener, (const struct sockaddr *)addr, sizeof(*addr)) <
		    0 ||
	    listen(g->listener, BACKLOG) < 0)
		return -errno;
	return loop_add(g->config.m->loop, g->listener, knocks, g);
}

/* "PORT" or "ADDRESS:PORT" */
static int listen_tcp(struct gdb *g, const char *where)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof(addr);
	const char *port = strrchr(where, ':');
	char host[64] = "127.0.0.1", *end;
	unsigned long number;
	int err;

	if (port && port - where < (long)sizeof(host))
		snprintf(host, sizeof(host), "%.*s", (int)(port - where),
			 where);
	port = port ? port + 1 : where;
	number = strtoul(port, &end, 10);
	if (*port < '0' || *port > '9' || *end || number > 65535 ||
	    inet_pton(AF_INET, host, &addr.sin_addr) != 1)
		return bad_where(g->config.where);
	addr.sin_port = htons(number);
	if (ntohl(addr.sin_addr.s_addr) >> 24 != 127)
		log_warn("gdb: whoever reaches %s:%s can do with the guest "
			 "and its memory what he likes",
			 host, port);
	err = listen_on(g, &addr);
	if (err)
		return fail(err, "gdb: %s:%s: %s", host, port, strerror(-err));
	getsockname(g->listener, (struct sockaddr *)&addr, &len);
	snprintf(g->address, sizeof(g->address), "%s:%u", host,
		 ntohs(addr.sin_port));
	return 0;
}

static int listen_unix(struct gdb *g, const char *path)
{
	int fd;

	if (!*path || strlen(path) >= sizeof(g->address))
		return bad_where(g->config.where);
	fd = unix_socket_listen(path, BACKLOG);
	if (fd < 0)
		return fail(fd, "gdb: %s: %s%s", path, strerror(-fd),
			    fd == -EADDRINUSE
				    ? "; take it away, or name another"
				    : "");
	g->listener = fd;
	g->named = true;
	snprintf(g->address, sizeof(g->address), "%s", path);
	return loop_add(g->config.m->loop, fd, knocks, g);
}

/* Standard output belongs to gdb then: what else is there goes nowhere. */
static int use_stdio(struct gdb *g)
{
	int in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

	if (in < 0 || out < 0)
		return fail(-errno, "gdb: stdio: %s", strerror(errno));
	return connected(g, in, out);
}

static int begin(struct gdb *g)
{
	const char *where = g->config.where;

	if (!strncmp(where, "tcp:", 4))
		return listen_tcp(g, where + 4);
	if (!strncmp(where, "unix:", 5))
		return listen_unix(g, where + 5);
	if (!strcmp(where, "stdio"))
		return use_stdio(g);
	if (!strncmp(where, "fd:", 3))
		return connected(g, atoi(where + 3), atoi(where + 3));
	return bad_where(where);
}

/* ---- life ---- */

struct gdb *gdb_create(const struct gdb_config *config)
{
	struct gdb *g = calloc(1, sizeof(*g));

	if (!g) {
		fail(-ENOMEM, "gdb: no memory");
		return NULL;
	}
	g->config = *config;
	g->listener = g->in = g->out = -1;
	if (machine_target_init(&g->target, &g->config) < 0 || begin(g) < 0) {
		gdb_destroy(g, 0);
		return NULL;
	}
	return g;
}

const char *gdb_address(const struct gdb *g)
{
	return g->address;
}

bool gdb_speaks(const struct gdb *g)
{
	struct pollfd fd = {.fd = g->in, .events = POLLIN};

	return g->in >= 0 && poll(&fd, 1, 0) > 0;
}

/* Whoever waits for a stop learns that there will be none. */
static void tell_end(struct gdb *g, unsigned status)
{
	struct gdb_event event = {.kind = GDB_EXITED, .status = status};

	if (g->target.attached)
		g->target.sink.event(g->target.sink.ctx, &event);
}

void gdb_destroy(struct gdb *g, unsigned status)
{
	if (!g)
		return;
	if (g->stub)
		tell_end(g, status);
	drop(g, false);
	if (g->listener >= 0) {
		loop_remove(g->config.m->loop, g->listener);
		close(g->listener);
		if (g->named)
			unlink(g->address);
	}
	machine_target_fini(&g->target);
	free(g);
}
