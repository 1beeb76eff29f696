/* client.c: an EVM server made and asked; see server.h. */
#include "evm/guest/server.h"
#include "guest-kernel/user/child.h"

/* Of our root pool. */
#define ENDPOINT_SLOT 100
#define MEMORY_SLOT   101

static struct child child;

static struct caddr endpoint(void)
{
	return caddr_root(ENDPOINT_SLOT);
}

/* All that the server will ever have, in one piece. */
static enum error make_memory(uint64_t bytes)
{
	const struct boot_info *info = rt_boot_info();
	enum error err = ERR_NO_MEMORY;

	for (uint32_t i = 0; i < info->untyped_count && err == ERR_NO_MEMORY;
	     i++) {
		const struct boot_untyped *u = &info->untyped[i];

		if (!(u->flags & UNTYPED_DEVICE))
			err = sys_untyped_retype(caddr_root(u->slot),
						 OBJECT_UNTYPED, bytes, 1,
						 caddr_root(MEMORY_SLOT), NULL);
	}
	return err;
}

bool server_start(const struct boot_module *file, unsigned grains)
{
	struct child_gift gift = {SERVER_ENDPOINT, endpoint(), RIGHT_ALL, 0};
	struct child_options options = {.arguments = "",
					.memory = caddr_root(MEMORY_SLOT),
					.memory_bytes = grains * GRAIN_BYTES,
					.gifts = &gift,
					.gift_count = 1};
	enum error err = memory_make(OBJECT_ENDPOINT, endpoint());

	if (err == ERR_OK)
		err = make_memory(options.memory_bytes);
	if (err == ERR_OK)
		err = child_make(&child, (const void *)file->va, file->bytes,
				 &options);
	if (err == ERR_OK)
		err = child_go(&child);
	if (err != ERR_OK)
		rt_print("evm: server: %s (%s)", error_name(err),
			 child.problem ? child.problem : "what it is given");
	return err == ERR_OK;
}

static enum server_answer ask(uint32_t label, void *data, size_t len,
			      uint64_t *word)
{
	struct message m = {.info = MESSAGE_INFO(label, 0, 0)};
	struct bulk none = {0}; /* all pieces are copied */

	if (bulk_call(&none, endpoint(), BULK_READ, data, len, NO_DEADLINE,
		      &m) != ERR_OK)
		return SERVER_MALFORMED;
	if (word)
		*word = m.word[1];
	return MESSAGE_LABEL_OF(m.info);
}

/* The case's own length leads to the next. */
static size_t case_length(const struct evm_pack *pack)
{
	size_t left = (size_t)(pack->end - pack->at), len = 0;

	if (left < 4)
		return left;
	for (int i = 3; i >= 0; i--)
		len = len << 8 | pack->at[i];
	return len < left - 4 ? len + 4 : left;
}

enum server_answer server_run(struct evm_pack *pack, uint64_t *gas_used)
{
	size_t len = case_length(pack), now;
	enum server_answer answer = SERVER_OK;
	const uint8_t *at = pack->at;

	pack->at += len;
	for (; len > 0; at += now, len -= now) {
		now = len < BULK_COPY ? len : BULK_COPY;
		if (answer == SERVER_OK)
			answer = ask(SERVER_BYTES, (void *)at, now, NULL);
	}
	return ask(SERVER_RUN, NULL, 0, gas_used);
}

void server_stop(void)
{
	child_destroy(&child);
	sys_cpool_revoke(caddr_root(BOOT_SLOT_CPOOL), MEMORY_SLOT);
	sys_cpool_delete(caddr_root(BOOT_SLOT_CPOOL), MEMORY_SLOT);
}
