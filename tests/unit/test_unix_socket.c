/* Sockets with names: what is in their way is taken away only if dead. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/unix_socket.h"

static char folder[32], path[64];

static int make_folder(void **state)
{
	strcpy(folder, "/tmp/test_unix_XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/s", folder);
	return 0;
}

static int remove_folder(void **state)
{
	unlink(path);
	return rmdir(folder);
}

static void test_one_listens_at_a_name(void **state)
{
	struct stat st;
	int fd = unix_socket_listen(path, 1);

	assert_true(fd >= 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	assert_int_equal(unix_socket_listen(path, 1), -EADDRINUSE);
	close(fd);
}

static void test_a_dead_one_is_replaced(void **state)
{
	int fd = unix_socket_listen(path, 1);

	close(fd);
	fd = unix_socket_listen(path, 1);
	assert_true(fd >= 0);
	close(fd);
}

static void test_a_file_is_left_alone(void **state)
{
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	char other[80];

	assert_int_equal(write(fd, "text", 4), 4);
	close(fd);
	assert_int_equal(unix_socket_listen(path, 1), -EADDRINUSE);
	snprintf(other, sizeof(other), "%s/other", folder);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(unix_socket_listen(path, 1), -EADDRINUSE);
	assert_int_equal(access(other, F_OK), 0);
	unlink(other);
}

static void test_names_that_are_none(void **state)
{
	char name[200];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(unix_socket_listen(name, 1), -ENAMETOOLONG);
	assert_int_equal(unix_socket_listen("", 1), -EINVAL);
	assert_int_equal(unix_socket_listen("/no/such/folder", 1), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_listens_at_a_name,
						make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_a_dead_one_is_replaced,
						make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_a_file_is_left_alone,
						make_folder, remove_folder),
		cmocka_unit_test(test_names_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
