/*
 * paging64.c: who may do what with a page in 4-level paging. All rights of
 * all levels, for pages of each size, by reads, writes, fetches and loads of
 * a descriptor, in ring 0 and 3, with WP, SMEP, SMAP and AC: what happens is
 * compared with a model of SDM 3 4.6 and 4.7 that knows nothing but the rules.
 * `all' on the command line takes all settings for all rights, not two;
 * `verbose' says which accesses went wrong.
 *
 * QEMU 7.2 leaves P out of the error code when a reserved bit is set, and has
 * AC open loads of descriptors in ring 0 (as AMD has it; SDM 3 4.6.1 not).
 *
 * Not on reference: takes long
 * Prints:
 *	4 KiB: 61440 accesses, wrong 0
 * qemu	4 KiB: 61440 accesses, wrong 128
 *	2 MiB: 7680 accesses, wrong 0
 * qemu	2 MiB: 7680 accesses, wrong 32
 *	1 GiB: 960 accesses, wrong 0
 * qemu	1 GiB: 960 accesses, wrong 8
 *	absent: 80 accesses, wrong 0
 *	reserved: 200 accesses, wrong 0
 * qemu	reserved: 200 accesses, wrong 200
 *	NX reserved: 96 accesses, wrong 0
 * qemu	NX reserved: 96 accesses, wrong 64
 *	end
 */
#include "tests/guest/bare64.h"

#define LINEAR UINT64_C(0x8000000000)
#define P      UINT64_C(1)
#define W      UINT64_C(2)
#define U      UINT64_C(4)
#define A      UINT64_C(0x20)
#define D      UINT64_C(0x40)
#define PS     UINT64_C(0x80)
#define OK     UINT64_MAX
#define LDT    SEL_FREE

enum kind { READ, WRITE, FETCH, SYSTEM, KINDS };

static uint64_t table[3][512] ALIGNED; /* of levels 3, 2, 1 */
static uint8_t page[4096] ALIGNED;
static uint64_t lin;
static uint64_t nxe = 1;
static unsigned accesses, wrong;
static bool all, verbose;

/* Entries from level 4 on, `levels' of them; the last one is of the page. */
struct rights {
	uint64_t entry[4];
	unsigned levels;
};

struct setting {
	bool wp, smep, smap, ac;
};

#define BOTH(name, text)                                          \
	void user_##name(void);                                   \
	void kernel_##name(void);                                 \
	__asm__(".section .user, \"awx\"\nuser_" #name ":\n" text \
		"\n.text\nkernel_" #name ":\n" text)

BOTH(read, "movb (%r15), %al; int $0x30\n");
BOTH(write, "movb $0xc3, (%r15); int $0x30\n");
BOTH(fetch, "jmp *%r15\n");
BOTH(system, "movl $0xf, %eax; movl %eax, %fs; int $0x30\n");

static void (*const fns[2][KINDS])(void) = {
	{kernel_read, kernel_write, kernel_fetch, kernel_system},
	{user_read, user_write, user_fetch, user_system},
};

/* ---- the model ---- */

static uint64_t reserved_in(const struct rights *r, unsigned i)
{
	bool leaf = i + 1 == r->levels;
	uint64_t entry = r->entry[i], bits = entry >> 46 & 0x3f;

	if (!nxe)
		bits |= entry >> 63;
	if (i == 0)
		bits |= entry & PS;
	if (leaf && r->levels == 3)
		bits |= entry & 0x1fe000;
	if (leaf && r->levels == 2)
		bits |= entry & 0x3fffe000;
	return bits;
}

/* Is a translation of these rights open to the access? */
static bool open(const struct rights *r, const struct setting *s, bool user,
		 enum kind kind)
{
	bool u = true, w = true, x = true;
	bool super = !user || kind == SYSTEM;

	for (unsigned i = 0; i < r->levels; i++) {
		u &= !!(r->entry[i] & U);
		w &= !!(r->entry[i] & W);
		x &= !(r->entry[i] & PTE_NX);
	}
	if (!super && !u)
		return false;
	switch (kind) {
	case FETCH:
		return x && !(super && u && s->smep);
	case WRITE:
		if (!w && (!super || s->wp))
			return false;
		return !(super && u && s->smap && !s->ac);
	case READ:
		return !(super && u && s->smap && !s->ac);
	default:
		return !(u && s->smap); /* whatever AC is */
	}
}

static uint64_t expected(const struct rights *r, const struct setting *s,
			 bool user, enum kind kind)
{
	uint64_t error = kind == WRITE ? 2 : 0;

	if (user && kind != SYSTEM)
		error |= 4;
	if (kind == FETCH && (nxe || s->smep))
		error |= 16;
	for (unsigned i = 0; i < r->levels; i++) {
		if (!(r->entry[i] & P))
			return error;
		if (reserved_in(r, i))
			return error | 9;
	}
	return open(r, s, user, kind) ? OK : error | 1;
}

/* ---- the processor ---- */

static uint64_t *slot(unsigned i)
{
	uint64_t *tables[] = {pml4, table[0], table[1], table[2]};

	return &tables[i][lin >> (39 - 9 * i) & 511];
}

static void set_tables(const struct rights *r)
{
	for (unsigned i = 0; i < r->levels; i++) {
		uint64_t to = (uint64_t)table[i < 3 ? i : 2];

		if (i + 1 == r->levels) {
			to = (uint64_t)page & -(UINT64_C(1) << (39 - 9 * i));
			to |= i < 3 ? PS : 0;
		}
		*slot(i) = to | r->entry[i];
	}
	set_cr3((uint64_t)pml4);
}

static void enter_setting(const struct setting *s)
{
	uint64_t cr0 = get_cr0() & ~(uint64_t)CR0_WP;

	set_cr0(cr0 | (s->wp ? CR0_WP : 0));
	set_cr4(get_cr4() | (s->smep ? CR4_SMEP : 0) |
		(s->smap ? CR4_SMAP : 0));
}

static void leave_setting(void)
{
	set_cr4(get_cr4() & ~(uint64_t)(CR4_SMEP | CR4_SMAP));
	set_cr0(get_cr0() | CR0_WP);
}

static uint64_t outcome_of(const struct frame *f)
{
	attempt_frame(f);
	if (trap.vector == DONE)
		return OK;
	if (trap.vector != 14 || (trap.cr2 & ~UINT64_C(15)) != lin)
		return trap.vector << 32;
	return trap.error;
}

static void complain(const struct rights *r, const struct setting *s, bool user,
		     enum kind kind, uint64_t got, uint64_t want)
{
	wrong++;
	if (!verbose)
		return;
	print("wrong: ");
	for (unsigned i = 0; i < r->levels; i++) {
		hex(r->entry[i], 16);
		put(' ');
	}
	hex(s->wp * 8 + s->smep * 4 + s->smap * 2 + s->ac, 1);
	print(user ? " user " : " kernel ");
	hex(kind, 1);
	print(" got ");
	hex(got, 4);
	print(" want ");
	hex(want, 4);
	put('\n');
}

/* A where it went through, D as well where it was written. */
static bool marked(const struct rights *r, enum kind kind, bool through)
{
	uint64_t last = *slot(r->levels - 1);

	if (!through)
		return !(last & D);
	for (unsigned i = 0; i < r->levels; i++)
		if (!(*slot(i) & A))
			return false;
	return !(last & D) == (kind != WRITE);
}

static void access(const struct rights *r, const struct setting *s, bool user,
		   enum kind kind, const struct frame *f)
{
	uint64_t want = expected(r, s, user, kind), got;

	set_tables(r);
	got = outcome_of(f);
	accesses++;
	if (got != want || !marked(r, kind, got == OK))
		complain(r, s, user, kind, got, want);
}

static void every_access(const struct rights *r, const struct setting *s)
{
	struct frame f[2] = {frame_of(0, false), frame_of(0, true)};

	enter_setting(s); /* the user's page may be out of reach from here */
	for (unsigned user = 0; user < 2; user++) {
		f[user].rflags |= s->ac ? AC : 0;
		for (unsigned kind = 0; kind < KINDS; kind++) {
			f[user].rip = (uint64_t)fns[user][kind];
			access(r, s, user, kind, &f[user]);
		}
	}
	leave_setting();
}

static struct setting setting_of(unsigned bits)
{
	return (struct setting){bits & 8, bits & 4, bits & 2, bits & 1};
}

static void decimal(unsigned val)
{
	if (val > 9)
		decimal(val / 10);
	put('0' + val % 10);
}

static void result(const char *name)
{
	print(name);
	decimal(accesses);
	print(" accesses, wrong ");
	decimal(wrong);
	put('\n');
	accesses = wrong = 0;
}

static uint64_t rights_of(unsigned bits)
{
	return P | (bits & 1 ? U : 0) | (bits & 2 ? W : 0) |
	       (bits & 4 ? PTE_NX : 0);
}

static void all_rights(const char *name, unsigned levels)
{
	struct rights r = {.levels = levels};
	struct setting s;

	for (unsigned bits = 0; bits < 1u << 3 * levels; bits++) {
		for (unsigned i = 0; i < levels; i++)
			r.entry[i] = rights_of(bits >> 3 * i & 7);
		for (unsigned n = 0; n < 16; n++) {
			/* Each comes with each, sooner or later. */
			if (!all && n != (bits * 5 + bits / 16) % 16 &&
			    n != (bits * 11 + bits / 16 + 8) % 16)
				continue;
			s = setting_of(n);
			every_access(&r, &s);
		}
	}
	result(name);
}

static struct rights plain(unsigned levels)
{
	struct rights r = {{P | U | W, P | U | W, P | U | W, P | U | W},
			   levels};

	return r;
}

static void absent(void)
{
	struct setting s = setting_of(8);

	for (unsigned level = 0; level < 4; level++) {
		struct rights r = plain(4);

		r.entry[level] = 0;
		every_access(&r, &s);
		r.entry[level] = PTE_NX | UINT64_C(1) << 51 | U | W;
		every_access(&r, &s);
	}
	for (unsigned levels = 2; levels < 4; levels++) {
		struct rights r = plain(levels);

		r.entry[levels - 1] = 0x2000; /* reserved, were it present */
		every_access(&r, &s);
	}
	result("absent: ");
}

static void reserved(void)
{
	static const struct {
		uint8_t levels, level;
		uint64_t bit;
	} rows[] = {
		{4, 0, UINT64_C(1) << 51},
		{4, 1, UINT64_C(1) << 51},
		{4, 2, UINT64_C(1) << 51},
		{4, 3, UINT64_C(1) << 51},
		{4, 0, PS},
		{3, 2, UINT64_C(1) << 51},
		{3, 2, 1 << 13},
		{3, 2, 1 << 20},
		{2, 1, UINT64_C(1) << 51},
		{2, 1, 1 << 13},
		{2, 1, 1 << 21},
		{2, 1, 1 << 29},
	};
	struct setting s = setting_of(8);

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rights r = plain(rows[i].levels);

		r.entry[rows[i].level] |= rows[i].bit;
		every_access(&r, &s);
		r.entry[rows[i].level] &= ~(U | W); /* comes before rights */
		every_access(&r, &s);
	}
	/* What is above it is found first. */
	{
		struct rights r = plain(4);

		r.entry[1] |= UINT64_C(1) << 51;
		r.entry[2] = 0;
		every_access(&r, &s);
	}
	result("reserved: ");
}

/* Without NXE; then the I/D bit needs SMEP. */
static void nx_reserved(void)
{
	uint64_t efer = rdmsr(MSR_EFER);

	wrmsr(MSR_EFER, efer & ~(uint64_t)EFER_NXE);
	nxe = 0;
	for (unsigned n = 8; n <= 12; n += 4) {
		struct setting s = setting_of(n);
		struct rights r;

		for (unsigned level = 0; level < 4; level++) {
			r = plain(4);
			r.entry[level] |= PTE_NX;
			every_access(&r, &s);
		}
		r = plain(4);
		r.entry[2] = 0;
		every_access(&r, &s);
		r.entry[2] = P; /* not the user's */
		every_access(&r, &s);
	}
	wrmsr(MSR_EFER, efer);
	nxe = 1;
	result("NX reserved: ");
}

/* A table in the page: descriptor 1 is data of ring 3, accessed. */
static void set_ldt(void)
{
	uint64_t at = lin;

	((uint64_t *)page)[0] = 0xc3;
	((uint64_t *)page)[1] = segment(0xc0f3);
	gdt[LDT / 8] = 15 | (at & 0xffffff) << 16 | UINT64_C(0x82) << 40 |
		       (at >> 24 & 0xff) << 56;
	gdt[LDT / 8 + 1] = at >> 32;
	__asm__ volatile("lldt %0" ::"r"((uint16_t)LDT));
}

int test_main(void)
{
	const uint64_t *info = (const uint64_t *)(uint64_t)start_info;
	const char *text = (const char *)info[3];

	for (; text && *text; text++) {
		all |= *text == 'a';
		verbose |= *text == 'v';
	}
	lin = LINEAR + (uint64_t)page;
	enter[15] = lin;
	set_ldt();
	all_rights("4 KiB: ", 4);
	all_rights("2 MiB: ", 3);
	all_rights("1 GiB: ", 2);
	absent();
	reserved();
	nx_reserved();
	return 0;
}
