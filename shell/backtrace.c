/* backtrace.c: call frame information first, frame pointers, then a scan. */
#include "shell/backtrace.h"

#include <string.h>

#define SCAN_WORDS 256

/* A call lies before it, in a function we know. */
static bool is_return(const struct backtrace_target *t, uint64_t ip)
{
	return ip && symbols_function(t->symbols, ip - 1) &&
	       (!t->source || source_covers(t->source, ip - 1));
}

static bool read_word(const struct backtrace_target *t, uint64_t va,
		      uint64_t *word)
{
	return va % 8 == 0 && va <= UINT64_MAX - 7 &&
	       t->memory.read(t->memory.ctx, va, word);
}

static void add(struct backtrace *b, uint64_t ip, enum backtrace_how how,
		bool exact)
{
	b->ip[b->count] = ip;
	b->how[b->count] = how;
	b->exact[b->count++] = exact;
}

static bool step_cfi(const struct backtrace_target *t, struct source_regs *regs)
{
	struct source_regs caller = *regs;
	uint64_t ip;

	if (!t->source || !source_unwind(t->source, &caller, &t->memory))
		return false;
	ip = caller.r[SOURCE_RIP];
	if (!is_return(t, ip + !caller.behind_call))
		return false;
	*regs = caller;
	return true;
}

static bool step_frame(const struct backtrace_target *t,
		       struct source_regs *regs)
{
	uint64_t frame = regs->r[SOURCE_RBP], next, ip;

	if (!(regs->known >> SOURCE_RBP & 1) || frame >= UINT64_MAX - 16 ||
	    !read_word(t, frame, &next) || !read_word(t, frame + 8, &ip) ||
	    !is_return(t, ip))
		return false;
	*regs = (struct source_regs){
		.known = 1u << SOURCE_RIP | 1u << SOURCE_RSP | 1u << SOURCE_RBP,
		.behind_call = true};
	regs->r[SOURCE_RIP] = ip;
	regs->r[SOURCE_RSP] = frame + 16;
	regs->r[SOURCE_RBP] = next;
	if (next <= frame) /* the last one */
		regs->known &= ~(1u << SOURCE_RBP);
	return true;
}

static void scan(const struct backtrace_target *t, uint64_t sp,
		 struct backtrace *b)
{
	uint64_t ip;

	sp &= ~UINT64_C(7);
	b->guessed = true;
	for (unsigned i = 0; i < SCAN_WORDS && b->count < BACKTRACE_MAX;
	     i++, sp += 8) {
		if (!read_word(t, sp, &ip))
			return;
		if (is_return(t, ip))
			add(b, ip, BACKTRACE_SCAN, false);
	}
}

void backtrace_of(const struct backtrace_target *t,
		  const struct source_regs *from, struct backtrace *b)
{
	struct source_regs regs = *from;

	memset(b, 0, sizeof(*b));
	while (b->count < BACKTRACE_MAX) {
		enum backtrace_how how = BACKTRACE_CFI;

		if (!step_cfi(t, &regs)) {
			how = BACKTRACE_FRAME;
			if (!step_frame(t, &regs))
				break;
		}
		add(b, regs.r[SOURCE_RIP], how, !regs.behind_call);
	}
	if (!b->count)
		scan(t, from->r[SOURCE_RSP], b);
}

/* ---- a CPU's ---- */

void backtrace_regs(const struct x86_state *s, struct source_regs *regs)
{
	static const uint8_t gpr[SOURCE_RIP] = {
		GPR_RAX, GPR_RDX, GPR_RCX, GPR_RBX, GPR_RSI, GPR_RDI,
		GPR_RBP, GPR_RSP, GPR_R8,  GPR_R9,  GPR_R10, GPR_R11,
		GPR_R12, GPR_R13, GPR_R14, GPR_R15};

	for (unsigned i = 0; i < SOURCE_RIP; i++)
		regs->r[i] = s->gpr[gpr[i]];
	regs->r[SOURCE_RIP] = s->rip;
	regs->known = (1u << SOURCE_REGS) - 1;
	regs->behind_call = false;
}

bool backtrace_read(void *ctx, uint64_t va, uint64_t *word)
{
	const struct backtrace_cpu *c = ctx;
	uint64_t gpa, low = 0, high = 0;
	unsigned over = va & 7;

	/* Two aligned words: neither crosses a page. */
	if (!c->cpu->ops->translate(c->cpu, va - over, &gpa) ||
	    !guestmem_read(&c->m->mem, gpa, &low, 8))
		return false;
	if (over && (!c->cpu->ops->translate(c->cpu, va - over + 8, &gpa) ||
		     !guestmem_read(&c->m->mem, gpa, &high, 8)))
		return false;
	*word = over ? low >> 8 * over | high << (64 - 8 * over) : low;
	return true;
}

void backtrace_walk(struct machine *m, unsigned cpu,
		    const struct symbols *symbols, struct source *source,
		    struct backtrace *b)
{
	struct vcpu *vcpu = m->cpu[cpu];
	struct backtrace_cpu of = {m, vcpu};
	struct backtrace_target t = {{backtrace_read, &of}, symbols, source};
	struct source_regs regs;
	struct x86_state s;

	memset(b, 0, sizeof(*b));
	vcpu->ops->get_state(vcpu, &s);
	if (!(s.efer & EFER_LMA) || !(s.seg[SEG_CS].attr & SEG_ATTR_L))
		return;
	backtrace_regs(&s, &regs);
	backtrace_of(&t, &regs, b);
}
