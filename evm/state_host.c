/*
 * state_host.c: what a running frame asks of the state: struct evm_host_ops
 * over accounts in memory.
 */
#include "evm/alloc.h"
#include "evm/journal.h"

static int host_exists(void *host, const struct evm_address *addr, bool *is)
{
	*is = evm_state_find(host, addr);
	return evm_state_missing(host);
}

static int host_is_empty(void *host, const struct evm_address *addr, bool *is)
{
	const struct evm_account *account = evm_state_find(host, addr);

	*is = !account || evm_account_empty(account);
	return evm_state_missing(host);
}

static int host_balance(void *host, const struct evm_address *addr,
			struct u256 *value)
{
	const struct evm_account *account = evm_state_find(host, addr);

	*value = account ? account->balance : u256_from(0);
	return evm_state_missing(host);
}

static int host_code(void *host, const struct evm_address *addr,
		     const struct evm_code **code)
{
	const struct evm_account *account = evm_state_find(host, addr);

	*code = account ? account->code : NULL;
	return evm_state_missing(host);
}

static int host_get_storage(void *host, const struct evm_address *addr,
			    const struct u256 *key, struct u256 *value)
{
	const struct evm_state *state = host;
	const struct evm_account *account = evm_state_find(state, addr);
	const struct evm_slot *slot =
		account ? evm_journal_find_slot(account, key) : NULL;

	*value = slot ? slot->value : u256_from(0);
	if (account)
		evm_journal_slot_known(state, account, slot, key);
	return evm_state_missing(state);
}

static int host_code_hash(void *host, const struct evm_address *addr,
			  struct evm_hash *hash)
{
	const struct evm_account *account = evm_state_find(host, addr);

	evm_code_hash(account ? account->code : NULL, hash);
	return evm_state_missing(host);
}

static int host_use_account(void *host, const struct evm_address *addr,
			    bool *cold)
{
	struct evm_state *state = host;
	struct evm_account *account = evm_journal_place(state, addr);

	if (!account)
		return EVM_ERR_NO_MEMORY;
	*cold = !account->used;
	if (*cold && !evm_journal_note(state, CHANGE_USED, account))
		return EVM_ERR_NO_MEMORY;
	account->used = true;
	return evm_state_missing(state);
}

/* The slot, with an entry of that change; NULL: no memory. */
static struct entry *note_slot(struct evm_state *state, enum change change,
			       const struct evm_address *addr,
			       const struct u256 *key)
{
	struct evm_account *account = evm_journal_place(state, addr);
	struct evm_slot *slot =
		account ? evm_journal_slot(state, account, key) : NULL;
	struct entry *e =
		slot ? evm_journal_note(state, change, account) : NULL;

	if (e)
		e->slot = slot;
	return e;
}

static int host_use_slot(void *host, const struct evm_address *addr,
			 const struct u256 *key, bool *cold)
{
	const struct evm_account *account = evm_journal_place(host, addr);
	const struct evm_slot *slot =
		account ? evm_journal_find_slot(account, key) : NULL;
	struct entry *e;

	*cold = !slot || !slot->used;
	if (!*cold)
		return 0;
	e = note_slot(host, CHANGE_SLOT_USED, addr, key);
	if (!e)
		return EVM_ERR_NO_MEMORY;
	e->slot->used = true;
	return 0;
}

static int host_get_transient(void *host, const struct evm_address *addr,
			      const struct u256 *key, struct u256 *value)
{
	const struct evm_account *account = evm_journal_place(host, addr);
	const struct evm_slot *slot =
		account ? evm_journal_find_slot(account, key) : NULL;

	*value = slot ? slot->transient : u256_from(0);
	return 0;
}

static int host_set_transient(void *host, const struct evm_address *addr,
			      const struct u256 *key, const struct u256 *value)
{
	struct entry *e = note_slot(host, CHANGE_TRANSIENT, addr, key);

	if (!e)
		return EVM_ERR_NO_MEMORY;
	e->old.value = e->slot->transient;
	e->slot->transient = *value;
	return 0;
}

static enum evm_storage_change classify(const struct u256 *original,
					const struct u256 *current,
					const struct u256 *value)
{
	bool was = !u256_is_zero(original), is = !u256_is_zero(current);
	bool to_zero = u256_is_zero(value), back = u256_equal(original, value);

	if (u256_equal(current, value))
		return EVM_STORAGE_ASSIGNED;
	if (u256_equal(original, current))
		return !is	 ? EVM_STORAGE_ADDED
		       : to_zero ? EVM_STORAGE_DELETED
				 : EVM_STORAGE_MODIFIED;
	if (!was)
		return to_zero ? EVM_STORAGE_ADDED_DELETED
			       : EVM_STORAGE_ASSIGNED;
	if (!is)
		return back ? EVM_STORAGE_DELETED_RESTORED
			    : EVM_STORAGE_DELETED_ADDED;
	if (to_zero)
		return EVM_STORAGE_MODIFIED_DELETED;
	return back ? EVM_STORAGE_MODIFIED_RESTORED : EVM_STORAGE_ASSIGNED;
}

static int host_set_storage(void *host, const struct evm_address *addr,
			    const struct u256 *key, const struct u256 *value,
			    enum evm_storage_change *change)
{
	struct evm_state *state = host;
	struct evm_account *account = evm_journal_touch(state, addr);
	struct evm_slot *slot =
		account ? evm_journal_slot(state, account, key) : NULL;
	struct entry *e;

	if (!slot)
		return EVM_ERR_NO_MEMORY;
	if (!evm_journal_slot_known(state, account, slot, key))
		return EVM_ERR_MISSING;
	e = evm_journal_note(state, CHANGE_STORAGE, account);
	if (!e)
		return EVM_ERR_NO_MEMORY;
	*change = classify(&slot->original, &slot->value, value);
	e->slot = slot;
	e->old.value = slot->value;
	slot->value = *value;
	return 0;
}

static int host_log(void *host, const struct evm_log *log)
{
	struct evm_state *state = host;
	void *logs = state->logs;
	uint8_t *data = NULL;

	if (evm_reserve(&state->alloc, &logs, &state->log_size,
			state->log_count + 1, sizeof(*log)) < 0)
		return EVM_ERR_NO_MEMORY;
	state->logs = logs;
	if (log->len > 0) {
		data = evm_alloc(&state->alloc, log->len);
		if (!data)
			return EVM_ERR_NO_MEMORY;
		memcpy(data, log->data, log->len);
	}
	if (!evm_journal_note(state, CHANGE_LOG, NULL)) {
		evm_free(&state->alloc, data, log->len);
		return EVM_ERR_NO_MEMORY;
	}
	state->logs[state->log_count] = *log;
	state->logs[state->log_count++].data = data;
	return 0;
}

static int host_selfdestruct(void *host, const struct evm_address *addr,
			     const struct evm_address *heir, enum evm_fork fork,
			     bool *first)
{
	struct evm_state *state = host;
	struct evm_account *account = evm_journal_touch(state, addr);
	struct u256 balance, zero = u256_from(0);
	bool goes = account && (fork < EVM_CANCUN || account->created);
	int err;

	if (!account)
		return EVM_ERR_NO_MEMORY;
	*first = goes && !account->destructed;
	if (*first && !evm_journal_note(state, CHANGE_DESTRUCTED, account))
		return EVM_ERR_NO_MEMORY;
	account->destructed |= goes;
	if (!goes && memcmp(addr, heir, sizeof(*addr)) == 0)
		return 0;
	balance = account->balance;
	if (evm_state_add_balance(state, heir, &balance) < 0)
		return EVM_ERR_NO_MEMORY;
	/* last: an account that goes and is its own heir burns what it has */
	err = evm_journal_set_balance(state, account, &zero);
	return err < 0 ? err : evm_state_missing(state);
}

static int host_refund(void *host, int64_t gas)
{
	struct evm_state *state = host;
	struct entry *e = evm_journal_note(state, CHANGE_REFUND, NULL);

	if (!e)
		return EVM_ERR_NO_MEMORY;
	e->old.number = state->refund;
	state->refund += (uint64_t)gas; /* it never falls below zero */
	return 0;
}

const struct evm_host_ops evm_state_host = {
	.exists = host_exists,
	.is_empty = host_is_empty,
	.balance = host_balance,
	.code = host_code,
	.get_storage = host_get_storage,
	.set_storage = host_set_storage,
	.code_hash = host_code_hash,
	.use_account = host_use_account,
	.use_slot = host_use_slot,
	.get_transient = host_get_transient,
	.set_transient = host_set_transient,
	.log = host_log,
	.selfdestruct = host_selfdestruct,
	.refund = host_refund,
};
