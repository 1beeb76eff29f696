/*
 * x87 instructions as a whole on the simulated CPU: every row against the
 * host's processor, and what is checked before one is done.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/native_x87.h"
#include "tests/unit/sim_guest.h"
#include "tests/unit/x87_operands.h"

#define STATUS_FLAGS 0x8d5u /* OF SF ZF AF PF CF */

/* Run `code` with a halt behind it; rdi points to memory. */
static void run_code(struct guest *g, const uint8_t *code, unsigned len,
		     uint64_t rdi)
{
	struct x86_state *s = &g->state;

	guest_put(g, GUEST_CODE, code, len);
	guest_put(g, GUEST_CODE + len, "\xf4", 1);
	s->rip = GUEST_CODE;
	s->gpr[GPR_RDI] = rdi;
	s->halted = 0;
	g->deadline = UINT64_MAX;
	assert_int_equal(guest_run(g), EXIT_HALT);
}

/* The vector that was raised, or -1 when the code came to its end. */
static int vector_of(const struct guest *g)
{
	uint64_t rip = g->state.rip;

	if (rip >= GUEST_VEC && rip < GUEST_VEC + 16 * 32)
		return (rip - GUEST_VEC) / 16;
	return -1;
}

/* ---- Every row ---- */

static void put_state(struct guest *g, const struct native_x87 *n)
{
	memcpy(g->state.fxsave, n->image, 160);
	guest_put(g, GUEST_DATA, n->mem, sizeof(n->mem));
	g->state.gpr[GPR_RAX] = n->rax;
	g->state.rflags = (n->flags & STATUS_FLAGS) | FLAG_FIXED;
}

static void take_state(struct guest *g, struct native_x87 *n)
{
	memcpy(n->image, g->state.fxsave, 160);
	guestmem_read(&g->mem, GUEST_DATA, n->mem, sizeof(n->mem));
	n->rax = g->state.gpr[GPR_RAX];
	n->flags = g->state.rflags;
}

/* FIP, FOP, FDP are another test's; and what is not defined. */
static void forget_some(const struct x87_row *row, bool small,
			struct native_x87 *n)
{
	unsigned status = ~x87_undefined_status(row, n->image);

	memset(n->image + 6, 0, 18);
	if (row->props & X87_IMAGE && row->form == X87_STORE)
		memset(n->mem + (small ? 6 : 12), 0, small ? 8 : 16);
	n->image[2] &= status;
	n->image[3] &= status >> 8;
}

static bool same(const struct native_x87 *a, const struct native_x87 *b)
{
	return !memcmp(a->image, b->image, 24) &&
	       !memcmp(a->image + 32, b->image + 32, 128) &&
	       !memcmp(a->mem, b->mem, sizeof(a->mem)) && a->rax == b->rax &&
	       !((a->flags ^ b->flags) & STATUS_FLAGS);
}

static void compare(struct guest *g, const struct x87_row *row, uint8_t modrm,
		    bool small)
{
	struct native_x87 ours, host = {.rax = random64()};
	uint8_t code[X87_CODE];
	unsigned len = x87_encode(code, row, modrm, small);

	x87_random_image(host.image, false);
	x87_random_memory(row, host.mem, sizeof(host.mem));
	host.flags = 0x202 | (random64() & STATUS_FLAGS);
	ours = host;
	native_x87_compile(code, len);
	native_x87_run(&host);
	put_state(g, &ours);
	run_code(g, code, len, GUEST_DATA);
	take_state(g, &ours);
	assert_int_equal(g->state.rip, GUEST_CODE + len + 1);
	forget_some(row, small, &ours);
	forget_some(row, small, &host);
	if (!same(&ours, &host))
		fail_msg("%s (%02x %02x%s)", row->name, row->opcode, modrm,
			 small ? ", 16-bit" : "");
}

static void test_every_row_does_what_the_host_does(void **state)
{
	const struct x87_row *row;

	if (native_x87_init())
		skip();
	random_state = 9;
	for (size_t i = 0; (row = x87_row_at(i)); i++) {
		if (x87_approximate(row))
			continue;
		for (unsigned n = 0; n < 24; n++)
			compare(*state, row,
				row->first + n % (row->last - row->first + 1),
				row->props & X87_IMAGE && n & 1);
	}
}

/* ---- What is checked first ---- */

static const uint8_t fld1[] = {0xd9, 0xe8};
static const uint8_t fld_m80[] = {0xdb, 0x2f};
static const uint8_t fstp_m80[] = {0xdb, 0x3f};
static const uint8_t fst_m64[] = {0xdd, 0x17};
static const uint8_t fnsave[] = {0xdd, 0x37};
static const uint8_t fnstsw_ax[] = {0xdf, 0xe0};
static const uint8_t fnclex[] = {0xdb, 0xe2};
static const uint8_t fninit[] = {0xdb, 0xe3};
static const uint8_t fwait[] = {0x9b};

/* One instruction from a fresh state; its vector or -1. */
#define VECTOR(g, code, fcw, fsw) \
	vector_after(g, code, sizeof(code), fcw, fsw, GUEST_DATA)

static int vector_after(struct guest *g, const uint8_t *code, unsigned len,
			uint16_t fcw, uint16_t fsw, uint64_t rdi)
{
	memset(g->state.fxsave, 0, 160);
	memcpy(g->state.fxsave, &fcw, 2);
	memcpy(g->state.fxsave + 2, &fsw, 2);
	run_code(g, code, len, rdi);
	return vector_of(g);
}

static void test_task_switched_and_emulation_raise_nm(void **state)
{
	struct guest *g = *state;
	const uint64_t cr0 = g->state.cr0;

	g->state.cr0 = cr0 | CR0_TS;
	assert_int_equal(VECTOR(g, fld1, 0x37f, 0), VEC_NM);
	assert_int_equal(VECTOR(g, fninit, 0x37f, 0), VEC_NM);
	assert_int_equal(VECTOR(g, fwait, 0x37f, 0), -1);
	g->state.cr0 = cr0 | CR0_TS | CR0_MP;
	assert_int_equal(VECTOR(g, fwait, 0x37f, 0), VEC_NM);
	g->state.cr0 = cr0 | CR0_EM;
	assert_int_equal(VECTOR(g, fld1, 0x37f, 0), VEC_NM);
	g->state.cr0 = cr0;
	assert_int_equal(VECTOR(g, fld1, 0x37f, 0), -1);
}

/* Divide by zero noted and unmasked: who waits raises it, others do not. */
static void test_a_pending_exception_is_raised_by_who_waits(void **state)
{
	struct guest *g = *state;
	const uint64_t cr0 = g->state.cr0;

	assert_int_equal(VECTOR(g, fld1, 0x37b, F80_ZE), VEC_MF);
	assert_int_equal(VECTOR(g, fwait, 0x37b, F80_ZE), VEC_MF);
	assert_int_equal(VECTOR(g, fnstsw_ax, 0x37b, F80_ZE), -1);
	assert_int_equal(g->state.gpr[GPR_RAX] & 0xffff,
			 X87_BUSY | X87_ES | F80_ZE);
	assert_int_equal(VECTOR(g, fnclex, 0x37b, F80_ZE), -1);
	assert_int_equal(VECTOR(g, fnsave, 0x37b, F80_ZE), -1);
	assert_int_equal(VECTOR(g, fld1, 0x37f, F80_ZE), -1);
	g->state.cr0 = cr0 & ~CR0_NE; /* the pin is not connected */
	assert_int_equal(VECTOR(g, fld1, 0x37b, F80_ZE), -1);
	g->state.cr0 = cr0;
}

/* fld1; fldz; fdivp: the quotient's exception comes at the fwait. */
static void test_an_exception_waits_for_the_next_instruction(void **state)
{
	static const uint8_t code[] = {0xd9, 0xe8, 0xd9, 0xee,
				       0xde, 0xf9, 0x90, 0x9b};
	struct guest *g = *state;
	uint64_t frame[2];

	assert_int_equal(VECTOR(g, code, 0x37b, 0), VEC_MF);
	guestmem_read(&g->mem, g->state.gpr[GPR_RSP], frame, sizeof(frame));
	assert_int_equal(frame[0], GUEST_CODE + 7);
	/* FIP and FOP name the division; the stack is as before it */
	memcpy(frame, g->state.fxsave + 8, 8);
	assert_int_equal(frame[0], GUEST_CODE + 4);
	assert_int_equal(g->state.fxsave[6] | g->state.fxsave[7] << 8, 0x6f9);
	assert_int_equal(g->state.fxsave[4], 0xc0);
}

static void test_the_operands_address_is_noted(void **state)
{
	struct guest *g = *state;
	uint64_t fdp;

	assert_int_equal(VECTOR(g, fld_m80, 0x37f, 0), -1);
	memcpy(&fdp, g->state.fxsave + 16, 8);
	assert_int_equal(fdp, GUEST_DATA);
}

/* The second byte group of an operand lies where nothing is mapped. */
static void test_a_page_fault_leaves_the_unit_alone(void **state)
{
	static const struct {
		const uint8_t *code;
		unsigned len, bytes;
	} rows[] = {
		{fld_m80, 2, 10},
		{fstp_m80, 2, 10},
		{fst_m64, 2, 8},
		{fnsave, 2, 108},
	};
	const uint64_t end = UINT64_C(1) << 30; /* of what is mapped */
	struct guest *g = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct x86_state before;

		x87_random_image(g->state.fxsave, false);
		g->state.fxsave[4] = 0xf0;
		run_code(g, (const uint8_t *)"\x90", 1, 0);
		before = g->state;
		run_code(g, rows[i].code, rows[i].len, end - rows[i].bytes + 1);
		assert_int_equal(vector_of(g), VEC_PF);
		assert_int_equal(g->state.cr2, end);
		assert_memory_equal(g->state.fxsave, before.fxsave, 160);
	}
}

/* 2^70 does not fit into a doubleword; IE unmasked: memory stays. */
static void test_what_does_not_fit_is_not_stored(void **state)
{
	static const uint8_t fistp[] = {0xdb, 0x1f};
	struct guest *g = *state;
	const uint64_t top = UINT64_C(1) << 63;
	uint16_t se = 0x3fff + 70, fcw = 0x37e;

	guest_put64(g, GUEST_DATA, 0x1122334455667788);
	memset(g->state.fxsave, 0, 160);
	memcpy(g->state.fxsave, &fcw, 2);
	g->state.fxsave[4] = 1;
	memcpy(g->state.fxsave + 32, &top, 8);
	memcpy(g->state.fxsave + 40, &se, 2);
	run_code(g, fistp, 2, GUEST_DATA);
	assert_int_equal(guest_get64(g, GUEST_DATA), 0x1122334455667788);
	assert_int_equal(g->state.fxsave[4], 1); /* not popped */
	g->state.fxsave[0] |= F80_IE;
	run_code(g, fistp, 2, GUEST_DATA);
	assert_int_equal(guest_get64(g, GUEST_DATA), 0x1122334480000000);
	assert_int_equal(g->state.fxsave[4], 0);
}

static void test_reserved_encodings_are_undefined(void **state)
{
	static const uint8_t code[][2] = {
		{0xd9, 0xd1}, {0xd9, 0x0f}, {0xdb, 0xff}, {0xdf, 0xe1}};

	for (size_t i = 0; i < sizeof(code) / sizeof(*code); i++)
		assert_int_equal(VECTOR(*state, code[i], 0x37f, 0), VEC_UD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_does_what_the_host_does),
		cmocka_unit_test(test_task_switched_and_emulation_raise_nm),
		cmocka_unit_test(
			test_a_pending_exception_is_raised_by_who_waits),
		cmocka_unit_test(
			test_an_exception_waits_for_the_next_instruction),
		cmocka_unit_test(test_the_operands_address_is_noted),
		cmocka_unit_test(test_a_page_fault_leaves_the_unit_alone),
		cmocka_unit_test(test_what_does_not_fit_is_not_stored),
		cmocka_unit_test(test_reserved_encodings_are_undefined),
	};

	return cmocka_run_group_tests(tests, guest_setup, guest_teardown);
}
