/*
 * When the simulated CPU looks after interrupts, kicks and deadlines that an
 * instruction of its own has brought about.
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/sim_guest.h"

#define VECTOR 0x40

static uint64_t frame_rip(struct guest *g)
{
	return guest_get64(g, g->state.gpr[GPR_RSP]);
}

/*
 * `code` brings an interrupt about at its first access; the handler at
 * VECTOR halts. Where it came: the offset of the next instruction.
 */
static uint64_t taken_at(const char *code, size_t len, uint64_t flags)
{
	struct guest g;
	uint64_t at;

	guest_init(&g);
	guest_put(&g, GUEST_CODE, code, len);
	g.state.rflags |= flags;
	g.state.gpr[GPR_RDI] = 0x30000000 >> 8;
	g.state.gpr[GPR_RDX] = 0x3f8;
	g.state.gpr[GPR_RSI] = GUEST_DATA;
	g.state.gpr[GPR_RCX] = 3;
	g.state.gpr[GPR_RBX] = FLAG_IF | FLAG_FIXED;
	g.vector_at_access = VECTOR;
	assert_int_equal(guest_run(&g), EXIT_HALT);
	assert_int_equal(g.state.rip, GUEST_VEC + 16 * VECTOR + 1);
	assert_int_equal(g.acknowledged, 1);
	at = frame_rip(&g) - GUEST_CODE;
	guest_fini(&g);
	return at;
}

static void test_interrupts_come_right_after_what_brought_them(void **state)
{
	static const struct {
		const char *code;
		size_t len;
		uint64_t flags, at;
	} rows[] = {
#define ROW(code, flags, at) {code, sizeof(code) - 1, flags, at}
		/* out dx, al; nop; hlt */
		ROW("\xee\x90\x90\xf4", FLAG_IF, 1),
		/* in al, dx; nop; hlt */
		ROW("\xec\x90\x90\xf4", FLAG_IF, 1),
		/* nop; shl rdi, 8; mov [rdi], eax; nop; hlt */
		ROW("\x90\x48\xc1\xe7\x08\x89\x07\x90\xf4", FLAG_IF, 7),
		/* shl rdi, 8; add eax, [rdi]; nop; hlt */
		ROW("\x48\xc1\xe7\x08\x03\x07\x90\xf4", FLAG_IF, 6),
		/* rep outsb: between two iterations */
		ROW("\xf3\x6e\x90\xf4", FLAG_IF, 0),
		/* out dx, al; nop; sti; nop; nop; hlt: after the shadow */
		ROW("\xee\x90\xfb\x90\x90\xf4", 0, 4),
		/* out dx, al; push rbx; popf; nop; hlt */
		ROW("\xee\x53\x9d\x90\xf4", 0, 3),
		/* out dx, al; jmp over a nop; sti; nop; hlt */
		ROW("\xee\xeb\x01\x90\xfb\x90\x90\xf4", 0, 6),
#undef ROW
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
			taken_at(rows[i].code, rows[i].len, rows[i].flags),
			rows[i].at);
}

/* What the device does may end the run: not one instruction later. */
static void test_a_kick_by_an_access_ends_the_run_behind_it(void **state)
{
	struct guest g;

	guest_init(&g);
	guest_put(&g, GUEST_CODE, "\xee\x90\x90\xf4", 4); /* out; nop; nop */
	g.kick_at_access = true;
	assert_int_equal(guest_run(&g), EXIT_KICK);
	assert_int_equal(g.state.rip, GUEST_CODE + 1);
	assert_int_equal(g.cpu->ops->elapsed_ns(g.cpu), 1);
	guest_fini(&g);
}

/* A deadline that comes nearer, at all distances from the access. */
static void test_a_deadline_set_by_an_access_is_exact(void **state)
{
	for (uint64_t later = 1; later < 80; later++) {
		uint8_t code[64];
		struct guest g;

		guest_init(&g);
		memset(code, 0x90, sizeof(code));
		code[20] = 0xee;
		code[62] = 0xeb; /* again */
		code[63] = 0xc0;
		guest_put(&g, GUEST_CODE, code, sizeof(code));
		g.deadline_at_access = 21 + later;
		assert_int_equal(guest_run(&g), EXIT_DEADLINE);
		assert_int_equal(g.cpu->ops->elapsed_ns(g.cpu), 21 + later);
		guest_fini(&g);
	}
}

/* rdtsc; mov rsi, rax; nop; rdtsc; hlt: also after idle time was skipped. */
static void test_the_tsc_counts_instructions_and_skipped_time(void **state)
{
	struct guest g;

	guest_init(&g);
	guest_put(&g, GUEST_CODE, "\x0f\x31\x48\x89\xc6\x90\x0f\x31\xf4", 9);
	assert_int_equal(guest_run(&g), EXIT_HALT);
	assert_int_equal(g.state.gpr[GPR_RSI], 0);
	assert_int_equal(g.state.gpr[GPR_RAX], 3);
	g.skipped = 1000000;
	g.deadline += g.skipped;
	g.state.halted = 0;
	g.state.rip = GUEST_CODE;
	assert_int_equal(guest_run(&g), EXIT_HALT);
	assert_int_equal(g.state.gpr[GPR_RSI], 1000000 + 5);
	assert_int_equal(g.state.gpr[GPR_RAX], 1000000 + 8);
	guest_fini(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_interrupts_come_right_after_what_brought_them),
		cmocka_unit_test(
			test_a_kick_by_an_access_ends_the_run_behind_it),
		cmocka_unit_test(test_a_deadline_set_by_an_access_is_exact),
		cmocka_unit_test(
			test_the_tsc_counts_instructions_and_skipped_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
