/*
 * complete.c: what a word at the prompt could become: commands, slots with
 * what they hold, free slots, tasks, symbols, and the words of commands.
 */
#include <ctype.h>
#include <string.h>

#include "shell/repl/act.h"

struct asked {
	struct repl *r;
	const char *prefix;
	size_t len;
	inspect_word_fn *fn;
	void *ctx;
};

static void offer(struct asked *a, const char *word, const char *about)
{
	if (!strncmp(word, a->prefix, a->len))
		a->fn(a->ctx, word, about);
}

static void offer_command(void *ctx, const char *name, const char *about)
{
	offer(ctx, name, about);
}

static void offer_commands(struct asked *a)
{
	repl_each_command(offer_command, a);
	for (size_t i = 0; a->len && i < CALL_ROWS; i++)
		offer(a, call_rows[i].name, call_rows[i].types_name);
}

static void offer_types(struct asked *a)
{
	char name[32];

	for (unsigned type = 1; type < OBJECT_COUNT; type++) {
		const char *upper = abi_object_name(type);
		size_t i;

		for (i = 0; upper[i] && i + 1 < sizeof(name); i++)
			name[i] = tolower((unsigned char)upper[i]);
		name[i] = 0;
		if (type != OBJECT_ZOMBIE)
			offer(a, name, "");
	}
}

/* Too many to show unless something is typed. */
static void offer_symbols(struct asked *a)
{
	if (!a->len)
		return;
	repl_symbols(a->r);
	for (size_t i = 0; i < a->r->kernel.count; i++)
		offer(a, a->r->kernel.symbol[i].name, "kernel");
	for (size_t i = 0; i < a->r->init.count; i++)
		offer(a, a->r->init.symbol[i].name, "init");
}

static void offer_kind(struct asked *a, char kind)
{
	struct inspect *in = a->r->inspect;

	switch (kind) {
	case 's':
		inspect_slots(in, a->prefix, a->fn, a->ctx);
		break;
	case 'u':
		inspect_slots_of(in, TYPES_UNTYPED, a->prefix, a->fn, a->ctx);
		break;
	case 'f':
		offer(a, "auto", "the lowest free slot");
		inspect_free_slots(in, a->prefix, a->fn, a->ctx);
		break;
	case 't':
		inspect_task_names(in, a->prefix, a->fn, a->ctx);
		break;
	case 'c':
		offer_commands(a);
		break;
	case 'o':
		offer_types(a);
		break;
	case 'y':
		offer_symbols(a);
		break;
	default:
		break;
	}
}

/* ---- arguments with names: calls and `set` ---- */

static void offer_argument(struct asked *a, const struct call_argument *arg)
{
	struct inspect *in = a->r->inspect;

	switch (arg->kind) {
	case CALL_CAP:
	case CALL_MAYBE_CAP:
	case CALL_TAKE:
		inspect_slots_of(in, arg->types, a->prefix, a->fn, a->ctx);
		break;
	case CALL_PLACE:
	case CALL_MAYBE_PLACE:
		offer_kind(a, 'f');
		break;
	default:
		if (!strcmp(arg->name, "type"))
			offer_types(a);
		else
			offer_symbols(a);
	}
}

static void offer_named(struct asked *a, const char *name)
{
	char word[40];

	snprintf(word, sizeof(word), "%s=", name);
	offer(a, word, "");
}

/* `key` is the word in front of '=', or NULL when there is none yet. */
static void offer_call(struct asked *a, const struct call_row *row,
		       unsigned index, const char *key)
{
	if (index == 1) {
		inspect_slots_of(a->r->inspect, row->types, a->prefix, a->fn,
				 a->ctx);
		return;
	}
	for (unsigned i = 0; i < CALL_ARGUMENTS && row->arg[i].name; i++)
		if (!key)
			offer_named(a, row->arg[i].name);
		else if (!strcmp(row->arg[i].name, key))
			offer_argument(a, &row->arg[i]);
}

static void offer_set(struct asked *a, const struct words *w, unsigned index,
		      const char *key)
{
	bool rux = w->count > 1 && !isdigit((unsigned char)*w->word[1]);
	const char *name = rux && index == 3 ? w->word[1] : key;

	if (index == 1 || (rux && index == 2))
		inspect_slots_of(a->r->inspect, TYPES_TASK, a->prefix, a->fn,
				 a->ctx);
	for (unsigned i = 0; act_setting(i) && index == 1; i++)
		offer(a, act_setting(i), "as in Rux: SETTING TASK VALUE");
	for (unsigned i = 0; act_setting(i) && index > 1 && !rux && !key; i++)
		offer_named(a, act_setting(i));
	if (!name)
		return;
	if (!strcmp(name, "cpool") || !strcmp(name, "pool"))
		inspect_slots_of(a->r->inspect, TYPES_CPOOL, a->prefix, a->fn,
				 a->ctx);
	else if (!strcmp(name, "table"))
		inspect_slots_of(a->r->inspect, TYPES_PML4, a->prefix, a->fn,
				 a->ctx);
	else if (!strcmp(name, "buffer"))
		inspect_slots_of(a->r->inspect, TYPES_TASK_BUFFER, a->prefix,
				 a->fn, a->ctx);
	else
		offer_symbols(a);
}

/* ---- a line ---- */

static const struct {
	const char *first;
	const char *words; /* second ones */
} seconds[] = {{"start", "child"}, {"send", "raw cap bytes"}};

static void offer_seconds(struct asked *a, const char *first)
{
	char list[64], *rest, *word;

	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		if (strcmp(seconds[i].first, first) != 0)
			continue;
		snprintf(list, sizeof(list), "%s", seconds[i].words);
		for (word = strtok_r(list, " ", &rest); word;
		     word = strtok_r(NULL, " ", &rest))
			offer(a, word, "");
	}
}

/* `start child`: a slot, or a module by its file's name. */
static void offer_child(struct asked *a, const struct words *w, unsigned index)
{
	const struct options *o = &a->r->options->options;

	if (index == 3 && !strcmp(w->word[2], "--slot"))
		offer_kind(a, 'f');
	if (index != 2)
		return;
	offer(a, "--slot", "another than 249");
	for (unsigned i = 1; i < o->module_count; i++) {
		const char *name = strrchr(o->module[i], '/');

		offer(a, name ? name + 1 : o->module[i], "module");
	}
}

/* What a message carries, by name. */
static void offer_message(struct asked *a, const char *key)
{
	static const char *const names[] = {"label", "cap", "into", "reply",
					    "wait"};

	for (size_t i = 0; !key && i < sizeof(names) / sizeof(names[0]); i++)
		offer_named(a, names[i]);
	if (key && (!strcmp(key, "cap") || !strcmp(key, "reply")))
		offer_kind(a, 's');
	if (key && !strcmp(key, "into"))
		offer_kind(a, 'f');
}

/* The last letter stands for all that follow. */
static char kind_of(const struct repl_command *c, unsigned index)
{
	size_t len = strlen(c->words);

	if (!len)
		return '-';
	return c->words[index <= len ? index - 1 : len - 1];
}

static bool complete_words(struct asked *a, const struct words *w,
			   unsigned index, const char *key, const char *line)
{
	const struct repl_command *c = repl_command(w->word[0]);
	char kind = c ? kind_of(c, index) : '-';

	if (call_find(w->word[0]))
		offer_call(a, call_find(w->word[0]), index, key);
	else if (!c && inspect_command(w->word[0]))
		inspect_complete(a->r->inspect, line, a->prefix, a->fn, a->ctx);
	else if (c && kind == 'k')
		offer_set(a, w, index, key);
	else if (c && kind == 'm')
		offer_message(a, key);
	else if (c)
		offer_kind(a, kind);
	if (c && index == 1)
		offer_seconds(a, c->name);
	if (c && !strcmp(c->name, "start"))
		offer_child(a, w, index);
	if (c && !strcmp(c->name, "send") && index == 2 &&
	    !strcmp(w->word[1], "cap"))
		offer_kind(a, 's');
	return kind == 'F';
}

bool repl_complete(struct repl *r, const char *line, size_t at,
		   const char *prefix, inspect_word_fn *fn, void *ctx)
{
	struct asked a = {r, prefix, strlen(prefix), fn, ctx};
	char before[WORDS_SIZE], *begin, *key = NULL;
	const char *why, *text;
	struct words w;

	if (at >= sizeof(before))
		return false;
	memcpy(before, line, at);
	before[at] = 0;
	begin = strrchr(before, ';');
	begin = begin ? begin + 1 : before;
	/* NAME= in front of the word. */
	if (at && before[at - 1] == '=') {
		before[at - 1] = 0;
		key = strrchr(begin, ' ');
		key = key ? key + 1 : begin;
	}
	text = begin;
	if (!words_read(&text, &w, &why))
		return false;
	if (w.count == 0) {
		offer_commands(&a);
		return false;
	}
	/* The word that ends in '=' is the one this is a part of. */
	if (key && w.count == 1)
		return false;
	return complete_words(&a, &w, key ? w.count - 1 : w.count, key, begin);
}
