/*
 * server.h: the EVM as a task of its own, behind an Endpoint.
 *
 * Who has the Endpoint sends it a transaction, with the state it needs, in
 * the form of one case of a pack (evm/pack.h), in pieces that fit a message
 * of services/bulk.h; and then asks for the result. The server's memory is
 * the Untyped that its parent gave it: a transaction that needs more ends
 * with SERVER_NO_MEMORY, and the next one finds all of it free again.
 */
#ifndef EVM_GUEST_SERVER_H
#define EVM_GUEST_SERVER_H

#include "evm/pack.h"
#include "guest-kernel/user/services/bulk.h"

/* In the server's root pool: its Endpoint, and places that it uses. */
enum { SERVER_ENDPOINT = 64, SERVER_REPLY, SERVER_LENT };

/* What a request is: the label of its message. */
enum {
	SERVER_BYTES = 1, /* these go behind what came before */
	SERVER_RUN,	  /* the transaction is complete */
};

/* Labels of answers. To SERVER_RUN word 1 is the gas that was used. */
enum server_answer {
	SERVER_OK,	  /* the state and the logs are as the case says */
	SERVER_DIFFERENT, /* one of them is not */
	SERVER_MALFORMED,
	SERVER_NO_MEMORY,
};

/* client.c: a server made from an ELF file, with so much memory. */
struct boot_module;
bool server_start(const struct boot_module *file, unsigned grains);
/* One transaction: the next case of the pack, as evm_pack_run() runs it. */
enum server_answer server_run(struct evm_pack *pack, uint64_t *gas_used);
void server_stop(void);

#endif
