/*
 * syscall.c: the system calls as C functions, one a label: they put words
 * into the registers that abi/syscall.h names and check nothing. Checking is
 * the kernel's work, and the kernel's tests call it through here.
 */
#include "guest-kernel/user/rt.h"

struct reply {
	enum error error;
	uint64_t word[2];
};

static struct reply call(enum abi_syscall number, uint64_t target,
			 uint64_t info, const uint64_t word[4])
{
	register uint64_t r10 __asm__("r10") = word[1];
	register uint64_t r8 __asm__("r8") = word[2];
	register uint64_t r9 __asm__("r9") = word[3];
	uint64_t rax = number, rdx = word[0];

	__asm__ volatile("syscall"
			 : "+a"(rax), "+d"(rdx), "+r"(r10)
			 : "D"(target), "S"(info), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return (struct reply){rax, {rdx, r10}};
}

static uint64_t info_word(enum abi_label label, unsigned words,
			  unsigned target_depth, unsigned argument_depth)
{
	return (uint64_t)label << INFO_LABEL_SHIFT |
	       (uint64_t)words << INFO_WORDS_SHIFT |
	       (uint64_t)target_depth << INFO_TARGET_SHIFT |
	       (uint64_t)argument_depth << INFO_ARGUMENT_SHIFT;
}

/* An invocation without a capability argument. */
static struct reply invoke(struct caddr target, enum abi_label label,
			   unsigned words, uint64_t w0, uint64_t w1,
			   uint64_t w2)
{
	const uint64_t word[4] = {w0, w1, w2, 0};

	return call(SYS_INVOKE, target.path,
		    info_word(label, words, target.depth, 0), word);
}

/* An invocation with one: its path follows the `words` plain words. */
static struct reply invoke_cap(struct caddr target, enum abi_label label,
			       unsigned words, uint64_t w0, uint64_t w1,
			       uint64_t w2, struct caddr argument)
{
	uint64_t word[4] = {w0, w1, w2, 0};

	word[words] = argument.path;
	return call(SYS_INVOKE, target.path,
		    info_word(label, words + 1, target.depth, argument.depth),
		    word);
}

static struct reply plain(enum abi_syscall number, uint64_t argument)
{
	static const uint64_t none[4];

	return call(number, argument, 0, none);
}

/* Hand out the result words that the caller asked for. */
static enum error results(struct reply r, uint64_t *first, uint64_t *second)
{
	if (r.error != ERR_OK)
		return r.error;
	if (first)
		*first = r.word[0];
	if (second)
		*second = r.word[1];
	return ERR_OK;
}

enum error sys_untyped_retype(struct caddr untyped, uint64_t type,
			      uint64_t bits, uint64_t count, struct caddr dest,
			      uint64_t *left)
{
	return results(
		invoke_cap(untyped, UNTYPED_RETYPE, 3, type, bits, count, dest),
		left, NULL);
}

enum error sys_untyped_info(struct caddr untyped, uint64_t *bytes,
			    uint64_t *left)
{
	return results(invoke(untyped, UNTYPED_INFO, 0, 0, 0, 0), bytes, left);
}

enum error sys_cpool_free_slot(struct caddr pool, uint64_t *index)
{
	return results(invoke(pool, CPOOL_FREE_SLOT, 0, 0, 0, 0), index, NULL);
}

enum error sys_cpool_type(struct caddr pool, uint64_t index, uint64_t *type)
{
	return results(invoke(pool, CPOOL_TYPE, 1, index, 0, 0), type, NULL);
}

enum error sys_task_set_ip(struct caddr task, uint64_t value)
{
	return invoke(task, TASK_SET_IP, 1, value, 0, 0).error;
}

enum error sys_task_set_sp(struct caddr task, uint64_t value)
{
	return invoke(task, TASK_SET_SP, 1, value, 0, 0).error;
}

enum error sys_task_set_fs_base(struct caddr task, uint64_t value)
{
	return invoke(task, TASK_SET_FS_BASE, 1, value, 0, 0).error;
}

enum error sys_task_set_arg(struct caddr task, uint64_t value)
{
	return invoke(task, TASK_SET_ARG, 1, value, 0, 0).error;
}

enum error sys_task_set_cpool(struct caddr task, struct caddr pool)
{
	return invoke_cap(task, TASK_SET_CPOOL, 0, 0, 0, 0, pool).error;
}

enum error sys_task_set_table(struct caddr task, struct caddr pml4)
{
	return invoke_cap(task, TASK_SET_TABLE, 0, 0, 0, 0, pml4).error;
}

enum error sys_task_set_buffer(struct caddr task, struct caddr buffer)
{
	return invoke_cap(task, TASK_SET_BUFFER, 0, 0, 0, 0, buffer).error;
}

enum error sys_task_set_active(struct caddr task, uint64_t active)
{
	return invoke(task, TASK_SET_ACTIVE, 1, active, 0, 0).error;
}

enum error sys_channel_put_raw(struct caddr channel, uint64_t value)
{
	return invoke(channel, CHANNEL_PUT_RAW, 1, value, 0, 0).error;
}

enum error sys_channel_put_payload(struct caddr channel, const void *data,
				   size_t len)
{
	struct task_buffer *buf = rt_buffer();

	if (!buf)
		return ERR_NO_BUFFER;
	memcpy(buf->data, data,
	       len < sizeof(buf->data) ? len : sizeof(buf->data));
	return invoke(channel, CHANNEL_PUT_PAYLOAD, 1, len, 0, 0).error;
}

enum error sys_channel_put_cap(struct caddr channel, struct caddr cap)
{
	return invoke_cap(channel, CHANNEL_PUT_CAP, 0, 0, 0, 0, cap).error;
}

enum error sys_channel_take(struct caddr channel, uint64_t flags,
			    struct caddr slot, struct taken *taken)
{
	struct reply r =
		invoke_cap(channel, CHANNEL_TAKE, 1, flags, 0, 0, slot);

	if (r.error == ERR_OK)
		*taken = (struct taken){r.word[0], r.word[1]};
	return r.error;
}

enum error sys_page_map(struct caddr page, uint64_t va, uint64_t rights,
			struct caddr pml4)
{
	return invoke_cap(page, PAGE_MAP, 2, va, rights, 0, pml4).error;
}

enum error sys_page_unmap(struct caddr page)
{
	return invoke(page, PAGE_UNMAP, 0, 0, 0, 0).error;
}

enum error sys_table_map(struct caddr table, uint64_t va, struct caddr pml4)
{
	return invoke_cap(table, TABLE_MAP, 1, va, 0, 0, pml4).error;
}

enum error sys_io_port_in(struct caddr ports, uint64_t port, uint64_t size,
			  uint64_t *value)
{
	return results(invoke(ports, IO_PORT_IN, 2, port, size, 0), value,
		       NULL);
}

enum error sys_io_port_out(struct caddr ports, uint64_t port, uint64_t size,
			   uint64_t value)
{
	return invoke(ports, IO_PORT_OUT, 3, port, size, value).error;
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
	return plain(SYS_PRINT, len).error;
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
	return plain(SYS_SET_FS_BASE, base).error;
}
