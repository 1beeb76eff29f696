/* syscalls.c: from the ABI's own tables. */
#include "shell/inspect/syscalls.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "guest-kernel/abi/syscall.h"
#include "shell/inspect/names.h"
#include "vmm/x86.h"

enum argument_kind { ARGUMENT_NIL, ARGUMENT_WORD, ARGUMENT_PATH };

struct argument {
	enum argument_kind kind;
	const char *name;
};

struct row {
	const char *name;
	struct argument argument[4];
};

#define WORD_ARGUMENT(name)          \
	{                            \
		ARGUMENT_WORD, #name \
	}
#define PATH_ARGUMENT(name)          \
	{                            \
		ARGUMENT_PATH, #name \
	}

/* The table's words for arguments. */
#define NONE                     \
	{                        \
		ARGUMENT_NIL, "" \
	}
#define WORD(name)	       WORD_ARGUMENT(name)
#define CAP(types, name)       PATH_ARGUMENT(name)
#define MAYBE_CAP(types, name) PATH_ARGUMENT(name)
#define TAKE(types, name)      PATH_ARGUMENT(name)
#define PLACE(name)	       PATH_ARGUMENT(name)
#define MAYBE_PLACE(name)      PATH_ARGUMENT(name)
#define ROW(function, label, number, types, rights, a, b, c, d, ...) \
	[number] = {#function, {a, b, c, d}},

static const struct row rows[LABEL_COUNT] = {ABI_CALLS(ROW)};

static const char *const syscalls[SYS_COUNT] = {
#define NAME(name, number) [number] = #name,
	ABI_SYSCALLS(NAME)
#undef NAME
};

static const char *const errors[ERR_COUNT] = {
#define NAME(name, number, text) [number] = #name,
	ABI_ERRORS(NAME)
#undef NAME
};

const char *error_name(uint64_t error)
{
	return error < ERR_COUNT ? errors[error] : "?";
}

/* ---- text ---- */

__attribute__((format(printf, 2, 3))) static void add(struct call_text *t,
						      const char *format, ...)
{
	size_t len = strlen(t->text);
	va_list args;

	va_start(args, format);
	vsnprintf(t->text + len, sizeof(t->text) - len, format, args);
	va_end(args);
}

static void add_path(struct call_text *t, uint64_t path, unsigned depth)
{
	if (depth == 0 || depth > CADDR_DEPTH_MAX) {
		add(t, "none");
		return;
	}
	while (depth-- > 0)
		add(t, "%u%s", (unsigned)(path >> (8 * depth) & 0xff),
		    depth ? "/" : "");
}

static void add_word(struct call_text *t, const char *name, uint64_t word)
{
	if (!strcmp(name, "type") && word < OBJECT_COUNT)
		add(t, "%s", type_name(word));
	else if (!strcmp(name, "rights") && word <= RIGHT_ALL)
		add(t, "%s", rights_text(word).text);
	else if (word < 10000)
		add(t, "%" PRIu64, word);
	else
		add(t, "0x%" PRIx64, word);
}

static void add_arguments(struct call_text *t, const struct row *row,
			  const uint64_t gpr[16])
{
	static const unsigned word[] = {GPR_RDX, GPR_R10, GPR_R8, GPR_R9};
	uint64_t info = gpr[GPR_RSI];
	unsigned paths = 0;

	add_path(t, gpr[GPR_RDI], info >> INFO_TARGET_SHIFT & 15);
	for (unsigned i = 0; i < 4; i++) {
		const struct argument *a = &row->argument[i];

		if (a->kind == ARGUMENT_NIL)
			break;
		add(t, ", %s=", a->name);
		if (a->kind == ARGUMENT_WORD)
			add_word(t, a->name, gpr[word[i]]);
		else
			add_path(t, gpr[word[i]],
				 info >> (INFO_ARGUMENT_SHIFT + 4 * paths++) &
					 15);
	}
}

static void add_message(struct call_text *t, const uint64_t gpr[16])
{
	uint64_t info = gpr[GPR_RSI];

	add_path(t, gpr[GPR_RDI], info >> 20 & 15);
	add(t, ", label=%" PRIu32 ", words=%u", MESSAGE_LABEL_OF(info),
	    MESSAGE_LENGTH(info));
	if (MESSAGE_CAPS(info))
		add(t, ", capabilities=%u", MESSAGE_CAPS(info));
}

static bool is_message(uint64_t number)
{
	return number >= SYS_CALL && number <= SYS_NB_RECV;
}

struct call_text call_text(const uint64_t gpr[16])
{
	uint64_t number = gpr[GPR_RAX], label = gpr[GPR_RSI] & 0xffff;
	struct call_text t = {""};

	if (number >= SYS_COUNT) {
		add(&t, "call %" PRIu64, number);
	} else if (number != SYS_INVOKE) {
		add(&t, "%s(", syscalls[number]);
		if (is_message(number))
			add_message(&t, gpr);
		add(&t, ")");
	} else if (label < LABEL_COUNT && rows[label].name) {
		add(&t, "%s(", rows[label].name);
		add_arguments(&t, &rows[label], gpr);
		add(&t, ")");
	} else {
		add(&t, "INVOKE with label %" PRIu64, label);
	}
	return t;
}

bool call_may_change(const uint64_t gpr[16])
{
	if (gpr[GPR_RAX] != SYS_INVOKE)
		return is_message(gpr[GPR_RAX]) || gpr[GPR_RAX] == SYS_EXIT;
	switch (gpr[GPR_RSI] & 0xffff) {
	case UNTYPED_INFO:
	case CPOOL_FREE_SLOT:
	case CPOOL_TYPE:
	case CPOOL_INFO:
	case TASK_SET_IP:
	case TASK_SET_SP:
	case TASK_SET_FS_BASE:
	case TASK_SET_ARG:
	case CHANNEL_PUT_PAYLOAD:
	case PAGE_MAP:
	case PAGE_UNMAP:
	case TABLE_MAP:
	case TABLE_UNMAP:
	case IO_PORT_IN:
	case IO_PORT_OUT:
	case TASK_SET_PRIORITY:
	case TASK_GET_REGISTERS:
	case TASK_SET_REGISTERS:
	case TASK_INFO:
	case IRQ_HANDLER_ACK:
		return false;
	default:
		return true;
	}
}
