/*
 * selftest.c: the self-test's machine: a MiB of RAM, page tables, descriptor
 * tables, three ports and a device register; and the judgement.
 */
#include "vmm/selftest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vmm/clock.h"
#include "vmm/selftest_guest.h"

#define MEM_LEN	    (UINT64_C(1) << 20)
#define WATCHDOG_NS UINT64_C(1000000000)
#define TEXT_MAX    8

extern const uint8_t selftest_kernel[], selftest_kernel_end[];
extern const uint8_t selftest_user[], selftest_user_end[];
extern const uint8_t selftest_on_int3[], selftest_on_fault[];
extern const uint8_t selftest_on_call[], selftest_on_return[];
extern const uint8_t selftest_on_irq[], selftest_on_exception[];

struct selftest {
	struct guestmem mem;
	struct vcpu *vcpu;
	uint32_t reg; /* the device's */
	bool raised, ended;
	uint8_t tpr;
	char text[TEXT_MAX]; /* what came through PORT_DATA */
	unsigned text_len;
};

/* What each word of the results must be, and what it means if it is not. */
static const struct {
	uint64_t want;
	const char *complaint;
} rows[] = {
	[ROW_LONG_MODE] = {UINT64_C(0x123456789abcdef0),
			   "it does not reach 64-bit mode"},
	[ROW_SSE_0] = {UINT64_C(0x4008000000000000),
		       "SSE2 does not work in ring 0"},
	[ROW_INT3] = {1, "int3 in ring 0 does not reach its handler"},
	[ROW_FAULT] = {UINT64_C(2) << 32 | (AT_FAULT + 0x123),
		       "a page fault does not arrive with its address"},
	[ROW_RING_3] = {SEL_UCODE, "iretq does not lead into ring 3"},
	[ROW_SSE_3] = {UINT64_C(0x4022000000000000),
		       "SSE2 does not work in ring 3"},
	[ROW_SYSCALL] = {SEL_CODE, "syscall leaves the CPU in ring 3"},
	[ROW_SYSRET] = {SEL_UCODE << 16 | SEL_UDATA,
			"sysretq does not lead back into ring 3"},
	[ROW_INT_80] = {(uint64_t)SEL_CODE << 32 | (uint64_t)SEL_UCODE << 16 |
				AT_KERNEL_TOP,
			"int 0x80 in ring 3 does not reach its handler"},
	[ROW_IRET] = {SEL_UCODE, "iretq does not lead back into ring 3"},
	[ROW_RETURN] = {SEL_CODE, "int 0x81 does not lead back into ring 0"},
	[ROW_IRQ] = {VECTOR_IRQ, "an interrupt does not end hlt"},
	[ROW_PORT] = {UINT64_C(0xcafe0003), "ports do not work"},
	[ROW_DEVICE] = {0x1234567 + 0x1000, "a device's registers do not work"},
	[ROW_RAN_ON] = {0, "it runs on after it was told to stop"},
	[ROW_EXCEPTION] = {0, "an exception came from nowhere"},
};

_Static_assert(sizeof(rows) / sizeof(rows[0]) == ROW_COUNT, "every row");

/* ---- what the CPU asks ---- */

static uint64_t env_read(void *ctx, enum vcpu_space space, uint64_t addr,
			 unsigned size)
{
	const struct selftest *t = ctx;

	if (space == SPACE_MEMORY && addr == DEVICE_GPA + 0x10)
		return t->reg;
	if (space == SPACE_PORT && addr == PORT_DATA && size == 4)
		return UINT64_C(0xcafe0000) + t->text_len;
	return UINT64_MAX;
}

static void env_write(void *ctx, enum vcpu_space space, uint64_t addr,
		      unsigned size, uint64_t val)
{
	struct selftest *t = ctx;

	if (space == SPACE_MEMORY) {
		if (addr == DEVICE_GPA + 0x10 && size == 4)
			t->reg = val;
		return;
	}
	switch (addr) {
	case PORT_DATA:
		if (t->text_len < TEXT_MAX)
			t->text[t->text_len++] = val;
		break;
	case PORT_RAISE:
		t->raised = true;
		break;
	case PORT_END:
		t->ended = true;
		t->vcpu->ops->kick(t->vcpu);
		break;
	}
}

static bool env_pending(void *ctx)
{
	const struct selftest *t = ctx;

	return t->raised;
}

static int env_acknowledge(void *ctx)
{
	struct selftest *t = ctx;

	if (!t->raised)
		return -1;
	t->raised = false;
	return VECTOR_IRQ;
}

static uint8_t env_get_tpr(void *ctx)
{
	const struct selftest *t = ctx;

	return t->tpr;
}

static void env_set_tpr(void *ctx, uint8_t tpr)
{
	struct selftest *t = ctx;

	t->tpr = tpr;
}

static uint64_t env_now_ns(void *ctx)
{
	const struct selftest *t = ctx;

	return t->vcpu->ops->elapsed_ns(t->vcpu);
}

static uint64_t env_deadline_ns(void *ctx)
{
	return WATCHDOG_NS;
}

/* ---- the guest's memory ---- */

static void put64(struct selftest *t, uint64_t gpa, uint64_t val)
{
	guestmem_write(&t->mem, gpa, &val, sizeof(val));
}

static void put_page_tables(struct selftest *t)
{
	const uint64_t table = PTE_P | PTE_W | PTE_U;

	put64(t, AT_PML4, AT_PDPT | table);
	put64(t, AT_PDPT, AT_PD | table);
	put64(t, AT_PD, AT_PT | table);
	for (uint64_t page = AT_PML4; page < AT_FAULT;
	     page += GUEST_PAGE_SIZE) {
		bool user = page == AT_RESULTS || page == AT_USER ||
			    page == AT_USER_TOP - GUEST_PAGE_SIZE;

		put64(t, AT_PT + page / GUEST_PAGE_SIZE * 8,
		      page | PTE_P | PTE_W | (user ? PTE_U : 0));
	}
	put64(t, AT_PT + AT_DEVICE / GUEST_PAGE_SIZE * 8,
	      DEVICE_GPA | PTE_P | PTE_W | PTE_PCD);
}

/* A 64-bit interrupt gate for ring 3 and below (SDM 3 figure 6-8). */
static void put_gate(struct selftest *t, unsigned vector,
		     const uint8_t *handler)
{
	uint64_t offset = AT_KERNEL + (handler - selftest_kernel);

	put64(t, AT_IDT + 16 * vector,
	      offset | SEL_CODE << 16 | UINT64_C(0xee) << 40);
}

static void put_idt(struct selftest *t)
{
	for (unsigned i = 0; i < 32; i++)
		put_gate(t, i, selftest_on_exception + 8 * i);
	put_gate(t, VEC_BP, selftest_on_int3);
	put_gate(t, VEC_PF, selftest_on_fault);
	put_gate(t, VECTOR_IRQ, selftest_on_irq);
	put_gate(t, VECTOR_CALL, selftest_on_call);
	put_gate(t, VECTOR_RETURN, selftest_on_return);
}

static void put_gdt(struct selftest *t)
{
	static const uint64_t gdt[] = {
		0,
		UINT64_C(0x00af9b000000ffff),		     /* SEL_CODE */
		UINT64_C(0x00cf93000000ffff),		     /* SEL_DATA */
		0,					     /* SEL_STAR_USER */
		UINT64_C(0x00cff3000000ffff),		     /* SEL_UDATA */
		UINT64_C(0x00affb000000ffff),		     /* SEL_UCODE */
		UINT64_C(0x0000890000000067) | AT_TSS << 16, /* SEL_TSS */
		0,
		UINT64_C(0x00cf9b000000ffff), /* SEL_CODE32 */
	};

	guestmem_write(&t->mem, AT_GDT, gdt, sizeof(gdt));
	put64(t, AT_TSS + 4, AT_KERNEL_TOP); /* RSP0 */
}

static void put_code(struct selftest *t)
{
	guestmem_write(&t->mem, AT_KERNEL, selftest_kernel,
		       selftest_kernel_end - selftest_kernel);
	guestmem_write(&t->mem, AT_USER, selftest_user,
		       selftest_user_end - selftest_user);
}

static int start_state(struct vcpu *vcpu)
{
	const struct x86_segment data = {0, UINT32_MAX, SEL_DATA,
					 SEG_ATTR_DATA | SEG_ATTR_B |
						 SEG_ATTR_G};
	struct x86_state s;

	x86_state_reset(&s);
	for (int i = 0; i <= SEG_GS; i++)
		s.seg[i] = data;
	s.seg[SEG_CS].selector = SEL_CODE32;
	s.seg[SEG_CS].attr = SEG_ATTR_CODE | SEG_ATTR_B | SEG_ATTR_G;
	s.gdt = (struct x86_table){AT_GDT, 0xfff};
	s.idt = (struct x86_table){AT_IDT, 0xfff};
	s.cr0 |= CR0_PE;
	s.rip = AT_KERNEL;
	return vcpu->ops->set_state(vcpu, &s);
}

/* ---- the judgement ---- */

static uint64_t result(const struct selftest *t, unsigned row)
{
	uint64_t val = 0;

	guestmem_read(&t->mem, AT_RESULTS + 8 * row, &val, sizeof(val));
	return val;
}

/* How the run ended, when not by the guest. */
static void describe_end(const struct selftest *t, const struct vcpu_exit *exit,
			 char *text, size_t size)
{
	uint64_t exception = result(t, ROW_EXCEPTION);

	text[0] = '\0';
	if (exception)
		snprintf(text, size, " (exception %u)", (uint8_t)exception);
	else if (exit->reason == EXIT_ERROR)
		log_info("self-test: %s", exit->why);
	else if (exit->reason == EXIT_DEADLINE)
		snprintf(text, size, " (it hangs)");
	else if (exit->reason == EXIT_SHUTDOWN)
		snprintf(text, size, " (triple fault)");
	else if (!t->ended)
		snprintf(text, size, " (it stops half-way)");
}

static int judge(const struct selftest *t, const struct vcpu_exit *exit,
		 struct reason *why)
{
	char end[160];

	describe_end(t, exit, end, sizeof(end));
	for (unsigned i = 0; i < ROW_COUNT; i++)
		if (result(t, i) != rows[i].want)
			return reason_set(why, -ENOEXEC, "%s%s",
					  rows[i].complaint, end);
	if (t->text_len != 3 || memcmp(t->text, "vmm", 3))
		return reason_set(why, -ENOEXEC,
				  "string output reaches a port out of order");
	if (!t->ended || exit->reason != EXIT_KICK)
		return reason_set(why, -ENOEXEC, "it does not end%s", end);
	return 0;
}

static int run_guest(struct selftest *t, struct reason *why)
{
	struct vcpu_exit exit;

	put_page_tables(t);
	put_gdt(t);
	put_idt(t);
	put_code(t);
	if (start_state(t->vcpu) < 0)
		return reason_set(
			why, -ENOEXEC,
			"it does not take a kernel's first registers");
	t->vcpu->ops->run(t->vcpu, &exit);
	/*
	 * Nested in an emulated SVM, a host interrupt between STI and HLT
	 * makes KVM forget STI's shadow: the interrupt came first and HLT
	 * waits for another. That is no reason to refuse it.
	 */
	if (exit.reason == EXIT_HALT && result(t, ROW_IRQ) == VECTOR_IRQ) {
		t->raised = true;
		t->vcpu->ops->run(t->vcpu, &exit);
	}
	return judge(t, &exit, why);
}

int selftest_run(selftest_create_fn *create, struct reason *why)
{
	struct selftest t = {.reg = 0};
	struct vcpu_env env = {
		.ctx = &t,
		.mem = &t.mem,
		.read = env_read,
		.write = env_write,
		.pending = env_pending,
		.acknowledge = env_acknowledge,
		.get_tpr = env_get_tpr,
		.set_tpr = env_set_tpr,
		.now_ns = env_now_ns,
		.deadline_ns = env_deadline_ns,
	};
	int err = guestmem_init(&t.mem, MEM_LEN);

	if (err)
		return reason_set(why, err, "no memory for the self-test");
	err = create(&env, &t.vcpu, why);
	if (!err) {
		err = run_guest(&t, why);
		t.vcpu->ops->destroy(t.vcpu);
	}
	guestmem_fini(&t.mem);
	return err;
}
