/* calls.c: the table of the kernel's calls, as the prompt has it. */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "shell/repl/act.h"

#define ARG_NONE                         \
	{                                \
		NULL, CALL_NONE, 0, NULL \
	}
#define ARG_WORD(name)                    \
	{                                 \
#name, CALL_WORD, 0, NULL \
	}
#define ARG_CAP(t, name)                       \
	{                                      \
#name, CALL_CAP, TYPES_##t, #t \
	}
#define ARG_MAYBE_CAP(t, name)                       \
	{                                            \
#name, CALL_MAYBE_CAP, TYPES_##t, #t \
	}
#define ARG_TAKE(t, name)                       \
	{                                       \
#name, CALL_TAKE, TYPES_##t, #t \
	}
#define ARG_PLACE(name)                    \
	{                                  \
#name, CALL_PLACE, 0, NULL \
	}
#define ARG_MAYBE_PLACE(name)                    \
	{                                        \
#name, CALL_MAYBE_PLACE, 0, NULL \
	}
#define OUT_NONE	 NULL
#define OUT_RESULT(name) #name

const struct call_row call_rows[CALL_ROWS] = {
#define ROW(name, label, number, types, rights, a, b, c, d, r, s, t, errors, \
	    text)                                                            \
	{#name,                                                              \
	 number,                                                             \
	 TYPES_##types,                                                      \
	 #types,                                                             \
	 rights,                                                             \
	 {ARG_##a, ARG_##b, ARG_##c, ARG_##d},                               \
	 {OUT_##r, OUT_##s, OUT_##t},                                        \
	 errors,                                                             \
	 text},
	ABI_CALLS(ROW)};

const struct call_row *call_find(const char *name)
{
	for (size_t i = 0; i < CALL_ROWS; i++)
		if (!strcmp(call_rows[i].name, name))
			return &call_rows[i];
	return NULL;
}

const struct call_row *call_label(uint32_t label)
{
	for (size_t i = 0; i < CALL_ROWS; i++)
		if (call_rows[i].label == label)
			return &call_rows[i];
	return NULL;
}

/* ---- names of the ABI's numbers ---- */

static const struct {
	const char *name, *text;
} errors[ERR_COUNT] = {
#define ERROR_ROW(name, number, text) [number] = {#name, text},
	ABI_ERRORS(ERROR_ROW)};

static const char *const objects[OBJECT_COUNT] = {
#define OBJECT_ROW(name, number, text) [number] = #name,
	ABI_OBJECTS(OBJECT_ROW)};

const char *abi_error_name(uint64_t error)
{
	return error < ERR_COUNT ? errors[error].name : "?";
}

const char *abi_error_text(uint64_t error)
{
	return error < ERR_COUNT ? errors[error].text
				 : "an error that this vmm does not know";
}

const char *abi_object_name(unsigned type)
{
	return type < OBJECT_COUNT ? objects[type] : "?";
}

unsigned abi_object_find(const char *name)
{
	for (unsigned i = 1; i < OBJECT_COUNT; i++)
		if (!strcasecmp(objects[i], name))
			return i;
	return 0;
}

void abi_rights_text(unsigned rights, char text[8])
{
	static const char letters[] = "rwgxp";

	for (unsigned i = 0; i < 5; i++)
		text[i] = rights >> i & 1 ? letters[i] : '-';
	text[5] = 0;
}

/* ---- help ---- */

static const char *kind_text(const struct call_argument *a)
{
	static const char *const texts[] = {
		[CALL_NONE] = "",
		[CALL_WORD] = "a number",
		[CALL_CAP] = "the slot of a capability: ",
		[CALL_MAYBE_CAP] = "the same, or none: ",
		[CALL_TAKE] = "the slot of a capability, which is taken: ",
		[CALL_PLACE] = "an empty slot, or auto",
		[CALL_MAYBE_PLACE] = "an empty slot, or none",
	};

	return texts[a->kind];
}

/* Numbers that have words, too. */
static const char *words_text(const struct call_argument *a)
{
	if (!strcmp(a->name, "type"))
		return ": task, cpool, channel, raw_page ...";
	if (!strcmp(a->name, "rights"))
		return ": letters of rwgxp, all or none";
	if (!strcmp(a->name, "flags"))
		return ", or words with commas: try,overwrite level,low "
		       "syscall,capability,budget";
	return "";
}

/* Lines of at most 76 characters. */
static void put_filled(FILE *out, const char *text)
{
	int column = 0;

	while (*text) {
		int len = strcspn(text, " ");

		if (column && column + 1 + len > 76) {
			fputc('\n', out);
			column = 0;
		}
		column +=
			fprintf(out, "%s%.*s", column ? " " : "  ", len, text);
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void help_call(FILE *out, const struct call_row *row)
{
	fprintf(out, "%s SLOT", row->name);
	for (unsigned i = 0; i < CALL_ARGUMENTS && row->arg[i].name; i++)
		fprintf(out, " %s=...", row->arg[i].name);
	fprintf(out, "\n  SLOT holds %s\n", row->types_name);
	for (unsigned i = 0; i < CALL_ARGUMENTS && row->arg[i].name; i++)
		fprintf(out, "  %s: %s%s%s\n", row->arg[i].name,
			kind_text(&row->arg[i]),
			row->arg[i].types_name ? row->arg[i].types_name : "",
			words_text(&row->arg[i]));
	fprintf(out, "  gives:");
	for (unsigned i = 0; i < CALL_RESULTS && row->result[i]; i++)
		fprintf(out, " %s", row->result[i]);
	fprintf(out, "%s\n  errors of its own: %s\n",
		row->result[0] ? "" : " nothing",
		*row->errors ? row->errors : "none");
	put_filled(out, row->text);
}

bool call_help(struct repl *r, const char *word)
{
	const struct call_row *row = call_find(word);
	FILE *out = r->answer.text;

	if (row) {
		help_call(out, row);
		return true;
	}
	if (strcmp(word, "calls") != 0)
		return false;
	for (size_t i = 0; i < CALL_ROWS; i++) {
		row = &call_rows[i];
		fprintf(out, "  %-22s %-13s", row->name, row->types_name);
		for (unsigned a = 0; a < CALL_ARGUMENTS && row->arg[a].name;
		     a++)
			fprintf(out, " %s=", row->arg[a].name);
		fputc('\n', out);
	}
	return true;
}
