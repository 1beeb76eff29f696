/*
 * rinit_cli.c: one row a command: its words, its arguments, what it does and
 * what it answers. Arguments are read by the row's `kinds` before anything is
 * done, so a line with a mistake changes nothing.
 */
#include "guest-kernel/user/rinit_child.h"
#include "guest-kernel/user/rinit_cli.h"
#include "guest-kernel/user/rt.h"
#include "guest-kernel/user/task.h"

#define ARGUMENTS_MAX 2

struct argument {
	struct caddr cap;
	uint64_t value;
	const char *text;
};

/* A command on its way: the arguments read, and the work they are for. */
struct request {
	struct console *out;
	const struct child_start *child;
	struct argument arg[ARGUMENTS_MAX];
	const char *doing; /* said before an error */
	bool refused;	   /* why was said */
};

struct command {
	const char *words;
	const char *kinds; /* c capability, v value, f flag 0 or 1, t text */
	const char *usage;
	enum error (*run)(struct request *r);
	const char *reply;
	const char *help;
};

static void print_help(struct console *out);

static enum error run_echo(struct request *r)
{
	console_print(r->out, "%s\n", r->arg[0].text);
	return ERR_OK;
}

static enum error run_list(struct request *r)
{
	console_print(r->out, "Listing task cpool ...\n");
	sys_list_cpool();
	return ERR_OK;
}

static enum error run_help(struct request *r)
{
	print_help(r->out);
	return ERR_OK;
}

static enum error retype(struct request *r, enum abi_object type)
{
	return sys_untyped_retype(r->arg[0].cap, type, 0, 1, r->arg[1].cap,
				  NULL);
}

static enum error run_retype_cpool(struct request *r)
{
	return retype(r, OBJECT_CPOOL);
}

static enum error run_retype_task(struct request *r)
{
	return retype(r, OBJECT_TASK);
}

static enum error run_set_stack(struct request *r)
{
	return sys_task_set_sp(r->arg[0].cap, r->arg[1].value);
}

static enum error run_set_instruction(struct request *r)
{
	return sys_task_set_ip(r->arg[0].cap, r->arg[1].value);
}

static enum error run_set_cpool(struct request *r)
{
	return sys_task_set_cpool(r->arg[0].cap, r->arg[1].cap);
}

static enum error run_set_table(struct request *r)
{
	return sys_task_set_table(r->arg[0].cap, r->arg[1].cap);
}

static enum error run_set_buffer(struct request *r)
{
	return sys_task_set_buffer(r->arg[0].cap, r->arg[1].cap);
}

static enum error run_set_active(struct request *r)
{
	return sys_task_set_active(r->arg[0].cap, r->arg[1].value);
}

/* The walk-through's commands in one; stops at the first that is refused. */
static enum error start_by_hand(struct request *r)
{
	static char doing[40];
	struct caddr task = caddr_root(BOOT_SLOT_CHILD);
	struct task_setup setup = {
		.ip = r->child->entry,
		.sp = r->child->stack,
		.pool = caddr_root(BOOT_SLOT_CPOOL),
		.table = caddr_root(BOOT_SLOT_PML4),
		.buffer = caddr_root(BOOT_SLOT_CHILD_BUFFER),
	};
	const char *step;
	enum error err;

	r->doing = "start child: retype task";
	err = sys_untyped_retype(caddr_root(BOOT_SLOT_UNTYPED), OBJECT_TASK, 0,
				 1, task, NULL);
	if (err != ERR_OK)
		return err;
	err = task_set_up(task, &setup, &step);
	rt_snprintf(doing, sizeof(doing), "start child: set %s", step);
	r->doing = doing;
	if (err != ERR_OK)
		return err;
	r->doing = "start child: set active";
	return sys_task_set_active(task, 1);
}

/* This image in a task of our own, or another one in its own space. */
static enum error run_start_child(struct request *r)
{
	if (!*r->arg[0].text)
		return start_by_hand(r);
	r->refused = !rinit_start_module(r->out, r->arg[0].text);
	return ERR_OK;
}

static enum error run_wait_child(struct request *r)
{
	rinit_wait_module(r->out, r->arg[0].text);
	return ERR_OK;
}

static enum error run_send_raw(struct request *r)
{
	return sys_channel_put_raw(caddr_root(BOOT_SLOT_CHANNEL),
				   r->arg[0].value, CHANNEL_TRY);
}

static enum error run_send_cap(struct request *r)
{
	return sys_channel_put_cap(caddr_root(BOOT_SLOT_CHANNEL), r->arg[0].cap,
				   CHANNEL_TRY);
}

#define DONE "Operation finished."

static const struct command commands[] = {
	{"echo", "t", "MESSAGE", run_echo, NULL, "print the message"},
	{"list", "", "", run_list, NULL, "the pool's slots, to the log"},
	{"retype cpool", "cc", "SOURCE TARGET", run_retype_cpool, DONE,
	 "make a pool from untyped memory"},
	{"retype task", "cc", "SOURCE TARGET", run_retype_task, DONE,
	 "make a task from untyped memory"},
	{"set stack", "cv", "TASK ADDRESS", run_set_stack, DONE,
	 "where its stack begins"},
	{"set instruction", "cv", "TASK ADDRESS", run_set_instruction, DONE,
	 "where it begins"},
	{"set cpool", "cc", "TASK CPOOL", run_set_cpool, DONE, "its root pool"},
	{"set table", "cc", "TASK PML4", run_set_table, DONE,
	 "its address space"},
	{"set buffer", "cc", "TASK BUFFER", run_set_buffer, DONE,
	 "its task buffer"},
	{"set active", "cf", "TASK 0|1", run_set_active, DONE,
	 "stop or start it"},
	{"start child", "t", "[MODULE WORD...]", run_start_child,
	 "Child started.", "all of the above, in slot 249; or a module"},
	{"wait child", "t", "MODULE", run_wait_child, NULL,
	 "until that child ends"},
	{"send raw", "v", "VALUE", run_send_raw,
	 "Sent raw to child through channel 255", "a number for the child"},
	{"send cap", "c", "SLOT", run_send_cap,
	 "Sent cap to child through channel 255", "a capability for the child"},
	{"help", "", "", run_help, NULL, "this list"},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(struct console *out)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		const struct command *c = &commands[i];
		int used = strlen(c->words) + 1 + strlen(c->usage);

		console_print(out, "  %s %s%*s %s\n", c->words, c->usage,
			      used < 29 ? 29 - used : 0, "", c->help);
	}
	console_print(out, "Numbers are decimal or 0x hex. A capability is a "
			   "slot, 0..255, or a path\nthrough pools: 5/12 is "
			   "slot 12 of the pool in slot 5.\n");
}

static char *skip_spaces(char *s)
{
	while (*s == ' ')
		s++;
	return s;
}

static size_t word_length(const char *s)
{
	size_t len = 0;

	while (s[len] && s[len] != ' ')
		len++;
	return len;
}

/* Ends the word at *s with a zero byte and moves *s behind it. */
static char *next_word(char **s)
{
	char *word = skip_spaces(*s), *end = word + word_length(word);

	*s = *end ? end + 1 : end;
	*end = 0;
	return word;
}

/* What follows `words` in the line, or NULL if it begins otherwise. */
static char *match(char *line, const char *words)
{
	for (;;) {
		size_t len = word_length(words);

		line = skip_spaces(line);
		if (word_length(line) != len || memcmp(line, words, len))
			return NULL;
		line += len;
		if (!words[len])
			return line;
		words += len + 1;
	}
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* The number at *s, decimal or 0x hex; moves *s behind it. */
static bool parse_number(const char **s, uint64_t *value)
{
	const char *p = *s;
	int base = 10;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		base = 16;
		p += 2;
	}
	if (digit(*p) >= base)
		return false;
	for (*value = 0; digit(*p) < base; p++) {
		if (__builtin_mul_overflow(*value, base, value) ||
		    __builtin_add_overflow(*value, digit(*p), value))
			return false;
	}
	*s = p;
	return true;
}

static bool parse_value(const char *word, uint64_t *value)
{
	return parse_number(&word, value) && !*word;
}

static bool parse_flag(const char *word, uint64_t *value)
{
	return parse_value(word, value) && *value <= 1;
}

static bool parse_cap(const char *word, struct caddr *cap)
{
	uint64_t index;

	*cap = (struct caddr){0, 0};
	for (;;) {
		if (cap->depth == CADDR_DEPTH_MAX ||
		    !parse_number(&word, &index) || index >= CPOOL_SLOTS)
			return false;
		*cap = caddr_in(*cap, index);
		if (!*word)
			return true;
		if (*word++ != '/')
			return false;
	}
}

/* Reads one word as `kind`. Returns what it should have been, or NULL. */
static const char *parse_word(char kind, const char *word, struct argument *arg)
{
	switch (kind) {
	case 'c':
		return parse_cap(word, &arg->cap)
			       ? NULL
			       : "a slot 0..255 or a path such as 5/12";
	case 'f':
		return parse_flag(word, &arg->value) ? NULL : "0 or 1";
	default:
		return parse_value(word, &arg->value)
			       ? NULL
			       : "a number of 64 bits, decimal or 0x hex";
	}
}

static bool usage(struct console *out, const struct command *c)
{
	console_print(out, "%s: expected: %s%s%s\n", c->words, c->words,
		      *c->usage ? " " : "", c->usage);
	return false;
}

static bool parse_arguments(struct request *r, const struct command *c,
			    char *rest)
{
	for (size_t i = 0; c->kinds[i]; i++) {
		const char *word, *expected;

		if (c->kinds[i] == 't') {
			r->arg[i].text = *rest ? rest + 1 : rest;
			return true; /* the rest, whatever it is */
		}
		word = next_word(&rest);
		if (!*word)
			return usage(r->out, c);
		expected = parse_word(c->kinds[i], word, &r->arg[i]);
		if (expected) {
			console_print(r->out, "%s: \"%s\": expected %s\n",
				      c->words, word, expected);
			return false;
		}
	}
	return *skip_spaces(rest) ? usage(r->out, c) : true;
}

/*
 * A child that was woken speaks first: the log and the answer may share the
 * serial line, and a tick in the middle of the answer would mix them.
 */
static enum error run(struct request *r, const struct command *c)
{
	enum error err = c->run(r);

	sys_yield();
	return err;
}

static void answer(const struct request *r, const struct command *c,
		   enum error err)
{
	char why[FAILURE_TEXT_SIZE];

	if (err == ERR_OK) {
		if (c->reply && !r->refused)
			console_print(r->out, "%s\n", c->reply);
		return;
	}
	sys_failure_text(&sys_failed, why, sizeof(why));
	console_print(r->out, "%s: %s\n", r->doing, why);
	if (err == ERR_WOULD_BLOCK)
		console_print(r->out, "The channel is full: is a child there "
				      "to take from it?\n");
}

/* No command fits: say which ones begin with the same word, if any do. */
static void unknown(struct console *out, char *line)
{
	const char *word = next_word(&line);
	size_t len = strlen(word);
	bool known = false;

	for (size_t i = 0; i < COMMANDS; i++) {
		const char *words = commands[i].words;

		if (word_length(words) != len || memcmp(words, word, len))
			continue;
		console_print(out, known ? ", %s" : "Expected: %s", words);
		known = true;
	}
	if (known)
		console_print(out, "\n");
	else
		console_print(out,
			      "Unknown command. \"%s\" is none of those "
			      "that help lists.\n",
			      word);
}

void cli_execute(struct console *out, const struct child_start *child,
		 char *line)
{
	struct request r = {.out = out, .child = child};

	line = skip_spaces(line);
	if (!*line)
		return;
	for (size_t i = 0; i < COMMANDS; i++) {
		const struct command *c = &commands[i];
		char *rest = match(line, c->words);

		if (!rest)
			continue;
		r.doing = c->words;
		if (parse_arguments(&r, c, rest))
			answer(&r, c, run(&r, c));
		return;
	}
	unknown(out, line);
}
