/*
 * doctor.h: `vmm doctor`: what this host offers, and what to do about what it
 * does not.
 *
 *	doctor.c	the list of checks, and their report
 *	doctor_cpu.c	the processor and KVM
 *	doctor_host.c	everything else
 *
 * Nothing here changes the host. VMM_DOCTOR_ROOT stands before the names of
 * the files in /proc and /sys, so that tests can fake a host.
 */
#ifndef SHELL_DOCTOR_H
#define SHELL_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

enum health { HEALTH_PASS, HEALTH_WARN, HEALTH_FAIL };

struct finding {
	enum health health;
	char text[300];
	char fix[400]; /* "": nothing is to be done */
};

void found(struct finding *f, enum health health, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void found_fix(struct finding *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The first line of the file under the root that begins with `key` and a
 * colon, behind it; or its first line, if `key` is NULL. False: none.
 */
bool doctor_read(const char *path, const char *key, char *text, size_t size);

void doctor_processor(struct finding *f);
void doctor_kvm_device(struct finding *f);
void doctor_kvm(struct finding *f);
void doctor_sim(struct finding *f);
void doctor_memory(struct finding *f);
void doctor_disk(struct finding *f);
void doctor_sandbox(struct finding *f);
void doctor_display(struct finding *f);
void doctor_terminal(struct finding *f);
void doctor_gdb(struct finding *f);

#endif
