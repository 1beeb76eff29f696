/*
 * prompt_plain.c: a prompt without a line editor: the terminal itself lets one
 * correct a line before Enter.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/repl/repl.h"

const bool prompt_edits = false;

static struct {
	struct repl *r;
	char text[WORDS_SIZE];
	size_t len;
} typed;

static void entered(struct repl *r, const char *line)
{
	r->line = strdup(line);
	r->quit |= !r->line;
	history_append(r->history, line);
	repl_pause(r, END_PAUSED);
}

/* What was read behind the line stays for the next time. */
static void take(struct repl *r)
{
	char *end = memchr(typed.text, '\n', typed.len);
	size_t used;

	if (!end || r->line)
		return;
	*end = 0;
	used = end + 1 - typed.text;
	entered(r, typed.text);
	typed.len -= used;
	memmove(typed.text, end + 1, typed.len);
}

static void readable(void *ctx)
{
	struct repl *r = ctx;
	ssize_t len;

	if (typed.len == sizeof(typed.text))
		typed.len = 0; /* no line is that long */
	len = read(STDIN_FILENO, typed.text + typed.len,
		   sizeof(typed.text) - typed.len);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0) {
		r->quit = true;
		repl_pause(r, END_PAUSED);
		return;
	}
	typed.len += len;
	take(r);
}

int prompt_begin(struct repl *r)
{
	typed.r = r;
	return 0;
}

static void print_prompt(void)
{
	fputs("vmm> ", stdout);
	fflush(stdout);
}

void prompt_show(struct repl *r)
{
	print_prompt();
	r->at_prompt = true;
	take(r);
	loop_add(r->m->loop, STDIN_FILENO, readable, r);
}

void prompt_hide(struct repl *r)
{
	loop_remove(r->m->loop, STDIN_FILENO);
	r->at_prompt = false;
}

void prompt_print(struct repl *r, const char *text, size_t len)
{
	if (r->at_prompt)
		fputs("\r     \r", stdout);
	fwrite(text, 1, len, stdout);
	if (len && text[len - 1] != '\n')
		fputc('\n', stdout);
	if (r->at_prompt)
		print_prompt();
	fflush(stdout);
}

void prompt_resize(struct repl *r)
{
}

void prompt_suspend(struct repl *r)
{
}

void prompt_clear(struct repl *r)
{
	fputc('\n', stdout);
	print_prompt();
}

void prompt_end(struct repl *r)
{
}
