/*
 * Breakpoints and steps with a KVM that is played: what it is told, what is
 * in memory meanwhile, and what becomes of each of its debug exits.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#undef fail /* cmocka's; vmm/log.h has a function of that name */
#include "tests/unit/fake_kvm.h"

#define CODE  0x1000u
#define OTHER 0x9000u /* five breakpoints: this one has an INT3 */
#define STACK 0x8000u
#define BS    (1u << 14)

struct fixture {
	struct fake_kvm *kvm;
	struct vcpu_exit exit;
};

static int setup(void **state)
{
	static struct fixture f;

	f = (struct fixture){.kvm = fake_kvm_create()};
	f.kvm->state.rip = CODE;
	f.kvm->state.gpr[GPR_RSP] = STACK;
	*state = &f;
	return f.kvm ? 0 : -1;
}

static int teardown(void **state)
{
	fake_kvm_destroy(((struct fixture *)*state)->kvm);
	return 0;
}

static void put(struct fixture *f, uint64_t gpa, const char *bytes, size_t len)
{
	assert_true(guestmem_write(&f->kvm->mem, gpa, bytes, len));
}

static unsigned byte(struct fixture *f, uint64_t gpa)
{
	uint8_t val = 0;

	assert_true(guestmem_read(&f->kvm->mem, gpa, &val, 1));
	return val;
}

static void ask(struct fixture *f, const struct vcpu_debug *debug)
{
	assert_int_equal(kvm_set_debug(&f->kvm->cpu.vcpu, debug), 0);
	kvm_debug_enter(&f->kvm->cpu);
}

/* Four breakpoints elsewhere, for the registers, and one at OTHER. */
static void ask_int3(struct fixture *f, bool pass)
{
	static const struct vcpu_point point[] = {
		{0x10, 1, POINT_EXEC},	{0x20, 1, POINT_EXEC},
		{0x30, 1, POINT_EXEC},	{0x40, 1, POINT_EXEC},
		{OTHER, 1, POINT_EXEC},
	};
	const struct vcpu_debug debug = {
		.point = point, .count = 5, .pass = pass};

	ask(f, &debug);
}

static void ask_step(struct fixture *f)
{
	const struct vcpu_debug debug = {.step = true};

	ask(f, &debug);
	assert_true(f->kvm->told.control & KVM_GUESTDBG_SINGLESTEP);
}

static bool comes(struct fixture *f, unsigned exception, uint64_t rip,
		  uint64_t dr6)
{
	return fake_kvm_debug(f->kvm, exception, rip, dr6, &f->exit);
}

static bool goes_on(struct fixture *f)
{
	assert_true(kvm_debug_single(&f->kvm->cpu));
	return kvm_debug_goes_on(&f->kvm->cpu, &f->exit);
}

static void expect_stop(struct fixture *f, enum vcpu_debug_cause cause)
{
	assert_int_equal(f->exit.reason, EXIT_DEBUG);
	assert_int_equal(f->exit.debug.cause, cause);
}

/* ---- INT3s ---- */

static void test_an_int3_is_there_only_while_the_guest_runs(void **state)
{
	struct fixture *f = *state;

	put(f, OTHER, "\x55", 1);
	ask_int3(f, false);
	assert_int_equal(byte(f, OTHER), 0xcc);
	assert_false(comes(f, VEC_BP, OTHER, 0));
	expect_stop(f, DEBUG_CAUSE_POINT);
	assert_int_equal(f->exit.debug.point.addr, OTHER);
	kvm_debug_leave(&f->kvm->cpu);
	assert_int_equal(byte(f, OTHER), 0x55);
}

static void test_what_the_guest_writes_there_stays(void **state)
{
	struct fixture *f = *state;

	put(f, OTHER, "\x55", 1);
	ask_int3(f, false);
	put(f, OTHER, "\x90", 1); /* other code comes there */
	kvm_debug_leave(&f->kvm->cpu);
	assert_int_equal(byte(f, OTHER), 0x90);
	kvm_debug_enter(&f->kvm->cpu);
	assert_int_equal(byte(f, OTHER), 0xcc);
	kvm_debug_leave(&f->kvm->cpu);
	assert_int_equal(byte(f, OTHER), 0x90);
}

static void test_the_guests_own_int3_is_given_back(void **state)
{
	struct fixture *f = *state;

	ask_int3(f, false);
	assert_true(comes(f, VEC_BP, CODE, 0));
	assert_true(f->kvm->told.control & KVM_GUESTDBG_INJECT_BP);
	kvm_debug_leave(&f->kvm->cpu);
}

static void test_past_a_breakpoint_by_one_step_without_it(void **state)
{
	struct fixture *f = *state;

	put(f, OTHER, "\x55", 1);
	f->kvm->state.rip = OTHER;
	ask_int3(f, true);
	assert_int_equal(byte(f, OTHER), 0x55);
	assert_true(f->kvm->told.control & KVM_GUESTDBG_SINGLESTEP);
	assert_true(goes_on(f));
	assert_true(f->kvm->cpu.debug.passing); /* no interrupts now */
	assert_true(comes(f, VEC_DB, OTHER + 1, BS));
	assert_int_equal(byte(f, OTHER), 0xcc);
	assert_false(f->kvm->told.control & KVM_GUESTDBG_SINGLESTEP);
	assert_false(f->kvm->cpu.debug.passing);
	kvm_debug_leave(&f->kvm->cpu);
}

/* Pages of 4 KiB: OTHER and OTHER + 1000h lead to the same one. */
static void map_twice(struct fixture *f)
{
	uint64_t entry[] = {0x21000 | PTE_P | PTE_W, 0x22000 | PTE_P | PTE_W,
			    0x23000 | PTE_P | PTE_W};

	for (unsigned i = 0; i < 3; i++)
		put(f, 0x20000 + 0x1000 * i, (char *)&entry[i], 8);
	for (uint64_t page = 0; page < 0x20; page++) {
		uint64_t pte = (page == 0xa ? OTHER : page << 12) | PTE_P;

		put(f, 0x23000 + 8 * page, (char *)&pte, 8);
	}
	f->kvm->state.cr0 |= CR0_PG | CR0_PE;
	f->kvm->state.cr4 |= CR4_PAE;
	f->kvm->state.cr3 = 0x20000;
}

static void test_by_another_address_the_guest_passes(void **state)
{
	struct fixture *f = *state;

	map_twice(f);
	put(f, OTHER, "\x55", 1);
	ask_int3(f, false);
	assert_true(comes(f, VEC_BP, OTHER + 0x1000, 0));
	assert_false(f->kvm->told.control & KVM_GUESTDBG_INJECT_BP);
	assert_int_equal(byte(f, OTHER), 0x55);
	assert_true(goes_on(f));
	assert_true(comes(f, VEC_DB, OTHER + 0x1001, BS));
	assert_int_equal(byte(f, OTHER), 0xcc);
	kvm_debug_leave(&f->kvm->cpu);
}

static void test_a_page_that_is_mapped_later_gets_it(void **state)
{
	struct fixture *f = *state;
	uint64_t pte = 0, there;

	map_twice(f);
	assert_true(guestmem_read(&f->kvm->mem, 0x23000 + 8 * 9, &there, 8));
	put(f, 0x23000 + 8 * 9, (char *)&pte, 8);
	ask_int3(f, false);
	assert_int_equal(byte(f, OTHER), 0);
	assert_int_equal(f->kvm->cpu.debug.look_ns, 1000000);
	kvm_debug_leave(&f->kvm->cpu);
	there = (there & 0xfff) | 0xc000; /* another page than it was */
	put(f, 0x23000 + 8 * 9, (char *)&there, 8);
	kvm_debug_enter(&f->kvm->cpu);
	assert_int_equal(byte(f, 0xc000), 0xcc);
	kvm_debug_leave(&f->kvm->cpu);
	assert_int_equal(byte(f, 0xc000), 0);
}

/* ---- registers ---- */

static void test_the_guests_registers_get_what_is_left(void **state)
{
	struct fixture *f = *state;
	const struct vcpu_point point = {0x2000, 8, POINT_WRITE};
	const struct vcpu_debug debug = {.point = &point, .count = 1};

	f->kvm->regs.db[2] = 0x7777;
	f->kvm->regs.dr6 = 0xffff0ff2;
	f->kvm->regs.dr7 = 0x400 | 1u << 4; /* L2: of an instruction */
	ask(f, &debug);
	assert_int_equal(f->kvm->told.arch.debugreg[0], 0x2000);
	assert_int_equal(f->kvm->told.arch.debugreg[1], 0x7777);
	assert_int_equal(f->kvm->told.arch.debugreg[7] & 0xff, 2 | 1u << 2);
	/* Met in our register 1, which is the guest's 2. */
	assert_true(comes(f, VEC_DB, 0x7777, 2));
	assert_true(f->kvm->told.control & KVM_GUESTDBG_INJECT_DB);
	assert_int_equal(f->kvm->regs.dr6, 0xffff0ff4);
	assert_true(f->kvm->state.rflags & FLAG_RF);
	/* Ours. */
	assert_false(comes(f, VEC_DB, 0x1234, 1));
	expect_stop(f, DEBUG_CAUSE_TOUCH);
	assert_int_equal(f->exit.debug.addr, 0x2000);
}

static void test_the_guests_own_step_tells_it_so(void **state)
{
	struct fixture *f = *state;

	ask_int3(f, false);
	f->kvm->state.rflags |= FLAG_TF;
	assert_true(comes(f, VEC_DB, CODE, BS));
	assert_true(f->kvm->told.control & KVM_GUESTDBG_INJECT_DB);
	assert_int_equal(f->kvm->regs.dr6, BS);
	assert_false(f->kvm->state.rflags & FLAG_RF);
	kvm_debug_leave(&f->kvm->cpu);
}

/* ---- steps ---- */

static void test_a_step_is_one_instruction(void **state)
{
	struct fixture *f = *state;

	put(f, CODE, "\x90", 1);
	ask_step(f);
	assert_true(goes_on(f));
	assert_true(goes_on(f)); /* a signal: not there yet */
	assert_false(comes(f, VEC_DB, CODE + 1, BS));
	expect_stop(f, DEBUG_CAUSE_STEP);
}

static void test_a_step_into_hlt_is_over(void **state)
{
	struct fixture *f = *state;

	put(f, CODE, "\xf4", 1);
	ask_step(f);
	assert_true(goes_on(f));
	f->kvm->state.rip = CODE + 1; /* KVM_EXIT_HLT, no debug exit */
	f->kvm->state.halted = 1;
	assert_false(goes_on(f));
	expect_stop(f, DEBUG_CAUSE_STEP);
	assert_int_equal(f->kvm->cpu.debug.single.strays, 0);
}

static void test_syscall_is_stepped_by_hand(void **state)
{
	struct fixture *f = *state;
	struct x86_state *s = &f->kvm->state;

	put(f, CODE, "\x0f\x05", 2);
	s->star = UINT64_C(0x0018000800000000);
	s->lstar = 0xabcd000;
	s->fmask = FLAG_IF | FLAG_TF;
	s->rflags = FLAG_FIXED | FLAG_IF | FLAG_CF;
	s->seg[SEG_CS].selector = 0x2b;
	ask_step(f);
	assert_false(goes_on(f));
	expect_stop(f, DEBUG_CAUSE_STEP);
	assert_int_equal(s->rip, 0xabcd000);
	assert_int_equal(s->gpr[GPR_RCX], CODE + 2);
	assert_int_equal(s->gpr[GPR_R11], FLAG_FIXED | FLAG_IF | FLAG_CF);
	assert_int_equal(s->rflags, FLAG_FIXED | FLAG_CF);
	assert_int_equal(s->seg[SEG_CS].selector, 8);
	assert_int_equal(s->seg[SEG_SS].selector, 16);
	assert_int_equal(s->seg[SEG_SS].attr >> 5 & 3, 0);
}

static void test_sysret_is_stepped_by_hand(void **state)
{
	struct fixture *f = *state;
	struct x86_state *s = &f->kvm->state;

	put(f, CODE, "\x48\x0f\x07", 3);
	s->star = UINT64_C(0x0018000800000000);
	s->gpr[GPR_RCX] = 0x5000;
	s->gpr[GPR_R11] = FLAG_IF | FLAG_ZF;
	ask_step(f);
	assert_false(goes_on(f));
	assert_int_equal(s->rip, 0x5000);
	assert_int_equal(s->rflags, FLAG_FIXED | FLAG_IF | FLAG_ZF);
	assert_int_equal(s->seg[SEG_CS].selector, 0x2b);
	assert_int_equal(s->seg[SEG_SS].selector, 0x23);
	assert_int_equal(s->seg[SEG_SS].attr >> 5 & 3, 3);
}

static void test_what_sysret_faults_at_is_the_processors(void **state)
{
	struct fixture *f = *state;
	struct x86_state *s = &f->kvm->state;

	put(f, CODE, "\x48\x0f\x07", 3);
	s->gpr[GPR_RCX] = UINT64_C(1) << 47; /* not canonical */
	ask_step(f);
	assert_true(goes_on(f));
	assert_int_equal(s->rip, CODE);
	s->gpr[GPR_RCX] = 0x5000;
	s->seg[SEG_SS].attr |= 3 << 5; /* ring 3 */
	ask_step(f);
	assert_true(goes_on(f));
	assert_int_equal(s->rip, CODE);
}

static void test_pushf_keeps_nothing_of_a_step(void **state)
{
	struct fixture *f = *state;

	put(f, CODE, "\x9c", 1);
	ask_step(f);
	assert_true(goes_on(f));
	put(f, STACK - 8, "\x02\x03", 2); /* TF, IF */
	f->kvm->state.gpr[GPR_RSP] = STACK - 8;
	assert_false(comes(f, VEC_DB, CODE + 1, BS));
	assert_int_equal(byte(f, STACK - 8), 0x02);
	assert_int_equal(byte(f, STACK - 7), 0x02);
}

/* A fault: its handler has our flag in its frame, and returns with it. */
static void test_an_event_ends_a_step_and_leaves_nothing(void **state)
{
	struct fixture *f = *state;

	put(f, CODE, "\x8b\x00", 2);
	ask_step(f);
	assert_true(goes_on(f));
	f->kvm->state.rip = 0x6000; /* noticed in the handler */
	assert_false(goes_on(f));
	expect_stop(f, DEBUG_CAUSE_STEP);
	ask(f, NULL);
	assert_true(f->kvm->told.control & KVM_GUESTDBG_USE_HW_BP);
	f->kvm->state.rflags |= FLAG_TF;
	assert_true(comes(f, VEC_DB, CODE + 2, BS));
	assert_false(f->kvm->told.control & KVM_GUESTDBG_INJECT_DB);
	assert_false(f->kvm->state.rflags & FLAG_TF);
	kvm_debug_enter(&f->kvm->cpu);
	assert_int_equal(f->kvm->told.control, 0);
}

static void test_an_event_ends_the_way_past_a_point(void **state)
{
	struct fixture *f = *state;

	put(f, OTHER, "\x55", 1);
	f->kvm->state.rip = OTHER;
	ask_int3(f, true);
	assert_true(goes_on(f));
	f->kvm->state.rip = 0x6000;
	assert_true(goes_on(f)); /* with interrupts again, and the point */
	assert_false(f->kvm->cpu.debug.passing);
	assert_int_equal(byte(f, OTHER), 0xcc);
	kvm_debug_leave(&f->kvm->cpu);
}

static void test_nothing_asked_is_nothing_told(void **state)
{
	struct fixture *f = *state;

	ask(f, NULL);
	assert_int_equal(f->kvm->tells, 0);
	ask_step(f);
	ask(f, NULL);
	assert_int_equal(f->kvm->told.control, 0);
	kvm_debug_enter(&f->kvm->cpu);
	assert_int_equal(f->kvm->tells, 2);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_an_int3_is_there_only_while_the_guest_runs),
		CASE(test_what_the_guest_writes_there_stays),
		CASE(test_the_guests_own_int3_is_given_back),
		CASE(test_past_a_breakpoint_by_one_step_without_it),
		CASE(test_by_another_address_the_guest_passes),
		CASE(test_a_page_that_is_mapped_later_gets_it),
		CASE(test_the_guests_registers_get_what_is_left),
		CASE(test_the_guests_own_step_tells_it_so),
		CASE(test_a_step_is_one_instruction),
		CASE(test_a_step_into_hlt_is_over),
		CASE(test_syscall_is_stepped_by_hand),
		CASE(test_sysret_is_stepped_by_hand),
		CASE(test_what_sysret_faults_at_is_the_processors),
		CASE(test_pushf_keeps_nothing_of_a_step),
		CASE(test_an_event_ends_a_step_and_leaves_nothing),
		CASE(test_an_event_ends_the_way_past_a_point),
		CASE(test_nothing_asked_is_nothing_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
