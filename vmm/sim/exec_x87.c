/*
 * exec_x87.c: x87 loads and stores of floating-point numbers, which move
 * without computing: what saving, checking and clearing the x87 stack takes.
 *
 * cpu->st[] is in FXSAVE's order: st[0] is ST(0), so pushing and popping
 * move the registers. FTW's bits are by physical number, TOP + i.
 */
#include "vmm/sim/exec.h"
#include "vmm/sim/handlers.h"

/* Flags of FSW, masked by the bits of FCW at the same places. */
#define X87_IE	 0x0001u
#define X87_DE	 0x0002u
#define X87_OE	 0x0008u
#define X87_UE	 0x0010u
#define X87_PE	 0x0020u
#define X87_SF	 0x0040u
#define X87_ES	 0x0080u
#define X87_C1	 0x0200u
#define X87_B	 0x8000u
#define TOP_AT	 11

#define EXP_MAX	 0x7fffu
#define EXP_BIAS 16383
#define INTEGER	 (UINT64_C(1) << 63)
#define QUIET	 (UINT64_C(1) << 62)

/* An 80-bit number in parts. */
struct ext {
	uint64_t mant;
	unsigned exp;
	bool sign;
};

/* A narrower format: bits of fraction, and of exponent. */
struct format {
	unsigned frac, exp;
};

static const struct format formats[] = {[4] = {23, 8}, [8] = {52, 11}};

/* The state must be ours and no exception waiting (SDM 1 8.7). */
static void begin(struct cpu *cpu, const struct op *op)
{
	cpu->op = op;
	if (cpu->s.cr0 & (CR0_EM | CR0_TS))
		raise_fault(cpu, VEC_NM);
	if (cpu->fsw & X87_ES)
		raise_fault(cpu, VEC_MF);
	cpu->fsw &= ~X87_C1;
}

/* Note exceptions; true when one of `stops` is not masked. */
static bool note(struct cpu *cpu, unsigned flags, unsigned stops)
{
	cpu->fsw |= flags;
	if (cpu->fsw & ~cpu->fcw & 0x3f)
		cpu->fsw |= X87_ES | X87_B;
	return flags & stops & ~cpu->fcw;
}

static unsigned top(const struct cpu *cpu)
{
	return cpu->fsw >> TOP_AT & 7;
}

static void set_top(struct cpu *cpu, unsigned val)
{
	cpu->fsw = (cpu->fsw & ~(7u << TOP_AT)) | (val & 7) << TOP_AT;
}

static bool empty(const struct cpu *cpu, unsigned i)
{
	return !(cpu->ftw >> ((top(cpu) + i) & 7) & 1);
}

static struct ext get(const struct cpu *cpu, unsigned i)
{
	uint16_t high;
	struct ext x;

	memcpy(&x.mant, cpu->st[i], 8);
	memcpy(&high, cpu->st[i] + 8, 2);
	x.exp = high & EXP_MAX;
	x.sign = high >> 15;
	return x;
}

static void put(struct cpu *cpu, unsigned i, struct ext x)
{
	uint16_t high = x.exp | x.sign << 15;

	memcpy(cpu->st[i], &x.mant, 8);
	memcpy(cpu->st[i] + 8, &high, 2);
}

static const struct ext indefinite = {INTEGER | QUIET, EXP_MAX, true};

/* Push; onto a full stack the masked answer is the indefinite. */
static void push(struct cpu *cpu, struct ext x)
{
	if (!empty(cpu, 7)) {
		cpu->fsw |= X87_C1;
		if (note(cpu, X87_IE | X87_SF, X87_IE))
			return;
		x = indefinite;
	}
	memmove(cpu->st[1], cpu->st[0], 7 * sizeof(cpu->st[0]));
	set_top(cpu, top(cpu) - 1);
	cpu->ftw |= 1u << top(cpu);
	put(cpu, 0, x);
}

/* The old ST(0) becomes ST(7): registers go round. */
static void pop(struct cpu *cpu)
{
	uint8_t old[16];

	memcpy(old, cpu->st[0], sizeof(old));
	cpu->ftw &= ~(1u << top(cpu));
	set_top(cpu, top(cpu) + 1);
	memmove(cpu->st[0], cpu->st[1], 7 * sizeof(cpu->st[0]));
	memcpy(cpu->st[7], old, sizeof(old));
}

/* ---- widening: exact ---- */

static struct ext widen(uint64_t val, const struct format *f, unsigned *flags)
{
	unsigned exp_max = (1u << f->exp) - 1;
	unsigned exp = val >> f->frac & exp_max, shift;
	uint64_t frac = val & ((UINT64_C(1) << f->frac) - 1);
	int bias = exp_max >> 1;
	struct ext x = {frac << (63 - f->frac), 0,
			val >> (f->frac + f->exp) & 1};

	*flags = 0;
	if (exp == exp_max) {
		x.exp = EXP_MAX;
		if (frac && !(x.mant & QUIET))
			*flags = X87_IE;
		x.mant |= INTEGER | (frac ? QUIET : 0);
	} else if (exp) {
		x.exp = exp - bias + EXP_BIAS;
		x.mant |= INTEGER;
	} else if (frac) {
		*flags = X87_DE;
		shift = __builtin_clzll(x.mant);
		x.mant <<= shift;
		x.exp = 1 - bias + EXP_BIAS - shift;
	}
	return x;
}

/* ---- narrowing: rounds ---- */

/* Round up? `half` and `sticky` are what was cut off. */
static bool rounds_up(unsigned mode, bool sign, bool odd, bool half,
		      bool sticky)
{
	switch (mode) {
	case 0:
		return half && (sticky || odd);
	case 1:
		return sign && (half || sticky);
	case 2:
		return !sign && (half || sticky);
	}
	return false;
}

static uint64_t special(struct ext x, const struct format *f, unsigned *flags)
{
	uint64_t all =
		(UINT64_C(1) << (f->frac + f->exp)) - (UINT64_C(1) << f->frac);

	if (x.exp == EXP_MAX && x.mant & INTEGER) {
		if (x.mant == INTEGER)
			return all;
		if (!(x.mant & QUIET))
			*flags |= X87_IE;
		return all | (x.mant | QUIET) << 1 >> (64 - f->frac);
	}
	*flags |= X87_IE; /* unnormal: no number */
	return all | UINT64_C(1) << (f->frac - 1) |
	       (uint64_t)!x.sign << (f->frac + f->exp);
}

/* Infinity, or the largest number when rounding away from it. */
static uint64_t overflow(const struct format *f, unsigned mode, bool sign)
{
	uint64_t inf =
		(UINT64_C(1) << (f->frac + f->exp)) - (UINT64_C(1) << f->frac);
	bool up = mode == 0 || mode == (sign ? 1u : 2u);

	return up ? inf : inf - 1;
}

/* The magnitude in the narrower format; exceptions in *flags. */
static uint64_t magnitude(struct ext x, const struct format *f, unsigned mode,
			  unsigned *flags, bool *up)
{
	int bias = (1 << (f->exp - 1)) - 1;
	int exp = (int)(x.exp ? x.exp : 1) - EXP_BIAS + bias;
	unsigned cut = 63 - f->frac;
	uint64_t frac, rest, half;
	bool tiny;

	if (!x.mant)
		return 0;
	if (exp >= (1 << f->exp) - 1) {
		*flags |= X87_OE | X87_PE;
		return overflow(f, mode, x.sign);
	}
	tiny = exp <= 0;
	if (tiny) {
		cut = (unsigned)(1 - exp) > 64 - cut ? 64 : cut + 1 - exp;
		exp = 1;
	}
	frac = cut < 64 ? x.mant >> cut : 0;
	half = UINT64_C(1) << (cut - 1);
	rest = x.mant & (half | (half - 1));
	*up = rounds_up(mode, x.sign, frac & 1, rest & half, rest & (half - 1));
	if (rest)
		*flags |= X87_PE | (tiny ? X87_UE : 0);
	/* The integer bit of a normal number adds one to the exponent. */
	frac += *up + ((uint64_t)(exp - 1) << f->frac);
	if (frac >> f->frac >= (UINT64_C(1) << f->exp) - 1) {
		*flags |= X87_OE | X87_PE;
		return overflow(f, mode, x.sign);
	}
	return frac;
}

static uint64_t narrow(struct ext x, const struct format *f, unsigned mode,
		       unsigned *flags, bool *up)
{
	uint64_t sign = (uint64_t)x.sign << (f->frac + f->exp);

	*flags = 0;
	*up = false;
	if (x.exp == EXP_MAX || (x.exp && !(x.mant & INTEGER)))
		return sign ^ special(x, f, flags);
	return sign | magnitude(x, f, mode, flags, up);
}

/* ---- the instructions ---- */

/* FLD m32 and m64; op->size says which. */
void exec_fld(struct cpu *cpu, const struct op *op)
{
	unsigned flags;
	struct ext x;
	uint64_t val;

	begin(cpu, op);
	val = load(cpu, op, effective(cpu, op), op->size);
	x = widen(val, &formats[op->size], &flags);
	if (!note(cpu, flags, X87_IE | X87_DE))
		push(cpu, x);
	return next(cpu, op);
}

void exec_fld80(struct cpu *cpu, const struct op *op)
{
	uint64_t ea = effective(cpu, op);
	uint8_t image[10];
	struct ext x;
	uint16_t high;

	begin(cpu, op);
	lin_read_bytes(cpu, mem_linear(cpu, op->seg, ea, 10, ACCESS_READ),
		       image, 10, ACCESS_READ);
	memcpy(&x.mant, image, 8);
	memcpy(&high, image + 8, 2);
	x.exp = high & EXP_MAX;
	x.sign = high >> 15;
	push(cpu, x);
	return next(cpu, op);
}

/* ST(0), or what its absence gives; false: stop, nothing is stored. */
static bool take(struct cpu *cpu, struct ext *x)
{
	*x = get(cpu, 0);
	if (!empty(cpu, 0))
		return true;
	*x = indefinite;
	return !note(cpu, X87_IE | X87_SF, X87_IE);
}

/* FST and FSTP (op->reg 3) to m32 and m64. */
void exec_fst(struct cpu *cpu, const struct op *op)
{
	uint64_t ea = effective(cpu, op), val;
	unsigned flags;
	struct ext x;
	bool up;

	begin(cpu, op);
	mem_probe_write(cpu, op->seg, ea, op->size);
	if (!take(cpu, &x))
		return next(cpu, op);
	val = narrow(x, &formats[op->size], cpu->fcw >> 10 & 3, &flags, &up);
	if (note(cpu, flags, X87_IE | X87_OE | X87_UE))
		return next(cpu, op);
	if (up)
		cpu->fsw |= X87_C1;
	store(cpu, op, ea, op->size, val);
	if (op->reg == 3)
		pop(cpu);
	return next(cpu, op);
}

void exec_fstp80(struct cpu *cpu, const struct op *op)
{
	uint64_t ea = effective(cpu, op), lin;
	struct ext x;
	uint8_t image[10];
	uint16_t high;

	begin(cpu, op);
	lin = mem_linear(cpu, op->seg, ea, 10, ACCESS_WRITE);
	lin_probe_write(cpu, lin, 10, ACCESS_WRITE);
	if (!take(cpu, &x))
		return next(cpu, op);
	high = x.exp | x.sign << 15;
	memcpy(image, &x.mant, 8);
	memcpy(image + 8, &high, 2);
	lin_write_bytes(cpu, lin, image, 10, ACCESS_WRITE);
	pop(cpu);
	return next(cpu, op);
}

/* FLDZ and FLD1 */
void exec_fld_const(struct cpu *cpu, const struct op *op)
{
	static const struct ext one = {INTEGER, EXP_BIAS, false};
	static const struct ext zero;

	begin(cpu, op);
	push(cpu, op->imm ? one : zero);
	return next(cpu, op);
}
