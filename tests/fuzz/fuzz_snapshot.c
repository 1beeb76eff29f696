/*
 * fuzz_snapshot.c: files that say they are a machine. Inputs that begin with
 * an odd byte are files as they are; the others are changes to the file of a
 * machine that has run a while, three bytes each (which part, where, what),
 * with sums that are right again: what is wrong was written so. A file is
 * refused with a word, or the machine made from it runs on and can be kept
 * again.
 *
 *	clang -g -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -I. \
 *		tests/fuzz/fuzz_snapshot.c devices/[a-rt-z]*.c vmm/sim/[!d]*.c \
 *		vmm/sim/d[!i]*.c vmm/sim/disasm_none.c vmm/[!ks]*.c \
 *		vmm/snapshot*.c -lelf -lcmocka -o fuzz_snapshot
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/devices.h"
#include "tests/unit/elf_file.h"
#include "vmm/crc32c.h"
#include "vmm/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEM	(UINT64_C(1) << 20)
#define CPUS	2
#define CHANGES 8
#define RUN_NS	20000

struct host {
	struct machine *m;
	struct board board;
	struct mark end;
};

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void end(void *ctx)
{
	machine_stop(ctx, STOP_BREAK, 0, "");
}

/* Nothing is shown, and nothing waits: to a level, a turn or a halt. */
static void make(struct host *h)
{
	struct board_config config = {.rtc_epoch = BOARD_EPOCH,
				      .bios_state = true};

	memset(h, 0, sizeof(*h));
	h->m = machine_create(MEM);
	check(h->m != NULL);
	for (unsigned i = 0; i < CPUS; i++)
		check(machine_add_cpu(h->m, ACCEL_SIM) == 0);
	check(board_build(&h->board, h->m, &config) == 0);
}

/* So many instructions, unless there is a verdict before. */
static void run(struct host *h, uint64_t count)
{
	h->end = (struct mark){machine_count(h->m) + count, end, h->m, NULL};
	machine_mark(h->m, &h->end);
	machine_run(h->m);
}

static uint8_t *keep(struct machine *m, size_t *size)
{
	char *bytes = NULL;
	FILE *out = open_memstream(&bytes, size);

	check(out != NULL);
	snapshot_write(m, NULL, 0, out);
	fclose(out);
	return (uint8_t *)bytes;
}

/*
 * Real mode: open IRQ 0 and the UART's, let the PIT tick fast, then count.
 * Its vectors, 8 on, all lead to an IRET with an EOI before it.
 */
static const uint8_t program[] = {
	0xfa,			/* cli */
	0xb0, 0xfe, 0xe6, 0x21, /* mov al,0xfe; out 0x21,al */
	0xb0, 0x34, 0xe6, 0x43, /* mov al,0x34; out 0x43,al */
	0xb0, 0x04, 0xe6, 0x40, /* mov al,4; out 0x40,al */
	0x30, 0xc0, 0xe6, 0x40, /* xor al,al; out 0x40,al */
	0xfb,			/* sti */
	0xb9, 0x00, 0x10,	/* mov cx,0x1000 */
	0xf3, 0xa4,		/* rep movsb */
	0xe4, 0x40, 0xe4, 0x60, /* in al,0x40; in al,0x60 */
	0xee,			/* out dx,al */
	0xeb, 0xf4,		/* jmp: mov cx */
};

static const uint8_t handler[] = {0x50, 0xb0, 0x20, 0xe6, 0x20, 0x58, 0xcf};

static uint8_t *make_file(size_t *size)
{
	struct x86_state state;
	struct host h;
	uint8_t *bytes;

	make(&h);
	for (unsigned i = 0; i < 256; i++)
		guestmem_write(&h.m->mem, 4 * i, "\0\x7e\0\0", 4);
	guestmem_write(&h.m->mem, 0x7c00, program, sizeof(program));
	guestmem_write(&h.m->mem, 0x7e00, handler, sizeof(handler));
	x86_state_reset(&state);
	state.seg[SEG_CS].base = state.seg[SEG_CS].selector = 0;
	state.rip = 0x7c00;
	state.gpr[GPR_RSP] = 0x7000;
	state.gpr[GPR_RSI] = 0x8000;
	state.gpr[GPR_RDI] = 0x9000;
	state.gpr[GPR_RDX] = 0x3f8;
	check(h.m->cpu[0]->ops->set_state(h.m->cpu[0], &state) == 0);
	for (unsigned i = 0; i < 20; i++)
		i8042_key(h.board.kbd, 0x1e, i & 1);
	run(&h, 5000);
	bytes = keep(h.m, size);
	machine_destroy(h.m);
	return bytes;
}

/* As a program would that means harm. */
static void sum_up(uint8_t *bytes, size_t size)
{
	struct snapshot_header h;

	memcpy(&h, bytes, sizeof(h));
	h.parts_crc = crc32c(0, bytes + sizeof(h), size - sizeof(h));
	h.header_crc =
		crc32c(0, &h, offsetof(struct snapshot_header, header_crc));
	memcpy(bytes, &h, sizeof(h));
}

/* Byte `where` of part `which`, its head included; memory is not of interest */
static void change(uint8_t *bytes, size_t size, unsigned which, unsigned where,
		   uint8_t what)
{
	size_t at = sizeof(struct snapshot_header);
	struct snapshot_head head;

	for (unsigned i = 0; i <= which; i++) {
		if (at + sizeof(head) > size)
			return;
		memcpy(&head, bytes + at, sizeof(head));
		if (i == which)
			break;
		at += sizeof(head) + head.len;
	}
	where %= sizeof(head) + head.len;
	bytes[at + where] = what;
}

static uint8_t *input_file(const uint8_t *data, size_t size, size_t *len)
{
	static uint8_t *good;
	static size_t good_len;
	unsigned changes = size ? 1 + (data[0] >> 1) % CHANGES : 0;
	uint8_t *bytes;

	if (!good)
		good = make_file(&good_len);
	*len = size && data[0] & 1 ? size : good_len;
	bytes = malloc(*len + 1);
	check(bytes != NULL);
	memcpy(bytes, size && data[0] & 1 ? data : good, *len);
	if (size && data[0] & 1)
		return bytes;
	for (size_t i = 1, n = 0; i + 4 <= size && n < changes; i += 4, n++) {
		struct snapshot_header h;

		memcpy(&h, bytes, sizeof(h));
		/* The head of a part seldom: it is refused at once. */
		change(bytes, *len, data[i] % h.parts,
		       data[i + 3] < 250
			       ? sizeof(struct snapshot_head) +
					 (data[i + 1] | (data[i + 2] & 3) << 8)
			       : data[i + 1],
		       data[i + 2] >> 2 & 1 ? data[i + 3]
					    : 1u << data[i + 3] % 8);
	}
	sum_up(bytes, *len);
	return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct snapshot s;
	struct host h;
	size_t len;
	uint8_t *bytes = input_file(data, size, &len);

	said_start();
	if (snapshot_parse("fuzz", bytes, len, &s) < 0) {
		check(said()[0] != 0); /* nothing is refused in silence */
		snapshot_close(&s);
		return 0;
	}
	make(&h);
	if (snapshot_restore(&s, h.m) < 0) {
		check(said()[0] != 0);
	} else {
		run(&h, RUN_NS);
		free(keep(h.m, &len));
	}
	snapshot_close(&s);
	machine_destroy(h.m);
	return 0;
}
