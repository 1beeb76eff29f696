/* mmu.h: the walk of the page tables, as mmu.c and the registers use it. */
#ifndef VMM_SIM_MMU_H
#define VMM_SIM_MMU_H

#include "vmm/sim/sim.h"

struct walk {
	uint64_t gpa;
	uint64_t len; /* of the page */
	bool user, writable, exec, global;
	bool accessed, dirty; /* all of the entries; the last one */
	uint8_t count, size;  /* of the entries on the way */
	uint64_t entry[4];
};

/* A page of RAM, or a word in one that does not cross its end; or NULL. */
static inline uint8_t *mmu_ram(const struct cpu *cpu, uint64_t gpa)
{
	const struct guestmem_region *r = cpu->vcpu.env.mem->region;

	for (unsigned i = 0; i < GUESTMEM_REGIONS; i++)
		if (gpa - r[i].base < r[i].len)
			return r[i].host + (gpa - r[i].base);
	return NULL;
}

/*
 * False when not present or reserved, with the low bits of the error code in
 * *error. Changes nothing. Only while paging is on.
 */
bool mmu_walk(const struct cpu *cpu, uint64_t lin, struct walk *w,
	      uint32_t *error);

/* Set A in all entries of an allowed translation, and D in the last. */
void mmu_mark(struct cpu *cpu, const struct walk *w, bool write);

/* Is PAE paging on, whose pointers are registers? */
bool mmu_pae(const struct cpu *cpu);

/* Take the pointers that `cr3` leads to; false: reserved bits are set. */
bool mmu_load_pdptes(struct cpu *cpu, uint64_t cr3);

#endif
