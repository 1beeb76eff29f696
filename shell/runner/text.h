/*
 * text.h: a guest's bytes in reports: whatever it wrote, the report stays
 * well-formed and a terminal that shows it safe.
 *
 * What is UTF-8 and can be shown stays; controls, C1 too, and marks that turn
 * the direction of text become \x1b or \u202e, bytes that are no UTF-8 \xff.
 */
#ifndef SHELL_RUNNER_TEXT_H
#define SHELL_RUNNER_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum text_form {
	TEXT_PLAIN,    /* one line; a newline becomes \n */
	TEXT_LINES,    /* newlines and tabs stay */
	TEXT_TAP,      /* TEXT_PLAIN with '#' and '\' escaped */
	TEXT_XML,      /* of an attribute or element; newlines stay */
	TEXT_JSON,     /* between a string's quotes, nothing is lost but \xff */
	TEXT_GITHUB,   /* a workflow command's message */
	TEXT_PROPERTY, /* and its properties */
	TEXT_SHELL,    /* between single quotes */
};

void text_put(FILE *out, enum text_form form, const char *bytes, size_t len);
void text_puts(FILE *out, enum text_form form, const char *string);

/*
 * The character at `p`, of `len` bytes at most, and how many it has; a byte
 * that begins no UTF-8 is given as -1, of length 1.
 */
int32_t text_decode(const unsigned char *p, size_t len, size_t *used);

#endif
