/* terminal.c: termios, and what is written around it. */
#include "shell/terminal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "vmm/log.h"

static struct {
	int in, out;
	struct termios before, raw;
	const char *enter, *leave;
	bool known; /* the fields above are set */
	volatile sig_atomic_t entered;
} terminal;

/* Best effort: the terminal may be gone. */
static void put(const char *text)
{
	size_t len = strlen(text);

	if (len && write(terminal.out, text, len) < 0)
		return;
}

static bool foreground(void)
{
	return tcgetpgrp(terminal.in) == getpgrp();
}

int terminal_enter(int in, int out, bool cooked_output, const char *enter,
		   const char *leave)
{
	terminal.in = in;
	terminal.out = out;
	terminal.enter = enter;
	terminal.leave = leave;
	if (tcgetattr(in, &terminal.before) < 0)
		return fail(-errno, "terminal: %s", strerror(errno));
	terminal.raw = terminal.before;
	cfmakeraw(&terminal.raw);
	if (cooked_output)
		terminal.raw.c_oflag = terminal.before.c_oflag;
	terminal.known = true;
	if (tcsetattr(in, TCSANOW, &terminal.raw) < 0)
		return fail(-errno, "terminal: %s", strerror(errno));
	terminal.entered = 1;
	put(enter);
	return 0;
}

int terminal_keep(int in, int out, const char *leave)
{
	terminal.in = in;
	terminal.out = out;
	terminal.leave = leave;
	terminal.known = false;
	if (tcgetattr(in, &terminal.before) < 0)
		return fail(-errno, "terminal: %s", strerror(errno));
	terminal.entered = 1;
	return 0;
}

void terminal_leave(void)
{
	if (!terminal.entered)
		return;
	terminal.entered = 0;
	put(terminal.leave);
	tcsetattr(terminal.in, TCSANOW, &terminal.before);
}

void terminal_reenter(void)
{
	if (!terminal.known || !foreground())
		return;
	tcsetattr(terminal.in, TCSANOW, &terminal.raw);
	terminal.entered = 1;
	put(terminal.enter);
}
