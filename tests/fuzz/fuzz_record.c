/*
 * fuzz_record.c: files that say they are a run. Inputs that begin with an odd
 * byte are files as they are, or the first part of a good one with a few
 * bytes changed; the others become records with right sums behind a good
 * beginning: inputs, checks and ends at any instant. A file is refused with a
 * word, or the machine runs by it and it is said what came of it.
 *
 *	clang -g -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -I. \
 *		tests/fuzz/fuzz_record.c vmm/sim/[!d]*.c vmm/sim/d[!i]*.c \
 *		vmm/sim/disasm_none.c vmm/[!ks]*.c vmm/snapshot*.c \
 *		-lelf -lcmocka -o fuzz_record
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/elf_file.h"
#include "vmm/crc32c.h"
#include "vmm/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEM	(UINT64_C(1) << 20)
#define VERSION "fuzz"
#define RUN	20000u

static struct mark limit;

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void take_input(void *ctx, const uint8_t *data, size_t len)
{
	struct machine *m = ctx;

	guestmem_write(&m->mem, 0x9000, data, len < 16 ? len : 16);
}

static void end(void *ctx)
{
	machine_stop(ctx, STOP_BREAK, 0, "");
}

static struct machine *make(void)
{
	struct machine *m = machine_create(MEM);
	struct vcpu_env env;

	check(m != NULL);
	machine_env(m, 0, &env);
	check(sim_create(&env, &m->cpu[0]) == 0);
	m->cpu_count = 1;
	for (unsigned kind = 0; kind < INPUT_KINDS; kind++)
		input_handler(m, kind, take_input, m);
	return m;
}

/* Real mode: count, and halt with interrupts on when told to. */
static const uint8_t program[] = {
	0xff, 0x06, 0x00, 0x80,	      /* 7c00: inc word [0x8000] */
	0x80, 0x3e, 0x00, 0x90, 0x07, /* cmp byte [0x9000], 7 */
	0x75, 0xf5,		      /* jne 7c00 */
	0xfb, 0xf4,		      /* sti; hlt */
	0xeb, 0xf1,		      /* jmp 7c00 */
};

static void start(struct machine *m)
{
	struct x86_state state;

	guestmem_write(&m->mem, 0x7c00, program, sizeof(program));
	x86_state_reset(&state);
	state.seg[SEG_CS].base = state.seg[SEG_CS].selector = 0;
	state.rip = 0x7c00;
	check(m->cpu[0]->ops->set_state(m->cpu[0], &state) == 0);
}

static void run(struct machine *m, uint64_t count)
{
	limit = (struct mark){machine_count(m) + count, end, m, NULL};
	machine_mark(m, &limit);
	machine_run(m);
	machine_unmark(m, &limit);
}

/* A good one, whose first records are at the beginning of all others. */
static uint8_t *make_file(size_t *size, size_t *begin)
{
	static const struct snapshot_extra extra = {"x", 1, "", 0};
	struct record_about about = {.version = VERSION, .line = -1};
	char path[] = "/tmp/fuzz-record-XXXXXX";
	struct machine *m = make();
	struct recording rec;
	struct recorder r;
	uint8_t *bytes;
	FILE *file;

	close(mkstemp(path));
	start(m);
	check(!recorder_begin(&r, m, path, &about, "k", "", &extra));
	input_give(m, INPUT_OF_SERIAL, "abc", 3);
	run(m, 150000);
	check(!recorder_end(&r));
	machine_destroy(m);
	file = fopen(path, "rb");
	bytes = malloc(1 << 20);
	check(file && bytes);
	*size = fread(bytes, 1, 1 << 20, file);
	fclose(file);
	unlink(path);
	check(!recording_parse("fuzz", VERSION, bytes, *size, &rec));
	*begin = rec.first;
	return bytes;
}

struct out {
	uint8_t *bytes;
	size_t size;
	uint32_t number;
};

static void put(struct out *o, struct record_head *head, const uint8_t *data)
{
	head->number = o->number++;
	head->data_crc = crc32c(0, data, head->len);
	head->head_crc =
		crc32c(0, head, offsetof(struct record_head, head_crc));
	memcpy(o->bytes + o->size, head, sizeof(*head));
	memcpy(o->bytes + o->size + sizeof(*head), data, head->len);
	o->size += sizeof(*head) + head->len;
}

/* Mostly what can be; seldom what cannot. */
static struct record_head head_of(const uint8_t *data)
{
	bool odd = data[1] > 253;
	struct record_head head = {
		.kind = RECORD_INPUT,
		.input = odd ? data[0] : data[0] % INPUT_KINDS,
		.point = odd ? data[1] & 3 : data[1] % INPUT_POINTS,
		.joined = !(data[1] & 0x38),
	};

	if (data[0] > 240)
		head.kind = RECORD_CHECK;
	if (data[0] > 253)
		head.kind = data[1] % RECORD_KINDS;
	return head;
}

/* Five bytes say what, when and how long; those behind are its bytes. */
static void put_records(struct out *o, unsigned count, const uint8_t *data,
			size_t size)
{
	uint64_t now = 0;

	while (count-- && size >= 5) {
		struct record_head head = head_of(data);

		head.len = data[4] < size - 5 ? data[4] : size - 5;
		if (head.kind == RECORD_CHECK)
			head.len = size - 5 < 8 ? size - 5 : 8;
		now += data[2] * (uint64_t)data[2];
		head.count = now;
		if (data[2] == 255 && data[3] > 127)
			head.count = UINT64_MAX >> data[3] % 64;
		head.ns = data[3] & 1 ? head.count : data[3] * 1000u;
		put(o, &head, data + 5);
		data += 5 + head.len;
		size -= 5 + head.len;
	}
}

static uint8_t *input_file(const uint8_t *data, size_t size, size_t *len)
{
	static uint8_t *good;
	static size_t good_len, begin;
	struct out o = {.number = 2};

	if (!good)
		good = make_file(&good_len, &begin);
	o.bytes = malloc(good_len + 16 * size + 64);
	check(o.bytes != NULL);
	if (size && (data[0] & 3) == 1) {
		memcpy(o.bytes, data, size);
		o.size = size;
	} else if (size && (data[0] & 3) == 3) {
		memcpy(o.bytes, good, good_len);
		o.size = good_len - (size > 3 ? data[1] % 128 : 0);
		for (size_t i = 2; i + 3 <= size && i < 8; i += 3)
			o.bytes[(data[i] | data[i + 1] << 8) % o.size] ^=
				data[i + 2];
	} else {
		memcpy(o.bytes, good, begin);
		o.size = begin;
		if (size)
			put_records(&o, data[0] >> 2 & 15, data + 1, size - 1);
	}
	*len = o.size;
	return o.bytes;
}

static void follow(struct recording *r)
{
	struct machine *m = make();
	struct snapshot s;

	check(recording_start(r, &s) == 0);
	check(snapshot_restore(&s, m) == 0);
	snapshot_close(&s);
	check(recording_follow(r, m) == 0);
	run(m, RUN);
	check(m->stop != STOP_NONE);
	recording_judge(r);
	recording_leave(r);
	machine_destroy(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct recording r;
	size_t len;
	uint8_t *bytes = input_file(data, size, &len);

	said_start();
	if (recording_parse("fuzz", VERSION, bytes, len, &r) == 0)
		follow(&r);
	check(said()[0] != 0); /* whatever came of it is said */
	recording_close(&r);
	return 0;
}
