/*
 * execute.c: carrying out lines: each command's answer is collected, printed
 * when it is whole, and, in scripts, the first that fails is the last.
 */
#include <string.h>
#include <unistd.h>

#include "shell/repl/command.h"
#include "shell/runner/text.h"

/* ---- what is printed ---- */

void repl_print(struct repl *r, const char *text, size_t len)
{
	if (!len)
		return;
	if (r->prompting) {
		prompt_print(r, text, len);
		return;
	}
	/* An answer begins a line of its own. */
	if (r->session.stdout_.midline)
		output_write(&r->session.stdout_, "\n", 1);
	output_write(&r->session.stdout_, text, len);
}

static void print_errors(struct repl *r, const char *text, size_t len)
{
	if (!len)
		return;
	if (r->prompting) {
		prompt_print(r, text, len);
		return;
	}
	output_flush(&r->session.stdout_);
	if (r->session.stdout_.midline && isatty(STDERR_FILENO) &&
	    isatty(STDOUT_FILENO))
		fputc('\n', stderr);
	fwrite(text, 1, len, stderr);
}

/* What lower parts say is about the command: it is why that failed. */
static void heard(void *ctx, const char *line)
{
	struct repl *r = ctx;
	const char *text = strncmp(line, "vmm: ", 5) ? line : line + 5;

	if (r->answering) {
		if (!*r->answer.error.text)
			answer_fail(&r->answer, "FAILED", "%s", text);
		else
			answer_hint(&r->answer, "%s", text);
		return;
	}
	print_errors(r, line, strlen(line));
	print_errors(r, "\n", 1);
}

static int finish(struct repl *r, const struct words *w, const char *prefix,
		  int status)
{
	struct answer_texts texts;

	r->answering = false;
	above_flush(r); /* what it caused comes first */
	if (!status && *r->answer.error.text)
		status = 1;
	if (answer_end(&r->answer, w->count ? w->word[0] : "", prefix, &texts) <
	    0)
		status = EXIT_HOST;
	repl_print(r, texts.out, texts.out_len);
	print_errors(r, texts.err, texts.err_len);
	answer_texts_free(&texts);
	return status;
}

static int run_words(struct repl *r, const struct words *w, const char *prefix)
{
	int status;

	if (!w->count)
		return 0;
	if (answer_begin(&r->answer, r->options->json) < 0)
		return EXIT_HOST;
	r->interrupted = false;
	r->answering = true;
	log_set_hook(heard, r);
	status = repl_execute(r, w);
	if (r->interrupted && !status)
		status = answer_fail(&r->answer, "INTERRUPTED", "interrupted");
	return finish(r, w, prefix, status);
}

static int bad_line(struct repl *r, const char *prefix, const char *why)
{
	struct words none = {0};

	if (answer_begin(&r->answer, r->options->json) < 0)
		return EXIT_HOST;
	return finish(r, &none, prefix,
		      answer_fail(&r->answer, "USAGE", "%s", why));
}

/* ---- scripts and lines ---- */

int repl_file(struct repl *r, const struct words *w)
{
	return run_words(r, w, "vmm: ");
}

int repl_script(struct repl *r, const char *text, const char *where)
{
	unsigned line = 1;
	int status = 0;

	while (*text && !status && !r->quit) {
		const char *from = text, *why = NULL;
		struct words w;
		char prefix[300];

		snprintf(prefix, sizeof(prefix), "%s:%u: ", where, line);
		if (words_read(&text, &w, &why))
			status = run_words(r, &w, prefix);
		else
			status = bad_line(r, prefix, why);
		for (; from < text; from++)
			line += *from == '\n';
	}
	return status;
}

int repl_nested(struct repl *r, const char *text, const char *where)
{
	struct answer outer = r->answer;
	int status = repl_script(r, text, where);

	r->answer = outer;
	r->answering = true;
	return status;
}

void repl_line(struct repl *r, const char *line)
{
	int status = 0;

	while (*line && !status && !r->quit) {
		const char *why = NULL;
		struct words w;

		if (words_read(&line, &w, &why))
			status = run_words(r, &w, "error: ");
		else
			status = bad_line(r, "error: ", why);
	}
}
