/* history_command.c: the history's words, for people. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/history_parts.h"

#define WORDS 3

struct answer {
	char *text;
	unsigned size;
};

static int say(const struct answer *a, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int say(const struct answer *a, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->text, a->size, fmt, ap);
	va_end(ap);
	return err;
}

static bool number(const char *word, uint64_t *val)
{
	char *end;

	errno = 0;
	*val = strtoull(word, &end, 0);
	return *word >= '0' && *word <= '9' && !*end && !errno;
}

static int say_when(struct history *h, const struct answer *a)
{
	uint64_t now = history_now(h);

	if (history_live(h))
		return say(a, 0, "instruction %" PRIu64 ", the present", now);
	return say(a, 0,
		   "instruction %" PRIu64 ", %" PRIu64 " before the present",
		   now, history_last(h) - now);
}

static int gone(struct history *h, const struct answer *a, int err)
{
	switch (err) {
	case 0:
		return say_when(h, a);
	case -EINTR:
		say_when(h, a);
		return err;
	case -ERANGE:
		return say(a, err,
			   "the run goes from instruction %" PRIu64
			   " to %" PRIu64,
			   history_first(h), history_last(h));
	}
	return say(a, err, "the run could not be repeated");
}

static int cmd_when(struct history *h, char **word, const struct answer *a)
{
	return say_when(h, a);
}

static int go(struct history *h, uint64_t count, const struct answer *a)
{
	if (count < history_first(h) || count > history_last(h))
		return gone(h, a, -ERANGE);
	return gone(h, a, history_goto(h, count));
}

static int cmd_goto(struct history *h, char **word, const struct answer *a)
{
	uint64_t count;

	if (!word[1] || !number(word[1], &count))
		return say(a, -EINVAL,
			   "goto N: to the instant when N instructions had "
			   "run");
	return go(h, count, a);
}

static int cmd_back(struct history *h, char **word, const struct answer *a)
{
	uint64_t count = 1, now = history_now(h);

	if (word[1] && !number(word[1], &count))
		return say(a, -EINVAL, "back [N]: N instructions, or one");
	return count > now ? gone(h, a, -ERANGE) : go(h, now - count, a);
}

static int cmd_present(struct history *h, char **word, const struct answer *a)
{
	return gone(h, a, history_present(h));
}

static int cmd_fork(struct history *h, char **word, const struct answer *a)
{
	if (history_fork(h))
		return say(a, -EBUSY, "a recorded run has one future");
	return say_when(h, a);
}

/* A debugger without points would be at the first instant at once. */
static int cmd_rcont(struct history *h, char **word, const struct answer *a)
{
	const struct debug *d = h->m->debug;
	int err;

	if (!d || !debug_nth(d, 0))
		return say(a, -ENOENT, "no breakpoint or watchpoint is set");
	err = history_reverse_continue(h);
	if (err || history_stop(h)->reason != DEBUG_BEGIN)
		return gone(h, a, err);
	return say(a, 0,
		   "instruction %" PRIu64 ", where the run begins: no point "
		   "was met before",
		   history_now(h));
}

static int cmd_last_write(struct history *h, char **word,
			  const struct answer *a)
{
	struct machine *m = h->m;
	struct vcpu *cpu = m->cpu[m->turn.cpu];
	struct history_hit hit;
	uint64_t gva, gpa, len = 1;
	int err;

	if (!word[1] || !number(word[1], &gva) ||
	    (word[2] && !number(word[2], &len)))
		return say(a, -EINVAL,
			   "last-write ADDRESS [LENGTH]: who wrote there last");
	if (len == 0 || len > GUEST_PAGE_SIZE - gva % GUEST_PAGE_SIZE)
		return say(a, -EINVAL, "the bytes must lie in one page");
	if (!cpu->ops->translate(cpu, gva, &gpa))
		return say(a, -EFAULT, "%#" PRIx64 " is not mapped", gva);
	err = history_last_write(h, gpa, len, &hit);
	if (err == -ENOENT)
		return say(a, err,
			   "nobody has written to %#" PRIx64
			   " since instruction %" PRIu64,
			   gva, history_first(h));
	if (err == -EFAULT)
		return say(a, err, "%#" PRIx64 " is no memory", gva);
	if (err)
		return gone(h, a, err);
	h->hit = hit;
	return say(a, 0,
		   "%#" PRIx64 " (physical %#" PRIx64
		   ") was last written by CPU %u after instruction %" PRIu64
		   "\ngoto %" PRIu64 ": right before that",
		   gva, gpa, hit.cpu, hit.count, hit.count);
}

static const struct {
	const char *name;
	int (*run)(struct history *h, char **word, const struct answer *a);
} commands[] = {
	{"when", cmd_when},   {"goto", cmd_goto},
	{"back", cmd_back},   {"present", cmd_present},
	{"fork", cmd_fork},   {"last-write", cmd_last_write},
	{"rcont", cmd_rcont},
};

int history_command(struct history *h, const char *line, char *text,
		    unsigned size)
{
	struct answer a = {text, size};
	char *word[WORDS + 1] = {NULL}, copy[128], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", line);
	word[0] = strtok_r(copy, " \t\n", &save);
	for (unsigned i = 1; word[i - 1] && i < WORDS; i++)
		word[i] = strtok_r(NULL, " \t\n", &save);
	for (unsigned i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (word[0] && !strcmp(word[0], commands[i].name))
			return commands[i].run(h, word, &a);
	return -ENOSYS;
}
