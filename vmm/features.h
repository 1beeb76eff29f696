/*
 * features.h: what a processor may have, and the levels of --cpu.
 *
 * One list of the CPUID bits that either backend can give or take away. A
 * level has what the x86-64 psABI says (section 3.1.1), which must be there,
 * and features for kernels, which are given where the backend has them.
 */
#ifndef VMM_FEATURES_H
#define VMM_FEATURES_H

#include <stdbool.h>
#include <stdint.h>

enum cpu_level {
	CPU_DEFAULT, /* sim: CPU_V2, the same in every version; KVM: CPU_MAX */
	CPU_V1,	     /* x86-64: what the first ones had */
	CPU_V2,
	CPU_V3,
	CPU_MAX, /* all that the backend has */
};

/* Where a bit stands, by the output register: */
enum cpuid_register { CPUID_EAX, CPUID_EBX, CPUID_ECX, CPUID_EDX };

/*
 * SIM: the simulator has it. EXTRA: no part of the psABI's level, so a
 * processor without it is of that level too.
 */
#define FEATURE_SIM		1u
#define FEATURE_EXTRA		2u

/* clang-format off */
#define FEATURE_LIST(X)							\
	/* name, leaf, index, register, bit, level, flags */		\
	X(FPU,        1, 0, EDX,  0, V1,  SIM)				\
	X(DE,         1, 0, EDX,  2, V1,  SIM)				\
	X(PSE,        1, 0, EDX,  3, V1,  SIM)				\
	X(TSC,        1, 0, EDX,  4, V1,  SIM)				\
	X(MSR,        1, 0, EDX,  5, V1,  SIM)				\
	X(PAE,        1, 0, EDX,  6, V1,  SIM)				\
	X(CX8,        1, 0, EDX,  8, V1,  SIM)				\
	X(APIC,       1, 0, EDX,  9, V1,  SIM)				\
	X(SEP,        1, 0, EDX, 11, V1,  SIM | EXTRA)			\
	X(MTRR,       1, 0, EDX, 12, V1,  SIM | EXTRA)			\
	X(PGE,        1, 0, EDX, 13, V1,  SIM)				\
	X(CMOV,       1, 0, EDX, 15, V1,  SIM)				\
	X(PAT,        1, 0, EDX, 16, V1,  SIM)				\
	X(PSE36,      1, 0, EDX, 17, V1,  SIM | EXTRA)			\
	X(CLFSH,      1, 0, EDX, 19, V1,  SIM)				\
	X(MMX,        1, 0, EDX, 23, V1,  SIM)				\
	X(FXSR,       1, 0, EDX, 24, V1,  SIM)				\
	X(SSE,        1, 0, EDX, 25, V1,  SIM)				\
	X(SSE2,       1, 0, EDX, 26, V1,  SIM)				\
	X(NO_FCS,     7, 0, EBX, 13, V1,  SIM | EXTRA) /* x87's CS, DS: 0 */ \
	X(SYSCALL,    0x80000001, 0, EDX, 11, V1, SIM)			\
	X(NX,         0x80000001, 0, EDX, 20, V1, SIM)			\
	X(LM,         0x80000001, 0, EDX, 29, V1, SIM)			\
									\
	X(SSE3,       1, 0, ECX,  0, V2,  SIM)				\
	X(SSSE3,      1, 0, ECX,  9, V2,  SIM)				\
	X(CX16,       1, 0, ECX, 13, V2,  SIM)				\
	X(SSE4_1,     1, 0, ECX, 19, V2,  SIM)				\
	X(SSE4_2,     1, 0, ECX, 20, V2,  SIM)				\
	X(POPCNT,     1, 0, ECX, 23, V2,  SIM)				\
	X(LAHF,       0x80000001, 0, ECX,  0, V2, SIM)			\
	X(FSGSBASE,   7, 0, EBX,  0, V2,  SIM | EXTRA)			\
	X(SMEP,       7, 0, EBX,  7, V2,  SIM | EXTRA)			\
	X(SMAP,       7, 0, EBX, 20, V2,  SIM | EXTRA)			\
	X(UMIP,       7, 0, ECX,  2, V2,  SIM | EXTRA)			\
	X(PAGE1GB,    0x80000001, 0, EDX, 26, V2, SIM | EXTRA)		\
	X(RDTSCP,     0x80000001, 0, EDX, 27, V2, SIM | EXTRA)		\
	X(PREFETCHW,  0x80000001, 0, ECX,  8, V2, SIM | EXTRA)		\
	X(PCID,       1, 0, ECX, 17, V2,  SIM | EXTRA)			\
	X(INVPCID,    7, 0, EBX, 10, V2,  SIM | EXTRA)			\
	X(XSAVE,      1, 0, ECX, 26, V2,  SIM | EXTRA)			\
	X(XSAVEOPT,   13, 1, EAX, 0, V2,  SIM | EXTRA)			\
	X(XSAVEC,     13, 1, EAX, 1, V2,  SIM | EXTRA)			\
	X(XGETBV1,    13, 1, EAX, 2, V2,  SIM | EXTRA)			\
									\
	X(FMA,        1, 0, ECX, 12, V3,  SIM)				\
	X(MOVBE,      1, 0, ECX, 22, V3,  SIM)				\
	X(AVX,        1, 0, ECX, 28, V3,  SIM)				\
	X(F16C,       1, 0, ECX, 29, V3,  SIM)				\
	X(BMI1,       7, 0, EBX,  3, V3,  SIM)				\
	X(AVX2,       7, 0, EBX,  5, V3,  SIM)				\
	X(BMI2,       7, 0, EBX,  8, V3,  SIM)				\
	X(LZCNT,      0x80000001, 0, ECX,  5, V3, SIM)			\
									\
	X(XSAVES,     13, 1, EAX, 3, MAX, SIM)				\
	X(PCLMULQDQ,  1, 0, ECX,  1, MAX, SIM)				\
	X(AES,        1, 0, ECX, 25, MAX, SIM)				\
	X(RDRAND,     1, 0, ECX, 30, MAX, SIM)				\
	X(RDSEED,     7, 0, EBX, 18, MAX, SIM)				\
	X(ADX,        7, 0, EBX, 19, MAX, SIM)				\
	X(CLFLUSHOPT, 7, 0, EBX, 23, MAX, SIM)				\
	X(CLWB,       7, 0, EBX, 24, MAX, SIM)				\
	X(SHA,        7, 0, EBX, 29, MAX, SIM)				\
	X(RDPID,      7, 0, ECX, 22, MAX, SIM)
/* clang-format on */

#define FEATURE_NAME(name, ...) FEATURE_##name,
enum feature { FEATURE_LIST(FEATURE_NAME) FEATURE_COUNT };
#undef FEATURE_NAME

_Static_assert(FEATURE_COUNT <= 64, "sets of features are 64 bits");

#define FEATURE_BIT(name) (UINT64_C(1) << FEATURE_##name)

/* A set of features is a mask of FEATURE_BIT()s. */
uint64_t features_of_sim(void);

/* Those a processor of `level` (not CPU_DEFAULT) may show at most. */
uint64_t features_of_level(enum cpu_level level);

/* The first one that `level` must have and `have` has not, or NULL. */
const char *features_missing(enum cpu_level level, uint64_t have);

/* The bits of `set` in this register of a leaf. */
uint32_t features_cpuid(uint64_t set, uint32_t leaf, uint32_t index,
			enum cpuid_register reg);

/* "x86-64-v2" and so on; "default" is none of --cpu's words. */
const char *cpu_level_name(enum cpu_level level);

#endif
