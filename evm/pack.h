/*
 * pack.h: tests in a form that needs no JSON: `evm pack` writes it, and
 * whoever has the EVM runs it, as the init program on the kernel does.
 *
 * A pack is EVM_PACK_MAGIC and cases, each with its length before it (32
 * bits). Numbers are little-endian, words and hashes 32 bytes with the most
 * significant first, and lists have their count before them (32 bits). A case
 * is, in this order:
 *
 *	fork and flags (8 bits each), name (a list of bytes), the state root
 *	and the hash of the logs that are expected, chain id
 *	block: coinbase, number, time, gas limit, difficulty, randao, base fee,
 *		blob base fee, most blobs
 *	transaction: type, sender, to, nonce, gas limit, prices (gas, priority,
 *		blob), value, input, access list, blob hashes, authorizations
 *	accounts: address, nonce, balance, code, slots (key and value)
 *
 * A VMTest is one frame, of the flag EVM_PACK_FRAME. In the transaction's
 * place it has:
 *
 *	frame: address, caller, origin, gas price, value, gas, code, data
 *	what is expected: gas left and output; root and logs are those after it
 *
 * A pack may come from anyone: what is not well-formed is refused.
 */
#ifndef EVM_PACK_H
#define EVM_PACK_H

#include "evm/evm.h"

#define EVM_PACK_MAGIC	   "EVMPACK1"
#define EVM_PACK_MAGIC_LEN 8

enum {
	EVM_PACK_CREATION = 1, /* the transaction creates */
	EVM_PACK_REFUSED = 2,  /* it must be refused */
	EVM_PACK_TOUCH = 4,    /* and even so the miner is touched */
	EVM_PACK_FRAME = 8,    /* one frame, without a transaction */
	EVM_PACK_FAILS = 16,   /* it must fail, and nothing else is expected */
	EVM_PACK_FLAGS = 31,   /* all of these: others are malformed */
};

/* Where a reader is. */
struct evm_pack {
	const uint8_t *at, *end;
};

struct evm_pack_result {
	const char *name; /* not ended by a zero */
	size_t name_len;
	enum evm_fork fork;
	const char *wrong; /* NULL: it passed */
	struct evm_hash root;
	uint64_t gas_used;
};

/* False if it is no pack. */
bool evm_pack_open(struct evm_pack *pack, const uint8_t *bytes, size_t len);

/*
 * Runs the next case. 1, 0 behind the last, EVM_ERR_NO_MEMORY, or
 * EVM_ERR_PACK for one that is malformed: then nothing can follow.
 */
#define EVM_ERR_PACK (-74) /* EBADMSG */
int evm_pack_run(struct evm_pack *pack, const struct evm_allocator *alloc,
		 struct evm_pack_result *result);

#endif
