/*
 * sim_native.h: one integer instruction on the host's own processor and on
 * the simulated one: the same bytes, the same registers, equal results and
 * equal defined flags.
 */
#ifndef TESTS_UNIT_SIM_NATIVE_H
#define TESTS_UNIT_SIM_NATIVE_H

#include <stdio.h>
#include <sys/mman.h>

#include "tests/unit/sim_guest.h"
#include "tests/unit/unit.h"

#define CF  FLAG_CF
#define PF  FLAG_PF
#define AF  FLAG_AF
#define ZF  FLAG_ZF
#define SF  FLAG_SF
#define OF  FLAG_OF
#define ALL (CF | PF | AF | ZF | SF | OF)

/* rAX, rBX, rCX, rDX are operands; rSI points to memory of 64 bytes. */
struct regs {
	uint64_t rax, rbx, rcx, rdx, flags;
	uint8_t mem[64];
};

typedef void native_fn(struct regs *regs);

/*
 * The host's side: load the registers, run the instruction, store them.
 * SysV: rdi is the argument; rsi points to regs->mem at its middle.
 */
static const uint8_t prologue[] = {
	0x53,			/* push rbx */
	0x57,			/* push rdi */
	0x48, 0x8b, 0x07,	/* mov rax, [rdi] */
	0x48, 0x8b, 0x5f, 0x08, /* mov rbx, [rdi+8] */
	0x48, 0x8b, 0x4f, 0x10, /* mov rcx, [rdi+16] */
	0x48, 0x8b, 0x57, 0x18, /* mov rdx, [rdi+24] */
	0x48, 0x8d, 0x77, 0x48, /* lea rsi, [rdi+72] */
	0xff, 0x77, 0x20,	/* push qword [rdi+32] */
	0x9d,			/* popfq */
};
static const uint8_t epilogue[] = {
	0x9c,			/* pushfq */
	0x5f,			/* pop rdi: the flags */
	0x49, 0x89, 0xf8,	/* mov r8, rdi */
	0x5f,			/* pop rdi */
	0x4c, 0x89, 0x47, 0x20, /* mov [rdi+32], r8 */
	0x48, 0x89, 0x07, 0x48, 0x89, 0x5f, 0x08, 0x48, 0x89,
	0x4f, 0x10, 0x48, 0x89, 0x57, 0x18, 0x5b, 0xc3,
};

static uint8_t *native_code;

static inline void run_native(const uint8_t *insn, size_t len,
			      struct regs *regs)
{
	uint8_t *at = native_code;

	memcpy(at, prologue, sizeof(prologue));
	at += sizeof(prologue);
	memcpy(at, insn, len);
	memcpy(at + len, epilogue, sizeof(epilogue));
	((native_fn *)(uintptr_t)native_code)(regs);
}

static inline void run_sim(struct guest *g, const uint8_t *insn, size_t len,
			   struct regs *regs)
{
	struct x86_state *s = &g->state;

	guest_put(g, GUEST_CODE, insn, len);
	guest_put(g, GUEST_CODE + len, "\xf4", 1);
	guest_put(g, GUEST_DATA, regs->mem, sizeof(regs->mem));
	s->halted = 0;
	s->rip = GUEST_CODE;
	s->gpr[GPR_RAX] = regs->rax;
	s->gpr[GPR_RBX] = regs->rbx;
	s->gpr[GPR_RCX] = regs->rcx;
	s->gpr[GPR_RDX] = regs->rdx;
	s->gpr[GPR_RSI] = GUEST_DATA + 32;
	s->rflags = regs->flags | FLAG_FIXED;
	g->deadline = UINT64_MAX;
	assert_int_equal(guest_run(g), EXIT_HALT);
	assert_int_equal(s->rip, GUEST_CODE + len + 1);
	regs->rax = s->gpr[GPR_RAX];
	regs->rbx = s->gpr[GPR_RBX];
	regs->rcx = s->gpr[GPR_RCX];
	regs->rdx = s->gpr[GPR_RDX];
	regs->flags = s->rflags;
	guestmem_read(&g->mem, GUEST_DATA, regs->mem, sizeof(regs->mem));
}

static uint64_t seed = 1;

static inline uint64_t random64(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return seed ^ seed >> 29;
}

static inline uint64_t operand(void)
{
	static const uint64_t edge[] = {0,
					1,
					2,
					0x7f,
					0x80,
					0xff,
					0x7fff,
					0x8000,
					0xffff,
					0x7fffffff,
					0x80000000,
					0xffffffff,
					0x7fffffffffffffff,
					0x8000000000000000,
					0xffffffffffffffff};
	uint64_t r = random64();

	if (r % 4 == 0)
		return edge[(r >> 8) % 15];
	return random64() >> (r >> 16) % 64;
}

static inline void compare(struct guest *g, const uint8_t *insn, size_t len,
			   uint64_t undefined, const struct regs *in)
{
	struct regs host = *in, sim = *in;
	uint64_t mask = ALL & ~undefined;

	run_native(insn, len, &host);
	run_sim(g, insn, len, &sim);
	if (host.rax != sim.rax || host.rbx != sim.rbx || host.rcx != sim.rcx ||
	    host.rdx != sim.rdx || (host.flags ^ sim.flags) & mask ||
	    memcmp(host.mem, sim.mem, sizeof(host.mem))) {
		for (size_t i = 0; i < len; i++)
			print_error("%02x ", insn[i]);
		print_error("rax %lx rbx %lx rcx %lx rdx %lx flags %lx\n",
			    in->rax, in->rbx, in->rcx, in->rdx, in->flags);
		print_error("host %lx %lx %lx %lx flags %lx\n", host.rax,
			    host.rbx, host.rcx, host.rdx, host.flags & ALL);
		print_error("sim  %lx %lx %lx %lx flags %lx\n", sim.rax,
			    sim.rbx, sim.rcx, sim.rdx, sim.flags & ALL);
		fail();
	}
}

static inline void random_regs(struct regs *r)
{
	r->rax = operand();
	r->rbx = operand();
	r->rcx = operand();
	r->rdx = operand();
	r->flags = (random64() & ALL) | FLAG_FIXED;
	for (unsigned i = 0; i < sizeof(r->mem); i += 8) {
		uint64_t val = operand();

		memcpy(r->mem + i, &val, 8);
	}
}

/* For cmocka: a guest, and a page for the host's code. */
static inline int native_setup(void **state, enum cpu_level level)
{
	guest_new(state, level);
	native_code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return native_code == MAP_FAILED;
}

static inline int native_teardown(void **state)
{
	munmap(native_code, 4096);
	return guest_teardown(state);
}

#endif
