/*
 * pcid64.c: process-context identifiers and INVPCID: what they refuse, and
 * that what must go from the TLB has gone.
 *
 * Not on qemu: its TCG has no PCID
 * Not on rig: nor has the KVM on it
 * Prints:
 *	cr3, bit 52: #0d(0000)
 *	PCIDE with PCID in cr3: #0d(0000)
 *	PG off with PCIDE: #0d(0000)
 *	invpcid, type 4: #0d(0000)
 *	invpcid, reserved bits: #0d(0000)
 *	invpcid, address in a hole: #0d(0000)
 *	invpcid in ring 3: #0d(0000)
 *	after invpcid of the address: new
 *	after invpcid of the context: new
 *	after invpcid of all: new
 *	after invpcid of all but global: new
 *	cr3 with bit 63: ok
 *	back to the other PCID: new
 *	end
 */
#include "tests/guest/bare64.h"

#define LINEAR UINT64_C(0x8000000000)
#define G      0x100u

USER uint8_t buffer[16];
static uint64_t pdpt1[512] ALIGNED, pd1[512] ALIGNED, pt1[512] ALIGNED;
static uint64_t page[2][512] ALIGNED;
static uint64_t other_root[512] ALIGNED;
uint64_t descriptor[2];

#define END "\n int $0x30"
CODE(invpcid_fn, "invpcid descriptor, %r12" END);
CODE(invpcid_user, "movl $2, %eax; invpcid buffer, %rax" END);
CODE(cr3_fn, "movq %r12, %cr3" END);
CODE(cr4_fn, "movq %r12, %cr4" END);
CODE(cr0_fn, "movq %r12, %cr0" END);

static void row(const char *name, void (*fn)(void), uint64_t r12)
{
	enter[12] = r12;
	attempt(fn);
	report(name);
}

static uint64_t look(void)
{
	return *(volatile uint64_t *)LINEAR;
}

/* Map the first page, look, map the second unseen. */
static void remap(uint64_t flags)
{
	pt1[0] = (uint64_t)page[0] | 3 | flags;
	invlpg(LINEAR);
	look();
	pt1[0] = (uint64_t)page[1] | 3 | flags;
}

static void seen(const char *name)
{
	print(name);
	print(look() == 1 ? "new" : "old");
}

static void invpcid(uint64_t type, uint64_t pcid, uint64_t at)
{
	descriptor[0] = pcid;
	descriptor[1] = at;
	enter[12] = type;
	attempt(invpcid_fn);
}

static void refused(const char *name, uint64_t type, uint64_t pcid, uint64_t at)
{
	invpcid(type, pcid, at);
	report(name);
}

static void pcids(void)
{
	uint64_t cr3 = get_cr3();

	row("cr3, bit 52", cr3_fn, cr3 | UINT64_C(1) << 52);
	set_cr3(cr3 | 5);
	row("PCIDE with PCID in cr3", cr4_fn, get_cr4() | CR4_PCIDE);
	set_cr3(cr3);
	set_cr4(get_cr4() | CR4_PCIDE);
	row("PG off with PCIDE", cr0_fn, get_cr0() & ~UINT64_C(0x80000000));
	refused("invpcid, type 4", 4, 0, 0);
	refused("invpcid, reserved bits", 0, 0x1000, LINEAR);
	refused("invpcid, address in a hole", 0, 0, UINT64_C(1) << 47);
	attempt_user(invpcid_user);
	report("invpcid in ring 3");
	remap(0);
	invpcid(0, 0, LINEAR);
	seen("after invpcid of the address: ");
	remap(0);
	invpcid(1, 0, 0);
	seen("\nafter invpcid of the context: ");
	remap(G);
	invpcid(2, 0, 0);
	seen("\nafter invpcid of all: ");
	remap(0);
	invpcid(3, 0, 0);
	seen("\nafter invpcid of all but global: ");
	put('\n');
	/* Two roots of two PCIDs: each has its own page there. */
	for (unsigned i = 0; i < 512; i++)
		other_root[i] = pml4[i];
	row("cr3 with bit 63", cr3_fn, ((uint64_t)other_root | 7) | PTE_NX);
	pt1[0] = (uint64_t)page[0] | 3;
	set_cr3(cr3);
	invlpg(LINEAR);
	look();
	set_cr3((uint64_t)other_root | 7);
	pt1[0] = (uint64_t)page[1] | 3;
	set_cr3(cr3); /* without bit 63: what PCID 0 had goes */
	seen("back to the other PCID: ");
	put('\n');
	set_cr4(get_cr4() & ~(uint64_t)CR4_PCIDE);
}

int test_main(void)
{
	pml4[1] = (uint64_t)pdpt1 | 3;
	pdpt1[0] = (uint64_t)pd1 | 3;
	pd1[0] = (uint64_t)pt1 | 3;
	page[1][0] = 1;
	set_cr4(get_cr4() | CR4_PGE);
	pcids();
	return 0;
}
