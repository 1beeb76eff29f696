/*
 * legacy.c: instructions that 64-bit code does not have, each over all of
 * its inputs: a sum of the results and the flags that are defined.
 *
 * Prints:
 *	daa 71d77159
 *	das ea3a892b
 *	aaa 4b92df2c
 *	aas b7edf7dd
 *	aam ab158464
 *	aam 7 8fb83b58
 *	aad becd981d
 *	aad 200 02db4b23
 *	salc 29dfc8d2
 *	bound: 05 30 30 30 05 05
 *	bound of words: 05 30 30 30 05 30
 *	arpl 0e0 0e2 0e4 0e6 0e3 0e2 0e4 0e6 0e5 0e5 0e4 0e6 0e7 0e7 0e7 0e6
 *	aam by 0: #00
 *	into: #04
 *	sysenter without a selector: #0d(0000)
 *	sysenter, sysexit: esp 12345678 cs 001b
 *	and the end: ok
 *	sysexit in ring 3: #0d(0000)
 *	end
 */
#include "tests/guest/bare32.h"

#define CF 0x01u
#define PF 0x04u
#define AF 0x10u
#define ZF 0x40u
#define SF 0x80u

/* One instruction: AX and flags in, AX and flags out. */
#define INSN(name, text)                                                      \
	static uint32_t name(uint32_t ax, uint32_t flags, uint32_t *out)      \
	{                                                                     \
		__asm__ volatile("pushl %1; popfl; " text "; pushfl; popl %1" \
				 : "+a"(ax), "+r"(flags)::"cc");              \
		*out = flags;                                                 \
		return ax & 0xffff;                                           \
	}

INSN(daa, "daa")
INSN(das, "das")
INSN(aaa, "aaa")
INSN(aas, "aas")
INSN(aam, "aam")
INSN(aam7, ".byte 0xd4, 7")
INSN(aad, "aad")
INSN(aad200, ".byte 0xd5, 200")
INSN(salc, ".byte 0xd6")

static const struct {
	const char *name;
	uint32_t (*fn)(uint32_t ax, uint32_t flags, uint32_t *out);
	uint32_t defined;
} row[] = {
	{"daa", daa, CF | PF | AF | ZF | SF},
	{"das", das, CF | PF | AF | ZF | SF},
	{"aaa", aaa, CF | AF},
	{"aas", aas, CF | AF},
	{"aam", aam, PF | ZF | SF},
	{"aam 7", aam7, PF | ZF | SF},
	{"aad", aad, PF | ZF | SF},
	{"aad 200", aad200, PF | ZF | SF},
	{"salc", salc, CF},
};

static uint32_t mix(uint32_t sum, uint32_t val)
{
	return (sum << 5 | sum >> 27) + val;
}

static void sums(void)
{
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		uint32_t sum = 0, out;

		for (uint32_t n = 0; n < 1024; n++) {
			uint32_t flags =
				2 | (n & 256 ? CF : 0) | (n & 512 ? AF : 0);
			uint32_t ax = (n & 255) | (n * 37 & 0xff00);

			sum = mix(sum, row[i].fn(ax, flags, &out));
			sum = mix(sum, out & row[i].defined);
		}
		print(row[i].name);
		put(' ');
		hex(sum, 8);
		put('\n');
	}
}

/* BOUND by the index's place between the limits. */
int32_t limits[2] = {-5, 10};
int16_t limits16[2] = {-5, 10};
int32_t index_at;
void bound(void), bound16(void);
__asm__("bound:\n"
	"	movl	index_at, %eax\n"
	"	bound	%eax, limits\n"
	"	ret\n"
	"bound16:\n"
	"	movl	index_at, %eax\n"
	"	bound	%ax, limits16\n"
	"	ret\n");

static void bounds(const char *name, void (*fn)(void))
{
	static const int32_t index[] = {-6, -5, 0, 10, 11, 0x10000};

	print(name);
	for (unsigned i = 0; i < 6; i++) {
		index_at = index[i];
		attempt(fn);
		put(' ');
		hex(trap.vector, 2);
	}
	put('\n');
}

static void arpl(void)
{
	print("arpl");
	for (uint16_t i = 0; i < 16; i++) {
		uint16_t to = 0x70 | (i & 3);
		bool zf;

		__asm__("arpl %2, %0"
			: "+r"(to), "=@ccz"(zf)
			: "r"((uint16_t)(0x28 | i >> 2)));
		put(' ');
		hex(to << 1 | zf, 3);
	}
	put('\n');
}

void aam0(void), into(void), entry_point(void), enter(void), enter_v86(void);
uint32_t entry_sp, exit_cs;
__asm__("aam0:\n"
	"	.byte	0xd4, 0\n"
	"	ret\n"
	"into:\n"
	"	movb	$0x7f, %al\n"
	"	incb	%al\n"
	"	into\n"
	"	ret\n"
	/* SYSENTER goes to entry_point, which goes back. */
	"enter:\n"
	"	movl	%esp, %ecx\n"
	"	movl	$1f, %edx\n"
	"	sysenter\n"
	"1:	movl	%cs, %eax\n"
	"	movl	%eax, exit_cs\n"
	"	ret\n"
	"entry_point:\n"
	"	movl	%esp, entry_sp\n"
	"	sysexit\n");

static void wrmsr(uint32_t msr, uint32_t val)
{
	__asm__ volatile("wrmsr" ::"c"(msr), "a"(val), "d"(0));
}

static void sysenter(void)
{
	attempt_user(enter);
	report("sysenter without a selector");
	wrmsr(0x174, SEL_CODE);
	wrmsr(0x175, 0x12345678);
	wrmsr(0x176, (uint32_t)entry_point);
	attempt_user(enter);
	print("sysenter, sysexit: esp ");
	hex(entry_sp, 8);
	print(" cs ");
	hex(exit_cs, 4);
	put('\n');
	report("and the end");
	attempt_user(entry_point);
	report("sysexit in ring 3");
}

int test_main(void)
{
	sums();
	bounds("bound:", bound);
	bounds("bound of words:", bound16);
	arpl();
	attempt(aam0);
	report("aam by 0");
	attempt(into);
	report("into");
	sysenter();
	return 0;
}
