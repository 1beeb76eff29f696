/*
 * cpu.h: what arch/x86_64 keeps of a processor, and its parts' start. The
 * kernel's GS base points to struct cpu while the kernel runs.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include "guest-kernel/arch/x86_64/arch.h"
#include "guest-kernel/kernel/memory.h"

#define KERNEL_VMA	   UINT64_C(0xffffffff80000000)

#define SELECTOR_CODE	   0x08
#define SELECTOR_DATA	   0x10
#define SELECTOR_USER_DATA 0x23
#define SELECTOR_USER_CODE 0x2b
#define SELECTOR_TSS	   0x30

#define VECTOR_PIC	   0x20 /* all masked; a spurious one may come */
#define VECTOR_TIMER	   0x5f
#define VECTOR_SPURIOUS	   0x3f
#define VECTOR_IRQ	   0x40 /* and on, one for each handler */
#define VECTORS		   96

struct task;

struct tss {
	uint32_t zero;
	uint64_t rsp[3];
	uint64_t zero2;
	uint64_t ist[7];
	uint64_t zero3;
	uint16_t zero4;
	uint16_t io_map;	 /* TSS_PORTS, or beyond the limit: no ports */
	uint8_t ports[8192 + 1]; /* a bit each, set: closed; SDM 1 19.5.2 */
} __attribute__((packed));

#define TSS_PORTS offsetof(struct tss, ports)

struct cpu {
	struct cpu *self;
	uint64_t scratch;
	/* The kernel's stack, from its top down. The word that lies there has
	 * tss.rsp[0] again: where the frame of the task ends, for debuggers. */
	uint64_t *stack_top;
	/* Whose FPU, FS, GS and address space the processor has. */
	struct task *loaded;
	struct arch_state *state; /* its, or `nobody`: never NULL */
	struct task *ports_of;	  /* whose ports tss.ports opens; NULL: none */
	bool fsgsbase;		  /* CR4.FSGSBASE is set */
	bool avx;		  /* and XCR0 has x87, SSE and AVX */
	bool ports_stale;	  /* to be loaded anew on the way out */
	uint64_t timer_at;	  /* ARCH_NEVER: it is off */
	uint64_t gdt[8];
	struct tss tss;
	struct arch_state nobody; /* where goes what nobody misses */
	uint8_t last_stack[4096] __attribute__((aligned(16))); /* IST 1 */
};

#define LAPIC UINT64_C(0xfee00000)

static inline volatile uint32_t *lapic_reg(unsigned offset)
{
	return arch_ptr(LAPIC + offset);
}

static inline struct cpu *cpu_this(void)
{
	struct cpu *cpu;

	asm("movq %%gs:0, %0" : "=r"(cpu));
	return cpu;
}

void cpu_init(void); /* cpu.c: tables, control registers, MSRs */
void paging_init(struct boot *boot, const struct range_set *ram);
void serial_init(void); /* io.c: so that the log works */
void irq_init(void);	/* irq.c: controllers, timer, devices */
void irq_handle(unsigned vector);
void time_init(void); /* time.c: clock and timer */
void timer_fired(void);
_Noreturn void resume(void); /* trap.c: run whoever is next */

#endif
