/*
 * above.c: the guest's output where it must not come as it likes: above the
 * line that a person types, or between JSON objects. It is kept until a line
 * is whole; one that stays unfinished (a prompt) is shown after a while.
 */
#include <stdlib.h>
#include <string.h>

#include "shell/repl/repl.h"
#include "shell/runner/text.h"

#define COLLECT_NS  UINT64_C(15000000)
#define PATIENCE_NS UINT64_C(400000000)

static void put_json(FILE *out, const char *text, size_t len)
{
	while (len) {
		size_t line = 0;

		while (line < len && text[line] != '\n')
			line++;
		fputs("{\"event\":\"serial\",\"line\":\"", out);
		text_put(out, TEXT_JSON, text, line);
		fputs("\"}\n", out);
		line += line < len;
		text += line;
		len -= line;
	}
}

static void show(struct repl *r, size_t len)
{
	char *text = NULL;
	size_t text_len = 0;
	FILE *out = open_memstream(&text, &text_len);

	if (!out)
		return;
	if (r->options->json)
		put_json(out, r->above, len);
	else
		text_put(out, TEXT_LINES, r->above, len);
	if (!r->options->json && r->above[len - 1] != '\n')
		fputc('\n', out);
	fclose(out);
	repl_print(r, text, text_len);
	free(text);
	r->above_len -= len;
	memmove(r->above, r->above + len, r->above_len);
}

static void show_lines(struct repl *r)
{
	size_t len = r->above_len;

	while (len && r->above[len - 1] != '\n')
		len--;
	if (len)
		show(r, len);
}

static void patience(void *ctx)
{
	struct repl *r = ctx;

	r->above_armed = false;
	if (r->above_len)
		show(r, r->above_len);
}

static void collected(void *ctx)
{
	struct repl *r = ctx;

	r->above_armed = false;
	show_lines(r);
	if (r->above_len)
		r->above_armed =
			loop_timer(r->m->loop, loop_now_ns() + PATIENCE_NS,
				   patience, r) == 0;
}

void above_flush(struct repl *r)
{
	show_lines(r);
	/* A guest's prompt says nothing to who does not type there. */
	if (r->options->json || !r->prompting)
		patience(r);
}

void above_add(struct repl *r, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\r')
			continue;
		if (r->above_len == sizeof(r->above))
			show(r, r->above_len);
		r->above[r->above_len++] = bytes[i];
	}
	if (!r->prompting) {
		show_lines(r);
		return;
	}
	if (r->above_armed)
		return;
	r->above_armed = loop_timer(r->m->loop, loop_now_ns() + COLLECT_NS,
				    collected, r) == 0;
	if (!r->above_armed)
		show_lines(r);
}
