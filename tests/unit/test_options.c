/* The command line: what is taken, and what is refused with a reason. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "shell/cli.h"
#include "shell/numbers.h"
#include "shell/options.h"
#include "shell/suggest.h"
#include "tests/unit/elf_file.h"

#define MIB (UINT64_C(1) << 20)

/* Split at blanks, as a shell would; vmm is argv[0]. */
static int parse(const char *line, struct options *o)
{
	static char words[512];
	char *argv[64] = {NULL};
	int argc = 0;

	said_start();
	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	return options_parse(argc, argv, o);
}

static void test_defaults(void **state)
{
	struct options o;

	assert_int_equal(parse("boot k.elf", &o), 0);
	assert_string_equal(o.kernel, "k.elf");
	assert_int_equal(o.mem, 64 * MIB);
	assert_int_equal(o.accel, ACCEL_AUTO);
	assert_int_equal(o.smp, 1);
	assert_int_equal(o.smp_seed, 0);
	assert_int_equal(o.serial[0].kind, SERIAL_STDIO);
	assert_int_equal(o.serial[1].kind, SERIAL_NULL);
	assert_int_equal(o.timeout_ns, 0);
	assert_string_equal(o.append, "");
	options_fini(&o);
}

static void test_all_options_in_any_order(void **state)
{
	struct options o;

	assert_int_equal(
		parse("boot --module m1 boot.elf --mem 1G --accel sim -t 500ms "
		      "--init i --module=m2 --serial file:s --serial2 stdio "
		      "--display none --append a=b --boot multiboot "
		      "--exit-map qemu --type a\\n --screenshot s.png "
		      "--stats --hash -v",
		      &o),
		0);
	assert_string_equal(o.kernel, "boot.elf");
	assert_int_equal(o.module_count, 3);
	assert_string_equal(o.module[0], "i"); /* --init is always first */
	assert_string_equal(o.module[1], "m1");
	assert_string_equal(o.module[2], "m2");
	assert_int_equal(o.mem, 1024 * MIB);
	assert_int_equal(o.accel, ACCEL_SIM);
	assert_int_equal(o.timeout_ns, 500000000);
	assert_int_equal(o.serial[0].kind, SERIAL_FILE);
	assert_string_equal(o.serial[0].path, "s");
	assert_int_equal(o.serial[1].kind, SERIAL_STDIO);
	assert_string_equal(o.append, "a=b");
	assert_int_equal(o.protocol, BOOT_MULTIBOOT);
	assert_int_equal(o.exit_map, EXIT_MAP_QEMU);
	assert_int_equal(o.type_len, 2);
	assert_memory_equal(o.type, "a\n", 2);
	assert_true(o.stats && o.hash && o.verbose);
	options_fini(&o);
}

static void test_commands_are_found(void **state)
{
	assert_ptr_equal(cli_find("boot"), &command_boot);
	assert_null(cli_find("boo"));
	assert_string_equal(cli_meant("boo"), "boot");
	assert_string_equal(cli_meant("hlep"), "help");
	assert_null(cli_meant("kernel.elf"));
}

/* Help and completions are made from these. */
static void test_tables_are_whole(void **state)
{
	for (size_t i = 0; cli_commands[i]; i++) {
		const struct cli_command *c = cli_commands[i];

		assert_non_null(c->run);
		assert_true(strlen(c->summary) <= 60);
		for (size_t k = 0; k < cli_rows(c); k++) {
			assert_true(strlen(cli_row(c, k)->help) <= 54);
			for (size_t j = 0; j < k; j++) {
				assert_string_not_equal(cli_row(c, k)->name,
							cli_row(c, j)->name);
				assert_true(!cli_row(c, k)->letter ||
					    cli_row(c, k)->letter !=
						    cli_row(c, j)->letter);
			}
		}
	}
}

static void test_wrong_words_are_refused(void **state)
{
	static const struct {
		const char *line, *why;
	} rows[] = {
		{"boot", "which kernel"},
		{"vmm boto", "did you mean 'boot'"},
		{"boot a b", "one kernel is enough"},
		{"boot --acel sim k", "did you mean '--accel'"},
		{"boot --timeuot 1s k", "did you mean '--timeout'"},
		{"boot --xyzzy k", "unknown option '--xyzzy'; see"},
		{"boot -q k", "unknown option '-q'"},
		{"boot --stats=1 k", "takes no value"},
		{"boot k --mem", "needs a value"},
		{"boot k -m", "needs a value"},
		{"boot --mem 0 k", "from 1M"},
		{"boot --mem 1023K k", "from 1M"},
		{"boot --mem 1048577 k", "multiple"},
		{"boot --mem 65G k", "from 1M"},
		{"boot --mem 64X k", "not a size"},
		{"boot --accel tcg k", "auto, kvm, sim"},
		{"boot --smp 0 k", "from 1 to 8"},
		{"boot --smp 9 k", "from 1 to 8"},
		{"boot --smp 2x k", "from 1 to 8"},
		{"boot --smp -1 k", "from 1 to 8"},
		{"boot --smp-seed x k", "not a number"},
		{"boot --smp-seed 18446744073709551616 k", "not a number"},
		{"boot --smp 2 --accel kvm k", "--accel sim"},
		{"boot --cpu x86-64-v4 k", "x86-64-v2, x86-64-v3, max"},
		{"boot --boot bios k", "auto, pvh, multiboot"},
		{"boot --module-args x k", "no module"},
		{"boot --module m --module-args x --module-args y k", "twice"},
		{"boot --display x11 k", "none, term, sdl"},
		{"boot --exit-map x k", "verdict, qemu"},
		{"boot --serial file: k", "stdio, stderr, file:PATH, tee:PATH"},
		{"boot --serial3 tee:f k", "both"},
		{"boot --serial2 unix: k", "unix:PATH"},
		{"boot --serial tcp: k", "tcp:HOST:PORT"},
		{"boot --serial2 stdio k", "both"},
		{"boot --serial2 ptx k", "--serial2"},
		{"boot --serial tee: k", "tee:PATH"},
		{"boot --escape A k", "control key"},
		{"boot --escape ^M k", "control key"},
		{"boot --escape ^ k", "control key"},
		{"boot --escape ^ab k", "control key"},
		{"boot --timeout 10 k", "not a duration"},
		{"boot --timeout -1s k", "not a duration"},
		{"boot --timeout 0s k", "more than nothing"},
		{"boot --type \\q k", "escape"},
		{"boot --screenshot s.gif k", ".txt, .png and .svg"},
		{"boot --init a --init b k", "twice"},
	};
	struct options o;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(rows[i].line, &o), -EINVAL);
		if (!strstr(said(), rows[i].why))
			fail_msg("%s: \"%s\"", rows[i].line, said());
		options_fini(&o);
	}
}

static void test_modules_have_an_end(void **state)
{
	char line[512] = "boot k";
	struct options o;

	for (int i = 0; i < BOOT_MODULES; i++)
		strcat(line, " --module m");
	assert_int_equal(parse(line, &o), 0);
	strcat(line, " --init i");
	assert_int_equal(parse(line, &o), -EINVAL);
}

static void test_arguments_go_to_the_module_before_them(void **state)
{
	struct options o;

	assert_int_equal(parse("boot k --module a --module-args=1 --module b "
			       "--init c --module-args 3",
			       &o),
			 0);
	assert_string_equal(o.module[0], "c"); /* --init is always first */
	assert_string_equal(o.module_args[0], "3");
	assert_string_equal(o.module_args[1], "1");
	assert_null(o.module_args[2]);
	options_fini(&o);
}

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		uint64_t bytes;
	} rows[] = {
		{"0", true, 0},
		{"4096", true, 4096},
		{"64K", true, 65536},
		{"64M", true, 64 * MIB},
		{"64MiB", true, 64 * MIB},
		{"1G", true, 1024 * MIB},
		{"17179869183G", true, UINT64_C(17179869183) << 30},
		{"17179869184G", false, 0},
		{"18446744073709551620", false, 0},
		{"", false, 0},
		{"M", false, 0},
		{"-1", false, 0},
		{"+1", false, 0},
		{" 1", false, 0},
		{"1 M", false, 0},
		{"1MM", false, 0},
		{"0x10", false, 0},
		{"1.5G", false, 0},
	};
	uint64_t bytes;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse_size(rows[i].text, &bytes), rows[i].ok);
		if (rows[i].ok)
			assert_int_equal(bytes, rows[i].bytes);
	}
}

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		uint64_t ns;
	} rows[] = {
		{"1ns", true, 1},
		{"250us", true, 250000},
		{"500ms", true, 500000000},
		{"10s", true, UINT64_C(10000000000)},
		{"2m", true, UINT64_C(120000000000)},
		{"1h", true, UINT64_C(3600000000000)},
		{"18446744073s", true, UINT64_C(18446744073000000000)},
		{"18446744074s", false, 0},
		{"10", false, 0},
		{"s", false, 0},
		{"1s1", false, 0},
		{"1e3s", false, 0},
	};
	uint64_t ns;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse_duration(rows[i].text, &ns), rows[i].ok);
		if (rows[i].ok)
			assert_int_equal(ns, rows[i].ns);
	}
}

static void test_escapes(void **state)
{
	uint8_t out[32];
	size_t len;

	assert_true(
		parse_escapes("a\\n\\r\\t\\b\\e\\\\\\\"\\x41\\0b", out, &len));
	assert_int_equal(len, 11);
	assert_memory_equal(out, "a\n\r\t\b\033\\\"A\0b", 11);
	assert_false(parse_escapes("\\", out, &len));
	assert_false(parse_escapes("\\q", out, &len));
	assert_false(parse_escapes("\\x4", out, &len));
	assert_false(parse_escapes("\\xg0", out, &len));
}

static void test_suggestions(void **state)
{
	static const char *const names[] = {"init", "timeout", "stats"};
	static const struct {
		const char *text, *near;
	} rows[] = {
		{"initt", "init"},
		{"iint", "init"},
		{"in", "init"},
		{"tmeout", "timeout"},
		{"time", "timeout"},
		{"xyz", NULL},
		{"", NULL},
		{"statistics", NULL},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *near =
			suggest(rows[i].text, strlen(rows[i].text), names, 3);

		assert_ptr_equal(!near, !rows[i].near);
		if (near)
			assert_string_equal(near, rows[i].near);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all_options_in_any_order),
		cmocka_unit_test(test_commands_are_found),
		cmocka_unit_test(test_tables_are_whole),
		cmocka_unit_test(test_wrong_words_are_refused),
		cmocka_unit_test(test_modules_have_an_end),
		cmocka_unit_test(test_arguments_go_to_the_module_before_them),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_suggestions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
