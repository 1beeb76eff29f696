/*
 * model.h: all capabilities and objects of the kernel at one moment, copied
 * from guest memory and checked; what commands show.
 *
 * Capabilities are found twice: along the derivation tree, and in what holds
 * slots (pools, tasks, channels, Replies, interrupts). Each slot is in the
 * model once, by its address, so every walk ends. What does not fit together
 * is kept and marked with what is wrong with it.
 */
#ifndef SHELL_INSPECT_MODEL_H
#define SHELL_INSPECT_MODEL_H

#include "guest-kernel/abi/object.h"
#include "shell/inspect/layout.h"

#define NIL	  UINT32_MAX /* an index of nothing */
#define SLOTS_MAX (1u << 20) /* more are not looked at */

/* What a slot is to who holds it. */
enum role {
	ROLE_NONE,
	ROLE_POOL, /* index: which */
	ROLE_CPOOL,
	ROLE_TABLE,
	ROLE_BUFFER,
	ROLE_FAULT_HANDLER,
	ROLE_NOTIFICATION,
	ROLE_CONTEXT,
	ROLE_PORT,  /* index */
	ROLE_ENTRY, /* index: 0 is the oldest */
	ROLE_LENT,  /* index */
	ROLE_ZOMBIE,
};

struct cap {
	uint64_t at; /* guest-physical address of its slot */
	uint8_t type, rights, bits, flags;
	uint16_t space;
	uint64_t base;
	/* Untyped: size, used; mapping: generation, address; ports: first,
	 * last; badge. */
	uint64_t word[2];
	uint64_t child_va, next_va; /* links as they are */

	/* Indices of model.cap, or NIL. Children in order of their making. */
	uint32_t parent, child, sibling;
	uint32_t children;
	uint32_t object; /* index of model.object */
	uint32_t holder; /* the same, or NIL */
	uint8_t role;
	uint16_t index;
	bool in_tree;
	const char *corrupt; /* what is wrong with it, or NULL */
};

struct object {
	uint8_t type, bits;
	bool dying;
	uint32_t caps; /* that name it */
	uint64_t base, bytes;
	uint32_t first;	 /* the first capability of it */
	uint32_t number; /* of a task */
	/* Of a pool: how the task with the lowest number gets there. */
	uint32_t task; /* index of model.object; NIL: no way */
	uint8_t depth; /* 0: it is the root pool */
	uint8_t path[CADDR_DEPTH_MAX];
	const char *corrupt;
};

struct map {
	uint32_t *bucket;
	size_t mask;
};

struct model {
	struct layout layout;
	struct cap *cap;
	uint32_t cap_count;
	struct object *object;
	uint32_t object_count;
	uint32_t root;		  /* the first capability without a parent */
	const char *root_corrupt; /* of the list of those */
	uint32_t *task;		  /* objects that are tasks, by number */
	uint32_t task_count;
	uint64_t running; /* guest-physical address of the task, or 0 */
	uint32_t corrupt; /* how much is */
	bool broken;	  /* the walk along the tree met a broken link */
	uint32_t lost;	  /* capabilities that were not met for that */
	bool cut;	  /* there is more than SLOTS_MAX */
	struct map caps, objects;
};

/* 0; -ENOEXEC, why not; -ENOMEM. model_free() is always due. */
int model_capture(struct model *m, const struct guestmem *mem, int fd,
		  char *why, size_t size);
/* Accepts a zeroed one. */
void model_free(struct model *m);

/* Indices, or NIL. */
uint32_t model_cap_at(const struct model *m, uint64_t at);
uint32_t model_object(const struct model *m, unsigned type, uint64_t base);
uint32_t model_task(const struct model *m, uint32_t number);

/* The capability in a slot of an object that holds some; NIL: empty. */
uint32_t model_held(const struct model *m, const struct object *holder,
		    enum role role, unsigned index);

/* The address of slot `index` of a pool. */
uint64_t model_pool_slot(const struct model *m, const struct object *pool,
			 unsigned index);

/* Is the type, which may be any number, one of those (TYPES_x)? */
static inline bool type_in(unsigned type, uint32_t types)
{
	return type < OBJECT_COUNT && types >> type & 1;
}

/* Room for one more in an array that doubles at each power of two. */
bool array_grow(void **array, uint32_t count, size_t size);

/* Does a type's object begin with a struct object? */
bool object_has_header(unsigned type);

#endif
