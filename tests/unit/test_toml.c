/* The part of TOML we take means what TOML says; the rest has its refusal. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "shell/toml.h"

static char out[1024];
static size_t out_len;

static void put(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void put(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	out_len += vsnprintf(out + out_len, sizeof(out) - out_len, fmt, args);
	va_end(args);
}

static void put_value(const struct toml_value *v)
{
	switch (v->kind) {
	case TOML_STRING:
		put("'%s'", v->string);
		break;
	case TOML_INTEGER:
		put("%ld", (long)v->integer);
		break;
	case TOML_BOOLEAN:
		put("%s", v->boolean ? "true" : "false");
		break;
	case TOML_ARRAY:
		put("[");
		for (size_t i = 0; i < v->count; i++) {
			put("%s", i ? " " : "");
			put_value(&v->item[i]);
		}
		put("]");
	}
}

/* The tables in one line, or what is wrong. */
static const char *read_toml(const char *text)
{
	struct toml toml;
	char why[200];
	int err = toml_parse(text, strlen(text), &toml, why, sizeof(why));

	out_len = 0;
	put("%s", err ? why : "");
	for (size_t i = 0; !err && i < toml.count; i++) {
		const struct toml_table *t = &toml.table[i];

		if (i)
			put("%s%s{", t->name, t->many ? "*" : "");
		for (size_t k = 0; k < t->count; k++) {
			put("%s=", t->key[k].name);
			put_value(&t->key[k].value);
			put(";");
		}
		if (i)
			put("}");
	}
	toml_fini(&toml);
	return out;
}

struct row {
	const char *text, *result;
};

static void check_rows(const struct row *row, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(read_toml(row[i].text), row[i].result))
			fail_msg("%s\ngave: %s\nnot:  %s", row[i].text, out,
				 row[i].result);
}

#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof(rows[0]))

static void test_what_is_taken(void **state)
{
	static const struct row rows[] = {
		{"", ""},
		{"# nothing\n\n\t\r\n", ""},
		{"a = 1", "a=1;"},
		{"a=1 # one\r\nb-2 = \"x\"\n", "a=1;b-2='x';"},
		{"a = -1_000\nb = +0\nc = true\nd = false",
		 "a=-1000;b=0;c=true;d=false;"},
		{"a = 9223372036854775807", "a=9223372036854775807;"},
		{"a = \"\\b\\t\\n\\f\\r\\\"\\\\\\u00e9\\U0001F600\"",
		 "a='\b\t\n\f\r\"\\\xc3\xa9\xf0\x9f\x98\x80';"},
		{"a = 'C:\\n'", "a='C:\\n';"},
		{"a = \"\"\nb = ''", "a='';b='';"},
		{"\"a b\" = 1\n'c' = 2\n3 = 4", "a b=1;c=2;3=4;"},
		{"a = [1, 'b', [true],]", "a=[1 'b' [true]];"},
		{"a = [ # first\n 1, # one\n\n 2\n]\nb = []", "a=[1 2];b=[];"},
		{"[t]\na=1\n[u]\na=2", "t{a=1;}u{a=2;}"},
		{"x=1\n[[t]]\na=1\n[[ t ]] # two\na=2", "x=1;t*{a=1;}t*{a=2;}"},
	};

	CHECK(rows);
}

static void test_what_is_refused(void **state)
{
	static const struct row rows[] = {
		{"a", "line 1: a key without '='"},
		{"a =", "line 1: a value is missing"},
		{"= 1", "line 1: a name is missing"},
		{"a = 1 b = 2", "line 1: more than one thing on a line"},
		{"a = 1\na = 2", "line 2: the same key a second time"},
		{"[t]\n[t]", "line 2: the same table a second time"},
		{"[[t]]\n[t]", "line 2: the same table a second time"},
		{"t = 1\n[t]", "line 2: a table named as a key above"},
		{"[t\n", "line 1: a table's name without its ']'"},
		{"[[t]\n", "line 1: a table's name without its ']'"},
		{"[]", "line 1: a name is missing"},
		{"a = \"x", "line 1: a text without its closing quote"},
		{"a = 'x\n'", "line 1: a text without its closing quote"},
		{"a = \"\\q\"", "line 1: an escape that TOML does not have"},
		{"a = \"\\u12\"", "line 1: \\u without its digits"},
		{"a = \"\\ud800\"",
		 "line 1: \\u names no character that can be used"},
		{"a = [1 2]", "line 1: an array without ',' or ']'"},
		{"a = [1,\n2", "line 2: an array without ',' or ']'"},
		{"a = [,]", "line 1: a value is missing"},
		{"a = [[[[[[[[[1]]]]]]]]]",
		 "line 1: arrays too deep in each other"},
		{"a.b = 1", "line 1: dotted keys are not supported here"},
		{"[a.b]", "line 1: tables in tables are not supported here"},
		{"a = {b = 1}", "line 1: inline tables are not supported here"},
		{"a = \"\"\"x\"\"\"",
		 "line 1: texts of several lines are not supported here"},
		{"a = 1 # \x01", "line 1: a control character"},
		{"a = 1\rb = 2", "line 1: a control character"},
		{"a = '\xff'", "line 1: the file is not UTF-8"},
		{"a = '\xc0\x80'", "line 1: the file is not UTF-8"},
		{"a = '\xed\xa0\x80'", "line 1: the file is not UTF-8"},
	};

	CHECK(rows);
}

static void test_numbers_that_are_none(void **state)
{
	static const char *const rows[] = {
		"1.5",	      "1e3", "0x10", "01",   "1__0",
		"_1",	      "1_",  "+",    "True", "9223372036854775808",
		"1979-05-27", "nan", "inf",  "yes",  "--1",
		"-01",
	};
	char text[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "a = %s", rows[i]);
		if (!strstr(read_toml(text), "neither a \"text\""))
			fail_msg("%s: %s", text, out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_taken),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_numbers_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
