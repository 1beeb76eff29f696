/* capture.h: between the files that make a struct model. */
#ifndef SHELL_INSPECT_CAPTURE_H
#define SHELL_INSPECT_CAPTURE_H

#include "shell/inspect/model.h"

/* A slot that is not in the model yet; NIL: there is no room. */
uint32_t capture_cap(struct model *m, uint64_t at);

/* Bytes of an object; 0: it takes none of its own, or they vary. */
uint64_t capture_bytes(const struct model *m, unsigned type, unsigned bits);

/* `key` is not in the map, which has room. */
void capture_put(struct map *map, uint64_t key, uint32_t index);

/* Who holds which slot; those that are in no tree become known, too. */
void capture_held(struct model *m);

/* Tasks by number, and the paths to pools; false: no memory. */
bool capture_tasks(struct model *m);

#endif
