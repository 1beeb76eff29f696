/*
 * The x87 of the simulated CPU: every instruction of its table against the
 * host's processor, with the stack, tags, codes, exceptions and pops.
 */
#include <stdio.h>
#include <string.h>

#include "tests/unit/native_x87.h"
#include "tests/unit/unit.h"
#include "tests/unit/x87_operands.h"

#define STATUS_FLAGS 0x8d5u /* OF SF ZF AF PF CF */

struct instruction {
	const struct x87_row *row;
	uint8_t modrm;
	bool small; /* 16-bit format of environments */
};

/* What the core does around a row's function. */
static void simulate(const struct instruction *in, struct native_x87 *n)
{
	const struct x87_row *row = in->row;
	unsigned bytes = row->bytes;
	struct x87 x;
	struct x87_ctx c = {
		.modrm = in->modrm,
		.format = in->small ? X87_16 : X87_32,
		.flags = n->flags,
	};

	if (row->props & X87_IMAGE && in->small)
		bytes -= 14;
	x87_fxload(&x, n->image, true);
	if (row->form == X87_LOAD)
		memcpy(c.mem, n->mem, bytes);
	row->fn(&x, &c);
	if (row->form == X87_STORE && c.store)
		memcpy(n->mem, c.mem, bytes);
	if (row->form == X87_FLAGS)
		n->flags = (n->flags & ~(uint64_t)STATUS_FLAGS) | c.flags;
	if (row->form == X87_AX)
		memcpy(&n->rax, c.mem, 2);
	x87_fxsave(&x, n->image, true);
}

static void print(const char *who, const struct native_x87 *n)
{
	printf("  %-9s fcw %02x%02x fsw %02x%02x full %02x rax %lx flags %lx\n",
	       who, n->image[1], n->image[0], n->image[3], n->image[2],
	       n->image[4], n->rax, n->flags & STATUS_FLAGS);
	for (unsigned i = 0; i < 8; i++) {
		struct f80 x;

		memcpy(&x, n->image + 32 + 16 * i, sizeof(x));
		printf("    %04x.%016lx%s", x.se, x.sig,
		       i % 4 == 3 ? "\n" : "");
	}
	printf("    mem");
	for (unsigned i = 0; i < 28; i++)
		printf(" %02x", n->mem[i]);
	printf("\n");
}

/* FIP, CS, FOP, FDP, DS: not kept alike by all processors. */
static void forget_pointers(const struct instruction *in, struct native_x87 *n)
{
	memset(n->image + 6, 0, 18);
	if (in->row->props & X87_IMAGE && in->row->form == X87_STORE)
		memset(n->mem + (in->small ? 6 : 12), 0, in->small ? 8 : 16);
}

static void forget_undefined(const struct x87_row *row, struct native_x87 *n)
{
	unsigned status = ~x87_undefined_status(row, n->image);

	n->image[2] &= status;
	n->image[3] &= status >> 8;
	if (row->form == X87_FLAGS && n->image[2] & X87_ES)
		n->flags &= ~(uint64_t)STATUS_FLAGS;
}

/* A denormal in memory, DE unmasked: AMD's processors push it (SDM 1 8.5.2). */
static bool differs(const struct x87_row *row, const struct native_x87 *n)
{
	unsigned raised = n->image[2] & ~n->image[0];

	return raised & F80_DE && row->form == X87_LOAD &&
	       !strcmp(row->name, "fld");
}

static bool same(const struct native_x87 *a, const struct native_x87 *b)
{
	return !memcmp(a->image, b->image, 24) &&
	       !memcmp(a->image + 32, b->image + 32, 128) &&
	       !memcmp(a->mem, b->mem, sizeof(a->mem)) && a->rax == b->rax &&
	       !((a->flags ^ b->flags) & STATUS_FLAGS);
}

/* False, and shown, when they differ. */
static bool check(const struct instruction *in, const struct native_x87 *n)
{
	struct native_x87 ours = *n, host = *n;

	simulate(in, &ours);
	native_x87_run(&host);
	forget_pointers(in, &ours);
	forget_pointers(in, &host);
	forget_undefined(in->row, &ours);
	forget_undefined(in->row, &host);
	if (same(&ours, &host) || differs(in->row, &host))
		return true;
	printf("%s (%02x %02x%s)\n", in->row->name, in->row->opcode, in->modrm,
	       in->small ? ", 16-bit" : "");
	print("operands", n);
	print("ours", &ours);
	print("host", &host);
	return false;
}

static void random_state_of(const struct instruction *in, struct native_x87 *n,
			    bool unmask)
{
	memset(n, 0, sizeof(*n));
	x87_random_image(n->image, unmask);
	x87_random_memory(in->row, n->mem, sizeof(n->mem));
	n->rax = random64();
	n->flags = 0x202 | (random64() & STATUS_FLAGS);
}

/* Until the first difference. */
static bool try_instruction(const struct instruction *in, unsigned rounds)
{
	struct native_x87 n;
	uint8_t code[X87_CODE];

	native_x87_compile(code,
			   x87_encode(code, in->row, in->modrm, in->small));
	for (unsigned i = 0; i < rounds; i++) {
		random_state_of(in, &n, i & 1);
		if (!check(in, &n))
			return false;
	}
	return true;
}

static bool try_row(const struct x87_row *row)
{
	bool one = row->first == row->last, ok = true;

	for (unsigned modrm = row->first; modrm <= row->last; modrm++) {
		struct instruction in = {row, modrm, false};

		ok &= try_instruction(&in, one ? 3000 : 700);
		in.small = true;
		if (row->props & X87_IMAGE)
			ok &= try_instruction(&in, 3000);
	}
	return ok;
}

static void test_every_exact_row_does_what_the_host_does(void **state)
{
	const struct x87_row *row;
	bool ok = true;

	if (native_x87_init())
		skip();
	random_state = 7;
	for (size_t i = 0; (row = x87_row_at(i)); i++)
		if (!x87_approximate(row))
			ok &= try_row(row);
	assert_true(ok);
}

/* ---- Transcendental functions ---- */

/* The status flags and codes that do not depend on the last place. */
#define STABLE_STATUS (0xffffu & ~(F80_PE | F80_UE | X87_C1))

static struct f80 st(const struct native_x87 *n, unsigned i)
{
	struct f80 x = {0};

	memcpy(&x, n->image + 32 + 16 * i, 10);
	return x;
}

/* A denormal's exponent is that of the smallest normal number. */
static unsigned scale(struct f80 a)
{
	return a.se & F80_EXP ? a.se : a.se + 1;
}

/* Units in the last place between values of one sign; 999: far apart. */
static uint64_t distance(struct f80 a, struct f80 b)
{
	if (scale(a) == scale(b))
		return a.sig > b.sig ? a.sig - b.sig : b.sig - a.sig;
	/* across a power of two, one has all ones and the other one */
	if (scale(a) + 1 == scale(b))
		return -a.sig + (b.sig << 1);
	if (scale(b) + 1 == scale(a))
		return -b.sig + (a.sig << 1);
	return 999;
}

static unsigned status(const struct native_x87 *n)
{
	return (n->image[2] | n->image[3] << 8) & STABLE_STATUS;
}

/* Ours is the nearest value as a rule; the host's lies beside it. */
static bool close_enough(const struct native_x87 *ours,
			 const struct native_x87 *host)
{
	if (status(ours) != status(host) || ours->image[4] != host->image[4])
		return false;
	for (unsigned i = 0; i < 8; i++)
		if (distance(st(ours, i), st(host, i)) > 1)
			return false;
	return true;
}

/* f2xm1 and fyl2xp1 are undefined outside of these. */
static bool in_domain(const struct x87_row *row, struct f80 x)
{
	unsigned exp = x.se & F80_EXP;

	if (row->first == 0xf0)
		return exp < 0x3fff || exp == F80_EXP;
	if (row->first == 0xf9)
		return exp < 0x3ffd || exp == F80_EXP;
	return true;
}

static bool check_close(const struct instruction *in,
			const struct native_x87 *n)
{
	struct native_x87 ours = *n, host = *n;

	simulate(in, &ours);
	native_x87_run(&host);
	if (close_enough(&ours, &host))
		return true;
	printf("%s (%02x %02x)\n", in->row->name, in->row->opcode, in->modrm);
	print("operands", n);
	print("ours", &ours);
	print("host", &host);
	return false;
}

static void test_transcendental_rows_come_as_close_as_they_must(void **state)
{
	const struct x87_row *row;
	struct native_x87 n;
	uint8_t code[X87_CODE];
	bool ok = true;

	if (native_x87_init())
		skip();
	random_state = 8;
	for (size_t i = 0; (row = x87_row_at(i)); i++) {
		struct instruction in = {row, row->first, false};

		if (!x87_approximate(row))
			continue;
		native_x87_compile(code,
				   x87_encode(code, row, in.modrm, false));
		for (unsigned k = 0; k < 3000; k++) {
			random_state_of(&in, &n, k & 1);
			n.image[0] |= F80_PE | F80_UE;
			if (in_domain(row, st(&n, 0)) &&
			    !check_close(&in, &n)) {
				ok = false;
				break;
			}
		}
	}
	assert_true(ok);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_exact_row_does_what_the_host_does),
		cmocka_unit_test(
			test_transcendental_rows_come_as_close_as_they_must),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
