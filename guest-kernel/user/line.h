/*
 * line.h: editing of one line on a console: Backspace, Ctrl-U (all away),
 * Ctrl-C (a new line). A full line answers with the bell and takes no more.
 */
#ifndef USER_LINE_H
#define USER_LINE_H

#include <stdbool.h>

#include "guest-kernel/user/console.h"

#define LINE_SIZE 256 /* with the zero byte at its end */

struct line {
	struct console *console;
	const char *prompt;
	char text[LINE_SIZE];
	unsigned len;
	char last;   /* the key before: \r\n is one Enter */
	char escape; /* in a terminal's sequence: what was seen of it */
};

void line_init(struct line *line, struct console *console, const char *prompt);

/* Shows the prompt and begins an empty line. */
void line_start(struct line *line);

/* True on Enter: `text` is the line. line_start() begins the next. */
bool line_key(struct line *line, char key);

#endif
