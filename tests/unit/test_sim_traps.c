/*
 * Traps and gates in 64-bit code: call gates, breakpoints, #AC, and TF
 * loaded by SYSRET. The 32-bit side is tried by tests/guest.
 */
#include "tests/unit/sim_case.h"

#define SEL_GATE 0x40
#define TARGET	 (GUEST_CODE + 0x200)
#define POINTER	 GUEST_DATA

/* A 64-bit call gate and `call far [POINTER]' in ring 3. */
static void set_gate(struct guest *g, uint64_t offset, unsigned access,
		     unsigned code, uint64_t high)
{
	static const uint16_t pointer[] = {0x5678, 0x1234, SEL_GATE | 3};

	g->state.gdt.limit = 0x4f;
	guest_put64(g, GUEST_GDT + SEL_GATE,
		    (offset & 0xffff) | (uint64_t)code << 16 |
			    (uint64_t)access << 40 |
			    (offset & 0xffff0000) << 32);
	guest_put64(g, GUEST_GDT + SEL_GATE + 8, offset >> 32 | high);
	guest_put(g, POINTER, pointer, sizeof(pointer));
	guest_put(g, TARGET, "\xf4", 1);
	CODE(g, 0xff, 0x1c, 0x25, 0x00, 0x00, 0x02, 0x00);
	guest_user(g);
}

static void test_a_call_gate_switches_to_the_tss_stack(void **state)
{
	struct guest *g = *state;

	set_gate(g, TARGET, 0xec, SEL_CODE, 0);
	assert_int_equal(guest_run(g), EXIT_HALT);
	assert_int_equal(g->state.rip, TARGET + 1);
	assert_int_equal(g->state.seg[SEG_CS].selector, SEL_CODE);
	assert_int_equal(g->state.seg[SEG_SS].selector, 0);
	assert_int_equal(g->state.gpr[GPR_RSP], GUEST_STACK - 32);
	assert_int_equal(frame(g, 0), GUEST_CODE + 7);
	assert_int_equal(frame(g, 1), SEL_UCODE);
	assert_int_equal(frame(g, 2), GUEST_USTACK);
	assert_int_equal(frame(g, 3), SEL_UDATA);
}

static void test_bad_call_gates(void **state)
{
	static const struct {
		uint64_t offset, high;
		unsigned access, code, vector, error;
	} row[] = {
		{TARGET, 0, 0x8c, SEL_CODE, VEC_GP, SEL_GATE},
		{TARGET, 0, 0x6c, SEL_CODE, VEC_NP, SEL_GATE},
		{TARGET, 0, 0xe4, SEL_CODE, VEC_GP, SEL_GATE},
		{TARGET, UINT64_C(1) << 40, 0xec, SEL_CODE, VEC_GP, SEL_GATE},
		{TARGET, 0, 0xec, SEL_CODE32, VEC_GP, SEL_CODE32},
		{TARGET, 0, 0xec, 0, VEC_GP, 0},
		{TARGET, 0, 0xec, SEL_DATA, VEC_GP, SEL_DATA},
		{UINT64_C(1) << 47, 0, 0xec, SEL_CODE, VEC_GP, 0},
	};
	struct guest *g = *state;

	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		g->state.halted = 0;
		g->state.rip = GUEST_CODE;
		set_gate(g, row[i].offset, row[i].access, row[i].code,
			 row[i].high);
		guest_run(g);
		assert_vector(g, row[i].vector);
		assert_int_equal(frame(g, 0), row[i].error);
		assert_int_equal(frame(g, 1), GUEST_CODE);
		assert_int_equal(frame(g, 4), GUEST_USTACK);
	}
}

static void test_tf_loaded_by_sysret_traps_at_once(void **state)
{
	struct guest *g = *state;

	CODE(g, 0x48, 0x0f, 0x07); /* sysretq */
	g->state.star = (uint64_t)(SEL_UDATA - 8) << 48;
	g->state.gpr[GPR_RCX] = GUEST_CODE + 0x100;
	g->state.gpr[GPR_R11] = FLAG_FIXED | FLAG_TF;
	guest_run(g);
	assert_vector(g, VEC_DB);
	assert_int_equal(frame(g, 0), GUEST_CODE + 0x100);
	assert_int_equal(frame(g, 2), FLAG_FIXED | FLAG_TF);
	assert_int_equal(g->state.dr[6], 0xffff4ff0);
}

static void test_alignment_counts_in_ring_3_with_both_bits(void **state)
{
	struct guest *g = *state;

	for (unsigned i = 0; i < 16; i++) {
		bool am = i & 1, ac = i & 2, user = i & 4, odd = i & 8;

		guest_fini(g);
		guest_init(g);
		CODE(g, 0x8b, 0x03, 0x0f, 0x0b); /* mov eax, [rbx]; ud2 */
		if (user)
			guest_user(g);
		g->state.cr0 |= am ? CR0_AM : 0;
		g->state.rflags |= ac ? FLAG_AC : 0;
		g->state.gpr[GPR_RBX] = GUEST_DATA + (odd ? 2 : 4);
		guest_run(g);
		assert_vector(g, i == 15 ? VEC_AC : VEC_UD);
		if (i == 15)
			assert_int_equal(frame(g, 0), 0);
	}
}

/* Each is done at a multiple of `align`, and #AC at half of that. */
static void test_alignment_of_vectors_and_images(void **state)
{
	static const struct {
		uint8_t code[6];
		unsigned len, align;
	} row[] = {
		{{0xf3, 0x0f, 0x6f, 0x03}, 4, 16},	       /* movdqu */
		{{0x0f, 0x11, 0x03}, 3, 16},		       /* movups */
		{{0xf2, 0x0f, 0xf0, 0x03}, 4, 16},	       /* lddqu */
		{{0x66, 0x0f, 0x3a, 0x63, 0x03, 0x00}, 6, 16}, /* pcmpistri */
		{{0xf3, 0x0f, 0x7e, 0x03}, 4, 8},	       /* movq */
		{{0xf3, 0x0f, 0x10, 0x03}, 4, 4},	       /* movss */
		{{0xdb, 0x2b}, 2, 8},			       /* fld m80 */
		{{0xd9, 0x33}, 2, 4},			       /* fnstenv */
		{{0x66, 0xd9, 0x33}, 3, 2},
		{{0xdd, 0x33}, 2, 4}, /* fnsave */
		{{0x66, 0xdd, 0x33}, 3, 2},
	};
	struct guest *g = *state;

	for (unsigned i = 0; i < 2 * sizeof(row) / sizeof(row[0]); i++) {
		unsigned n = i / 2;

		guest_fini(g);
		guest_init(g);
		guest_put(g, GUEST_CODE, row[n].code, row[n].len);
		guest_put(g, GUEST_CODE + row[n].len, "\x0f\x0b", 2);
		guest_user(g);
		g->state.cr0 |= CR0_AM;
		g->state.rflags |= FLAG_AC;
		g->state.gpr[GPR_RBX] =
			GUEST_DATA + row[n].align / (i % 2 ? 2 : 1);
		guest_run(g);
		assert_vector(g, i % 2 ? VEC_AC : VEC_UD);
	}
}

/* To the byte: ' ' is done, A #AC, G #GP, at each of 16 addresses. */
static void test_alignment_of_what_is_not_one_operand(void **state)
{
	static const struct {
		uint8_t code[6];
		unsigned len;
		const char *want;
	} row[] = {
		{{0x0f, 0xae, 0x03}, 3, " AAAGAAAGAAAGAAA"}, /* fxsave */
		{{0x0f, 0xae, 0x0b}, 3, " AAAGAAAGAAAGAAA"}, /* fxrstor */
		{{0x48, 0x0f, 0xae, 0x03}, 4, " AAAGAAAGAAAGAAA"},
		/* maskmovdqu xmm0, xmm1; maskmovq mm0, mm1; no byte chosen */
		{{0x66, 0x0f, 0xf7, 0xc1}, 4, " AAAAAAA AAAAAAA"},
		{{0x0f, 0xf7, 0xc1}, 3, " AAAAAAA AAAAAAA"},
		{{0xc5, 0xf9, 0xf7, 0xc1}, 4, " AAAAAAA AAAAAAA"},
		/* vmaskmovps, vpmaskmovq with xmm2; vpgatherdd */
		{{0xc4, 0xe2, 0x69, 0x2c, 0x03}, 5, "                "},
		{{0xc4, 0xe2, 0x69, 0x2e, 0x03}, 5, "                "},
		{{0xc4, 0xe2, 0xe9, 0x8e, 0x03}, 5, "                "},
		{{0xc4, 0xe2, 0x69, 0x90, 0x04, 0x0b}, 6, "                "},
	};
	struct guest *g = *state;

	for (unsigned i = 0; i < 16 * sizeof(row) / sizeof(row[0]); i++) {
		unsigned n = i / 16, at = GUEST_DATA + i % 16;
		char want = row[n].want[i % 16];

		guest_fini(g);
		guest_init_level(g, CPU_MAX);
		guest_put(g, GUEST_CODE, row[n].code, row[n].len);
		guest_put(g, GUEST_CODE + row[n].len, "\x0f\x0b", 2);
		guest_user(g);
		g->state.cr0 |= CR0_AM;
		g->state.cr4 |= CR4_OSXSAVE;
		g->state.xcr0 = 7;
		g->state.rflags |= FLAG_AC;
		g->state.gpr[GPR_RBX] = at;
		g->state.gpr[GPR_RDI] = at;
		g->state.gpr[GPR_RCX] = 0;
		memset(g->state.fxsave + 160 + 32, 0xff, 16); /* xmm2 */
		guest_run(g);
		assert_vector(g, want == 'A'   ? VEC_AC
				 : want == 'G' ? VEC_GP
					       : VEC_UD);
	}
}

static void test_breakpoints_in_64_bit_code(void **state)
{
	struct guest *g = *state;

	CODE(g, 0x90, 0x89, 0x03, 0x90); /* nop; mov [rbx], eax; nop */
	g->state.gpr[GPR_RBX] = GUEST_DATA;
	g->state.dr[1] = GUEST_DATA + 3;
	g->state.dr[7] = 0x400 | 8 | 1 << 20;
	guest_run(g);
	assert_vector(g, VEC_DB);
	assert_int_equal(frame(g, 0), GUEST_CODE + 3);
	assert_int_equal(g->state.dr[6], 0xffff0ff2);

	g->state.halted = 0;
	g->state.rip = GUEST_CODE;
	g->state.dr[1] = GUEST_CODE + 1;
	g->state.dr[6] = 0xffff0ff0;
	g->state.dr[7] = 0x400 | 8;
	guest_run(g);
	assert_vector(g, VEC_DB);
	assert_int_equal(frame(g, 0), GUEST_CODE + 1);
	assert_true(frame(g, 2) & FLAG_RF);
}

/* SDM 3 18.2.3: B0 to B3 are of the last exception, BS stays until cleared. */
static void test_dr6_forgets_what_matched_before(void **state)
{
	struct guest *g = *state;

	CODE(g, 0x89, 0x03, 0x90); /* mov [rbx], eax; nop */
	g->state.gpr[GPR_RBX] = GUEST_DATA;
	g->state.dr[2] = GUEST_DATA;
	g->state.dr[7] = 0x400 | 0x20 | 1 << 24;
	g->state.dr[6] = 0xffff4ff3;
	guest_run(g);
	assert_vector(g, VEC_DB);
	assert_int_equal(g->state.dr[6], 0xffff4ff4);

	g->state.halted = 0;
	g->state.rip = GUEST_CODE;
	g->state.dr[2] = GUEST_CODE;
	g->state.dr[6] = 0xffff4ffb;
	g->state.dr[7] = 0x400 | 0x20;
	guest_run(g);
	assert_vector(g, VEC_DB);
	assert_int_equal(g->state.dr[6], 0xffff4ff4);
}

/* One #DB, behind INT1, which tells of both. */
static void test_a_hit_by_mov_ss_comes_with_int1(void **state)
{
	struct guest *g = *state;

	CODE(g, 0x8e, 0x13, 0xf1, 0xf4); /* mov ss, [rbx]; int1; hlt */
	guest_put64(g, GUEST_DATA, SEL_DATA);
	guest_put(g, GUEST_VEC + 16 * VEC_DB, "\xff\xc1\x48\xcf", 4);
	g->state.gpr[GPR_RBX] = GUEST_DATA;
	g->state.gpr[GPR_RCX] = 0; /* counted by the handler */
	g->state.dr[1] = GUEST_DATA;
	g->state.dr[7] = 0x400 | 8 | 3 << 20;
	guest_run(g);
	assert_int_equal(g->exit.reason, EXIT_HALT);
	assert_int_equal(g->state.rip, GUEST_CODE + 4);
	assert_int_equal(g->state.gpr[GPR_RCX], 1);
	assert_int_equal(g->state.dr[6], 0xffff0ff2);
}

static void test_a_step_ends_hlt(void **state)
{
	struct guest *g = *state;

	CODE(g, 0xf4, 0x90);
	guest_put(g, GUEST_VEC + 16 * VEC_DB, "\x90\x90\xf4", 3);
	g->state.rflags |= FLAG_TF;
	guest_run(g);
	assert_int_equal(g->exit.reason, EXIT_HALT);
	assert_int_equal(g->state.rip, GUEST_VEC + 16 * VEC_DB + 3);
	assert_int_equal(frame(g, 0), GUEST_CODE + 1);
}

/*
 * An IRETQ whose last two words lie in a page that is not there: what is
 * wrong with CS comes first, and nothing has changed.
 */
static void test_iret_reads_its_frame_in_order(void **state)
{
	static const struct {
		uint64_t cs;
		unsigned vector;
		uint32_t error;
	} rows[] = {
		{SEL_UCODE, VEC_PF, 0},
		{SEL_UDATA, VEC_GP, SEL_UDATA & ~3},
		{0, VEC_GP, 0},
	};
	const uint64_t sp = GUEST_USTACK - 24;
	struct guest *g = *state;
	struct x86_state start = g->state;

	for (uint64_t i = 0; i < 512; i++)
		guest_put64(g, GUEST_PT + 8 * i, i << 12 | 7);
	guest_put64(g, GUEST_PT + 8 * (GUEST_USTACK >> 12), 0);
	guest_put64(g, GUEST_PD, GUEST_PT | 7);
	CODE(g, 0x48, 0x8b, 0x04, 0x24, 0x48, 0xcf); /* mov rax,[rsp]; iretq */
	for (unsigned i = 0; i < 3; i++) {
		g->state = start;
		/* The handler's stack is another. */
		guest_gate(g, rows[i].vector, GUEST_VEC + 16 * rows[i].vector,
			   0xe, 1);
		guest_put64(g, sp, TARGET);
		guest_put64(g, sp + 8, rows[i].cs);
		guest_put64(g, sp + 16, FLAG_FIXED);
		g->state.gpr[GPR_RSP] = sp;
		guest_run(g);
		assert_vector(g, rows[i].vector);
		assert_int_equal(frame(g, 0), rows[i].error);
		assert_int_equal(frame(g, 1), GUEST_CODE + 4);
		assert_int_equal(frame(g, 4), sp);
		if (rows[i].vector == VEC_PF)
			assert_int_equal(g->state.cr2, GUEST_USTACK);
	}
}

/* A frame over the edge of a page is written whole or not at all. */
static void test_a_frame_across_pages_is_all_or_nothing(void **state)
{
	struct guest *g = *state;

	for (uint64_t i = 0; i < 512; i++)
		guest_put64(g, GUEST_PT + 8 * i, i << 12 | 7);
	guest_put64(g, GUEST_PD, GUEST_PT | 7);
	guest_gate(g, VEC_DF, GUEST_VEC + 16 * VEC_DF, 0xe, 1);
	for (unsigned there = 0; there < 2; there++) {
		g->state.rip = GUEST_CODE;
		g->state.halted = 0;
		g->state.gpr[GPR_RSP] = GUEST_STACK + 16;
		guest_put64(g, GUEST_STACK + 8, 0x1234);
		guest_put64(g, GUEST_STACK - 8, 0x1234);
		guest_put64(g, GUEST_PT + 8 * (GUEST_STACK >> 12) - 8,
			    there ? (GUEST_STACK - 0x1000) | 7 : 0);
		CODE(g, 0xcd, 0x40); /* int 0x40 */
		guest_run(g);
		assert_vector(g, there ? 0x40 : VEC_DF);
		assert_int_equal(guest_get64(g, GUEST_STACK + 8),
				 there ? SEL_DATA : 0x1234);
		assert_int_equal(guest_get64(g, GUEST_STACK - 8),
				 there ? FLAG_FIXED : 0x1234);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_call_gate_switches_to_the_tss_stack),
		TEST(test_bad_call_gates),
		TEST(test_tf_loaded_by_sysret_traps_at_once),
		TEST(test_alignment_counts_in_ring_3_with_both_bits),
		TEST(test_alignment_of_vectors_and_images),
		TEST(test_alignment_of_what_is_not_one_operand),
		TEST(test_breakpoints_in_64_bit_code),
		TEST(test_dr6_forgets_what_matched_before),
		TEST(test_a_hit_by_mov_ss_comes_with_int1),
		TEST(test_a_step_ends_hlt),
		TEST(test_iret_reads_its_frame_in_order),
		TEST(test_a_frame_across_pages_is_all_or_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
