/*
 * evm.h: the Ethereum virtual machine as a pure function. All inputs in, all
 * outputs out: no I/O, no clock, no global state, and memory only through the
 * allocator it is given. It runs on Linux (the `evm` tool) and on the kernel.
 *
 * A caller makes a state (accounts), fills a struct evm with fork, block and
 * sender, and then either applies a transaction (evm_transact), makes a call
 * (evm_call) or runs some code as one frame (evm_run_code).
 *
 * What the chain agrees on is an enum evm_status. What this computer lacks
 * (memory, a precompile) is a negative error number: then nothing can be said
 * about the result, and the state is as it was before the call.
 */
#ifndef EVM_EVM_H
#define EVM_EVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evm/u256.h"

/* Error numbers, with Linux's values; the headers of no system are needed. */
#define EVM_ERR_NO_MEMORY   (-12) /* ENOMEM */
#define EVM_ERR_UNSUPPORTED (-95) /* EOPNOTSUPP: a precompile not built in */

/* name, fixtures' name, text; in the order of activation */
#define EVM_FORKS(X)                   \
	X(FRONTIER, "Frontier")        \
	X(HOMESTEAD, "Homestead")      \
	X(TANGERINE_WHISTLE, "EIP150") \
	X(SPURIOUS_DRAGON, "EIP158")   \
	X(BYZANTIUM, "Byzantium")

enum evm_fork {
#define EVM_FORK_ENUM(name, text) EVM_##name,
	EVM_FORKS(EVM_FORK_ENUM)
#undef EVM_FORK_ENUM
		EVM_FORK_COUNT
};

/*
 * How a frame or a transaction ended: name, text. Those up to REVERT keep the
 * gas that is left, the others of a frame use all of it; those from TX_NONCE
 * on refuse a transaction before it changes anything.
 */
#define EVM_STATUSES(X)                                                  \
	X(SUCCESS, "success")                                            \
	X(REVERT, "reverted")                                            \
	X(OUT_OF_GAS, "out of gas")                                      \
	X(UNDEFINED_OPCODE, "undefined instruction")                     \
	X(STACK_UNDERFLOW, "stack underflow")                            \
	X(STACK_OVERFLOW, "stack overflow")                              \
	X(BAD_JUMP, "jump to no JUMPDEST")                               \
	X(RETURN_DATA_OVERRUN, "read beyond the return data")            \
	X(STATIC_VIOLATION, "change of state in a static call")          \
	X(CODE_TOO_LARGE, "created code is too large")                   \
	X(ADDRESS_TAKEN, "created address is taken")                     \
	X(PRECOMPILE_FAILURE, "input that a precompile refuses")         \
	X(TX_NONCE, "transaction: wrong nonce")                          \
	X(TX_BALANCE, "transaction: sender cannot pay")                  \
	X(TX_INTRINSIC_GAS, "transaction: gas below its intrinsic cost") \
	X(TX_BLOCK_GAS, "transaction: gas above the block's limit")

enum evm_status {
#define EVM_STATUS_ENUM(name, text) EVM_##name,
	EVM_STATUSES(EVM_STATUS_ENUM)
#undef EVM_STATUS_ENUM
		EVM_STATUS_COUNT
};

const char *evm_fork_name(enum evm_fork fork);
/* by the fixtures' name, or as in the enum; EVM_FORK_COUNT if unknown */
enum evm_fork evm_fork_find(const char *name);
const char *evm_status_text(enum evm_status status);
/* "PUSH1"; NULL for a byte that is no instruction in the fork */
const char *evm_opcode_name(enum evm_fork fork, uint8_t opcode);

struct evm_address {
	uint8_t bytes[20];
};

struct evm_hash {
	uint8_t bytes[32];
};

/*
 * Where memory comes from: `resize` makes (old NULL, old_size 0), grows,
 * shrinks or frees (size 0) a block, aligned for any type; its contents are
 * kept. NULL means there is no memory, and the old block is left as it was.
 */
struct evm_allocator {
	void *(*resize)(void *ctx, void *old, size_t old_size, size_t size);
	void *ctx;
};

/* What happened to a storage slot, seen from the transaction's start. */
enum evm_storage_change {
	EVM_STORAGE_ASSIGNED,	       /* none of what follows */
	EVM_STORAGE_ADDED,	       /* 0 -> 0 -> Z */
	EVM_STORAGE_DELETED,	       /* X -> X -> 0 */
	EVM_STORAGE_MODIFIED,	       /* X -> X -> Z */
	EVM_STORAGE_DELETED_ADDED,     /* X -> 0 -> Z */
	EVM_STORAGE_MODIFIED_DELETED,  /* X -> Y -> 0 */
	EVM_STORAGE_DELETED_RESTORED,  /* X -> 0 -> X */
	EVM_STORAGE_ADDED_DELETED,     /* 0 -> Y -> 0 */
	EVM_STORAGE_MODIFIED_RESTORED, /* X -> Y -> X */
	EVM_STORAGE_CHANGES
};

struct evm_code;

struct evm_log {
	struct evm_address address;
	unsigned topic_count;
	struct u256 topic[4];
	uint8_t *data;
	size_t len;
};

/*
 * What a running frame asks of its world. All return 0 or a negative error
 * number, which ends the whole run. struct evm_state is one implementation.
 */
struct evm_host_ops {
	int (*exists)(void *host, const struct evm_address *addr, bool *is);
	/* no code, no nonce, no balance (EIP-161), or not there at all */
	int (*is_empty)(void *host, const struct evm_address *addr, bool *is);
	int (*balance)(void *host, const struct evm_address *addr,
		       struct u256 *value);
	/* NULL if it has none; good while the transaction lasts */
	int (*code)(void *host, const struct evm_address *addr,
		    const struct evm_code **code);
	int (*get_storage)(void *host, const struct evm_address *addr,
			   const struct u256 *key, struct u256 *value);
	int (*set_storage)(void *host, const struct evm_address *addr,
			   const struct u256 *key, const struct u256 *value,
			   enum evm_storage_change *change);
	int (*log)(void *host, const struct evm_log *log);
	/* moves the balance; *first if it was not marked before */
	int (*selfdestruct)(void *host, const struct evm_address *addr,
			    const struct evm_address *heir, bool *first);
	int (*refund)(void *host, uint64_t gas);
};

struct evm_block {
	struct evm_address coinbase;
	uint64_t number, timestamp, gas_limit;
	struct u256 difficulty;
	/* the 256 hashes before it; NULL: all zero */
	int (*hash)(void *ctx, uint64_t number, struct evm_hash *hash);
	void *ctx;
};

enum evm_call_kind {
	EVM_CALL,
	EVM_CALLCODE,
	EVM_DELEGATECALL,
	EVM_CREATE,
};

struct evm_message {
	enum evm_call_kind kind;
	bool is_static;
	unsigned depth;
	int64_t gas;
	struct evm_address sender;    /* CALLER */
	struct evm_address recipient; /* ADDRESS: whose storage it is */
	struct evm_address code_from; /* unused by CREATE */
	struct u256 value;
	const uint8_t *input; /* call data, or the init code of CREATE */
	size_t input_len;
};

struct evm_result {
	enum evm_status status;
	int64_t gas_left;
	struct evm_address created; /* by a successful CREATE */
	/* until the next run of the same struct evm */
	const uint8_t *output;
	size_t output_len;
};

struct evm_frame; /* evm/frame.h */

/* Called around each instruction: for traces. */
struct evm_tracer {
	void (*before)(void *ctx, const struct evm_frame *frame,
		       uint8_t opcode);
	/* gas and stack are as the instruction left them */
	void (*after)(void *ctx, const struct evm_frame *frame,
		      enum evm_status status);
	void *ctx;
};

#define EVM_DEPTH_MAX 1024

/*
 * The machine: what the caller sets, and below it what is the EVM's own (all
 * zero at first). evm_fini() gives back its memory.
 */
struct evm {
	struct evm_allocator alloc;
	struct evm_state *state;
	enum evm_fork fork;
	struct evm_block block;
	struct evm_address origin;
	struct u256 gas_price;
	const struct evm_tracer *tracer; /* or NULL */

	/* one for each depth reached so far; kept from run to run */
	struct evm_frame *frames[EVM_DEPTH_MAX + 1];
	uint8_t *output; /* of the last run */
	size_t output_size;
};

void evm_fini(struct evm *evm);

/*
 * A call or creation, without the costs of a transaction. A run that fails
 * (other than REVERT and SUCCESS) has used all its gas.
 */
int evm_call(struct evm *evm, const struct evm_message *msg,
	     struct evm_result *result);

/* Code given by hand, run as one frame at msg->recipient; nothing is paid. */
int evm_run_code(struct evm *evm, const struct evm_message *msg,
		 const uint8_t *code, size_t len, struct evm_result *result);

struct evm_transaction {
	struct evm_address sender;
	bool is_creation;
	struct evm_address to; /* unused by a creation */
	uint64_t nonce;
	uint64_t gas_limit;
	struct u256 gas_price;
	struct u256 value;
	const uint8_t *input;
	size_t input_len;
};

struct evm_receipt {
	struct evm_result result;
	uint64_t gas_used; /* after the refund */
	uint64_t refund;
};

/*
 * The gas a transaction costs before its first instruction; UINT64_MAX if
 * that is beyond any gas limit.
 */
uint64_t evm_intrinsic_gas(enum evm_fork fork,
			   const struct evm_transaction *tx);

/* Check, pay, run, refund, and bring the state to the transaction's end. */
int evm_transact(struct evm *evm, const struct evm_transaction *tx,
		 struct evm_receipt *receipt);

/* The address that a creation by `sender` at `nonce` gets. */
void evm_create_address(const struct evm_address *sender, uint64_t nonce,
			struct evm_address *created);

#endif
