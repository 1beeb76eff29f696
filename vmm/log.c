/* log.c: one line at a time to stderr, or to the hook of a screen. */
#include "vmm/log.h"

#include <stdarg.h>
#include <stdio.h>

static const char *program = "vmm";
static bool verbose;
static struct log_hook hook;

__attribute__((format(printf, 1, 0))) static void say(const char *fmt,
						      va_list ap)
{
	char text[1024], line[1100];

	vsnprintf(text, sizeof(text), fmt, ap);
	snprintf(line, sizeof(line), "%s: %s", program, text);
	if (hook.line)
		hook.line(hook.ctx, line);
	else
		fprintf(stderr, "%s\n", line);
}

void log_set_program(const char *name)
{
	program = name;
}

void log_set_verbose(bool on)
{
	verbose = on;
}

bool log_is_verbose(void)
{
	return verbose;
}

void log_set_hook(void (*line)(void *ctx, const char *line), void *ctx)
{
	hook = (struct log_hook){line, ctx};
}

struct log_hook log_swap_hook(struct log_hook new)
{
	struct log_hook old = hook;

	hook = new;
	return old;
}

int fail(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	return err;
}

int reason_set(struct reason *why, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	return err;
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	if (!verbose)
		return;
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}
