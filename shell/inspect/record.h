/*
 * record.h: the system calls that made capabilities what they are
 * (--trace caps).
 *
 * Only the kernel changes slots, and it does so between a SYSCALL and the next
 * time that user code runs. So what differs after a call from what was before
 * it, that call did: no knowledge of single calls is needed to see it, and
 * none can be forgotten.
 */
#ifndef SHELL_INSPECT_RECORD_H
#define SHELL_INSPECT_RECORD_H

#include <stdint.h>

#include "shell/inspect/model.h"

struct record;

/* How a slot came to hold what it holds; "" : not while it was recorded. */
struct detail record_origin(const struct record *record, const struct cap *cap);

/* Accepts NULL. */
void record_free(struct record *record);

#endif
