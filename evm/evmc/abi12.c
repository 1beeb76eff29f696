/* abi12.c: the EVMC module for ethereum/evmc, ABI 12; see module.h. */
#include "evm/evmc/module.h"

enum evm_fork abi_fork(int revision)
{
	if (revision < 0 || revision >= EVM_FORK_COUNT)
		return EVM_FORK_COUNT;
	return (enum evm_fork)revision; /* the same order */
}

bool abi_creation(struct execution *x, struct evmc_message *msg)
{
	u256_store(msg->create2_salt.bytes, &x->frame.call.salt);
	return true;
}

evmc_address abi_created(const struct evmc_message *msg,
			 const struct evmc_result *result)
{
	return result->create_address;
}

static uint32_t get_capabilities(struct evmc_vm *vm)
{
	return EVMC_CAPABILITY_EVM1;
}

static struct evmc_vm module = {
	.abi_version = 12,
	.name = "vmmevm",
	.version = MODULE_VERSION,
	.destroy = module_destroy,
	.execute = module_execute,
	.get_capabilities = get_capabilities,
	.set_option = module_set_option,
};

/* A loader takes the symbol from the file's name: libvmmevm.so. */
__attribute__((visibility("default"))) struct evmc_vm *evmc_create_vmmevm(void);

struct evmc_vm *evmc_create_vmmevm(void)
{
	return &module;
}
