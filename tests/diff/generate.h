/*
 * generate.h: a case in the making, for the files that make it: encode.c its
 * bytes, operand.c its operands, registers.c what it begins with, generate.c
 * the order of all that.
 */
#ifndef TESTS_DIFF_GENERATE_H
#define TESTS_DIFF_GENERATE_H

#include "tests/diff/diff.h"

#define RAX 0
#define RCX 1
#define RDX 2
#define RSP 4

/* A jump whose target is chosen when all units are there. */
struct fixup {
	uint16_t at;
	uint8_t size;
	bool absolute;
	uint8_t unit;
};

struct gen {
	struct rng r;
	struct test_case *c;
	uint32_t fixed, dirty;
	uint32_t taint;
	bool branches;
	unsigned want; /* units */
	struct fixup fixup[UNITS];
	unsigned fixups;
};

/* An instruction on its way to becoming a unit. */
struct draft {
	const struct form *form;
	uint32_t index;
	uint8_t byte[16];
	uint8_t lead[16];
	unsigned lead_len;
	ZydisDecodedInstruction z;
	ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
	uint64_t target; /* of its memory operand, when that was chosen */
	bool solved;
};

static inline bool is_free(const struct gen *g, unsigned reg)
{
	return !((g->fixed | g->dirty) >> reg & 1);
}

static inline void fix(struct gen *g, unsigned reg, uint64_t val)
{
	g->c->in.gpr[reg] = val;
	g->fixed |= 1u << reg;
}

static inline int gpr_number(ZydisRegister reg)
{
	ZydisRegister wide = ZydisRegisterGetLargestEnclosing(
		ZYDIS_MACHINE_MODE_LONG_64, reg);

	if (wide < ZYDIS_REGISTER_RAX || wide > ZYDIS_REGISTER_R15)
		return -1;
	return wide - ZYDIS_REGISTER_RAX;
}

/* ---- encode.c ---- */
void put_instruction(struct gen *g, const struct form *f, uint8_t *out);
void vary_reg(struct gen *g, struct draft *d);
bool decode(struct draft *d);

/* ---- operand.c ---- */
void place_operands(struct gen *g, struct draft *d, uint64_t next);
bool must_be_alone(const struct draft *d);
bool has_mmx(const struct draft *d);
bool is_x87(const ZydisDecodedInstruction *z);
bool prepare_operands(struct gen *g, struct draft *d);

/* ---- registers.c ---- */
#define FLAG_AC 0x40000u
bool alignment_checked(struct gen *g);
void small_indexes(struct gen *g);
void first_stack_pointer(struct gen *g);
void first_x87(struct gen *g);
void free_registers(struct gen *g);

#endif
