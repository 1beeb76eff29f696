/* postmortem_cpu.c: registers, code bytes and who called whom. */
#include <inttypes.h>
#include <stdio.h>

#include "shell/backtrace.h"
#include "shell/postmortem.h"
#include "shell/report.h"
#include "vmm/log.h"

#define CODE_BYTES 16

static const char *mode(const struct x86_state *s)
{
	if (!(s->cr0 & CR0_PE))
		return "real mode";
	if (s->efer & EFER_LMA)
		return s->seg[SEG_CS].attr & SEG_ATTR_L ? "64-bit"
							: "compatibility mode";
	return s->seg[SEG_CS].attr & SEG_ATTR_B ? "32-bit" : "16-bit";
}

static unsigned ring(const struct x86_state *s)
{
	return (s->seg[SEG_SS].attr & SEG_ATTR_DPL) >> 5;
}

/* The bytes at rip, as far as they are mapped. */
static void describe_code(struct vcpu *cpu, const struct guestmem *gm,
			  uint64_t va, char *text, size_t size)
{
	size_t len = 0;
	uint64_t gpa;
	uint8_t byte;

	for (int i = 0; i < CODE_BYTES && len + 4 < size; i++, va++) {
		if (!cpu->ops->translate(cpu, va, &gpa) ||
		    !guestmem_read(gm, gpa, &byte, 1))
			break;
		len += snprintf(text + len, size - len, " %02x", byte);
	}
	if (len == 0)
		snprintf(text, size, " not mapped");
}

/* Where the CPUs are whose turn it was not. */
static void say_others(struct postmortem *p)
{
	static const char *const doing[] = {"", ", halted", ", waits for SIPI"};
	struct machine *m = p->m;
	struct x86_state s;
	char name[128];

	for (unsigned i = 0; i < m->cpu_count; i++) {
		if (i == m->turn.cpu)
			continue;
		m->cpu[i]->ops->get_state(m->cpu[i], &s);
		postmortem_name(postmortem_program(p, ring(&s), s.cr3), s.rip,
				name, sizeof(name));
		log_warn("  cpu %u: rip %016" PRIx64 "%s, %s%s", i, s.rip, name,
			 mode(&s), doing[s.halted]);
	}
}

void postmortem_place(struct postmortem_program *of, uint64_t ip,
		      bool behind_call, const char *mark)
{
	struct source_frame frame[SOURCE_FRAMES_MAX];
	struct source *source = postmortem_source(of);
	const char *inner = NULL;
	unsigned count = 0;
	char name[128], at[300] = "";

	if (source)
		count = source_find(source, ip - behind_call, frame);
	if (count && frame[0].file)
		snprintf(at, sizeof(at), " at %s:%u", frame[0].file,
			 frame[0].line);
	postmortem_name(of, ip, name, sizeof(name));
	if (!*name && behind_call) /* a call at the end of a function */
		postmortem_name(of, ip - 1, name, sizeof(name));
	if (count > 1) /* the symbol is that of the function around */
		inner = frame[0].function;
	log_warn("    0x%016" PRIx64 "%s%s%s%s%s", ip, name, inner ? " " : "",
		 inner ? inner : "", at, mark);
	for (unsigned i = 1; i < count; i++)
		log_warn("      inlined into %s at %s:%u",
			 frame[i].function ? frame[i].function : "?",
			 frame[i].file ? frame[i].file : "?", frame[i].line);
}

void postmortem_backtrace(struct postmortem_program *of, uint64_t rip,
			  const struct backtrace *b)
{
	postmortem_place(of, rip, false, "");
	for (unsigned i = 0; i < b->count; i++)
		postmortem_place(of, b->ip[i], !b->exact[i],
				 b->how[i] == BACKTRACE_SCAN ? " ?" : "");
}

static void say_backtrace(struct postmortem *p, const struct x86_state *s)
{
	struct postmortem_program *of = postmortem_program(p, ring(s), s->cr3);
	struct backtrace b;

	backtrace_walk(p->m, p->m->turn.cpu, postmortem_symbols(of), of->source,
		       &b);
	if (!(s->efer & EFER_LMA))
		return;
	log_warn("  backtrace%s:",
		 b.guessed && b.count ? ", as far as the stack can tell" : "");
	postmortem_backtrace(of, s->rip, &b);
}

void postmortem_cpu(struct postmortem *p)
{
	struct vcpu *cpu = p->m->cpu[p->m->turn.cpu];
	char name[128], code[CODE_BYTES * 3 + 16];
	struct x86_state s;

	if (p->m->cpu_count > 1)
		log_warn("  cpu %u:", cpu->env.index);
	cpu->ops->get_state(cpu, &s);
	postmortem_name(postmortem_program(p, ring(&s), s.cr3), s.rip, name,
			sizeof(name));
	describe_code(cpu, &p->m->mem, s.rip + s.seg[SEG_CS].base, code,
		      sizeof(code));
	log_warn("  rip %016" PRIx64 "%s, %s, ring %u%s", s.rip, name, mode(&s),
		 ring(&s), s.halted ? ", halted" : "");
	log_warn("  rflags %08" PRIx64 "  cr0 %08" PRIx64 "  cr4 %08" PRIx64
		 "  efer %" PRIx64,
		 s.rflags, s.cr0, s.cr4, s.efer);
	log_warn("  cr2 %016" PRIx64 "  cr3 %016" PRIx64, s.cr2, s.cr3);
	report_general(p->m);
	log_warn("  code%s", code);
	say_backtrace(p, &s);
	say_others(p);
}
