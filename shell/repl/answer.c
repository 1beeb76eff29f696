/* answer.c: see answer.h. */
#include "shell/repl/answer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "shell/runner/text.h"

static int no_memory(void)
{
	return fail(-ENOMEM, "shell: no memory for an answer");
}

static void close_streams(struct answer *a)
{
	FILE *streams[] = {a->text, a->fields, a->lines};

	for (unsigned i = 0; i < 3; i++)
		if (streams[i])
			fclose(streams[i]);
	a->text = a->fields = a->lines = NULL;
}

static void free_texts(struct answer *a)
{
	free(a->text_at);
	free(a->fields_at);
	free(a->lines_at);
	a->text_at = a->fields_at = a->lines_at = NULL;
}

int answer_begin(struct answer *a, bool json)
{
	memset(a, 0, sizeof(*a));
	a->json = json;
	a->text = open_memstream(&a->text_at, &a->text_len);
	a->fields = open_memstream(&a->fields_at, &a->fields_len);
	a->lines = open_memstream(&a->lines_at, &a->lines_len);
	if (a->text && a->fields && a->lines)
		return 0;
	close_streams(a);
	free_texts(a);
	return no_memory();
}

void answer_number(struct answer *a, const char *name, uint64_t value)
{
	fprintf(a->fields, ",\"%s\":%" PRIu64, name, value);
}

/* JSON's readers keep 53 bits of a number: addresses are strings. */
void answer_hex(struct answer *a, const char *name, uint64_t value)
{
	fprintf(a->fields, ",\"%s\":\"%#" PRIx64 "\"", name, value);
}

static void put_string(FILE *out, const char *name, const char *value,
		       size_t len)
{
	fprintf(out, ",\"%s\":\"", name);
	text_put(out, TEXT_JSON, value, len);
	fputc('"', out);
}

void answer_string(struct answer *a, const char *name, const char *value)
{
	put_string(a->fields, name, value, strlen(value));
}

int answer_fail(struct answer *a, const char *code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->error.text, sizeof(a->error.text), fmt, ap);
	va_end(ap);
	snprintf(a->code, sizeof(a->code), "%s", code);
	return strcmp(code, "USAGE") ? 1 : 2;
}

void answer_hint(struct answer *a, const char *fmt, ...)
{
	size_t len = strlen(a->hint);
	va_list ap;

	if (len && len < sizeof(a->hint) - 1)
		a->hint[len++] = '\n';
	va_start(ap, fmt);
	vsnprintf(a->hint + len, sizeof(a->hint) - len, fmt, ap);
	va_end(ap);
}

/* ---- both forms ---- */

static void print_json(struct answer *a, const char *command, FILE *out)
{
	size_t len = a->text_len;

	fwrite(a->lines_at, 1, a->lines_len, out);
	/* Objects of its own are a command's whole answer. */
	if (a->lines_len && !*a->error.text)
		return;
	fputs("{\"cmd\":\"", out);
	text_puts(out, TEXT_JSON, command);
	fprintf(out, "\",\"ok\":%s", *a->error.text ? "false" : "true");
	fwrite(a->fields_at, 1, a->fields_len, out);
	if (len && a->text_at[len - 1] == '\n')
		len--;
	if (len)
		put_string(out, "text", a->text_at, len);
	if (*a->error.text) {
		put_string(out, "code", a->code, strlen(a->code));
		put_string(out, "msg", a->error.text, strlen(a->error.text));
	}
	if (*a->hint)
		put_string(out, "hint", a->hint, strlen(a->hint));
	fputs("}\n", out);
}

/* What a guest wrote may be in it: nothing of it acts on a terminal. */
static void print_error(struct answer *a, const char *prefix, FILE *err)
{
	const char *line = a->hint;

	fputs(prefix, err);
	text_puts(err, TEXT_LINES, a->error.text);
	fputc('\n', err);
	while (*line) {
		size_t len = strcspn(line, "\n");

		fputs("  ", err);
		text_put(err, TEXT_LINES, line, len);
		fputc('\n', err);
		line += len + (line[len] == '\n');
	}
}

static void print(struct answer *a, const char *command, const char *prefix,
		  FILE *out, FILE *err)
{
	if (a->json) {
		print_json(a, command, out);
		return;
	}
	fwrite(a->text_at, 1, a->text_len, out);
	fwrite(a->lines_at, 1, a->lines_len, out);
	if (*a->error.text)
		print_error(a, prefix, err);
}

int answer_end(struct answer *a, const char *command, const char *prefix,
	       struct answer_texts *t)
{
	FILE *out, *err;
	int result = 0;

	*t = (struct answer_texts){NULL, NULL, 0, 0};
	close_streams(a);
	out = open_memstream(&t->out, &t->out_len);
	err = open_memstream(&t->err, &t->err_len);
	if (out && err && a->text_at && a->fields_at && a->lines_at)
		print(a, command, prefix, out, err);
	else
		result = no_memory();
	if (out)
		fclose(out);
	if (err)
		fclose(err);
	free_texts(a);
	return result;
}

void answer_texts_free(struct answer_texts *t)
{
	free(t->out);
	free(t->err);
}
