/*
 * The simulator's system side, by small guest programs in bytes: exceptions
 * and their frames, privilege changes, single steps, interrupt shadows.
 */
#include "tests/unit/sim_case.h"

/* ---- exceptions ---- */

static void test_ud2_pushes_its_own_address_and_rf(void **state)
{
	struct guest *g = *state;

	CODE(g, 0x90, 0x0f, 0x0b);
	guest_run(g);
	assert_vector(g, VEC_UD);
	assert_int_equal(frame(g, 0), GUEST_CODE + 1);
	assert_int_equal(frame(g, 1), SEL_CODE);
	assert_int_equal(frame(g, 2), FLAG_RF | FLAG_FIXED);
	assert_int_equal(frame(g, 3), GUEST_STACK);
	assert_int_equal(frame(g, 4), SEL_DATA);
	assert_int_equal(g->state.gpr[GPR_RSP], GUEST_STACK - 40);
	/* nop, ud2, hlt: a fault counts. */
	assert_int_equal(g->cpu->ops->elapsed_ns(g->cpu), 3);
}

static void test_int3_pushes_the_next_address(void **state)
{
	struct guest *g = *state;

	CODE(g, 0xcc);
	guest_run(g);
	assert_vector(g, VEC_BP);
	assert_int_equal(frame(g, 0), GUEST_CODE + 1);
	assert_int_equal(frame(g, 2), FLAG_FIXED);
}

static void test_page_fault_gives_cr2_and_error(void **state)
{
	struct guest *g = *state;

	/* mov [0x40000000], eax: beyond what is mapped */
	CODE(g, 0x89, 0x04, 0x25, 0, 0, 0, 0x40);
	guest_run(g);
	assert_vector(g, VEC_PF);
	assert_int_equal(frame(g, 0), PF_W);
	assert_int_equal(frame(g, 1), GUEST_CODE);
	assert_int_equal(g->state.cr2, 0x40000000);
}

static void test_noncanonical_is_gp_and_ss_on_the_stack(void **state)
{
	struct guest *g = *state;

	CODE(g, 0x8b, 0x03); /* mov eax, [rbx] */
	g->state.gpr[GPR_RBX] = UINT64_C(1) << 47;
	guest_run(g);
	assert_vector(g, VEC_GP);
	assert_int_equal(frame(g, 0), 0);

	g->state.halted = 0;
	g->state.rip = GUEST_CODE;
	g->state.gpr[GPR_RSP] = GUEST_STACK;
	CODE(g, 0x8b, 0x45, 0); /* mov eax, [rbp] */
	g->state.gpr[GPR_RBP] = UINT64_C(1) << 47;
	guest_run(g);
	assert_vector(g, VEC_SS);
}

static void test_divide_error_changes_nothing(void **state)
{
	struct guest *g = *state;

	CODE(g, 0xf7, 0xf3); /* div ebx */
	g->state.gpr[GPR_RAX] = 7;
	g->state.gpr[GPR_RDX] = 5;
	g->state.gpr[GPR_RBX] = 5;
	guest_run(g);
	assert_vector(g, VEC_DE);
	assert_int_equal(frame(g, 0), GUEST_CODE);
	assert_int_equal(g->state.gpr[GPR_RAX], 7);
	assert_int_equal(g->state.gpr[GPR_RDX], 5);
}

static void test_ist_switches_the_stack(void **state)
{
	struct guest *g = *state;

	guest_gate(g, VEC_UD, GUEST_VEC + 16 * VEC_UD, 0xe, 1);
	CODE(g, 0x0f, 0x0b);
	guest_run(g);
	assert_vector(g, VEC_UD);
	assert_int_equal(g->state.gpr[GPR_RSP], GUEST_IST - 40);
	assert_int_equal(frame(g, 3), GUEST_STACK);
}

static void test_ring_3_faults_on_the_tss_stack(void **state)
{
	struct guest *g = *state;

	guest_user(g);
	CODE(g, 0xfa); /* cli: IOPL is 0 */
	guest_run(g);
	assert_vector(g, VEC_GP);
	assert_int_equal(g->state.seg[SEG_CS].selector, SEL_CODE);
	assert_int_equal(g->state.seg[SEG_SS].selector, 0);
	assert_int_equal(g->state.gpr[GPR_RSP], GUEST_STACK - 48);
	assert_int_equal(frame(g, 2), SEL_UCODE);
	assert_int_equal(frame(g, 4), GUEST_USTACK);
	assert_int_equal(frame(g, 5), SEL_UDATA);
}

static void test_int_n_from_ring_3_needs_the_gates_dpl(void **state)
{
	struct guest *g = *state;

	guest_user(g);
	CODE(g, 0xcd, 0x80);
	guest_run(g);
	assert_vector(g, VEC_GP);
	assert_int_equal(frame(g, 0), 0x80 * 8 + 2);
	assert_int_equal(frame(g, 1), GUEST_CODE);
}

static void test_a_gate_with_dpl_3_lets_it_through(void **state)
{
	struct guest *g = *state;

	guest_gate(g, 0x80, GUEST_VEC + 16 * 0x80, 0x6e, 0);
	guest_user(g);
	CODE(g, 0xcd, 0x80);
	guest_run(g);
	assert_vector(g, 0x80);
	assert_int_equal(frame(g, 0), GUEST_CODE + 2);
}

static void test_iretq_goes_to_ring_3_and_back(void **state)
{
	static const uint64_t to_user[] = {GUEST_CODE + 0x100, SEL_UCODE,
					   FLAG_FIXED | FLAG_IF, GUEST_USTACK,
					   SEL_UDATA};
	struct guest *g = *state;

	CODE(g, 0x48, 0xcf);				 /* iretq */
	guest_put(g, GUEST_CODE + 0x100, "\x0f\x0b", 2); /* ud2 */
	guest_put(g, GUEST_STACK - 40, to_user, 40);
	g->state.gpr[GPR_RSP] = GUEST_STACK - 40;
	guest_run(g);
	assert_vector(g, VEC_UD);
	assert_int_equal(frame(g, 0), GUEST_CODE + 0x100);
	assert_int_equal(frame(g, 1), SEL_UCODE);
	assert_int_equal(frame(g, 2), FLAG_RF | FLAG_FIXED | FLAG_IF);
	assert_int_equal(frame(g, 3), GUEST_USTACK);
}

static void test_fault_in_delivery_is_a_double_fault(void **state)
{
	struct guest *g = *state;

	/* No #GP gate: contributory while delivering contributory. */
	guest_put64(g, GUEST_IDT + 16 * VEC_GP, 0);
	CODE(g, 0x8b, 0x03);
	g->state.gpr[GPR_RBX] = UINT64_C(1) << 47;
	guest_run(g);
	assert_vector(g, VEC_DF);
	assert_int_equal(frame(g, 0), 0);
	assert_int_equal(frame(g, 1), GUEST_CODE);
}

static void test_third_fault_shuts_down(void **state)
{
	struct guest *g = *state;

	g->state.idt.limit = 0;
	CODE(g, 0x0f, 0x0b);
	assert_int_equal(guest_run(g), EXIT_SHUTDOWN);
	assert_int_equal(g->state.rip, GUEST_CODE);
}

static void test_what_is_not_implemented_says_so(void **state)
{
	struct guest *g = *state;

	g->state.efer = 0;
	g->state.cr0 = CR0_PE;
	g->state.seg[SEG_CS] =
		(struct x86_segment){0, 0xffffffff, SEL_CODE32, 0xc09b};
	CODE(g, 0x90, 0xea, 0, 0, 0, 0, SEL_TSS, 0); /* jmp to a task */
	assert_int_equal(guest_run(g), EXIT_ERROR);
	assert_int_equal(g->state.rip, GUEST_CODE + 1);
	assert_non_null(strstr(g->exit.why, "0x10001: ea 00"));
	assert_non_null(strstr(g->exit.why, "not implemented"));
}

/* ---- branches to nowhere ---- */

#define TOP UINT64_C(0x7fffffe00000) /* the last 2 MiB below the hole */

/* Code that ends before the hole in the addresses, and goes there. */
static void run_at_the_top(struct guest *g, uint64_t rip)
{
	guest_put64(g, GUEST_PML4 + 8 * 255, GUEST_PDPT | 7);
	guest_put64(g, GUEST_PDPT + 8 * 511, GUEST_PD | 7);
	guest_put64(g, GUEST_PD + 8 * 511, 0x87);
	g->state.rip = rip;
	guest_run(g);
}

static void test_branches_into_the_hole_fault_themselves(void **state)
{
	static const uint8_t code[][6] = {
		{0x90, 0xe9, 0, 0, 0x20, 0}, /* jmp */
		{0x90, 0xe8, 0, 0, 0x20, 0}, /* call */
	};
	struct guest *g = *state;

	for (unsigned i = 0; i < 2; i++) {
		guest_put(g, GUEST_CODE, code[i], 6);
		g->state.halted = 0;
		g->state.gpr[GPR_RSP] = GUEST_STACK;
		run_at_the_top(g, TOP + GUEST_CODE);
		assert_vector(g, VEC_GP);
		assert_int_equal(frame(g, 0), 0);
		assert_int_equal(frame(g, 1), TOP + GUEST_CODE + 1);
		assert_int_equal(frame(g, 4), GUEST_STACK);
	}
}

static void test_loop_into_the_hole_keeps_its_count(void **state)
{
	struct guest *g = *state;

	g->state.gpr[GPR_RCX] = 5;
	/* The last page holds the code, so that 80h further is the hole. */
	for (uint64_t i = 0; i < 512; i++)
		guest_put64(g, GUEST_PT + 8 * i, GUEST_CODE | 7);
	guest_put(g, GUEST_CODE + 0xfa0, "\xe2\x7e", 2);
	guest_put64(g, GUEST_PML4 + 8 * 255, GUEST_PDPT | 7);
	guest_put64(g, GUEST_PDPT + 8 * 511, GUEST_PD | 7);
	guest_put64(g, GUEST_PD + 8 * 511, GUEST_PT | 7);
	g->state.rip = UINT64_C(0x7fffffffffa0);
	guest_run(g);
	assert_vector(g, VEC_GP);
	assert_int_equal(frame(g, 1), 0x7fffffffffa0);
	assert_int_equal(g->state.gpr[GPR_RCX], 5);
}

static void test_branches_past_the_limit_fault_themselves(void **state)
{
	struct guest *g = *state;

	g->state.seg[SEG_CS] =
		(struct x86_segment){0, GUEST_CODE + 0xff, SEL_CODE32, 0x409b};
	CODE(g, 0x90, 0xe9, 0xfa, 0, 0, 0); /* to the limit + 1 */
	guest_run(g);
	assert_vector(g, VEC_GP);
	assert_int_equal(frame(g, 1), GUEST_CODE + 1);
}

/* ---- syscall ---- */

static void test_syscall_and_sysret(void **state)
{
	struct guest *g = *state;
	struct x86_state *s = &g->state;

	/* User: syscall; ud2. Kernel at 0x100: sysretq. */
	CODE(g, 0x0f, 0x05, 0x0f, 0x0b);
	guest_put(g, GUEST_CODE + 0x100, "\x48\x0f\x07", 3);
	guest_user(g);
	s->star = (uint64_t)(SEL_UDATA - 8) << 48 | (uint64_t)SEL_CODE << 32;
	s->lstar = GUEST_CODE + 0x100;
	s->fmask = FLAG_IF;
	s->rflags = FLAG_FIXED | FLAG_IF | FLAG_CF;
	guest_run(g);
	assert_vector(g, VEC_UD);
	assert_int_equal(s->gpr[GPR_RCX], GUEST_CODE + 2);
	assert_int_equal(s->gpr[GPR_R11], FLAG_FIXED | FLAG_IF | FLAG_CF);
	assert_int_equal(frame(g, 0), GUEST_CODE + 2);
	assert_int_equal(frame(g, 1), SEL_UCODE);
	assert_int_equal(frame(g, 2), FLAG_RF | FLAG_FIXED | FLAG_IF | FLAG_CF);
	assert_int_equal(frame(g, 4), SEL_UDATA);
}

static void test_syscall_without_sce_is_ud(void **state)
{
	struct guest *g = *state;

	g->state.efer &= ~EFER_SCE;
	CODE(g, 0x0f, 0x05);
	guest_run(g);
	assert_vector(g, VEC_UD);
}

/* ---- single step and shadows ---- */

static void test_tf_traps_after_each_instruction(void **state)
{
	struct guest *g = *state;

	CODE(g, 0xff, 0xc0, 0xff, 0xc0); /* inc eax; inc eax */
	g->state.rflags |= FLAG_TF;
	guest_run(g);
	assert_vector(g, VEC_DB);
	assert_int_equal(g->state.gpr[GPR_RAX], 1);
	assert_int_equal(frame(g, 0), GUEST_CODE + 2);
	assert_int_equal(frame(g, 2), FLAG_FIXED | FLAG_TF);
	assert_int_equal(g->state.dr[6] & 0x4000, 0x4000);
	assert_int_equal(g->state.rflags & FLAG_TF, 0);
}

static void test_sti_holds_interrupts_for_one_instruction(void **state)
{
	struct guest *g = *state;

	CODE(g, 0xfb, 0xff, 0xc0, 0xff, 0xc0); /* sti; inc eax; inc eax */
	g->vector = 0x40;
	guest_run(g);
	assert_vector(g, 0x40);
	assert_int_equal(g->state.gpr[GPR_RAX], 1);
	assert_int_equal(frame(g, 0), GUEST_CODE + 3);
}

static void test_sti_hlt_wakes_behind_the_hlt(void **state)
{
	struct guest *g = *state;

	CODE(g, 0xfb, 0xf4);
	g->vector = 0x40;
	guest_run(g);
	assert_vector(g, 0x40);
	assert_int_equal(frame(g, 0), GUEST_CODE + 2);
}

static void test_mov_ss_holds_interrupts_for_one_instruction(void **state)
{
	struct guest *g = *state;

	/* mov ss, ebx; inc eax; inc eax, from a popf that opened IF */
	CODE(g, 0x8e, 0xd3, 0xff, 0xc0, 0xff, 0xc0);
	g->state.gpr[GPR_RBX] = SEL_DATA;
	g->state.rflags |= FLAG_IF;
	g->vector = -1;
	g->deadline = 1;
	assert_int_equal(guest_run(g), EXIT_DEADLINE);
	assert_int_equal(g->state.shadow, SHADOW_MOV_SS);
	g->vector = 0x40;
	g->deadline = 1000;
	guest_go_on(g);
	assert_vector(g, 0x40);
	assert_int_equal(g->state.gpr[GPR_RAX], 1);
}

static void test_popf_opens_interrupts_at_once(void **state)
{
	struct guest *g = *state;

	CODE(g, 0x9d, 0xff, 0xc0); /* popfq; inc eax */
	guest_put64(g, GUEST_STACK - 8, FLAG_FIXED | FLAG_IF);
	g->state.gpr[GPR_RSP] = GUEST_STACK - 8;
	g->vector = 0x40;
	guest_run(g);
	assert_vector(g, 0x40);
	assert_int_equal(g->state.gpr[GPR_RAX], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ud2_pushes_its_own_address_and_rf),
		TEST(test_int3_pushes_the_next_address),
		TEST(test_page_fault_gives_cr2_and_error),
		TEST(test_noncanonical_is_gp_and_ss_on_the_stack),
		TEST(test_divide_error_changes_nothing),
		TEST(test_ist_switches_the_stack),
		TEST(test_ring_3_faults_on_the_tss_stack),
		TEST(test_int_n_from_ring_3_needs_the_gates_dpl),
		TEST(test_a_gate_with_dpl_3_lets_it_through),
		TEST(test_iretq_goes_to_ring_3_and_back),
		TEST(test_fault_in_delivery_is_a_double_fault),
		TEST(test_third_fault_shuts_down),
		TEST(test_what_is_not_implemented_says_so),
		TEST(test_branches_into_the_hole_fault_themselves),
		TEST(test_loop_into_the_hole_keeps_its_count),
		TEST(test_branches_past_the_limit_fault_themselves),
		TEST(test_syscall_and_sysret),
		TEST(test_syscall_without_sce_is_ud),
		TEST(test_tf_traps_after_each_instruction),
		TEST(test_sti_holds_interrupts_for_one_instruction),
		TEST(test_sti_hlt_wakes_behind_the_hlt),
		TEST(test_mov_ss_holds_interrupts_for_one_instruction),
		TEST(test_popf_opens_interrupts_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
