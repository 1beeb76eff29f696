/*
 * ipc.c: messages between tasks of one and of two address spaces: calls and
 * answers, sends, deadlines, notifications, capabilities, lending, faults as
 * messages. The second half prints what the ways through the kernel cost in
 * instructions, when time is instructions, as on the simulator.
 */
#include "tests/kernel/check.h"

#include "guest-kernel/user/message.h"

static struct caddr ep, reply, note;
static volatile uint64_t served, stop;

static void serve(uint64_t unused)
{
	struct message m = {0};
	enum error err = message_receive(ep, reply, &m);

	while (!err && !stop) {
		served++;
		for (unsigned i = 0; i < MESSAGE_REGISTERS; i++)
			m.word[i] += 1;
		m.info = MESSAGE_INFO(MESSAGE_LABEL_OF(m.info) + 1, 0,
				      MESSAGE_REGISTERS);
		err = message_answer(ep, reply, &m);
	}
	served = UINT64_MAX;
}

static void test_calls(void)
{
	struct message m = {MESSAGE_INFO(5, 0, 4), {10, 20, 30, 40}, 0};

	check_error(message_ask(ep, &m), ERR_OK, "a call is answered");
	check_equal(MESSAGE_LABEL_OF(m.info), 6, "with a label");
	check(m.word[0] == 11 && m.word[3] == 41, "and four words");
	m.info = MESSAGE_INFO(0, 0, 2);
	check_error(message_ask(ep, &m), ERR_OK, "and once more");
	check(m.word[1] == 22 - 1 + 0 + 1 && m.word[3] == 1,
	      "only words of the message arrive");
}

static void signal_later(uint64_t bits)
{
	uint64_t start = sys_clock();

	while (sys_clock() < start + 100000)
		sys_yield();
	notify(note, bits);
}

static void test_deadlines(void)
{
	uint64_t start = sys_clock(), bits;

	check_error(notification_wait(note, start + 2000000, &bits),
		    ERR_TIMEOUT, "a wait ends at its deadline");
	check(sys_clock() >= start + 2000000, "and not before");
	check_error(notification_wait(note, 0, &bits), ERR_TIMEOUT,
		    "one in the past ends at once");
	thread_start(signal_later, 1);
	check_error(notification_wait(note, NO_DEADLINE - 1, &bits), ERR_OK,
		    "one beyond all time never comes");
	notify(note, 6);
	check_error(notification_wait(note, NO_DEADLINE, &bits), ERR_OK,
		    "a bit that is set is taken");
	check_equal(bits, 6, "with all the others");
}

static void test_signals_wake(void)
{
	uint64_t bits;

	thread_start(signal_later, 9);
	check_error(notification_wait(note, NO_DEADLINE, &bits), ERR_OK,
		    "a signal wakes who waits");
	check_equal(bits, 9, "with its bits");
}

/* ---- costs ---- */

#define ROUNDS 1000

static uint64_t null_call(void)
{
	uint64_t rax = SYS_VERSION;

	__asm__ volatile("syscall"
			 : "+a"(rax)
			 :
			 : "rcx", "r11", "rdx", "r10", "r8", "memory");
	return rax;
}

static void say_cost(const char *what, uint64_t start, uint64_t empty)
{
	uint64_t each = (sys_clock() - start) / ROUNDS - empty;

	rt_print("cost: %s: %llu", what, (unsigned long long)each);
}

static void costs(void)
{
	struct message m = {MESSAGE_INFO(0, 0, 4), {0}, 0};
	uint64_t start = sys_clock();

	for (int i = 0; i < ROUNDS; i++)
		null_call();
	say_cost("null system call", start, 0);
	start = sys_clock();
	for (int i = 0; i < ROUNDS; i++)
		message_ask(ep, &m);
	say_cost("call and answer, one address space", start, 0);
}

int user_main(const struct boot_info *info)
{
	struct thread server;

	if (!info)
		return 0;
	ep = make(OBJECT_ENDPOINT, 0);
	reply = make(OBJECT_REPLY, 0);
	note = make(OBJECT_NOTIFICATION, 0);
	server = thread_start(serve, 0);
	sys_yield();
	test_calls();
	test_deadlines();
	test_signals_wake();
	costs();
	sys_task_set_active(server.task, 0);
	return check_done();
}
