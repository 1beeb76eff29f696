/* The page walk for who looks finds what the CPU would, and nothing else. */
#include "tests/unit/unit.h"

#include <string.h>

#include "vmm/guestmem.h"
#include "vmm/vcpu.h"

#define MIB (UINT64_C(1) << 20)

struct fixture {
	struct guestmem mem;
	struct x86_state cpu;
};

static void put(struct fixture *f, uint64_t table, unsigned index,
		uint64_t entry, unsigned size)
{
	assert_true(
		guestmem_write(&f->mem, table + index * size, &entry, size));
}

static int setup(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	assert_int_equal(guestmem_init(&f.mem, MIB), 0);
	x86_state_reset(&f.cpu);
	f.cpu.cr0 |= CR0_PE | CR0_PG;
	f.cpu.cr3 = 0x1000;
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	guestmem_fini(&f->mem);
	return 0;
}

static void expect(struct fixture *f, uint64_t gva, uint64_t want)
{
	uint64_t gpa = 0;

	assert_true(x86_translate(&f->mem, &f->cpu, gva, &gpa));
	assert_int_equal(gpa, want);
}

static void refuse(struct fixture *f, uint64_t gva)
{
	uint64_t gpa;

	assert_false(x86_translate(&f->mem, &f->cpu, gva, &gpa));
}

static void test_unpaged_is_identity_in_32_bits(void **state)
{
	struct fixture *f = *state;

	f->cpu.cr0 &= ~CR0_PG;
	expect(f, UINT64_C(0x112345678), 0x12345678);
}

static void test_four_levels_and_all_page_sizes(void **state)
{
	struct fixture *f = *state;
	const uint64_t top = UINT64_C(0xffffff8000000000);

	f->cpu.efer = EFER_LME | EFER_LMA;
	f->cpu.cr4 = CR4_PAE;
	put(f, 0x1000, 511, 0x2000 | PTE_P, 8);
	put(f, 0x2000, 0, 0x3000 | PTE_P, 8);
	put(f, 0x2000, 1, UINT64_C(0x40001000) | PTE_PS | PTE_P, 8);
	put(f, 0x3000, 0, 0x4000 | PTE_P, 8);
	put(f, 0x3000, 1, 0x601000 | PTE_PS | PTE_P, 8);
	put(f, 0x4000, 7, 0x9000 | PTE_NX | PTE_P, 8);
	expect(f, top + 0x7abc, 0x9abc);
	refuse(f, top + 0x8000);
	expect(f, top + 0x200000 + 0x1fffff, 0x600000 + 0x1fffff);
	expect(f, top + 0x40000000 + 0x3fffffff, 0x40000000 + 0x3fffffff);
	refuse(f, top + 2 * UINT64_C(0x40000000));
	refuse(f, top & 0x0000ffffffffffff); /* not canonical */
	put(f, 0x3000, 0, UINT64_C(0x7f000) << 20 | PTE_P, 8);
	refuse(f, top + 0x7abc); /* a table outside RAM */
}

static void test_32_bit_tables_with_4_mib_pages(void **state)
{
	struct fixture *f = *state;

	put(f, 0x1000, 1, 0x2000 | PTE_P, 4);
	put(f, 0x2000, 3, 0x5000 | PTE_P, 4);
	put(f, 0x1000, 2, 0x00802000 | PTE_PS | PTE_P, 4);
	expect(f, 0x00403123, 0x5123);
	f->cpu.cr4 = CR4_PSE;
	expect(f, 0x00800001, UINT64_C(0x100800001)); /* PSE-36 */
}

static void test_pae_starts_with_four_entries(void **state)
{
	struct fixture *f = *state;

	f->cpu.cr4 = CR4_PAE;
	f->cpu.cr3 = 0x1020;
	put(f, 0x1020, 3, 0x2000 | PTE_P, 8);
	put(f, 0x2000, 511, 0x3000 | PTE_P, 8);
	put(f, 0x3000, 511, 0xa000 | PTE_P, 8);
	expect(f, 0xffffffff, 0xafff);
	refuse(f, 0x3fffffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_unpaged_is_identity_in_32_bits, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_four_levels_and_all_page_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_32_bit_tables_with_4_mib_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_pae_starts_with_four_entries, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
