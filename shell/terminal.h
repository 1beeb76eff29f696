/*
 * terminal.h: the terminal in raw mode, and always back again.
 *
 * There is one terminal, so its state is one static struct: crash handlers
 * have nothing else to reach it by. terminal_leave() may be called at any
 * time, from a signal handler too, and any number of times.
 */
#ifndef SHELL_TERMINAL_H
#define SHELL_TERMINAL_H

#include <stdbool.h>

/* The key that ends the run: Ctrl-]. */
#define TERMINAL_QUIT 0x1d

/*
 * Put the terminal at `in` into raw mode. `enter` is written to `out` now and
 * on every return to it, `leave` on every way out ("" for none). Output
 * processing stays on when `cooked_output`: a newline returns the carriage.
 * 0 or -errno, said.
 */
int terminal_enter(int in, int out, bool cooked_output, const char *enter,
		   const char *leave);

/*
 * Someone else is about to change the modes of the terminal at `in`, a line
 * editor: remember how they are, for terminal_leave().
 */
int terminal_keep(int in, int out, const char *leave);

void terminal_leave(void);

/* After a stop: as terminal_enter() was called, if it is in the foreground. */
void terminal_reenter(void);

#endif
