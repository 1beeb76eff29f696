/* What -v tells of instructions that are not there. */
#include <stdio.h>

/* Before cmocka, which has a macro fail(). */
#include "vmm/log.h"

#include "tests/unit/unit.h"

#include "tests/unit/sim_guest.h"

static char last[256];

static void keep(void *ctx, const char *line)
{
	snprintf(last, sizeof(last), "%s", line);
}

static void run(const char *code, size_t len)
{
	struct guest g;

	last[0] = '\0';
	log_set_hook(keep, NULL);
	guest_init(&g);
	guest_put(&g, GUEST_CODE, code, len);
	guest_put(&g, GUEST_VEC + 16 * VEC_UD, "\xf4", 1); /* hlt */
	assert_int_equal(guest_run(&g), EXIT_HALT);
	assert_int_equal(g.state.rip, GUEST_VEC + 16 * VEC_UD + 1);
	guest_fini(&g);
	log_set_hook(NULL, NULL);
}

static void test_address_bytes_and_reason_are_told(void **state)
{
	static const struct {
		const char *code;
		size_t len;
		const char *said; /* NULL: nothing */
	} rows[] = {
		{"\x0f\x01\xc1", 3, "#UD at 0x10000: 0f 01 c1"},
		{"\x0f\x01\xc1", 3, "no hypervisor to call"},
		{"\x0f\x01\xd9", 3, "no hypervisor to call"},
		{"\x0f\x01\xd8", 3, "does not have it"}, /* vmrun */
		{"\x06", 1, "0x10000: 06"}, /* not in 64-bit mode */
		{"\x0f\x0b", 2, NULL},	    /* ud2: meant so */
		{"\x0f\xb9\xc0", 3, NULL},  /* ud1 */
		{"\x0f\xff\xc0", 3, NULL},  /* ud0 */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		log_set_verbose(true);
		run(rows[i].code, rows[i].len);
		if (rows[i].said)
			assert_non_null(strstr(last, rows[i].said));
		else
			assert_string_equal(last, "");
		log_set_verbose(false);
		run(rows[i].code, rows[i].len);
		assert_string_equal(last, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_bytes_and_reason_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
