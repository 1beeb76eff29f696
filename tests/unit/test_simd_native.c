/*
 * SSE to SSE4.2 of the simulated CPU: every row of its table against the
 * host's processor, which has all of it or is not asked.
 */
#include <stdio.h>
#include <string.h>

#include "tests/unit/native_simd.h"
#include "tests/unit/simd_operands.h"
#include "tests/unit/unit.h"

#define ALL_MASKS    0x1f80u
#define ALL_FLAGS    0x3fu
#define STATUS_FLAGS 0x8d5u /* OF SF ZF AF PF CF */

/* ---- One instruction on both ---- */

struct instruction {
	const struct simd_row *row;
	bool memory;
	unsigned general;
	unsigned imm;
};

static union xmm take(const void *from, unsigned bytes)
{
	union xmm x = {0};

	memcpy(&x, from, bytes);
	return x;
}

/* Bytes of rm in memory. */
static unsigned width(const struct instruction *in)
{
	const struct simd_row *row = in->row;
	bool wide = row->props & SIMD_REXW && in->general == 8 &&
		    (row->form == SIMD_X_G || row->form == SIMD_G_X ||
		     row->form == SIMD_X_G_I || row->form == SIMD_G_X_I);

	return wide ? 8 : row->bytes;
}

static int64_t length(const struct instruction *in, uint64_t reg)
{
	return in->general == 8 ? (int64_t)reg : (int32_t)reg;
}

/* dst as the function gets it; `rm` is the r/m operand. */
static union xmm destination(const struct instruction *in,
			     const struct native *n, const union xmm *rm)
{
	switch (in->row->form) {
	case SIMD_STORE:
	case SIMD_G_X:
	case SIMD_G_X_I:
	case SIMD_U_I:
		return *rm;
	case SIMD_R_X:
	case SIMD_R_X_I:
		return (union xmm){.u64 = {n->rax}};
	}
	return n->xmm2;
}

static void put_rm(const struct instruction *in, struct native *n,
		   const union xmm *dst)
{
	bool general = in->row->form == SIMD_G_X || in->row->form == SIMD_G_X_I;

	if (in->memory)
		memcpy(&n->mem, dst, width(in));
	else if (general)
		n->rcx = take(dst, in->general).u64[0];
	else
		n->xmm1 = *dst;
}

static void put(const struct instruction *in, struct native *n,
		const union xmm *dst)
{
	switch (in->row->form) {
	case SIMD_STORE:
	case SIMD_G_X:
	case SIMD_G_X_I:
	case SIMD_U_I:
		put_rm(in, n, dst);
		break;
	case SIMD_R_X:
	case SIMD_R_X_I:
		n->rax = take(dst, in->general).u64[0];
		break;
	case SIMD_MASKMOV:
		for (unsigned i = 0; i < 16; i++)
			if (dst->u64[0] >> i & 1)
				n->mem.u8[i] = n->xmm2.u8[i];
		break;
	case SIMD_TEXT:
		n->xmm0 = *dst;
		break;
	case SIMD_TEXT_I:
		n->rcx = dst->u64[0];
		break;
	case SIMD_FLAGS:
		break;
	default:
		n->xmm2 = *dst;
	}
}

/* What the core does around a row's function, on a struct native. */
static void simulate(const struct instruction *in, struct native *n,
		     struct simd_ctx *ctx)
{
	const struct simd_row *row = in->row;
	bool rm_general = row->form == SIMD_X_G || row->form == SIMD_X_G_I ||
			  row->form == SIMD_G_X || row->form == SIMD_G_X_I;
	union xmm rm = n->xmm1, dst;

	*ctx = (struct simd_ctx){
		.mxcsr = n->mxcsr,
		.imm = in->imm,
		.general = in->general,
		.xmm0 = n->xmm0,
		.length = {length(in, n->rax), length(in, n->rdx)},
	};
	if (in->memory)
		rm = take(&n->mem, width(in));
	else if (rm_general)
		rm = take(&n->rcx, in->general);
	dst = destination(in, n, &rm);
	if (row->form == SIMD_STORE || row->form == SIMD_G_X ||
	    row->form == SIMD_G_X_I)
		rm = n->xmm2;
	n->fault = !row->fn(ctx, &dst, &rm);
	n->mxcsr = ctx->mxcsr;
	if (!n->fault)
		put(in, n, &dst);
}

static void print(const char *who, const struct native *n)
{
	printf("  %-9s xmm0 %016lx%016lx xmm1 %016lx%016lx\n"
	       "            xmm2 %016lx%016lx mem  %016lx%016lx\n"
	       "            rax %016lx rcx %016lx rdx %016lx mxcsr %08x%s\n",
	       who, n->xmm0.u64[1], n->xmm0.u64[0], n->xmm1.u64[1],
	       n->xmm1.u64[0], n->xmm2.u64[1], n->xmm2.u64[0], n->mem.u64[1],
	       n->mem.u64[0], n->rax, n->rcx, n->rdx, n->mxcsr,
	       n->fault ? " fault" : "");
}

static bool same(const struct native *a, const struct native *b)
{
	return !memcmp(&a->xmm0, &b->xmm0, 16) &&
	       !memcmp(&a->xmm1, &b->xmm1, 16) &&
	       !memcmp(&a->xmm2, &b->xmm2, 16) &&
	       !memcmp(&a->mem, &b->mem, 16) && a->rax == b->rax &&
	       a->rcx == b->rcx && a->rdx == b->rdx && a->mxcsr == b->mxcsr &&
	       a->fault == b->fault;
}

static bool sets_flags(const struct simd_row *row)
{
	return row->form == SIMD_FLAGS || row->form == SIMD_TEXT ||
	       row->form == SIMD_TEXT_I;
}

/* `n` holds the operands. The instruction was compiled. */
static void check(const struct instruction *in, const struct native *n)
{
	struct native ours = *n, host = *n;
	struct simd_ctx ctx;

	simulate(in, &ours, &ctx);
	native_run(&host);
	if (same(&ours, &host) && (!sets_flags(in->row) || host.fault ||
				   ctx.flags == (host.flags & STATUS_FLAGS)))
		return;
	printf("%s, rm is %s, general %u, imm %02x\n", in->row->name,
	       in->memory ? "memory" : "a register", in->general, in->imm);
	print("operands", n);
	print("ours", &ours);
	print("host", &host);
	fail();
}

static bool approximate(const struct simd_row *row)
{
	return row->opcode == 0x52 || row->opcode == 0x53;
}

/* ---- Against the host ---- */

/* Runs `rounds` operands of each kind; `mask` is ANDed from MXCSR's masks. */
static void try_operands(const struct instruction *in, unsigned rounds,
			 bool unmask)
{
	native_compile(in->row, in->memory, in->general, in->imm);
	for (unsigned i = 0; i < rounds * OPERANDS; i++) {
		enum operands kind = i % OPERANDS;
		struct native n = {
			.xmm0 = operand(kind),
			.xmm1 = operand(kind),
			.mem = operand(kind),
			.xmm2 = operand(kind),
			.rax = operand_lane(INTEGERS),
			.rcx = operand_lane(INTEGERS),
			.rdx = operand_lane(INTEGERS),
		};

		n.mxcsr = random64() & 0xe040; /* RC, FTZ, DAZ */
		n.mxcsr |= unmask ? random64() & ALL_MASKS : ALL_MASKS;
		n.mxcsr |= below(4) ? 0 : random64() & ALL_FLAGS;
		check(in, &n);
	}
}

static void try_row(const struct simd_row *row, bool memory, bool unmask)
{
	unsigned rounds = unmask ? 40 : simd_has_imm(row) ? 4 : 300;

	if (row->form == SIMD_TEXT || row->form == SIMD_TEXT_I)
		rounds *= 3;

	for (unsigned general = 4; general <= 8; general += 4) {
		if (general == 8 && !(row->props & SIMD_REXW))
			continue;
		for (unsigned imm = 0; imm < (simd_has_imm(row) ? 256 : 1);
		     imm++) {
			struct instruction in = {row, memory, general, imm};

			if (!unmask || imm < 8 || imm % 16 == 15)
				try_operands(&in, rounds, unmask);
		}
	}
}

static void try_all(bool unmask)
{
	const struct simd_row *row;

	if (native_init())
		skip();
	random_state = 1;
	for (size_t i = 0; (row = simd_row_at(i)); i++) {
		if (approximate(row) || !native_has(row))
			continue;
		if (!(row->props & SIMD_MEM_ONLY))
			try_row(row, false, unmask);
		if (!(row->props & SIMD_REG_ONLY))
			try_row(row, true, unmask);
	}
}

static void test_every_row_does_what_the_host_does(void **state)
{
	try_all(false);
}

static void test_unmasked_exceptions_are_raised_as_by_the_host(void **state)
{
	try_all(true);
}

static void test_crc32_does_what_the_host_does(void **state)
{
	if (native_init())
		skip();
	random_state = 4;
	for (unsigned bytes = 1; bytes <= 8; bytes *= 2) {
		for (unsigned i = 0; i < 1000; i++) {
			uint32_t crc = operand_lane(INTEGERS);
			uint64_t data = operand_lane(INTEGERS);

			assert_int_equal(simd_crc32(crc, data, bytes),
					 native_crc32(crc, data, bytes));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_does_what_the_host_does),
		cmocka_unit_test(
			test_unmasked_exceptions_are_raised_as_by_the_host),
		cmocka_unit_test(test_crc32_does_what_the_host_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
