/*
 * repl.h: `vmm shell`: a machine, and a prompt on the host that drives it.
 *
 * The guest runs while the person types; a line that is finished pauses it,
 * and the command is carried out between two of its instructions. In scripts
 * the guest runs only in commands: what a script does depends on the script
 * alone. Commands that need an answer from the guest, or wait for something
 * of it, run it in repl_go() until that is there.
 */
#ifndef SHELL_REPL_REPL_H
#define SHELL_REPL_REPL_H

#include "shell/inspect/inspect.h"
#include "shell/repl/answer.h"
#include "shell/repl/breaks.h"
#include "shell/repl/link_host.h"
#include "shell/repl/serial_log.h"
#include "shell/words.h"
#include "shell/session.h"
#include "shell/verdict.h"

#define REPL_SCRIPTS   16

/* How long, in the guest's time, what should settle at once may take. */
#define REPL_BOOT_NS   UINT64_C(50000000)
#define REPL_QUIET_NS  UINT64_C(5000000)
#define REPL_UNCOUNTED 100u /* times as long where time is the host's */
#define REPL_SETTLE_NS UINT64_C(10000000)
#define REPL_EXPECT_NS UINT64_C(10000000000)
#define REPL_LINK_NS   UINT64_C(2000000000)

enum repl_source { SOURCE_PROMPT, SOURCE_TEXT, SOURCE_FILE };

/* `options` first: the boot command's rows are read into it (cli.h). */
struct shell_options {
	struct options options;
	struct {
		enum repl_source kind;
		const char *text; /* of -c, or the file's name */
	} script[REPL_SCRIPTS];
	unsigned scripts;
	bool json, stopped, quiet;
};

/* Why repl_go() came back. */
enum repl_end {
	END_PAUSED, /* someone asked: a line, Ctrl-C, what was waited for */
	END_IDLE,   /* the guest waits for input, and for nothing else */
	END_LIMIT,  /* of the guest's time */
	END_BREAK,  /* a breakpoint, or a step is done */
	END_ENDED,  /* there is a verdict */
};

struct repl {
	const struct shell_options *options;
	struct session session;
	struct machine *m;
	struct x86_state power_on[MACHINE_CPUS]; /* for `reset` */
	struct inspect *inspect;
	struct symbols kernel, init;
	bool have_symbols;
	struct breaks breaks;
	struct serial_log serial;
	struct link_host link;
	bool has_link; /* COM2 is not used for something else */

	struct answer answer; /* of the command being carried out */
	bool answering;

	bool prompting;	 /* at a terminal */
	bool at_prompt;	 /* a line is being typed */
	bool at_console; /* the terminal is the guest's for now */
	bool running;	 /* inside repl_go() */
	bool still;	 /* held, where there is no debugger (repl_held()) */
	bool ended;	 /* there is a verdict: nothing runs any more */
	struct verdict verdict; /* if so, */
	struct debug_stop over; /* and what the machine said */
	bool settled;		/* has booted, as far as can be told */
	bool interrupted;	/* Ctrl-C */
	bool quit;
	int status;	   /* of the program */
	uint64_t began_ns; /* host time, for --stats */

	/* While repl_go() runs. */
	bool stop_when_idle, stop_at_line;
	enum repl_end end;
	char *line; /* typed, to be carried out */

	/* What the guest said and was not shown yet: above.c. */
	char above[4096];
	size_t above_len;
	bool above_armed;
	int history; /* its file, or -1 */
};

/* ---- what the guest says, while a line is typed or as JSON (above.c) ---- */

void above_add(struct repl *r, const uint8_t *bytes, size_t len);
/* Show what is there, the unfinished line too. */
void above_flush(struct repl *r);

/* ---- running the guest (run.c) ---- */

#define GO_IDLE 1u /* stop when the guest waits for input */
#define GO_LINE 2u /* stop when a line of serial output ends */

/* `limit_ns` of the guest's time from now; 0: none. */
enum repl_end repl_go(struct repl *r, unsigned flags, uint64_t limit_ns);

/* From a callback: repl_go() is to come back with this. */
void repl_pause(struct repl *r, enum repl_end end);

/* Does it stand still until `cont`? Hold it; let it go: 0 or -errno. */
bool repl_held(const struct repl *r);
void repl_hold(struct repl *r);
int repl_let_go(struct repl *r);

/* Refuse what needs one, where the processor has none. The exit status. */
int repl_no_debugger(struct repl *r);

/* Once, when there is a debugger or not: be told of its stops. */
void repl_watch_stops(struct repl *r);

/* The machine was made anew, or another: it has not ended any more. */
void repl_renewed(struct repl *r, bool held);

/* At the prompt: run, or wait, until there is something to do. */
void repl_wait(struct repl *r);

/* So long in the guest's time; more, where that is the host's. */
uint64_t repl_time(const struct repl *r, uint64_t ns);

/* The guest has booted, if it does, or is stopped. */
void repl_settle(struct repl *r);

/* Until it idles or a little time has passed: what was caused is seen. */
void repl_calm(struct repl *r);

/*
 * Can the guest run now? Else the command fails: says why, returns its
 * status. 0: it can.
 */
int repl_must_run(struct repl *r, const char *what);

/* Why the guest does not run: "stopped", the verdict ... */
void repl_state(struct repl *r, char *text, size_t size);

/* ---- carrying out (execute.c) ---- */

/* All commands of the text; `where` names it for messages. The status. */
int repl_script(struct repl *r, const char *text, const char *where);

/* The same inside a command, whose own answer waits meanwhile. */
int repl_nested(struct repl *r, const char *text, const char *where);

/* One line typed at the prompt. */
void repl_line(struct repl *r, const char *line);

/* Text for standard output, above the line being typed. */
void repl_print(struct repl *r, const char *text, size_t len);

/* ---- commands (table.c) ---- */

enum repl_group { GROUP_LOOK, GROUP_ACT, GROUP_MACHINE, GROUP_SHELL };

/*
 * What a command's words are, for completion, one letter each, the last one
 * for all that follow: s slot, u Untyped, f free slot, o object type, y symbol,
 * t task, c command, r register, F file, - anything; k KEY=... of set,
 * m KEY=... of messages.
 */
struct repl_command {
	const char *name;
	enum repl_group group;
	const char *usage, *summary;
	const char *text;  /* more for `help NAME`, or NULL */
	unsigned min, max; /* words behind the name */
	const char *words;
	bool needs_guest; /* wait until it has booted */
	int (*run)(struct repl *r, const struct words *w);
};

/* The tables, each ending with a NULL name. */
extern const struct repl_command machine_commands[], memory_commands[],
	guest_commands[], act_commands[], shell_commands[], debug_commands[],
	console_commands[], time_commands[], start_commands[];
extern const struct repl_command *const repl_tables[];

/* By name or by what only one name begins with; NULL. */
const struct repl_command *repl_command(const char *word);

/* Carry out; the status. */
int repl_execute(struct repl *r, const struct words *w);

/* Call `fn` with every command's name and summary, the inspector's too. */
void repl_each_command(void (*fn)(void *ctx, const char *name,
				  const char *about),
		       void *ctx);

/* ---- numbers, symbols, slots (value.c) ---- */

/*
 * An expression: numbers, registers, symbols, *EXPR for memory, C's operators.
 * Where two programs have a symbol, `user` takes the init program's. False:
 * the answer says why.
 */
bool repl_value(struct repl *r, const char *text, bool user, uint64_t *value);

/* The same without an answer: false and why. */
bool repl_evaluate(struct repl *r, const char *text, bool user, uint64_t *value,
		   struct reason *why);

/* Read, and have them for all: the symbol tables. */
void repl_symbols(struct repl *r);
/* " <name+0x1>" of an address, as the processor stands; or "". */
void repl_name(struct repl *r, uint64_t va, char *text, size_t size);
/* Guest-virtual memory; false: not mapped. */
bool repl_read(struct repl *r, uint64_t va, void *to, size_t len);

/* ---- the prompt (prompt_readline.c, prompt_plain.c) ---- */

int prompt_begin(struct repl *r);
/* A line may be typed, or not now. */
void prompt_show(struct repl *r);
void prompt_hide(struct repl *r);
/* Text above the line being typed. */
void prompt_print(struct repl *r, const char *text, size_t len);
/* What a signal means to it. */
void prompt_resize(struct repl *r);
void prompt_suspend(struct repl *r);
void prompt_clear(struct repl *r);
void prompt_end(struct repl *r);
extern const bool prompt_edits; /* built with a line editor */

/* ---- candidates (complete.c) ---- */

/*
 * What the word that begins at `at` in the line, so far `prefix`, could be.
 * True: a file.
 */
bool repl_complete(struct repl *r, const char *line, size_t at,
		   const char *prefix, inspect_word_fn *fn, void *ctx);

/* ---- the history's file (history.c) ---- */

/* Open for appending, and its name for reading; or -1. */
int history_open(char *path, size_t size);
void history_append(int fd, const char *line);

#endif
