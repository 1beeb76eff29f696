/* server.c: the EVM server's program; see server.h. */
#include "evm/alloc.h"
#include "evm/guest/server.h"
#include "guest-kernel/user/grain.h"
#include "guest-kernel/user/rt.h"
#include "guest-kernel/user/space.h"

/* A request as it comes in: what a pack has before the case, and the case. */
static struct {
	uint8_t *bytes;
	size_t len, size;
	bool lost; /* there was no memory for it */
} request;

static void *heap_memory(void *ctx, void *old, size_t old_size, size_t size)
{
	if (size > 0)
		return realloc(old, size);
	free(old);
	return NULL;
}

static const struct evm_allocator heap = {.resize = heap_memory};

static enum server_answer add(const uint8_t *bytes, size_t len)
{
	void *all = request.bytes;

	if (!request.lost &&
	    evm_reserve(&heap, &all, &request.size, request.len + len, 1) < 0)
		request.lost = true;
	request.bytes = all;
	if (request.lost)
		return SERVER_NO_MEMORY;
	memcpy(request.bytes + request.len, bytes, len);
	request.len += len;
	return SERVER_OK;
}

static enum server_answer run(uint64_t *gas_used)
{
	struct evm_pack pack = {request.bytes, request.bytes + request.len};
	struct evm_pack_result result;
	int ran;

	if (request.lost)
		return SERVER_NO_MEMORY;
	ran = evm_pack_run(&pack, &heap, &result);
	*gas_used = result.gas_used;
	if (ran == EVM_ERR_NO_MEMORY)
		return SERVER_NO_MEMORY;
	if (ran != 1 || pack.at != pack.end)
		return SERVER_MALFORMED;
	return result.wrong ? SERVER_DIFFERENT : SERVER_OK;
}

/* All that one transaction took goes back, to the kernel too. */
static void forget(void)
{
	free(request.bytes);
	memset(&request, 0, sizeof(request));
	malloc_trim();
}

static void serve(const struct bulk_server *lent, struct message *m)
{
	enum server_answer answer = SERVER_MALFORMED;
	const uint8_t *bytes;
	size_t len;

	switch (MESSAGE_LABEL_OF(m->info)) {
	case SERVER_BYTES:
		bytes = bulk_bytes(lent, m, &len);
		if (bytes)
			answer = add(bytes, len);
		break;
	case SERVER_RUN:
		answer = run(&m->word[1]);
		forget();
		break;
	}
	bulk_answer(m, answer, 0);
}

int main(int argc, char **argv)
{
	struct caddr endpoint = caddr_root(SERVER_ENDPOINT);
	struct caddr reply = caddr_root(SERVER_REPLY);
	struct bulk_server lent = {.slot = caddr_root(SERVER_LENT),
				   .va = space_scratch() + 0x10000};
	struct message m = {0};
	enum error err;

	if (memory_make(OBJECT_REPLY, reply) != ERR_OK)
		rt_panic("evm-server: no memory to answer with");
	bulk_expect(&lent);
	err = message_receive(endpoint, reply, &m);
	while (err == ERR_OK) {
		serve(&lent, &m);
		bulk_expect(&lent);
		err = message_answer(endpoint, reply, &m);
	}
	return 0;
}
