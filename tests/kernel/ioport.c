/* ioport.c: ports by capability, and no others. */
#include "tests/kernel/check.h"

#define COM1	caddr_root(BOOT_SLOT_SERIAL_PORTS)
#define VGA	caddr_root(BOOT_SLOT_VGA_PORTS)
#define SCRATCH 0x3ff /* a register of COM1 that only keeps what it gets */

static void test_ranges(void)
{
	static const struct {
		uint64_t port, size;
		enum error error;
		const char *name;
	} rows[] = {
		{0x3f8 + 5, 1, ERR_OK, "the line status"},
		{0x3ff, 1, ERR_OK, "the last port"},
		{0x3fe, 2, ERR_OK, "the last two"},
		{0x400, 1, ERR_RANGE, "the port behind them"},
		{0x3f7, 1, ERR_RANGE, "the port before them"},
		{0x3ff, 2, ERR_RANGE, "half outside"},
		{0x3fd, 4, ERR_RANGE, "a quarter outside"},
		{0x3f7, 2, ERR_RANGE, "half before"},
		{0x501, 1, ERR_RANGE, "the exit port"},
		{0x103f9, 1, ERR_RANGE, "beyond 16 bits"},
		{UINT64_C(0x1000003f9), 1, ERR_RANGE, "beyond 32 bits"},
		{~UINT64_C(0), 1, ERR_RANGE, "port -1"},
		{~UINT64_C(0), 2, ERR_RANGE, "port -1, wrapping"},
		{0x3f9, 0, ERR_RANGE, "size 0"},
		{0x3f9, 3, ERR_RANGE, "size 3"},
		{0x3f8, 8, ERR_RANGE, "size 8"},
		{0x3f9, UINT64_C(0x100000001), ERR_RANGE, "size 2^32 + 1"},
	};
	uint64_t value;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum error expected = rows[i].error;

		check_error(sys_io_port_in(COM1, rows[i].port, rows[i].size,
					   &value),
			    expected, rows[i].name);
		if (expected != ERR_OK)
			check_error(sys_io_port_out(COM1, rows[i].port,
						    rows[i].size, 0x31),
				    expected, "  out");
	}
}

static void test_values(void)
{
	uint64_t value = 0;

	check_error(sys_io_port_out(COM1, SCRATCH, 1, 0x5a), ERR_OK, "out");
	check_error(sys_io_port_in(COM1, SCRATCH, 1, &value), ERR_OK, "in");
	check_equal(value, 0x5a, "the register kept it");
	sys_io_port_out(COM1, SCRATCH, 1, 0xffffffffffffffa5);
	sys_io_port_in(COM1, SCRATCH, 1, &value);
	check_equal(value, 0xa5, "only what was asked for comes back");
	sys_io_port_out(VGA, 0x3d4, 2, 0x340f);
	sys_io_port_out(VGA, 0x3d4, 1, 0x0f);
	sys_io_port_in(VGA, 0x3d5, 1, &value);
	check_equal(value, 0x34, "the cursor's position");
}

static void test_targets(void)
{
	uint64_t value;

	check_error(sys_io_port_in(VGA, 0x3f8, 1, &value), ERR_RANGE,
		    "COM1 through the VGA's ports");
	check_error(sys_io_port_in(ROOT, 0x3f8, 1, &value), ERR_WRONG_TYPE,
		    "a pool has no ports");
	check_error(sys_io_port_out(caddr_root(25), 0x3f8, 1, 1),
		    ERR_EMPTY_SLOT, "an empty slot has none");
	check_error(sys_untyped_retype(UNTYPED, OBJECT_IO_PORT, 0, 1,
				       caddr_root(25), NULL),
		    ERR_RANGE, "none are made from memory");
}

int user_main(const struct boot_info *info)
{
	test_ranges();
	test_values();
	test_targets();
	return check_done();
}
