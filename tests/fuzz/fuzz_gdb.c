/*
 * fuzz_gdb.c: any bytes as what gdb sends: framing, dispatch, numbers,
 * conditions. An input that begins with an odd byte is bytes as they are, any
 * other picks whole packets and pieces of them.
 *
 * What goes out must be packets of the protocol, and a good packet behind the
 * input must be answered.
 *
 *	clang -g -fsanitize=fuzzer,address,undefined -I. -D_GNU_SOURCE \
 *		tests/fuzz/fuzz_gdb.c tests/unit/fake_target.c \
 *		gdbstub/packet.c gdbstub/agent.c gdbstub/stub*.c
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gdbstub/packet.h"
#include "gdbstub/stub.h"
#include "tests/unit/fake_target.h"

/* ---- what comes out ---- */

struct wire {
	char last[64]; /* the beginning of the last packet */
};

static unsigned digit(uint8_t c)
{
	return c >= 'a' ? c - 'a' + 10 : c - '0';
}

/* One call is one packet, or one acknowledgement. */
static void sent(void *ctx, const void *data, size_t len)
{
	struct wire *w = ctx;
	const uint8_t *byte = data;
	uint8_t sum = 0;

	if (len == 1 && (byte[0] == '+' || byte[0] == '-'))
		return;
	if (len < 4 || byte[0] != '$' || byte[len - 3] != '#')
		abort();
	for (size_t i = 1; i < len - 3; i++) {
		if (byte[i] == '$' || byte[i] == '#')
			abort();
		sum += byte[i];
	}
	if (sum != (digit(byte[len - 2]) << 4 | digit(byte[len - 1])))
		abort();
	snprintf(w->last, sizeof(w->last), "%.*s", (int)(len - 4), byte + 1);
}

/* ---- what goes in ---- */

static const char *const pieces[] = {
	"qSupported:multiprocess+;swbreak+;hwbreak+",
	"QStartNoAckMode",
	"?",
	"g",
	"G",
	"p",
	"P",
	"m",
	"M",
	"x",
	"X",
	"Z0,",
	"Z2,",
	"z0,",
	";X3,",
	"260005162022021327",
	"vCont",
	";c",
	";s",
	";r",
	":p1.1",
	":p1.-1",
	"Hg",
	"Hc",
	"T",
	"D",
	"vKill;1",
	"vRun;",
	"vRun;;61;62",
	"vAttach;2",
	"R00",
	"k",
	"!",
	"qXfer:features:read:target.xml:0,",
	"qXfer:threads:read::",
	"qXfer:exec-file:read:1:0,",
	"qSearch:memory:",
	"qCRC:",
	"qRcmd,68656c70",
	"qfThreadInfo",
	"qThreadExtraInfo,p1.1",
	"bs",
	"bc",
	"1000",
	",",
	"10",
	"ffffffffffffffff",
	"-1",
	":",
	";",
	"=",
	"00",
	"\x03",
	"+",
	"-",
};

#define PIECES (sizeof(pieces) / sizeof(pieces[0]))

static void feed_packet(struct stub *stub, const char *data, size_t len)
{
	struct buffer b = {.max = 1 << 20};

	packet_frame(&b, data, len);
	stub_input(stub, b.data, b.len);
	buffer_fini(&b);
}

/* 0 ends a packet; others are pieces or, from 128 on, bytes. */
static void feed_pieces(struct stub *stub, const uint8_t *data, size_t size)
{
	struct buffer b = {.max = 1 << 20};

	for (size_t i = 0; i < size; i++) {
		if (data[i] == 0 || i + 1 == size) {
			feed_packet(stub, b.data, b.len);
			b.len = 0;
		} else if (data[i] < 128) {
			buffer_text(&b, pieces[data[i] % PIECES]);
		} else {
			buffer_byte(&b, data[i] & 0x7f);
		}
	}
	buffer_fini(&b);
}

/* A packet that was begun swallows the first; no one has more to say. */
static void must_answer(struct stub *stub, struct wire *w)
{
	for (unsigned i = 0; i < 2; i++) {
		w->last[0] = '\0';
		feed_packet(stub, "qC", 2);
	}
	if (strncmp(w->last, "QC", 2) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fake_target fake;
	struct wire wire = {""};
	struct stub_config config = {.target = {&fake_target_ops, &fake},
				     .ctx = &wire,
				     .send = sent};
	struct stub *stub;

	memset(&fake, 0, sizeof(fake));
	stub = stub_create(&config);
	if (!stub || !size)
		goto out;
	if (*data & 1)
		stub_input(stub, data + 1, size - 1);
	else
		feed_pieces(stub, data + 1, size - 1);
	if (!stub_over(stub))
		must_answer(stub, &wire);
out:
	stub_destroy(stub, false);
	return 0;
}
