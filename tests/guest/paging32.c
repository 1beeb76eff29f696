/*
 * paging32.c: who may do what with a page, in 32-bit paging and in PAE.
 *
 * A group of three is read, write, execute: `-' when it goes through, else
 * the page fault's error code. They come in pairs: in ring 0, in ring 3. A
 * line has the entry's bits absent, P, PW, PU and PWU one after the other;
 * the lines of a mode have those of the table above it, which is absent in
 * the first.
 *
 * Prints:
 *	32-bit: 020 464
 *	32-bit: 020 464 --- 575 --- 575 --- 575 --- 575
 *	32-bit: 020 464 --- 575 --- 575 --- 575 --- 575
 *	32-bit: 020 464 --- 575 --- 575 --- -7- --- -7-
 *	32-bit: 020 464 --- 575 --- 575 --- -7- --- ---
 *	a and d: 20 20 60
 *	32-bit, WP: 020 464
 *	32-bit, WP: 020 464 -3- 575 -3- 575 -3- 575 -3- 575
 *	32-bit, WP: 020 464 -3- 575 --- 575 -3- 575 --- 575
 *	32-bit, WP: 020 464 -3- 575 -3- 575 -3- -7- -3- -7-
 *	32-bit, WP: 020 464 -3- 575 --- 575 -3- -7- --- ---
 *	PAE, WP: 020 464
 *	PAE, WP: 020 464 -3- 575 -3- 575 -3- 575 -3- 575
 *	PAE, WP: 020 464 -3- 575 --- 575 -3- 575 --- 575
 *	PAE, WP: 020 464 -3- 575 -3- 575 -3- -7- -3- -7-
 *	PAE, WP: 020 464 -3- 575 --- 575 -3- -7- --- ---
 *	PAE, NX reserved: 020 464
 *	PAE, NX reserved: 020 464 9b9 dfd 9b9 dfd 9b9 dfd 9b9 dfd
 * qemu	PAE, NX reserved: 020 464 8a8 cec 8a8 cec 8a8 cec 8a8 cec
 *	PAE, NX reserved: 020 464 9b9 dfd 9b9 dfd 9b9 dfd 9b9 dfd
 * qemu	PAE, NX reserved: 020 464 8a8 cec 8a8 cec 8a8 cec 8a8 cec
 *	PAE, NX reserved: 020 464 9b9 dfd 9b9 dfd 9b9 dfd 9b9 dfd
 * qemu	PAE, NX reserved: 020 464 8a8 cec 8a8 cec 8a8 cec 8a8 cec
 *	PAE, NX reserved: 020 464 9b9 dfd 9b9 dfd 9b9 dfd 9b9 dfd
 * qemu	PAE, NX reserved: 020 464 8a8 cec 8a8 cec 8a8 cec 8a8 cec
 *	a and d: 20 20 60
 *	PAE, NX: 0210 4614
 *	PAE, NX: 0210 4614 -311 5715 -311 5715 -311 5715 -311 5715
 *	PAE, NX: 0210 4614 -311 5715 --11 5715 -311 5715 --11 5715
 *	PAE, NX: 0210 4614 -311 5715 -311 5715 -311 -715 -311 -715
 *	PAE, NX: 0210 4614 -311 5715 --11 5715 -311 -715 --11 --15
 *	end
 */
#include "tests/guest/bare32.h"

#define CR0_WP	 0x10000u
#define CR0_PG	 0x80000000u
#define CR4_PSE	 0x10u
#define CR4_PAE	 0x20u
#define CR4_SMEP 0x100000u
#define CR4_SMAP 0x200000u
#define EFER	 0xc0000080u
#define NXE	 0x800u
#define LINEAR	 0x40000000u

static uint64_t root[512] __attribute__((aligned(4096)));
static uint64_t table[512] __attribute__((aligned(4096)));
static uint64_t directory[4][512] __attribute__((aligned(4096)));
static uint8_t page[4096] __attribute__((aligned(4096)));
static bool pae;

void read_fn(void), write_fn(void), exec_fn(void);
__asm__("read_fn:\n"
	"	movl	0x40000000, %eax\n"
	"	ret\n"
	"write_fn:\n"
	"	movl	$0xc3, 0x40000000\n"
	"	ret\n"
	"exec_fn:\n"
	"	movl	$0x40000000, %eax\n"
	"	jmp	*%eax\n");

static void set_cr0(uint32_t val)
{
	__asm__ volatile("movl %0, %%cr0" ::"r"(val));
}

static void set_cr4(uint32_t val)
{
	__asm__ volatile("movl %0, %%cr4" ::"r"(val));
}

static void set_cr3(const void *at)
{
	__asm__ volatile("movl %0, %%cr3" ::"r"(at));
}

static void wrmsr(uint32_t msr, uint32_t val)
{
	__asm__ volatile("wrmsr" ::"c"(msr), "a"(val), "d"(0));
}

/* All of RAM one to one; without NX, W and U as the test's code needs. */
static void set_tables(void)
{
	for (unsigned i = 0; i < 512; i++) {
		root[i] = 0;
		directory[0][i] = (uint64_t)i << 21 | 0x87;
	}
	if (pae) {
		for (unsigned i = 0; i < 4; i++)
			root[i] = (uint32_t)directory[i] | 1;
		return;
	}
	for (unsigned i = 0; i < 16; i++)
		((uint32_t *)root)[i] = i << 22 | 0x87;
}

static void set_page(uint64_t upper, uint64_t lower)
{
	upper |= (uint32_t)table;
	lower |= (uint32_t)page;
	if (pae) {
		directory[1][0] = upper;
		table[0] = lower;
	} else {
		((uint32_t *)root)[LINEAR >> 22] = upper;
		((uint32_t *)table)[0] = lower;
	}
	set_cr3(root);
}

static void result(void)
{
	if (trap.vector == DONE)
		put('-');
	else if (trap.vector == 14 && trap.cr2 == LINEAR)
		hex(trap.error, trap.error > 15 ? 2 : 1);
	else
		hex(trap.vector << 8 | 0xbad << 16, 8);
}

/* As the kernel and as the user: read, write, execute. */
static void accesses(void)
{
	void (*const fns[])(void) = {read_fn, write_fn, exec_fn};

	for (unsigned user = 0; user < 2; user++) {
		put(' ');
		for (unsigned i = 0; i < 3; i++) {
			if (user)
				attempt_user(fns[i]);
			else
				attempt(fns[i]);
			result();
		}
	}
}

static void combinations(const char *name, bool nx)
{
	static const uint8_t rights[] = {0, 1, 3, 5, 7};

	page[0] = 0xc3;
	for (unsigned upper = 0; upper < 5; upper++) {
		for (unsigned lower = 0; lower < 5; lower++) {
			uint64_t top = nx ? UINT64_C(1) << 63 : 0;

			if (upper == 0 && lower != 4)
				continue;
			set_page(rights[upper], rights[lower] | top);
			if (lower == 0 || upper == 0)
				print(name);
			accesses();
			if (lower == 4)
				put('\n');
		}
	}
}

static void a_and_d(void)
{
	print("a and d:");
	set_page(7, 7);
	attempt(read_fn);
	put(' ');
	hex(table[0] & 0x60, 2);
	put(' ');
	hex((pae ? directory[1][0] : ((uint32_t *)root)[LINEAR >> 22]) & 0x60,
	    2);
	attempt(write_fn);
	put(' ');
	hex(table[0] & 0x60, 2);
	put('\n');
}

static void turn_on(uint32_t cr4, uint32_t cr0)
{
	set_tables();
	set_cr4(cr4);
	set_cr3(root);
	set_cr0(CR0_PG | cr0 | 0x11);
}

static void turn_off(void)
{
	set_cr0(0x11);
}

int test_main(void)
{
	turn_on(CR4_PSE, 0);
	combinations("32-bit:", false);
	a_and_d();
	turn_off();
	turn_on(CR4_PSE, CR0_WP);
	combinations("32-bit, WP:", false);
	turn_off();

	pae = true;
	turn_on(CR4_PAE, CR0_WP);
	combinations("PAE, WP:", false);
	combinations("PAE, NX reserved:", true);
	a_and_d();
	wrmsr(EFER, NXE);
	combinations("PAE, NX:", true);
	turn_off();
	return 0;
}
