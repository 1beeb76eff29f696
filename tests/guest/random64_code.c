/*
 * random64_code.c: the code of a random program, made of pieces: each kind of
 * piece is one function.
 */
#include "tests/guest/random64.h"

uint32_t piece[PIECES];
unsigned pieces;
static uint8_t *out;
static uint32_t constant[PIECES]; /* imm32s that ring 0 may change */
static unsigned constants;

static void emit(uint64_t val, unsigned bytes)
{
	for (; bytes; bytes--, val >>= 8)
		*out++ = val;
}

#define BYTES(...)                                            \
	do {                                                  \
		static const uint8_t bytes[] = {__VA_ARGS__}; \
                                                              \
		for (unsigned i = 0; i < sizeof(bytes); i++)  \
			*out++ = bytes[i];                    \
	} while (0)

static bool chance(unsigned n)
{
	return below(n) == 0;
}

/* Not RSP; in ring 0 none that holds an address. */
static unsigned any_reg(void)
{
	static const uint8_t free[] = {0, 1, 2, 8, 9, 10, 11, 12, 13, 14, 15};

	if (user && chance(16))
		return below(16);
	return free[below(sizeof(free))];
}

static unsigned pointer(void)
{
	static const uint8_t regs[] = {3, 6, 7};

	return regs[below(3)];
}

uint64_t some_address(void)
{
	uint64_t page = below(user ? WINDOW_PAGES : PAGES);
	uint64_t at = WINDOW + page * 4096;

	if (chance(12))
		return WINDOW + DEVICE_PAGE * 4096 + below(4000);
	if (chance(3)) /* about the next page's start */
		return at + 4096 - below(20);
	return at + below(4080);
}

static void load_pointer(unsigned reg)
{
	emit(0xb8 + reg, 1);
	emit(some_address(), 4);
}

static void rex(unsigned reg, unsigned rm)
{
	emit(0x40 | (chance(2) ? 8 : 0) | (reg >> 3) << 2 | rm >> 3, 1);
}

/* Prefixes, opcode of one or two bytes, and a register or memory. */
static void operand(unsigned opcode, unsigned reg, bool memory)
{
	unsigned rm = memory ? pointer() : any_reg();

	if (memory && chance(4))
		load_pointer(rm);
	if (chance(8))
		emit(0x66, 1);
	if (memory && user && chance(20))
		emit(0x65, 1);
	rex(reg, rm);
	if (opcode > 0xff)
		emit(0x0f, 1);
	emit(opcode, 1);
	if (memory && chance(2)) {
		emit(0x40 | (reg & 7) << 3 | rm, 1);
		emit(next(), 1);
	} else {
		emit((memory ? 0 : 0xc0) | (reg & 7) << 3 | (rm & 7), 1);
	}
}

static void alu(void)
{
	operand(below(8) * 8 + below(4), any_reg(), chance(2));
}

static void immediate(void)
{
	unsigned reg = any_reg();

	if (chance(4)) {
		emit(0x48 | reg >> 3, 1);
		emit(0xb8 + (reg & 7), 1);
		emit(next() * next(), 8);
		return;
	}
	emit(0x40 | reg >> 3, 1);
	emit(0xb8 + (reg & 7), 1);
	if (constants < PIECES)
		constant[constants++] = out - base;
	emit(next(), 4);
}

static void set_pointers(void)
{
	load_pointer(3);
	load_pointer(6);
	load_pointer(7);
}

static void shift(void)
{
	static const uint8_t ops[] = {0xd0, 0xd1, 0xd2, 0xd3, 0xc0, 0xc1};
	unsigned op = ops[below(6)];

	operand(op, below(8), chance(3));
	if (op < 0xd0)
		emit(next(), 1);
}

/* NOT, NEG, MUL, IMUL, DIV, IDIV; MOV, LEA, XCHG. */
static void group(void)
{
	static const uint8_t ops[] = {0x88, 0x89, 0x8a, 0x8b, 0x86, 0x87, 0x63};

	if (chance(2))
		operand(0xf6 + below(2), 2 + below(6), chance(3));
	else
		operand(ops[below(sizeof(ops))], any_reg(), chance(2));
}

static void two_bytes(void)
{
	static const uint8_t ops[] = {0xa3, 0xab, 0xb3, 0xbb, 0xbc, 0xbd,
				      0xc0, 0xc1, 0xb0, 0xb1, 0xb6, 0xb7,
				      0xbe, 0xbf, 0xaf, 0xb8};
	unsigned n = below(48);

	if (n < 16)
		operand(0x140 + n, any_reg(), chance(3));
	else if (n < 32)
		operand(0x190 + n - 16, any_reg(), chance(3));
	else /* bit offsets reach far: no memory there */
		operand(0x100 + ops[n - 32], any_reg(), n >= 36 && chance(3));
}

static void locked(void)
{
	static const uint16_t ops[] = {0x00,  0x01,  0x08,  0x29, 0x30,
				       0x1c1, 0x1b1, 0x187, 0x1c7};
	unsigned rm = pointer(), op = ops[below(9)];

	load_pointer(rm);
	emit(0xf0, 1);
	rex(0, 0);
	if (op > 0xff)
		emit(0x0f, 1);
	emit(op, 1);
	emit((op == 0x1c7 ? 1 : below(3)) << 3 | rm, 1);
}

static void stack(void)
{
	unsigned reg = any_reg();

	if (!user || chance(2)) {
		emit(0x40 | reg >> 3, 1);
		emit(0x50 + (reg & 7), 1);
	}
	if (!user || chance(2)) {
		emit(0x40 | reg >> 3, 1);
		emit(0x58 + (reg & 7), 1);
	}
}

/* Relative to the instruction's end, which is 4 bytes on. */
static void displacement(unsigned to)
{
	emit(to - (uint32_t)(out - base) - 4, 4);
}

static void jump_back(void)
{
	emit(0x0f, 1);
	emit(0x80 + below(16), 1);
	displacement(piece[below(pieces)]);
}

static void counted_loop(void)
{
	uint32_t start;

	emit(0xb9, 1);
	emit(1 + below(40), 4);
	start = out - base;
	for (unsigned i = below(4); i; i--)
		alu();
	BYTES(0xff, 0xc9, 0x0f, 0x85);
	displacement(start);
}

static void call(void)
{
	emit(0xe8, 1);
	if (user && chance(2)) {
		displacement(piece[below(pieces)]);
		return;
	}
	emit(1, 4);
	BYTES(0x90, 0x58);
}

static void string(void)
{
	static const uint8_t ops[] = {0xa4, 0xa5, 0xaa, 0xab, 0xa6,
				      0xa7, 0xae, 0xaf, 0xac, 0xad};

	load_pointer(6);
	load_pointer(7);
	emit(0xb9, 1);
	emit(chance(8) ? below(3000) : below(60), 4);
	emit(chance(6) ? 0xfd : 0xfc, 1);
	if (!chance(4))
		emit(0xf2 + below(2), 1);
	if (chance(2))
		emit(0x48, 1);
	emit(ops[below(sizeof(ops))], 1);
	emit(0xfc, 1);
}

static void patch(void)
{
	uint64_t at = code_at;

	BYTES(0xc7, 0x04, 0x25);
	if (user)
		at += (chance(2) ? 0x8000 : 0) + below(out - base + 64);
	else if (constants)
		at += constant[below(constants)];
	else
		at = WINDOW;
	emit(at, 4);
	emit(next(), 4);
}

/* Writes `mov $imm, %eax; ret', calls it, changes it by an alias, and again. */
static void compile(void)
{
	uint64_t page = below(PAGES), offset = below(4096);

	if (!user)
		return;
	emit(0xbf, 1);
	emit(WINDOW + page * 4096 + offset, 4);
	BYTES(0xc7, 0x07, 0xb8, 1, 2, 3, 0xc7, 0x47, 4, 4, 0xc3, 0x90, 0x90);
	if (chance(2))
		BYTES(0xff, 0xd7);
	BYTES(0xc6, 0x04, 0x25);
	emit(WINDOW + (chance(2) ? PAGES : 0) * 4096 + page * 4096 + offset + 1,
	     4);
	emit(next(), 1);
	BYTES(0xff, 0xd7, 0x01, 0xc2);
}

static void edit(void)
{
	BYTES(0xcd, VEC_EDIT);
}

static void port(void)
{
	static const uint8_t ports[] = {0x61, 0x40, 0x80, 0x42, 0x71};

	if (user && !chance(4))
		return;
	emit(0xb8 + 2, 1);
	emit(ports[below(5)], 4);
	if (chance(4)) { /* where it does no harm */
		BYTES(0xe6, 0x80);
		return;
	}
	emit(0xec + below(2), 1);
}

static void clock(void)
{
	switch (below(4)) {
	case 0:
		if (user) /* it writes RBX */
			BYTES(0x0f, 0xa2);
		return;
	case 1:
		BYTES(0x0f, 0x01, 0xf9);
		return;
	default:
		BYTES(0x0f, 0x31);
	}
}

static bool avx;

/*
 * Some operands of these are general registers, which depends on the opcode:
 * so in ring 0 all are of those that hold no address.
 */
static unsigned vector_reg(void)
{
	static const uint8_t free[] = {0, 1, 2, 5};

	return user ? below(8) : free[below(sizeof(free))];
}

/* A register, or memory at RBX. */
static void vector_operand(void)
{
	unsigned reg = vector_reg() << 3;

	emit(chance(2) ? 0xc0 | reg | vector_reg() : reg | 3, 1);
}

/* As VEX.vvvv has it: inverted, or all ones for none. */
static unsigned vector_source(void)
{
	if (chance(2))
		return 0x78;
	return (user ? below(16) : ~vector_reg() & 15) << 3;
}

/* Where there is AVX: any opcode of its three maps, W, L, vvvv and prefix. */
static void vex(void)
{
	unsigned map = 1 + below(3);

	load_pointer(3);
	if (map == 1 && chance(2)) {
		emit(0xc5, 1);
	} else {
		emit(0xc4, 1);
		emit(0xe0 | map, 1);
	}
	emit(0x80 | vector_source() | below(8), 1);
	emit(map == 1 ? 0x51 + below(0xae) : below(256), 1);
	vector_operand();
	if (map == 3)
		emit(next(), 1);
}

void enable_avx(void)
{
	if (!cpuid_bit(1, 2, 28))
		return;
	avx = true;
	set_cr4(get_cr4() | CR4_OSXSAVE);
	__asm__ volatile("xsetbv" ::"c"(0), "a"(7), "d"(0));
}

static void simd(void)
{
	static const uint8_t prefix[] = {0x66, 0xf2, 0xf3};

	if (avx && chance(2)) {
		vex();
		return;
	}
	if (chance(2)) { /* x87: all of D8 to DF */
		load_pointer(3);
		emit(0xd8 + below(8), 1);
		emit(chance(2) ? 0xc0 + below(64) : below(8) << 3 | 3, 1);
		return;
	}
	load_pointer(3);
	if (chance(2))
		emit(prefix[below(3)], 1);
	emit(0x0f, 1);
	emit(chance(2) ? 0x51 + below(0x1f) : 0xd1 + below(0x2e), 1);
	vector_operand();
}

static void flags(void)
{
	switch (below(user ? 8 : 5)) {
	case 0:
		BYTES(0x9c, 0x9d);
		return;
	case 1:
		BYTES(0xf3, 0x90);
		return;
	case 2:
		emit(0xb8, 1);
		emit(user ? SEL_UDATA : SEL_DATA, 4);
		BYTES(0x8e, 0xd0);
		return;
	case 3:
		if (user)
			BYTES(0x9f, 0x9e);
		else
			BYTES(0xfa, 0x90, 0xfb);
		return;
	case 4:
		BYTES(0xf5, 0xf9);
		return;
	case 5: /* POPF: TF, AC, DF, NT */
		emit(0x68, 1);
		emit(chance(3) ? next() & 0x40dd5 : next() & 0x8d5, 4);
		emit(0x9d, 1);
		return;
	case 6:
		BYTES(0x0f, 0x05);
		return;
	default: /* to another width of code and perhaps back */
		emit(0x6a, 1);
		emit(chance(2) ? SEL_UCODE32 : SEL_UCODE, 1);
		emit(0x68, 1);
		emit(code_at + piece[below(pieces)], 4);
		BYTES(0x48, 0xcb);
	}
}

static void bases(void)
{
	unsigned reg = any_reg();

	emit(0xf3, 1);
	emit(0x48 | reg >> 3, 1);
	BYTES(0x0f, 0xae);
	emit(0xc0 + 8 * below(4) + (reg & 7), 1);
}

static void trouble(void)
{
	switch (below(4)) {
	case 0:
		BYTES(0x0f, 0x0b);
		return;
	case 1:
		BYTES(0xcc);
		return;
	case 2:
		BYTES(0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0x40);
		return;
	default:
		if (!user)
			return;
		for (unsigned i = 1 + below(8); i; i--)
			emit(next(), 1);
	}
}

static void one_piece(void)
{
	static void (*const kinds[])(void) = {
		alu,   alu,	     alu,   immediate, set_pointers, shift,
		group, group,	     alu,   two_bytes, two_bytes,    locked,
		stack, jump_back,    patch, call,      counted_loop, string,
		edit,  counted_loop, port,  clock,     simd,	     simd,
		flags, bases,	     stack, trouble,   compile,	     compile,
	};

	piece[pieces++] = out - base;
	kinds[below(sizeof(kinds) / sizeof(kinds[0]))]();
}

/* Forward jumps skip a piece. */
void generate(void)
{
	uint8_t *skip = 0;

	pieces = constants = 0;
	out = base;
	set_pointers();
	while (pieces < PIECES && out - base < CODE_BYTES - 200) {
		if (chance(8)) {
			emit(0x70 + below(16), 1);
			skip = out++;
			one_piece();
			*skip = out - skip - 1;
			continue;
		}
		one_piece();
	}
	/* On and on, until the events end it. */
	emit(0xe9, 1);
	displacement(piece[below(pieces)]);
}
