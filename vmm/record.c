/*
 * record.c: writing a run down while it happens.
 *
 * A record is in the file before the run goes on; nothing is held back. What
 * cannot be written ends the run: a recording with a hole would be none.
 */
#include "vmm/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "vmm/crc32c.h"
#include "vmm/log.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "numbers are kept as they lie in memory");
_Static_assert(sizeof(struct record_header) == 16, "as on file");
_Static_assert(sizeof(struct record_head) == 40, "as on file");
_Static_assert(sizeof(struct record_about) == 40, "as on file");
_Static_assert(sizeof(struct record_end) == 24, "as on file");

#define CHECK_FIRST   UINT64_C(100000) /* then the double, and so on, to */
#define CHECK_SPACING UINT64_C(50000000)
#define PAGE_SPACING  UINT64_C(50000) /* for each page written */

static int cannot(struct recorder *r)
{
	r->failed = true;
	return fail(-errno, "record: %s: cannot write: %s", r->path,
		    strerror(errno));
}

/* All of both parts, though a signal may come in between. */
static int put_bytes(struct recorder *r, const void *head, size_t head_len,
		     const void *data, size_t len)
{
	struct iovec part[2] = {{(void *)head, head_len}, {(void *)data, len}};

	for (unsigned i = 0; i < 2;) {
		ssize_t n = writev(r->fd, part + i, 2 - i);

		if (n < 0 && errno != EINTR)
			return cannot(r);
		for (size_t left = n > 0 ? n : 0; i < 2; i++) {
			size_t done =
				left < part[i].iov_len ? left : part[i].iov_len;

			part[i].iov_base = (char *)part[i].iov_base + done;
			part[i].iov_len -= done;
			left -= done;
			if (part[i].iov_len)
				break;
		}
	}
	return 0;
}

static int put(struct recorder *r, struct record_head *head, const void *data,
	       size_t len)
{
	if (r->failed)
		return -EIO;
	head->number = r->number++;
	head->len = len;
	head->data_crc = crc32c(0, data, len);
	head->head_crc =
		crc32c(0, head, offsetof(struct record_head, head_crc));
	return put_bytes(r, head, sizeof(*head), data, len);
}

static struct record_head head_now(struct recorder *r, enum record_kind kind)
{
	return (struct record_head){.kind = kind,
				    .count = machine_count(r->m),
				    .ns = clock_now(&r->m->clock)};
}

static int put_header(struct recorder *r)
{
	struct record_header h = {.magic = RECORD_MAGIC,
				  .format = RECORD_FORMAT};

	h.crc = crc32c(0, &h, offsetof(struct record_header, crc));
	return put_bytes(r, &h, sizeof(h), "", 0);
}

static int put_about(struct recorder *r, const struct record_about *about,
		     const char *kernel, const char *init)
{
	struct record_head head = {.kind = RECORD_ABOUT};
	size_t kernel_len, init_len;
	char *bytes;
	int err;

	kernel = kernel ? kernel : "";
	init = init ? init : "";
	kernel_len = strlen(kernel) + 1;
	init_len = strlen(init) + 1;
	bytes = malloc(sizeof(*about) + kernel_len + init_len);
	if (!bytes)
		return fail(-ENOMEM, "record: out of memory");
	memcpy(bytes, about, sizeof(*about));
	memcpy(bytes + sizeof(*about), kernel, kernel_len);
	memcpy(bytes + sizeof(*about) + kernel_len, init, init_len);
	err = put(r, &head, bytes, sizeof(*about) + kernel_len + init_len);
	free(bytes);
	return err;
}

static int put_start(struct recorder *r, const struct snapshot_extra *extra)
{
	struct record_head head = {.kind = RECORD_START};
	char *bytes = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&bytes, &len);
	int err;

	if (!out)
		return fail(-ENOMEM, "record: out of memory");
	snapshot_write(r->m, extra, 1, out);
	err = ferror(out);
	if (fclose(out) || err || len > UINT32_MAX)
		err = fail(-ENOMEM, "record: no memory for the machine as it "
				    "begins");
	else
		err = put(r, &head, bytes, len);
	free(bytes);
	return err;
}

static void put_input(void *ctx, const struct input_event *in)
{
	struct recorder *r = ctx;
	struct record_head head = {.kind = RECORD_INPUT,
				   .count = in->count,
				   .ns = in->ns,
				   .input = in->kind,
				   .point = in->point,
				   .joined = in->joined};

	if (put(r, &head, in->data, in->len))
		machine_stop(r->m, STOP_HOST, 0, "");
}

static void next_check(struct recorder *r)
{
	uint64_t least = r->sum.written * PAGE_SPACING;

	r->spacing = r->spacing ? 2 * r->spacing : CHECK_FIRST;
	if (r->spacing > CHECK_SPACING)
		r->spacing = CHECK_SPACING;
	r->check.count =
		machine_count(r->m) + (least > r->spacing ? least : r->spacing);
	machine_mark(r->m, &r->check);
}

static void put_check(void *ctx)
{
	struct recorder *r = ctx;
	struct record_head head = head_now(r, RECORD_CHECK);
	uint64_t hash = state_sum(&r->sum);

	if (put(r, &head, &hash, sizeof(hash)))
		machine_stop(r->m, STOP_HOST, 0, "");
	next_check(r);
}

int recorder_begin(struct recorder *r, struct machine *m, const char *path,
		   const struct record_about *about, const char *kernel,
		   const char *init, const struct snapshot_extra *extra)
{
	int err;

	*r = (struct recorder){.m = m, .path = path, .fd = -1};
	if (!m->cpu[0]->ops->counted_time || !m->cpu[0]->ops->track_writes)
		return fail(-ENOTSUP,
			    "--record: %s does not count instructions; "
			    "recording needs --accel sim",
			    m->cpu[0]->ops->name);
	r->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (r->fd < 0)
		return cannot(r);
	err = put_header(r);
	if (!err)
		err = put_about(r, about, kernel, init);
	if (!err)
		err = put_start(r, extra);
	if (!err)
		err = state_sum_init(&r->sum, m);
	if (err)
		return err;
	m->inputs.applied = put_input;
	m->inputs.applied_ctx = r;
	r->check = (struct mark){.reached = put_check, .ctx = r};
	next_check(r);
	return 0;
}

/* Does the guest come to this end again by itself, at that very instant? */
bool record_exact(enum stop_kind stop)
{
	switch (stop) {
	case STOP_EXIT:
	case STOP_POWEROFF:
	case STOP_RESET:
	case STOP_TRIPLE:
	case STOP_PANIC:
	case STOP_CRASH:
		return true;
	default:
		return false;
	}
}

int recorder_end(struct recorder *r)
{
	struct {
		struct record_end end;
		char why[sizeof(r->m->why)];
	} bytes = {.end = {.stop = r->m->stop, .code = r->m->stop_code}};
	struct record_head head = head_now(r, RECORD_END);
	int err;

	bytes.end.exact = record_exact(r->m->stop);
	bytes.end.hash = bytes.end.exact ? state_sum(&r->sum) : 0;
	memcpy(bytes.why, r->m->why, sizeof(bytes.why));
	err = put(r, &head, &bytes, sizeof(bytes.end) + strlen(bytes.why) + 1);
	if (!err && fdatasync(r->fd) != 0 && errno != EINVAL && errno != EROFS)
		err = cannot(r);
	recorder_fini(r);
	return err;
}

void recorder_fini(struct recorder *r)
{
	if (!r->m)
		return;
	machine_unmark(r->m, &r->check);
	r->m->inputs.applied = NULL;
	state_sum_fini(&r->sum);
	if (r->fd >= 0)
		close(r->fd);
	*r = (struct recorder){.fd = -1};
}
