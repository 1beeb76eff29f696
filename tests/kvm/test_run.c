/*
 * test_run.c: accesses, interrupts, what the guest is told of its machine, and
 * how it ends.
 */
#include "tests/kvm/fixture.h"

#include <string.h>

GUEST(outs);
GUEST(ins);
GUEST(mmio);
GUEST(stop);
GUEST(window);
GUEST(halts);
GUEST(cr8);
GUEST(cpuid);
GUEST(triple);
GUEST(leaves);

/* ---- accesses ---- */

static void test_string_output_comes_in_order(void **state)
{
	struct fixture *f = *state;

	LOAD(f, outs);
	run(f, EXIT_HALT);
	EXPECT(f, {PORT, 1, 'h', true}, {PORT, 1, 'e', true},
	       {PORT, 1, 'l', true}, {PORT, 1, 'l', true}, {PORT, 1, 'o', true},
	       {PORT, 2, 0x6568, true}, {PORT, 2, 0x6c6c, true});
}

static void test_string_input_fills_memory(void **state)
{
	struct fixture *f = *state;
	uint16_t got[3];

	LOAD(f, ins);
	run(f, EXIT_HALT);
	EXPECT(f, {PORT, 2, 0xa1, false}, {PORT, 2, 0xa2, false},
	       {PORT, 2, 0xa3, false}, {PORT, 1, 0xa4, false});
	assert_true(guestmem_read(&f->mem, 0x4000, got, sizeof(got)));
	assert_int_equal(got[0], 0xa1);
	assert_int_equal(got[2], 0xa3);
	assert_int_equal(gpr(f, GPR_RAX) & 0xff, 0xa4);
}

static void test_device_registers_of_every_width(void **state)
{
	struct fixture *f = *state;
	struct vcpu_stats stats;

	LOAD(f, mmio);
	run(f, EXIT_HALT);
	EXPECT(f, {0xd0000000, 4, 0x11223344, true},
	       {0xd0000004, 1, 0x55, true}, {0xd0000ffd, 2, 0xccdd, true},
	       {0xd0000fff, 1, 0xbb, true}, {0xd0001000, 1, 0xaa, true},
	       {0xd0000010, 4, 0xa1, false}, {0xd0000020, 2, 0xa2, false},
	       {0xd0000020, 2, 0xa3, true});
	assert_int_equal(gpr(f, GPR_RBX), 0xa1);
	f->cpu->ops->get_stats(f->cpu, &stats);
	assert_int_equal(stats.mmio_writes, 6);
	assert_int_equal(stats.mmio_reads, 2);
}

static void test_a_stop_in_an_access_lets_nothing_more_run(void **state)
{
	struct fixture *f = *state;

	LOAD(f, stop);
	run(f, EXIT_KICK);
	assert_int_equal(f->count, 2);
	assert_int_equal(gpr(f, GPR_RAX), 0xa2); /* the read is complete */
	assert_int_equal(gpr(f, GPR_RBX), 0);
	run(f, EXIT_KICK);
	assert_int_equal(f->count, 3);
	assert_int_equal(gpr(f, GPR_RBX), 1);
	run(f, EXIT_HALT);
	assert_int_equal(gpr(f, GPR_RBX), 2);
}

/* ---- interrupts ---- */

static void test_an_interrupt_waits_for_its_window(void **state)
{
	struct fixture *f = *state;
	struct vcpu_stats stats;

	LOAD(f, window);
	run(f, EXIT_HALT);
	assert_int_equal(gpr(f, GPR_RBP), 1);
	assert_int_equal(gpr(f, GPR_RDI), 2); /* after sti's shadow */
	assert_false(f->raised);
	f->cpu->ops->get_stats(f->cpu, &stats);
	assert_int_equal(stats.interrupts, 1);
}

static void test_halt_ends_with_an_interrupt_only(void **state)
{
	struct fixture *f = *state;
	struct x86_state s;

	LOAD(f, halts);
	run(f, EXIT_HALT);
	run(f, EXIT_HALT);
	f->cpu->ops->get_state(f->cpu, &s);
	assert_int_equal(s.halted, 1);
	assert_int_equal(s.gpr[GPR_RBX], 0);
	f->raised = true;
	run(f, EXIT_HALT);
	assert_int_equal(gpr(f, GPR_RBP), 1);
	assert_int_equal(gpr(f, GPR_RBX), 1);
	f->raised = true; /* cli; hlt: it cannot come */
	run(f, EXIT_HALT);
	assert_int_equal(gpr(f, GPR_RBX), 1);
	assert_true(f->raised);
}

static void test_cr8_is_the_apics_priority(void **state)
{
	struct fixture *f = *state;
	struct x86_state s;

	long_state(f, &s);
	load_at(f, guest_cr8, guest_cr8_end);
	assert_int_equal(f->cpu->ops->set_state(f->cpu, &s), 0);
	run(f, EXIT_HALT);
	assert_int_equal(f->count, 2);
	assert_int_equal(f->tpr_at_access[0], 0x50);
	assert_int_equal(f->tpr_at_access[1], 0x20);
	assert_int_equal(gpr(f, GPR_RBX), 2);
}

/* ---- what the guest is told ---- */

static void test_cpuid_is_a_plain_machine_of_one_cpu(void **state)
{
	struct fixture *f = *state;
	uint32_t got[5];

	LOAD(f, cpuid);
	run(f, EXIT_HALT);
	assert_true(guestmem_read(&f->mem, 0x4000, got, sizeof(got)));
	assert_int_equal(got[0] >> 16, 1);	       /* APIC 0; one CPU */
	assert_int_equal(got[1] & (1u << 21), 0);      /* x2APIC */
	assert_int_equal(got[1] & (1u << 24), 0);      /* TSC deadline */
	assert_int_equal(got[1] & (1u << 31), 0);      /* hypervisor */
	assert_int_equal(got[2] & (1u << 9), 1u << 9); /* local APIC */
	assert_int_equal(got[2] & (1u << 28), 0);      /* threads */
	assert_true(got[3] >= 0x80000008);
	assert_int_equal(got[4] & (1u << 2), 0); /* SVM */
}

/* ---- ends ---- */

static void test_triple_fault_is_a_shutdown(void **state)
{
	struct fixture *f = *state;
	struct x86_state s;

	LOAD(f, triple);
	flat_state(&s);
	s.idt.limit = 0;
	assert_int_equal(f->cpu->ops->set_state(f->cpu, &s), 0);
	run(f, EXIT_SHUTDOWN);
}

static void test_code_outside_ram_is_an_error_with_a_reason(void **state)
{
	struct fixture *f = *state;

	LOAD(f, leaves);
	run(f, EXIT_ERROR);
	assert_non_null(strstr(f->exit.why, "kvm: "));
	assert_non_null(strstr(f->exit.why, "0008:0xd0000000"));
	assert_non_null(strstr(f->exit.why, "bytes unreadable"));
}

static const struct CMUnitTest tests[] = {
	CASE(test_string_output_comes_in_order),
	CASE(test_string_input_fills_memory),
	CASE(test_device_registers_of_every_width),
	CASE(test_a_stop_in_an_access_lets_nothing_more_run),
	CASE(test_an_interrupt_waits_for_its_window),
	CASE(test_halt_ends_with_an_interrupt_only),
	CASE(test_cr8_is_the_apics_priority),
	CASE(test_cpuid_is_a_plain_machine_of_one_cpu),
	CASE(test_triple_fault_is_a_shutdown),
	CASE(test_code_outside_ram_is_an_error_with_a_reason),
};

int run_group(void)
{
	return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
