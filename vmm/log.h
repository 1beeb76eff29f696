/*
 * log.h: what the monitor says to the person, always on stderr.
 *
 * An error is said once, where it is born, and travels up as -errno:
 *
 *	return fail(-ENOEXEC, "image: %s: not an ELF file; ...", path);
 *
 * prints "vmm: image: ...". Callers pass the value on and say nothing.
 * The form is `what failed: why; what to do`. Only shell/ prints otherwise.
 */
#ifndef VMM_LOG_H
#define VMM_LOG_H

#include <stdbool.h>

/* The name every line begins with; "vmm" until set. Not copied. */
void log_set_program(const char *name);

/* Turns log_info() on (the -v option). */
void log_set_verbose(bool on);
bool log_is_verbose(void);

/*
 * While set, each line goes to `hook` (without its newline) instead of
 * straight to stderr; a screen that owns the terminal puts it somewhere safe.
 */
void log_set_hook(void (*hook)(void *ctx, const char *line), void *ctx);

/* The same for a while: what was set before is kept, to be put back. */
struct log_hook {
	void (*line)(void *ctx, const char *line);
	void *ctx;
};

struct log_hook log_swap_hook(struct log_hook hook);

/* Say an error and return `err`. */
int fail(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * What would be said, for a caller that has its own way to say it: the text
 * is kept, nothing is printed, and `err` returned.
 */
struct reason {
	char text[512];
};

int reason_set(struct reason *why, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Say something the person should know though the run goes on. */
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Say something only -v asks for. */
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
