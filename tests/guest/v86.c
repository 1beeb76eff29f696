/*
 * v86.c: virtual-8086 code without VME: each instruction by itself at
 * 0900:0000, ended by INT3, with IOPL 0 and with IOPL 3.
 *
 * Prints:
 *	nop: 03       at 0002 03       at 0002
 *	cli: 0d(0000) at 0000 03       at 0002
 *	sti: 0d(0000) at 0000 03       at 0002
 *	pushf: 0d(0000) at 0000 03       at 0002
 *	popf: 0d(0000) at 0000 03       at 0002
 *	int 30: 0d(0000) at 0000 30       at 0002
 *	int 31: 0d(0000) at 0000 0d(018a) at 0000
 *	iret: 0d(0000) at 0000 03       at 0003
 *	into: 04       at 0005 04       at 0005
 *	hlt: 0d(0000) at 0000 0d(0000) at 0000
 *	in al, 61: 03       at 0003 03       at 0003
 *	in al, 62: 0d(0000) at 0000 0d(0000) at 0000
 *	mov cr0: 0d(0000) at 0000 0d(0000) at 0000
 *	lgdt: 0d(0000) at 0000 0d(0000) at 0000
 *	sgdt: 03       at 0006 03       at 0006
 *	clts: 0d(0000) at 0000 0d(0000) at 0000
 *	smsw ax: 03       at 0004 03       at 0004
 *	sldt ax: 06       at 0000 06       at 0000
 *	verr ax: 06       at 0000 06       at 0000
 *	lar ax: 06       at 0000 06       at 0000
 *	arpl: 06       at 0000 06       at 0000
 *	ud2: 06       at 0000 06       at 0000
 *	[ffff]: 0d(0000) at 0000 0d(0000) at 0000
 * qemu	[ffff]: 03       at 0004 03       at 0004
 *	push sp 1: 0c(0000) at 0003 0c(0000) at 0003
 * qemu	push sp 1: 03       at 0005 03       at 0005
 *	jmp far: 03       at 0106 03       at 0106
 *	call far: 03       at 0106 03       at 0106
 *	mov es: 03       at 0008 03       at 0008
 *	frame: cs 0900 flags 00060c02 ss:sp 0980:00000800 1111 0980 3333 4444
 *	at the top of the stack: yes
 *	a handler of ring 1: #0d(0030)
 * qemu	a handler of ring 1: #0a(0000)
 *	end
 */
#include "tests/guest/bare32.h"

#define CODE	0x9000u
#define FLAG_VM 0x20000u
#define IOPL3	0x3000u

static const struct {
	const char *name;
	uint8_t byte[8];
} row[] = {
	{"nop", {0x90, 0xcc}},
	{"cli", {0xfa, 0xcc}},
	{"sti", {0xfb, 0xcc}},
	{"pushf", {0x9c, 0xcc}},
	{"popf", {0x9d, 0xcc}},
	{"int 30", {0xcd, 0x30}},
	{"int 31", {0xcd, 0x31}},
	{"iret", {0xcf, 0, 0xcc}},
	{"into", {0xb0, 0x7f, 0xfe, 0xc0, 0xce, 0xcc}},
	{"hlt", {0xf4}},
	{"in al, 61", {0xe4, 0x61, 0xcc}},
	{"in al, 62", {0xe4, 0x62, 0xcc}},
	{"mov cr0", {0x0f, 0x20, 0xc0}},
	{"lgdt", {0x0f, 0x01, 0x16, 0, 0}},
	{"sgdt", {0x0f, 0x01, 0x06, 0, 1, 0xcc}},
	{"clts", {0x0f, 0x06}},
	{"smsw ax", {0x0f, 0x01, 0xe0, 0xcc}},
	{"sldt ax", {0x0f, 0x00, 0xc0}},
	{"verr ax", {0x0f, 0x00, 0xe0}},
	{"lar ax", {0x0f, 0x02, 0xc0}},
	{"arpl", {0x63, 0xc0}},
	{"ud2", {0x0f, 0x0b}},
	{"[ffff]", {0xa1, 0xff, 0xff, 0xcc}},
	{"push sp 1", {0xbc, 1, 0, 0x50, 0xcc}},
	{"jmp far", {0xea, 0x05, 0x01, 0xf0, 0x08, 0xcc, 0}},
	{"call far", {0x9a, 0x05, 0x01, 0xf0, 0x08, 0xcc}},
	{"mov es", {0xb8, 0xff, 0xff, 0x8e, 0xc0, 0x8e, 0xd8, 0xcc}},
};

static void enter(uint32_t flags)
{
	uint32_t frame[] = {0,	    CODE >> 4, flags | FLAG_VM | 2,
			    0x800,  0x0980,    0x1111,
			    0x0980, 0x3333,    0x4444};

	attempt_iret(frame, 9);
}

static void result(void)
{
	put(' ');
	hex(trap.vector, 2);
	if (trap.error != UINT32_MAX) {
		put('(');
		hex(trap.error, 4);
		put(')');
	} else {
		print("      ");
	}
	print(" at ");
	hex(trap.eip, 4);
}

static void each(unsigned i)
{
	uint8_t *code = (uint8_t *)CODE;

	for (unsigned n = 0; n < 8; n++)
		code[n] = row[i].byte[n];
	/* IRET's frame, and what POPF takes: a return to the INT3. */
	((uint16_t *)(0x9800 + 0x800))[0] = 0x0002;
	((uint16_t *)(0x9800 + 0x800))[1] = CODE >> 4;
	((uint16_t *)(0x9800 + 0x800))[2] = 0x0002;
	print(row[i].name);
	put(':');
	enter(0);
	result();
	enter(IOPL3);
	result();
	put('\n');
}

static void frame(void)
{
	const uint32_t *word = (const uint32_t *)trap.frame;

	((uint8_t *)CODE)[0] = 0xcc;
	enter(0x40c00);
	print("frame: cs ");
	hex(word[1], 4);
	print(" flags ");
	hex(word[2], 8);
	print(" ss:sp ");
	hex(word[4], 4);
	put(':');
	hex(word[3], 8);
	for (unsigned i = 5; i < 9; i++) {
		put(' ');
		hex(word[i], 4);
	}
	print("\nat the top of the stack: ");
	print(trap.frame + 36 == (uint32_t)kernel_stack_top ? "yes\n" : "no\n");
}

/* No way but into ring 0. */
static void outward(void)
{
	idt[3] = gate(0xee, SEL_FREE, 0, 0);
	gdt[SEL_FREE / 8] = segment(0, 0xfffff, 0xc0bb);
	enter(0);
	report("a handler of ring 1");
}

int test_main(void)
{
	((uint8_t *)tss)[104 + 0x61 / 8] = 0xfd; /* port 61h is free */
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		each(i);
	frame();
	outward();
	return 0;
}
