/* report.h: what is said and written about a machine after its run. */
#ifndef SHELL_REPORT_H
#define SHELL_REPORT_H

#include <stdio.h>

#include "devices/devices.h"
#include "shell/verdict.h"
#include "vmm/machine.h"

/* On stderr: the general registers of the CPU whose turn it is. */
void report_general(struct machine *m);

/* --stats; `wall_ns` is the host time of machine_run(). */
void report_stats(struct machine *m, uint64_t wall_ns);

/* For boot_run()'s caller. */
void report_summary(struct machine *m, const struct verdict *v,
		    uint64_t wall_ns, struct run_summary *summary);

/* --hash */
void report_hash(struct machine *m);

/* Does the name's end say which kind: .txt, .png, .svg? */
bool report_can_screenshot(const char *path);
/*
 * --screenshot: into `out`, which is closed; it was opened by the name `path`,
 * which is of a kind as above, or it is NULL and that was said. 0 or -errno,
 * said.
 */
int report_screenshot(const struct board *board, const char *path, FILE *out);

#endif
