/*
 * A recorded run is repeated, and one that goes another way is noticed; a file
 * that is not whole is good as far as it goes, any other damage is refused.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/elf_file.h"
#include "vmm/crc32c.h"
#include "vmm/record.h"

#define MEM	(UINT64_C(1) << 20)
#define LENGTH	500000u
#define VERSION "1.2.3"

/* 16-bit: count at 8000h by the byte at 9000h. */
static const uint8_t code[] = {
	0xa0, 0x00, 0x90,	/* again: mov al, [0x9000] */
	0x00, 0x06, 0x00, 0x80, /* add [0x8000], al */
	0xeb, 0xf7,		/* jmp again */
};

static uint8_t *file;
static size_t size;

static void take_input(void *ctx, const uint8_t *data, size_t len)
{
	struct machine *m = ctx;

	guestmem_write(&m->mem, 0x9000, data, 1);
}

static struct machine *make(void)
{
	struct machine *m = machine_create(MEM);
	struct x86_state state;
	struct vcpu_env env;

	machine_env(m, 0, &env);
	assert_int_equal(sim_create(&env, &m->cpu[0]), 0);
	m->cpu_count = 1;
	guestmem_write(&m->mem, 0x1000, code, sizeof(code));
	x86_state_reset(&state);
	state.seg[SEG_CS].base = state.seg[SEG_CS].selector = 0;
	state.rip = 0x1000;
	assert_int_equal(m->cpu[0]->ops->set_state(m->cpu[0], &state), 0);
	input_handler(m, INPUT_OF_SERIAL, take_input, m);
	return m;
}

static void give(void *ctx)
{
	input_give(ctx, INPUT_OF_SERIAL, "\x03", 1);
}

static void quit(void *ctx)
{
	machine_stop(ctx, STOP_QUIT, 0, "enough");
}

static void read_file(const char *path)
{
	FILE *in = fopen(path, "rb");

	assert_non_null(in);
	file = malloc(1 << 20);
	size = fread(file, 1, 1 << 20, in);
	fclose(in);
	unlink(path);
}

static int setup(void **state)
{
	static const struct snapshot_extra extra = {"x", 1, "", 0};
	struct record_about about = {.version = VERSION, .line = -1};
	char path[] = "/tmp/test-record-XXXXXX";
	struct machine *m = make();
	struct mark input = {.count = 1000, .reached = give, .ctx = m};
	struct mark end = {.count = LENGTH, .reached = quit, .ctx = m};
	struct recorder r;

	close(mkstemp(path));
	assert_int_equal(
		recorder_begin(&r, m, path, &about, "kernel", "init", &extra),
		0);
	machine_mark(m, &input);
	machine_mark(m, &end);
	machine_run(m);
	assert_int_equal(recorder_end(&r), 0);
	machine_destroy(m);
	read_file(path);
	return 0;
}

static int teardown(void **state)
{
	free(file);
	return 0;
}

/* What there is of the file, `len` bytes: as recording_parse() says. */
static int parse(struct recording *r, size_t len, const char *version)
{
	uint8_t *bytes = malloc(size);

	memcpy(bytes, file, size);
	said_start();
	return recording_parse("file", version, bytes, len, r);
}

/* Run it; `other`: not quite from where it began. */
static int replay(struct recording *r, bool other)
{
	struct machine *m = make();
	struct snapshot s;
	int err;

	assert_int_equal(recording_start(r, &s), 0);
	assert_int_equal(snapshot_restore(&s, m), 0);
	snapshot_close(&s);
	if (other)
		guestmem_write(&m->mem, 0x8000, "\x01", 1);
	assert_int_equal(recording_follow(r, m), 0);
	machine_run(m);
	err = recording_judge(r);
	if (!err) {
		assert_int_equal(m->stop, r->whole ? STOP_QUIT : STOP_BREAK);
		assert_int_equal(machine_count(m), r->last);
	}
	recording_leave(r);
	machine_destroy(m);
	return err;
}

static void test_the_same_run_again(void **state)
{
	struct recording r;

	assert_int_equal(parse(&r, size, VERSION), 0);
	assert_true(r.whole);
	assert_int_equal(r.last, LENGTH);
	assert_string_equal(r.kernel, "kernel");
	assert_string_equal(r.init, "init");
	assert_int_equal(replay(&r, false), 0);
	assert_int_equal(r.checked, 2);
	recording_close(&r);
}

static void test_another_run_is_noticed(void **state)
{
	struct recording r;

	assert_int_equal(parse(&r, size, VERSION), 0);
	assert_int_equal(replay(&r, true), -EIO);
	assert_non_null(strstr(said(), "another way by instruction 100000"));
	recording_close(&r);
}

static void test_cut_off_anywhere(void **state)
{
	struct recording r;
	size_t first;

	assert_int_equal(parse(&r, size, VERSION), 0);
	first = r.first;
	recording_close(&r);
	for (size_t len = 0; len < size; len += len < first ? 97 : 1) {
		int err = parse(&r, len, VERSION);

		assert_int_equal(err, len < first ? -EINVAL : 0);
		assert_true(err || !r.whole);
		recording_close(&r);
	}
	assert_int_equal(parse(&r, size - 1, VERSION), 0);
	assert_int_equal(replay(&r, false), 0);
	recording_close(&r);
}

static void test_any_changed_byte_is_refused(void **state)
{
	struct recording r;

	for (size_t at = 0; at < size; at += at < 8000 ? 1 : 61) {
		file[at] ^= 0x20;
		assert_int_equal(parse(&r, size, VERSION), -EINVAL);
		assert_true(said()[0] != 0);
		recording_close(&r);
		file[at] ^= 0x20;
	}
}

static void test_of_another_version(void **state)
{
	struct recording r;

	assert_int_equal(parse(&r, size, "1.2.4"), -EINVAL);
	assert_non_null(strstr(said(), "recorded by vmm 1.2.3"));
	recording_close(&r);
}

/* Its CPUs took turns in another order: it would go another way, unsaid. */
static void test_of_the_format_before(void **state)
{
	static const uint8_t header[sizeof(struct record_header)] = {
		0x56, 0x4d, 0x4d, 0x52, 0x55, 0x4e, 0x1a, 0x00,
		0x01, 0x00, 0x00, 0x00, 0x6f, 0x8f, 0x6a, 0x24};
	struct recording r;

	memcpy(file, header, sizeof(header));
	assert_int_equal(parse(&r, size, VERSION), -EINVAL);
	assert_non_null(strstr(said(), "format 1, and this vmm reads 2; "
				       "replay it with the one that recorded"));
	recording_close(&r);
}

static void test_of_a_format_to_come(void **state)
{
	struct record_header h;
	struct recording r;

	memcpy(&h, file, sizeof(h));
	h.format++;
	h.crc = crc32c(0, &h, offsetof(struct record_header, crc));
	memcpy(file, &h, sizeof(h));
	assert_int_equal(parse(&r, size, VERSION), -EINVAL);
	assert_non_null(strstr(said(), "format 3"));
	recording_close(&r);
}

#define RECORD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORD_TEST(test_the_same_run_again),
		RECORD_TEST(test_another_run_is_noticed),
		RECORD_TEST(test_cut_off_anywhere),
		RECORD_TEST(test_any_changed_byte_is_refused),
		RECORD_TEST(test_of_another_version),
		RECORD_TEST(test_of_the_format_before),
		RECORD_TEST(test_of_a_format_to_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
