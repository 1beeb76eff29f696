/* symbols.h: the name of the function at an address, from an ELF's table. */
#ifndef SHELL_SYMBOLS_H
#define SHELL_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * " <name+0x12>" into `text`, or "" when no symbol of the ELF file `path`
 * covers `va`; never an error.
 */
void symbols_describe(const char *path, uint64_t va, char *text, size_t size);

#endif
