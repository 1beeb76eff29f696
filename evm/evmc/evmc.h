/*
 * evmc.h: EVMC, the interface between Ethereum clients and virtual machines,
 * as published by its authors, in our own words: types and layouts are
 * theirs. EVMC_ABI says which of the two versions in use it is:
 *
 *	12	ethereum/evmc, what existing clients and tools load
 *	18	the one that evmone has gone on with: no capabilities and no
 *		Constantinople; the VM computes the address of a creation
 *
 * The two cannot be in one source file.
 */
#ifndef EVM_EVMC_H
#define EVM_EVMC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct evmc_bytes32 {
	uint8_t bytes[32];
} evmc_bytes32;

typedef struct evmc_address {
	uint8_t bytes[20];
} evmc_address;

enum evmc_call_kind {
	EVMC_CALL,
	EVMC_DELEGATECALL,
	EVMC_CALLCODE,
	EVMC_CREATE,
	EVMC_CREATE2,
};

enum evmc_flags { EVMC_STATIC = 1, EVMC_DELEGATED = 2 };

struct evmc_message {
	enum evmc_call_kind kind;
	uint32_t flags;
	int32_t depth;
	int64_t gas;
	evmc_address recipient; /* of a creation only since ABI 18 */
	evmc_address sender;
	const uint8_t *input_data;
	size_t input_size;
	evmc_bytes32 value;
#if EVMC_ABI < 18
	evmc_bytes32 create2_salt;
#endif
	evmc_address code_address;
	const uint8_t *code;
	size_t code_size;
};

struct evmc_tx_context {
	evmc_bytes32 tx_gas_price;
	evmc_address tx_origin;
	evmc_address block_coinbase;
	int64_t block_number;
	int64_t block_timestamp;
	int64_t block_gas_limit;
	evmc_bytes32 block_prev_randao; /* or the difficulty */
	evmc_bytes32 chain_id;
	evmc_bytes32 block_base_fee;
	evmc_bytes32 blob_base_fee;
	const evmc_bytes32 *blob_hashes;
	size_t blob_hashes_count;
#if EVMC_ABI < 18
	const void *initcodes; /* of a proposal that did not come */
	size_t initcodes_count;
#else
	uint64_t block_slot_number;
#endif
};

enum evmc_status_code {
	EVMC_SUCCESS = 0,
	EVMC_FAILURE = 1,
	EVMC_REVERT = 2,
	EVMC_OUT_OF_GAS = 3,
	EVMC_INVALID_INSTRUCTION = 4,
	EVMC_UNDEFINED_INSTRUCTION = 5,
	EVMC_STACK_OVERFLOW = 6,
	EVMC_STACK_UNDERFLOW = 7,
	EVMC_BAD_JUMP_DESTINATION = 8,
	EVMC_INVALID_MEMORY_ACCESS = 9,
	EVMC_CALL_DEPTH_EXCEEDED = 10,
	EVMC_STATIC_MODE_VIOLATION = 11,
	EVMC_PRECOMPILE_FAILURE = 12,
	EVMC_INTERNAL_ERROR = -1,
	EVMC_REJECTED = -2,
	EVMC_OUT_OF_MEMORY = -3
};

struct evmc_result {
	enum evmc_status_code status_code;
	int64_t gas_left;
	int64_t gas_refund;
	const uint8_t *output_data;
	size_t output_size;
	void (*release)(const struct evmc_result *result); /* or NULL */
#if EVMC_ABI < 18
	evmc_address create_address;
	uint8_t padding[4];
#endif
};

enum evmc_storage_status {
	EVMC_STORAGE_ASSIGNED,
	EVMC_STORAGE_ADDED,
	EVMC_STORAGE_DELETED,
	EVMC_STORAGE_MODIFIED,
	EVMC_STORAGE_DELETED_ADDED,
	EVMC_STORAGE_MODIFIED_DELETED,
	EVMC_STORAGE_DELETED_RESTORED,
	EVMC_STORAGE_ADDED_DELETED,
	EVMC_STORAGE_MODIFIED_RESTORED
};

#if EVMC_ABI < 18
enum evmc_access_status { EVMC_ACCESS_COLD, EVMC_ACCESS_WARM };
typedef enum evmc_access_status evmc_warm;
#else
typedef bool evmc_warm;
#endif

struct evmc_host_context; /* the host's own */

struct evmc_host_interface {
	/* since Spurious Dragon: and not empty */
	bool (*account_exists)(struct evmc_host_context *context,
			       const evmc_address *address);
	evmc_bytes32 (*get_storage)(struct evmc_host_context *context,
				    const evmc_address *address,
				    const evmc_bytes32 *key);
	enum evmc_storage_status (*set_storage)(
		struct evmc_host_context *context, const evmc_address *address,
		const evmc_bytes32 *key, const evmc_bytes32 *value);
	evmc_bytes32 (*get_balance)(struct evmc_host_context *context,
				    const evmc_address *address);
#if EVMC_ABI >= 18
	uint64_t (*get_nonce)(struct evmc_host_context *context,
			      const evmc_address *address);
#endif
	size_t (*get_code_size)(struct evmc_host_context *context,
				const evmc_address *address);
	evmc_bytes32 (*get_code_hash)(struct evmc_host_context *context,
				      const evmc_address *address);
	size_t (*copy_code)(struct evmc_host_context *context,
			    const evmc_address *address, size_t code_offset,
			    uint8_t *buffer_data, size_t buffer_size);
	bool (*selfdestruct)(struct evmc_host_context *context,
			     const evmc_address *address,
			     const evmc_address *beneficiary);
	struct evmc_result (*call)(struct evmc_host_context *context,
				   const struct evmc_message *msg);
	struct evmc_tx_context (*get_tx_context)(
		struct evmc_host_context *context);
	evmc_bytes32 (*get_block_hash)(struct evmc_host_context *context,
				       int64_t number);
	void (*emit_log)(struct evmc_host_context *context,
			 const evmc_address *address, const uint8_t *data,
			 size_t data_size, const evmc_bytes32 topics[],
			 size_t topics_count);
	evmc_warm (*access_account)(struct evmc_host_context *context,
				    const evmc_address *address);
	evmc_warm (*access_storage)(struct evmc_host_context *context,
				    const evmc_address *address,
				    const evmc_bytes32 *key);
	evmc_bytes32 (*get_transient_storage)(struct evmc_host_context *context,
					      const evmc_address *address,
					      const evmc_bytes32 *key);
	void (*set_transient_storage)(struct evmc_host_context *context,
				      const evmc_address *address,
				      const evmc_bytes32 *key,
				      const evmc_bytes32 *value);
};

enum evmc_set_option_result {
	EVMC_SET_OPTION_SUCCESS,
	EVMC_SET_OPTION_INVALID_NAME,
	EVMC_SET_OPTION_INVALID_VALUE
};

enum { EVMC_CAPABILITY_EVM1 = 1 };

struct evmc_vm {
	const int abi_version;
	const char *name;
	const char *version;
	void (*destroy)(struct evmc_vm *vm);
	/* `revision`: a fork; the numbers differ between the two versions */
	struct evmc_result (*execute)(struct evmc_vm *vm,
				      const struct evmc_host_interface *host,
				      struct evmc_host_context *context,
				      int revision,
				      const struct evmc_message *msg,
				      const uint8_t *code, size_t code_size);
#if EVMC_ABI < 18
	uint32_t (*get_capabilities)(struct evmc_vm *vm);
#endif
	enum evmc_set_option_result (*set_option)(struct evmc_vm *vm,
						  const char *name,
						  const char *value);
};

#endif
