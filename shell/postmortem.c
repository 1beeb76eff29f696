/* postmortem.c: opens what is needed, and has each part say its own. */
#include "shell/postmortem.h"

#include <string.h>

#include "devices/screen.h"
#include "vmm/log.h"

struct postmortem_program *postmortem_program(struct postmortem *p,
					      unsigned ring)
{
	return ring == 3 && p->init.source ? &p->init : &p->kernel;
}

const struct symbols *postmortem_symbols(const struct postmortem_program *of)
{
	static const struct symbols none;

	return of->source ? source_symbols(of->source) : &none;
}

void postmortem_name(const struct postmortem_program *of, uint64_t va,
		     char *text, size_t size)
{
	symbols_name(postmortem_symbols(of), va, text, size);
}

static bool is_blank(const uint8_t *cells, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (cells[2 * i] && cells[2 * i] != ' ')
			return false;
	return true;
}

/* One row, its trailing blanks cut. */
static void say_row(const uint8_t *cells, unsigned cols)
{
	char text[3 * VGA_COLS_MAX + 1];
	size_t len = 0, used = 0;

	for (unsigned x = 0; x < cols; x++) {
		unsigned code = cp437_to_unicode(cells[2 * x]);

		len += utf8_encode(text + len, code ? code : ' ');
		if (code && code != ' ')
			used = len;
	}
	text[used] = 0;
	log_warn("    %s", text);
}

void postmortem_screen(struct postmortem *p)
{
	uint8_t cells[2 * VGA_COLS_MAX * VGA_ROWS_MAX];
	struct vga_screen screen;
	unsigned rows;

	vga_screen(p->board->vga, &screen);
	if (!guestmem_read(&p->m->mem, screen.text_gpa, cells,
			   2 * (size_t)screen.cols * screen.rows))
		return;
	rows = screen.rows;
	while (rows &&
	       is_blank(cells + 2 * (rows - 1) * screen.cols, screen.cols))
		rows--;
	if (rows)
		log_warn("  screen:");
	for (unsigned y = 0; y < rows; y++)
		say_row(cells + 2 * y * screen.cols, screen.cols);
}

static void open_program(struct postmortem_program *p)
{
	if (p->fd >= 0 && p->path)
		p->source = source_open_fd(p->fd, p->path);
}

void postmortem_say(struct postmortem *p)
{
	char title[] = "last lines of COM0:";

	open_program(&p->kernel);
	open_program(&p->init);
	postmortem_cpu(p);
	postmortem_past(p);
	for (unsigned i = 0; i < BOARD_COMS; i++) {
		title[strlen(title) - 2] = '1' + i;
		if (p->hidden & 1u << i)
			tail_say(&p->tail[i], title);
	}
	postmortem_screen(p);
	source_close(p->kernel.source);
	source_close(p->init.source);
}
