/*
 * ops_storage.c: SLOAD and SSTORE, which the forks have priced in more ways
 * than anything else, and EIP-1153's transient storage.
 *
 * A row of `prices` is a fork's whole scheme. What a store costs and gives
 * back follows from it and from what happens to the slot, seen from the start
 * of the transaction (EIP-2200).
 */
#include "evm/ops.h"

#define STORE_STIPEND 2300 /* EIP-2200: with no more left, no store */

struct prices {
	uint16_t same;	/* of a store that changes nothing new */
	uint16_t set;	/* from zero to not zero */
	uint16_t reset; /* from not zero to anything */
	uint16_t clear; /* back for a slot that becomes zero */
	uint16_t cold;	/* on top for the first use (EIP-2929) */
	bool net;	/* what was changed before is not paid again */
};

static const struct prices *prices_of(enum evm_fork fork)
{
	static const struct prices frontier = {5000,  20000, 5000,
					       15000, 0,     false};
	static const struct prices eip1283 = {200, 20000, 5000, 15000, 0, true};
	static const struct prices eip2200 = {800, 20000, 5000, 15000, 0, true};
	static const struct prices eip2929 = {
		EVM_GAS_WARM, 20000, 2900, 15000, EVM_GAS_COLD_SLOT, true};
	static const struct prices eip3529 = {
		EVM_GAS_WARM, 20000, 2900, 4800, EVM_GAS_COLD_SLOT, true};

	if (fork >= EVM_LONDON)
		return &eip3529;
	if (fork == EVM_BERLIN)
		return &eip2929;
	if (fork == EVM_ISTANBUL)
		return &eip2200;
	return fork == EVM_CONSTANTINOPLE ? &eip1283 : &frontier;
}

struct price {
	int32_t gas, refund;
};

/* Before net metering only the last step counts. */
static struct price gross_price(const struct prices *p,
				enum evm_storage_change change)
{
	switch (change) {
	case EVM_STORAGE_ADDED:
	case EVM_STORAGE_DELETED_ADDED:
	case EVM_STORAGE_DELETED_RESTORED:
		return (struct price){p->set, 0};
	case EVM_STORAGE_DELETED:
	case EVM_STORAGE_MODIFIED_DELETED:
	case EVM_STORAGE_ADDED_DELETED:
		return (struct price){p->reset, p->clear};
	default:
		return (struct price){p->reset, 0};
	}
}

static struct price net_price(const struct prices *p,
			      enum evm_storage_change change)
{
	switch (change) {
	case EVM_STORAGE_ADDED:
		return (struct price){p->set, 0};
	case EVM_STORAGE_DELETED:
		return (struct price){p->reset, p->clear};
	case EVM_STORAGE_MODIFIED:
		return (struct price){p->reset, 0};
	case EVM_STORAGE_DELETED_ADDED:
		return (struct price){p->same, -p->clear};
	case EVM_STORAGE_MODIFIED_DELETED:
		return (struct price){p->same, p->clear};
	case EVM_STORAGE_DELETED_RESTORED:
		return (struct price){p->same, p->reset - p->same - p->clear};
	case EVM_STORAGE_ADDED_DELETED:
		return (struct price){p->same, p->set - p->same};
	case EVM_STORAGE_MODIFIED_RESTORED:
		return (struct price){p->same, p->reset - p->same};
	default:
		return (struct price){p->same, 0};
	}
}

static int charge_slot(struct evm_frame *f, const struct u256 *key,
		       unsigned gas)
{
	bool cold;
	int err;

	if (f->evm->fork < EVM_BERLIN)
		return 0;
	err = f->host->use_slot(f->host_ctx, &f->msg.recipient, key, &cold);
	if (err < 0)
		return err;
	return cold ? evm_charge(f, gas) : 0;
}

int evm_op_sload(struct evm_frame *f, struct u256 *sp)
{
	struct u256 key = sp[-1];
	int r = charge_slot(f, &key, EVM_GAS_COLD_SLOT - EVM_GAS_WARM);

	return r ? r
		 : f->host->get_storage(f->host_ctx, &f->msg.recipient, &key,
					&sp[-1]);
}

int evm_op_sstore(struct evm_frame *f, struct u256 *sp)
{
	const struct prices *prices = prices_of(f->evm->fork);
	enum evm_storage_change change;
	struct price price;
	int r;

	if (f->msg.is_static)
		return EVM_STATIC_VIOLATION;
	if (f->evm->fork >= EVM_ISTANBUL && f->gas <= STORE_STIPEND)
		return EVM_OUT_OF_GAS;
	r = charge_slot(f, &sp[-1], prices->cold);
	if (r == 0)
		r = f->host->set_storage(f->host_ctx, &f->msg.recipient,
					 &sp[-1], &sp[-2], &change);
	if (r != 0)
		return r;
	price = prices->net ? net_price(prices, change)
			    : gross_price(prices, change);
	r = evm_charge(f, (uint64_t)price.gas);
	if (r == 0 && price.refund)
		r = f->host->refund(f->host_ctx, price.refund);
	return r;
}

int evm_op_tload(struct evm_frame *f, struct u256 *sp)
{
	struct u256 key = sp[-1];

	return f->host->get_transient(f->host_ctx, &f->msg.recipient, &key,
				      &sp[-1]);
}

int evm_op_tstore(struct evm_frame *f, struct u256 *sp)
{
	if (f->msg.is_static)
		return EVM_STATIC_VIOLATION;
	return f->host->set_transient(f->host_ctx, &f->msg.recipient, &sp[-1],
				      &sp[-2]);
}
