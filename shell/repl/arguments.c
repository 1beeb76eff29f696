/* arguments.c: what people type for slots, rights, types, flags and times. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "shell/numbers.h"
#include "shell/repl/act.h"
#include "shell/suggest.h"

/* ---- slots ---- */

static bool index_of(const char **text, unsigned *index)
{
	const char *p = *text;
	unsigned value = 0;

	if (!isdigit((unsigned char)*p))
		return false;
	for (; isdigit((unsigned char)*p); p++) {
		value = value * 10 + (*p - '0');
		if (value >= CPOOL_SLOTS)
			return false;
	}
	*text = p;
	*index = value;
	return true;
}

bool act_place(struct repl *r, const char *text, struct place *place)
{
	const char *p = text;
	unsigned index;

	*place = (struct place){0, 0};
	while (place->depth < CADDR_DEPTH_MAX && index_of(&p, &index)) {
		place->path = place->path << 8 | index;
		place->depth++;
		if (!*p)
			return true;
		if (*p++ != '/')
			break;
	}
	answer_fail(&r->answer, "USAGE",
		    "'%s' is no slot: a number 0..255, or a path of them "
		    "through pools such as 5/12",
		    text);
	return false;
}

/* The kernel is asked, so that it is right whatever the inspector sees. */
static bool lowest_free(struct repl *r, struct place *place)
{
	struct act act = {.row = call_label(CPOOL_FREE_SLOT), .self = {0, 1}};

	if (act_do(r, &act) != 0)
		return false;
	*place = (struct place){act.result.rdx & 0xff, 1};
	return true;
}

bool act_free_place(struct repl *r, const char *text, struct place *place)
{
	return strcmp(text, "auto") ? act_place(r, text, place)
				    : lowest_free(r, place);
}

/* ---- numbers ---- */

bool act_number(struct repl *r, const char *text, uint64_t *value)
{
	return repl_value(r, text, true, value);
}

bool act_time(struct repl *r, const char *text, uint64_t *ns)
{
	if (parse_duration(text, ns))
		return true;
	answer_fail(&r->answer, "USAGE", "'%s' is no time like 10ms, 5s or 2m",
		    text);
	return false;
}

static bool is_rights(const char *text, uint64_t *value)
{
	static const char letters[] = "rwgxp";

	*value = 0;
	if (!strcmp(text, "all")) {
		*value = RIGHT_ALL;
		return true;
	}
	if (!strcmp(text, "none"))
		return true;
	for (; *text; text++) {
		const char *at =
			*text == 'e' ? letters + 3 : strchr(letters, *text);

		if (!at)
			return false;
		*value |= 1u << (at - letters);
	}
	return *value;
}

static bool rights(struct repl *r, const char *text, uint64_t *value)
{
	if (is_rights(text, value))
		return true;
	if (isdigit((unsigned char)*text))
		return act_number(r, text, value);
	answer_fail(&r->answer, "USAGE", "'%s' is no set of rights", text);
	answer_hint(&r->answer, "letters of r (read) w (write) g (grant) x "
				"(execute) p (grant reply); or all, none");
	return false;
}

static bool type(struct repl *r, const char *text, uint64_t *value)
{
	const char *names[OBJECT_COUNT], *near;
	char upper[32];
	size_t i;

	*value = abi_object_find(text);
	if (*value)
		return true;
	if (isdigit((unsigned char)*text))
		return act_number(r, text, value);
	for (i = 0; text[i] && i + 1 < sizeof(upper); i++)
		upper[i] = toupper((unsigned char)text[i]);
	upper[i] = 0;
	for (i = 1; i < OBJECT_COUNT; i++)
		names[i - 1] = abi_object_name(i);
	near = suggest(upper, strlen(upper), names, OBJECT_COUNT - 1);
	answer_fail(&r->answer, "USAGE", "'%s' is no type of object%s%s%s",
		    text, near ? "; did you mean '" : "", near ? near : "",
		    near ? "'?" : "");
	answer_hint(&r->answer, "task, cpool, channel, raw_page, endpoint, "
				"notification, ...: `help untyped_retype`");
	return false;
}

static const struct {
	uint32_t first, last; /* labels */
	const char *name;
	uint64_t bit;
} flags[] = {
	{CHANNEL_PUT_RAW, CHANNEL_TAKE, "try", CHANNEL_TRY},
	{CHANNEL_PUT_RAW, CHANNEL_PUT_CAP, "overwrite", CHANNEL_OVERWRITE},
	{IRQ_CONTROL_GET, IRQ_CONTROL_GET, "level", IRQ_LEVEL},
	{IRQ_CONTROL_GET, IRQ_CONTROL_GET, "low", IRQ_LOW},
	{TASK_SET_FAULT_HANDLER, TASK_SET_FAULT_HANDLER, "syscall",
	 FAULT_ON_SYSCALL},
	{TASK_SET_FAULT_HANDLER, TASK_SET_FAULT_HANDLER, "capability",
	 FAULT_ON_CAPABILITY},
	{TASK_SET_FAULT_HANDLER, TASK_SET_FAULT_HANDLER, "budget",
	 FAULT_ON_BUDGET},
	{TASK_SET_FAULT_HANDLER, TASK_SET_FAULT_HANDLER, "all", FAULT_ON_ALL},
};

#define FLAGS (sizeof(flags) / sizeof(flags[0]))

static bool flag(const struct call_row *row, const char *text, size_t len,
		 uint64_t *value)
{
	for (size_t i = 0; i < FLAGS; i++)
		if (row->label >= flags[i].first &&
		    row->label <= flags[i].last &&
		    strlen(flags[i].name) == len &&
		    !strncmp(flags[i].name, text, len)) {
			*value |= flags[i].bit;
			return true;
		}
	return false;
}

/* Words with commas between them, or a number. */
static bool flag_set(struct repl *r, const struct call_row *row,
		     const char *text, uint64_t *value)
{
	const char *p = text;

	*value = 0;
	if (isdigit((unsigned char)*text))
		return act_number(r, text, value);
	for (;;) {
		size_t len = strcspn(p, ",");

		if (!flag(row, p, len, value))
			break;
		p += len;
		if (!*p++)
			return true;
	}
	answer_fail(&r->answer, "USAGE", "%s: '%s' is no set of flags",
		    row->name, text);
	for (size_t i = 0; i < FLAGS; i++)
		if (row->label >= flags[i].first && row->label <= flags[i].last)
			answer_hint(&r->answer, "%s", flags[i].name);
	return false;
}

static bool word(struct repl *r, const struct call_row *row, const char *name,
		 const char *text, uint64_t *value)
{
	if (!strcmp(name, "rights"))
		return rights(r, text, value);
	if (!strcmp(name, "type"))
		return type(r, text, value);
	if (!strcmp(name, "flags"))
		return flag_set(r, row, text, value);
	return act_number(r, text, value);
}

bool act_argument(struct repl *r, const struct call_row *row, unsigned n,
		  const char *text, struct act *act)
{
	const struct call_argument *a = &row->arg[n];

	switch (a->kind) {
	case CALL_WORD:
		return word(r, row, a->name, text, &act->word[n]);
	case CALL_PLACE:
		return act_free_place(r, text, &act->cap[n]);
	case CALL_MAYBE_CAP:
	case CALL_MAYBE_PLACE:
		if (!strcmp(text, "none")) {
			act->cap[n] = (struct place){0, 0};
			return true;
		}
		return act_free_place(r, text, &act->cap[n]);
	default:
		return act_place(r, text, &act->cap[n]);
	}
}
