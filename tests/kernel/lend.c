/*
 * lend.c: capabilities and memory that travel with messages. A lent frame is
 * the server's for the time of the call; before the caller goes on it, its
 * copies and its mappings are gone, however the call ends.
 */
#include "tests/kernel/cases.h"

static struct caddr ep, reply, note, frame, place, further[2];

static void send_path(unsigned n, struct caddr cap, unsigned kind)
{
	rt_buffer()->send[n] = (struct message_cap){cap.path, cap.depth, kind};
}

static void receive_path(const struct actor *a, unsigned n, struct caddr slot)
{
	a->thread.buffer->receive[n] =
		(struct message_cap){slot.path, slot.depth, 0};
}

static void make_objects(void)
{
	ep = make(OBJECT_ENDPOINT, 0);
	reply = make(OBJECT_REPLY, 0);
	note = make(OBJECT_NOTIFICATION, 0);
	frame = make(OBJECT_RAW_PAGE, 0);
	place = empty_slot();
	further[0] = empty_slot();
	further[1] = empty_slot();
}

static struct message caps(unsigned count)
{
	return (struct message){MESSAGE_INFO(0, count, 0)};
}

static struct actor *start_receiver(void)
{
	struct actor *a =
		make_actor((const struct step[]){{SYS_RECV, ep, reply}}, 1);

	for (unsigned i = 0; i < MESSAGE_CAPS_MAX; i++)
		receive_path(a, i, i ? further[i - 1] : place);
	EXPECT_OK(sys_task_set_active(a->thread.task, 1));
	yield_often();
	return a;
}

static void one_capability(void)
{
	uint64_t type = 0, rights = 0, badge = 0;
	struct actor *a;

	make_objects();
	a = start_receiver();
	send_path(0, minted(note, RIGHT_WRITE, 99), MESSAGE_COPY);
	EXPECT_OK(message_send(ep, caps(1)));
	yield_often();
	EXPECT_EQUAL(MESSAGE_CAPS(a->step[0].m.info), 1);
	EXPECT_OK(sys_cpool_info(ROOT, place.path, &type, &rights, &badge));
	EXPECT_EQUAL(type, OBJECT_NOTIFICATION);
	EXPECT_EQUAL(rights, RIGHT_WRITE);
	EXPECT_EQUAL(badge, 99);
}

static void three_capabilities(void)
{
	struct actor *a;

	make_objects();
	a = start_receiver();
	send_path(0, note, MESSAGE_COPY);
	send_path(1, frame, MESSAGE_COPY);
	send_path(2, ROOT, MESSAGE_COPY);
	EXPECT_OK(message_send(ep, caps(3)));
	yield_often();
	EXPECT_EQUAL(MESSAGE_CAPS(a->step[0].m.info), 3);
	EXPECT_EQUAL(type_in(ROOT, place.path), OBJECT_NOTIFICATION);
	EXPECT_EQUAL(type_in(ROOT, further[0].path), OBJECT_RAW_PAGE);
	EXPECT_EQUAL(type_in(ROOT, further[1].path), OBJECT_CPOOL);
}

static void without_grant(void)
{
	struct actor *a;

	make_objects();
	a = start_receiver();
	send_path(0, note, MESSAGE_COPY);
	EXPECT_OK(
		message_send(minted(ep, RIGHT_READ | RIGHT_WRITE, 0), caps(1)));
	yield_often();
	EXPECT_EQUAL(MESSAGE_CAPS(a->step[0].m.info), 0);
	EXPECT_EQUAL(type_in(ROOT, place.path), OBJECT_NULL);
}

static void up_to_the_first_that_cannot(void)
{
	struct actor *a;

	make_objects();
	a = start_receiver();
	send_path(0, note, MESSAGE_COPY);
	send_path(1, empty_slot(), MESSAGE_COPY);
	send_path(2, note, MESSAGE_COPY);
	EXPECT_OK(message_send(ep, caps(3)));
	yield_often();
	EXPECT_EQUAL(MESSAGE_CAPS(a->step[0].m.info), 1);
	EXPECT_EQUAL(type_in(ROOT, further[1].path), OBJECT_NULL);
}

static void into_a_taken_slot(void)
{
	struct actor *a;

	make_objects();
	a = start_receiver();
	copy_to(frame, place);
	send_path(0, note, MESSAGE_COPY);
	EXPECT_OK(message_send(ep, caps(1)));
	yield_often();
	EXPECT_EQUAL(MESSAGE_CAPS(a->step[0].m.info), 0);
	EXPECT_EQUAL(type_in(ROOT, place.path), OBJECT_RAW_PAGE);
}

static void what_cannot_be_copied(void)
{
	struct actor *a;

	make_objects();
	a = start_receiver();
	send_path(0, make(OBJECT_PT, 0), MESSAGE_COPY);
	EXPECT_OK(message_send(ep, caps(1)));
	yield_often();
	EXPECT_EQUAL(MESSAGE_CAPS(a->step[0].m.info), 0);
}

/* With an answer: what the caller's capability of the endpoint allows. */
static void answer_with(uint64_t rights, unsigned expected)
{
	struct message m = {0};
	struct actor *a;

	make_objects();
	a = make_actor((const struct step[]){{SYS_CALL, minted(ep, rights, 0)}},
		       1);
	receive_path(a, 0, place);
	EXPECT_OK(sys_task_set_active(a->thread.task, 1));
	EXPECT_OK(message_receive(ep, reply, &m));
	send_path(0, note, MESSAGE_COPY);
	EXPECT_OK(message_send(reply, caps(1)));
	yield_often();
	EXPECT_EQUAL(a->step[0].error, ERR_OK);
	EXPECT_EQUAL(MESSAGE_CAPS(a->step[0].m.info), expected);
}

static void an_answer_with_grant(void)
{
	answer_with(RIGHT_WRITE | RIGHT_GRANT, 1);
}

static void an_answer_with_grant_reply(void)
{
	answer_with(RIGHT_WRITE | RIGHT_GRANT_REPLY, 1);
}

static void an_answer_without(void)
{
	answer_with(RIGHT_WRITE, 0);
}

/* ---- lending ---- */

#define SPOT  (AREA + UINT64_C(0x40000000))
#define THERE (AREA + UINT64_C(0x80000000))

static volatile uint64_t stage, found;
static struct caddr server_space, copy;
static enum { ANSWER, KEEP } manner;
static bool writes;

/* It maps what it was lent, uses it, and once more after its answer. */
static void serve(uint64_t unused)
{
	volatile uint64_t *word = (volatile uint64_t *)THERE;
	uint64_t rights = writes ? RIGHT_READ | RIGHT_WRITE : RIGHT_READ;
	struct message m = {0};

	if (message_receive(ep, reply, &m) || MESSAGE_CAPS(m.info) != 1 ||
	    sys_page_map(place, THERE, rights, server_space))
		return;
	sys_cpool_copy(ROOT, copy.path, place);
	found = word[0];
	if (writes)
		word[1] = 4711;
	stage = 1;
	if (manner == KEEP)
		notification_wait(note, NO_DEADLINE, &m.badge);
	else
		message_send(reply, m);
	found = word[0]; /* faults */
	stage = 2;
}

static struct actor *start_server(void)
{
	static const enum abi_object types[] = {OBJECT_PDPT, OBJECT_PD,
						OBJECT_PT};
	struct actor *a;

	stage = found = 0;
	make_objects();
	copy = empty_slot();
	make_tables(SPOT);
	EXPECT_OK(sys_page_map(frame, SPOT, RIGHT_READ | RIGHT_WRITE, PML4));
	((volatile uint64_t *)SPOT)[0] = 12345;
	((volatile uint64_t *)SPOT)[1] = 0;
	a = start_function(serve, 0);
	EXPECT_OK(sys_task_set_active(a->thread.task, 0));
	server_space = a->space;
	receive_path(a, 0, place);
	for (unsigned i = 0; i < 3; i++)
		sys_table_map(make(types[i], 0), THERE, server_space);
	EXPECT_OK(sys_task_set_active(a->thread.task, 1));
	yield_often();
	send_path(0, frame, writes ? MESSAGE_LEND_WRITE : MESSAGE_LEND);
	return a;
}

static void is_back(void)
{
	EXPECT_EQUAL(stage, 1);
	EXPECT_EQUAL(type_in(ROOT, place.path), OBJECT_NULL);
	EXPECT_EQUAL(type_in(ROOT, copy.path), OBJECT_NULL);
	EXPECT_EQUAL(type_in(ROOT, frame.path), OBJECT_RAW_PAGE);
	EXPECT_EQUAL(*(volatile uint64_t *)SPOT, 12345);
}

static void lend_and_answer(bool to_write)
{
	struct message m = caps(1);
	struct actor *a;

	writes = to_write;
	manner = ANSWER;
	a = start_server();
	EXPECT_OK(message_ask(ep, &m));
	is_back();
	EXPECT_EQUAL(found, 12345);
	EXPECT_EQUAL(((volatile uint64_t *)SPOT)[1], to_write ? 4711 : 0);
	yield_often();
	EXPECT_EQUAL(stage, 1); /* it was stopped at its fault */
	EXPECT_EQUAL(state_of(a->thread.task), TASK_INACTIVE);
}

static void lend_to_read(void)
{
	lend_and_answer(false);
}

static void lend_to_write(void)
{
	lend_and_answer(true);
}

static void lend_until_the_deadline(void)
{
	struct step call = {SYS_CALL, .m = caps(1)};
	struct actor *a;

	writes = true;
	manner = KEEP;
	a = start_server();
	call.target = ep;
	call.deadline = sys_clock() + 1000000;
	EXPECT_EQUAL(do_step(&call), ERR_TIMEOUT);
	is_back();
	notify(note, 1);
	yield_often();
	EXPECT_EQUAL(stage, 1);
	EXPECT_EQUAL(state_of(a->thread.task), TASK_INACTIVE);
}

/* A second task ends it while we wait. */
static struct caddr victim;

static void end_it(uint64_t unused)
{
	while (stage != 1)
		sys_yield();
	sys_cpool_delete(ROOT, victim.path);
}

static void lend_until_gone(bool the_reply)
{
	struct message m = caps(1);
	struct actor *a;

	writes = true;
	manner = KEEP;
	a = start_server();
	victim = the_reply ? reply : a->thread.task;
	thread_start(end_it, 0);
	EXPECT_EQUAL(message_ask(ep, &m), ERR_GONE);
	is_back();
}

static void lend_until_the_server_goes(void)
{
	lend_until_gone(false);
}

static void lend_until_the_reply_goes(void)
{
	lend_until_gone(true);
}

static void lend_the_wrong_thing(void)
{
	struct actor *a;

	make_objects();
	a = start_receiver();
	send_path(0, note, MESSAGE_LEND);
	START({SYS_CALL, ep, .m = caps(1)});
	EXPECT_EQUAL(MESSAGE_CAPS(a->step[0].m.info), 0);
}

static void lend_without_a_call(void)
{
	struct actor *a;

	make_objects();
	a = start_receiver();
	send_path(0, frame, MESSAGE_LEND);
	EXPECT_OK(message_send(ep, caps(1)));
	yield_often();
	EXPECT_EQUAL(MESSAGE_CAPS(a->step[0].m.info), 0);
}

static void lend_what_may_only_be_read(void)
{
	uint64_t rights = 0;
	struct actor *a, *b;

	make_objects();
	a = start_receiver();
	b = make_actor((const struct step[]){{SYS_CALL, ep, .m = caps(1)}}, 1);
	b->thread.buffer->send[0] = (struct message_cap){
		minted(frame, RIGHT_READ, 0).path, 1, MESSAGE_LEND_WRITE};
	EXPECT_OK(sys_task_set_active(b->thread.task, 1));
	yield_often();
	EXPECT_EQUAL(MESSAGE_CAPS(a->step[0].m.info), 1);
	EXPECT_OK(sys_cpool_info(ROOT, place.path, NULL, &rights, NULL));
	EXPECT_EQUAL(rights, RIGHT_READ);
}

#define HERE_AND_THERE(name, run)                         \
	{name, run, false},                               \
	{                                                 \
		name ", across address spaces", run, true \
	}

int user_main(const struct boot_info *info)
{
	static const struct test_case cases[] = {
		HERE_AND_THERE("a capability with a message", one_capability),
		HERE_AND_THERE("three of them", three_capabilities),
		{"without the right to grant", without_grant},
		{"up to the first that cannot", up_to_the_first_that_cannot},
		{"into a slot that is taken", into_a_taken_slot},
		{"what cannot be copied", what_cannot_be_copied},
		{"an answer with a capability", an_answer_with_grant},
		{"an answer by GRANT_REPLY", an_answer_with_grant_reply},
		{"an answer without a right", an_answer_without},
		HERE_AND_THERE("a frame lent to read", lend_to_read),
		HERE_AND_THERE("a frame lent to write", lend_to_write),
		HERE_AND_THERE("lent until the deadline",
			       lend_until_the_deadline),
		HERE_AND_THERE("lent until the server goes",
			       lend_until_the_server_goes),
		HERE_AND_THERE("lent until the Reply goes",
			       lend_until_the_reply_goes),
		{"nothing but frames is lent", lend_the_wrong_thing},
		{"nothing is lent without a call", lend_without_a_call},
		{"lending gives no right", lend_what_may_only_be_read},
	};

	return RUN_CASES(cases);
}
