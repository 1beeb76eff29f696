/*
 * answer.h: what a command of vmm shell's says: text for people or, with
 * --json, one object. Commands fill it; it is printed when they are done, so
 * that nothing of the guest's comes in between.
 */
#ifndef SHELL_REPL_ANSWER_H
#define SHELL_REPL_ANSWER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "vmm/log.h"

struct answer {
	bool json;
	FILE *text;   /* lines for people; commands print here */
	FILE *fields; /* ,"name":value for JSON */
	FILE *lines;  /* whole objects, of commands that make some */
	char *text_at, *fields_at, *lines_at;
	size_t text_len, fields_len, lines_len;
	struct reason error; /* "": none */
	char hint[1024];     /* lines for what to do */
	char code[32];	     /* of the error, for scripts */
};

/* 0 or -ENOMEM, said. */
int answer_begin(struct answer *a, bool json);

/* A field of the object. */
void answer_number(struct answer *a, const char *name, uint64_t value);
void answer_hex(struct answer *a, const char *name, uint64_t value);
void answer_string(struct answer *a, const char *name, const char *value);

/* The command failed: why, and a word for it. Returns 1 (2 for "USAGE"). */
int answer_fail(struct answer *a, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A line of what to do about it; may be called again. */
void answer_hint(struct answer *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The whole of it, allocated: `*out` for standard output, and `*err`, lines
 * for people, for standard error ("" with JSON). NULL: no memory, said.
 */
struct answer_texts {
	char *out, *err;
	size_t out_len, err_len;
};
int answer_end(struct answer *a, const char *command, const char *prefix,
	       struct answer_texts *texts);
void answer_texts_free(struct answer_texts *texts);

#endif
