/* progress.c: at most ten times a second, and never wider than the terminal. */
#include "shell/runner/progress.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shell/runner/text.h"
#include "vmm/loop.h"

#define EVERY_NS UINT64_C(100000000)

void progress_init(struct progress *p, bool on, const struct result *r,
		   size_t count)
{
	*p = (struct progress){.on = on, .total = count};
	for (size_t i = 0; i < count; i++)
		if (r[i].done)
			progress_ended(p, &r[i]);
}

void progress_ended(struct progress *p, const struct result *r)
{
	p->ended++;
	p->bad += r->outcome >= OUTCOME_FAIL;
}

static size_t columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
		return size.ws_col;
	return 80;
}

void progress_show(struct progress *p, const char *const *name, unsigned count)
{
	char *line = NULL;
	size_t len, width;
	FILE *out;

	if (!p->on || !count || loop_now_ns() - p->drawn_ns < EVERY_NS)
		return;
	out = open_memstream(&line, &len);
	if (!out)
		return;
	fprintf(out, "[%zu/%zu] ", p->ended, p->total);
	if (p->bad)
		fprintf(out, "%zu bad, ", p->bad);
	fputs("running:", out);
	for (unsigned i = 0; i < count; i++) {
		fputc(' ', out);
		text_puts(out, TEXT_PLAIN, name[i]);
	}
	fclose(out);
	width = columns() - 1;
	/* Not in the middle of a character. */
	while (len > width || (len && (line[len] & 0xc0) == 0x80))
		len--;
	fprintf(stderr, "\r%.*s\033[K", (int)len, line);
	fflush(stderr);
	free(line);
	p->shown = true;
	p->drawn_ns = loop_now_ns();
}

void progress_clear(struct progress *p)
{
	if (!p->shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	p->shown = false;
}
