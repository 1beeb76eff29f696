/*
 * accel.c: which processor a machine gets. The one place that knows both.
 */
#include <errno.h>

#include "vmm/kvm.h"
#include "vmm/machine.h"

int accel_choose(enum accel *accel)
{
	struct reason why;
	int err;

	if (*accel == ACCEL_SIM)
		return 0;
	err = kvm_usable(&why);
	if (!err) {
		*accel = ACCEL_KVM;
		return 0;
	}
	if (*accel == ACCEL_KVM)
		return fail(err, "kvm: %s", why.text);
	log_warn("using the simulator: %s", why.text);
	*accel = ACCEL_SIM;
	return 0;
}

int machine_add_cpu(struct machine *m, enum accel accel)
{
	unsigned index = m->cpu_count;
	struct vcpu_env env;
	int err;

	if (accel == ACCEL_KVM && index > 0)
		return fail(-ENOTSUP, "kvm: several processors run on the "
				      "simulator only; use --accel sim");
	machine_env(m, index, &env);
	if (accel == ACCEL_KVM)
		err = kvm_create(&env, &m->cpu[index]);
	else
		err = sim_create(&env, &m->cpu[index]);
	if (err)
		return err;
	m->cpu_count++;
	return 0;
}
