/* The simulator's CPU: NMI, INIT and SIPI, and code that two CPUs share. */
#include "tests/unit/unit.h"

#include "tests/unit/sim_guest.h"

static struct guest g;
static struct vcpu *second;
static unsigned waiting;
static uint8_t startup;

static unsigned signals(void *ctx)
{
	return waiting;
}

static uint8_t take_signal(void *ctx, enum vcpu_signal signal)
{
	waiting &= ~signal;
	return signal == SIGNAL_STARTUP ? startup : 0;
}

static bool pauses_end_turns;

static bool pause_ends(void *ctx)
{
	if (pauses_end_turns)
		g.deadline = 0;
	return pauses_end_turns;
}

/* Two CPUs without a machine; only the second one is sent signals. */
static int setup(void **state)
{
	struct vcpu_env env;

	guest_init(&g);
	env = g.cpu->env;
	env.index = 1;
	env.first = g.cpu;
	env.signals = signals;
	env.take_signal = take_signal;
	env.pause = pause_ends;
	waiting = 0;
	return sim_create(&env, &second);
}

static int teardown(void **state)
{
	second->ops->destroy(second);
	guest_fini(&g);
	return 0;
}

static struct x86_state run_second(enum vcpu_exit_reason reason)
{
	struct vcpu_exit exit;
	struct x86_state s;

	second->ops->run(second, &exit);
	assert_int_equal(exit.reason, reason);
	second->ops->get_state(second, &s);
	return s;
}

static void test_sipi_starts_one_that_waits(void **state)
{
	struct x86_state s = run_second(EXIT_HALT);

	assert_int_equal(s.halted, HALT_WAIT_SIPI);
	assert_false(s.apic_base & APIC_BASE_BSP);
	waiting = SIGNAL_NMI; /* not now */
	s = run_second(EXIT_HALT);
	assert_int_equal(s.halted, HALT_WAIT_SIPI);
	waiting = SIGNAL_STARTUP;
	startup = GUEST_CODE >> 12;
	guest_put(&g, GUEST_CODE, "\xf4", 1);
	s = run_second(EXIT_HALT);
	assert_int_equal(s.halted, HALT_HLT);
	assert_int_equal(s.seg[SEG_CS].selector, GUEST_CODE >> 4);
	assert_int_equal(s.rip, 1);
	waiting = SIGNAL_STARTUP; /* lost on one that does not wait */
	startup = 0x33;
	s = run_second(EXIT_HALT);
	assert_int_equal(s.rip, 1);
	assert_int_equal(waiting, 0);
}

static void test_init_keeps_what_it_must(void **state)
{
	struct x86_state s = g.state;

	s.apic_base &= ~APIC_BASE_BSP;
	s.lstar = 0x1234;
	s.tsc_offset = 77;
	s.fxsave[32] = 0x55;
	s.ymm_high[255] = 0x66;
	s.gpr[GPR_RBX] = 5;
	assert_int_equal(second->ops->set_state(second, &s), 0);
	waiting = SIGNAL_INIT;
	s = run_second(EXIT_HALT);
	assert_int_equal(s.halted, HALT_WAIT_SIPI);
	assert_int_equal(s.lstar, 0x1234);
	assert_int_equal(s.tsc_offset, 77);
	assert_int_equal(s.fxsave[32], 0x55);
	assert_int_equal(s.ymm_high[255], 0x66);
	assert_int_equal(s.gpr[GPR_RBX], 0);
	assert_int_equal(s.cr0, CR0_ET);
	assert_int_equal(s.efer, 0);
	assert_int_equal(s.rflags, FLAG_FIXED);
}

/* The handler halts; the next NMI waits for the IRET behind that. */
static void test_nmi_waits_for_iret(void **state)
{
	struct x86_state s = g.state;

	guest_put(&g, GUEST_CODE, "\xf4", 1);
	guest_put(&g, GUEST_VEC + 32, "\xf4\x48\xcf", 3); /* hlt; iretq */
	assert_int_equal(second->ops->set_state(second, &s), 0);
	waiting = SIGNAL_NMI; /* with interrupts off */
	s = run_second(EXIT_HALT);
	assert_int_equal(s.rip, GUEST_VEC + 33);
	assert_int_equal(s.in_nmi, 1);
	waiting = SIGNAL_NMI;
	s = run_second(EXIT_HALT);
	assert_int_equal(s.rip, GUEST_VEC + 33);
	assert_int_equal(waiting, SIGNAL_NMI);
	s.halted = HALT_NONE; /* go on to the IRET */
	assert_int_equal(second->ops->set_state(second, &s), 0);
	s = run_second(EXIT_HALT);
	assert_int_equal(waiting, 0); /* at once after it */
	assert_int_equal(s.rip, GUEST_VEC + 33);
}

/* Right behind it, and with as many instructions; REX.B's is an XCHG. */
static void test_pause_may_end_the_turn(void **state)
{
	/* nop; xchg %eax, %r8d by rep; pause; nop; pause; hlt */
	static const uint8_t code[] = {0x90, 0xf3, 0x41, 0x90, 0xf3,
				       0x90, 0x90, 0xf3, 0x90, 0xf4};
	struct x86_state s = g.state;
	uint64_t before = second->ops->elapsed_ns(second);

	guest_put(&g, GUEST_CODE, code, sizeof(code));
	s.rip = GUEST_CODE;
	assert_int_equal(second->ops->set_state(second, &s), 0);
	pauses_end_turns = true;
	s = run_second(EXIT_DEADLINE);
	assert_int_equal(s.rip, GUEST_CODE + 6);
	assert_int_equal(second->ops->elapsed_ns(second) - before, 3);
	pauses_end_turns = false;
	g.deadline = 1000;
	s = run_second(EXIT_HALT);
	assert_int_equal(s.rip, GUEST_CODE + sizeof(code));
	assert_int_equal(second->ops->elapsed_ns(second) - before, 6);
}

/*
 * CPU 0 runs `mov $imm, %eax; jmp` for ever; CPU 1 has written there before
 * it was decoded, so that its TLB would let it, and changes the immediate.
 */
static void test_code_changed_by_the_other_is_seen(void **state)
{
	static const uint8_t loop[] = {0xb8, 1, 0, 0, 0, 0xeb, 0xf9};
	/* movb $1, GUEST_CODE + 1; 1: cmpb $0, GUEST_DATA + 0x800; je 1b;
	 * movb $2, GUEST_CODE + 1; hlt */
	static const uint8_t store[] = {
		0xc6, 0x04, 0x25, 0x01, 0x00, 0x01, 0x00, 0x01, 0x80,
		0x3c, 0x25, 0x00, 0x08, 0x02, 0x00, 0x00, 0x74, 0xf6,
		0xc6, 0x04, 0x25, 0x01, 0x00, 0x01, 0x00, 0x02, 0xf4};
	struct x86_state s = g.state;

	guest_put(&g, GUEST_CODE, loop, sizeof(loop));
	guest_put(&g, GUEST_DATA, store, sizeof(store));
	s.rip = GUEST_DATA;
	assert_int_equal(second->ops->set_state(second, &s), 0);
	run_second(EXIT_DEADLINE);
	assert_int_equal(guest_run(&g), EXIT_DEADLINE);
	assert_int_equal(g.state.gpr[GPR_RAX], 1);

	g.deadline += 10000;
	guest_put(&g, GUEST_DATA + 0x800, "\1", 1);
	run_second(EXIT_HALT);
	assert_int_equal(guest_go_on(&g), EXIT_DEADLINE);
	assert_int_equal(g.state.gpr[GPR_RAX], 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_sipi_starts_one_that_waits),
		T(test_init_keeps_what_it_must),
		T(test_nmi_waits_for_iret),
		T(test_pause_may_end_the_turn),
		T(test_code_changed_by_the_other_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
