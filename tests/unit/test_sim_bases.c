/*
 * Code segments with bases: one IP in two of them is two places.
 */
#include "tests/unit/unit.h"

#include "tests/unit/sim_guest.h"

static void real_mode(struct guest *g)
{
	struct x86_state *s = &g->state;

	s->cr0 = CR0_ET;
	s->efer = 0;
	s->cr4 = 0;
	for (unsigned i = 0; i <= SEG_GS; i++)
		s->seg[i] = (struct x86_segment){0, 0xffff, 0, 0x93};
	s->gpr[GPR_RSP] = 0xfff0;
	s->gpr[GPR_RDX] = 0;
}

/* 1000:0010 jumps to 2000:0010, which calls and is returned to. */
static void test_far_jumps_to_the_same_ip_in_real_mode(void **state)
{
	struct guest g;

	guest_init(&g);
	real_mode(&g);
	/* inc bx; jmp 2000:10 */
	guest_put(&g, 0x10010, "\x43\xea\x10\x00\x00\x20", 6);
	/* inc cx; call 3000:10; hlt */
	guest_put(&g, 0x20010, "\x41\x9a\x10\x00\x00\x30\xf4", 7);
	/* inc dx; retf */
	guest_put(&g, 0x30010, "\x42\xcb", 2);
	g.state.seg[SEG_CS].selector = 0x1000;
	g.state.seg[SEG_CS].base = 0x10000;
	g.state.rip = 0x10;
	assert_int_equal(guest_run(&g), EXIT_HALT);
	assert_int_equal(g.state.gpr[GPR_RBX], 1);
	assert_int_equal(g.state.gpr[GPR_RCX], 1);
	assert_int_equal(g.state.gpr[GPR_RDX], 1);
	assert_int_equal(g.state.seg[SEG_CS].base, 0x20000);
	guest_fini(&g);
}

/* The same in 32-bit code, by two descriptors. */
static void test_far_jumps_to_the_same_ip_in_protected_mode(void **state)
{
	static const uint64_t gdt[] = {0, 0x00409b010000ffff,
				       0x00409b020000ffff};
	struct x86_state *s;
	struct guest g;

	guest_init(&g);
	s = &g.state;
	real_mode(&g);
	s->cr0 |= CR0_PE;
	guest_put(&g, GUEST_GDT, gdt, sizeof(gdt));
	/* inc ebx; jmp 10:20; here: inc edx; hlt */
	guest_put(&g, 0x10020, "\x43\xea\x20\x00\x00\x00\x10\x00", 8);
	guest_put(&g, 0x20020, "\x41\xf4", 2); /* inc ecx; hlt */
	s->seg[SEG_CS] = (struct x86_segment){0x10000, 0xffff, 8, 0x409b};
	s->rip = 0x20;
	assert_int_equal(guest_run(&g), EXIT_HALT);
	assert_int_equal(s->gpr[GPR_RBX], 1);
	assert_int_equal(s->gpr[GPR_RCX], 1);
	assert_int_equal(s->seg[SEG_CS].base, 0x20000);
	guest_fini(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_far_jumps_to_the_same_ip_in_real_mode),
		cmocka_unit_test(
			test_far_jumps_to_the_same_ip_in_protected_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
