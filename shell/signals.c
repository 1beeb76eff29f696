/* signals.c: signalfd for what comes from outside, handlers for what kills. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "shell/signals.h"
#include "shell/terminal.h"
#include "vmm/log.h"

static const int handled[] = {SIGINT,  SIGTERM, SIGHUP,
			      SIGTSTP, SIGCONT, SIGWINCH};
static const int deadly[] = {
	SIGSEGV, SIGBUS,  SIGILL,    SIGFPE,	SIGABRT, SIGQUIT,
	SIGTRAP, SIGSYS,  SIGXCPU,   SIGALRM,	SIGUSR1, SIGUSR2,
	SIGPOLL, SIGPROF, SIGVTALRM, SIGSTKFLT, SIGPWR,
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void set_of(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < COUNT(handled); i++)
		sigaddset(set, handled[i]);
}

/* SA_RESETHAND: the second time the signal does what it does. */
static void die(int sig)
{
	terminal_leave();
	raise(sig);
}

/* A sanitizer's handler, which says more, is left alone. */
static void catch_deadly(int sig)
{
	struct sigaction leave = {.sa_handler = die,
				  .sa_flags = SA_RESETHAND | SA_NODEFER};
	struct sigaction old;

	if (sigaction(sig, NULL, &old) == 0 && old.sa_handler == SIG_DFL)
		sigaction(sig, &leave, NULL);
}

void signals_block(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t set;

	set_of(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (size_t i = 0; i < COUNT(deadly); i++)
		catch_deadly(deadly[i]);
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);
}

static void redraw(struct signals *s)
{
	if (s->redraw)
		s->redraw(s->redraw_ctx);
}

static void take(struct signals *s, int sig)
{
	static const char *const names[] = {[SIGINT] = "SIGINT",
					    [SIGTERM] = "SIGTERM",
					    [SIGHUP] = "SIGHUP"};

	switch (sig) {
	case SIGTSTP:
		if (s->suspend)
			s->suspend(s->redraw_ctx);
		terminal_leave();
		raise(SIGSTOP);
		break; /* SIGCONT follows */
	case SIGCONT:
		terminal_reenter();
		redraw(s);
		break;
	case SIGWINCH:
		redraw(s);
		break;
	case SIGINT:
		if (s->interrupt) {
			s->interrupt(s->redraw_ctx);
			break;
		}
		/* fall through */
	default:
		machine_stop(s->m, STOP_SIGNAL, sig, names[sig]);
	}
}

void signals_take(struct signals *s)
{
	struct signalfd_siginfo info;

	while (read(s->fd, &info, sizeof(info)) == sizeof(info))
		take(s, info.ssi_signo);
}

static void signals_ready(void *ctx)
{
	signals_take(ctx);
}

int signals_init(struct signals *s, struct machine *m)
{
	sigset_t set;

	*s = (struct signals){.m = m};
	set_of(&set);
	s->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->fd < 0)
		return fail(-errno, "signalfd: %s", strerror(errno));
	return loop_add(m->loop, s->fd, signals_ready, s);
}

void signals_fini(struct signals *s)
{
	if (!s->m)
		return;
	loop_remove(s->m->loop, s->fd);
	close(s->fd);
	s->m = NULL;
}
