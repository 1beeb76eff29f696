/* The ways out of a machine, and the ports that only listen. */
#include "tests/unit/chip.h"

#include <string.h>

#include "vmm/machine.h"

static struct machine *m;
static struct device *dev;

static int setup(void **state)
{
	m = machine_create(1 << 20);
	assert_non_null(m);
	return 0;
}

/* The machine owns and destroys what was made. */
static int teardown(void **state)
{
	machine_destroy(m);
	return 0;
}

static void own(struct device *made)
{
	dev = made;
	machine_add_device(m, dev);
}

static void test_first_exit_wins(void **state)
{
	own(exit_port_create(m, 0x501));
	assert_int_equal(rd(dev, 0), 0);
	assert_int_equal(m->stop, STOP_NONE);
	wr(dev, 0, 0x31);
	wr(dev, 0, 0x30);
	assert_int_equal(m->stop, STOP_EXIT);
	assert_int_equal(exit_code_value(m->stop_code), 0x31);
	assert_int_equal(exit_code_port(m->stop_code), 0x501);
	assert_string_equal(m->why, "exit port 0x501, value 0x31");
}

static void test_exit_takes_1_2_and_4_bytes(void **state)
{
	static const struct {
		unsigned size;
		uint32_t value;
	} rows[] = {{1, 0x10}, {2, 0xbeef}, {4, 0xffffffff}};

	for (unsigned i = 0; i < COUNT(rows); i++) {
		m->stop = STOP_NONE;
		own(exit_port_create(m, 0xf4));
		dev->ops->write(dev, 0, 3, 0x55); /* another port's tail */
		assert_int_equal(m->stop, STOP_NONE);
		dev->ops->write(dev, 0, rows[i].size, rows[i].value);
		assert_int_equal(m->stop, STOP_EXIT);
		assert_int_equal(m->stop_code, exit_code(0xf4, rows[i].value));
	}
}

static void test_power_ports(void **state)
{
	static const struct {
		unsigned which, offset, size;
		uint32_t val;
		enum stop_kind stop;
	} rows[] = {
		{POWER_PM1A, 0, 2, 0x2000, STOP_POWEROFF},
		{POWER_PM1A, 0, 2, 0x3400, STOP_POWEROFF},
		{POWER_PM1A, 0, 2, 0x1c00, STOP_NONE},
		{POWER_PM1A, 0, 1, 0x20, STOP_NONE},
		{POWER_PM1A, 2, 2, 0x2000, STOP_NONE},
		{POWER_CF9, 1, 1, 0x06, STOP_RESET},
		{POWER_CF9, 1, 1, 0x0e, STOP_RESET},
		{POWER_CF9, 1, 1, 0x02, STOP_NONE},
		{POWER_CF9, 0, 4, 0x80000600, STOP_NONE},
		{POWER_CF9, 0, 1, 0x06, STOP_NONE},
		{POWER_PORT92, 0, 1, 0x03, STOP_RESET},
		{POWER_PORT92, 0, 1, 0x02, STOP_NONE},
		{POWER_PVPANIC, 0, 1, 0x01, STOP_PANIC},
		{POWER_PVPANIC, 0, 1, 0x02, STOP_NONE},
		{9, 0, 1, 0xff, STOP_NONE},
	};

	own(power_create(m));
	for (unsigned i = 0; i < COUNT(rows); i++) {
		dev->ops->reset(dev);
		m->stop = STOP_NONE;
		dev->ops->write(dev, POWER_REG(rows[i].which) + rows[i].offset,
				rows[i].size, rows[i].val);
		assert_int_equal(m->stop, rows[i].stop);
		assert_int_equal(m->stop != STOP_NONE, m->why[0] != 0);
		m->why[0] = 0;
	}
}

static void test_power_reads(void **state)
{
	own(power_create(m));
	assert_int_equal(rd(dev, POWER_REG(POWER_PORT92)), 0x02);
	wr(dev, POWER_REG(POWER_PORT92), 0xfc);
	assert_int_equal(rd(dev, POWER_REG(POWER_PORT92)), 0x00);
	assert_int_equal(rd(dev, POWER_REG(POWER_PVPANIC)), 0x01);
	assert_int_equal(rd(dev, POWER_REG(POWER_CF9) + 1), 0x00);
	/* There is no PCI: its address register is not there. */
	assert_int_equal(rd32(dev, POWER_REG(POWER_CF9)), 0xffffffff);
	assert_int_equal(rd(dev, POWER_REG(POWER_SHUTDOWN)), 0xff);
}

static void spell(const char *text)
{
	for (; *text; text++)
		wr(dev, POWER_REG(POWER_SHUTDOWN), *text);
}

static void test_shutdown_is_spelled(void **state)
{
	own(power_create(m));
	spell("Shutdow");
	spell("Shut");
	spell("down ");
	assert_int_equal(m->stop, STOP_POWEROFF);
	m->stop = STOP_NONE;
	spell("shutdownShuttdownSShutdow");
	assert_int_equal(m->stop, STOP_NONE);
	spell("n");
	assert_int_equal(m->stop, STOP_POWEROFF);
}

static char said[8];
static unsigned said_count;

static void say(void *host, const uint8_t *buf, size_t len)
{
	memcpy(said + said_count, buf, len);
	said_count += len;
}

static void test_debugcon(void **state)
{
	struct byte_sink sink = {say, NULL}, none = {NULL, NULL};

	said_count = 0;
	own(debugcon_create(&sink));
	assert_int_equal(rd(dev, 0), 0xe9);
	wr(dev, 0, 'o');
	wr(dev, 0, 'k');
	assert_int_equal(said_count, 2);
	assert_memory_equal(said, "ok", 2);
	own(debugcon_create(&none));
	wr(dev, 0, 'x');
	assert_int_equal(said_count, 2);
}

static void test_post_code_reads_back(void **state)
{
	own(post_create());
	assert_int_equal(rd(dev, 0), 0);
	wr(dev, 0, 0x42);
	assert_int_equal(rd(dev, 0), 0x42);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_first_exit_wins),
		T(test_exit_takes_1_2_and_4_bytes),
		T(test_power_ports),
		T(test_power_reads),
		T(test_shutdown_is_spelled),
		T(test_debugcon),
		T(test_post_code_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
