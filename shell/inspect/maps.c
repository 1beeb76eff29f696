/*
 * maps.c: `maps`: an address space as its page tables have it, each page with
 * the capability that allows it. Pages one after the other that are alike are
 * a line together.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest-kernel/abi/bootinfo.h"
#include "shell/inspect/internal.h"
#include "shell/inspect/space.h"

#define VGA_TEXT   UINT64_C(0xb8000)
#define STACKS_MAX 64
#define RUNS_MAX   65536

/* A capability that has a frame mapped in the space. */
struct owner {
	uint64_t va;
	uint32_t cap;
};

/* Pages that are shown together. */
struct run {
	uint64_t va, end, pa;
	uint64_t flags, page;
	uint32_t first, last; /* their capabilities; NIL: none */
	const char *what;
	bool in_order; /* the frames lie one after the other */
};

struct mapping {
	struct request *r;
	uint64_t top;
	struct program *program;
	struct owner *owner;
	uint32_t owners;
	uint64_t stack[STACKS_MAX]; /* stack pointers of its tasks */
	unsigned stacks;
	struct run run;
	unsigned runs;
	struct table t;
	uint64_t bytes;
};

/* ---- capabilities ---- */

static int compare_owners(const void *a, const void *b)
{
	const struct owner *x = a, *y = b;

	if (x->va != y->va)
		return x->va < y->va ? -1 : 1;
	return (x->cap > y->cap) - (x->cap < y->cap);
}

static bool find_owners(struct mapping *map)
{
	const struct model *m = map->r->m;
	uint64_t top;

	map->owner = calloc(m->cap_count + 1, sizeof(*map->owner));
	if (!map->owner)
		return false;
	for (uint32_t i = 0; i < m->cap_count; i++)
		if (type_in(m->cap[i].type, TYPES_FRAME) &&
		    cap_mapped(m, &m->cap[i], &top) && top == map->top)
			map->owner[map->owners++] =
				(struct owner){m->cap[i].word[1], i};
	qsort(map->owner, map->owners, sizeof(*map->owner), compare_owners);
	return true;
}

static uint32_t owner_of(const struct mapping *map, const struct page *page)
{
	size_t lo = 0, hi = map->owners;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (map->owner[mid].va < page->va)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < map->owners && map->owner[lo].va == page->va
		       ? map->owner[lo].cap
		       : NIL;
}

/* ---- what is there ---- */

static void find_stacks(struct mapping *map)
{
	const struct model *m = map->r->m;

	for (uint32_t i = 0; i < m->task_count; i++) {
		const struct object *task = &m->object[m->task[i]];

		if (!task->corrupt && map->stacks < STACKS_MAX &&
		    task_top(m, task) == map->top)
			map->stack[map->stacks++] = layout_get(
				&m->layout, task->base, INSPECT_TASK_RSP);
	}
}

static bool is_stack(const struct mapping *map, const struct page *page)
{
	for (unsigned i = 0; i < map->stacks; i++)
		if (map->stack[i] - page->va < page->bytes)
			return true;
	return false;
}

static const char *what_is(const struct mapping *map, const struct page *page,
			   uint32_t owner)
{
	const struct model *m = map->r->m;
	const char *part =
		map->program ? program_part(map->program, page->va) : NULL;

	if (part)
		return part;
	if (owner != NIL && m->cap[owner].type == OBJECT_TASK_BUFFER)
		return "task buffer";
	if (page->pa == VGA_TEXT)
		return "screen";
	if (page->flags & MAP_PCD)
		return "device";
	if (page->va == BOOT_INFO)
		return "boot info";
	if (page->va - BOOT_STACK < BOOT_STACK_BYTES ||
	    page->va - BOOT_CHILD_STACK < BOOT_STACK_BYTES ||
	    is_stack(map, page))
		return "stack";
	return "";
}

/* ---- lines ---- */

static void name_owners(const struct mapping *map, const struct run *run,
			char *text, size_t size)
{
	const struct model *m = map->r->m;
	struct name first, last;

	if (run->first == NIL) {
		snprintf(text, size, "corrupt: no capability");
		return;
	}
	first = slot_name(m, &m->cap[run->first]);
	last = slot_name(m, &m->cap[run->last]);
	snprintf(text, size, run->first == run->last ? "%s" : "%s..%s",
		 first.text, last.text);
}

static void end_run(struct mapping *map)
{
	struct run *run = &map->run;
	char slots[2 * NAME_SIZE + 4];

	if (run->end == run->va)
		return;
	name_owners(map, run, slots, sizeof(slots));
	table_row(&map->t);
	table_cell(&map->t, "from", CELL_NAME | CELL_RIGHT, "%" PRIx64,
		   run->va);
	table_cell(&map->t, "to", CELL_RIGHT, "%" PRIx64, run->end - 1);
	table_cell(&map->t, "size", CELL_RIGHT | CELL_PEOPLE, "%s",
		   bytes_text(run->end - run->va).text);
	table_cell(&map->t, "bytes", CELL_JSON | CELL_NUMBER, "%" PRIu64,
		   run->end - run->va);
	table_cell(&map->t, "rights", 0, "r%c%c",
		   run->flags & MAP_WRITE ? 'w' : '-',
		   run->flags & MAP_NX ? '-' : 'x');
	table_cell(&map->t, "memory", CELL_RIGHT, "%" PRIx64 "%s", run->pa,
		   run->in_order ? "" : "~");
	table_cell(&map->t, "slots", run->first == NIL ? CELL_BAD : 0, "%s",
		   slots);
	table_cell(&map->t, "what", 0, "%s", run->what);
	map->bytes += run->end - run->va;
	*run = (struct run){0};
}

/* Slots of one pool, one after the other, go together. */
static bool follows(const struct model *m, uint32_t before, uint32_t cap)
{
	const struct cap *a, *b;

	if (before == NIL || cap == NIL)
		return before == cap;
	a = &m->cap[before];
	b = &m->cap[cap];
	return a->role == ROLE_POOL && b->role == ROLE_POOL &&
	       a->holder == b->holder && b->index == a->index + 1;
}

static bool add_page(void *ctx, const struct page *page)
{
	struct mapping *map = ctx;
	struct run *run = &map->run;
	uint32_t owner = owner_of(map, page);
	const char *what = what_is(map, page, owner);

	if (run->end && run->end == page->va && run->flags == page->flags &&
	    run->page == page->bytes && !strcmp(run->what, what) &&
	    follows(map->r->m, run->last, owner)) {
		run->in_order &= run->pa + (run->end - run->va) == page->pa;
		run->end += page->bytes;
		run->last = owner;
		return true;
	}
	end_run(map);
	*run = (struct run){page->va,	 page->va + page->bytes,
			    page->pa,	 page->flags,
			    page->bytes, owner,
			    owner,	 what,
			    true};
	return ++map->runs < RUNS_MAX;
}

/* ---- the command ---- */

static int print_space(struct request *r, uint64_t top,
		       const struct object *task)
{
	struct mapping map = {.r = r, .top = top};
	bool whole;

	map.program = task ? task_program(r->in, task) : NULL;
	find_stacks(&map);
	if (!find_owners(&map))
		return out_refuse(r->out, -ENOMEM, "no memory");
	table_begin(&map.t, r->out, "mapping");
	whole = space_walk(&r->in->m->mem, top, add_page, &map);
	end_run(&map);
	if (!table_end(&map.t))
		out_line(r->out, "Nothing is mapped.");
	else
		out_line(r->out, "%s in pml4@%" PRIx64 "%s%s",
			 bytes_text(map.bytes).text, top,
			 map.program ? ", of " : "",
			 map.program ? map.program->name : "");
	if (!whole)
		out_line(r->out, "corrupt: page tables lead out of memory, "
				 "or are too many");
	free(map.owner);
	return 0;
}

/* A task that is in the space, for its program; or NULL. */
static const struct object *task_in(const struct model *m, uint64_t top)
{
	for (uint32_t i = 0; i < m->task_count; i++)
		if (!m->object[m->task[i]].corrupt &&
		    task_top(m, &m->object[m->task[i]]) == top)
			return &m->object[m->task[i]];
	return NULL;
}

int cmd_maps(struct request *r)
{
	const struct model *m = r->m;
	uint32_t object = r->argc > 1 ? find_object_named(m, r->argv[1]) : NIL;
	uint64_t top;

	if (object != NIL && m->object[object].type == OBJECT_PML4) {
		top = m->object[object].base;
		return print_space(r, top, task_in(m, top));
	}
	object = request_task(r, 1);
	if (object == NIL)
		return -ENOENT;
	top = m->object[object].corrupt ? 0 : task_top(m, &m->object[object]);
	if (!top)
		return out_refuse(r->out, -ENOENT, "%s has no address space",
				  object_name(m, object).text);
	return print_space(r, top, &m->object[object]);
}
