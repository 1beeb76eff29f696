/*
 * cmd_start.c: `start child`: a task of rinit's own image by the debug link;
 * or another program, a module, which rinit itself makes a child of: that is
 * typed at its command line, on COM1, and what it says there is the answer.
 */
#include <inttypes.h>
#include <string.h>

#include "guest-kernel/abi/bootinfo.h"
#include "shell/repl/act.h"

#define RINIT_LINE 254 /* characters that its command line takes */
#define ERASE	   "\x15"
#define REFUSAL	   "start child: "
#define DONE	   "Child started."

static int failed(struct repl *r)
{
	return strcmp(r->answer.code, "USAGE") ? 1 : 2;
}

static struct place slot(unsigned index)
{
	return (struct place){index, 1};
}

/* ---- rinit's image ---- */

static struct act act_of(uint32_t label, struct place self)
{
	return (struct act){.row = call_label(label), .self = self};
}

static int start_image(struct repl *r, struct place task)
{
	const struct link_hello *hello = &r->link.hello;
	struct act act[] = {
		act_of(UNTYPED_RETYPE, slot(BOOT_SLOT_UNTYPED)),
		act_of(TASK_SET_SP, task),
		act_of(TASK_SET_IP, task),
		act_of(TASK_SET_CPOOL, task),
		act_of(TASK_SET_TABLE, task),
		act_of(TASK_SET_BUFFER, task),
		act_of(TASK_SET_ACTIVE, task),
	};
	int status = 0;

	act[0].word[0] = OBJECT_TASK;
	act[0].word[2] = 1;
	act[0].cap[3] = task;
	act[1].word[0] = hello->child_stack;
	act[2].word[0] = hello->child_entry;
	act[3].cap[0] = slot(BOOT_SLOT_CPOOL);
	act[4].cap[0] = slot(BOOT_SLOT_PML4);
	act[5].cap[0] = slot(BOOT_SLOT_CHILD_BUFFER);
	act[6].word[0] = 1;
	for (unsigned i = 0; i < sizeof(act) / sizeof(act[0]) && !status; i++)
		status = act_do(r, &act[i]);
	if (!status)
		repl_calm(r);
	if (!status)
		act_describe(r, &task);
	return status;
}

/* ---- a module ---- */

/* As rinit reads it: quotes around what has blanks. False: the answer says. */
static bool compose(struct repl *r, const struct words *w, char *line,
		    size_t size)
{
	size_t len = snprintf(line, size, ERASE "start child");
	const size_t begin = strlen(ERASE);

	for (unsigned i = 2; i < w->count && len < size; i++) {
		const char *word = w->word[i];
		const char *quote = !*word || strchr(word, ' ') ? "\"" : "";

		for (const char *c = word; *c; c++)
			if (*c < ' ' || *c > '~' || (*c == '"' && *quote)) {
				answer_fail(&r->answer, "USAGE",
					    "'%s': rinit's command line takes "
					    "no such character",
					    word);
				return false;
			}
		len += snprintf(line + len, size - len, " %s%s%s", quote, word,
				quote);
	}
	if (len < size && len - begin <= RINIT_LINE)
		return true;
	answer_fail(&r->answer, "USAGE",
		    "start child: rinit's command line has room for %u "
		    "characters",
		    RINIT_LINE);
	return false;
}

/* The task that is the newest; number 0: there is none. */
static struct inspect_task newest_task(struct repl *r)
{
	struct inspect_task task = {.number = 0};

	while (inspect_next_task(r->inspect, task.number, &task) == 0)
		;
	return task;
}

/* A whole line of the guest's behind position `from` that begins so. */
static bool said(const struct repl *r, uint64_t from, const char *words,
		 char *line, size_t size)
{
	const struct serial_log *log = &r->serial;
	size_t len = strlen(words);
	const char *at = log->text, *end;

	if (from > log->lost)
		at += from - log->lost;
	for (; (end = strchr(at, '\n')); at = end + 1)
		if (!strncmp(at, words, len)) {
			snprintf(line, size, "%.*s", (int)(end - at - len),
				 at + len);
			return true;
		}
	return false;
}

static int no_word(struct repl *r, enum repl_end end)
{
	char state[400] = "the guest is idle";

	if (end != END_IDLE)
		repl_state(r, state, sizeof(state));
	answer_fail(&r->answer, r->interrupted ? "INTERRUPTED" : "NO_ANSWER",
		    "rinit's command line does not answer: %s", state);
	answer_hint(&r->answer, "does it wait for another child? it starts "
				"this one when it reads on; see `tasks`");
	return 1;
}

static int wait_for_word(struct repl *r, uint64_t from)
{
	uint64_t until = clock_now(&r->m->clock) + REPL_EXPECT_NS;
	enum repl_end end = END_PAUSED;
	char line[300];

	for (;;) {
		uint64_t now = clock_now(&r->m->clock);

		if (said(r, from, DONE, line, sizeof(line)))
			return 0;
		if (said(r, from, REFUSAL, line, sizeof(line)))
			return answer_fail(&r->answer, "REFUSED",
					   "rinit starts no child: %s", line);
		if (end != END_PAUSED || now >= until || r->interrupted)
			return no_word(r, end);
		end = repl_go(r, GO_IDLE | GO_LINE, until - now);
	}
}

static int start_module(struct repl *r, const struct words *w)
{
	uint64_t from = r->serial.lost + r->serial.len;
	uint32_t before = newest_task(r).number;
	struct inspect_task task;
	char line[300];
	int status;

	if (!compose(r, w, line, sizeof(line) - 1))
		return 2;
	strcat(line, "\r");
	if (feeder_byte_room(&r->session.feeder) < strlen(line))
		return answer_fail(&r->answer, "BUSY",
				   "the guest has not read what was sent "
				   "before");
	feeder_give_bytes(&r->session.feeder, (uint8_t *)line, strlen(line));
	status = wait_for_word(r, from);
	task = newest_task(r);
	if (status && task.number <= before)
		return status;
	repl_calm(r);
	task = newest_task(r);
	fprintf(r->answer.text, "%s: %s\n", task.name, task.state_name);
	answer_number(&r->answer, "number", task.number);
	answer_string(&r->answer, "task", task.name);
	answer_string(&r->answer, "state", task.state_name);
	return 0;
}

/* ---- the command ---- */

static int usage(struct repl *r)
{
	answer_fail(&r->answer, "USAGE",
		    "expected: start child [--slot SLOT | MODULE [WORD...]]");
	answer_hint(&r->answer, "a module is given to the machine by --module "
				"FILE");
	return 2;
}

static int run_start(struct repl *r, const struct words *w)
{
	struct place task = slot(BOOT_SLOT_CHILD);
	bool has_slot = w->count > 2 && !strcmp(w->word[2], "--slot");
	int status;

	if (strcmp(w->word[1], "child") != 0 || (has_slot && w->count != 4) ||
	    (!has_slot && w->count > 2 && w->word[2][0] == '-'))
		return usage(r);
	status = link_greet(r);
	if (status)
		return status;
	if (w->count > 2 && !has_slot)
		return start_module(r, w);
	if (has_slot && !act_free_place(r, w->word[3], &task))
		return failed(r);
	return start_image(r, task);
}

const struct repl_command start_commands[] = {
	{"start", GROUP_ACT, "child [--slot SLOT | MODULE WORD...]",
	 "a task of rinit's image; or another program",
	 "  start child: retype, set and active=1, in slot 249 or another.\n"
	 "  start child hello.elf one \"two three\": a module (--module FILE), "
	 "which rinit starts\n  in a space of its own, with these arguments.\n",
	 1, WORDS_MAX, "-", true, run_start},
	{NULL}};
