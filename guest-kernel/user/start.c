/*
 * start.c: from the entry to main(), and what becomes of its result. Nothing
 * here knows an address of the init's: the boot information tells them.
 */
#include "guest-kernel/user/arguments.h"
#include "guest-kernel/user/message.h"
#include "guest-kernel/user/rt.h"

/* By user.ld. */
extern void (*const init_array[])(void), (*const init_array_end[])(void);

static const struct boot_info *boot_info;

_Noreturn void start_task(const struct boot_info *info, void *tls,
			  uint64_t stack_end);

const struct boot_info *rt_boot_info(void)
{
	return boot_info;
}

static struct rt_task told_task(const struct boot_info *info)
{
	return (struct rt_task){
		.buffer = (struct task_buffer *)info->buffer,
		.stack = info->stack,
		.stack_end = info->stack + info->stack_bytes,
		.task = caddr_root(BOOT_SLOT_TASK),
		.done = {info->done_slot, info->done_slot != 0},
		.first = true,
	};
}

/*
 * A task that someone has made by hand, from our entry and on a stack of the
 * init's: its lowest word names the buffer (abi/bootinfo.h).
 */
static struct rt_task find_task(uint64_t stack_end)
{
	uint64_t stack = (stack_end - 1) & -BOOT_STACK_BYTES;

	return (struct rt_task){
		.buffer = *(struct task_buffer **)stack,
		.stack = stack,
		.stack_end = stack_end,
	};
}

void rt_exit(uint64_t value)
{
	const struct message end = {MESSAGE_INFO(0, 0, 1), {value}, 0};
	const struct rt_task *self = rt_self();

	if (self->done.depth)
		message_send(self->done, end);
	sys_exit();
}

static void check_info(const struct boot_info *info)
{
	if (info->magic != BOOT_INFO_MAGIC || info->abi_version != ABI_VERSION)
		rt_panic("built for ABI version %d: the kernel has another",
			 ABI_VERSION);
}

static void first_task(const struct boot_info *info)
{
	boot_info = info;
	check_info(info);
	for (unsigned i = 0; &init_array[i] < init_array_end; i++)
		init_array[i]();
}

int main(int argc, char **argv);

__attribute__((weak)) int user_main(const struct boot_info *info)
{
	static struct arguments a;

	if (!info)
		return 0;
	arguments_split(&a, "init", info->cmdline);
	return main(a.count, a.word);
}

/* Only the first task gets an argument; to the others it is NULL. */
void start_task(const struct boot_info *info, void *tls, uint64_t stack_end)
{
	struct rt_task task = info ? told_task(info) : find_task(stack_end);
	int result;

	sys_set_fs_base((uintptr_t)tls_make(tls, &task));
	if (info)
		first_task(info);
	result = user_main(info);
	if (info && result != 0 && !info->done_slot)
		rt_panic("user_main() returned %d", result);
	rt_exit((uint32_t)result);
}
