/*
 * prompt_readline.c: the prompt with GNU readline, by its callbacks: it reads
 * keys when the machine's loop says that there are some, so that the guest
 * runs and speaks while a line is being typed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "shell/repl/repl.h"
#include "shell/terminal.h"

#define SHOWN_MAX 40 /* candidates */

const bool prompt_edits = true;

struct candidates {
	char **word, **about;
	size_t count, room;
};

static struct {
	struct repl *r;
	struct candidates found;
	bool installed;
} prompt;

/* ---- candidates ---- */

static void forget(struct candidates *c)
{
	for (size_t i = 0; i < c->count; i++) {
		free(c->word[i]);
		free(c->about[i]);
	}
	c->count = 0;
}

static bool has_room(struct candidates *c)
{
	size_t room = c->room ? 2 * c->room : 64;
	char **more;

	if (c->count < c->room)
		return true;
	more = realloc(c->word, room * sizeof(*more));
	if (!more)
		return false;
	c->word = more;
	more = realloc(c->about, room * sizeof(*more));
	if (!more)
		return false;
	c->about = more;
	c->room = room;
	return true;
}

static void found(void *ctx, const char *word, const char *about)
{
	struct candidates *c = ctx;

	if (!has_room(c))
		return;
	c->word[c->count] = strdup(word);
	c->about[c->count] = strdup(about ? about : "");
	if (c->word[c->count] && c->about[c->count])
		c->count++;
}

static char *next(const char *text, int again)
{
	static size_t at;

	if (!again)
		at = 0;
	return at < prompt.found.count ? strdup(prompt.found.word[at++]) : NULL;
}

static char **complete(const char *text, int start, int end)
{
	bool file;

	forget(&prompt.found);
	file = repl_complete(prompt.r, rl_line_buffer, start, text, found,
			     &prompt.found);
	/* A user's folder is asked of services that the sandbox forbids. */
	rl_attempted_completion_over = !file || *text == '~';
	rl_completion_append_character = ' ';
	if (prompt.found.count == 1) {
		const char *word = prompt.found.word[0];

		if (*word && word[strlen(word) - 1] == '=')
			rl_completion_append_character = 0;
	}
	return file ? NULL : rl_completion_matches(text, next);
}

static const char *about(const char *word)
{
	for (size_t i = 0; i < prompt.found.count; i++)
		if (!strcmp(prompt.found.word[i], word))
			return prompt.found.about[i];
	return "";
}

static void list(char **matches, int count, int longest)
{
	int width = longest < 20 ? longest : 20;

	fputc('\n', rl_outstream);
	for (int i = 1; i <= count && i <= SHOWN_MAX; i++)
		fprintf(rl_outstream, "  %-*s  %s\n", width, matches[i],
			about(matches[i]));
	if (count > SHOWN_MAX)
		fprintf(rl_outstream, "  ... and %d more\n", count - SHOWN_MAX);
	rl_forced_update_display();
}

/* ---- lines ---- */

static void remember(struct repl *r, const char *line)
{
	HIST_ENTRY *last =
		history_length ? history_get(history_base + history_length - 1)
			       : NULL;

	if (!*line || (last && !strcmp(last->line, line)))
		return;
	add_history(line);
	history_append(r->history, line);
}

static void remove_handler(void)
{
	if (prompt.installed)
		rl_callback_handler_remove();
	prompt.installed = false;
}

/* A whole line, or NULL for Ctrl-D. */
static void entered(char *line)
{
	struct repl *r = prompt.r;

	remove_handler();
	if (line)
		remember(r, line);
	else
		fputs("quit\n", stdout);
	r->line = line ? line : strdup("quit");
	r->quit |= !r->line;
	repl_pause(r, END_PAUSED);
}

static void readable(void *ctx)
{
	struct repl *r = ctx;

	if (prompt.installed && !r->line)
		rl_callback_read_char();
}

/* Ctrl-]: to the guest's serial line; what was typed is gone. */
static int to_console(int count, int key)
{
	rl_replace_line("console", 0);
	rl_done = 1;
	return 0;
}

/* ---- the prompt ---- */

static const char *text_of(const struct repl *r)
{
	if (r->ended)
		return "vmm (ended)> ";
	return repl_held(r) ? "vmm (stopped)> " : "vmm> ";
}

static void set_up_readline(struct repl *r)
{
	char path[512];

	rl_readline_name = "vmm";
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_outstream = stdout;
	rl_basic_word_break_characters = " \t;=,";
	rl_completer_word_break_characters = (char *)" \t;=,";
	rl_completer_quote_characters = "\"'";
	rl_attempted_completion_function = complete;
	rl_completion_display_matches_hook = list;
	rl_sort_completion_matches = 0;
	rl_initialize();
	rl_bind_key(r->options->options.escape, to_console);
	rl_unbind_function_in_map(rl_tilde_expand, emacs_meta_keymap);
	using_history();
	stifle_history(2000);
	r->history = history_open(path, sizeof(path));
	if (r->history >= 0)
		read_history(path);
}

/*
 * Bracketed paste is readline's, which leaves it alone in a terminal that
 * knows no control sequences; it is off again on every way out.
 */
static int keep_terminal(void)
{
	const char *term = getenv("TERM");
	bool plain = !term || !*term || !strcmp(term, "dumb");

	return terminal_keep(STDIN_FILENO, STDOUT_FILENO,
			     plain ? "" : "\033[?2004l");
}

int prompt_begin(struct repl *r)
{
	prompt.r = r;
	set_up_readline(r);
	return keep_terminal();
}

void prompt_show(struct repl *r)
{
	r->at_prompt = true;
	keep_terminal();
	prompt.installed = true;
	rl_callback_handler_install(text_of(r), entered);
	loop_add(r->m->loop, STDIN_FILENO, readable, r);
}

void prompt_hide(struct repl *r)
{
	loop_remove(r->m->loop, STDIN_FILENO);
	remove_handler();
	r->at_prompt = false;
}

void prompt_print(struct repl *r, const char *text, size_t len)
{
	bool typing = prompt.installed;

	if (typing)
		rl_clear_visible_line();
	fwrite(text, 1, len, stdout);
	if (len && text[len - 1] != '\n')
		fputc('\n', stdout);
	fflush(stdout);
	if (!typing)
		return;
	rl_set_prompt(text_of(r));
	rl_forced_update_display();
}

void prompt_resize(struct repl *r)
{
	if (!prompt.installed)
		return;
	(*rl_prep_term_function)(1);
	rl_resize_terminal();
	rl_forced_update_display();
}

void prompt_suspend(struct repl *r)
{
	if (prompt.installed)
		(*rl_deprep_term_function)();
}

/* Ctrl-C: what was typed is given up. */
void prompt_clear(struct repl *r)
{
	if (!prompt.installed)
		return;
	fputs("^C\n", stdout);
	rl_replace_line("", 1);
	rl_on_new_line();
	rl_forced_update_display();
}

void prompt_end(struct repl *r)
{
	remove_handler();
	forget(&prompt.found);
	free(prompt.found.word);
	free(prompt.found.about);
	clear_history();
}
