/*
 * stub.h: one client's session of gdb's remote protocol.
 *
 * Bytes that arrive go into stub_input(), bytes to be sent come out of
 * `send`; who carries them is not known here (server.c). Whatever arrives,
 * the reply is one of the protocol's, and the session goes on.
 */
#ifndef GDBSTUB_STUB_H
#define GDBSTUB_STUB_H

#include "gdbstub/target.h"

struct stub;

struct stub_config {
	struct gdb_target target;
	void *ctx;
	/* Takes all of it, or ends the session. Not from inside: see
	 * stub_over(). */
	void (*send)(void *ctx, const void *data, size_t len);
	/* gdb's `quit` is to end the target and not to leave it. */
	bool owned;
};

/* A client is there: the target stops for it. NULL: no memory. */
struct stub *stub_create(const struct stub_config *config);

void stub_input(struct stub *s, const void *data, size_t len);

/* The client has detached or killed: nothing more is to come. */
bool stub_over(const struct stub *s);
/* The client is gone; `go_on`: so is the target's stop. Accepts NULL. */
void stub_destroy(struct stub *s, bool go_on);

#endif
