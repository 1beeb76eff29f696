/* model.c: the derivation tree, link by link, into arrays. */
#include "shell/inspect/model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/inspect/capture.h"

#define LINK_UP UINT64_C(1) /* in `next`: it is the parent */

/* ---- maps: open addressing, at most half full ---- */

static size_t hash(uint64_t key)
{
	return (key * UINT64_C(0x9e3779b97f4a7c15)) >> 20;
}

static bool map_grow(struct map *map, uint32_t count,
		     uint64_t (*key)(const struct model *, uint32_t),
		     const struct model *m)
{
	size_t size = map->bucket ? (map->mask + 1) * 2 : 1024;
	uint32_t *bucket;

	if (map->bucket && count * 2 < map->mask)
		return true;
	bucket = malloc(size * sizeof(*bucket));
	if (!bucket)
		return false;
	memset(bucket, 0xff, size * sizeof(*bucket));
	free(map->bucket);
	map->bucket = bucket;
	map->mask = size - 1;
	for (uint32_t i = 0; i < count; i++) {
		size_t at = hash(key(m, i)) & map->mask;

		while (bucket[at] != NIL)
			at = (at + 1) & map->mask;
		bucket[at] = i;
	}
	return true;
}

static uint64_t cap_key(const struct model *m, uint32_t i)
{
	return m->cap[i].at;
}

/* Untypeds that begin at one place differ by their size. */
static uint64_t key_of(unsigned type, uint64_t base, uint64_t bytes)
{
	return base ^ (uint64_t)type << 57 ^
	       (type == OBJECT_UNTYPED ? bytes << 1 : 0);
}

static uint64_t object_key(const struct model *m, uint32_t i)
{
	const struct object *o = &m->object[i];

	return key_of(o->type, o->base, o->bytes);
}

uint32_t model_cap_at(const struct model *m, uint64_t at)
{
	size_t i = hash(at) & m->caps.mask;

	if (!m->caps.bucket)
		return NIL;
	for (; m->caps.bucket[i] != NIL; i = (i + 1) & m->caps.mask)
		if (m->cap[m->caps.bucket[i]].at == at)
			return m->caps.bucket[i];
	return NIL;
}

static uint32_t find_object(const struct model *m, unsigned type, uint64_t base,
			    uint64_t bytes)
{
	size_t i = hash(key_of(type, base, bytes)) & m->objects.mask;

	if (!m->objects.bucket)
		return NIL;
	for (; m->objects.bucket[i] != NIL; i = (i + 1) & m->objects.mask) {
		const struct object *o = &m->object[m->objects.bucket[i]];

		if (o->type == type && o->base == base &&
		    (type != OBJECT_UNTYPED || o->bytes == bytes))
			return m->objects.bucket[i];
	}
	return NIL;
}

uint32_t model_object(const struct model *m, unsigned type, uint64_t base)
{
	return find_object(m, type, base, 0);
}

bool array_grow(void **array, uint32_t count, size_t size)
{
	void *more;

	if (count & (count - 1))
		return true;
	more = realloc(*array, (count ? 2 * (size_t)count : 1) * size);
	if (more)
		*array = more;
	return more != NULL;
}

/* ---- objects ---- */

bool object_has_header(unsigned type)
{
	return type_in(type, TYPES_CPOOL | TYPES_TASK | TYPES_CHANNEL |
				     TYPES_ENDPOINT | TYPES_REPLY |
				     TYPES_NOTIFICATION | TYPES_SCHED_CONTEXT);
}

uint64_t capture_bytes(const struct model *m, unsigned type, unsigned bits)
{
	const uint32_t *size = m->layout.size;

	switch (type) {
	case OBJECT_CPOOL:
		return size[INSPECT_SIZE_CPOOL];
	case OBJECT_TASK:
		return size[INSPECT_SIZE_TASK];
	case OBJECT_CHANNEL:
		return size[INSPECT_SIZE_CHANNEL] +
		       ((uint64_t)size[INSPECT_SIZE_ENTRY]
			<< (bits <= CHANNEL_BITS_MAX ? bits : 0));
	case OBJECT_ENDPOINT:
		return size[INSPECT_SIZE_ENDPOINT];
	case OBJECT_NOTIFICATION:
		return size[INSPECT_SIZE_NOTIFICATION];
	case OBJECT_REPLY:
		return size[INSPECT_SIZE_REPLY];
	case OBJECT_SCHED_CONTEXT:
		return size[INSPECT_SIZE_SCHED_CONTEXT];
	case OBJECT_LARGE_PAGE:
		return LARGE_PAGE_BYTES;
	case OBJECT_RAW_PAGE:
	case OBJECT_TASK_BUFFER:
	case OBJECT_PML4:
	case OBJECT_PDPT:
	case OBJECT_PD:
	case OBJECT_PT:
		return PAGE_BYTES;
	default:
		return 0;
	}
}

static const char *header_wrong(const struct model *m, const struct object *o)
{
	const struct layout *l = &m->layout;

	if (o->base % UNTYPED_UNIT || !guestmem_ptr(l->mem, o->base, o->bytes))
		return "no object can be there";
	if (layout_get(l, o->base, INSPECT_OBJECT_TYPE) != o->type)
		return "the object there is of another type";
	if (o->bits > CHANNEL_BITS_MAX ||
	    layout_get(l, o->base, INSPECT_OBJECT_BITS) != o->bits)
		return "the object there is of another size";
	return NULL;
}

static const char *object_wrong(const struct model *m, const struct object *o,
				const struct cap *cap)
{
	bool device = cap->flags & 1;

	if (object_has_header(o->type))
		return header_wrong(m, o);
	if (o->type == OBJECT_IRQ_HANDLER && o->base >= m->layout.head.irqs)
		return "there is no such interrupt";
	if (o->bytes && !device &&
	    !guestmem_ptr(m->layout.mem, o->base, o->bytes))
		return "there is no such memory";
	return NULL;
}

/* What the capability names, as an object that may be new. */
static struct object named_by(const struct model *m, const struct cap *cap)
{
	struct object o = {.type = cap->type,
			   .bits = cap->bits,
			   .base = cap->base,
			   .first = NIL,
			   .task = NIL};

	if (cap->type == OBJECT_ZOMBIE) {
		o.dying = true;
		o.type = layout_get(&m->layout, cap->base, INSPECT_OBJECT_TYPE);
		if (!object_has_header(o.type))
			o.type = OBJECT_ZOMBIE;
	}
	o.bytes = o.type == OBJECT_UNTYPED ? cap->word[0]
					   : capture_bytes(m, o.type, o.bits);
	if (o.type == OBJECT_IO_PORT)
		o.base = cap->word[0] | cap->word[1] << 16;
	return o;
}

static bool name_object(struct model *m, uint32_t index)
{
	struct cap *cap = &m->cap[index];
	struct object o = named_by(m, cap);
	uint32_t at = find_object(m, o.type, o.base, o.bytes);

	if (at == NIL) {
		if (!array_grow((void **)&m->object, m->object_count,
				sizeof(o)) ||
		    !map_grow(&m->objects, m->object_count, object_key, m))
			return false;
		o.corrupt = object_wrong(m, &o, cap);
		o.first = index;
		if (o.type == OBJECT_TASK)
			o.number = layout_get(&m->layout, o.base,
					      INSPECT_TASK_NUMBER);
		at = m->object_count++;
		m->object[at] = o;
		capture_put(&m->objects, object_key(m, at), at);
	}
	cap->object = at;
	m->object[at].caps++;
	m->object[at].dying |= o.dying;
	if (m->object[at].corrupt)
		cap->corrupt = m->object[at].corrupt;
	return true;
}

void capture_put(struct map *map, uint64_t key, uint32_t index)
{
	size_t at = hash(key) & map->mask;

	while (map->bucket[at] != NIL)
		at = (at + 1) & map->mask;
	map->bucket[at] = index;
}

/* ---- capabilities ---- */

static void read_cap(const struct model *m, struct cap *cap)
{
	const struct layout *l = &m->layout;
	uint64_t at = cap->at;

	cap->type = layout_get(l, at, INSPECT_CAP_TYPE);
	cap->rights = layout_get(l, at, INSPECT_CAP_RIGHTS);
	cap->bits = layout_get(l, at, INSPECT_CAP_BITS);
	cap->flags = layout_get(l, at, INSPECT_CAP_FLAGS);
	cap->space = layout_get(l, at, INSPECT_CAP_SPACE);
	cap->base = layout_get(l, at, INSPECT_CAP_BASE);
	cap->child_va = layout_get(l, at, INSPECT_SLOT_CHILD);
	cap->next_va = layout_get(l, at, INSPECT_SLOT_NEXT);
	switch (cap->type) {
	case OBJECT_UNTYPED:
		cap->word[0] = layout_get(l, at, INSPECT_CAP_SIZE);
		cap->word[1] = layout_get(l, at, INSPECT_CAP_USED);
		break;
	case OBJECT_IO_PORT:
		cap->word[0] = layout_get(l, at, INSPECT_CAP_PORT_FIRST);
		cap->word[1] = layout_get(l, at, INSPECT_CAP_PORT_LAST);
		break;
	case OBJECT_ENDPOINT:
	case OBJECT_NOTIFICATION:
		cap->word[0] = layout_get(l, at, INSPECT_CAP_BADGE);
		break;
	default:
		cap->word[0] = layout_get(l, at, INSPECT_CAP_GENERATION);
		cap->word[1] = layout_get(l, at, INSPECT_CAP_VA);
	}
}

static const char *cap_wrong(const struct cap *cap)
{
	if (cap->type == OBJECT_NULL)
		return "an empty slot is in the tree";
	if (cap->type >= OBJECT_COUNT)
		return "its type is none";
	if (cap->type == OBJECT_IO_PORT &&
	    (cap->word[0] > cap->word[1] || cap->word[1] > 0xffff))
		return "there are no such ports";
	if (cap->type == OBJECT_UNTYPED && cap->word[1] > cap->word[0])
		return "it has used more than it has";
	return NULL;
}

uint32_t capture_cap(struct model *m, uint64_t at)
{
	uint32_t index = m->cap_count;
	struct cap *cap;

	if (index == SLOTS_MAX) {
		m->cut = true;
		return NIL;
	}
	if (!array_grow((void **)&m->cap, index, sizeof(*cap)) ||
	    !map_grow(&m->caps, index, cap_key, m))
		return NIL;
	cap = &m->cap[index];
	*cap = (struct cap){.at = at,
			    .parent = NIL,
			    .child = NIL,
			    .sibling = NIL,
			    .object = NIL,
			    .holder = NIL};
	read_cap(m, cap);
	cap->corrupt = cap_wrong(cap);
	m->cap_count++;
	capture_put(&m->caps, at, index);
	if (!cap->corrupt && !name_object(m, index))
		m->cut = true;
	return index;
}

/* ---- the derivation tree ---- */

static const char *child_of_untyped_wrong(const struct model *m,
					  const struct cap *parent,
					  const struct cap *child)
{
	uint64_t offset = child->base - parent->base;
	uint64_t bytes =
		child->object == NIL ? 0 : m->object[child->object].bytes;

	if (child->base < parent->base || offset > parent->word[1] ||
	    bytes > parent->word[1] - offset)
		return "it lies outside of the used part of its Untyped";
	return NULL;
}

static const char *child_wrong(const struct model *m, const struct cap *parent,
			       const struct cap *child)
{
	if (parent->type == OBJECT_UNTYPED)
		return child_of_untyped_wrong(m, parent, child);
	if (parent->type == OBJECT_IRQ_CONTROL &&
	    child->type == OBJECT_IRQ_HANDLER)
		return NULL;
	if (child->base != parent->base)
		return "it is a copy of another object";
	if (child->type == OBJECT_ZOMBIE || parent->type == OBJECT_ZOMBIE)
		return NULL;
	if (child->type != parent->type)
		return "it is a copy of another type";
	if (child->rights & ~parent->rights)
		return "it has more rights than what it was made from";
	return NULL;
}

/* The kernel links the newest first; here it comes last. */
static void add_child(struct model *m, uint32_t parent, uint32_t index)
{
	struct cap *cap = &m->cap[index];

	cap->in_tree = true;
	cap->parent = parent;
	if (parent == NIL) {
		cap->sibling = m->root;
		m->root = index;
		return;
	}
	cap->sibling = m->cap[parent].child;
	m->cap[parent].child = index;
	m->cap[parent].children++;
	if (!cap->corrupt)
		cap->corrupt = child_wrong(m, &m->cap[parent], cap);
}

static void blame(struct model *m, uint32_t index, const char *what)
{
	m->broken = true;
	if (index == NIL)
		m->root_corrupt = what;
	else if (!m->cap[index].corrupt)
		m->cap[index].corrupt = what;
}

/* The slot a link leads to, now a child of `parent`; or NIL. */
static uint32_t visit(struct model *m, uint32_t parent, uint64_t va)
{
	uint32_t index;
	uint64_t at;

	if (va % 8 || !layout_pointer(&m->layout, va, &at)) {
		blame(m, parent, "a link to its children leads nowhere");
		return NIL;
	}
	if (model_cap_at(m, at) != NIL) {
		blame(m, parent, "a link to its children leads in a circle");
		return NIL;
	}
	index = capture_cap(m, at);
	if (index != NIL)
		add_child(m, parent, index);
	return index;
}

/* The next sibling of one of `at`'s ancestors or of its own; 0: there is none. */
static uint64_t next_va(struct model *m, uint32_t at, uint64_t root,
			uint32_t *parent)
{
	while (at != NIL) {
		const struct cap *cap = &m->cap[at];
		uint64_t up, next = cap->next_va;

		*parent = cap->parent;
		if (!(next & LINK_UP))
			return next;
		if (!layout_pointer(&m->layout, next & ~LINK_UP, &up) ||
		    up != (*parent == NIL ? root : m->cap[*parent].at))
			blame(m, at, "it is the last child of another");
		at = *parent;
	}
	return 0;
}

static void walk_tree(struct model *m)
{
	uint64_t root =
		layout_at(&m->layout, m->layout.kernel, INSPECT_KERNEL_CAPS);
	uint64_t va = layout_get(&m->layout, root, INSPECT_SLOT_CHILD);
	uint32_t parent = NIL, index;

	while (va && !m->cut) {
		index = visit(m, parent, va);
		if (index != NIL && m->cap[index].child_va &&
		    m->cap[index].type != OBJECT_NULL) {
			parent = index;
			va = m->cap[index].child_va;
			continue;
		}
		/* What follows a broken link is lost: on with the parent's. */
		va = next_va(m, index != NIL ? index : parent, root, &parent);
	}
}

/* ---- all of it ---- */

int model_capture(struct model *m, const struct guestmem *mem, int fd,
		  char *why, size_t size)
{
	int err;

	memset(m, 0, sizeof(*m));
	m->root = NIL;
	err = layout_find(&m->layout, mem, fd, why, size);
	if (err)
		return err;
	m->running = layout_follow(&m->layout, m->layout.kernel,
				   INSPECT_KERNEL_RUNNING);
	walk_tree(m);
	capture_held(m);
	if (!capture_tasks(m)) {
		snprintf(why, size, "no memory");
		return -ENOMEM;
	}
	if (m->cap_count == 0) {
		snprintf(why, size, "it has made no objects yet");
		return -ENOEXEC;
	}
	return 0;
}

void model_free(struct model *m)
{
	free(m->cap);
	free(m->object);
	free(m->task);
	free(m->caps.bucket);
	free(m->objects.bucket);
	memset(m, 0, sizeof(*m));
}
