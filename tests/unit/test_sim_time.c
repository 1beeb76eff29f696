/*
 * The simulated CPU's time and its accesses to devices, to the instruction,
 * and what else a run ends or begins with.
 */
#include "tests/unit/sim_case.h"

#define NO_RAM 0x10000000u /* mapped, but no RAM there */

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

struct kicker {
	struct vcpu *cpu;
	uint64_t after, kicked_at; /* writes still to come; when */
};

static void count_write(void *ctx, unsigned cpu, uint64_t retired)
{
	struct kicker *k = ctx;

	if (k->after-- != 0)
		return;
	k->kicked_at = retired;
	k->cpu->ops->kick(k->cpu);
}

/*
 * A debugger's Ctrl-C, wherever it comes in a loop that never looks up: so
 * many instructions at most until the machine is asked (sim.c's slice).
 */
static void test_a_kick_is_seen_soon_in_any_loop(void **state)
{
	static const uint8_t rows[][11] = {
		{4, 0x89, 0x07, 0xeb, 0xfc}, /* mov [rdi], eax; jmp */
		{2, 0xf3, 0xaa},	     /* rep stosb */
		/* inc dword [rdi]; call the next; pop rax; jmp */
		{10, 0xff, 0x07, 0xe8, 0, 0, 0, 0, 0x58, 0xeb, 0xf6},
	};
	struct guest *g = *state;
	struct kicker k = {.cpu = g->cpu};
	struct write_watch watch = {GUEST_DATA, 65536, count_write, &k};

	g->deadline = 100000000; /* a kick that is lost is no kick */
	g->cpu->ops->watch_writes(g->cpu, &watch);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (unsigned n = 0; n < 20000; n += 1999) {
			k.after = n;
			g->state.rip = GUEST_CODE;
			g->state.gpr[GPR_RDI] = GUEST_DATA;
			g->state.gpr[GPR_RCX] = UINT64_MAX;
			guest_put(g, GUEST_CODE, rows[i] + 1, rows[i][0]);
			assert_int_equal(guest_run(g), EXIT_KICK);
			assert_in_range(g->cpu->ops->elapsed_ns(g->cpu) -
						k.kicked_at,
					0, 8192);
		}
	g->cpu->ops->watch_writes(g->cpu, NULL);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_deadline_is_exact_at_every_instruction),
		TEST(test_rep_counts_each_iteration),
		TEST(test_device_access_sees_the_exact_time),
		TEST(test_device_access_can_move_the_deadline),
		TEST(test_rmw_on_a_device_reads_and_writes_once),
		TEST(test_device_in_the_middle_of_a_loop),
		TEST(test_ports_ask_the_io_bitmap),
		TEST(test_rep_outs_asks_even_for_nothing),
		TEST(test_kick_ends_an_endless_loop),
		TEST(test_a_kick_is_seen_soon_in_any_loop),
		TEST(test_32_bit_code_enters_long_mode),
		TEST(test_sse_needs_the_kernels_leave),
		TEST(test_enter_copies_what_it_has_just_pushed),
		TEST(test_state_comes_back_as_it_was_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
