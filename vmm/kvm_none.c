/*
 * kvm_none.c: the KVM backend of a program built where there is no KVM, and
 * the self-test where its guest cannot be assembled.
 */
#include <errno.h>

#include "vmm/kvm.h"
#include "vmm/selftest.h"

int kvm_usable(struct reason *why)
{
	return reason_set(why, -ENOTSUP,
			  "this program was built without it: it needs Linux "
			  "on x86-64");
}

int kvm_debug_usable(struct reason *why)
{
	return kvm_usable(why);
}

int kvm_open(struct reason *why)
{
	return kvm_usable(why);
}

const char *kvm_device(void)
{
	return "/dev/kvm";
}

int selftest_run(selftest_create_fn *create, struct reason *why)
{
	return reason_set(why, -ENOTSUP,
			  "the test guest is built on x86-64 hosts only");
}

int kvm_create(const struct vcpu_env *env, struct vcpu **vcpu)
{
	struct reason why;
	int err = kvm_usable(&why);

	return fail(err, "kvm: %s", why.text);
}
