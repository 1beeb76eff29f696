/*
 * The integer instructions against the host's own processor: the same bytes,
 * the same registers, equal results and equal defined flags.
 */
#include "tests/unit/unit.h"

#include "tests/unit/sim_native.h"

/* `undefined`: flags that are not compared. */
struct row {
	uint8_t insn[8];
	uint8_t len;
	uint64_t undefined;
	uint8_t fix_divisor; /* keep quotients in range */
};

/* An opcode with ModRM in all sizes, register rBX or memory [rSI]. */
struct forms {
	const char *name;
	uint8_t opcode[3];
	uint8_t len;
	uint8_t reg; /* of ModRM */
	bool pair;   /* opcode - 1 is the 8-bit form */
	int imm;     /* bytes of immediate; -1: 16/32 by size */
	bool no_mem;
	uint64_t undefined;
};

static size_t emit(uint8_t *out, const struct forms *f, unsigned size, bool mem,
		   uint64_t imm)
{
	size_t n = 0;
	unsigned imm_len = f->imm < 0 ? (size == 2   ? 2
					 : size == 1 ? 1
						     : 4)
				      : f->imm;

	if (size == 2)
		out[n++] = 0x66;
	if (size == 8)
		out[n++] = 0x48;
	memcpy(out + n, f->opcode, f->len);
	n += f->len;
	if (size == 1)
		out[n - 1]--;
	out[n++] = (mem ? 0x06 : 0xc3) | f->reg << 3;
	memcpy(out + n, &imm, imm_len);
	return n + imm_len;
}

static const struct forms all_forms[] = {
#define ALU(name, op, kind)                                          \
	{name " r/m,r", {op + 1}, 1, 2, true, 0, false, 0},          \
		{name " r,r/m", {op + 3}, 1, 2, true, 0, false, 0},  \
	{                                                            \
		name " r/m,imm", {0x81}, 1, kind, true, -1, false, 0 \
	}
	ALU("add", 0x00, 0),
	ALU("or", 0x08, 1),
	ALU("adc", 0x10, 2),
	ALU("sbb", 0x18, 3),
	ALU("and", 0x20, 4),
	ALU("sub", 0x28, 5),
	ALU("xor", 0x30, 6),
	ALU("cmp", 0x38, 7),
#undef ALU
	{"add r/m,imm8", {0x83}, 1, 0, false, 1, false, 0},
	{"sbb r/m,imm8", {0x83}, 1, 3, false, 1, false, 0},
	{"test r/m,r", {0x85}, 1, 2, true, 0, false, AF},
	{"test r/m,imm", {0xf7}, 1, 0, true, -1, false, AF},
	{"not", {0xf7}, 1, 2, true, 0, false, 0},
	{"neg", {0xf7}, 1, 3, true, 0, false, 0},
	{"inc", {0xff}, 1, 0, true, 0, false, 0},
	{"dec", {0xff}, 1, 1, true, 0, false, 0},
	{"mul", {0xf7}, 1, 4, true, 0, false, SF | ZF | AF | PF},
	{"imul", {0xf7}, 1, 5, true, 0, false, SF | ZF | AF | PF},
	{"imul r,r/m", {0x0f, 0xaf}, 2, 2, false, 0, false, SF | ZF | AF | PF},
	{"imul r,r/m,imm", {0x69}, 1, 2, false, -1, false, SF | ZF | AF | PF},
	{"imul r,r/m,i8", {0x6b}, 1, 2, false, 1, false, SF | ZF | AF | PF},
	{"mov r/m,r", {0x89}, 1, 0, true, 0, false, 0},
	{"mov r,r/m", {0x8b}, 1, 0, true, 0, false, 0},
	{"mov r/m,imm", {0xc7}, 1, 0, true, -1, false, 0},
	{"mov ah,bl", {0x89}, 1, 4, true, 0, false, 0},
	{"xchg", {0x87}, 1, 2, true, 0, false, 0},
	{"xadd", {0x0f, 0xc1}, 2, 2, true, 0, false, 0},
	{"cmpxchg", {0x0f, 0xb1}, 2, 2, true, 0, false, 0},
	{"movzx b", {0x0f, 0xb6}, 2, 2, false, 0, false, 0},
	{"movzx w", {0x0f, 0xb7}, 2, 2, false, 0, false, 0},
	{"movsx b", {0x0f, 0xbe}, 2, 2, false, 0, false, 0},
	{"movsx w", {0x0f, 0xbf}, 2, 2, false, 0, false, 0},
	{"movsxd", {0x63}, 1, 2, false, 0, false, 0},
	{"bsf", {0x0f, 0xbc}, 2, 2, false, 0, false, CF | OF | SF | AF | PF},
	{"bsr", {0x0f, 0xbd}, 2, 2, false, 0, false, CF | OF | SF | AF | PF},
	{"popcnt", {0x0f, 0xb8}, 2, 2, false, 0, false, 0},
	{"bt imm", {0x0f, 0xba}, 2, 4, false, 1, false, OF | SF | AF | PF},
	{"bts imm", {0x0f, 0xba}, 2, 5, false, 1, false, OF | SF | AF | PF},
	{"btr imm", {0x0f, 0xba}, 2, 6, false, 1, false, OF | SF | AF | PF},
	{"btc imm", {0x0f, 0xba}, 2, 7, false, 1, false, OF | SF | AF | PF},
	{"bt r", {0x0f, 0xa3}, 2, 2, false, 0, true, OF | SF | AF | PF},
	{"bts r", {0x0f, 0xab}, 2, 2, false, 0, true, OF | SF | AF | PF},
	{"btr r", {0x0f, 0xb3}, 2, 2, false, 0, true, OF | SF | AF | PF},
	{"btc r", {0x0f, 0xbb}, 2, 2, false, 0, true, OF | SF | AF | PF},
};

static void test_alu_and_moves_agree_with_the_host(void **state)
{
	static const uint8_t sizes[] = {1, 2, 4, 8};
	struct guest *g = *state;
	uint8_t insn[16];
	struct regs r;

	for (size_t i = 0; i < sizeof(all_forms) / sizeof(*all_forms); i++) {
		const struct forms *f = &all_forms[i];

		for (unsigned n = 0; n < 8 * 40; n++) {
			unsigned size = sizes[n % 4];
			bool mem = n & 4 && !f->no_mem;
			size_t len;

			if (size == 1 && !f->pair)
				continue;
			/* Register 4 of other sizes is the stack's. */
			if (!strcmp(f->name, "mov ah,bl") && size > 1)
				continue;
			/* F3 goes before REX. */
			if (!strcmp(f->name, "popcnt")) {
				insn[0] = 0xf3;
				len = 1 + emit(insn + 1, f, size, mem, 0);
			} else {
				len = emit(insn, f, size, mem, operand());
			}
			random_regs(&r);
			compare(g, insn, len, f->undefined, &r);
		}
	}
}

/* OF is defined for counts of one only; CF of SHL beyond the size not. */
static uint64_t shift_undefined(unsigned kind, unsigned count, unsigned size)
{
	uint64_t flags = AF;

	count &= size == 8 ? 63 : 31;
	if (count == 0)
		return 0;
	if (count > 1)
		flags |= OF;
	if (kind >= 4 && count > 8 * size)
		flags |= CF;
	return kind < 4 ? flags & ~AF : flags;
}

static void test_shifts_and_rotates_agree_with_the_host(void **state)
{
	static const uint8_t sizes[] = {1, 2, 4, 8};
	struct guest *g = *state;
	uint8_t insn[16];
	struct regs r;

	for (unsigned kind = 0; kind < 8; kind++) {
		for (unsigned n = 0; n < 600; n++) {
			unsigned size = sizes[n % 4], count = random64() % 80;
			bool mem = n & 4, by_cl = n & 8, one = n % 48 < 8;
			struct forms f = {"shift", {0xc1}, 1, kind, true, 1};
			size_t len;

			if (one) {
				f.opcode[0] = 0xd1;
				f.imm = 0;
				count = 1;
			} else if (by_cl) {
				f.opcode[0] = 0xd3;
				f.imm = 0;
			}
			random_regs(&r);
			r.rcx = (r.rcx & ~UINT64_C(0xff)) | count;
			len = emit(insn, &f, size, mem, count);
			compare(g, insn, len,
				shift_undefined(kind, count, size), &r);
		}
	}
}

static void test_double_shifts_agree_with_the_host(void **state)
{
	static const uint8_t opcodes[] = {0xa4, 0xa5, 0xac, 0xad};
	static const uint8_t sizes[] = {2, 4, 8};
	struct guest *g = *state;
	uint8_t insn[16];
	struct regs r;

	for (unsigned n = 0; n < 1500; n++) {
		unsigned size = sizes[n % 3], count = random64() % 70;
		struct forms f = {"shld", {0x0f, opcodes[n / 3 % 4]},
				  2,	  2,
				  false,  1,
				  false,  0};
		unsigned used = count & (size == 8 ? 63 : 31);
		uint64_t undefined = used ? AF | (used > 1 ? OF : 0) : 0;
		size_t len;

		/* Over 16 on 16 bits the result is undefined, too. */
		if (size == 2 && used > 16)
			continue;
		f.imm = f.opcode[1] & 1 ? 0 : 1;
		random_regs(&r);
		r.rcx = (r.rcx & ~UINT64_C(0xff)) | count;
		len = emit(insn, &f, size, n & 1, count);
		compare(g, insn, len, undefined, &r);
	}
}

/* Dividends that fit: rDX smaller than the divisor, or its sign. */
static void test_divisions_agree_with_the_host(void **state)
{
	static const uint8_t sizes[] = {1, 2, 4, 8};
	struct guest *g = *state;
	uint8_t insn[16];
	struct regs r;

	for (unsigned n = 0; n < 2000; n++) {
		unsigned size = sizes[n % 4], shift = 64 - 8 * size;
		bool is_signed = n & 4;
		struct forms f = {"div", {0xf7}, 1, is_signed ? 7 : 6, true};
		size_t len = emit(insn, &f, size, false, 0);

		random_regs(&r);
		if (r.rbx << shift == 0)
			continue;
		if (is_signed) {
			/* A positive dividend that is small enough. */
			int64_t d = (int64_t)(r.rbx << shift) >> shift;

			r.rdx = 0;
			r.rax &= INT64_MAX >> shift;
			if (size == 1)
				r.rax &= 0x7f;
			if (d == -1 || d == 0)
				continue;
		} else {
			r.rdx = (r.rdx << shift >> shift) %
				(r.rbx << shift >> shift);
			if (size == 1)
				r.rax = (r.rax & 0xff) | (r.rdx & 0xff) << 8;
		}
		compare(g, insn, len, ALL, &r);
	}
}

static void test_negative_dividends_agree_with_the_host(void **state)
{
	/* cqo; idiv rbx / cdq; idiv ebx / cwd; idiv bx / cbw; idiv bl */
	static const uint8_t code[4][5] = {{0x48, 0x99, 0x48, 0xf7, 0xfb},
					   {0x99, 0xf7, 0xfb, 0x90, 0x90},
					   {0x66, 0x99, 0x66, 0xf7, 0xfb},
					   {0x66, 0x98, 0xf6, 0xfb, 0x90}};
	static const uint8_t sizes[] = {8, 4, 2, 1};
	struct guest *g = *state;
	struct regs r;

	for (unsigned n = 0; n < 1000; n++) {
		unsigned shift = 64 - 8 * sizes[n % 4];
		int64_t d;

		random_regs(&r);
		d = (int64_t)(r.rbx << shift) >> shift;
		if (d == 0 || d == -1)
			continue;
		compare(g, code[n % 4], 5, ALL, &r);
	}
}

static void test_conditions_agree_with_the_host(void **state)
{
	struct guest *g = *state;
	struct regs r;

	for (unsigned cc = 0; cc < 16; cc++) {
		const uint8_t set[] = {0x0f, 0x90 | cc, 0xc3};
		const uint8_t cmov[] = {0x48, 0x0f, 0x40 | cc, 0xc3};
		const uint8_t cmov4[] = {0x0f, 0x40 | cc, 0xc3};
		/* jcc +3; mov bl, 1; (3 bytes of nop) */
		const uint8_t jcc[] = {0x70 | cc, 2, 0xb3, 1, 0x90};

		for (unsigned n = 0; n < 64; n++) {
			random_regs(&r);
			/* All combinations of CF PF ZF SF OF occur. */
			r.flags = FLAG_FIXED | (n & 1 ? CF : 0) |
				  (n & 2 ? PF : 0) | (n & 4 ? ZF : 0) |
				  (n & 8 ? SF : 0) | (n & 16 ? OF : 0) |
				  (n & 32 ? AF : 0);
			compare(g, set, sizeof(set), 0, &r);
			compare(g, cmov, sizeof(cmov), 0, &r);
			compare(g, cmov4, sizeof(cmov4), 0, &r);
			compare(g, jcc, sizeof(jcc), 0, &r);
		}
	}
}

/* Instructions on fixed registers, and flags that must come through. */
static void test_odds_and_ends_agree_with_the_host(void **state)
{
	static const struct row rows[] = {
		{{0x98}, 1, 0},
		{{0x66, 0x98}, 2, 0},
		{{0x48, 0x98}, 2, 0},
		{{0x99}, 1, 0},
		{{0x66, 0x99}, 2, 0},
		{{0x48, 0x99}, 2, 0},
		{{0x0f, 0xc8}, 2, 0},
		{{0x48, 0x0f, 0xcb}, 3, 0},
		{{0xf5}, 1, 0},
		{{0xf8}, 1, 0},
		{{0xf9}, 1, 0},
		{{0x9e}, 1, 0},
		{{0x9f}, 1, 0},
		{{0x93}, 1, 0},
		{{0x48, 0x93}, 2, 0},
		{{0x66, 0x93}, 2, 0},
		{{0x87, 0xdb}, 2, 0},
		{{0x90}, 1, 0},
		{{0xf3, 0x90}, 2, 0},
		{{0x86, 0xe3}, 2, 0},
		{{0x40, 0x88, 0xc3}, 3, 0},
		{{0x02, 0xe7}, 2, 0},
		{{0xb4, 0x12}, 2, 0},
		{{0x48, 0x8d, 0x44, 0x4b, 0x7f}, 5, 0},
		{{0x8d, 0x84, 0xd3, 1, 2, 3, 4}, 7, 0},
		{{0x67, 0x48, 0x8d, 0x04, 0x5b}, 5, 0},
		{{0x66, 0x8d, 0x04, 0x4b}, 4, 0},
		{{0x41, 0x89, 0xd0, 0x44, 0x01, 0xc3}, 6, 0},
		{{0x53, 0x58}, 2, 0},
		{{0x66, 0x53, 0x66, 0x58}, 4, 0},
		{{0x6a, 0x80, 0x5b}, 3, 0},
		{{0xff, 0x36, 0x8f, 0x46, 8}, 5, 0},
		{{0x9c, 0x58}, 2, 0},
		{{0x04, 0x7f}, 2, 0},
		{{0x66, 0x05, 0xff, 0x7f}, 4, 0},
		{{0xa8, 0x55}, 2, AF},
		{{0x0f, 0x1f, 0x44, 0, 0}, 5, 0},
		{{0xe3, 0x02, 0xff, 0xc0}, 4, 0},
		{{0xc8, 0x10, 0, 0, 0xc9}, 5, 0},
	};
	struct guest *g = *state;
	struct regs r;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		for (unsigned n = 0; n < 50; n++) {
			random_regs(&r);
			/* PUSHF shows IF and the like: compare what is ALU. */
			if (rows[i].insn[0] == 0x9c) {
				static const uint8_t keep[] = {
					0x9c, 0x58, 0x25, 0xd5, 8, 0, 0};

				compare(g, keep, 7, ALL, &r);
				continue;
			}
			compare(g, rows[i].insn, rows[i].len, rows[i].undefined,
				&r);
		}
	}
}

/* Bit strings reach before and behind the address. */
static void test_bit_strings_agree_with_the_host(void **state)
{
	static const uint8_t opcodes[] = {0xa3, 0xab, 0xb3, 0xbb};
	static const uint8_t sizes[] = {2, 4, 8};
	struct guest *g = *state;
	uint8_t insn[16];
	struct regs r;

	for (unsigned n = 0; n < 600; n++) {
		struct forms f = {"bt", {0x0f, opcodes[n % 4]}, 2, 2};
		size_t len = emit(insn, &f, sizes[n / 4 % 3], true, 0);

		random_regs(&r);
		r.rdx = (int64_t)(random64() % 384) - 192;
		compare(g, insn, len, OF | SF | AF | PF, &r);
	}
}

static void test_strings_agree_with_the_host(void **state)
{
	/* lea rdi,[rsi-16]; mov ecx,4; (rep) op; lea rax,[rdi]; sub rax,rsi */
	static const uint8_t ops[][3] = {
		{0xf3, 0xa4}, {0xf3, 0xa5}, {0xf3, 0x48, 0xa5}, {0xf3, 0xaa},
		{0xf3, 0xab}, {0xf3, 0xa6}, {0xf2, 0xa6},	{0xf3, 0xae},
		{0xf2, 0xae}, {0xf2, 0xaf}, {0x90, 0xa4},	{0x90, 0xab},
		{0x90, 0xac}, {0x90, 0xa6}, {0xf3, 0x66, 0xa5}, {0xf3, 0xac}};
	static const uint8_t head[] = {0x57, 0x48, 0x8d, 0x7e, 0xf0,
				       0xb9, 4,	   0,	 0,    0};
	static const uint8_t tail[] = {0x48, 0x89, 0xfb, 0x48,
				       0x29, 0xf3, 0x5f};
	struct guest *g = *state;
	struct regs r;

	for (unsigned n = 0; n < 16 * 20; n++) {
		uint8_t insn[32];
		size_t len = sizeof(head), op = ops[n % 16][2] ? 3 : 2;

		memcpy(insn, head, len);
		memcpy(insn + len, ops[n % 16], op);
		memcpy(insn + len + op, tail, sizeof(tail));
		random_regs(&r);
		/* Runs of equal bytes, so that comparisons go on a while. */
		if (n & 16)
			memset(r.mem + 12, r.rax, 12);
		compare(g, insn, len + op + sizeof(tail), 0, &r);
	}
}

static int setup(void **state)
{
	return native_setup(state, CPU_DEFAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alu_and_moves_agree_with_the_host),
		cmocka_unit_test(test_shifts_and_rotates_agree_with_the_host),
		cmocka_unit_test(test_double_shifts_agree_with_the_host),
		cmocka_unit_test(test_divisions_agree_with_the_host),
		cmocka_unit_test(test_negative_dividends_agree_with_the_host),
		cmocka_unit_test(test_conditions_agree_with_the_host),
		cmocka_unit_test(test_odds_and_ends_agree_with_the_host),
		cmocka_unit_test(test_bit_strings_agree_with_the_host),
		cmocka_unit_test(test_strings_agree_with_the_host),
	};

	return cmocka_run_group_tests(tests, setup, native_teardown);
}
