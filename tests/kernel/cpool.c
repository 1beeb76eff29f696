/* cpool.c: capability addresses of every depth, and what pools answer. */
#include "tests/kernel/check.h"

/* The root pool is in its own slot 0: zeros in front change nothing. */
static void test_through_the_root_itself(void)
{
	uint64_t bytes;

	for (unsigned depth = 1; depth <= 8; depth++) {
		struct caddr c = {BOOT_SLOT_UNTYPED, depth};

		check_error(sys_untyped_info(c, &bytes, NULL, NULL), ERR_OK,
			    "the untyped by a path of zeros");
	}
}

/* A chain of pools, each in slot 7 n of the one before. */
static void test_a_chain_of_pools(void)
{
	struct caddr at = make(OBJECT_CPOOL, 0), channel;
	struct taken got;

	for (unsigned n = 1; n < 7; n++) {
		struct caddr next = caddr_in(at, 7 * n);

		check_error(sys_untyped_retype(UNTYPED, OBJECT_CPOOL, 0, 1,
					       next, NULL),
			    ERR_OK, "a pool in a pool");
		at = next;
	}
	check_equal(at.depth, 7, "seven deep");
	channel = caddr_in(at, 255);
	check_error(sys_untyped_retype(UNTYPED, OBJECT_CHANNEL, 0, 1, channel,
				       NULL),
		    ERR_OK, "a channel at depth 8");
	check_error(sys_channel_put_raw(channel, 88, CHANNEL_TRY), ERR_OK,
		    "put at depth 8");
	check_error(sys_channel_take(channel, CHANNEL_TRY, CADDR_ANY, &got),
		    ERR_OK, "take at depth 8");
	check_equal(got.value, 88, "what was put");
	check_error(sys_channel_put_raw(caddr_in(at, 254), 1, CHANNEL_TRY),
		    ERR_EMPTY_SLOT, "an empty slot at depth 8");
	/* As a ninth byte there is no room for, the first one is lost. */
	check_error(sys_channel_put_raw((struct caddr){channel.path, 9}, 1,
					CHANNEL_TRY),
		    ERR_BAD_ADDRESS, "depth 9");
	channel.path ^= UINT64_C(1) << 8; /* no pool is there */
	check_error(sys_channel_put_raw(channel, 1, CHANNEL_TRY),
		    ERR_BAD_ADDRESS, "one wrong index on the way");
}

static void test_bad_paths(void)
{
	static const struct {
		struct caddr caddr;
		enum error error;
		const char *name;
	} rows[] = {
		{{0, 0}, ERR_BAD_ADDRESS, "depth 0"},
		{{0, 9}, ERR_BAD_ADDRESS, "depth 9"},
		{{0, 15}, ERR_BAD_ADDRESS, "depth 15"},
		{{256, 1}, ERR_BAD_ADDRESS, "index 256"},
		{{UINT64_C(1) << 63, 1}, ERR_BAD_ADDRESS, "high bit"},
		{{UINT64_C(1) << 56, 7}, ERR_BAD_ADDRESS, "bit 56 at depth 7"},
		{{2 << 8, 2}, ERR_BAD_ADDRESS, "through an untyped"},
		{{3 << 8, 2}, ERR_BAD_ADDRESS, "through a PML4"},
		{{255 << 8, 2}, ERR_BAD_ADDRESS, "through a channel"},
		{{30 << 8, 2}, ERR_BAD_ADDRESS, "through an empty slot"},
		{{30, 1}, ERR_EMPTY_SLOT, "an empty slot"},
		{{3, 1}, ERR_WRONG_TYPE, "a PML4 is no pool"},
		{{255, 1}, ERR_WRONG_TYPE, "a channel is no pool"},
	};
	uint64_t index;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_error(sys_cpool_free_slot(rows[i].caddr, &index),
			    rows[i].error, rows[i].name);
}

static void test_free_slot_and_type(void)
{
	struct caddr pool = make(OBJECT_CPOOL, 0);
	uint64_t index = 77, type;

	check_error(sys_cpool_free_slot(pool, &index), ERR_OK, "a new pool");
	check_equal(index, 0, "is free from 0 on");
	sys_untyped_retype(UNTYPED, OBJECT_CHANNEL, 0, 3, caddr_in(pool, 0),
			   NULL);
	sys_untyped_retype(UNTYPED, OBJECT_CHANNEL, 0, 1, caddr_in(pool, 4),
			   NULL);
	sys_cpool_free_slot(pool, &index);
	check_equal(index, 3, "the lowest free one, in a gap");
	check_error(sys_cpool_type(pool, 256, &type), ERR_RANGE, "type of 256");
	check_error(sys_cpool_type(pool, ~UINT64_C(0), &type), ERR_RANGE,
		    "type of -1");
	check_equal(type_in(pool, 4), OBJECT_CHANNEL, "type of a channel");
	check_equal(type_in(pool, 255), OBJECT_NULL, "type of an empty slot");
	sys_untyped_retype(UNTYPED, OBJECT_CHANNEL, 0, 1, caddr_in(pool, 3),
			   NULL);
	sys_untyped_retype(UNTYPED, OBJECT_CHANNEL, 0, 251, caddr_in(pool, 5),
			   NULL);
	check_error(sys_cpool_free_slot(pool, &index), ERR_NO_SLOT,
		    "a full pool");
}

/* The slots that bootinfo.h promises. */
static void test_boot_slots(void)
{
	static const struct {
		unsigned slot;
		enum abi_object type;
	} rows[] = {
		{BOOT_SLOT_CPOOL, OBJECT_CPOOL},
		{BOOT_SLOT_UNTYPED_LOW, OBJECT_UNTYPED},
		{BOOT_SLOT_UNTYPED, OBJECT_UNTYPED},
		{BOOT_SLOT_PML4, OBJECT_PML4},
		{BOOT_SLOT_FRAMES, OBJECT_CPOOL},
		{BOOT_SLOT_TABLES, OBJECT_CPOOL},
		{BOOT_SLOT_CHILD, OBJECT_NULL},
		{BOOT_SLOT_CHILD_BUFFER, OBJECT_TASK_BUFFER},
		{BOOT_SLOT_VGA_PORTS, OBJECT_IO_PORT},
		{BOOT_SLOT_SERIAL_PORTS, OBJECT_IO_PORT},
		{BOOT_SLOT_INPUT, OBJECT_CHANNEL},
		{BOOT_SLOT_CHANNEL, OBJECT_CHANNEL},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_equal(type_in(ROOT, rows[i].slot), rows[i].type,
			    "a slot of the boot");
}

int user_main(const struct boot_info *info)
{
	test_boot_slots();
	test_through_the_root_itself();
	test_a_chain_of_pools();
	test_bad_paths();
	test_free_slot_and_type();
	return check_done();
}
