/*
 * cost_message.c: what messages, signals, interrupts and faults cost in
 * instructions, from the one who begins to the one who goes on. As in cost.c
 * the time stamp counter counts them on the simulator. The program fails if
 * a call and its answer take more than was promised.
 */
#include "tests/kernel/cases.h"

/* What was promised is promised of what gcc makes of the kernel. */
#ifdef __clang__
#define LIMIT 600
#else
#define LIMIT 500
#endif

/* Of a server's loop and of the reading of the counter, not the kernel's. */
#define OWN_INSTRUCTIONS 10

#define HIGH		 150 /* above ours: who wakes runs at once */

static volatile uint64_t woken_at, rounds;

static uint64_t now(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
}

static void show(const char *name, uint64_t instructions)
{
	rt_print("cost: %-44s %8llu", name, (unsigned long long)instructions);
}

/* ---- call and answer ---- */

static struct caddr ep, reply, note;

/* Nothing but system calls: receives, and answers for ever. */
static void serve(uint64_t unused)
{
	register uint64_t r12 __asm__("r12") = reply.path;
	uint64_t info = UINT64_C(1) << INFO_TARGET_SHIFT |
			UINT64_C(1) << INFO_ARGUMENT_SHIFT;

	__asm__ volatile("mov $%c[recv], %%eax\n\t"
			 "mov %[info], %%rsi\n"
			 "1:\tmov %[ep], %%rdi\n\t"
			 "syscall\n\t"
			 "lea 4(%[info]), %%rsi\n\t" /* four words */
			 "mov $%c[answer], %%eax\n\t"
			 "jmp 1b"
			 :
			 : [recv] "i"(SYS_RECV), [answer] "i"(SYS_REPLY_RECV),
			   [info] "r"(info), [ep] "r"(ep.path), "r"(r12)
			 : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10",
			   "r11", "memory");
}

static uint64_t call_and_answer(void)
{
	register uint64_t r10 __asm__("r10") = 2;
	register uint64_t r8 __asm__("r8") = 3;
	register uint64_t r9 __asm__("r9") = 4;
	uint64_t info = MESSAGE_INFO(7, 0, 4) | UINT64_C(1)
							<< INFO_TARGET_SHIFT;
	uint64_t rax = SYS_CALL, rdi = ep.path, rdx = 1, start = now();

	__asm__ volatile("syscall"
			 : "+a"(rax), "+D"(rdi), "+S"(info), "+d"(rdx),
			   "+r"(r10), "+r"(r8), "+r"(r9)
			 :
			 : "rcx", "r11", "memory");
	start = now() - start;
	return rax == ERR_OK ? start - OWN_INSTRUCTIONS : UINT64_MAX;
}

static void show_calls(const char *name, bool other_space)
{
	struct thread server = thread_make(serve, 0);
	uint64_t cost;

	if (other_space)
		sys_task_set_table(server.task, make_space());
	sys_task_set_active(server.task, 1);
	yield_often();
	call_and_answer();
	cost = call_and_answer();
	show(name, cost);
	if (cost > LIMIT) {
		rt_print("cost: that should be %u or less", LIMIT);
		sys_test_fail();
	}
	sys_task_set_active(server.task, 0);
}

/* ---- wakes ---- */

static void listen(uint64_t unused)
{
	uint64_t bits;

	while (notification_wait(note, NO_DEADLINE, &bits) == ERR_OK) {
		woken_at = now();
		rounds++;
	}
}

static void show_signal(void)
{
	uint64_t start = now();

	notify(note, 1);
	show("signal, until who waits runs", woken_at - start);
}

/* COM1 says at once that it could send, when it is asked to. */
#define COM_IER	     0x3f9
#define IER_TRANSMIT 2
#define LINE_COM     4

static void show_interrupt(void)
{
	struct caddr irq = empty_slot();
	uint64_t start;

	EXPECT_OK(sys_task_set_ports(caddr_root(BOOT_SLOT_TASK), 0,
				     caddr_root(BOOT_SLOT_SERIAL_PORTS)));
	EXPECT_OK(sys_irq_control_get(caddr_root(BOOT_SLOT_IRQ_CONTROL),
				      LINE_COM, 0, irq));
	EXPECT_OK(sys_irq_handler_bind(irq, note));
	start = now();
	__asm__ volatile("outb %0, %1" ::"a"((uint8_t)IER_TRANSMIT),
			 "d"((uint16_t)COM_IER)
			 : "memory");
	show("interrupt, until its handler runs", woken_at - start);
}

/* ---- faults ---- */

static struct caddr frame, fault_ep;

/* Maps what is missing, and lets the task go on. */
static void page(uint64_t unused)
{
	struct message m = {0};
	enum error err = message_receive(fault_ep, reply, &m);

	while (!err) {
		sys_page_map(frame, m.word[1], RIGHT_READ | RIGHT_WRITE, PML4);
		m = (struct message){.info = MESSAGE_INFO(FAULT_RESUME, 0, 0)};
		err = message_answer(fault_ep, reply, &m);
	}
}

static volatile uint64_t fault_cost;

static void touch(uint64_t va)
{
	uint64_t start = now();

	*(volatile uint64_t *)va = 1;
	fault_cost = now() - start;
}

static void show_fault(void)
{
	struct thread pager, task = thread_make(touch, AREA);

	make_tables(AREA);
	frame = make(OBJECT_RAW_PAGE, 0);
	fault_ep = make(OBJECT_ENDPOINT, 0);
	reply = make(OBJECT_REPLY, 0);
	pager = thread_start(page, 0);
	yield_often();
	EXPECT_OK(sys_task_set_fault_handler(task.task, 0, fault_ep));
	sys_task_set_active(task.task, 1);
	await_any(&fault_cost);
	show("page fault, mapped by a handler, and back", fault_cost);
	sys_task_set_active(pager.task, 0);
}

int user_main(const struct boot_info *info)
{
	struct thread listener;

	ep = make(OBJECT_ENDPOINT, 0);
	reply = make(OBJECT_REPLY, 0);
	note = make(OBJECT_NOTIFICATION, 0);
	show_calls("call and answer, one address space", false);
	reply = make(OBJECT_REPLY, 0);
	ep = make(OBJECT_ENDPOINT, 0);
	show_calls("call and answer, two address spaces", true);
	listener = thread_make(listen, 0);
	EXPECT_OK(sys_task_set_priority(listener.task, HIGH, HIGH));
	sys_task_set_active(listener.task, 1);
	show_signal();
	show_interrupt();
	show_fault();
	check(rounds == 2, "each woke once");
	return check_done();
}
