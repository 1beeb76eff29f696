/*
 * handler.c: faults as messages. A handler learns what happened, mends it by
 * a page, by other registers or by a capability, and lets the task go on.
 */
#include "tests/kernel/cases.h"

static struct caddr ep, reply;
static volatile uint64_t stage, got;
static struct thread victim;

#define HOLE   (AREA + UINT64_C(0xc0000000))
#define HOLE_P ((volatile uint64_t *)HOLE)

static void start_victim(void (*run)(uint64_t), uint64_t flags)
{
	stage = got = 0;
	ep = make(OBJECT_ENDPOINT, 0);
	reply = make(OBJECT_REPLY, 0);
	victim = thread_make(run, HOLE);
	EXPECT_OK(sys_task_set_fault_handler(victim.task, flags,
					     minted(ep, RIGHT_ALL, 77)));
	EXPECT_OK(sys_task_set_active(victim.task, 1));
}

static struct message await_fault(enum abi_fault kind)
{
	struct step step = {SYS_RECV, ep, reply,
			    .deadline = sys_clock() + 50000000};

	EXPECT_OK(do_step(&step));
	EXPECT_EQUAL(MESSAGE_LABEL_OF(step.m.info), kind);
	EXPECT_EQUAL(MESSAGE_LENGTH(step.m.info), 4);
	EXPECT_EQUAL(step.m.info & (MESSAGE_CALL | MESSAGE_FAULT),
		     MESSAGE_CALL | MESSAGE_FAULT);
	EXPECT_EQUAL(step.m.badge, 77);
	return step.m;
}

static void answer(uint32_t label)
{
	EXPECT_OK(message_send(reply,
			       (struct message){MESSAGE_INFO(label, 0, 0)}));
	yield_often();
}

static void skip(unsigned bytes)
{
	struct task_registers *r = (void *)rt_buffer()->data;

	EXPECT_OK(sys_task_get_registers(victim.task));
	r->rip += bytes;
	EXPECT_OK(sys_task_set_registers(victim.task));
}

static void touch(uint64_t unused)
{
	stage = 1;
	got = *HOLE_P;
	HOLE_P[1] = 5;
	stage = 2;
}

static void a_page_is_mapped(void)
{
	struct message m;

	start_victim(touch, 0);
	m = await_fault(FAULT_PAGE);
	EXPECT_EQUAL(stage, 1);
	EXPECT_EQUAL(m.word[1], HOLE);
	EXPECT_EQUAL(m.word[2] & 0xffffffff, 14);
	EXPECT_EQUAL(m.word[2] >> 32, 4); /* read, by a user, no page */
	EXPECT(m.word[3] <= victim.top && m.word[3] > victim.top - 4096);
	map_new(HOLE, RIGHT_READ | RIGHT_WRITE);
	*HOLE_P = 31415;
	answer(FAULT_RESUME);
	EXPECT_EQUAL(stage, 2);
	EXPECT_EQUAL(got, 31415);
	EXPECT_EQUAL(HOLE_P[1], 5);
}

static void a_page_for_reading_only(void)
{
	struct caddr page;
	struct message m;

	start_victim(touch, 0);
	await_fault(FAULT_PAGE);
	page = map_new(HOLE, RIGHT_READ);
	answer(FAULT_RESUME);
	m = await_fault(FAULT_PAGE);
	EXPECT_EQUAL(m.word[1], HOLE + 8);
	EXPECT_EQUAL(m.word[2] >> 32, 7); /* write, by a user, to a page */
	EXPECT_OK(sys_page_map(page, HOLE, RIGHT_READ | RIGHT_WRITE, PML4));
	answer(FAULT_RESUME);
	EXPECT_EQUAL(stage, 2);
}

static void touch_again(uint64_t unused)
{
	for (stage = 1;; stage++)
		got = *HOLE_P;
}

static void a_mapped_page_is_taken_back(void)
{
	struct caddr page;

	start_victim(touch_again, 0);
	await_fault(FAULT_PAGE);
	page = map_new(HOLE, RIGHT_READ);
	answer(FAULT_RESUME);
	EXPECT(stage > 1);
	EXPECT_OK(sys_cpool_delete(ROOT, page.path));
	await_fault(FAULT_PAGE);
}

static void undefined(uint64_t unused)
{
	stage = 1;
	__asm__ volatile("ud2" ::: "memory");
	stage = 2;
}

static void an_instruction_is_skipped(void)
{
	start_victim(undefined, 0);
	EXPECT_EQUAL(await_fault(FAULT_OPCODE).word[2] & 0xff, 6);
	skip(2);
	answer(FAULT_RESUME);
	EXPECT_EQUAL(stage, 2);
}

static void again_and_again(void)
{
	start_victim(undefined, 0);
	for (unsigned i = 0; i < 10; i++) {
		await_fault(FAULT_OPCODE);
		answer(FAULT_RESUME);
		EXPECT_EQUAL(stage, 1);
	}
}

static void divide(uint64_t unused)
{
	uint32_t rest = 0, result = 100, by = 0;

	stage = 1;
	__asm__ volatile("divl %2" : "+a"(result), "+d"(rest) : "c"(by));
	got = result;
	stage = 2;
}

static void a_divisor_is_mended(void)
{
	struct task_registers *r = (void *)rt_buffer()->data;

	start_victim(divide, 0);
	EXPECT_EQUAL(await_fault(FAULT_ARITHMETIC).word[2] & 0xff, 0);
	EXPECT_OK(sys_task_get_registers(victim.task));
	EXPECT_EQUAL(r->rax, 100);
	r->rcx = 7;
	EXPECT_OK(sys_task_set_registers(victim.task));
	answer(FAULT_RESUME);
	EXPECT_EQUAL(stage, 2);
	EXPECT_EQUAL(got, 14);
}

static void privileged(uint64_t unused)
{
	stage = 1;
	__asm__ volatile("hlt" ::: "memory");
	stage = 2;
}

static void a_privileged_instruction(void)
{
	start_victim(privileged, 0);
	EXPECT_EQUAL(await_fault(FAULT_PROTECTION).word[2] & 0xff, 13);
	skip(1);
	answer(FAULT_RESUME);
	EXPECT_EQUAL(stage, 2);
}

static void breakpoint(uint64_t unused)
{
	stage = 1;
	__asm__ volatile("int3" ::: "memory");
	stage = 2;
}

static void a_breakpoint(void)
{
	start_victim(breakpoint, 0);
	EXPECT_EQUAL(await_fault(FAULT_DEBUG).word[2] & 0xff, 3);
	answer(FAULT_RESUME); /* RIP is behind it already */
	EXPECT_EQUAL(stage, 2);
}

static void three_nops(uint64_t unused)
{
	stage = 1;
	__asm__ volatile("pushfq\n orq $0x100, (%%rsp)\n popfq\n"
			 "nop\n nop\n nop" ::
				 : "memory", "cc");
	stage = 2;
}

static void single_steps(void)
{
	struct task_registers *r = (void *)rt_buffer()->data;
	uint64_t rip[3];

	start_victim(three_nops, 0);
	for (unsigned i = 0; i < 3; i++) {
		struct message m = await_fault(FAULT_DEBUG);

		EXPECT_EQUAL(m.word[2] & 0xff, 1);
		rip[i] = m.word[0];
		if (i == 2) {
			EXPECT_OK(sys_task_get_registers(victim.task));
			EXPECT(r->rflags & 0x100);
			r->rflags &= ~UINT64_C(0x100);
			EXPECT_OK(sys_task_set_registers(victim.task));
		}
		answer(FAULT_RESUME);
	}
	EXPECT_EQUAL(rip[1] - rip[0], 1);
	EXPECT_EQUAL(rip[2] - rip[1], 1);
	EXPECT_EQUAL(stage, 2);
}

static void call_unknown(uint64_t unused)
{
	struct raw r = {12345, 6};

	stage = 1;
	raw_call(&r);
	got = r.rax;
	stage = 2;
}

static void an_unknown_system_call(void)
{
	struct task_registers *r = (void *)rt_buffer()->data;

	start_victim(call_unknown, FAULT_ON_SYSCALL);
	EXPECT_EQUAL(await_fault(FAULT_SYSCALL).word[1], 12345);
	EXPECT_OK(sys_task_get_registers(victim.task));
	EXPECT_EQUAL(r->rdi, 6);
	r->rax = 4242; /* the handler made the call */
	EXPECT_OK(sys_task_set_registers(victim.task));
	answer(FAULT_RESUME);
	EXPECT_EQUAL(stage, 2);
	EXPECT_EQUAL(got, 4242);
}

static void an_unknown_call_is_an_error(void)
{
	start_victim(call_unknown, FAULT_ON_CAPABILITY | FAULT_ON_BUDGET);
	yield_often();
	EXPECT_EQUAL(stage, 2);
	EXPECT_EQUAL(got, ERR_NO_SUCH_CALL);
}

static void use_empty_slot(uint64_t unused)
{
	stage = 1;
	got = sys_channel_put_raw(caddr_root(238), 5, CHANNEL_TRY);
	stage = 2;
}

static void a_missing_capability(void)
{
	struct message m;

	start_victim(use_empty_slot, FAULT_ON_CAPABILITY);
	m = await_fault(FAULT_CAPABILITY);
	EXPECT_EQUAL(m.word[1], 238);
	answer(FAULT_RESUME);
	EXPECT_EQUAL(stage, 2);
	EXPECT_EQUAL(got, ERR_EMPTY_SLOT);
}

static void a_missing_capability_is_an_error(void)
{
	start_victim(use_empty_slot, FAULT_ON_SYSCALL);
	yield_often();
	EXPECT_EQUAL(got, ERR_EMPTY_SLOT);
}

static void the_handler_says_no(void)
{
	start_victim(undefined, 0);
	await_fault(FAULT_OPCODE);
	answer(1);
	EXPECT_EQUAL(stage, 1);
	EXPECT_EQUAL(state_of(victim.task), TASK_INACTIVE);
	skip(2);
	EXPECT_OK(sys_task_set_active(victim.task, 1));
	yield_often();
	EXPECT_EQUAL(stage, 2);
}

static void the_handler_goes(void)
{
	start_victim(undefined, 0);
	yield_often();
	EXPECT_EQUAL(state_of(victim.task), TASK_CALLING);
	EXPECT_OK(sys_cpool_delete(ROOT, ep.path));
	EXPECT_OK(sys_cpool_delete(ROOT, ep.path + 2)); /* the badged one */
	yield_often();
	EXPECT_EQUAL(stage, 1);
}

static void its_reply_goes(void)
{
	start_victim(undefined, 0);
	await_fault(FAULT_OPCODE);
	EXPECT_OK(sys_cpool_delete(ROOT, reply.path));
	EXPECT_EQUAL(state_of(victim.task), TASK_INACTIVE);
	EXPECT_EQUAL(stage, 1);
}

static void the_victim_goes(void)
{
	start_victim(undefined, 0);
	await_fault(FAULT_OPCODE);
	EXPECT_OK(sys_cpool_delete(ROOT, victim.task.path));
	EXPECT_EQUAL(message_send(reply, (struct message){0}), ERR_GONE);
}

static void a_handler_without_the_right(void)
{
	struct caddr task = make(OBJECT_TASK, 0);

	ep = make(OBJECT_ENDPOINT, 0);
	EXPECT_EQUAL(sys_task_set_fault_handler(
			     task, 0, minted(ep, RIGHT_ALL & ~RIGHT_WRITE, 0)),
		     ERR_NO_RIGHT);
	EXPECT_EQUAL(sys_task_set_fault_handler(task, FAULT_ON_ALL + 1, ep),
		     ERR_RANGE);
	EXPECT_OK(sys_task_set_fault_handler(task, FAULT_ON_ALL, ep));
	EXPECT_OK(sys_task_set_fault_handler(task, 0, CADDR_ANY));
}

/* ---- registers ---- */

static void spin(uint64_t unused)
{
	for (;;)
		stage++;
}

static void registers_of_who_runs(void)
{
	EXPECT_EQUAL(sys_task_get_registers(caddr_root(BOOT_SLOT_TASK)),
		     ERR_BAD_STATE);
	EXPECT_EQUAL(sys_task_set_registers(caddr_root(BOOT_SLOT_TASK)),
		     ERR_BAD_STATE);
	start_victim(spin, 0);
	EXPECT_OK(sys_task_get_registers(victim.task)); /* it stands still */
	EXPECT_EQUAL(sys_task_set_registers(victim.task), ERR_BAD_STATE);
}

static void registers_are_as_set(void)
{
	struct task_registers *r = (void *)rt_buffer()->data;
	struct caddr task = make(OBJECT_TASK, 0);
	uint64_t *word = (uint64_t *)r;

	for (unsigned i = 0; i < sizeof(*r) / 8; i++)
		word[i] = i * 0x1001;
	r->rflags = ~UINT64_C(0);
	EXPECT_OK(sys_task_set_registers(task));
	memset(r, 0xee, sizeof(*r));
	EXPECT_OK(sys_task_get_registers(task));
	for (unsigned i = 0; i < sizeof(*r) / 8; i++)
		if (&word[i] != &r->rflags)
			EXPECT_EQUAL(word[i], i * 0x1001);
	/* IF and bit 1, the status flags, TF, DF, AC; no IOPL, no NT. */
	EXPECT_EQUAL(r->rflags, 0x40fd7);
}

static void registers_out_of_range(void)
{
	struct task_registers *r = (void *)rt_buffer()->data;
	struct caddr task = make(OBJECT_TASK, 0);
	uint64_t *edges[] = {&r->rip, &r->rsp, &r->fs_base, &r->gs_base};

	for (unsigned i = 0; i < 4; i++) {
		memset(r, 0, sizeof(*r));
		*edges[i] = UINT64_C(0x7fffffffefff);
		EXPECT_OK(sys_task_set_registers(task));
		*edges[i] = UINT64_C(0x7ffffffff000);
		EXPECT_EQUAL(sys_task_set_registers(task), ERR_RANGE);
		*edges[i] = UINT64_C(0xffff800000000000);
		EXPECT_EQUAL(sys_task_set_registers(task), ERR_RANGE);
	}
}

int user_main(const struct boot_info *info)
{
	static const struct test_case cases[] = {
		{"a page fault is mended by a page", a_page_is_mapped},
		{"a page for reading only", a_page_for_reading_only},
		{"a mapped page is taken back", a_mapped_page_is_taken_back},
		{"an undefined instruction is skipped",
		 an_instruction_is_skipped},
		{"the same fault ten times", again_and_again},
		{"a divisor is mended", a_divisor_is_mended},
		{"a privileged instruction is skipped",
		 a_privileged_instruction},
		{"a breakpoint", a_breakpoint},
		{"single steps", single_steps},
		{"an unknown system call is emulated", an_unknown_system_call},
		{"or is an error", an_unknown_call_is_an_error},
		{"a capability that is missing", a_missing_capability},
		{"or is an error, too", a_missing_capability_is_an_error},
		{"the handler says no", the_handler_says_no},
		{"the handler goes", the_handler_goes},
		{"the handler's Reply goes", its_reply_goes},
		{"the task goes while its fault is handled", the_victim_goes},
		{"handlers that are refused", a_handler_without_the_right},
		{"the registers of who runs", registers_of_who_runs},
		{"registers are as they were set", registers_are_as_set},
		{"registers out of range", registers_out_of_range},
	};

	return RUN_CASES(cases);
}
