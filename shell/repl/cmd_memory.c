/* cmd_memory.c: registers, memory, code and who called whom. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "shell/backtrace.h"
#include "shell/repl/disassemble.h"
#include "shell/repl/repl.h"

#define UNITS_MAX 4096

static struct vcpu *cpu_of(struct repl *r)
{
	return r->m->cpu[r->m->turn.cpu];
}

static void state_of(struct repl *r, struct x86_state *s)
{
	cpu_of(r)->ops->get_state(cpu_of(r), s);
}

static unsigned bits_of(const struct x86_state *s)
{
	if (s->efer & EFER_LMA && s->seg[SEG_CS].attr & SEG_ATTR_L)
		return 64;
	return s->cr0 & CR0_PE && s->seg[SEG_CS].attr & SEG_ATTR_B ? 32 : 16;
}

/* ---- regs ---- */

static void print_register(struct repl *r, const char *name, uint64_t value,
			   const char *end)
{
	fprintf(r->answer.text, "%-6s %016" PRIx64 "%s", name, value, end);
	answer_hex(&r->answer, name, value);
}

static int run_regs(struct repl *r, const struct words *w)
{
	static const struct {
		const char *name;
		enum x86_gpr gpr;
	} order[] = {{"rax", GPR_RAX}, {"rbx", GPR_RBX}, {"rcx", GPR_RCX},
		     {"rdx", GPR_RDX}, {"rsi", GPR_RSI}, {"rdi", GPR_RDI},
		     {"rbp", GPR_RBP}, {"rsp", GPR_RSP}, {"r8", GPR_R8},
		     {"r9", GPR_R9},   {"r10", GPR_R10}, {"r11", GPR_R11},
		     {"r12", GPR_R12}, {"r13", GPR_R13}, {"r14", GPR_R14},
		     {"r15", GPR_R15}};
	struct x86_state s;
	char name[128];

	state_of(r, &s);
	for (unsigned i = 0; i < GPR_COUNT; i++)
		print_register(r, order[i].name, s.gpr[order[i].gpr],
			       i % 4 == 3 ? "\n" : "  ");
	repl_name(r, x86_linear_rip(&s), name, sizeof(name));
	print_register(r, "rip", s.rip, name);
	fprintf(r->answer.text, ", %u-bit, ring %d%s\n", bits_of(&s),
		(s.seg[SEG_SS].attr & SEG_ATTR_DPL) >> 5,
		s.halted ? ", halted" : "");
	print_register(r, "rflags", s.rflags, "  ");
	print_register(r, "cr0", s.cr0, "  ");
	print_register(r, "cr4", s.cr4, "\n");
	print_register(r, "cr2", s.cr2, "  ");
	print_register(r, "cr3", s.cr3, "  ");
	print_register(r, "efer", s.efer, "\n");
	print_register(r, "fs", s.seg[SEG_FS].base, "  ");
	print_register(r, "gs", s.seg[SEG_GS].base, "  ");
	print_register(r, "kgs", s.kernel_gs_base, "\n");
	return 0;
}

/* ---- x/NFU ---- */

struct format {
	unsigned count;
	char kind;     /* x d u o c s i */
	unsigned size; /* bytes of a unit */
};

static bool take_letter(struct format *f, char c)
{
	static const char sizes[] = "bhwg";
	const char *size = strchr(sizes, c);

	if (size && c)
		f->size = 1u << (size - sizes);
	else if (c && strchr("xduocsi", c))
		f->kind = c;
	else
		return false;
	if (c == 'c')
		f->size = 1;
	return true;
}

static bool read_format(const char *text, struct format *f)
{
	*f = (struct format){1, 'x', 8};
	if (*text++ != '/')
		return false;
	if (isdigit((unsigned char)*text)) {
		f->count = 0;
		for (; isdigit((unsigned char)*text); text++)
			if ((f->count = f->count * 10 + (*text - '0')) >
			    UNITS_MAX)
				return false;
	}
	for (; *text; text++)
		if (!take_letter(f, *text))
			return false;
	return f->count;
}

static int64_t extended(uint64_t value, unsigned size)
{
	unsigned shift = 64 - 8 * size;

	return (int64_t)(value << shift) >> shift;
}

static void print_unit(FILE *out, const struct format *f, uint64_t value)
{
	int width = 2 * f->size;

	switch (f->kind) {
	case 'd':
		fprintf(out, " %*" PRId64, width + 2, extended(value, f->size));
		break;
	case 'u':
		fprintf(out, " %*" PRIu64, width + 2, value);
		break;
	case 'o':
		fprintf(out, " 0%0*" PRIo64, width + width / 2, value);
		break;
	case 'c':
		if (value >= 0x20 && value < 0x7f)
			fprintf(out, " '%c'", (char)value);
		else
			fprintf(out, " \\x%02" PRIx64, value);
		break;
	default:
		fprintf(out, " 0x%0*" PRIx64, width, value);
	}
}

static int unmapped(struct repl *r, uint64_t va)
{
	return answer_fail(&r->answer, "UNMAPPED",
			   "%#" PRIx64 " is not mapped, or no memory", va);
}

static void print_address(struct repl *r, uint64_t va)
{
	char name[128];

	repl_name(r, va, name, sizeof(name));
	fprintf(r->answer.text, "%016" PRIx64 "%s:", va, name);
}

static int print_units(struct repl *r, const struct format *f, uint64_t va)
{
	unsigned in_line = f->size == 8 ? 2 : f->size == 1 ? 8 : 4;

	for (unsigned i = 0; i < f->count; i++, va += f->size) {
		uint64_t value = 0;

		if (i % in_line == 0) {
			if (i)
				fputc('\n', r->answer.text);
			print_address(r, va);
		}
		if (!repl_read(r, va, &value, f->size)) {
			fputc('\n', r->answer.text);
			return unmapped(r, va);
		}
		print_unit(r->answer.text, f, value);
	}
	fputc('\n', r->answer.text);
	return 0;
}

static int print_strings(struct repl *r, const struct format *f, uint64_t va)
{
	for (unsigned i = 0; i < f->count; i++) {
		char c = 0;
		unsigned len = 0;

		print_address(r, va);
		fputs(" \"", r->answer.text);
		for (; len < 256 && repl_read(r, va, &c, 1) && c; va++, len++)
			if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\')
				fputc(c, r->answer.text);
			else
				fprintf(r->answer.text, "\\x%02x",
					(unsigned char)c);
		fprintf(r->answer.text, "\"%s\n", len == 256 ? "..." : "");
		if (c && len < 256)
			return unmapped(r, va);
		va++;
	}
	return 0;
}

/* ---- dis ---- */

static unsigned fetch(struct repl *r, uint64_t va, uint8_t byte[15])
{
	unsigned len = 0;

	while (len < 15 && repl_read(r, va + len, &byte[len], 1))
		len++;
	return len;
}

static int print_code(struct repl *r, unsigned count, uint64_t va)
{
	struct x86_state s;

	if (!disassemble_built)
		return answer_fail(&r->answer, "NOT_BUILT",
				   "this vmm was built without Zydis: it "
				   "cannot disassemble");
	state_of(r, &s);
	for (unsigned i = 0; i < count; i++) {
		uint8_t byte[15];
		unsigned len = fetch(r, va, byte), used;
		char text[96];

		if (!len)
			return unmapped(r, va);
		used = disassemble_one(byte, len, va, bits_of(&s), text,
				       sizeof(text));
		fputs(va == x86_linear_rip(&s) ? "=> " : "   ", r->answer.text);
		print_address(r, va);
		if (used)
			fprintf(r->answer.text, " %s\n", text);
		else
			fprintf(r->answer.text, " (bad: %02x)\n", byte[0]);
		va += used ? used : 1;
	}
	return 0;
}

static int run_dis(struct repl *r, const struct words *w)
{
	struct x86_state s;
	uint64_t va, count = 8;

	state_of(r, &s);
	va = x86_linear_rip(&s);
	if ((w->count > 1 && !repl_value(r, w->word[1], false, &va)) ||
	    (w->count > 2 && !repl_value(r, w->word[2], false, &count)))
		return 2;
	if (!count || count > UNITS_MAX)
		return answer_fail(&r->answer, "USAGE",
				   "dis: from 1 to %u instructions", UNITS_MAX);
	return print_code(r, count, va);
}

static int run_x(struct repl *r, const struct words *w)
{
	const char *format = strchr(w->word[0], '/');
	struct format f;
	uint64_t va;

	if (!read_format(format ? format : "/", &f) && format) {
		answer_fail(&r->answer, "USAGE", "'%s' is no format",
			    w->word[0]);
		answer_hint(&r->answer,
			    "x/NFU: a number, one of x d u o c s i, one of "
			    "b h w g: x/4gx rsp");
		return 2;
	}
	if (!format)
		f = (struct format){1, 'x', 8};
	if (!repl_value(r, w->word[1], false, &va))
		return 2;
	answer_hex(&r->answer, "address", va);
	if (f.kind == 'i')
		return print_code(r, f.count, va);
	return f.kind == 's' ? print_strings(r, &f, va)
			     : print_units(r, &f, va);
}

/* ---- bt ---- */

/* Inlined functions have a line each, as the caller would. */
static void print_frame(struct repl *r, struct postmortem_program *of,
			unsigned number, uint64_t ip, bool behind_call,
			const char *mark)
{
	struct source_frame frame[SOURCE_FRAMES_MAX];
	unsigned count =
		of->source ? source_find(of->source, ip - behind_call, frame)
			   : 0;
	FILE *out = r->answer.text;
	char name[128];

	postmortem_name(of, ip, name, sizeof(name));
	fprintf(out, "#%-2u 0x%016" PRIx64 "%s%s", number, ip, name, mark);
	if (count > 1 && frame[0].function)
		fprintf(out, " %s", frame[0].function);
	if (count && frame[0].file)
		fprintf(out, " at %s:%u", frame[0].file, frame[0].line);
	fputc('\n', out);
	for (unsigned i = 1; i < count; i++)
		fprintf(out, "    inlined into %s at %s:%u\n",
			frame[i].function ? frame[i].function : "?",
			frame[i].file ? frame[i].file : "?", frame[i].line);
}

static int run_bt(struct repl *r, const struct words *w)
{
	struct backtrace b = {.count = 0};
	struct postmortem_program *of;
	struct x86_state s;

	state_of(r, &s);
	of = postmortem_program(&r->session.postmortem,
				(s.seg[SEG_SS].attr & SEG_ATTR_DPL) >> 5,
				s.cr3);
	backtrace_walk(r->m, r->m->turn.cpu, postmortem_symbols(of), of->source,
		       &b);
	print_frame(r, of, 0, s.rip, false, "");
	for (unsigned i = 0; i < b.count; i++)
		print_frame(r, of, i + 1, b.ip[i], !b.exact[i],
			    b.how[i] == BACKTRACE_SCAN ? " ?" : "");
	return 0;
}

static int run_print(struct repl *r, const struct words *w)
{
	char text[WORDS_SIZE], name[128];
	uint64_t value;
	size_t len = 0;

	for (unsigned i = 1; i < w->count; i++)
		len += snprintf(text + len, sizeof(text) - len, "%s%s",
				i > 1 ? " " : "", w->word[i]);
	if (!repl_value(r, text, false, &value))
		return 2;
	repl_name(r, value, name, sizeof(name));
	fprintf(r->answer.text, "%" PRIu64 " %#" PRIx64 "%s\n", value, value,
		name);
	answer_hex(&r->answer, "value", value);
	return 0;
}

const struct repl_command memory_commands[] = {
	{"regs", GROUP_LOOK, "", "the processor's registers", NULL, 0, 0, "",
	 false, run_regs},
	{"x", GROUP_LOOK, "/NFU ADDRESS",
	 "memory: x/4gx rsp, x/8i start, x/s A",
	 "  N units of b 1, h 2, w 4 or g 8 bytes, as x d u o c, or s strings, "
	 "i code.\n  The address is a value: kernel, rsp+8, *(rbp+8).\n",
	 1, 1, "y", false, run_x},
	{"print", GROUP_LOOK, "VALUE", "a value: print rsp+8; print *rsp",
	 "  Numbers, registers, symbols, *VALUE for 8 bytes of memory, and C's "
	 "operators.\n",
	 1, WORDS_MAX, "y", false, run_print},
	{"dis", GROUP_LOOK, "[ADDRESS [COUNT]]", "instructions, from RIP on",
	 NULL, 0, 2, "y-", false, run_dis},
	{"bt", GROUP_LOOK, "", "who called whom on the processor", NULL, 0, 0,
	 "", false, run_bt},
	{NULL}};
