/*
 * cpuid.c: what the processor says it is: no more than is implemented. Its
 * feature bits are the contract: an instruction that they do not offer is
 * #UD.
 */
#include <string.h>

#include "vmm/sim/sim.h"

/* Leaf 1 EDX */
#define F_FPU	     (1u << 0)
#define F_DE	     (1u << 2)
#define F_PSE	     (1u << 3)
#define F_TSC	     (1u << 4)
#define F_MSR	     (1u << 5)
#define F_PAE	     (1u << 6)
#define F_CX8	     (1u << 8)
#define F_APIC	     (1u << 9)
#define F_MTRR	     (1u << 12)
#define F_PGE	     (1u << 13)
#define F_CMOV	     (1u << 15)
#define F_PAT	     (1u << 16)
#define F_PSE36	     (1u << 17)
#define F_CLFSH	     (1u << 19)
#define F_FXSR	     (1u << 24)
#define F_SSE	     (1u << 25)
#define F_SSE2	     (1u << 26)
/* Leaf 1 ECX */
#define F_SSE3	     (1u << 0)
#define F_SSSE3	     (1u << 9)
#define F_CX16	     (1u << 13)
#define F_PCID	     (1u << 17)
#define F_SSE41	     (1u << 19)
#define F_SSE42	     (1u << 20)
#define F_POPCNT     (1u << 23)
#define F_HYPERVISOR (1u << 31)
/* Leaf 7 EBX and ECX */
#define F_FSGSBASE   (1u << 0)
#define F_SMEP	     (1u << 7)
#define F_NO_FCS     (1u << 13) /* x87's CS and DS read as zero */
#define F_SMAP	     (1u << 20)
#define F_UMIP	     (1u << 2)
/* Leaf 8000_0001 EDX and ECX */
#define F_SYSCALL    (1u << 11)
#define F_NX	     (1u << 20)
#define F_PAGE1GB    (1u << 26)
#define F_RDTSCP     (1u << 27)
#define F_LM	     (1u << 29)
#define F_LAHF	     (1u << 0)
#define F_PREFETCHW  (1u << 8)

#define SIGNATURE    0x00000600u /* family 6 */
#define BRAND	     "vmm simulated x86-64 processor"
#define TSC_HZ	     1000000000u
#define LINEAR_BITS  48

static void put_text(uint32_t *out, const char *text, size_t at)
{
	char part[16] = {0};
	size_t len = strlen(text);

	if (at < len)
		memcpy(part, text + at, len - at < 16 ? len - at : 16);
	memcpy(out, part, 16);
}

static void basic_leaf(uint32_t leaf, uint32_t sub, uint32_t out[4])
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
		out[2] = F_SSE3 | F_SSSE3 | F_CX16 | F_PCID | F_SSE41 |
			 F_SSE42 | F_POPCNT | F_HYPERVISOR;
		out[3] = F_FPU | F_DE | F_PSE | F_TSC | F_MSR | F_PAE | F_CX8 |
			 F_APIC | F_PGE | F_CMOV | F_PAT | F_PSE36 | F_CLFSH |
			 F_FXSR | F_SSE | F_SSE2;
		break;
	case 7:
		if (sub == 0) {
			out[1] = F_FSGSBASE | F_SMEP | F_NO_FCS | F_SMAP;
			out[2] = F_UMIP;
		}
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
	case 0x80000001:
		out[2] = F_LAHF | F_PREFETCHW;
		out[3] = F_SYSCALL | F_NX | F_PAGE1GB | F_RDTSCP | F_LM;
		break;
	case 0x80000002:
	case 0x80000003:
	case 0x80000004:
		put_text(out, BRAND, (leaf - 0x80000002) * 16);
		break;
	case 0x80000007:
		out[3] = 1u << 8; /* invariant TSC */
		break;
	case 0x80000008:
		out[0] = PHYS_BITS | LINEAR_BITS << 8;
		break;
	}
}

/* Leaves beyond the highest read as zero here. */
void cpuid_leaf(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
	memset(out, 0, 4 * sizeof(out[0]));
	if (leaf >> 31)
		extended_leaf(leaf, out);
	else
		basic_leaf(leaf, sub, out);
}
