/*
 * arch.h: what the portable kernel asks of the processor.
 *
 * The portable files see a processor as this header says and no more: they
 * are also built natively, where tests/unit/fake_arch.c stands in. Physical
 * memory is reached by arch_ptr() alone: all RAM is mapped from DIRECT_MAP
 * on, in every address space, for the kernel only.
 */
#ifndef ARCH_H
#define ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE UINT64_C(4096)
#define PAGE_MASK (PAGE_SIZE - 1)

#ifndef DIRECT_MAP
#define DIRECT_MAP UINT64_C(0xffff800000000000)
#endif
#define DIRECT_MAP_SIZE (UINT64_C(1) << 39) /* one entry of a PML4 */

/*
 * User addresses are below this. The last page of the lower half is left out:
 * a `syscall` at its end would come back to an address that is not canonical,
 * and sysret then faults in ring 0 on Intel's processors.
 */
#define USER_END	UINT64_C(0x00007ffffffff000)

/* Page-table entries (SDM 3 4.5) and how tables nest. */
#define PTE_P		(UINT64_C(1) << 0)
#define PTE_W		(UINT64_C(1) << 1)
#define PTE_U		(UINT64_C(1) << 2)
#define PTE_PWT		(UINT64_C(1) << 3)
#define PTE_PCD		(UINT64_C(1) << 4)
#define PTE_PS		(UINT64_C(1) << 7)
#define PTE_G		(UINT64_C(1) << 8)
#define PTE_NX		(UINT64_C(1) << 63)
#define PTE_ADDR	UINT64_C(0x000ffffffffff000)

#define TABLE_ENTRIES	512u
#define KERNEL_HALF	256u /* first entry of a PML4 that is the kernel's */

/*
 * What a task's registers are while it does not run: the frame that trap.S
 * builds, at the lowest address first. The processor pushes the last five.
 */
struct regs {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/*
 * The rest of a task's processor state; changed only at task switches. The
 * FPU's is as FXSAVE64 leaves it, or XSAVE64 where there is AVX: 512 bytes of
 * x87 and SSE, a header of 64, and 256 for the upper halves of the YMM
 * registers. What would need more (AVX-512) is never enabled.
 */
#define FPU_BYTES 832

struct arch_state {
	uint8_t fpu[FPU_BYTES] __attribute__((aligned(64)));
	uint64_t fs_base, gs_base;
};

/*
 * As a vector: a system call's frame. Its RCX and R11 are not what counts:
 * `sysret` leaves RIP and RFLAGS there.
 */
#define VECTOR_SYSCALL 0x100
#define SYSCALL_BYTES  2 /* length of the instruction: 0f 05 */

static inline void *arch_ptr(uint64_t pa)
{
	return (void *)(uintptr_t)(DIRECT_MAP + pa);
}

/* As a task starts: interrupts on, IOPL 0, all else zero; a fresh FPU. */
void arch_task_init(struct regs *regs, struct arch_state *state);

/* Of the running task. */
void arch_set_fs_base(uint64_t base);

/*
 * What every processor may have cached of an address space (kernel.space[id])
 * is no longer true: of the page at va; of all, with the tables; and the space
 * itself is going: whoever has it loaded leaves it. Entries were written
 * before. With several processors these are where they tell each other.
 */
void arch_flush_page(unsigned space, uint64_t va);
void arch_flush_space(unsigned space);
void arch_space_gone(unsigned space);

/* No processor has anything of the task any more. */
struct task;
void arch_task_gone(struct task *task);

/* The bases of its FS and GS segments. */
void arch_task_bases(const struct task *task, uint64_t *fs, uint64_t *gs);
void arch_task_set_bases(struct task *task, uint64_t fs, uint64_t gs);

/* What a fault is called: by its registers' vector, or by enum abi_fault. */
const char *arch_fault_name(const struct regs *regs, unsigned kind);

/* The kernel's clock, in nanoseconds, and when its timer fires. */
#define ARCH_NEVER UINT64_MAX
uint64_t arch_now(void);
void arch_timer(uint64_t when);

/*
 * Interrupts of handler `index` (kernel/irq.h): the IOAPIC's inputs, open one,
 * open it again after it was closed for being level-triggered, close it; what
 * a device writes where, to send one as a message.
 */
unsigned arch_irq_lines(void);
void arch_irq_open(unsigned index, unsigned line, unsigned flags);
void arch_irq_unmask(unsigned index, unsigned line);
void arch_irq_close(unsigned index);
void arch_irq_message(unsigned index, uint64_t *address, uint64_t *data);

/*
 * No task reaches any I/O port by itself; each gets those that it has by then
 * (task->ports) when it goes on.
 */
void arch_ports_close(void);

/* A device or a timer waits for its interrupt to be taken. */
bool arch_interrupt_pending(void);

uint32_t arch_port_in(uint16_t port, unsigned size);
void arch_port_out(uint16_t port, unsigned size, uint32_t value);

void arch_put_byte(uint8_t byte); /* to the log */

/* End the run: `value` to the debug-exit port; then stand still. */
_Noreturn void arch_exit(uint8_t value);

#endif
