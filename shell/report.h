/* report.h: what is said and written about a machine after its run. */
#ifndef SHELL_REPORT_H
#define SHELL_REPORT_H

#include "devices/devices.h"
#include "shell/verdict.h"
#include "vmm/machine.h"

/*
 * A few lines on stderr: registers, mode, the bytes of the instruction;
 * `kernel` is a descriptor of its ELF file, for names, or -1.
 */
void report_registers(struct machine *m, int kernel);
/* The general ones. */
void report_general(struct machine *m);

/* --stats; `wall_ns` is the host time of machine_run(). */
void report_stats(struct machine *m, uint64_t wall_ns);

/* For boot_run()'s caller. */
void report_summary(struct machine *m, const struct verdict *v,
		    uint64_t wall_ns, struct run_summary *summary);

/* --hash */
void report_hash(struct machine *m);

/* --screenshot: text or PNG by the name's end. 0 or -errno, said. */
int report_screenshot(const struct board *board, const char *path);

#endif
