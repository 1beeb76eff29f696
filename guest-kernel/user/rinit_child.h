/*
 * rinit_child.h: children that run another program: one of the modules that
 * the loader put beside the kernel.
 */
#ifndef USER_RINIT_CHILD_H
#define USER_RINIT_CHILD_H

#include "guest-kernel/user/console.h"
#include "guest-kernel/user/rt.h"

/*
 * Starts the module that the first word of `line` names; the others are its
 * command line. False, having said why, when that cannot be.
 */
bool rinit_start_module(struct console *out, const char *line);

/* Waits until the child of that module ends, and says how it did. */
bool rinit_wait_module(struct console *out, const char *name);

#endif
