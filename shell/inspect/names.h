/* names.h: how objects, slots and numbers are called. */
#ifndef SHELL_INSPECT_NAMES_H
#define SHELL_INSPECT_NAMES_H

#include "shell/inspect/model.h"

#define NAME_SIZE   48
#define DETAIL_SIZE 160

struct name {
	char text[NAME_SIZE];
};

struct detail {
	char text[DETAIL_SIZE];
};

/* "UNTYPED" as the ABI, "untyped" as in names of objects. */
const char *type_name(unsigned type);
const char *type_word(unsigned type);
/* What a type is, in words. */
const char *type_text(unsigned type);
/* "waiting"; "?" for a number that is none. */
const char *state_name(unsigned state);

/* "rwgxp", with '-' for what is missing. */
struct name rights_text(unsigned rights);
/* "58.2 MiB" */
struct name bytes_text(uint64_t bytes);
/* "1.5 ms" */
struct name time_text(uint64_t ns);

/* "task#2", "endpoint@3fe000", "port@60-64", "irq#1"; NIL: "nothing". */
struct name object_name(const struct model *m, uint32_t object);
/* The same of what lies at an address; "0" if nothing known does. */
struct name object_name_at(const struct model *m, unsigned type, uint64_t base);

/*
 * Where a capability lies: "5/12" in the first task's pools, "task#2:5",
 * "task#1.cpool", "channel@3fe000[0]".
 */
struct name slot_name(const struct model *m, const struct cap *cap);
/* A path of a pool and a slot in it. */
struct name path_name(const struct object *pool, unsigned index);

/* One of many that are alike as long as nothing happens: a free Reply. */
bool object_idle(const struct model *m, const struct object *o);

/* A few words on a capability: what it is for now. */
struct detail cap_detail(const struct model *m, const struct cap *cap);
/* What a task waits at: "for an entry of channel@3fe000"; or "". */
struct detail wait_detail(const struct model *m, const struct object *task);

/*
 * What a name that a person wrote means: an object's, or a slot's. NIL:
 * nothing.
 */
uint32_t find_object_named(const struct model *m, const char *text);
uint32_t find_slot_named(const struct model *m, const char *text);
uint32_t find_task_named(const struct model *m, const char *text);

/*
 * "5/12": the pool and index that a path leads to, from a task; false: it
 * leads through no pool.
 */
bool walk_path(const struct model *m, uint32_t task, const char *text,
	       uint32_t *pool, unsigned *index);

#endif
