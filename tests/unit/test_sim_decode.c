/*
 * The decoder: lengths and operands of many encodings, and agreement with
 * Zydis on random bytes where that is there.
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "vmm/sim/handlers.h"
#include "vmm/sim/sim.h"

struct row {
	uint8_t byte[15];
	uint8_t avail;
	uint8_t bits;
	enum decode result;
	uint8_t len;
	uint8_t opsize, adsize;
};

static const struct row rows[] = {
	/* nop; mov eax, ebx; mov rax, rbx; mov ax, bx */
	{{0x90}, 1, 64, DECODE_OK, 1, 4, 8},
	{{0x89, 0xd8}, 2, 64, DECODE_OK, 2, 4, 8},
	{{0x48, 0x89, 0xd8}, 3, 64, DECODE_OK, 3, 8, 8},
	{{0x66, 0x89, 0xd8}, 3, 64, DECODE_OK, 3, 2, 8},
	{{0x89, 0xd8}, 2, 16, DECODE_OK, 2, 2, 2},
	/* A prefix after REX takes it back. */
	{{0x48, 0x66, 0x89, 0xd8}, 4, 64, DECODE_OK, 4, 2, 8},
	{{0x66, 0x48, 0x89, 0xd8}, 4, 64, DECODE_OK, 4, 8, 8},
	/* mov rax, imm64; mov eax, imm32; mov ax, imm16 */
	{{0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8}, 10, 64, DECODE_OK, 10, 8, 8},
	{{0xb8, 1, 2, 3, 4}, 5, 64, DECODE_OK, 5, 4, 8},
	{{0x66, 0xb8, 1, 2}, 4, 64, DECODE_OK, 4, 2, 8},
	/* mov al, moffs: 8, 4 and 2 bytes */
	{{0xa0, 1, 2, 3, 4, 5, 6, 7, 8}, 9, 64, DECODE_OK, 9, 4, 8},
	{{0x67, 0xa0, 1, 2, 3, 4}, 6, 64, DECODE_OK, 6, 4, 4},
	{{0xa0, 1, 2, 3, 4}, 5, 32, DECODE_OK, 5, 4, 4},
	{{0x67, 0xa0, 1, 2}, 4, 32, DECODE_OK, 4, 4, 2},
	/* [rip+d32], [rbp+d8], [rsp], [rsp+rbp*4+d32], [d32] by SIB */
	{{0x8b, 0x05, 1, 2, 3, 4}, 6, 64, DECODE_OK, 6, 4, 8},
	{{0x8b, 0x45, 0}, 3, 64, DECODE_OK, 3, 4, 8},
	{{0x8b, 0x04, 0x24}, 3, 64, DECODE_OK, 3, 4, 8},
	{{0x8b, 0x84, 0xac, 1, 2, 3, 4}, 7, 64, DECODE_OK, 7, 4, 8},
	{{0x8b, 0x04, 0x25, 1, 2, 3, 4}, 7, 64, DECODE_OK, 7, 4, 8},
	/* [bx+si], [d16], [bp+d8] */
	{{0x67, 0x8b, 0x00}, 3, 32, DECODE_OK, 3, 4, 2},
	{{0x67, 0x8b, 0x06, 1, 2}, 5, 32, DECODE_OK, 5, 4, 2},
	{{0x67, 0x8b, 0x46, 1}, 4, 32, DECODE_OK, 4, 4, 2},
	/* Immediates of group 3 belong to TEST alone. */
	{{0xf7, 0xc0, 1, 2, 3, 4}, 6, 64, DECODE_OK, 6, 4, 8},
	{{0xf7, 0xd0}, 2, 64, DECODE_OK, 2, 4, 8},
	{{0xf6, 0xc8, 1}, 3, 64, DECODE_OK, 3, 4, 8},
	/* push: 64 bits by itself, 16 with 66; call: 64 whatever is said */
	{{0x50}, 1, 64, DECODE_OK, 1, 8, 8},
	{{0x66, 0x50}, 2, 64, DECODE_OK, 2, 2, 8},
	{{0xe8, 1, 2, 3, 4}, 5, 64, DECODE_OK, 5, 8, 8},
	{{0x66, 0xe8, 1, 2, 3, 4}, 6, 64, DECODE_OK, 6, 8, 8},
	{{0x66, 0xe8, 1, 2}, 4, 32, DECODE_OK, 4, 2, 4},
	/* enter; far jump; ret imm16 */
	{{0xc8, 1, 2, 3}, 4, 64, DECODE_OK, 4, 8, 8},
	{{0xea, 1, 2, 3, 4, 5, 6}, 7, 32, DECODE_OK, 7, 4, 4},
	{{0xc2, 1, 2}, 3, 64, DECODE_OK, 3, 8, 8},
	/* MOV CR has no memory form whatever mod says. */
	{{0x0f, 0x20, 0x00}, 3, 64, DECODE_OK, 3, 4, 8},
	{{0x0f, 0x20, 0x05}, 3, 64, DECODE_OK, 3, 4, 8},
	/* Maps 0F 38 and 0F 3A. */
	{{0x66, 0x0f, 0x38, 0, 0xc1}, 5, 64, DECODE_OK, 5, 2, 8},
	{{0x66, 0x0f, 0x3a, 0x0f, 0xc1, 1}, 6, 64, DECODE_OK, 6, 2, 8},
	/* Not in 64-bit code. */
	{{0x06}, 1, 64, DECODE_UD, 1, 4, 8},
	{{0x06}, 1, 32, DECODE_OK, 1, 4, 4},
	{{0x60}, 1, 64, DECODE_UD, 1, 4, 8},
	{{0xc4, 0xe2, 0x79}, 3, 64, DECODE_MORE, 3, 4, 8},
	{{0xc4, 0xe2, 0x70, 0xf2, 0xc3}, 5, 64, DECODE_OK, 5, 4, 8},
	{{0xc4, 0xe3, 0x79, 0x0f, 0xc3, 1}, 6, 64, DECODE_OK, 6, 4, 8},
	{{0xc5, 0xf8, 0x58, 0x05, 0, 0, 0, 0}, 8, 64, DECODE_OK, 8, 4, 8},
	{{0xc5, 0xf8, 0x77}, 3, 64, DECODE_OK, 3, 4, 8},
	{{0xc4, 0xe4, 0x70, 0xf2, 0xc3}, 5, 64, DECODE_UD, 4, 4, 8},
	{{0xc5, 0xf8, 0x58, 0xc1}, 4, 32, DECODE_OK, 4, 4, 4},
	{{0xc5, 0x78, 0x58}, 3, 32, DECODE_OK, 3, 4, 4}, /* LDS */
	{{0xc5, 0xf8, 0x58, 0xc1}, 4, 16, DECODE_OK, 4, 2, 2},
	{{0xc5, 0x78, 0x58}, 3, 16, DECODE_OK, 3, 2, 2},
	{{0xea, 1, 2, 3, 4, 5, 6}, 7, 64, DECODE_UD, 1, 4, 8},
	/* Cut short, at the prefix, ModRM, SIB, displacement, immediate. */
	{{0x66}, 1, 64, DECODE_MORE, 1, 0, 0},
	{{0x8b}, 1, 64, DECODE_MORE, 1, 0, 0},
	{{0x8b, 0x04}, 2, 64, DECODE_MORE, 2, 0, 0},
	{{0x8b, 0x05, 1, 2, 3}, 5, 64, DECODE_MORE, 5, 0, 0},
	{{0xb8, 1, 2, 3}, 4, 64, DECODE_MORE, 4, 0, 0},
	/* 15 bytes are the limit. */
	{{0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
	  0x66, 0x66, 0x66, 0x90},
	 15,
	 64,
	 DECODE_OK,
	 15,
	 2,
	 8},
	{{0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
	  0x66, 0x66, 0x89, 0x45},
	 15,
	 64,
	 DECODE_TOO_LONG,
	 15,
	 0,
	 0},
};

static void test_lengths_and_sizes(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *r = &rows[i];
		struct insn insn;
		enum decode got =
			insn_decode(&insn, r->byte, r->avail, r->bits);

		if (got != r->result || insn.len != r->len)
			print_error("row %zu\n", i);
		assert_int_equal(got, r->result);
		assert_int_equal(insn.len, r->len);
		if (got != DECODE_OK)
			continue;
		assert_int_equal(insn.opsize, r->opsize);
		assert_int_equal(insn.adsize, r->adsize);
	}
}

static void test_address_parts(void **state)
{
	/* mov r9, fs:[r12 + r13 * 8 - 0x10] */
	static const uint8_t a[] = {0x64, 0x4f, 0x8b, 0x4c, 0xec, 0xf0};
	/* mov eax, [rip + 0x11223344] */
	static const uint8_t b[] = {0x8b, 0x05, 0x44, 0x33, 0x22, 0x11};
	/* mov eax, [r13 + 0]: 5 is no base only with mod 0 */
	static const uint8_t c[] = {0x41, 0x8b, 0x45, 0};
	/* mov eax, [rax + r12]: index 12 is an index */
	static const uint8_t d[] = {0x42, 0x8b, 0x04, 0x20};
	struct insn insn;

	assert_int_equal(insn_decode(&insn, a, sizeof(a), 64), DECODE_OK);
	assert_int_equal(insn.seg, SEG_FS);
	assert_int_equal(insn.reg, GPR_R9);
	assert_int_equal(insn.base, GPR_R12);
	assert_int_equal(insn.index, GPR_R13);
	assert_int_equal(insn.scale, 3);
	assert_int_equal(insn.disp, -16);
	assert_int_equal(insn_decode(&insn, b, sizeof(b), 64), DECODE_OK);
	assert_true(insn.rip_relative);
	assert_int_equal(insn.disp, 0x11223344);
	assert_int_equal(insn_decode(&insn, b, sizeof(b), 32), DECODE_OK);
	assert_false(insn.rip_relative);
	assert_int_equal(insn.base, REG_ZERO);
	assert_int_equal(insn_decode(&insn, c, sizeof(c), 64), DECODE_OK);
	assert_int_equal(insn.base, GPR_R13);
	assert_int_equal(insn_decode(&insn, d, sizeof(d), 64), DECODE_OK);
	assert_int_equal(insn.index, GPR_R12);
}

/* What the op says, for what the encoding says. */
static op_fn *bound(const uint8_t *byte, unsigned len, unsigned bits,
		    struct op *op)
{
	struct insn insn;

	memset(op, 0, sizeof(*op));
	assert_int_equal(insn_decode(&insn, byte, len, bits), DECODE_OK);
	op->len = op->next = insn.len;
	insn.features = UINT64_MAX;
	op_bind(op, &insn);
	return op->fn;
}

static void test_lock_is_ud_where_it_is_not_allowed(void **state)
{
	static const struct {
		uint8_t byte[8];
		bool ok;
	} lock[] = {
		{{0xf0, 0x01, 0x03}, true},	      /* add [rbx], eax */
		{{0xf0, 0x01, 0xc3}, false},	      /* add ebx, eax */
		{{0xf0, 0x03, 0x03}, false},	      /* add eax, [rbx] */
		{{0xf0, 0x39, 0x03}, false},	      /* cmp [rbx], eax */
		{{0xf0, 0x83, 0x03, 1}, true},	      /* add [rbx], 1 */
		{{0xf0, 0x83, 0x3b, 1}, false},	      /* cmp [rbx], 1 */
		{{0xf0, 0x89, 0x03}, false},	      /* mov */
		{{0xf0, 0x87, 0x03}, true},	      /* xchg */
		{{0xf0, 0x0f, 0xb1, 0x0b}, true},     /* cmpxchg */
		{{0xf0, 0x0f, 0xc1, 0x0b}, true},     /* xadd */
		{{0xf0, 0x0f, 0xba, 0x2b, 1}, true},  /* bts */
		{{0xf0, 0x0f, 0xba, 0x23, 1}, false}, /* bt */
		{{0xf0, 0x0f, 0xc7, 0x0b}, true},     /* cmpxchg8b */
		{{0xf0, 0xf7, 0x13}, true},	      /* not */
		{{0xf0, 0xf7, 0x23}, false},	      /* mul */
		{{0xf0, 0xff, 0x03}, true},	      /* inc */
		{{0xf0, 0xff, 0x13}, false},	      /* call */
		{{0xf0, 0x90}, false},
	};
	struct op op;

	for (size_t i = 0; i < sizeof(lock) / sizeof(*lock); i++)
		assert_int_equal(bound(lock[i].byte, 8, 64, &op) != exec_ud,
				 lock[i].ok);
}

static void test_what_cpuid_does_not_offer_is_ud(void **state)
{
	static const uint8_t absent[][8] = {
		{0x0f, 0x38, 0x10, 0xc1}, /* pblendvb without 66 */
		{0x0f, 0x38, 0xf0, 0xc7}, /* movbe of a register */
		{0x66, 0x0f, 0x01, 0xd0}, /* xgetbv with 66 */
		{0xf3, 0x0f, 0xae, 0x20}, /* xsave with F3 */
		{0xf2, 0x0f, 0xc7, 0xf0}, /* rdrand with F2 */
		{0x0f, 0x0b},		  /* ud2 */
		{0xf3, 0x0f, 0xfc, 0xc1}, /* paddb with F3 */
	};
	struct op op;

	for (size_t i = 0; i < sizeof(absent) / sizeof(*absent); i++)
		assert_ptr_equal(bound(absent[i], 8, 64, &op), exec_ud);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths_and_sizes),
		cmocka_unit_test(test_address_parts),
		cmocka_unit_test(test_lock_is_ud_where_it_is_not_allowed),
		cmocka_unit_test(test_what_cpuid_does_not_offer_is_ud),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
