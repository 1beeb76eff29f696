/*
 * kvm_state.c: between struct x86_state and KVM's several structs.
 *
 * KVM keeps more than x86_state does (vector registers beyond AVX's, MTRRs,
 * masks of NMIs); setting a state leaves that part as it is.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/kvm.h>

#include "vmm/clock.h"
#include "vmm/kvm.h"

/* ---- general registers ---- */

static const size_t gpr_at[GPR_COUNT] = {
	[GPR_RAX] = offsetof(struct kvm_regs, rax),
	[GPR_RCX] = offsetof(struct kvm_regs, rcx),
	[GPR_RDX] = offsetof(struct kvm_regs, rdx),
	[GPR_RBX] = offsetof(struct kvm_regs, rbx),
	[GPR_RSP] = offsetof(struct kvm_regs, rsp),
	[GPR_RBP] = offsetof(struct kvm_regs, rbp),
	[GPR_RSI] = offsetof(struct kvm_regs, rsi),
	[GPR_RDI] = offsetof(struct kvm_regs, rdi),
	[GPR_R8] = offsetof(struct kvm_regs, r8),
	[GPR_R9] = offsetof(struct kvm_regs, r9),
	[GPR_R10] = offsetof(struct kvm_regs, r10),
	[GPR_R11] = offsetof(struct kvm_regs, r11),
	[GPR_R12] = offsetof(struct kvm_regs, r12),
	[GPR_R13] = offsetof(struct kvm_regs, r13),
	[GPR_R14] = offsetof(struct kvm_regs, r14),
	[GPR_R15] = offsetof(struct kvm_regs, r15),
};

static void get_regs(struct kvm_cpu *cpu, struct x86_state *state)
{
	struct kvm_regs regs = {0};

	kvm_ioctl(cpu->fd, KVM_GET_REGS, &regs);
	for (int i = 0; i < GPR_COUNT; i++)
		memcpy(&state->gpr[i], (char *)&regs + gpr_at[i], 8);
	state->rip = regs.rip;
	state->rflags = regs.rflags;
}

static int set_regs(struct kvm_cpu *cpu, const struct x86_state *state)
{
	struct kvm_regs regs = {.rip = state->rip,
				.rflags = state->rflags | FLAG_FIXED};

	for (int i = 0; i < GPR_COUNT; i++)
		memcpy((char *)&regs + gpr_at[i], &state->gpr[i], 8);
	return kvm_ioctl(cpu->fd, KVM_SET_REGS, &regs);
}

/* ---- segments and control registers ---- */

static const size_t seg_at[SEG_COUNT] = {
	[SEG_ES] = offsetof(struct kvm_sregs, es),
	[SEG_CS] = offsetof(struct kvm_sregs, cs),
	[SEG_SS] = offsetof(struct kvm_sregs, ss),
	[SEG_DS] = offsetof(struct kvm_sregs, ds),
	[SEG_FS] = offsetof(struct kvm_sregs, fs),
	[SEG_GS] = offsetof(struct kvm_sregs, gs),
	[SEG_LDTR] = offsetof(struct kvm_sregs, ldt),
	[SEG_TR] = offsetof(struct kvm_sregs, tr),
};

static struct x86_segment from_kvm_segment(const struct kvm_segment *k)
{
	struct x86_segment s = {
		.base = k->base, .limit = k->limit, .selector = k->selector};

	if (!k->unusable && k->present)
		s.attr = k->type | k->s << 4 | k->dpl << 5 | SEG_ATTR_P |
			 k->avl << 12 | k->l << 13 | k->db << 14 | k->g << 15;
	return s;
}

static struct kvm_segment to_kvm_segment(const struct x86_segment *s)
{
	return (struct kvm_segment){
		.base = s->base,
		.limit = s->limit,
		.selector = s->selector,
		.type = s->attr & 0xf,
		.s = s->attr >> 4 & 1,
		.dpl = s->attr >> 5 & 3,
		.present = s->attr >> 7 & 1,
		.avl = s->attr >> 12 & 1,
		.l = s->attr >> 13 & 1,
		.db = s->attr >> 14 & 1,
		.g = s->attr >> 15 & 1,
		.unusable = !(s->attr & SEG_ATTR_P),
	};
}

static void get_sregs(struct kvm_cpu *cpu, struct x86_state *state)
{
	struct kvm_sregs sregs = {0};

	kvm_ioctl(cpu->fd, KVM_GET_SREGS, &sregs);
	for (int i = 0; i < SEG_COUNT; i++) {
		struct kvm_segment k;

		memcpy(&k, (char *)&sregs + seg_at[i], sizeof(k));
		state->seg[i] = from_kvm_segment(&k);
	}
	state->gdt = (struct x86_table){sregs.gdt.base, sregs.gdt.limit};
	state->idt = (struct x86_table){sregs.idt.base, sregs.idt.limit};
	state->cr0 = sregs.cr0;
	state->cr2 = sregs.cr2;
	state->cr3 = sregs.cr3;
	state->cr4 = sregs.cr4;
	state->cr8 = sregs.cr8;
	state->efer = sregs.efer;
	state->apic_base = sregs.apic_base;
}

static int set_sregs(struct kvm_cpu *cpu, const struct x86_state *state)
{
	struct kvm_sregs sregs = {
		.gdt = {.base = state->gdt.base, .limit = state->gdt.limit},
		.idt = {.base = state->idt.base, .limit = state->idt.limit},
		.cr0 = state->cr0,
		.cr2 = state->cr2,
		.cr3 = state->cr3,
		.cr4 = state->cr4,
		.cr8 = state->cr8,
		.efer = state->efer,
		.apic_base = state->apic_base,
	};

	for (int i = 0; i < SEG_COUNT; i++) {
		struct kvm_segment k = to_kvm_segment(&state->seg[i]);

		memcpy((char *)&sregs + seg_at[i], &k, sizeof(k));
	}
	return kvm_ioctl(cpu->fd, KVM_SET_SREGS, &sregs);
}

/* ---- debug registers ---- */

static void get_debugregs(struct kvm_cpu *cpu, struct x86_state *state)
{
	struct kvm_debugregs dr = {0};

	kvm_ioctl(cpu->fd, KVM_GET_DEBUGREGS, &dr);
	memcpy(state->dr, dr.db, sizeof(dr.db));
	state->dr[6] = dr.dr6;
	state->dr[7] = dr.dr7;
}

static int set_debugregs(struct kvm_cpu *cpu, const struct x86_state *state)
{
	struct kvm_debugregs dr = {.dr6 = state->dr[6], .dr7 = state->dr[7]};

	memcpy(dr.db, state->dr, sizeof(dr.db));
	return kvm_ioctl(cpu->fd, KVM_SET_DEBUGREGS, &dr);
}

/* ---- model-specific registers ---- */

static const struct {
	uint32_t index;
	size_t at;
} msrs[] = {
	{MSR_STAR, offsetof(struct x86_state, star)},
	{MSR_LSTAR, offsetof(struct x86_state, lstar)},
	{MSR_CSTAR, offsetof(struct x86_state, cstar)},
	{MSR_FMASK, offsetof(struct x86_state, fmask)},
	{MSR_KERNEL_GS_BASE, offsetof(struct x86_state, kernel_gs_base)},
	{MSR_SYSENTER_CS, offsetof(struct x86_state, sysenter_cs)},
	{MSR_SYSENTER_ESP, offsetof(struct x86_state, sysenter_esp)},
	{MSR_SYSENTER_EIP, offsetof(struct x86_state, sysenter_eip)},
	{MSR_PAT, offsetof(struct x86_state, pat)},
	{MSR_MISC_ENABLE, offsetof(struct x86_state, misc_enable)},
	{MSR_TSC_AUX, offsetof(struct x86_state, tsc_aux)},
	{MSR_TSC, offsetof(struct x86_state, tsc_offset)},
};

#define MSR_COUNT (sizeof(msrs) / sizeof(msrs[0]))

/* The kernel's struct with room for all of ours. */
union msr_list {
	struct kvm_msrs head;
	char room[sizeof(struct kvm_msrs) +
		  MSR_COUNT * sizeof(struct kvm_msr_entry)];
};

/* What the guest's time makes of it; that of a CPU in the making is 0. */
static uint64_t clock_tsc(struct kvm_cpu *cpu)
{
	const struct vcpu_env *env = &cpu->vcpu.env;
	uint64_t ns = cpu->made ? env->now_ns(env->ctx) : 0;

	return clock_ticks(ns, cpu->tsc_khz * UINT64_C(1000));
}

/*
 * Read or write from the first-th on. KVM stops at a register the host's CPU
 * does not have and says how many it did.
 */
static unsigned do_msrs(struct kvm_cpu *cpu, unsigned long request,
			struct kvm_msr_entry *entry, unsigned first)
{
	union msr_list list = {.head.nmsrs = MSR_COUNT - first};
	size_t len = list.head.nmsrs * sizeof(*entry);
	int done;

	memcpy(list.head.entries, &entry[first], len);
	done = kvm_ioctl(cpu->fd, request, &list);
	memcpy(&entry[first], list.head.entries, len);
	return done < 0 ? first : first + done;
}

static void get_msrs(struct kvm_cpu *cpu, struct x86_state *state)
{
	struct kvm_msr_entry entry[MSR_COUNT];

	for (unsigned i = 0; i < MSR_COUNT; i++)
		entry[i] = (struct kvm_msr_entry){.index = msrs[i].index};
	for (unsigned i = 0; i < MSR_COUNT; i++)
		i = do_msrs(cpu, KVM_GET_MSRS, entry, i);
	for (unsigned i = 0; i < MSR_COUNT; i++)
		memcpy((char *)state + msrs[i].at, &entry[i].data, 8);
	state->tsc_offset -= clock_tsc(cpu);
}

static int set_msrs(struct kvm_cpu *cpu, const struct x86_state *state)
{
	struct kvm_msr_entry entry[MSR_COUNT];

	for (unsigned i = 0; i < MSR_COUNT; i++) {
		entry[i] = (struct kvm_msr_entry){.index = msrs[i].index};
		memcpy(&entry[i].data, (const char *)state + msrs[i].at, 8);
		if (msrs[i].index == MSR_TSC)
			entry[i].data += clock_tsc(cpu);
	}
	for (unsigned i = 0; i < MSR_COUNT; i++) {
		i = do_msrs(cpu, KVM_SET_MSRS, entry, i);
		if (i < MSR_COUNT && entry[i].data)
			return -EINVAL; /* not there, and wanted */
	}
	return 0;
}

/* ---- x87, SSE and what XCR0 adds ---- */

#define XSAVE_BV     512 /* in the area: which components are not initial */
#define XCOMP_X87    UINT64_C(1)
#define XCOMP_SSE    UINT64_C(2)
#define XCOMP_AVX    UINT64_C(4)
#define YMM_HIGH     576 /* in the area: fixed (SDM 1 13.4.3, CPUID.0D.2) */
#define FX_LEGACY    464 /* bytes of the FXSAVE image the CPU defines */
#define FX_MXCSR     24
#define FX_MXCSR_MAX 28 /* the mask of what MXCSR may hold: the host's own */

static int set_fpu_only(struct kvm_cpu *cpu, const uint8_t *fx);

static int load_xsave(struct kvm_cpu *cpu, struct kvm_xsave *area)
{
	memset(area, 0, sizeof(*area));
	return kvm_ioctl(cpu->fd, KVM_GET_XSAVE, area);
}

/*
 * The upper halves. Zero is their initial state, which needs no component; so
 * a host without AVX takes every state that has none.
 */
static uint64_t put_ymm_high(char *area, uint64_t present,
			     const struct x86_state *state)
{
	static const uint8_t zero[sizeof(state->ymm_high)];

	memcpy(area + YMM_HIGH, state->ymm_high, sizeof(state->ymm_high));
	if (memcmp(state->ymm_high, zero, sizeof(zero)))
		return present | XCOMP_AVX;
	return present & ~XCOMP_AVX;
}

static void take_ymm_high(const char *area, struct x86_state *state)
{
	uint64_t present;

	memcpy(&present, area + XSAVE_BV, 8);
	if (present & XCOMP_AVX)
		memcpy(state->ymm_high, area + YMM_HIGH,
		       sizeof(state->ymm_high));
}

static int set_xsave(struct kvm_cpu *cpu, const struct x86_state *state)
{
	struct kvm_xsave area;
	char *bytes = (char *)&area;
	uint64_t present;
	int err;

	if (!cpu->has_xsave)
		return set_fpu_only(cpu, state->fxsave);
	err = load_xsave(cpu, &area);
	if (err < 0)
		return err;
	memcpy(bytes, state->fxsave, FX_MXCSR_MAX);
	memcpy(bytes + FX_MXCSR_MAX + 4, state->fxsave + FX_MXCSR_MAX + 4,
	       FX_LEGACY - FX_MXCSR_MAX - 4);
	memcpy(&present, bytes + XSAVE_BV, 8);
	present |= XCOMP_X87 | XCOMP_SSE;
	present = put_ymm_high(bytes, present, state);
	memcpy(bytes + XSAVE_BV, &present, 8);
	return kvm_ioctl(cpu->fd, KVM_SET_XSAVE, &area);
}

/* Hosts without XSAVE: KVM's own form of the same 512 bytes. */
static int set_fpu_only(struct kvm_cpu *cpu, const uint8_t *fx)
{
	struct kvm_fpu fpu = {0};

	memcpy(&fpu.fcw, fx, 2);
	memcpy(&fpu.fsw, fx + 2, 2);
	fpu.ftwx = fx[4];
	memcpy(&fpu.last_opcode, fx + 6, 2);
	memcpy(&fpu.last_ip, fx + 8, 8);
	memcpy(&fpu.last_dp, fx + 16, 8);
	memcpy(&fpu.mxcsr, fx + FX_MXCSR, 4);
	memcpy(fpu.fpr, fx + 32, sizeof(fpu.fpr));
	memcpy(fpu.xmm, fx + 160, sizeof(fpu.xmm));
	return kvm_ioctl(cpu->fd, KVM_SET_FPU, &fpu);
}

static void get_fpu_only(struct kvm_cpu *cpu, uint8_t *fx)
{
	struct kvm_fpu fpu = {0};

	kvm_ioctl(cpu->fd, KVM_GET_FPU, &fpu);
	memcpy(fx, &fpu.fcw, 2);
	memcpy(fx + 2, &fpu.fsw, 2);
	fx[4] = fpu.ftwx;
	memcpy(fx + 6, &fpu.last_opcode, 2);
	memcpy(fx + 8, &fpu.last_ip, 8);
	memcpy(fx + 16, &fpu.last_dp, 8);
	memcpy(fx + FX_MXCSR, &fpu.mxcsr, 4);
	memcpy(fx + 32, fpu.fpr, sizeof(fpu.fpr));
	memcpy(fx + 160, fpu.xmm, sizeof(fpu.xmm));
}

static void get_xsave(struct kvm_cpu *cpu, struct x86_state *state)
{
	struct kvm_xsave area;
	const uint32_t mask = 0xffff;

	if (cpu->has_xsave) {
		load_xsave(cpu, &area);
		memcpy(state->fxsave, &area, FX_LEGACY);
		take_ymm_high((const char *)&area, state);
	} else {
		get_fpu_only(cpu, state->fxsave);
	}
	/* The same on every host, as after reset. */
	memcpy(state->fxsave + FX_MXCSR_MAX, &mask, sizeof(mask));
}

static void get_xcr0(struct kvm_cpu *cpu, struct x86_state *state)
{
	struct kvm_xcrs xcrs = {0};

	state->xcr0 = XCOMP_X87;
	if (cpu->has_xcrs && kvm_ioctl(cpu->fd, KVM_GET_XCRS, &xcrs) >= 0 &&
	    xcrs.nr_xcrs > 0)
		state->xcr0 = xcrs.xcrs[0].value;
}

static int set_xcr0(struct kvm_cpu *cpu, const struct x86_state *state)
{
	struct kvm_xcrs xcrs = {.nr_xcrs = 1,
				.xcrs[0] = {.value = state->xcr0}};

	if (!cpu->has_xcrs)
		return state->xcr0 == XCOMP_X87 ? 0 : -EINVAL;
	return kvm_ioctl(cpu->fd, KVM_SET_XCRS, &xcrs);
}

/* ---- what is between two instructions ---- */

/* struct x86_state.event */
#define EVENT_TYPE(t)	(UINT64_C(t) << 8)
#define EVENT_TYPES	EVENT_TYPE(7)
#define EVENT_EXTERNAL	EVENT_TYPE(0)
#define EVENT_EXCEPTION EVENT_TYPE(3)
#define EVENT_SOFT	EVENT_TYPE(4)
#define EVENT_ERROR	(UINT64_C(1) << 11)
#define EVENT_VALID	(UINT64_C(1) << 31)

static void get_events(struct kvm_cpu *cpu, struct x86_state *state)
{
	struct kvm_vcpu_events ev = {0};

	kvm_ioctl(cpu->fd, KVM_GET_VCPU_EVENTS, &ev);
	state->shadow = ev.interrupt.shadow != 0;
	state->event = 0;
	if (ev.interrupt.injected)
		state->event =
			EVENT_VALID | ev.interrupt.nr |
			(ev.interrupt.soft ? EVENT_SOFT : EVENT_EXTERNAL);
	else if (ev.exception.injected)
		state->event = EVENT_VALID | EVENT_EXCEPTION | ev.exception.nr |
			       (ev.exception.has_error_code ? EVENT_ERROR : 0) |
			       (uint64_t)ev.exception.error_code << 32;
}

static int set_events(struct kvm_cpu *cpu, const struct x86_state *state)
{
	struct kvm_vcpu_events ev = {.flags = KVM_VCPUEVENT_VALID_SHADOW};
	uint64_t type = state->event & EVENT_TYPES;

	if (state->shadow)
		ev.interrupt.shadow = KVM_X86_SHADOW_INT_STI;
	if (!(state->event & EVENT_VALID)) {
		/* nothing was on its way */
	} else if (type == EVENT_EXCEPTION) {
		ev.exception.injected = 1;
		ev.exception.nr = (uint8_t)state->event;
		ev.exception.has_error_code = !!(state->event & EVENT_ERROR);
		ev.exception.error_code = state->event >> 32;
	} else {
		ev.interrupt.injected = 1;
		ev.interrupt.nr = (uint8_t)state->event;
		ev.interrupt.soft = type == EVENT_SOFT;
	}
	return kvm_ioctl(cpu->fd, KVM_SET_VCPU_EVENTS, &ev);
}

/* ---- all of it ---- */

static void read_state(struct kvm_cpu *cpu, struct x86_state *state)
{
	memset(state, 0, sizeof(*state));
	get_regs(cpu, state);
	get_sregs(cpu, state);
	get_debugregs(cpu, state);
	get_msrs(cpu, state);
	get_xcr0(cpu, state);
	get_xsave(cpu, state);
	get_events(cpu, state);
	state->halted = cpu->halted;
}

/* Between two runs nothing changes, and who looks at memory asks often. */
static const struct x86_state *known_state(struct kvm_cpu *cpu)
{
	if (!cpu->known)
		read_state(cpu, &cpu->state);
	cpu->known = true;
	return &cpu->state;
}

void kvm_get_state(struct vcpu *vcpu, struct x86_state *state)
{
	struct kvm_cpu *cpu = kvm_cpu(vcpu);

	if (cpu->inside)
		read_state(cpu, state);
	else
		*state = *known_state(cpu);
}

int kvm_set_state(struct vcpu *vcpu, const struct x86_state *state)
{
	static int (*const part[])(struct kvm_cpu *,
				   const struct x86_state *) = {
		set_sregs,     set_xcr0, set_xsave,  set_msrs,
		set_debugregs, set_regs, set_events,
	};
	struct kvm_cpu *cpu = kvm_cpu(vcpu);

	cpu->known = false;
	for (unsigned i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		int err = part[i](cpu, state);

		if (err < 0)
			return err;
	}
	cpu->halted = state->halted;
	/* What the kernel said at the last exit is no longer so. */
	cpu->run->if_flag = !!(state->rflags & FLAG_IF);
	cpu->run->ready_for_interrupt_injection = 0;
	return 0;
}

bool kvm_translate(struct vcpu *vcpu, uint64_t gva, uint64_t *gpa)
{
	struct kvm_cpu *cpu = kvm_cpu(vcpu);
	struct x86_state state;

	if (!cpu->inside)
		return x86_translate(vcpu->env.mem, known_state(cpu), gva, gpa);
	memset(&state, 0, sizeof(state));
	get_sregs(cpu, &state);
	return x86_translate(vcpu->env.mem, &state, gva, gpa);
}
