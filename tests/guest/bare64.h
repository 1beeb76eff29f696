/*
 * bare64.h: what the 64-bit test programs share: descriptor tables, memory
 * mapped one to one, and running code until its exception.
 *
 * attempt() calls a function in ring 0, attempt_user() in ring 3; both come
 * back by its return or by its first exception or interrupt and fill `trap`.
 * What ring 3 runs or touches is in section .user; the page there (4 MiB to
 * 6 MiB) is the only one that it may touch.
 */
#ifndef TESTS_GUEST_BARE64_H
#define TESTS_GUEST_BARE64_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/guest/print.h"

/* In the order that SYSRET wants. */
enum {
	SEL_CODE = 0x08,
	SEL_DATA = 0x10,
	SEL_UCODE32 = 0x1b,
	SEL_UDATA = 0x23,
	SEL_UCODE = 0x2b,
	SEL_TSS = 0x30,
	SEL_CODE32 = 0x40,
	SEL_FREE = 0x48, /* the first that tests may set */
	SEL_LAST = 0xf8
};

#define DONE 0x30 /* the vector that ends an attempt */

struct trap {
	uint64_t vector; /* DONE: there was none */
	uint64_t error;	 /* all ones: none was pushed */
	uint64_t rip, cs, rflags, rsp, ss;
	uint64_t frame; /* where RSP pointed to RIP */
	uint64_t cr2;
	uint64_t dr6;
	uint64_t r[16];
};

/* What IRETQ takes. */
struct frame {
	uint64_t rip, cs, rflags, rsp, ss;
};

struct tss {
	uint32_t unused0;
	uint32_t rsp[3][2];
	uint32_t unused1[2];
	uint32_t ist[7][2];
	uint32_t unused2[2];
	uint16_t unused3, map;
	uint8_t ports[17];
} __attribute__((packed, aligned(4)));

extern struct trap trap;
/* Attempts begin with these; not RSP and R8 to R11. */
extern uint64_t enter[16];
extern uint64_t gdt[32], idt[256][2];
extern struct tss tss;
/* Of attempts in ring 0 and 3, of exceptions from ring 3, of IST 1. */
extern uint8_t attempt_stack_top[], user_stack_top[], tss_stack_top[],
	ist_stack_top[];
extern uint8_t stubs[256][16];
extern uint32_t start_info;
/* By 2 MiB pages, to 4 GiB. */
extern uint64_t pml4[512], pdpt[512], pd[4][512];
extern char kernel_done[], user_done[];

#define USER	__attribute__((section(".user.data")))
#define ALIGNED __attribute__((aligned(4096)))
#define HANDLER __attribute__((interrupt))

/* A function of assembly code that both rings may call. */
#define CODE(name, text)                                                  \
	void name(void);                                                  \
	__asm__(".section .user, \"awx\"\n" #name ":\n" text "\n\tret\n." \
		"text\n")

void attempt(void (*fn)(void));
void attempt_user(void (*fn)(void));
/* From there on, with these registers; `*frame` is copied. */
void attempt_frame(const struct frame *frame);
/* What attempt() and attempt_user() start with; RSP's word leads back. */
struct frame frame_of(void (*fn)(void), bool user);

/* "name: ok", or the vector and error code in `trap`. */
void report(const char *name);
/* The same without name and end of line. */
void outcome(void);

void set_gate(unsigned vector, unsigned type, unsigned selector,
	      const void *offset, unsigned ist);
/* A function with HANDLER. */
void set_handler(unsigned vector, void *fn);
/* The stub that ends an attempt again. */
void reset_gate(unsigned vector);

uint64_t segment(unsigned attr);
int test_main(void);

/* ---- instructions ---- */

#define ACCESSORS(reg)                                                      \
	static inline uint64_t get_##reg(void)                              \
	{                                                                   \
		uint64_t val;                                               \
                                                                            \
		__asm__ volatile("movq %%" #reg ", %0" : "=r"(val));        \
		return val;                                                 \
	}                                                                   \
	static inline void set_##reg(uint64_t val)                          \
	{                                                                   \
		__asm__ volatile("movq %0, %%" #reg ::"r"(val) : "memory"); \
	}

ACCESSORS(cr0)
ACCESSORS(cr2)
ACCESSORS(cr3)
ACCESSORS(cr4)
ACCESSORS(cr8)
ACCESSORS(dr6)
ACCESSORS(dr7)

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static inline void wrmsr(uint32_t msr, uint64_t val)
{
	__asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)val),
			 "d"((uint32_t)(val >> 32))
			 : "memory");
}

static inline uint64_t rdtsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static inline void invlpg(uint64_t at)
{
	__asm__ volatile("invlpg (%0)" ::"r"(at) : "memory");
}

/* A bit of CPUID's output register 0 (EAX) to 3 (EDX). */
static inline bool cpuid_bit(uint32_t leaf, unsigned reg, unsigned bit)
{
	uint32_t out[4];

	__asm__ volatile("cpuid"
			 : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]),
			   "=d"(out[3])
			 : "0"(leaf), "2"(0));
	return out[reg] >> bit & 1;
}

#define CR0_EM	     0x4u
#define CR0_TS	     0x8u
#define CR0_WP	     0x10000u
#define CR0_AM	     0x40000u
#define CR4_DE	     0x8u
#define CR4_PGE	     0x80u
#define CR4_XMM	     0x400u
#define CR4_UMIP     0x800u
#define CR4_FSGSBASE 0x10000u
#define CR4_PCIDE    0x20000u
#define CR4_OSXSAVE  0x40000u
#define CR4_SMEP     0x100000u
#define CR4_SMAP     0x200000u
#define MSR_EFER     0xc0000080u
#define MSR_STAR     0xc0000081u
#define MSR_LSTAR    0xc0000082u
#define MSR_CSTAR    0xc0000083u
#define MSR_FMASK    0xc0000084u
#define MSR_FS_BASE  0xc0000100u
#define MSR_GS_BASE  0xc0000101u
#define MSR_KGS_BASE 0xc0000102u
#define MSR_TSC_AUX  0xc0000103u
#define EFER_NXE     0x800u
#define TF	     0x100u
#define IF	     0x200u
#define RF	     0x10000u
#define AC	     0x40000u
#define NT	     0x4000u
#define PTE_NX	     (UINT64_C(1) << 63)

#endif
