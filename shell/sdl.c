/* sdl.c: finds SDL2's functions. */
#include "shell/sdl.h"

#include <dlfcn.h>
#include <errno.h>

#include "vmm/log.h"

static const char *const names[] = {
#define SDL_NAME(name, result, parameters) "SDL_" #name,
	SDL_FUNCTIONS(SDL_NAME)};

int sdl_load(struct sdl *sdl)
{
	/* In the order of `names`: all are pointers to functions. */
	void (**function)(void) = (void (**)(void)) & sdl->GetError;

	sdl->library = dlopen(SDL_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!sdl->library)
		return fail(-ENOENT,
			    "--display sdl: %s: it comes with the "
			    "package libsdl2-2.0-0 (Debian), SDL2 "
			    "(Fedora) or sdl2 (Arch); --display term "
			    "does without",
			    dlerror());
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		*(void **)&function[i] = dlsym(sdl->library, names[i]);
		if (!function[i])
			return fail(-ENOENT, "--display sdl: %s", dlerror());
	}
	return 0;
}
