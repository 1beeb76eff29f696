/*
 * SSE instructions as a whole on the simulated CPU: every row in every form
 * against the host's processor, and what is checked before one is done.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/native_simd.h"
#include "tests/unit/sim_guest.h"
#include "tests/unit/simd_operands.h"

#define ALL_MASKS    0x1f80u
#define STATUS_FLAGS 0x8d5u /* OF SF ZF AF PF CF */
#define FX_MXCSR     24
#define FX_XMM	     160

static void put_native(struct guest *g, const struct native *n)
{
	struct x86_state *s = &g->state;

	memcpy(s->fxsave + FX_MXCSR, &n->mxcsr, 4);
	memcpy(s->fxsave + FX_XMM, &n->xmm0, 48);
	guest_put(g, GUEST_DATA, &n->mem, 16);
	s->gpr[GPR_RAX] = n->rax;
	s->gpr[GPR_RCX] = n->rcx;
	s->gpr[GPR_RDX] = n->rdx;
	s->gpr[GPR_RDI] = GUEST_DATA;
	s->rip = GUEST_CODE;
	s->rflags = FLAG_FIXED;
	s->halted = 0;
}

static void take_native(struct guest *g, struct native *n)
{
	struct x86_state *s = &g->state;

	memcpy(&n->mxcsr, s->fxsave + FX_MXCSR, 4);
	memcpy(&n->xmm0, s->fxsave + FX_XMM, 48);
	guestmem_read(&g->mem, GUEST_DATA, &n->mem, 16);
	n->rax = s->gpr[GPR_RAX];
	n->rcx = s->gpr[GPR_RCX];
	n->rdx = s->gpr[GPR_RDX];
	n->flags = s->rflags;
	n->fault = s->rip == GUEST_VEC + 16 * VEC_XM + 1;
}

/* One instruction, and a halt behind it. */
static void run_code(struct guest *g, const uint8_t *code, unsigned len)
{
	guest_put(g, GUEST_CODE, code, len);
	guest_put(g, GUEST_CODE + len, "\xf4", 1);
	g->deadline = UINT64_MAX;
	assert_int_equal(guest_run(g), EXIT_HALT);
}

static bool same(const struct native *a, const struct native *b)
{
	return !memcmp(&a->xmm0, &b->xmm0, 48) &&
	       !memcmp(&a->mem, &b->mem, 16) && a->rax == b->rax &&
	       a->rcx == b->rcx && a->rdx == b->rdx && a->mxcsr == b->mxcsr &&
	       a->fault == b->fault;
}

static bool sets_flags(const struct simd_row *row)
{
	return row->form == SIMD_FLAGS || row->form == SIMD_TEXT ||
	       row->form == SIMD_TEXT_I;
}

static void compare(struct guest *g, const struct simd_row *row, bool memory,
		    unsigned general, unsigned kind)
{
	unsigned imm = random64() & 0xff, len;
	uint8_t code[SIMD_CODE];
	struct native n = {
		.xmm0 = operand(kind),
		.xmm1 = operand(kind),
		.xmm2 = operand(kind),
		.mem = operand(kind),
		.rax = operand_lane(INTEGERS),
		.rcx = operand_lane(INTEGERS),
		.rdx = operand_lane(INTEGERS),
		.mxcsr = ALL_MASKS & (below(4) ? ~0u : random64()),
	};
	struct native ours = n;

	native_compile(row, memory, general, imm);
	native_run(&n);
	len = simd_encode(code, row, memory, general, imm);
	put_native(g, &ours);
	run_code(g, code, len);
	take_native(g, &ours);
	if (same(&ours, &n) &&
	    (!sets_flags(row) || n.fault ||
	     (ours.flags & STATUS_FLAGS) == (n.flags & STATUS_FLAGS)))
		return;
	fail_msg("%s, rm is %s, general %u, imm %02x", row->name,
		 memory ? "memory" : "a register", general, imm);
}

static bool approximate(const struct simd_row *row)
{
	return row->opcode == 0x52 || row->opcode == 0x53;
}

static void compare_forms(struct guest *g, const struct simd_row *row)
{
	for (unsigned n = 0; n < 8 * OPERANDS; n++) {
		unsigned general =
			n & OPERANDS && row->props & SIMD_REXW ? 8 : 4;

		if (!(row->props & SIMD_MEM_ONLY))
			compare(g, row, false, general, n % OPERANDS);
		if (!(row->props & SIMD_REG_ONLY))
			compare(g, row, true, general, n % OPERANDS);
	}
}

static void test_every_row_does_what_the_host_does(void **state)
{
	const struct simd_row *row;

	if (native_init())
		skip();
	random_state = 5;
	for (size_t i = 0; (row = simd_row_at(i)); i++)
		if (!approximate(row) && native_has(row))
			compare_forms(*state, row);
}

static void test_crc32_does_what_the_host_does(void **state)
{
	/* crc32 edx, cl / cx / ecx; crc32 rdx, rcx */
	static const struct {
		uint8_t code[7], len, bytes;
	} rows[] = {
		{{0xf2, 0x0f, 0x38, 0xf0, 0xd1}, 5, 1},
		{{0x66, 0xf2, 0x0f, 0x38, 0xf1, 0xd1}, 6, 2},
		{{0xf2, 0x0f, 0x38, 0xf1, 0xd1}, 5, 4},
		{{0xf2, 0x48, 0x0f, 0x38, 0xf1, 0xd1}, 6, 8},
		{{0xf2, 0x48, 0x0f, 0x38, 0xf1, 0x17}, 6, 8}, /* [rdi] */
	};
	struct guest *g = *state;

	if (native_init())
		skip();
	random_state = 6;
	for (unsigned i = 0; i < 5 * 20; i++) {
		struct native n = {.rcx = random64(), .rdx = random64()};
		uint32_t expected =
			native_crc32(n.rdx, n.rcx, rows[i % 5].bytes);

		n.mem.u64[0] = n.rcx;
		put_native(g, &n);
		run_code(g, rows[i % 5].code, rows[i % 5].len);
		assert_int_equal(g->state.gpr[GPR_RDX], expected);
	}
}

/* ---- what is checked first ---- */

/* The vector that `code` ends in; mem is at rdi. */
static unsigned vector_of(struct guest *g, const uint8_t *code, unsigned len,
			  uint64_t rdi)
{
	struct native n = {.mxcsr = ALL_MASKS};

	put_native(g, &n);
	g->state.gpr[GPR_RDI] = rdi;
	run_code(g, code, len);
	assert_true(g->state.rip >= GUEST_VEC);
	assert_true(g->state.rip < GUEST_VEC + 16 * 32);
	return (g->state.rip - GUEST_VEC) / 16;
}

static void test_aligned_operands_are_checked(void **state)
{
	struct guest *g = *state;
	const struct simd_row *row;
	uint8_t code[SIMD_CODE];

	for (size_t i = 0; (row = simd_row_at(i)); i++) {
		unsigned len = simd_encode(code, row, true, 4, 0);

		if (row->props & SIMD_ALIGNED)
			assert_int_equal(
				vector_of(g, code, len, GUEST_DATA + 8),
				VEC_GP);
	}
}

static void test_control_bits_are_checked(void **state)
{
	static const uint8_t pshufb[] = {0x66, 0x0f, 0x38, 0x00, 0xd1};
	struct guest *g = *state;
	const uint64_t cr0 = g->state.cr0, cr4 = g->state.cr4;

	g->state.cr0 = cr0 | CR0_TS;
	assert_int_equal(vector_of(g, pshufb, 5, 0), VEC_NM);
	g->state.cr0 = cr0 | CR0_EM;
	assert_int_equal(vector_of(g, pshufb, 5, 0), VEC_UD);
	g->state.cr0 = cr0 | CR0_EM | CR0_TS;
	assert_int_equal(vector_of(g, pshufb, 5, 0), VEC_UD);
	g->state.cr0 = cr0;
	g->state.cr4 = cr4 & ~CR4_OSFXSR;
	assert_int_equal(vector_of(g, pshufb, 5, 0), VEC_UD);
	g->state.cr4 = cr4;
}

/* No PBLENDVB of MMX, no MOVBE of a register, and lock is for none of them. */
static void test_other_encodings_are_undefined(void **state)
{
	static const uint8_t code[][7] = {
		{0x0f, 0x38, 0x10, 0xd1, 0x90, 0x90},
		{0xf3, 0x0f, 0x38, 0x00, 0xd1, 0x90},
		{0x0f, 0x38, 0xf0, 0xd7, 0x90, 0x90},
		{0x66, 0x0f, 0x38, 0x2a, 0xd1, 0x90},
		{0x66, 0x0f, 0x3a, 0xff, 0xd1, 0x00},
		{0xf0, 0x66, 0x0f, 0x38, 0x00, 0x17},
	};

	for (size_t i = 0; i < sizeof(code) / sizeof(*code); i++)
		assert_int_equal(vector_of(*state, code[i], 6, GUEST_DATA),
				 VEC_UD);
}

static int setup(void **state)
{
	guest_new(state, CPU_MAX);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_does_what_the_host_does),
		cmocka_unit_test(test_crc32_does_what_the_host_does),
		cmocka_unit_test(test_aligned_operands_are_checked),
		cmocka_unit_test(test_control_bits_are_checked),
		cmocka_unit_test(test_other_encodings_are_undefined),
	};

	return cmocka_run_group_tests(tests, setup, guest_teardown);
}
