/*
 * act.h: what the prompt does in the guest, through rinit: calls on its
 * capabilities, made by the one table of them (guest-kernel/abi/calls.h).
 */
#ifndef SHELL_REPL_ACT_H
#define SHELL_REPL_ACT_H

#include "guest-kernel/abi/link.h"
#include "guest-kernel/abi/syscall.h"
#include "shell/repl/repl.h"

#define CALL_ARGUMENTS 4
#define CALL_RESULTS   3

enum call_kind {
	CALL_NONE,
	CALL_WORD,
	CALL_CAP,
	CALL_MAYBE_CAP,
	CALL_TAKE,
	CALL_PLACE,
	CALL_MAYBE_PLACE
};

struct call_argument {
	const char *name;
	enum call_kind kind;
	uint32_t types; /* TYPES_*, of a capability */
	const char *types_name;
};

struct call_row {
	const char *name;
	uint32_t label;
	uint32_t types;
	const char *types_name;
	uint32_t rights;
	struct call_argument arg[CALL_ARGUMENTS];
	const char *result[CALL_RESULTS];
	const char *errors, *text;
};

#define CALL_ROWS (LABEL_COUNT - 1)
extern const struct call_row call_rows[CALL_ROWS];

const struct call_row *call_find(const char *name);
const struct call_row *call_label(uint32_t label);

/* `help NAME` of a call, and `help calls`; false: neither. */
bool call_help(struct repl *r, const char *word);

const char *abi_error_name(uint64_t error);
const char *abi_error_text(uint64_t error);
const char *abi_object_name(unsigned type);
/* By name in any case ("task", "RAW_PAGE"); 0: there is none. */
unsigned abi_object_find(const char *name);
/* "rwg" and the like of RIGHT_*. */
void abi_rights_text(unsigned rights, char text[8]);

/* A slot, as a path through pools. */
struct place {
	uint64_t path;
	unsigned depth; /* 0: none */
};

#define PLACE_TEXT 40
void place_text(const struct place *p, char text[PLACE_TEXT]);

/* A call being made. */
struct act {
	const struct call_row *row;
	struct place self;
	uint64_t word[CALL_ARGUMENTS];
	struct place cap[CALL_ARGUMENTS];
	uint64_t wait_ns; /* at most, where it may wait */
	const void *data; /* for the task buffer */
	size_t data_len;
	size_t want; /* bytes of the task buffer to have back */

	struct link_result result;
	uint8_t back[TASK_BUFFER_BYTES];
};

/*
 * All of these: true, or the answer says why not. `auto` for a place is the
 * lowest free slot.
 */
bool act_place(struct repl *r, const char *text, struct place *place);
bool act_free_place(struct repl *r, const char *text, struct place *place);
bool act_number(struct repl *r, const char *text, uint64_t *value);
bool act_time(struct repl *r, const char *text, uint64_t *ns);

/* A number as the call's argument of that name has it: rights, types, flags. */
bool act_argument(struct repl *r, const struct call_row *row, unsigned n,
		  const char *text, struct act *act);

/* Make it: 0, or what answer_fail() returns. */
int act_do(struct repl *r, struct act *act);

/* A system call by its registers, and what it needs in the buffer. */
int link_syscall(struct repl *r, struct link_syscall *s, const void *data,
		 size_t len, struct link_result *result, uint8_t *back);
/* The init program's answer to HELLO. */
int link_greet(struct repl *r);

/* Why the kernel refused: lines for people. */
int act_refused(struct repl *r, const struct act *act);
/* The same of a call without a row: by its name. */
int act_refused_plain(struct repl *r, const char *what, uint64_t error);

/* "slot 249: TASK task#2 (inactive)", as a line of the answer. */
void act_describe(struct repl *r, const struct place *place);

/* A hint: what is in the slot, what is needed, and which slots have that. */
void act_hint_types(struct repl *r, const struct place *place, uint32_t types);

/* The names that `set` knows; NULL behind the last. */
const char *act_setting(unsigned i);

/* cmd_message.c's commands. */
int act_run_take(struct repl *r, const struct words *w);
int act_run_signal(struct repl *r, const struct words *w);
int act_run_wait(struct repl *r, const struct words *w);
int act_run_message(struct repl *r, const struct words *w);
int act_run_clock(struct repl *r, const struct words *w);

/* NAME SLOT [ARGUMENT=VALUE...], for all rows. */
int act_call(struct repl *r, const struct words *w);

#endif
