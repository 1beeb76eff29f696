/*
 * cmd_act.c: acting by short names: Rux's commands as its README has them, and
 * what one does most with capabilities. Each is one call of the table or a few
 * of them in a row, up to the first that is refused.
 */
#include <inttypes.h>
#include <string.h>

#include "guest-kernel/abi/bootinfo.h"
#include "shell/numbers.h"
#include "shell/repl/act.h"

/* What the parsers have said makes a usage error of it, or not. */
static int failed(struct repl *r)
{
	return strcmp(r->answer.code, "USAGE") ? 1 : 2;
}

static struct act act_of(uint32_t label, struct place self)
{
	return (struct act){.row = call_label(label), .self = self};
}

static struct place slot(unsigned index)
{
	return (struct place){index, 1};
}

/* The pool that a place is in, and its index there. */
static struct place pool_of(const struct place *p)
{
	if (p->depth < 2)
		return slot(BOOT_SLOT_CPOOL);
	return (struct place){p->path >> 8, p->depth - 1};
}

static unsigned index_of(const struct place *p)
{
	return p->path & 0xff;
}

static int do_and_describe(struct repl *r, struct act *act,
			   const struct place *place)
{
	int status = act_do(r, act);

	if (!status)
		act_describe(r, place);
	if (!status)
		repl_calm(r);
	return status;
}

/* ---- retype ---- */

static int retype(struct repl *r, uint64_t type, struct place from,
		  struct place to, uint64_t count, uint64_t size)
{
	struct act act = act_of(UNTYPED_RETYPE, from);

	act.word[0] = type;
	act.word[1] = size;
	act.word[2] = count;
	act.cap[3] = to;
	return do_and_describe(r, &act, &to);
}

static int run_retype(struct repl *r, const struct words *w)
{
	struct act type = {.row = call_label(UNTYPED_RETYPE)};
	struct place from, to;
	uint64_t count = 1, size = 0;

	if (!act_argument(r, type.row, 0, w->word[1], &type) ||
	    !act_place(r, w->word[2], &from) ||
	    (w->count > 4 && !act_number(r, w->word[4], &count)) ||
	    (w->count > 5 && !act_number(r, w->word[5], &size)) ||
	    !act_free_place(r, w->word[3], &to))
		return failed(r);
	return retype(r, type.word[0], from, to, count, size);
}

/* ---- set ---- */

/* Rux's names, ours beside them, and the call; the others are the table's. */
static const struct {
	const char *name;
	uint32_t label;
} settings[] = {
	{"stack", TASK_SET_SP},
	{"sp", TASK_SET_SP},
	{"instruction", TASK_SET_IP},
	{"ip", TASK_SET_IP},
	{"cpool", TASK_SET_CPOOL},
	{"pool", TASK_SET_CPOOL},
	{"table", TASK_SET_TABLE},
	{"buffer", TASK_SET_BUFFER},
	{"active", TASK_SET_ACTIVE},
	{"fs_base", TASK_SET_FS_BASE},
	{"arg", TASK_SET_ARG},
	{"priority", TASK_SET_PRIORITY},
	{"handler", TASK_SET_FAULT_HANDLER},
	{"notification", TASK_BIND},
	{"context", TASK_SET_CONTEXT},
	{"ports", TASK_SET_PORTS},
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

const char *act_setting(unsigned i)
{
	return i < SETTINGS ? settings[i].name : NULL;
}

static const struct call_row *find_setting(const char *name, size_t len)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (strlen(settings[i].name) == len &&
		    !strncmp(settings[i].name, name, len))
			return call_label(settings[i].label);
	return NULL;
}

static int unknown_setting(struct repl *r, const char *name, size_t len)
{
	answer_fail(&r->answer, "USAGE", "a task has no setting '%.*s'",
		    (int)len, name);
	answer_hint(&r->answer, "stack ip cpool table buffer active arg "
				"fs_base priority handler notification "
				"context ports");
	return 2;
}

/* "5", or "5,3" where the call takes two. */
static bool setting_values(struct repl *r, struct act *act, const char *text)
{
	char first[64];
	size_t len = strcspn(text, ",");
	/* Its flags can be left out. */
	unsigned n = act->row->label == TASK_SET_FAULT_HANDLER && !text[len];

	if (len >= sizeof(first)) {
		answer_fail(&r->answer, "USAGE", "'%s' is too long", text);
		return false;
	}
	memcpy(first, text, len);
	first[len] = 0;
	if (!act_argument(r, act->row, n, first, act))
		return false;
	if (act->row->label == TASK_SET_PRIORITY)
		act->word[1] = act->word[0];
	if (!text[len])
		return true;
	if (act->row->arg[n + 1].name)
		return act_argument(r, act->row, n + 1, text + len + 1, act);
	answer_fail(&r->answer, "USAGE", "'%s': one value is enough", text);
	return false;
}

/* All are read before the first is set: a slip changes nothing. */
static int set_pairs(struct repl *r, struct place task, const struct words *w)
{
	struct act act[WORDS_MAX];
	unsigned count = w->count - 2;
	int status = 0;

	for (unsigned i = 0; i < count; i++) {
		const char *pair = w->word[i + 2];
		size_t len = strcspn(pair, "=");
		const struct call_row *row = find_setting(pair, len);

		if (!pair[len])
			return answer_fail(&r->answer, "USAGE",
					   "'%s': expected SETTING=VALUE",
					   pair);
		if (!row)
			return unknown_setting(r, pair, len);
		act[i] = act_of(row->label, task);
		if (!setting_values(r, &act[i], pair + len + 1))
			return failed(r);
	}
	for (unsigned i = 0; i < count && !status; i++) {
		status = act_do(r, &act[i]);
		if (status && i)
			answer_hint(&r->answer, "the %u before it %s done", i,
				    i == 1 ? "is" : "are");
	}
	if (!status)
		act_describe(r, &task);
	if (!status)
		repl_calm(r);
	return status;
}

/* set stack 249 0x70003ffc; set 249 stack=0x70003ffc ip=start */
static int run_set(struct repl *r, const struct words *w)
{
	const struct call_row *row =
		find_setting(w->word[1], strlen(w->word[1]));
	struct place task;
	struct act act;

	if (!row && w->word[1][0] >= 'a')
		return unknown_setting(r, w->word[1], strlen(w->word[1]));
	if (!row)
		return act_place(r, w->word[1], &task) ? set_pairs(r, task, w)
						       : failed(r);
	if (w->count != 4)
		return answer_fail(&r->answer, "USAGE",
				   "expected: set %s TASK VALUE", w->word[1]);
	if (!act_place(r, w->word[2], &task))
		return failed(r);
	act = act_of(row->label, task);
	if (!setting_values(r, &act, w->word[3]))
		return failed(r);
	return do_and_describe(r, &act, &task);
}

/* ---- send ---- */

static int sent(struct repl *r, struct act *act, const char *what)
{
	char to[PLACE_TEXT];
	int status = act_do(r, act);

	if (status)
		return status;
	place_text(&act->self, to);
	fprintf(r->answer.text, "slot %s <- %s\n", to, what);
	repl_calm(r);
	return 0;
}

static int send_bytes(struct repl *r, struct place channel, const char *text)
{
	struct act act = act_of(CHANNEL_PUT_PAYLOAD, channel);
	uint8_t bytes[WORDS_SIZE];
	size_t len;
	char what[64];

	if (!parse_escapes(text, bytes, &len))
		return answer_fail(&r->answer, "USAGE",
				   "'%s': an escape that is none", text);
	if (len > TASK_BUFFER_BYTES)
		return answer_fail(&r->answer, "USAGE",
				   "send bytes: %zu are more than a task "
				   "buffer's %u",
				   len, TASK_BUFFER_BYTES);
	act.data = bytes;
	act.data_len = act.word[0] = len;
	act.word[1] = CHANNEL_TRY;
	snprintf(what, sizeof(what), "%zu bytes", len);
	return sent(r, &act, what);
}

static int run_send(struct repl *r, const struct words *w)
{
	struct place channel = slot(BOOT_SLOT_CHANNEL);
	struct act act;
	char what[80];

	if (w->count > 3 && !act_place(r, w->word[3], &channel))
		return failed(r);
	if (!strcmp(w->word[1], "bytes"))
		return send_bytes(r, channel, w->word[2]);
	if (!strcmp(w->word[1], "raw")) {
		act = act_of(CHANNEL_PUT_RAW, channel);
		if (!act_number(r, w->word[2], &act.word[0]))
			return failed(r);
		snprintf(what, sizeof(what), "%" PRIu64, act.word[0]);
	} else if (!strcmp(w->word[1], "cap")) {
		act = act_of(CHANNEL_PUT_CAP, channel);
		if (!act_place(r, w->word[2], &act.cap[0]))
			return failed(r);
		snprintf(what, sizeof(what), "the capability in slot %.50s",
			 w->word[2]);
	} else {
		return answer_fail(&r->answer, "USAGE",
				   "send: '%s' is none of raw, cap, bytes",
				   w->word[1]);
	}
	act.word[1] = CHANNEL_TRY;
	return sent(r, &act, what);
}

/* ---- capabilities ---- */

static bool option(const char *word, const char *name, const char **value)
{
	size_t len = strlen(name);

	if (strncmp(word, name, len) || word[len] != '=')
		return false;
	*value = word + len + 1;
	return true;
}

static int run_copy(struct repl *r, const struct words *w)
{
	bool move = !strcmp(w->word[0], "move");
	struct place from, to;
	struct act act;

	if (!act_place(r, w->word[1], &from) ||
	    !act_free_place(r, w->word[2], &to))
		return failed(r);
	act = act_of(move ? CPOOL_MOVE : CPOOL_COPY, pool_of(&to));
	act.word[0] = index_of(&to);
	act.cap[1] = from;
	return do_and_describe(r, &act, &to);
}

static int run_mint(struct repl *r, const struct words *w)
{
	struct place from, to;
	struct act act;

	if (!act_place(r, w->word[1], &from) ||
	    !act_free_place(r, w->word[2], &to))
		return failed(r);
	act = act_of(CPOOL_MINT, pool_of(&to));
	act.word[0] = index_of(&to);
	act.word[1] = RIGHT_ALL;
	act.cap[3] = from;
	for (unsigned i = 3; i < w->count; i++) {
		const char *value;
		bool is_badge = option(w->word[i], "badge", &value);

		if (!is_badge && !option(w->word[i], "rights", &value))
			return answer_fail(&r->answer, "USAGE",
					   "mint: '%s': expected rights=... "
					   "or badge=...",
					   w->word[i]);
		if (!act_argument(r, act.row, is_badge ? 2 : 1, value, &act))
			return failed(r);
	}
	return do_and_describe(r, &act, &to);
}

static int run_delete(struct repl *r, const struct words *w)
{
	bool revoke = !strcmp(w->word[0], "revoke");
	struct place at;
	struct act act;

	if (!revoke && !strcmp(w->word[1], "break"))
		return breaks_delete(r, words_at(w, 2));
	if (w->count > 2)
		return answer_fail(&r->answer, "USAGE",
				   "%s: one slot at a time", w->word[0]);
	if (!act_place(r, w->word[1], &at))
		return failed(r);
	act = act_of(revoke ? CPOOL_REVOKE : CPOOL_DELETE, pool_of(&at));
	act.word[0] = index_of(&at);
	return do_and_describe(r, &act, &at);
}

static int run_map(struct repl *r, const struct words *w)
{
	struct place frame;
	struct act act;

	if (!act_place(r, w->word[1], &frame))
		return failed(r);
	act = act_of(PAGE_MAP, frame);
	act.word[1] = RIGHT_READ | RIGHT_WRITE;
	act.cap[2] = slot(BOOT_SLOT_PML4);
	if (!act_number(r, w->word[2], &act.word[0]) ||
	    (w->count > 3 && !act_argument(r, act.row, 1, w->word[3], &act)) ||
	    (w->count > 4 && !act_place(r, w->word[4], &act.cap[2])))
		return failed(r);
	return do_and_describe(r, &act, &frame);
}

/* Frames and page tables alike: by what the kernel says is there. */
static int run_unmap(struct repl *r, const struct words *w)
{
	struct act info, act;
	struct place at;
	int status;

	if (!act_place(r, w->word[1], &at))
		return failed(r);
	info = act_of(CPOOL_TYPE, pool_of(&at));
	info.word[0] = index_of(&at);
	status = act_do(r, &info);
	if (status)
		return status;
	act = act_of(info.result.rdx < 32 && TYPES_TABLE >> info.result.rdx & 1
			     ? TABLE_UNMAP
			     : PAGE_UNMAP,
		     at);
	return do_and_describe(r, &act, &at);
}

const struct repl_command act_commands[] = {
	{"retype", GROUP_ACT, "TYPE UNTYPED SLOT [COUNT [SIZE]]",
	 "make objects from untyped memory",
	 "  SLOT may be auto, the lowest free one. As in Rux: retype task 2 "
	 "249.\n",
	 3, 5, "ouf--", true, run_retype},
	{"set", GROUP_ACT, "TASK SETTING=VALUE... | SETTING TASK VALUE",
	 "set up a task, start it (active=1) or stop it",
	 "  set 249 stack=0x70003ffc ip=start cpool=0 table=3 buffer=250\n"
	 "  set active 249 1\n"
	 "  priority=P[,MAXIMUM]  handler=[FLAGS,]ENDPOINT  ports=N,IO_PORT\n",
	 2, WORDS_MAX, "k", true, run_set},
	{"send", GROUP_ACT, "raw N | cap SLOT | bytes TEXT  [CHANNEL]",
	 "put something into a channel (255)", NULL, 2, 3, "--s", true,
	 run_send},
	{"copy", GROUP_ACT, "SLOT SLOT", "copy a capability to a free slot",
	 NULL, 2, 2, "sf", true, run_copy},
	{"mint", GROUP_ACT, "SLOT SLOT [rights=rwgxp] [badge=N]",
	 "the same with fewer rights, or a badge", NULL, 2, 4, "sf-", true,
	 run_mint},
	{"move", GROUP_ACT, "SLOT SLOT", "move it", NULL, 2, 2, "sf", true,
	 run_copy},
	{"delete", GROUP_ACT, "SLOT | break [NUMBER]",
	 "empty a slot; forget breakpoints", NULL, 1, 2, "s-", false,
	 run_delete},
	{"revoke", GROUP_ACT, "SLOT",
	 "delete all that was derived from its capability", NULL, 1, 1, "s",
	 true, run_delete},
	{"map", GROUP_ACT, "FRAME ADDRESS [RIGHTS [TABLE]]",
	 "map a frame: rw, into slot 3's address space", NULL, 2, 4, "s--s",
	 true, run_map},
	{"unmap", GROUP_ACT, "SLOT", "undo that, of a page table too", NULL, 1,
	 1, "s", true, run_unmap},
	{"take", GROUP_ACT, "CHANNEL [SLOT] [TIME]",
	 "take from a channel; wait for TIME at most", NULL, 1, 3, "sf-", true,
	 act_run_take},
	{"signal", GROUP_ACT, "NOTIFICATION [BITS]",
	 "set the badge's bits, or these", NULL, 1, 2, "s-", true,
	 act_run_signal},
	{"wait", GROUP_ACT, "NOTIFICATION [TIME]",
	 "take its bits; wait for one, for TIME at most", NULL, 1, 2, "s-",
	 true, act_run_wait},
	{"call", GROUP_ACT,
	 "ENDPOINT [label=N] [WORD...] [cap=SLOT...] [into=SLOT] [wait=TIME]",
	 "call it and wait for the answer",
	 "  call 100 label=1 5 cap=3 into=auto wait=10ms\n"
	 "  To four words and three capabilities; into=SLOT is for one that "
	 "the answer has.\n  They go if the endpoint's capability has the "
	 "grant right (g).\n",
	 1, 11, "sm", true, act_run_message},
	{"tell", GROUP_ACT,
	 "ENDPOINT [label=N] [WORD...] [cap=SLOT...] [wait=TIME]",
	 "send without waiting for an answer; also to a REPLY", NULL, 1, 10,
	 "sm", true, act_run_message},
	{"receive", GROUP_ACT, "ENDPOINT [reply=SLOT] [into=SLOT] [wait=TIME]",
	 "take a message; a call is answered with `tell REPLY`", NULL, 1, 4,
	 "sm", true, act_run_message},
	{"clock", GROUP_ACT, "", "the kernel's clock and version", NULL, 0, 0,
	 "", true, act_run_clock},
	{NULL}};
