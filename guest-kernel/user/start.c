/* start.c: from the entry to user_main(), and what becomes of its result. */
#include "guest-kernel/user/heap.h"
#include "guest-kernel/user/rt.h"

_Noreturn void start_task(const struct boot_info *info);

static void check_info(const struct boot_info *info)
{
	if (info->magic != BOOT_INFO_MAGIC || info->abi_version != ABI_VERSION)
		rt_panic("built for ABI version %d: the kernel has another",
			 ABI_VERSION);
}

/* Only the init program gets an argument; to the others it is NULL. */
void start_task(const struct boot_info *info)
{
	int result;

	if (info) {
		check_info(info);
		malloc_init(info);
	}
	result = user_main(info);
	if (info && result != 0)
		rt_panic("user_main() returned %d", result);
	sys_exit();
}
