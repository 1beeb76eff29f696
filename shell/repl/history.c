/*
 * history.c: the lines typed, in $XDG_STATE_HOME/vmm/history: each is added
 * when it is entered, so that none is lost however the program ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/repl/repl.h"

/* All folders on the way; those that are there are fine. */
static void make_folders(char *path)
{
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		mkdir(path, 0700);
		*p = '/';
	}
}

int history_open(char *path, size_t size)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int len;

	if (state && *state == '/')
		len = snprintf(path, size, "%s/vmm/history", state);
	else if (home && *home == '/')
		len = snprintf(path, size, "%s/.local/state/vmm/history", home);
	else
		return -1;
	if (len < 0 || (size_t)len >= size)
		return -1;
	make_folders(path);
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* In one write: two shells at a time do not mix their lines. */
void history_append(int fd, const char *line)
{
	char text[WORDS_SIZE];
	int len = snprintf(text, sizeof(text), "%s\n", line);

	if (fd < 0 || len <= 1 || (size_t)len >= sizeof(text))
		return;
	if (write(fd, text, len) != len)
		log_info("history: cannot be written: %s", strerror(errno));
}
