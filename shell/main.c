/* main.c: where it begins. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "shell/cli.h"
#include "shell/verdict.h"

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

int main(int argc, char **argv)
{
	fill_descriptors();
	return cli_main(argc, argv);
}
