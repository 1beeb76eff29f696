/*
 * options_look.h: the options that ask to look at a run, to keep it or to go
 * on with it; rows for options.c.
 */
#ifndef SHELL_OPTIONS_LOOK_H
#define SHELL_OPTIONS_LOOK_H

#include "shell/cli.h"
#include "shell/options.h"

/* Readers of a value into a struct options: 0 or -errno, said. */
int options_snapshot(void *options, const char *value);
int options_history_mem(void *options, const char *value);
int options_break_at(void *options, const char *value);
int options_hash_every(void *options, const char *value);
int options_trace(void *options, const char *value);
int options_look(void *options, const char *value);
int options_engine(void *options, const char *value);
extern const struct cli_word options_engine_words[];

#endif
