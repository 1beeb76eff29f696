/*
 * diff.c: random instructions on this processor and in the simulator, to
 * equal results.
 *
 *	diff [--seed S] [--count N | --long] [--from I] [--list]
 *
 * Case I of seed S is always the same one (cases come in fours, which have the
 * instructions in common). A difference is printed with the
 * instructions it needs, and ends the program with 1; so does a mnemonic of
 * the decoder's table that did not run and is not excluded. 77: this host
 * cannot.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/diff/diff.h"

struct options {
	uint64_t seed, count, from;
	bool list;
};

/* Each case's instructions run with so many sets of operands. */
#define ROUNDS 4

/* The memory each case starts from. */
static uint8_t first_image[IMAGE_SIZE];
static uint64_t endless;

/* ---- both sides' memory ---- */

static void put_both(unsigned at, const void *data, unsigned len)
{
	memcpy(native_image() + at, data, len);
	memcpy(guest_image() + at, data, len);
}

static void make_first_image(uint64_t seed)
{
	struct rng r = {seed};

	for (unsigned i = 0; i < IMAGE_CODE; i += 8) {
		uint64_t val =
			rng_one_in(&r, 2) ? rng_operand(&r) : rng_float(&r);

		memcpy(first_image + i, &val, 8);
	}
	memset(first_image + IMAGE_CODE, 0xcc, BOX_PAGE);
	put_both(0, first_image, IMAGE_SIZE);
}

static unsigned code_len(const struct test_case *c)
{
	unsigned len = c->len + 5;

	return c->offset + len > BOX_PAGE ? BOX_PAGE - c->offset : len;
}

static void put_code(const struct test_case *c)
{
	put_both(IMAGE_CODE + c->offset, c->code, code_len(c));
	guest_new_code();
}

static void take_code(const struct test_case *c)
{
	put_both(IMAGE_CODE + c->offset, first_image + IMAGE_CODE + c->offset,
		 code_len(c));
}

static void put_data(const struct test_case *c)
{
	for (unsigned i = 0; i < c->patches; i++)
		put_both(c->patch[i].at, &c->patch[i].val, 8);
}

/* Both sides are equal, unless there was a difference. */
static void restore_data(bool equal)
{
	for (unsigned at = 0; at < IMAGE_CODE; at += BOX_PAGE)
		if (memcmp(native_image() + at, first_image + at, BOX_PAGE) ||
		    (!equal &&
		     memcmp(guest_image() + at, first_image + at, BOX_PAGE)))
			put_both(at, first_image + at, BOX_PAGE);
}

/* Both sides; NULL when equal, or when neither side may run it. */
static const char *run_both(const struct test_case *c, struct outcome *n,
			    struct outcome *g)
{
	const char *what = NULL;
	enum guest_result result;

	put_data(c);
	result = guest_execute(&c->in, g);
	if (result == GUEST_DONE) {
		native_run(&c->in, n);
		what = differs(c, n, g);
	} else if (result == GUEST_STOPPED) {
		what = guest_why();
	} else {
		endless++;
	}
	return what;
}

/* ---- reporting ---- */

static void print_code(const struct test_case *c)
{
	unsigned at = 0, len = code_len(c) > c->len ? c->len : code_len(c);

	while (at < len) {
		uint64_t rip = BOX_CODE + c->offset + at;
		ZydisDisassembledInstruction insn;
		unsigned n = 1;

		insn.text[0] = '\0';
		if (ZYAN_SUCCESS(ZydisDisassembleIntel(
			    ZYDIS_MACHINE_MODE_LONG_64, rip, c->code + at,
			    c->len - at, &insn)))
			n = insn.info.length;
		if (c->code[at] != 0x90) {
			printf("  %" PRIx64 "  ", rip);
			for (unsigned i = 0; i < n; i++)
				printf("%02x", c->code[at + i]);
			printf("  %s\n", insn.text);
		}
		at += n;
	}
}

static void print_value(const char *name, uint64_t in, uint64_t n, uint64_t g)
{
	if (in == n && n == g)
		return;
	printf("  %-8s %016" PRIx64 " %016" PRIx64 " %016" PRIx64 "%s\n", name,
	       in, n, g, n != g ? " <--" : "");
}

static uint64_t read64(const uint8_t *at)
{
	uint64_t val;

	memcpy(&val, at, 8);
	return val;
}

static void print_registers(const struct registers *in,
			    const struct registers *n,
			    const struct registers *g)
{
	static const char *const names[] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
	char name[16];

	for (unsigned i = 0; i < 16; i++)
		printf("  %-8s %016" PRIx64 " %016" PRIx64 " %016" PRIx64
		       "%s\n",
		       names[i], in->gpr[i], n->gpr[i], g->gpr[i],
		       n->gpr[i] != g->gpr[i] ? " <--" : "");
	print_value("rip", in->rip, n->rip, g->rip);
	print_value("rflags", in->rflags, n->rflags, g->rflags);
	print_value("fs", in->fs_base, n->fs_base, g->fs_base);
	print_value("gs", in->gs_base, n->gs_base, g->gs_base);
	printf("  mxcsr    %016" PRIx64 "\n",
	       read64(in->fxsave + 24) & 0xffffffff);
	for (unsigned at = 0; at < 416; at += 8) {
		snprintf(name, sizeof(name), "%s%u%s",
			 at < 32    ? "fx+"
			 : at < 160 ? "st"
				    : "xmm",
			 at < 32    ? at
			 : at < 160 ? (at - 32) / 16
				    : (at - 160) / 16,
			 at < 32   ? ""
			 : at % 16 ? ".hi"
				   : ".lo");
		print_value(name, read64(in->fxsave + at),
			    read64(n->fxsave + at), read64(g->fxsave + at));
	}
	for (unsigned at = 0; at < 256; at += 8) {
		snprintf(name, sizeof(name), "ymm%u.%u", at / 16,
			 at % 16 ? 3 : 2);
		print_value(name, read64(in->ymm_high + at),
			    read64(n->ymm_high + at), read64(g->ymm_high + at));
	}
}

static void print_memory(const struct test_case *c)
{
	uint8_t *a = native_image(), *b = guest_image();
	unsigned lines = 0;

	for (unsigned at = 0; at < IMAGE_CODE && lines < 16; at += 8) {
		uint64_t before = read64(first_image + at);

		for (unsigned i = 0; i < c->patches; i++)
			if (c->patch[i].at < at + 8 && c->patch[i].at + 8 > at)
				before = 0;
		if (!memcmp(a + at, b + at, 8))
			continue;
		printf("  [%08x] %016" PRIx64 " %016" PRIx64 " %016" PRIx64
		       " <--\n",
		       at < IMAGE_STACK ? BOX_DATA + at
					: BOX_STACK + at - IMAGE_STACK,
		       before, read64(a + at), read64(b + at));
		lines++;
	}
}

static void print_end(const char *side, const struct outcome *o)
{
	if (o->vector == NO_FAULT)
		printf("  %s: no exception\n", side);
	else
		printf("  %s: exception %d, error code %x, CR2 %" PRIx64 "\n",
		       side, o->vector, o->error, o->cr2);
}

/* Replace what the difference does not need by NOPs. */
static void shrink(struct test_case *c)
{
	struct outcome n, g;

	for (unsigned i = 0; i < c->units; i++) {
		struct test_case less = *c;
		const char *what;

		memset(less.code + c->unit[i].at, 0x90, c->unit[i].len);
		put_code(&less);
		what = run_both(&less, &n, &g);
		restore_data(false);
		if (what)
			*c = less;
	}
}

static void print_case(struct test_case *c, const struct outcome *n,
		       const struct outcome *g)
{
	print_code(c);
	print_end("host", n);
	print_end("sim ", g);
	printf("  %-8s %-16s %-16s %s\n", "", "before", "host", "sim");
	print_registers(&c->in, &n->regs, &g->regs);
	print_memory(c);
}

static void report(struct test_case *c, uint64_t seed, uint64_t index,
		   const char *first, struct outcome *n, struct outcome *g)
{
	struct outcome n2 = {0}, g2 = {0};
	const char *what;

	printf("diff: seed %" PRIu64 ", case %" PRIu64 ": %s\n", seed, index,
	       first);
	restore_data(false);
	what = run_both(c, &n2, &g2);
	if (what) {
		restore_data(false);
		shrink(c);
		put_code(c);
		run_both(c, &n2, &g2);
		print_case(c, &n2, &g2);
	} else {
		print_case(c, n, g);
		printf("diff: equal when it ran again; %s side had changed\n",
		       memcmp(n, &n2, sizeof(n2)) ? "the host's"
						  : "the simulator's");
	}
	printf("diff: again: diff --seed %" PRIu64 " --from %" PRIu64
	       " --count 1\n",
	       seed, index);
}

/* ---- the run ---- */

static bool run_case(struct test_case *c, uint64_t seed, uint64_t index)
{
	struct outcome n = {0}, g = {0};
	const char *what;

	case_generate(c, seed, index);
	put_code(c);
	for (unsigned round = 0; round < ROUNDS; round++) {
		if (round)
			case_vary(c);
		what = run_both(c, &n, &g);
		if (what) {
			report(c, seed, index, what, &n, &g);
			return false;
		}
		if (c->units == 1)
			form_ran(c->unit->form, n.vector == NO_FAULT);
		/* Excuses, which leave differences, are of exceptions. */
		restore_data(n.vector == NO_FAULT && !c->own_maker);
	}
	take_code(c);
	return true;
}

#define LONG_RUN 100000000u

static bool parse(int argc, char **argv, struct options *o)
{
	*o = (struct options){.seed = 1, .count = 100000};
	for (int i = 1; i < argc; i++) {
		uint64_t *val = NULL;
		char *end;

		if (!strcmp(argv[i], "--list")) {
			o->list = true;
			continue;
		}
		if (!strcmp(argv[i], "--long")) {
			o->count = LONG_RUN;
			continue;
		}
		if (!strcmp(argv[i], "--seed"))
			val = &o->seed;
		else if (!strcmp(argv[i], "--count"))
			val = &o->count;
		else if (!strcmp(argv[i], "--from"))
			val = &o->from;
		if (!val || ++i == argc)
			return false;
		*val = strtoull(argv[i], &end, 0);
		if (*end || end == argv[i])
			return false;
	}
	return true;
}

/* Mnemonics missed by chance must not fail a short run. */
#define ENOUGH 500000

int main(int argc, char **argv)
{
	static struct test_case c;
	struct options o;
	unsigned missing;
	uint64_t i;

	if (!parse(argc, argv, &o) || o.from % ROUNDS) {
		fprintf(stderr, "usage: diff [--seed S] [--count N] "
				"[--long] [--from I] [--list]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!native_init()) {
		fprintf(stderr, "diff: cannot map the sandbox here\n");
		return 77;
	}
	guest_start(native_image() + IMAGE_SIZE);
	if (!forms_init())
		return 2;
	make_first_image(o.seed);
	for (i = o.from; i < o.from + o.count; i += ROUNDS)
		if (!run_case(&c, o.seed, i))
			return 1;
	guest_end();
	printf("%" PRIu64 " cases of %u forms are equal, %" PRIu64
	       " would not have ended\n",
	       o.count, forms_count(), endless);
	missing = forms_report(o.list, o.count >= ENOUGH);
	return missing ? 1 : 0;
}
