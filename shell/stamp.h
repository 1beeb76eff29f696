/*
 * stamp.h: the time before each line of a serial line, as "[   12.345678] ":
 * seconds of the guest's clock, or of the host's since the run began.
 */
#ifndef SHELL_STAMP_H
#define SHELL_STAMP_H

#include "devices/devices.h"

enum stamp_kind { STAMP_NONE, STAMP_VIRTUAL, STAMP_HOST };

struct stamp {
	struct machine *m;
	enum stamp_kind kind;
	uint64_t start_ns; /* of the host */
	struct byte_sink next;
	bool midline;
};

/* What goes through it on the way to `next` is stamped. */
struct byte_sink stamp_sink(struct stamp *s, struct machine *m,
			    enum stamp_kind kind, struct byte_sink next);

#endif
