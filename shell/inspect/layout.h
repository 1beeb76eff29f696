/*
 * layout.h: the kernel's own description of its structures
 * (guest-kernel/abi/inspect.h), found and checked, and reading by it.
 *
 * From the kernel's file if there is one, for no guest can change that; else
 * from memory. All reads give 0 where there is no RAM.
 */
#ifndef SHELL_INSPECT_LAYOUT_H
#define SHELL_INSPECT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest-kernel/abi/inspect.h"
#include "vmm/guestmem.h"

struct layout {
	const struct guestmem *mem;
	struct inspect_head head;
	struct inspect_field field[INSPECT_FIELD_COUNT];
	uint32_t size[INSPECT_SIZE_COUNT];
	uint64_t kernel; /* guest-physical address of the struct kernel */
};

/*
 * `fd`: the kernel's ELF file, or -1. 0; or -ENOEXEC with the reason in
 * `why`.
 */
int layout_find(struct layout *l, const struct guestmem *mem, int fd, char *why,
		size_t size);

/* A field, to 8 bytes, of the structure at `at`. */
uint64_t layout_get(const struct layout *l, uint64_t at,
		    enum inspect_field_number field);

/* The address of a field that is a structure of its own. */
static inline uint64_t layout_at(const struct layout *l, uint64_t at,
				 enum inspect_field_number field)
{
	return at + l->field[field].offset;
}

/* Where a pointer of the kernel's leads; false: to no RAM. */
bool layout_pointer(const struct layout *l, uint64_t va, uint64_t *pa);

/* The same for a field; 0: NULL, or to no RAM. */
uint64_t layout_follow(const struct layout *l, uint64_t at,
		       enum inspect_field_number field);

#endif
