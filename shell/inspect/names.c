/* names.c: from numbers to words and back. */
#include "shell/inspect/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_names[] = {
#define NAME(name, number, text) [number] = #name,
	ABI_OBJECTS(NAME)
#undef NAME
};

static const char *const type_texts[] = {
#define TEXT(name, number, text) [number] = text,
	ABI_OBJECTS(TEXT)
#undef TEXT
};

static const char *const type_words[OBJECT_COUNT] = {
	[OBJECT_NULL] = "nothing",
	[OBJECT_UNTYPED] = "untyped",
	[OBJECT_CPOOL] = "cpool",
	[OBJECT_TASK] = "task",
	[OBJECT_CHANNEL] = "channel",
	[OBJECT_RAW_PAGE] = "page",
	[OBJECT_TASK_BUFFER] = "buffer",
	[OBJECT_PML4] = "pml4",
	[OBJECT_PDPT] = "pdpt",
	[OBJECT_PD] = "pd",
	[OBJECT_PT] = "pt",
	[OBJECT_IO_PORT] = "port",
	[OBJECT_LARGE_PAGE] = "largepage",
	[OBJECT_ENDPOINT] = "endpoint",
	[OBJECT_REPLY] = "reply",
	[OBJECT_NOTIFICATION] = "notification",
	[OBJECT_IRQ_CONTROL] = "irqcontrol",
	[OBJECT_IRQ_HANDLER] = "irq",
	[OBJECT_SCHED_CONTEXT] = "schedcontext",
	[OBJECT_SCHED_CONTROL] = "schedcontrol",
	[OBJECT_ZOMBIE] = "zombie",
};

const char *type_name(unsigned type)
{
	return type < OBJECT_COUNT ? type_names[type] : "?";
}

const char *type_word(unsigned type)
{
	return type < OBJECT_COUNT ? type_words[type] : "?";
}

const char *type_text(unsigned type)
{
	return type < OBJECT_COUNT ? type_texts[type] : "?";
}

const char *state_name(unsigned state)
{
	static const char *const names[] = {
		[TASK_INACTIVE] = "inactive",	[TASK_READY] = "ready",
		[TASK_PARKED] = "parked",	[TASK_WAITING] = "waiting",
		[TASK_SENDING] = "sending",	[TASK_CALLING] = "calling",
		[TASK_RECEIVING] = "receiving", [TASK_LISTENING] = "listening",
		[TASK_ANSWERED] = "answered",	[TASK_PUTTING] = "putting",
	};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

struct name rights_text(unsigned rights)
{
	static const char letters[] = "rwgxp";
	struct name n = {"-----"};

	for (unsigned i = 0; i < 5; i++)
		if (rights >> i & 1)
			n.text[i] = letters[i];
	return n;
}

struct name bytes_text(uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	struct name n;
	unsigned unit = 0;
	double value = bytes;

	for (; value >= 1024 && unit < 4; unit++)
		value /= 1024;
	snprintf(n.text, sizeof(n.text),
		 unit == 0 || value == (uint64_t)value ? "%.0f %s" : "%.1f %s",
		 value, units[unit]);
	return n;
}

struct name time_text(uint64_t ns)
{
	static const char *const units[] = {"ns", "us", "ms", "s"};
	struct name n;
	unsigned unit = 0;
	double value = ns;

	for (; value >= 1000 && unit < 3; unit++)
		value /= 1000;
	snprintf(n.text, sizeof(n.text), "%.3g %s", value, units[unit]);
	return n;
}

/* ---- objects ---- */

static struct name name_of(const struct object *o)
{
	const char *word = type_word(o->type);
	struct name n;

	switch (o->type) {
	case OBJECT_TASK:
		snprintf(n.text, sizeof(n.text), "task#%" PRIu32, o->number);
		break;
	case OBJECT_IO_PORT:
		snprintf(n.text, sizeof(n.text), "port@%" PRIx64 "-%" PRIx64,
			 o->base & 0xffff, o->base >> 16);
		break;
	case OBJECT_IRQ_HANDLER:
		snprintf(n.text, sizeof(n.text), "irq#%" PRIu64, o->base);
		break;
	case OBJECT_IRQ_CONTROL:
	case OBJECT_SCHED_CONTROL:
		snprintf(n.text, sizeof(n.text), "%s", word);
		break;
	case OBJECT_UNTYPED:
		/* Several may begin at one place. */
		snprintf(n.text, sizeof(n.text), "untyped@%" PRIx64 "+%" PRIx64,
			 o->base, o->bytes);
		break;
	default:
		snprintf(n.text, sizeof(n.text), "%s@%" PRIx64, word, o->base);
	}
	return n;
}

struct name object_name(const struct model *m, uint32_t object)
{
	if (object == NIL)
		return (struct name){"nothing"};
	return name_of(&m->object[object]);
}

struct name object_name_at(const struct model *m, unsigned type, uint64_t base)
{
	uint32_t object = model_object(m, type, base);
	struct name n;

	if (object != NIL)
		return object_name(m, object);
	snprintf(n.text, sizeof(n.text), "%s@%" PRIx64 " (unknown)",
		 type_word(type), base);
	return n;
}

/* ---- slots ---- */

struct name path_name(const struct object *pool, unsigned index)
{
	struct name n;
	size_t len = 0;

	for (unsigned i = 0; i < pool->depth; i++)
		len += snprintf(n.text + len, sizeof(n.text) - len, "%u/",
				pool->path[i]);
	snprintf(n.text + len, sizeof(n.text) - len, "%u", index);
	return n;
}

static struct name pool_slot_name(const struct model *m,
				  const struct object *pool, unsigned index)
{
	struct name n, path = path_name(pool, index);

	if (pool->task == NIL)
		snprintf(n.text, sizeof(n.text), "cpool@%" PRIx64 "/%u",
			 pool->base, index);
	else if (m->task_count && pool->task == m->task[0])
		return path;
	else
		snprintf(n.text, sizeof(n.text), "%.12s:%.32s",
			 object_name(m, pool->task).text, path.text);
	return n;
}

struct name slot_name(const struct model *m, const struct cap *cap)
{
	static const char *const roles[] = {
		[ROLE_CPOOL] = "cpool",
		[ROLE_TABLE] = "table",
		[ROLE_BUFFER] = "buffer",
		[ROLE_FAULT_HANDLER] = "fault_handler",
		[ROLE_NOTIFICATION] = "notification",
		[ROLE_CONTEXT] = "context",
		[ROLE_PORT] = "port",
		[ROLE_LENT] = "lent",
		[ROLE_ZOMBIE] = "zombie",
	};
	struct name n, holder = object_name(m, cap->holder);

	if (cap->holder == NIL)
		snprintf(n.text, sizeof(n.text), "slot@%" PRIx64, cap->at);
	else if (cap->role == ROLE_POOL)
		return pool_slot_name(m, &m->object[cap->holder], cap->index);
	else if (cap->role == ROLE_ENTRY)
		snprintf(n.text, sizeof(n.text), "%.32s[%u]", holder.text,
			 cap->index);
	else if (cap->role == ROLE_PORT || cap->role == ROLE_LENT)
		snprintf(n.text, sizeof(n.text), "%.32s.%s[%u]", holder.text,
			 roles[cap->role], cap->index);
	else
		snprintf(n.text, sizeof(n.text), "%.32s.%s", holder.text,
			 roles[cap->role]);
	return n;
}

/* ---- from text ---- */

static bool read_index(const char **text, unsigned *index)
{
	char *end;
	unsigned long value;

	if (**text < '0' || **text > '9')
		return false;
	value = strtoul(*text, &end, 0);
	if (value >= CPOOL_SLOTS || (*end && *end != '/'))
		return false;
	*index = value;
	*text = *end ? end + 1 : end;
	return *end != '/' || end[1];
}

bool walk_path(const struct model *m, uint32_t task, const char *text,
	       uint32_t *pool, unsigned *index)
{
	uint32_t cap;

	if (task == NIL)
		return false;
	cap = model_held(m, &m->object[task], ROLE_CPOOL, 0);
	for (unsigned depth = 0; depth < CADDR_DEPTH_MAX; depth++) {
		if (cap == NIL || m->cap[cap].type != OBJECT_CPOOL ||
		    m->cap[cap].object == NIL || !read_index(&text, index))
			return false;
		*pool = m->cap[cap].object;
		if (!*text)
			return true;
		cap = model_held(m, &m->object[*pool], ROLE_POOL, *index);
	}
	return false;
}

static uint32_t slot_of_task(const struct model *m, uint32_t task,
			     const char *path)
{
	unsigned index;
	uint32_t pool;

	return walk_path(m, task, path, &pool, &index)
		       ? model_held(m, &m->object[pool], ROLE_POOL, index)
		       : NIL;
}

/* Any slot's name, as it is printed. */
static uint32_t slot_by_name(const struct model *m, const char *text)
{
	for (uint32_t i = 0; i < m->cap_count; i++)
		if (!strcmp(slot_name(m, &m->cap[i]).text, text))
			return i;
	return NIL;
}

uint32_t find_slot_named(const struct model *m, const char *text)
{
	const char *colon = strchr(text, ':');
	uint32_t task, found;
	struct name n;

	if (!colon) {
		found = m->task_count ? slot_of_task(m, m->task[0], text) : NIL;
		return found != NIL ? found : slot_by_name(m, text);
	}
	snprintf(n.text, sizeof(n.text), "%.*s", (int)(colon - text), text);
	task = find_task_named(m, n.text);
	return task == NIL ? NIL : slot_of_task(m, task, colon + 1);
}

uint32_t find_task_named(const struct model *m, const char *text)
{
	unsigned long number;
	char *end;

	if (!strncmp(text, "task#", 5))
		text += 5;
	else if (*text == '#')
		text++;
	if (*text < '0' || *text > '9')
		return NIL;
	number = strtoul(text, &end, 10);
	return *end || number > UINT32_MAX ? NIL : model_task(m, number);
}

uint32_t find_object_named(const struct model *m, const char *text)
{
	uint32_t slot;

	for (uint32_t i = 0; i < m->object_count; i++)
		if (!strcmp(object_name(m, i).text, text))
			return i;
	if (!strncmp(text, "task", 4))
		return find_task_named(m, text);
	slot = find_slot_named(m, text);
	return slot == NIL ? NIL : m->cap[slot].object;
}
