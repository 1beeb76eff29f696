/*
 * refuse.c: every call of the ABI's table with what it must refuse: wrong,
 * weak and missing capabilities, addresses that lead nowhere, too few words.
 * What is tried comes from the table; the error, and what the error is about,
 * must be as abi/syscall.h says, and nothing may have changed.
 */
#include "tests/kernel/cases.h"

enum kind { END, NUMBER, CAPABILITY, OPTIONAL, EMPTY, OPTIONAL_EMPTY };

struct row {
	const char *name;
	uint32_t types, rights;
	struct {
		enum kind kind;
		uint32_t types;
	} argument[4];
};

/* clang-format off */
#define ARG_NONE		    { END, 0 }
#define ARG_WORD(name)		    { NUMBER, 0 }
#define ARG_CAP(types, name)	    { CAPABILITY, TYPES_##types }
#define ARG_MAYBE_CAP(types, name)  { OPTIONAL, TYPES_##types }
#define ARG_TAKE(types, name)	    { CAPABILITY, TYPES_##types }
#define ARG_PLACE(name)		    { EMPTY, 0 }
#define ARG_MAYBE_PLACE(name)	    { OPTIONAL_EMPTY, 0 }
/* clang-format on */

#define ROW(name, label, number, types, rights, a, b, c, d, ...) \
	[number] = {#name,                                       \
		    TYPES_##types,                               \
		    rights,                                      \
		    {ARG_##a, ARG_##b, ARG_##c, ARG_##d}},

static const struct row rows[LABEL_COUNT] = {ABI_CALLS(ROW)};

/*
 * Pools with an object of each type in the slot of the type's number: with
 * all rights, and with none. Pools that may be read only, and not at all.
 */
static struct caddr stock, weak, read_only, blind;

#define FREE_SLOT 100

static void fill_stock(void)
{
	for (unsigned type = 1; type < OBJECT_ZOMBIE; type++) {
		uint64_t size = type == OBJECT_UNTYPED ? PAGE_BYTES : 0;
		struct caddr at = caddr_in(stock, type);

		if (sys_untyped_retype(CASE_MEMORY, type, size, 1, at, NULL) !=
		    ERR_OK)
			continue;
	}
	copy_to(caddr_root(BOOT_SLOT_VGA_PORTS),
		caddr_in(stock, OBJECT_IO_PORT));
	copy_to(caddr_root(BOOT_SLOT_IRQ_CONTROL),
		caddr_in(stock, OBJECT_IRQ_CONTROL));
	copy_to(caddr_root(BOOT_SLOT_SCHED_CONTROL),
		caddr_in(stock, OBJECT_SCHED_CONTROL));
	EXPECT_OK(sys_irq_control_get_msi(caddr_root(BOOT_SLOT_IRQ_CONTROL),
					  caddr_in(stock, OBJECT_IRQ_HANDLER),
					  NULL, NULL));
	for (unsigned type = 1; type < OBJECT_ZOMBIE; type++)
		EXPECT_EQUAL(type_in(stock, type), type);
}

static void make_stock(void)
{
	stock = make(OBJECT_CPOOL, 0);
	weak = make(OBJECT_CPOOL, 0);
	fill_stock();
	for (unsigned type = 1; type < OBJECT_ZOMBIE; type++)
		if (!(TYPES_TABLE >> type & 1) && type != OBJECT_UNTYPED)
			EXPECT_OK(sys_cpool_mint(weak, type, 0, 0,
						 caddr_in(stock, type)));
	read_only = minted(stock, RIGHT_READ, 0);
	blind = minted(stock, 0, 0);
}

/* ---- a call being put together ---- */

struct call {
	unsigned label, words;
	struct caddr target, argument[4];
};

static unsigned first_of(uint32_t types)
{
	return __builtin_ctz(types);
}

static unsigned argument_count(const struct row *row)
{
	unsigned n = 0;

	while (n < 4 && row->argument[n].kind != END)
		n++;
	return n;
}

/* What is checked of capabilities by the table's row is right. */
static struct call right_call(unsigned label)
{
	const struct row *row = &rows[label];
	struct call c = {.label = label,
			 .words = argument_count(row),
			 .target = caddr_in(stock, first_of(row->types))};

	for (unsigned i = 0; i < c.words; i++) {
		switch (row->argument[i].kind) {
		case CAPABILITY:
		case OPTIONAL:
			c.argument[i] = caddr_in(
				stock, first_of(row->argument[i].types));
			break;
		case EMPTY:
		case OPTIONAL_EMPTY:
			c.argument[i] = caddr_in(stock, FREE_SLOT);
			break;
		default:
			break;
		}
	}
	return c;
}

static struct raw registers(const struct call *c)
{
	struct raw r = {SYS_INVOKE, c->target.path,
			INFO(c->label, c->words, c->target.depth, 0)};
	uint64_t *word[] = {&r.rdx, &r.r10, &r.r8, &r.r9};
	unsigned paths = 0;

	for (unsigned i = 0; i < 4; i++) {
		enum kind kind = rows[c->label].argument[i].kind;

		*word[i] = c->argument[i].path;
		if (kind != END && kind != NUMBER)
			r.rsi |= (uint64_t)c->argument[i].depth
				 << (INFO_ARGUMENT_SHIFT + 4 * paths++);
	}
	return r;
}

/* The call is refused so, and the error is about this argument. */
static bool refused(const struct call *c, enum error err, unsigned argument)
{
	struct raw r = registers(c);

	raw_call(&r);
	if (r.rax == err && DETAIL_ARGUMENT(r.rdx) == argument)
		return true;
	rt_print("# %s: %s about %llu, not %s about %u", rows[c->label].name,
		 error_name(r.rax), (unsigned long long)DETAIL_ARGUMENT(r.rdx),
		 error_name(err), argument);
	return false;
}

static bool refused_type(const struct call *c, unsigned argument,
			 unsigned expected, unsigned found)
{
	struct raw r = registers(c);

	raw_call(&r);
	return r.rax == ERR_WRONG_TYPE &&
	       r.rdx == DETAIL(argument, expected, found);
}

static void verdict(const char *call, const char *kind, bool ok)
{
	char name[100];

	rt_snprintf(name, sizeof(name), "%s: %s", call, kind);
	check(ok, name);
}

/* ---- what is tried ---- */

/* A path at which something stands that must be a capability. */
static bool bad_paths(struct call *c, struct caddr *at, unsigned argument)
{
	static const struct caddr nowhere[] = {{0, 0},		{0, 9},
					       {0, 15},		{0x100, 1},
					       {UINT64_MAX, 1}, {0x10000, 2}};
	bool ok = true;

	for (unsigned i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
		if (argument && nowhere[i].depth == 0)
			continue; /* with some arguments, none is right */
		*at = nowhere[i];
		ok &= refused(c, ERR_BAD_ADDRESS, argument);
	}
	*at = caddr_in(caddr_root(BOOT_SLOT_TASK), 1);
	ok &= refused(c, ERR_BAD_ADDRESS, argument);
	*at = caddr_in(caddr_in(stock, OBJECT_RAW_PAGE), 1);
	ok &= refused(c, ERR_BAD_ADDRESS, argument);
	*at = caddr_in(blind, 3);
	ok &= refused(c, ERR_NO_RIGHT, argument);
	return ok;
}

static bool wrong_types(struct call *c, struct caddr *at, uint32_t types,
			unsigned argument)
{
	bool ok = true;

	for (unsigned type = 1; type < OBJECT_ZOMBIE; type++) {
		if (types >> type & 1)
			continue;
		*at = caddr_in(stock, type);
		ok &= refused_type(c, argument, first_of(types), type);
	}
	return ok;
}

static void try_target(unsigned label)
{
	const struct row *row = &rows[label];
	struct call c = right_call(label);

	verdict(row->name, "paths that lead to no target",
		bad_paths(&c, &c.target, 0));
	verdict(row->name, "targets of all other types",
		wrong_types(&c, &c.target, row->types, 0));
	c.target = caddr_in(stock, FREE_SLOT);
	verdict(row->name, "an empty slot", refused(&c, ERR_EMPTY_SLOT, 0));
	if (!row->rights)
		return;
	c.target = caddr_in(weak, first_of(row->types));
	verdict(row->name, "without the right", refused(&c, ERR_NO_RIGHT, 0));
}

static void try_words(unsigned label)
{
	const struct row *row = &rows[label];
	struct call c = right_call(label);
	bool ok = true;

	for (unsigned n = 0; n < argument_count(row); n++) {
		c.words = n;
		ok &= refused(&c, ERR_TRUNCATED, n + 1);
	}
	c.words = 5;
	ok &= refused(&c, ERR_RANGE, DETAIL_NONE);
	c.words = 15;
	ok &= refused(&c, ERR_RANGE, DETAIL_NONE);
	verdict(row->name, "too few words and too many", ok);
}

static void try_capability(unsigned label, unsigned i)
{
	const struct row *row = &rows[label];
	struct call c = right_call(label);
	uint32_t types = row->argument[i].types;
	bool ok = bad_paths(&c, &c.argument[i], i + 1);

	if (types != TYPES_ANY)
		ok &= wrong_types(&c, &c.argument[i], types, i + 1);
	c.argument[i] = caddr_in(stock, FREE_SLOT);
	ok &= refused(&c, ERR_EMPTY_SLOT, i + 1);
	verdict(row->name, "a capability that is none or the wrong one", ok);
}

static void try_place(unsigned label, unsigned i)
{
	struct call c = right_call(label);
	bool ok = bad_paths(&c, &c.argument[i], i + 1);

	c.argument[i] = caddr_in(read_only, FREE_SLOT);
	ok &= refused(&c, ERR_NO_RIGHT, i + 1);
	c.argument[i] = caddr_in(stock, OBJECT_TASK);
	ok &= refused(&c, ERR_SLOT_TAKEN, i + 1);
	verdict(rows[label].name, "a place that is none, or taken", ok);
}

static void try_call(unsigned label)
{
	const struct row *row = &rows[label];

	try_target(label);
	try_words(label);
	for (unsigned i = 0; i < argument_count(row); i++) {
		enum kind kind = row->argument[i].kind;

		if (kind == CAPABILITY || kind == OPTIONAL)
			try_capability(label, i);
		if (kind == EMPTY)
			try_place(label, i);
	}
}

static void try_numbers(void)
{
	struct raw r;
	bool ok = true;

	for (unsigned label = 0;
	     label<0x10000; label += label> LABEL_COUNT ? 997 : 1) {
		if (label < LABEL_COUNT && rows[label].types)
			continue;
		r = (struct raw){SYS_INVOKE, stock.path,
				 INFO(label, 0, stock.depth, 0)};
		raw_call(&r);
		ok &= r.rax == ERR_NO_SUCH_CALL;
	}
	check(ok, "labels that are none");
	ok = true;
	for (unsigned bit = INFO_BITS; bit < 64; bit++) {
		r = (struct raw){SYS_INVOKE, stock.path,
				 INFO(CPOOL_FREE_SLOT, 0, stock.depth, 0) |
					 UINT64_C(1) << bit};
		raw_call(&r);
		ok &= r.rax == ERR_RANGE;
	}
	check(ok, "bits of the info word that must be zero");
	ok = true;
	for (uint64_t n = SYS_COUNT; n; n <<= 1) {
		r = (struct raw){n};
		raw_call(&r);
		ok &= r.rax == ERR_NO_SUCH_CALL;
	}
	check(ok, "system calls that are none");
}

/* An Untyped that is too small by a little gives nothing, and loses nothing. */
static void try_exhausted(void)
{
	for (unsigned type = 1; type < OBJECT_ZOMBIE; type++) {
		struct caddr small = caddr_in(stock, OBJECT_UNTYPED);
		uint64_t size = type == OBJECT_UNTYPED	 ? 2 * PAGE_BYTES
				: type == OBJECT_CHANNEL ? 2
							 : 0;
		uint64_t before = 0, after = 0, count = PAGE_BYTES / 128;
		enum error err;

		sys_untyped_info(small, NULL, &before, NULL);
		err = sys_untyped_retype(small, type, size, count + 1,
					 caddr_in(stock, FREE_SLOT), NULL);
		if (err == ERR_RANGE)
			continue; /* nothing that is made of memory */
		sys_untyped_info(small, NULL, &after, NULL);
		verdict(object_name(type), "more than there is memory for",
			err == ERR_NO_MEMORY && after == before &&
				type_in(stock, FREE_SLOT) == OBJECT_NULL);
	}
}

/* The stock, byte for byte as it can be seen. */
static uint64_t sum_of_stock(void)
{
	uint64_t sum = 0, word[3] = {0};

	for (unsigned i = 0; i < CPOOL_SLOTS; i++) {
		sys_cpool_info(stock, i, &word[0], &word[1], &word[2]);
		for (unsigned j = 0; j < 3; j++)
			sum = sum * 31 + word[j];
	}
	sys_task_info(caddr_in(stock, OBJECT_TASK), &word[0], &word[1], NULL);
	sys_untyped_info(caddr_in(stock, OBJECT_UNTYPED), &word[2], NULL, NULL);
	return sum * 31 + word[0] + word[1] + word[2];
}

static void try_all(void)
{
	uint64_t before;

	make_stock();
	before = sum_of_stock();
	for (unsigned label = 0; label < LABEL_COUNT; label++)
		if (rows[label].types)
			try_call(label);
	try_numbers();
	try_exhausted();
	EXPECT_EQUAL(sum_of_stock(), before);
}

int user_main(const struct boot_info *info)
{
	static const struct test_case cases[] = {
		{"nothing that was refused has changed anything", try_all},
	};

	return RUN_CASES(cases);
}
