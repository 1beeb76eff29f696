/* why.c: `why`: from what a capability was made, back to the boot. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "shell/inspect/internal.h"
#include "shell/inspect/record.h"

/* The kernel's own words for a step of the derivation. */
static const char *step_text(const struct model *m, const struct cap *cap)
{
	const struct cap *parent;

	if (!cap->in_tree)
		return "not met along the tree";
	if (cap->parent == NIL)
		return "made by the boot";
	parent = &m->cap[cap->parent];
	if (parent->type == OBJECT_UNTYPED && cap->type == OBJECT_UNTYPED)
		return "a part of it";
	if (parent->type == OBJECT_UNTYPED)
		return "made from its memory";
	if (parent->type == OBJECT_IRQ_CONTROL &&
	    cap->type == OBJECT_IRQ_HANDLER)
		return "given out by it";
	if (parent->rights != cap->rights)
		return "a copy with fewer rights";
	return "a copy";
}

static void why_row(struct request *r, struct table *t, uint32_t index,
		    unsigned step)
{
	const struct model *m = r->m;
	const struct cap *cap = &m->cap[index];

	table_row(t);
	table_cell(t, "step", CELL_RIGHT | CELL_NUMBER | CELL_DIM, "%u", step);
	table_cell(t, "object", CELL_NAME, "%s",
		   object_name(m, cap->object).text);
	table_cell(t, "slot", 0, "%s", slot_name(m, cap).text);
	table_cell(t, "rights", 0, "%s", rights_text(cap->rights).text);
	table_cell(t, "how", cap->corrupt ? CELL_BAD : 0, "%s",
		   cap->corrupt ? cap->corrupt : step_text(m, cap));
	table_cell(t, "by", 0, "%s", record_origin(r->in->record, cap).text);
}

int cmd_why(struct request *r)
{
	const struct model *m = r->m;
	uint32_t cap, object, count = 0, *path;
	struct table t;

	if (r->argc != 2)
		return out_refuse(r->out, -EINVAL, "why: of which slot?");
	cap = find_slot_named(m, r->argv[1]);
	object = cap == NIL ? find_object_named(m, r->argv[1]) : NIL;
	if (object != NIL)
		cap = m->object[object].first;
	if (cap == NIL)
		return out_refuse(r->out, -ENOENT, "nothing is in slot '%s'",
				  r->argv[1]);
	for (uint32_t i = cap; i != NIL; i = m->cap[i].parent)
		count++;
	path = calloc(count, sizeof(*path));
	if (!path)
		return out_refuse(r->out, -ENOMEM, "no memory");
	for (uint32_t n = count; n > 0; cap = m->cap[cap].parent)
		path[--n] = cap;
	table_begin(&t, r->out, "step");
	for (uint32_t n = 0; n < count; n++)
		why_row(r, &t, path[n], n + 1);
	table_end(&t);
	free(path);
	return 0;
}
