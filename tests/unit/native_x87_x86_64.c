/* native_x87_x86_64.c: x87 instructions as the host executes them. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/unit/native_x87.h"

#define CODE_SIZE 4096

_Static_assert(offsetof(struct native_x87, rax) == 0x200, "code below");
_Static_assert(offsetof(struct native_x87, flags) == 0x208, "code below");
_Static_assert(offsetof(struct native_x87, mem) == 0x210, "code below");

static const uint8_t before[] = {
	0x48, 0x89, 0xfe,			  /* mov rsi, rdi */
	0x48, 0x8d, 0xbe, 0x10, 0x02, 0x00, 0x00, /* lea rdi, [rsi + mem] */
	0x48, 0x8b, 0x86, 0x00, 0x02, 0x00, 0x00, /* mov rax, [rsi + rax] */
	0x48, 0x0f, 0xae, 0x0e,			  /* fxrstor64 [rsi] */
	0xff, 0xb6, 0x08, 0x02, 0x00, 0x00,	  /* push [rsi + flags] */
	0x9d,					  /* popfq */
};

static const uint8_t after[] = {
	0x48, 0x0f, 0xae, 0x06,			  /* fxsave64 [rsi] */
	0xdb, 0xe3,				  /* fninit */
	0x9c,					  /* pushfq */
	0x8f, 0x86, 0x08, 0x02, 0x00, 0x00,	  /* pop [rsi + flags] */
	0x48, 0x89, 0x86, 0x00, 0x02, 0x00, 0x00, /* mov [rsi + rax], rax */
	0xc3,					  /* ret */
};

static uint8_t *code;

int native_x87_init(void)
{
	if (!code)
		code = mmap(NULL, CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (code == MAP_FAILED) {
		code = NULL;
		return -ENOTSUP; /* a host that forbids writable code */
	}
	return 0;
}

void native_x87_compile(const uint8_t *insn, unsigned len)
{
	memcpy(code, before, sizeof(before));
	memcpy(code + sizeof(before), insn, len);
	memcpy(code + sizeof(before) + len, after, sizeof(after));
}

void native_x87_run(struct native_x87 *n)
{
	((void (*)(struct native_x87 *))code)(n);
}
