/* A state that instructions cannot bring about is refused, and nothing done. */
#include "tests/unit/unit.h"

#include "tests/unit/sim_guest.h"

static void test_what_no_instruction_makes_is_refused(void **state)
{
	static const struct {
		size_t at;
		uint64_t val; /* set in the 8 bytes there */
	} rows[] = {
#define ROW(field, val) {offsetof(struct x86_state, field), val}
		ROW(rip, UINT64_C(1) << 47),
		ROW(rflags, 1 << 3),
		ROW(rflags, 1 << 22),
		ROW(rflags, FLAG_VM), /* in long mode */
		ROW(cr0, UINT64_C(1) << 32),
		ROW(cr0, 1 << 28),
		ROW(cr3, UINT64_C(1) << 46),
		ROW(cr4, UINT64_C(1) << 13), /* VMXE */
		ROW(cr4, UINT64_C(1) << 63),
		ROW(cr8, 16),
		ROW(xcr0, UINT64_C(1) << 62),
		ROW(dr[6], UINT64_C(1) << 32),
		ROW(dr[7], UINT64_C(1) << 32),
		ROW(efer, 1 << 12), /* SVME */
		ROW(lstar, UINT64_C(1) << 47),
		ROW(fmask, UINT64_C(1) << 32),
		ROW(kernel_gs_base, UINT64_C(1) << 63),
		ROW(sysenter_eip, UINT64_C(1) << 47),
		ROW(pat, 8),
		ROW(tsc_aux, UINT64_C(1) << 32),
		ROW(mtrr_def_type, 2),
		ROW(mtrr_def_type, 1 << 8),
		ROW(mtrr_variable[0], 7),
		ROW(mtrr_variable[14], UINT64_C(1) << 46),
		ROW(mtrr_variable[15], 1 << 10),
		ROW(mtrr_fixed[0], 2),
		ROW(mtrr_fixed[10], UINT64_C(0xff) << 56),
		ROW(apic_base, UINT64_C(1) << 50),
		ROW(misc_enable, 2),
		ROW(halted, 3),
		ROW(in_nmi, 2),
		ROW(shadow, 3),
		ROW(event, 1),
		ROW(gdt.base, UINT64_C(1) << 47),
		ROW(idt.limit, 0x10000),
		ROW(seg[SEG_DS].base, UINT64_C(1) << 32),
		ROW(seg[SEG_TR].base, UINT64_C(1) << 47),
		ROW(seg[SEG_FS].base, UINT64_C(1) << 47),
		ROW(pdpte[3], 3),
		ROW(fxsave[24], 0x10000), /* MXCSR */
#undef ROW
	};
	struct x86_state start, after;
	struct guest g;

	guest_init(&g);
	assert_int_equal(g.cpu->ops->set_state(g.cpu, &g.state), 0);
	g.cpu->ops->get_state(g.cpu, &start);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct x86_state bad = start;
		uint64_t was;

		memcpy(&was, (char *)&bad + rows[i].at, sizeof(was));
		was |= rows[i].val;
		memcpy((char *)&bad + rows[i].at, &was, sizeof(was));
		if (g.cpu->ops->set_state(g.cpu, &bad) == 0)
			fail_msg("row %u is taken", i);
		g.cpu->ops->get_state(g.cpu, &after);
		assert_memory_equal(&start, &after, sizeof(after));
	}
	guest_fini(&g);
}

static void test_modes_fit_together(void **state)
{
	struct x86_state s;
	struct guest g;

	guest_init(&g);
	x86_state_reset(&s);
	assert_int_equal(g.cpu->ops->set_state(g.cpu, &s), 0);
	s.cr0 |= CR0_PG; /* without PE */
	assert_true(g.cpu->ops->set_state(g.cpu, &s) < 0);
	s.cr0 |= CR0_PE;
	assert_int_equal(g.cpu->ops->set_state(g.cpu, &s), 0);
	s.efer |= EFER_LME; /* with PG, but not LMA and PAE */
	assert_true(g.cpu->ops->set_state(g.cpu, &s) < 0);
	s.efer |= EFER_LMA;
	assert_true(g.cpu->ops->set_state(g.cpu, &s) < 0);
	s.cr4 |= CR4_PAE;
	assert_int_equal(g.cpu->ops->set_state(g.cpu, &s), 0);
	s.efer = s.cr4 = 0;
	s.rip = UINT64_C(1) << 32; /* 32-bit code */
	assert_true(g.cpu->ops->set_state(g.cpu, &s) < 0);
	guest_fini(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_no_instruction_makes_is_refused),
		cmocka_unit_test(test_modes_fit_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
