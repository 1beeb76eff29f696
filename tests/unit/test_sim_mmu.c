/*
 * Paging: every combination of rights, mode and access against the rules of
 * the manual (SDM 3 4.6) written down once more here; error codes, A and D
 * bits, reserved bits, large pages, the TLB's coherence.
 */
#include "tests/unit/unit.h"

#include "tests/unit/sim_guest.h"

#define PAGE  0x80000u /* what is tried */
#define FRAME 0x90000u
#define PT_AT (GUEST_PT + 8 * (PAGE >> 12))

enum access { READ, WRITE, EXEC };

static int setup(void **state)
{
	struct guest *g = guest_new(state, CPU_DEFAULT);

	for (uint64_t i = 0; i < 512; i++)
		guest_put64(g, GUEST_PT + 8 * i, i << 12 | 7);
	guest_put64(g, GUEST_PD, GUEST_PT | 7);
	/* Handlers and kernel code stay usable under SMEP and SMAP. */
	for (uint64_t page = 0; page < 0x40; page++)
		guest_put64(g, GUEST_PT + 8 * page, page << 12 | 3);
	guest_put64(g, GUEST_PT + 8 * 0x10, GUEST_CODE | 7);
	guest_put64(g, GUEST_PT + 8 * 0x11, 0x11003);
	guest_put(g, 0x11000, "\x8b\x03\xf4", 3); /* mov eax,[rbx] */
	guest_put(g, 0x11010, "\x89\x03\xf4", 3); /* mov [rbx],eax */
	guest_put(g, 0x11020, "\xff\xe3", 2);	  /* jmp rbx */
	guest_put(g, GUEST_CODE, "\x8b\x03\x0f\x0b", 4);
	guest_put(g, GUEST_CODE + 16, "\x89\x03\x0f\x0b", 4);
	guest_put(g, GUEST_CODE + 32, "\xff\xe3", 2);
	g->state.gpr[GPR_RBX] = PAGE;
	return 0;
}

/* Try the access from ring 0 or 3: 0, or the error code | 0x100. */
static unsigned attempt(struct guest *g, enum access access, bool user)
{
	struct x86_state *s = &g->state;

	s->halted = 0;
	s->cr2 = 0;
	s->gpr[GPR_RAX] = 0x11223344;
	s->rip = (user ? GUEST_CODE : 0x11000) + 16 * access;
	s->seg[SEG_CS] = (struct x86_segment){0, 0xffffffff, SEL_CODE, 0xa09b};
	s->seg[SEG_SS] = (struct x86_segment){0, 0xffffffff, SEL_DATA, 0xc093};
	if (user)
		guest_user(g);
	s->gpr[GPR_RSP] = user ? GUEST_USTACK : GUEST_STACK;
	guest_put(g, FRAME, "\x0f\x0b\xf4", 3); /* ud2: was executed */
	g->deadline = UINT64_MAX;
	assert_int_equal(guest_run(g), EXIT_HALT);
	if (s->rip == GUEST_VEC + 16 * VEC_PF + 1) {
		assert_int_equal(s->cr2, PAGE);
		return guest_get64(g, s->gpr[GPR_RSP]) | 0x100;
	}
	if (access == EXEC || user)
		assert_int_equal(s->rip, GUEST_VEC + 16 * VEC_UD + 1);
	return 0;
}

/* SDM 3 4.6.1, as a formula. */
static bool may(bool p, bool w, bool u, bool nx, bool user, enum access access,
		bool wp, bool smep, bool smap, bool ac)
{
	if (!p)
		return false;
	if (user && !u)
		return false;
	if (access == EXEC)
		return !nx && (user || !u || !smep);
	if (!user && u && smap && !ac)
		return false;
	if (access == READ)
		return true;
	return w || (!user && !wp);
}

static unsigned expected_error(bool p, bool user, enum access access)
{
	return 0x100 | (p ? PF_P : 0) | (user ? PF_U : 0) |
	       (access == WRITE ? PF_W : 0) | (access == EXEC ? PF_I : 0);
}

static void test_all_combinations_of_rights(void **state)
{
	struct guest *g = *state;

	for (unsigned n = 0; n < 3 << 9; n++) {
		bool p = n & 1, w = n & 2, u = n & 4, nx = n & 8;
		bool user = n & 16, wp = n & 32, smep = n & 64;
		bool smap = n & 128, ac = n & 256;
		enum access access = n >> 9;
		unsigned want = 0, got;

		guest_put64(g, PT_AT,
			    FRAME | p * PTE_P | w * PTE_W | u * PTE_U |
				    nx * PTE_NX);
		g->state.cr0 = (g->state.cr0 & ~CR0_WP) | wp * CR0_WP;
		g->state.cr4 = (g->state.cr4 & ~(CR4_SMEP | CR4_SMAP)) |
			       smep * CR4_SMEP | smap * CR4_SMAP;
		g->state.rflags = FLAG_FIXED | ac * FLAG_AC;
		if (!may(p, w, u, nx, user, access, wp, smep, smap, ac))
			want = expected_error(p, user, access);
		got = attempt(g, access, user);
		if (got != want)
			print_error("combination %#x\n", n);
		assert_int_equal(got, want);
	}
}

/* The rights of upper levels count as well: the weakest wins. */
static void test_each_level_can_forbid(void **state)
{
	static const uint64_t entries[] = {GUEST_PML4, GUEST_PDPT, GUEST_PD,
					   PT_AT};
	struct guest *g = *state;

	guest_put64(g, PT_AT, FRAME | 7);
	for (unsigned i = 0; i < 4; i++) {
		uint64_t entry = guest_get64(g, entries[i]);

		/* Code and stacks are under the upper levels, too. */
		if (i == 3) {
			guest_put64(g, entries[i], entry & ~PTE_U);
			assert_int_equal(attempt(g, READ, true),
					 0x100 | PF_P | PF_U);
			guest_put64(g, entries[i], entry | PTE_NX);
			assert_int_equal(attempt(g, EXEC, false),
					 0x100 | PF_P | PF_I);
		}
		guest_put64(g, entries[i], entry & ~PTE_W);
		g->state.cr0 |= CR0_WP;
		if (i == 3)
			assert_int_equal(attempt(g, WRITE, false),
					 0x100 | PF_P | PF_W);
		guest_put64(g, entries[i], entry);
		assert_int_equal(attempt(g, WRITE, false), 0);
	}
}

static void test_a_and_d_bits(void **state)
{
	static const uint64_t upper[] = {GUEST_PML4, GUEST_PDPT, GUEST_PD};
	struct guest *g = *state;

	guest_put64(g, PT_AT, FRAME | 7);
	assert_int_equal(attempt(g, READ, false), 0);
	assert_int_equal(guest_get64(g, PT_AT), FRAME | 7 | PTE_A);
	for (unsigned i = 0; i < 3; i++)
		assert_true(guest_get64(g, upper[i]) & PTE_A);
	assert_int_equal(attempt(g, WRITE, false), 0);
	assert_int_equal(guest_get64(g, PT_AT), FRAME | 7 | PTE_A | PTE_D);

	/* A refused access leaves them alone. */
	guest_put64(g, PT_AT, FRAME | PTE_P | PTE_U);
	g->state.cr0 |= CR0_WP;
	attempt(g, WRITE, true);
	assert_int_equal(guest_get64(g, PT_AT), FRAME | PTE_P | PTE_U);
}

/* A write after a read of the same page, in one run: the TLB holds it. */
static void test_d_is_set_by_the_first_write_after_a_read(void **state)
{
	struct guest *g = *state;

	guest_put64(g, PT_AT, FRAME | 7);
	/* mov eax,[rbx]; mov [rbx],eax; hlt */
	guest_put(g, 0x11100, "\x8b\x03\x89\x03\xf4", 5);
	g->state.rip = 0x11100;
	assert_int_equal(guest_run(g), EXIT_HALT);
	assert_int_equal(guest_get64(g, PT_AT), FRAME | 7 | PTE_A | PTE_D);
}

static void test_reserved_bits(void **state)
{
	struct guest *g = *state;
	unsigned rsvd = 0x100 | PF_P | PF_RSVD;

	guest_put64(g, PT_AT, FRAME | 7 | UINT64_C(1) << 46);
	assert_int_equal(attempt(g, READ, false), rsvd);
	guest_put64(g, PT_AT, FRAME | 7 | UINT64_C(1) << 51);
	assert_int_equal(attempt(g, WRITE, true), rsvd | PF_U | PF_W);
	/* Bits 52 to 62 are the program's. */
	guest_put64(g, PT_AT, FRAME | 7 | UINT64_C(0x7ff) << 52);
	assert_int_equal(attempt(g, READ, false), 0);
	/* NX is one without NXE. */
	guest_put64(g, PT_AT, FRAME | 7 | PTE_NX);
	g->state.efer &= ~EFER_NXE;
	assert_int_equal(attempt(g, READ, false), rsvd);
	/* Fetches then do not say so, unless SMEP is on. */
	guest_put64(g, PT_AT, 0);
	assert_int_equal(attempt(g, EXEC, false), 0x100);
	g->state.cr4 |= CR4_SMEP;
	guest_put64(g, GUEST_PT + 8 * 0x10, GUEST_CODE | 7);
	assert_int_equal(attempt(g, EXEC, true), 0x100 | PF_I | PF_U);
}

/* Linear 2 to 4 MiB of a large page onto RAM, and its reserved bits. */
static void test_large_pages(void **state)
{
	struct guest *g = *state;
	struct x86_state *s = &g->state;

	guest_put64(g, GUEST_PD + 8, 0x00000087);
	guest_put64(g, FRAME + 0x18, 0x1234);
	s->rip = 0x11000;
	s->gpr[GPR_RBX] = 0x200000 + FRAME + 0x18;
	assert_int_equal(guest_run(g), EXIT_HALT);
	assert_int_equal(s->gpr[GPR_RAX], 0x1234);
	assert_int_equal(guest_get64(g, GUEST_PD + 8), 0x87 | PTE_A);

	guest_put64(g, GUEST_PD + 8, 0x87 | 1 << 13);
	s->rip = 0x11000;
	s->halted = 0;
	guest_run(g);
	assert_int_equal(s->rip, GUEST_VEC + 16 * VEC_PF + 1);
	assert_int_equal(guest_get64(g, s->gpr[GPR_RSP]), PF_P | PF_RSVD);

	/* 1 GiB: linear 1 GiB on is physical 0 on. */
	guest_put64(g, GUEST_PDPT + 8, 0x87);
	s->rip = 0x11000;
	s->halted = 0;
	s->gpr[GPR_RSP] = GUEST_STACK;
	s->gpr[GPR_RBX] = 0x40000000 + FRAME + 0x18;
	assert_int_equal(guest_run(g), EXIT_HALT);
	assert_int_equal(s->gpr[GPR_RAX], 0x1234);
}

static void test_an_access_across_pages_needs_both(void **state)
{
	struct guest *g = *state;
	struct x86_state *s = &g->state;

	guest_put64(g, PT_AT, FRAME | 7);
	guest_put64(g, PT_AT + 8, 0);
	guest_put64(g, FRAME + 0xff8, 0x1111111111111111);
	s->gpr[GPR_RBX] = PAGE + 0xffe;
	s->gpr[GPR_RAX] = 0x22222222;
	s->rip = 0x11010;
	guest_run(g);
	assert_int_equal(s->rip, GUEST_VEC + 16 * VEC_PF + 1);
	assert_int_equal(s->cr2, PAGE + 0x1000);
	assert_int_equal(guest_get64(g, FRAME + 0xff8), 0x1111111111111111);

	/* Two pages that are apart in RAM. */
	guest_put64(g, PT_AT + 8, 0xa0000 | 7);
	s->rip = 0x11010;
	s->halted = 0;
	s->gpr[GPR_RSP] = GUEST_STACK;
	assert_int_equal(guest_run(g), EXIT_HALT);
	assert_int_equal(guest_get64(g, FRAME + 0xff8), 0x2222111111111111);
	assert_int_equal(guest_get64(g, 0xa0000), 0x2222);
}

/* What a user may touch in the TLB is no leave for the kernel, nor back. */
static void test_rights_in_the_tlb_are_per_mode(void **state)
{
	struct guest *g = *state;
	struct x86_state *s = &g->state;

	/* Ring 0 reads a kernel page, goes to ring 3, which reads it too. */
	static const uint64_t to_user[] = {GUEST_CODE, SEL_UCODE, FLAG_FIXED,
					   GUEST_USTACK, SEL_UDATA};

	guest_put64(g, PT_AT, FRAME | 3);
	guest_put(g, 0x11200, "\x8b\x03\x48\xcf", 4);
	guest_put(g, GUEST_STACK - 40, to_user, 40);
	s->rip = 0x11200;
	s->gpr[GPR_RSP] = GUEST_STACK - 40;
	guest_run(g);
	assert_int_equal(s->rip, GUEST_VEC + 16 * VEC_PF + 1);
	assert_int_equal(guest_get64(g, s->gpr[GPR_RSP]), PF_P | PF_U);
}

static void test_stac_opens_and_clac_closes(void **state)
{
	struct guest *g = *state;
	struct x86_state *s = &g->state;

	/* stac; mov eax,[rbx]; clac; mov ecx,[rbx] */
	guest_put64(g, PT_AT, FRAME | 7);
	guest_put64(g, FRAME, 77);
	guest_put(g, 0x11300, "\x0f\x01\xcb\x8b\x03\x0f\x01\xca\x8b\x0b", 10);
	s->cr4 |= CR4_SMAP;
	s->rip = 0x11300;
	s->gpr[GPR_RAX] = 0;
	guest_run(g);
	assert_int_equal(s->rip, GUEST_VEC + 16 * VEC_PF + 1);
	assert_int_equal(guest_get64(g, s->gpr[GPR_RSP]), PF_P);
	assert_int_equal(guest_get64(g, s->gpr[GPR_RSP] + 8), 0x11308);
	assert_int_equal(s->gpr[GPR_RAX], 77);
}

/* One INVLPG, anywhere in a large page, forgets all that was touched of it. */
static void test_invlpg_forgets_all_of_a_large_page(void **state)
{
	static const char code[] = "\x8b\x03"	      /* mov eax, [rbx] */
				   "\x41\x8b\x00"     /* mov eax, [r8] */
				   "\x48\x89\x11"     /* mov [rcx], rdx */
				   "\x41\x0f\x01\x39" /* invlpg [r9] */
				   "\x41\x8b\x02";    /* mov eax, [r10] */
	static const uint64_t at[] = {0x200000, 0x200000 + FRAME, 0x2a0000,
				      0x3ff000};
	struct guest *g = *state;
	struct x86_state *s = &g->state;
	struct x86_state start = *s;

	guest_put(g, 0x11400, code, sizeof(code) - 1);
	for (unsigned i = 0; i < 4; i++)
		for (unsigned again = 1; again < 3; again++) {
			*s = start;
			guest_put64(g, GUEST_PD + 8, 0x87);
			s->rip = 0x11400;
			s->gpr[GPR_RBX] = at[1];
			s->gpr[GPR_R8] = at[2];
			s->gpr[GPR_RCX] = GUEST_PD + 8;
			s->gpr[GPR_RDX] = 0;
			s->gpr[GPR_R9] = at[i];
			s->gpr[GPR_R10] = at[again];
			assert_int_equal(guest_run(g), EXIT_HALT);
			assert_int_equal(s->rip, GUEST_VEC + 16 * VEC_PF + 1);
			assert_int_equal(s->cr2, at[again]);
		}
}

/* The same while the other half of the address space has large pages, too. */
static void test_invlpg_forgets_large_pages_of_both_halves(void **state)
{
	static const char code[] = "\x48\x8b\x03"     /* mov rax, [rbx] */
				   "\x49\x8b\x00"     /* mov rax, [r8] */
				   "\x48\x89\x11"     /* mov [rcx], rdx */
				   "\x41\x0f\x01\x39" /* invlpg [r9] */
				   "\x49\x8b\x02";    /* mov rax, [r10] */
	static const uint64_t high = UINT64_C(0xffffff8000000000);
	struct guest *g = *state;
	struct x86_state *s = &g->state;
	struct x86_state start = *s;

	guest_put(g, 0x11400, code, sizeof(code) - 1);
	/* The last entry of the top table is the first's table, too. */
	guest_put64(g, GUEST_PML4 + 511 * 8, guest_get64(g, GUEST_PML4));
	for (unsigned i = 0; i < 2; i++) {
		uint64_t low_at = 0x200000, high_at = high + 0x200000;

		*s = start;
		guest_put64(g, GUEST_PD + 8, 0x87);
		s->rip = 0x11400;
		s->gpr[GPR_RBX] = i ? high_at : low_at;
		s->gpr[GPR_R8] = i ? low_at + FRAME : high_at + FRAME;
		s->gpr[GPR_RCX] = GUEST_PD + 8;
		s->gpr[GPR_RDX] = 0;
		s->gpr[GPR_R9] = (i ? high_at : low_at) + 0x100000;
		s->gpr[GPR_R10] = i ? high_at : low_at;
		assert_int_equal(guest_run(g), EXIT_HALT);
		assert_int_equal(s->rip, GUEST_VEC + 16 * VEC_PF + 1);
		assert_int_equal(s->cr2, i ? high_at : low_at);
	}
}

/* A write of CR3 forgets what is not global, one of CR4.PGE the rest. */
static void test_flushes_forget_what_they_must(void **state)
{
	static const char code[] = "\x8b\x03"	  /* mov eax, [rbx] */
				   "\x41\x8b\x00" /* mov eax, [r8] */
				   "\x48\x89\x11" /* mov [rcx], rdx */
				   "\x48\x89\x51\x08"
				   "\x0f\x20\xd8" /* mov rax, cr3 */
				   "\x0f\x22\xd8"
				   "\x0f\x20\xe0" /* mov rax, cr4 */
				   "\x0f\x22\xe7" /* mov cr4, rdi */
				   "\x0f\x22\xe0"
				   "\x41\x8b\x02"; /* mov eax, [r10] */
	struct guest *g = *state;
	struct x86_state *s = &g->state;
	struct x86_state start = *s;

	guest_put(g, 0x11400, code, sizeof(code) - 1);
	for (unsigned page = 0; page < 2; page++) {
		*s = start;
		guest_put64(g, PT_AT, FRAME | 7);
		guest_put64(g, PT_AT + 8, FRAME | PTE_G | 7);
		s->rip = 0x11400;
		s->gpr[GPR_RBX] = PAGE;
		s->gpr[GPR_R8] = PAGE + 0x1000;
		s->gpr[GPR_RCX] = PT_AT;
		s->gpr[GPR_RDX] = 0;
		s->gpr[GPR_RDI] = page ? s->cr4 & ~CR4_PGE : s->cr4;
		s->gpr[GPR_R10] = PAGE + page * 0x1000;
		assert_int_equal(guest_run(g), EXIT_HALT);
		assert_int_equal(s->rip, GUEST_VEC + 16 * VEC_PF + 1);
		assert_int_equal(s->cr2, s->gpr[GPR_R10]);
	}
}

/*
 * Code is called, its page mapped elsewhere, INVLPG, called again: in one
 * page, in the second of two, and by a large page's INVLPG.
 */
static void test_invlpg_moves_code(void **state)
{
	static const char code[] = "\xff\xd3"	      /* call rbx */
				   "\x89\xc6"	      /* mov esi, eax */
				   "\x48\x89\x11"     /* mov [rcx], rdx */
				   "\x41\x0f\x01\x39" /* invlpg [r9] */
				   "\xff\xd3";	      /* call rbx */
	static const struct {
		uint64_t at, pte, page; /* called, changed, flushed */
	} rows[] = {
		{PAGE + 0x20, PT_AT, PAGE},
		{PAGE + 0x20, PT_AT, PAGE + 0xfff},
		{PAGE + 0xffd, PT_AT + 8, PAGE + 0x1000},
		{PAGE + 0xfff, PT_AT + 8, PAGE + 0x1000},
	};
	/* mov eax, 1; ret, at both places, and what eax is after a change */
	static const char fn[] = "\xb8\x01\x00\x00\x00\xc3";
	struct guest *g = *state;
	struct x86_state *s = &g->state;
	struct x86_state start = *s;

	guest_put(g, 0x11400, code, sizeof(code) - 1);
	guest_put(g, 0x11400 + sizeof(code) - 1, "\xf4", 1);
	for (unsigned i = 0; i < 4; i++) {
		uint64_t in = rows[i].at & 0xfff;
		bool second = in > 0x20;

		*s = start;
		/* Two pages at FRAME; the other page is at a0000h. */
		guest_put64(g, PT_AT, FRAME | 7);
		guest_put64(g, PT_AT + 8, (FRAME + 0x1000) | 7);
		guest_put(g, FRAME + in, fn, 6);
		guest_put(g, 0xa0000, (const char[0x1000]){0}, 0x1000);
		if (second)
			guest_put(g, 0xa0000, fn + (0x1000 - in), in - 0xffa);
		else
			guest_put(g, 0xa0000 + in, fn, 6);
		/* the last byte but RET of what both have */
		guest_put(g, 0xa0000 + (second ? in + 4 - 0x1000 : in + 4),
			  "\x02", 1);
		s->rip = 0x11400;
		s->gpr[GPR_RBX] = rows[i].at;
		s->gpr[GPR_RCX] = rows[i].pte;
		s->gpr[GPR_RDX] = 0xa0007;
		s->gpr[GPR_R9] = rows[i].page;
		assert_int_equal(guest_run(g), EXIT_HALT);
		assert_int_equal(s->rip, 0x11400 + sizeof(code));
		assert_int_equal(s->gpr[GPR_RSI], 1);
		assert_int_equal(s->gpr[GPR_RAX], 0x02000001);
	}
}

static void test_translate_looks_without_a_trace(void **state)
{
	struct guest *g = *state;
	uint64_t gpa;

	guest_put64(g, PT_AT, FRAME | PTE_P);
	guest_put64(g, PT_AT + 8, 0);
	assert_int_equal(g->cpu->ops->set_state(g->cpu, &g->state), 0);
	assert_true(g->cpu->ops->translate(g->cpu, PAGE + 0x123, &gpa));
	assert_int_equal(gpa, FRAME + 0x123);
	assert_false(g->cpu->ops->translate(g->cpu, PAGE + 0x1000, &gpa));
	assert_false(g->cpu->ops->translate(g->cpu, UINT64_C(1) << 47, &gpa));
	assert_int_equal(guest_get64(g, PT_AT), FRAME | PTE_P);
}

#define TEST(name) GUEST_TEST(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all_combinations_of_rights),
		TEST(test_each_level_can_forbid),
		TEST(test_a_and_d_bits),
		TEST(test_d_is_set_by_the_first_write_after_a_read),
		TEST(test_reserved_bits),
		TEST(test_large_pages),
		TEST(test_an_access_across_pages_needs_both),
		TEST(test_rights_in_the_tlb_are_per_mode),
		TEST(test_stac_opens_and_clac_closes),
		TEST(test_invlpg_forgets_all_of_a_large_page),
		TEST(test_invlpg_forgets_large_pages_of_both_halves),
		TEST(test_flushes_forget_what_they_must),
		TEST(test_invlpg_moves_code),
		TEST(test_translate_looks_without_a_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
