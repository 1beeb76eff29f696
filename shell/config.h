/*
 * config.h: options that are not on the command line: first the person's
 * file, then the environment, which overrides it; the command line overrides
 * both.
 *
 *	[boot]			VMM_BOOT_ACCEL=sim
 *	accel = "sim"
 *
 * The file is $VMM_CONFIG (if that is empty: none), else
 * $XDG_CONFIG_HOME/vmm/config.toml, else ~/.config/vmm/config.toml. A table is
 * a command, a key is an option of its that is not a single run's.
 */
#ifndef SHELL_CONFIG_H
#define SHELL_CONFIG_H

#include "shell/cli.h"

/*
 * Give a command's options what is configured, through their `set`. 0 or
 * -EINVAL, said.
 */
int config_apply(const struct cli_command *command, void *ctx);

/* config_apply(), then cli_parse(). */
int config_parse(const struct cli_command *command, int argc, char **argv,
		 void *ctx);

#endif
