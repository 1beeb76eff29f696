/*
 * fault.c: whatever a task does in user mode, it is stopped, and the others
 * run on. One task is started anew for every fault.
 */
#include "tests/kernel/check.h"

#define RETURN 0xc3
#define STACK  (AREA + (UINT64_C(1) << 39)) /* one page */

static volatile uint64_t stage;

#define FAULT(name, code)                                            \
	static void name(uint64_t argument)                          \
	{                                                            \
		stage = 1;                                           \
		__asm__ volatile(code : : "D"(argument) : "memory"); \
		stage = 2;                                           \
	}

/* Instructions that are no user's. */
FAULT(do_hlt, "hlt")
FAULT(do_cli, "cli")
FAULT(do_sti, "sti")
FAULT(do_in, "inb $0x60, %%al")
FAULT(do_out, "movb $0x30, %%al\n movw $0x501, %%dx\n outb %%al, %%dx")
FAULT(do_wrmsr, "movl $0xc0000080, %%ecx\n wrmsr")
FAULT(do_rdmsr, "movl $0xc0000080, %%ecx\n rdmsr")
FAULT(do_read_cr3, "movq %%cr3, %%rax")
FAULT(do_write_cr0, "xorl %%eax, %%eax\n movq %%rax, %%cr0")
FAULT(do_lgdt, "lgdt (%%rsp)")
FAULT(do_lidt, "lidt (%%rsp)")
FAULT(do_ltr, "movl $0x38, %%eax\n ltr %%ax")
FAULT(do_invlpg, "invlpg (%%rsp)")
FAULT(do_swapgs, "swapgs")
FAULT(do_sysret, "sysretq")

/* Gates that are no user's; those of interrupts too. */
FAULT(do_int_80h, "int $0x80")
FAULT(do_int_21h, "int $0x21")
FAULT(do_int_40h, "int $0x40")
FAULT(do_int_page_fault, "int $14")
FAULT(do_int_double_fault, "int $8")

/* Programs' mistakes. */
FAULT(do_breakpoint, "int3")
FAULT(do_divide, "xorl %%ecx, %%ecx\n movl $1, %%eax\n cltd\n idivl %%ecx")
FAULT(do_ud2, "ud2")
FAULT(do_null_read, "xorl %%eax, %%eax\n movq (%%rax), %%rax")
FAULT(do_null_write, "xorl %%eax, %%eax\n movq %%rax, (%%rax)")
FAULT(do_null_call, "xorl %%eax, %%eax\n call *%%rax")
FAULT(do_kernel_read, "movq $0xffffffff80100000, %%rax\n movb (%%rax), %%al")
FAULT(do_kernel_write, "movq $0xffffffff80100000, %%rax\n movb %%al, (%%rax)")
FAULT(do_kernel_call, "movq $0xffffffff80100000, %%rax\n call *%%rax")
FAULT(do_top_read, "movq $-8, %%rax\n movq (%%rax), %%rax")
FAULT(do_non_canonical, "movabsq $0x800000000000, %%rax\n movb (%%rax), %%al")
FAULT(do_non_canonical_jump, "movabsq $0x800000000000, %%rax\n jmp *%%rax")
FAULT(do_non_canonical_stack, "movabsq $0x800000000000, %%rsp\n push %%rax")
FAULT(do_no_stack, "movl $64, %%esp\n push %%rax")
FAULT(do_write_code, "movb %%al, _start")
FAULT(do_write_constant, "movb %%al, (%%rdi)")
FAULT(do_run_data, "call *%%rdi")
FAULT(do_iretq_to_kernel, "movq %%rsp, %%rax\n push $0x10\n push %%rax\n"
			  "push $2\n push $8\n push $1f\n iretq\n 1:")
FAULT(do_iopl, "pushfq\n orq $0x3000, (%%rsp)\n popfq\n cli")
FAULT(do_single_step, "pushfq\n orq $0x100, (%%rsp)\n popfq\n nop\n nop")
FAULT(do_step_into_call, "movl $1, %%eax\n pushfq\n orq $0x100, (%%rsp)\n"
			 "popfq\n syscall\n nop\n nop")
FAULT(do_alignment_sse, "movaps 1(%%rsp), %%xmm0")
FAULT(do_sse_divide, "push $0\n ldmxcsr (%%rsp)\n pop %%rax\n"
		     "xorps %%xmm0, %%xmm0\n divss %%xmm0, %%xmm0")
FAULT(do_bad_mxcsr, "push $-1\n ldmxcsr (%%rsp)")
FAULT(do_bad_segment, "movl $0x70, %%eax\n movw %%ax, %%ds")
FAULT(do_kernel_segment, "movl $0x10, %%eax\n movw %%ax, %%ss")
FAULT(do_far_to_kernel, "push $8\n push $1f\n lretq\n 1:")

/* Frame pointers that lead a backtrace astray. */
FAULT(do_frame_kernel, "movq $0xffffffff80100000, %%rbp\n ud2")
FAULT(do_frame_non_canonical, "movabsq $0x8000000000000000, %%rbp\n ud2")
FAULT(do_frame_top, "movq $-8, %%rbp\n ud2")
FAULT(do_frame_user_top, "movabsq $0x7ffffffffff8, %%rbp\n ud2")
FAULT(do_frame_odd, "leaq -3(%%rsp), %%rbp\n ud2")
FAULT(do_frame_loop,
      "push %%rsp\n movq %%rsp, %%rbp\n movq %%rbp, (%%rbp)\n ud2")

/* On a stack of one page, with nothing below it. */
FAULT(do_overflow, "movq %%rdi, %%rsp\n 1: push %%rax\n jmp 1b")

static const uint64_t constant = 1;
static uint8_t code[16] = {RETURN};

static const struct fault {
	const char *name;
	void (*run)(uint64_t argument);
	uint64_t argument;
	bool not_everywhere; /* QEMU's TCG lets it pass */
} faults[] = {
	{"hlt", do_hlt, 0},
	{"cli", do_cli, 0},
	{"sti", do_sti, 0},
	{"in", do_in, 0},
	{"out to the exit port", do_out, 0},
	{"wrmsr", do_wrmsr, 0},
	{"rdmsr", do_rdmsr, 0},
	{"read of CR3", do_read_cr3, 0},
	{"write of CR0", do_write_cr0, 0},
	{"lgdt", do_lgdt, 0},
	{"lidt", do_lidt, 0},
	{"ltr", do_ltr, 0},
	{"invlpg", do_invlpg, 0},
	{"swapgs", do_swapgs, 0},
	{"sysret", do_sysret, 0},
	{"int 80h", do_int_80h, 0},
	{"int 21h", do_int_21h, 0},
	{"int 40h", do_int_40h, 0},
	{"int 14", do_int_page_fault, 0},
	{"int 8", do_int_double_fault, 0},
	{"divide by zero", do_divide, 0},
	{"ud2", do_ud2, 0},
	{"a breakpoint", do_breakpoint, 0},
	{"null read", do_null_read, 0},
	{"null write", do_null_write, 0},
	{"null call", do_null_call, 0},
	{"kernel read", do_kernel_read, 0},
	{"kernel write", do_kernel_write, 0},
	{"kernel call", do_kernel_call, 0},
	{"read of the last word", do_top_read, 0},
	{"non-canonical read", do_non_canonical, 0},
	{"non-canonical jump", do_non_canonical_jump, 0},
	{"non-canonical stack", do_non_canonical_stack, 0},
	{"no stack", do_no_stack, 0},
	{"write to code", do_write_code, 0},
	{"write to a constant", do_write_constant, (uint64_t)&constant},
	{"write to the boot info", do_write_constant, BOOT_INFO},
	{"running data", do_run_data, (uint64_t)code},
	{"running the boot stack", do_run_data, BOOT_STACK + 8},
	{"iretq to the kernel", do_iretq_to_kernel, 0},
	{"cli after trying IOPL 3", do_iopl, 0},
	{"misaligned SSE", do_alignment_sse, 0},
	{"SSE exception", do_sse_divide, 0, true},
	{"reserved MXCSR bits", do_bad_mxcsr, 0, true},
	{"a segment that is none", do_bad_segment, 0},
	{"the kernel's segment", do_kernel_segment, 0},
	{"far return to the kernel", do_far_to_kernel, 0},
	{"a frame in the kernel", do_frame_kernel, 0},
	{"a frame at no address", do_frame_non_canonical, 0},
	{"a frame at the last word", do_frame_top, 0},
	{"a frame at the end of user space", do_frame_user_top, 0},
	{"a frame that is not aligned", do_frame_odd, 0},
	{"a frame that is its own caller", do_frame_loop, 0},
	{"stack overflow", do_overflow, STACK + 4096},
	{"single step", do_single_step, 0}, /* leaves TF set: the last */
};

static void do_nothing(uint64_t argument)
{
	stage = 3;
}

static void test_step_into_call(void)
{
	struct thread t;

	stage = 0;
	t = thread_start(do_step_into_call, 0);
	await_any(&stage);
	yield_often();
	check_equal(stage, 1, "single step into a system call");
	check_error(sys_task_set_arg(t.task, 0), ERR_OK,
		    "has stopped the task");
}

/* Yields with these flags set, and then with a stack that is none. */
static void yield_oddly(uint64_t flags)
{
	uint64_t after;

	__asm__ volatile("pushfq\n orq %1, (%%rsp)\n popfq\n"
			 "movl %2, %%eax\n syscall\n"
			 "pushfq\n pop %0\n"
			 "push $2\n popfq\n"
			 "movq %%rsp, %%rbx\n"
			 "movabsq $0x8000000000000000, %%rsp\n"
			 "movl %2, %%eax\n syscall\n"
			 "movq $-1, %%rsp\n"
			 "movl %2, %%eax\n syscall\n"
			 "movq %%rbx, %%rsp"
			 : "=&r"(after)
			 : "r"(flags), "i"(SYS_YIELD)
			 : "rax", "rbx", "rcx", "rdx", "r10", "r11", "memory",
			   "cc");
	stage = (after & flags) == flags ? 3 : 4;
}

static void test_odd_flags(void)
{
	static const struct {
		const char *name;
		uint64_t flags;
	} rows[] = {
		{"a call with nested task", 1 << 14},
		{"a call with alignment check", 1 << 18},
		{"a call with direction", 1 << 10},
		{"a call with all of these, carry, overflow and ID",
		 1 << 21 | 1 << 18 | 1 << 14 | 1 << 11 | 1 << 10 | 1},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		stage = 0;
		thread_start(yield_oddly, rows[i].flags);
		await_any(&stage);
		check_equal(stage, 3, rows[i].name);
	}
}

/* No use of DS survives, but the flags' direction could hurt the kernel. */
static void put_with_direction_flag(uint64_t slot)
{
	struct raw r = {SYS_INVOKE, slot, INFO(CHANNEL_PUT_PAYLOAD, 2, 1, 0),
			1000, CHANNEL_TRY};

	__asm__ volatile("std" ::: "memory");
	raw_call(&r);
	__asm__ volatile("cld" ::: "memory");
	stage = r.rax == ERR_OK ? 3 : 4;
}

static void test_direction_flag(void)
{
	struct caddr c = make(OBJECT_CHANNEL, 0);
	struct thread t = thread_make(put_with_direction_flag, c.path);
	struct task_buffer *theirs = t.buffer;
	struct taken got = {0};

	for (unsigned i = 0; i < 1000; i++)
		theirs->data[i] = i * 3;
	stage = 0;
	sys_task_set_active(t.task, 1);
	check(await(&stage, 3), "a call with the direction flag set");
	check_error(sys_channel_take(c, CHANNEL_TRY, CADDR_ANY, &got), ERR_OK,
		    "its payload");
	check(!memcmp(rt_buffer()->data, theirs->data, 1000), "is whole");
}

/*
 * `syscall` as the last instruction below the non-canonical addresses: where
 * it would return to is no address, and an unwary sysret faults in ring 0.
 */
static void test_syscall_at_the_end_of_user_space(void)
{
	uint64_t va = UINT64_C(0x800000000000) - 4096;
	struct caddr page = make(OBJECT_RAW_PAGE, 0);
	uint8_t *bytes = (uint8_t *)AREA;
	enum error err;

	map_new(AREA + 4096, RIGHT_READ); /* makes the tables */
	check_error(sys_page_map(page, AREA, RIGHT_READ | RIGHT_WRITE, PML4),
		    ERR_OK, "a page of code");
	bytes[4094] = 0x0f;
	bytes[4095] = 0x05;
	sys_page_unmap(page);
	make_tables(va - 4096);
	err = sys_page_map(page, va, RIGHT_READ | RIGHT_EXEC, PML4);
	if (err != ERR_OK) {
		check_error(err, ERR_RANGE,
			    "nothing is mapped at the very end");
		return;
	}
	thread_start((void (*)(uint64_t))(va + 4094), 0);
	yield_often();
	check(true, "a system call from the last two bytes");
}

int user_main(const struct boot_info *info)
{
	struct thread t = thread_start(do_nothing, 0);

	check(await(&stage, 3), "a task that faults not");
	map_new(STACK, RIGHT_READ | RIGHT_WRITE);
	*(uint8_t *)(BOOT_STACK + 8) = RETURN;
	for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		stage = 0;
		thread_restart(&t, faults[i].run, faults[i].argument);
		await_any(&stage);
		yield_often();
		check(stage == 1 || (stage == 2 && faults[i].not_everywhere),
		      faults[i].name);
		/* A setting is refused while a task is active. */
		check_error(sys_task_set_arg(t.task, 0), ERR_OK,
			    "  has stopped the task");
	}
	test_step_into_call();
	test_odd_flags();
	test_direction_flag();
	test_syscall_at_the_end_of_user_space();
	return check_done();
}
