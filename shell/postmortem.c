/* postmortem.c: opens what is needed, and has each part say its own. */
#include "shell/postmortem.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "devices/screen.h"
#include "vmm/log.h"

struct postmortem_program *postmortem_program(struct postmortem *p,
					      unsigned ring, uint64_t cr3)
{
	if (ring != 3)
		return &p->kernel;
	for (unsigned i = 0; i < p->modules; i++)
		if (program_runs(&p->module[i].file, &p->m->mem,
				 cr3 & PTE_ADDR))
			return &p->module[i];
	return p->modules ? &p->module[0] : &p->kernel;
}

/* A bzImage or a flat file has no names, which is nothing to complain of. */
static bool is_elf(int fd)
{
	char magic[SELFMAG];

	return pread(fd, magic, SELFMAG, 0) == SELFMAG &&
	       !memcmp(magic, ELFMAG, SELFMAG);
}

struct source *postmortem_source(struct postmortem_program *of)
{
	if (!of->tried && of->file.fd >= 0 && is_elf(of->file.fd))
		of->source = source_open_fd(of->file.fd, of->path);
	of->tried = true;
	return of->source;
}

const struct symbols *postmortem_symbols(struct postmortem_program *of)
{
	static const struct symbols none;
	const struct source *source = postmortem_source(of);

	return source ? source_symbols(source) : &none;
}

void postmortem_name(struct postmortem_program *of, uint64_t va, char *text,
		     size_t size)
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

static void open_program(struct postmortem_program *p, const char *path)
{
	*p = (struct postmortem_program){.path = path};
	program_open(&p->file, path);
}

static void close_program(struct postmortem_program *p)
{
	source_close(p->source);
	program_close(&p->file);
}

int postmortem_open(struct postmortem *p, struct machine *m,
		    const struct board *board, const struct options *o)
{
	struct inspect_config config = {m, o->kernel, o->module,
					o->module_count};

	*p = (struct postmortem){.m = m, .board = board};
	p->branches = o->branches;
	open_program(&p->kernel, o->kernel);
	for (; p->modules < o->module_count; p->modules++)
		open_program(&p->module[p->modules], o->module[p->modules]);
	p->inspect = inspect_create(&config);
	return p->inspect ? 0 : -ENOMEM;
}

void postmortem_close(struct postmortem *p)
{
	if (!p->m)
		return;
	close_program(&p->kernel);
	for (unsigned i = 0; i < p->modules; i++)
		close_program(&p->module[i]);
	inspect_destroy(p->inspect);
	p->m = NULL;
}

void postmortem_say(struct postmortem *p)
{
	char title[] = "last lines of COM0:";

	postmortem_cpu(p);
	postmortem_tasks(p);
	postmortem_past(p);
	for (unsigned i = 0; i < BOARD_COMS; i++) {
		title[strlen(title) - 2] = '1' + i;
		if (p->hidden & 1u << i)
			tail_say(&p->tail[i], title);
	}
	postmortem_screen(p);
}
