/* The window, drawn by SDL's dummy driver; skipped where there is no SDL. */
#include "tests/unit/unit.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "devices/screen.h"
#include "shell/window.h"
#include "tests/unit/fake_cpu.h"

#define WIDTH  720
#define HEIGHT 400
#define TEXT   0xb8000

static struct machine *m;
static struct fake_cpu *cpu;
static struct board board;
static struct feeder feeder;
static struct window window;

static int begin(void **state)
{
	struct board_config config = {.rtc_epoch = BOARD_EPOCH};

	m = machine_create(1 << 20);
	assert_non_null(m);
	cpu = fake_cpu_add(m, NULL, 0, NULL, true);
	assert_int_equal(board_build(&board, m, &config), 0);
	feeder_init(&feeder, m, NULL, board.kbd);
	feeder_connect(&feeder);
	assert_int_equal(window_open(&window, &board, &feeder, "a/b.elf"), 0);
	assert_int_equal(window_begin(&window), 0);
	return 0;
}

static int end(void **state)
{
	window_close(&window);
	window_close(&window);
	machine_destroy(m);
	return 0;
}

static void *sdl(const char *name)
{
	void *function = dlsym(window.sdl.library, name);

	assert_non_null(function);
	return function;
}

/* One frame, and what it brought reaches the guest. */
static void tick(void)
{
	loop_poll(m->loop, UINT64_MAX);
	cpu->elapsed_ns++;
	input_reach(m);
}

static void push(union sdl_event *event)
{
	int (*push_event)(union sdl_event *);

	*(void **)&push_event = sdl("SDL_PushEvent");
	assert_true(push_event(event) >= 0);
}

static void push_key(uint32_t type, int scancode)
{
	union sdl_event e = {.type = type};

	e.key.scancode = scancode;
	push(&e);
}

static void fill(uint8_t *cells, unsigned seed)
{
	for (unsigned i = 0; i < 80 * 25; i++) {
		cells[2 * i] = i * 7 + seed;
		cells[2 * i + 1] = i / 8;
	}
	assert_true(guestmem_write(&m->mem, TEXT, cells, 80 * 25 * 2));
}

static void check_pixels(const uint8_t *cells)
{
	static uint32_t pixels[WIDTH * HEIGHT];
	static uint8_t dots[WIDTH * HEIGHT];
	int (*read_pixels)(void *, const void *, uint32_t, void *, int);
	struct vga_screen screen;

	*(void **)&read_pixels = sdl("SDL_RenderReadPixels");
	assert_int_equal(read_pixels(window.renderer, NULL, SDL_FORMAT_ARGB8888,
				     pixels, 4 * WIDTH),
			 0);
	vga_screen(board.vga, &screen);
	screen_draw(dots, cells, &screen);
	for (unsigned i = 0; i < WIDTH * HEIGHT; i++)
		assert_int_equal(pixels[i] & 0xffffff, vga_palette[dots[i]]);
}

static void test_it_shows_the_screen(void **state)
{
	uint8_t cells[80 * 25 * 2];

	for (unsigned seed = 0; seed < 2; seed++) {
		fill(cells, seed);
		tick();
		check_pixels(cells);
	}
}

static void test_keys_by_their_place(void **state)
{
	static const struct {
		int scancode;
		uint16_t code;
	} rows[] = {{4, 0x1e},	   {29, 0x2c},	{30, 0x02},   {39, 0x0b},
		    {40, 0x1c},	   {56, 0x35},	{57, 0x3a},   {58, 0x3b},
		    {67, 0x44},	   {69, 0x58},	{73, 0xe052}, {79, 0xe04d},
		    {82, 0xe048},  {83, 0x45},	{99, 0x53},   {100, 0x56},
		    {101, 0xe05d}, {224, 0x1d}, {231, 0xe05c}};

	tick();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct key *key = &feeder.key[2 * i];

		push_key(SDL_EVENT_KEY_DOWN, rows[i].scancode);
		push_key(SDL_EVENT_KEY_UP, rows[i].scancode);
		tick();
		assert_int_equal(feeder.key_count, 2 * i + 2);
		assert_int_equal(key[0].code, rows[i].code);
		assert_int_equal(key[0].how, KEY_DOWN);
		assert_int_equal(key[1].code, rows[i].code);
		assert_int_equal(key[1].how, KEY_UP);
	}
}

static void test_places_that_are_no_keys(void **state)
{
	static const int scancodes[] = {-1,  0,	  3,   102,	  223,
					232, 255, 256, 0x7fffffff};

	tick();
	for (size_t i = 0; i < sizeof(scancodes) / sizeof(scancodes[0]); i++)
		push_key(SDL_EVENT_KEY_DOWN, scancodes[i]);
	push_key(SDL_EVENT_KEY_UP, 4); /* it is not down */
	tick();
	assert_int_equal(feeder.key_count, 0);
}

static void test_without_the_focus_all_keys_are_up(void **state)
{
	union sdl_event e = {.type = SDL_EVENT_WINDOW};

	tick();
	push_key(SDL_EVENT_KEY_DOWN, 225);
	push_key(SDL_EVENT_KEY_DOWN, 4);
	tick();
	e.window.event = SDL_WINDOW_UNFOCUS;
	push(&e);
	tick();
	assert_int_equal(feeder.key_count, 4);
	assert_int_equal(feeder.key[2].code, 0x1e);
	assert_int_equal(feeder.key[2].how, KEY_UP);
	assert_int_equal(feeder.key[3].code, 0x2a);
	assert_int_equal(feeder.key[3].how, KEY_UP);
	push(&e);
	tick();
	assert_int_equal(feeder.key_count, 4);
}

static void test_closing_it_ends_the_run(void **state)
{
	union sdl_event e = {.type = SDL_EVENT_QUIT};

	tick();
	assert_int_equal(m->stop, STOP_NONE);
	push(&e);
	tick();
	assert_int_equal(m->stop, STOP_QUIT);
	assert_string_equal(m->why, "closing the window");
}

static void test_the_title_says_what_it_does(void **state)
{
	const char *(*title)(void *);

	*(void **)&title = sdl("SDL_GetWindowTitle");
	tick();
	assert_string_equal(title(window.window), "b.elf: running - vmm");
	cpu->state.halted = HALT_HLT;
	tick();
	assert_string_equal(title(window.window), "b.elf: idle - vmm");
	m->paused = true;
	tick();
	assert_string_equal(title(window.window), "b.elf: stopped - vmm");
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		T(test_it_shows_the_screen),
		T(test_keys_by_their_place),
		T(test_places_that_are_no_keys),
		T(test_without_the_focus_all_keys_are_up),
		T(test_closing_it_ends_the_run),
		T(test_the_title_says_what_it_does),
	};

	if (!dlopen(SDL_LIBRARY, RTLD_NOW))
		return 77;
	setenv("SDL_VIDEODRIVER", "dummy", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
