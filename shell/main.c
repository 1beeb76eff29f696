/* main.c: the table of contents. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shell/options.h"
#include "shell/session.h"
#include "shell/signals.h"
#include "shell/verdict.h"
#include "vmm/log.h"

/*
 * A closed standard descriptor would be given to the first file opened. The
 * stand-in is open the wrong way round, so that using it is an error.
 */
static void fill_descriptors(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd ? O_RDONLY : O_WRONLY) < 0)
			exit(EXIT_HOST);
}

static int boot(const struct options *options)
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

static int print(void (*what)(FILE *out))
{
	what(stdout);
	if (fflush(stdout) == 0)
		return 0;
	perror("vmm: standard output");
	return EXIT_HOST;
}

int main(int argc, char **argv)
{
	struct options options;
	int status = EXIT_USAGE;

	fill_descriptors();
	if (options_parse(argc, argv, &options) == 0)
		switch (options.command) {
		case COMMAND_BOOT:
			status = boot(&options);
			break;
		case COMMAND_HELP:
			status = print(options_print_help);
			break;
		case COMMAND_HELP_BOOT:
			status = print(options_print_help_boot);
			break;
		case COMMAND_VERSION:
			status = print(options_print_version);
			break;
		}
	options_fini(&options);
	return status;
}
