/*
 * diff.h: the simulator against the processor it runs on, shared by the files
 * of tests/diff/.
 *
 * A case is up to eight random instructions with all registers and some
 * memory. It runs twice: natively in pages at fixed low addresses
 * (native.c), and in the simulator as 64-bit user code whose page tables
 * have the same pages at the same addresses (guest.c). Both end either
 * behind the last instruction or with an exception, and must be equal then.
 */
#ifndef TESTS_DIFF_DIFF_H
#define TESTS_DIFF_DIFF_H

#include <Zydis/Zydis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The sandbox. What is not listed is not mapped, so that every page has an
 * edge where faults begin:
 *
 *	DATA	two pages, writable
 *	CONST	one page behind them, read-only
 *	STACK	one page, writable
 *	CODE	one page, executable
 *	EXIT	one page whose first bytes lead out
 */
#define BOX_PAGE    0x1000u
#define BOX_DATA    0x10001000u
#define BOX_CONST   0x10003000u
#define BOX_STACK   0x10010000u
#define BOX_CODE    0x10020000u
#define BOX_EXIT    0x10030000u
#define BOX_END	    0x10031000u
/* As offsets into one image of all but EXIT. */
#define IMAGE_DATA  0u
#define IMAGE_CONST (2 * BOX_PAGE)
#define IMAGE_STACK (3 * BOX_PAGE)
#define IMAGE_CODE  (4 * BOX_PAGE)
#define IMAGE_SIZE  (5 * BOX_PAGE)

#define BOX_FS_BASE (BOX_DATA + 0x800u)
#define BOX_GS_BASE (BOX_DATA + 0x1400u)

struct registers {
	uint64_t gpr[16]; /* in encoding order */
	uint64_t rip, rflags;
	uint64_t fs_base, gs_base;
	uint64_t unused[4];
	/* An XSAVE area; without AVX the upper halves are zero. */
	uint8_t fxsave[512] __attribute__((aligned(64)));
	uint64_t xstate_bv, header[7];
	uint8_t ymm_high[256];
};

#define NO_FAULT (-1)

struct outcome {
	struct registers regs;
	int vector; /* or NO_FAULT */
	uint32_t error;
	uint64_t cr2; /* of page faults */
};

/* ---- random.c ---- */
struct rng {
	uint64_t s;
};
uint64_t rng_next(struct rng *r);
unsigned rng_below(struct rng *r, unsigned n);
bool rng_one_in(struct rng *r, unsigned n);
uint64_t rng_operand(struct rng *r); /* an edge, a float or anything */
uint64_t rng_float(struct rng *r);

/* ---- cases ---- */

#define UNITS	  8
#define CODE_ROOM 400

/* An instruction, with what prepares it: one place that jumps lead to. */
struct unit {
	uint16_t at;	/* in code[] */
	uint8_t lead;	/* bytes of preparation */
	uint8_t len;	/* in all */
	uint32_t taint; /* flags that are undefined before it */
	ZydisMnemonic mnemonic;
	uint32_t form;
};

struct patch {
	uint32_t at; /* in the image */
	uint64_t val;
};

struct test_case {
	struct registers in;
	uint8_t code[CODE_ROOM];
	unsigned len;
	unsigned offset; /* in the code page */
	struct unit unit[UNITS];
	unsigned units;
	struct patch patch[96];
	unsigned patches;
	uint32_t undefined;	/* flags, when it ends behind the last unit */
	uint32_t undefined_any; /* after any of its instructions */
	uint32_t fixed;		/* registers that addresses and counts need */
	struct rng state;	/* for what case_vary() chooses */
	uint32_t indexes;	/* vector registers with small numbers */
	bool x87;
	bool own_maker; /* an FXSAVE image in memory: parts are the maker's */
	uint64_t image_lin; /* where */
};

/* ---- compare.c ---- */
/* What differs, or NULL; blanks what may. */
const char *differs(const struct test_case *c, struct outcome *native,
		    struct outcome *guest);

/* ---- forms.c: what can be generated ---- */

/* One encoding of the decoder's table, but for registers and addresses. */
struct form {
	uint8_t prefix; /* 0, 66, F2 or F3 */
	uint8_t vex;	/* 0, or the third byte's W, L and pp, bit 6 set */
	bool rexw;
	uint8_t map, opcode;
	bool has_modrm, mem;
	bool gather;   /* its address has an index that is a vector */
	bool whole;    /* modrm is fixed, not only its reg field */
	uint8_t modrm; /* mod 3 or 0 */
	uint8_t imm_len;
	ZydisMnemonic mnemonic;
};

/* Build the table, after guest_start(). */
bool forms_init(void);
unsigned forms_count(void);
const struct form *form_at(unsigned index);
/* A form of an evenly chosen mnemonic. */
unsigned form_pick(struct rng *r);
/* May these bytes run natively, and what are they? */
bool form_allowed(const ZydisDecodedInstruction *insn);
/* Count an execution; completed: without an exception. */
void form_ran(unsigned index, bool completed);
/*
 * Print what was covered. `all`: the run was long enough for all of it, and
 * the number of mnemonics that are missing is returned.
 */
unsigned forms_report(bool list, bool all);
extern ZydisDecoder decoder64;

/* ---- undefined.c ---- */
/* Flags that the manual leaves undefined; `cl` is a count or -1. */
uint32_t undefined_flags(const ZydisDecodedInstruction *insn,
			 const ZydisDecodedOperand *op, int cl);
/* May it leave the flags that it changes as they were? */
bool keeps_flags(ZydisMnemonic m, ZydisInstructionAttributes attr);
bool compares_to_flags(ZydisMnemonic m);
bool is_shift(ZydisMnemonic m);

/* ---- generate.c ---- */
void case_generate(struct test_case *c, uint64_t seed, uint64_t index);
/* The same instructions with other operands. */
void case_vary(struct test_case *c);

/* ---- native.c ---- */
bool native_init(void);
uint8_t *native_image(void); /* writable, all of it */
bool native_has_fsgsbase(void);
bool native_has_avx(void);
void native_run(const struct registers *in, struct outcome *out);
uint64_t native_exit_address(void);

/* ---- guest.c ---- */
enum guest_result { GUEST_DONE, GUEST_ENDLESS, GUEST_STOPPED };
void guest_start(const uint8_t exit_page[BOX_PAGE]);
uint8_t *guest_image(void);
/* The code page has changed. */
void guest_new_code(void);
enum guest_result guest_execute(const struct registers *in,
				struct outcome *out);
const char *guest_why(void);
uint64_t guest_features(void); /* the mask of vmm/features.h */
void guest_end(void);

#endif
