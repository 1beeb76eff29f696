/* replay.c: `vmm replay`: a recorded run, once more. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "shell/cli.h"
#include "shell/options.h"
#include "shell/session.h"
#include "shell/verdict.h"
#include "vmm/log.h"

struct replay_options {
	struct options options; /* first */
	const char *kernel;
};

static const struct cli_option rows[] = {
	{"kernel", 0, "FILE", NULL,
	 "where the kernel's file is now, for its symbols", NULL, true,
	 CLI_TEXT_OF(struct replay_options, kernel)},
};

/*
 * The file for symbols: what was given must be what was recorded; what only
 * was recorded may have changed since.
 */
static int choose_file(const char *what, const char *given,
		       const char *recorded, uint32_t crc, const char **file)
{
	uint32_t found = timeline_file_crc(given ? given : recorded);

	*file = NULL;
	if (found && found == crc)
		*file = given ? given : recorded;
	else if (given)
		return fail(-EINVAL,
			    "replay: %s is not the %s that was recorded", given,
			    what);
	else if (*recorded)
		log_warn("replay: %s is not there as it was recorded: its "
			 "names are not known; see --%s",
			 recorded, what);
	return 0;
}

static int choose_files(struct replay_options *r, const struct recording *rec)
{
	struct options *o = &r->options;
	const char *init = o->init ? o->module[0] : NULL;
	int err = choose_file("kernel", r->kernel, rec->kernel,
			      rec->about.kernel_crc, &o->kernel);

	if (!err)
		err = choose_file("init", init, rec->init, rec->about.init_crc,
				  &o->module[0]);
	o->module_count = o->module[0] != NULL;
	return err;
}

/* What would change the run, or begin another one. */
static int check_options(const struct options *o)
{
	const char *bad = o->type		       ? "--type"
			  : o->record		       ? "--record"
			  : o->restore		       ? "--restore"
			  : o->module_count	       ? "--module"
			  : o->module_args[0]	       ? "--module-args"
			  : *o->append		       ? "--append"
			  : o->smp		       ? "--smp"
			  : o->smp_seed		       ? "--smp-seed"
			  : o->mem		       ? "--mem"
			  : o->level != CPU_DEFAULT    ? "--cpu"
			  : o->protocol != BOOT_AUTO   ? "--boot"
			  : o->accel == ACCEL_KVM      ? "--accel kvm"
			  : o->display != DISPLAY_NONE ? "--display"
						       : NULL;

	return bad ? fail(-EINVAL,
			  "replay: %s cannot be given: all is as it "
			  "was recorded",
			  bad)
		   : 0;
}

/* The lines that there were; where they go to is today's matter. */
static void take_lines(struct options *o, const struct record_about *about)
{
	for (unsigned i = 0; i < BOARD_COMS; i++)
		o->serial[i].given |= about->lines >> i & 1;
}

static int replay(struct replay_options *r, struct recording *rec)
{
	struct options *o = &r->options;
	int err = choose_files(r, rec);

	if (err)
		return EXIT_USAGE;
	o->replay = rec;
	o->restore = rec->path;
	o->accel = ACCEL_SIM;
	take_lines(o, &rec->about);
	return boot_run(o);
}

static int run_replay(int argc, char **argv)
{
	static struct replay_options r;
	struct recording rec = {0};
	struct options configured;
	int err = options_begin(&r.options, &configured);
	int status;

	if (!err)
		err = cli_parse(&command_replay, argc, argv, &r);
	if (!err && optind == argc)
		err = fail(-EINVAL, "replay: which file? See vmm help replay");
	if (!err && argc - optind > 1)
		err = fail(-EINVAL,
			   "'%s': one recording is enough; the kernel is "
			   "given with --kernel",
			   argv[optind + 1]);
	if (!err)
		err = check_options(&r.options);
	if (!err)
		err = recording_open(argv[optind], VMM_VERSION, &rec);
	status = err ? cli_status(err) : replay(&r, &rec);
	recording_close(&rec);
	options_fini(&r.options);
	return status;
}

const struct cli_command command_replay = {
	.name = "replay",
	.usage = "FILE [OPTION...]",
	.summary = "run what vmm boot --record kept, once more",
	.story = "Run again what was recorded in FILE with --record, to the "
		 "last bit: the same\n"
		 "instructions, the same output, the same end. States are "
		 "compared on the way;\n"
		 "a run that is not the recorded one is said. The kernel's "
		 "file is asked for its\n"
		 "names only. What shows or looks can be given as with vmm "
		 "boot; what would\n"
		 "change the run cannot.\n",
	CLI_OPTIONS(rows),
	.base = &command_boot,
	.run = run_replay,
};
