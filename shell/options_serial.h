/* options_serial.h: the options of serial lines; rows for options.c. */
#ifndef SHELL_OPTIONS_SERIAL_H
#define SHELL_OPTIONS_SERIAL_H

#include "shell/cli.h"
#include "shell/options.h"

/* Readers of a value into a struct options: 0 or -EINVAL, said. */
int options_serial(void *options, const char *value);
int options_serial2(void *options, const char *value);
int options_serial3(void *options, const char *value);
int options_serial4(void *options, const char *value);
extern const struct cli_word options_stamp_words[];

/* Do the lines go together? 0 or -EINVAL, said. */
int options_check_serial(const struct options *options);

#endif
