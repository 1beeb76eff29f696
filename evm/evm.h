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
#define EVM_ERR_MISSING	    (-61) /* ENODATA: see evm/pull.h */
#define EVM_ERR_UNSUPPORTED (-95) /* EOPNOTSUPP: a precompile not built in */

/* name, fixtures' name, text; in the order of activation */
#define EVM_FORKS(X)                        \
	X(FRONTIER, "Frontier")             \
	X(HOMESTEAD, "Homestead")           \
	X(TANGERINE_WHISTLE, "EIP150")      \
	X(SPURIOUS_DRAGON, "EIP158")        \
	X(BYZANTIUM, "Byzantium")           \
	X(CONSTANTINOPLE, "Constantinople") \
	X(PETERSBURG, "ConstantinopleFix")  \
	X(ISTANBUL, "Istanbul")             \
	X(BERLIN, "Berlin")                 \
	X(LONDON, "London")                 \
	X(PARIS, "Paris")                   \
	X(SHANGHAI, "Shanghai")             \
	X(CANCUN, "Cancun")                 \
	X(PRAGUE, "Prague")                 \
	X(OSAKA, "Osaka")

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
	X(CODE_INVALID, "created code begins with EFh")                  \
	X(INITCODE_TOO_LARGE, "init code is too large")                  \
	X(ADDRESS_TAKEN, "created address is taken")                     \
	X(PRECOMPILE_FAILURE, "input that a precompile refuses")         \
	X(TX_NONCE, "transaction: wrong nonce")                          \
	X(TX_BALANCE, "transaction: sender cannot pay")                  \
	X(TX_INTRINSIC_GAS, "transaction: gas below its intrinsic cost") \
	X(TX_BLOCK_GAS, "transaction: gas above the block's limit")      \
	X(TX_GAS_MAX, "transaction: gas above the limit of one")         \
	X(TX_TYPE, "transaction: its type is not of this fork")          \
	X(TX_FEE, "transaction: it pays less than the base fee")         \
	X(TX_PRIORITY_FEE, "transaction: priority fee above the most")   \
	X(TX_SENDER_CODE, "transaction: the sender has code")            \
	X(TX_INITCODE, "transaction: init code is too large")            \
	X(TX_CREATION, "transaction: this type cannot create")           \
	X(TX_BLOB_COUNT, "transaction: no blobs, or too many")           \
	X(TX_BLOB_HASH, "transaction: unknown version of a blob hash")   \
	X(TX_BLOB_FEE, "transaction: it pays less than the blob fee")    \
	X(TX_AUTHORIZATIONS, "transaction: no authorization in type 4")  \
	X(TX_CHAIN_ID, "transaction: for another chain")                 \
	X(TX_MALFORMED, "transaction: malformed bytes")                  \
	X(TX_SIGNATURE, "transaction: nobody can have signed it")

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
	/* of an account without code the hash of no bytes */
	int (*code_hash)(void *host, const struct evm_address *addr,
			 struct evm_hash *hash);
	/* EIP-2929: *cold if this transaction has not used it before */
	int (*use_account)(void *host, const struct evm_address *addr,
			   bool *cold);
	int (*use_slot)(void *host, const struct evm_address *addr,
			const struct u256 *key, bool *cold);
	/* EIP-1153: storage that ends with the transaction */
	int (*get_transient)(void *host, const struct evm_address *addr,
			     const struct u256 *key, struct u256 *value);
	int (*set_transient)(void *host, const struct evm_address *addr,
			     const struct u256 *key, const struct u256 *value);
	int (*log)(void *host, const struct evm_log *log);
	/*
	 * Moves the balance and marks the account to go, from Cancun on only
	 * if this transaction made it; *first if it was not marked before.
	 */
	int (*selfdestruct)(void *host, const struct evm_address *addr,
			    const struct evm_address *heir, enum evm_fork fork,
			    bool *first);
	int (*refund)(void *host, int64_t gas);
};

struct evm_block {
	struct evm_address coinbase;
	uint64_t number, timestamp, gas_limit;
	struct u256 difficulty;
	struct u256 prev_randao;   /* since Paris, in difficulty's place */
	struct u256 base_fee;	   /* since London */
	struct u256 blob_base_fee; /* since Cancun: evm_blob_base_fee() */
	unsigned blob_max;	   /* in a block; 0: the fork's own */
	/* the 256 hashes before it; NULL: all zero */
	int (*hash)(void *ctx, uint64_t number, struct evm_hash *hash);
	void *ctx;
};

enum evm_call_kind {
	EVM_CALL,
	EVM_CALLCODE,
	EVM_DELEGATECALL,
	EVM_CREATE,
	EVM_CREATE2,
};

struct evm_message {
	enum evm_call_kind kind;
	bool is_static;
	bool is_delegated; /* code_from is where an EIP-7702 account points */
	unsigned depth;
	int64_t gas;
	struct evm_address sender;    /* CALLER */
	struct evm_address recipient; /* ADDRESS: whose storage it is */
	struct evm_address code_from; /* unused by creations */
	struct u256 value;
	struct u256 salt;     /* of CREATE2 */
	const uint8_t *input; /* call data, or the init code of a creation */
	size_t input_len;
};

struct evm_result {
	enum evm_status status;
	int64_t gas_left;
	struct evm_address created; /* by a successful creation */
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
	struct evm_allocator alloc; /* the state's too */
	struct evm_state *state;
	enum evm_fork fork;
	struct evm_block block;
	uint64_t chain_id;
	struct evm_address origin;
	struct u256 gas_price; /* what is paid: the effective one */
	const struct evm_hash *blob_hashes;
	size_t blob_count;
	const struct evm_tracer *tracer; /* or NULL */
	/* another interpreter in the place of the EVM's own; or NULL */
	int (*interpret)(struct evm_frame *frame);

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

enum evm_tx_type {
	EVM_TX_LEGACY,
	EVM_TX_ACCESS_LIST, /* EIP-2930 */
	EVM_TX_DYNAMIC_FEE, /* EIP-1559 */
	EVM_TX_BLOB,	    /* EIP-4844 */
	EVM_TX_SET_CODE,    /* EIP-7702 */
	EVM_TX_TYPES
};

struct evm_access {
	struct evm_address address;
	const struct u256 *keys;
	size_t key_count;
};

/* One of EIP-7702's: who signed it takes the code of `address` for his own. */
struct evm_authorization {
	struct u256 chain_id; /* 0: any */
	struct evm_address address;
	uint64_t nonce;
	struct u256 y_parity, r, s;
};

struct evm_transaction {
	enum evm_tx_type type;
	struct evm_address sender;
	bool is_creation;
	struct evm_address to; /* unused by a creation */
	uint64_t nonce;
	uint64_t gas_limit;
	struct u256 gas_price;	    /* from type 2 on the most, with base fee */
	struct u256 priority_price; /* from type 2 on */
	struct u256 value;
	const uint8_t *input;
	size_t input_len;
	const struct evm_access *access; /* from type 1 on */
	size_t access_count;
	struct u256 blob_price; /* type 3: the most */
	const struct evm_hash *blob_hashes;
	size_t blob_count;
	const struct evm_authorization *authorizations; /* type 4 */
	size_t authorization_count;
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

/* The least a transaction pays for its input (EIP-7623); 0 before Prague. */
uint64_t evm_floor_gas(enum evm_fork fork, const struct evm_transaction *tx);

/* What a fork allows of blobs, and how fast their price moves. */
struct evm_blob_schedule {
	unsigned target, max;
	uint64_t fraction;
};

struct evm_blob_schedule evm_blob_schedule(enum evm_fork fork);
struct u256 evm_blob_base_fee(uint64_t excess_gas, uint64_t fraction);

/* Check, pay, run, refund, and bring the state to the transaction's end. */
int evm_transact(struct evm *evm, const struct evm_transaction *tx,
		 struct evm_receipt *receipt);

/*
 * A call by the chain itself (EIP-4788, EIP-2935, ...): it pays nothing and
 * has gas of its own. Where there is no code nothing happens.
 */
int evm_system_call(struct evm *evm, const struct evm_address *to,
		    const uint8_t *input, size_t len,
		    struct evm_result *result);

/* Who signed it; false if nobody can have. */
bool evm_authority(const struct evm_authorization *auth,
		   struct evm_address *signer);

/* The address that a creation by `sender` at `nonce` gets. */
void evm_create_address(const struct evm_address *sender, uint64_t nonce,
			struct evm_address *created);
/* The same of a CREATE2, by its sender, salt and init code. */
void evm_create2_address(const struct evm_message *msg,
			 struct evm_address *created);

#endif
