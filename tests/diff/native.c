/*
 * native.c: the host's side. The sandbox's pages are one file in memory,
 * mapped once writable for us and once as the guest has them. Exceptions
 * come as signals on a stack of their own, whose handler notes them and goes
 * straight back to native_run()'s caller. System calls from inside the
 * sandbox, which no case makes on purpose, end the program.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/diff/diff.h"

#ifndef HWCAP2_FSGSBASE
#define HWCAP2_FSGSBASE 2
#endif

#define VECTOR_PF 14

void native_enter(void);
void native_exit(void);
_Noreturn void native_leave(void);
void native_signal(int number, siginfo_t *info, void *context);
_Noreturn void native_caught(int number, siginfo_t *info, void *context);
extern struct registers native_in, native_out;
int native_fsgsbase, native_avx;
volatile int native_running;

_Static_assert(sizeof(struct registers) == 1024, "as native_x86_64.S has it");
_Static_assert(offsetof(struct registers, fxsave) == 192, "as above");

static uint8_t *image;
static int caught_vector;
static uint32_t caught_error;
static uint64_t caught_cr2;

/* Where a signal's frame has more than FXSAVE's image (sigcontext.h). */
#define FRAME_MAGIC_AT 464
#define FRAME_MAGIC    0x46505853u
#define XSTATE_AT      512
#define XSTATE_AVX     4u
#define YMM_HIGH_AT    576

static void take_upper_halves(const uint8_t *frame, struct registers *out)
{
	uint32_t magic;
	uint64_t there;

	memset(out->ymm_high, 0, sizeof(out->ymm_high));
	memcpy(&magic, frame + FRAME_MAGIC_AT, 4);
	memcpy(&there, frame + XSTATE_AT, 8);
	if (native_avx && magic == FRAME_MAGIC && there & XSTATE_AVX)
		memcpy(out->ymm_high, frame + YMM_HIGH_AT,
		       sizeof(out->ymm_high));
}

static void take_registers(const mcontext_t *mc, struct registers *out)
{
	static const uint8_t order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX,
					  REG_RSP, REG_RBP, REG_RSI, REG_RDI,
					  REG_R8,  REG_R9,  REG_R10, REG_R11,
					  REG_R12, REG_R13, REG_R14, REG_R15};

	for (unsigned i = 0; i < 16; i++)
		out->gpr[i] = mc->gregs[order[i]];
	out->rip = mc->gregs[REG_RIP];
	out->rflags = mc->gregs[REG_EFL];
	memcpy(out->fxsave, mc->fpregs, sizeof(out->fxsave));
	take_upper_halves((const uint8_t *)mc->fpregs, out);
}

_Noreturn void native_caught(int number, siginfo_t *info, void *context)
{
	const mcontext_t *mc = &((ucontext_t *)context)->uc_mcontext;

	if (!native_running || number == SIGSYS) {
		static const char text[] =
			"diff: a signal outside the sandbox, or a system call "
			"inside it\n";

		if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
			_exit(3);
		_exit(2);
	}
	take_registers(mc, &native_out);
	caught_vector = mc->gregs[REG_TRAPNO];
	caught_error = mc->gregs[REG_ERR];
	caught_cr2 = mc->gregs[REG_CR2];
	native_leave();
}

void native_run(const struct registers *in, struct outcome *out)
{
	native_in = *in;
	native_in.xstate_bv = 7;
	/* XSAVE writes no component that is in its initial state. */
	memset(&native_out, 0, sizeof(native_out));
	caught_vector = NO_FAULT;
	native_running = 1;
	native_enter();
	native_running = 0;
	out->regs = native_out;
	out->regs.xstate_bv = 0;
	memset(out->regs.header, 0, sizeof(out->regs.header));
	out->vector = caught_vector;
	out->error = 0;
	out->cr2 = 0;
	if (out->vector == NO_FAULT)
		out->regs.rip = BOX_EXIT;
	else
		out->error = caught_error;
	if (out->vector == VECTOR_PF)
		out->cr2 = caught_cr2;
	if (!native_fsgsbase) {
		out->regs.fs_base = in->fs_base;
		out->regs.gs_base = in->gs_base;
	}
}

uint64_t native_exit_address(void)
{
	return (uintptr_t)native_exit;
}

uint8_t *native_image(void)
{
	return image;
}

bool native_has_fsgsbase(void)
{
	return native_fsgsbase;
}

bool native_has_avx(void)
{
	return native_avx;
}

static bool map(int fd, uintptr_t at, size_t size, int prot, off_t offset)
{
	void *p = mmap((void *)at, size, prot,
		       MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_POPULATE, fd,
		       offset);

	/* The guest must not see which pages Linux has mapped yet. */
	return p == (void *)at && (mlock(p, size) || true);
}

static bool map_all(void)
{
	int fd = memfd_create("diff", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, IMAGE_SIZE + BOX_PAGE))
		return false;
	image = mmap(NULL, IMAGE_SIZE + BOX_PAGE, PROT_READ | PROT_WRITE,
		     MAP_SHARED, fd, 0);
	if (image == MAP_FAILED)
		return false;
	return map(fd, BOX_DATA, 2 * BOX_PAGE, PROT_READ | PROT_WRITE,
		   IMAGE_DATA) &&
	       map(fd, BOX_CONST, BOX_PAGE, PROT_READ, IMAGE_CONST) &&
	       map(fd, BOX_STACK, BOX_PAGE, PROT_READ | PROT_WRITE,
		   IMAGE_STACK) &&
	       map(fd, BOX_CODE, BOX_PAGE, PROT_READ | PROT_EXEC, IMAGE_CODE) &&
	       map(fd, BOX_EXIT, BOX_PAGE, PROT_READ | PROT_EXEC, IMAGE_SIZE);
}

static bool handle_signals(void)
{
	static const int numbers[] = {SIGSEGV, SIGBUS,	SIGFPE,
				      SIGILL,  SIGTRAP, SIGSYS};
	struct sigaction sa = {.sa_flags =
				       SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
	stack_t stack = {.ss_size = 256 * 1024};

	sa.sa_sigaction = native_signal;
	stack.ss_sp = mmap(NULL, stack.ss_size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL))
		return false;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (sigaction(numbers[i], &sa, NULL))
			return false;
	return true;
}

/* jmp *2(%rip), two bytes, and the address: aligned, for AC. */
static void put_exit(void)
{
	static const uint8_t jump[] = {0xff, 0x25, 2, 0, 0, 0, 0xcc, 0xcc};
	uint64_t to = native_exit_address();

	memset(image + IMAGE_SIZE, 0xcc, BOX_PAGE);
	memcpy(image + IMAGE_SIZE, jump, sizeof(jump));
	memcpy(image + IMAGE_SIZE + sizeof(jump), &to, sizeof(to));
}

bool native_init(void)
{
	if (!map_all() || !handle_signals())
		return false;
	put_exit();
	native_avx = __builtin_cpu_supports("avx");
	native_fsgsbase = !!(getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE);
	/*
	 * Only code from behind the sandbox on may make system calls. A
	 * kernel without this has the cases' own care alone.
	 */
	prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, BOX_END,
	      -(unsigned long)BOX_END, NULL);
	return true;
}
