/* options.c: the options of `vmm boot`, and the command. */
#include "shell/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/cli.h"
#include "shell/config.h"
#include "shell/numbers.h"
#include "shell/options_look.h"
#include "shell/options_serial.h"
#include "shell/panic.h"
#include "shell/report.h"
#include "shell/session.h"
#include "shell/signals.h"
#include "shell/terminal.h"
#include "vmm/log.h"

#define MIB	    UINT64_C(0x100000)
#define MEM_DEFAULT (64 * MIB)
#define MEM_MAX	    (65536 * MIB)

/* ---- readers: 0, or -EINVAL having said what is wrong ---- */

static int add_module(struct options *o, const char *path, unsigned at)
{
	if (o->module_count == BOOT_MODULES)
		return fail(-EINVAL, "--module: at most %d files can be given",
			    BOOT_MODULES);
	memmove(&o->module[at + 1], &o->module[at],
		(o->module_count - at) * sizeof(o->module[0]));
	memmove(&o->module_args[at + 1], &o->module_args[at],
		(o->module_count - at) * sizeof(o->module_args[0]));
	o->module[at] = path;
	o->module_args[at] = NULL;
	o->last_module = at;
	o->module_count++;
	return 0;
}

static int set_module_args(void *ctx, const char *value)
{
	struct options *o = ctx;

	if (o->module_count == 0)
		return fail(-EINVAL, "--module-args: no module was given "
				     "before it");
	if (o->module_args[o->last_module])
		return fail(-EINVAL, "--module-args: given twice for %s",
			    o->module[o->last_module]);
	o->module_args[o->last_module] = value;
	return 0;
}

static int set_init(void *ctx, const char *value)
{
	struct options *o = ctx;

	if (o->init)
		return fail(-EINVAL, "--init: given twice; further files are "
				     "given with --module");
	o->init = true;
	return add_module(o, value, 0);
}

static int set_module(void *ctx, const char *value)
{
	struct options *o = ctx;

	return add_module(o, value, o->module_count);
}

static const struct cli_word accel_words[] = {{"auto", ACCEL_AUTO},
					      {"kvm", ACCEL_KVM},
					      {"sim", ACCEL_SIM},
					      {NULL, 0}};

static const struct cli_word cpu_words[] = {{"x86-64", CPU_V1},
					    {"x86-64-v2", CPU_V2},
					    {"x86-64-v3", CPU_V3},
					    {"max", CPU_MAX},
					    {NULL, 0}};

static int set_mem(void *ctx, const char *value)
{
	struct options *o = ctx;

	if (!parse_size(value, &o->mem))
		return fail(-EINVAL, "--mem: '%s' is not a size like 64M or 1G",
			    value);
	if (o->mem < MIB || o->mem > MEM_MAX || o->mem % GUEST_PAGE_SIZE)
		return fail(-EINVAL,
			    "--mem: %s: must be from 1M to 64G, and "
			    "a multiple of 4K",
			    value);
	return 0;
}

static int set_smp(void *ctx, const char *value)
{
	struct options *o = ctx;
	uint64_t cpus;

	if (!parse_decimal(value, MACHINE_CPUS, &cpus) || cpus == 0)
		return fail(-EINVAL, "--smp: '%s' is not a number from 1 to %d",
			    value, MACHINE_CPUS);
	o->smp = cpus;
	return 0;
}

static int set_smp_seed(void *ctx, const char *value)
{
	struct options *o = ctx;

	if (!parse_decimal(value, UINT64_MAX, &o->smp_seed))
		return fail(-EINVAL, "--smp-seed: '%s' is not a number", value);
	return 0;
}

static int set_timeout(void *ctx, const char *value)
{
	struct options *o = ctx;

	if (!parse_duration(value, &o->timeout_ns))
		return fail(-EINVAL,
			    "--timeout: '%s' is not a duration like "
			    "10s, 500ms or 2m",
			    value);
	if (o->timeout_ns == 0)
		return fail(-EINVAL, "--timeout: must be more than nothing");
	return 0;
}

static int set_timeout_virtual(void *ctx, const char *value)
{
	struct options *o = ctx;

	if (parse_duration(value, &o->guest_ns) && o->guest_ns)
		return 0;
	return fail(-EINVAL,
		    "--timeout-virtual: '%s' is not a duration like 10s, "
		    "500ms or 2m",
		    value);
}

static int set_panic(void *ctx, const char *value)
{
	struct options *o = ctx;

	o->panic = value;
	return panic_check(value);
}

static const struct cli_word display_words[] = {{"none", DISPLAY_NONE},
						{"term", DISPLAY_TERM},
						{"sdl", DISPLAY_SDL},
						{NULL, 0}};

static const struct cli_word boot_words[] = {
	{"auto", BOOT_AUTO},	       {"pvh", BOOT_PVH},
	{"multiboot", BOOT_MULTIBOOT}, {"multiboot2", BOOT_MULTIBOOT2},
	{"linux", BOOT_LINUX},	       {NULL, 0}};

static const struct cli_word exit_map_words[] = {
	{"verdict", EXIT_MAP_VERDICT}, {"qemu", EXIT_MAP_QEMU}, {NULL, 0}};

static int set_type(void *ctx, const char *value)
{
	struct options *o = ctx;

	free(o->type);
	o->type = malloc(strlen(value) + 1);
	if (!o->type)
		return fail(-ENOMEM, "--type: no memory");
	if (!parse_escapes(value, o->type, &o->type_len))
		return fail(-EINVAL,
			    "--type: '%s': an escape that is none of "
			    "\\n \\r \\t \\b \\e \\\\ \\xhh",
			    value);
	return 0;
}

static int set_screenshot(void *ctx, const char *value)
{
	struct options *o = ctx;

	o->screenshot = value;
	if (!report_can_screenshot(value))
		return fail(-EINVAL,
			    "--screenshot: '%s' ends in none of .txt, .png "
			    "and .svg",
			    value);
	return 0;
}

/* "^A": Ctrl-A */
static int set_escape(void *ctx, const char *value)
{
	struct options *o = ctx;
	int key = value[0] == '^' && value[1] && !value[2]
			  ? toupper((unsigned char)value[1])
			  : 0;

	if (key < '@' || key > '_' || strchr("IJM", key))
		return fail(-EINVAL,
			    "--escape: '%s' is no control key like ^] or ^A",
			    value);
	o->escape = key & 0x1f;
	return 0;
}

static const struct cli_word close_words[] = {{"keep", GDB_CLOSE_KEEP},
					      {"go", GDB_CLOSE_GO},
					      {"quit", GDB_CLOSE_QUIT},
					      {NULL, 0}};

static const struct cli_option rows[] = {
	{"init", 'i', "FILE", set_init,
	 "the init program: the kernel's first module", NULL, true},
	{"initrd", 0, "FILE", set_init, "the same, as Linux has it", NULL,
	 true},
	{"module", 0, "FILE", set_module,
	 "a further module; may be given several times", NULL, true},
	{"module-args", 0, "TEXT", set_module_args,
	 "follows the name of the module given before it", NULL, true},
	{"append", 'a', "TEXT", NULL, "the kernel's command line", NULL, true,
	 CLI_TEXT_OF(struct options, append)},
	{"mem", 'm', "SIZE", set_mem, "memory of the guest (64M)"},
	{"accel", 0, "NAME", NULL, "the processor: auto, kvm or sim (auto)",
	 accel_words, CLI_WORD_OF(struct options, accel)},
	{"cpu", 0, "LEVEL", NULL,
	 "its features: x86-64, x86-64-v2, x86-64-v3 or max", cpu_words,
	 CLI_WORD_OF(struct options, level)},
	{"smp", 0, "COUNT", set_smp,
	 "how many processors: 1 to 8, several on sim (1)"},
	{"smp-seed", 0, "SEED", set_smp_seed,
	 "another seed, another order of theirs (0)", NULL, true},
	{"boot", 0, "NAME", NULL,
	 "auto, pvh, multiboot, multiboot2 or linux (auto)", boot_words, true,
	 CLI_WORD_OF(struct options, protocol)},
	{"serial", 's', "WHERE", options_serial,
	 "COM1: stdio, file:F, pty[:LINK], tcp:PORT ... (stdio)"},
	{"serial1", 0, "WHERE", options_serial, "the same"},
	{"serial2", 0, "WHERE", options_serial2, "COM2, the same (null)"},
	{"serial3", 0, "WHERE", options_serial3,
	 "COM3, the same; it exists if it goes somewhere"},
	{"serial4", 0, "WHERE", options_serial4, "COM4, likewise"},
	{"timestamps", 0, "CLOCK", NULL,
	 "before each serial line: none, virtual or host (none)",
	 options_stamp_words, false, CLI_WORD_OF(struct options, stamp)},
	{"escape", 0, "KEY", set_escape,
	 "the key that ends the run in a terminal (^])"},
	{"display", 0, "NAME", NULL,
	 "the VGA screen: none, sdl (a window) or term (none)", display_words,
	 CLI_WORD_OF(struct options, display)},
	{"type", 0, "TEXT", set_type,
	 "type TEXT on the keyboard; \\n is Enter, as in C", NULL, true},
	{"timeout", 't', "TIME", set_timeout,
	 "end the run after 10s, 500ms, 2m (none)"},
	{"timeout-virtual", 0, "TIME", set_timeout_virtual,
	 "the same, of the guest's time (none)"},
	{"panic-regex", 0, "RE", set_panic,
	 "a serial line like this is a panic (our kernel's)"},
	{"screenshot", 0, "FILE", set_screenshot,
	 "write the screen at the end: .txt, .png or .svg", NULL, true},
	{"exit-map", 0, "NAME", NULL,
	 "exit status: verdict, or qemu for (value << 1) | 1", exit_map_words,
	 CLI_WORD_OF(struct options, exit_map)},
	{"snapshot", 0, "FILE@N", options_snapshot,
	 "keep the machine in FILE after N instructions; go on", NULL, true},
	{"restore", 0, "FILE", NULL, "go on with a machine kept in FILE", NULL,
	 true, CLI_TEXT_OF(struct options, restore)},
	{"record", 0, "FILE", NULL,
	 "write the run to FILE, for vmm replay; needs sim", NULL, true,
	 CLI_TEXT_OF(struct options, record)},
	{"history-mem", 0, "SIZE", options_history_mem,
	 "be able to go back, in so much memory; needs sim"},
	{"break-at", 0, "N", options_break_at,
	 "end the run after N instructions", NULL, true},
	{"look", 0, "COMMAND", options_look,
	 "at the end: list, tree, tasks ... of our kernel", NULL, true},
	{"trace", 0, "WHAT", options_trace,
	 "exec,int,io,mmu,caps[,FROM-TO]: say what happens", NULL, true},
	{"trace-file", 0, "FILE", NULL,
	 "write the trace there (standard error)", NULL, true,
	 CLI_TEXT_OF(struct options, trace_file)},
	{"engine", 0, "NAME", options_engine,
	 "the simulator's core: fast or reference (fast)",
	 options_engine_words},
	{"hash-every", 0, "N", options_hash_every,
	 "say the state's hash every N instructions", NULL, true},
	{"branches", 0, NULL, NULL,
	 "keep the last branches, for a bad end; runs slower",
	 CLI_FLAG_OF(struct options, branches)},
	{"gdb", 0, "WHERE", NULL, "wait for gdb: tcp:PORT, unix:PATH or stdio",
	 NULL, true, CLI_TEXT_OF(struct options, gdb)},
	{"gdb-close", 0, "WHAT", NULL,
	 "if it goes away: keep, go or quit (keep)", close_words,
	 CLI_WORD_OF(struct options, gdb_close)},
	{"no-sandbox", 0, NULL, NULL,
	 "do not confine vmm to the system calls it needs",
	 CLI_FLAG_OF(struct options, no_sandbox)},
	{"stats", 0, NULL, NULL,
	 "say how many instructions, exits and how fast",
	 CLI_FLAG_OF(struct options, stats)},
	{"hash", 0, NULL, NULL, "say the hash of the final state",
	 CLI_FLAG_OF(struct options, hash)},
	{"verbose", 'v', NULL, NULL, "say what is loaded where",
	 CLI_FLAG_OF(struct options, verbose)},
	CLI_HELP,
};

/* `vmm WORD`, without a command: is WORD one that was to be? */
static int check_meaning(const char *word)
{
	const char *near = access(word, F_OK) == 0 ? NULL : cli_meant(word);

	if (!near)
		return 0;
	return fail(-EINVAL,
		    "'%s' is neither a command nor a file; did you mean '%s'?",
		    word, near);
}

int options_kernel(struct options *o, int argc, char **argv)
{
	if (optind < argc)
		o->kernel = argv[optind];
	else if (!o->restore)
		return fail(-EINVAL, "which kernel? See vmm help");
	if (argc - optind > 1)
		return fail(-EINVAL,
			    "'%s': one kernel is enough; modules are given "
			    "with --module",
			    argv[optind + 1]);
	return 0;
}

static int check_together(const struct options *o)
{
	if (o->smp > 1 && o->accel == ACCEL_KVM)
		return fail(-EINVAL, "--smp: several processors run on the "
				     "simulator only; use --accel sim");
	if (o->trace_file && !o->trace.what)
		return fail(-EINVAL, "--trace-file: nothing is traced; say "
				     "what with --trace");
	if (o->branches && o->reference)
		return fail(-EINVAL, "--branches: the reference core keeps "
				     "none; leave out --engine");
	if (o->record && o->accel == ACCEL_KVM)
		return fail(-EINVAL, "--record: KVM does not count "
				     "instructions; recording needs --accel "
				     "sim");
	if (o->history_mem && o->accel == ACCEL_KVM)
		return fail(-EINVAL, "--history-mem: KVM cannot repeat a run; "
				     "going back needs --accel sim");
	if (o->restore && (o->smp || o->smp_seed))
		return fail(-EINVAL, "--restore: the machine has its "
				     "processors already; leave out --smp and "
				     "--smp-seed");
	if (o->restore && (*o->append || o->protocol != BOOT_AUTO))
		return fail(-EINVAL, "--restore: the machine has started "
				     "already: --append and --boot come too "
				     "late");
	return options_check_serial(o);
}

/* A machine that goes on has its own. */
static void take_defaults(struct options *o, const struct options *configured)
{
	if (o->restore)
		return;
	if (!o->smp)
		o->smp = configured->smp ? configured->smp : 1;
	if (!o->mem)
		o->mem = configured->mem ? configured->mem : MEM_DEFAULT;
}

static void init(struct options *o)
{
	*o = (struct options){
		.append = "",
		.escape = TERMINAL_QUIT,
		.serial = {{SERIAL_STDIO, NULL}, {SERIAL_NULL, NULL}},
	};
}

/* Remembered apart: --restore takes no default. */
static void take_configured(struct options *o, struct options *configured)
{
	*configured = *o;
	o->smp = o->mem = 0;
}

int options_begin(struct options *o, struct options *configured)
{
	int err;

	init(o);
	err = config_apply(&command_boot, o);
	take_configured(o, configured);
	return err;
}

int options_finish(struct options *o, const struct options *configured)
{
	take_defaults(o, configured);
	return check_together(o);
}

static int parse(int argc, char **argv, struct options *o, bool configured)
{
	struct options defaults;
	int err = 0;

	if (configured) {
		err = options_begin(o, &defaults);
	} else {
		init(o);
		take_configured(o, &defaults);
	}
	if (!err)
		err = cli_parse(&command_boot, argc, argv, o);
	if (!err && optind < argc && strcmp(argv[0], "boot") != 0)
		err = check_meaning(argv[optind]);
	if (!err)
		err = options_kernel(o, argc, argv);
	if (!err)
		err = options_finish(o, &defaults);
	return err;
}

int options_parse(int argc, char **argv, struct options *o)
{
	return parse(argc, argv, o, false);
}

void options_fini(struct options *o)
{
	free(o->snapshot);
	o->snapshot = NULL;
	free(o->type);
	o->type = NULL;
}

/* ---- the command ---- */

int boot_run(const struct options *options)
{
	static struct session session;
	int status;

	log_set_verbose(options->verbose);
	signals_block();
	status = session_begin(&session, options);
	if (status == 0)
		status = session_run(&session);
	session_end(&session);
	return status;
}

static int run_boot(int argc, char **argv)
{
	struct options options;
	int status, err;

	err = parse(argc, argv, &options, true);
	if (err) {
		options_fini(&options);
		return cli_status(err);
	}
	status = boot_run(&options);
	options_fini(&options);
	return status;
}

const struct cli_command command_boot = {
	.name = "boot",
	.usage = "KERNEL [OPTION...]",
	.summary = "start a kernel and run it until it ends",
	.story = "Start KERNEL, an ELF file for x86 with a PVH note or a "
		 "Multiboot header\n"
		 "or a Linux bzImage, and run it until it ends. In a terminal "
		 "Ctrl-] ends the run.\n",
	.after = "Exit status:\n"
		 "    0  the guest said success (port 501h: 31h, port f4h: "
		 "10h)\n"
		 "    1  the guest said failure (port 501h: 30h, port f4h: "
		 "11h)\n"
		 "    2  wrong options, or a file that cannot be started\n"
		 "    3  guest panic                 4  triple fault or reset\n"
		 "    5  stall: idle, and nothing can wake it\n"
		 "    6  power-off or an exit value without a verdict\n"
		 "    7  --break-at was reached\n"
		 "   71  trouble of the host         124  --timeout, "
		 "--timeout-virtual\n"
		 "  125  vmm cannot go on            130  ended by Ctrl-] or "
		 "SIGINT\n"
		 "  129  SIGHUP                      143  SIGTERM\n",
	CLI_OPTIONS(rows),
	.run = run_boot,
};
