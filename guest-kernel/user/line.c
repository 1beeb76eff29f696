/* line.c: see line.h. What is typed is echoed here, character for character. */
#include "guest-kernel/user/line.h"
#include "guest-kernel/user/rt.h"

#define CONTROL_C 0x03
#define CONTROL_U 0x15
#define ESCAPE	  0x1b
#define DELETE	  0x7f /* what terminals send for Backspace */

static void echo(struct line *line, const char *text)
{
	line->console->write(line->console, text, strlen(text));
}

static void add(struct line *line, char key)
{
	if (line->len + 1 >= LINE_SIZE) {
		echo(line, "\a");
		return;
	}
	line->text[line->len++] = key;
	line->console->write(line->console, &key, 1);
}

static void erase(struct line *line, unsigned count)
{
	for (; count && line->len; count--) {
		line->len--;
		echo(line, "\b \b");
	}
}

/* Terminals send ESC [ parameters letter, or ESC letter: all swallowed. */
static bool in_escape(struct line *line, char key)
{
	char seen = line->escape;

	if (key == ESCAPE) {
		line->escape = ESCAPE;
		return true;
	}
	if (!seen)
		return false;
	if (seen == ESCAPE && (key == '[' || key == 'O'))
		line->escape = '[';
	else if (seen == ESCAPE || (key >= '@' && key <= '~'))
		line->escape = 0;
	return true;
}

void line_init(struct line *line, struct console *console, const char *prompt)
{
	*line = (struct line){.console = console, .prompt = prompt};
}

void line_start(struct line *line)
{
	line->len = 0;
	line->text[0] = 0;
	echo(line, line->prompt);
}

bool line_key(struct line *line, char key)
{
	char last = line->last;

	line->last = key;
	if (in_escape(line, key))
		return false;
	switch (key) {
	case '\n':
		if (last == '\r')
			return false;
		/* fall through */
	case '\r':
		echo(line, "\n");
		line->text[line->len] = 0;
		return true;
	case '\b':
	case DELETE:
		erase(line, 1);
		return false;
	case CONTROL_U:
		erase(line, line->len);
		return false;
	case CONTROL_C:
		echo(line, "^C\n");
		line_start(line);
		return false;
	}
	if (key >= ' ' && key <= '~')
		add(line, key);
	return false;
}
