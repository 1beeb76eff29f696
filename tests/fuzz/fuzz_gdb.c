/*
 * fuzz_gdb.c: any bytes as what gdb sends: framing, dispatch, numbers,
 * conditions. An input that begins with an odd byte is bytes as they are, any
 * other picks whole packets and pieces of them.
 *
 * What goes out must be packets of the protocol, and a good packet behind the
 * input must be answered.
 *
 *	clang -g -fsanitize=fuzzer,address,undefined -I. -D_GNU_SOURCE \
 *		tests/fuzz/fuzz_gdb.c gdbstub/packet.c gdbstub/agent.c \
 *		gdbstub/stub*.c
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gdbstub/packet.h"
#include "gdbstub/stub.h"

#define MEMORY 65536
#define REGS   70

/* ---- what is debugged: memory, registers, three threads ---- */

struct fake {
	struct gdb_sink sink;
	uint8_t mem[MEMORY];
	uint8_t reg[REGS][16];
	unsigned points;
	bool running;
};

static void fake_attach(void *t, const struct gdb_sink *sink)
{
	((struct fake *)t)->sink = *sink;
}

static void fake_detach(void *t, bool go_on)
{
}

static void fake_stopped(void *t, struct gdb_event *event)
{
	*event = (struct gdb_event){.signal = GDB_SIGTRAP, .id = {1, 1}};
}

static bool fake_thread(void *t, unsigned n, struct gdb_thread *thread)
{
	*thread = (struct gdb_thread){
		.id = {1 + n / 2, 1 + n}, .name = "a<b#$", .extra = "}*&\""};
	return n < 3;
}

static bool fake_alive(void *t, struct gdb_id id)
{
	return id.tid >= 1 && id.tid <= 3 && id.pid == 1 + (id.tid - 1) / 2;
}

static bool fake_adopt(void *t, uint32_t pid, bool on)
{
	return pid == 2;
}

static const struct gdb_layout *fake_layout(void *t)
{
	static const struct gdb_layout layout = {59, 16, {6, 7, 16, 17, 18}};

	return &layout;
}

static const char *fake_describe(void *t, const char *annex)
{
	return strcmp(annex, "target.xml") ? NULL : "<target>#$}*</target>";
}

static const char *fake_exec_file(void *t, uint32_t pid)
{
	return pid == 1 ? "/k" : NULL;
}

static unsigned fake_reg_size(void *t, unsigned n)
{
	return n >= REGS ? 0 : n == 17 ? 4 : n >= 40 ? 16 : 8;
}

static bool fake_read_reg(void *t, struct gdb_id id, unsigned n, uint8_t *buf)
{
	memcpy(buf, ((struct fake *)t)->reg[n], fake_reg_size(t, n));
	return id.tid != 2;
}

static bool fake_write_reg(void *t, struct gdb_id id, unsigned n,
			   const uint8_t *buf)
{
	memcpy(((struct fake *)t)->reg[n], buf, fake_reg_size(t, n));
	return true;
}

static bool fake_write_regs(void *t, struct gdb_id id, const uint8_t *buf,
			    size_t len)
{
	return len > 0 && buf[len - 1] != 1;
}

static uint64_t fake_read_mem(void *t, struct gdb_id id, uint64_t addr,
			      void *buf, uint64_t len)
{
	if (addr >= MEMORY)
		return 0;
	if (len > MEMORY - addr)
		len = MEMORY - addr;
	memcpy(buf, ((struct fake *)t)->mem + addr, len);
	return len;
}

static bool fake_write_mem(void *t, struct gdb_id id, uint64_t addr,
			   const void *buf, uint64_t len)
{
	if (addr >= MEMORY || len > MEMORY - addr)
		return false;
	memcpy(((struct fake *)t)->mem + addr, buf, len);
	return true;
}

static int fake_set_point(void *t, const struct gdb_point *point,
			  bool (*wanted)(void *ctx, struct gdb_id id),
			  void *ctx)
{
	wanted(ctx, (struct gdb_id){1, 1});
	((struct fake *)t)->points++;
	return 0;
}

static int fake_remove_point(void *t, const struct gdb_point *point)
{
	if (!((struct fake *)t)->points)
		abort();
	return 0;
}

static bool fake_resume(void *t,
			struct gdb_action (*action)(void *ctx,
						    struct gdb_id id),
			void *ctx)
{
	struct fake *f = t;

	f->running = action(ctx, (struct gdb_id){1, 1}).step != GDB_STAY;
	return f->running;
}

static void fake_interrupt(void *t)
{
	struct fake *f = t;
	struct gdb_event event = {.signal = GDB_SIGINT,
				  .id = {1, 1},
				  .why = GDB_WHY_WRITE,
				  .note = "note\n"};

	if (!f->running)
		return;
	f->running = false;
	f->sink.event(f->sink.ctx, &event);
}

static bool fake_can_reverse(void *t)
{
	return true;
}

static bool fake_reverse(void *t, struct gdb_id id, bool step)
{
	((struct fake *)t)->running = true;
	return true;
}

static bool fake_restart(void *t, const char *program, const char *args)
{
	return !program || strlen(program) > strlen(args ? args : "");
}

static void fake_kill(void *t)
{
}

static void fake_monitor(void *t, struct gdb_id id, const char *line)
{
	struct fake *f = t;

	f->sink.text(f->sink.ctx, line, strlen(line));
}

static const struct gdb_target_ops fake_ops = {
	.attach = fake_attach,
	.detach = fake_detach,
	.stopped = fake_stopped,
	.thread = fake_thread,
	.alive = fake_alive,
	.adopt = fake_adopt,
	.describe = fake_describe,
	.layout = fake_layout,
	.exec_file = fake_exec_file,
	.reg_size = fake_reg_size,
	.read_reg = fake_read_reg,
	.write_reg = fake_write_reg,
	.write_regs = fake_write_regs,
	.read_mem = fake_read_mem,
	.write_mem = fake_write_mem,
	.set_point = fake_set_point,
	.remove_point = fake_remove_point,
	.resume = fake_resume,
	.can_reverse = fake_can_reverse,
	.reverse = fake_reverse,
	.interrupt = fake_interrupt,
	.restart = fake_restart,
	.kill = fake_kill,
	.monitor = fake_monitor,
};

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
	static struct fake fake;
	struct wire wire = {""};
	struct stub_config config = {
		.target = {&fake_ops, &fake}, .ctx = &wire, .send = sent};
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
