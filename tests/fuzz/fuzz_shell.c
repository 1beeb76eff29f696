/*
 * fuzz_shell.c: any bytes as lines typed at vmm shell's prompt, on a machine
 * whose guest is any bytes, too; and as what comes from the guest's end of the
 * debug link.
 *
 *	clang -g -fsanitize=fuzzer,address ... tests/fuzz/fuzz_shell.c and what
 *	build/tests/fuzz/fuzz_shell is linked with
 */
#include <stdlib.h>
#include <string.h>

#include "shell/repl/act.h"
#include "shell/repl/command.h"

/* Pieces that make deep states likely: a byte picks one, or stands as it is. */
static const char *const pieces[] = {
	"retype ",   "task ",	 "set ",    "249 ",
	"stack=",    "ip=",	 "0x",	    "send raw ",
	"copy ",     "mint ",	 "rights=", "badge=",
	"delete ",   "break ",	 "if ",	    "watch ",
	"step ",     "x/4gx ",	 "rsp",	    "*(",
	")",	     "+",	 "<<",	    "==",
	"list ",     "tree ",	 "caps ",   "expect ",
	"serial ",   "key ",	 "\"",	    "'",
	"\\n",	     "; ",	 "\n",	    "#",
	"auto ",     "none ",	 "until ",  "cont 1us ",
	"help ",     "take ",	 "call ",   "label=",
	"wait=",     "echo ",	 "dis ",    "regs ",
	"bt ",	     "stop ",	 "255 ",    "5/12 ",
	"page_map ", "address=", "flags=",  "untyped_retype ",
	"type=",     "dmesg ",	 "screen ", "reset ",
};

#define PIECES (sizeof(pieces) / sizeof(pieces[0]))

static void nowhere(void *ctx, const uint8_t *bytes, size_t len)
{
}

static void drop(void *ctx, const char *word, const char *about)
{
	if (!word || !about)
		abort();
}

/* A machine of one CPU whose memory is the input: made once. */
static struct repl *machine(void)
{
	static struct repl repl;
	static struct shell_options options;
	static const struct session_front front = {
		{nowhere, nowhere}, NULL, false};
	struct inspect_config config = {0};
	struct session *s = &repl.session;

	if (repl.m)
		return &repl;
	options.options.append = "";
	options.options.mem = UINT64_C(1) << 20;
	options.options.front = &front;
	repl.options = &options;
	repl.history = -1;
	s->options = &options.options;
	s->m = machine_create(options.options.mem);
	if (!s->m || machine_add_cpu(s->m, ACCEL_SIM) < 0 ||
	    board_build(&s->board, s->m,
			&(struct board_config){.bios_state = true}) < 0 ||
	    output_open_stdout(&s->stdout_, s->m) < 0 ||
	    panic_init(&s->panic, s->m, NULL) < 0 ||
	    postmortem_open(&s->postmortem, s->m, &s->board, &options.options) <
		    0)
		abort();
	feeder_init(&s->feeder, s->m, s->board.com[0], s->board.kbd);
	config.m = repl.m = s->m;
	repl.inspect = inspect_create(&config);
	if (!repl.inspect || debug_create(repl.m) < 0)
		abort();
	repl_watch_stops(&repl);
	link_host_init(&repl.link, repl.m, s->board.com[1]);
	repl.has_link = repl.settled = true;
	return &repl;
}

/* What names files, or runs the guest: no matter of the parser's. */
static bool harmless(const struct words *w)
{
	static const char *const others[] = {
		"save",	 "restore", "source", "screenshot", "caps",
		"quit",	 "cont",    "until",  "step",	    "expect",
		"reset", "diff",    "console"};
	const struct repl_command *c = repl_command(w->word[0]);
	const char *name = c ? c->name : w->word[0];

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!strcmp(name, others[i]))
			return false;
	return true;
}

static void execute(struct repl *r, const struct words *w)
{
	struct answer_texts texts;

	if (answer_begin(&r->answer, w->raw_len & 1) < 0)
		abort();
	repl_execute(r, w);
	if (answer_end(&r->answer, w->word[0], "", &texts) < 0)
		abort();
	answer_texts_free(&texts);
}

static void type(struct repl *r, const char *text)
{
	const char *why = NULL;
	struct words w;

	while (*text)
		if (!words_read(&text, &w, &why))
			break;
		else if (w.count && harmless(&w))
			execute(r, &w);
}

static void silent(void *ctx, const char *line)
{
}

static void feed_link(struct repl *r, const uint8_t *data, size_t len)
{
	uint8_t frame[LINK_FRAME_MAX];
	size_t part = len < 1000 ? len : 1000;

	link_host_ask(&r->link, LINK_HELLO, NULL, 0);
	link_host_receive(&r->link, data, len);
	memcpy(frame + LINK_HEAD, data, part);
	part = link_seal(frame, LINK_HELLO | LINK_ANSWER, r->link.sequence,
			 part);
	link_host_receive(&r->link, frame, part);
	if (r->link.answered && r->link.length > LINK_PAYLOAD_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct repl *r = machine();
	static char text[64 * 4096 + 1];
	size_t size = 0;

	feed_link(r, data, len);
	len = len < 256 ? len : 256;
	for (size_t i = 0; i < len; i++) {
		const char *piece = data[i] >= 128
					    ? pieces[(data[i] - 128) % PIECES]
					    : NULL;

		if (piece)
			size += strlen(strcpy(text + size, piece));
		else if (data[i])
			text[size++] = data[i];
	}
	text[size] = 0;
	log_set_hook(silent, NULL);
	repl_hold(r);
	for (size_t at = 0; at < size; at += 17)
		repl_complete(r, text, at, text + at, drop, NULL);
	type(r, text);
	return 0;
}
