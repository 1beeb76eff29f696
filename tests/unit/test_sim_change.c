/*
 * What changes under the simulated CPU: code that is written to, remapped
 * pages, and instructions that fault half-way and start over.
 */
#include "tests/unit/sim_case.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
