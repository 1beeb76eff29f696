/* space.c: see space.h. */
#include "guest-kernel/user/space.h"

#include "guest-kernel/user/grain.h"

static const enum abi_object table_type[] = {OBJECT_PT, OBJECT_PD, OBJECT_PDPT};

/* Hang in the page table for va, and first what is missing above it. */
static enum error add_tables(struct space *s, uint64_t va)
{
	unsigned level = 0;
	enum error err;

	for (;;) {
		struct caddr slot;

		if (!s->spare[level].depth) {
			err = s->make(s, table_type[level], &slot);
			if (err != ERR_OK)
				return err;
			s->spare[level] = slot;
		}
		err = sys_table_map(s->spare[level], va, s->pml4);
		if (err == ERR_NO_TABLE && level < 2) {
			level++;
			continue;
		}
		if (err != ERR_OK)
			return err;
		s->spare[level] = CADDR_ANY;
		if (level-- == 0)
			return ERR_OK;
	}
}

enum error space_map(struct space *s, struct caddr frame, uint64_t va,
		     uint64_t rights)
{
	enum error err = sys_page_map(frame, va, rights, s->pml4);

	if (err != ERR_NO_TABLE)
		return err;
	err = add_tables(s, va);
	return err == ERR_OK ? sys_page_map(frame, va, rights, s->pml4) : err;
}

/* ---- our own ---- */

static struct caddr own_pool;
static unsigned own_count; /* tables in it */

static enum error make_own(struct space *s, enum abi_object type,
			   struct caddr *slot)
{
	enum error err = ERR_OK;

	if (!own_pool.depth)
		err = memory_keep(MEMORY_TABLES, OBJECT_CPOOL, &own_pool);
	if (err == ERR_OK && own_count == CPOOL_SLOTS)
		err = ERR_NO_SLOT;
	if (err != ERR_OK)
		return err;
	*slot = caddr_in(own_pool, own_count);
	err = memory_make(type, *slot);
	own_count += err == ERR_OK;
	return err;
}

struct space *space_own(void)
{
	static struct space own = {.make = make_own};

	own.pml4 = caddr_root(BOOT_SLOT_PML4);
	return &own;
}
