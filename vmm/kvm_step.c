/*
 * kvm_step.c: one instruction by the trap flag, and where that leaves traces.
 *
 * SYSCALL and SYSRET load RFLAGS, so that a step over them would not end
 * (SDM 2B, SYSCALL: RFLAGS and IA32_FMASK): they are done here, by hand.
 * PUSHF writes the flag to the stack, where the guest would find it.
 */
#include <string.h>

#include "vmm/kvm.h"

#define SYSRET_FLAGS UINT64_C(0x3c7fd7) /* of R11 (SDM 2B, SYSRET) */
#define ATTR_CODE64  (SEG_ATTR_CODE | SEG_ATTR_L | SEG_ATTR_G)
#define ATTR_STACK   (SEG_ATTR_DATA | SEG_ATTR_B | SEG_ATTR_G)
#define ATTR_DPL_3   (3u << 5)
#define EVENT_VALID  (UINT64_C(1) << 31)

static bool in_64_bit_mode(const struct x86_state *s)
{
	return s->efer & EFER_LMA && s->seg[SEG_CS].attr & SEG_ATTR_L;
}

uint64_t kvm_linear_rip(const struct x86_state *s)
{
	if (in_64_bit_mode(s))
		return s->rip;
	return (uint32_t)(s->rip + s->seg[SEG_CS].base);
}

static bool byte_at(struct kvm_cpu *cpu, const struct x86_state *s,
		    uint64_t gva, uint8_t *byte)
{
	const struct guestmem *mem = cpu->vcpu.env.mem;
	uint64_t gpa;

	return x86_translate(mem, s, gva, &gpa) &&
	       guestmem_read(mem, gpa, byte, 1);
}

static enum kvm_insn insn_at(struct kvm_cpu *cpu, const struct x86_state *s)
{
	uint64_t pc = kvm_linear_rip(s);
	uint8_t b[3] = {0};

	for (unsigned i = 0; i < sizeof(b); i++)
		if (!byte_at(cpu, s, pc + i, &b[i]))
			break;
	if (b[0] == 0x9c || (b[0] == 0x66 && b[1] == 0x9c))
		return INSN_PUSHF;
	if (b[0] == 0xf4)
		return INSN_HLT;
	if (!in_64_bit_mode(s) || !(s->efer & EFER_SCE))
		return INSN_OTHER;
	if (b[0] == 0x0f && b[1] == 0x05)
		return INSN_SYSCALL;
	if (b[0] == 0x48 && b[1] == 0x0f && b[2] == 0x07)
		return INSN_SYSRET;
	return INSN_OTHER;
}

static struct x86_segment flat(unsigned selector, uint16_t attr)
{
	return (struct x86_segment){
		.limit = UINT32_MAX, .selector = selector, .attr = attr};
}

static void do_syscall(struct x86_state *s)
{
	unsigned selector = s->star >> 32 & 0xfffc;

	s->gpr[GPR_RCX] = s->rip + 2;
	s->gpr[GPR_R11] = s->rflags & ~FLAG_RF;
	s->rip = s->lstar;
	s->rflags = (s->rflags & ~(s->fmask | FLAG_RF)) | FLAG_FIXED;
	s->seg[SEG_CS] = flat(selector, ATTR_CODE64);
	s->seg[SEG_SS] = flat(selector + 8, ATTR_STACK);
}

/* Where it faults, or sets the guest's own trap flag, the processor does it. */
static bool do_sysret(struct x86_state *s)
{
	unsigned selector = s->star >> 48;
	bool user = (s->seg[SEG_SS].attr >> 5 & 3) != 0;
	uint64_t top = s->gpr[GPR_RCX] >> 47;

	if (user || top || s->gpr[GPR_R11] & FLAG_TF)
		return false;
	s->rip = s->gpr[GPR_RCX];
	s->rflags = (s->gpr[GPR_R11] & SYSRET_FLAGS) | FLAG_FIXED;
	s->seg[SEG_CS] = flat((selector + 16) | 3, ATTR_CODE64 | ATTR_DPL_3);
	s->seg[SEG_SS] = flat((selector + 8) | 3, ATTR_STACK | ATTR_DPL_3);
	return true;
}

bool kvm_step_begin(struct kvm_cpu *cpu, const struct x86_state *s)
{
	struct kvm_single *single = &cpu->debug.single;
	struct x86_state after = *s;

	single->begun = true;
	single->from = kvm_linear_rip(s);
	single->insn = INSN_OTHER;
	if (s->halted || s->event & EVENT_VALID)
		return false;
	single->insn = insn_at(cpu, s);
	if (single->insn == INSN_SYSCALL)
		do_syscall(&after);
	else if (single->insn != INSN_SYSRET || !do_sysret(&after))
		return false;
	after.shadow = 0;
	return kvm_set_state(&cpu->vcpu, &after) == 0;
}

/* Bit 8 is in the second byte, whatever the width. */
static void clean_stack(struct kvm_cpu *cpu)
{
	const struct guestmem *mem = cpu->vcpu.env.mem;
	struct x86_state s;
	uint64_t at, gpa;
	uint8_t byte;

	kvm_get_state(&cpu->vcpu, &s);
	at = s.gpr[GPR_RSP] + 1;
	if (!in_64_bit_mode(&s)) {
		if (!(s.seg[SEG_SS].attr & SEG_ATTR_B))
			at = (uint16_t)at;
		at = (uint32_t)(at + s.seg[SEG_SS].base);
	}
	if (!x86_translate(mem, &s, at, &gpa) ||
	    !guestmem_read(mem, gpa, &byte, 1))
		return;
	byte &= ~(FLAG_TF >> 8);
	guestmem_write(mem, gpa, &byte, 1);
}

void kvm_step_clean(struct kvm_cpu *cpu)
{
	if (cpu->debug.single.begun && cpu->debug.single.insn == INSN_PUSHF)
		clean_stack(cpu);
}
