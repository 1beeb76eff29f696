/*
 * fuzz_sim.c: random bytes as guest code. The simulator must neither crash
 * nor hang, and the same input must lead to the same registers and memory
 * when the run is cut into pieces of a few instructions.
 *
 *	clang -fsanitize=fuzzer,address,undefined -I. -Ibuild \
 *		tests/fuzz/fuzz_sim.c build/vmm/sim/libsim.a build/vmm/libvmm.a
 *
 * The first byte of the input chooses the mode, the second the pieces.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/sim_guest.h"

#define INSTRUCTIONS 600
#define CODE_MAX     2048

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void prepare(struct guest *g, const uint8_t *data, size_t size)
{
	struct x86_state *s = &g->state;

	guest_init_level(g, data[0] & 0x80 ? CPU_MAX : CPU_DEFAULT);
	if (data[0] & 0x80) { /* with AVX enabled */
		s->cr4 |= CR4_OSXSAVE;
		s->xcr0 = 7;
	}
	guest_put(g, GUEST_CODE, data + 2, size - 2);
	for (unsigned i = 0; i < GPR_COUNT; i++)
		if (i != GPR_RSP)
			s->gpr[i] = GUEST_DATA + 8 * i;
	/* Handlers go on behind the instruction's first byte, or halt. */
	if (data[0] & 1)
		for (unsigned v = 0; v < 32; v++)
			guest_put(g, GUEST_VEC + 16 * v, "\x48\xcf", 2);
	if (data[0] & 2)
		guest_user(g);
	if (data[0] & 4)
		s->cr4 |= CR4_SMEP | CR4_SMAP | CR4_FSGSBASE;
	if (data[0] & 8) { /* 32-bit code, paged or not */
		s->seg[SEG_CS] =
			(struct x86_segment){0, 0xffffffff, SEL_CODE32, 0xc09b};
		s->seg[SEG_SS] = s->seg[SEG_DS];
	}
	if ((data[0] & 0x1a) == 0x18) {
		s->cr0 &= ~CR0_PG;
		s->efer &= ~EFER_LMA;
	}
	if (data[0] & 0x20)
		s->rflags |= FLAG_TF;
	if (data[0] & 0x40) {
		s->rflags |= FLAG_IF;
		g->vector = 0x40;
	}
	g->deadline = INSTRUCTIONS;
}

/* Run in pieces of `step` instructions until nothing goes on. */
static void run_in_pieces(struct guest *g, unsigned step)
{
	uint64_t end = g->deadline;
	enum vcpu_exit_reason reason = EXIT_DEADLINE;

	g->deadline = step;
	reason = guest_run(g);
	while (reason == EXIT_DEADLINE && g->deadline < end) {
		g->deadline += step;
		if (g->deadline > end)
			g->deadline = end;
		reason = guest_go_on(g);
	}
}

static void must_be_equal(struct guest *a, struct guest *b)
{
	uint64_t na = a->cpu->ops->elapsed_ns(a->cpu);
	uint64_t nb = b->cpu->ops->elapsed_ns(b->cpu);

	if (na == nb && !memcmp(&a->state, &b->state, sizeof(a->state)) &&
	    !memcmp(a->mem.region[0].host, b->mem.region[0].host, GUEST_RAM) &&
	    a->exit.reason == b->exit.reason)
		return;
	fprintf(stderr,
		"runs differ: %lu and %lu instructions, rip %lx %lx, "
		"exit %d %d\n",
		(unsigned long)na, (unsigned long)nb,
		(unsigned long)a->state.rip, (unsigned long)b->state.rip,
		a->exit.reason, b->exit.reason);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guest whole, cut;

	if (size < 3)
		return 0;
	if (size > CODE_MAX)
		size = CODE_MAX;
	prepare(&whole, data, size);
	prepare(&cut, data, size);
	guest_run(&whole);
	run_in_pieces(&cut, 1 + data[1] % 64);
	must_be_equal(&whole, &cut);
	guest_fini(&whole);
	guest_fini(&cut);
	return 0;
}
