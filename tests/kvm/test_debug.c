/*
 * test_debug.c: steps, breakpoints and watchpoints as KVM really has them.
 * What this KVM does not report must be refused; the rest is shown.
 */
#include "tests/kvm/fixture.h"

#include <errno.h>
#include <string.h>

#define AT_CALLED 0x9000
#define AT_DATA	  0x4000

GUEST(steps);
GUEST(int3);
GUEST(telling);
GUEST(touches);
GUEST(calls);
GUEST(called);
GUEST(halts);

static unsigned lacks(struct fixture *f)
{
	struct reason why;

	f->cpu->ops->debug_limits(f->cpu, &why);
	return kvm_cpu(f->cpu)->debug.lacks;
}

static int ask(struct fixture *f, const struct vcpu_debug *debug)
{
	return f->cpu->ops->set_debug(f->cpu, debug);
}

/* Looks at where points lead end a run, too. */
static void run_on(struct fixture *f, enum vcpu_exit_reason want)
{
	do
		f->cpu->ops->run(f->cpu, &f->exit);
	while (f->exit.reason == EXIT_DEADLINE);
	assert_int_equal(f->exit.reason, want);
}

static uint64_t rip(struct fixture *f)
{
	struct x86_state s;

	f->cpu->ops->get_state(f->cpu, &s);
	assert_false(s.rflags & FLAG_TF);
	return s.rip;
}

static uint64_t step(struct fixture *f)
{
	const struct vcpu_debug debug = {.step = true};

	assert_int_equal(ask(f, &debug), 0);
	run_on(f, EXIT_DEBUG);
	assert_int_equal(f->exit.debug.cause, DEBUG_CAUSE_STEP);
	return rip(f);
}

static void gate(struct fixture *f, unsigned vector, const uint8_t *code,
		 const uint8_t *end)
{
	put64(f, AT_IDT + 8 * vector,
	      AT_HANDLER | SEL_CODE << 16 | UINT64_C(0x8e) << 40);
	guestmem_write(&f->mem, AT_HANDLER, code, end - code);
}

/* ---- steps ---- */

static void test_each_step_is_one_instruction(void **state)
{
	static const unsigned after[] = {5, 6, 7, 12, 13, 14};
	struct fixture *f = *state;
	struct x86_state s;

	LOAD(f, steps);
	for (unsigned i = 0; i < sizeof(after) / sizeof(after[0]); i++)
		assert_int_equal(step(f), AT_CODE + after[i]);
	assert_int_equal(f->count, 1); /* of the port, once */
	f->cpu->ops->get_state(f->cpu, &s);
	assert_int_equal(s.gpr[GPR_RBX] & FLAG_TF, 0); /* pushf's */
	assert_int_equal(s.halted, 1);
}

static void test_steps_into_the_kernel_and_out(void **state)
{
	struct fixture *f = *state;
	struct x86_state s;

	long_state(f, &s);
	put64(f, 0x4000, 0x5000 | PTE_P | PTE_W | PTE_U);
	put64(f, 0x5000, PTE_PS | PTE_P | PTE_W | PTE_U);
	s.efer |= EFER_SCE;
	s.star = UINT64_C(0x0018000800000000);
	s.lstar = AT_CALLED;
	s.fmask = FLAG_TF | FLAG_IF;
	load_at(f, guest_calls, guest_calls_end);
	guestmem_write(&f->mem, AT_CALLED, guest_called,
		       guest_called_end - guest_called);
	assert_int_equal(f->cpu->ops->set_state(f->cpu, &s), 0);
	assert_int_equal(step(f), AT_CALLED);
	assert_int_equal(step(f), AT_CALLED + 3);
	assert_int_equal(step(f), AT_CODE + 2);
	f->cpu->ops->get_state(f->cpu, &s);
	assert_int_equal(s.seg[SEG_CS].selector, 0x2b);
	assert_int_equal(s.gpr[GPR_RBX], AT_CODE + 2);
	assert_int_equal(step(f), AT_CODE + 3); /* in ring 3 */
	f->cpu->ops->get_state(f->cpu, &s);
	assert_int_equal(s.seg[SEG_CS].selector, 0x2b);
}

/*
 * The handler's frame has our trap flag; when it comes back nobody steps any
 * more, and a #DB of the guest's would be a triple fault.
 */
static void test_an_event_in_a_step_leaves_no_trap(void **state)
{
	struct fixture *f = *state;
	uint64_t at;

	LOAD(f, int3);
	gate(f, VEC_BP, guest_telling, guest_telling_end);
	/* Before its first instruction where an exit comes in between. */
	at = step(f);
	assert_in_range(at, AT_HANDLER, AT_HANDLER + 7);
	assert_int_equal(ask(f, NULL), 0);
	run_on(f, EXIT_HALT);
	assert_int_equal(gpr(f, GPR_RBP), 1);
	assert_int_equal(gpr(f, GPR_RBX), 2);
	assert_int_equal(f->count, 1);
}

static void test_a_step_waits_for_no_interrupt(void **state)
{
	struct fixture *f = *state;

	LOAD(f, halts);
	while (step(f) != AT_CODE + 2)
		; /* sti may take hlt along */
	f->raised = true;
	assert_int_equal(ask(f, NULL), 0);
	run_on(f, EXIT_HALT);
	assert_int_equal(gpr(f, GPR_RBP), 1);
	assert_int_equal(gpr(f, GPR_RBX), 1);
}

/* ---- points ---- */

static void expect_met(struct fixture *f, const struct vcpu_debug *debug,
		       uint64_t addr)
{
	assert_int_equal(ask(f, debug), 0);
	run_on(f, EXIT_DEBUG);
	assert_int_equal(f->exit.debug.cause, DEBUG_CAUSE_POINT);
	assert_int_equal(f->exit.debug.point.addr, addr);
	assert_int_equal(rip(f), addr);
}

static void test_what_is_not_reported_is_refused(void **state)
{
	static const struct vcpu_point stop = {AT_CODE, 1, POINT_EXEC};
	static const struct vcpu_point touch = {AT_DATA, 4, POINT_WRITE};
	const struct vcpu_debug at = {.point = &stop, .count = 1};
	const struct vcpu_debug watch = {.point = &touch, .count = 1};
	struct fixture *f = *state;
	unsigned none = KVM_LACKS_BREAK | KVM_LACKS_INT3;

	LOAD(f, steps);
	assert_int_equal(ask(f, &at), (lacks(f) & none) == none ? -ENOSPC : 0);
	assert_int_equal(ask(f, &watch),
			 lacks(f) & KVM_LACKS_WATCH ? -ENOSPC : 0);
	assert_int_equal(ask(f, NULL), 0);
	run_on(f, EXIT_HALT);
}

static void test_a_breakpoint_by_a_register(void **state)
{
	static const struct vcpu_point point = {AT_CODE + 5, 1, POINT_EXEC};
	struct vcpu_debug debug = {.point = &point, .count = 1};
	struct fixture *f = *state;

	if (lacks(f) & KVM_LACKS_BREAK)
		skip();
	LOAD(f, steps);
	expect_met(f, &debug, AT_CODE + 5);
	expect_met(f, &debug, AT_CODE + 5); /* not passed */
	debug.pass = true;
	assert_int_equal(ask(f, &debug), 0);
	run_on(f, EXIT_HALT);
}

static void test_a_breakpoint_by_an_int3(void **state)
{
	static const struct vcpu_point point[] = {
		{0x10, 1, POINT_EXEC},	      {0x20, 1, POINT_EXEC},
		{0x30, 1, POINT_EXEC},	      {0x40, 1, POINT_EXEC},
		{AT_CODE + 6, 1, POINT_EXEC},
	};
	struct vcpu_debug debug = {.point = point, .count = 5};
	struct fixture *f = *state;
	uint8_t byte = 0;

	if (lacks(f) & KVM_LACKS_INT3)
		skip();
	LOAD(f, steps);
	expect_met(f, &debug, AT_CODE + 6);
	assert_true(guestmem_read(&f->mem, AT_CODE + 6, &byte, 1));
	assert_int_equal(byte, guest_steps[6]);
	debug.pass = true;
	assert_int_equal(ask(f, &debug), 0);
	run_on(f, EXIT_HALT);
	/* Its own are its own. */
	LOAD(f, int3);
	gate(f, VEC_BP, guest_telling, guest_telling_end);
	run_on(f, EXIT_HALT);
	assert_int_equal(gpr(f, GPR_RBP), 1);
}

static void test_a_watchpoint_tells_behind_the_write(void **state)
{
	static const struct vcpu_point point = {AT_DATA, 4, POINT_WRITE};
	const struct vcpu_debug debug = {.point = &point, .count = 1};
	struct fixture *f = *state;

	if (lacks(f) & KVM_LACKS_WATCH)
		skip();
	LOAD(f, touches);
	assert_int_equal(ask(f, &debug), 0);
	run_on(f, EXIT_DEBUG);
	assert_int_equal(f->exit.debug.cause, DEBUG_CAUSE_TOUCH);
	assert_int_equal(f->exit.debug.addr, AT_DATA);
	assert_int_equal(rip(f), AT_CODE + 10);
	run_on(f, EXIT_HALT);
}

/* The guest's DR0 is another register while the debugger has the first. */
static void test_the_guests_breakpoint_beside_ours(void **state)
{
	static const struct vcpu_point point = {AT_DATA, 4, POINT_WRITE};
	const struct vcpu_debug debug = {.point = &point, .count = 1};
	struct fixture *f = *state;
	struct x86_state s;

	if (lacks(f) & (KVM_LACKS_WATCH | KVM_LACKS_BREAK))
		skip();
	LOAD(f, touches);
	gate(f, VEC_DB, guest_telling, guest_telling_end);
	f->cpu->ops->get_state(f->cpu, &s);
	s.dr[0] = AT_CODE + 10;
	s.dr[7] = 0x402;
	assert_int_equal(f->cpu->ops->set_state(f->cpu, &s), 0);
	assert_int_equal(ask(f, &debug), 0);
	run_on(f, EXIT_DEBUG);
	assert_int_equal(f->exit.debug.cause, DEBUG_CAUSE_TOUCH);
	run_on(f, EXIT_HALT);
	f->cpu->ops->get_state(f->cpu, &s);
	assert_int_equal(s.gpr[GPR_RBP], 1);
	assert_int_equal(s.dr[6] & 0xf, 1);
}

static const struct CMUnitTest tests[] = {
	CASE(test_each_step_is_one_instruction),
	CASE(test_steps_into_the_kernel_and_out),
	CASE(test_an_event_in_a_step_leaves_no_trap),
	CASE(test_a_step_waits_for_no_interrupt),
	CASE(test_what_is_not_reported_is_refused),
	CASE(test_a_breakpoint_by_a_register),
	CASE(test_a_breakpoint_by_an_int3),
	CASE(test_a_watchpoint_tells_behind_the_write),
	CASE(test_the_guests_breakpoint_beside_ours),
};

int debug_group(void)
{
	return cmocka_run_group_tests_name("debug", tests, NULL, NULL);
}
