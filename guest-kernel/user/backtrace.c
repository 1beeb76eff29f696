/* backtrace.c: see backtrace.h. A panic may come from anywhere: no memory is
 * allocated, no lock is taken, and every loop has a bound. */
#include "guest-kernel/user/backtrace.h"

#include <stdbool.h>

#include "guest-kernel/user/rt.h"

/* What the compiler keeps at the frame pointer. */
struct frame {
	uint64_t caller; /* its frame; 0 for the first */
	uint64_t return_address;
};

static bool within(uint64_t frame, uint64_t base, uint64_t top)
{
	return frame % 8 == 0 && frame >= base && frame < top &&
	       top - frame >= sizeof(struct frame);
}

void backtrace_walk(struct backtrace *trace, uint64_t frame, uint64_t base,
		    uint64_t top)
{
	*trace = (struct backtrace){.count = 0};
	while (frame) {
		const struct frame *f = (const struct frame *)frame;

		if (!within(frame, base, top)) {
			trace->end = BACKTRACE_BROKEN;
			return;
		}
		if (trace->count == BACKTRACE_FRAMES_MAX) {
			trace->end = BACKTRACE_CUT;
			return;
		}
		if (!f->return_address)
			return; /* a thread's first function */
		trace->pc[trace->count++] = f->return_address;
		base = frame + sizeof(*f);
		frame = f->caller;
	}
}

static uint32_t crc32(const char *text, size_t len)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < len; i++) {
		crc ^= (uint8_t)text[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? BACKTRACE_POLYNOMIAL : 0);
	}
	return ~crc;
}

static size_t put_delta(char *text, size_t size, uint64_t from, uint64_t to)
{
	bool up = to >= from;

	return rt_snprintf(text, size, "%c%llx", up ? '+' : '-',
			   (unsigned long long)(up ? to - from : from - to));
}

size_t backtrace_token(char text[BACKTRACE_TOKEN_SIZE],
		       const struct backtrace *trace, const uint8_t id[4])
{
	const size_t size = BACKTRACE_TOKEN_SIZE;
	size_t len = rt_snprintf(text, size,
				 "%d:%02x%02x%02x%02x:", BACKTRACE_VERSION,
				 id[0], id[1], id[2], id[3]);

	for (unsigned i = 0; i < trace->count; i++) {
		uint64_t pc = trace->pc[i];

		if (i == 0)
			len += rt_snprintf(text + len, size - len, "%llx",
					   (unsigned long long)pc);
		else
			len += put_delta(text + len, size - len,
					 trace->pc[i - 1], pc);
	}
	if (trace->end)
		text[len++] = trace->end;
	len += rt_snprintf(text + len, size - len, ":%08x", crc32(text, len));
	return len;
}
