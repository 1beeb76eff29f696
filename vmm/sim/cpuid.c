/*
 * cpuid.c: what the processor says it is: no more than is implemented. Its
 * feature bits are the contract: an instruction that they do not offer is
 * #UD, a bit of CR4 that belongs to one is #GP. They all come from the list
 * of vmm/features.h, as far as the level has them.
 */
#include <string.h>

#include "vmm/sim/sim.h"

#define F_OSXSAVE     (1u << 27)
#define F_HYPERVISOR  (1u << 31)
/* They come with the machine's local APIC. */
#define F_X2APIC      (1u << 21)
#define F_APIC	      (1u << 9) /* of EDX */
#define F_DEADLINE    (1u << 24)
/* APIC IDs of the one package: as many as there can be CPUs. */
#define ID_BITS	      3
#define IDS	      (1u << ID_BITS)
#define TSC_INVARIANT (1u << 8)

#define SIGNATURE     0x00000600u /* family 6 */
#define BRAND	      "vmm simulated x86-64 processor"
#define TSC_HZ	      1000000000u
#define LINEAR_BITS   48
/* An area's bytes: legacy region and header, and after them AVX's. */
#define XSAVE_BYTES   576
#define XSAVE_AVX     256
#define XCR0_AVX      4u

static void put_text(uint32_t *out, const char *text, size_t at)
{
	char part[16] = {0};
	size_t len = strlen(text);

	if (at < len)
		memcpy(part, text + at, len - at < 16 ? len - at : 16);
	memcpy(out, part, 16);
}

/* The feature bits of leaf `leaf`, from the list of vmm/features.h. */
static void feature_bits(const struct cpu *cpu, uint32_t leaf, uint32_t sub,
			 uint32_t out[4])
{
	for (unsigned reg = CPUID_EAX; reg <= CPUID_EDX; reg++)
		out[reg] |= features_cpuid(cpu->features, leaf, sub, reg);
}

/* Cores of one thread each (SDM 2A table 3-8). */
static void topology(const struct cpu *cpu, uint32_t sub, uint32_t out[4])
{
	static const struct {
		uint32_t shift, processors, type;
	} levels[] = {{0, 1, 1}, {ID_BITS, IDS, 2}};

	out[2] = sub & 0xff;
	if (sub < sizeof(levels) / sizeof(levels[0])) {
		out[0] = levels[sub].shift;
		out[1] = levels[sub].processors;
		out[2] |= levels[sub].type << 8;
	}
	out[3] = cpu->vcpu.env.index;
}

static uint32_t xsave_bytes(uint64_t xcr0)
{
	return XSAVE_BYTES + (xcr0 & XCR0_AVX ? XSAVE_AVX : 0);
}

/* The components and the bytes they take. */
static void xsave_leaf(const struct cpu *cpu, uint32_t sub, uint32_t out[4])
{
	switch (sub) {
	case 0:
		out[0] = cpuid_xcr0(cpu);
		out[1] = xsave_bytes(cpu->s.xcr0);
		out[2] = xsave_bytes(cpuid_xcr0(cpu));
		break;
	case 1: /* compacted: the same, as there is one such component */
		out[1] = xsave_bytes(cpu->s.xcr0);
		break;
	case 2:
		if (!(cpuid_xcr0(cpu) & XCR0_AVX))
			break;
		out[0] = XSAVE_AVX;
		out[1] = XSAVE_BYTES;
		break;
	}
}

static void basic_leaf(const struct cpu *cpu, uint32_t leaf, uint32_t sub,
		       uint32_t out[4])
{
	switch (leaf) {
	case 0:
		out[0] = 0x16;
		memcpy(&out[1], "Genu", 4);
		memcpy(&out[3], "ineI", 4);
		memcpy(&out[2], "ntel", 4);
		break;
	case 1:
		out[0] = SIGNATURE;
		out[1] = 8 << 8; /* CLFLUSH lines of 64 bytes */
		out[1] |= 1 << 16 | cpu->vcpu.env.index << 24;
		out[2] |= F_HYPERVISOR;
		if (cpu->vcpu.env.read_msr)
			out[2] |= F_X2APIC | F_DEADLINE;
		if (cpu->s.cr4 & CR4_OSXSAVE)
			out[2] |= F_OSXSAVE;
		break;
	case 0xb:
		topology(cpu, sub, out);
		break;
	case 0xd:
		if (cpu->features & FEATURE_BIT(XSAVE))
			xsave_leaf(cpu, sub, out);
		break;
	case 0x15: /* TSC = crystal * EBX / EAX */
		out[0] = 1;
		out[1] = 1;
		out[2] = TSC_HZ;
		break;
	case 0x16: /* MHz */
		out[0] = TSC_HZ / 1000000;
		out[1] = TSC_HZ / 1000000;
		break;
	}
}

static void extended_leaf(uint32_t leaf, uint32_t out[4])
{
	switch (leaf) {
	case 0x80000000:
		out[0] = 0x80000008;
		break;
	case 0x80000002:
	case 0x80000003:
	case 0x80000004:
		put_text(out, BRAND, (leaf - 0x80000002) * 16);
		break;
	case 0x80000007:
		out[3] = TSC_INVARIANT;
		break;
	case 0x80000008:
		out[0] = PHYS_BITS | LINEAR_BITS << 8;
		break;
	}
}

/* Leaves beyond the highest read as zero here. */
static void make_leaf(const struct cpu *cpu, uint32_t leaf, uint32_t sub,
		      uint32_t out[4])
{
	memset(out, 0, 4 * sizeof(out[0]));
	feature_bits(cpu, leaf, sub, out);
	if (leaf == 1 && !(cpu->s.apic_base & APIC_BASE_EN))
		out[3] &= ~F_APIC; /* as if there were none */
	if (leaf >> 31)
		extended_leaf(leaf, out);
	else
		basic_leaf(cpu, leaf, sub, out);
}

void cpuid_init(struct cpu *cpu)
{
	for (unsigned i = 0; i < CPUID_MEMOS; i++)
		cpu->cpuid[i].key = CPUID_NO_KEY;
}

const struct cpuid_memo *cpuid_answer(struct cpu *cpu, uint64_t key)
{
	struct cpuid_memo *m =
		&cpu->cpuid[(key ^ key >> 27 ^ key >> 29) % CPUID_MEMOS];

	if (m->key == key && m->cr4 == cpu->s.cr4 && m->xcr0 == cpu->s.xcr0)
		return m;
	m->key = key;
	m->cr4 = cpu->s.cr4;
	m->xcr0 = cpu->s.xcr0;
	make_leaf(cpu, key, key >> 32, m->out);
	return m;
}

uint64_t cpuid_cr4(const struct cpu *cpu)
{
	static const struct {
		uint64_t feature, bits;
	} rows[] = {
		{FEATURE_BIT(FSGSBASE), CR4_FSGSBASE},
		{FEATURE_BIT(SMEP), CR4_SMEP},
		{FEATURE_BIT(SMAP), CR4_SMAP},
		{FEATURE_BIT(UMIP), CR4_UMIP},
		{FEATURE_BIT(PCID), CR4_PCIDE},
		{FEATURE_BIT(XSAVE), CR4_OSXSAVE},
	};
	uint64_t bits = CR4_TSD | CR4_DE | CR4_PSE | CR4_PAE | CR4_MCE |
			CR4_PGE | CR4_PCE | CR4_OSFXSR | CR4_OSXMMEXCPT;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (cpu->features & rows[i].feature)
			bits |= rows[i].bits;
	return bits;
}

uint64_t cpuid_xcr0(const struct cpu *cpu)
{
	if (!(cpu->features & FEATURE_BIT(XSAVE)))
		return 1;
	return cpu->features & FEATURE_BIT(AVX) ? 3 | XCR0_AVX : 3;
}
