/*
 * gdb_command.c: vmm gdb: starts gdb with the symbols of kernel and init, and
 * has it start the machine behind a pipe.
 *
 * gdb runs the other side of `target extended-remote | ...' in a session of
 * its own, so that Ctrl-C is gdb's alone; when gdb ends the pipe does, and
 * with it the machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/cli.h"
#include "shell/debugger.h"
#include "shell/options.h"
#include "shell/verdict.h"
#include "vmm/log.h"

#define ARGS_MAX  256
#define WORDS_MAX 16384
#define HELPER	  "vmm-gdb.py"

struct words {
	char text[WORDS_MAX];
	size_t len;
	bool full;
};

static void put(struct words *l, const char *text)
{
	size_t len = strlen(text);

	l->full |= l->len + len >= sizeof(l->text);
	if (l->full)
		return;
	memcpy(l->text + l->len, text, len + 1);
	l->len += len;
}

/* For the shell that gdb starts the pipe's command by. */
static void put_quoted(struct words *l, const char *word)
{
	put(l, " '");
	for (; *word; word++) {
		char one[2] = {*word, 0};

		put(l, *word == '\'' ? "'\\''" : one);
	}
	put(l, "'");
}

/* ---- files ---- */

static bool own_path(char path[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 1);

	if (len < 0)
		return false;
	path[len] = '\0';
	return true;
}

/* Where it is installed, or in the source tree around the build folder. */
static bool find_helper(const char *self, char path[PATH_MAX])
{
	static const char *const places[] = {"../share/vmm/" HELPER,
					     "../../scripts/" HELPER};
	int folder = strrchr(self, '/') - self;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, PATH_MAX, "%.*s/%s", folder, self, places[i]);
		if (access(path, R_OK) == 0)
			return true;
	}
	return false;
}

/* ---- gdb's command line ---- */

struct call {
	const char *arg[ARGS_MAX];
	unsigned args;
	struct words target, init, helper;
};

static void add(struct call *c, const char *arg)
{
	if (c->args < ARGS_MAX)
		c->arg[c->args++] = arg;
}

static void add_command(struct call *c, const char *command)
{
	add(c, "-ex");
	add(c, command);
}

static void name_symbols(struct call *c, const struct options *o)
{
	if (!o->module_count || debugger_is_elf32(o->module[0]))
		return;
	put(&c->init, "add-symbol-file ");
	put(&c->init, o->module[0]);
	add_command(c, "set confirm off");
	add_command(c, c->init.text);
	add_command(c, "set confirm on");
}

/* The same words again, as `vmm boot' with a gdb at its pipe. */
static void name_target(struct call *c, const char *self, int argc, char **argv,
			const struct options *o)
{
	put(&c->target, "target extended-remote | exec");
	put_quoted(&c->target, self);
	put(&c->target, " boot");
	for (int i = 1; i < argc; i++)
		put_quoted(&c->target, argv[i]);
	put(&c->target, " --gdb stdio");
	if (o->serial[0].kind == SERIAL_STDIO)
		put(&c->target, " --serial stderr");
	add_command(c, c->target.text);
}

/* Before a person's own settings, which count. */
static void name_settings(struct call *c)
{
	static const char *const settings[] = {
		"set sysroot /", /* files are here, not with the machine */
		/* Nothing gets lost in a pipe; on a busy host the usual 2 s
		 * are few. */
		"set remotetimeout 60",
		/* Whatever gdb reads is one page, once for each stop: nobody
		 * but gdb changes it, and no device is read. */
		"mem 0 0 rw cache",
		"set dcache line-size 4096",
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		add(c, "-iex");
		add(c, settings[i]);
	}
}

static void name_all(struct call *c, const char *self, int argc, char **argv,
		     const struct options *o)
{
	const char *program = getenv("GDB");
	char path[PATH_MAX];

	add(c, program && *program ? program : "gdb");
	add(c, "-q");
	name_settings(c);
	if (find_helper(self, path)) {
		put(&c->helper, "source ");
		put(&c->helper, path);
		add_command(c, c->helper.text);
	}
	name_target(c, self, argc, argv, o);
	name_symbols(c, o);
	if (o->kernel && debugger_is_elf32(o->kernel))
		log_warn(
			"gdb: %s is a 32-bit ELF file, from which gdb would "
			"take the machine for a 32-bit one; it is left out: "
			"give gdb the 64-bit file by `symbol-file', or, if its "
			"code is 32-bit, this one behind `vmm arch i386'",
			o->kernel);
	else if (o->kernel)
		add(c, o->kernel);
}

/* gdb would start without them, and have nothing to connect to. */
static int check_files(const struct options *o)
{
	const char *path = o->kernel;

	for (unsigned i = 0; !path || access(path, R_OK) == 0; i++) {
		if (i == o->module_count)
			return 0;
		path = o->module[i];
	}
	return fail(-errno, "%s: cannot open: %s", path, strerror(errno));
}

static int run(int argc, char **argv, int rest, const struct options *o)
{
	static struct call c;
	char self[PATH_MAX];

	if (!own_path(self))
		return fail(EXIT_HOST, "gdb: /proc/self/exe: %s",
			    strerror(errno));
	name_all(&c, self, rest, argv, o);
	for (int i = rest + 1; i < argc; i++)
		add(&c, argv[i]);
	add(&c, NULL);
	if (c.args == ARGS_MAX || c.target.full || c.init.full)
		return fail(EXIT_USAGE, "gdb: too many arguments");
	if (strchr(c.target.text, '\n') || strchr(c.init.text, '\n'))
		return fail(EXIT_USAGE, "gdb: an argument has more than one "
					"line, which gdb cannot be given");
	execvp(c.arg[0], (char **)c.arg);
	return fail(EXIT_HOST, "gdb: %s: %s; install gdb, or name one in $GDB",
		    c.arg[0], strerror(errno));
}

static bool asks_help(const char *word)
{
	return !strcmp(word, "--help") || !strcmp(word, "-h");
}

/* Words for vmm boot up to "--", those behind it for gdb. */
static int run_gdb(int argc, char **argv)
{
	struct options options;
	int rest, status, err;

	for (rest = 1; rest < argc && strcmp(argv[rest], "--") != 0; rest++)
		if (asks_help(argv[rest])) {
			cli_print_help(&command_gdb, stdout);
			return cli_flush();
		}
	argv[0] = (char *)"boot";
	err = options_parse(rest, argv, &options);
	if (!err && options.gdb)
		err = fail(-EINVAL, "gdb: --gdb is for vmm boot: here gdb is "
				    "started");
	if (!err)
		err = check_files(&options);
	status = err ? cli_status(err) : run(argc, argv, rest, &options);
	options_fini(&options);
	return status;
}

static const struct cli_option rows[] = {CLI_HELP};

const struct cli_command command_gdb = {
	.name = "gdb",
	.usage = "KERNEL [BOOT OPTION...] [-- GDB ARGUMENT...]",
	.summary = "start a kernel under gdb, before its first instruction",
	.story = "Start gdb with the symbols of KERNEL and its init program, "
		 "connected to a\n"
		 "machine that has not run yet. Options are those of vmm boot; "
		 "what the guest\n"
		 "says on COM1 appears in gdb's terminal. In gdb, `monitor "
		 "help' lists what\n"
		 "there is besides gdb's own commands.\n",
	.after = "Examples:\n"
		 "  vmm gdb kernel.elf --init rinit.elf\n"
		 "  vmm gdb kernel.elf -- -batch -ex 'hbreak main' -ex c -ex "
		 "bt\n"
		 "\n"
		 "Exit status: gdb's. $GDB names another gdb.\n",
	CLI_OPTIONS(rows),
	.run = run_gdb,
};
