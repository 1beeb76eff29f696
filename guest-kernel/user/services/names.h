/*
 * names.h: the name service: capabilities by name.
 *
 * Names are given away by who holds the service's Endpoint without a badge,
 * the parent: to a client, by the badge of the client's Endpoint. Only that
 * client can publish a capability under the name, so nobody can take a name
 * because he came first. Any client can ask for what is published.
 */
#ifndef SERVICES_NAMES_H
#define SERVICES_NAMES_H

#include "guest-kernel/user/message.h"
#include "guest-kernel/user/rt.h"

#define NAMES_LENGTH 24 /* of a name, at most */
#define NAMES_MAX    64

enum names_status {
	NAMES_OK,
	NAMES_UNKNOWN,	 /* nothing is published by that name */
	NAMES_FORBIDDEN, /* it is not this client's */
	NAMES_TAKEN,	 /* granted, or published, already */
	NAMES_FULL,
	NAMES_BAD,   /* no such request, or no name, or no capability */
	NAMES_FAILED /* it did not come to an answer: see sys_failed */
};

/* ---- clients; `service` is an Endpoint with RIGHT_WRITE and RIGHT_GRANT */

/* The parent alone: from now on the name is the client's with that badge. */
enum names_status names_grant(struct caddr service, const char *name,
			      uint64_t badge);
/* Takes it back, with what is published. */
enum names_status names_revoke(struct caddr service, const char *name);

enum names_status names_publish(struct caddr service, const char *name,
				struct caddr capability);
/* It is gone then for those, too, who have found it. */
enum names_status names_withdraw(struct caddr service, const char *name);

/* A copy of what is published, to an empty slot. */
enum names_status names_find(struct caddr service, const char *name,
			     struct caddr slot);

/* ---- the service ---- */

struct names_service {
	struct caddr endpoint, reply;
	struct caddr pool; /* empty; what is published is kept there */
};

/* Serves until its Endpoint is gone. */
void names_serve(const struct names_service *service);

#endif
