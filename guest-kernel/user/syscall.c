/*
 * syscall.c: the system calls that are not on capabilities, and what goes
 * through the task buffer.
 */
#include "guest-kernel/user/rt.h"

static enum error plain(enum abi_syscall number, uint64_t argument)
{
	uint64_t rax = number, rdx = 0;

	__asm__ volatile("syscall"
			 : "+a"(rax), "+d"(rdx)
			 : "D"(argument)
			 : "rcx", "r10", "r11", "memory");
	return rax;
}

enum error sys_channel_put_payload(struct caddr channel, const void *data,
				   size_t len)
{
	struct task_buffer *buf = rt_buffer();

	if (!buf)
		return ERR_NO_BUFFER;
	memcpy(buf->data, data,
	       len < sizeof(buf->data) ? len : sizeof(buf->data));
	return sys_channel_put_bytes(channel, len, CHANNEL_TRY);
}

enum error sys_channel_take(struct caddr channel, uint64_t flags,
			    struct caddr slot, struct taken *taken)
{
	uint64_t kind, value;
	enum error err =
		sys_channel_take_entry(channel, flags, slot, &kind, &value);

	if (err == ERR_OK)
		*taken = (struct taken){kind, value};
	return err;
}

void sys_yield(void)
{
	plain(SYS_YIELD, 0);
}

void sys_exit(void)
{
	plain(SYS_EXIT, 0);
	__builtin_trap(); /* only if someone started the ended task again */
}

enum error sys_print(const char *text, size_t len)
{
	struct task_buffer *buf = rt_buffer();

	if (!buf)
		return ERR_NO_BUFFER;
	memmove(buf->data, text,
		len < sizeof(buf->data) ? len : sizeof(buf->data));
	return plain(SYS_PRINT, len);
}

void sys_putc(char c)
{
	plain(SYS_PUTC, (uint8_t)c);
}

void sys_list_cpool(void)
{
	plain(SYS_LIST_CPOOL, 0);
}

void sys_test_succeed(void)
{
	plain(SYS_TEST_SUCCEED, 0);
	for (;;) /* a machine without the exit port goes on: stay quiet */
		sys_yield();
}

void sys_test_fail(void)
{
	plain(SYS_TEST_FAIL, 0);
	for (;;)
		sys_yield();
}

enum error sys_set_fs_base(uint64_t base)
{
	return plain(SYS_SET_FS_BASE, base);
}
