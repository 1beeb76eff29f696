/* list.c: what is in pools, and where it came from: `list` and `tree`. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/inspect/internal.h"

/* ---- runs: frames one after the other are a line together ---- */

static bool continues(const struct request *r, const struct cap *a,
		      const struct cap *b)
{
	const struct model *m = r->m;

	if (a->object == NIL || b->object == NIL)
		return false;
	return !r->out->json && a->type == b->type &&
	       (type_in(a->type, TYPES_FRAME | TYPES_TABLE) ||
		(object_idle(m, &m->object[a->object]) &&
		 object_idle(m, &m->object[b->object]))) &&
	       !a->corrupt && !b->corrupt && a->rights == b->rights &&
	       a->flags == b->flags && a->child == NIL && b->child == NIL &&
	       m->object[a->object].caps == m->object[b->object].caps &&
	       a->space == b->space;
}

static bool wants_all(const struct request *r)
{
	return r->argc > 1 &&
	       (!strcmp(r->argv[1], "-a") || !strcmp(r->argv[1], "--all"));
}

/* ---- list ---- */

struct listing {
	struct request *r;
	struct table t;
	uint8_t *shown; /* pools, by object */
	bool all;
};

static void list_row(struct listing *l, const char *slot, unsigned depth,
		     const struct cap *cap, const char *detail)
{
	const struct model *m = l->r->m;
	bool bad = cap->corrupt ||
		   (cap->object != NIL && m->object[cap->object].corrupt);
	uint64_t at = cap->at;

	table_row(&l->t);
	table_cell(&l->t, "slot", CELL_NAME, "%*s%s",
		   l->r->out->json ? 0 : 2 * depth, "", slot);
	table_cell(&l->t, "type", 0, "%s", type_name(cap->type));
	table_cell(&l->t, "object", 0, "%s", object_name(m, cap->object).text);
	table_cell(&l->t, "rights", 0, "%s", rights_text(cap->rights).text);
	table_cell(&l->t, "detail", bad ? CELL_BAD : 0, "%s", detail);
	table_cell(&l->t, "address", CELL_JSON, "%" PRIx64, at);
	table_cell(&l->t, "corrupt", CELL_JSON | CELL_NUMBER, "%s",
		   bad ? "true" : "false");
}

/* The last index of the run that begins at `index`. */
static unsigned run_end(const struct listing *l, const struct object *pool,
			unsigned index)
{
	const struct model *m = l->r->m;
	uint32_t cap = model_held(m, pool, ROLE_POOL, index), next;

	for (; !l->all && index + 1 < CPOOL_SLOTS; index++) {
		next = model_held(m, pool, ROLE_POOL, index + 1);
		if (next == NIL ||
		    !continues(l->r, &m->cap[cap], &m->cap[next]))
			break;
		cap = next;
	}
	return index;
}

static void list_slots(struct listing *l, const char *path, unsigned depth,
		       const struct object *pool, unsigned first, unsigned last)
{
	const struct model *m = l->r->m;
	const struct cap *cap = &m->cap[model_held(m, pool, ROLE_POOL, first)];
	struct detail detail = cap_detail(m, cap);
	uint32_t end = model_held(m, pool, ROLE_POOL, last);
	char slot[64];

	if (first == last) {
		snprintf(slot, sizeof(slot), "%s%u", path, first);
	} else {
		snprintf(slot, sizeof(slot), "%s%u..%u", path, first, last);
		snprintf(detail.text, sizeof(detail.text), "%u, to %s",
			 last - first + 1,
			 object_name(m, m->cap[end].object).text);
	}
	list_row(l, slot, depth, cap, detail.text);
}

/* A pool in the pools above it, and how far it was listed. */
struct level {
	uint32_t pool;
	unsigned next;
	char path[40]; /* of it: "", "4/" */
};

static struct level enter_pool(const struct level *from, uint32_t pool,
			       unsigned slot)
{
	struct level to = {.pool = pool};

	snprintf(to.path, sizeof(to.path), "%.31s%u/", from->path, slot);
	return to;
}

/* The pool in a slot, if it is to be listed below it. */
static uint32_t inner_pool(struct listing *l, uint32_t cap, unsigned depth)
{
	const struct model *m = l->r->m;
	uint32_t pool = m->cap[cap].object;

	if (m->cap[cap].type != OBJECT_CPOOL || pool == NIL ||
	    depth + 1 == CADDR_DEPTH_MAX || l->shown[pool] ||
	    m->object[pool].corrupt)
		return NIL;
	l->shown[pool] = 1;
	return pool;
}

/* Depth first, each pool once. A path is at most eight slots long. */
static void list_pools(struct listing *l, uint32_t root)
{
	const struct model *m = l->r->m;
	struct level level[CADDR_DEPTH_MAX] = {{root, 0, ""}};
	int depth = 0;

	l->shown[root] = 1;
	while (depth >= 0) {
		struct level *at = &level[depth];
		const struct object *pool = &m->object[at->pool];
		unsigned first = at->next, last;
		uint32_t cap, inner;

		if (first == CPOOL_SLOTS) {
			depth--;
			continue;
		}
		at->next++;
		cap = model_held(m, pool, ROLE_POOL, first);
		if (cap == NIL)
			continue;
		last = run_end(l, pool, first);
		list_slots(l, at->path, depth, pool, first, last);
		at->next = last + 1;
		inner = inner_pool(l, cap, depth);
		if (inner == NIL)
			continue;
		level[++depth] = enter_pool(at, inner, first);
	}
}

/* The pool that the command is about; NIL, refused. */
static uint32_t pool_asked(struct request *r, int arg)
{
	const struct model *m = r->m;
	uint32_t object, cap;

	object = r->argc > arg ? find_object_named(m, r->argv[arg]) : NIL;
	if (object != NIL && m->object[object].type == OBJECT_CPOOL)
		return object;
	object = request_task(r, arg);
	if (object == NIL)
		return NIL;
	cap = model_held(m, &m->object[object], ROLE_CPOOL, 0);
	if (cap != NIL && m->cap[cap].type == OBJECT_CPOOL &&
	    m->cap[cap].object != NIL)
		return m->cap[cap].object;
	out_refuse(r->out, -ENOENT, "%s has no pool",
		   object_name(m, object).text);
	return NIL;
}

int cmd_list(struct request *r)
{
	struct listing l = {.r = r, .all = wants_all(r)};
	uint32_t pool = pool_asked(r, 1 + l.all);

	if (pool == NIL)
		return -ENOENT;
	if (r->m->object[pool].corrupt)
		return out_refuse(r->out, -ENOENT, "%s is corrupt: %s",
				  object_name(r->m, pool).text,
				  r->m->object[pool].corrupt);
	l.shown = calloc(r->m->object_count, 1);
	if (!l.shown)
		return out_refuse(r->out, -ENOMEM, "no memory");
	table_begin(&l.t, r->out, "slot");
	list_pools(&l, pool);
	if (!table_end(&l.t))
		out_line(r->out, "The pool is empty.");
	free(l.shown);
	return 0;
}

/* ---- tree ---- */

#define DEEP 64 /* deeper branches are not drawn as such */

struct branch {
	struct request *r;
	struct table t;
	bool all, open[DEEP]; /* a sibling follows at that depth */
};

static void tree_lines(const struct branch *b, unsigned depth, char *text,
		       size_t size)
{
	size_t len = 0;

	*text = 0;
	for (unsigned i = 1; i < depth && i < DEEP; i++)
		len += snprintf(text + len, size - len, "%s",
				b->open[i] ? "\u2502 " : "  ");
	if (depth > 0 && depth < DEEP)
		snprintf(text + len, size - len, "%s",
			 b->open[depth] ? "\u251c\u2500" : "\u2514\u2500");
}

static void tree_row(struct branch *b, unsigned depth, const struct cap *cap,
		     unsigned more)
{
	const struct model *m = b->r->m;
	bool bad = cap->corrupt ||
		   (cap->object != NIL && m->object[cap->object].corrupt);
	struct name slot = slot_name(m, cap);
	struct detail detail = cap_detail(m, cap);
	char lines[DEEP * 4 + 8];

	tree_lines(b, depth, lines, sizeof(lines));
	if (more)
		snprintf(detail.text, sizeof(detail.text), "and %u more", more);
	table_row(&b->t);
	table_cell(&b->t, "capability", CELL_PEOPLE, "%s%s", lines,
		   object_name(m, cap->object).text);
	table_cell(&b->t, "object", CELL_JSON, "%s",
		   object_name(m, cap->object).text);
	table_cell(&b->t, "depth", CELL_JSON | CELL_NUMBER, "%u", depth);
	table_cell(&b->t, "type", CELL_JSON, "%s", type_name(cap->type));
	table_cell(&b->t, "slot", CELL_NAME, "%s", slot.text);
	table_cell(&b->t, "parent", CELL_JSON, "%s",
		   cap->parent == NIL
			   ? ""
			   : slot_name(m, &m->cap[cap->parent]).text);
	table_cell(&b->t, "rights", 0, "%s", rights_text(cap->rights).text);
	table_cell(&b->t, "detail", bad ? CELL_BAD : 0, "%s", detail.text);
}

/* The last sibling of the run that begins with `cap`; how many there are. */
static uint32_t run_of_siblings(const struct branch *b, uint32_t cap,
				unsigned *more)
{
	const struct model *m = b->r->m;

	*more = 0;
	while (!b->all && m->cap[cap].sibling != NIL &&
	       continues(b->r, &m->cap[cap], &m->cap[m->cap[cap].sibling])) {
		cap = m->cap[cap].sibling;
		++*more;
	}
	return cap;
}

/* A parent's index may be found from each node, so no stack is needed. */
static void tree_from(struct branch *b, uint32_t cap, bool siblings)
{
	const struct model *m = b->r->m;
	uint32_t top = m->cap[cap].parent;
	unsigned depth = 0, more;

	while (cap != NIL) {
		uint32_t last = run_of_siblings(b, cap, &more);

		if (depth < DEEP)
			b->open[depth] = m->cap[last].sibling != NIL;
		tree_row(b, depth, &m->cap[cap], more);
		if (m->cap[last].child != NIL) {
			cap = m->cap[last].child;
			depth++;
			continue;
		}
		cap = last;
		while (cap != NIL && m->cap[cap].sibling == NIL &&
		       m->cap[cap].parent != top && depth > 0) {
			cap = m->cap[cap].parent;
			depth--;
		}
		if (depth == 0 && !siblings)
			return;
		cap = m->cap[cap].sibling;
	}
}

int cmd_tree(struct request *r)
{
	struct branch b = {.r = r, .all = wants_all(r)};
	int arg = 1 + b.all;
	uint32_t cap = r->m->root;

	if (r->argc > arg) {
		uint32_t object = find_object_named(r->m, r->argv[arg]);

		cap = find_slot_named(r->m, r->argv[arg]);
		if (cap == NIL && object != NIL)
			cap = r->m->object[object].first;
		if (cap == NIL)
			return out_refuse(r->out, -ENOENT,
					  "'%s' is no slot that is taken",
					  r->argv[arg]);
	}
	table_begin(&b.t, r->out, "cap");
	if (cap != NIL)
		tree_from(&b, cap, r->argc <= arg);
	table_end(&b.t);
	if (r->m->root_corrupt && r->argc <= arg)
		out_line(r->out, "corrupt: %s", r->m->root_corrupt);
	return 0;
}
