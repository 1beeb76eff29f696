/* Call frame information of a real ELF file: this program, on its own stack. */
#include "tests/unit/unit.h"

#include <string.h>

#include "shell/backtrace.h"

#define SELF "/proc/self/exe"

static struct source *source;
static struct source_regs captured;
static uint8_t copy[4096]; /* of the stack, which others use after */
static size_t copied;
static uint64_t stack_end;

extern const char __ehdr_start[] __attribute__((visibility("hidden")));

/* Where the file's first byte is: its addresses begin at 0. */
static uint64_t base(void)
{
	return (uintptr_t)__ehdr_start;
}

/* Our own memory, this thread's stack; addresses of code as in the file. */
static bool read_stack(void *ctx, uint64_t va, uint64_t *word)
{
	uint64_t at = va - captured.r[SOURCE_RSP];

	if (copied < 8 || at > copied - 8)
		return false;
	memcpy(word, copy + at, 8);
	if (*word - base() < 0x1000000)
		*word -= base();
	return true;
}

static const struct source_memory stack = {read_stack, NULL};

/* Over what the sanitizer keeps between variables, too. */
static __attribute__((no_sanitize("address"))) void copy_stack(
	const volatile uint8_t *from)
{
	for (size_t i = 0; i < copied; i++)
		copy[i] = from[i];
}

/* What the ABI has a call keep, and the two that say where. */
static __attribute__((noinline)) int innermost(void)
{
	uint64_t *r = captured.r;

	__asm__ volatile("leaq 0(%%rip), %%rax\n\t"
			 "movq %%rax, %0\n\t"
			 "movq %%rsp, %1\n\t"
			 "movq %%rbp, %2\n\t"
			 "movq %%rbx, %3\n\t"
			 "movq %%r12, %4\n\t"
			 "movq %%r13, %5\n\t"
			 "movq %%r14, %6\n\t"
			 "movq %%r15, %7"
			 : "=m"(r[SOURCE_RIP]), "=m"(r[SOURCE_RSP]),
			   "=m"(r[SOURCE_RBP]), "=m"(r[3]), "=m"(r[12]),
			   "=m"(r[13]), "=m"(r[14]), "=m"(r[15])
			 :
			 : "rax");
	captured.known = 1u << SOURCE_RIP | 1u << SOURCE_RSP |
			 1u << SOURCE_RBP | 1u << 3 | 0xfu << 12;
	captured.r[SOURCE_RIP] -= base();
	copied = stack_end - r[SOURCE_RSP];
	copied = copied < sizeof(copy) ? copied : sizeof(copy);
	copy_stack((const volatile uint8_t *)(uintptr_t)r[SOURCE_RSP]);
	captured.behind_call = false;
	return 1;
}

static __attribute__((noinline)) int middle(int depth)
{
	char room[40];
	int sum;

	__asm__ volatile("" : : "r"(room) : "memory");
	sum = depth ? middle(depth - 1) : innermost();
	__asm__ volatile("" : "+r"(sum) : "r"(room) : "memory");
	return sum + 1;
}

static __attribute__((noinline)) int outermost(void)
{
	int sum = middle(2);

	__asm__ volatile("" : "+r"(sum));
	return sum;
}

static int begin(void **state)
{
	stack_end = (uintptr_t)__builtin_frame_address(0) + 64;
	source = source_open(SELF);
	assert_non_null(source);
	assert_int_equal(outermost(), 4);
	return 0;
}

static int end(void **state)
{
	source_close(source);
	return 0;
}

static const char *name_at(uint64_t ip)
{
	const char *name = symbols_function(source_symbols(source), ip);

	return name ? name : "?";
}

static __attribute__((noinline)) void unwind_here(const char *const *names,
						  unsigned count)
{
	struct source_regs regs;

	outermost();
	regs = captured;
	assert_string_equal(name_at(regs.r[SOURCE_RIP]), "innermost");
	for (unsigned i = 0; i < count; i++) {
		assert_true(source_unwind(source, &regs, &stack));
		assert_true(regs.behind_call);
		/* The compiler may add ".constprop.0". */
		assert_memory_equal(name_at(regs.r[SOURCE_RIP] - 1), names[i],
				    strlen(names[i]));
	}
}

static void test_each_caller_by_the_file_alone(void **state)
{
	static const char *const names[] = {"middle", "middle", "middle",
					    "outermost", "unwind_here"};
	unwind_here(names, 5);
}

static bool read_nothing(void *ctx, uint64_t va, uint64_t *word)
{
	return false;
}

static bool read_garbage(void *ctx, uint64_t va, uint64_t *word)
{
	*word = va * UINT64_C(0x9e3779b97f4a7c15);
	return true;
}

/* A return address that leads to the same place for ever. */
static bool read_loop(void *ctx, uint64_t va, uint64_t *word)
{
	*word = captured.r[SOURCE_RIP];
	return true;
}

static void test_memory_that_does_not_bear_it_out(void **state)
{
	static const struct source_memory none = {read_nothing, NULL},
					  garbage = {read_garbage, NULL};
	struct source_regs regs = captured;

	assert_false(source_unwind(source, &regs, &none));
	assert_memory_equal(&regs, &captured, sizeof(regs));
	for (unsigned i = 0; i < 100 && source_unwind(source, &regs, &garbage);
	     i++)
		assert_true(i < 50);
	regs = captured;
	regs.r[SOURCE_RIP] = 0;
	assert_false(source_unwind(source, &regs, &stack));
	regs = captured;
	regs.known = 0;
	assert_false(source_unwind(source, &regs, &stack));
}

static void test_a_backtrace_is_bounded(void **state)
{
	struct backtrace_target t = {
		{read_loop, NULL}, source_symbols(source), source};
	struct source_regs regs = captured;
	struct backtrace b;

	backtrace_of(&t, &regs, &b);
	assert_true(b.count <= BACKTRACE_MAX);
	t.memory.read = read_nothing;
	backtrace_of(&t, &regs, &b);
	assert_int_equal(b.count, 0);
	assert_true(b.guessed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_caller_by_the_file_alone),
		cmocka_unit_test(test_memory_that_does_not_bear_it_out),
		cmocka_unit_test(test_a_backtrace_is_bounded),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
