/*
 * 32-bit and PAE paging: where an address leads, large pages, A and D bits,
 * and the pointers that PAE loads with CR3. Who may do what is tried by
 * tests/guest, where other processors can be asked too.
 */
#include "tests/unit/unit.h"

#include "tests/unit/sim_guest.h"

#define ROOT  0x50000u
#define TABLE 0x51000u
#define PD0   0x52000u /* PAE: of the first GiB */
#define WHERE 0xc0402000u

static int setup(void **state)
{
	struct guest *g = guest_new(state, CPU_DEFAULT);
	struct x86_state *s;

	s = &g->state;
	s->efer = 0;
	s->cr0 = CR0_PE | CR0_PG | CR0_WP;
	s->cr3 = ROOT;
	s->cr4 = CR4_PSE;
	s->seg[SEG_CS].attr = 0xc09b;
	s->idt.limit = 0; /* a fault is the end */
	s->gpr[GPR_RBX] = WHERE;
	s->gpr[GPR_RAX] = 0x55;
	guest_put(g, GUEST_CODE, "\x03\x03\xf4", 3);	 /* add eax, [ebx] */
	guest_put(g, GUEST_CODE + 8, "\x88\x03\xf4", 3); /* mov [ebx], al */
	guest_put(g, GUEST_CODE + 16, "\x0f\x22\xd8\xf4", 4); /* mov cr3, eax */
	guest_put64(g, GUEST_DATA, 0x1122);
	return 0;
}

static void put32(struct guest *g, uint64_t gpa, uint32_t val)
{
	guest_put(g, gpa, &val, 4);
}

static uint32_t get32(struct guest *g, uint64_t gpa)
{
	return guest_get64(g, gpa);
}

static bool run_at(struct guest *g, uint64_t rip)
{
	g->state.rip = rip;
	g->state.halted = 0;
	return guest_run(g) == EXIT_HALT;
}

static void legacy_tables(struct guest *g)
{
	put32(g, ROOT, 0x87); /* 4 MiB from 0 on */
	put32(g, ROOT + 4 * (WHERE >> 22), TABLE | 7);
	put32(g, TABLE + 4 * (WHERE >> 12 & 1023), GUEST_DATA | 7);
}

static void test_two_levels(void **state)
{
	struct guest *g = *state;
	uint64_t gpa;

	legacy_tables(g);
	assert_true(run_at(g, GUEST_CODE));
	assert_int_equal(g->state.gpr[GPR_RAX], 0x55 + 0x1122);
	assert_int_equal(get32(g, ROOT + 4 * (WHERE >> 22)), TABLE | 0x27);
	assert_int_equal(get32(g, TABLE + 8), GUEST_DATA | 0x27);
	assert_true(run_at(g, GUEST_CODE + 8));
	assert_int_equal(get32(g, TABLE + 8), GUEST_DATA | 0x67);
	assert_true(g->cpu->ops->translate(g->cpu, WHERE + 5, &gpa));
	assert_int_equal(gpa, GUEST_DATA + 5);
	assert_false(g->cpu->ops->translate(g->cpu, WHERE + 0x1000, &gpa));
}

/* 4 MiB pages reach 40 bits far; bit 21 is reserved. */
static void test_large_pages_of_two_levels(void **state)
{
	struct guest *g = *state;
	uint64_t gpa;

	legacy_tables(g);
	put32(g, ROOT + 4 * (WHERE >> 22), 0x87);
	g->state.gpr[GPR_RBX] = (WHERE & ~0x3fffffu) + GUEST_DATA;
	assert_true(run_at(g, GUEST_CODE));
	put32(g, ROOT + 4 * (WHERE >> 22), 0xc000a087);
	assert_true(g->cpu->ops->translate(g->cpu, WHERE, &gpa));
	assert_int_equal(gpa, 0x5c0002000);
	put32(g, ROOT + 4 * (WHERE >> 22), 0x200087);
	assert_false(run_at(g, GUEST_CODE));
}

/* Without PSE bit 7 means nothing: it is a table. */
static void test_without_pse_there_are_no_large_pages(void **state)
{
	struct guest *g = *state;

	legacy_tables(g);
	put32(g, ROOT, 0x53087);
	for (unsigned i = 0; i < 256; i++)
		put32(g, 0x53000 + 4 * i, i << 12 | 7);
	g->state.cr4 = 0;
	assert_true(run_at(g, GUEST_CODE));
}

static void pae_tables(struct guest *g)
{
	g->state.cr4 = CR4_PAE;
	g->state.cr3 = ROOT + 0x20;
	guest_put64(g, ROOT + 0x20, PD0 | 1);
	guest_put64(g, ROOT + 0x28, 0);
	guest_put64(g, ROOT + 0x30, 0);
	guest_put64(g, ROOT + 0x38, TABLE | 1);
	guest_put64(g, PD0, 0x87);
	guest_put64(g, TABLE + 8 * (WHERE >> 21 & 511), 0x53007);
	guest_put64(g, 0x53000 + 8 * (WHERE >> 12 & 511), GUEST_DATA | 7);
}

static void test_pae(void **state)
{
	struct guest *g = *state;

	pae_tables(g);
	assert_true(run_at(g, GUEST_CODE));
	assert_int_equal(g->state.gpr[GPR_RAX], 0x55 + 0x1122);
	/* Bits 62:52 are not for software here. */
	guest_put64(g, 0x53010, GUEST_DATA | 7 | UINT64_C(1) << 52);
	assert_false(run_at(g, GUEST_CODE));
}

static void test_pae_pointers_change_with_cr3_only(void **state)
{
	struct guest *g = *state;

	pae_tables(g);
	assert_true(run_at(g, GUEST_CODE));
	guest_put64(g, ROOT + 0x38, 0);
	assert_true(run_at(g, GUEST_CODE));
	g->state.gpr[GPR_RAX] = g->state.cr3;
	assert_true(run_at(g, GUEST_CODE + 16));
	assert_int_equal(g->state.pdpte[3], 0);
	assert_false(run_at(g, GUEST_CODE));
}

static void test_pae_pointers_have_reserved_bits(void **state)
{
	static const uint64_t bad[] = {2,     4, 0x20, 0x100, UINT64_C(1) << 46,
				       PTE_NX};
	struct guest *g = *state;

	pae_tables(g);
	assert_true(run_at(g, GUEST_CODE));
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		guest_put64(g, ROOT + 0x28, bad[i]);
		g->state.gpr[GPR_RAX] = g->state.cr3;
		assert_true(run_at(g, GUEST_CODE + 16));
		guest_put64(g, ROOT + 0x28, bad[i] | PTE_P);
		g->state.gpr[GPR_RAX] = g->state.cr3;
		assert_false(run_at(g, GUEST_CODE + 16));
	}
}

#define TEST(name) GUEST_TEST(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_two_levels),
		TEST(test_large_pages_of_two_levels),
		TEST(test_without_pse_there_are_no_large_pages),
		TEST(test_pae),
		TEST(test_pae_pointers_change_with_cr3_only),
		TEST(test_pae_pointers_have_reserved_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
