/* command.c: the options of `vmm shell`, and the command. */
#include "shell/repl/command.h"

#include <errno.h>
#include <getopt.h>
#include <unistd.h>

#include "shell/cli.h"
#include "shell/config.h"
#include "vmm/log.h"

const char repl_version[] = VMM_VERSION;

static int add_script(void *ctx, enum repl_source kind, const char *text)
{
	struct shell_options *o = ctx;

	if (o->scripts == REPL_SCRIPTS)
		return fail(-EINVAL, "at most %d of --command and --file",
			    REPL_SCRIPTS);
	o->script[o->scripts].kind = kind;
	o->script[o->scripts++].text = text;
	return 0;
}

static int set_command(void *ctx, const char *value)
{
	return add_script(ctx, SOURCE_TEXT, value);
}

static int set_file(void *ctx, const char *value)
{
	return add_script(ctx, SOURCE_FILE, value);
}

static const struct cli_option rows[] = {
	{"command", 'c', "TEXT", set_command,
	 "carry out these commands, parted by ;, and leave", NULL, true},
	{"file", 'f', "FILE", set_file, "the same with the commands in a file",
	 NULL, true},
	{"json", 0, NULL, NULL, "answer with an object a line",
	 CLI_FLAG_OF(struct shell_options, json)},
	{"quiet", 'q', NULL, NULL, "do not show what the guest says on COM1",
	 CLI_FLAG_OF(struct shell_options, quiet)},
	{"stopped", 0, NULL, NULL, "do not start the guest before `cont`",
	 CLI_FLAG_OF(struct shell_options, stopped)},
};

static int check(const struct shell_options *o)
{
	if (o->options.display == DISPLAY_TERM)
		return fail(-EINVAL, "--display term: the terminal is the "
				     "prompt's; `screen` shows the screen");
	return 0;
}

static int parse(int argc, char **argv, struct shell_options *o)
{
	struct options configured;
	int err = options_begin(&o->options, &configured);

	if (!err)
		err = config_apply(&command_shell, o);
	if (!err)
		err = cli_parse(&command_shell, argc, argv, o);
	if (!err)
		err = options_kernel(&o->options, argc, argv);
	if (!err)
		err = options_finish(&o->options, &configured);
	return err ? err : check(o);
}

static int run_shell(int argc, char **argv)
{
	static struct shell_options options;
	int err = parse(argc, argv, &options), status;

	if (err) {
		options_fini(&options.options);
		return cli_status(err);
	}
	log_set_verbose(options.options.verbose);
	status = repl_main(&options);
	options_fini(&options.options);
	return status;
}

const struct cli_command command_shell = {
	.name = "shell",
	.usage = "KERNEL [OPTION...]",
	.summary = "the same with a prompt to look, act and stop by",
	.story = "Start KERNEL and give commands to the machine, to look into "
		 "the kernel's objects,\n"
		 "and to act through rinit's capabilities. Without a terminal "
		 "commands come from\n"
		 "standard input; the first that fails ends the run.\n",
	.after =
		"Examples:\n"
		"  vmm shell kernel.elf --init rinit.elf\n"
		"  vmm shell kernel.elf -i rinit.elf -c 'list; start child; "
		"send raw 5'\n"
		"  vmm shell kernel.elf -i rinit.elf --json -f script.vmm\n"
		"\n"
		"Exit status: 0; of a command that failed 1, that was wrong "
		"2; of `quit N` N;\n"
		"otherwise that of the guest's verdict, as vmm help boot has "
		"them.\n"
		"`help` at the prompt lists its commands; see docs/shell.md.\n",
	CLI_OPTIONS(rows),
	.base = &command_boot,
	.run = run_shell,
};
