/* check.c: what is corrupt. */
#include <inttypes.h>

#include "shell/inspect/internal.h"

static void check_row(struct table *t, const char *what, const char *where,
		      uint64_t at, const char *wrong)
{
	table_row(t);
	table_cell(t, "what", CELL_NAME, "%s", what);
	table_cell(t, "where", 0, "%s", where);
	table_cell(t, "address", CELL_RIGHT, "%" PRIx64, at);
	table_cell(t, "corrupt", CELL_BAD, "%s", wrong);
}

int cmd_check(struct request *r)
{
	const struct model *m = r->m;
	struct table t;

	table_begin(&t, r->out, "corrupt");
	if (m->root_corrupt)
		check_row(&t, "kernel.caps", "", m->layout.kernel,
			  m->root_corrupt);
	for (uint32_t i = 0; i < m->object_count; i++)
		if (m->object[i].corrupt)
			check_row(&t, object_name(m, i).text, "",
				  m->object[i].base, m->object[i].corrupt);
	for (uint32_t i = 0; i < m->cap_count; i++)
		if (m->cap[i].corrupt)
			check_row(&t, type_name(m->cap[i].type),
				  slot_name(m, &m->cap[i]).text, m->cap[i].at,
				  m->cap[i].corrupt);
	if (!table_end(&t))
		out_line(r->out,
			 "All fits together: %u capabilities of %u objects.",
			 m->cap_count, m->object_count);
	if (m->lost)
		out_line(r->out,
			 "%u capabilities were not met along the tree for "
			 "that.",
			 m->lost);
	return 0;
}
