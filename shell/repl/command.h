/* command.h: the parts of vmm shell that its command line begins. */
#ifndef SHELL_REPL_COMMAND_H
#define SHELL_REPL_COMMAND_H

#include "shell/repl/repl.h"

extern const char repl_version[];

/* The whole run: the exit status. */
int repl_main(struct shell_options *options);

/* `source FILE`, outside of any command: the status. */
int repl_file(struct repl *r, const struct words *w);

#endif
