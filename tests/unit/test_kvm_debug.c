/*
 * How a debugger's points are dealt out to the host's debug registers and to
 * INT3s; what KVM makes of it cannot be tried without one.
 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "vmm/kvm_debug.h"

static int plan_of(const struct vcpu_point *point, unsigned count,
		   struct kvm_debug_plan *plan)
{
	struct vcpu_debug debug = {.point = point, .count = count};

	return kvm_debug_plan(&debug, 0, plan);
}

static void test_four_breakpoints_need_no_int3(void **state)
{
	struct vcpu_point point[6];
	struct kvm_debug_plan plan;

	for (unsigned n = 0; n <= 6; n++) {
		for (unsigned i = 0; i < n; i++)
			point[i] =
				(struct vcpu_point){0x1000 + i, 1, POINT_EXEC};
		assert_int_equal(plan_of(point, n, &plan), 0);
		assert_int_equal(plan.regs, n < 4 ? n : 4);
		assert_int_equal(plan.patches, n < 4 ? 0 : n - 4);
		if (n == 6)
			assert_int_equal(plan.patch[1].addr, 0x1005);
		kvm_debug_plan_fini(&plan);
	}
}

static void test_watchpoints_go_first(void **state)
{
	static const struct vcpu_point point[] = {
		{0x10, 1, POINT_EXEC},	   {0x20, 1, POINT_EXEC},
		{0x30, 1, POINT_EXEC},	   {0x2000, 8, POINT_WRITE},
		{0x3000, 4, POINT_ACCESS},
	};
	struct kvm_debug_plan plan;

	assert_int_equal(plan_of(point, 5, &plan), 0);
	assert_int_equal(plan.regs, 4);
	assert_int_equal(plan.reg[0].addr, 0x2000);
	assert_int_equal(plan.reg[1].addr, 0x3000);
	assert_int_equal(plan.reg[3].addr, 0x20);
	assert_int_equal(plan.patches, 1);
	assert_int_equal(plan.patch[0].addr, 0x30);
	/* G0 to G3; write, 8 bytes; both, 4 bytes; two of instructions. */
	assert_int_equal(kvm_debug_dr7(&plan), 0x00f906aa);
	kvm_debug_plan_fini(&plan);
}

static void test_lengths_are_made_of_aligned_pieces(void **state)
{
	static const struct {
		uint64_t addr, len;
		int err;
		unsigned regs;
		uint64_t last_addr, last_len;
	} row[] = {
		{0x1000, 1, 0, 1, 0x1000, 1},	{0x1001, 2, 0, 2, 0x1002, 1},
		{0x1000, 3, 0, 2, 0x1002, 1},	{0x1000, 8, 0, 1, 0x1000, 8},
		{0x1004, 8, 0, 2, 0x1008, 4},	{0x1000, 32, 0, 4, 0x1018, 8},
		{0x1001, 31, -ENOSPC, 0, 0, 0}, {0x1000, 33, -ENOSPC, 0, 0, 0},
	};
	struct kvm_debug_plan plan;

	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct vcpu_point p = {row[i].addr, row[i].len, POINT_WRITE};

		assert_int_equal(plan_of(&p, 1, &plan), row[i].err);
		if (row[i].err)
			continue;
		assert_int_equal(plan.regs, row[i].regs);
		assert_int_equal(plan.reg[plan.regs - 1].addr,
				 row[i].last_addr);
		assert_int_equal(plan.reg[plan.regs - 1].len, row[i].last_len);
		assert_int_equal(plan.asked[plan.regs - 1].len, row[i].len);
		kvm_debug_plan_fini(&plan);
	}
}

static void test_reads_alone_cannot_be_watched(void **state)
{
	struct vcpu_point p = {0x1000, 4, POINT_READ};
	struct kvm_debug_plan plan;

	assert_int_equal(plan_of(&p, 1, &plan), -ENOSPC);
}

static void test_what_kvm_lacks_is_not_used(void **state)
{
	static const struct vcpu_point at = {0x1000, 1, POINT_EXEC};
	static const struct vcpu_point touch = {0x2000, 1, POINT_WRITE};
	static const struct {
		const struct vcpu_point *point;
		bool step;
		unsigned lacks;
		int err;
		unsigned regs, patches;
	} row[] = {
		{&at, false, KVM_LACKS_BREAK, 0, 0, 1},
		{&at, false, KVM_LACKS_INT3, 0, 1, 0},
		{&at, false, KVM_LACKS_WATCH | KVM_LACKS_STEP, 0, 1, 0},
		{&at, false, KVM_LACKS_BREAK | KVM_LACKS_INT3, -ENOSPC, 0, 0},
		{&touch, false, KVM_LACKS_BREAK, 0, 1, 0},
		{&touch, false, KVM_LACKS_WATCH, -ENOSPC, 0, 0},
		{NULL, true, ~KVM_LACKS_STEP, 0, 0, 0},
		{NULL, true, KVM_LACKS_STEP, -ENOSPC, 0, 0},
	};

	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct vcpu_debug debug = {.point = row[i].point,
					   .count = row[i].point != NULL,
					   .step = row[i].step};
		struct kvm_debug_plan plan;

		assert_int_equal(kvm_debug_plan(&debug, row[i].lacks, &plan),
				 row[i].err);
		if (row[i].err)
			continue;
		assert_int_equal(plan.regs, row[i].regs);
		assert_int_equal(plan.patches, row[i].patches);
		kvm_debug_plan_fini(&plan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_four_breakpoints_need_no_int3),
		cmocka_unit_test(test_watchpoints_go_first),
		cmocka_unit_test(test_lengths_are_made_of_aligned_pieces),
		cmocka_unit_test(test_reads_alone_cannot_be_watched),
		cmocka_unit_test(test_what_kvm_lacks_is_not_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
