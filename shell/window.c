/* window.c: a texture of the screen's dots, and SDL's events. */
#include "shell/window.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/screen.h"
#include "vmm/log.h"

#define FRAME_NS UINT64_C(16666667)
#define COLS	 80
#define ROWS	 25

/* ---- drawing ---- */

static void present(struct window *w)
{
	w->sdl.RenderClear(w->renderer);
	w->sdl.RenderCopy(w->renderer, w->texture, NULL, NULL);
	w->sdl.RenderPresent(w->renderer);
}

static int make_texture(struct window *w, const struct vga_screen *screen)
{
	int width = screen->cols * GLYPH_WIDTH;
	int height = screen->rows * GLYPH_HEIGHT;

	if (w->texture)
		w->sdl.DestroyTexture(w->texture);
	w->texture = w->sdl.CreateTexture(w->renderer, SDL_FORMAT_ARGB8888,
					  SDL_ACCESS_STREAMING, width, height);
	if (!w->texture)
		return -ENOMEM;
	w->sdl.RenderSetLogicalSize(w->renderer, width, height);
	return 0;
}

static void fill_texture(struct window *w)
{
	static uint8_t
		dots[VGA_COLS_MAX * GLYPH_WIDTH * VGA_ROWS_MAX * GLYPH_HEIGHT];
	static uint32_t pixels[sizeof(dots)];
	size_t width = (size_t)w->shown.cols * GLYPH_WIDTH;
	size_t count = width * w->shown.rows * GLYPH_HEIGHT;

	screen_draw(dots, w->cells, &w->shown);
	for (size_t i = 0; i < count; i++)
		pixels[i] = 0xff000000 | vga_palette[dots[i]];
	w->sdl.UpdateTexture(w->texture, NULL, pixels, 4 * width);
}

static bool same_screen(const struct vga_screen *a, const struct vga_screen *b)
{
	return a->cols == b->cols && a->rows == b->rows &&
	       a->cursor_x == b->cursor_x && a->cursor_y == b->cursor_y &&
	       a->blink == b->blink;
}

static void draw(struct window *w)
{
	uint8_t cells[sizeof(w->cells)] = {0};
	struct vga_screen screen;
	size_t len;

	vga_screen(w->board->vga, &screen);
	len = 2 * (size_t)screen.cols * screen.rows;
	guestmem_read(&w->board->machine->mem, screen.text_gpa, cells, len);
	if (!w->dirty && same_screen(&screen, &w->shown) &&
	    !memcmp(cells, w->cells, len))
		return;
	if ((!w->texture || screen.cols != w->shown.cols ||
	     screen.rows != w->shown.rows) &&
	    make_texture(w, &screen))
		return;
	w->shown = screen;
	memcpy(w->cells, cells, len);
	w->dirty = false;
	fill_texture(w);
	present(w);
}

/* ---- the title ---- */

static const char *state_of(const struct machine *m)
{
	struct x86_state state;

	if (m->paused) /* by a debugger */
		return "stopped";
	for (unsigned i = 0; i < m->cpu_count; i++) {
		m->cpu[i]->ops->get_state(m->cpu[i], &state);
		if (!state.halted)
			return "running";
	}
	return "idle";
}

static void update_title(struct window *w)
{
	const char *state = state_of(w->board->machine);
	char title[200];

	if (w->state == state)
		return;
	w->state = state;
	snprintf(title, sizeof(title), "%.150s: %s - vmm", w->name, state);
	w->sdl.SetWindowTitle(w->window, title);
}

/* ---- keys ---- */

static void set_key(struct window *w, int usage, bool down)
{
	struct key key = {.how = down ? KEY_DOWN : KEY_UP};

	if (usage < 0 || usage >= WINDOW_KEYS ||
	    !keymap_usb(usage, &key.code) || (!down && !w->held[usage]))
		return;
	w->held[usage] = down;
	feeder_give_key(w->feeder, key);
}

static void release_all(struct window *w)
{
	for (int i = 0; i < WINDOW_KEYS; i++)
		if (w->held[i])
			set_key(w, i, false);
}

static void take_event(struct window *w, const union sdl_event *e)
{
	switch (e->type) {
	case SDL_EVENT_QUIT:
		machine_stop(w->board->machine, STOP_QUIT, 0,
			     "closing the window");
		break;
	case SDL_EVENT_KEY_DOWN: /* those that repeat, too, as a keyboard */
	case SDL_EVENT_KEY_UP:
		set_key(w, e->key.scancode, e->type == SDL_EVENT_KEY_DOWN);
		break;
	case SDL_EVENT_WINDOW:
		if (e->window.event == SDL_WINDOW_UNFOCUS)
			release_all(w);
		if (e->window.event == SDL_WINDOW_EXPOSED ||
		    e->window.event == SDL_WINDOW_RESIZED)
			w->dirty = true;
		break;
	}
}

static void tick(void *ctx)
{
	struct window *w = ctx;
	union sdl_event event;

	while (w->sdl.PollEvent(&event))
		take_event(w, &event);
	draw(w);
	update_title(w);
	loop_timer(w->board->machine->loop, loop_now_ns() + FRAME_NS, tick, w);
}

/* ---- its life ---- */

static int refuse(struct window *w, const char *what)
{
	return fail(-EIO, "--display sdl: %s: %s", what, w->sdl.GetError());
}

/*
 * Where there is no display SDL takes a driver that draws into nothing; only
 * who names it wants that.
 */
static bool draws_nowhere(const struct window *w)
{
	const char *driver = w->sdl.GetCurrentVideoDriver();

	return !getenv("SDL_VIDEODRIVER") && driver &&
	       (!strcmp(driver, "offscreen") || !strcmp(driver, "dummy"));
}

static int start_video(struct window *w)
{
	/* Signals are ours; a screen saver's D-Bus is more than we need. */
	w->sdl.SetHint("SDL_NO_SIGNAL_HANDLERS", "1");
	w->sdl.SetHint("SDL_VIDEO_ALLOW_SCREENSAVER", "1");
	/* No OpenGL: it brings threads and files of its own. */
	w->sdl.SetHint("SDL_FRAMEBUFFER_ACCELERATION", "0");
	w->sdl.SetHint("SDL_RENDER_SCALE_QUALITY", "nearest");
	if (w->sdl.VideoInit(NULL) < 0)
		return refuse(w, "no display");
	if (draws_nowhere(w))
		return fail(-ENODEV, "--display sdl: there is no display: "
				     "neither DISPLAY nor WAYLAND_DISPLAY "
				     "leads to one; --display term needs none");
	return 0;
}

int window_open(struct window *w, const struct board *board,
		struct feeder *feeder, const char *name)
{
	const char *slash = strrchr(name, '/');
	int err;

	memset(w, 0, sizeof(*w));
	err = sdl_load(&w->sdl);
	if (err)
		return err;
	w->board = board;
	w->feeder = feeder;
	w->name = slash ? slash + 1 : name;
	w->dirty = true;
	err = start_video(w);
	if (err)
		return err;
	w->window = w->sdl.CreateWindow(
		"vmm", SDL_POS_UNDEFINED, SDL_POS_UNDEFINED, COLS * GLYPH_WIDTH,
		ROWS * GLYPH_HEIGHT, SDL_WINDOW_RESIZABLE);
	if (!w->window)
		return refuse(w, "no window");
	w->renderer =
		w->sdl.CreateRenderer(w->window, -1, SDL_RENDERER_SOFTWARE);
	if (!w->renderer)
		return refuse(w, "nothing can be drawn");
	w->sdl.RenderSetIntegerScale(w->renderer, 1);
	return 0;
}

int window_begin(struct window *w)
{
	w->begun = true;
	return loop_timer(w->board->machine->loop, loop_now_ns(), tick, w);
}

bool window_is_open(const struct window *w)
{
	return w->window;
}

void window_close(struct window *w)
{
	if (!w->board)
		return;
	if (w->begun)
		loop_timer(w->board->machine->loop, 0, tick, w);
	if (w->texture)
		w->sdl.DestroyTexture(w->texture);
	if (w->renderer)
		w->sdl.DestroyRenderer(w->renderer);
	if (w->window)
		w->sdl.DestroyWindow(w->window);
	w->sdl.VideoQuit();
	w->board = NULL;
	w->texture = w->renderer = w->window = NULL;
}
