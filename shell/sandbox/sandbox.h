/*
 * sandbox.h: what is left to a process whose guest has taken it over.
 *
 * Between set-up and the guest's first instruction the process closes what it
 * inherited, gives up new privileges and confines itself to the system calls
 * of calls.h. Whoever adds an option that needs more calls later adds a mode
 * there, and sets it in session.c.
 *
 * The filters are made when vmm is built, by libseccomp (make_filter.c):
 * that costs a start nothing.
 */
#ifndef SHELL_SANDBOX_SANDBOX_H
#define SHELL_SANDBOX_SANDBOX_H

#include <stdbool.h>

enum {
	SANDBOX_BASE = 0,
	SANDBOX_FILES = 1,   /* files are opened and renamed later */
	SANDBOX_KVM = 2,     /* the guest runs on KVM */
	SANDBOX_NET = 4,     /* others may connect later */
	SANDBOX_WINDOW = 8,  /* SDL draws and asks for keys */
	SANDBOX_PROMPT = 16, /* a person edits lines and completes files */
	SANDBOX_MODES = 32,
};

/*
 * For the rest of this process's life, all its threads. 0, also where the
 * kernel has no such thing or vmm was built without (a line says so under
 * -v); -errno, said.
 */
int sandbox_enter(unsigned modes);

/* Was it built in? */
extern const bool sandbox_built;

#endif
