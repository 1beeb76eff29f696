/* abi18.c: the EVMC module for evmone's tools, ABI 18; see module.h. */
#include "evm/evmc/module.h"
#include "evm/hash.h"

#include <string.h>

/* It has no Constantinople: what it has from there on is one less. */
enum evm_fork abi_fork(int revision)
{
	if (revision >= EVM_CONSTANTINOPLE)
		revision++;
	if (revision < 0 || revision >= EVM_FORK_COUNT)
		return EVM_FORK_COUNT;
	return (enum evm_fork)revision;
}

/* The address is the VM's to compute, and warm from then on. */
bool abi_creation(struct execution *x, struct evmc_message *msg)
{
	uint64_t nonce = x->host->get_nonce(x->context, &msg->sender);
	const struct evm_message *call = &x->frame.call;
	struct evm_address created;

	if (nonce == UINT64_MAX)
		return false;
	if (msg->kind == EVMC_CREATE)
		evm_create_address(&call->sender, nonce, &created);
	else
		evm_create2_address(call, &created);
	memcpy(msg->recipient.bytes, created.bytes, sizeof(created.bytes));
	if (x->evm.fork >= EVM_BERLIN)
		x->host->access_account(x->context, &msg->recipient);
	return true;
}

evmc_address abi_created(const struct evmc_message *msg,
			 const struct evmc_result *result)
{
	return msg->recipient;
}

static struct evmc_vm module = {
	.abi_version = 18,
	.name = "vmmevm",
	.version = MODULE_VERSION,
	.destroy = module_destroy,
	.execute = module_execute,
	.set_option = module_set_option,
};

__attribute__((visibility("default"))) struct evmc_vm *evmc_create_vmmevm18(
	void);

struct evmc_vm *evmc_create_vmmevm18(void)
{
	return &module;
}
