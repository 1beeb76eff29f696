/* watch.c: inotify on folders, with the names of the files that count. */
#include "shell/runner/watch.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "vmm/log.h"

#define QUIET_MS  100
#define FILES_MAX 4096

static struct {
	int watch;
	char *name;
} files[FILES_MAX];
static size_t file_count;

int watch_begin(void)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	while (file_count)
		free(files[--file_count].name);
	return fd < 0 ? fail(-errno, "--watch: inotify: %s", strerror(errno))
		      : fd;
}

int watch_add(int fd, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? strndup(path, slash + 1 - path) : strdup(".");
	const char *base = slash ? slash + 1 : path;
	int watch;

	if (!dir)
		return fail(-ENOMEM, "--watch: no memory");
	watch = inotify_add_watch(fd, dir,
				  IN_CLOSE_WRITE | IN_MOVED_TO | IN_ATTRIB);
	free(dir);
	if (watch < 0)
		return fail(-errno, "--watch: %s: %s", path, strerror(errno));
	for (size_t i = 0; i < file_count; i++)
		if (files[i].watch == watch && !strcmp(files[i].name, base))
			return 0;
	if (file_count == FILES_MAX)
		return fail(-E2BIG, "--watch: more than %d files", FILES_MAX);
	files[file_count].watch = watch;
	files[file_count].name = strdup(base);
	if (!files[file_count].name)
		return fail(-ENOMEM, "--watch: no memory");
	file_count++;
	return 0;
}

static bool ours(const struct inotify_event *e)
{
	if (e->mask & IN_Q_OVERFLOW)
		return true; /* it may have been */
	for (size_t i = 0; e->len && i < file_count; i++)
		if (files[i].watch == e->wd && !strcmp(files[i].name, e->name))
			return true;
	return false;
}

/* Take what has happened; was it one of the files? */
static bool take_events(int fd)
{
	char buf[8192] __attribute__((aligned(8)));
	bool found = false;
	ssize_t len;

	while ((len = read(fd, buf, sizeof(buf))) > 0)
		for (char *at = buf; at < buf + len;) {
			struct inotify_event *e = (struct inotify_event *)at;

			found |= ours(e);
			at += sizeof(*e) + e->len;
		}
	return found;
}

int watch_wait(int fd)
{
	struct signalfd_siginfo info = {0};
	sigset_t set, old;
	struct pollfd fds[2] = {{fd, POLLIN, 0}, {-1, POLLIN, 0}};
	bool changed = false;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &old);
	fds[1].fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	for (;;) {
		int ready = poll(fds, 2, changed ? QUIET_MS : -1);

		if (ready == 0 || (ready < 0 && errno != EINTR))
			break;
		if (read(fds[1].fd, &info, sizeof(info)) == sizeof(info))
			break;
		changed |= take_events(fd);
	}
	close(fds[1].fd);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return info.ssi_signo;
}
