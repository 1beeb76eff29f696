/* sandbox.c: puts a filter in place that the build made. */
#include "shell/sandbox/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "shell/filters.h" /* made by make_filter.c */
#include "vmm/log.h"

const bool sandbox_built = true;

/*
 * All that is ours is opened with O_CLOEXEC, so what lacks it was there when
 * we began.
 */
static void close_inherited(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		int fd = atoi(entry->d_name), flags;

		if (fd <= STDERR_FILENO)
			continue;
		flags = fcntl(fd, F_GETFD);
		if (flags >= 0 && !(flags & FD_CLOEXEC))
			close(fd);
	}
	if (dir)
		closedir(dir);
}

int sandbox_enter(unsigned modes)
{
	tzset(); /* gmtime_r() reads a file the first time */
	close_inherited();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(-errno,
			    "sandbox: no_new_privs: %s; --no-sandbox "
			    "does without",
			    strerror(errno));
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		    SECCOMP_FILTER_FLAG_TSYNC, &filters[modes]) == 0)
		return 0;
	if (errno == ENOSYS || errno == EINVAL) {
		log_info("sandbox: this kernel has no seccomp filters");
		return 0;
	}
	return fail(-errno, "sandbox: seccomp: %s; --no-sandbox does without",
		    strerror(errno));
}
