/*
 * kvm_cpuid.c: what the guest's CPUID says.
 *
 * The host's features pass, but for what needs an interrupt controller inside
 * KVM (x2APIC, the TSC deadline), what needs devices we do not have
 * (performance counters, trace, nested virtualization) and the leaves that
 * talk to a hypervisor: the guest is a plain machine with one processor of
 * one core and one thread. (SDM 2A CPUID; APM 3 appendix E.)
 */
#include <errno.h>
#include <stdlib.h>

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "vmm/kvm.h"

#define ENTRIES_MAX  512
#define BIT(n)	     (1u << (n))

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ANY_INDEX    UINT32_MAX
#define NOTHING	     0u

/* Keep only the bits of `keep`, then set those of `set`. */
struct filter {
	uint32_t function, index;
	enum cpuid_register reg;
	uint32_t keep, set;
};

static const struct filter filters[] = {
	/* MONITOR, DS-CPL, VMX, SMX, EIST, TM2, CNXT-ID, PDCM; x2APIC,
	 * TSC deadline, hypervisor */
	{1, ANY_INDEX, CPUID_ECX,
	 ~(BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(10) |
	   BIT(15) | BIT(21) | BIT(24) | BIT(31)),
	 0},
	/* DS, ACPI, HTT, TM; the APIC is ours */
	{1, ANY_INDEX, CPUID_EDX, ~(BIT(21) | BIT(22) | BIT(28) | BIT(29)),
	 BIT(9)},
	/* cache leaves: cores and threads that share, less one */
	{4, ANY_INDEX, CPUID_EAX, ~0xffffc000u, 0},
	/* thermal and power: only that the APIC timer never stops */
	{6, ANY_INDEX, CPUID_EAX, NOTHING, BIT(2)},
	{6, ANY_INDEX, CPUID_EBX, NOTHING, 0},
	{6, ANY_INDEX, CPUID_ECX, NOTHING, 0},
	{6, ANY_INDEX, CPUID_EDX, NOTHING, 0},
	/* SGX, RDT */
	{7, 0, CPUID_EBX, ~(BIT(2) | BIT(12) | BIT(15) | BIT(25)), 0},
	{7, 0, CPUID_ECX, ~BIT(30), 0},
	/* CmpLegacy, SVM, extended APIC space, IBS, SKINIT, WDT, LWP, topology,
	 * the counters, MONITORX */
	{0x80000001, ANY_INDEX, CPUID_ECX,
	 ~(BIT(1) | BIT(2) | BIT(3) | BIT(10) | BIT(12) | BIT(13) | BIT(15) |
	   BIT(22) | BIT(23) | BIT(24) | BIT(27) | BIT(28) | BIT(29)),
	 0},
	/* number of cores */
	{0x80000008, ANY_INDEX, CPUID_ECX, NOTHING, 0},
	{0x8000001d, ANY_INDEX, CPUID_EAX, ~0x03ffc000u, 0},
};

/* Leaves that are not there at all. */
static const struct {
	uint32_t first, last;
} absent[] = {
	{5, 5},			  /* MONITOR/MWAIT */
	{0xa, 0xa},		  /* performance counters */
	{0xb, 0xb},		  /* x2APIC topology */
	{0xf, 0x12},		  /* RDT, SGX */
	{0x14, 0x14},		  /* processor trace */
	{0x1b, 0x1f},		  /* key locker, LBR, V2 topology */
	{0x40000000, 0x4fffffff}, /* hypervisors */
	{0x8000000a, 0x8000000a}, /* SVM */
	{0x8000001b, 0x8000001c}, /* IBS, LWP */
	{0x8000001e, 0x8000001f}, /* extended APIC, SEV */
	{0x80000022, 0x80000022}, /* performance counters */
};

static bool is_absent(uint32_t function)
{
	for (unsigned i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		if (function >= absent[i].first && function <= absent[i].last)
			return true;
	return false;
}

static void filter_entry(struct kvm_cpuid_entry2 *e, unsigned apic_id)
{
	uint32_t *reg[] = {&e->eax, &e->ebx, &e->ecx, &e->edx};

	for (unsigned i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		const struct filter *f = &filters[i];

		if (f->function == e->function &&
		    (f->index == ANY_INDEX || f->index == e->index))
			*reg[f->reg] = (*reg[f->reg] & f->keep) | f->set;
	}
	/* Initial APIC ID, one logical processor (used only with HTT). */
	if (e->function == 1)
		e->ebx = (e->ebx & 0xffff) | 1u << 16 | apic_id << 24;
}

/*
 * What is no feature of the list (vmm/features.h) but kept at every level:
 * in leaf 1 VME, MCE, MCA and SS; in AMD's leaf the bits that repeat
 * those and the rest of leaf 1. The other registers of features have nothing
 * more.
 */
static const struct filter unlisted[] = {
	{1, 0, CPUID_ECX, NOTHING, 0},
	{1, 0, CPUID_EDX, BIT(1) | BIT(7) | BIT(14) | BIT(27), 0},
	{7, 0, CPUID_EBX, NOTHING, 0},
	{7, 0, CPUID_ECX, NOTHING, 0},
	{7, 0, CPUID_EDX, NOTHING, 0},
	{7, 1, CPUID_EAX, NOTHING, 0},
	{0xd, 1, CPUID_EAX, NOTHING, 0},
	{0x80000001, 0, CPUID_ECX, NOTHING, 0},
	{0x80000001, 0, CPUID_EDX, 0x0183f3ff, 0},
};

static uint32_t *entry_register(struct kvm_cpuid_entry2 *e,
				enum cpuid_register reg)
{
	uint32_t *const regs[] = {&e->eax, &e->ebx, &e->ecx, &e->edx};

	return regs[reg];
}

/* The listed features among the entries. */
static uint64_t listed(struct kvm_cpuid2 *id)
{
	uint64_t set = 0;

	for (unsigned f = 0; f < FEATURE_COUNT; f++)
		for (unsigned i = 0; i < id->nent; i++) {
			struct kvm_cpuid_entry2 *e = &id->entries[i];

			for (unsigned reg = CPUID_EAX; reg <= CPUID_EDX; reg++)
				if (features_cpuid(UINT64_C(1) << f,
						   e->function, e->index, reg) &
				    *entry_register(e, reg))
					set |= UINT64_C(1) << f;
		}
	return set;
}

/* XCR0 of the level: x87, SSE and, with AVX, the upper halves. */
static void limit_xsave(struct kvm_cpuid_entry2 *e, uint64_t features)
{
	if (e->function != 0xd || e->index != 0)
		return;
	e->eax &= features & FEATURE_BIT(AVX) ? 7 : 3;
	e->edx = 0;
}

/* Take away what the level does not have; fails when one is short. */
static int apply_level(struct kvm_cpuid2 *id, enum cpu_level level,
		       struct reason *why)
{
	uint64_t features = features_of_level(level);
	const char *missing = features_missing(level, listed(id));

	if (missing)
		return reason_set(why, -ENOTSUP,
				  "--cpu %s: this host's processor has no %s; "
				  "choose a lower level, or --accel sim",
				  cpu_level_name(level), missing);
	for (unsigned i = 0; i < id->nent; i++) {
		struct kvm_cpuid_entry2 *e = &id->entries[i];

		limit_xsave(e, features);
		for (unsigned n = 0; n < COUNT(unlisted); n++) {
			const struct filter *f = &unlisted[n];

			if (f->function == e->function && f->index == e->index)
				*entry_register(e, f->reg) &=
					f->keep |
					features_cpuid(features, f->function,
						       f->index, f->reg);
		}
	}
	return 0;
}

int kvm_set_cpuid(struct kvm_cpu *cpu, struct reason *why)
{
	struct kvm_cpuid2 *id;
	unsigned kept = 0;
	int err;

	id = calloc(1, sizeof(*id) + ENTRIES_MAX * sizeof(id->entries[0]));
	if (!id)
		return -ENOMEM;
	id->nent = ENTRIES_MAX;
	err = kvm_ioctl(cpu->vm->dev, KVM_GET_SUPPORTED_CPUID, id);
	if (err < 0)
		goto out;
	for (unsigned i = 0; i < id->nent; i++) {
		if (is_absent(id->entries[i].function))
			continue;
		id->entries[kept] = id->entries[i];
		filter_entry(&id->entries[kept++], cpu->vcpu.env.index);
	}
	id->nent = kept;
	if (cpu->vcpu.env.level != CPU_DEFAULT &&
	    cpu->vcpu.env.level != CPU_MAX)
		err = apply_level(id, cpu->vcpu.env.level, why);
	if (err < 0)
		goto out;
	err = kvm_ioctl(cpu->fd, KVM_SET_CPUID2, id);
out:
	free(id);
	return err;
}
