/* Stacks, whole ones and those a guest has spoiled. */
#include "tests/unit/unit.h"

#include <string.h>

#include "shell/backtrace.h"
#include "tests/unit/fake_cpu.h"

#define MEM   0x100000
#define STACK 0x8000

static struct symbol functions[] = {{0x1000, 0x100, (char *)"one"},
				    {0x1100, 0x100, (char *)"two"}};
static const struct symbols symbols = {functions, 2};

struct fixture {
	struct machine *m;
	struct fake_cpu *cpu;
	struct backtrace b;
};

static int begin(void **state)
{
	static struct fixture f;

	f.m = machine_create(MEM);
	f.cpu = fake_cpu_add(f.m, NULL, 0, NULL, true);
	f.cpu->state.efer = EFER_LMA;
	f.cpu->state.seg[SEG_CS].attr = SEG_ATTR_L;
	f.cpu->state.gpr[GPR_RSP] = STACK;
	f.cpu->state.gpr[GPR_RBP] = STACK;
	*state = &f;
	return 0;
}

static int end(void **state)
{
	struct fixture *f = *state;

	machine_destroy(f->m);
	return 0;
}

static void put(struct fixture *f, uint64_t gpa, uint64_t word)
{
	assert_true(guestmem_write(&f->m->mem, gpa, &word, sizeof(word)));
}

static void frame(struct fixture *f, uint64_t at, uint64_t next, uint64_t ip)
{
	put(f, at, next);
	put(f, at + 8, ip);
}

static unsigned walk(struct fixture *f)
{
	backtrace_walk(f->m, 0, &symbols, NULL, &f->b);
	return f->b.count;
}

static void test_frames(void **state)
{
	struct fixture *f = *state;

	frame(f, STACK, STACK + 0x40, 0x1010);
	frame(f, STACK + 0x40, STACK + 0x80, 0x1200); /* two's last call */
	frame(f, STACK + 0x80, 0, 0);
	assert_int_equal(walk(f), 2);
	assert_int_equal(f->b.ip[0], 0x1010);
	assert_int_equal(f->b.ip[1], 0x1200);
	assert_false(f->b.guessed);
}

static void test_chains_that_lead_astray(void **state)
{
	static const uint64_t nexts[] = {
		STACK,		STACK - 8,	    0, STACK + 4, MEM - 8, MEM,
		UINT64_MAX - 7, UINT64_MAX & ~15ULL};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(nexts) / sizeof(nexts[0]); i++) {
		frame(f, STACK, nexts[i], 0x1010);
		assert_int_equal(walk(f), 1);
	}
	for (unsigned i = 0; i < 100; i++)
		frame(f, STACK + 16 * i, STACK + 16 * (i + 1), 0x1010);
	assert_int_equal(walk(f), BACKTRACE_MAX);
}

static void test_a_scan_where_there_is_no_chain(void **state)
{
	struct fixture *f = *state;

	f->cpu->state.gpr[GPR_RBP] = 3;
	f->cpu->state.gpr[GPR_RSP] = STACK + 3;
	memset(guestmem_ptr(&f->m->mem, STACK, 4096), 0, 4096);
	put(f, STACK + 0x20, 0x1000); /* nothing of ours calls from there */
	put(f, STACK + 0x28, 0x1101);
	assert_int_equal(walk(f), 1);
	assert_int_equal(f->b.ip[0], 0x1101);
	assert_true(f->b.guessed);
	f->cpu->state.gpr[GPR_RSP] = UINT64_MAX;
	assert_int_equal(walk(f), 0);
	f->cpu->state.efer = 0;
	assert_int_equal(walk(f), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_frames, begin, end),
		cmocka_unit_test_setup_teardown(test_chains_that_lead_astray,
						begin, end),
		cmocka_unit_test_setup_teardown(
			test_a_scan_where_there_is_no_chain, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
