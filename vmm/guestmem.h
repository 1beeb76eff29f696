/*
 * guestmem.h: the guest's RAM, and the only way to it.
 *
 * RAM is one or two regions: from 0 up to at most 3 GiB, and what is more
 * from 4 GiB on; the hole between is for devices. The first MiB is RAM
 * throughout, the VGA text window at b8000 included: what firmware must not
 * use is said by the memory map, not by holes in here.
 *
 * Every accessor checks the whole range, by subtraction, so that no address
 * or length of the guest's can wrap or reach outside. Copy a guest structure
 * in and check the copy; guestmem_ptr() is for bulk data only.
 */
#ifndef VMM_GUESTMEM_H
#define VMM_GUESTMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUESTMEM_LOW_MAX   UINT64_C(0xc0000000)
#define GUESTMEM_HIGH_BASE UINT64_C(0x100000000)
#define GUESTMEM_REGIONS   2
#define GUEST_PAGE_SIZE	   UINT64_C(4096)

struct guestmem_region {
	uint64_t base; /* guest-physical */
	uint64_t len;  /* bytes, a multiple of 4 KiB; 0: region not there */
	uint8_t *host; /* page aligned, zero until written */
};

/*
 * While somebody keeps track (vmm/dirty.h), a bit for each page that may have
 * been written since it was last asked; else NULL.
 */
struct guestmem {
	struct guestmem_region region[GUESTMEM_REGIONS];
	uint64_t *dirty[GUESTMEM_REGIONS];
};

/* A page of RAM is about to be written; anything else is passed over. */
static inline void guestmem_note(const struct guestmem *gm, uint64_t gpa)
{
	if (!gm->dirty[0])
		return;
	for (int i = 0; i < GUESTMEM_REGIONS; i++) {
		uint64_t page = (gpa - gm->region[i].base) / GUEST_PAGE_SIZE;

		if (gm->dirty[i] &&
		    gpa - gm->region[i].base < gm->region[i].len)
			gm->dirty[i][page / 64] |= UINT64_C(1) << page % 64;
	}
}

/*
 * Make `len` bytes of RAM, all zero; host memory is taken as it is touched.
 * -EINVAL: not a multiple of 4 KiB, under 1 MiB or over 64 GiB; -ENOMEM.
 */
int guestmem_init(struct guestmem *gm, uint64_t len);

/* Give the host memory back; a zeroed or finished struct is accepted. */
void guestmem_fini(struct guestmem *gm);

/* All zero again, and the host's memory given back. */
void guestmem_clear(const struct guestmem *gm);

/* Bytes of RAM in all. */
uint64_t guestmem_size(const struct guestmem *gm);

/*
 * The host address of `len` bytes of RAM at `gpa`, or NULL when any of them
 * is outside RAM or the range crosses a region.
 */
void *guestmem_ptr(const struct guestmem *gm, uint64_t gpa, uint64_t len);

/* Copy in or out; false, and nothing copied, when not all of it is RAM. */
bool guestmem_read(const struct guestmem *gm, uint64_t gpa, void *buf,
		   uint64_t len);
bool guestmem_write(const struct guestmem *gm, uint64_t gpa, const void *buf,
		    uint64_t len);

#endif
