/* text.c: one character at a time, by one table a form. */
#include "shell/runner/text.h"

#include <string.h>

int32_t text_decode(const unsigned char *p, size_t len, size_t *used)
{
	static const int32_t least[] = {0, 0x80, 0x800, 0x10000};
	unsigned more = *p < 0x80   ? 0
			: *p < 0xc0 ? 9
			: *p < 0xe0 ? 1
			: *p < 0xf0 ? 2
			: *p < 0xf8 ? 3
				    : 9;
	int32_t c;

	*used = 1;
	if (more >= len)
		return -1;
	c = more ? *p & 0x3f >> more : *p;
	for (unsigned i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return -1;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return -1;
	*used = more + 1;
	return c;
}

/* What a terminal might obey, a person not see, or XML 1.0 not have. */
static int unsafe(int32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x2069) || c == 0xfeff ||
	       (c & 0xfffe) == 0xfffe;
}

struct escape {
	char c;
	const char *as;
};

/* Ends with a NULL `as`. */
static const struct escape escapes[][7] = {
	[TEXT_PLAIN] = {{'\n', "\\n"}, {'\t', " "}},
	[TEXT_LINES] = {{'\n', "\n"}, {'\t', "\t"}},
	[TEXT_TAP] = {{'\n', "\\\\n"},
		      {'\t', " "},
		      {'#', "\\#"},
		      {'\\', "\\\\"}},
	[TEXT_XML] = {{'\n', "\n"},
		      {'\t', "\t"},
		      {'&', "&amp;"},
		      {'<', "&lt;"},
		      {'>', "&gt;"},
		      {'"', "&quot;"}},
	[TEXT_JSON] = {{'\n', "\\n"},
		       {'\t', "\\t"},
		       {'\r', "\\r"},
		       {'"', "\\\""},
		       {'\\', "\\\\"}},
	[TEXT_GITHUB] = {{'\n', "%0A"}, {'\t', " "}, {'%', "%25"}},
	[TEXT_PROPERTY] = {{'\n', "%0A"},
			   {'\t', " "},
			   {'%', "%25"},
			   {':', "%3A"},
			   {',', "%2C"}},
	[TEXT_SHELL] = {{'\n', "\n"}, {'\'', "'\\''"}},
};

static const char *escaped(enum text_form form, int32_t c)
{
	for (const struct escape *e = escapes[form]; e->as; e++)
		if (e->c == c)
			return e->as;
	return NULL;
}

static void put_unsafe(FILE *out, enum text_form form, int32_t c,
		       unsigned char byte)
{
	/* A '\' of ours is one in the text, too. */
	const char *slash = form == TEXT_TAP || (form == TEXT_JSON && c < 0)
				    ? "\\\\"
				    : "\\";

	if (c >= 0x10000 && form == TEXT_JSON) /* a pair, as JSON has it */
		fprintf(out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
			0xdc00 + (c & 0x3ff));
	else if (c >= 0x10000)
		fprintf(out, "%sU%08x", slash, (unsigned)c);
	else if (c >= 0x80 || (form == TEXT_JSON && c >= 0))
		fprintf(out, "%su%04x", slash, (unsigned)c);
	else
		fprintf(out, "%sx%02x", slash, byte);
}

void text_put(FILE *out, enum text_form form, const char *bytes, size_t len)
{
	const unsigned char *p = (const unsigned char *)bytes;
	size_t used;

	for (; len; p += used, len -= used) {
		int32_t c = text_decode(p, len, &used);
		const char *as = escaped(form, c);

		if (as)
			fputs(as, out);
		else if (c < 0 || unsafe(c))
			put_unsafe(out, form, c, *p);
		else
			fwrite(p, 1, used, out);
	}
}

void text_puts(FILE *out, enum text_form form, const char *string)
{
	text_put(out, form, string, strlen(string));
}
