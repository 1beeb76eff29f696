/*
 * cpu.c: the processor's tables and modes (SDM 3, chapters 2, 3, 5 and 6).
 */
#include "guest-kernel/arch/x86_64/cpu.h"

#include "guest-kernel/arch/x86_64/insn.h"
#include "guest-kernel/kernel/kernel.h"

#define CR4_PGE		   (UINT64_C(1) << 7)
#define CR4_OSFXSR	   (UINT64_C(1) << 9)
#define CR4_OSXMMEXCPT	   (UINT64_C(1) << 10)
#define CR4_UMIP	   (UINT64_C(1) << 11)
#define CR4_FSGSBASE	   (UINT64_C(1) << 16)
#define CR4_OSXSAVE	   (UINT64_C(1) << 18)
#define CR4_SMEP	   (UINT64_C(1) << 20)
#define CR4_SMAP	   (UINT64_C(1) << 21)

#define HAS_XSAVE	   (1u << 26) /* CPUID.1:ECX */
#define HAS_AVX		   (1u << 28)
#define XCR0_AVX	   7u /* x87, SSE, AVX */

#define MSR_SYSENTER_CS	   0x174u
#define MSR_EFER	   0xc0000080u
#define MSR_STAR	   0xc0000081u
#define MSR_LSTAR	   0xc0000082u
#define MSR_FMASK	   0xc0000084u
#define MSR_GS_BASE	   0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u
#define EFER_SCE	   UINT64_C(1)

/* TF IF DF IOPL NT RF AC: what `syscall` clears */
#define FMASK		   UINT64_C(0x57700)

#define GATE_INTERRUPT	   0x8e00 /* present, DPL 0 */
#define GATE_USER	   0x6000 /* DPL 3: an instruction may take it */
#define VECTOR_BREAKPOINT  3
#define GATE_BYTES	   16 /* of code, each, in trap.S */

struct gate {
	uint16_t offset_low, selector, ist_and_type_low;
	uint16_t offset_mid;
	uint32_t offset_high, zero;
};

struct table_register {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

extern const uint8_t trap_gates[], syscall_entry[];
extern uint64_t kernel_stack_top[];

static struct cpu boot_cpu;
static struct gate idt[VECTORS];

static void gdt_init(struct cpu *cpu)
{
	uint64_t tss = (uintptr_t)&cpu->tss;
	struct table_register gdtr = {sizeof(cpu->gdt) - 1,
				      (uintptr_t)cpu->gdt};

	cpu->gdt[SELECTOR_CODE / 8] = 0x00af9b000000ffff;
	cpu->gdt[SELECTOR_DATA / 8] = 0x00cf93000000ffff;
	/* sysret takes data, then code, from one base: SDM 2B, SYSRET */
	cpu->gdt[SELECTOR_USER_DATA / 8] = 0x00cff3000000ffff;
	cpu->gdt[SELECTOR_USER_CODE / 8] = 0x00affb000000ffff;
	cpu->gdt[SELECTOR_TSS / 8] =
		(sizeof(cpu->tss) - 1) | (tss & 0xffffff) << 16 |
		UINT64_C(0x89) << 40 | (tss >> 24 & 0xff) << 56;
	cpu->gdt[SELECTOR_TSS / 8 + 1] = tss >> 32;
	cpu->tss.io_map = sizeof(cpu->tss);
	for (unsigned i = 0; i < sizeof(cpu->tss.ports); i++)
		cpu->tss.ports[i] = 0xff;
	cpu->tss.ist[0] = (uintptr_t)cpu->last_stack + sizeof(cpu->last_stack);

	/*
	 * No LDT: after a reset there is one at address 0 (SDM 3 table 10-1),
	 * where a user could put gates into the kernel.
	 */
	asm volatile("lgdt %0\n\t"
		     "pushq %1\n\t"
		     "leaq 1f(%%rip), %%rax\n\t"
		     "pushq %%rax\n\t"
		     "lretq\n"
		     "1:\tltr %w2\n\t"
		     "lldt %w3" ::"m"(gdtr),
		     "i"(SELECTOR_CODE), "r"(SELECTOR_TSS), "r"(0)
		     : "rax", "memory");
}

static bool on_last_stack(unsigned vector)
{
	return vector == 2 || vector == 8 || vector == 18;
}

static void idt_init(void)
{
	struct table_register idtr = {sizeof(idt) - 1, (uintptr_t)idt};

	for (unsigned i = 0; i < VECTORS; i++) {
		uint64_t at = (uintptr_t)trap_gates + i * GATE_BYTES;

		idt[i] = (struct gate){
			.offset_low = at,
			.selector = SELECTOR_CODE,
			.ist_and_type_low =
				GATE_INTERRUPT | on_last_stack(i) |
				(i == VECTOR_BREAKPOINT ? GATE_USER : 0),
			.offset_mid = at >> 16,
			.offset_high = at >> 32,
		};
	}
	asm volatile("lidt %0" ::"m"(idtr));
}

static void features_init(void)
{
	uint64_t cr4 = read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT;

	if (cpuid(1, 0).d & 1u << 13)
		cr4 |= CR4_PGE;
	if (cpuid(0, 0).a >= 7) {
		struct cpuid leaf = cpuid(7, 0);

		cr4 |= leaf.b & 1u << 0 ? CR4_FSGSBASE : 0;
		cr4 |= leaf.b & 1u << 7 ? CR4_SMEP : 0;
		cr4 |= leaf.b & 1u << 20 ? CR4_SMAP : 0;
		cr4 |= leaf.c & 1u << 2 ? CR4_UMIP : 0;
	}
	write_cr4(cr4);
}

/* AVX, if its state has room in a task; SDM 1 13.2 and 13.4. */
static bool avx_init(void)
{
	const uint32_t has = cpuid(1, 0).c;

	if (!(has & HAS_XSAVE) || !(has & HAS_AVX) || cpuid(0, 0).a < 0xd)
		return false;
	if ((cpuid(0xd, 0).a & XCR0_AVX) != XCR0_AVX)
		return false;
	write_cr4(read_cr4() | CR4_OSXSAVE);
	write_xcr0(XCR0_AVX);
	/*
	 * There are hypervisors that lose XCR0 when they are entered, as by
	 * CPUID (KVM on an emulated SVM that does not tell it of XSETBV).
	 */
	if (cpuid(0xd, 0).b <= FPU_BYTES && read_xcr0() == XCR0_AVX)
		return true;
	write_cr4(read_cr4() & ~CR4_OSXSAVE);
	return false;
}

void cpu_init(void)
{
	struct cpu *cpu = &boot_cpu;

	cpu->self = cpu;
	cpu->state = &cpu->nobody;
	cpu->stack_top = kernel_stack_top;
	gdt_init(cpu);
	idt_init();
	features_init();
	cpu->fsgsbase = read_cr4() & CR4_FSGSBASE;
	cpu->avx = avx_init();
	write_msr(MSR_GS_BASE, (uintptr_t)cpu);
	write_msr(MSR_KERNEL_GS_BASE, 0);
	write_msr(MSR_STAR, (uint64_t)(SELECTOR_USER_DATA - 8) << 48 |
				    (uint64_t)SELECTOR_CODE << 32);
	write_msr(MSR_LSTAR, (uintptr_t)syscall_entry);
	write_msr(MSR_FMASK, FMASK);
	/* No way in by SYSENTER, whatever the loader used it for. */
	write_msr(MSR_SYSENTER_CS, 0);
	write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_SCE);
}
