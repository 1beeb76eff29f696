/* test_state.c: registers go in and out. */
#include "tests/kvm/fixture.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/host_features.h"

GUEST(halts);

static void test_state_goes_in_and_out(void **state)
{
	struct fixture *f = *state;
	struct x86_state in, out;

	long_state(f, &in);
	for (int i = 0; i < GPR_COUNT; i++)
		in.gpr[i] = UINT64_C(0x1111111111111111) * i;
	in.rflags = FLAG_FIXED | FLAG_CF | FLAG_OF | FLAG_IF;
	in.seg[SEG_FS].base = UINT64_C(0xffff800012345678);
	in.seg[SEG_GS].base = 0x1234;
	in.seg[SEG_LDTR] = (struct x86_segment){.attr = 0};
	in.seg[SEG_TR] = (struct x86_segment){0x6000, 0x67, 0x20, SEG_ATTR_TSS};
	in.cr2 = 0xdeadb000;
	in.cr8 = 3;
	f->tpr = 0x30;
	in.cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
	in.dr[0] = 0x1000;
	in.dr[3] = 0x4000;
	in.efer |= EFER_SCE | EFER_NXE;
	in.star = UINT64_C(0x0018000800000000);
	in.lstar = UINT64_C(0xffffffff80001000);
	in.cstar = 0x77;
	in.fmask = 0x47700;
	in.kernel_gs_base = UINT64_C(0xffff800000000000);
	in.sysenter_esp = 0x5555;
	in.pat = UINT64_C(0x0007010600070106);
	in.fxsave[0] = 0x7f;
	in.fxsave[1] = 0x03;
	for (int i = 0; i < 256; i++)
		in.fxsave[160 + i] = i;
	in.event = UINT64_C(0x80000000) | VECTOR;
	in.shadow = 1; /* kept; the rig's emulated CPU ignores it, though */
	assert_int_equal(f->cpu->ops->set_state(f->cpu, &in), 0);
	f->cpu->ops->get_state(f->cpu, &out);
	out.tsc_offset = in.tsc_offset; /* time passes */
	assert_memory_equal(in.gpr, out.gpr, sizeof(in.gpr));
	assert_memory_equal(in.seg, out.seg, sizeof(in.seg));
	assert_memory_equal(in.dr, out.dr, sizeof(in.dr));
	assert_memory_equal(in.fxsave, out.fxsave, sizeof(in.fxsave));
	assert_memory_equal(&in, &out, sizeof(in));
}

static void test_the_upper_halves_come_back(void **state)
{
	struct fixture *f = *state;
	struct x86_state in, out;

	if (!host_has(FEATURE_AVX))
		skip();
	long_state(f, &in);
	in.xcr0 = 7;
	in.cr4 |= CR4_OSFXSR | CR4_OSXSAVE;
	for (int i = 0; i < 256; i++)
		in.ymm_high[i] = ~i;
	assert_int_equal(f->cpu->ops->set_state(f->cpu, &in), 0);
	f->cpu->ops->get_state(f->cpu, &out);
	assert_int_equal(out.xcr0, 7);
	assert_memory_equal(in.ymm_high, out.ymm_high, sizeof(in.ymm_high));
	memset(in.ymm_high, 0, sizeof(in.ymm_high));
	assert_int_equal(f->cpu->ops->set_state(f->cpu, &in), 0);
	f->cpu->ops->get_state(f->cpu, &out);
	assert_memory_equal(in.ymm_high, out.ymm_high, sizeof(in.ymm_high));
}

static void test_a_saved_event_is_delivered(void **state)
{
	struct fixture *f = *state;
	struct x86_state s;

	LOAD(f, halts);
	flat_state(&s);
	s.rflags |= FLAG_IF;
	s.event = UINT64_C(0x80000000) | VECTOR;
	assert_int_equal(f->cpu->ops->set_state(f->cpu, &s), 0);
	run(f, EXIT_HALT);
	f->cpu->ops->get_state(f->cpu, &s);
	assert_int_equal(s.gpr[GPR_RBP], 1);
	assert_int_equal(s.event, 0);
}

static void test_an_impossible_state_is_refused(void **state)
{
	struct fixture *f = *state;
	struct x86_state s;

	long_state(f, &s);
	s.cr4 &= ~CR4_PAE;
	assert_int_equal(f->cpu->ops->set_state(f->cpu, &s), -EINVAL);
	long_state(f, &s);
	s.efer &= ~EFER_LMA;
	assert_int_equal(f->cpu->ops->set_state(f->cpu, &s), -EINVAL);
	long_state(f, &s);
	s.xcr0 = 0;
	assert_int_equal(f->cpu->ops->set_state(f->cpu, &s), -EINVAL);
}

static void test_addresses_translate_without_a_trace(void **state)
{
	struct fixture *f = *state;
	struct x86_state s;
	uint64_t gpa = 0, entry = 0;

	long_state(f, &s);
	assert_int_equal(f->cpu->ops->set_state(f->cpu, &s), 0);
	assert_true(f->cpu->ops->translate(f->cpu, 0x3fffffff, &gpa));
	assert_int_equal(gpa, 0x3fffffff);
	assert_false(f->cpu->ops->translate(f->cpu, 0x40000000, &gpa));
	assert_true(guestmem_read(&f->mem, 0x5000, &entry, 8));
	assert_int_equal(entry, PTE_PS | PTE_P | PTE_W);
}

static const struct CMUnitTest tests[] = {
	CASE(test_state_goes_in_and_out),
	CASE(test_the_upper_halves_come_back),
	CASE(test_a_saved_event_is_delivered),
	CASE(test_an_impossible_state_is_refused),
	CASE(test_addresses_translate_without_a_trace),
};

int state_group(void)
{
	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
