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

#define ENTRIES_MAX 512
#define BIT(n)	    (1u << (n))

enum cpuid_reg { EAX, EBX, ECX, EDX };

#define ANY_INDEX UINT32_MAX
#define NOTHING	  0u

/* Keep only the bits of `keep`, then set those of `set`. */
struct filter {
	uint32_t function, index;
	enum cpuid_reg reg;
	uint32_t keep, set;
};

static const struct filter filters[] = {
	/* MONITOR, DS-CPL, VMX, SMX, EIST, TM2, CNXT-ID, PDCM; x2APIC,
	 * TSC deadline, hypervisor */
	{1, ANY_INDEX, ECX,
	 ~(BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(10) |
	   BIT(15) | BIT(21) | BIT(24) | BIT(31)),
	 0},
	/* DS, ACPI, HTT, TM; the APIC is ours */
	{1, ANY_INDEX, EDX, ~(BIT(21) | BIT(22) | BIT(28) | BIT(29)), BIT(9)},
	/* cache leaves: cores and threads that share, less one */
	{4, ANY_INDEX, EAX, ~0xffffc000u, 0},
	/* thermal and power: only that the APIC timer never stops */
	{6, ANY_INDEX, EAX, NOTHING, BIT(2)},
	{6, ANY_INDEX, EBX, NOTHING, 0},
	{6, ANY_INDEX, ECX, NOTHING, 0},
	{6, ANY_INDEX, EDX, NOTHING, 0},
	/* SGX, RDT */
	{7, 0, EBX, ~(BIT(2) | BIT(12) | BIT(15) | BIT(25)), 0},
	{7, 0, ECX, ~BIT(30), 0},
	/* CmpLegacy, SVM, extended APIC space, IBS, SKINIT, WDT, LWP, topology,
	 * the counters, MONITORX */
	{0x80000001, ANY_INDEX, ECX,
	 ~(BIT(1) | BIT(2) | BIT(3) | BIT(10) | BIT(12) | BIT(13) | BIT(15) |
	   BIT(22) | BIT(23) | BIT(24) | BIT(27) | BIT(28) | BIT(29)),
	 0},
	/* number of cores */
	{0x80000008, ANY_INDEX, ECX, NOTHING, 0},
	{0x8000001d, ANY_INDEX, EAX, ~0x03ffc000u, 0},
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

int kvm_set_cpuid(struct kvm_cpu *cpu)
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
	err = kvm_ioctl(cpu->fd, KVM_SET_CPUID2, id);
out:
	free(id);
	return err;
}
