/* guestmem.c: RAM regions as private anonymous mappings. */
#include "vmm/guestmem.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "vmm/log.h"

#define RAM_MIN (UINT64_C(1) << 20)
#define RAM_MAX (UINT64_C(64) << 30)

static int region_init(struct guestmem_region *r, uint64_t base, uint64_t len)
{
	void *host = mmap(NULL, len, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (host == MAP_FAILED)
		return fail(-errno,
			    "memory: cannot map %llu MiB: %s; give less --mem",
			    (unsigned long long)(len >> 20), strerror(errno));
	*r = (struct guestmem_region){.base = base, .len = len, .host = host};
	return 0;
}

int guestmem_init(struct guestmem *gm, uint64_t len)
{
	uint64_t low = len < GUESTMEM_LOW_MAX ? len : GUESTMEM_LOW_MAX;
	int err;

	memset(gm, 0, sizeof(*gm));
	if (len % GUEST_PAGE_SIZE || len < RAM_MIN || len > RAM_MAX)
		return fail(-EINVAL, "memory: size must be a multiple of 4 KiB "
				     "from 1M to 64G; see --mem");
	err = region_init(&gm->region[0], 0, low);
	if (!err && len > low)
		err = region_init(&gm->region[1], GUESTMEM_HIGH_BASE,
				  len - low);
	if (err)
		guestmem_fini(gm);
	return err;
}

void guestmem_fini(struct guestmem *gm)
{
	for (int i = 0; i < GUESTMEM_REGIONS; i++)
		if (gm->region[i].host)
			munmap(gm->region[i].host, gm->region[i].len);
	memset(gm, 0, sizeof(*gm));
}

void guestmem_clear(const struct guestmem *gm)
{
	for (int i = 0; i < GUESTMEM_REGIONS; i++) {
		const struct guestmem_region *r = &gm->region[i];

		if (r->len && madvise(r->host, r->len, MADV_DONTNEED) != 0)
			memset(r->host, 0, r->len);
	}
}

uint64_t guestmem_size(const struct guestmem *gm)
{
	return gm->region[0].len + gm->region[1].len;
}

void *guestmem_ptr(const struct guestmem *gm, uint64_t gpa, uint64_t len)
{
	for (int i = 0; i < GUESTMEM_REGIONS; i++) {
		const struct guestmem_region *r = &gm->region[i];

		if (gpa >= r->base && gpa - r->base < r->len &&
		    len <= r->len - (gpa - r->base))
			return r->host + (gpa - r->base);
	}
	return NULL;
}

bool guestmem_read(const struct guestmem *gm, uint64_t gpa, void *buf,
		   uint64_t len)
{
	const void *host = guestmem_ptr(gm, gpa, len);

	if (!host)
		return false;
	memcpy(buf, host, len);
	return true;
}

bool guestmem_write(const struct guestmem *gm, uint64_t gpa, const void *buf,
		    uint64_t len)
{
	void *host = guestmem_ptr(gm, gpa, len);

	if (!host)
		return false;
	for (uint64_t at = gpa & -GUEST_PAGE_SIZE; at < gpa + len;
	     at += GUEST_PAGE_SIZE)
		guestmem_note(gm, at);
	memcpy(host, buf, len);
	return true;
}
