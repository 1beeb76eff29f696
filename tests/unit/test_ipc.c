/*
 * test_ipc.c: endpoints, replies, notifications, lending, faults as calls,
 * inherited priorities and lent time. Tasks are driven by hand: each step is
 * a system call of the task that the scheduler says runs. All invariants are
 * checked after each.
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/fake_arch.h"

#define TASKS  4
#define EP     10 /* the endpoint, with all rights */
#define NOTE   11
#define REPLY  12
#define BADGED 13 /* the endpoint by a badge of the task's number */
#define FRAME  14
#define GOT    20 /* where received capabilities go */

#define TARGET (UINT64_C(1) << INFO_TARGET_SHIFT)
#define ANSWER (UINT64_C(1) << INFO_ARGUMENT_SHIFT)

static struct caller c[TASKS];

static void make(struct caller *to, unsigned type, unsigned slot)
{
	assert_int_equal(caller_retype(to, type, 0, 1, slot), ERR_OK);
}

static void share(unsigned slot)
{
	for (unsigned i = 1; i < TASKS; i++)
		cap_copy(&c[0].pool->slot[slot], &c[i].pool->slot[slot]);
}

static void run_only(unsigned n)
{
	for (unsigned i = 0; i < TASKS; i++)
		if (i != n && c[i].task->state == TASK_READY)
			sched_unready(c[i].task);
	if (c[n].task->state == TASK_INACTIVE)
		sched_ready(c[n].task);
	assert_ptr_equal(sched_pick(), c[n].task);
}

/* Who runs makes a system call; then all must hold. */
static uint64_t call(unsigned n, unsigned number, unsigned target,
		     uint64_t info, uint64_t word)
{
	struct regs *r = &c[n].task->regs;

	assert_ptr_equal(sched_pick(), c[n].task);
	r->vector = 0x100;
	r->rax = number;
	r->rdi = target;
	r->rsi = info | TARGET;
	r->rdx = word;
	r->r10 = word + 1;
	r->r8 = word + 2;
	r->r9 = word + 3;
	r->r12 = REPLY;
	r->rip = 0x1000;
	syscall_handle(c[n].task);
	assert_null(verify());
	return r->rax;
}

static int setup(void **state)
{
	fake_reset();
	fake.now = 1000;
	for (unsigned i = 0; i < TASKS; i++) {
		caller_create(&c[i]);
		c[i].task->regs.rip = c[i].task->regs.rsp = 0x1000;
	}
	for (unsigned i = 0; i < TASKS; i++) {
		run_only(i);
		make(&c[i], OBJECT_REPLY, REPLY);
		make(&c[i], OBJECT_RAW_PAGE, FRAME);
	}
	run_only(0);
	make(&c[0], OBJECT_ENDPOINT, EP);
	make(&c[0], OBJECT_NOTIFICATION, NOTE);
	share(EP);
	share(NOTE);
	for (unsigned i = 0; i < TASKS; i++) {
		cap_copy(&c[i].pool->slot[EP], &c[i].pool->slot[BADGED]);
		c[i].pool->slot[BADGED].cap.badge = 100 + i;
		for (unsigned n = 0; n < MESSAGE_CAPS_MAX; n++)
			c[i].buffer->receive[n] =
				(struct message_cap){GOT + n, 1, 0};
	}
	assert_null(verify());
	return 0;
}

static struct regs *regs(unsigned n)
{
	return &c[n].task->regs;
}

/* Task 1 waits to receive, with a Reply; then task 0 runs. */
static void serve(unsigned n)
{
	run_only(n);
	call(n, SYS_RECV, EP, ANSWER, 0);
	assert_int_equal(c[n].task->state, TASK_RECEIVING);
	run_only(0);
}

static void test_send_reaches_a_waiting_receiver(void **state)
{
	serve(1);
	assert_int_equal(call(0, SYS_SEND, BADGED, MESSAGE_INFO(7, 0, 3), 40),
			 ERR_OK);
	assert_int_equal(c[0].task->state, TASK_READY);
	assert_int_equal(c[1].task->state, TASK_READY);
	assert_int_equal(regs(1)->rax, ERR_OK);
	assert_int_equal(regs(1)->rdi, 100);
	assert_int_equal(regs(1)->rsi, MESSAGE_INFO(7, 0, 3));
	assert_int_equal(regs(1)->rdx, 40);
	assert_int_equal(regs(1)->r10, 41);
	assert_int_equal(regs(1)->r8, 42);
	assert_int_equal(regs(1)->r9, 0); /* not part of the message */
}

static void test_senders_wait_and_are_served_in_order(void **state)
{
	call(0, SYS_SEND, BADGED, MESSAGE_INFO(1, 0, 1), 5);
	assert_int_equal(c[0].task->state, TASK_SENDING);
	run_only(2);
	call(2, SYS_SEND, BADGED, MESSAGE_INFO(2, 0, 1), 6);
	run_only(1);
	assert_int_equal(call(1, SYS_RECV, EP, 0, 0), ERR_OK);
	assert_int_equal(regs(1)->rdi, 100);
	assert_int_equal(regs(1)->rdx, 5);
	assert_int_equal(c[0].task->state, TASK_READY);
	assert_int_equal(regs(0)->rax, ERR_OK);
	assert_int_equal(call(1, SYS_NB_RECV, EP, 0, 0), ERR_OK);
	assert_int_equal(regs(1)->rdi, 102);
	assert_int_equal(call(1, SYS_NB_RECV, EP, 0, 0), ERR_WOULD_BLOCK);
}

static void test_send_that_may_not_block_says_so(void **state)
{
	assert_int_equal(call(0, SYS_NB_SEND, EP, 0, 0), ERR_WOULD_BLOCK);
	assert_int_equal(c[0].task->state, TASK_READY);
}

static void test_call_and_reply_switch_at_once(void **state)
{
	serve(1);
	call(0, SYS_CALL, BADGED, MESSAGE_INFO(9, 0, 2), 70);
	assert_int_equal(c[0].task->state, TASK_ANSWERED);
	assert_ptr_equal(sched_pick(), c[1].task);
	assert_int_equal(regs(1)->rsi, MESSAGE_INFO(9, 0, 2) | MESSAGE_CALL);
	call(1, SYS_REPLY_RECV, EP, ANSWER | MESSAGE_INFO(3, 0, 4), 80);
	assert_int_equal(c[1].task->state, TASK_RECEIVING);
	assert_ptr_equal(sched_pick(), c[0].task);
	assert_int_equal(regs(0)->rax, ERR_OK);
	assert_int_equal(regs(0)->rdi, 0);
	assert_int_equal(regs(0)->rsi, MESSAGE_INFO(3, 0, 4));
	assert_int_equal(regs(0)->r9, 83);
	/* And again: the Reply is free for the next call. */
	call(0, SYS_CALL, BADGED, MESSAGE_INFO(9, 0, 2), 70);
	assert_ptr_equal(sched_pick(), c[1].task);
}

static void test_a_reply_answers_once(void **state)
{
	serve(1);
	call(0, SYS_CALL, EP, 0, 1);
	assert_int_equal(call(1, SYS_SEND, REPLY, 0, 2), ERR_OK);
	assert_int_equal(call(1, SYS_SEND, REPLY, 0, 2), ERR_GONE);
}

static void test_a_call_without_a_reply_object_fails(void **state)
{
	run_only(1);
	call(1, SYS_RECV, EP, 0, 0);
	run_only(0);
	assert_int_equal(call(0, SYS_CALL, EP, 0, 1), ERR_NO_REPLY);
	assert_int_equal(c[1].task->state, TASK_RECEIVING);
}

static void test_a_waiting_call_that_meets_no_reply_object_fails(void **state)
{
	call(0, SYS_CALL, EP, MESSAGE_INFO(0, 0, 1), 33);
	assert_int_equal(c[0].task->state, TASK_CALLING);
	run_only(1);
	assert_int_equal(call(1, SYS_RECV, EP, 0, 0), ERR_OK);
	assert_int_equal(regs(1)->rdx, 33); /* it arrived all the same */
	assert_false(regs(1)->rsi & MESSAGE_CALL);
	assert_int_equal(c[0].task->state, TASK_READY);
	assert_int_equal(regs(0)->rax, ERR_NO_REPLY);
}

static void test_long_messages_go_by_the_buffers(void **state)
{
	serve(1);
	memset(c[0].buffer->data, 0x5a, TASK_BUFFER_BYTES);
	memset(c[1].buffer->data, 0, TASK_BUFFER_BYTES);
	call(0, SYS_SEND, EP, MESSAGE_INFO(0, 0, MESSAGE_WORDS), 1);
	assert_int_equal(MESSAGE_LENGTH(regs(1)->rsi), MESSAGE_WORDS);
	assert_memory_equal(c[0].buffer->data, c[1].buffer->data,
			    TASK_BUFFER_BYTES);
	assert_int_equal(
		call(0, SYS_SEND, EP, MESSAGE_INFO(0, 0, MESSAGE_WORDS + 1), 1),
		ERR_RANGE);
}

static void send_frame(enum message_cap_kind kind, unsigned number)
{
	c[0].buffer->send[0] = (struct message_cap){FRAME, 1, kind};
	call(0, number, EP, MESSAGE_INFO(0, 1, 0), 0);
}

static void test_a_capability_is_copied_along(void **state)
{
	serve(1);
	send_frame(MESSAGE_COPY, SYS_SEND);
	assert_int_equal(MESSAGE_CAPS(regs(1)->rsi), 1);
	assert_int_equal(c[1].pool->slot[GOT].cap.type, OBJECT_RAW_PAGE);
	assert_ptr_equal(c[0].pool->slot[FRAME].child, &c[1].pool->slot[GOT]);
}

static void test_no_capability_goes_without_the_right(void **state)
{
	serve(1);
	c[0].pool->slot[EP].cap.rights = RIGHT_WRITE;
	c[0].buffer->send[0] = (struct message_cap){FRAME, 1, MESSAGE_COPY};
	c[0].pool->slot[BADGED].cap.rights = RIGHT_WRITE;

	regs(0)->rax = SYS_SEND;
	regs(0)->rdi = BADGED;
	regs(0)->rsi = MESSAGE_INFO(0, 1, 0) | TARGET;
	syscall_handle(c[0].task);
	assert_int_equal(MESSAGE_CAPS(regs(1)->rsi), 0);
	assert_true(slot_empty(&c[1].pool->slot[GOT]));
}

static void test_a_capability_that_finds_no_slot_stays(void **state)
{
	serve(1);
	c[1].buffer->receive[0].path = FRAME; /* taken */
	send_frame(MESSAGE_COPY, SYS_SEND);
	assert_int_equal(MESSAGE_CAPS(regs(1)->rsi), 0);
	assert_null(c[0].pool->slot[FRAME].child);
}

static void test_a_lent_frame_comes_back_with_the_answer(void **state)
{
	serve(1);
	send_frame(MESSAGE_LEND, SYS_CALL);
	assert_int_equal(MESSAGE_CAPS(regs(1)->rsi), 1);
	assert_int_equal(c[1].pool->slot[GOT].cap.rights, RIGHT_READ);
	/* The server's own copies go, too, wherever they are. */
	cap_copy(&c[1].pool->slot[GOT], &c[2].pool->slot[GOT]);
	cap_move(&c[1].pool->slot[GOT], &c[1].pool->slot[GOT + 1]);
	assert_null(verify());
	call(1, SYS_REPLY_RECV, EP, ANSWER, 0);
	assert_true(slot_empty(&c[1].pool->slot[GOT + 1]));
	assert_true(slot_empty(&c[2].pool->slot[GOT]));
	assert_false(slot_empty(&c[0].pool->slot[FRAME]));
	assert_null(c[0].pool->slot[FRAME].child);
}

static void test_a_lent_frame_comes_back_at_the_deadline(void **state)
{
	serve(1);
	c[0].buffer->send[0] =
		(struct message_cap){FRAME, 1, MESSAGE_LEND_WRITE};
	regs(0)->r13 = 5000;
	call(0, SYS_CALL, EP, MESSAGE_INFO(0, 1, 0) | MESSAGE_DEADLINE, 0);
	assert_false(slot_empty(&c[1].pool->slot[GOT]));
	fake.now = 5000;
	sched_timer();
	sched_pick();
	assert_null(verify());
	assert_int_equal(c[0].task->state, TASK_READY);
	/* It makes its call again, which takes back and returns the error. */
	assert_int_equal(regs(0)->rip, 0x1000 - SYSCALL_BYTES);
	run_only(0);
	regs(0)->rax = SYS_CALL;
	syscall_handle(c[0].task);
	assert_null(verify());
	assert_int_equal(regs(0)->rax, ERR_TIMEOUT);
	assert_true(slot_empty(&c[1].pool->slot[GOT]));
	/* A late answer finds nobody. */
	run_only(1);
	assert_int_equal(call(1, SYS_SEND, REPLY, 0, 0), ERR_GONE);
}

static void test_waits_end_at_their_deadlines(void **state)
{
	regs(0)->r13 = 3000;
	call(0, SYS_RECV, EP, ANSWER | MESSAGE_DEADLINE, 0);
	assert_null(sched_pick());
	assert_int_equal(fake.timer, 3000);
	fake.now = 3000;
	sched_timer();
	assert_ptr_equal(sched_pick(), c[0].task);
	assert_int_equal(regs(0)->rax, ERR_TIMEOUT);
	assert_null(verify());
	/* One in the past ends at once. */
	regs(0)->r13 = 0;
	call(0, SYS_RECV, NOTE, MESSAGE_DEADLINE, 0);
	assert_ptr_equal(sched_pick(), c[0].task);
	assert_int_equal(regs(0)->rax, ERR_TIMEOUT);
}

static void test_bits_gather_and_are_taken_at_once(void **state)
{
	c[0].pool->slot[NOTE].cap.badge = 0;
	call(0, SYS_SEND, NOTE, 0, 4);
	call(0, SYS_NB_SEND, NOTE, 0, 1);
	run_only(1);
	assert_int_equal(call(1, SYS_RECV, NOTE, 0, 0), ERR_OK);
	assert_int_equal(regs(1)->rdi, 5);
	assert_int_equal(regs(1)->rsi, MESSAGE_NOTIFICATION);
	assert_int_equal(call(1, SYS_NB_RECV, NOTE, 0, 0), ERR_WOULD_BLOCK);
	call(1, SYS_RECV, NOTE, 0, 0);
	assert_int_equal(c[1].task->state, TASK_LISTENING);
	run_only(0);
	call(0, SYS_SEND, NOTE, 0, 8);
	assert_int_equal(c[1].task->state, TASK_READY);
	assert_int_equal(regs(1)->rdi, 8);
}

static void bind(unsigned n)
{
	cap_copy(&c[0].pool->slot[NOTE], &c[n].task->notification);
	c[n].task->notification.cap.flags |= CAP_VITAL;
	((struct notification *)arch_ptr(c[0].pool->slot[NOTE].cap.base))
		->bound = c[n].task;
}

static void test_a_bound_notification_wakes_a_receiver(void **state)
{
	bind(1);
	serve(1);
	call(0, SYS_SEND, NOTE, 0, 2);
	assert_int_equal(c[1].task->state, TASK_READY);
	assert_int_equal(regs(1)->rsi, MESSAGE_NOTIFICATION);
	assert_int_equal(regs(1)->rdi, 2);
	/* Set beforehand, it ends the wait before it begins. */
	call(0, SYS_SEND, NOTE, 0, 2);
	run_only(1);
	assert_int_equal(call(1, SYS_RECV, EP, ANSWER, 0), ERR_OK);
	assert_int_equal(c[1].task->state, TASK_READY);
}

static void drain(void)
{
	while (object_step())
		assert_null(verify());
}

static void test_who_waits_learns_that_the_endpoint_is_gone(void **state)
{
	serve(1);
	run_only(2);
	for (unsigned i = 0; i < TASKS; i++) {
		cap_delete(&c[i].pool->slot[BADGED]);
		cap_delete(&c[i].pool->slot[EP]);
	}
	drain();
	assert_int_equal(c[1].task->state, TASK_READY);
	assert_int_equal(regs(1)->rax, ERR_GONE);
	assert_null(verify());
}

static void test_a_caller_learns_that_the_reply_is_gone(void **state)
{
	serve(1);
	call(0, SYS_CALL, EP, 0, 0);
	cap_delete(&c[1].pool->slot[REPLY]);
	drain();
	assert_int_equal(c[0].task->state, TASK_READY);
	assert_int_equal(regs(0)->rax, ERR_GONE);
	assert_int_equal(c[1].task->call_count, 0);
}

static void test_a_stopped_caller_calls_again(void **state)
{
	serve(1);
	call(0, SYS_CALL, EP, 0, 0);
	task_stop(c[0].task);
	assert_null(verify());
	assert_int_equal(regs(0)->rip, 0x1000 - SYSCALL_BYTES);
	assert_int_equal(regs(0)->rax, SYS_CALL);
	assert_int_equal(call(1, SYS_SEND, REPLY, 0, 0), ERR_GONE);
}

static void set_priority(unsigned n, unsigned priority)
{
	c[n].task->own_priority = priority;
	task_inherit(c[n].task);
}

static void test_a_server_has_its_callers_priority(void **state)
{
	set_priority(1, 10);
	serve(1);
	set_priority(0, 50);
	call(0, SYS_CALL, EP, 0, 0);
	assert_int_equal(c[1].task->priority, 50);
	/* It asks another one, whose priority rises, too. */
	run_only(1);
	set_priority(2, 5);
	run_only(2);
	call(2, SYS_RECV, NOTE, 0, 0); /* out of the way */
	run_only(1);
	assert_int_equal(call(1, SYS_SEND, REPLY, 0, 0), ERR_OK);
	assert_int_equal(c[1].task->priority, 10);
}

static void test_a_priority_goes_down_the_chain(void **state)
{
	run_only(0);
	make(&c[0], OBJECT_ENDPOINT, 30);
	cap_copy(&c[0].pool->slot[30], &c[1].pool->slot[30]);
	cap_copy(&c[0].pool->slot[30], &c[2].pool->slot[30]);
	set_priority(1, 10);
	set_priority(2, 5);
	run_only(2);
	call(2, SYS_RECV, 30, ANSWER, 0);
	serve(1);
	set_priority(0, 20);
	call(0, SYS_CALL, EP, 0, 0);
	call(1, SYS_CALL, 30, 0, 0);
	assert_int_equal(c[2].task->priority, 20);
	set_priority(0, 60);
	assert_int_equal(c[1].task->priority, 60);
	assert_int_equal(c[2].task->priority, 60);
	task_stop(c[0].task);
	assert_int_equal(c[1].task->priority, 10);
	assert_int_equal(c[2].task->priority, 10);
	assert_null(verify());
}

static void test_a_server_runs_on_its_callers_time(void **state)
{
	struct sched_context *sc;

	make(&c[0], OBJECT_SCHED_CONTEXT, 30);
	sc = arch_ptr(c[0].pool->slot[30].cap.base);
	serve(1);
	cap_copy(&c[0].pool->slot[30], &c[0].task->context_held);
	c[0].task->context_held.cap.flags |= CAP_VITAL;
	sched_refill(sc, 10000, 50000);
	sched_context_bind(sc, c[0].task);
	assert_ptr_equal(sched_pick(), c[0].task);
	call(0, SYS_CALL, EP, 0, 0);
	assert_ptr_equal(sched_pick(), c[1].task);
	assert_ptr_equal(c[1].task->context, sc);
	fake.now += 4000;
	call(1, SYS_REPLY_RECV, EP, ANSWER, 0);
	assert_ptr_equal(sched_pick(), c[0].task);
	assert_null(c[1].task->context);
	assert_int_equal(sched_consumed(sc), 4000);
	/* And it is stopped when that is used up. */
	call(0, SYS_CALL, EP, 0, 0);
	fake.now += 6000;
	sched_timer();
	assert_null(sched_pick());
	assert_int_equal(c[1].task->state, TASK_PARKED);
	assert_null(verify());
	cap_delete(&c[0].task->context_held);
	assert_int_equal(c[1].task->state, TASK_READY);
	assert_null(verify());
}

static void handle_faults_of(unsigned n)
{
	cap_copy(&c[n].pool->slot[BADGED], &c[n].task->fault_handler);
}

static void test_a_fault_is_a_call_to_the_handler(void **state)
{
	handle_faults_of(0);
	serve(1);
	regs(0)->vector = 14;
	regs(0)->error = 6;
	regs(0)->rip = 0x4444;
	regs(0)->rax = 77;
	fault_user(c[0].task, FAULT_PAGE, 0xdead000);
	assert_null(verify());
	assert_ptr_equal(sched_pick(), c[1].task);
	assert_int_equal(regs(1)->rdi, 100);
	assert_int_equal(MESSAGE_LABEL_OF(regs(1)->rsi), FAULT_PAGE);
	assert_true(regs(1)->rsi & MESSAGE_FAULT);
	assert_int_equal(regs(1)->rdx, 0x4444);
	assert_int_equal(regs(1)->r10, 0xdead000);
	assert_int_equal(regs(1)->r8, UINT64_C(6) << 32 | 14);
	call(1, SYS_REPLY_RECV, EP, ANSWER | MESSAGE_INFO(FAULT_RESUME, 0, 0),
	     0);
	assert_ptr_equal(sched_pick(), c[0].task);
	assert_int_equal(regs(0)->rax, 77);
	assert_int_equal(regs(0)->rip, 0x4444);
}

static void test_a_fault_waits_for_its_handler(void **state)
{
	handle_faults_of(0);
	fault_user(c[0].task, FAULT_OPCODE, 0);
	assert_null(verify());
	assert_int_equal(c[0].task->state, TASK_CALLING);
	run_only(1);
	call(1, SYS_RECV, EP, ANSWER, 0);
	assert_int_equal(MESSAGE_LABEL_OF(regs(1)->rsi), FAULT_OPCODE);
	call(1, SYS_SEND, REPLY, MESSAGE_INFO(1, 0, 0), 0);
	assert_int_equal(c[0].task->state, TASK_INACTIVE);
	assert_int_equal(c[0].task->fault, 0);
}

static void test_a_fault_whose_handler_goes_is_reported(void **state)
{
	handle_faults_of(0);
	serve(1);
	fault_user(c[0].task, FAULT_OPCODE, 0);
	run_only(1);
	cap_delete(&c[1].pool->slot[REPLY]);
	drain();
	assert_int_equal(c[0].task->state, TASK_INACTIVE);
	assert_non_null(strstr(fake.log, "is suspended"));
}

static void test_wrong_targets_are_refused(void **state)
{
	assert_int_equal(call(0, SYS_CALL, 2, 0, 0), ERR_WRONG_TYPE);
	assert_int_equal(call(0, SYS_CALL, NOTE, 0, 0), ERR_WRONG_TYPE);
	assert_int_equal(call(0, SYS_CALL, 99, 0, 0), ERR_EMPTY_SLOT);
	assert_int_equal(call(0, SYS_RECV, REPLY, 0, 0), ERR_WRONG_TYPE);
	assert_int_equal(call(0, SYS_REPLY_RECV, EP, 0, 0), ERR_TRUNCATED);
	assert_int_equal(call(0, SYS_CALL, EP, UINT64_C(1) << 8, 0), ERR_RANGE);
	c[0].task->regs.r12 = EP;
	assert_int_equal(call(0, SYS_SEND, 0, 0, 0), ERR_WRONG_TYPE);
}

static void test_a_reply_is_offered_once(void **state)
{
	serve(1);
	cap_copy(&c[1].pool->slot[REPLY], &c[2].pool->slot[REPLY + 20]);
	run_only(2);
	cap_delete(&c[2].pool->slot[REPLY]);
	cap_move(&c[2].pool->slot[REPLY + 20], &c[2].pool->slot[REPLY]);
	assert_int_equal(call(2, SYS_RECV, EP, ANSWER, 0), ERR_BAD_STATE);
	assert_int_equal(call(2, SYS_REPLY_RECV, EP, ANSWER, 0), ERR_BAD_STATE);
}

#define T(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_send_reaches_a_waiting_receiver),
		T(test_senders_wait_and_are_served_in_order),
		T(test_send_that_may_not_block_says_so),
		T(test_call_and_reply_switch_at_once),
		T(test_a_reply_answers_once),
		T(test_a_call_without_a_reply_object_fails),
		T(test_a_waiting_call_that_meets_no_reply_object_fails),
		T(test_long_messages_go_by_the_buffers),
		T(test_a_capability_is_copied_along),
		T(test_no_capability_goes_without_the_right),
		T(test_a_capability_that_finds_no_slot_stays),
		T(test_a_lent_frame_comes_back_with_the_answer),
		T(test_a_lent_frame_comes_back_at_the_deadline),
		T(test_waits_end_at_their_deadlines),
		T(test_bits_gather_and_are_taken_at_once),
		T(test_a_bound_notification_wakes_a_receiver),
		T(test_who_waits_learns_that_the_endpoint_is_gone),
		T(test_a_caller_learns_that_the_reply_is_gone),
		T(test_a_stopped_caller_calls_again),
		T(test_a_server_has_its_callers_priority),
		T(test_a_priority_goes_down_the_chain),
		T(test_a_server_runs_on_its_callers_time),
		T(test_a_fault_is_a_call_to_the_handler),
		T(test_a_fault_waits_for_its_handler),
		T(test_a_fault_whose_handler_goes_is_reported),
		T(test_wrong_targets_are_refused),
		T(test_a_reply_is_offered_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
