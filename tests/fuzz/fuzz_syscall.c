/*
 * fuzz_syscall.c: system calls of any kind, on the kernel built natively; its
 * invariants hold after each.
 *
 *	clang -fsanitize=fuzzer,address,undefined -DDIRECT_MAP=0x200000000000UL
 *		-I. tests/fuzz/fuzz_syscall.c tests/unit/fake_arch.c
 *		guest-kernel/kernel/[a-z]*.c guest-kernel/arch/x86_64/bootdata.c
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

/* What the ABI's table says of a call. */
enum { NUMBER = 1, PATH };

struct argument {
	uint8_t kind;
	uint32_t types; /* 0: any slot */
};

#define ARG_NONE     \
	{            \
		0, 0 \
	}
#define ARG_WORD(name)    \
	{                 \
		NUMBER, 0 \
	}
#define ARG_CAP(types, name)        \
	{                           \
		PATH, TYPES_##types \
	}
#define ARG_MAYBE_CAP(types, name)  \
	{                           \
		PATH, TYPES_##types \
	}
#define ARG_TAKE(types, name)       \
	{                           \
		PATH, TYPES_##types \
	}
#define ARG_PLACE(name) \
	{               \
		PATH, 0 \
	}
#define ARG_MAYBE_PLACE(name) \
	{                     \
		PATH, 0       \
	}
#define SHAPE(name, label, number, types, rights, a, b, c, d, ...) \
	[number] = {TYPES_##types, {ARG_##a, ARG_##b, ARG_##c, ARG_##d}},

static const struct {
	uint32_t types;
	struct argument argument[4];
} shapes[LABEL_COUNT] = {ABI_CALLS(SHAPE)};

/* A slot that holds one of the types, if there is one from `from` on. */
static uint8_t slot_with(const struct cpool *pool, uint32_t types, uint8_t from)
{
	for (unsigned i = 0; i < 32; i++)
		if (types >> pool->slot[(from + i) % 32].cap.type & 1)
			return (from + i) % 32;
	return from;
}

/* Values that make sense to some label. */
static uint64_t fitting(unsigned label, unsigned at, const uint8_t *in)
{
	switch (label) {
	case UNTYPED_RETYPE:
		if (at == 0)
			return in[3] % OBJECT_COUNT;
		if (at == 1)
			return in[3] % OBJECT_COUNT == OBJECT_UNTYPED
				       ? in[4] * 64
			       : in[4] & 0xf0 ? 0
					      : in[4];
		return 1 + in[5] % 3;
	case CHANNEL_TAKE:
		return in[3] & CHANNEL_TRY;
	case PAGE_MAP:
	case TABLE_MAP:
		if (at == 1)
			return in[11] & RIGHT_ALL;
		return 0x400000 + in[12] % 4 * PAGE_SIZE;
	case CPOOL_MINT:
		if (at == 1)
			return in[11];
		if (at == 2)
			return in[12] & 1 ? in[12] : 0;
		return in[4] & 0x1f;
	default:
		return in[4] & 0x1f;
	}
}

/* A message: to whatever may take one, with what fits at times. */
static void message_call(const struct cpool *pool, struct regs *r,
			 const uint8_t *in)
{
	static const uint32_t targets =
		TYPES_ENDPOINT | TYPES_REPLY | TYPES_NOTIFICATION;
	uint8_t reply = slot_with(pool, TYPES_REPLY, in[6] % 32);

	r->rax = SYS_CALL + in[1] % 6;
	r->rdi = slot_with(pool, targets, in[2] % 32);
	r->rsi = MESSAGE_INFO(in[3], in[4] & 3, in[5] % (MESSAGE_WORDS + 2)) |
		 UINT64_C(1) << INFO_TARGET_SHIFT |
		 (uint64_t)(in[9] & 1) << INFO_ARGUMENT_SHIFT |
		 (in[10] & 1 ? MESSAGE_DEADLINE : 0);
	r->r12 = reply;
	r->r13 = fake.now + in[11] * UINT64_C(1000);
}

/* What the buffer says of capabilities to send and to receive. */
static void fill_buffer(struct task_buffer *buffer, const uint8_t *in)
{
	for (unsigned i = 0; i < MESSAGE_CAPS_MAX; i++) {
		buffer->send[i] =
			(struct message_cap){in[3 + i] % 32, 1, in[6 + i] % 4};
		buffer->receive[i] = (struct message_cap){in[9 + i] % 32, 1, 0};
	}
}

static void likely_call(const struct cpool *pool, struct regs *r,
			const uint8_t *in)
{
	unsigned type = in[0] % OBJECT_COUNT, target_depth;
	unsigned label = in[1] % LABEL_COUNT, count = 0, paths = 0;
	uint64_t word[4] = {0}, info;
	uint8_t target = in[2];

	for (unsigned i = 0; i < LABEL_COUNT; i++)
		if (!(shapes[label].types >> type & 1))
			label = (label + 1) % LABEL_COUNT;
	if (in[9] < 224)
		target = slot_with(pool, shapes[label].types, target % 32);
	r->rax = SYS_INVOKE;
	r->rdi = path(target, &target_depth);
	info = label | (uint64_t)target_depth << INFO_TARGET_SHIFT;
	for (; count < 4 && shapes[label].argument[count].kind; count++) {
		const struct argument *a = &shapes[label].argument[count];
		uint8_t slot = in[6] + 7 * paths;
		unsigned depth;

		if (a->kind == NUMBER) {
			word[count] = in[10] < 208 ? fitting(label, count, in)
						   : number(in[3 + count % 3]);
			continue;
		}
		if (in[13] < 224 && a->types)
			slot = slot_with(pool, a->types, slot % 32);
		word[count] = path(slot, &depth);
		if (in[7] < 16)
			depth = 0;
		info |= (uint64_t)depth << (INFO_ARGUMENT_SHIFT + 4 * paths++);
	}
	r->rsi = info | (uint64_t)count << INFO_WORDS_SHIFT;
	r->rdx = word[0];
	r->r10 = word[1];
	r->r8 = word[2];
	r->r9 = word[3];
}

/*
 * Interrupts, time, and tasks getting going again: the run never dries up. A
 * task that has lost its address space, or itself, calls no more.
 */
static struct task *who_calls(struct caller *c, uint8_t byte)
{
	if (byte < 8)
		irq_happened(byte);
	fake.now += byte * UINT64_C(1000);
	if (byte > 128)
		sched_timer();
	if (c->task->state == TASK_INACTIVE && c->task->object.count &&
	    !slot_empty(&c->task->table))
		sched_ready(c->task);
	if (byte & 1)
		sched_yield();
	return sched_pick();
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
	caller_retype(c, OBJECT_ENDPOINT, 0, 1, 15);
	caller_retype(c, OBJECT_REPLY, 0, 2, 16);
	caller_retype(c, OBJECT_NOTIFICATION, 0, 1, 18);
	caller_retype(c, OBJECT_SCHED_CONTEXT, 0, 1, 19);
	cap_root(&c->pool->slot[20], &(struct cap){.type = OBJECT_IRQ_CONTROL,
						   .rights = RIGHT_ALL});
	cap_root(&c->pool->slot[21], &(struct cap){.type = OBJECT_SCHED_CONTROL,
						   .rights = RIGHT_ALL});
	for (unsigned i = 6; i < 8; i++) {
		struct task *task = task_of(&c->pool->slot[i].cap);

		cap_copy(&c->pool->slot[0], &task->cpool);
		cap_copy(&c->pool->slot[8], &task->table);
		cap_copy(&c->pool->slot[11], &task->buffer);
		task->table.cap.flags |= CAP_VITAL;
		sched_ready(task);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct caller c;

	start(&c);
	if (size)
		fake.interrupt_in = data[0] % 4;
	for (; size >= CALL_BYTES; data += CALL_BYTES, size -= CALL_BYTES) {
		struct task *task = who_calls(&c, data[8]);
		const char *wrong;
		uint64_t rip;

		if (!task)
			break;
		rip = task->regs.rip = 0x400002;
		fill_buffer(c.buffer, data);
		if (data[15] < 16)
			wild_call(&task->regs, data);
		else if (data[15] < 80)
			message_call(c.pool, &task->regs, data);
		else
			likely_call(c.pool, &task->regs, data);
		syscall_handle(task);
		while (task->regs.rip != rip && task == sched_current()) {
			task->regs.rip = rip; /* it was interrupted */
			syscall_handle(task);
		}
		wrong = verify();
		if (wrong) {
			fprintf(stderr, "fuzz_syscall: %s\n", wrong);
			abort();
		}
		if (task->state <= TASK_PARKED && task->object.count &&
		    task->regs.rax >= ERR_COUNT) {
			fprintf(stderr, "fuzz_syscall: no error code\n");
			abort();
		}
	}
	return 0;
}
