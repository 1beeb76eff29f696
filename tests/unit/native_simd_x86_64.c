/* native_simd_x86_64.c: SSE instructions as the host executes them. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "tests/unit/host_features.h"
#include "tests/unit/native_simd.h"
#include "tests/unit/simd_operands.h"

#define CODE_SIZE 4096
#define ALL_MASKS 0x1f80u

_Static_assert(offsetof(struct native, xmm1) == 0x10, "code below");
_Static_assert(offsetof(struct native, xmm2) == 0x20, "code below");
_Static_assert(offsetof(struct native, rax) == 0x30, "code below");
_Static_assert(offsetof(struct native, rcx) == 0x38, "code below");
_Static_assert(offsetof(struct native, rdx) == 0x40, "code below");
_Static_assert(offsetof(struct native, flags) == 0x48, "code below");
_Static_assert(offsetof(struct native, mxcsr) == 0x50, "code below");
_Static_assert(offsetof(struct native, mxcsr_after) == 0x54, "code below");
_Static_assert(offsetof(struct native, mem) == 0x60, "code below");

static const uint8_t before[] = {
	0x48, 0x89, 0xfe,	      /* mov rsi, rdi */
	0x48, 0x8d, 0x7e, 0x60,	      /* lea rdi, [rsi + mem] */
	0xf3, 0x0f, 0x6f, 0x06,	      /* movdqu xmm0, [rsi] */
	0xf3, 0x0f, 0x6f, 0x4e, 0x10, /* movdqu xmm1, [rsi + xmm1] */
	0xf3, 0x0f, 0x6f, 0x56, 0x20, /* movdqu xmm2, [rsi + xmm2] */
	0x48, 0x8b, 0x46, 0x30,	      /* mov rax, [rsi + rax] */
	0x48, 0x8b, 0x4e, 0x38,	      /* mov rcx, [rsi + rcx] */
	0x48, 0x8b, 0x56, 0x40,	      /* mov rdx, [rsi + rdx] */
	0x0f, 0xae, 0x56, 0x50,	      /* ldmxcsr [rsi + mxcsr] */
};

static const uint8_t after[] = {
	0x0f, 0xae, 0x5e, 0x50,	      /* stmxcsr [rsi + mxcsr] */
	0x0f, 0xae, 0x56, 0x54,	      /* ldmxcsr [rsi + mxcsr_after] */
	0x9c, 0x8f, 0x46, 0x48,	      /* pushfq; pop [rsi + flags] */
	0xf3, 0x0f, 0x7f, 0x06,	      /* movdqu [rsi], xmm0 */
	0xf3, 0x0f, 0x7f, 0x4e, 0x10, /* movdqu [rsi + xmm1], xmm1 */
	0xf3, 0x0f, 0x7f, 0x56, 0x20, /* movdqu [rsi + xmm2], xmm2 */
	0x48, 0x89, 0x46, 0x30,	      /* mov [rsi + rax], rax */
	0x48, 0x89, 0x4e, 0x38,	      /* mov [rsi + rcx], rcx */
	0x48, 0x89, 0x56, 0x40,	      /* mov [rsi + rdx], rdx */
	0xc3,			      /* ret */
};

static uint8_t *code;
static uint8_t *resume; /* `after` in the code */
static volatile sig_atomic_t faulted;
static volatile uint32_t fault_mxcsr;

/* Go on behind the instruction, where nothing may fault again. */
static void skip(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	faulted = 1;
	uc->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)resume;
	fault_mxcsr = uc->uc_mcontext.fpregs->mxcsr;
	uc->uc_mcontext.fpregs->mxcsr |= ALL_MASKS;
}

int native_init(void)
{
	struct sigaction action = {.sa_sigaction = skip,
				   .sa_flags = SA_SIGINFO};

	if (!__builtin_cpu_supports("sse4.2"))
		return -ENOTSUP;
	if (!code)
		code = mmap(NULL, CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (code == MAP_FAILED) {
		code = NULL;
		return -ENOTSUP; /* a host that forbids writable code */
	}
	/* cmocka takes the signal back for each test */
	return sigaction(SIGFPE, &action, NULL);
}

bool native_has(const struct simd_row *row)
{
	return host_has(simd_feature(row));
}

void native_compile(const struct simd_row *row, bool memory, unsigned general,
		    unsigned imm)
{
	uint8_t *p = code;

	memcpy(p, before, sizeof(before));
	p += sizeof(before);
	p += simd_encode(p, row, memory, general, imm);
	resume = p;
	memcpy(p, after, sizeof(after));
}

void native_run(struct native *n)
{
	void (*run)(struct native *) = (void (*)(struct native *))code;

	faulted = 0;
	n->mxcsr_after = ALL_MASKS;
	run(n);
	n->fault = faulted;
	if (n->fault)
		n->mxcsr = fault_mxcsr;
}

uint32_t native_crc32(uint32_t crc, uint64_t data, unsigned bytes)
{
	uint64_t wide = crc;

	switch (bytes) {
	case 1:
		__asm__("crc32b %1, %0" : "+r"(crc) : "r"((uint8_t)data));
		return crc;
	case 2:
		__asm__("crc32w %1, %0" : "+r"(crc) : "r"((uint16_t)data));
		return crc;
	case 4:
		__asm__("crc32l %1, %0" : "+r"(crc) : "r"((uint32_t)data));
		return crc;
	}
	__asm__("crc32q %1, %0" : "+r"(wide) : "r"(data));
	return wide;
}
