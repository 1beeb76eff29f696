/*
 * sim_guest.h: a simulated CPU with a little RAM and one device, without a
 * machine: what the simulator's own tests run on.
 *
 * 1 MiB of RAM, page tables at 0x1000 that map the first GiB to itself for
 * everyone (2 MiB pages), a GDT at 0x6000, an IDT at 0x7000 whose entries
 * lead to 0x9000 + 16 * vector, a TSS at 0x8000. Ports and addresses outside
 * RAM are one register that the tests see.
 */
#ifndef TESTS_UNIT_SIM_GUEST_H
#define TESTS_UNIT_SIM_GUEST_H

#include <stdlib.h>
#include <string.h>

#include "vmm/vcpu.h"

#define GUEST_RAM    (1u << 20)
#define GUEST_PML4   0x1000u
#define GUEST_PDPT   0x2000u
#define GUEST_PD     0x3000u
#define GUEST_PT     0x4000u /* of linear 0 to 2 MiB, when asked for */
#define GUEST_GDT    0x6000u
#define GUEST_IDT    0x7000u
#define GUEST_TSS    0x8000u
#define GUEST_VEC    0x9000u /* handlers, 16 bytes apart */
#define GUEST_CODE   0x10000u
#define GUEST_DATA   0x20000u
#define GUEST_STACK  0x30000u
#define GUEST_USTACK 0x38000u
#define GUEST_IST    0x40000u

enum {
	SEL_CODE = 0x08,
	SEL_DATA = 0x10,
	SEL_UDATA = 0x1b,
	SEL_UCODE = 0x23,
	SEL_CODE32 = 0x28,
	SEL_TSS = 0x30
};

struct guest {
	struct guestmem mem;
	struct vcpu *cpu;
	struct x86_state state; /* before and after guest_run() */
	struct vcpu_exit exit;
	uint64_t deadline; /* absolute */
	uint64_t skipped;
	uint64_t device; /* what reads give; the last write */
	uint64_t last_addr;
	uint64_t access_time; /* elapsed_ns() inside the last access */
	enum vcpu_space last_space;
	unsigned last_size, reads, writes;
	uint64_t deadline_at_access; /* nonzero: the new deadline then */
	int vector_at_access;	     /* nonzero: pending from then on */
	bool kick_at_access;
	int vector; /* pending interrupt, or -1 */
	uint8_t tpr;
	unsigned acknowledged;
};

static inline uint64_t guest_read(void *ctx, enum vcpu_space space,
				  uint64_t addr, unsigned size)
{
	struct guest *g = ctx;

	g->reads++;
	g->last_space = space;
	g->last_addr = addr;
	g->last_size = size;
	g->access_time = g->cpu->ops->elapsed_ns(g->cpu);
	if (g->deadline_at_access)
		g->deadline = g->deadline_at_access;
	if (g->vector_at_access)
		g->vector = g->vector_at_access;
	if (g->kick_at_access)
		g->cpu->ops->kick(g->cpu);
	return g->device;
}

static inline void guest_write(void *ctx, enum vcpu_space space, uint64_t addr,
			       unsigned size, uint64_t val)
{
	struct guest *g = ctx;

	g->writes++;
	g->last_space = space;
	g->last_addr = addr;
	g->last_size = size;
	g->device = val;
	g->access_time = g->cpu->ops->elapsed_ns(g->cpu);
	if (g->deadline_at_access)
		g->deadline = g->deadline_at_access;
	if (g->vector_at_access)
		g->vector = g->vector_at_access;
	if (g->kick_at_access)
		g->cpu->ops->kick(g->cpu);
}

static inline bool guest_pending(void *ctx)
{
	return ((struct guest *)ctx)->vector >= 0;
}

static inline int guest_acknowledge(void *ctx)
{
	struct guest *g = ctx;
	int vector = g->vector;

	g->vector = -1;
	g->acknowledged++;
	return vector;
}

static inline uint8_t guest_get_tpr(void *ctx)
{
	return ((struct guest *)ctx)->tpr;
}

static inline void guest_set_tpr(void *ctx, uint8_t tpr)
{
	((struct guest *)ctx)->tpr = tpr;
}

static inline uint64_t guest_now(void *ctx)
{
	struct guest *g = ctx;

	return g->cpu->ops->elapsed_ns(g->cpu) + g->skipped;
}

static inline uint64_t guest_deadline(void *ctx)
{
	return ((struct guest *)ctx)->deadline;
}

static inline void guest_put(struct guest *g, uint64_t gpa, const void *data,
			     size_t len)
{
	if (!guestmem_write(&g->mem, gpa, data, len))
		abort();
}

static inline void guest_put64(struct guest *g, uint64_t gpa, uint64_t val)
{
	guest_put(g, gpa, &val, 8);
}

static inline uint64_t guest_get64(struct guest *g, uint64_t gpa)
{
	uint64_t val;

	if (!guestmem_read(&g->mem, gpa, &val, 8))
		abort();
	return val;
}

static inline void guest_gate(struct guest *g, unsigned vector, uint64_t at,
			      unsigned type_dpl, unsigned ist)
{
	uint64_t low = (at & 0xffff) | (uint64_t)SEL_CODE << 16 |
		       (uint64_t)ist << 32 | (uint64_t)(0x80 | type_dpl) << 40 |
		       (at & 0xffff0000) << 32;

	guest_put64(g, GUEST_IDT + 16 * vector, low);
	guest_put64(g, GUEST_IDT + 16 * vector + 8, at >> 32);
}

static inline void guest_tables(struct guest *g)
{
	static const uint64_t gdt[] = {0,
				       0x00af9b000000ffff,
				       0x00cf93000000ffff,
				       0x00cff3000000ffff,
				       0x00affb000000ffff,
				       0x00cf9b000000ffff,
				       0x0000890000000067 | (uint64_t)GUEST_TSS
								    << 16,
				       0};

	guest_put64(g, GUEST_PML4, GUEST_PDPT | 7);
	guest_put64(g, GUEST_PDPT, GUEST_PD | 7);
	for (uint64_t i = 0; i < 512; i++)
		guest_put64(g, GUEST_PD + 8 * i, i << 21 | 0x87);
	guest_put(g, GUEST_GDT, gdt, sizeof(gdt));
	for (unsigned v = 0; v < 256; v++)
		guest_gate(g, v, GUEST_VEC + 16 * v, 0xe, 0);
	guest_put64(g, GUEST_TSS + 4, GUEST_STACK);
	guest_put64(g, GUEST_TSS + 36, GUEST_IST);
}

/* 64-bit code in ring 0 at GUEST_CODE; all handlers halt. */
static inline void guest_init_level(struct guest *g, enum cpu_level level)
{
	struct vcpu_env env = {.ctx = g,
			       .level = level,
			       .mem = &g->mem,
			       .read = guest_read,
			       .write = guest_write,
			       .pending = guest_pending,
			       .acknowledge = guest_acknowledge,
			       .get_tpr = guest_get_tpr,
			       .set_tpr = guest_set_tpr,
			       .now_ns = guest_now,
			       .deadline_ns = guest_deadline};
	struct x86_state *s = &g->state;

	memset(g, 0, sizeof(*g));
	g->vector = -1;
	g->deadline = 100000;
	if (guestmem_init(&g->mem, GUEST_RAM) || sim_create(&env, &g->cpu))
		abort();
	guest_tables(g);
	for (unsigned v = 0; v < 256; v++)
		guest_put(g, GUEST_VEC + 16 * v, "\xf4", 1);
	g->cpu->ops->get_state(g->cpu, s);
	s->cr0 = CR0_PE | CR0_ET | CR0_NE | CR0_WP | CR0_PG;
	s->cr3 = GUEST_PML4;
	s->cr4 = CR4_PAE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;
	s->efer = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;
	s->gdt = (struct x86_table){GUEST_GDT, 0x3f};
	s->idt = (struct x86_table){GUEST_IDT, 0xfff};
	for (unsigned i = 0; i <= SEG_GS; i++)
		s->seg[i] =
			(struct x86_segment){0, 0xffffffff, SEL_DATA, 0xc093};
	s->seg[SEG_CS] = (struct x86_segment){0, 0xffffffff, SEL_CODE, 0xa09b};
	s->seg[SEG_TR] = (struct x86_segment){GUEST_TSS, 0x67, SEL_TSS, 0x8b};
	s->rip = GUEST_CODE;
	s->gpr[GPR_RSP] = GUEST_STACK;
}

static inline void guest_init(struct guest *g)
{
	guest_init_level(g, CPU_DEFAULT);
}

static inline void guest_fini(struct guest *g)
{
	g->cpu->ops->destroy(g->cpu);
	guestmem_fini(&g->mem);
}

/* From the registers in g->state on, until run() returns. */
static inline enum vcpu_exit_reason guest_run(struct guest *g)
{
	if (g->cpu->ops->set_state(g->cpu, &g->state))
		abort();
	g->cpu->ops->run(g->cpu, &g->exit);
	g->cpu->ops->get_state(g->cpu, &g->state);
	return g->exit.reason;
}

/* Without touching the registers. */
static inline enum vcpu_exit_reason guest_go_on(struct guest *g)
{
	g->cpu->ops->run(g->cpu, &g->exit);
	g->cpu->ops->get_state(g->cpu, &g->state);
	return g->exit.reason;
}

static inline void guest_user(struct guest *g)
{
	struct x86_state *s = &g->state;

	s->seg[SEG_CS] = (struct x86_segment){0, 0xffffffff, SEL_UCODE, 0xa0fb};
	s->seg[SEG_SS] = (struct x86_segment){0, 0xffffffff, SEL_UDATA, 0xc0f3};
	s->gpr[GPR_RSP] = GUEST_USTACK;
}

/* For cmocka: a guest of that level is the test's state. */
static inline struct guest *guest_new(void **state, enum cpu_level level)
{
	struct guest *g = malloc(sizeof(*g));

	if (!g)
		abort();
	guest_init_level(g, level);
	*state = g;
	return g;
}

static inline int guest_setup(void **state)
{
	guest_new(state, CPU_DEFAULT);
	return 0;
}

static inline int guest_teardown(void **state)
{
	guest_fini(*state);
	free(*state);
	return 0;
}

/* A test with a guest of its own. */
#define GUEST_TEST(name, setup) \
	cmocka_unit_test_setup_teardown(name, setup, guest_teardown)

#endif
