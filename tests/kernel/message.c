/*
 * message.c: sends, receives, calls and answers between two tasks: of one
 * address space, and again of two. What is refused is in wrong_message.c, what
 * notifications do in notification.c.
 */
#include "tests/kernel/cases.h"

static struct caddr ep, badged, reply, note;

#define BADGE UINT64_C(0x1234567890abcdef)

static void make_objects(void)
{
	ep = make(OBJECT_ENDPOINT, 0);
	badged = minted(ep, RIGHT_ALL, BADGE);
	reply = make(OBJECT_REPLY, 0);
	note = make(OBJECT_NOTIFICATION, 0);
}

static struct message four_words(uint32_t label)
{
	return (struct message){MESSAGE_INFO(label, 0, 4), {11, 22, 33, 44}, 0};
}

static bool has_four_words(const struct message *m, uint32_t label)
{
	return MESSAGE_LABEL_OF(m->info) == label &&
	       MESSAGE_LENGTH(m->info) == 4 && m->word[0] == 11 &&
	       m->word[1] == 22 && m->word[2] == 33 && m->word[3] == 44;
}

static void send_to_receiver(void)
{
	struct actor *a;

	make_objects();
	a = START({SYS_RECV, ep});
	EXPECT_EQUAL(state_of(a->thread.task), TASK_RECEIVING);
	EXPECT_OK(message_send(badged, four_words(7)));
	yield_often();
	EXPECT_EQUAL(a->step[0].error, ERR_OK);
	EXPECT(has_four_words(&a->step[0].m, 7));
	EXPECT_EQUAL(a->step[0].m.badge, BADGE);
	EXPECT_EQUAL(a->step[0].m.info & MESSAGE_CALL, 0);
}

static void receive_from_sender(void)
{
	struct message m = {0};
	struct actor *a;

	make_objects();
	a = START({SYS_SEND, badged, .m = four_words(8)});
	EXPECT_EQUAL(state_of(a->thread.task), TASK_SENDING);
	EXPECT_EQUAL(a->step[0].error, NOT_YET);
	EXPECT_OK(message_receive(ep, CADDR_ANY, &m));
	EXPECT(has_four_words(&m, 8));
	EXPECT_EQUAL(m.badge, BADGE);
	yield_often();
	EXPECT_EQUAL(a->step[0].error, ERR_OK);
}

static void call_and_reply(void)
{
	struct message m = four_words(1);
	struct actor *a;

	make_objects();
	a = START({SYS_RECV, ep, reply},
		  {SYS_SEND, reply, .m = four_words(0xffffffff)});
	EXPECT_OK(message_ask(badged, &m));
	EXPECT(has_four_words(&m, 0xffffffff));
	EXPECT_EQUAL(m.badge, 0);
	EXPECT_EQUAL(m.info & (MESSAGE_CALL | MESSAGE_FAULT), 0);
	EXPECT(a->step[0].m.info & MESSAGE_CALL);
	EXPECT_EQUAL(a->step[0].m.badge, BADGE);
}

static void call_before_the_server(void)
{
	struct message m = {0};
	struct actor *a;

	make_objects();
	a = START({SYS_CALL, badged, .m = four_words(3)});
	EXPECT_EQUAL(state_of(a->thread.task), TASK_CALLING);
	EXPECT_OK(message_receive(ep, reply, &m));
	EXPECT(has_four_words(&m, 3) && m.info & MESSAGE_CALL);
	EXPECT_EQUAL(state_of(a->thread.task), TASK_ANSWERED);
	EXPECT_OK(message_send(reply, four_words(4)));
	yield_often();
	EXPECT_EQUAL(a->step[0].error, ERR_OK);
	EXPECT(has_four_words(&a->step[0].m, 4));
}

static void reply_and_receive(void)
{
	struct message m;
	struct actor *a;

	make_objects();
	a = START({SYS_RECV, ep, reply},
		  {SYS_REPLY_RECV, ep, reply, .m = four_words(21)},
		  {SYS_REPLY_RECV, ep, reply, .m = four_words(22)});
	for (unsigned i = 0; i < 2; i++) {
		m = four_words(i);
		EXPECT_OK(message_ask(ep, &m));
		EXPECT(has_four_words(&m, 21 + i));
	}
	EXPECT_EQUAL(state_of(a->thread.task), TASK_RECEIVING);
}

static void first_come(void)
{
	struct message m = {0};

	make_objects();
	for (unsigned i = 0; i < 3; i++)
		START({SYS_SEND, ep, .m = {MESSAGE_INFO(i, 0, 0)}});
	for (unsigned i = 0; i < 3; i++) {
		EXPECT_OK(message_receive(ep, CADDR_ANY, &m));
		EXPECT_EQUAL(MESSAGE_LABEL_OF(m.info), i);
	}
}

static void without_waiting(void)
{
	struct message m = four_words(5);
	struct actor *a;

	make_objects();
	EXPECT_EQUAL(message_call(SYS_NB_SEND, ep, CADDR_ANY, NO_DEADLINE, &m),
		     ERR_WOULD_BLOCK);
	EXPECT_EQUAL(message_call(SYS_NB_RECV, ep, CADDR_ANY, NO_DEADLINE, &m),
		     ERR_WOULD_BLOCK);
	a = START({SYS_RECV, ep});
	EXPECT_EQUAL(message_call(SYS_NB_RECV, ep, CADDR_ANY, NO_DEADLINE, &m),
		     ERR_WOULD_BLOCK);
	EXPECT_OK(message_call(SYS_NB_SEND, ep, CADDR_ANY, NO_DEADLINE, &m));
	yield_often();
	EXPECT(has_four_words(&a->step[0].m, 5));
	START({SYS_SEND, ep, .m = four_words(6)});
	m = (struct message){0};
	EXPECT_OK(message_call(SYS_NB_RECV, ep, CADDR_ANY, NO_DEADLINE, &m));
	EXPECT(has_four_words(&m, 6));
}

static void long_messages(void)
{
	uint64_t *mine = (uint64_t *)rt_buffer()->data, *theirs;
	struct message m = {MESSAGE_INFO(0, 0, MESSAGE_WORDS), {1}, 0};
	struct actor *a;

	make_objects();
	a = START({SYS_RECV, ep, reply});
	theirs = (uint64_t *)a->thread.buffer->data;
	for (unsigned i = 0; i < TASK_BUFFER_BYTES / 8; i++)
		mine[i] = i * 0x123456789;
	EXPECT_OK(message_send(ep, m));
	yield_often();
	EXPECT_EQUAL(MESSAGE_LENGTH(a->step[0].m.info), MESSAGE_WORDS);
	EXPECT(!memcmp(mine, theirs, TASK_BUFFER_BYTES));
}

static void a_message_of_five(void)
{
	uint64_t *mine = (uint64_t *)rt_buffer()->data, *theirs;
	struct actor *a;

	make_objects();
	a = START({SYS_RECV, ep});
	theirs = (uint64_t *)a->thread.buffer->data;
	theirs[1] = mine[1] = 77;
	mine[0] = 55;
	mine[1] = 66;
	EXPECT_OK(message_send(ep, (struct message){MESSAGE_INFO(0, 0, 5)}));
	yield_often();
	EXPECT_EQUAL(theirs[0], 55);
	EXPECT_EQUAL(theirs[1], 77);
}

static void no_buffer_at_the_other_end(void)
{
	struct actor *a;

	make_objects();
	a = make_actor((const struct step[]){{SYS_RECV, ep}}, 1);
	EXPECT_OK(sys_task_set_buffer(a->thread.task,
				      make(OBJECT_TASK_BUFFER, 0)));
	unsigned buffer = empty_slot().path - 2; /* what was made last */
	EXPECT_OK(sys_cpool_revoke(ROOT, buffer));
	EXPECT_OK(sys_task_set_active(a->thread.task, 1));
	yield_often();
	EXPECT_OK(message_send(ep, (struct message){MESSAGE_INFO(0, 1, 100)}));
	yield_often();
	EXPECT_EQUAL(a->step[0].error, ERR_OK);
}

static void only_what_was_sent(void)
{
	struct actor *a;

	make_objects();
	a = START({SYS_RECV, ep});
	EXPECT_OK(message_send(
		ep, (struct message){MESSAGE_INFO(0, 0, 1), {1, 2, 3, 4}, 0}));
	yield_often();
	EXPECT_EQUAL(a->step[0].m.word[0], 1);
	for (unsigned i = 1; i < 4; i++)
		EXPECT_EQUAL(a->step[0].m.word[i], 0);
}

static void nobody_answers(void)
{
	struct message m = four_words(9);
	struct actor *a;

	make_objects();
	a = START({SYS_RECV, ep});
	EXPECT_EQUAL(message_ask(ep, &m), ERR_NO_REPLY);
	EXPECT_EQUAL(a->step[0].error, NOT_YET);
	EXPECT_OK(message_send(ep, m)); /* the first receives no more */
	a = START({SYS_CALL, ep, .m = four_words(9)});
	EXPECT_OK(message_receive(ep, CADDR_ANY, &m));
	yield_often();
	EXPECT_EQUAL(a->step[0].error, ERR_NO_REPLY);
}

static void a_reply_serves_once(void)
{
	struct message m = {0};
	struct actor *a;

	make_objects();
	EXPECT_EQUAL(message_send(reply, m), ERR_GONE);
	a = START({SYS_CALL, ep}, {SYS_CALL, ep});
	EXPECT_OK(message_receive(ep, reply, &m));
	EXPECT_EQUAL(message_receive(ep, reply, &m), ERR_BAD_STATE);
	EXPECT_OK(message_send(reply, m));
	EXPECT_EQUAL(message_send(reply, m), ERR_GONE);
	EXPECT_OK(message_receive(ep, reply, &m));
	EXPECT_OK(message_send(reply, m));
	yield_often();
	EXPECT_EQUAL(a->step[1].error, ERR_OK);
}

static void a_reply_is_offered_once(void)
{
	struct message m = {0};
	struct actor *a;

	make_objects();
	a = START({SYS_RECV, ep, reply});
	EXPECT_EQUAL(message_call(SYS_NB_RECV, ep, reply, NO_DEADLINE, &m),
		     ERR_BAD_STATE);
	EXPECT_EQUAL(message_answer(ep, reply, &m), ERR_BAD_STATE);
	EXPECT_OK(sys_task_set_active(a->thread.task, 0));
	EXPECT_EQUAL(message_call(SYS_NB_RECV, ep, reply, NO_DEADLINE, &m),
		     ERR_WOULD_BLOCK);
}

static void deadlines(void)
{
	struct step waits[] = {{SYS_SEND}, {SYS_CALL}, {SYS_RECV}};
	struct actor *a;

	make_objects();
	for (unsigned i = 0; i < 3; i++) {
		waits[i].target = ep;
		waits[i].deadline = sys_clock() + 100000;
		EXPECT_EQUAL(do_step(&waits[i]), ERR_TIMEOUT);
		EXPECT(sys_clock() >= waits[i].deadline);
		waits[i].deadline = 1;
		EXPECT_EQUAL(do_step(&waits[i]), ERR_TIMEOUT);
	}
	/* Of an answer that does not come. */
	a = START({SYS_RECV, ep, reply}, {SYS_RECV, note}, {SYS_SEND, reply});
	waits[1].deadline = sys_clock() + 300000;
	EXPECT_EQUAL(do_step(&waits[1]), ERR_TIMEOUT);
	notify(note, 1);
	yield_often();
	EXPECT_EQUAL(a->step[2].error, ERR_GONE);
}

static void the_endpoint_goes(void)
{
	struct actor *a;

	make_objects();
	for (unsigned number = SYS_CALL; number <= SYS_RECV; number++) {
		struct caddr victim = make(OBJECT_ENDPOINT, 0);
		struct step step = {number, victim, reply};

		if (number == SYS_REPLY_RECV || number == SYS_NB_SEND)
			continue;
		a = start_actor(&step, 1);
		EXPECT_EQUAL(a->step[0].error, NOT_YET);
		EXPECT_OK(sys_cpool_delete(ROOT, victim.path));
		yield_often();
		EXPECT_EQUAL(a->step[0].error, ERR_GONE);
	}
}

static void the_server_goes(void)
{
	struct message m = {0};
	struct actor *a, *b;

	make_objects();
	a = START({SYS_RECV, ep, reply}, {SYS_RECV, note});
	b = START({SYS_CALL, ep});
	EXPECT_EQUAL(state_of(b->thread.task), TASK_ANSWERED);
	EXPECT_OK(sys_cpool_delete(ROOT, a->thread.task.path));
	yield_often();
	EXPECT_EQUAL(b->step[0].error, ERR_GONE);
	EXPECT_EQUAL(message_send(reply, m), ERR_GONE);
}

static void the_reply_goes(void)
{
	struct actor *a, *b;

	make_objects();
	a = START({SYS_RECV, ep, reply}, {SYS_RECV, note}, {SYS_SEND, reply});
	b = START({SYS_CALL, ep});
	EXPECT_OK(sys_cpool_delete(ROOT, reply.path));
	yield_often();
	EXPECT_EQUAL(b->step[0].error, ERR_GONE);
	notify(note, 1);
	yield_often();
	EXPECT_EQUAL(a->step[2].error, ERR_EMPTY_SLOT);
}

static void the_caller_goes(void)
{
	struct message m = {0};
	struct actor *a;

	make_objects();
	a = START({SYS_CALL, ep});
	EXPECT_OK(message_receive(ep, reply, &m));
	EXPECT_OK(sys_cpool_delete(ROOT, a->thread.task.path));
	EXPECT_EQUAL(message_send(reply, m), ERR_GONE);
	EXPECT_EQUAL(message_call(SYS_NB_RECV, ep, reply, NO_DEADLINE, &m),
		     ERR_WOULD_BLOCK);
}

static void a_stopped_caller_calls_again(void)
{
	struct message m = {0};
	struct actor *a;

	make_objects();
	a = START({SYS_CALL, ep, .m = four_words(2)});
	EXPECT_OK(message_receive(ep, reply, &m));
	EXPECT_OK(sys_task_set_active(a->thread.task, 0));
	EXPECT_EQUAL(message_send(reply, m), ERR_GONE);
	EXPECT_OK(sys_task_set_active(a->thread.task, 1));
	EXPECT_OK(message_receive(ep, reply, &m));
	EXPECT(has_four_words(&m, 2));
	EXPECT_OK(message_send(reply, four_words(3)));
	yield_often();
	EXPECT_EQUAL(a->step[0].error, ERR_OK);
	EXPECT(has_four_words(&a->step[0].m, 3));
}

int user_main(const struct boot_info *info)
{
	static const struct test_case cases[] = {
		HERE_AND_THERE("a send to who receives", send_to_receiver),
		HERE_AND_THERE("a receive from who sends", receive_from_sender),
		HERE_AND_THERE("a call and its answer", call_and_reply),
		HERE_AND_THERE("a call to a server that comes later",
			       call_before_the_server),
		HERE_AND_THERE("reply and receive", reply_and_receive),
		HERE_AND_THERE("first come, first served", first_come),
		HERE_AND_THERE("sends and receives that do not wait",
			       without_waiting),
		HERE_AND_THERE("a message of 132 words", long_messages),
		HERE_AND_THERE("a message of five words", a_message_of_five),
		HERE_AND_THERE("no buffer at the other end",
			       no_buffer_at_the_other_end),
		HERE_AND_THERE("nothing of the sender's but what it sends",
			       only_what_was_sent),
		HERE_AND_THERE("a call that nobody can answer", nobody_answers),
		HERE_AND_THERE("a Reply serves once", a_reply_serves_once),
		HERE_AND_THERE("a Reply is offered once",
			       a_reply_is_offered_once),
		HERE_AND_THERE("deadlines", deadlines),
		HERE_AND_THERE("the endpoint goes", the_endpoint_goes),
		HERE_AND_THERE("the server goes", the_server_goes),
		HERE_AND_THERE("the Reply goes", the_reply_goes),
		HERE_AND_THERE("the caller goes", the_caller_goes),
		HERE_AND_THERE("a stopped caller calls again",
			       a_stopped_caller_calls_again),
	};

	return RUN_CASES(cases);
}
