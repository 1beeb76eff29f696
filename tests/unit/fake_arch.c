/* fake_arch.c: see fake_arch.h. */
#include "tests/unit/fake_arch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct fake fake;

void fake_reset(void)
{
	void *at = mmap((void *)DIRECT_MAP, FAKE_MEMORY, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (at != (void *)DIRECT_MAP)
		abort();
	memset(&fake, 0, sizeof(fake));
	memset(&kernel, 0, sizeof(kernel));
	fake.next = PAGE_SIZE;
	kernel.top_table = fake_pages(1);
	((uint64_t *)arch_ptr(kernel.top_table))[KERNEL_HALF] = PTE_P;
}

uint64_t fake_pages(unsigned count)
{
	uint64_t base = fake.next;

	fake.next += count * PAGE_SIZE;
	if (fake.next > FAKE_MEMORY)
		abort();
	return base;
}

void arch_task_init(struct regs *regs, struct arch_state *state)
{
	*regs = (struct regs){.rflags = 0x202};
	*state = (struct arch_state){0};
}

void arch_set_fs_base(uint64_t base)
{
	fake.fs_base = base;
}

void arch_flush_page(unsigned space, uint64_t va)
{
	fake.flushed = va;
	fake.flushed_space = space;
}

void arch_flush_space(unsigned space)
{
	fake.flushed_tables = space;
}

void arch_space_gone(unsigned space)
{
	fake.space_gone = space;
}

void arch_task_gone(struct task *task)
{
	fake.task_gone = task;
}

/* Pending at every so-manieth look. */
bool arch_interrupt_pending(void)
{
	fake.looks++;
	return fake.interrupt_in && fake.looks % fake.interrupt_in == 0;
}

unsigned arch_irq_lines(void)
{
	return 24;
}

void arch_irq_open(unsigned index, unsigned line, unsigned flags)
{
	fake.open |= 1u << line;
}

void arch_irq_unmask(unsigned index, unsigned line)
{
	fake.open |= 1u << line;
}

void arch_irq_close(unsigned index)
{
	if (kernel.irq[index].line != IRQ_MSI)
		fake.open &= ~(1u << kernel.irq[index].line);
}

void arch_irq_message(unsigned index, uint64_t *address, uint64_t *data)
{
	*address = 0xfee00000;
	*data = index;
}

void arch_ports_close(void)
{
	fake.ports_closed++;
}

void arch_task_bases(const struct task *task, uint64_t *fs, uint64_t *gs)
{
	*fs = task->arch.fs_base;
	*gs = task->arch.gs_base;
}

void arch_task_set_bases(struct task *task, uint64_t fs, uint64_t gs)
{
	task->arch.fs_base = fs;
	task->arch.gs_base = gs;
}

const char *arch_fault_name(const struct regs *regs, unsigned kind)
{
	return "fault";
}

uint64_t arch_now(void)
{
	return fake.now;
}

void arch_timer(uint64_t when)
{
	fake.timer = when;
}

uint32_t arch_port_in(uint16_t port, unsigned size)
{
	fake.port = port;
	fake.size = size;
	return fake.value;
}

void arch_port_out(uint16_t port, unsigned size, uint32_t value)
{
	fake.port = port;
	fake.size = size;
	fake.value = value;
}

void arch_put_byte(uint8_t byte)
{
	if (fake.log_len < FAKE_LOG - 1)
		fake.log[fake.log_len++] = byte;
	fake.log[fake.log_len] = '\0';
}

void arch_exit(uint8_t value)
{
	longjmp(fake.exit, 1 + value);
}

static void put_root(struct slot *slot, unsigned type, uint64_t base)
{
	struct cap cap = object_create(type, base, 0);

	cap_root(slot, &cap);
}

void caller_create(struct caller *c)
{
	struct cap untyped = {
		.type = OBJECT_UNTYPED,
		.rights = RIGHT_ALL,
		.base = fake_pages(CALLER_UNTYPED_BYTES / PAGE_SIZE),
		.untyped = {.size = CALLER_UNTYPED_BYTES}};
	uint64_t pool = fake_pages(CPOOL_BYTES / PAGE_SIZE + 1);
	uint64_t task = fake_pages(1), buffer = fake_pages(1);
	struct slot *slot;

	c->pool = arch_ptr(pool);
	c->task = arch_ptr(task);
	c->buffer = arch_ptr(buffer);
	slot = c->pool->slot;
	put_root(&slot[0], OBJECT_CPOOL, pool);
	put_root(&slot[1], OBJECT_TASK_BUFFER, buffer);
	cap_root(&slot[2], &untyped);
	put_root(&slot[255], OBJECT_TASK, task);
	put_root(&slot[254], OBJECT_PML4, fake_pages(1));
	cap_copy(&slot[254], &c->task->table);
	c->task->table.cap.flags |= CAP_VITAL;
	cap_copy(&slot[0], &c->task->cpool);
	cap_copy(&slot[1], &c->task->buffer);
	sched_ready(c->task);
}

enum error caller_invoke(struct caller *c, unsigned label, unsigned target,
			 unsigned words, const uint64_t word[4], unsigned depth)
{
	struct regs *r = &c->task->regs;

	r->rax = SYS_INVOKE;
	r->rdi = target;
	r->rsi = label | words << INFO_WORDS_SHIFT | 1u << INFO_TARGET_SHIFT |
		 depth << INFO_ARGUMENT_SHIFT;
	r->rdx = word[0];
	r->r10 = word[1];
	r->r8 = word[2];
	r->r9 = word[3];
	syscall_handle(c->task);
	return r->rax;
}

enum error caller_retype(struct caller *c, unsigned type, unsigned bits,
			 unsigned count, unsigned dest)
{
	uint64_t word[4] = {type, bits, count, dest};

	return caller_invoke(c, UNTYPED_RETYPE, 2, 4, word, 1);
}
