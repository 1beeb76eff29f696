/*
 * fuzz_syscall.c: system calls of any kind, on the kernel built natively; its
 * invariants hold after each.
 *
 *	clang -fsanitize=fuzzer,address,undefined -DDIRECT_MAP=0x200000000000UL
 *		-I. tests/fuzz/fuzz_syscall.c tests/unit/fake_arch.c
 *		tests/unit/kernel_wrong.c guest-kernel/kernel/[a-z]*.c
 *
 * A call takes sixteen bytes of input. Mostly they choose among what makes
 * sense (labels, slots that hold something, sizes at an edge), since random
 * registers seldom get past the first check; sometimes they are registers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_arch.h"

#define CALL_BYTES 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint64_t numbers[] = {
	0,
	1,
	2,
	8,
	0xff,
	0x100,
	0x3f8,
	TASK_BUFFER_BYTES,
	TASK_BUFFER_BYTES + 1,
	0x400000,
	0x401000,
	USER_END - PAGE_SIZE,
	USER_END,
	UINT64_C(1) << 63,
	UINT64_MAX,
};

/* One byte is a slot; some lead through a pool in slot 3. */
static uint64_t path(uint8_t byte, unsigned *depth)
{
	*depth = byte & 0x80 ? 2 : 1;
	return byte & 0x80 ? 0x300 | (byte & 0xf) : byte & 0x1f;
}

static uint64_t number(uint8_t byte)
{
	if (byte & 0x80)
		return byte & 0x7f;
	return numbers[byte % (sizeof(numbers) / sizeof(numbers[0]))];
}

static void wild_call(struct regs *r, const uint8_t *in)
{
	uint64_t word[2];

	memcpy(word, in, sizeof(word));
	/* Not the calls that end the run or fill the log. */
	r->rax = in[0] % SYS_PRINT;
	r->rdi = word[0];
	r->rsi = word[1];
	r->rdx = word[0] * 3;
	r->r10 = word[1] * 5;
	r->r8 = word[0] ^ word[1];
	r->r9 = word[0] + word[1];
}

/* What an object understands: first and last label. */
static const uint8_t labels[OBJECT_COUNT][2] = {
	[OBJECT_UNTYPED] = {UNTYPED_RETYPE, UNTYPED_INFO},
	[OBJECT_CPOOL] = {CPOOL_FREE_SLOT, CPOOL_TYPE},
	[OBJECT_TASK] = {TASK_SET_IP, TASK_SET_ACTIVE},
	[OBJECT_CHANNEL] = {CHANNEL_PUT_RAW, CHANNEL_TAKE},
	[OBJECT_RAW_PAGE] = {PAGE_MAP, PAGE_UNMAP},
	[OBJECT_TASK_BUFFER] = {PAGE_MAP, PAGE_UNMAP},
	[OBJECT_PDPT] = {TABLE_MAP, TABLE_MAP},
	[OBJECT_PD] = {TABLE_MAP, TABLE_MAP},
	[OBJECT_PT] = {TABLE_MAP, TABLE_MAP},
	[OBJECT_IO_PORT] = {IO_PORT_IN, IO_PORT_OUT},
};

/* What a call wants as its capability; NULL: anything. */
static unsigned wanted(unsigned label)
{
	switch (label) {
	case TASK_SET_CPOOL:
		return OBJECT_CPOOL;
	case TASK_SET_TABLE:
	case PAGE_MAP:
	case TABLE_MAP:
		return OBJECT_PML4;
	case TASK_SET_BUFFER:
		return OBJECT_TASK_BUFFER;
	default:
		return OBJECT_NULL;
	}
}

/* A slot that holds the type, if there is one from slot `from` on. */
static uint8_t slot_with(const struct cpool *pool, unsigned type, uint8_t from)
{
	for (unsigned i = 0; i < 32; i++)
		if (pool->slot[(from + i) % 32].cap.type == type)
			return (from + i) % 32;
	return from;
}

static void likely_call(const struct cpool *pool, struct regs *r,
			const uint8_t *in)
{
	static const uint8_t plain[LABEL_COUNT] = {
#define PLAIN_WORDS(name, number, words) [number] = (words),
		ABI_LABELS(PLAIN_WORDS)
#undef PLAIN_WORDS
	};
	unsigned type = in[0] % OBJECT_COUNT, target_depth, depth, label;
	uint64_t word[5] = {number(in[3]), number(in[4]), number(in[5]), 0};
	uint8_t target = in[2], argument = in[6];

	if (in[9] < 224)
		target = slot_with(pool, type, target % 32);
	label = labels[type][0] +
		in[1] % (labels[type][1] - labels[type][0] + 1);
	if (in[10] < 224 && wanted(label))
		argument = slot_with(pool, wanted(label), argument % 32);
	r->rax = SYS_INVOKE;
	r->rdi = path(target, &target_depth);
	word[plain[label]] = path(argument, &depth);
	if (in[7] < 32)
		depth = 0;
	if (label == UNTYPED_RETYPE) {
		word[0] = in[3] % OBJECT_COUNT;
		word[1] = in[4] & 0xf0 ? 0 : in[4];
		word[2] = 1 + in[5] % 3;
	}
	if (label == CHANNEL_TAKE && in[12] < 224)
		word[0] = in[3] & CHANNEL_TRY;
	if (label == PAGE_MAP && in[11] < 128)
		word[1] = in[11] & RIGHT_ALL;
	if ((label == PAGE_MAP || label == TABLE_MAP) && in[12] < 224)
		word[0] = 0x400000 + in[12] % 4 * PAGE_SIZE;
	r->rsi = label | (plain[label] + 1u) << INFO_WORDS_SHIFT |
		 target_depth << INFO_TARGET_SHIFT |
		 depth << INFO_ARGUMENT_SHIFT;
	r->rdx = word[0];
	r->r10 = word[1];
	r->r8 = word[2];
	r->r9 = word[3];
}

/* The keyboard, and tasks getting going again: the run never dries up. */
static struct task *who_calls(struct caller *c, uint8_t byte)
{
	if (byte < 8 && kernel.input)
		channel_input(kernel.input, byte);
	if (c->task->state == TASK_INACTIVE)
		sched_ready(c->task);
	if (byte & 1)
		sched_rotate();
	if (!sched_current()) {
		task_stop(c->task);
		sched_ready(c->task);
	}
	return sched_current();
}

static void start(struct caller *c)
{
	fake_reset();
	caller_create(c);
	caller_retype(c, OBJECT_CPOOL, 0, 1, 3);
	caller_retype(c, OBJECT_CHANNEL, 1, 2, 4);
	caller_retype(c, OBJECT_TASK, 0, 2, 6);
	caller_retype(c, OBJECT_PML4, 0, 1, 8);
	caller_retype(c, OBJECT_RAW_PAGE, 0, 2, 9);
	caller_retype(c, OBJECT_TASK_BUFFER, 0, 1, 11);
	caller_retype(c, OBJECT_PDPT, 0, 1, 12);
	caller_retype(c, OBJECT_PD, 0, 1, 13);
	caller_retype(c, OBJECT_PT, 0, 1, 14);
	for (unsigned i = 6; i < 8; i++) {
		struct task *task = task_of(&c->pool->slot[i].cap);

		cap_copy(&c->pool->slot[0], &task->cpool);
		sched_ready(task);
	}
	kernel.input = channel_of(&c->pool->slot[4].cap);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct caller c;

	start(&c);
	for (; size >= CALL_BYTES; data += CALL_BYTES, size -= CALL_BYTES) {
		struct task *task = who_calls(&c, data[8]);
		const char *wrong;

		if (data[15] < 16)
			wild_call(&task->regs, data);
		else
			likely_call(c.pool, &task->regs, data);
		syscall_handle(task);
		wrong = kernel_wrong(c.task);
		if (wrong) {
			fprintf(stderr, "fuzz_syscall: %s\n", wrong);
			abort();
		}
		if (task->state != TASK_WAITING &&
		    task->regs.rax >= ERR_COUNT) {
			fprintf(stderr, "fuzz_syscall: no error code\n");
			abort();
		}
	}
	return 0;
}
