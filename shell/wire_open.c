/* wire_open.c: how each kind of wire comes to be. */
#include "shell/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "shell/numbers.h"
#include "vmm/log.h"
#include "vmm/unix_socket.h"

static void init(struct wire *w, struct machine *m, unsigned com)
{
	memset(w, 0, offsetof(struct wire, queue));
	w->m = m;
	w->listen_fd = w->fd = -1;
	w->kind = INPUT_OF_COM1 + com - 1;
	snprintf(w->name, sizeof(w->name), "COM%u", com % 10);
}

/* ---- pseudo-terminals ---- */

/* Raw, as a wire is; the pair is held open, so that readers come and go. */
static int make_raw(const char *name)
{
	struct termios raw;
	int other = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (other < 0 || tcgetattr(other, &raw) < 0)
		return -errno;
	cfmakeraw(&raw);
	return tcsetattr(other, TCSANOW, &raw) < 0 ? -errno : 0;
}

/* An old link may be there; anything else is not ours. */
static int make_link(struct wire *w, const char *name, const char *link)
{
	struct stat st;

	if (lstat(link, &st) == 0 && S_ISLNK(st.st_mode))
		unlink(link);
	if (symlink(name, link) == 0) {
		snprintf(w->remove, sizeof(w->remove), "%s", link);
		return 0;
	}
	return fail(-errno, "serial: %s: cannot be made: %s", link,
		    strerror(errno));
}

int wire_open_pty(struct wire *w, struct machine *m, unsigned com,
		  const char *link)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	const char *name = NULL;
	int err = 0;

	init(w, m, com);
	w->fd = fd;
	if (fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0)
		name = ptsname(fd);
	if (name)
		err = make_raw(name);
	if (!name || err)
		return fail(err ? err : -errno,
			    "serial: no pseudo-terminal can be had: %s",
			    strerror(err ? -err : errno));
	if (link)
		return make_link(w, name, link);
	log_warn("serial: %s is %s", w->name, name);
	return 0;
}

/* ---- sockets ---- */

int wire_open_unix(struct wire *w, struct machine *m, unsigned com,
		   const char *path)
{
	int fd;

	init(w, m, com);
	fd = unix_socket_listen(path, 4);
	if (fd < 0)
		return fail(fd, "serial: %s: cannot be made: %s%s", path,
			    strerror(-fd),
			    fd == -EADDRINUSE
				    ? "; take it away, or name another"
				    : "");
	w->listen_fd = fd;
	strcpy(w->remove, path);
	return 0;
}

/* "PORT" or "HOST:PORT", in two; a host in brackets loses them. */
static bool split(const char *place, char *host, size_t size, const char **port)
{
	const char *colon = strrchr(place, ':');
	size_t len = colon ? colon - place : 0;
	uint64_t number;

	*port = colon ? colon + 1 : place;
	if (len >= 2 && *place == '[' && place[len - 1] == ']') {
		place++;
		len -= 2;
	}
	if (len >= size || (colon && len == 0) ||
	    !parse_decimal(*port, 65535, &number))
		return false;
	snprintf(host, size, "%.*s", (int)len, place);
	return true;
}

static int bind_tcp(const struct addrinfo *at)
{
	int fd = socket(at->ai_family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, 4) == 0)
		return fd;
	on = -errno;
	close(fd);
	return on;
}

/* Port 0 was asked for: which did it become? */
static void say_port(const struct wire *w)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);
	char host[64], port[16];

	if (getsockname(w->listen_fd, (struct sockaddr *)&at, &len) == 0 &&
	    getnameinfo((struct sockaddr *)&at, len, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		log_warn("serial: %s is at %s port %s", w->name, host, port);
}

int wire_open_tcp(struct wire *w, struct machine *m, unsigned com,
		  const char *place)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char host[256] = "";
	const char *port;
	int err;

	init(w, m, com);
	if (!split(place, host, sizeof(host), &port))
		return fail(-EINVAL,
			    "serial: tcp:%s: it is tcp:PORT or "
			    "tcp:HOST:PORT",
			    place);
	err = getaddrinfo(*host ? host : "127.0.0.1", port, &hints, &found);
	if (err)
		return fail(-EINVAL, "serial: tcp:%s: %s", place,
			    gai_strerror(err));
	w->listen_fd = bind_tcp(found);
	freeaddrinfo(found);
	if (w->listen_fd < 0)
		return fail(w->listen_fd, "serial: tcp:%s: %s", place,
			    strerror(-w->listen_fd));
	if (!strcmp(port, "0"))
		say_port(w);
	return 0;
}
