/*
 * link_host.h: the host's end of the debug link (guest-kernel/abi/link.h):
 * requests go to COM2 a little at a time, in the guest's time; the answer is
 * believed as far as it was checked, since it comes from the guest.
 */
#ifndef SHELL_REPL_LINK_HOST_H
#define SHELL_REPL_LINK_HOST_H

#include "devices/devices.h"
#include "guest-kernel/abi/link.h"

#define LINK_STEP_NS UINT64_C(20000)

struct link_host {
	struct machine *m;
	struct device *com;
	struct timer timer;
	uint32_t sequence;
	bool greeted; /* someone serves it */
	struct link_hello hello;

	uint8_t request[LINK_FRAME_MAX];
	uint32_t request_len;
	bool given; /* to the machine, which has not taken it yet */

	/* What the line gets: an input of the run, kept with it. */
	struct link_out {
		uint8_t bytes[LINK_FRAME_MAX];
		uint32_t len, sent;
		uint64_t timer_ns; /* while it is kept */
	} out;
	struct keeper keeper;

	struct link_parser parser;
	bool answered;
	uint8_t kind; /* of the answer */
	uint32_t length;
	uint8_t payload[LINK_PAYLOAD_MAX];
};

void link_host_init(struct link_host *l, struct machine *m, struct device *com);

/* A new request; the answer to an older one is none any more. */
void link_host_ask(struct link_host *l, enum link_kind kind,
		   const void *payload, uint32_t len);

/* The same once more. */
void link_host_again(struct link_host *l);

/* All of the request has gone out. */
bool link_host_sent(const struct link_host *l);

/* Bytes from the guest. True: the answer is there now. */
bool link_host_receive(struct link_host *l, const uint8_t *bytes, size_t len);

#endif
