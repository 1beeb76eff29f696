/* What is wrong with a KVM device is said with its reason and its fix. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#undef fail /* cmocka's; vmm/log.h has a function of that name */
#include "vmm/kvm.h"

static void expect(const struct reason *why, const char *part)
{
	if (!strstr(why->text, part))
		print_message("no \"%s\" in \"%s\"\n", part, why->text);
	assert_non_null(strstr(why->text, part));
	assert_null(strchr(why->text, '\n'));
}

static void test_each_error_has_its_fix(void **state)
{
	static const struct {
		int err;
		const char *what, *fix;
	} rows[] = {
		{-ENOENT, "No such file", "nested virtualization"},
		{-EPERM, "not permitted", "--device /dev/kvm"},
		{-EBUSY, "busy", "another hypervisor"},
		{-ENODEV, "No such device", "kvm_intel or kvm_amd"},
		{-ENXIO, "No such device", "kvm_intel or kvm_amd"},
		{-ENOTTY, "ioctl", "no KVM device"},
		{-ENOMEM, "memory", "less --mem"},
		{-EIO, "error", "--accel=sim"},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reason why;

		assert_int_equal(
			kvm_explain(&why, rows[i].err, "/x/kvm", NULL, 0),
			rows[i].err);
		expect(&why, "/x/kvm: ");
		expect(&why, rows[i].what);
		expect(&why, rows[i].fix);
	}
}

/* Who may open it decides what the fix is. */
static void test_forbidden_names_owner_mode_and_fix(void **state)
{
	static const struct {
		mode_t mode;
		gid_t gid;
		const char *owner, *fix;
	} rows[] = {
		{S_IFCHR | 0660, 1, "crw-rw---- root:daemon",
		 "usermod -aG daemon $USER"},
		{S_IFCHR | 0640, 1, "crw-r----- root:daemon",
		 "chmod a+rw /x/kvm"},
		{S_IFCHR | 0660, 0, "crw-rw---- root:root",
		 "chmod a+rw /x/kvm"},
		{S_IFCHR | 0660, 54321, "crw-rw---- root:54321",
		 "chmod a+rw /x/kvm"},
		{S_IFREG | 0001, 0, "---------x root:root",
		 "chmod a+rw /x/kvm"},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct stat st = {.st_mode = rows[i].mode,
					.st_gid = rows[i].gid};
		struct reason why;

		assert_int_equal(
			kvm_explain(&why, -EACCES, "/x/kvm", &st, 1234),
			-EACCES);
		expect(&why, "Permission denied");
		expect(&why, rows[i].owner);
		expect(&why, "you are uid 1234");
		expect(&why, rows[i].fix);
	}
}

static void open_fails(const char *path, int err, const char *what)
{
	struct reason why;

	setenv("VMM_KVM_DEVICE", path, 1);
	assert_int_equal(kvm_open(&why), err);
	expect(&why, path);
	expect(&why, what);
	unsetenv("VMM_KVM_DEVICE");
}

static void test_what_is_no_kvm_is_not_opened(void **state)
{
	open_fails("/nowhere/kvm", -ENOENT, "--device /dev/kvm");
	open_fails("/dev/null", -ENOTTY, "VMM_KVM_DEVICE");
	open_fails("/", -EISDIR, "--accel=sim");
}

static void test_without_the_variable_it_is_dev_kvm(void **state)
{
	unsetenv("VMM_KVM_DEVICE");
	assert_string_equal(kvm_device(), "/dev/kvm");
	setenv("VMM_KVM_DEVICE", "", 1);
	assert_string_equal(kvm_device(), "/dev/kvm");
	unsetenv("VMM_KVM_DEVICE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_error_has_its_fix),
		cmocka_unit_test(test_forbidden_names_owner_mode_and_fix),
		cmocka_unit_test(test_what_is_no_kvm_is_not_opened),
		cmocka_unit_test(test_without_the_variable_it_is_dev_kvm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
