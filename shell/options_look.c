/* options_look.c: snapshots, records, traces, and what is said at the end. */
#include "shell/options_look.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/inspect/inspect.h"
#include "shell/numbers.h"
#include "vmm/log.h"
#include "vmm/vcpu.h"

#define MIB UINT64_C(0x100000)

int options_snapshot(void *ctx, const char *value)
{
	struct options *o = ctx;
	const char *at = strrchr(value, '@');

	if (!at || at == value || !parse_count(at + 1, &o->snapshot_at))
		return fail(-EINVAL,
			    "--snapshot: '%s' is not FILE@COUNT, a file and a "
			    "number of instructions",
			    value);
	free(o->snapshot);
	o->snapshot = strndup(value, at - value);
	return o->snapshot ? 0 : fail(-ENOMEM, "--snapshot: no memory");
}

int options_history_mem(void *ctx, const char *value)
{
	struct options *o = ctx;

	if (!parse_size(value, &o->history_mem) || o->history_mem < MIB)
		return fail(-EINVAL,
			    "--history-mem: '%s' is not a size like 256M, of "
			    "1M or more",
			    value);
	return 0;
}

int options_break_at(void *ctx, const char *value)
{
	struct options *o = ctx;

	o->has_break = true;
	if (parse_count(value, &o->break_at))
		return 0;
	return fail(-EINVAL, "--break-at: '%s' is not a number of instructions",
		    value);
}

int options_hash_every(void *ctx, const char *value)
{
	struct options *o = ctx;

	if (parse_count(value, &o->hash_every) && o->hash_every > 0)
		return 0;
	return fail(-EINVAL,
		    "--hash-every: '%s' is not a number of instructions, 1 or "
		    "more",
		    value);
}

static bool parse_trace_word(const char *text, struct trace_option *t)
{
	static const struct cli_word words[] = {
		{"exec", TRACE_EXEC}, {"int", TRACE_INT},   {"io", TRACE_IO},
		{"mmu", TRACE_MMU},   {"caps", TRACE_CALL}, {NULL, 0}};

	for (const struct cli_word *w = words; w->name; w++)
		if (!strcmp(w->name, text)) {
			t->what |= w->value;
			return true;
		}
	return parse_range(text, &t->from, &t->to);
}

static bool parse_trace(const char *text, struct trace_option *t)
{
	char list[80], *rest, *word;
	bool ok = strlen(text) < sizeof(list);

	snprintf(list, sizeof(list), "%s", text);
	for (word = strtok_r(list, ",", &rest); ok && word;
	     word = strtok_r(NULL, ",", &rest))
		ok = parse_trace_word(word, t);
	return ok && t->what;
}

int options_trace(void *ctx, const char *value)
{
	struct options *o = ctx;

	o->trace = (struct trace_option){0, 0, UINT64_MAX};
	if (parse_trace(value, &o->trace))
		return 0;
	return fail(-EINVAL,
		    "--trace: '%s' is not a list of exec, int, io, mmu, caps, "
		    "with at most one range like 1000-2000",
		    value);
}

/* "list task#2", "mark @100k" */
int options_look(void *ctx, const char *value)
{
	struct options *o = ctx;
	const char *at = strstr(value, " @");
	struct look_option look = {value,
				   at ? (size_t)(at - value) : strlen(value),
				   at != NULL, 0};
	char name[16];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(value, " "), value);
	if (!inspect_command(name))
		return fail(-EINVAL,
			    "--look: '%s' is no command to look with; see "
			    "vmm-look(7)",
			    name);
	if (at && !parse_count(at + 2, &look.count))
		return fail(-EINVAL,
			    "--look: '%s' is not a number of instructions",
			    at + 2);
	if (o->look_count == LOOK_MAX)
		return fail(-EINVAL, "--look: at most %d can be given",
			    LOOK_MAX);
	o->look[o->look_count++] = look;
	return 0;
}

const struct cli_word options_engine_words[] = {
	{"fast", 0}, {"reference", 1}, {NULL, 0}};

int options_engine(void *ctx, const char *value)
{
	struct options *o = ctx;
	int word = 0,
	    err = cli_word("engine", options_engine_words, value, &word);

	o->reference = word;
	return err;
}
