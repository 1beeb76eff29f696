/* run_json.c: `evm run`'s accounts, from and to JSON. */
#include <string.h>

#include "evm/tool/dump.h"
#include "evm/tool/fixture.h"
#include "evm/tool/run.h"

/* What geth's genesis file says of the block, as far as it is there. */
static bool read_genesis(struct reader *r, json_t *json, struct evm_block *b)
{
	r->where = "genesis";
	return maybe_u64(r, json, "number", &b->number) &&
	       maybe_u64(r, json, "timestamp", &b->timestamp) &&
	       maybe_u64(r, json, "gasLimit", &b->gas_limit) &&
	       maybe_number(r, json, "difficulty", &b->difficulty) &&
	       maybe_number(r, json, "mixHash", &b->prev_randao) &&
	       maybe_number(r, json, "baseFeePerGas", &b->base_fee) &&
	       (!has(json, "coinbase") ||
		read_address(r, json, "coinbase", &b->coinbase));
}

int run_load_prestate(struct run *run)
{
	char problem[JSON_PROBLEM];
	json_t *json =
		read_json(run->prestate, JSON_REJECT_DUPLICATES, problem);
	struct reader r = {0};
	bool ok = true;

	if (!json)
		return complain(EXIT_BAD, "run: %s: %s", run->prestate,
				problem);
	if (has(json, "alloc"))
		ok = read_genesis(&r, json, &run->evm.block) &&
		     read_accounts(&r, json_object_get(json, "alloc"),
				   run->evm.state);
	else
		ok = read_accounts(&r, json, run->evm.state);
	json_decref(json);
	return ok ? 0
		  : complain(EXIT_BAD, "run: %s: %s", run->prestate, r.problem);
}

int run_dump(const struct run *run)
{
	json_t *json = dump_accounts(run->evm.state);
	int err = json_dumpf(json, stdout, JSON_INDENT(1));

	putchar('\n');
	json_decref(json);
	return err < 0 ? complain(EXIT_BAD, "run: the dump cannot be written")
		       : 0;
}
