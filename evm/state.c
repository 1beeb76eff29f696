/* state.c: the journalled state; see state.h. */
#include "evm/alloc.h"
#include "evm/journal.h"

static const struct evm_address ripemd160 = {{[19] = 3}};

struct evm_state *evm_state_create(const struct evm_allocator *alloc)
{
	struct evm_state *state = evm_alloc(alloc, sizeof(*state));

	if (state)
		*state = (struct evm_state){.alloc = *alloc};
	return state;
}

static void free_logs(struct evm_state *state, size_t keep)
{
	while (state->log_count > keep) {
		struct evm_log *log = &state->logs[--state->log_count];

		evm_free(&state->alloc, log->data, log->len);
	}
}

static void free_account(struct evm_state *state, struct evm_account *account)
{
	struct evm_map_node *next;

	for (struct evm_map_node *n = account->slots.first; n; n = next) {
		next = n->next;
		evm_free(&state->alloc, n, sizeof(struct evm_slot));
	}
	evm_map_fini(&account->slots, &state->alloc);
	evm_code_unref(&state->alloc, account->code);
	evm_free(&state->alloc, account, sizeof(*account));
}

void evm_state_destroy(struct evm_state *state)
{
	struct evm_allocator alloc;
	struct evm_map_node *next;

	if (!state)
		return;
	evm_state_rollback(state, 0); /* the journal holds references */
	free_logs(state, 0);
	for (struct evm_map_node *n = state->accounts.first; n; n = next) {
		next = n->next;
		free_account(state, (struct evm_account *)n);
	}
	alloc = state->alloc;
	evm_map_fini(&state->accounts, &alloc);
	evm_free(&alloc, state->journal,
		 state->journal_size * sizeof(*state->journal));
	evm_free(&alloc, state->logs, state->log_size * sizeof(*state->logs));
	evm_free(&alloc, state, sizeof(*state));
}

static uint64_t address_hash(const struct evm_address *addr)
{
	uint64_t word[3] = {0};

	memcpy(word, addr->bytes, sizeof(addr->bytes));
	return evm_map_mix(evm_map_mix(word[0], word[1]), word[2]);
}

static struct evm_account *lookup(const struct evm_state *state,
				  const struct evm_address *addr)
{
	struct evm_map_node *n;

	n = evm_map_chain(&state->accounts, address_hash(addr));
	for (; n; n = n->chain) {
		struct evm_account *account = (struct evm_account *)n;

		if (memcmp(account->address.bytes, addr->bytes,
			   sizeof(addr->bytes)) == 0)
			return account;
	}
	return NULL;
}

/* Without asking. */
static struct evm_account *make_place(struct evm_state *state,
				      const struct evm_address *addr)
{
	struct evm_account *account = lookup(state, addr);

	if (account)
		return account;
	account = evm_alloc(&state->alloc, sizeof(*account));
	if (!account)
		return NULL;
	*account = (struct evm_account){.node.hash = address_hash(addr),
					.address = *addr};
	if (evm_map_add(&state->accounts, &state->alloc, &account->node) < 0) {
		evm_free(&state->alloc, account, sizeof(*account));
		return NULL;
	}
	return account;
}

static void ask_account(const struct evm_state *state,
			const struct evm_account *account,
			const struct evm_address *addr)
{
	struct evm_need *need = state->need;

	if (!need || (account && account->known) ||
	    need->kind != EVM_NEED_NOTHING)
		return;
	need->kind = EVM_NEED_ACCOUNT;
	need->address = *addr;
}

struct evm_account *evm_journal_place(struct evm_state *state,
				      const struct evm_address *addr)
{
	struct evm_account *account = make_place(state, addr);

	ask_account(state, account, addr);
	return account;
}

bool evm_journal_slot_known(const struct evm_state *state,
			    const struct evm_account *account,
			    const struct evm_slot *slot, const struct u256 *key)
{
	struct evm_need *need = state->need;

	if (!need || account->all_slots_known || account->created ||
	    (slot && slot->known))
		return true;
	if (need->kind == EVM_NEED_NOTHING) {
		need->kind = EVM_NEED_STORAGE;
		need->address = account->address;
		need->key = *key;
	}
	return false;
}

void evm_state_ask(struct evm_state *state, struct evm_need *need)
{
	state->need = need;
}

int evm_state_missing(const struct evm_state *state)
{
	return state->need && state->need->kind != EVM_NEED_NOTHING
		       ? EVM_ERR_MISSING
		       : 0;
}

static uint64_t key_hash(const struct u256 *key)
{
	return evm_map_mix(evm_map_mix(key->w[0], key->w[1]),
			   evm_map_mix(key->w[2], key->w[3]));
}

struct evm_slot *evm_journal_find_slot(const struct evm_account *account,
				       const struct u256 *key)
{
	struct evm_map_node *n;

	for (n = evm_map_chain(&account->slots, key_hash(key)); n; n = n->chain)
		if (u256_equal(&((struct evm_slot *)n)->key, key))
			return (struct evm_slot *)n;
	return NULL;
}

struct evm_slot *evm_journal_slot(struct evm_state *state,
				  struct evm_account *account,
				  const struct u256 *key)
{
	struct evm_slot *slot = evm_journal_find_slot(account, key);

	if (slot)
		return slot;
	slot = evm_alloc(&state->alloc, sizeof(*slot));
	if (!slot)
		return NULL;
	*slot = (struct evm_slot){.node.hash = key_hash(key), .key = *key};
	if (evm_map_add(&account->slots, &state->alloc, &slot->node) < 0) {
		evm_free(&state->alloc, slot, sizeof(*slot));
		return NULL;
	}
	return slot;
}

struct entry *evm_journal_note(struct evm_state *state, enum change change,
			       struct evm_account *account)
{
	void *journal = state->journal;
	struct entry *e;

	if (evm_reserve(&state->alloc, &journal, &state->journal_size,
			state->entries + 1, sizeof(*e)) < 0)
		return NULL;
	state->journal = journal;
	e = &state->journal[state->entries++];
	*e = (struct entry){.change = change, .account = account};
	return e;
}

struct evm_account *evm_journal_touch(struct evm_state *state,
				      const struct evm_address *addr)
{
	struct evm_account *account = evm_journal_place(state, addr);

	if (account && !account->exists) {
		if (!evm_journal_note(state, CHANGE_EXISTS, account))
			return NULL;
		account->exists = true;
	}
	if (addr->bytes[19] == 3 && memcmp(addr, &ripemd160, 20) == 0)
		state->ripemd160_touched = true;
	if (account && !account->touched) {
		if (!evm_journal_note(state, CHANGE_TOUCHED, account))
			return NULL;
		account->touched = true;
	}
	return account;
}

int evm_state_touch(struct evm_state *state, const struct evm_address *addr)
{
	return evm_journal_touch(state, addr) ? 0 : EVM_ERR_NO_MEMORY;
}

int evm_journal_set_balance(struct evm_state *state,
			    struct evm_account *account,
			    const struct u256 *value)
{
	struct entry *e = evm_journal_note(state, CHANGE_BALANCE, account);

	if (!e)
		return EVM_ERR_NO_MEMORY;
	e->old.value = account->balance;
	account->balance = *value;
	return 0;
}

int evm_state_add_balance(struct evm_state *state,
			  const struct evm_address *addr,
			  const struct u256 *value)
{
	struct evm_account *account = evm_journal_touch(state, addr);
	struct u256 sum;

	if (!account)
		return EVM_ERR_NO_MEMORY;
	sum = u256_add(&account->balance, value);
	return evm_journal_set_balance(state, account, &sum);
}

int evm_state_sub_balance(struct evm_state *state,
			  const struct evm_address *addr,
			  const struct u256 *value)
{
	struct evm_account *account = evm_journal_touch(state, addr);
	struct u256 rest;

	if (!account)
		return EVM_ERR_NO_MEMORY;
	rest = u256_sub(&account->balance, value);
	return evm_journal_set_balance(state, account, &rest);
}

int evm_state_transfer(struct evm_state *state, const struct evm_address *from,
		       const struct evm_address *to, const struct u256 *value)
{
	int err = 0;

	if (!u256_is_zero(value))
		err = evm_state_sub_balance(state, from, value);
	if (err == 0)
		err = evm_state_add_balance(state, to, value);
	return err;
}

int evm_state_set_nonce(struct evm_state *state, const struct evm_address *addr,
			uint64_t nonce)
{
	struct evm_account *account = evm_journal_touch(state, addr);
	struct entry *e =
		account ? evm_journal_note(state, CHANGE_NONCE, account) : NULL;

	if (!e)
		return EVM_ERR_NO_MEMORY;
	e->old.number = account->nonce;
	account->nonce = nonce;
	return 0;
}

int evm_state_set_created(struct evm_state *state,
			  const struct evm_address *addr)
{
	struct evm_account *account = evm_journal_touch(state, addr);

	if (!account)
		return EVM_ERR_NO_MEMORY;
	if (!account->created &&
	    !evm_journal_note(state, CHANGE_CREATED, account))
		return EVM_ERR_NO_MEMORY;
	account->created = true;
	return 0;
}

int evm_state_set_code(struct evm_state *state, const struct evm_address *addr,
		       struct evm_code *code)
{
	struct evm_account *account = evm_journal_touch(state, addr);
	struct entry *e =
		account ? evm_journal_note(state, CHANGE_CODE, account) : NULL;

	if (!e) {
		evm_code_unref(&state->alloc, code);
		return EVM_ERR_NO_MEMORY;
	}
	e->old.code = account->code;
	account->code = code;
	return 0;
}

size_t evm_state_snapshot(const struct evm_state *state)
{
	return state->entries;
}

static void undo(struct evm_state *state, const struct entry *e)
{
	switch (e->change) {
	case CHANGE_EXISTS:
		e->account->exists = false;
		break;
	case CHANGE_TOUCHED:
		e->account->touched = false;
		break;
	case CHANGE_DESTRUCTED:
		e->account->destructed = false;
		break;
	case CHANGE_CREATED:
		e->account->created = false;
		break;
	case CHANGE_BALANCE:
		e->account->balance = e->old.value;
		break;
	case CHANGE_NONCE:
		e->account->nonce = e->old.number;
		break;
	case CHANGE_CODE:
		evm_code_unref(&state->alloc, e->account->code);
		e->account->code = e->old.code;
		break;
	case CHANGE_STORAGE:
		e->slot->value = e->old.value;
		break;
	case CHANGE_TRANSIENT:
		e->slot->transient = e->old.value;
		break;
	case CHANGE_USED:
		e->account->used = false;
		break;
	case CHANGE_SLOT_USED:
		e->slot->used = false;
		break;
	case CHANGE_REFUND:
		state->refund = e->old.number;
		break;
	case CHANGE_LOG:
		free_logs(state, state->log_count - 1);
		break;
	}
}

void evm_state_rollback(struct evm_state *state, size_t snapshot)
{
	while (state->entries > snapshot)
		undo(state, &state->journal[--state->entries]);
}

bool evm_account_empty(const struct evm_account *account)
{
	return account->nonce == 0 && u256_is_zero(&account->balance) &&
	       (!account->code || account->code->len == 0);
}

static void clear(struct evm_state *state, struct evm_account *account)
{
	account->exists = false;
	account->all_slots_known = true;
	account->nonce = 0;
	account->balance = u256_from(0);
	evm_code_unref(&state->alloc, account->code);
	account->code = NULL;
	for (struct evm_map_node *n = account->slots.first; n; n = n->next) {
		struct evm_slot *slot = (struct evm_slot *)n;

		slot->value = slot->original = u256_from(0);
	}
}

static void clear_ripemd160(struct evm_state *state, enum evm_fork fork)
{
	struct evm_account *account = lookup(state, &ripemd160);

	if (state->ripemd160_touched && fork >= EVM_SPURIOUS_DRAGON &&
	    account && evm_account_empty(account))
		clear(state, account);
	state->ripemd160_touched = false;
}

/* What lasts no longer than the transaction. */
static void forget(const struct entry *e)
{
	if (e->account) {
		e->account->touched = false;
		e->account->destructed = false;
		e->account->created = false;
		e->account->used = false;
	}
	if (e->slot) {
		e->slot->transient = u256_from(0);
		e->slot->used = false;
	}
}

void evm_state_commit(struct evm_state *state, enum evm_fork fork)
{
	for (size_t i = 0; i < state->entries; i++) {
		struct entry *e = &state->journal[i];
		struct evm_account *account = e->account;

		if (e->change == CHANGE_CODE)
			evm_code_unref(&state->alloc, e->old.code);
		if (e->change == CHANGE_STORAGE)
			e->slot->original = e->slot->value;
		if (!account)
			continue;
		if (account->destructed ||
		    (fork >= EVM_SPURIOUS_DRAGON && account->touched &&
		     evm_account_empty(account)))
			clear(state, account);
	}
	for (size_t i = 0; i < state->entries; i++)
		forget(&state->journal[i]);
	state->entries = 0;
	clear_ripemd160(state, fork);
}

void evm_state_begin(struct evm_state *state)
{
	free_logs(state, 0);
	state->refund = 0;
	state->ripemd160_touched = false;
}

int evm_state_put(struct evm_state *state, const struct evm_address *addr,
		  uint64_t nonce, const struct u256 *balance,
		  const uint8_t *code, size_t code_len)
{
	struct evm_account *account = make_place(state, addr);
	struct evm_code *copy = NULL;

	if (account && code_len > 0)
		copy = evm_code_create(&state->alloc, code, code_len);
	if (!account || (code_len > 0 && !copy))
		return EVM_ERR_NO_MEMORY;
	evm_code_unref(&state->alloc, account->code);
	account->exists = account->known = true;
	account->nonce = nonce;
	account->balance = *balance;
	account->code = copy;
	return 0;
}

int evm_state_put_storage(struct evm_state *state,
			  const struct evm_address *addr,
			  const struct u256 *key, const struct u256 *value)
{
	struct evm_account *account = make_place(state, addr);
	struct evm_slot *slot =
		account ? evm_journal_slot(state, account, key) : NULL;

	if (!slot)
		return EVM_ERR_NO_MEMORY;
	account->exists = true;
	slot->value = slot->original = *value;
	slot->known = true;
	return 0;
}

int evm_state_put_none(struct evm_state *state, const struct evm_address *addr)
{
	struct evm_account *account = make_place(state, addr);

	if (!account)
		return EVM_ERR_NO_MEMORY;
	account->known = account->all_slots_known = true;
	return 0;
}

const struct evm_account *evm_state_find(const struct evm_state *state,
					 const struct evm_address *addr)
{
	const struct evm_account *account = lookup(state, addr);

	ask_account(state, account, addr);
	return account && account->exists ? account : NULL;
}

const struct evm_account *evm_state_next(const struct evm_state *state,
					 const struct evm_account *account)
{
	const struct evm_map_node *n =
		account ? account->node.next : state->accounts.first;

	while (n && !((const struct evm_account *)n)->exists)
		n = n->next;
	return (const struct evm_account *)n;
}

const struct evm_slot *evm_account_next_slot(const struct evm_account *account,
					     const struct evm_slot *slot)
{
	const struct evm_map_node *n =
		slot ? slot->node.next : account->slots.first;

	while (n && u256_is_zero(&((const struct evm_slot *)n)->value))
		n = n->next;
	return (const struct evm_slot *)n;
}

struct u256 evm_account_storage(const struct evm_account *account,
				const struct u256 *key)
{
	const struct evm_slot *slot = evm_journal_find_slot(account, key);

	return slot ? slot->value : u256_from(0);
}

void evm_account_code(const struct evm_account *account, const uint8_t **code,
		      size_t *len)
{
	*code = account->code ? account->code->bytes : NULL;
	*len = account->code ? account->code->len : 0;
}

size_t evm_state_log_count(const struct evm_state *state)
{
	return state->log_count;
}

const struct evm_log *evm_state_log(const struct evm_state *state, size_t i)
{
	return &state->logs[i];
}

uint64_t evm_state_refund(const struct evm_state *state)
{
	return state->refund;
}
