/* graph.c: groups of capabilities, and the graph as DOT and capDL. */
#include "shell/inspect/graph.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- groups ---- */

static bool in_groups(const struct model *m, const struct cap *cap)
{
	return type_in(cap->type, TYPES_FRAME | TYPES_TABLE) ||
	       (cap->object != NIL && object_idle(m, &m->object[cap->object]));
}

static bool alike(const struct model *m, const struct cap *a,
		  const struct cap *b)
{
	return a->type == b->type && in_groups(m, a) && in_groups(m, b) &&
	       a->rights == b->rights && a->flags == b->flags && !a->corrupt &&
	       !b->corrupt;
}

bool group_next(const struct model *m, const struct object *pool,
		unsigned *index, struct group *group)
{
	uint32_t cap = NIL;

	for (; *index < CPOOL_SLOTS && cap == NIL; ++*index)
		cap = model_held(m, pool, ROLE_POOL, *index);
	if (cap == NIL)
		return false;
	*group = (struct group){cap, cap, 1};
	for (; *index < CPOOL_SLOTS; ++*index) {
		cap = model_held(m, pool, ROLE_POOL, *index);
		if (cap == NIL || !alike(m, &m->cap[group->last], &m->cap[cap]))
			break;
		group->last = cap;
		group->count++;
	}
	return true;
}

struct name group_name(const struct model *m, const struct group *group)
{
	const struct cap *cap = &m->cap[group->first];
	struct name n = object_name(m, cap->object);
	char plural[16];

	snprintf(plural, sizeof(plural), "%ss", type_word(cap->type));
	if (cap->object == NIL)
		snprintf(n.text, sizeof(n.text), "corrupt");
	else if (group->count > 1)
		snprintf(n.text, sizeof(n.text), "%u %s", group->count,
			 cap->type == OBJECT_REPLY ? "free replies" : plural);
	return n;
}

/* ---- DOT ---- */

static const char *dot_shape(unsigned type)
{
	if (type == OBJECT_TASK)
		return "box3d";
	if (is_meeting(type))
		return "ellipse";
	return type == OBJECT_UNTYPED ? "cylinder" : "box";
}

static void dot_object(struct request *r, uint32_t object)
{
	const struct object *o = &r->m->object[object];

	out_text(r->out, "  o%" PRIu32 " [label=\"%s\", shape=%s%s];\n", object,
		 object_name(r->m, object).text, dot_shape(o->type),
		 o->corrupt ? ", color=red"
		 : o->dying ? ", style=dashed"
			    : "");
}

/* One edge for the capabilities of a group, to a node of their own. */
static void dot_group(struct request *r, uint32_t pool, const struct group *g)
{
	const struct cap *cap = &r->m->cap[g->first];

	if (g->count == 1) {
		if (cap->object != NIL)
			out_text(r->out,
				 "  o%" PRIu32 " -> o%" PRIu32
				 " [label=\"%u %s\"];\n",
				 pool, cap->object, cap->index,
				 rights_text(cap->rights).text);
		return;
	}
	out_text(r->out,
		 "  g%" PRIu32 " [label=\"%s\", shape=folder];\n"
		 "  o%" PRIu32 " -> g%" PRIu32 " [label=\"%u..%u %s\"];\n",
		 g->first, group_name(r->m, g).text, pool, g->first, cap->index,
		 r->m->cap[g->last].index, rights_text(cap->rights).text);
}

/* Objects that only groups lead to are not drawn one by one. */
static void mark_grouped(const struct model *m, uint8_t *grouped)
{
	for (uint32_t i = 0; i < m->object_count; i++) {
		unsigned index = 0;
		struct group g;

		if (m->object[i].type != OBJECT_CPOOL || m->object[i].corrupt)
			continue;
		while (group_next(m, &m->object[i], &index, &g))
			for (unsigned n = 0; g.count > 1 && n < g.count; n++) {
				uint32_t cap =
					model_held(m, &m->object[i], ROLE_POOL,
						   m->cap[g.first].index + n);

				if (cap != NIL && m->cap[cap].object != NIL)
					grouped[m->cap[cap].object]++;
			}
	}
}

static void dot_edges(struct request *r)
{
	const struct model *m = r->m;

	for (uint32_t i = 0; i < m->object_count; i++) {
		unsigned index = 0;
		struct group g;

		if (m->object[i].type != OBJECT_CPOOL || m->object[i].corrupt)
			continue;
		while (group_next(m, &m->object[i], &index, &g))
			dot_group(r, i, &g);
	}
	for (uint32_t i = 0; i < m->cap_count; i++) {
		const struct cap *cap = &m->cap[i];

		if (cap->holder == NIL || cap->role == ROLE_POOL ||
		    cap->object == NIL)
			continue;
		out_text(r->out,
			 "  o%" PRIu32 " -> o%" PRIu32
			 " [label=\"%s\", style=bold];\n",
			 cap->holder, cap->object,
			 strpbrk(slot_name(m, cap).text, ".[")
				 ? strpbrk(slot_name(m, cap).text, ".[") + 1
				 : "");
	}
}

int graph_dot(struct request *r)
{
	const struct model *m = r->m;
	uint8_t *grouped = calloc(m->object_count + 1, 1);

	if (!grouped)
		return out_refuse(r->out, -ENOMEM, "no memory");
	mark_grouped(m, grouped);
	out_text(r->out, "digraph capabilities {\n"
			 "  rankdir=LR;\n"
			 "  node [fontname=\"monospace\", fontsize=10];\n"
			 "  edge [fontname=\"monospace\", fontsize=8];\n");
	for (uint32_t i = 0; i < m->object_count; i++)
		if (grouped[i] < m->object[i].caps)
			dot_object(r, i);
	dot_edges(r);
	out_text(r->out, "}\n");
	free(grouped);
	return 0;
}

/* ---- capDL ---- */

/* seL4's words where there is one for the thing. */
static void capdl_object(struct request *r, uint32_t object)
{
	static const char *const words[OBJECT_COUNT] = {
		[OBJECT_UNTYPED] = "ut",
		[OBJECT_CPOOL] = "cnode (8 bits)",
		[OBJECT_TASK] = "tcb",
		[OBJECT_RAW_PAGE] = "frame (4k)",
		[OBJECT_TASK_BUFFER] = "frame (4k)",
		[OBJECT_LARGE_PAGE] = "frame (2M)",
		[OBJECT_PML4] = "pml4",
		[OBJECT_PDPT] = "pdpt",
		[OBJECT_PD] = "pd",
		[OBJECT_PT] = "pt",
		[OBJECT_IO_PORT] = "io_ports",
		[OBJECT_ENDPOINT] = "ep",
		[OBJECT_NOTIFICATION] = "notification",
		[OBJECT_REPLY] = "rtreply",
		[OBJECT_IRQ_HANDLER] = "irq",
		[OBJECT_SCHED_CONTEXT] = "sc",
	};
	const struct object *o = &r->m->object[object];
	const char *word = words[o->type < OBJECT_COUNT ? o->type : 0];
	const char *name = object_name(r->m, object).text;

	if (o->type == OBJECT_UNTYPED)
		out_text(r->out, "%s = ut {paddr: 0x%" PRIx64 "} -- %s\n", name,
			 o->base, bytes_text(o->bytes).text);
	else if (o->type == OBJECT_IO_PORT)
		out_text(r->out, "%s = io_ports (%" PRIu64 " ports)\n", name,
			 (o->base >> 16) - (o->base & 0xffff) + 1);
	else if (word)
		out_text(r->out, "%s = %s\n", name, word);
	else
		out_text(r->out, "%s = %s -- of this kernel only\n", name,
			 type_word(o->type));
}

static struct name capdl_rights(const struct cap *cap)
{
	struct name n = {""};
	size_t len = 0;

	if (!(cap->rights & 7) || cap->rights == RIGHT_ALL)
		return n;
	len = snprintf(n.text, sizeof(n.text), " (");
	for (unsigned i = 0; i < 4; i++)
		if (cap->rights >> i & 1)
			n.text[len++] = "RWGX"[i];
	n.text[len] = ')';
	return n;
}

static void capdl_badge(struct request *r, const struct cap *cap)
{
	if ((cap->type == OBJECT_ENDPOINT ||
	     cap->type == OBJECT_NOTIFICATION) &&
	    cap->word[0])
		out_text(r->out, " (badge: %" PRIu64 ")", cap->word[0]);
}

static void capdl_slot(struct request *r, const struct cap *cap)
{
	static const char *const roles[] = {
		[ROLE_CPOOL] = "cspace",
		[ROLE_TABLE] = "vspace",
		[ROLE_BUFFER] = "ipc_buffer_slot",
		[ROLE_FAULT_HANDLER] = "fault_ep_slot",
		[ROLE_NOTIFICATION] = "bound_notification",
		[ROLE_CONTEXT] = "sc_slot",
		[ROLE_PORT] = "port",
		[ROLE_LENT] = "lent",
		[ROLE_ZOMBIE] = "zombie",
	};

	if (cap->object == NIL)
		return;
	if (cap->role == ROLE_POOL || cap->role == ROLE_ENTRY)
		out_text(r->out, "  0x%x: ", cap->index);
	else if (cap->role == ROLE_PORT || cap->role == ROLE_LENT)
		out_text(r->out, "  %s%u: ", roles[cap->role], cap->index);
	else
		out_text(r->out, "  %s: ", roles[cap->role]);
	out_text(r->out, "%s%s", object_name(r->m, cap->object).text,
		 capdl_rights(cap).text);
	capdl_badge(r, cap);
	out_text(r->out, "\n");
}

/* By holder, and in the order of its slots. */
static int compare_slots(const void *a, const void *b, void *ctx)
{
	const struct cap *caps = ctx;
	const struct cap *x = &caps[*(const uint32_t *)a];
	const struct cap *y = &caps[*(const uint32_t *)b];

	if (x->holder != y->holder)
		return x->holder < y->holder ? -1 : 1;
	if (x->role != y->role)
		return x->role < y->role ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static void capdl_caps(struct request *r, uint32_t *order)
{
	const struct model *m = r->m;
	uint32_t holder = NIL, count = 0;

	for (uint32_t i = 0; i < m->cap_count; i++)
		if (m->cap[i].holder != NIL)
			order[count++] = i;
	qsort_r(order, count, sizeof(*order), compare_slots, m->cap);
	for (uint32_t i = 0; i < count; i++) {
		const struct cap *cap = &m->cap[order[i]];

		if (cap->holder != holder) {
			out_text(r->out, "%s%s {\n", i ? "}\n" : "",
				 object_name(m, cap->holder).text);
			holder = cap->holder;
		}
		capdl_slot(r, cap);
	}
	if (count)
		out_text(r->out, "}\n");
}

int graph_capdl(struct request *r)
{
	uint32_t *order = calloc(r->m->cap_count + 1, sizeof(*order));

	if (!order)
		return out_refuse(r->out, -ENOMEM, "no memory");
	out_text(r->out, "arch x86_64\n\nobjects {\n\n");
	for (uint32_t i = 0; i < r->m->object_count; i++)
		capdl_object(r, i);
	out_text(r->out, "\n} caps {\n\n");
	capdl_caps(r, order);
	out_text(r->out, "\n}\n");
	free(order);
	return 0;
}

/* ---- the command ---- */

struct file {
	FILE *stream;
	int err; /* what the first write failed by; 0: none did */
};

static void write_file(void *ctx, const char *text, size_t len)
{
	struct file *f = ctx;

	if (fwrite(text, 1, len, f->stream) != len && !f->err)
		f->err = errno;
}

static int draw_to(struct request *r, int (*draw)(struct request *r),
		   const char *path)
{
	struct file file = {fopen(path, "we"), 0};
	struct inspect_out to = {.write = write_file, .ctx = &file};
	struct request inner = *r;
	int err;

	if (!file.stream)
		return out_refuse(r->out, -errno, "%s: cannot be written: %s",
				  path, strerror(errno));
	inner.out = &to;
	err = draw(&inner);
	if (err)
		out_refuse(r->out, err, "%s", to.error);
	if (fclose(file.stream) && !file.err)
		file.err = errno;
	if (file.err && !err)
		err = out_refuse(r->out, -EIO, "%s: cannot be written: %s",
				 path, strerror(file.err));
	return err;
}

int cmd_caps(struct request *r)
{
	static const struct {
		const char *option;
		int (*draw)(struct request *r);
	} forms[] = {{"--dot", graph_dot},
		     {"--svg", graph_svg},
		     {"--capdl", graph_capdl}};

	if (r->argc == 2 || r->argc == 3)
		for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
			if (!strcmp(r->argv[1], forms[i].option))
				return r->argc == 2 ? forms[i].draw(r)
						    : draw_to(r, forms[i].draw,
							      r->argv[2]);
	return out_refuse(r->out, -EINVAL, "caps: as a picture or as text?");
}
