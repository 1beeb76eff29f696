/*
 * wrong_message.c: each form of message where it cannot work: to the wrong
 * object, to nowhere, without the right, with an info word that is none.
 */
#include "tests/kernel/cases.h"

static struct caddr ep, reply, note;

static void make_objects(void)
{
	ep = make(OBJECT_ENDPOINT, 0);
	reply = make(OBJECT_REPLY, 0);
	note = make(OBJECT_NOTIFICATION, 0);
}

static void bits_that_must_be_zero(void)
{
	make_objects();
	for (unsigned number = SYS_CALL; number <= SYS_NB_RECV; number++)
		for (unsigned bit = 0; bit < 32; bit++) {
			struct raw r = {number, ep.path,
					(UINT64_C(1) << bit) |
						ep.depth << INFO_TARGET_SHIFT};

			if (!(MESSAGE_ZERO >> bit & 1))
				continue;
			raw_call(&r);
			EXPECT_EQUAL(r.rax, ERR_RANGE);
		}
	EXPECT_EQUAL(message_send(ep, (struct message){MESSAGE_WORDS + 1}),
		     ERR_RANGE);
	EXPECT_EQUAL(message_send(ep, (struct message){255}), ERR_RANGE);
}

/* Every form to every type of object that does not take it. */
static void wrong_targets(void)
{
	static const enum abi_object types[] = {
		OBJECT_CPOOL,	     OBJECT_TASK,	 OBJECT_CHANNEL,
		OBJECT_RAW_PAGE,     OBJECT_TASK_BUFFER, OBJECT_PML4,
		OBJECT_PDPT,	     OBJECT_PD,		 OBJECT_PT,
		OBJECT_SCHED_CONTEXT};
	struct message m = {0};

	make_objects();
	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct caddr object = make(types[i], 0);

		for (unsigned n = SYS_CALL; n <= SYS_NB_RECV; n++)
			EXPECT_EQUAL(
				message_call(n, object, reply, NO_DEADLINE, &m),
				ERR_WRONG_TYPE);
	}
	EXPECT_EQUAL(message_ask(note, &m), ERR_WRONG_TYPE);
	EXPECT_EQUAL(message_ask(reply, &m), ERR_WRONG_TYPE);
	EXPECT_EQUAL(message_receive(reply, CADDR_ANY, &m), ERR_WRONG_TYPE);
	EXPECT_EQUAL(
		message_call(SYS_NB_RECV, reply, CADDR_ANY, NO_DEADLINE, &m),
		ERR_WRONG_TYPE);
}

static void wrong_addresses(void)
{
	struct message m = {0};
	struct caddr empty;

	make_objects();
	empty = empty_slot();
	for (unsigned n = SYS_CALL; n <= SYS_NB_RECV; n++) {
		EXPECT_EQUAL(message_call(n, empty, reply, NO_DEADLINE, &m),
			     ERR_EMPTY_SLOT);
		EXPECT_EQUAL(message_call(n, CADDR_ANY, reply, NO_DEADLINE, &m),
			     ERR_BAD_ADDRESS);
		EXPECT_EQUAL(message_call(n, caddr_in(ep, 1), reply,
					  NO_DEADLINE, &m),
			     ERR_BAD_ADDRESS);
		EXPECT_EQUAL(message_call(n, (struct caddr){256, 1}, reply,
					  NO_DEADLINE, &m),
			     ERR_BAD_ADDRESS);
	}
}

static void wrong_replies(void)
{
	static const unsigned numbers[] = {SYS_RECV, SYS_NB_RECV,
					   SYS_REPLY_RECV};
	struct message m = {0};

	make_objects();
	for (unsigned i = 0; i < 3; i++) {
		EXPECT_EQUAL(message_call(numbers[i], ep, ep, NO_DEADLINE, &m),
			     ERR_WRONG_TYPE);
		EXPECT_EQUAL(message_call(numbers[i], ep, caddr_root(255),
					  NO_DEADLINE, &m),
			     ERR_WRONG_TYPE);
		EXPECT_EQUAL(message_call(numbers[i], ep, empty_slot(),
					  NO_DEADLINE, &m),
			     ERR_EMPTY_SLOT);
		EXPECT_EQUAL(message_call(numbers[i], ep, caddr_in(ep, 0),
					  NO_DEADLINE, &m),
			     ERR_BAD_ADDRESS);
	}
	EXPECT_EQUAL(message_answer(ep, CADDR_ANY, &m), ERR_TRUNCATED);
}

static void without_rights(void)
{
	struct caddr to_send, to_receive;
	struct message m = {0};

	make_objects();
	to_send = minted(ep, RIGHT_WRITE, 0);
	to_receive = minted(ep, RIGHT_READ, 0);
	EXPECT_EQUAL(message_receive(to_send, reply, &m), ERR_NO_RIGHT);
	EXPECT_EQUAL(message_answer(to_send, reply, &m), ERR_NO_RIGHT);
	EXPECT_EQUAL(message_ask(to_receive, &m), ERR_NO_RIGHT);
	EXPECT_EQUAL(message_send(to_receive, m), ERR_NO_RIGHT);
	EXPECT_EQUAL(notify(minted(note, RIGHT_READ, 0), 1), ERR_NO_RIGHT);
	EXPECT_EQUAL(
		message_receive(minted(note, RIGHT_WRITE, 0), CADDR_ANY, &m),
		ERR_NO_RIGHT);
}

int user_main(const struct boot_info *info)
{
	static const struct test_case cases[] = {
		{"info words that are none", bits_that_must_be_zero},
		{"messages to objects that take none", wrong_targets},
		{"messages to nowhere", wrong_addresses},
		{"Reply objects that are none", wrong_replies},
		{"messages without the right", without_rights},
	};

	return RUN_CASES(cases);
}
