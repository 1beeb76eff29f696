/*
 * segments.c: loading segment registers, and limits and types of segments
 * in 32-bit protected mode. QEMU knows no limits and no types of access.
 *
 * Prints:
 *	bytes:  - - - - 0d  - 0d 0d 0d 0d  - - - - 0d  - 0d 0d 0d 0d
 * qemu	bytes:  - - - - -  - - - - -  - - - - -  - - - - -
 *	pages:  - - - - 0d  - 0d 0d 0d 0d  - - - - 0d  - 0d 0d 0d 0d
 * qemu	pages:  - - - - -  - - - - -  - - - - -  - - - - -
 *	down:  0d 0d 0d 0d -  0d 0d 0d 0d -  0d 0d 0d 0d -  0d 0d 0d 0d -
 * qemu	down:  - - - - -  - - - - -  - - - - -  - - - - -
 *	down, 16-bit:  - - - - 0d  - 0d 0d 0d 0d  - - - - 0d  - 0d 0d 0d 0d
 * qemu	down, 16-bit:  - - - - -  - - - - -  - - - - -  - - - - -
 *	read-only:  - - - - 0d  - 0d 0d 0d 0d  0d 0d 0d 0d 0d  0d 0d 0d 0d 0d
 * qemu	read-only:  - - - - -  - - - - -  - - - - -  - - - - -
 *	code:  - - - - 0d  - 0d 0d 0d 0d  0d 0d 0d 0d 0d  0d 0d 0d 0d 0d
 * qemu	code:  - - - - -  - - - - -  - - - - -  - - - - -
 *	execute-only:  0d/30 0d/30 0d/30 0d/30 0d/30  0d/30 0d/30 0d/30 0d/30 0d/30  0d/30 0d/30 0d/30 0d/30 0d/30  0d/30 0d/30 0d/30 0d/30 0d/30
 *	data 0: - 0d/30 - 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30
 *	data 3: - - 0d/30 0d/30 0d/30 0d/30 - - 0d/30 - 0d/30 0d/30
 *	read-only 0: - 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30
 *	code 0: - 0d/30 0d/30 0d/30 - 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30
 *	code 3: - - 0d/30 0d/30 0d/30 0d/30 - - 0d/30 0d/30 - -
 *	execute-only 3: 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 - -
 *	conforming 0: - - 0d/30 0d/30 - 0d/30 - - 0d/30 0d/30 - -
 *	data 3, absent: 0b/30 0b/30 0d/30 0d/30 0d/30 0d/30 0b/30 0b/30 0d/30 0c/30 0d/30 0d/30
 *	code 3, absent: 0b/30 0b/30 0d/30 0d/30 0d/30 0d/30 0b/30 0b/30 0d/30 0d/30 0b/30 0b/30
 *	ldt: 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30
 *	tss: 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30
 *	gate: 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30 0d/30
 *	null and outside: - 0d 0d 0d/00 0d/00 0d/00 0d
 * qemu	null and outside: - 0d 0d 0d/00 0d/00 0d/00 -
 *	push on a small stack: - 0c 0c
 * qemu	push on a small stack: - - -
 *	end
 */
#include "tests/guest/bare32.h"

#define SEL SEL_FREE

uint32_t offset, selector, ss_selector;
void read1(void), read4(void), write1(void), write4(void);
void load_ds(void), load_ss(void), load_fs(void), jump(void), stack(void);
__asm__(".macro access name, insn:vararg\n"
	"\\name:	movl	selector, %eax\n"
	"	movl	offset, %ecx\n"
	"	movw	%ax, %fs\n"
	"	\\insn\n"
	"	ret\n"
	".endm\n"
	"access read1, movb %fs:(%ecx), %al\n"
	"access read4, movl %fs:(%ecx), %eax\n"
	"access write1, movb %al, %fs:(%ecx)\n"
	"access write4, movl %eax, %fs:(%ecx)\n"
	".macro load name, seg\n"
	"\\name:	movl	selector, %eax\n"
	"	movw	%ax, \\seg\n"
	"	int	$0x30\n"
	".endm\n"
	"load load_ds, %ds\n"
	"load load_ss, %ss\n"
	"load load_fs, %fs\n"
	/* SS and ESP are popped only on the way to ring 3. */
	"jump:	movl	selector, %eax\n"
	"	pushl	$0x23\n"
	"	pushl	$user_stack_top\n"
	"	pushl	%eax\n"
	"	pushl	$1f\n"
	"	lretl\n"
	"1:	int	$0x30\n"
	/* A push on a stack whose segment is too small for it. */
	"stack:	movl	offset, %esp\n"
	"	movl	selector, %eax\n"
	"	movw	%ax, %ss\n"
	"	pushl	%eax\n"
	"	int	$0x30\n");

static const struct {
	const char *name;
	uint32_t limit;
	uint16_t attr;
	uint32_t last; /* the offset that is tried, and the next one */
} limits[] = {
	{"bytes", 0x0fff, 0x4093, 0x0fff},
	{"pages", 0x00001, 0xc093, 0x1fff},
	{"down", 0x0fff, 0x4097, 0x0fff},
	{"down, 16-bit", 0x0fff, 0x0097, 0xffff},
	{"read-only", 0x0fff, 0x4091, 0x0fff},
	{"code", 0x0fff, 0x409b, 0x0fff},
	{"execute-only", 0x0fff, 0x4099, 0x0fff},
};

static void result(void)
{
	put(' ');
	if (trap.vector == DONE) {
		put('-');
		return;
	}
	hex(trap.vector, 2);
	if (trap.error) {
		put('/');
		hex(trap.error, 2);
	}
}

static void each_limit(unsigned i)
{
	void (*const fns[])(void) = {read1, read4, write1, write4};
	static uint8_t space[0x20000];

	gdt[SEL / 8] =
		segment((uint32_t)space, limits[i].limit, limits[i].attr);
	selector = SEL;
	print(limits[i].name);
	put(':');
	for (unsigned n = 0; n < 4; n++) {
		put(' ');
		for (int by = -3; by <= 1; by++) {
			offset = limits[i].last + by;
			attempt(fns[n]);
			result();
		}
	}
	put('\n');
}

/* Descriptors of each ring and kind into DS, SS and CS, from rings 0, 3. */
static const struct {
	const char *name;
	uint16_t attr;
} kinds[] = {
	{"data 0", 0xc093},
	{"data 3", 0xc0f3},
	{"read-only 0", 0xc091},
	{"code 0", 0xc09b},
	{"code 3", 0xc0fb},
	{"execute-only 3", 0xc0f9},
	{"conforming 0", 0xc09f},
	{"data 3, absent", 0xc073},
	{"code 3, absent", 0xc07b},
	{"ldt", 0x0082},
	{"tss", 0x0089},
	{"gate", 0x008c},
};

static void each_kind(unsigned i)
{
	void (*const fns[])(void) = {load_ds, load_ss, jump};

	gdt[SEL / 8] = segment(0, 0xfffff, kinds[i].attr);
	print(kinds[i].name);
	put(':');
	for (unsigned rpl = 0; rpl <= 3; rpl += 3) {
		selector = SEL | rpl;
		for (unsigned n = 0; n < 3; n++) {
			attempt(fns[n]);
			result();
			attempt_user(fns[n]);
			result();
		}
	}
	put('\n');
}

static void nulls(void)
{
	print("null and outside:");
	for (selector = 0; selector <= 0x100; selector += 0x100) {
		attempt(load_ds);
		result();
		attempt(load_ss);
		result();
		attempt(jump);
		result();
	}
	selector = 3;
	attempt(read1);
	result();
	put('\n');
}

static void stacks(void)
{
	print("push on a small stack:");
	gdt[SEL / 8] =
		segment((uint32_t)user_stack_top - 0x1000, 0xfff, 0x40f3);
	selector = SEL | 3;
	for (offset = 0x1000; offset <= 0x1008; offset += 4) {
		attempt_user(stack);
		result();
	}
	put('\n');
}

int test_main(void)
{
	for (unsigned i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		each_limit(i);
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		each_kind(i);
	nulls();
	stacks();
	return 0;
}
