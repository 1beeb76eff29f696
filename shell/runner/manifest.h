/* manifest.h: the names that vmm_test.h left in an image. */
#ifndef SHELL_RUNNER_MANIFEST_H
#define SHELL_RUNNER_MANIFEST_H

#include <stddef.h>

/* 0 and an allocated list (none is fine); -errno, said, for a broken one. */
int manifest_read(const char *path, char ***name, size_t *count);
void manifest_free(char **name, size_t count);

#endif
