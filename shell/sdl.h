/*
 * sdl.h: SDL2, loaded when a window is asked for, so that nothing else needs
 * it. These are the few parts of its stable interface that are used; names
 * are SDL's without their prefix.
 */
#ifndef SHELL_SDL_H
#define SHELL_SDL_H

#include <stdbool.h>
#include <stdint.h>

#define SDL_LIBRARY	      "libSDL2-2.0.so.0"
#define SDL_POS_UNDEFINED     0x1fff0000
#define SDL_WINDOW_RESIZABLE  0x20u
#define SDL_RENDERER_SOFTWARE 1u
#define SDL_FORMAT_ARGB8888   0x16362004u
#define SDL_ACCESS_STREAMING  1

enum {
	SDL_EVENT_QUIT = 0x100,
	SDL_EVENT_WINDOW = 0x200,
	SDL_EVENT_KEY_DOWN = 0x300,
	SDL_EVENT_KEY_UP = 0x301,
};

enum {
	SDL_WINDOW_EXPOSED = 3,
	SDL_WINDOW_RESIZED = 6,
	SDL_WINDOW_UNFOCUS = 13
};

union sdl_event {
	uint32_t type;
	struct {
		uint32_t type, time, window;
		uint8_t event;
	} window;
	struct {
		uint32_t type, time, window;
		uint8_t state, repeat, unused[2];
		int32_t scancode; /* a USB HID usage */
		int32_t sym;
		uint16_t mod;
	} key;
	uint8_t size[128]; /* SDL's is 56 */
};

/* name, result, parameters */
#define SDL_FUNCTIONS(F)                                                      \
	F(GetError, const char *, (void))                                     \
	F(SetHint, int, (const char *, const char *))                         \
	F(VideoInit, int, (const char *))                                     \
	F(VideoQuit, void, (void))                                            \
	F(GetCurrentVideoDriver, const char *, (void))                        \
	F(CreateWindow, void *, (const char *, int, int, int, int, uint32_t)) \
	F(DestroyWindow, void, (void *))                                      \
	F(SetWindowTitle, void, (void *, const char *))                       \
	F(CreateRenderer, void *, (void *, int, uint32_t))                    \
	F(DestroyRenderer, void, (void *))                                    \
	F(RenderSetLogicalSize, int, (void *, int, int))                      \
	F(RenderSetIntegerScale, int, (void *, int))                          \
	F(CreateTexture, void *, (void *, uint32_t, int, int, int))           \
	F(DestroyTexture, void, (void *))                                     \
	F(UpdateTexture, int, (void *, const void *, const void *, int))      \
	F(RenderClear, int, (void *))                                         \
	F(RenderCopy, int, (void *, void *, const void *, const void *))      \
	F(RenderPresent, void, (void *))                                      \
	F(PollEvent, int, (union sdl_event *))

struct sdl {
	void *library;
#define SDL_POINTER(name, result, parameters) result(*name) parameters;
	SDL_FUNCTIONS(SDL_POINTER)
#undef SDL_POINTER
};

/* 0 or -errno, said, with what to install. */
int sdl_load(struct sdl *sdl);

#endif
