/*
 * symbolize.h: `vmm symbolize`: a log goes through, and below each line with
 * a backtrace token or addresses of code comes what they stand for.
 */
#ifndef SHELL_SYMBOLIZE_H
#define SHELL_SYMBOLIZE_H

#include <stdio.h>

/*
 * Copies descriptor `in` to `out` until it ends, with the explanations from
 * the ELF files. Returns the exit status: 0; 1 if a token was damaged or of
 * another build; 2 if a file is no good; 71 if reading or writing failed.
 */
int symbolize(char *const *elf, unsigned count, int in, FILE *out);

#endif
