/*
 * table.h: rows of cells, for people as aligned columns, for programs as one
 * JSON object a row. Both come from the same calls, so that neither knows
 * what the other does not.
 */
#ifndef SHELL_INSPECT_TABLE_H
#define SHELL_INSPECT_TABLE_H

#include "shell/inspect/inspect.h"

#define CELL_RIGHT  1u	/* aligned to the right */
#define CELL_NUMBER 2u	/* JSON: as it is; else a string */
#define CELL_PEOPLE 4u	/* no part of the JSON object */
#define CELL_JSON   8u	/* nothing for people */
#define CELL_DIM    16u /* less important */
#define CELL_BAD    32u /* corrupt */
#define CELL_NAME   64u /* what a row is about */

struct cell {
	const char *key;
	unsigned flags;
	bool first; /* of its row */
	size_t text;
};

struct table {
	struct inspect_out *out;
	const char *kind; /* each JSON object's "kind" */
	struct cell *cell;
	size_t count, room;
	char *text;
	size_t text_len, text_room;
	bool row_begins, no_head, failed;
};

void table_begin(struct table *t, struct inspect_out *out, const char *kind);
void table_row(struct table *t);
__attribute__((format(printf, 4, 5))) void table_cell(struct table *t,
						      const char *key,
						      unsigned flags,
						      const char *format, ...);
/* Print it; how many rows there were. */
size_t table_end(struct table *t);

/* A line of text; not for JSON. */
__attribute__((format(printf, 2, 3))) void out_line(struct inspect_out *out,
						    const char *format, ...);
/* Text as it is. */
__attribute__((format(printf, 2, 3))) void out_text(struct inspect_out *out,
						    const char *format, ...);

/* out->error; returns err. */
__attribute__((format(printf, 3, 4))) int out_refuse(struct inspect_out *out,
						     int err,
						     const char *format, ...);
__attribute__((format(printf, 2, 3))) void out_hint(struct inspect_out *out,
						    const char *format, ...);

#endif
