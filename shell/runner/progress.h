/* progress.h: one line on standard error that is drawn over and over. */
#ifndef SHELL_RUNNER_PROGRESS_H
#define SHELL_RUNNER_PROGRESS_H

#include "shell/runner/runner.h"

struct progress {
	bool on, shown;
	size_t total, ended, bad;
	uint64_t drawn_ns;
};

/* Those that are done already count as ended. */
void progress_init(struct progress *p, bool on, const struct result *r,
		   size_t count);
void progress_ended(struct progress *p, const struct result *r);
/* With the names of some that run now. */
void progress_show(struct progress *p, const char *const *name, unsigned count);
void progress_clear(struct progress *p);

#endif
