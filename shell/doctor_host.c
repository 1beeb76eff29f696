/* doctor_host.c: memory, disk, screen, terminal, and the programs around. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shell/doctor.h"

#define MIB	    (1 << 20)
#define MEMORY_MIB  256
#define DISK_MIB    1024
#define GDB_VERSION 10

void doctor_memory(struct finding *f)
{
	struct rlimit limit;
	char text[64];
	long mib;

	if (getrlimit(RLIMIT_AS, &limit) == 0 &&
	    limit.rlim_cur != RLIM_INFINITY &&
	    limit.rlim_cur < (rlim_t)MEMORY_MIB * MIB) {
		found(f, HEALTH_WARN, "this shell allows a process %llu MiB",
		      (unsigned long long)limit.rlim_cur / MIB);
		found_fix(f, "ulimit -v unlimited");
		return;
	}
	if (!doctor_read("/proc/meminfo", "MemAvailable", text, sizeof(text))) {
		found(f, HEALTH_WARN, "/proc/meminfo cannot be read");
		found_fix(f, "mount /proc");
		return;
	}
	mib = strtol(text, NULL, 10) / 1024;
	found(f, mib < MEMORY_MIB ? HEALTH_WARN : HEALTH_PASS,
	      "%ld MiB are free; a guest takes 64 unless told otherwise", mib);
	if (mib < MEMORY_MIB)
		found_fix(f, "end something, or give guests less with --mem");
}

void doctor_disk(struct finding *f)
{
	const char *dir = getenv("TMPDIR");
	struct statvfs st;
	uint64_t mib;

	dir = dir && *dir ? dir : "/tmp";
	if (statvfs(dir, &st) < 0) {
		found(f, HEALTH_WARN, "%s: %s", dir, strerror(errno));
		found_fix(f, "make it, or set TMPDIR");
		return;
	}
	mib = (uint64_t)st.f_bavail * st.f_frsize / MIB;
	found(f, mib < DISK_MIB ? HEALTH_WARN : HEALTH_PASS,
	      "%llu MiB are free in %s; a snapshot takes as much as the guest "
	      "uses of its memory",
	      (unsigned long long)mib, dir);
	if (mib < DISK_MIB)
		found_fix(f, "make room there, or set TMPDIR");
}

void doctor_sandbox(struct finding *f)
{
	char actions[200];

	if (prctl(PR_GET_SECCOMP) < 0 && errno == EINVAL) {
		found(f, HEALTH_WARN, "this kernel has no seccomp");
		found_fix(f, "use a kernel with CONFIG_SECCOMP_FILTER; until "
			     "then do not run guests you do not trust");
		return;
	}
	if (doctor_read("/proc/sys/kernel/seccomp/actions_avail", NULL, actions,
			sizeof(actions)) &&
	    !strstr(actions, "trap")) {
		found(f, HEALTH_WARN, "seccomp has only: %s", actions);
		found_fix(f, "ask whoever runs this container for more");
		return;
	}
	found(f, HEALTH_PASS, "seccomp and no_new_privs are there");
}

/* ---- display ---- */

/* In a child: it may write, crash, and leave threads behind. */
_Noreturn static void tell_driver(void *sdl, int out)
{
	int (*init)(const char *);
	const char *(*current)(void);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	const char *name;

	*(void **)&init = dlsym(sdl, "SDL_VideoInit");
	*(void **)&current = dlsym(sdl, "SDL_GetCurrentVideoDriver");
	if (null >= 0)
		dup2(null, STDERR_FILENO);
	alarm(10);
	if (!init || !current || init(NULL) < 0)
		_exit(1);
	name = current();
	if (!name || write(out, name, strlen(name)) < 0)
		_exit(1);
	_exit(0);
}

/* The driver that SDL takes by itself; "" if it cannot start at all. */
static void sdl_driver(void *sdl, char *name, size_t size)
{
	int fds[2];
	ssize_t len;
	pid_t pid;

	*name = 0;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return;
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		tell_driver(sdl, fds[1]);
	close(fds[1]);
	len = pid < 0 ? 0 : read(fds[0], name, size - 1);
	name[len > 0 ? len : 0] = 0;
	close(fds[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

void doctor_display(struct finding *f)
{
	void *sdl = dlopen("libSDL2-2.0.so.0", RTLD_NOW | RTLD_LOCAL);
	char driver[40];

	if (!sdl) {
		found(f, HEALTH_WARN, "no SDL 2: no window for the screen");
		found_fix(f, "apt install libsdl2-2.0-0; --display term needs "
			     "none");
		return;
	}
	sdl_driver(sdl, driver, sizeof(driver));
	dlclose(sdl);
	if (!*driver || !strcmp(driver, "offscreen") ||
	    !strcmp(driver, "dummy")) {
		found(f, HEALTH_WARN, "SDL 2 finds no display%s%s%s",
		      *driver ? " (it takes '" : "", driver,
		      *driver ? "')" : "");
		found_fix(f, "set DISPLAY or WAYLAND_DISPLAY (ssh -X); "
			     "--display term needs none");
		return;
	}
	found(f, HEALTH_PASS, "SDL 2 opens windows by '%s'", driver);
}

/* ---- terminal ---- */

void doctor_terminal(struct finding *f)
{
	const char *term = getenv("TERM"), *codes;
	struct winsize size;

	setlocale(LC_CTYPE, "");
	codes = nl_langinfo(CODESET);
	if (!isatty(STDOUT_FILENO) ||
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0) {
		found(f, HEALTH_PASS, "standard output is no terminal");
		return;
	}
	if (!term || !*term || !strcmp(term, "dumb")) {
		found(f, HEALTH_WARN, "TERM is '%s'", term ? term : "");
		found_fix(f, "use another terminal for --display term");
	} else if (size.ws_col < 80 || size.ws_row < 26) {
		found(f, HEALTH_WARN, "%ux%u characters", size.ws_col,
		      size.ws_row);
		found_fix(f, "make it 80x26 or larger for --display term");
	} else if (strcmp(codes, "UTF-8")) {
		found(f, HEALTH_WARN, "its characters are %s", codes);
		found_fix(f, "export LC_ALL=C.UTF-8");
	} else {
		found(f, HEALTH_PASS, "%s, %ux%u characters, UTF-8", term,
		      size.ws_col, size.ws_row);
	}
}

/* ---- gdb ---- */

/* The version's first number; 0: no gdb. `python`: it has that, too. */
static long gdb_version(char *line, size_t size, bool *python)
{
	FILE *out = popen("gdb -nx -batch -ex 'show version' "
			  "-ex 'python print(\"has\", \"python\")' 2>&1",
			  "re");
	char text[256];
	const char *number = NULL;

	*line = 0;
	*python = false;
	while (out && fgets(text, sizeof(text), out)) {
		text[strcspn(text, "\n")] = 0;
		if (!strncmp(text, "GNU gdb", 7))
			snprintf(line, size, "%s", text);
		*python |= !strcmp(text, "has python");
	}
	if (out)
		pclose(out);
	if (*line)
		number = strrchr(line, ' ');
	return number ? strtol(number + 1, NULL, 10) : 0;
}

void doctor_gdb(struct finding *f)
{
	char line[256];
	bool python;
	long version = gdb_version(line, sizeof(line), &python);

	if (!version) {
		found(f, HEALTH_WARN, "no gdb");
		found_fix(f, "apt install gdb");
	} else if (version < GDB_VERSION) {
		found(f, HEALTH_WARN, "%s: older than %d", line, GDB_VERSION);
		found_fix(f, "apt install gdb");
	} else if (!python) {
		found(f, HEALTH_WARN, "%s, without Python", line);
		found_fix(f, "apt install gdb (gdb-minimal has no Python)");
	} else {
		found(f, HEALTH_PASS, "%s, with Python", line);
	}
}
