/* arguments.h: a command line as words. */
#ifndef USER_ARGUMENTS_H
#define USER_ARGUMENTS_H

#include "guest-kernel/abi/bootinfo.h"

#define ARGUMENTS_MAX 64 /* what is beyond is left out */

struct arguments {
	int count;
	char *word[ARGUMENTS_MAX + 1]; /* ends with NULL */
	char text[BOOT_CMDLINE_SIZE];
};

/*
 * Words end at spaces. Between " or ' a space is part of the word, and so is
 * the other kind of quote; the quotes themselves are not. Word 0 is `name`.
 */
void arguments_split(struct arguments *arguments, char *name,
		     const char *cmdline);

#endif
