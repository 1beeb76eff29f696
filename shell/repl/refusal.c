/*
 * refusal.c: why the kernel refused a call: its error, what lies in the slot
 * that it is about, what was needed there, and which slots would do.
 */
#include <inttypes.h>
#include <string.h>

#include "shell/repl/act.h"

#define SHOWN 6 /* of the slots that would do */

struct list {
	struct repl *r;
	char text[400];
	unsigned count;
};

static void add(void *ctx, const char *word, const char *about)
{
	struct list *l = ctx;
	size_t len = strlen(l->text);

	if (l->count++ < SHOWN)
		snprintf(l->text + len, sizeof(l->text) - len, "%s%s%s%s%s",
			 len ? ", " : "", word, *about ? " (" : "", about,
			 *about ? ")" : "");
}

static void add_free(void *ctx, const char *word, const char *about)
{
	add(ctx, word, "");
}

static void hint_list(struct repl *r, const char *what, const struct list *l)
{
	if (l->count)
		answer_hint(&r->answer, "%s: %s%s", what, l->text,
			    l->count > SHOWN ? ", ..." : "");
	else
		answer_hint(&r->answer, "%s: none", what);
}

static void hint_free(struct repl *r)
{
	struct list l = {.r = r};

	inspect_free_slots(r->inspect, "", add_free, &l);
	hint_list(r, "free slots", &l);
}

static void hint_types(struct repl *r, uint32_t types)
{
	struct list l = {.r = r};

	inspect_slots_of(r->inspect, types, "", add, &l);
	hint_list(r, "slots that would do", &l);
}

void place_text(const struct place *p, char text[PLACE_TEXT])
{
	size_t len = 0;

	text[0] = 0;
	for (unsigned i = p->depth; i-- > 0;)
		len += snprintf(text + len, PLACE_TEXT - len, "%s%u",
				len ? "/" : "",
				(unsigned)(p->path >> 8 * i & 0xff));
}

/* What the inspector says is there; "" when it cannot tell. */
static void slot_text(struct repl *r, const struct place *p, char *text,
		      size_t size)
{
	struct inspect_slot slot;
	char path[PLACE_TEXT];

	place_text(p, path);
	*text = 0;
	if (!p->depth || inspect_slot(r->inspect, path, &slot) != 0)
		return;
	if (!slot.type)
		snprintf(text, size, "slot %s is empty", path);
	else
		snprintf(text, size, "slot %s holds %s %s%s%s%s", path,
			 abi_object_name(slot.type), slot.name,
			 *slot.detail ? " (" : "", slot.detail,
			 *slot.detail ? ")" : "");
}

void act_describe(struct repl *r, const struct place *place)
{
	struct inspect_slot slot;
	char path[PLACE_TEXT];

	place_text(place, path);
	answer_string(&r->answer, "slot", path);
	if (inspect_slot(r->inspect, path, &slot) != 0) {
		fprintf(r->answer.text, "slot %s\n", path);
		return;
	}
	answer_string(&r->answer, "type", abi_object_name(slot.type));
	answer_string(&r->answer, "object", slot.name);
	answer_string(&r->answer, "detail", slot.detail);
	if (slot.type)
		fprintf(r->answer.text, "slot %s: %s %s%s%s%s\n", path,
			abi_object_name(slot.type), slot.name,
			*slot.detail ? " (" : "", slot.detail,
			*slot.detail ? ")" : "");
	else
		fprintf(r->answer.text, "slot %s: empty\n", path);
}

/* ---- what the error is about ---- */

struct about {
	const char *name;	   /* of the argument */
	const struct place *place; /* NULL: a number */
	enum call_kind kind;
	uint32_t types;
	const char *types_name;
	uint32_t rights;
};

static bool find_argument(const struct act *act, struct about *about)
{
	unsigned n = DETAIL_ARGUMENT(act->result.rdx);
	const struct call_row *row = act->row;

	if (n == 0) {
		*about = (struct about){"the target",	 &act->self,
					CALL_CAP,	 row->types,
					row->types_name, row->rights};
		return true;
	}
	if (n > CALL_ARGUMENTS || !row->arg[n - 1].name)
		return false;
	*about = (struct about){
		row->arg[n - 1].name,	    &act->cap[n - 1],
		row->arg[n - 1].kind,	    row->arg[n - 1].types,
		row->arg[n - 1].types_name, 0};
	if (about->kind == CALL_WORD)
		about->place = NULL;
	return true;
}

static void hint_slot(struct repl *r, const struct about *about)
{
	char there[256];

	if (!about->place)
		return;
	slot_text(r, about->place, there, sizeof(there));
	if (*there && about->types_name && strcmp(about->types_name, "ANY"))
		answer_hint(&r->answer, "%s: %s; needed: %s", about->name,
			    there, about->types_name);
	else if (*there)
		answer_hint(&r->answer, "%s: %s", about->name, there);
}

void act_hint_types(struct repl *r, const struct place *place, uint32_t types)
{
	struct about about = {.name = "the target", .place = place};

	hint_slot(r, &about);
	hint_types(r, types);
}

static void hint_rights(struct repl *r, const struct about *about)
{
	struct inspect_slot slot;
	char path[PLACE_TEXT], has[8], needs[8];

	if (!about->place)
		return;
	place_text(about->place, path);
	if (inspect_slot(r->inspect, path, &slot) != 0)
		return;
	abi_rights_text(slot.rights, has);
	abi_rights_text(about->rights, needs);
	answer_hint(&r->answer, "%s: slot %s has the rights %s%s%s",
		    about->name, path, has, about->rights ? "; needed: " : "",
		    about->rights ? needs : "");
}

static void hint_about(struct repl *r, const struct act *act,
		       const struct about *about)
{
	switch (act->result.rax) {
	case ERR_WRONG_TYPE:
	case ERR_EMPTY_SLOT:
	case ERR_BAD_ADDRESS:
		hint_slot(r, about);
		if (about->types)
			hint_types(r, about->types);
		break;
	case ERR_SLOT_TAKEN:
		hint_slot(r, about);
		hint_free(r);
		break;
	case ERR_NO_RIGHT:
		hint_rights(r, about);
		break;
	default:
		hint_slot(r, about);
	}
}

/* Those that are about no argument, or need more than a look at it. */
static const struct {
	enum error error;
	uint32_t label; /* 0: any */
	const char *hint;
} advice[] = {
	{ERR_INCOMPLETE, TASK_SET_ACTIVE,
	 "a task needs a pool, a table, IP and SP before it can be started: "
	 "set TASK cpool=0 table=3 ip=start stack=0x70003ffc"},
	{ERR_NO_TABLE, 0,
	 "the page tables above must be there first: retype PDPT, PD or PT, "
	 "and table_map it at the address"},
	{ERR_BAD_STATE, TASK_SET_IP, "stop it first: set TASK active=0"},
	{ERR_BAD_STATE, TASK_SET_SP, "stop it first: set TASK active=0"},
	{ERR_BAD_STATE, TASK_SET_CPOOL, "stop it first: set TASK active=0"},
	{ERR_BAD_STATE, TASK_SET_TABLE, "stop it first: set TASK active=0"},
	{ERR_BAD_STATE, TASK_SET_BUFFER, "stop it first: set TASK active=0"},
	{ERR_BAD_STATE, PAGE_MAP,
	 "a capability maps its frame once: copy it, and map the copy"},
	{ERR_NO_MEMORY, UNTYPED_RETYPE,
	 "`mem` shows what each Untyped has left; what was made of one comes "
	 "back when all of it is deleted"},
	{ERR_WOULD_BLOCK, CHANNEL_PUT_RAW,
	 "the channel is full: is a child there to take from it?"},
	{ERR_WOULD_BLOCK, CHANNEL_PUT_CAP,
	 "the channel is full: is a child there to take from it?"},
	{ERR_NO_COPY, 0, "`move` moves it"},
	{ERR_TIMEOUT, 0, "nobody came within the time given"},
};

static void hint_advice(struct repl *r, const struct act *act)
{
	for (size_t i = 0; i < sizeof(advice) / sizeof(advice[0]); i++)
		if (advice[i].error == act->result.rax &&
		    (!advice[i].label || advice[i].label == act->row->label))
			answer_hint(&r->answer, "%s", advice[i].hint);
}

static int say(struct repl *r, const char *what, uint64_t error)
{
	answer_fail(&r->answer, abi_error_name(error),
		    "the kernel refused %s: %s: %s", what,
		    abi_error_name(error), abi_error_text(error));
	return 1;
}

int act_refused_plain(struct repl *r, const char *what, uint64_t error)
{
	return say(r, what, error);
}

int act_refused(struct repl *r, const struct act *act)
{
	uint64_t error = act->result.rax;
	struct about about;
	char self[PLACE_TEXT], what[128];

	place_text(&act->self, self);
	snprintf(what, sizeof(what), "%s of slot %s", act->row->name, self);
	say(r, what, error);
	if (DETAIL_ARGUMENT(act->result.rdx) != DETAIL_NONE &&
	    find_argument(act, &about))
		hint_about(r, act, &about);
	hint_advice(r, act);
	return 1;
}
