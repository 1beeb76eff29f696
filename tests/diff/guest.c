/*
 * guest.c: the simulator's side. A CPU of the simulator's tests with page
 * tables that have the sandbox's pages at the sandbox's addresses, for user
 * code, and the kernel's few things in the upper half. An exception's
 * handler is one HLT, whose address is the vector.
 *
 * set_state() forgets everything the CPU has cached, which costs more than
 * most cases; so the registers are put in place directly.
 */
#include <stdio.h>
#include <string.h>

#include "tests/diff/diff.h"
#include "tests/unit/sim_guest.h"
#include "vmm/sim/sim.h"

/* Guest-physical. */
#define PHYS_IMAGE   0x80000u
#define PHYS_EXIT    (PHYS_IMAGE + IMAGE_SIZE)
#define PHYS_BOX_PT  0x50000u
#define PHYS_HIGH_PD 0x51000u
#define PHYS_HIGH_PT 0x52000u /* page directory pointers of the upper half */
#define HIGH	     UINT64_C(0xffffffff80000000)

#define PTE_NX	     (UINT64_C(1) << 63)

/* Linux's selectors, since PUSH FS and MOV from SS tell. */
#define LINUX_CS     0x33
#define LINUX_SS     0x2b

#define BUDGET	     20000

static struct guest guest;
static struct cpu *cpu;
static uint8_t *image;

static void map_page(uint64_t lin, uint64_t phys, uint64_t rights)
{
	guest_put64(&guest, PHYS_BOX_PT + 8 * (lin >> 12 & 511),
		    phys | PTE_P | PTE_U | PTE_A | PTE_D | rights);
}

static void make_tables(void)
{
	for (unsigned i = 0; i < 512; i++)
		guest_put64(&guest, GUEST_PD + 8 * i, 0);
	guest_put64(&guest, GUEST_PD + 8 * (BOX_DATA >> 21),
		    PHYS_BOX_PT | PTE_P | PTE_W | PTE_U);
	guest_put64(&guest, GUEST_PML4 + 8 * 511, PHYS_HIGH_PT | PTE_P | PTE_W);
	guest_put64(&guest, PHYS_HIGH_PT + 8 * 510,
		    PHYS_HIGH_PD | PTE_P | PTE_W);
	guest_put64(&guest, PHYS_HIGH_PD, PTE_P | PTE_W | PTE_PS);
	for (unsigned i = 0; i < 2; i++)
		map_page(BOX_DATA + i * BOX_PAGE,
			 PHYS_IMAGE + IMAGE_DATA + i * BOX_PAGE,
			 PTE_W | PTE_NX);
	map_page(BOX_CONST, PHYS_IMAGE + IMAGE_CONST, PTE_NX);
	map_page(BOX_STACK, PHYS_IMAGE + IMAGE_STACK, PTE_W | PTE_NX);
	map_page(BOX_CODE, PHYS_IMAGE + IMAGE_CODE, 0);
	map_page(BOX_EXIT, PHYS_EXIT, 0);
}

/* Linux's gates: BP and OF are open to user code, the rest is not. */
static void make_descriptors(void)
{
	static const uint64_t user_data = 0x00cff3000000ffff;
	static const uint64_t user_code = 0x00affb000000ffff;

	guest_put64(&guest, GUEST_GDT + (LINUX_SS & ~7), user_data);
	guest_put64(&guest, GUEST_GDT + (LINUX_CS & ~7), user_code);
	for (unsigned v = 0; v < 256; v++)
		guest_gate(&guest, v, HIGH + GUEST_VEC + 16 * v,
			   v == VEC_BP || v == VEC_OF ? 0x6e : 0x0e, 0);
	guest_put64(&guest, GUEST_TSS + 4, HIGH + GUEST_STACK);
	guest_put(&guest, GUEST_TSS + 102, "\x68\0", 2); /* no port is open */
}

static void first_state(void)
{
	struct x86_state *s = &guest.state;

	s->cr0 |= CR0_MP | CR0_AM;
	s->cr4 |= CR4_FSGSBASE | CR4_UMIP | CR4_OSXSAVE;
	s->xcr0 = 7;
	s->gdt.base = HIGH + GUEST_GDT;
	s->idt.base = HIGH + GUEST_IDT;
	s->seg[SEG_TR] =
		(struct x86_segment){HIGH + GUEST_TSS, 0x67, 0x40, 0x8b};
	for (unsigned i = 0; i <= SEG_GS; i++)
		s->seg[i] = (struct x86_segment){0, 0, 0, 0};
	if (guest.cpu->ops->set_state(guest.cpu, s))
		abort();
}

void guest_start(const uint8_t exit_page[BOX_PAGE])
{
	guest_init_level(&guest, CPU_MAX);
	make_tables();
	make_descriptors();
	guest_put(&guest, PHYS_EXIT, exit_page, BOX_PAGE);
	image = guestmem_ptr(&guest.mem, PHYS_IMAGE, IMAGE_SIZE);
	first_state();
	cpu = (struct cpu *)guest.cpu;
}

void guest_end(void)
{
	guest_fini(&guest);
}

uint8_t *guest_image(void)
{
	return image;
}

uint64_t guest_features(void)
{
	return cpu->features;
}

const char *guest_why(void)
{
	return guest.exit.why;
}

static void put_registers(const struct registers *in)
{
	struct x86_state *s = &cpu->s;

	memcpy(cpu->r, in->gpr, sizeof(in->gpr));
	cpu->rip = in->rip;
	s->rflags = in->rflags;
	flags_set_arith(cpu, in->rflags);
	fx_load(cpu, in->fxsave, true);
	memcpy(cpu->ymm_high, in->ymm_high, sizeof(in->ymm_high));
	s->seg[SEG_CS] = (struct x86_segment){0, 0xffffffff, LINUX_CS, 0xa0fb};
	s->seg[SEG_SS] = (struct x86_segment){0, 0xffffffff, LINUX_SS, 0xc0f3};
	s->seg[SEG_FS].base = in->fs_base;
	s->seg[SEG_GS].base = in->gs_base;
	s->halted = 0;
	s->shadow = 0;
	s->dr[6] = 0xffff0ff0;
	cpu->fault_pending = false;
	cpu_update_mode(cpu);
}

void guest_new_code(void)
{
	code_invalidate(cpu, PHYS_IMAGE + IMAGE_CODE);
}

static bool has_error_code(unsigned vector)
{
	return vector < 32 && (0x60227d00u >> vector & 1);
}

/* What the handler sees is the interrupted code's. */
static void get_registers(struct outcome *out)
{
	struct registers *r = &out->regs;
	uint64_t frame = cpu->r[GPR_RSP] - HIGH;

	memset(out, 0, sizeof(*out));
	out->vector = (cpu->rip - 1 - HIGH - GUEST_VEC) / 16;
	if (has_error_code(out->vector)) {
		out->error = guest_get64(&guest, frame);
		frame += 8;
	}
	memcpy(r->gpr, cpu->r, sizeof(r->gpr));
	r->rip = guest_get64(&guest, frame);
	r->rflags = guest_get64(&guest, frame + 16);
	r->gpr[GPR_RSP] = guest_get64(&guest, frame + 24);
	r->fs_base = cpu->s.seg[SEG_FS].base;
	r->gs_base = cpu->s.seg[SEG_GS].base;
	fx_save(cpu, r->fxsave, true);
	memcpy(r->ymm_high, cpu->ymm_high, sizeof(r->ymm_high));
	if (out->vector == VEC_PF)
		out->cr2 = cpu->s.cr2;
	if (out->vector == VEC_PF && r->rip == native_exit_address()) {
		out->vector = NO_FAULT;
		out->error = 0;
		out->cr2 = 0;
		r->rip = BOX_EXIT;
	}
}

enum guest_result guest_execute(const struct registers *in, struct outcome *out)
{
	put_registers(in);
	guest.deadline = guest_now(&guest) + BUDGET;
	guest.cpu->ops->run(guest.cpu, &guest.exit);
	if (guest.exit.reason == EXIT_DEADLINE)
		return GUEST_ENDLESS;
	if (guest.exit.reason != EXIT_HALT || !cpu->s.halted ||
	    cpu->rip < HIGH) {
		if (guest.exit.reason != EXIT_ERROR)
			snprintf(guest.exit.why, sizeof(guest.exit.why),
				 "exit %d", guest.exit.reason);
		return GUEST_STOPPED;
	}
	get_registers(out);
	return GUEST_DONE;
}
