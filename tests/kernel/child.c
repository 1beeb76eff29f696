/*
 * child.c: programs that are started by another one: hello.elf, the module
 * beside the kernel, in an address space of its own. That they run, end and
 * fail as they should, and that all they were made of comes back.
 */
#include "guest-kernel/user/child.h"
#include "tests/kernel/check.h"

static const struct boot_module *module;
static struct child child;

static const struct child_options plain = {.arguments = "", .grains = 4};

static enum error begin(const struct child_options *options)
{
	enum error err = child_make(&child, (const void *)module->va,
				    module->bytes, options);

	return err ? err : child_go(&child);
}

static bool run(const char *arguments, int *result)
{
	const struct child_options options = {.arguments = arguments,
					      .grains = 4};
	bool ended = begin(&options) == ERR_OK && child_join(&child, result);

	child_destroy(&child);
	return ended;
}

static uint64_t memory_left(void)
{
	uint64_t left = 0;

	malloc_trim();
	sys_untyped_info(UNTYPED, NULL, &left, NULL);
	return left;
}

static void test_results(void)
{
	int result = -1;

	check(run("", &result) && result == 0, "a child runs and ends");
	check(run("a \"b c\" d", &result) && result == 44,
	      "it has its arguments, and we its result");
	check(!run("panic", &result), "a panic is told from a result");
	check(!run("fault", &result), "and so is a fault");
}

static void test_nothing_is_lost(void)
{
	uint64_t before = memory_left();
	bool right = true;

	for (int i = 0; i < 5; i++)
		right &= run("", NULL);
	check(right, "a child after the other");
	check_equal(memory_left(), before, "costs no memory");
	check_error(begin(&plain), ERR_OK, "one that nobody waits for");
	child_destroy(&child);
	check_equal(memory_left(), before, "costs none, either");
}

static void test_too_much_is_refused(void)
{
	struct child_options options = {.grains = BOOT_UNTYPEDS + 1};
	uint64_t before;

	/* What is cut into grains stays so: the second time costs nothing. */
	check_error(begin(&options), ERR_NO_SLOT, "more memory than a child");
	before = memory_left();
	check_error(begin(&options), ERR_NO_SLOT, "can have is refused");
	check_equal(memory_left(), before, "and nothing is lost");
	check(run("", NULL), "the next one runs");
}

/* The file's bytes, to be spoiled. */
static void test_files_are_checked(void)
{
	uint8_t *copy = malloc(module->bytes);

	check(copy != NULL, "a copy");
	memcpy(copy, (const void *)module->va, module->bytes);
	copy[0] = 0;
	check_error(child_make(&child, copy, module->bytes, &plain), ERR_RANGE,
		    "no ELF file");
	check(!strcmp(child.problem, "it is no ELF64 file"), "is named");
	copy[0] = 0x7f;
	check_error(child_make(&child, copy, 100, &plain), ERR_RANGE,
		    "one that is cut off");
	check_error(child_make(&child, copy, 0, &plain), ERR_RANGE,
		    "and an empty one");
	free(copy);
}

static void test_the_channel_is_shared(void)
{
	struct caddr channel = make(OBJECT_CHANNEL, 2);
	const struct child_options options = {.channel = channel, .grains = 4};
	struct taken got;

	sys_channel_put_raw(channel, 1234, CHANNEL_TRY);
	check_error(begin(&options), ERR_OK, "a child with a channel");
	check(child_join(&child, NULL), "ends");
	child_destroy(&child);
	check_error(sys_channel_take(channel, CHANNEL_TRY, CADDR_ANY, &got),
		    ERR_WOULD_BLOCK, "and has taken what was there");
}

static void test_it_is_apart_from_us(void)
{
	uint64_t type = OBJECT_NULL;

	check_error(begin(&plain), ERR_OK, "a child's pool");
	sys_cpool_type(child.pool, BOOT_SLOT_INPUT, &type);
	check_equal(type, OBJECT_NULL, "has no input");
	sys_cpool_type(child.pool, BOOT_SLOT_VGA_PORTS, &type);
	check_equal(type, OBJECT_NULL, "no ports");
	sys_cpool_type(child.pool, BOOT_SLOT_CHANNEL, &type);
	check_equal(type, OBJECT_NULL, "no channel that was not given");
	sys_cpool_type(child.pool, BOOT_SLOT_UNTYPED, &type);
	check_equal(type, OBJECT_UNTYPED, "and its own memory");
	child_destroy(&child);
}

int user_main(const struct boot_info *info)
{
	if (info->module_count != 1)
		rt_panic("boot with --module hello.elf");
	module = &info->module[0];
	check(!strcmp(module->name, "hello.elf"), "the module has its name");
	test_results();
	test_nothing_is_lost();
	test_too_much_is_refused();
	test_files_are_checked();
	test_the_channel_is_shared();
	test_it_is_apart_from_us();
	return check_done();
}
