/* options.c: the table of options and what reads it. */
#include "shell/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/numbers.h"
#include "shell/suggest.h"
#include "vmm/log.h"

#define MIB	    UINT64_C(0x100000)
#define MEM_DEFAULT (64 * MIB)
#define MEM_MAX	    (65536 * MIB)

struct option_row {
	const char *name;
	char letter;	 /* 0: none */
	const char *arg; /* NULL: takes none */
	int (*set)(struct options *o, const char *value);
	const char *help;
};

/* ---- readers: 0, or -EINVAL having said what is wrong ---- */

struct word {
	const char *name;
	int value;
};

/* One of a few words; the list ends with a NULL name. */
static int set_word(const char *option, const struct word *words,
		    const char *text, int *value)
{
	char list[80] = "";

	for (const struct word *w = words; w->name; w++) {
		if (!strcmp(w->name, text)) {
			*value = w->value;
			return 0;
		}
		strcat(list, w == words ? "" : ", ");
		strcat(list, w->name);
	}
	return fail(-EINVAL, "--%s: '%s' is none of: %s", option, text, list);
}

static int add_module(struct options *o, const char *path, unsigned at)
{
	if (o->module_count == BOOT_MODULES)
		return fail(-EINVAL, "--module: at most %d files can be given",
			    BOOT_MODULES);
	memmove(&o->module[at + 1], &o->module[at],
		(o->module_count - at) * sizeof(o->module[0]));
	o->module[at] = path;
	o->module_count++;
	return 0;
}

static int set_init(struct options *o, const char *value)
{
	if (o->init)
		return fail(-EINVAL, "--init: given twice; further files are "
				     "given with --module");
	o->init = true;
	return add_module(o, value, 0);
}

static int set_module(struct options *o, const char *value)
{
	return add_module(o, value, o->module_count);
}

static int set_accel(struct options *o, const char *value)
{
	static const struct word words[] = {{"auto", ACCEL_AUTO},
					    {"kvm", ACCEL_KVM},
					    {"sim", ACCEL_SIM},
					    {NULL, 0}};
	int word = 0, err = set_word("accel", words, value, &word);

	o->accel = word;
	return err;
}

static int set_cpu(struct options *o, const char *value)
{
	static const struct word words[] = {{"x86-64", CPU_V1},
					    {"x86-64-v2", CPU_V2},
					    {"x86-64-v3", CPU_V3},
					    {"max", CPU_MAX},
					    {NULL, 0}};
	int word = 0, err = set_word("cpu", words, value, &word);

	o->level = word;
	return err;
}

static int set_mem(struct options *o, const char *value)
{
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

/* Digits, and nothing else: no sign, no space before. */
static bool parse_decimal(const char *text, uint64_t max, uint64_t *val)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*val = strtoull(text, &end, 10);
	return !*end && errno == 0 && *val <= max;
}

static int set_smp(struct options *o, const char *value)
{
	uint64_t cpus;

	if (!parse_decimal(value, MACHINE_CPUS, &cpus) || cpus == 0)
		return fail(-EINVAL, "--smp: '%s' is not a number from 1 to %d",
			    value, MACHINE_CPUS);
	o->smp = cpus;
	return 0;
}

static int set_smp_seed(struct options *o, const char *value)
{
	if (!parse_decimal(value, UINT64_MAX, &o->smp_seed))
		return fail(-EINVAL, "--smp-seed: '%s' is not a number", value);
	return 0;
}

static int set_timeout(struct options *o, const char *value)
{
	if (!parse_duration(value, &o->timeout_ns))
		return fail(-EINVAL,
			    "--timeout: '%s' is not a duration like "
			    "10s, 500ms or 2m",
			    value);
	if (o->timeout_ns == 0)
		return fail(-EINVAL, "--timeout: must be more than nothing");
	return 0;
}

static int set_serial(struct options *o, unsigned which, const char *value)
{
	struct serial_option *serial = &o->serial[which];
	const char *name = which ? "serial2" : "serial";

	*serial = (struct serial_option){SERIAL_NULL, NULL};
	if (!strcmp(value, "stdio"))
		serial->kind = SERIAL_STDIO;
	else if (!strncmp(value, "file:", 5) && value[5])
		*serial = (struct serial_option){SERIAL_FILE, value + 5};
	else if (strcmp(value, "null"))
		return fail(-EINVAL,
			    "--%s: '%s' is none of: stdio, file:PATH, null",
			    name, value);
	return 0;
}

static int set_serial1(struct options *o, const char *value)
{
	return set_serial(o, 0, value);
}

static int set_serial2(struct options *o, const char *value)
{
	return set_serial(o, 1, value);
}

static int set_display(struct options *o, const char *value)
{
	static const struct word words[] = {
		{"none", DISPLAY_NONE}, {"term", DISPLAY_TERM}, {NULL, 0}};
	int word = 0, err = set_word("display", words, value, &word);

	o->display = word;
	return err;
}

static int set_append(struct options *o, const char *value)
{
	o->append = value;
	return 0;
}

static int set_boot(struct options *o, const char *value)
{
	static const struct word words[] = {{"auto", BOOT_AUTO},
					    {"pvh", BOOT_PVH},
					    {"multiboot", BOOT_MULTIBOOT},
					    {NULL, 0}};
	int word = 0, err = set_word("boot", words, value, &word);

	o->protocol = word;
	return err;
}

static int set_exit_map(struct options *o, const char *value)
{
	static const struct word words[] = {{"verdict", EXIT_MAP_VERDICT},
					    {"qemu", EXIT_MAP_QEMU},
					    {NULL, 0}};
	int word = 0, err = set_word("exit-map", words, value, &word);

	o->exit_map = word;
	return err;
}

static int set_type(struct options *o, const char *value)
{
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

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len > end_len && !strcmp(text + len - end_len, end);
}

static int set_screenshot(struct options *o, const char *value)
{
	o->screenshot = value;
	if (!ends_with(value, ".txt") && !ends_with(value, ".png"))
		return fail(-EINVAL,
			    "--screenshot: '%s' ends in neither .txt nor .png",
			    value);
	return 0;
}

static int set_snapshot(struct options *o, const char *value)
{
	const char *at = strrchr(value, '@');

	if (!at || at == value || !parse_count(at + 1, &o->snapshot_at))
		return fail(-EINVAL,
			    "--snapshot: '%s' is not FILE@COUNT, a file and a "
			    "number of instructions",
			    value);
	free(o->snapshot);
	o->snapshot = strndup(value, at - value);
	return o->snapshot ? 0 : fail(-ENOMEM, "--snapshot: no memory");
}

static int set_restore(struct options *o, const char *value)
{
	o->restore = value;
	return 0;
}

static int set_break_at(struct options *o, const char *value)
{
	o->has_break = true;
	if (parse_count(value, &o->break_at))
		return 0;
	return fail(-EINVAL, "--break-at: '%s' is not a number of instructions",
		    value);
}

static int set_hash_every(struct options *o, const char *value)
{
	if (parse_count(value, &o->hash_every) && o->hash_every > 0)
		return 0;
	return fail(-EINVAL,
		    "--hash-every: '%s' is not a number of instructions, 1 or "
		    "more",
		    value);
}

static bool parse_trace_word(const char *text, struct trace_option *t)
{
	static const struct word words[] = {{"exec", TRACE_EXEC},
					    {"int", TRACE_INT},
					    {"io", TRACE_IO},
					    {"mmu", TRACE_MMU},
					    {NULL, 0}};

	for (const struct word *w = words; w->name; w++)
		if (!strcmp(w->name, text)) {
			t->what |= w->value;
			return true;
		}
	return parse_range(text, &t->from, &t->to);
}

static bool parse_trace(const char *text, struct trace_option *t)
{
	char list[80], *rest, *word;
	bool ok = strlen(text) < sizeof(list);

	snprintf(list, sizeof(list), "%s", text);
	for (word = strtok_r(list, ",", &rest); ok && word;
	     word = strtok_r(NULL, ",", &rest))
		ok = parse_trace_word(word, t);
	return ok && t->what;
}

static int set_trace(struct options *o, const char *value)
{
	o->trace = (struct trace_option){0, 0, UINT64_MAX};
	if (parse_trace(value, &o->trace))
		return 0;
	return fail(-EINVAL,
		    "--trace: '%s' is not a list of exec, int, io and mmu, "
		    "with at most one range like 1000-2000",
		    value);
}

static int set_trace_file(struct options *o, const char *value)
{
	o->trace_file = value;
	return 0;
}

static int set_engine(struct options *o, const char *value)
{
	static const struct word words[] = {
		{"fast", 0}, {"reference", 1}, {NULL, 0}};
	int word = 0, err = set_word("engine", words, value, &word);

	o->reference = word;
	return err;
}

static int set_stats(struct options *o, const char *value)
{
	o->stats = true;
	return 0;
}

static int set_hash(struct options *o, const char *value)
{
	o->hash = true;
	return 0;
}

static int set_verbose(struct options *o, const char *value)
{
	o->verbose = true;
	return 0;
}

static int set_help(struct options *o, const char *value)
{
	if (o->command == COMMAND_BOOT)
		o->command = COMMAND_HELP_BOOT;
	return 0;
}

static int set_version(struct options *o, const char *value)
{
	o->command = COMMAND_VERSION;
	return 0;
}

static const struct option_row rows[] = {
	{"init", 'i', "FILE", set_init,
	 "the init program: the kernel's first module"},
	{"module", 0, "FILE", set_module,
	 "a further module; may be given several times"},
	{"append", 'a', "TEXT", set_append, "the kernel's command line"},
	{"mem", 'm', "SIZE", set_mem, "memory of the guest (64M)"},
	{"accel", 0, "NAME", set_accel,
	 "the processor: auto, kvm or sim (auto)"},
	{"cpu", 0, "LEVEL", set_cpu,
	 "its features: x86-64, x86-64-v2, x86-64-v3 or max"},
	{"smp", 0, "COUNT", set_smp,
	 "how many processors: 1 to 8, several on sim (1)"},
	{"smp-seed", 0, "SEED", set_smp_seed,
	 "another seed, another order of theirs (0)"},
	{"boot", 0, "NAME", set_boot,
	 "the protocol: auto, pvh or multiboot (auto)"},
	{"serial", 's', "WHERE", set_serial1,
	 "COM1: stdio, file:PATH or null (stdio)"},
	{"serial2", 0, "WHERE", set_serial2, "COM2, the same (null)"},
	{"display", 0, "NAME", set_display,
	 "the VGA screen: none, or term for this terminal (none)"},
	{"type", 0, "TEXT", set_type,
	 "type TEXT on the keyboard; \\n is Enter, as in C"},
	{"timeout", 't', "TIME", set_timeout,
	 "end the run after 10s, 500ms, 2m (none)"},
	{"screenshot", 0, "FILE", set_screenshot,
	 "write the screen at the end: FILE.txt or FILE.png"},
	{"exit-map", 0, "NAME", set_exit_map,
	 "exit status: verdict, or qemu for (value << 1) | 1"},
	{"snapshot", 0, "FILE@N", set_snapshot,
	 "keep the machine in FILE after N instructions; go on"},
	{"restore", 0, "FILE", set_restore,
	 "go on with a machine kept in FILE"},
	{"break-at", 0, "N", set_break_at, "end the run after N instructions"},
	{"trace", 0, "WHAT", set_trace,
	 "exec,int,io,mmu[,FROM-TO]: say what happens"},
	{"trace-file", 0, "FILE", set_trace_file,
	 "write the trace there (standard error)"},
	{"engine", 0, "NAME", set_engine,
	 "the simulator's core: fast or reference (fast)"},
	{"hash-every", 0, "N", set_hash_every,
	 "say the state's hash every N instructions"},
	{"stats", 0, NULL, set_stats,
	 "say how many instructions, exits and how fast"},
	{"hash", 0, NULL, set_hash, "say the hash of the final state"},
	{"verbose", 'v', NULL, set_verbose, "say what is loaded where"},
	{"help", 'h', NULL, set_help, "print this"},
	{"version", 'V', NULL, set_version, "print the version"},
};

#define ROWS	    (sizeof(rows) / sizeof(rows[0]))

/* ---- getopt ---- */

#define FIRST_VALUE 256 /* getopt's value of row 0 */

static void fill_getopt(struct option list[ROWS + 1],
			char letters[2 * ROWS + 2])
{
	char *letter = letters;

	*letter++ = ':'; /* a missing argument is told apart */
	for (size_t i = 0; i < ROWS; i++) {
		list[i] = (struct option){rows[i].name,
					  rows[i].arg ? required_argument
						      : no_argument,
					  NULL, FIRST_VALUE + (int)i};
		if (!rows[i].letter)
			continue;
		*letter++ = rows[i].letter;
		if (rows[i].arg)
			*letter++ = ':';
	}
	list[ROWS] = (struct option){0};
	*letter = 0;
}

static const struct option_row *find_row(int value)
{
	if (value >= FIRST_VALUE)
		return &rows[value - FIRST_VALUE];
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].letter == value)
			return &rows[i];
	return NULL;
}

static int unknown_option(const char *arg)
{
	const char *names[ROWS], *near;

	if (strncmp(arg, "--", 2) || optopt >= FIRST_VALUE) {
		const struct option_row *row = find_row(optopt);

		if (row)
			return fail(-EINVAL, "--%s takes no value", row->name);
		return fail(-EINVAL,
			    "unknown option '-%c'; see vmm boot --help",
			    optopt);
	}
	for (size_t i = 0; i < ROWS; i++)
		names[i] = rows[i].name;
	near = suggest(arg + 2, strcspn(arg + 2, "="), names, ROWS);
	if (near)
		return fail(-EINVAL,
			    "unknown option '%s'; did you mean '--%s'?", arg,
			    near);
	return fail(-EINVAL, "unknown option '%s'; see vmm boot --help", arg);
}

static int parse_options(int argc, char **argv, struct options *o)
{
	struct option list[ROWS + 1];
	char letters[2 * ROWS + 2];
	int value, err = 0;

	fill_getopt(list, letters);
	opterr = 0;
	optind = 0; /* also when called again */
	while (!err &&
	       (value = getopt_long(argc, argv, letters, list, NULL)) != -1) {
		if (value == '?')
			err = unknown_option(argv[optind - 1]);
		else if (value == ':')
			err = fail(-EINVAL, "--%s needs a value (%s)",
				   find_row(optopt)->name,
				   find_row(optopt)->arg);
		else
			err = find_row(value)->set(o, optarg);
	}
	return err;
}

/* ---- commands ---- */

static const char *const commands[] = {"boot", "help", "version"};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* A first word that is no file may be a command with a slip in it. */
static const char *meant_command(const char *word)
{
	if (access(word, F_OK) == 0)
		return NULL;
	return suggest(word, strlen(word), commands, COMMANDS);
}

static int take_kernel(int argc, char **argv, struct options *o, bool bare)
{
	const char *near;

	if (o->command != COMMAND_BOOT)
		return 0;
	if (optind == argc && o->restore)
		return 0;
	if (optind == argc)
		return fail(-EINVAL, "boot: which kernel? See vmm boot --help");
	o->kernel = argv[optind];
	near = bare ? meant_command(o->kernel) : NULL;
	if (near)
		return fail(-EINVAL,
			    "'%s' is neither a command nor a file; did you "
			    "mean '%s'?",
			    o->kernel, near);
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
	if (o->serial[0].kind == SERIAL_STDIO &&
	    o->serial[1].kind == SERIAL_STDIO)
		return fail(-EINVAL, "--serial and --serial2 cannot both be "
				     "stdio; give --serial another place");
	if (o->trace_file && !o->trace.what)
		return fail(-EINVAL, "--trace-file: nothing is traced; say "
				     "what with --trace");
	if (o->restore && (o->smp || o->smp_seed))
		return fail(-EINVAL, "--restore: the machine has its "
				     "processors already; leave out --smp and "
				     "--smp-seed");
	if (o->restore && (*o->append || o->protocol != BOOT_AUTO))
		return fail(-EINVAL, "--restore: the machine has started "
				     "already: --append and --boot come too "
				     "late");
	return 0;
}

static int parse_help(int argc, char **argv, struct options *o)
{
	o->command = COMMAND_HELP;
	if (argc == 2)
		return 0;
	if (strcmp(argv[2], "boot"))
		return fail(-EINVAL, "help: no command '%s'; there is boot",
			    argv[2]);
	o->command = COMMAND_HELP_BOOT;
	return 0;
}

int options_parse(int argc, char **argv, struct options *o)
{
	bool named = argc > 1 && !strcmp(argv[1], "boot");
	int err;

	*o = (struct options){
		.append = "",
		.serial = {{SERIAL_STDIO, NULL}, {SERIAL_NULL, NULL}},
	};
	if (argc < 2) {
		options_print_help(stderr);
		return -EINVAL;
	}
	if (!strcmp(argv[1], "help"))
		return parse_help(argc, argv, o);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		o->command = COMMAND_HELP;
		return 0;
	}
	if (!strcmp(argv[1], "version")) {
		o->command = COMMAND_VERSION;
		return 0;
	}
	argc -= named;
	argv += named;
	err = parse_options(argc, argv, o);
	if (!err)
		err = take_kernel(argc, argv, o, !named);
	if (!o->smp && !o->restore)
		o->smp = 1;
	if (!o->mem && !o->restore)
		o->mem = MEM_DEFAULT;
	return err ? err : check_together(o);
}

void options_fini(struct options *o)
{
	free(o->snapshot);
	o->snapshot = NULL;
	free(o->type);
	o->type = NULL;
}

/* ---- help ---- */

void options_print_help(FILE *out)
{
	fputs("vmm: run and look into x86-64 kernels\n"
	      "\n"
	      "Usage: vmm boot KERNEL [OPTION...]    start a kernel "
	      "(vmm KERNEL is the same)\n"
	      "       vmm help boot                  all options\n"
	      "       vmm --version\n"
	      "\n"
	      "Examples:\n"
	      "  vmm boot kernel.elf --init rinit.elf\n"
	      "        a kernel and its first program; COM1 is the terminal\n"
	      "  vmm boot kernel.elf --init rinit.elf --display term\n"
	      "        the VGA screen and the keyboard in the terminal\n"
	      "  vmm boot kernel.elf --init test.elf --timeout 10s\n"
	      "        a test: exit status 0 only if it says that it passed\n"
	      "  vmm boot kernel.elf --accel sim --stats --hash\n"
	      "        on the simulator: the same run every time\n"
	      "  vmm boot kernel.elf --type 'help\\n' --screenshot s.png\n"
	      "        type on its keyboard, then keep a picture of its "
	      "screen\n",
	      out);
}

static void print_row(FILE *out, const struct option_row *row)
{
	char left[40];

	snprintf(left, sizeof(left), "--%s%s%s", row->name, row->arg ? " " : "",
		 row->arg ? row->arg : "");
	if (row->letter)
		fprintf(out, "  -%c, %-19s %s\n", row->letter, left, row->help);
	else
		fprintf(out, "      %-19s %s\n", left, row->help);
}

void options_print_help_boot(FILE *out)
{
	fputs("Usage: vmm boot KERNEL [OPTION...]\n"
	      "\n"
	      "Start KERNEL, an ELF file for x86 with a PVH note or a "
	      "Multiboot header,\n"
	      "and run it until it ends. In a terminal Ctrl-] ends the run.\n"
	      "\n",
	      out);
	for (size_t i = 0; i < ROWS; i++)
		print_row(out, &rows[i]);
	fputs("\n"
	      "Exit status:\n"
	      "    0  the guest said success (port 501h: 31h, port f4h: 10h)\n"
	      "    1  the guest said failure (port 501h: 30h, port f4h: 11h)\n"
	      "    2  wrong options, or a file that cannot be started\n"
	      "    3  guest panic (pvpanic)       4  triple fault or reset\n"
	      "    5  stall: idle, and nothing can wake it\n"
	      "    6  power-off or an exit value without a verdict\n"
	      "    7  --break-at was reached\n"
	      "   71  trouble of the host         124  --timeout\n"
	      "  125  vmm cannot go on            130  ended by Ctrl-] or "
	      "SIGINT\n"
	      "  129  SIGHUP                      143  SIGTERM\n",
	      out);
}

void options_print_version(FILE *out)
{
	fputs("vmm " VMM_VERSION "\n", out);
}
