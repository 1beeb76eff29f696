/* The guest that judges KVM passes on the simulator, and can fail. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#undef fail /* cmocka's; vmm/log.h has a function of that name */
#include "vmm/machine.h"
#include "vmm/selftest.h"

static int create_sim(const struct vcpu_env *env, struct vcpu **vcpu,
		      struct reason *why)
{
	return sim_create(env, vcpu);
}

static void test_the_simulator_runs_a_kernel(void **state)
{
	struct reason why = {""};
	int err = selftest_run(create_sim, &why);

	if (err)
		print_message("%s\n", why.text);
	assert_int_equal(err, 0);
}

/* Processors with a fault of their own: the simulator, meddled with. */
static struct vcpu_ops broken_ops;
static const struct vcpu_ops *real_ops;

static int create_broken(const struct vcpu_env *env, struct vcpu **vcpu,
			 struct reason *why)
{
	int err = sim_create(env, vcpu);

	if (err)
		return err;
	real_ops = (*vcpu)->ops;
	broken_ops.destroy = real_ops->destroy;
	broken_ops.elapsed_ns = real_ops->elapsed_ns;
	if (!broken_ops.set_state)
		broken_ops.set_state = real_ops->set_state;
	if (!broken_ops.kick)
		broken_ops.kick = real_ops->kick;
	if (!broken_ops.run)
		broken_ops.run = real_ops->run;
	(*vcpu)->ops = &broken_ops;
	return 0;
}

static void expect_complaint(const char *complaint)
{
	struct reason why = {""};

	assert_int_equal(selftest_run(create_broken, &why), -ENOEXEC);
	if (!strstr(why.text, complaint))
		print_message("%s\n", why.text);
	assert_non_null(strstr(why.text, complaint));
}

static int refuse_state(struct vcpu *vcpu, const struct x86_state *state)
{
	return -EINVAL;
}

static int without_sse(struct vcpu *vcpu, const struct x86_state *state)
{
	struct x86_state s = *state;

	s.cr0 |= CR0_EM;
	return real_ops->set_state(vcpu, &s);
}

static int with_another_idt(struct vcpu *vcpu, const struct x86_state *state)
{
	struct x86_state s = *state;

	s.idt.limit = 16 * 13 - 1;
	return real_ops->set_state(vcpu, &s);
}

static void run_nothing(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	exit->reason = EXIT_DEADLINE;
}

static void kick_nobody(struct vcpu *vcpu)
{
}

static void run_on(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	real_ops->run(vcpu, exit);
	if (exit->reason == EXIT_HALT)
		exit->reason = EXIT_KICK;
}

static void test_what_goes_wrong_is_named(void **state)
{
	broken_ops = (struct vcpu_ops){.set_state = refuse_state};
	expect_complaint("first registers");
	broken_ops = (struct vcpu_ops){.set_state = without_sse};
	expect_complaint("SSE2 does not work in ring 0 (exception 6)");
	broken_ops = (struct vcpu_ops){.set_state = with_another_idt};
	expect_complaint("a page fault does not arrive");
	broken_ops = (struct vcpu_ops){.run = run_nothing};
	expect_complaint("it does not reach 64-bit mode (it hangs)");
	broken_ops = (struct vcpu_ops){.run = run_on, .kick = kick_nobody};
	expect_complaint("runs on after it was told to stop");
}

static void test_no_kvm_means_the_simulator_or_an_error(void **state)
{
	enum accel accel = ACCEL_AUTO;

	setenv("VMM_KVM_DEVICE", "/nowhere/kvm", 1);
	assert_int_equal(accel_choose(&accel), 0);
	assert_int_equal(accel, ACCEL_SIM);
	accel = ACCEL_KVM;
	assert_int_equal(accel_choose(&accel), -ENOENT);
	assert_int_equal(accel, ACCEL_KVM);
	accel = ACCEL_SIM;
	assert_int_equal(accel_choose(&accel), 0);
	unsetenv("VMM_KVM_DEVICE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_simulator_runs_a_kernel),
		cmocka_unit_test(test_what_goes_wrong_is_named),
		cmocka_unit_test(test_no_kvm_means_the_simulator_or_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
