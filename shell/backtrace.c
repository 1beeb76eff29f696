/* backtrace.c: frame pointers first, then a scan. */
#include "shell/backtrace.h"

#include <string.h>

#define SCAN_WORDS 256

/* An aligned word of the guest's, by the CPU's own page tables. */
static bool read_word(struct machine *m, struct vcpu *cpu, uint64_t va,
		      uint64_t *word)
{
	uint64_t gpa;

	return va % 8 == 0 && cpu->ops->translate(cpu, va, &gpa) &&
	       guestmem_read(&m->mem, gpa, word, sizeof(*word));
}

/* A call lies before it, in a function we know. */
static bool is_return(const struct symbols *symbols, uint64_t ip)
{
	return ip && symbols_function(symbols, ip - 1);
}

static void walk_frames(struct machine *m, struct vcpu *cpu, uint64_t frame,
			const struct symbols *symbols, struct backtrace *b)
{
	uint64_t next, ip;

	while (b->count < BACKTRACE_MAX && frame < UINT64_MAX - 16 &&
	       read_word(m, cpu, frame, &next) &&
	       read_word(m, cpu, frame + 8, &ip) && is_return(symbols, ip)) {
		b->ip[b->count++] = ip;
		if (next <= frame)
			break;
		frame = next;
	}
}

static void scan(struct machine *m, struct vcpu *cpu, uint64_t sp,
		 const struct symbols *symbols, struct backtrace *b)
{
	uint64_t ip;

	sp &= ~UINT64_C(7);
	b->guessed = true;
	for (unsigned i = 0; i < SCAN_WORDS && b->count < BACKTRACE_MAX;
	     i++, sp += 8) {
		if (!read_word(m, cpu, sp, &ip))
			return;
		if (is_return(symbols, ip))
			b->ip[b->count++] = ip;
	}
}

void backtrace_walk(struct machine *m, unsigned cpu,
		    const struct symbols *symbols, struct backtrace *b)
{
	struct vcpu *vcpu = m->cpu[cpu];
	struct x86_state s;

	memset(b, 0, sizeof(*b));
	vcpu->ops->get_state(vcpu, &s);
	if (!(s.efer & EFER_LMA) || !(s.seg[SEG_CS].attr & SEG_ATTR_L))
		return;
	walk_frames(m, vcpu, s.gpr[GPR_RBP], symbols, b);
	if (!b->count)
		scan(m, vcpu, s.gpr[GPR_RSP], symbols, b);
}
