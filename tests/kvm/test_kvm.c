/*
 * test_kvm.c: the KVM backend on a KVM that runs kernels; skipped where there
 * is none.
 */
#include <stdio.h>

#include "tests/kvm/fixture.h"

int main(void)
{
	uint64_t start = kvm_host_ns();
	struct reason why;

	if (kvm_usable(&why)) {
		printf("skipped: %s (in %llu us)\n", why.text,
		       (unsigned long long)(kvm_host_ns() - start) / 1000);
		return 77;
	}
	printf("self-test passed in %llu us\n",
	       (unsigned long long)(kvm_host_ns() - start) / 1000);
	return run_group() + back_group() + state_group() + debug_group();
}
