/*
 * vga.c: characters into the text memory. The hardware's cursor follows at
 * the end of each write, through the two registers of the CRT controller.
 */
#include "guest-kernel/user/vga.h"

#define GREY_ON_BLACK 0x0700

#define CRTC_INDEX    0x3d4 /* the data register follows it */
#define CURSOR_HIGH   0x0e
#define CURSOR_LOW    0x0f

static void blank(struct vga *v, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		v->cells[i] = GREY_ON_BLACK | ' ';
}

static void scroll(struct vga *v)
{
	const unsigned last = (VGA_ROWS - 1) * VGA_COLUMNS;

	for (unsigned i = 0; i < last; i++)
		v->cells[i] = v->cells[i + VGA_COLUMNS];
	blank(v, last, last + VGA_COLUMNS);
}

static void new_row(struct vga *v)
{
	v->column = 0;
	if (v->row + 1 < VGA_ROWS)
		v->row++;
	else
		scroll(v);
}

static void back(struct vga *v)
{
	if (v->column > 0) {
		v->column--;
	} else if (v->row > 0) {
		v->row--;
		v->column = VGA_COLUMNS - 1;
	}
}

static void put(struct vga *v, uint8_t c)
{
	switch (c) {
	case '\n':
		new_row(v);
		return;
	case '\r':
		v->column = 0;
		return;
	case '\b':
		back(v);
		return;
	case '\a':
		return; /* there is no bell here */
	}
	v->cells[v->row * VGA_COLUMNS + v->column] = GREY_ON_BLACK | c;
	if (++v->column == VGA_COLUMNS)
		new_row(v);
}

/* One 16-bit access writes the index and, at the next port, the data. */
static void move_cursor(struct vga *v)
{
	unsigned at = v->row * VGA_COLUMNS + v->column;

	sys_io_port_out(v->ports, CRTC_INDEX, 2, (at & 0xff00) | CURSOR_HIGH);
	sys_io_port_out(v->ports, CRTC_INDEX, 2, (at & 0xff) << 8 | CURSOR_LOW);
}

static void vga_write(struct console *console, const char *text, size_t len)
{
	struct vga *v = (struct vga *)console;

	for (size_t i = 0; i < len; i++)
		put(v, text[i]);
	move_cursor(v);
}

void vga_init(struct vga *v, void *cells, struct caddr ports)
{
	*v = (struct vga){
		.console = {vga_write}, .cells = cells, .ports = ports};
	blank(v, 0, VGA_ROWS * VGA_COLUMNS);
	move_cursor(v);
}

_Static_assert(offsetof(struct vga, console) == 0, "vga_write casts");
