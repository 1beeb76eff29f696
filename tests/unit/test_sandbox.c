/* Confinement: what is forbidden ends the process with SIGSYS. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shell/sandbox/sandbox.h"

static int zero;

static int try_read(void)
{
	char byte;

	return read(zero, &byte, 1) == 1 ? 0 : 1;
}

static int try_memory(void)
{
	void *p = malloc(10000000);

	free(p);
	return p ? 0 : 1;
}

static int try_window_size(void)
{
	struct winsize size;

	ioctl(zero, TIOCGWINSZ, &size);
	return 0;
}

static int try_ioctl(void)
{
	char c = 'x';

	ioctl(zero, TIOCSTI, &c);
	return 0;
}

static int try_open(void)
{
	return open("/dev/null", O_RDONLY) < 0;
}

static int try_make(void)
{
	return open("/dev/null", O_WRONLY | O_CREAT, 0600) < 0;
}

static int try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0;
}

static int try_fork(void)
{
	return fork() < 0;
}

static int try_exec(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return 1;
}

static int try_accept(void)
{
	accept4(zero, NULL, NULL, 0);
	return 0;
}

/* The signal that ended a confined process that tried it, or its status. */
static int outcome(unsigned modes, int (*try)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		signal(SIGSYS, SIG_DFL); /* cmocka has its own */
		_exit(sandbox_enter(modes) ? 99 : try());
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static void test_what_each_mode_allows(void **state)
{
	static const struct {
		const char *name;
		int (*try)(void);
		unsigned allowed; /* a bit for each of the modes below */
	} rows[] = {
		{"read", try_read, 31},
		{"memory", try_memory, 31},
		{"window size", try_window_size, 31},
		{"ioctl", try_ioctl, 4},
		{"open", try_open, 2 | 16},
		{"make", try_make, 2},
		{"accept", try_accept, 8},
		{"socket", try_socket, 0},
		{"fork", try_fork, 0},
		{"exec", try_exec, 0},
	};
	static const unsigned modes[] = {SANDBOX_BASE, SANDBOX_FILES,
					 SANDBOX_KVM, SANDBOX_NET,
					 SANDBOX_WINDOW};

	if (!sandbox_built)
		skip();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (unsigned m = 0; m < sizeof(modes) / sizeof(modes[0]);
		     m++) {
			int got = outcome(modes[m], rows[i].try);
			int wanted = rows[i].allowed & 1 << m ? 0 : SIGSYS;

			if (got != wanted)
				fail_msg("%s in mode %u: %d, not %d",
					 rows[i].name, modes[m], got, wanted);
		}
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *other_thread(void *ctx)
{
	pthread_mutex_lock(&gate);
	socket(AF_INET, SOCK_STREAM, 0);
	return NULL;
}

static _Noreturn void open_gate(void)
{
	pthread_mutex_unlock(&gate);
	for (;;)
		sched_yield();
}

/* A thread that was there before is confined, too. */
static void test_all_threads(void **state)
{
	pthread_t thread;
	int status;
	pid_t pid;

	if (!sandbox_built)
		skip();
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		signal(SIGSYS, SIG_DFL);
		pthread_mutex_lock(&gate);
		if (pthread_create(&thread, NULL, other_thread, NULL) ||
		    sandbox_enter(SANDBOX_BASE))
			_exit(99);
		open_gate();
	}
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

static int inherited, own;

static int try_descriptors(void)
{
	return (fcntl(inherited, F_GETFD) >= 0) + 2 * (fcntl(own, F_GETFD) < 0);
}

static void test_inherited_descriptors_are_closed(void **state)
{
	if (!sandbox_built)
		skip();
	inherited = open("/dev/null", O_RDONLY);
	own = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(outcome(SANDBOX_BASE, try_descriptors), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_each_mode_allows),
		cmocka_unit_test(test_all_threads),
		cmocka_unit_test(test_inherited_descriptors_are_closed),
	};

	zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
