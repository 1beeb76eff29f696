/*
 * boot_sections.h: an ELF file's section headers for kernels that want them,
 * and what is in the sections that no segment has loaded: symbols, strings.
 */
#ifndef VMM_BOOT_SECTIONS_H
#define VMM_BOOT_SECTIONS_H

#include "vmm/boot_parts.h"

struct boot_sections {
	unsigned count, entry_size; /* as the file has them: 40 or 64 bytes */
	unsigned names;		    /* which one has their names */
	uint8_t bytes[BOOT_SECTIONS * 64];
};

/*
 * Put those sections into memory behind the modules and give the headers with
 * their places. false, said with -v: there are none, they are more than
 * BOOT_SECTIONS, damaged, or do not fit; nothing was written then.
 */
bool boot_load_sections(const struct boot_parts *parts,
			struct boot_sections *sections);

#endif
