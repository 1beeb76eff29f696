/*
 * registers.c: one table: what gdb calls a register and where it lies in
 * struct x86_state.
 */
#include "gdbstub/registers.h"

#include <stddef.h>
#include <string.h>

#include "gdbstub/packet.h"

/* Where registers are in an FXSAVE image. */
enum {
	FX_FCW = 0,
	FX_FSW = 2,
	FX_FTW = 4,
	FX_FOP = 6,
	FX_FIP = 8,
	FX_FDP = 16,
	FX_MXCSR = 24,
	FX_ST = 32,
	FX_XMM = 160,
};

/* `len` bytes at `at` of the state, zeros above them. */
struct reg {
	const char *name, *type, *group;
	uint16_t at;
	uint8_t size, len;
};

#define AT(field) offsetof(struct x86_state, field)
#define FX(place) (offsetof(struct x86_state, fxsave) + (place))
#define GPR(name, i)                                  \
	{                                             \
		name, "int64", NULL, AT(gpr[i]), 8, 8 \
	}
#define PTR(name, i)                                     \
	{                                                \
		name, "data_ptr", NULL, AT(gpr[i]), 8, 8 \
	}
#define SEL(name, i)                                           \
	{                                                      \
		name, "int32", NULL, AT(seg[i].selector), 4, 2 \
	}
#define SELECTORS                                                \
	SEL("cs", SEG_CS), SEL("ss", SEG_SS), SEL("ds", SEG_DS), \
		SEL("es", SEG_ES), SEL("fs", SEG_FS), SEL("gs", SEG_GS)
#define ST(i)                                                         \
	{                                                             \
		"st" #i, "i387_ext", NULL, FX(FX_ST + 16 * i), 10, 10 \
	}
#define FPU(n, at, l)                           \
	{                                       \
		n, "int", "float", FX(at), 4, l \
	}
#define FLOATS                                                        \
	ST(0), ST(1), ST(2), ST(3), ST(4), ST(5), ST(6), ST(7),       \
		FPU("fctrl", FX_FCW, 2), FPU("fstat", FX_FSW, 2),     \
		FPU("ftag", FX_FTW, 1), FPU("fiseg", FX_FIP + 4, 2),  \
		FPU("fioff", FX_FIP, 4), FPU("foseg", FX_FDP + 4, 2), \
		FPU("fooff", FX_FDP, 4), FPU("fop", FX_FOP, 2)
#define XMM(i)                                                        \
	{                                                             \
		"xmm" #i, "vec128", NULL, FX(FX_XMM + 16 * i), 16, 16 \
	}
#define MXCSR                                                       \
	{                                                           \
		"mxcsr", "i386_mxcsr", "vector", FX(FX_MXCSR), 4, 4 \
	}
#define YMM(i)                                                              \
	{                                                                   \
		"ymm" #i "h", "uint128", NULL, AT(ymm_high[16 * i]), 16, 16 \
	}
#define SYS(name)                                        \
	{                                                \
#name, "int64", "system", AT(name), 8, 8 \
	}
#define MSR(name, f)                                 \
	{                                            \
		name, "int64", "system", AT(f), 8, 8 \
	}
#define LIMIT(n, i)                                                   \
	{                                                             \
		n "_limit", "int32", "system", AT(seg[i].limit), 4, 4 \
	}
#define ATTR(n, i)                                                  \
	{                                                           \
		n "_attr", "int32", "system", AT(seg[i].attr), 4, 2 \
	}
#define SEG(n, i) LIMIT(n, i), ATTR(n, i)
#define BASE(n, i)                                                  \
	{                                                           \
		n "_base", "int64", "system", AT(seg[i].base), 8, 8 \
	}

static const struct reg core[] = {
	GPR("rax", GPR_RAX),
	GPR("rbx", GPR_RBX),
	GPR("rcx", GPR_RCX),
	GPR("rdx", GPR_RDX),
	GPR("rsi", GPR_RSI),
	GPR("rdi", GPR_RDI),
	PTR("rbp", GPR_RBP),
	PTR("rsp", GPR_RSP),
	GPR("r8", GPR_R8),
	GPR("r9", GPR_R9),
	GPR("r10", GPR_R10),
	GPR("r11", GPR_R11),
	GPR("r12", GPR_R12),
	GPR("r13", GPR_R13),
	GPR("r14", GPR_R14),
	GPR("r15", GPR_R15),
	{"rip", "code_ptr", NULL, AT(rip), 8, 8},
	{"eflags", "i386_eflags", NULL, AT(rflags), 4, 4},
	SELECTORS,
	FLOATS};

static const struct reg sse[] = {XMM(0),  XMM(1),  XMM(2),  XMM(3),  XMM(4),
				 XMM(5),  XMM(6),  XMM(7),  XMM(8),  XMM(9),
				 XMM(10), XMM(11), XMM(12), XMM(13), XMM(14),
				 XMM(15), MXCSR};

static const struct reg segments[] = {
	{"fs_base", "int64", NULL, AT(seg[SEG_FS].base), 8, 8},
	{"gs_base", "int64", NULL, AT(seg[SEG_GS].base), 8, 8}};

static const struct reg system_regs[] = {
	SYS(cr0),
	SYS(cr2),
	SYS(cr3),
	SYS(cr4),
	SYS(cr8),
	SYS(efer),
	SYS(xcr0),
	MSR("dr0", dr[0]),
	MSR("dr1", dr[1]),
	MSR("dr2", dr[2]),
	MSR("dr3", dr[3]),
	MSR("dr6", dr[6]),
	MSR("dr7", dr[7]),
	MSR("gdtr_base", gdt.base),
	MSR("gdtr_limit", gdt.limit),
	MSR("idtr_base", idt.base),
	MSR("idtr_limit", idt.limit),
	{"ldtr", "int32", "system", AT(seg[SEG_LDTR].selector), 4, 2},
	BASE("ldtr", SEG_LDTR),
	SEG("ldtr", SEG_LDTR),
	{"tr", "int32", "system", AT(seg[SEG_TR].selector), 4, 2},
	BASE("tr", SEG_TR),
	SEG("tr", SEG_TR),
	BASE("cs", SEG_CS),
	SEG("cs", SEG_CS),
	BASE("ss", SEG_SS),
	SEG("ss", SEG_SS),
	BASE("ds", SEG_DS),
	SEG("ds", SEG_DS),
	BASE("es", SEG_ES),
	SEG("es", SEG_ES),
	SEG("fs", SEG_FS),
	SEG("gs", SEG_GS),
	MSR("k_gs_base", kernel_gs_base),
	SYS(star),
	SYS(lstar),
	SYS(cstar),
	SYS(fmask),
	SYS(sysenter_cs),
	SYS(sysenter_esp),
	SYS(sysenter_eip),
	SYS(apic_base),
	SYS(pat),
	SYS(misc_enable),
	SYS(tsc_aux)};

static const struct reg avx[] = {
	YMM(0), YMM(1), YMM(2),	 YMM(3),  YMM(4),  YMM(5),  YMM(6),  YMM(7),
	YMM(8), YMM(9), YMM(10), YMM(11), YMM(12), YMM(13), YMM(14), YMM(15)};

/* gdb's i386: the lower halves, by other names and in another order. */
#define LOW(name, i)                                  \
	{                                             \
		name, "int32", NULL, AT(gpr[i]), 4, 4 \
	}
#define LOW_PTR(name, i)                                 \
	{                                                \
		name, "data_ptr", NULL, AT(gpr[i]), 4, 4 \
	}

static const struct reg low_core[] = {
	LOW("eax", GPR_RAX),
	LOW("ecx", GPR_RCX),
	LOW("edx", GPR_RDX),
	LOW("ebx", GPR_RBX),
	LOW_PTR("esp", GPR_RSP),
	LOW_PTR("ebp", GPR_RBP),
	LOW("esi", GPR_RSI),
	LOW("edi", GPR_RDI),
	{"eip", "code_ptr", NULL, AT(rip), 4, 4},
	{"eflags", "i386_eflags", NULL, AT(rflags), 4, 4},
	SELECTORS,
	FLOATS};

static const struct reg low_sse[] = {XMM(0), XMM(1), XMM(2), XMM(3), XMM(4),
				     XMM(5), XMM(6), XMM(7), MXCSR};

struct feature {
	const char *name;
	const struct reg *reg;
	unsigned count;
};

static const struct feature features[] = {
#define FEATURE(name, regs)                                  \
	{                                                    \
		name, regs, sizeof(regs) / sizeof((regs)[0]) \
	}
	FEATURE("org.gnu.gdb.i386.core", core),
	FEATURE("org.gnu.gdb.i386.sse", sse),
	FEATURE("org.gnu.gdb.i386.segments", segments),
	FEATURE("org.vmm.i386.system", system_regs),
	FEATURE("org.gnu.gdb.i386.avx", avx), /* last: may be left out */
};

static const struct feature low_features[] = {
	FEATURE("org.gnu.gdb.i386.core", low_core),
	FEATURE("org.gnu.gdb.i386.sse", low_sse),
	FEATURE("org.vmm.i386.bases", segments),
	FEATURE("org.vmm.i386.system", system_regs),
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Those of an architecture; without AVX the last is left out. */
static unsigned features_of(enum reg_arch arch, bool avx,
			    const struct feature **list)
{
	*list = arch == REG_X86_64 ? features : low_features;
	return arch == REG_X86_64 ? COUNT(features) - !avx
				  : COUNT(low_features);
}

_Static_assert(COUNT(core) == REG_XMM0 &&
		       REG_XMM0 + COUNT(sse) + COUNT(segments) == REG_CORE &&
		       COUNT(low_core) + COUNT(low_sse) == REG_LOW_CORE,
	       "gdb's numbers");

static const struct reg *find(enum reg_arch arch, unsigned n)
{
	const struct feature *f;
	unsigned count = features_of(arch, true, &f);

	for (; count--; f++) {
		if (n < f->count)
			return &f->reg[n];
		n -= f->count;
	}
	return NULL;
}

unsigned reg_size(enum reg_arch arch, unsigned n)
{
	const struct reg *r = find(arch, n);

	return r ? r->size : 0;
}

/* ---- the tag word, of which FXSAVE keeps one bit a register ---- */

/* 0: a number, 1: zero, 2: neither normal nor zero (SDM 1 8.1.7). */
static unsigned kind_of(const uint8_t st[10])
{
	uint64_t fraction;
	uint16_t exponent;

	memcpy(&fraction, st, 8);
	memcpy(&exponent, st + 8, 2);
	exponent &= 0x7fff;
	if (exponent == 0)
		return fraction ? 2 : 1;
	return exponent == 0x7fff || !(fraction >> 63) ? 2 : 0;
}

static uint16_t tags(const uint8_t *fx)
{
	unsigned top = fx[FX_FSW + 1] >> 3 & 7;
	uint16_t word = 0;

	for (unsigned i = 0; i < 8; i++) {
		unsigned st = (i - top) & 7, kind = 3;

		if (fx[FX_FTW] >> i & 1)
			kind = kind_of(&fx[FX_ST + 16 * st]);
		word |= kind << (2 * i);
	}
	return word;
}

static uint8_t short_tags(uint16_t word)
{
	uint8_t bits = 0;

	for (unsigned i = 0; i < 8; i++)
		bits |= ((word >> (2 * i) & 3) != 3) << i;
	return bits;
}

/* ---- one register ---- */

static bool is_tags(const struct reg *r)
{
	return r->at == FX(FX_FTW);
}

void reg_get(enum reg_arch arch, const struct x86_state *s, unsigned n,
	     uint8_t *buf)
{
	const struct reg *r = find(arch, n);
	uint16_t word;

	memset(buf, 0, r->size);
	memcpy(buf, (const char *)s + r->at, r->len);
	if (!is_tags(r))
		return;
	word = tags(s->fxsave);
	memcpy(buf, &word, sizeof(word));
}

void reg_set(enum reg_arch arch, struct x86_state *s, unsigned n,
	     const uint8_t *buf)
{
	const struct reg *r = find(arch, n);
	uint16_t word;

	if (is_tags(r)) {
		memcpy(&word, buf, sizeof(word));
		s->fxsave[FX_FTW] = short_tags(word);
		return;
	}
	memcpy((char *)s + r->at, buf, r->len);
}

/* ---- the description ---- */

static const char types[] =
	"<flags id=\"i386_eflags\" size=\"4\">"
	"<field name=\"CF\" start=\"0\" end=\"0\"/>"
	"<field name=\"\" start=\"1\" end=\"1\"/>"
	"<field name=\"PF\" start=\"2\" end=\"2\"/>"
	"<field name=\"AF\" start=\"4\" end=\"4\"/>"
	"<field name=\"ZF\" start=\"6\" end=\"6\"/>"
	"<field name=\"SF\" start=\"7\" end=\"7\"/>"
	"<field name=\"TF\" start=\"8\" end=\"8\"/>"
	"<field name=\"IF\" start=\"9\" end=\"9\"/>"
	"<field name=\"DF\" start=\"10\" end=\"10\"/>"
	"<field name=\"OF\" start=\"11\" end=\"11\"/>"
	"<field name=\"IOPL\" start=\"12\" end=\"13\"/>"
	"<field name=\"NT\" start=\"14\" end=\"14\"/>"
	"<field name=\"RF\" start=\"16\" end=\"16\"/>"
	"<field name=\"VM\" start=\"17\" end=\"17\"/>"
	"<field name=\"AC\" start=\"18\" end=\"18\"/>"
	"<field name=\"VIF\" start=\"19\" end=\"19\"/>"
	"<field name=\"VIP\" start=\"20\" end=\"20\"/>"
	"<field name=\"ID\" start=\"21\" end=\"21\"/></flags>\n";

static const char vector_types[] =
	"<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>"
	"<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>"
	"<vector id=\"v16i8\" type=\"int8\" count=\"16\"/>"
	"<vector id=\"v8i16\" type=\"int16\" count=\"8\"/>"
	"<vector id=\"v4i32\" type=\"int32\" count=\"4\"/>"
	"<vector id=\"v2i64\" type=\"int64\" count=\"2\"/>"
	"<union id=\"vec128\"><field name=\"v4_float\" type=\"v4f\"/>"
	"<field name=\"v2_double\" type=\"v2d\"/>"
	"<field name=\"v16_int8\" type=\"v16i8\"/>"
	"<field name=\"v8_int16\" type=\"v8i16\"/>"
	"<field name=\"v4_int32\" type=\"v4i32\"/>"
	"<field name=\"v2_int64\" type=\"v2i64\"/>"
	"<field name=\"uint128\" type=\"uint128\"/></union>"
	"<flags id=\"i386_mxcsr\" size=\"4\">"
	"<field name=\"IE\" start=\"0\" end=\"0\"/>"
	"<field name=\"DE\" start=\"1\" end=\"1\"/>"
	"<field name=\"ZE\" start=\"2\" end=\"2\"/>"
	"<field name=\"OE\" start=\"3\" end=\"3\"/>"
	"<field name=\"UE\" start=\"4\" end=\"4\"/>"
	"<field name=\"PE\" start=\"5\" end=\"5\"/>"
	"<field name=\"DAZ\" start=\"6\" end=\"6\"/>"
	"<field name=\"IM\" start=\"7\" end=\"7\"/>"
	"<field name=\"DM\" start=\"8\" end=\"8\"/>"
	"<field name=\"ZM\" start=\"9\" end=\"9\"/>"
	"<field name=\"OM\" start=\"10\" end=\"10\"/>"
	"<field name=\"UM\" start=\"11\" end=\"11\"/>"
	"<field name=\"PM\" start=\"12\" end=\"12\"/>"
	"<field name=\"FZ\" start=\"15\" end=\"15\"/></flags>\n";

static void describe_feature(struct buffer *b, const struct feature *f,
			     unsigned first)
{
	buffer_format(b, "<feature name=\"%s\">\n", f->name);
	if (f->reg == core || f->reg == low_core)
		buffer_text(b, types);
	if (f->reg == sse || f->reg == low_sse)
		buffer_text(b, vector_types);
	for (unsigned i = 0; i < f->count; i++) {
		const struct reg *r = &f->reg[i];

		buffer_format(b,
			      "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\" "
			      "regnum=\"%u\"",
			      r->name, 8 * r->size, r->type, first + i);
		if (r->group)
			buffer_format(b, " group=\"%s\"", r->group);
		buffer_text(b, "/>\n");
	}
	buffer_text(b, "</feature>\n");
}

const char *reg_arch_name(enum reg_arch arch)
{
	static const char *const names[] = {[REG_X86_64] = "i386:x86-64",
					    [REG_I386] = "i386",
					    [REG_I8086] = "i8086"};

	return names[arch];
}

char *reg_describe(enum reg_arch arch, bool with_avx)
{
	struct buffer b = {.max = 1 << 20};
	const struct feature *f;
	unsigned first = 0, count = features_of(arch, with_avx, &f);

	buffer_text(&b, "<?xml version=\"1.0\"?>\n"
			"<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
			"<target version=\"1.0\">\n");
	buffer_format(&b, "<architecture>%s</architecture>\n",
		      reg_arch_name(arch));
	for (; count--; f++) {
		describe_feature(&b, f, first);
		first += f->count;
	}
	buffer_text(&b, "</target>\n");
	buffer_byte(&b, '\0');
	if (!b.full)
		return b.data;
	buffer_fini(&b);
	return NULL;
}
