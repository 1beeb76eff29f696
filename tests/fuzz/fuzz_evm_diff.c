/*
 * fuzz_evm_diff.c: random programs, run by the interpreter and by the plain
 * reference (tests/evm/reference): the gas, output and logs of a transaction,
 * the state after it and, traced, each step's place, gas, stack and memory
 * must be the same.
 *
 * The first byte of the input is the fork, the second the kind of program:
 * any bytes, or instructions whose operands are there. The rest is the
 * material for three contracts, which know each other's addresses.
 *
 *	clang -g -fsanitize=fuzzer,address,undefined -I. \
 *		tests/fuzz/fuzz_evm_diff.c tests/evm/reference/?*.c \
 *		$(ls evm/?*.c) -o fuzz_evm_diff
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evm/frame.h"
#include "evm/rlp.h"
#include "evm/state.h"
#include "tests/evm/reference/reference.h"
#include "tests/evm/reference/rules.h"

#define CONTRACTS 3
#define CODE_SIZE 700
#define GAS	  150000

static void *resize(void *ctx, void *old, size_t old_size, size_t size)
{
	if (size > 0)
		return realloc(old, size);
	free(old);
	return NULL;
}

static const struct evm_allocator alloc = {.resize = resize};

/* Takes bytes of the input, and zeros when there are no more. */
struct material {
	const uint8_t *data;
	size_t len, at;
};

static uint8_t take(struct material *m)
{
	return m->at < m->len ? m->data[m->at++] : 0;
}

struct program {
	uint8_t code[CODE_SIZE + 300];
	size_t len;
	unsigned height; /* of the stack, as far as it is known */
};

static void put(struct program *p, uint8_t byte)
{
	p->code[p->len++] = byte;
}

/* Numbers near which things change, addresses, and any others. */
static void put_push(struct program *p, struct material *m)
{
	static const uint8_t edges[] = {0,  1,	2,  3,	4,    7,    8,	  9,
					10, 31, 32, 33, 0x7f, 0x80, 0xfe, 0xff};
	uint8_t kind = take(m), n;

	if (kind < 0x80) {
		put(p, 0x60);
		put(p, edges[kind % sizeof(edges)]);
	} else if (kind < 0xa0) { /* one of the contracts */
		put(p, 0x61);
		put(p, 0xc0);
		put(p, kind % CONTRACTS);
	} else if (kind < 0xc0) { /* all ones, or the top bit */
		put(p, 0x7f);
		put(p, kind & 1 ? 0xff : 0x80);
		for (int i = 1; i < 32; i++)
			put(p, kind & 1 ? 0xff : kind & 2 ? 0 : take(m));
	} else {
		n = kind % 32;
		put(p, 0x60 + n);
		for (int i = 0; i <= n; i++)
			put(p, take(m));
	}
	p->height++;
}

/* A jump over a byte that is data, to a JUMPDEST behind it. */
static void put_jump(struct program *p, bool conditional)
{
	size_t to = p->len + 5 + conditional * 2;

	if (conditional) {
		put(p, 0x60);
		put(p, (uint8_t)(to & 1));
	}
	put(p, 0x61);
	put(p, (uint8_t)(to >> 8));
	put(p, (uint8_t)to);
	put(p, conditional ? 0x57 : 0x56);
	put(p, 0x60);
	put(p, 0x5b); /* data if it is reached */
}

static bool ends_the_frame(uint8_t op)
{
	return op == 0x00 || op == 0xf3 || op == 0xfd || op == 0xff;
}

/* One that the fork has; one that ends the frame only now and then. */
static uint8_t choose(struct material *m, enum evm_fork fork)
{
	static const uint8_t liked[] = {0x51, 0x52, 0x53, 0x54, 0x55, 0x20,
					0xf1, 0xf2, 0xf4, 0xfa, 0xf0, 0xf5,
					0x3c, 0x3e, 0x5e, 0x37, 0xa1, 0x5d,
					0x5c, 0x0a, 0x09, 0x3d, 0x55, 0xf1};
	uint8_t op = take(m);

	if (op % 4 == 1)
		op = liked[take(m) % sizeof(liked)];
	for (int tries = 0; tries < 8; tries++) {
		if (ref_rule_of(fork, op).defined &&
		    (!ends_the_frame(op) || take(m) < 16))
			return op;
		op = (uint8_t)(op * 5 + take(m) + 1);
	}
	return 0x5b;
}

/* Calls need gas, and places in memory that somebody can pay. */
static void put_operands(struct program *p, struct material *m, uint8_t op,
			 unsigned count)
{
	bool calls = op == 0xf1 || op == 0xf2 || op == 0xf4 || op == 0xfa;

	for (unsigned i = 0; i < count && p->len < CODE_SIZE; i++) {
		if (calls && i + 1 == count && take(m) < 0xe0) {
			put(p, 0x61); /* gas */
			put(p, take(m));
			put(p, take(m));
		} else if (calls && i + 2 == count && take(m) < 0xe0) {
			put(p, 0x61); /* whom */
			put(p, take(m) < 0xc0 ? 0xc0 : 0);
			put(p, take(m) % 18);
		} else if (take(m) < 0xf0) {
			put(p, 0x60);
			put(p, take(m) % 100);
		} else {
			put_push(p, m);
			p->height--;
		}
		p->height++;
	}
}

static void put_instruction(struct program *p, struct material *m,
			    enum evm_fork fork)
{
	struct ref_rule rule;
	uint8_t op;

	if (take(m) % 32 == 0) {
		put_jump(p, take(m) & 1);
		p->height = 0; /* a guess is as good as any */
		return;
	}
	op = choose(m, fork);
	rule = ref_rule_of(fork, op);
	if (p->height < rule.in || (op > 0x1f && op < 0x80 && take(m) < 0xf0) ||
	    op >= 0xa0)
		put_operands(p, m, op, rule.in);
	else if (take(m) < 0x60)
		put_push(p, m);
	put(p, op);
	if (op >= 0x60 && op <= 0x7f)
		for (int i = 0x5f; i < op; i++)
			put(p, take(m));
	p->height = p->height > rule.in ? p->height - rule.in : 0;
	p->height += rule.out;
}

/* A few instructions, some times over: what counts is below them. */
static void put_loop(struct program *p, struct material *m, enum evm_fork fork)
{
	size_t begin = p->len + 2;
	unsigned before;

	put(p, 0x60);
	put(p, take(m) % 4 + 1);
	put(p, 0x5b);
	before = ++p->height;
	for (unsigned n = take(m) % 6 + 1; n > 0 && p->len < CODE_SIZE; n--)
		put_instruction(p, m, fork);
	for (; p->height > before; p->height--)
		put(p, 0x50);
	for (; p->height < before; p->height++)
		put(p, 0x59);
	put(p, 0x60); /* one less */
	put(p, 1);
	put(p, 0x90);
	put(p, 0x03);
	put(p, 0x80);
	put(p, 0x61); /* again, unless it is zero */
	put(p, (uint8_t)(begin >> 8));
	put(p, (uint8_t)begin);
	put(p, 0x57);
	put(p, 0x50);
	p->height--;
}

static void make_program(struct program *p, struct material *m,
			 enum evm_fork fork, bool any, size_t size)
{
	size_t end = m->at + size;

	p->len = p->height = 0;
	if (end > m->len)
		end = m->len;
	while (m->at < end && p->len < CODE_SIZE) {
		if (any)
			put(p, take(m));
		else if (p->len < CODE_SIZE - 200 && take(m) % 16 == 0)
			put_loop(p, m, fork);
		else
			put_instruction(p, m, fork);
	}
}

/* A digest of every step: the order of what is mixed in counts. */
struct digest {
	struct evm_tracer tracer;
	uint64_t hash, steps;
};

static void mix(struct digest *d, uint64_t value)
{
	d->hash = (d->hash ^ value) * UINT64_C(0x100000001b3);
	d->hash ^= d->hash >> 29;
}

static void before(void *ctx, const struct evm_frame *f, uint8_t op)
{
	struct digest *d = ctx;
	size_t look;

	d->steps++;
	mix(d, f->pc);
	mix(d, op);
	mix(d, (uint64_t)f->gas);
	mix(d, f->msg.depth);
	mix(d, f->return_data.len);
	for (size_t i = 0; i < f->height; i++)
		for (int k = 0; k < 4; k++)
			mix(d, f->stack[i].w[k]);
	mix(d, f->memory.len);
	look = ends_the_frame(op) ? 4096 : 128;
	for (size_t i = 0; i < f->memory.len && i < look; i++)
		mix(d, f->memory.bytes[i]);
}

static void after(void *ctx, const struct evm_frame *f, enum evm_status status)
{
	mix(ctx, status != EVM_SUCCESS && status != EVM_REVERT);
}

/* All that there is to say of a run. */
struct outcome {
	int err;
	int kind; /* of the end: success, reverted, failed, refused */
	uint64_t gas_used, refund;
	uint8_t output[64];
	size_t output_len;
	struct evm_hash root, logs;
	uint64_t digest;
};

static int kind_of(enum evm_status status)
{
	return status <= EVM_REVERT    ? (int)status
	       : status < EVM_TX_NONCE ? 2
				       : 3;
}

static struct evm_address contract(unsigned i)
{
	return (struct evm_address){{[18] = 0xc0, [19] = (uint8_t)i}};
}

static const struct evm_address caller = {{[0] = 0xca}};

/* From the first instruction on, what runs it is the fast interpreter. */
static void make_hot(struct evm_state *state, const struct evm_address *addr)
{
	const struct evm_account *account = evm_state_find(state, addr);

	if (account && account->code)
		account->code->heat = 1u << 30;
}

static int set_up(struct evm *evm, const struct program programs[CONTRACTS],
		  bool hot)
{
	struct u256 funds = u256_from(UINT64_C(1) << 60),
		    some = u256_from(1000);
	struct u256 slot = u256_from(1), value = u256_from(7);
	int err = evm_state_put(evm->state, &caller, 0, &funds, NULL, 0);

	for (unsigned i = 0; i < CONTRACTS && err == 0; i++) {
		struct evm_address addr = contract(i);

		err = evm_state_put(evm->state, &addr, 1, &some,
				    programs[i].code, programs[i].len);
		if (err == 0)
			err = evm_state_put_storage(evm->state, &addr, &slot,
						    &value);
		if (hot)
			make_hot(evm->state, &addr);
	}
	return err;
}

/* Who runs it, and whether each step is looked at. */
enum way { TRACED, REFERENCE, PLAIN, HOT };

static struct outcome run(enum evm_fork fork,
			  const struct program programs[CONTRACTS],
			  const uint8_t *input, size_t len, enum way way)
{
	struct digest digest = {.tracer = {before, after, &digest}};
	struct evm evm = {
		.alloc = alloc,
		.fork = fork,
		.chain_id = 5,
		.interpret = way == REFERENCE ? reference_interpret : NULL,
		.tracer = way == TRACED || way == REFERENCE ? &digest.tracer
							    : NULL,
		.block = {.number = 1000,
			  .timestamp = 77,
			  .gas_limit = 10 * GAS,
			  .base_fee = {{3}},
			  .prev_randao = {{1, 2, 3, 4}}}};
	struct evm_transaction tx = {.sender = caller,
				     .to = contract(0),
				     .gas_limit = GAS,
				     .gas_price = u256_from(10),
				     .value = u256_from(5),
				     .input = input,
				     .input_len = len < 100 ? len : 100};
	struct evm_receipt receipt = {0};
	struct outcome o;

	memset(&o, 0, sizeof(o)); /* it is compared as bytes */
	evm.state = evm_state_create(&alloc);
	o.err = evm.state ? set_up(&evm, programs, way == HOT)
			  : EVM_ERR_NO_MEMORY;
	if (o.err == 0)
		o.err = evm_transact(&evm, &tx, &receipt);
	if (o.err == 0) {
		o.kind = kind_of(receipt.result.status);
		o.gas_used = receipt.gas_used;
		o.refund = receipt.refund;
		o.output_len = receipt.result.output_len;
		memcpy(o.output,
		       receipt.result.output ? receipt.result.output : o.output,
		       o.output_len < 64 ? o.output_len : 64);
		evm_state_root(evm.state, &alloc, &o.root);
		evm_logs_hash(evm.state, &alloc, &o.logs);
		o.digest = digest.hash;
	}
	evm_fini(&evm);
	evm_state_destroy(evm.state);
	return o;
}

static void same(const struct outcome *a, const struct outcome *b,
		 const char *what)
{
	if (memcmp(a, b, sizeof(*a)) == 0)
		return;
	fprintf(stderr,
		"%s: %d %d gas %llu %llu refund %llu %llu output %zu "
		"%zu%s%s%s\n",
		what, a->kind, b->kind, (unsigned long long)a->gas_used,
		(unsigned long long)b->gas_used, (unsigned long long)a->refund,
		(unsigned long long)b->refund, a->output_len, b->output_len,
		memcmp(&a->root, &b->root, 32) ? " root" : "",
		memcmp(&a->logs, &b->logs, 32) ? " logs" : "",
		a->digest != b->digest ? " steps" : "");
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct program programs[CONTRACTS];
	struct material m = {.data = data, .len = size};
	enum evm_fork fork = take(&m) % EVM_FORK_COUNT;
	bool any = take(&m) % 8 == 0;
	struct outcome own, reference, plain;

	for (unsigned i = 0; i < CONTRACTS; i++)
		make_program(&programs[i], &m, fork, any, size / CONTRACTS);
	own = run(fork, programs, data, size, TRACED);
	reference = run(fork, programs, data, size, REFERENCE);
	same(&own, &reference, "traced");
	plain = run(fork, programs, data, size, PLAIN);
	plain.digest = own.digest;
	same(&plain, &own, "plain");
	plain = run(fork, programs, data, size, HOT);
	plain.digest = own.digest;
	same(&plain, &own, "hot");
	return 0;
}
