/*
 * invoke.c: a call of the table as registers (guest-kernel/abi/syscall.h), and
 * the command that makes any of them: NAME SLOT [ARGUMENT=VALUE...].
 */
#include <inttypes.h>
#include <string.h>

#include "shell/repl/act.h"

static bool is_cap(enum call_kind kind)
{
	return kind != CALL_NONE && kind != CALL_WORD;
}

/* A word each; of capabilities the path, and its depth in the info word. */
static void encode(const struct act *act, struct link_syscall *s)
{
	uint64_t *word[CALL_ARGUMENTS] = {&s->rdx, &s->r10, &s->r8, &s->r9};
	unsigned caps = 0, count = 0;
	uint64_t depths = 0;

	for (; count < CALL_ARGUMENTS && act->row->arg[count].name; count++) {
		if (!is_cap(act->row->arg[count].kind)) {
			*word[count] = act->word[count];
			continue;
		}
		*word[count] = act->cap[count].path;
		depths |= (uint64_t)act->cap[count].depth
			  << (INFO_ARGUMENT_SHIFT + 4 * caps++);
	}
	s->rax = SYS_INVOKE;
	s->rdi = act->self.path;
	s->rsi = act->row->label | (uint64_t)count << INFO_WORDS_SHIFT |
		 (uint64_t)act->self.depth << INFO_TARGET_SHIFT | depths;
	s->wait_ns = act->wait_ns;
	s->want = act->want;
}

int act_do(struct repl *r, struct act *act)
{
	struct link_syscall s = {0};
	int status;

	encode(act, &s);
	status = link_syscall(r, &s, act->data, act->data_len, &act->result,
			      act->back);
	if (status)
		return status;
	return act->result.rax == ERR_OK ? 0 : act_refused(r, act);
}

/* ---- NAME SLOT [ARGUMENT=VALUE...] ---- */

static unsigned argument_count(const struct call_row *row)
{
	unsigned n = 0;

	while (n < CALL_ARGUMENTS && row->arg[n].name)
		n++;
	return n;
}

/* Which argument the word is for, and its value; by order if not by name. */
static bool split(struct repl *r, const struct call_row *row, const char *word,
		  unsigned next, unsigned *which, const char **value)
{
	const char *sign = strchr(word, '=');
	size_t len = sign ? (size_t)(sign - word) : 0;
	unsigned count = argument_count(row);

	for (unsigned n = 0; sign && n < count; n++)
		if (strlen(row->arg[n].name) == len &&
		    !strncmp(row->arg[n].name, word, len)) {
			*which = n;
			*value = sign + 1;
			return true;
		}
	if (sign && sign[1] != '=') {
		answer_fail(&r->answer, "USAGE", "%s has no argument '%.*s'",
			    row->name, (int)len, word);
		answer_hint(&r->answer, "`help %s` lists them", row->name);
		return false;
	}
	*which = next;
	*value = word;
	if (next < count)
		return true;
	answer_fail(&r->answer, "USAGE", "%s: '%s' is one argument too many",
		    row->name, word);
	return false;
}

/* What is missing must be something that may be. */
static bool whole(struct repl *r, const struct call_row *row,
		  const bool given[CALL_ARGUMENTS])
{
	for (unsigned n = 0; n < argument_count(row); n++) {
		bool flags = !strcmp(row->arg[n].name, "flags");

		if (given[n] || flags || row->arg[n].kind == CALL_MAYBE_CAP ||
		    row->arg[n].kind == CALL_MAYBE_PLACE)
			continue;
		answer_fail(&r->answer, "USAGE", "%s needs %s=", row->name,
			    row->arg[n].name);
		answer_hint(&r->answer, "`help %s` says what it is", row->name);
		return false;
	}
	return true;
}

static bool read_arguments(struct repl *r, const struct words *w,
			   struct act *act)
{
	bool given[CALL_ARGUMENTS] = {false};
	unsigned next = 0, which;
	const char *value;

	for (unsigned i = 2; i < w->count; i++) {
		if (!strncmp(w->word[i], "wait=", 5)) {
			if (!act_time(r, w->word[i] + 5, &act->wait_ns))
				return false;
			continue;
		}
		if (!split(r, act->row, w->word[i], next, &which, &value))
			return false;
		if (given[which]) {
			answer_fail(&r->answer, "USAGE",
				    "%s: %s is given twice", act->row->name,
				    act->row->arg[which].name);
			return false;
		}
		if (!act_argument(r, act->row, which, value, act))
			return false;
		given[which] = true;
		while (next < CALL_ARGUMENTS && given[next])
			next++;
	}
	return whole(r, act->row, given);
}

static const char *state_name(uint64_t state)
{
	static const char *const names[] = {
		[TASK_INACTIVE] = "inactive",
		[TASK_READY] = "ready",
		[TASK_PARKED] = "parked: its budget is used up",
		[TASK_WAITING] = "waiting to take from a channel",
		[TASK_SENDING] = "sending to an endpoint",
		[TASK_CALLING] = "calling an endpoint",
		[TASK_RECEIVING] = "receiving at an endpoint",
		[TASK_LISTENING] = "listening to a notification",
		[TASK_ANSWERED] = "waiting for an answer",
		[TASK_PUTTING] = "putting into a channel",
	};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

static void print_result(struct repl *r, const char *name, uint64_t value)
{
	answer_hex(&r->answer, name, value);
	if (!strcmp(name, "type"))
		fprintf(r->answer.text, "%s: %s\n", name,
			abi_object_name(value));
	else if (!strcmp(name, "state"))
		fprintf(r->answer.text, "%s: %" PRIu64 " (%s)\n", name, value,
			state_name(value));
	else if (value < 10)
		fprintf(r->answer.text, "%s: %" PRIu64 "\n", name, value);
	else
		fprintf(r->answer.text, "%s: %" PRIu64 " (%#" PRIx64 ")\n",
			name, value, value);
}

static void print_results(struct repl *r, const struct act *act)
{
	uint64_t value[CALL_RESULTS] = {act->result.rdx, act->result.r10,
					act->result.r8};

	for (unsigned i = 0; i < CALL_RESULTS && act->row->result[i]; i++)
		print_result(r, act->row->result[i], value[i]);
}

static void print_registers(struct repl *r, const struct act *act)
{
	static const char *const names[] = {
		"rax", "rbx", "rcx", "rdx",    "rsi",	  "rdi",    "rbp",
		"rsp", "r8",  "r9",  "r10",    "r11",	  "r12",    "r13",
		"r14", "r15", "rip", "rflags", "fs_base", "gs_base"};
	uint64_t value;

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		memcpy(&value, act->back + 8 * i, 8);
		answer_hex(&r->answer, names[i], value);
		fprintf(r->answer.text, "%-7s %016" PRIx64 "%s", names[i],
			value, i % 3 == 2 ? "\n" : "  ");
	}
	fputc('\n', r->answer.text);
}

int act_call(struct repl *r, const struct words *w)
{
	struct act act = {.row = call_find(w->word[0])};
	int status;

	if (w->count < 2) {
		answer_fail(&r->answer, "USAGE", "%s: which slot?", w->word[0]);
		answer_hint(&r->answer, "`help %s` says what it takes",
			    w->word[0]);
		return 2;
	}
	if (!act_place(r, w->word[1], &act.self) || !read_arguments(r, w, &act))
		return strcmp(r->answer.code, "USAGE") ? 1 : 2;
	if (act.row->label == TASK_GET_REGISTERS)
		act.want = sizeof(struct task_registers);
	status = act_do(r, &act);
	if (status)
		return status;
	print_results(r, &act);
	if (act.want)
		print_registers(r, &act);
	for (unsigned n = 0; n < CALL_ARGUMENTS; n++)
		if (act.row->arg[n].kind == CALL_PLACE)
			act_describe(r, &act.cap[n]);
	repl_calm(r);
	return 0;
}
