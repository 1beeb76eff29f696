/* victim.c: see victim.h. */
#include "tests/kernel/victim.h"

#define PAGE	    4096
#define ALIAS	    (VICTIM_CODE + 0x6000) /* the code, to be written */
#define BREAKPOINT  0xcc
#define TIME	    UINT64_C(500000000) /* slow hosts */

#define RFLAGS_IF   UINT64_C(0x200)
#define RFLAGS_NONE UINT64_C(0x23000) /* VM, IOPL */

struct task_registers victim_begin, victim_end;
uint64_t victim_fault[4], victim_time;
volatile uint64_t *const victim_data = (uint64_t *)VICTIM_DATA;

static struct thread victim;
static struct caddr ep, reply;
static bool waits; /* for an answer */

static void never(uint64_t argument)
{
}

void victim_make(void)
{
	struct caddr code = map_new(ALIAS, RIGHT_READ | RIGHT_WRITE);

	EXPECT_OK(sys_page_map(minted(code, RIGHT_ALL, 0), VICTIM_CODE,
			       RIGHT_READ | RIGHT_EXEC, PML4));
	map_new(VICTIM_DATA, RIGHT_READ | RIGHT_WRITE);
	map_new(VICTIM_STACK, RIGHT_READ | RIGHT_WRITE);
	memset((void *)ALIAS, BREAKPOINT, PAGE);
	victim = thread_make(never, 0);
	ep = make(OBJECT_ENDPOINT, 0);
	reply = make(OBJECT_REPLY, 0);
	EXPECT_OK(sys_task_set_fault_handler(victim.task, 0, ep));
	waits = false;
	victim_time = TIME;
	victim_begin =
		(struct task_registers){.rip = VICTIM_CODE, .rsp = VICTIM_RSP};
}

void victim_set_pool(struct caddr pool)
{
	EXPECT_OK(sys_task_set_active(victim.task, 0));
	waits = false;
	EXPECT_OK(sys_task_set_cpool(victim.task, pool));
}

static void set_registers(void)
{
	memcpy(rt_buffer()->data, &victim_begin, sizeof(victim_begin));
	EXPECT_OK(sys_task_set_registers(victim.task));
}

static void get_registers(void)
{
	EXPECT_OK(sys_task_get_registers(victim.task));
	memcpy(&victim_end, rt_buffer()->data, sizeof(victim_end));
}

static void go(void)
{
	const struct message resume = {MESSAGE_INFO(FAULT_RESUME, 0, 0)};

	set_registers();
	if (waits)
		EXPECT_OK(message_send(reply, resume));
	else
		EXPECT_OK(sys_task_set_active(victim.task, 1));
	waits = false;
}

unsigned victim_try(const struct code *code)
{
	struct step step = {SYS_RECV, ep, reply, .deadline = 0};
	uint32_t kind;

	memcpy((void *)ALIAS, code->byte, code->length);
	go();
	step.deadline = sys_clock() + victim_time;
	if (do_step(&step) != ERR_OK) {
		EXPECT_OK(sys_task_set_active(victim.task, 0));
		get_registers();
		return NO_END;
	}
	waits = true;
	memcpy(victim_fault, step.m.word, sizeof(victim_fault));
	get_registers();
	memset((void *)ALIAS, BREAKPOINT, code->length);
	kind = MESSAGE_LABEL_OF(step.m.info);
	if (kind == FAULT_DEBUG && (uint32_t)victim_fault[2] == 3 &&
	    victim_fault[0] > VICTIM_CODE + code->length)
		return GOES_ON;
	return kind < FAULT_COUNT ? 1u << kind : 0;
}

void victim_expect(const struct code *code, unsigned expected, const char *name,
		   uint64_t which)
{
	unsigned got = victim_try(code);

	if (!(got & expected))
		rt_print("# %s 0x%llx: 0x%x, vector %u error 0x%x at 0x%llx",
			 name, (unsigned long long)which, got,
			 (unsigned)victim_fault[2],
			 (unsigned)(victim_fault[2] >> 32),
			 (unsigned long long)victim_fault[0]);
	EXPECT(got & expected);
	EXPECT_EQUAL(victim_end.rflags & (RFLAGS_NONE | RFLAGS_IF), RFLAGS_IF);
}

unsigned victim_lenient(void)
{
	const struct code lock_mov = CODE(0xf0, 0x48, 0x89, 0x07);

	victim_begin.rdi = VICTIM_DATA;
	return victim_try(&lock_mov) == GOES_ON ? GOES_ON | FAULTS(PAGE) : 0;
}
