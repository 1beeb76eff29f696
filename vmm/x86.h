/*
 * x86.h: the architecture's constants and the one form of a CPU's registers
 * outside the backends (Intel SDM volume 3, chapters 2 to 6; AMD APM 2).
 */
#ifndef VMM_X86_H
#define VMM_X86_H

#include <stdbool.h>
#include <stdint.h>

/* RFLAGS */
#define FLAG_CF	       (UINT64_C(1) << 0)
#define FLAG_FIXED     (UINT64_C(1) << 1) /* reads as one */
#define FLAG_PF	       (UINT64_C(1) << 2)
#define FLAG_AF	       (UINT64_C(1) << 4)
#define FLAG_ZF	       (UINT64_C(1) << 6)
#define FLAG_SF	       (UINT64_C(1) << 7)
#define FLAG_TF	       (UINT64_C(1) << 8)
#define FLAG_IF	       (UINT64_C(1) << 9)
#define FLAG_DF	       (UINT64_C(1) << 10)
#define FLAG_OF	       (UINT64_C(1) << 11)
#define FLAG_IOPL      (UINT64_C(3) << 12)
#define FLAG_NT	       (UINT64_C(1) << 14)
#define FLAG_RF	       (UINT64_C(1) << 16)
#define FLAG_VM	       (UINT64_C(1) << 17)
#define FLAG_AC	       (UINT64_C(1) << 18)
#define FLAG_VIF       (UINT64_C(1) << 19)
#define FLAG_VIP       (UINT64_C(1) << 20)
#define FLAG_ID	       (UINT64_C(1) << 21)

/* CR0 */
#define CR0_PE	       (UINT64_C(1) << 0)
#define CR0_MP	       (UINT64_C(1) << 1)
#define CR0_EM	       (UINT64_C(1) << 2)
#define CR0_TS	       (UINT64_C(1) << 3)
#define CR0_ET	       (UINT64_C(1) << 4)
#define CR0_NE	       (UINT64_C(1) << 5)
#define CR0_WP	       (UINT64_C(1) << 16)
#define CR0_AM	       (UINT64_C(1) << 18)
#define CR0_NW	       (UINT64_C(1) << 29)
#define CR0_CD	       (UINT64_C(1) << 30)
#define CR0_PG	       (UINT64_C(1) << 31)

/* CR4 */
#define CR4_VME	       (UINT64_C(1) << 0)
#define CR4_PVI	       (UINT64_C(1) << 1)
#define CR4_TSD	       (UINT64_C(1) << 2)
#define CR4_DE	       (UINT64_C(1) << 3)
#define CR4_PSE	       (UINT64_C(1) << 4)
#define CR4_PAE	       (UINT64_C(1) << 5)
#define CR4_MCE	       (UINT64_C(1) << 6)
#define CR4_PGE	       (UINT64_C(1) << 7)
#define CR4_PCE	       (UINT64_C(1) << 8)
#define CR4_OSFXSR     (UINT64_C(1) << 9)
#define CR4_OSXMMEXCPT (UINT64_C(1) << 10)
#define CR4_UMIP       (UINT64_C(1) << 11)
#define CR4_LA57       (UINT64_C(1) << 12)
#define CR4_FSGSBASE   (UINT64_C(1) << 16)
#define CR4_PCIDE      (UINT64_C(1) << 17)
#define CR4_OSXSAVE    (UINT64_C(1) << 18)
#define CR4_SMEP       (UINT64_C(1) << 20)
#define CR4_SMAP       (UINT64_C(1) << 21)

/* EFER */
#define EFER_SCE       (UINT64_C(1) << 0)
#define EFER_LME       (UINT64_C(1) << 8)
#define EFER_LMA       (UINT64_C(1) << 10)
#define EFER_NXE       (UINT64_C(1) << 11)

/* Page-table entries */
#define PTE_P	       (UINT64_C(1) << 0)
#define PTE_W	       (UINT64_C(1) << 1)
#define PTE_U	       (UINT64_C(1) << 2)
#define PTE_PWT	       (UINT64_C(1) << 3)
#define PTE_PCD	       (UINT64_C(1) << 4)
#define PTE_A	       (UINT64_C(1) << 5)
#define PTE_D	       (UINT64_C(1) << 6)
#define PTE_PS	       (UINT64_C(1) << 7)
#define PTE_G	       (UINT64_C(1) << 8)
#define PTE_NX	       (UINT64_C(1) << 63)
#define PTE_ADDR       UINT64_C(0x000ffffffffff000)

/* Page-fault error code */
#define PF_P	       (1u << 0)
#define PF_W	       (1u << 1)
#define PF_U	       (1u << 2)
#define PF_RSVD	       (1u << 3)
#define PF_I	       (1u << 4)

/* Exceptions */
enum x86_vector {
	VEC_DE = 0,
	VEC_DB = 1,
	VEC_NMI = 2,
	VEC_BP = 3,
	VEC_OF = 4,
	VEC_BR = 5,
	VEC_UD = 6,
	VEC_NM = 7,
	VEC_DF = 8,
	VEC_TS = 10,
	VEC_NP = 11,
	VEC_SS = 12,
	VEC_GP = 13,
	VEC_PF = 14,
	VEC_MF = 16,
	VEC_AC = 17,
	VEC_MC = 18,
	VEC_XM = 19,
};

/* Model-specific registers */
#define MSR_TSC		   0x10u
#define MSR_APIC_BASE	   0x1bu
#define MSR_MTRRCAP	   0xfeu
#define MSR_SYSENTER_CS	   0x174u
#define MSR_SYSENTER_ESP   0x175u
#define MSR_SYSENTER_EIP   0x176u
#define MSR_MISC_ENABLE	   0x1a0u
#define MSR_PAT		   0x277u
#define MSR_MTRR_DEF_TYPE  0x2ffu
#define MSR_TSC_DEADLINE   0x6e0u
#define MSR_X2APIC_FIRST   0x800u
#define MSR_X2APIC_LAST	   0x8ffu
#define MSR_XSS		   0xda0u
#define MSR_EFER	   0xc0000080u
#define MSR_STAR	   0xc0000081u
#define MSR_LSTAR	   0xc0000082u
#define MSR_CSTAR	   0xc0000083u
#define MSR_FMASK	   0xc0000084u
#define MSR_FS_BASE	   0xc0000100u
#define MSR_GS_BASE	   0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u
#define MSR_TSC_AUX	   0xc0000103u

/* How many memory-type ranges there are. */
#define MTRR_VARIABLE	   8
#define MTRR_FIXED	   11

/* MSR_APIC_BASE: the boot CPU's, x2APIC mode, enabled. */
#define APIC_BASE_BSP	   (UINT64_C(1) << 8)
#define APIC_BASE_EXTD	   (UINT64_C(1) << 10)
#define APIC_BASE_EN	   (UINT64_C(1) << 11)

/* General registers, in encoding order. (<signal.h> takes REG_RAX.) */
enum x86_gpr {
	GPR_RAX,
	GPR_RCX,
	GPR_RDX,
	GPR_RBX,
	GPR_RSP,
	GPR_RBP,
	GPR_RSI,
	GPR_RDI,
	GPR_R8,
	GPR_R9,
	GPR_R10,
	GPR_R11,
	GPR_R12,
	GPR_R13,
	GPR_R14,
	GPR_R15,
	GPR_COUNT
};

/* Segment registers, in encoding order; the last two are the system ones. */
enum x86_seg {
	SEG_ES,
	SEG_CS,
	SEG_SS,
	SEG_DS,
	SEG_FS,
	SEG_GS,
	SEG_LDTR,
	SEG_TR,
	SEG_COUNT
};

/*
 * Segment attributes: the access byte of the descriptor in bits 7:0 and its
 * flags nibble in bits 15:12, as in the descriptor itself (SDM 3.4.5).
 *
 *	15 14 13 12 11..8  7  6 5  4  3..0
 *	 G  B  L  A   0    P  DPL  S  type
 */
#define SEG_ATTR_TYPE 0x000fu
#define SEG_ATTR_S    0x0010u
#define SEG_ATTR_DPL  0x0060u
#define SEG_ATTR_P    0x0080u
#define SEG_ATTR_AVL  0x1000u
#define SEG_ATTR_L    0x2000u
#define SEG_ATTR_B    0x4000u /* D/B: 32-bit */
#define SEG_ATTR_G    0x8000u
#define SEG_ATTR_CODE 0x009bu /* present, ring 0, accessed, readable code */
#define SEG_ATTR_DATA 0x0093u /* present, ring 0, accessed, writable data */
#define SEG_ATTR_TSS  0x008bu /* present, busy 32- or 64-bit TSS */
#define SEG_ATTR_LDT  0x0082u

struct x86_segment {
	uint64_t base;
	uint32_t limit; /* in bytes, granularity applied */
	uint16_t selector;
	uint16_t attr; /* 0, not present: a null selector's */
};

#define SHADOW_STI    1u
#define SHADOW_MOV_SS 2u /* and #DB */

struct x86_table {
	uint64_t base;
	uint64_t limit; /* in bytes; 16 bits count */
};

/* A CPU that waits for SIPI takes nothing else but INIT. */
enum x86_halt { HALT_NONE, HALT_HLT, HALT_WAIT_SIPI };

/* Everything a CPU keeps that a guest can see; no padding. */
struct x86_state {
	uint64_t gpr[GPR_COUNT];
	uint64_t rip;
	uint64_t rflags;
	struct x86_segment seg[SEG_COUNT];
	struct x86_table gdt, idt;
	uint64_t cr0, cr2, cr3, cr4, cr8;
	/*
	 * PAE paging's pointers as CR3's loading found them (SDM 3 4.4.1).
	 * All zero: take them from memory. Only the simulator tells them.
	 */
	uint64_t pdpte[4];
	uint64_t xcr0;
	uint64_t dr[8]; /* 4 and 5 unused */
	uint64_t efer;
	uint64_t star, lstar, cstar, fmask;
	uint64_t kernel_gs_base; /* FS and GS base: seg[].base */
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint64_t pat, misc_enable, tsc_aux;
	/*
	 * Bases and masks by turns; the fixed ones by their MSRs' numbers.
	 * Only the simulator tells them: KVM keeps its own.
	 */
	uint64_t mtrr_def_type, mtrr_variable[2 * MTRR_VARIABLE];
	uint64_t mtrr_fixed[MTRR_FIXED];
	uint64_t apic_base;
	uint64_t tsc_offset; /* TSC = clock in TSC ticks + this */
	uint64_t halted;     /* enum x86_halt */
	uint64_t random;     /* of RDRAND: numbers given (sim) */
	uint64_t shadow;     /* SHADOW_*: holds interrupts off */
	uint64_t in_nmi;     /* 1: no further NMI before IRET; 0 on KVM */

	/*
	 * An event whose delivery the host interrupted half-way; 0 on sim,
	 * whose run() never returns there. APM 2 section 15.20, EVENTINJ:
	 * vector 7:0, type 10:8, has an error code 11, valid 31, error 63:32.
	 */
	uint64_t event;
	uint8_t fxsave[512];   /* x87 and SSE state, FXSAVE64 format */
	uint8_t ymm_high[256]; /* bits 255:128 of YMM0 to YMM15 */
};

struct guestmem;

/*
 * Translate `gva` by the page tables that `state`'s control registers name,
 * as the CPU would but with no fault and no A or D bit set; rights are not
 * asked. False when it is not mapped. For people who look.
 */
bool x86_translate(const struct guestmem *mem, const struct x86_state *state,
		   uint64_t gva, uint64_t *gpa);

/* Where the next instruction is, in linear addresses. */
static inline uint64_t x86_linear_rip(const struct x86_state *s)
{
	if (s->efer & EFER_LMA && s->seg[SEG_CS].attr & SEG_ATTR_L)
		return s->rip;
	return (uint32_t)(s->rip + s->seg[SEG_CS].base);
}

#endif
