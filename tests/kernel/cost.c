/*
 * cost.c: what system calls cost in instructions. On the simulator the time
 * stamp counter counts them, user's and kernel's, so the numbers are exact
 * and the same in every run; `syscall` is counted and what surrounds it in the
 * caller is not. A line a call: its name, and the cost.
 */
#include "tests/kernel/check.h"

/*
 * Runs `syscall` if there is one, with the registers of a call around it, and
 * reads the counter before and after. 32 bits of it are enough.
 */
#define TIMED(instruction)                                                    \
	__asm__ volatile("rdtsc\n\t"                                          \
			 "mov %%eax, %%r14d\n\t"                              \
			 "mov %[rax], %%rax\n\t"                              \
			 "mov %[rdx], %%rdx\n\t" instruction "\n\t"           \
			 "mov %%rax, %%r15\n\t"                               \
			 "rdtsc\n\t"                                          \
			 "sub %%r14d, %%eax"                                  \
			 : "=&a"(ticks), "=&d"(high), "+r"(r10), "+r"(r8),    \
			   "+r"(r9)                                           \
			 : [rax] "m"(r->rax), [rdx] "m"(r->rdx), "D"(r->rdi), \
			   "S"(r->rsi)                                        \
			 : "rcx", "r11", "r14", "r15", "memory")

static uint32_t timed(const struct raw *r, bool call)
{
	register uint64_t r10 __asm__("r10") = r->r10;
	register uint64_t r8 __asm__("r8") = r->r8;
	register uint64_t r9 __asm__("r9") = r->r9;
	uint32_t ticks, high;

	if (call)
		TIMED("syscall");
	else
		TIMED("");
	return ticks;
}

static uint32_t cost(const struct raw *r)
{
	return timed(r, true) - timed(r, false);
}

int user_main(const struct boot_info *info)
{
	struct raw r = {SYS_VERSION};
	for (int i = 0; i < 3; i++) {
		r = (struct raw){SYS_VERSION};
		rt_print("version %u", cost(&r));
		r = (struct raw){SYS_INVOKE, 0, INFO(CPOOL_TYPE, 1, 1, 0), 5};
		rt_print("cpool_type %u", cost(&r));
	}
	sys_test_succeed();
}
