/*
 * notification.c: words of bits to wait for: bits gather, one waiter takes
 * them, and a task bound to one is told of them at its endpoint.
 */
#include "tests/kernel/cases.h"

static struct caddr ep, reply, note;

static void make_objects(void)
{
	ep = make(OBJECT_ENDPOINT, 0);
	reply = make(OBJECT_REPLY, 0);
	note = make(OBJECT_NOTIFICATION, 0);
}

static void signal_and_wait(void)
{
	struct actor *a;

	make_objects();
	a = START({SYS_RECV, note});
	EXPECT_EQUAL(state_of(a->thread.task), TASK_LISTENING);
	EXPECT_OK(notify(note, 0));
	yield_often();
	EXPECT_EQUAL(a->step[0].error, NOT_YET);
	EXPECT_OK(notify(note, 0x8000000000000001));
	yield_often();
	EXPECT_EQUAL(a->step[0].m.badge, 0x8000000000000001);
	EXPECT_EQUAL(a->step[0].m.info, MESSAGE_NOTIFICATION);
}

static void bits_gather(void)
{
	struct message m = {0};

	make_objects();
	notify(note, 1);
	notify(minted(note, RIGHT_WRITE, 0x40), 2);
	notify(note, 4);
	EXPECT_OK(message_receive(note, CADDR_ANY, &m));
	EXPECT_EQUAL(m.badge, 0x45);
	EXPECT_EQUAL(
		message_call(SYS_NB_RECV, note, CADDR_ANY, NO_DEADLINE, &m),
		ERR_WOULD_BLOCK);
}

static void one_waiter_takes_all(void)
{
	struct actor *a, *b;

	make_objects();
	a = START({SYS_RECV, note});
	b = START({SYS_RECV, note});
	notify(note, 3);
	yield_often();
	EXPECT_EQUAL(a->step[0].error, ERR_OK);
	EXPECT_EQUAL(b->step[0].error, NOT_YET);
	notify(note, 4);
	yield_often();
	EXPECT_EQUAL(b->step[0].m.badge, 4);
}

static void the_notification_goes(void)
{
	struct actor *a;

	make_objects();
	a = START({SYS_RECV, note});
	EXPECT_OK(sys_cpool_delete(ROOT, note.path));
	yield_often();
	EXPECT_EQUAL(a->step[0].error, ERR_GONE);
}

static void a_bound_notification(void)
{
	struct actor *a;

	make_objects();
	a = START({SYS_RECV, ep, reply}, {SYS_RECV, ep, reply});
	notify(note, 6);
	EXPECT_OK(sys_task_bind(a->thread.task, note));
	yield_often();
	EXPECT_EQUAL(a->step[0].m.badge, 6);
	EXPECT_EQUAL(a->step[0].m.info, MESSAGE_NOTIFICATION);
	notify(note, 9);
	yield_often();
	EXPECT_EQUAL(a->step[1].m.badge, 9);
}

static void binding(void)
{
	struct caddr one, two;

	make_objects();
	one = make(OBJECT_TASK, 0);
	two = make(OBJECT_TASK, 0);
	EXPECT_EQUAL(sys_task_bind(one, minted(note, RIGHT_WRITE, 0)),
		     ERR_NO_RIGHT);
	EXPECT_OK(sys_task_bind(one, note));
	EXPECT_OK(sys_task_bind(one, note));
	EXPECT_EQUAL(sys_task_bind(two, note), ERR_BAD_STATE);
	EXPECT_OK(sys_task_bind(one, CADDR_ANY));
	EXPECT_OK(sys_task_bind(two, note));
	EXPECT_OK(sys_cpool_delete(ROOT, two.path));
	EXPECT_OK(sys_task_bind(one, note));
	EXPECT_OK(sys_cpool_revoke(ROOT, note.path));
	EXPECT_OK(sys_task_bind(make(OBJECT_TASK, 0), note));
}

int user_main(const struct boot_info *info)
{
	static const struct test_case cases[] = {
		HERE_AND_THERE("a signal wakes", signal_and_wait),
		{"bits gather", bits_gather},
		HERE_AND_THERE("one waiter takes all bits",
			       one_waiter_takes_all),
		HERE_AND_THERE("the notification goes", the_notification_goes),
		HERE_AND_THERE("bits for who receives at an endpoint",
			       a_bound_notification),
		{"a notification is one task's", binding},
	};

	return RUN_CASES(cases);
}
