/* panic.c: lines, and a regular expression for each of them. */
#include "shell/panic.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vmm/log.h"

int panic_check(const char *regex)
{
	regex_t compiled;
	char why[100];
	int err = regcomp(&compiled, regex, REG_EXTENDED | REG_NOSUB);

	if (err) {
		regerror(err, &compiled, why, sizeof(why));
		return fail(-EINVAL, "--panic-regex: '%s': %s", regex, why);
	}
	regfree(&compiled);
	return 0;
}

int panic_init(struct panic *p, struct machine *m, const char *regex)
{
	memset(p, 0, sizeof(*p));
	p->m = m;
	if (regcomp(&p->regex, regex ? regex : PANIC_OURS,
		    REG_EXTENDED | REG_NOSUB))
		return fail(-ENOMEM, "--panic-regex: no memory");
	p->compiled = true;
	return 0;
}

/* The guest's last words end at its own stop, or here. */
static void panicked(struct panic *p, const char *line)
{
	uint64_t end = clock_now(&p->m->clock) + PANIC_NS;

	p->seen = true;
	p->count = machine_count(p->m);
	p->limit_ns = p->m->limit_ns;
	snprintf(p->text, sizeof(p->text), "%.199s", line);
	for (char *at = p->text; *at; at++)
		if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f)
			*at = '?';
	if (!p->m->limit_ns || end < p->m->limit_ns)
		p->m->limit_ns = end;
}

static void end_line(struct panic_line *l)
{
	while (l->len && l->text[l->len - 1] == '\r')
		l->len--;
	l->text[l->len] = 0;
	l->len = 0;
	if (!l->panic->seen &&
	    regexec(&l->panic->regex, l->text, 0, NULL, 0) == 0)
		panicked(l->panic, l->text);
}

static void look(void *host, const uint8_t *bytes, size_t len)
{
	struct panic_line *l = host;

	for (size_t i = 0; i < len; i++)
		if (bytes[i] == '\n')
			end_line(l);
		else if (l->len + 1 < sizeof(l->text) && bytes[i])
			l->text[l->len++] = bytes[i];
	if (l->next.send)
		l->next.send(l->next.host, bytes, len);
}

struct byte_sink panic_sink(struct panic *p, unsigned which,
			    struct byte_sink next)
{
	struct panic_line *l = &p->line[which];

	l->panic = p;
	l->next = next;
	return (struct byte_sink){look, l};
}

void panic_forked(struct panic *p)
{
	for (unsigned i = 0; i < sizeof(p->line) / sizeof(p->line[0]); i++)
		p->line[i].len = 0;
	if (!p->seen || p->count <= machine_count(p->m))
		return;
	p->seen = false;
	p->m->limit_ns = p->limit_ns;
}

void panic_fini(struct panic *p)
{
	if (p->compiled)
		regfree(&p->regex);
	p->compiled = false;
}
