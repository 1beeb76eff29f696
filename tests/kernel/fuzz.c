/*
 * fuzz.c: a hundred thousand system calls with random registers. The caller
 * has an object of each type, twice, and the numbers are likely to hit them.
 * What it makes active has no code to run. Nothing may bring the kernel down,
 * and at the end all that was there before still works.
 */
#include "tests/kernel/check.h"

#define CALLS 100000

static volatile uint64_t calls_made, refused, done;

static uint64_t likely_path(uint64_t *seed)
{
	uint64_t n = next_random(seed);

	switch (n % 8) {
	case 0:
		return n >> 8;
	case 1:
		return n >> 8 & 0xffff;
	case 2:
		return n >> 8 & 0xff;
	default:
		return (n >> 8) % 28;
	}
}

static uint64_t likely_word(uint64_t *seed)
{
	static const uint64_t edges[] = {0,
					 1,
					 255,
					 256,
					 257,
					 1024,
					 1025,
					 0x1000,
					 UINT64_C(0x7ffffffff000),
					 UINT64_C(0x7fffffffffff),
					 UINT64_C(0x800000000000),
					 UINT64_C(0xffff800000000000),
					 UINT64_C(0xffffffff80100000),
					 ~UINT64_C(0xfff),
					 ~UINT64_C(0)};
	uint64_t n = next_random(seed);

	switch (n % 6) {
	case 0:
		return edges[(n >> 8) % (sizeof(edges) / sizeof(edges[0]))];
	case 1:
		return n >> 8;
	case 2:
		return (n >> 8 & 0xffff) << 12; /* a page */
	case 3:
		return n >> 8 & 15;
	default:
		return likely_path(seed);
	}
}

static uint64_t likely_info(uint64_t *seed)
{
	uint64_t n = next_random(seed);

	if (n % 16 == 0)
		return next_random(seed);
	return INFO((n >> 8) % (LABEL_COUNT + 2), (n >> 16) % 6,
		    1 + (n >> 24) % 3 % 2, 1 + (n >> 32) % 3 % 2);
}

/* Calls that end the run or us, or write lines without end, are few or none. */
static uint64_t likely_call(uint64_t *seed)
{
	uint64_t n = next_random(seed);

	if (n % 64)
		return SYS_INVOKE;
	n = n >> 8 & 15;
	switch (n) {
	case SYS_EXIT:
	case SYS_TEST_SUCCEED:
	case SYS_TEST_FAIL:
	case SYS_PUTC:
	case SYS_LIST_CPOOL:
	case SYS_SET_FS_BASE: /* our own variables */
		return SYS_YIELD;
	case SYS_CALL: /* nobody would answer */
	case SYS_SEND:
	case SYS_REPLY_RECV:
		return SYS_NB_SEND;
	case SYS_RECV:
		return SYS_NB_RECV;
	}
	return n;
}

/* The stock's slots, with twice these types, and then two more. */
#define KINDS                                                                  \
	OBJECT_CPOOL, OBJECT_TASK, OBJECT_CHANNEL, OBJECT_PML4,                \
		OBJECT_RAW_PAGE, OBJECT_TASK_BUFFER, OBJECT_PDPT, OBJECT_PD,   \
		OBJECT_PT, OBJECT_ENDPOINT, OBJECT_REPLY, OBJECT_NOTIFICATION, \
		OBJECT_SCHED_CONTEXT
#define SECOND_POOL 13

static const enum abi_object types[] = {KINDS, KINDS, OBJECT_UNTYPED,
					OBJECT_IO_PORT};

#define STOCK (sizeof(types) / sizeof(types[0]))

/* What the ABI's table says of a call: whom it is for, its arguments. */
struct shape {
	uint32_t types;
	uint8_t words, paths;
};

#define WORDS_NONE		     0
#define WORDS_WORD(name)	     1
#define WORDS_CAP(types, name)	     0x11
#define WORDS_MAYBE_CAP(types, name) 0x11
#define WORDS_TAKE(types, name)	     0x11
#define WORDS_PLACE(name)	     0x11
#define WORDS_MAYBE_PLACE(name)	     0x11
#define SHAPE(name, label, number, types, rights, a, b, c, d, ...)        \
	[number] = {TYPES_##types,                                        \
		    (WORDS_##a + WORDS_##b + WORDS_##c + WORDS_##d) & 15, \
		    (WORDS_##a + WORDS_##b + WORDS_##c + WORDS_##d) >> 4},

static const struct shape shapes[LABEL_COUNT] = {ABI_CALLS(SHAPE)};

/* A label that the object has, as many words as it wants; nothing else. */
static void make_it_fit(struct raw *r, uint64_t *seed)
{
	uint64_t n = next_random(seed);
	unsigned slot = n % STOCK, label = (n >> 8) % LABEL_COUNT;
	unsigned depth = (n >> 20) % 3;

	for (unsigned i = 0; i < LABEL_COUNT; i++)
		if (!(shapes[label].types >> types[slot] & 1))
			label = (label + 1) % LABEL_COUNT;
	r->rax = SYS_INVOKE;
	r->rdi = slot;
	if (label == CPOOL_MOVE) {
		/* From the two pools only: the stock is to stay. */
		r->r10 = ((n >> 32) % 2 ? SECOND_POOL : 0) << 8 |
			 (n >> 40) % STOCK;
		depth = 2;
	}
	r->rsi = INFO(label, shapes[label].words + (n >> 16) % 2, 1, depth);
}

static void call_at_random(uint64_t seed)
{
	for (int i = 0; i < CALLS; i++) {
		struct raw r = {.rax = likely_call(&seed),
				.rdi = likely_path(&seed),
				.rsi = likely_info(&seed),
				.rdx = likely_word(&seed),
				.r10 = likely_word(&seed),
				.r8 = likely_word(&seed),
				.r9 = likely_path(&seed)};

		if (i % 2)
			make_it_fit(&r, &seed);
		if ((r.rsi & 0xffff) == CHANNEL_TAKE)
			r.rdx |= CHANNEL_TRY; /* we would wait for ever */
		if ((r.rsi & 0xffff) >= CHANNEL_PUT_RAW &&
		    (r.rsi & 0xffff) <= CHANNEL_PUT_CAP)
			r.r10 |= CHANNEL_TRY;
		if (r.rax == SYS_PRINT)
			r.rdi += TASK_BUFFER_BYTES + 1;
		raw_call(&r);
		calls_made++;
		refused += r.rax != ERR_OK;
		if (r.rax >= ERR_COUNT)
			rt_panic("call %d returns %llu", i,
				 (unsigned long long)r.rax);
	}
	done = 1;
}

static void stock(struct caddr pool)
{
	for (unsigned i = 0; i < STOCK; i++) {
		struct caddr slot = caddr_in(pool, i);
		unsigned bits = types[i] == OBJECT_CHANNEL ? 2 : 0;

		if (types[i] == OBJECT_UNTYPED)
			copy_to(caddr_root(BOOT_SLOT_UNTYPED_LOW), slot);
		else if (types[i] == OBJECT_IO_PORT)
			copy_to(caddr_root(BOOT_SLOT_VGA_PORTS), slot);
		else if (sys_untyped_retype(UNTYPED, types[i], bits, 1, slot,
					    NULL) != ERR_OK)
			rt_panic("no stock");
	}
}

static void fuzz(uint64_t seed)
{
	struct caddr pool = make(OBJECT_CPOOL, 0);
	struct thread t = thread_make(call_at_random, seed);
	struct caddr c = make(OBJECT_CHANNEL, 0);
	struct taken got = {0};

	stock(pool);
	sys_task_set_cpool(t.task, pool);
	calls_made = refused = done = 0;
	sys_task_set_active(t.task, 1);
	while (!done &&
	       sys_channel_put_raw(c, calls_made, CHANNEL_TRY) == ERR_OK) {
		uint64_t before = calls_made;

		sys_channel_take(c, CHANNEL_TRY, CADDR_ANY, &got);
		for (int i = 0; i < 1000 && calls_made == before; i++)
			sys_yield();
		if (calls_made == before && !done)
			break; /* it hangs or was stopped */
	}
	check_equal(calls_made, CALLS, "random calls");
	check(refused < CALLS - CALLS / 20, "of which some succeed");
}

int user_main(const struct boot_info *info)
{
	uint64_t left;

	fuzz(1);
	fuzz(0x9e3779b97f4a7c15);
	check_error(sys_untyped_info(UNTYPED, NULL, &left, NULL), ERR_OK,
		    "our untyped is as it was");
	check_equal(type_in(ROOT, BOOT_SLOT_PML4), OBJECT_PML4, "and our pool");
	return check_done();
}
