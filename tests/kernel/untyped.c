/* untyped.c: retyping, what it refuses, and that the bytes add up. */
#include "tests/kernel/check.h"

#define FRAME 4096

/* A pool of our own to retype into, in slot 20. */
#define POOL  caddr_root(20)

static enum error retype(uint64_t type, uint64_t bits, uint64_t count,
			 struct caddr dest)
{
	return sys_untyped_retype(UNTYPED, type, bits, count, dest, NULL);
}

static uint64_t bytes_left(struct caddr untyped)
{
	uint64_t left = 0;

	sys_untyped_info(untyped, NULL, &left, NULL);
	return left;
}

static void test_every_type(void)
{
	static const struct {
		enum abi_object type;
		unsigned bits;
	} rows[] = {
		{OBJECT_CPOOL, 0},    {OBJECT_TASK, 0},
		{OBJECT_CHANNEL, 0},  {OBJECT_CHANNEL, 8},
		{OBJECT_RAW_PAGE, 0}, {OBJECT_TASK_BUFFER, 0},
		{OBJECT_PML4, 0},     {OBJECT_PDPT, 0},
		{OBJECT_PD, 0},	      {OBJECT_PT, 0},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_error(retype(rows[i].type, rows[i].bits, 1,
				   caddr_in(POOL, i)),
			    ERR_OK, object_name(rows[i].type));
		check_equal(type_in(POOL, i), rows[i].type, "is in its slot");
	}
}

/* What no retype may be, into slot 21, which is empty. */
static const struct {
	uint64_t type, bits, count;
	const char *name;
} bad_objects[] = {
	{OBJECT_NULL, 0, 1, "type null"},
	{OBJECT_UNTYPED, 0, 1, "untyped of 0"},
	{OBJECT_UNTYPED, 32, 1, "untyped of 32"},
	{OBJECT_ZOMBIE, 0, 1, "type zombie"},
	{OBJECT_IO_PORT, 0, 1, "type I/O port"},
	{OBJECT_COUNT, 0, 1, "no type"},
	{UINT64_C(0x100000002), 0, 1, "wide type"},
	{OBJECT_CPOOL, 1, 1, "pool with bits"},
	{OBJECT_RAW_PAGE, 12, 1, "page with bits"},
	{OBJECT_CHANNEL, 9, 1, "channel too big"},
	{OBJECT_CHANNEL, 64, 1, "channel bits 64"},
	{OBJECT_CHANNEL, UINT64_MAX, 1, "channel bits -1"},
	{OBJECT_RAW_PAGE, 0, 0, "count 0"},
	{OBJECT_RAW_PAGE, 0, 257, "count 257"},
	{OBJECT_RAW_PAGE, 0, UINT64_C(1) << 32, "count 2^32"},
	{OBJECT_RAW_PAGE, 0, UINT64_MAX, "count -1"},
};

/* And where none may go to. */
static const struct {
	uint64_t count;
	struct caddr dest;
	enum error error;
	const char *name;
} bad_places[] = {
	{2, {20 << 8 | 255, 2}, ERR_RANGE, "beyond the pool's end"},
	{1, {20, 1}, ERR_SLOT_TAKEN, "a taken slot"},
	{20, {20 << 8 | 10, 2}, ERR_SLOT_TAKEN, "a taken one among free ones"},
	{1, {21, 0}, ERR_BAD_ADDRESS, "depth 0"},
	{1, {21, 9}, ERR_BAD_ADDRESS, "depth 9"},
	{1, {21, 15}, ERR_BAD_ADDRESS, "depth 15"},
	{1, {0x115, 1}, ERR_BAD_ADDRESS, "bits above the depth"},
	{1, {2 << 8 | 5, 2}, ERR_BAD_ADDRESS, "through an untyped"},
	{1, {21 << 8 | 5, 2}, ERR_BAD_ADDRESS, "through an empty slot"},
};

/* Refusals: neither the memory nor any slot may have changed. */
static void test_bad_arguments(void)
{
	uint64_t left;

	retype(OBJECT_CHANNEL, 0, 1, caddr_in(POOL, 25));
	left = bytes_left(UNTYPED);
	for (unsigned i = 0; i < sizeof(bad_objects) / sizeof(*bad_objects);
	     i++)
		check_error(retype(bad_objects[i].type, bad_objects[i].bits,
				   bad_objects[i].count, caddr_root(21)),
			    ERR_RANGE, bad_objects[i].name);
	for (unsigned i = 0; i < sizeof(bad_places) / sizeof(*bad_places); i++)
		check_error(retype(OBJECT_RAW_PAGE, 0, bad_places[i].count,
				   bad_places[i].dest),
			    bad_places[i].error, bad_places[i].name);
	check_equal(bytes_left(UNTYPED), left, "refusals take no memory");
	check_equal(type_in(ROOT, 21), OBJECT_NULL, "and fill no slot");
	check_equal(type_in(POOL, 255), OBJECT_NULL, "nor the last one");
	check_equal(type_in(POOL, 24), OBJECT_NULL, "nor one of a run");
}

static void test_targets(void)
{
	struct caddr dest = caddr_root(21);

	check_error(sys_untyped_retype(ROOT, OBJECT_RAW_PAGE, 0, 1, dest, NULL),
		    ERR_WRONG_TYPE, "a pool is no untyped");
	check_error(sys_untyped_retype(caddr_root(21), OBJECT_RAW_PAGE, 0, 1,
				       dest, NULL),
		    ERR_EMPTY_SLOT, "an empty slot");
	check_error(sys_untyped_retype(caddr_in(UNTYPED, 1), OBJECT_RAW_PAGE, 0,
				       1, dest, NULL),
		    ERR_BAD_ADDRESS, "a path through an untyped");
	check_error(sys_untyped_retype((struct caddr){2, 0}, OBJECT_RAW_PAGE, 0,
				       1, dest, NULL),
		    ERR_BAD_ADDRESS, "depth 0");
}

static void test_words_missing(void)
{
	struct raw r;

	for (unsigned words = 0; words < 4; words++) {
		r = (struct raw){SYS_INVOKE,
				 BOOT_SLOT_UNTYPED,
				 INFO(UNTYPED_RETYPE, words, 1, 1),
				 OBJECT_RAW_PAGE,
				 0,
				 1,
				 21};
		raw_call(&r);
		check_error(r.rax, ERR_TRUNCATED, "words are missing");
	}
	r = (struct raw){SYS_INVOKE,
			 BOOT_SLOT_UNTYPED,
			 INFO(UNTYPED_RETYPE, 5, 1, 1),
			 OBJECT_RAW_PAGE,
			 0,
			 1,
			 21};
	raw_call(&r);
	check_error(r.rax, ERR_RANGE, "more words than there are registers");
	r = (struct raw){SYS_INVOKE,
			 BOOT_SLOT_UNTYPED,
			 INFO(UNTYPED_RETYPE, 4, 1, 1) | UINT64_C(1) << 36,
			 OBJECT_RAW_PAGE,
			 0,
			 1,
			 21};
	raw_call(&r);
	check_error(r.rax, ERR_RANGE, "bits of the info word that are zero");
	check_equal(type_in(ROOT, 21), OBJECT_NULL, "nothing was made");
}

static void test_accounting(void)
{
	uint64_t bytes = 0, before, after = 0, info = 0;

	/* Frames are aligned: the first may leave a gap, the next do not. */
	retype(OBJECT_RAW_PAGE, 0, 1, caddr_in(POOL, 50));
	check_error(sys_untyped_info(UNTYPED, &bytes, &before, NULL), ERR_OK,
		    "info");
	check(before < bytes, "less is left than there was");
	check_error(sys_untyped_retype(UNTYPED, OBJECT_RAW_PAGE, 0, 3,
				       caddr_in(POOL, 51), &after),
		    ERR_OK, "three frames");
	check_equal(before - after, 3 * FRAME, "take three frames' bytes");
	sys_untyped_info(UNTYPED, &bytes, &info, NULL);
	check_equal(info, after, "and info says the same");
	check_equal(type_in(POOL, 53), OBJECT_RAW_PAGE, "the last is there");
	check_equal(type_in(POOL, 54), OBJECT_NULL, "and no fourth");
}

static void test_256_at_once(void)
{
	struct caddr pool = make(OBJECT_CPOOL, 0);

	check_error(retype(OBJECT_RAW_PAGE, 0, 256, caddr_in(pool, 1)),
		    ERR_RANGE, "256 from slot 1");
	check_error(retype(OBJECT_RAW_PAGE, 0, 256, caddr_in(pool, 0)), ERR_OK,
		    "256 from slot 0");
	check_equal(type_in(pool, 0), OBJECT_RAW_PAGE, "the first");
	check_equal(type_in(pool, 255), OBJECT_RAW_PAGE, "and the last");
	check_error(retype(OBJECT_RAW_PAGE, 0, 1, caddr_in(pool, 128)),
		    ERR_SLOT_TAKEN, "it is full now");
}

/* Frames are empty, and no two share memory. */
static void test_frames_are_zero_and_apart(void)
{
	uint64_t *a = (uint64_t *)AREA, *b = (uint64_t *)(AREA + FRAME);
	bool zero = true;

	map_new(AREA, RIGHT_READ | RIGHT_WRITE);
	map_new(AREA + FRAME, RIGHT_READ | RIGHT_WRITE);
	for (unsigned i = 0; i < FRAME / 8; i++)
		zero &= a[i] == 0 && b[i] == 0;
	check(zero, "new frames are zero");
	memset(a, 0xff, FRAME);
	for (unsigned i = 0; i < FRAME / 8; i++)
		zero &= b[i] == 0;
	check(zero, "writing one leaves the other");
}

/* A copy takes what is left: no byte is given out twice. */
static void test_copy(void)
{
	struct caddr low = caddr_root(BOOT_SLOT_UNTYPED_LOW);
	struct caddr copy = caddr_root(26);
	uint64_t left = bytes_left(low);

	copy_to(low, copy);
	check_equal(bytes_left(copy), left, "a copy has what was left");
	check_equal(bytes_left(low), 0, "its source has nothing");
	check_error(sys_untyped_retype(low, OBJECT_RAW_PAGE, 0, 1,
				       caddr_in(POOL, 60), NULL),
		    ERR_NO_MEMORY, "no frame from the source");
	check_error(sys_untyped_retype(copy, OBJECT_RAW_PAGE, 0, 1,
				       caddr_in(POOL, 60), NULL),
		    ERR_OK, "a frame from the copy");
}

/* The small region under 1 MiB, down to its last frame. */
static void test_exhaustion(void)
{
	struct caddr low = caddr_root(26); /* as test_copy() left it */
	struct caddr pool = make(OBJECT_CPOOL, 0);
	unsigned made = 0;
	uint64_t left;

	while (made < 255 &&
	       sys_untyped_retype(low, OBJECT_RAW_PAGE, 0, 1,
				  caddr_in(pool, made), NULL) == ERR_OK)
		made++;
	check(made > 32 && made < 255, "frames until it is used up");
	left = bytes_left(low);
	check(left < FRAME, "less than a frame is left");
	check_error(sys_untyped_retype(low, OBJECT_RAW_PAGE, 0, 1,
				       caddr_in(pool, made), NULL),
		    ERR_NO_MEMORY, "no frame any more");
	check_error(sys_untyped_retype(low, OBJECT_CHANNEL, 8, 1,
				       caddr_in(pool, made), NULL),
		    ERR_NO_MEMORY, "nor much more at once");
	check_equal(bytes_left(low), left, "trying takes nothing");
	check_error(retype(OBJECT_RAW_PAGE, 0, 1, caddr_in(pool, made)), ERR_OK,
		    "the other untyped goes on");
}

int user_main(const struct boot_info *info)
{
	check_error(retype(OBJECT_CPOOL, 0, 1, POOL), ERR_OK, "a pool");
	test_every_type();
	test_bad_arguments();
	test_targets();
	test_words_missing();
	test_accounting();
	test_256_at_once();
	test_frames_are_zero_and_apart();
	test_copy();
	test_exhaustion();
	return check_done();
}
