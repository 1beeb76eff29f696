/*
 * forms.c: what can be generated, taken from the simulator's own decoder: all
 * encodings it gives a meaning to, without registers and addresses. So an
 * instruction that is added there is compared from then on. What must not
 * run here, or cannot be equal, is a row below with its reason.
 */
#include <cpuid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/diff/diff.h"
#include "vmm/sim/bind.h"

#define FORMS_MAX (1u << 18)
#define MNEMONICS (ZYDIS_MNEMONIC_MAX_VALUE + 1)

ZydisDecoder decoder64;

static struct form forms[FORMS_MAX];
static unsigned form_count;
static uint32_t by_mnemonic[FORMS_MAX]; /* indexes, sorted by mnemonic */
static struct group {
	uint32_t first, count;
	uint16_t mnemonic;
} groups[MNEMONICS];
static unsigned group_count;
static uint64_t ran[MNEMONICS], completed_runs[MNEMONICS];
/* Of the decoder's table, whether it can be generated or not. */
static bool in_table[MNEMONICS], no_host[MNEMONICS];

/* ---- what is not generated ---- */

static const struct {
	ZydisMnemonic mnemonic;
	const char *why;
} excluded[] = {
#define LEAVES "goes to the host's kernel"
	{ZYDIS_MNEMONIC_SYSCALL, LEAVES},
	{ZYDIS_MNEMONIC_SYSRET, LEAVES},
	{ZYDIS_MNEMONIC_SYSENTER, LEAVES},
	{ZYDIS_MNEMONIC_SYSEXIT, LEAVES},
#undef LEAVES
#define SEGMENT "loads a segment register from the host's tables"
	{ZYDIS_MNEMONIC_LSS, SEGMENT},
	{ZYDIS_MNEMONIC_LFS, SEGMENT},
	{ZYDIS_MNEMONIC_LGS, SEGMENT},
	{ZYDIS_MNEMONIC_IRET, SEGMENT},
	{ZYDIS_MNEMONIC_IRETD, SEGMENT},
	{ZYDIS_MNEMONIC_IRETQ, SEGMENT},
	{ZYDIS_MNEMONIC_LAR, "reads the host's descriptors"},
	{ZYDIS_MNEMONIC_LSL, "reads the host's descriptors"},
	{ZYDIS_MNEMONIC_VERR, "reads the host's descriptors"},
	{ZYDIS_MNEMONIC_VERW, "reads the host's descriptors"},
#undef SEGMENT
#define UMIP "the host's kernel emulates it, or UMIP is off"
	{ZYDIS_MNEMONIC_SGDT, UMIP},
	{ZYDIS_MNEMONIC_SIDT, UMIP},
	{ZYDIS_MNEMONIC_SLDT, UMIP},
	{ZYDIS_MNEMONIC_STR, UMIP},
	{ZYDIS_MNEMONIC_SMSW, UMIP},
#undef UMIP
#define DIFFERS "gives what differs from run to run or host to host"
	{ZYDIS_MNEMONIC_RDTSC, DIFFERS},
	{ZYDIS_MNEMONIC_RDTSCP, DIFFERS},
	{ZYDIS_MNEMONIC_RDPMC, DIFFERS},
	{ZYDIS_MNEMONIC_RDPID, DIFFERS},
	{ZYDIS_MNEMONIC_RDRAND, DIFFERS},
	{ZYDIS_MNEMONIC_RDSEED, DIFFERS},
	{ZYDIS_MNEMONIC_CPUID, DIFFERS},
	{ZYDIS_MNEMONIC_XGETBV, DIFFERS},
#undef DIFFERS
#define STATE "its image has the host's size and components"
	{ZYDIS_MNEMONIC_XSAVE, STATE},
	{ZYDIS_MNEMONIC_XSAVE64, STATE},
	{ZYDIS_MNEMONIC_XSAVEC, STATE},
	{ZYDIS_MNEMONIC_XSAVEC64, STATE},
	{ZYDIS_MNEMONIC_XSAVEOPT, STATE},
	{ZYDIS_MNEMONIC_XSAVEOPT64, STATE},
	{ZYDIS_MNEMONIC_XRSTOR, STATE},
	{ZYDIS_MNEMONIC_XRSTOR64, STATE},
#undef STATE
#define ROUGH "approximations are the maker's; test_simd has their bounds"
	{ZYDIS_MNEMONIC_RCPPS, ROUGH},
	{ZYDIS_MNEMONIC_RCPSS, ROUGH},
	{ZYDIS_MNEMONIC_RSQRTPS, ROUGH},
	{ZYDIS_MNEMONIC_RSQRTSS, ROUGH},
	{ZYDIS_MNEMONIC_VRCPPS, ROUGH},
	{ZYDIS_MNEMONIC_VRCPSS, ROUGH},
	{ZYDIS_MNEMONIC_VRSQRTPS, ROUGH},
	{ZYDIS_MNEMONIC_VRSQRTSS, ROUGH},
#undef ROUGH
#define CURVE "approximations are the maker's; test_x87_native has their bounds"
	{ZYDIS_MNEMONIC_FSIN, CURVE},
	{ZYDIS_MNEMONIC_FCOS, CURVE},
	{ZYDIS_MNEMONIC_FSINCOS, CURVE},
	{ZYDIS_MNEMONIC_FPTAN, CURVE},
	{ZYDIS_MNEMONIC_FPATAN, CURVE},
	{ZYDIS_MNEMONIC_F2XM1, CURVE},
	{ZYDIS_MNEMONIC_FYL2X, CURVE},
	{ZYDIS_MNEMONIC_FYL2XP1, CURVE},
#undef CURVE
	{ZYDIS_MNEMONIC_INT1, "hypervisors that intercept it lose its length"},
#define POINTERS "has the last x87 instruction's address, which makers drop"
	{ZYDIS_MNEMONIC_FNSTENV, POINTERS},
	{ZYDIS_MNEMONIC_FNSAVE, POINTERS},
#undef POINTERS
};

static const char *why_excluded(ZydisMnemonic m)
{
	for (size_t i = 0; i < sizeof(excluded) / sizeof(*excluded); i++)
		if (excluded[i].mnemonic == m)
			return excluded[i].why;
	return NULL;
}

static bool has_rep(const ZydisDecodedInstruction *z)
{
	for (unsigned i = 0; i < z->raw.prefix_count; i++)
		if ((z->raw.prefixes[i].value & 0xfe) == 0xf2)
			return true;
	return false;
}

/* Instructions of an allowed mnemonic that are not. */
static bool bad_operands(const ZydisDecodedInstruction *z)
{
	switch (z->mnemonic) {
	case ZYDIS_MNEMONIC_POP:
		return z->opcode == 0x07 || z->opcode == 0x17 ||
		       z->opcode == 0x1f ||
		       (z->opcode_map == ZYDIS_OPCODE_MAP_0F);
	case ZYDIS_MNEMONIC_MOV:
		return z->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT &&
		       z->opcode == 0x8e;
	case ZYDIS_MNEMONIC_MOVSXD: /* makers differ in the source's size */
		return z->operand_width == 16;
	case ZYDIS_MNEMONIC_INT: /* the host's system call */
		return z->raw.imm[0].value.u == 0x80;
	case ZYDIS_MNEMONIC_LOOPE: /* makers differ in what REP means here */
	case ZYDIS_MNEMONIC_LOOPNE:
		if (has_rep(z))
			return true;
		break;
	case ZYDIS_MNEMONIC_NOP: /* 0F 0D on registers: one maker's #UD */
		return z->opcode_map == ZYDIS_OPCODE_MAP_0F &&
		       z->opcode == 0x0d;
	case ZYDIS_MNEMONIC_BSWAP: /* 16 bits: undefined */
		return z->operand_width == 16;
	case ZYDIS_MNEMONIC_CALL:
	case ZYDIS_MNEMONIC_JMP:
		if (z->meta.branch_type == ZYDIS_BRANCH_TYPE_FAR)
			return true;
		break;
	case ZYDIS_MNEMONIC_RET:
		if (z->meta.branch_type == ZYDIS_BRANCH_TYPE_FAR)
			return true;
		break;
	default:
		break;
	}
	/* Makers differ in what 66 means to near branches. */
	return z->meta.branch_type != ZYDIS_BRANCH_TYPE_NONE &&
	       z->attributes & ZYDIS_ATTRIB_HAS_OPERANDSIZE;
}

/* ---- features: offered by both processors ---- */

static const struct {
	ZydisISASet set;
	uint32_t leaf;
	uint8_t reg, bit;
} features[] = {
	{ZYDIS_ISA_SET_PENTIUMMMX, 1, CPUID_EDX, 23},
	{ZYDIS_ISA_SET_SSE, 1, CPUID_EDX, 25},
	{ZYDIS_ISA_SET_SSEMXCSR, 1, CPUID_EDX, 25},
	{ZYDIS_ISA_SET_SSE_PREFETCH, 1, CPUID_EDX, 25},
	{ZYDIS_ISA_SET_SSE2, 1, CPUID_EDX, 26},
	{ZYDIS_ISA_SET_SSE2MMX, 1, CPUID_EDX, 26},
	{ZYDIS_ISA_SET_CLFSH, 1, CPUID_EDX, 19},
	{ZYDIS_ISA_SET_FXSAVE, 1, CPUID_EDX, 24},
	{ZYDIS_ISA_SET_FXSAVE64, 1, CPUID_EDX, 24},
	{ZYDIS_ISA_SET_CMOV, 1, CPUID_EDX, 15},
	{ZYDIS_ISA_SET_FCMOV, 1, CPUID_EDX, 15},
	{ZYDIS_ISA_SET_SSE3, 1, CPUID_ECX, 0},
	{ZYDIS_ISA_SET_SSE3X87, 1, CPUID_ECX, 0},
	{ZYDIS_ISA_SET_PCLMULQDQ, 1, CPUID_ECX, 1},
	{ZYDIS_ISA_SET_SSSE3, 1, CPUID_ECX, 9},
	{ZYDIS_ISA_SET_SSSE3MMX, 1, CPUID_ECX, 9},
	{ZYDIS_ISA_SET_CMPXCHG16B, 1, CPUID_ECX, 13},
	{ZYDIS_ISA_SET_SSE4, 1, CPUID_ECX, 19},
	{ZYDIS_ISA_SET_SSE42, 1, CPUID_ECX, 20},
	{ZYDIS_ISA_SET_MOVBE, 1, CPUID_ECX, 22},
	{ZYDIS_ISA_SET_POPCNT, 1, CPUID_ECX, 23},
	{ZYDIS_ISA_SET_AES, 1, CPUID_ECX, 25},
	{ZYDIS_ISA_SET_FMA, 1, CPUID_ECX, 12},
	{ZYDIS_ISA_SET_AVX, 1, CPUID_ECX, 28},
	{ZYDIS_ISA_SET_AVXAES, 1, CPUID_ECX, 28},
	{ZYDIS_ISA_SET_F16C, 1, CPUID_ECX, 29},
	{ZYDIS_ISA_SET_RDWRFSGS, 7, CPUID_EBX, 0},
	{ZYDIS_ISA_SET_AVX2, 7, CPUID_EBX, 5},
	{ZYDIS_ISA_SET_AVX2GATHER, 7, CPUID_EBX, 5},
	{ZYDIS_ISA_SET_BMI1, 7, CPUID_EBX, 3},
	{ZYDIS_ISA_SET_BMI2, 7, CPUID_EBX, 8},
	{ZYDIS_ISA_SET_ADOX_ADCX, 7, CPUID_EBX, 19},
	{ZYDIS_ISA_SET_SMAP, 7, CPUID_EBX, 20},
	{ZYDIS_ISA_SET_CLFLUSHOPT, 7, CPUID_EBX, 23},
	{ZYDIS_ISA_SET_CLWB, 7, CPUID_EBX, 24},
	{ZYDIS_ISA_SET_SHA, 7, CPUID_EBX, 29},
	{ZYDIS_ISA_SET_LAHF, 0x80000001, CPUID_ECX, 0},
	{ZYDIS_ISA_SET_LZCNT, 0x80000001, CPUID_ECX, 5},
	{ZYDIS_ISA_SET_PREFETCH_NOP, 0x80000001, CPUID_ECX, 8},
	{ZYDIS_ISA_SET_RDTSCP, 0x80000001, CPUID_EDX, 27},
};

static const ZydisISASet always[] = {
	ZYDIS_ISA_SET_I86,	     ZYDIS_ISA_SET_I186,
	ZYDIS_ISA_SET_I286PROTECTED, ZYDIS_ISA_SET_I286REAL,
	ZYDIS_ISA_SET_I386,	     ZYDIS_ISA_SET_I486,
	ZYDIS_ISA_SET_I486REAL,	     ZYDIS_ISA_SET_PENTIUMREAL,
	ZYDIS_ISA_SET_PPRO,	     ZYDIS_ISA_SET_LONGMODE,
	ZYDIS_ISA_SET_FAT_NOP,	     ZYDIS_ISA_SET_PAUSE,
	ZYDIS_ISA_SET_X87,	     ZYDIS_ISA_SET_RDPMC,
};

enum offer { BY_NONE, BY_SIM, BY_BOTH };

static bool host_has(uint32_t leaf, unsigned reg, unsigned bit)
{
	uint32_t r[4] = {0};

	if (!__get_cpuid_count(leaf, 0, &r[0], &r[1], &r[2], &r[3]))
		return false;
	return r[reg] >> bit & 1;
}

static enum offer find_offer(ZydisISASet set)
{
	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
		if (always[i] == set)
			return BY_BOTH;
	for (size_t i = 0; i < sizeof(features) / sizeof(*features); i++) {
		if (features[i].set != set)
			continue;
		if (!(features_cpuid(guest_features(), features[i].leaf, 0,
				     features[i].reg) >>
			      features[i].bit &
		      1))
			return BY_NONE;
		if (set == ZYDIS_ISA_SET_RDWRFSGS && !native_has_fsgsbase())
			return BY_SIM;
		return host_has(features[i].leaf, features[i].reg,
				features[i].bit)
			       ? BY_BOTH
			       : BY_SIM;
	}
	return BY_NONE;
}

/* CPUID is slow under a hypervisor. */
static enum offer offer(ZydisISASet set)
{
	static int8_t known[ZYDIS_ISA_SET_MAX_VALUE + 1];

	if (!known[set])
		known[set] = 1 + find_offer(set);
	return known[set] - 1;
}

/* FSGSBASE is asked for by the prefix, too: FS must be ours. */
bool form_allowed(const ZydisDecodedInstruction *z)
{
	if (offer(z->meta.isa_set) != BY_BOTH || why_excluded(z->mnemonic) ||
	    bad_operands(z))
		return false;
	return native_has_fsgsbase() ||
	       !(z->attributes &
		 (ZYDIS_ATTRIB_HAS_SEGMENT_FS | ZYDIS_ATTRIB_HAS_SEGMENT_GS));
}

/* ---- the table ---- */

static unsigned emit(const struct form *f, uint8_t byte[15])
{
	unsigned n = 0;

	memset(byte, 0, 15);
	if (f->vex) {
		byte[n++] = 0xc4;
		byte[n++] = 0xe0 | f->map;
		byte[n++] = (f->vex & 0x87) | 0x78;
	} else {
		if (f->prefix)
			byte[n++] = f->prefix;
		if (f->rexw)
			byte[n++] = 0x48;
		if (f->map)
			byte[n++] = 0x0f;
		if (f->map > 1)
			byte[n++] = f->map == 2 ? 0x38 : 0x3a;
	}
	byte[n++] = f->opcode;
	if (f->has_modrm)
		byte[n++] = f->modrm;
	if (f->gather)
		byte[n++] = 0x10; /* neither vvvv's register nor reg's */
	return n;
}

static bool sim_has(struct form *f, const uint8_t byte[15])
{
	struct op op = {0};
	struct insn insn;

	if (insn_decode(&insn, byte, 15, 64) != DECODE_OK)
		return false;
	f->has_modrm = insn.has_modrm;
	f->imm_len = insn.imm_len;
	op.len = op.next = insn.len;
	insn.features = guest_features();
	op_bind(&op, &insn);
	return op.fn != exec_ud;
}

static void keep(const struct form *f)
{
	if (form_count == FORMS_MAX) {
		fprintf(stderr, "diff: more than %u forms\n", FORMS_MAX);
		abort();
	}
	forms[form_count++] = *f;
}

/* Try one form; false: what follows it differs in ModRM alone. */
static bool add(struct form f)
{
	ZydisDecodedOperand operand[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction z;
	uint8_t byte[15];

	f.has_modrm = true;
	emit(&f, byte);
	if (!sim_has(&f, byte))
		return true;
	emit(&f, byte);
	if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder64, byte, 15, &z,
						 operand)) ||
	    offer(z.meta.isa_set) == BY_NONE)
		return f.has_modrm;
	f.mnemonic = z.mnemonic;
	if (bad_operands(&z) && z.mnemonic != ZYDIS_MNEMONIC_INT)
		return f.has_modrm;
	in_table[z.mnemonic] = true;
	if (offer(z.meta.isa_set) == BY_SIM)
		no_host[z.mnemonic] = true;
	else if (!why_excluded(z.mnemonic))
		keep(&f);
	return f.has_modrm;
}

/* In some places ModRM is all opcode. */
static bool is_whole(const struct form *f)
{
	return (f->map == 0 && f->opcode >= 0xd8 && f->opcode <= 0xdf) ||
	       (f->map == 1 && (f->opcode == 0x01 || f->opcode == 0xae));
}

static void add_opcode(struct form f)
{
	bool more;

	f.mem = true;
	f.gather = f.vex && f.map == 2 && (f.opcode & 0xfc) == 0x90;
	f.modrm = f.gather ? 0x04 : 0x03;
	more = add(f);
	for (unsigned reg = 1; more && reg < 8; reg++) {
		f.modrm = (f.modrm & 7) | reg << 3;
		add(f);
	}
	f.gather = false;
	if (!more)
		return;
	f.mem = false;
	f.whole = is_whole(&f);
	for (unsigned modrm = 0xc0; modrm < 0x100; modrm++) {
		f.modrm = modrm;
		if (f.whole || (modrm & 7) == 3)
			add(f);
	}
}

static void add_legacy(void)
{
	static const uint8_t prefixes[] = {0, 0x66, 0xf2, 0xf3};

	for (unsigned n = 0; n < 8 * 4 * 256; n++)
		add_opcode((struct form){.prefix = prefixes[n & 3],
					 .rexw = n >> 2 & 1,
					 .map = n >> 3 & 3,
					 .opcode = n >> 5});
}

/* pp in bits 1:0, L in bit 2, W in bit 7; bit 6 says that it is VEX. */
static void add_vex(void)
{
	for (unsigned n = 0; n < 16 * 3 * 256; n++)
		add_opcode(
			(struct form){.vex = 0x40 | (n & 7) | (n >> 3 & 1) << 7,
				      .map = 1 + (n >> 4) % 3,
				      .opcode = n / 48});
}

static int compare(const void *a, const void *b)
{
	return (int)forms[*(const uint32_t *)a].mnemonic -
	       (int)forms[*(const uint32_t *)b].mnemonic;
}

static void group_forms(void)
{
	for (unsigned i = 0; i < form_count; i++)
		by_mnemonic[i] = i;
	qsort(by_mnemonic, form_count, sizeof(*by_mnemonic), compare);
	for (unsigned i = 0; i < form_count; i++) {
		unsigned m = forms[by_mnemonic[i]].mnemonic;

		if (!group_count || groups[group_count - 1].mnemonic != m)
			groups[group_count++] =
				(struct group){.first = i, .mnemonic = m};
		groups[group_count - 1].count++;
	}
}

bool forms_init(void)
{
	if (!ZYAN_SUCCESS(ZydisDecoderInit(&decoder64,
					   ZYDIS_MACHINE_MODE_LONG_64,
					   ZYDIS_STACK_WIDTH_64)))
		return false;
	add_legacy();
	add_vex();
	group_forms();
	return group_count > 0;
}

unsigned forms_count(void)
{
	return form_count;
}

const struct form *form_at(unsigned index)
{
	return &forms[index];
}

unsigned form_pick(struct rng *r)
{
	const struct group *g = &groups[rng_below(r, group_count)];

	return by_mnemonic[g->first + rng_below(r, g->count)];
}

/* ---- coverage ---- */

void form_ran(unsigned index, bool completed)
{
	ran[forms[index].mnemonic]++;
	completed_runs[forms[index].mnemonic] += completed;
}

static void list_mnemonic(ZydisMnemonic m)
{
	const char *name = ZydisMnemonicGetString(m);

	if (why_excluded(m))
		printf("%-14s not run: %s\n", name, why_excluded(m));
	else if (no_host[m] && !ran[m])
		printf("%-14s not run: this host lacks it\n", name);
	else
		printf("%-14s %lu runs, %lu without an exception\n", name,
		       (unsigned long)ran[m], (unsigned long)completed_runs[m]);
}

unsigned forms_report(bool list, bool all)
{
	unsigned covered = 0, total = 0, missing = 0, not_here = 0;

	for (unsigned m = 0; m < MNEMONICS; m++) {
		if (!in_table[m])
			continue;
		total++;
		covered += ran[m] > 0;
		if (list)
			list_mnemonic(m);
		if (ran[m] || why_excluded(m))
			continue;
		if (no_host[m]) {
			not_here++;
			continue;
		}
		missing++;
		if (all)
			printf("diff: %s was never run\n",
			       ZydisMnemonicGetString(m));
	}
	printf("%u of the decoder's %u mnemonics ran", covered, total);
	printf(", %u excluded, %u not on this host\n",
	       total - covered - missing - not_here, not_here);
	return all ? missing : 0;
}
