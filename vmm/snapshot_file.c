/*
 * snapshot_file.c: snapshots on disk. A new one is written beside its place,
 * brought to the disk and then renamed: at any instant, also when the power
 * fails, the name leads to a whole file, the old or the new one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/log.h"
#include "vmm/snapshot.h"

static int cannot(int err, const char *path, const char *what)
{
	return fail(-err, "snapshot: %s: cannot %s: %s", path, what,
		    strerror(err));
}

/* ---- writing ---- */

/* mkstemp() makes files that only we can read; be as open as others are. */
static void usual_mode(int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	fchmod(fd, 0666 & ~mask);
}

static int write_file(struct machine *m, const struct snapshot_extra *extra,
		      unsigned extras, int fd, const char *path)
{
	FILE *out = fdopen(fd, "w");
	int err = 0;

	if (!out) {
		err = errno;
		close(fd);
		return cannot(err, path, "write");
	}
	usual_mode(fd);
	errno = 0;
	snapshot_write(m, extra, extras, out);
	if (fflush(out) != 0 || ferror(out) || fsync(fd) != 0)
		err = errno ? errno : EIO;
	if (fclose(out) != 0 && !err)
		err = errno;
	return err ? cannot(err, path, "write") : 0;
}

/* The rename itself is to last, too. Not all file systems can: no matter. */
static void sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, slash - path + 1) : strdup(".");
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	free(folder);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

int snapshot_save(struct machine *m, const struct snapshot_extra *extra,
		  unsigned extras, const char *path)
{
	struct stat st;
	char *temp;
	int fd, err;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return fail(-EINVAL, "snapshot: %s: is there and is not a file",
			    path);
	if (asprintf(&temp, "%s.XXXXXX", path) < 0)
		return fail(-ENOMEM, "snapshot: no memory");
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0) {
		err = cannot(errno, path, "write");
		free(temp);
		return err;
	}
	err = write_file(m, extra, extras, fd, path);
	if (!err && rename(temp, path) != 0)
		err = cannot(errno, path, "put it in place");
	if (err)
		unlink(temp);
	else
		sync_folder(path);
	free(temp);
	return err;
}

/* ---- reading ---- */

static int read_all(int fd, uint8_t *bytes, size_t size, size_t *len)
{
	*len = 0;
	while (*len < size) {
		ssize_t n = read(fd, bytes + *len, size - *len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			break;
		*len += n;
	}
	return 0;
}

static int read_file(int fd, const char *path, struct snapshot *s)
{
	struct stat st;
	uint8_t *bytes;
	size_t len;
	int err;

	if (fstat(fd, &st) != 0)
		return cannot(errno, path, "read");
	if (!S_ISREG(st.st_mode))
		return fail(-EINVAL, "snapshot: %s: not a file", path);
	bytes = malloc(st.st_size ? st.st_size : 1);
	if (!bytes)
		return fail(-ENOMEM, "snapshot: %s: no memory for it", path);
	err = read_all(fd, bytes, st.st_size, &len);
	if (err) {
		free(bytes);
		return cannot(err, path, "read");
	}
	return snapshot_parse(path, bytes, len, s);
}

int snapshot_open(const char *path, struct snapshot *s)
{
	int fd, err;

	*s = (struct snapshot){.path = path};
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return cannot(errno, path, "read");
	err = read_file(fd, path, s);
	close(fd);
	return err;
}
