/* storage.c: storage of the reference interpreter, of both kinds. */
#include "evm/state.h"
#include "tests/evm/reference/rules.h"
#include "tests/evm/reference/work.h"

void ref_pay_cold_slot(struct work *w, struct u256 key, int gas)
{
	bool cold = false;

	if (w->fork < EVM_BERLIN || w->end >= 0)
		return;
	ref_check(w, w->f->host->use_slot(w->f->host_ctx, &w->f->msg.recipient,
					  &key, &cold));
	if (cold)
		ref_pay(w, (u256_wide)gas);
}

/* "original" is asked of the state, which these tests have as their host. */
void ref_store(struct work *w)
{
	struct u256 key = ref_pop(w), value = ref_pop(w), current = {{0}},
		    original;
	const struct evm_account *account;
	enum evm_storage_change change;
	int64_t gas, refund;

	if (w->f->msg.is_static)
		ref_fail(w, EVM_STATIC_VIOLATION);
	if (w->fork >= EVM_ISTANBUL && w->f->gas <= 2300)
		ref_fail(w, EVM_OUT_OF_GAS);
	ref_pay_cold_slot(w, key, 2100);
	if (w->end >= 0)
		return;
	ref_check(w,
		  w->f->host->get_storage(w->f->host_ctx, &w->f->msg.recipient,
					  &key, &current));
	original = current;
	account = evm_state_find(w->f->evm->state, &w->f->msg.recipient);
	for (const struct evm_map_node *n = account ? account->slots.first : 0;
	     n; n = n->next)
		if (u256_equal(&((const struct evm_slot *)n)->key, &key))
			original = ((const struct evm_slot *)n)->original;
	ref_store_rule(w->fork, original, current, value, &gas, &refund);
	ref_pay(w, (u256_wide)gas);
	if (w->end >= 0)
		return;
	ref_check(w,
		  w->f->host->set_storage(w->f->host_ctx, &w->f->msg.recipient,
					  &key, &value, &change));
	if (refund != 0)
		ref_check(w, w->f->host->refund(w->f->host_ctx, refund));
}

void ref_transient(struct work *w, bool stores)
{
	const struct evm_address *self = &w->f->msg.recipient;
	struct u256 key = ref_pop(w), value = {{0}};

	if (!stores) {
		ref_check(w, w->f->host->get_transient(w->f->host_ctx, self,
						       &key, &value));
		ref_push(w, value);
		return;
	}
	value = ref_pop(w);
	if (w->f->msg.is_static)
		ref_fail(w, EVM_STATIC_VIOLATION);
	else
		ref_check(w, w->f->host->set_transient(w->f->host_ctx, self,
						       &key, &value));
}
