/*
 * The simulator's system side, by small guest programs in bytes: exceptions
 * and their frames, privilege changes, single steps, interrupt shadows,
 * self-modifying code, remapped pages, faults in the middle of instructions,
 * deadlines and device accesses to the instruction.
 */
#include "tests/unit/unit.h"

#include "tests/unit/sim_guest.h"

#define CODE(g, ...)                                             \
	guest_put(g, GUEST_CODE, (const uint8_t[]){__VA_ARGS__}, \
		  sizeof((const uint8_t[]){__VA_ARGS__}))

#define NO_RAM 0x10000000u /* mapped, but no RAM there */

static int setup(void **state)
{
	struct guest *g = malloc(sizeof(*g));

	guest_init(g);
	*state = g;
	return 0;
}

static int teardown(void **state)
{
	guest_fini(*state);
	free(*state);
	return 0;
}

/* Word `i` of the exception frame at the handler's stack pointer. */
static uint64_t frame(struct guest *g, unsigned i)
{
	return guest_get64(g, g->state.gpr[GPR_RSP] + 8 * i);
}

/* The run ended in the halt of this vector's handler. */
static void assert_vector(struct guest *g, unsigned vector)
{
	assert_int_equal(g->exit.reason, EXIT_HALT);
	assert_int_equal(g->state.rip, GUEST_VEC + 16 * vector + 1);
}

/* Map linear 0 to 2 MiB by 4 KiB pages, so that single ones can change. */
static void small_pages(struct guest *g)
{
	for (uint64_t i = 0; i < 512; i++)
		guest_put64(g, GUEST_PT + 8 * i, i << 12 | 7);
	guest_put64(g, GUEST_PD, GUEST_PT | 7);
}

static void set_page(struct guest *g, uint64_t lin, uint64_t entry)
{
	guest_put64(g, GUEST_PT + 8 * (lin >> 12), entry);
}

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

/* ---- code that changes ---- */

static void test_store_into_the_running_block(void **state)
{
	struct guest *g = *state;

	/* mov byte [rip+3], 0x40: the next instruction's modrm becomes... */
	/* c6 05 01 00 00 00 c3 | ff c0 -> ff c3: inc ebx, not eax; hlt */
	CODE(g, 0xc6, 0x05, 1, 0, 0, 0, 0xc3, 0xff, 0xc0, 0xf4);
	assert_int_equal(guest_run(g), EXIT_HALT);
	assert_int_equal(g->state.gpr[GPR_RAX], 0);
	assert_int_equal(g->state.gpr[GPR_RBX], 1);
}

static void test_store_by_an_alias_reaches_decoded_code(void **state)
{
	struct guest *g = *state;

	/* call f; mov byte [rbx], 0xc1; call f; hlt; f: inc eax; ret.
	 * rbx is f's ModRM byte through another page. */
	CODE(g, 0xe8, 9, 0, 0, 0, 0xc6, 0x03, 0xc1, 0xe8, 1, 0, 0, 0, 0xf4,
	     0xff, 0xc0, 0xc3);
	small_pages(g);
	set_page(g, 0x100000, GUEST_CODE | 7);
	g->state.gpr[GPR_RBX] = 0x100000 + 15;
	g->state.gpr[GPR_RCX] = 0;
	assert_int_equal(guest_run(g), EXIT_HALT);
	assert_int_equal(g->state.gpr[GPR_RAX], 1);
	assert_int_equal(g->state.gpr[GPR_RCX], 1);
}

static void test_instruction_across_pages_is_patched(void **state)
{
	struct guest *g = *state;
	const uint64_t at = GUEST_CODE + 0xffe;
	/* mov eax, imm32 with 3 bytes in the next page; ret */
	static const uint8_t f[] = {0xb8, 1, 0, 0, 0, 0xc3};

	/* call rbx; mov byte [rbp], 7; mov esi, eax; call rbx; hlt */
	CODE(g, 0xff, 0xd3, 0xc6, 0x45, 0, 7, 0x89, 0xc6, 0xff, 0xd3, 0xf4);
	guest_put(g, at, f, sizeof(f));
	g->state.gpr[GPR_RBX] = at;
	g->state.gpr[GPR_RBP] = at + 2; /* the immediate's second byte */
	assert_int_equal(guest_run(g), EXIT_HALT);
	assert_int_equal(g->state.gpr[GPR_RSI], 1);
	assert_int_equal(g->state.gpr[GPR_RAX], 0x701);
}

static void test_remap_with_invlpg(void **state)
{
	struct guest *g = *state;

	/* mov eax,[rbx]; mov [rcx],rdx; invlpg [rbx]; mov esi,[rbx]; hlt */
	CODE(g, 0x8b, 0x03, 0x48, 0x89, 0x11, 0x0f, 0x01, 0x3b, 0x8b, 0x33,
	     0xf4);
	small_pages(g);
	guest_put64(g, 0x50000, 5);
	guest_put64(g, 0x51000, 6);
	g->state.gpr[GPR_RBX] = 0x50000;
	g->state.gpr[GPR_RCX] = GUEST_PT + 8 * 0x50;
	g->state.gpr[GPR_RDX] = 0x51000 | 7;
	assert_int_equal(guest_run(g), EXIT_HALT);
	assert_int_equal(g->state.gpr[GPR_RAX], 5);
	assert_int_equal(g->state.gpr[GPR_RSI], 6);
}

static void test_remap_without_invlpg_uses_either_always_the_same(void **state)
{
	struct guest *g = *state;
	uint64_t first = 0;

	CODE(g, 0x8b, 0x03, 0x48, 0x89, 0x11, 0x90, 0x90, 0x90, 0x8b, 0x33,
	     0xf4);
	for (unsigned i = 0; i < 2; i++) {
		small_pages(g);
		guest_put64(g, 0x50000, 5);
		guest_put64(g, 0x51000, 6);
		g->state.rip = GUEST_CODE;
		g->state.halted = 0;
		g->state.gpr[GPR_RBX] = 0x50000;
		g->state.gpr[GPR_RCX] = GUEST_PT + 8 * 0x50;
		g->state.gpr[GPR_RDX] = 0x51000 | 7;
		assert_int_equal(guest_run(g), EXIT_HALT);
		assert_in_range(g->state.gpr[GPR_RSI], 5, 6);
		if (i)
			assert_int_equal(g->state.gpr[GPR_RSI], first);
		first = g->state.gpr[GPR_RSI];
	}
}

static void test_cr3_remaps_running_code(void **state)
{
	struct guest *g = *state;
	const uint64_t at = 0x100000;

	/* At 1 MiB: mov [rcx], rdx; mov cr3, rbp; inc eax; hlt. In the other
	 * frame the third is inc ebx. */
	static const uint8_t a[] = {0x48, 0x89, 0x11, 0x0f, 0x22,
				    0xdd, 0xff, 0xc0, 0xf4};
	static const uint8_t b[] = {0x48, 0x89, 0x11, 0x0f, 0x22,
				    0xdd, 0xff, 0xc3, 0xf4};

	small_pages(g);
	set_page(g, at, 0x50000 | 7);
	guest_put(g, 0x50000, a, sizeof(a));
	guest_put(g, 0x51000, b, sizeof(b));
	g->state.rip = at;
	g->state.gpr[GPR_RCX] = GUEST_PT + 8 * (at >> 12);
	g->state.gpr[GPR_RDX] = 0x51000 | 7;
	g->state.gpr[GPR_RBP] = GUEST_PML4;
	assert_int_equal(guest_run(g), EXIT_HALT);
	assert_int_equal(g->state.gpr[GPR_RAX], 0);
	assert_int_equal(g->state.gpr[GPR_RBX], 1);
}

/* ---- nothing half done ---- */

static void test_push_and_call_keep_rsp_when_they_fault(void **state)
{
	static const uint8_t push[] = {0x50};
	static const uint8_t call[] = {0xe8, 0, 0, 0, 0};
	static const uint8_t enter[] = {0xc8, 16, 0, 0};
	const uint8_t *code[] = {push, call, enter};
	const size_t len[] = {1, 5, 4};
	struct guest *g = *state;

	small_pages(g);
	set_page(g, 0x51000, 0);
	guest_gate(g, VEC_PF, GUEST_VEC + 16 * VEC_PF, 0xe, 1);
	for (unsigned i = 0; i < 3; i++) {
		guest_put(g, GUEST_CODE, code[i], len[i]);
		g->state.rip = GUEST_CODE;
		g->state.halted = 0;
		/* The write crosses into the page that is there. */
		g->state.gpr[GPR_RSP] = 0x52004;
		g->state.gpr[GPR_RBP] = 77;
		guest_put64(g, 0x52000, 0x1122334455667788);
		guest_run(g);
		assert_vector(g, VEC_PF);
		assert_int_equal(frame(g, 4), 0x52004);
		assert_int_equal(g->state.gpr[GPR_RBP], 77);
		assert_int_equal(guest_get64(g, 0x52000), 0x1122334455667788);
	}
}

static void test_pop_to_memory_keeps_rsp_when_it_faults(void **state)
{
	struct guest *g = *state;

	CODE(g, 0x8f, 0x03); /* pop [rbx] */
	g->state.gpr[GPR_RBX] = 0x40000000;
	guest_run(g);
	assert_vector(g, VEC_PF);
	assert_int_equal(frame(g, 4), GUEST_STACK);
}

static void test_rmw_on_a_read_only_page_is_a_write_fault(void **state)
{
	struct guest *g = *state;

	small_pages(g);
	set_page(g, 0x50000, 0x50000 | 5);
	guest_put64(g, 0x50000, 1);
	CODE(g, 0xf9, 0x11, 0x03); /* stc; adc [rbx], eax */
	g->state.gpr[GPR_RBX] = 0x50000;
	guest_run(g);
	assert_vector(g, VEC_PF);
	assert_int_equal(frame(g, 0), PF_P | PF_W);
	assert_int_equal(frame(g, 3) & FLAG_CF, FLAG_CF);
	assert_int_equal(guest_get64(g, 0x50000), 1);
}

static void test_rep_movs_restarts_where_it_faulted(void **state)
{
	struct guest *g = *state;
	uint8_t data[32];

	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = i + 1;
	small_pages(g);
	set_page(g, 0x52000, 0);
	guest_put(g, 0x50ff0, data, sizeof(data));
	CODE(g, 0xf3, 0xa4); /* 24 bytes to 0x51ff8: 8 fit */
	g->state.gpr[GPR_RSI] = 0x50ff0;
	g->state.gpr[GPR_RDI] = 0x51ff8;
	g->state.gpr[GPR_RCX] = 24;
	guest_run(g);
	assert_vector(g, VEC_PF);
	assert_int_equal(g->state.cr2, 0x52000);
	assert_int_equal(frame(g, 1), GUEST_CODE);
	assert_int_equal(g->state.gpr[GPR_RCX], 16);
	assert_int_equal(g->state.gpr[GPR_RSI], 0x50ff8);
	assert_int_equal(g->state.gpr[GPR_RDI], 0x52000);
	assert_int_equal(guest_get64(g, 0x51ff8), 0x0807060504030201);
	/* 8 iterations, the one that faulted, the handler's halt. */
	assert_int_equal(g->cpu->ops->elapsed_ns(g->cpu), 10);
}

/* rep stos dword [edi]: what has done nothing has changed nothing. */
static void test_rep_keeps_high_halves_until_it_has_moved(void **state)
{
	struct guest *g = *state;

	small_pages(g);
	set_page(g, 0x52000, 0);
	CODE(g, 0x89, 0x03, 0x67, 0xf3, 0xab); /* the page is known by then */
	g->state.gpr[GPR_RBX] = 0x51000;
	g->state.gpr[GPR_RDI] = 0x1234567800051ffe;
	g->state.gpr[GPR_RCX] = 4;
	guest_run(g);
	assert_vector(g, VEC_PF);
	assert_int_equal(g->state.gpr[GPR_RDI], 0x1234567800051ffe);
}

/* All 512 bytes must be writable, also the 96 that stay as they are. */
static void test_fxsave_needs_its_reserved_bytes(void **state)
{
	struct guest *g = *state;

	small_pages(g);
	set_page(g, 0x52000, 0);
	CODE(g, 0x0f, 0xae, 0x03); /* fxsave [rbx] */
	g->state.gpr[GPR_RBX] = 0x52000 - 496;
	guest_run(g);
	assert_vector(g, VEC_PF);
	assert_int_equal(g->state.cr2, 0x52000);
	assert_int_equal(guest_get64(g, 0x52000 - 496), 0);
}

static void test_fxrstor_needs_its_reserved_bytes(void **state)
{
	struct guest *g = *state;

	small_pages(g);
	set_page(g, 0x52000, 0);
	CODE(g, 0x0f, 0xae, 0x0b); /* fxrstor [rbx] */
	g->state.gpr[GPR_RBX] = 0x52000 - 496;
	guest_run(g);
	assert_vector(g, VEC_PF);
	assert_int_equal(g->state.cr2, 0x52000);
}

/* fistp dword [rbx] of an empty register, invalid operations unmasked. */
static void test_an_x87_store_needs_its_memory_anyhow(void **state)
{
	struct guest *g = *state;

	small_pages(g);
	set_page(g, 0x52000, 0);
	CODE(g, 0xdb, 0x1b);
	g->state.gpr[GPR_RBX] = 0x52000;
	g->state.fxsave[0] = 0x7e;
	guest_run(g);
	assert_vector(g, VEC_PF);
	assert_int_equal(g->state.cr2, 0x52000);
	assert_int_equal(g->state.fxsave[2], 0);
}

/* ---- time and devices ---- */

static void test_deadline_is_exact_at_every_instruction(void **state)
{
	struct guest *g = *state;

	/* A loop of four: inc eax; nop; nop; jmp */
	CODE(g, 0xff, 0xc0, 0x90, 0x90, 0xeb, 0xfa);
	guest_run(g);
	for (uint64_t n = 1; n < 60; n++) {
		g->state.rip = GUEST_CODE;
		g->state.gpr[GPR_RAX] = 0;
		g->skipped = 1000000 - g->cpu->ops->elapsed_ns(g->cpu);
		g->deadline = 1000000 + n;
		assert_int_equal(guest_run(g), EXIT_DEADLINE);
		assert_int_equal(g->cpu->ops->elapsed_ns(g->cpu) + g->skipped,
				 1000000 + n);
		assert_int_equal(g->state.gpr[GPR_RAX], (n + 3) / 4);
	}
}

static void test_rep_counts_each_iteration(void **state)
{
	struct guest *g = *state;

	CODE(g, 0xf3, 0xaa, 0xf4); /* rep stosb; hlt */
	g->state.gpr[GPR_RDI] = GUEST_DATA;
	g->state.gpr[GPR_RCX] = 10000;
	g->deadline = 9000;
	assert_int_equal(guest_run(g), EXIT_DEADLINE);
	assert_int_equal(g->state.gpr[GPR_RCX], 1000);
	assert_int_equal(g->state.rip, GUEST_CODE);
	g->deadline = 20000;
	assert_int_equal(guest_go_on(g), EXIT_HALT);
	assert_int_equal(g->cpu->ops->elapsed_ns(g->cpu), 10001);
}

static void test_device_access_sees_the_exact_time(void **state)
{
	struct guest *g = *state;

	/* nop; nop; mov eax, [rbx]; nop; out 0xe9, al; hlt */
	CODE(g, 0x90, 0x90, 0x8b, 0x03, 0x90, 0xe6, 0xe9, 0xf4);
	g->state.gpr[GPR_RBX] = NO_RAM + 0x10;
	g->device = 0x5a5aa5a5;
	g->deadline = 3;
	assert_int_equal(guest_run(g), EXIT_DEADLINE);
	assert_int_equal(g->access_time, 2);
	assert_int_equal(g->last_space, SPACE_MEMORY);
	assert_int_equal(g->last_addr, NO_RAM + 0x10);
	assert_int_equal(g->last_size, 4);
	assert_int_equal(g->state.gpr[GPR_RAX], 0x5a5aa5a5);
	g->deadline = 100;
	assert_int_equal(guest_go_on(g), EXIT_HALT);
	assert_int_equal(g->access_time, 4);
	assert_int_equal(g->last_space, SPACE_PORT);
	assert_int_equal(g->last_addr, 0xe9);
	assert_int_equal(g->device, 0xa5);
}

static void test_device_access_can_move_the_deadline(void **state)
{
	struct guest *g = *state;

	/* mov [rbx], eax; nop...; hlt */
	CODE(g, 0x89, 0x03, 0x90, 0x90, 0x90, 0x90, 0x90, 0xf4);
	g->state.gpr[GPR_RBX] = NO_RAM;
	g->deadline_at_access = 3;
	assert_int_equal(guest_run(g), EXIT_DEADLINE);
	assert_int_equal(g->cpu->ops->elapsed_ns(g->cpu), 3);
	assert_int_equal(g->state.rip, GUEST_CODE + 4);
}

static void test_rmw_on_a_device_reads_and_writes_once(void **state)
{
	struct guest *g = *state;

	CODE(g, 0x90, 0x83, 0x03, 5, 0xf4); /* nop; add dword [rbx], 5; hlt */
	g->state.gpr[GPR_RBX] = NO_RAM;
	g->device = 37;
	assert_int_equal(guest_run(g), EXIT_HALT);
	assert_int_equal(g->reads, 1);
	assert_int_equal(g->writes, 1);
	assert_int_equal(g->device, 42);
}

static void test_device_in_the_middle_of_a_loop(void **state)
{
	struct guest *g = *state;

	/* l: inc eax; mov [rbx], eax; inc edx; dec ecx; jnz l; hlt */
	CODE(g, 0xff, 0xc0, 0x89, 0x03, 0xff, 0xc2, 0xff, 0xc9, 0x75, 0xf6,
	     0xf4);
	g->state.gpr[GPR_RBX] = NO_RAM;
	g->state.gpr[GPR_RCX] = 10;
	g->state.gpr[GPR_RDX] = 0;
	assert_int_equal(guest_run(g), EXIT_HALT);
	assert_int_equal(g->writes, 10);
	assert_int_equal(g->device, 10);
	assert_int_equal(g->state.gpr[GPR_RDX], 10);
	assert_int_equal(g->cpu->ops->elapsed_ns(g->cpu), 51);
}

static void test_ports_ask_the_io_bitmap(void **state)
{
	struct guest *g = *state;
	uint16_t base = 0x68;

	guest_user(g);
	guest_put(g, GUEST_TSS + 102, &base, 2);
	/* Ports 0x10 to 0x1f; 0x12 is allowed. */
	guest_put(g, GUEST_TSS + 0x68, "\xff\xff\xfb\xff\xff", 5);
	g->state.seg[SEG_TR].limit = 0x68 + 4;
	CODE(g, 0xe4, 0x12, 0x66, 0xe5, 0x12); /* in al; in ax: also 0x13 */
	g->device = 9;
	guest_run(g);
	assert_vector(g, VEC_GP);
	assert_int_equal(g->reads, 1);
	assert_int_equal(frame(g, 1), GUEST_CODE + 2);
}

static void test_rep_outs_asks_even_for_nothing(void **state)
{
	struct guest *g = *state;

	guest_user(g);
	g->state.seg[SEG_TR].limit = 0x66; /* no bitmap: no port */
	CODE(g, 0xf3, 0x6e);
	g->state.gpr[GPR_RCX] = 0;
	guest_run(g);
	assert_vector(g, VEC_GP);
	assert_int_equal(g->writes, 0);
}

static void test_kick_ends_an_endless_loop(void **state)
{
	struct guest *g = *state;

	CODE(g, 0xeb, 0xfe);
	g->deadline = UINT64_MAX;
	g->cpu->ops->kick(g->cpu);
	assert_int_equal(guest_run(g), EXIT_KICK);
}

static void test_32_bit_code_enters_long_mode(void **state)
{
	/* mov eax,cr4; or al,0x20; mov cr4,eax; mov eax,0x1000; mov cr3,eax;
	 * mov ecx,0xc0000080; rdmsr; or eax,0x100; wrmsr; mov eax,cr0;
	 * or eax,0x80000000; mov cr0,eax; jmp 8:0x10100 */
	struct guest *g = *state;
	struct x86_state *s = &g->state;

	CODE(g, 0x0f, 0x20, 0xe0, 0x0c, 0x20, 0x0f, 0x22, 0xe0, 0xb8, 0, 0x10,
	     0, 0, 0x0f, 0x22, 0xd8, 0xb9, 0x80, 0, 0, 0xc0, 0x0f, 0x32, 0x0d,
	     0, 1, 0, 0, 0x0f, 0x30, 0x0f, 0x20, 0xc0, 0x0d, 0, 0, 0, 0x80,
	     0x0f, 0x22, 0xc0, 0xea, 0, 1, 1, 0, 8, 0);
	guest_put(g, GUEST_CODE + 0x100, "\x49\xff\xc0\xf4", 4); /* inc r8 */
	s->cr0 = CR0_PE | CR0_ET;
	s->cr3 = s->cr4 = s->efer = 0;
	s->seg[SEG_CS] =
		(struct x86_segment){0, 0xffffffff, SEL_CODE32, 0xc09b};
	assert_int_equal(guest_run(g), EXIT_HALT);
	assert_int_equal(s->gpr[GPR_R8], 1);
	assert_int_equal(s->efer & EFER_LMA, EFER_LMA);
	assert_int_equal(s->seg[SEG_CS].selector, SEL_CODE);
}

static void test_sse_needs_the_kernels_leave(void **state)
{
	struct guest *g = *state;

	CODE(g, 0x0f, 0x57, 0xc0, 0xf4); /* xorps xmm0, xmm0; hlt */
	g->state.cr4 &= ~CR4_OSFXSR;
	guest_run(g);
	assert_vector(g, VEC_UD);
	g->state.cr4 |= CR4_OSFXSR;
	g->state.cr0 |= CR0_TS;
	g->state.rip = GUEST_CODE;
	g->state.halted = 0;
	guest_run(g);
	assert_vector(g, VEC_NM);
}

/* enter 0, 3 with RBP where RSP is: what it pushes are its own pushes. */
static void test_enter_copies_what_it_has_just_pushed(void **state)
{
	struct guest *g = *state;

	CODE(g, 0xc8, 0, 0, 3, 0xf4);
	g->state.gpr[GPR_RBP] = GUEST_STACK;
	guest_put64(g, GUEST_STACK - 16, 0x1111);
	guest_run(g);
	assert_int_equal(guest_get64(g, GUEST_STACK - 8), GUEST_STACK);
	assert_int_equal(guest_get64(g, GUEST_STACK - 16), GUEST_STACK);
	assert_int_equal(guest_get64(g, GUEST_STACK - 24), GUEST_STACK);
	assert_int_equal(guest_get64(g, GUEST_STACK - 32), GUEST_STACK - 8);
	assert_int_equal(g->state.gpr[GPR_RBP], GUEST_STACK - 8);
	assert_int_equal(g->state.gpr[GPR_RSP], GUEST_STACK - 32);
}

static void test_state_comes_back_as_it_was_set(void **state)
{
	struct guest *g = *state;
	struct x86_state set = g->state, got;

	for (unsigned i = 0; i < GPR_COUNT; i++)
		set.gpr[i] = 0x0101010101010101 * i;
	set.rflags = FLAG_FIXED | FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF |
		     FLAG_SF | FLAG_OF | FLAG_DF;
	set.cr8 = 5;
	for (unsigned i = 160; i < 416; i++)
		set.fxsave[i] = i;
	for (unsigned i = 0; i < 256; i++)
		set.ymm_high[i] = ~i;
	assert_int_equal(g->cpu->ops->set_state(g->cpu, &set), 0);
	g->cpu->ops->get_state(g->cpu, &got);
	assert_memory_equal(&got, &set, sizeof(got));
	assert_int_equal(g->tpr, 0x50);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
		TEST(test_store_into_the_running_block),
		TEST(test_store_by_an_alias_reaches_decoded_code),
		TEST(test_instruction_across_pages_is_patched),
		TEST(test_remap_with_invlpg),
		TEST(test_remap_without_invlpg_uses_either_always_the_same),
		TEST(test_cr3_remaps_running_code),
		TEST(test_push_and_call_keep_rsp_when_they_fault),
		TEST(test_pop_to_memory_keeps_rsp_when_it_faults),
		TEST(test_rmw_on_a_read_only_page_is_a_write_fault),
		TEST(test_rep_movs_restarts_where_it_faulted),
		TEST(test_rep_keeps_high_halves_until_it_has_moved),
		TEST(test_fxsave_needs_its_reserved_bytes),
		TEST(test_fxrstor_needs_its_reserved_bytes),
		TEST(test_an_x87_store_needs_its_memory_anyhow),
		TEST(test_deadline_is_exact_at_every_instruction),
		TEST(test_rep_counts_each_iteration),
		TEST(test_device_access_sees_the_exact_time),
		TEST(test_device_access_can_move_the_deadline),
		TEST(test_rmw_on_a_device_reads_and_writes_once),
		TEST(test_device_in_the_middle_of_a_loop),
		TEST(test_ports_ask_the_io_bitmap),
		TEST(test_rep_outs_asks_even_for_nothing),
		TEST(test_kick_ends_an_endless_loop),
		TEST(test_32_bit_code_enters_long_mode),
		TEST(test_sse_needs_the_kernels_leave),
		TEST(test_enter_copies_what_it_has_just_pushed),
		TEST(test_state_comes_back_as_it_was_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
