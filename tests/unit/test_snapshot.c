/*
 * A machine goes through a file unchanged; a file that is not whole and right
 * is refused, says why, and changes nothing.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/elf_file.h"
#include "tests/unit/fake_cpu.h"
#include "vmm/crc32c.h"
#include "vmm/snapshot.h"

#define MEM (UINT64_C(1) << 20)

struct chip {
	struct device dev;
	uint32_t state[4];
	unsigned restored;
};

static void chip_restored(struct device *dev)
{
	container_of(dev, struct chip, dev)->restored++;
}

static void chip_destroy(struct device *dev)
{
	free(dev);
}

static const struct device_ops chip_ops = {
	.name = "chip",
	.width = 4,
	.restored = chip_restored,
	.destroy = chip_destroy,
	DEVICE_STATE(struct chip, state, 3),
};

static struct chip *chip_of(struct machine *m)
{
	return container_of(m->devices, struct chip, dev);
}

static struct machine *machine(uint64_t mem)
{
	struct machine *m = machine_create(mem);
	struct chip *chip = calloc(1, sizeof(*chip));

	chip->dev.ops = &chip_ops;
	machine_add_device(m, &chip->dev);
	fake_cpu_add(m, NULL, 0, NULL, true);
	return m;
}

/* A file of a machine with something in every part. */
static uint8_t *make_file(size_t *size, uint64_t *hash)
{
	static const struct snapshot_extra extra = {"more", 7, "abc", 3};
	struct machine *m = machine(MEM);
	char *bytes = NULL;
	FILE *out = open_memstream(&bytes, size);
	struct fake_cpu *cpu = container_of(m->cpu[0], struct fake_cpu, vcpu);

	cpu->state.gpr[GPR_R9] = 0x1234;
	cpu->elapsed_ns = 1000;
	m->clock.skipped_ns = 77;
	chip_of(m)->state[2] = 5;
	guestmem_write(&m->mem, 0x3ffe, "page", 4); /* two pages */
	guestmem_write(&m->mem, MEM - 1, "x", 1);
	*hash = machine_hash(m);
	snapshot_write(m, &extra, 1, out);
	fclose(out);
	machine_destroy(m);
	return (uint8_t *)bytes;
}

/* As a program would that means harm: the sums are right. */
static void seal(uint8_t *bytes, size_t size)
{
	struct snapshot_header h;

	memcpy(&h, bytes, sizeof(h));
	h.parts_crc = crc32c(0, bytes + sizeof(h), size - sizeof(h));
	h.header_crc =
		crc32c(0, &h, offsetof(struct snapshot_header, header_crc));
	memcpy(bytes, &h, sizeof(h));
}

/* Parse a copy and restore it into `m`; 0 or the error. */
static int load(const uint8_t *bytes, size_t size, struct machine *m)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct snapshot s;
	int err;

	memcpy(copy, bytes, size);
	said_start();
	err = snapshot_parse("file", copy, size, &s);
	if (!err)
		err = snapshot_restore(&s, m);
	snapshot_close(&s);
	return err;
}

static void test_crc32c_is_the_one_of_rfc_3720(void **state)
{
	uint8_t zeros[32] = {0};

	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(crc32c(0, "1234", 4), "56789", 5), 0xe3069283);
	assert_int_equal(crc32c(0, zeros, 32), 0x8a9136aa);
}

static void test_a_machine_comes_back(void **state)
{
	struct machine *m = machine(MEM);
	struct fake_cpu *cpu = container_of(m->cpu[0], struct fake_cpu, vcpu);
	uint64_t hash;
	size_t size;
	uint8_t *bytes = make_file(&size, &hash);

	guestmem_write(&m->mem, 0x8000, "old", 3); /* goes away */
	assert_int_equal(load(bytes, size, m), 0);
	assert_true(machine_hash(m) == hash);
	assert_int_equal(cpu->state.gpr[GPR_R9], 0x1234);
	assert_int_equal(clock_now(&m->clock), 1077);
	assert_int_equal(chip_of(m)->restored, 1);
	free(bytes);
	machine_destroy(m);
}

static void test_time_may_go_on_while_it_is_written(void **state)
{
	struct machine *m = machine(MEM);
	struct fake_cpu *cpu = container_of(m->cpu[0], struct fake_cpu, vcpu);
	char *bytes = NULL;
	size_t size;
	FILE *out = open_memstream(&bytes, &size);

	cpu->drift = 3;
	snapshot_write(m, NULL, 0, out);
	fclose(out);
	assert_int_equal(load((uint8_t *)bytes, size, m), 0);
	free(bytes);
	machine_destroy(m);
}

/* Of one that was held, so that some of the host's time is not its own. */
static void test_the_hosts_time_comes_back(void **state)
{
	struct machine *m = machine_create(MEM);
	struct fake_cpu *cpu = fake_cpu_add(m, NULL, 0, NULL, false);
	char *bytes = NULL;
	size_t size;
	FILE *out = open_memstream(&bytes, &size);

	cpu->elapsed_ns = 1000;
	m->clock.skipped_ns -= 300;
	snapshot_write(m, NULL, 0, out);
	fclose(out);
	cpu->elapsed_ns = 5000;
	assert_int_equal(load((uint8_t *)bytes, size, m), 0);
	assert_int_equal(clock_now(&m->clock), 700);
	assert_int_equal(cpu->set_ns, 700); /* the TSC goes by that */
	free(bytes);
	machine_destroy(m);
}

static void test_any_byte_that_changed_is_noticed(void **state)
{
	struct machine *m = machine(MEM);
	uint64_t hash, before = machine_hash(m);
	size_t size;
	uint8_t *bytes = make_file(&size, &hash);

	for (size_t at = 0; at < size; at += at < 1024 ? 1 : 97) {
		bytes[at] ^= 1 << at % 8;
		assert_int_equal(load(bytes, size, m), -EINVAL);
		assert_non_null(strstr(said(), "snapshot: file: "));
		bytes[at] ^= 1 << at % 8;
	}
	assert_true(machine_hash(m) == before);
	free(bytes);
	machine_destroy(m);
}

static void test_a_part_of_a_file_is_none(void **state)
{
	struct machine *m = machine(MEM);
	uint64_t hash;
	size_t size;
	uint8_t *bytes = make_file(&size, &hash);

	for (size_t len = 0; len < size; len += len < 256 ? 1 : 211)
		assert_int_equal(load(bytes, len, m), -EINVAL);
	assert_int_equal(load(bytes, size - 1, m), -EINVAL);
	assert_non_null(strstr(said(), "truncated"));
	free(bytes);
	machine_destroy(m);
}

/* The bytes of the part, in the file. */
static uint8_t *part_at(uint8_t *bytes, enum snapshot_kind kind)
{
	uint8_t *at = bytes + sizeof(struct snapshot_header);
	struct snapshot_head head;

	for (;;) {
		memcpy(&head, at, sizeof(head));
		if (head.kind == kind)
			return at;
		at += sizeof(head) + head.len;
	}
}

static void test_what_sums_up_must_make_sense(void **state)
{
	static const struct {
		enum snapshot_kind kind;
		size_t at; /* behind the part's head when `inside` */
		bool inside;
		uint8_t val;
	} rows[] = {
		{SNAPSHOT_MACHINE, 0, true, 1},	  /* other memory */
		{SNAPSHOT_MACHINE, 8, true, 2},	  /* another CPU */
		{SNAPSHOT_MACHINE, 16, true, 99}, /* no such level */
		{SNAPSHOT_CLOCK, 0, false, SNAPSHOT_KINDS},
		{SNAPSHOT_CPU, 4, false, 1},  /* CPU 1 and no CPU 0 */
		{SNAPSHOT_CPU, 8, false, 99}, /* its version */
		{SNAPSHOT_DEVICE, 12, false, 'x'},
		{SNAPSHOT_DEVICE, 4, false, 1},
		{SNAPSHOT_DEVICE, 31, false, 1}, /* the name has no end */
		{SNAPSHOT_EXTRA, 0, false, SNAPSHOT_DEVICE},
		{SNAPSHOT_MEMORY, 0, true, 1},		  /* amid a page */
		{SNAPSHOT_MEMORY, 7, true, 1},		  /* outside of RAM */
		{SNAPSHOT_MEMORY, 8 + 4096 + 1, true, 0}, /* not in order */
		{SNAPSHOT_MEMORY, 39, false, 0xff},	  /* its length */
	};
	struct machine *m = machine(MEM);
	uint64_t hash, before = machine_hash(m);
	size_t size;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t *bytes = make_file(&size, &hash);
		uint8_t *at = part_at(bytes, rows[i].kind) + rows[i].at;

		at += rows[i].inside ? sizeof(struct snapshot_head) : 0;
		*at = rows[i].val;
		seal(bytes, size);
		if (load(bytes, size, m) != -EINVAL)
			fail_msg("row %zu was taken", i);
		assert_true(said()[0] != 0);
		free(bytes);
	}
	assert_true(machine_hash(m) == before);
	assert_int_equal(chip_of(m)->restored, 0);
	machine_destroy(m);
}

static void test_another_machine_refuses_it(void **state)
{
	struct machine *m = machine(2 * MEM);
	uint64_t hash;
	size_t size;
	uint8_t *bytes = make_file(&size, &hash);

	assert_int_equal(load(bytes, size, m), -EINVAL);
	free(bytes);
	machine_destroy(m);
}

static void test_a_newer_format_is_named(void **state)
{
	struct machine *m = machine(MEM);
	uint64_t hash;
	size_t size;
	uint8_t *bytes = make_file(&size, &hash);

	bytes[offsetof(struct snapshot_header, format)]++;
	seal(bytes, size);
	assert_int_equal(load(bytes, size, m), -EINVAL);
	assert_non_null(strstr(said(), "reads up to"));
	free(bytes);
	machine_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc32c_is_the_one_of_rfc_3720),
		cmocka_unit_test(test_a_machine_comes_back),
		cmocka_unit_test(test_time_may_go_on_while_it_is_written),
		cmocka_unit_test(test_the_hosts_time_comes_back),
		cmocka_unit_test(test_any_byte_that_changed_is_noticed),
		cmocka_unit_test(test_a_part_of_a_file_is_none),
		cmocka_unit_test(test_what_sums_up_must_make_sense),
		cmocka_unit_test(test_another_machine_refuses_it),
		cmocka_unit_test(test_a_newer_format_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
