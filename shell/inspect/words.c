/* words.c: what is there, for prompts and debuggers. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shell/inspect/internal.h"

static bool look(struct inspect *in)
{
	char why[256];

	return inspect_look(in, why, sizeof(why)) == 0 &&
	       in->model.task_count > 0;
}

static bool begins(const char *word, const char *prefix)
{
	return !strncmp(word, prefix, strlen(prefix));
}

/* ---- slots ---- */

/* Of those that are taken, or of those that are free. */
struct wanted {
	uint32_t types; /* TYPES_x; 0: free ones */
	const char *prefix;
	inspect_word_fn *fn;
	void *ctx;
};

/* The pool that the part of the prefix up to the last '/' leads to. */
static uint32_t pool_of_prefix(const struct model *m, const char *prefix)
{
	const char *slash = strrchr(prefix, '/');
	uint32_t cap;
	struct name path;

	if (!slash)
		cap = model_held(m, &m->object[m->task[0]], ROLE_CPOOL, 0);
	else {
		snprintf(path.text, sizeof(path.text), "%.*s",
			 (int)(slash - prefix), prefix);
		cap = find_slot_named(m, path.text);
	}
	return cap != NIL && m->cap[cap].type == OBJECT_CPOOL
		       ? m->cap[cap].object
		       : NIL;
}

static void tell_slot(const struct model *m, uint32_t cap, const char *path,
		      const struct wanted *w)
{
	struct detail d, about = {""};

	if (cap == NIL) {
		if (!w->types)
			w->fn(w->ctx, path, "free");
		return;
	}
	if (!type_in(m->cap[cap].type, w->types))
		return;
	d = cap_detail(m, &m->cap[cap]);
	snprintf(about.text, sizeof(about.text), "%s, %.100s",
		 type_name(m->cap[cap].type), d.text);
	w->fn(w->ctx, path, about.text);
}

static void tell_slots(struct inspect *in, const struct wanted *w)
{
	const struct model *m = &in->model;
	const char *slash = strrchr(w->prefix, '/');
	uint32_t pool;

	if (!look(in))
		return;
	pool = pool_of_prefix(m, w->prefix);
	if (pool == NIL || m->object[pool].corrupt)
		return;
	for (unsigned i = 0; i < CPOOL_SLOTS; i++) {
		struct name path;

		snprintf(path.text, sizeof(path.text), "%.*s%u",
			 slash ? (int)(slash - w->prefix + 1) : 0, w->prefix,
			 i);
		if (begins(path.text, w->prefix))
			tell_slot(m,
				  model_held(m, &m->object[pool], ROLE_POOL, i),
				  path.text, w);
	}
}

void inspect_slots(struct inspect *in, const char *prefix, inspect_word_fn *fn,
		   void *ctx)
{
	tell_slots(in, &(struct wanted){TYPES_ANY, prefix, fn, ctx});
}

void inspect_slots_of(struct inspect *in, uint32_t types, const char *prefix,
		      inspect_word_fn *fn, void *ctx)
{
	if (types)
		tell_slots(in, &(struct wanted){types, prefix, fn, ctx});
}

void inspect_free_slots(struct inspect *in, const char *prefix,
			inspect_word_fn *fn, void *ctx)
{
	tell_slots(in, &(struct wanted){0, prefix, fn, ctx});
}

int inspect_slot(struct inspect *in, const char *path,
		 struct inspect_slot *slot)
{
	const struct model *m = &in->model;
	unsigned index;
	uint32_t pool, cap;
	char why[256];

	memset(slot, 0, sizeof(*slot));
	if (inspect_look(in, why, sizeof(why)))
		return -ENOEXEC;
	if (!m->task_count || !walk_path(m, m->task[0], path, &pool, &index))
		return -ENOENT;
	cap = model_held(m, &m->object[pool], ROLE_POOL, index);
	if (cap == NIL)
		return 0;
	slot->type = m->cap[cap].type;
	slot->rights = m->cap[cap].rights;
	snprintf(slot->name, sizeof(slot->name), "%.31s",
		 object_name(m, m->cap[cap].object).text);
	snprintf(slot->detail, sizeof(slot->detail), "%.95s",
		 cap_detail(m, &m->cap[cap]).text);
	return 0;
}

/* ---- tasks ---- */

void inspect_task_names(struct inspect *in, const char *prefix,
			inspect_word_fn *fn, void *ctx)
{
	const struct model *m = &in->model;

	if (!look(in))
		return;
	for (uint32_t i = 0; i < m->task_count; i++) {
		const struct object *task = &m->object[m->task[i]];
		const struct program *p = task_program(in, task);
		struct name name = object_name(m, m->task[i]);
		struct name about;

		snprintf(about.text, sizeof(about.text), "%s%s%s",
			 p ? p->name : "", p ? ", " : "",
			 task_state_text(m, task));
		if (begins(name.text, prefix))
			fn(ctx, name.text, about.text);
	}
}

int inspect_next_task(struct inspect *in, uint32_t after,
		      struct inspect_task *t)
{
	const struct model *m = &in->model;
	bool in_kernel = false;
	char why[256];

	if (!after && inspect_look(in, why, sizeof(why)))
		return -ENOEXEC;
	for (uint32_t i = 0; i < m->task_count; i++) {
		const struct object *task = &m->object[m->task[i]];

		if (task->number <= after || task->corrupt)
			continue;
		task_read(in, task, t, &in_kernel);
		return 0;
	}
	return -ENOENT;
}

/* ---- words of commands ---- */

static void tell_objects(struct inspect *in, unsigned type, const char *prefix,
			 inspect_word_fn *fn, void *ctx)
{
	const struct model *m = &in->model;

	for (uint32_t i = 0; i < m->object_count; i++) {
		struct name name = object_name(m, i);

		if (m->object[i].type == type && begins(name.text, prefix))
			fn(ctx, name.text, type_text(type));
	}
}

static void tell_words(const char *const *words, const char *prefix,
		       inspect_word_fn *fn, void *ctx)
{
	for (; *words; words++)
		if (begins(*words, prefix))
			fn(ctx, *words, "");
}

void inspect_complete(struct inspect *in, const char *line, const char *prefix,
		      inspect_word_fn *fn, void *ctx)
{
	static const char *const forms[] = {"--dot", "--svg", "--capdl", NULL};
	char name[16];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(line, " "), line);
	if (!strcmp(name, "list") || !strcmp(name, "task") ||
	    !strcmp(name, "maps"))
		inspect_task_names(in, prefix, fn, ctx);
	if (!strcmp(name, "list") && look(in))
		tell_objects(in, OBJECT_CPOOL, prefix, fn, ctx);
	if (!strcmp(name, "maps") && look(in))
		tell_objects(in, OBJECT_PML4, prefix, fn, ctx);
	if (!strcmp(name, "tree") || !strcmp(name, "why"))
		inspect_slots(in, prefix, fn, ctx);
	if (!strcmp(name, "caps"))
		tell_words(forms, prefix, fn, ctx);
}
