/* unix_socket.c: see unix_socket.h. */
#include "vmm/unix_socket.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A socket's file of one who ended without taking it away. */
static bool is_dead(const struct sockaddr_un *at)
{
	struct stat st;
	bool dead;
	int fd;

	if (lstat(at->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	dead = connect(fd, (const struct sockaddr *)at, sizeof(*at)) < 0 &&
	       errno == ECONNREFUSED;
	close(fd);
	return dead;
}

static int bind_to(int fd, const struct sockaddr_un *at)
{
	mode_t before = umask(077);
	int err = bind(fd, (const struct sockaddr *)at, sizeof(*at));

	if (err < 0 && errno == EADDRINUSE && is_dead(at)) {
		unlink(at->sun_path);
		err = bind(fd, (const struct sockaddr *)at, sizeof(*at));
	}
	err = err < 0 ? -errno : 0;
	umask(before);
	return err;
}

int unix_socket_listen(const char *path, int backlog)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd, err;

	if (!*path)
		return -EINVAL;
	if (strlen(path) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	strcpy(at.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	err = bind_to(fd, &at);
	if (!err && listen(fd, backlog) < 0) {
		err = -errno;
		unlink(path);
	}
	if (!err)
		return fd;
	close(fd);
	return err;
}
