/*
 * session.h: one run of `vmm boot`: a machine, and all that connects it with
 * the person and the files around.
 */
#ifndef SHELL_SESSION_H
#define SHELL_SESSION_H

#include <stdio.h>

#include "devices/devices.h"
#include "shell/console.h"
#include "shell/debugger.h"
#include "shell/display.h"
#include "shell/feeder.h"
#include "shell/lines.h"
#include "shell/look.h"
#include "shell/options.h"
#include "shell/output.h"
#include "shell/panic.h"
#include "shell/postmortem.h"
#include "shell/signals.h"
#include "shell/timeline.h"
#include "shell/window.h"
#include "vmm/snapshot.h"

struct session {
	const struct options *options;
	struct machine *m;
	struct board board;
	struct signals signals;
	struct feeder feeder;
	struct console console;
	struct display display;
	struct window window;
	struct output stdout_; /* the verdict's line, and serial's if stdio */
	struct lines lines;
	struct postmortem postmortem;
	struct panic panic;
	struct look look;
	struct debugger debugger;
	struct timeline timeline;
	FILE *screenshot;	  /* --screenshot's, from the beginning on */
	struct snapshot snapshot; /* --restore's, until it was used */
	uint8_t *input;		  /* what it had to type, and --type's */
	uint64_t wall_ns;	  /* of the run */
};

/* The kernel and its modules into memory, as the options say: boot_load(). */
int session_load(const struct options *o, const struct guestmem *gm,
		 struct x86_state *state);

/*
 * Make the machine, load the kernel, connect everything. The exit status on
 * failure (said), or 0.
 */
int session_begin(struct session *s, const struct options *options);

/*
 * The last before the guest's first instruction, for one who runs the machine
 * himself: the timeouts begin, and the process confines itself. As above.
 */
int session_ready(struct session *s);

/* What --screenshot asks for, once. 0 or -errno, said. */
int session_screenshot(struct session *s);

/* Run until the verdict, say it, and return the exit status. */
int session_run(struct session *s);

/* Accepts a half-begun one. */
void session_end(struct session *s);

#endif
