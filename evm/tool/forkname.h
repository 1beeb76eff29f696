/* forkname.h: what fixtures and clients call forks, beyond evm_fork_find(). */
#ifndef EVM_TOOL_FORKNAME_H
#define EVM_TOOL_FORKNAME_H

#include "evm/tool/fixture.h"

#define FORK_NAME 32

/*
 * Of a pair of which one becomes the other at a time or block
 * ("ShanghaiToCancunAtTime15k") the one that holds in the block `env`; any
 * other name as it is. False if the block or the name does not say.
 */
bool fork_active(json_t *env, const char *name, char active[FORK_NAME]);

/* As the fork has it; BPO1 and so on (EIP-7892) differ in this alone. */
struct evm_blob_schedule fork_blobs(const char *name);

#endif
