/*
 * manual.c: prints the manual page kernel-calls(7) from the ABI's tables. It
 * runs when the project is built, so the page says what the kernel does.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "guest-kernel/abi/syscall.h"

struct argument {
	const char *name, *kind;
};

struct row {
	const char *function, *label;
	unsigned number;
	uint32_t types;
	const char *types_name, *rights;
	struct argument argument[4];
	const char *result[3];
	const char *errors, *text;
};

#define ARG_NONE           \
	{                  \
		NULL, NULL \
	}
#define ARG_WORD(name)    \
	{                 \
#name, "" \
	}
#define ARG_CAP(types, name)                     \
	{                                        \
#name, "a " #types " capability" \
	}
#define ARG_TAKE(types, name)                         \
	{                                             \
#name, "a capability, which is taken" \
	}
#define ARG_PLACE(name)                \
	{                              \
#name, "an empty slot" \
	}
#define ARG_MAYBE_PLACE(name)                   \
	{                                       \
#name, "an empty slot, or none" \
	}
#define ARG_MAYBE_CAP(t, name)                        \
	{                                             \
#name, "a " #t " capability, or none" \
	}
#define OUT_NONE	 NULL
#define OUT_RESULT(name) #name

static const struct row rows[] = {
#define ROW(name, label, number, types, rights, a, b, c, d, r, s, t, errors, \
	    text)                                                            \
	{#name,                                                              \
	 #label,                                                             \
	 number,                                                             \
	 TYPES_##types,                                                      \
	 #types,                                                             \
	 #rights,                                                            \
	 {ARG_##a, ARG_##b, ARG_##c, ARG_##d},                               \
	 {OUT_##r, OUT_##s, OUT_##t},                                        \
	 errors,                                                             \
	 text},
	ABI_CALLS(ROW)};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* "READ | WRITE" of "RIGHT_READ | RIGHT_WRITE". */
static void print_rights(const char *rights)
{
	const char *prefix;

	while ((prefix = strstr(rights, "RIGHT_"))) {
		printf("%.*s", (int)(prefix - rights), rights);
		rights = prefix + strlen("RIGHT_");
	}
	printf("%s", rights);
}

static void print_row(const struct row *row)
{
	bool any = false;

	printf(".TP\n.BI sys_%s( self", row->function);
	for (unsigned i = 0; i < 4 && row->argument[i].name; i++)
		printf(" \", \" %s", row->argument[i].name);
	for (unsigned i = 0; i < 3 && row->result[i]; i++)
		printf(" \", &\" %s", row->result[i]);
	printf(" )\n%s\n", row->text);
	printf(".br\nLabel %s, %u.", row->label, row->number);
	for (unsigned i = 0; i < 4 && row->argument[i].name; i++) {
		if (!*row->argument[i].kind)
			continue;
		printf("%s \\fI%s\\fR: %s", any ? ";" : " Here",
		       row->argument[i].name, row->argument[i].kind);
		any = true;
	}
	printf("%s\n", any ? "." : "");
	if (strcmp(row->rights, "0")) {
		printf("Needs the right ");
		print_rights(row->rights);
		printf(".\n");
	}
	if (*row->errors)
		printf("Errors: %s.\n", row->errors);
}

/* The calls on one kind of object, under the name its rows have. */
static void print_section(const struct row *first)
{
	printf(".SS %s\n", first->types_name);
	for (unsigned i = 0; i < ROWS; i++)
		if (rows[i].types == first->types)
			print_row(&rows[i]);
}

static void print_calls(void)
{
	printf(".SH CALLS\n");
	for (unsigned i = 0; i < ROWS; i++) {
		unsigned earlier = 0;

		while (rows[earlier].types != rows[i].types)
			earlier++;
		if (earlier == i)
			print_section(&rows[i]);
	}
}

static void print_lists(void)
{
	printf(".SH OBJECTS\n");
#define OBJECT(name, number, text) printf(".TP\n.B %s\n%s.\n", #name, text);
	ABI_OBJECTS(OBJECT)
	printf(".P\nFRAME stands for RAW_PAGE, LARGE_PAGE and TASK_BUFFER, "
	       "TABLE for PDPT, PD and PT.\n");
	printf(".SH RIGHTS\n");
#define RIGHT(name, bit, text) \
	printf(".TP\n.B %s\nBit value %u: %s.\n", #name, bit, text);
	ABI_RIGHTS(RIGHT)
	printf(".SH ERRORS\nAny call can end with NO_SUCH_CALL, TRUNCATED, "
	       "BAD_ADDRESS, EMPTY_SLOT, WRONG_TYPE or NO_RIGHT.\n");
#define ERROR(name, number, text) \
	printf(".TP\n.B %s\n%u: %s.\n", #name, (unsigned)(number), text);
	ABI_ERRORS(ERROR)
}

int main(void)
{
	printf(".TH KERNEL-CALLS 7 \"\" vmm \"ABI version %u\"\n", ABI_VERSION);
	printf(".SH NAME\nkernel-calls \\- what can be asked of the kernel's "
	       "objects\n.SH DESCRIPTION\n"
	       "A program asks the kernel for something by invoking a "
	       "capability that it holds. Each call is a C function of "
	       "guest-kernel/user/calls.h: the capability's address, the "
	       "arguments, and pointers for results, which may be NULL. It "
	       "returns an error number; results are set only if that is OK. "
	       "How calls travel in registers is in "
	       "guest-kernel/abi/syscall.h, with the few that need no "
	       "capability.\n");
	print_calls();
	print_lists();
	return 0;
}
