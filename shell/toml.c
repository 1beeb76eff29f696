/* toml.c: a recursive reader with one byte of look-ahead. */
#include "shell/toml.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/log.h"

#define DEPTH_MAX 8
#define FILE_MAX  (1 << 20)

struct reader {
	const char *at, *end;
	unsigned line;
	int err;
	char *why;
	size_t why_size;
};

/* The first thing that is wrong counts. Always false. */
static bool wrong(struct reader *r, const char *what)
{
	if (!r->err) {
		r->err = -EINVAL;
		snprintf(r->why, r->why_size, "line %u: %s", r->line, what);
	}
	return false;
}

static bool no_memory(struct reader *r)
{
	if (!r->err) {
		r->err = -ENOMEM;
		snprintf(r->why, r->why_size, "no memory");
	}
	return false;
}

/* The next byte, or -1 at the end. */
static int peek(const struct reader *r)
{
	return r->at < r->end ? (unsigned char)*r->at : -1;
}

static bool take(struct reader *r, char c)
{
	if (peek(r) != c)
		return false;
	r->at++;
	return true;
}

static void skip_blanks(struct reader *r)
{
	while (peek(r) == ' ' || peek(r) == '\t')
		r->at++;
}

static bool is_control(int c)
{
	return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7f;
}

/* Blanks, a comment, and the end of the line; false when more is there. */
static bool end_line(struct reader *r)
{
	skip_blanks(r);
	if (take(r, '#'))
		while (peek(r) >= 0 && !is_control(peek(r)))
			r->at++;
	if (peek(r) == '\r' && r->end - r->at > 1 && r->at[1] == '\n')
		r->at++;
	if (take(r, '\n')) {
		r->line++;
		return true;
	}
	if (peek(r) < 0)
		return true;
	return wrong(r, is_control(peek(r)) ? "a control character"
					    : "more than one thing on a line");
}

/* Blanks, comments and ends of lines, as between an array's items. */
static bool skip_lines(struct reader *r)
{
	for (;;) {
		skip_blanks(r);
		if (peek(r) != '#' && peek(r) != '\n' && peek(r) != '\r')
			return true;
		if (!end_line(r))
			return false;
	}
}

/* `*list` with room for one more of `size` bytes, zeroed. */
static void *grow(struct reader *r, void *list, size_t *count, size_t size)
{
	char **at = list, *more = *at;

	/* Room doubles at each power of two. */
	if ((*count & (*count - 1)) == 0)
		more = realloc(more, (*count ? 2 * *count : 1) * size);
	if (!more) {
		no_memory(r);
		return NULL;
	}
	*at = more;
	memset(more + *count * size, 0, size);
	return more + (*count)++ * size;
}

/* ---- strings ---- */

struct text {
	char *byte;
	size_t len;
};

static bool put(struct reader *r, struct text *t, unsigned char byte)
{
	char *more = t->byte;

	/* One to spare for the end. */
	if ((t->len & (t->len + 1)) == 0)
		more = realloc(more, 2 * (t->len + 1));
	if (!more)
		return no_memory(r);
	t->byte = more;
	more[t->len++] = byte;
	more[t->len] = 0;
	return true;
}

static bool put_utf8(struct reader *r, struct text *t, uint32_t c)
{
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return wrong(r, "\\u names no character that can be used");
	if (c < 0x80)
		return put(r, t, c);
	if (c < 0x800)
		return put(r, t, 0xc0 | c >> 6) && put(r, t, 0x80 | (c & 0x3f));
	if (c < 0x10000)
		return put(r, t, 0xe0 | c >> 12) &&
		       put(r, t, 0x80 | (c >> 6 & 0x3f)) &&
		       put(r, t, 0x80 | (c & 0x3f));
	return put(r, t, 0xf0 | c >> 18) &&
	       put(r, t, 0x80 | (c >> 12 & 0x3f)) &&
	       put(r, t, 0x80 | (c >> 6 & 0x3f)) &&
	       put(r, t, 0x80 | (c & 0x3f));
}

static int hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_code(struct reader *r, struct text *t, int digits)
{
	uint32_t c = 0;

	while (digits--) {
		int digit = hex_digit(peek(r));

		if (digit < 0)
			return wrong(r, "\\u without its digits");
		c = c << 4 | digit;
		r->at++;
	}
	return put_utf8(r, t, c);
}

static bool read_escape(struct reader *r, struct text *t)
{
	static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
	int c = peek(r);
	const char *known = c > 0 ? strchr(from, c) : NULL;

	if (c >= 0)
		r->at++;
	if (known)
		return put(r, t, to[known - from]);
	if (c == 'u')
		return read_code(r, t, 4);
	if (c == 'U')
		return read_code(r, t, 8);
	return wrong(r, "an escape that TOML does not have");
}

/* After the opening quote. */
static bool read_string(struct reader *r, char quote, char **string)
{
	struct text t = {NULL, 0};
	bool ok = put(r, &t, 0); /* "" is allocated, too */

	t.len = 0;
	while (ok && !take(r, quote)) {
		int c = peek(r);

		if (c < 0 || is_control(c))
			ok = wrong(r, "a text without its closing quote");
		else if (r->at++, c == '\\' && quote == '"')
			ok = read_escape(r, &t);
		else
			ok = put(r, &t, c);
	}
	*string = t.byte;
	return ok;
}

/* ---- values ---- */

static bool read_value(struct reader *r, struct toml_value *v, int depth);

static bool read_array(struct reader *r, struct toml_value *v, int depth)
{
	v->kind = TOML_ARRAY;
	if (depth == DEPTH_MAX)
		return wrong(r, "arrays too deep in each other");
	for (;;) {
		struct toml_value *item;

		if (!skip_lines(r))
			return false;
		if (take(r, ']'))
			return true;
		item = grow(r, &v->item, &v->count, sizeof(*item));
		if (!item || !read_value(r, item, depth + 1) || !skip_lines(r))
			return false;
		if (take(r, ']'))
			return true;
		if (!take(r, ','))
			return wrong(r, "an array without ',' or ']'");
	}
}

static bool is_bare(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

/* Decimal, with a sign and single '_' between digits; no leading zero. */
static bool read_integer(const char *word, int64_t *value)
{
	char digits[24], *end;
	size_t len = 0;
	const char *p = word;

	if (*p == '+' || *p == '-')
		digits[len++] = *p++;
	if (*p == '0' && p[1])
		return false;
	for (; *p; p++) {
		if (*p == '_' && p > word && p[-1] >= '0' && p[-1] <= '9' &&
		    p[1] >= '0' && p[1] <= '9')
			continue;
		if (*p < '0' || *p > '9' || len + 1 == sizeof(digits))
			return false;
		digits[len++] = *p;
	}
	digits[len] = 0;
	errno = 0;
	*value = strtoll(digits, &end, 10);
	return end != digits && errno == 0;
}

static bool read_word(struct reader *r, struct toml_value *v)
{
	char word[64];
	size_t len = 0;

	while (is_bare(peek(r)) || peek(r) == '+' || peek(r) == '.' ||
	       peek(r) == ':') {
		if (len + 1 == sizeof(word))
			return wrong(r, "a value that is too long");
		word[len++] = *r->at++;
	}
	word[len] = 0;
	v->kind = TOML_BOOLEAN;
	v->boolean = !strcmp(word, "true");
	if (v->boolean || !strcmp(word, "false"))
		return true;
	v->kind = TOML_INTEGER;
	if (read_integer(word, &v->integer))
		return true;
	return wrong(r, len ? "a value that is neither a \"text\", a whole "
			      "decimal number, true, false nor an array"
			    : "a value is missing");
}

static bool read_value(struct reader *r, struct toml_value *v, int depth)
{
	int quote = peek(r);

	if (take(r, '['))
		return read_array(r, v, depth);
	if (take(r, '{'))
		return wrong(r, "inline tables are not supported here");
	if (quote != '"' && quote != '\'')
		return read_word(r, v);
	v->kind = TOML_STRING;
	if (r->end - r->at > 2 && r->at[1] == quote && r->at[2] == quote)
		return wrong(r,
			     "texts of several lines are not supported here");
	r->at++;
	return read_string(r, quote, &v->string);
}

/* ---- keys and tables ---- */

static bool read_name(struct reader *r, char **name)
{
	struct text t = {NULL, 0};
	bool ok = true;

	if (take(r, '"'))
		return read_string(r, '"', name);
	if (take(r, '\''))
		return read_string(r, '\'', name);
	while (ok && is_bare(peek(r)))
		ok = put(r, &t, *r->at++);
	*name = t.byte;
	if (!t.len)
		return wrong(r, "a name is missing");
	return ok;
}

static bool read_key(struct reader *r, struct toml_table *table)
{
	struct toml_key *key =
		grow(r, &table->key, &table->count, sizeof(*key));

	if (!key || !read_name(r, &key->name))
		return false;
	key->line = r->line;
	for (size_t i = 0; i + 1 < table->count; i++)
		if (!strcmp(table->key[i].name, key->name))
			return wrong(r, "the same key a second time");
	skip_blanks(r);
	if (peek(r) == '.')
		return wrong(r, "dotted keys are not supported here");
	if (!take(r, '='))
		return wrong(r, "a key without '='");
	skip_blanks(r);
	return read_value(r, &key->value, 0);
}

static bool read_header(struct reader *r, struct toml *toml)
{
	struct toml_table *table =
		grow(r, &toml->table, &toml->count, sizeof(*table));

	if (!table)
		return false;
	table->many = take(r, '[');
	table->line = r->line;
	skip_blanks(r);
	if (!read_name(r, &table->name))
		return false;
	skip_blanks(r);
	if (peek(r) == '.')
		return wrong(r, "tables in tables are not supported here");
	if (!take(r, ']') || (table->many && !take(r, ']')))
		return wrong(r, "a table's name without its ']'");
	for (size_t i = 1; i + 1 < toml->count; i++)
		if (!strcmp(toml->table[i].name, table->name) &&
		    !(table->many && toml->table[i].many))
			return wrong(r, "the same table a second time");
	for (size_t i = 0; i < toml->table[0].count; i++)
		if (!strcmp(toml->table[0].key[i].name, table->name))
			return wrong(r, "a table named as a key above");
	return true;
}

static bool read_line(struct reader *r, struct toml *toml)
{
	skip_blanks(r);
	if (peek(r) == '#' || peek(r) == '\n' || peek(r) == '\r' || peek(r) < 0)
		return end_line(r);
	if (take(r, '['))
		return read_header(r, toml) && end_line(r);
	return read_key(r, &toml->table[toml->count - 1]) && end_line(r);
}

/* TOML is UTF-8; overlong forms and surrogates are none. */
static bool is_utf8(const unsigned char *p, size_t len)
{
	while (len) {
		unsigned more = *p < 0x80   ? 0
				: *p < 0xc2 ? 9
				: *p < 0xe0 ? 1
				: *p < 0xf0 ? 2
				: *p < 0xf5 ? 3
					    : 9;

		if (more >= len)
			return false;
		for (unsigned i = 1; i <= more; i++)
			if ((p[i] & 0xc0) != 0x80)
				return false;
		if ((*p == 0xe0 && p[1] < 0xa0) ||
		    (*p == 0xed && p[1] > 0x9f) ||
		    (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] > 0x8f))
			return false;
		p += 1 + more;
		len -= 1 + more;
	}
	return true;
}

int toml_parse(const char *text, size_t len, struct toml *toml, char *why,
	       size_t why_size)
{
	struct reader r = {text, text + len, 1, 0, why, why_size};
	struct toml_table *root;

	*toml = (struct toml){NULL, 0};
	root = grow(&r, &toml->table, &toml->count, sizeof(*root));
	if (root && !(root->name = strdup("")))
		no_memory(&r);
	if (!r.err && !is_utf8((const unsigned char *)text, len))
		wrong(&r, "the file is not UTF-8");
	while (!r.err && r.at < r.end)
		read_line(&r, toml);
	return r.err;
}

int toml_load(const char *path, struct toml *toml)
{
	FILE *in = fopen(path, "re");
	char *text, why[200];
	size_t len;
	int err;

	*toml = (struct toml){NULL, 0};
	if (!in && errno == ENOENT)
		return -ENOENT;
	if (!in)
		return fail(-errno, "%s: cannot be read: %s", path,
			    strerror(errno));
	text = malloc(FILE_MAX);
	len = text ? fread(text, 1, FILE_MAX, in) : 0;
	if (!text)
		err = fail(-ENOMEM, "%s: no memory", path);
	else if (ferror(in))
		err = fail(-EIO, "%s: cannot be read: %s", path,
			   strerror(errno));
	else if (len == FILE_MAX)
		err = fail(-EFBIG, "%s: longer than a list can be (1 MiB)",
			   path);
	else if ((err = toml_parse(text, len, toml, why, sizeof(why))) < 0)
		fail(err, "%s: %s", path, why);
	fclose(in);
	free(text);
	return err;
}

static void free_value(struct toml_value *v)
{
	for (size_t i = 0; i < v->count; i++)
		free_value(&v->item[i]);
	free(v->item);
	free(v->string);
}

void toml_fini(struct toml *toml)
{
	for (size_t i = 0; i < toml->count; i++) {
		struct toml_table *t = &toml->table[i];

		for (size_t k = 0; k < t->count; k++) {
			free(t->key[k].name);
			free_value(&t->key[k].value);
		}
		free(t->key);
		free(t->name);
	}
	free(toml->table);
	*toml = (struct toml){NULL, 0};
}
