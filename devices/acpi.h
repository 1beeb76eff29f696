/* acpi.h: see acpi.c. The RSDP is where vmm/boot.h says. */
#ifndef DEVICES_ACPI_H
#define DEVICES_ACPI_H

#include "vmm/guestmem.h"

/* Write the tables of a board with so many processors. */
void acpi_write(const struct guestmem *gm, unsigned cpus);

#endif
