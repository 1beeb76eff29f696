/*
 * fuzz_link.c: any bytes on the debug link, at the guest's end of it. Some of
 * them are made good frames, so that what is behind the checksums is reached.
 *
 *	clang -g -fsanitize=fuzzer,address -I. -D_GNU_SOURCE \
 *		tests/fuzz/fuzz_link.c guest-kernel/user/link.c
 */
#include <stdlib.h>
#include <string.h>

#include "guest-kernel/user/link.h"

static struct task_buffer buffer;

/* A kernel that answers anything; a wait without an end would hang. */
static void call(struct link_registers *r)
{
	if (!r->r13)
		r->r13 = 1;
	r->rax ^= r->rdi;
	r->rdx *= 3;
}

static uint64_t now(void)
{
	return 1;
}

/* What is sent must be a frame, whole. */
static void sent(const uint8_t *bytes, size_t len)
{
	struct link_parser p = {0};
	struct link_frame f;
	int found = 0;

	for (size_t i = 0; i < len; i++) {
		link_push(&p, bytes[i]);
		found += link_next(&p, &f);
	}
	if (found != 1 || p.lost)
		abort();
}

/* The input in pieces: a byte for the length, one for what to do with it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct link link;
	uint8_t frame[LINK_FRAME_MAX];

	memset(&link, 0, sizeof(link));
	link.buffer = &buffer;
	link.call = call;
	link.clock = now;
	link.send = sent;
	while (len >= 3) {
		size_t size = data[0] * 5, total;
		uint8_t kind = data[1], sequence = data[2];

		data += 3;
		len -= 3;
		size = size < len ? size : len;
		memcpy(frame + LINK_HEAD, data, size);
		total = kind & 0x80
				? link_seal(frame, kind & 0x03, sequence, size)
				: size;
		for (size_t i = 0; i < total; i++)
			link_receive(&link, kind & 0x80 ? frame[i] : data[i]);
		data += size;
		len -= size;
	}
	return 0;
}
