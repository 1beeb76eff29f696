/* watch.h: wait until one of a plan's files is made anew. */
#ifndef SHELL_RUNNER_WATCH_H
#define SHELL_RUNNER_WATCH_H

#include "shell/runner/runner.h"

/*
 * Begin before the files are read, so that no change is missed. The
 * descriptor, or -errno, said. Watched are the folders: a compiler puts a new
 * file in the old one's place.
 */
int watch_begin(void);
int watch_add(int fd, const char *path);

/* Return when a file changed and then all were quiet for a moment: 0; or the
 * signal that ended it. */
int watch_wait(int fd);

#endif
