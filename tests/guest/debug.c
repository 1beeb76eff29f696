/*
 * debug.c: debug registers, single steps, and what DR6 says of them.
 *
 * Prints:
 *	instruction: at break_here dr6 ffff0ff1 rf 1
 * qemu	instruction: at break_here dr6 ffff0ff1 rf 0
 *	with RF it passes: ok
 *	write: at after_write dr6 ffff0ff2 rf 0
 *	read of a write breakpoint: ok
 *	read of a data breakpoint: at after_read dr6 ffff0ff4 rf 0
 *	bytes met, by length: 0001 0003 ---- 000f
 *	unaligned, aligned down: 0003
 * qemu	unaligned, aligned down: 0006
 *	across both ends: ok
 *	rep movs: 3 of 8 copied, rf 1
 * qemu	rep movs: 3 of 8 copied, rf 0
 *	port: at after_port dr6 ffff0ff8 rf 0
 * rig	port: ok
 *	step: at after_nop dr6 ffff4ff0 rf 0
 *	step over mov ss: at after_ss dr6 ffff4ff0 rf 0
 *	data at mov ss waits: at after_ss dr6 ffff0ff2 rf 0
 * qemu	data at mov ss waits: at another place dr6 ffff0ff2 rf 0
 *	step and data: at after_write dr6 ffff4ff2 rf 0
 * qemu	step and data: at another place dr6 ffff4ff2 rf 0
 * rig	step and data: at after_write dr6 ffff4ff2 rf 0
 *	general detect: at get_dr dr6 ffff2ff0 rf 1
 * qemu	general detect: ok
 *	int1: at after_int1 dr6 ffff0ff0 rf 0
 * qemu	int1: at another place dr6 ffff0ff0 rf 0
 * rig	int1: at another place dr6 ffff0ff0 rf 1
 *	dr7 holds: 00000400 ffff27ff
 * qemu	dr7 holds: 00000400 ffffffff
 *	dr6 holds: ffff0ff0 ffffeffe
 *	dr4 and dr5 with DE: #06
 *	dr in ring 3: #0d(0000)
 *	end
 */
#include "tests/guest/bare32.h"

#define WRITE(i)  (2u << 2 * (i) | 1u << (16 + 4 * (i)))
#define PORT(i)	  (2u << 2 * (i) | 2u << (16 + 4 * (i)))
#define DATA(i)	  (2u << 2 * (i) | 3u << (16 + 4 * (i)))
#define LEN(i, n) (((n)-1u) << (18 + 4 * (i)))
#define GD	  (1u << 13)
#define TF	  0x100u

extern uint32_t variable;
extern char break_here[], after_write[], after_read[], after_port[];
extern char after_nop[], after_ss[], after_int1[], get_dr_at[];
void break_fn(void), write_fn(void), read_fn(void), port_fn(void);
void nop_fn(void), ss_fn(void), int1_fn(void), get_dr(void), rep_fn(void);
void get_dr4(void), byte_fn(void), dword_fn(void);
uint8_t from[16], to[16];
extern uint32_t byte_at, rep_left;

__asm__("break_fn:\n"
	"	nop\n"
	"break_here:\n"
	"	ret\n"
	"write_fn:\n"
	"	movl	$1, variable\n"
	"after_write:\n"
	"	ret\n"
	"read_fn:\n"
	"	movl	variable, %eax\n"
	"after_read:\n"
	"	ret\n"
	"byte_fn:\n"
	"	movl	byte_at, %eax\n"
	"	movb	$1, (%eax)\n"
	"	ret\n"
	"dword_fn:\n"
	"	movl	byte_at, %eax\n"
	"	movl	$1, (%eax)\n"
	"	ret\n"
	"port_fn:\n"
	"	inb	$0x61, %al\n"
	"after_port:\n"
	"	ret\n"
	"nop_fn:\n"
	"	nop\n"
	"after_nop:\n"
	"	nop\n"
	"	ret\n"
	"ss_fn:\n"
	"	movw	variable, %ss\n"
	"	nop\n"
	"after_ss:\n"
	"	nop\n"
	"	ret\n"
	"int1_fn:\n"
	"	.byte	0xf1\n"
	"after_int1:\n"
	"	ret\n"
	"get_dr:\n"
	"	movl	%dr0, %eax\n"
	"	ret\n"
	"get_dr4:\n"
	"	movl	%dr4, %eax\n"
	"	ret\n"
	"rep_fn:\n"
	"	movl	$from, %esi\n"
	"	movl	$to, %edi\n"
	"	movl	$8, %ecx\n"
	"	rep movsb\n"
	"	ret\n"
	".data\n"
	".balign 16\n"
	"variable: .long 0x10, 0, 0, 0\n"
	"byte_at: .long 0\n"
	".text\n");

static void set_dr7(uint32_t val)
{
	__asm__ volatile("movl %0, %%dr7" ::"r"(val));
}

static uint32_t get_dr7(void)
{
	uint32_t val;

	__asm__ volatile("movl %%dr7, %0" : "=r"(val));
	return val;
}

static void set_dr6(uint32_t val)
{
	__asm__ volatile("movl %0, %%dr6" ::"r"(val));
}

static uint32_t get_dr6(void)
{
	uint32_t val;

	__asm__ volatile("movl %%dr6, %0" : "=r"(val));
	return val;
}

static void set_cr4(uint32_t val)
{
	__asm__ volatile("movl %0, %%cr4" ::"r"(val));
}

/* In the register that DR7 enables; the others are elsewhere. */
static void set_address(const void *at, uint32_t dr7)
{
	const void *dr[4] = {0};

	dr[dr7 & 0xff ? __builtin_ctz(dr7) / 2 : 0] = at;
	__asm__ volatile("movl %0, %%dr0; movl %1, %%dr1; movl %2, %%dr2; "
			 "movl %3, %%dr3" ::"r"(dr[0]),
			 "r"(dr[1]), "r"(dr[2]), "r"(dr[3]));
}

/* By IRET, so that DR7 and flags hold for the function alone. */
static void run(void (*fn)(void), const void *at, uint32_t dr7, uint32_t flags)
{
	uint32_t frame[] = {(uint32_t)fn, SEL_CODE, flags | 2};

	set_address(at, dr7);
	set_dr6(0);
	set_dr7(dr7);
	attempt_iret(frame, 3);
	set_dr7(0);
}

static void tell(const char *name, const char *place, const char *label)
{
	print(name);
	if (trap.vector == DONE || trap.vector == 13) {
		report("");
		return;
	}
	print(": at ");
	if (trap.eip == (uint32_t)label)
		print(place);
	else
		print("another place");
	print(" dr6 ");
	hex(get_dr6(), 8);
	print(" rf ");
	hex(trap.eflags >> 16 & 1, 1);
	put('\n');
}

#define TELL(name, place) tell(name, #place, place)

/* Which bytes around `variable' + 4 a breakpoint of this length meets. */
static uint32_t bytes_met(unsigned len, unsigned offset)
{
	uint32_t met = 0;

	for (unsigned i = 0; i < 12; i++) {
		byte_at = (uint32_t)&variable + i;
		run(byte_fn, (char *)&variable + 4 + offset,
		    WRITE(1) | LEN(1, len), 0);
		if (trap.vector == 1)
			met |= 1u << i;
	}
	return met >> 4;
}

static void lengths(void)
{
	print("bytes met, by length: ");
	hex(bytes_met(1, 0), 4);
	put(' ');
	hex(bytes_met(2, 0), 4);
	print(" ---- ");
	hex(bytes_met(4, 0), 4);
	print("\nunaligned, aligned down: ");
	hex(bytes_met(2, 1), 4);
	put('\n');
	byte_at = (uint32_t)&variable + 1;
	run(dword_fn, (char *)&variable + 4, WRITE(1), 0);
	print(trap.vector == 1 ? "across both ends: ok\n"
			       : "across both ends: missed\n");
}

static void rep(void)
{
	unsigned copied = 0;

	for (unsigned i = 0; i < 16; i++)
		from[i] = i + 1;
	run(rep_fn, to + 2, WRITE(1), 0);
	while (to[copied])
		copied++;
	print("rep movs: ");
	hex(copied, 1);
	print(" of 8 copied, rf ");
	hex(trap.eflags >> 16 & 1, 1);
	put('\n');
}

static void registers(void)
{
	uint32_t low;

	set_dr7(0);
	low = get_dr7();
	/* All that can be set but GD, which would trap the next access. */
	set_dr7(0xffffdf00);
	print("dr7 holds: ");
	hex(low, 8);
	put(' ');
	hex(get_dr7() | 0x20ff, 8);
	set_dr7(0);
	set_dr6(0);
	print("\ndr6 holds: ");
	hex(get_dr6(), 8);
	put(' ');
	set_dr6(0xffffeffe);
	hex(get_dr6(), 8);
	put('\n');
}

int test_main(void)
{
	run(break_fn, break_here, 2, 0);
	TELL("instruction", break_here);
	run((void (*)(void))break_here, break_here, 2, 0x10000);
	report("with RF it passes");
	run(write_fn, &variable, WRITE(1) | LEN(1, 4), 0);
	TELL("write", after_write);
	run(read_fn, &variable, WRITE(1) | LEN(1, 4), 0);
	report("read of a write breakpoint");
	run(read_fn, &variable, DATA(2) | LEN(2, 4), 0);
	TELL("read of a data breakpoint", after_read);
	lengths();
	rep();
	set_cr4(8);
	run(port_fn, (void *)0x61, PORT(3), 0);
	TELL("port", after_port);
	set_cr4(0);
	run(nop_fn, 0, 0, TF);
	TELL("step", after_nop);
	variable = SEL_DATA;
	run(ss_fn, 0, 0, TF);
	TELL("step over mov ss", after_ss);
	run(ss_fn, &variable, DATA(1), 0);
	TELL("data at mov ss waits", after_ss);
	run(write_fn, &variable, WRITE(1), TF);
	TELL("step and data", after_write);
	run(get_dr, 0, GD, 0);
	tell("general detect", "get_dr", (char *)get_dr);
	run(int1_fn, 0, 0, 0);
	TELL("int1", after_int1);
	registers();
	set_cr4(8);
	attempt(get_dr4);
	report("dr4 and dr5 with DE");
	set_cr4(0);
	attempt_user(get_dr);
	report("dr in ring 3");
	return 0;
}
