/* channel.c: order, room, kinds, and who gets what when several wait. */
#include "tests/kernel/check.h"

static volatile uint64_t stage, order;
static volatile uint64_t got_value[8], got_error[8];

static struct caddr shared; /* the channel that the tasks below use */

static enum error try_take(struct caddr channel, struct taken *got)
{
	return sys_channel_take(channel, CHANNEL_TRY, CADDR_ANY, got);
}

static void test_order_and_room(void)
{
	for (unsigned bits = 0; bits <= 8; bits += 2) {
		struct caddr c = make(OBJECT_CHANNEL, bits);
		unsigned room = 1u << bits, in_order = 0;
		struct taken got;

		check_error(try_take(c, &got), ERR_WOULD_BLOCK, "empty");
		for (unsigned i = 0; i < room; i++)
			sys_channel_put_raw(c, 1000 + i, CHANNEL_TRY);
		check_error(sys_channel_put_raw(c, 5, CHANNEL_TRY),
			    ERR_WOULD_BLOCK, "full");
		check_error(sys_channel_put_payload(c, "x", 1), ERR_WOULD_BLOCK,
			    "for a payload too");
		check_error(sys_channel_put_cap(c, ROOT, CHANNEL_TRY),
			    ERR_WOULD_BLOCK, "and for a capability");
		for (unsigned i = 0; i < room; i++) {
			in_order += try_take(c, &got) == ERR_OK &&
				    got.kind == CHANNEL_RAW &&
				    got.value == 1000 + i;
		}
		check_equal(in_order, room, "what was put, in order");
		check_error(try_take(c, &got), ERR_WOULD_BLOCK, "empty again");
	}
}

static void test_round_and_round(void)
{
	struct caddr c = make(OBJECT_CHANNEL, 1);
	bool right = true;
	struct taken got;

	sys_channel_put_raw(c, 0, CHANNEL_TRY);
	for (uint64_t i = 1; i < 1000; i++) {
		sys_channel_put_raw(c, i, CHANNEL_TRY);
		right &= try_take(c, &got) == ERR_OK && got.value == i - 1;
	}
	check(right, "a small ring, many times round");
}

static void fill(uint8_t *bytes, size_t len, uint8_t from)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = from + 7 * i;
}

static void test_payloads(void)
{
	static const uint16_t lengths[] = {0, 1, 7, 8, 9, 63, 512, 1023, 1024};
	static uint8_t sent[TASK_BUFFER_BYTES + 1];
	struct caddr c = make(OBJECT_CHANNEL, 4);
	struct task_buffer *buffer = rt_buffer();
	struct taken got;

	/* All are put before any is taken: each has a copy of its own. */
	for (unsigned i = 0; i < 9; i++) {
		fill(sent, lengths[i], i);
		check_error(sys_channel_put_payload(c, sent, lengths[i]),
			    ERR_OK, "put a payload");
	}
	memset(buffer, 0x55, sizeof(*buffer));
	for (unsigned i = 0; i < 9; i++) {
		fill(sent, lengths[i], i);
		check_error(try_take(c, &got), ERR_OK, "take it");
		check(got.kind == CHANNEL_PAYLOAD && got.value == lengths[i] &&
			      buffer->length == lengths[i],
		      "its kind and length");
		check(!memcmp(buffer->data, sent, lengths[i]), "its bytes");
	}
	check_error(sys_channel_put_payload(c, sent, 1025), ERR_RANGE,
		    "1025 bytes");
	check_error(sys_channel_put_payload(c, sent, SIZE_MAX), ERR_RANGE,
		    "2^64 - 1 bytes");
	check_error(try_take(c, &got), ERR_WOULD_BLOCK, "neither was put");
}

/* The length in the task buffer is the kernel's to write, not to believe. */
static void test_buffer_length_is_not_believed(void)
{
	struct caddr c = make(OBJECT_CHANNEL, 0);
	struct taken got;

	rt_buffer()->length = ~UINT64_C(0);
	check_error(sys_channel_put_payload(c, "four", 4), ERR_OK, "put");
	check_error(try_take(c, &got), ERR_OK, "take");
	check_equal(got.value, 4, "the length is the argument's");
}

static void test_capabilities(void)
{
	struct caddr c = make(OBJECT_CHANNEL, 2), other;
	struct caddr copy = caddr_root(24);
	uint64_t lowest = 0;
	struct taken got;

	other = make(OBJECT_CHANNEL, 2);
	check_error(sys_channel_put_cap(c, caddr_root(25), CHANNEL_TRY),
		    ERR_EMPTY_SLOT, "an empty slot");
	check_error(sys_channel_put_cap(c, caddr_in(UNTYPED, 1), CHANNEL_TRY),
		    ERR_BAD_ADDRESS, "a bad path");
	check_error(sys_channel_put_cap(c, make(OBJECT_PT, 0), CHANNEL_TRY),
		    ERR_NO_COPY, "a page table");
	check_error(sys_channel_put_cap(c, other, CHANNEL_TRY), ERR_OK,
		    "a channel");
	check_error(sys_channel_take(c, CHANNEL_TRY, ROOT, &got),
		    ERR_SLOT_TAKEN, "into a taken slot");
	check_error(sys_channel_take(c, CHANNEL_TRY,
				     caddr_in(caddr_root(25), 0), &got),
		    ERR_BAD_ADDRESS, "into no pool");
	check_error(sys_channel_take(c, 2, copy, &got), ERR_RANGE,
		    "with an unknown flag");
	check_error(sys_channel_take(c, CHANNEL_TRY, copy, &got), ERR_OK,
		    "the entry has stayed: into a free slot");
	check(got.kind == CHANNEL_CAP && got.value == 24, "and is told so");
	check_equal(type_in(ROOT, 24), OBJECT_CHANNEL, "it is there");
	check_error(sys_channel_put_raw(copy, 31, CHANNEL_TRY), ERR_OK,
		    "put through the copy");
	check_error(try_take(other, &got), ERR_OK, "take from the original");
	check_equal(got.value, 31, "they are one channel");

	sys_channel_put_cap(c, ROOT, CHANNEL_TRY);
	sys_cpool_free_slot(ROOT, &lowest);
	check_error(try_take(c, &got), ERR_OK, "to the lowest free slot");
	check_equal(got.value, lowest, "which it is");
	check_equal(type_in(ROOT, lowest), OBJECT_CPOOL, "the pool is there");
	check_error(sys_channel_put_cap(c, c, CHANNEL_TRY), ERR_OK,
		    "itself into itself");
	check_error(try_take(c, &got), ERR_OK, "and out again");
}

/* A task whose pool has no free slot cannot take; the entry waits for one. */
static void test_no_slot(void)
{
	struct caddr c = make(OBJECT_CHANNEL, 0), pool = make(OBJECT_CPOOL, 0);
	struct taken got;

	sys_untyped_retype(UNTYPED, OBJECT_CHANNEL, 0, 256, caddr_in(pool, 0),
			   NULL);
	sys_channel_put_cap(c, ROOT, CHANNEL_TRY);
	for (unsigned i = 0; i < 256; i += 51)
		check_error(sys_channel_take(c, CHANNEL_TRY, caddr_in(pool, i),
					     &got),
			    ERR_SLOT_TAKEN, "a full pool");
	check_error(try_take(c, &got), ERR_OK, "the entry has stayed");
}

static void take_one(uint64_t n)
{
	struct taken got = {0};

	stage++;
	got_error[n] = sys_channel_take(shared, 0, CADDR_ANY, &got);
	got_value[n] = got.value;
	order = order << 4 | (n + 1);
}

static void test_waiters_are_served_in_order(void)
{
	shared = make(OBJECT_CHANNEL, 4);
	stage = order = 0;
	for (unsigned n = 0; n < 3; n++) {
		thread_start(take_one, n);
		await(&stage, n + 1);
		yield_often(); /* it waits now */
	}
	check_equal(order, 0, "three tasks wait");
	for (unsigned n = 0; n < 3; n++)
		sys_channel_put_raw(shared, 500 + n, CHANNEL_TRY);
	yield_often();
	/* Elsewhere one may lose the CPU before it has noted its turn. */
	check(order == 0x123 || !counts_instructions(),
	      "each is woken in its turn");
	check(got_value[0] == 500 && got_value[1] == 501 && got_value[2] == 502,
	      "and has its own value");
}

static void echo_for_ever(uint64_t slots)
{
	struct caddr in = caddr_root(slots & 0xff);
	struct caddr out = caddr_root(slots >> 8);
	struct taken got;

	while (sys_channel_take(in, 0, CADDR_ANY, &got) == ERR_OK)
		sys_channel_put_raw(out, got.value + 1, CHANNEL_TRY);
}

static void test_ping_pong(void)
{
	struct caddr ping = make(OBJECT_CHANNEL, 0);
	struct caddr pong = make(OBJECT_CHANNEL, 0);
	bool right = true;
	struct taken got;

	thread_start(echo_for_ever, ping.path | pong.path << 8);
	for (uint64_t i = 0; i < 1000; i++) {
		sys_channel_put_raw(ping, i, CHANNEL_TRY);
		right &= sys_channel_take(pong, 0, CADDR_ANY, &got) == ERR_OK &&
			 got.value == i + 1;
	}
	check(right, "two tasks answer each other 1000 times");
}

/* Stopped while it waits, a task takes nothing; started, it waits again. */
static void test_a_stopped_waiter(void)
{
	struct thread t;
	struct taken got;

	shared = make(OBJECT_CHANNEL, 2);
	stage = order = 0;
	t = thread_start(take_one, 4);
	await(&stage, 1);
	yield_often();
	check_error(sys_task_set_active(t.task, 0), ERR_OK, "stop a waiter");
	sys_channel_put_raw(shared, 71, CHANNEL_TRY);
	yield_often();
	check_equal(order, 0, "it gets nothing");
	check_error(try_take(shared, &got), ERR_OK, "the value is here");
	check_error(sys_task_set_active(t.task, 1), ERR_OK, "start it");
	yield_often();
	check_equal(order, 0, "it waits again");
	sys_channel_put_raw(shared, 72, CHANNEL_TRY);
	yield_often();
	check(order == 5 && got_error[4] == ERR_OK && got_value[4] == 72,
	      "and gets the next");
}

static void test_a_waiter_gets_a_payload(void)
{
	static const char text[] = "through the other's buffer";
	struct thread t;

	shared = make(OBJECT_CHANNEL, 0);
	stage = order = 0;
	t = thread_start(take_one, 5);
	await(&stage, 1);
	yield_often();
	sys_channel_put_payload(shared, text, sizeof(text));
	yield_often();
	check(order == 6 && got_value[5] == sizeof(text), "a waiter is woken");
	check(!memcmp(t.buffer->data, text, sizeof(text)),
	      "and has the bytes in its buffer");
}

/* The boot's channels have the rights they need. */
static void test_rights(void)
{
	struct caddr input = caddr_root(BOOT_SLOT_INPUT);
	struct taken got;

	check_error(try_take(input, &got), ERR_WOULD_BLOCK, "no input yet");
	check_error(sys_cpool_mint(ROOT, 20, RIGHT_READ, 0, input), ERR_OK,
		    "a channel for taking only");
	check_error(sys_channel_put_raw(caddr_root(20), 1, CHANNEL_TRY),
		    ERR_NO_RIGHT, "takes no numbers");
	check_error(sys_channel_put_cap(caddr_root(20), ROOT, CHANNEL_TRY),
		    ERR_NO_RIGHT, "and no capabilities");
}

int user_main(const struct boot_info *info)
{
	test_order_and_room();
	test_round_and_round();
	test_payloads();
	test_buffer_length_is_not_believed();
	test_capabilities();
	test_no_slot();
	test_waiters_are_served_in_order();
	test_ping_pong();
	test_a_stopped_waiter();
	test_a_waiter_gets_a_payload();
	test_rights();
	return check_done();
}
