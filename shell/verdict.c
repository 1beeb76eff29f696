/* verdict.c: two tables, of exit-port values and of all other ends. */
#include "shell/verdict.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "devices/devices.h"

enum {
	STATUS_SUCCESS = 0,
	STATUS_FAILURE = 1,
	STATUS_PANIC = 3,
	STATUS_RESET = 4,
	STATUS_STALL = 5,
	STATUS_NONE = 6,
	STATUS_BREAK = 7,
	STATUS_TIMEOUT = 124,
	STATUS_INTERNAL = 125,
	STATUS_QUIT = 130,
	STATUS_SIGNAL = 128,
};

/* Who writes which value where: 501h is Rux's, f4h blog_os's and others'. */
static const struct {
	uint16_t port;
	uint32_t value;
	int status;
	const char *line;
} exits[] = {
	{0x501, 0x31, STATUS_SUCCESS, "Exit code: 99, test succeed."},
	{0x501, 0x30, STATUS_FAILURE, "Exit code: 97, test failed."},
	{0xf4, 0x10, STATUS_SUCCESS, NULL},
	{0xf4, 0x11, STATUS_FAILURE, NULL},
};

static const struct {
	int status;
	const char *text; /* %s: the machine's reason */
	bool registers;
} ends[] = {
	[STOP_NONE] = {STATUS_INTERNAL, "the run has not ended", true},
	[STOP_POWEROFF] = {STATUS_NONE,
			   "the guest powered off without a verdict: %s", true},
	[STOP_RESET] = {STATUS_RESET, "the guest asked for a reset: %s", true},
	[STOP_TRIPLE] = {STATUS_RESET,
			 "triple fault: an exception could not be delivered, "
			 "nor the double fault after it%s",
			 true},
	[STOP_PANIC] = {STATUS_PANIC, "guest panic: %s", true},
	[STOP_STALL] = {STATUS_STALL, "stall: %s", true},
	[STOP_CRASH] = {STATUS_INTERNAL, "the CPU cannot go on: %s", true},
	[STOP_TIMEOUT] = {STATUS_TIMEOUT, "timeout: %s", true},
	[STOP_QUIT] = {STATUS_QUIT, "ended by %s"},
	[STOP_HOST] = {EXIT_HOST, ""},
	[STOP_BREAK] = {STATUS_BREAK, "break: %s", true},
	[STOP_PAUSE] = {0, ""},
	[STOP_SIGNAL] = {STATUS_SIGNAL, "ended by %s"},
};

/* QEMU's isa-debug-exit; the parent of a process sees eight bits of it. */
static int qemu_status(uint32_t value)
{
	return (value << 1 | 1) & 0xff;
}

static void verdict_of_exit(uint64_t code, struct verdict *v)
{
	uint16_t port = exit_code_port(code);
	uint32_t value = exit_code_value(code);

	for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++)
		if (exits[i].port == port && exits[i].value == value) {
			v->status = exits[i].status;
			v->line = exits[i].line;
			if (v->status != STATUS_FAILURE)
				return;
			v->registers = true;
			snprintf(v->text, sizeof(v->text),
				 "the guest says that it failed "
				 "(value %#" PRIx32 " on port %#x)",
				 value, port);
			return;
		}
	v->status = STATUS_NONE;
	v->registers = true;
	snprintf(v->text, sizeof(v->text),
		 "guest ended with value %#" PRIx32 " on port %#x", value,
		 port);
}

/* The table's formats are literals of ours, with at most one %s. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void verdict_of_end(const struct machine *m, struct verdict *v)
{
	v->status = ends[m->stop].status;
	v->registers = ends[m->stop].registers;
	if (m->stop == STOP_SIGNAL)
		v->status += m->stop_code;
	snprintf(v->text, sizeof(v->text), ends[m->stop].text, m->why);
}
#pragma GCC diagnostic pop

void verdict_of(const struct machine *m, const struct options *options,
		struct verdict *v)
{
	*v = (struct verdict){.status = 0};
	if (m->stop != STOP_EXIT) {
		verdict_of_end(m, v);
		return;
	}
	verdict_of_exit(m->stop_code, v);
	if (options->exit_map == EXIT_MAP_QEMU)
		v->status = qemu_status(exit_code_value(m->stop_code));
}

void verdict_panic(const struct machine *m, const struct options *options,
		   const char *line, struct verdict *v)
{
	switch (m->stop) {
	case STOP_QUIT:
	case STOP_HOST:
	case STOP_SIGNAL:
	case STOP_BREAK:
		return;
	case STOP_EXIT:
		if (options->exit_map == EXIT_MAP_QEMU)
			return;
		break;
	default:
		break;
	}
	if (v->status == STATUS_SUCCESS)
		v->line = NULL;
	v->status = STATUS_PANIC;
	v->registers = true;
	snprintf(v->text, sizeof(v->text), "guest panic: %s", line);
}

static const struct {
	int status;
	const char *word;
} words[] = {
	{STATUS_SUCCESS, "success"}, {STATUS_FAILURE, "failure"},
	{EXIT_USAGE, "unusable"},    {STATUS_PANIC, "panic"},
	{STATUS_RESET, "reset"},     {STATUS_STALL, "stall"},
	{STATUS_NONE, "none"},	     {STATUS_BREAK, "break"},
	{EXIT_HOST, "host"},	     {STATUS_TIMEOUT, "timeout"},
	{STATUS_INTERNAL, "crash"},
};

const char *verdict_word(int status)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].status == status)
			return words[i].word;
	return "ended from outside";
}

bool verdict_of_word(const char *word, int *status)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(words[i].word, word)) {
			*status = words[i].status;
			return true;
		}
	return false;
}

/* What the person can put right on the command line or in a file, or not. */
int verdict_status(int err)
{
	switch (err) {
	case -ENOMEM:
	case -EIO:
	case -EMFILE:
	case -ENFILE:
	case -EAGAIN:
		return EXIT_HOST;
	}
	return EXIT_USAGE;
}
