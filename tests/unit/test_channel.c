/* test_channel.c: messages go in order, to who waits first, and whole. */
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/fake_arch.h"

#define CHANNEL 9
#define OTHER	8 /* a task, and a capability to send */

/* Three tasks with the same pool, two with a buffer each. */
static struct caller a, b, other;

static int setup(void **state)
{
	struct slot *slot;

	fake_reset();
	caller_create(&a);
	b = other = a;
	if (caller_retype(&a, OBJECT_TASK, 0, 1, 3) ||
	    caller_retype(&a, OBJECT_TASK, 0, 1, OTHER) ||
	    caller_retype(&a, OBJECT_TASK_BUFFER, 0, 1, 4) ||
	    caller_retype(&a, OBJECT_CHANNEL, 1, 1, CHANNEL))
		return -1;
	slot = a.pool->slot;
	b.task = task_of(&slot[3].cap);
	b.buffer = arch_ptr(slot[4].cap.base);
	cap_copy(&slot[0], &b.task->cpool);
	cap_copy(&slot[4], &b.task->buffer);
	cap_copy(&slot[254], &b.task->table);
	other.task = task_of(&slot[OTHER].cap);
	cap_copy(&slot[0], &other.task->cpool);
	cap_copy(&slot[254], &other.task->table);
	sched_ready(b.task);
	return 0;
}

static enum error put_raw(struct caller *c, uint64_t value)
{
	return caller_invoke(c, CHANNEL_PUT_RAW, CHANNEL, 2,
			     (uint64_t[4]){value, CHANNEL_TRY}, 0);
}

static enum error put_cap(struct caller *c, unsigned slot)
{
	return caller_invoke(c, CHANNEL_PUT_CAP, CHANNEL, 2,
			     (uint64_t[4]){slot, CHANNEL_TRY}, 1);
}

static enum error put_payload(struct caller *c, uint64_t length)
{
	return caller_invoke(c, CHANNEL_PUT_PAYLOAD, CHANNEL, 2,
			     (uint64_t[4]){length, CHANNEL_TRY}, 0);
}

static enum error take(struct caller *c, uint64_t flags)
{
	return caller_invoke(c, CHANNEL_TAKE, CHANNEL, 1, (uint64_t[4]){flags},
			     0);
}

static enum error take_to(struct caller *c, unsigned slot)
{
	return caller_invoke(c, CHANNEL_TAKE, CHANNEL, 2,
			     (uint64_t[4]){CHANNEL_TRY, slot}, 1);
}

static void expect(const struct caller *c, enum error error, unsigned kind,
		   uint64_t value)
{
	assert_int_equal(c->task->regs.rax, error);
	if (!error) {
		assert_int_equal(c->task->regs.rdx, kind);
		assert_int_equal(c->task->regs.r10, value);
	}
	assert_null(verify());
}

static void test_values_come_out_in_order_and_none_is_lost(void **state)
{
	for (uint64_t round = 0; round < 3; round++) {
		assert_int_equal(put_raw(&a, round), ERR_OK);
		assert_int_equal(put_raw(&a, UINT64_MAX - round), ERR_OK);
		assert_int_equal(put_raw(&a, 7), ERR_WOULD_BLOCK);
		take(&b, 0);
		expect(&b, ERR_OK, CHANNEL_RAW, round);
		take(&b, CHANNEL_TRY);
		expect(&b, ERR_OK, CHANNEL_RAW, UINT64_MAX - round);
		take(&b, CHANNEL_TRY);
		expect(&b, ERR_WOULD_BLOCK, 0, 0);
	}
}

static void test_waiters_are_served_first_come_first_served(void **state)
{
	take(&b, 0);
	assert_int_equal(b.task->state, TASK_WAITING);
	take(&a, 0);
	assert_int_equal(a.task->state, TASK_WAITING);
	assert_null(sched_current());
	sched_ready(other.task);
	assert_int_equal(put_raw(&other, 1), ERR_OK);
	assert_int_equal(b.task->state, TASK_READY);
	assert_int_equal(a.task->state, TASK_WAITING);
	expect(&b, ERR_OK, CHANNEL_RAW, 1);
	put_raw(&b, 2);
	expect(&a, ERR_OK, CHANNEL_RAW, 2);
}

static void test_payloads_are_copied_when_put(void **state)
{
	memcpy(a.buffer->data, "hello", 5);
	assert_int_equal(put_payload(&a, 5), ERR_OK);
	memset(a.buffer->data, 'x', 5);
	b.buffer->data[5] = '!';
	take(&b, 0);
	expect(&b, ERR_OK, CHANNEL_PAYLOAD, 5);
	assert_int_equal(b.buffer->length, 5);
	assert_memory_equal(b.buffer->data, "hello!", 6);
}

static void test_payload_lengths_have_edges(void **state)
{
	memset(a.buffer->data, 'y', TASK_BUFFER_BYTES);
	assert_int_equal(put_payload(&a, 0), ERR_OK);
	assert_int_equal(put_payload(&a, TASK_BUFFER_BYTES + 1), ERR_RANGE);
	assert_int_equal(put_payload(&a, UINT64_MAX), ERR_RANGE);
	assert_int_equal(put_payload(&a, TASK_BUFFER_BYTES), ERR_OK);
	take(&b, 0);
	expect(&b, ERR_OK, CHANNEL_PAYLOAD, 0);
	take(&b, 0);
	expect(&b, ERR_OK, CHANNEL_PAYLOAD, TASK_BUFFER_BYTES);
	assert_memory_equal(b.buffer->data, a.buffer->data, TASK_BUFFER_BYTES);
}

static void test_a_capability_arrives_as_a_copy(void **state)
{
	const struct slot *slot = a.pool->slot;

	assert_int_equal(put_cap(&a, 4), ERR_OK);
	assert_null(verify());
	take(&b, 0);
	expect(&b, ERR_OK, CHANNEL_CAP, 5); /* the lowest free slot */
	assert_int_equal(slot[5].cap.type, OBJECT_TASK_BUFFER);
	assert_int_equal(slot[5].cap.base, slot[4].cap.base);
	assert_ptr_equal(slot[4].child, &slot[5]);
	put_cap(&a, 5);
	take_to(&b, 77);
	expect(&b, ERR_OK, CHANNEL_CAP, 77);
	assert_ptr_equal(slot[5].child, &slot[77]);
}

static void test_with_no_slot_the_entry_stays(void **state)
{
	assert_int_equal(put_cap(&a, 4), ERR_OK);
	take_to(&b, CHANNEL);
	expect(&b, ERR_SLOT_TAKEN, 0, 0);
	/* Everything but the last free slots is filled. */
	assert_int_equal(caller_retype(&a, OBJECT_TASK, 0, 244, 10), ERR_OK);
	assert_int_equal(caller_retype(&a, OBJECT_TASK, 0, 3, 5), ERR_OK);
	take(&b, 0);
	expect(&b, ERR_NO_SLOT, 0, 0);
	assert_int_equal(channel_of(&a.pool->slot[CHANNEL].cap)->count, 1);
}

static void test_a_waiter_without_a_slot_is_told_and_the_next_served(void **s)
{
	uint64_t to_slot[4] = {0, 50};

	caller_invoke(&b, CHANNEL_TAKE, CHANNEL, 2, to_slot, 1);
	assert_int_equal(b.task->state, TASK_WAITING);
	assert_int_equal(caller_retype(&a, OBJECT_TASK, 0, 1, 50), ERR_OK);
	assert_int_equal(put_cap(&a, 4), ERR_OK);
	expect(&b, ERR_SLOT_TAKEN, 0, 0);
	assert_int_equal(b.task->state, TASK_READY);
	take_to(&a, 51);
	expect(&a, ERR_OK, CHANNEL_CAP, 51);
}

static void test_rights_are_asked_for(void **state)
{
	static const struct {
		unsigned rights;
		enum error raw, cap, take;
	} rows[] = {
		{RIGHT_READ, ERR_NO_RIGHT, ERR_NO_RIGHT, ERR_WOULD_BLOCK},
		{RIGHT_READ | RIGHT_GRANT, ERR_NO_RIGHT, ERR_NO_RIGHT,
		 ERR_WOULD_BLOCK},
		{RIGHT_GRANT, ERR_NO_RIGHT, ERR_NO_RIGHT, ERR_NO_RIGHT},
		{RIGHT_WRITE, ERR_OK, ERR_NO_RIGHT, ERR_NO_RIGHT},
		{RIGHT_WRITE | RIGHT_GRANT, ERR_OK, ERR_WOULD_BLOCK,
		 ERR_NO_RIGHT},
	};
	struct cap *cap = &a.pool->slot[CHANNEL].cap;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cap->rights = rows[i].rights;
		assert_int_equal(take(&b, CHANNEL_TRY), rows[i].take);
		assert_int_equal(put_raw(&a, i), rows[i].raw);
		assert_int_equal(put_cap(&a, 4), rows[i].cap);
	}
}

static void test_without_a_buffer_there_are_no_payloads(void **state)
{
	cap_delete(&b.task->buffer);
	assert_int_equal(put_payload(&b, 1), ERR_NO_BUFFER);
	assert_int_equal(put_payload(&a, 1), ERR_OK);
	take(&b, 0);
	expect(&b, ERR_NO_BUFFER, 0, 0);
	take(&a, 0);
	expect(&a, ERR_OK, CHANNEL_PAYLOAD, 1);
}

static enum error put_waiting(struct caller *c, uint64_t value, uint64_t flags)
{
	return caller_invoke(c, CHANNEL_PUT_RAW, CHANNEL, 2,
			     (uint64_t[4]){value, flags}, 0);
}

static void test_putters_wait_for_room_in_order(void **state)
{
	put_raw(&a, 1);
	put_raw(&a, 2);
	put_waiting(&b, 3, 0);
	assert_int_equal(b.task->state, TASK_PUTTING);
	put_waiting(&a, 4, 0);
	assert_int_equal(a.task->state, TASK_PUTTING);
	assert_null(verify());
	sched_ready(other.task);
	for (uint64_t i = 1; i <= 4; i++) {
		take(&other, CHANNEL_TRY);
		expect(&other, ERR_OK, CHANNEL_RAW, i);
		assert_null(verify());
	}
	assert_int_equal(a.task->state, TASK_READY);
	assert_int_equal(a.task->regs.rax, ERR_OK);
}

static void test_what_a_putter_waits_with_is_looked_at_again(void **state)
{
	put_raw(&a, 1);
	put_raw(&a, 2);
	caller_invoke(&b, CHANNEL_PUT_CAP, CHANNEL, 2, (uint64_t[4]){OTHER, 0},
		      1);
	assert_int_equal(b.task->state, TASK_PUTTING);
	cap_delete(&b.pool->slot[OTHER]);
	take(&a, 0);
	assert_int_equal(b.task->state, TASK_READY);
	expect(&b, ERR_EMPTY_SLOT, 0xff, 0);
	assert_null(verify());
}

static void test_overwriting_loses_the_oldest(void **state)
{
	put_raw(&a, 1);
	put_cap(&a, OTHER);
	assert_int_equal(put_waiting(&a, 3, CHANNEL_OVERWRITE), ERR_OK);
	assert_int_equal(put_waiting(&a, 4, CHANNEL_OVERWRITE), ERR_OK);
	assert_null(verify());
	take(&b, 0);
	expect(&b, ERR_OK, CHANNEL_RAW, 3);
}

static void test_waits_end_at_their_deadlines(void **state)
{
	fake.now = 100;
	a.task->regs.r13 = b.task->regs.r13 = 200;
	take(&b, CHANNEL_DEADLINE);
	assert_int_equal(b.task->state, TASK_WAITING);
	fake.now = 200;
	sched_timer();
	sched_pick();
	expect(&b, ERR_TIMEOUT, 0, 0);
	put_raw(&a, 1);
	put_raw(&a, 2);
	put_waiting(&a, 3, CHANNEL_DEADLINE);
	sched_pick();
	expect(&a, ERR_TIMEOUT, 0, 0);
	assert_null(verify());
}

static void test_a_stopped_wait_goes_on_when_the_task_does(void **state)
{
	uint64_t rip;

	b.task->regs.rip = rip = 0x1002;
	take(&b, 0);
	task_stop(b.task);
	assert_int_equal(b.task->regs.rip, rip - SYSCALL_BYTES);
	assert_int_equal(b.task->regs.rax, SYS_INVOKE);
	assert_int_equal(b.task->regs.rdi, CHANNEL);
	assert_int_equal(put_raw(&a, 3), ERR_OK);
	sched_ready(b.task);
	syscall_handle(b.task); /* what the instruction there does */
	expect(&b, ERR_OK, CHANNEL_RAW, 3);
}

static void test_bad_takes_are_refused_before_they_wait(void **state)
{
	assert_int_equal(take(&b, CHANNEL_OVERWRITE), ERR_RANGE);
	assert_int_equal(caller_invoke(&b, CHANNEL_TAKE, CHANNEL, 0,
				       (uint64_t[4]){0}, 0),
			 ERR_TRUNCATED);
	assert_int_equal(caller_invoke(&b, CHANNEL_TAKE, CHANNEL, 2,
				       (uint64_t[4]){0, 0x0205}, 2),
			 ERR_BAD_ADDRESS);
	assert_int_equal(caller_invoke(&b, CHANNEL_TAKE, CHANNEL, 1,
				       (uint64_t[4]){0, 0x05}, 1),
			 ERR_TRUNCATED);
	assert_int_equal(b.task->state, TASK_READY);
}

/* ---- many who wait and cannot go on ---- */

#define CROWD 20

static struct caller crowd[CROWD];

/* They wait at the channel by that call, with two words. */
static void gather(unsigned label, const uint64_t word[4])
{
	assert_int_equal(caller_retype(&a, OBJECT_TASK, 0, CROWD, 100), ERR_OK);
	for (unsigned i = 0; i < CROWD; i++) {
		crowd[i].task = task_of(&a.pool->slot[100 + i].cap);
		cap_copy(&a.pool->slot[0], &crowd[i].task->cpool);
		cap_copy(&a.pool->slot[254], &crowd[i].task->table);
		sched_ready(crowd[i].task);
		caller_invoke(&crowd[i], label, CHANNEL, 2, word, 1);
		assert_int_not_equal(crowd[i].task->state, TASK_READY);
	}
}

static void expect_told(enum error error)
{
	for (unsigned i = 0; i < CROWD; i++) {
		assert_int_equal(crowd[i].task->state, TASK_READY);
		expect(&crowd[i], error, 0, 0);
	}
}

/* How often a call is made until it is done, interrupts being pending. */
static unsigned calls_of(enum error (*call)(void))
{
	unsigned calls = 0;

	fake.interrupt_in = 1;
	do {
		a.task->regs.rip = 0x1002;
		call();
		assert_null(verify());
		calls++;
	} while (a.task->regs.rip == 0x1000);
	fake.interrupt_in = 0;
	assert_int_equal(a.task->regs.rip, 0x1002);
	return calls;
}

static enum error put_buffer(void)
{
	return put_cap(&a, 4);
}

static enum error try_take(void)
{
	return take(&a, CHANNEL_TRY);
}

static void test_a_put_tells_many_takers_in_steps(void **state)
{
	gather(CHANNEL_TAKE, (uint64_t[4]){0, 50});
	assert_int_equal(caller_retype(&a, OBJECT_TASK, 0, 1, 50), ERR_OK);
	assert_int_equal(calls_of(put_buffer), CROWD / 8 + 1);
	expect(&a, ERR_OK, 0, 0);
	expect_told(ERR_SLOT_TAKEN);
	assert_int_equal(channel_of(&a.pool->slot[CHANNEL].cap)->count, 1);
}

static void test_a_take_tells_many_putters_in_steps(void **state)
{
	put_raw(&a, 1);
	put_raw(&a, 2);
	gather(CHANNEL_PUT_CAP, (uint64_t[4]){OTHER, 0});
	cap_delete(&a.pool->slot[OTHER]);
	assert_int_equal(calls_of(try_take), CROWD / 8 + 1);
	expect(&a, ERR_OK, CHANNEL_RAW, 1);
	expect_told(ERR_EMPTY_SLOT);
}

static void test_what_was_taken_back_is_dropped_in_steps(void **state)
{
	put_cap(&a, 4);
	put_cap(&a, 4);
	gather(CHANNEL_PUT_CAP, (uint64_t[4]){OTHER, 0});
	while (a.pool->slot[4].child)
		cap_delete(a.pool->slot[4].child);
	/* The first two go on, in the places of what was dropped. */
	assert_int_equal(calls_of(try_take), 1);
	expect(&a, ERR_OK, CHANNEL_CAP, 5);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(crowd[i].task->state, TASK_READY);
	assert_int_equal(crowd[3].task->state, TASK_PUTTING);
}

#define T(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_values_come_out_in_order_and_none_is_lost),
		T(test_waiters_are_served_first_come_first_served),
		T(test_payloads_are_copied_when_put),
		T(test_payload_lengths_have_edges),
		T(test_a_capability_arrives_as_a_copy),
		T(test_with_no_slot_the_entry_stays),
		T(test_a_waiter_without_a_slot_is_told_and_the_next_served),
		T(test_rights_are_asked_for),
		T(test_without_a_buffer_there_are_no_payloads),
		T(test_putters_wait_for_room_in_order),
		T(test_what_a_putter_waits_with_is_looked_at_again),
		T(test_overwriting_loses_the_oldest),
		T(test_waits_end_at_their_deadlines),
		T(test_a_stopped_wait_goes_on_when_the_task_does),
		T(test_bad_takes_are_refused_before_they_wait),
		T(test_a_put_tells_many_takers_in_steps),
		T(test_a_take_tells_many_putters_in_steps),
		T(test_what_was_taken_back_is_dropped_in_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
