/* table.c: all rows first, then their widths, then the lines. */
#include "shell/inspect/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 16
#define GAP	    2

/* ---- plain lines ---- */

static void print(struct inspect_out *out, const char *text, size_t len)
{
	out->write(out->ctx, text, len);
}

static void print_all(struct inspect_out *out, const char *text)
{
	print(out, text, strlen(text));
}

static void print_format(struct inspect_out *out, const char *format,
			 va_list args)
{
	char *text = NULL;
	int len = vasprintf(&text, format, args);

	if (len >= 0) {
		print(out, text, len);
		free(text);
	}
}

void out_text(struct inspect_out *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_format(out, format, args);
	va_end(args);
}

void out_line(struct inspect_out *out, const char *format, ...)
{
	va_list args;

	if (out->json)
		return;
	va_start(args, format);
	print_format(out, format, args);
	va_end(args);
	print_all(out, "\n");
}

int out_refuse(struct inspect_out *out, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(out->error, sizeof(out->error), format, args);
	va_end(args);
	return err;
}

void out_hint(struct inspect_out *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(out->hint, sizeof(out->hint), format, args);
	va_end(args);
}

/* ---- filling ---- */

void table_begin(struct table *t, struct inspect_out *out, const char *kind)
{
	*t = (struct table){.out = out, .kind = kind};
}

void table_row(struct table *t)
{
	t->row_begins = true;
}

static bool room_for(void **array, size_t *room, size_t need, size_t size)
{
	void *more;
	size_t want = *room ? *room : 64;

	while (want < need)
		want *= 2;
	if (want == *room)
		return true;
	more = realloc(*array, want * size);
	if (!more)
		return false;
	*array = more;
	*room = want;
	return true;
}

static bool add_text(struct table *t, const char *format, va_list args)
{
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (len < 0 || !room_for((void **)&t->text, &t->text_room,
				 t->text_len + len + 1, 1))
		return false;
	vsnprintf(t->text + t->text_len, len + 1, format, args);
	t->text_len += len + 1;
	return true;
}

void table_cell(struct table *t, const char *key, unsigned flags,
		const char *format, ...)
{
	struct cell cell = {key, flags, t->row_begins, t->text_len};
	va_list args;

	if (t->failed || !room_for((void **)&t->cell, &t->room, t->count + 1,
				   sizeof(cell))) {
		t->failed = true;
		return;
	}
	va_start(args, format);
	if (add_text(t, format, args)) {
		t->cell[t->count++] = cell;
		t->row_begins = false;
	} else {
		t->failed = true;
	}
	va_end(args);
}

/* ---- JSON ---- */

static void print_json_text(struct inspect_out *out, const char *text)
{
	char escape[8];

	print(out, "\"", 1);
	for (; *text; text++) {
		unsigned char c = *text;

		if (c == '"' || c == '\\')
			snprintf(escape, sizeof(escape), "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			snprintf(escape, sizeof(escape), "\\u%04x", c);
		else
			snprintf(escape, sizeof(escape), "%c", c);
		print_all(out, escape);
	}
	print(out, "\"", 1);
}

static void print_json(struct table *t)
{
	bool open = false;

	for (size_t i = 0; i < t->count; i++) {
		const struct cell *c = &t->cell[i];
		const char *text = t->text + c->text;

		if (c->first) {
			print_all(t->out,
				  open ? "}\n{\"kind\":" : "{\"kind\":");
			print_json_text(t->out, t->kind);
			open = true;
		}
		if (c->flags & CELL_PEOPLE ||
		    (c->flags & CELL_NUMBER && !*text))
			continue;
		print(t->out, ",", 1);
		print_json_text(t->out, c->key);
		print(t->out, ":", 1);
		if (c->flags & CELL_NUMBER)
			print_all(t->out, text);
		else
			print_json_text(t->out, text);
	}
	if (open)
		print_all(t->out, "}\n");
}

/* ---- columns ---- */

/* UTF-8: bytes that begin a character. */
static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

struct columns {
	size_t width[COLUMNS_MAX];
	const char *key[COLUMNS_MAX];
	unsigned flags[COLUMNS_MAX];
	unsigned count;
};

static void measure(const struct table *t, struct columns *c)
{
	unsigned at = 0;

	for (size_t i = 0; i < t->count; i++) {
		const struct cell *cell = &t->cell[i];
		size_t width = width_of(t->text + cell->text);

		at = cell->first ? 0 : at;
		if (cell->flags & CELL_JSON || at == COLUMNS_MAX)
			continue;
		if (at == c->count) {
			c->key[at] = cell->key;
			c->flags[at] = cell->flags;
			c->width[at] = t->no_head ? 0 : width_of(cell->key);
			c->count++;
		}
		if (width > c->width[at])
			c->width[at] = width;
		at++;
	}
}

static const char *colour_of(const struct table *t, unsigned flags)
{
	if (!t->out->colour)
		return NULL;
	if (flags & CELL_BAD)
		return "\033[1;31m";
	if (flags & CELL_NAME)
		return "\033[1m";
	return flags & CELL_DIM ? "\033[2m" : NULL;
}

static void print_spaces(struct inspect_out *out, size_t count)
{
	static const char spaces[] = "                                ";

	for (; count > 0;) {
		size_t n =
			count < sizeof(spaces) - 1 ? count : sizeof(spaces) - 1;

		print(out, spaces, n);
		count -= n;
	}
}

/* Spaces at the end of a line are kept back: *owed. */
static void print_cell(struct table *t, const char *text, size_t width,
		       unsigned flags, size_t *owed)
{
	const char *colour = *text ? colour_of(t, flags) : NULL;
	size_t pad = width - width_of(text);

	*owed += flags & CELL_RIGHT ? pad : 0;
	if (*text) {
		print_spaces(t->out, *owed);
		*owed = 0;
	}
	if (colour)
		print_all(t->out, colour);
	print_all(t->out, text);
	if (colour)
		print_all(t->out, "\033[0m");
	*owed += (flags & CELL_RIGHT ? 0 : pad) + GAP;
}

static void print_head(struct table *t, const struct columns *c)
{
	size_t owed = 0;

	for (unsigned i = 0; i < c->count; i++)
		print_cell(t, c->key[i], c->width[i],
			   (c->flags[i] & CELL_RIGHT) | CELL_DIM, &owed);
	print(t->out, "\n", 1);
}

static void print_columns(struct table *t)
{
	struct columns c = {.count = 0};
	size_t owed = 0;
	unsigned at = 0;

	measure(t, &c);
	if (t->count && !t->no_head)
		print_head(t, &c);
	for (size_t i = 0; i < t->count; i++) {
		const struct cell *cell = &t->cell[i];

		if (cell->first) {
			if (i)
				print(t->out, "\n", 1);
			owed = at = 0;
		}
		if (cell->flags & CELL_JSON || at == COLUMNS_MAX)
			continue;
		print_cell(t, t->text + cell->text, c.width[at], cell->flags,
			   &owed);
		at++;
	}
	if (t->count)
		print(t->out, "\n", 1);
}

size_t table_end(struct table *t)
{
	size_t rows = 0;

	for (size_t i = 0; i < t->count; i++)
		rows += t->cell[i].first;
	if (t->out->json)
		print_json(t);
	else
		print_columns(t);
	free(t->cell);
	free(t->text);
	t->cell = NULL;
	t->text = NULL;
	t->count = 0;
	return rows;
}
