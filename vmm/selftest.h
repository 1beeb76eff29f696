/*
 * selftest.h: a guest of a few hundred instructions that shows whether a
 * processor runs a kernel: long mode, both rings, the ways between them,
 * a page fault, an interrupt, a port and a device register.
 *
 * A KVM that opens is no proof: there are some that leave ring 3 in place
 * after `syscall` or know no SSE in ring 0. The test asks any backend.
 */
#ifndef VMM_SELFTEST_H
#define VMM_SELFTEST_H

#include "vmm/log.h"
#include "vmm/vcpu.h"

typedef int selftest_create_fn(const struct vcpu_env *env, struct vcpu **vcpu,
			       struct reason *why);

/*
 * Run it on a CPU made by `create`. 0; what `create` returned; -ENOEXEC when
 * the guest went wrong, `why` naming the first thing that did; or -ENOMEM.
 */
int selftest_run(selftest_create_fn *create, struct reason *why);

#endif
