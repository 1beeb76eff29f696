/* module.h: one execution for an EVMC host; and where the versions differ. */
#ifndef EVM_EVMC_MODULE_H
#define EVM_EVMC_MODULE_H

#include "evm/evmc/evmc.h"
#include "evm/frame.h"

struct known_code {
	struct known_code *next;
	evmc_address address;
	struct evm_code *code;
};

struct execution {
	const struct evmc_host_interface *host;
	struct evmc_host_context *context;
	struct evmc_tx_context tx;
	struct evm evm;
	struct evm_frame frame;
	int64_t refund;
	struct known_code *codes; /* asked of the host since its last call */
};

/* A module's table of functions, without what only one version has. */
struct evmc_result module_execute(struct evmc_vm *vm,
				  const struct evmc_host_interface *host,
				  struct evmc_host_context *context,
				  int revision, const struct evmc_message *msg,
				  const uint8_t *code, size_t code_size);
void module_destroy(struct evmc_vm *vm);
enum evmc_set_option_result module_set_option(struct evmc_vm *vm,
					      const char *name,
					      const char *value);

/* abi12.c, abi18.c: EVM_FORK_COUNT for a number that is no fork */
enum evm_fork abi_fork(int revision);
/*
 * What a creation's message has beyond the rest; false: it must not be asked
 * of the host, and has failed without cost.
 */
bool abi_creation(struct execution *x, struct evmc_message *msg);
evmc_address abi_created(const struct evmc_message *msg,
			 const struct evmc_result *result);

#endif
