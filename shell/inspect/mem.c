/* mem.c: `mem`: Untypeds, and what memory was made into. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shell/inspect/internal.h"

#define BAR 20

/* How much of it is used, as a picture. */
static struct name bar_text(uint64_t used, uint64_t size)
{
	struct name n = {""};
	unsigned full = size ? (double)used / size * BAR + 0.5 : 0;

	for (unsigned i = 0; i < BAR && i < sizeof(n.text) - 1; i++)
		n.text[i] = i < full || (i == 0 && used) ? '#' : '.';
	return n;
}

static void untyped_row(struct request *r, struct table *t,
			const struct cap *cap, unsigned depth)
{
	const struct model *m = r->m;
	uint64_t size = cap->word[0], used = cap->word[1];
	bool device = cap->flags & 1;

	table_row(t);
	table_cell(t, "untyped", CELL_NAME | CELL_PEOPLE, "%*s%" PRIx64,
		   2 * (int)(depth < 16 ? depth : 16), "", cap->base);
	table_cell(t, "object", CELL_JSON, "%s",
		   object_name(m, cap->object).text);
	table_cell(t, "slot", 0, "%s", slot_name(m, cap).text);
	table_cell(t, "size", CELL_RIGHT | CELL_PEOPLE, "%s",
		   bytes_text(size).text);
	table_cell(t, "used", CELL_RIGHT | CELL_PEOPLE, "%s",
		   bytes_text(used).text);
	table_cell(t, "free", CELL_RIGHT | CELL_PEOPLE, "%s",
		   bytes_text(size - used).text);
	table_cell(t, "bytes", CELL_JSON | CELL_NUMBER, "%" PRIu64, size);
	table_cell(t, "used", CELL_JSON | CELL_NUMBER, "%" PRIu64, used);
	table_cell(t, "device", CELL_JSON | CELL_NUMBER, "%s",
		   device ? "true" : "false");
	table_cell(t, "children", CELL_RIGHT | CELL_NUMBER, "%u",
		   cap->children);
	table_cell(t, "", CELL_PEOPLE | (cap->corrupt ? CELL_BAD : CELL_DIM),
		   "%s",
		   cap->corrupt ? cap->corrupt
		   : device	? "for devices"
				: bar_text(used, size).text);
}

/* Preorder, Untypeds only; indices lead back up, so it needs no stack. */
static void untyped_rows(struct request *r, struct table *t)
{
	const struct model *m = r->m;
	unsigned depth = 0;
	uint32_t i = m->root;

	while (i != NIL) {
		const struct cap *cap = &m->cap[i];

		if (cap->type == OBJECT_UNTYPED) {
			untyped_row(r, t, cap, depth);
			if (cap->child != NIL) {
				i = cap->child;
				depth++;
				continue;
			}
		}
		while (m->cap[i].sibling == NIL && m->cap[i].parent != NIL) {
			i = m->cap[i].parent;
			depth--;
		}
		i = m->cap[i].sibling;
	}
}

static void type_rows(struct request *r, struct table *t)
{
	const struct model *m = r->m;
	uint64_t bytes[OBJECT_COUNT] = {0};
	unsigned count[OBJECT_COUNT] = {0}, caps[OBJECT_COUNT] = {0};

	for (uint32_t i = 0; i < m->object_count; i++) {
		const struct object *o = &m->object[i];

		if (o->type >= OBJECT_COUNT)
			continue;
		count[o->type]++;
		caps[o->type] += o->caps;
		bytes[o->type] += o->bytes;
	}
	for (unsigned type = OBJECT_UNTYPED + 1; type < OBJECT_COUNT; type++) {
		if (!count[type])
			continue;
		table_row(t);
		table_cell(t, "type", CELL_NAME, "%s", type_name(type));
		table_cell(t, "objects", CELL_RIGHT | CELL_NUMBER, "%u",
			   count[type]);
		table_cell(t, "capabilities", CELL_RIGHT | CELL_NUMBER, "%u",
			   caps[type]);
		table_cell(t, "memory", CELL_RIGHT | CELL_PEOPLE, "%s",
			   bytes[type] ? bytes_text(bytes[type]).text : "");
		table_cell(t, "bytes", CELL_JSON | CELL_NUMBER, "%" PRIu64,
			   bytes[type]);
		table_cell(t, "", CELL_PEOPLE | CELL_DIM, "%s",
			   type_text(type));
	}
}

int cmd_mem(struct request *r)
{
	struct table t;

	table_begin(&t, r->out, "untyped");
	untyped_rows(r, &t);
	table_end(&t);
	out_line(r->out, "%s", "");
	table_begin(&t, r->out, "objects");
	type_rows(r, &t);
	table_end(&t);
	return 0;
}
