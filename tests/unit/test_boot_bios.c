/*
 * What is left of a BIOS, asked by real-mode code on a simulated CPU: that
 * services come back, say that they are not there, and keep the rest.
 */
#include "tests/unit/unit.h"

#include "tests/unit/sim_guest.h"
#include "vmm/boot_parts.h"

static const struct image nothing;

static void begin(struct guest *g, const struct image *image)
{
	struct x86_state *s;

	guest_init(g);
	s = &g->state;
	s->cr0 = CR0_ET;
	s->efer = 0;
	s->cr4 = 0;
	for (unsigned i = 0; i <= SEG_GS; i++)
		s->seg[i] = (struct x86_segment){0, 0xffff, 0, 0x93};
	s->idt = (struct x86_table){.limit = 0x3ff};
	s->rip = 0x8000;
	for (unsigned i = 0; i < 16; i++)
		s->gpr[i] = 0x1110 + i;
	s->gpr[GPR_RSP] = 0xfff0;
	s->rflags = FLAG_FIXED;
	boot_put_bios(image, &g->mem);
}

/* int VECTOR; pushf; pop si; hlt */
static void ask(struct guest *g, unsigned vector, uint16_t ax)
{
	const uint8_t code[] = {0xcd, vector, 0x9c, 0x5e, 0xf4};

	begin(g, &nothing);
	guest_put(g, 0x8000, code, sizeof(code));
	g->state.gpr[GPR_RAX] = ax;
	assert_int_equal(guest_run(g), EXIT_HALT);
	assert_int_equal(g->state.rip, 0x8005);
	assert_int_equal(g->state.gpr[GPR_RSP], 0xfff0);
	assert_int_equal(g->state.gpr[GPR_RBP], 0x1110 + GPR_RBP);
	assert_int_equal(g->state.seg[SEG_DS].selector, 0);
}

static void test_every_vector_comes_back(void **state)
{
	struct guest g;

	for (unsigned vector = 0; vector < 256; vector++) {
		ask(&g, vector, 0xffff);
		guest_fini(&g);
	}
}

static void test_services_say_that_they_are_not_there(void **state)
{
	static const struct {
		uint8_t vector;
		uint16_t ax, answer;
		bool refused;
	} rows[] = {
		{0x13, 0x4100, 0x8600, true},  /* disks */
		{0x15, 0xe820, 0x8620, true},  /* the memory map */
		{0x15, 0x2401, 0x8601, true},  /* A20 */
		{0x16, 0x0100, 0x8600, true},  /* keys: none (ZF) */
		{0x1a, 0xb101, 0x8601, true},  /* PCI */
		{0x10, 0x4f00, 0x4f00, false}, /* VBE: 004fh would be yes */
		{0x10, 0x0f00, 0x5003, false}, /* mode 3, 80 columns */
		{0x10, 0x1a00, 0x001a, false}, /* which adapter */
		{0x11, 0xffff, 0x0022, false}, /* equipment */
		{0x12, 0xffff, 639, false},    /* KiB */
		{0x1b, 0x1234, 0x1234, false}, /* Ctrl-Break */
		{0x21, 0x1234, 0x1234, false}, /* no DOS */
	};
	struct guest g;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ask(&g, rows[i].vector, rows[i].ax);
		assert_int_equal(g.state.gpr[GPR_RAX], rows[i].answer);
		assert_int_equal(g.state.gpr[GPR_RSI] & 0x41,
				 rows[i].refused ? 0x41 : 0);
		guest_fini(&g);
	}
}

static void test_video_tells_of_a_vga(void **state)
{
	struct guest g;

	ask(&g, 0x10, 0x1a00);
	assert_int_equal(g.state.gpr[GPR_RBX], 8);
	guest_fini(&g);
	ask(&g, 0x10, 0x1200);
	assert_int_equal(g.state.gpr[GPR_RBX], 3);
	guest_fini(&g);
	ask(&g, 0x10, 0x0300);
	assert_int_equal(g.state.gpr[GPR_RCX], 0x0d0e);
	assert_int_equal(g.state.gpr[GPR_RDX], 0);
	guest_fini(&g);
}

static void test_ticks_are_counted(void **state)
{
	struct guest g;

	ask(&g, 8, 0x1234);
	assert_int_equal(guest_get64(&g, 0x46c) & 0xffffffff, 1);
	assert_int_equal(g.state.gpr[GPR_RAX], 0x1234);
	guest_fini(&g);
}

/* What the kernel brings along for these places is not written over. */
static void test_a_kernel_there_keeps_its_bytes(void **state)
{
	static const struct {
		uint64_t pa, len;
		bool vectors, data;
	} rows[] = {
		{0x3ff, 1, false, true},  {0x400, 1, true, false},
		{0x3ff, 2, false, false}, {0x4ff, 1, true, false},
		{0x500, 1, true, true},	  {0, 1, false, true},
	};
	struct guest g;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct image image = {
			.seg = {{.paddr = rows[i].pa, .memsz = rows[i].len}},
			.seg_count = 1};

		begin(&g, &image);
		assert_int_equal(guest_get64(&g, 0) != 0, rows[i].vectors);
		assert_int_equal(guest_get64(&g, 0x410) != 0, rows[i].data);
		guest_fini(&g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_vector_comes_back),
		cmocka_unit_test(test_services_say_that_they_are_not_there),
		cmocka_unit_test(test_video_tells_of_a_vga),
		cmocka_unit_test(test_ticks_are_counted),
		cmocka_unit_test(test_a_kernel_there_keeps_its_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
