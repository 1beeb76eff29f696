/* display.c: frames for the terminal, on a timer of the host's. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shell/display.h"
#include "shell/terminal.h"
#include "vmm/log.h"

#define FRAME_NS UINT64_C(16666667)
#define COLS	 80
#define ROWS	 25
#define LAST_MS	 200 /* for the last frame to get out */

#define ENTER	 "\033[?1049h\033[0m\033[2J"
#define LEAVE	 "\033[0m\033[?25h\033[?1049l"
#define HINT	 "-- Ctrl-%c ends the run; all other keys are the guest's --"

static int terminal_size(unsigned *cols, unsigned *rows)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return -errno;
	*cols = size.ws_col;
	*rows = size.ws_row;
	return 0;
}

int display_check(void)
{
	unsigned cols = 0, rows = 0;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    terminal_size(&cols, &rows) < 0)
		return fail(-EINVAL, "--display term: standard input and "
				     "output must be a terminal");
	if (cols < COLS || rows < ROWS)
		return fail(
			-EINVAL,
			"--display term: the terminal has %ux%u characters, "
			"%dx%d are needed; make it larger",
			cols, rows, COLS, ROWS);
	return 0;
}

/* ---- lines ---- */

static char *last_line(struct display *d)
{
	return d->line[(d->line_count - 1) % DISPLAY_LINES];
}

static void new_line(struct display *d)
{
	d->line_count++;
	d->column = 0;
	memset(last_line(d), 0, DISPLAY_LINE);
}

/* Control codes would reach the terminal: they are shown as a dot. */
static void add_byte(struct display *d, uint8_t byte)
{
	d->lines_changed = true;
	if (byte == '\n') {
		new_line(d);
	} else if (byte == '\r') {
		d->column = 0;
	} else if (byte == '\b') {
		d->column -= d->column > 0;
	} else if (d->column < DISPLAY_LINE - 1) {
		last_line(d)[d->column++] =
			byte < 0x20 || byte == 0x7f ? '.' : byte;
	}
}

static void add_bytes(void *host, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		add_byte(host, bytes[i]);
}

struct byte_sink display_sink(struct display *d)
{
	return (struct byte_sink){add_bytes, d};
}

static void log_line(void *ctx, const char *line)
{
	struct display *d = ctx;

	if (d->column)
		add_byte(d, '\n');
	add_bytes(d, (const uint8_t *)line, strlen(line));
	add_byte(d, '\n');
}

/* ---- frames ---- */

static void put(struct display *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void put(struct display *d, const char *fmt, ...)
{
	size_t size = sizeof(d->frame) - d->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(d->frame + d->len, size, fmt, ap);
	va_end(ap);
	d->len += (size_t)n < size ? (size_t)n : size - 1;
}

/* The newest lines at the bottom; what is cut at the right is cut. */
static void draw_lines(struct display *d)
{
	unsigned room = d->rows > ROWS + 1 ? d->rows - ROWS - 1 : 0;
	unsigned count = d->column ? d->line_count : d->line_count - 1;
	unsigned first;
	char hint[sizeof(HINT)];

	d->lines_changed = false;
	snprintf(hint, sizeof(hint), HINT, d->escape | 0x40);
	if (d->rows > ROWS)
		put(d, "\033[0m\033[%d;1H\033[2m%.*s\033[0m", ROWS + 1,
		    (int)d->cols, hint);
	if (room > DISPLAY_LINES - 1)
		room = DISPLAY_LINES - 1;
	first = count > room ? count - room : 0;
	for (unsigned i = 0; i < room; i++)
		put(d, "\033[%u;1H\033[K%.*s", ROWS + 2 + i, (int)d->cols,
		    first + i < count ? d->line[(first + i) % DISPLAY_LINES]
				      : "");
}

static void draw_screen(struct display *d)
{
	uint8_t cells[2 * VGA_COLS_MAX * VGA_ROWS_MAX];
	struct vga_screen screen;

	vga_screen(d->board->vga, &screen);
	if (!guestmem_read(&d->board->machine->mem, screen.text_gpa, cells,
			   2 * (size_t)screen.cols * screen.rows))
		memset(cells, 0, sizeof(cells));
	d->len += screen_term_draw(&d->term, cells, &screen, d->frame + d->len);
}

/* True when all of the frame is out. */
static bool send(struct display *d)
{
	while (d->sent < d->len) {
		ssize_t n = write(d->fd, d->frame + d->sent, d->len - d->sent);

		if (n < 0 && errno != EINTR)
			return false;
		d->sent += n > 0 ? n : 0;
	}
	d->sent = d->len = 0;
	return true;
}

static void draw(struct display *d)
{
	if (!send(d))
		return;
	if (d->cols < COLS || d->rows < ROWS) {
		put(d,
		    "\033[H\033[2J\033[0mvmm: the terminal must have %dx%d "
		    "characters",
		    COLS, ROWS);
		d->term.known = false;
	} else {
		if (d->lines_changed)
			draw_lines(d);
		if (d->len) /* it moved the cursor: have that put right */
			d->term.cursor_x = -2;
		draw_screen(d);
	}
	send(d);
}

static void tick(void *ctx)
{
	struct display *d = ctx;

	draw(d);
	loop_timer(d->board->machine->loop, loop_now_ns() + FRAME_NS, tick, d);
}

void display_redraw(void *display)
{
	struct display *d = display;

	if (terminal_size(&d->cols, &d->rows) < 0)
		return;
	screen_term_init(&d->term, d->cols, d->rows < ROWS ? d->rows : ROWS);
	d->lines_changed = true;
	if (send(d))
		put(d, "\033[0m\033[2J");
}

int display_begin(struct display *d, const struct board *board)
{
	int err;

	d->board = board;
	if (d->line_count == 0)
		new_line(d);
	d->fd = open("/proc/self/fd/1",
		     O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (d->fd < 0)
		d->fd = STDOUT_FILENO;
	err = terminal_enter(STDIN_FILENO, STDOUT_FILENO, false, ENTER, LEAVE);
	if (err)
		return err;
	d->on = true;
	display_redraw(d);
	log_set_hook(log_line, d);
	return loop_timer(board->machine->loop, loop_now_ns() + FRAME_NS, tick,
			  d);
}

void display_end(struct display *d)
{
	struct pollfd fd = {.fd = d->fd, .events = POLLOUT};

	if (!d->on)
		return;
	d->on = false;
	log_set_hook(NULL, NULL);
	loop_timer(d->board->machine->loop, 0, tick, d);
	while (!send(d) && poll(&fd, 1, LAST_MS) > 0)
		;
	draw(d);
	if (d->fd != STDOUT_FILENO)
		close(d->fd);
	terminal_leave();
}
