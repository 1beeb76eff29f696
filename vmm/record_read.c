/*
 * record_read.c: a recording's bytes, checked.
 *
 * Records are taken one after the other. Where the file ends inside one, or
 * in zeros, it was cut off, and is good up to there; anything else that does
 * not sum up is damage, and the file is refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/crc32c.h"
#include "vmm/log.h"
#include "vmm/record.h"

#define COUNT_MAX (UINT64_C(1) << 62) /* so that nothing added to it wraps */

static int refuse(const struct recording *r, const char *why)
{
	return fail(-EINVAL, "replay: %s: %s", r->path, why);
}

static int damaged(const struct recording *r, size_t at)
{
	return fail(-EINVAL, "replay: %s: damaged: byte %zu does not sum up",
		    r->path, at);
}

static bool all_zero(const uint8_t *bytes, size_t len)
{
	return len == 0 || (!bytes[0] && !memcmp(bytes, bytes + 1, len - 1));
}

static int check_header(const struct recording *r)
{
	struct record_header h;
	size_t known = r->size < sizeof(h.magic) ? r->size : sizeof(h.magic);

	if (!known || memcmp(r->bytes, RECORD_MAGIC, known))
		return refuse(r, "not a recording");
	if (r->size < sizeof(h))
		return refuse(r, "truncated: its header is not whole");
	memcpy(&h, r->bytes, sizeof(h));
	if (h.crc != crc32c(0, &h, offsetof(struct record_header, crc)))
		return refuse(r, "damaged: its header does not sum up");
	if (h.format != RECORD_FORMAT)
		return fail(-EINVAL,
			    "replay: %s: format %u, and this vmm reads %u; "
			    "replay it with the one that recorded it",
			    r->path, h.format, RECORD_FORMAT);
	return 0;
}

int record_next(const struct recording *r, size_t *at, uint32_t number,
		struct record_head *head, const uint8_t **data)
{
	size_t left = r->size - *at;

	if (left < sizeof(*head) || all_zero(r->bytes + *at, left))
		return 0;
	memcpy(head, r->bytes + *at, sizeof(*head));
	if (head->head_crc !=
	    crc32c(0, head, offsetof(struct record_head, head_crc)))
		return damaged(r, *at);
	if (head->number != number || head->kind >= RECORD_KINDS)
		return refuse(r, "damaged: records are missing");
	left -= sizeof(*head);
	if (head->len > left)
		return 0;
	*data = r->bytes + *at + sizeof(*head);
	if (head->data_crc != crc32c(0, *data, head->len))
		return damaged(r, *at + sizeof(*head));
	*at += sizeof(*head) + head->len;
	return 1;
}

/* Two strings, the last bytes of all. */
static bool take_names(struct recording *r, const char *names, size_t len)
{
	const char *end = len ? memchr(names, 0, len) : NULL;
	size_t first;

	if (!end)
		return false;
	first = end - names + 1;
	r->kernel = names;
	r->init = names + first;
	return first < len &&
	       memchr(r->init, 0, len - first) == names + len - 1;
}

static int take_about(struct recording *r, const struct record_head *head,
		      const uint8_t *data, const char *version)
{
	if (head->kind != RECORD_ABOUT || head->len < sizeof(r->about))
		return refuse(r, "does not say what it is of");
	memcpy(&r->about, data, sizeof(r->about));
	if (r->about.version[sizeof(r->about.version) - 1] ||
	    !take_names(r, (const char *)data + sizeof(r->about),
			head->len - sizeof(r->about)) ||
	    r->about.line < -1 || r->about.line > 3 || r->about.file > 1 ||
	    r->about.lines > 15 || r->about.wires > 15)
		return refuse(r, "what it says of itself makes no sense");
	if (strcmp(r->about.version, version))
		return fail(-EINVAL,
			    "replay: %s: recorded by vmm %s, and this is %s; "
			    "replay it with that one",
			    r->path, r->about.version, version);
	return 0;
}

static int take_end(struct recording *r, const struct record_head *head,
		    const uint8_t *data)
{
	size_t fixed = sizeof(r->end);

	if (head->len <= fixed || data[head->len - 1])
		return refuse(r, "its end makes no sense");
	memcpy(&r->end, data, fixed);
	if (r->end.stop <= STOP_NONE || r->end.stop > STOP_BREAK ||
	    r->end.exact != record_exact(r->end.stop))
		return refuse(r, "its end makes no sense");
	r->end_ns = head->ns;
	r->end_why = (const char *)data + fixed;
	r->whole = true;
	return 0;
}

/* In the order of time; what it holds is for the machine to judge. */
static int take_record(struct recording *r, const struct record_head *head,
		       const uint8_t *data)
{
	if (head->count < r->last || head->count > COUNT_MAX ||
	    head->ns > COUNT_MAX || r->whole)
		return refuse(r, "its records are not in order");
	r->last = head->count;
	switch (head->kind) {
	case RECORD_INPUT:
		if (head->input >= INPUT_KINDS || head->len > INPUT_MAX ||
		    head->point >= INPUT_POINTS || head->joined > 1)
			return refuse(r, "an input of it makes no sense");
		return 0;
	case RECORD_CHECK:
		return head->len == sizeof(uint64_t)
			       ? 0
			       : refuse(r, "a check of it makes no sense");
	case RECORD_END:
		return take_end(r, head, data);
	}
	return refuse(r, "it begins twice");
}

int recording_parse(const char *path, const char *version, uint8_t *bytes,
		    size_t size, struct recording *r)
{
	size_t at = sizeof(struct record_header);
	struct record_head head;
	const uint8_t *data;
	uint32_t number = 2;
	int more;

	*r = (struct recording){.path = path, .bytes = bytes, .size = size};
	more = check_header(r);
	if (more)
		return more;
	more = record_next(r, &at, 0, &head, &data);
	if (more > 0)
		more = take_about(r, &head, data, version) ?: 1;
	if (more > 0)
		more = record_next(r, &at, 1, &head, &data);
	if (more < 0)
		return more;
	if (!more || head.kind != RECORD_START)
		return refuse(r, "truncated: nothing had run yet");
	r->start = data;
	r->start_len = head.len;
	r->first = at;
	while ((more = record_next(r, &at, number++, &head, &data)) > 0) {
		more = take_record(r, &head, data);
		if (more)
			return more;
	}
	if (more == 0 && r->whole && at != size)
		return refuse(r, "damaged: bytes behind its end");
	return more;
}

static int read_all(const char *path, uint8_t **bytes, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		err = errno;
	else if (!S_ISREG(st.st_mode))
		err = EINVAL;
	*bytes = err ? NULL : malloc(st.st_size + 1);
	if (!err && !*bytes)
		err = ENOMEM;
	for (*size = 0; !err && *size < (size_t)st.st_size;) {
		ssize_t n = read(fd, *bytes + *size, st.st_size - *size);

		if (n < 0 && errno != EINTR)
			err = errno;
		else if (n == 0)
			break;
		*size += n > 0 ? n : 0;
	}
	if (fd >= 0)
		close(fd);
	if (!err)
		return 0;
	free(*bytes);
	return fail(-err, "replay: %s: %s", path, strerror(err));
}

int recording_open(const char *path, const char *version, struct recording *r)
{
	uint8_t *bytes;
	size_t size;
	int err = read_all(path, &bytes, &size);

	if (err)
		return err;
	err = recording_parse(path, version, bytes, size, r);
	if (err)
		recording_close(r);
	return err;
}

void recording_close(struct recording *r)
{
	recording_leave(r);
	free(r->bytes);
	*r = (struct recording){0};
}

int recording_start(const struct recording *r, struct snapshot *s)
{
	uint8_t *copy = malloc(r->start_len ? r->start_len : 1);

	if (!copy)
		return fail(-ENOMEM, "replay: out of memory");
	memcpy(copy, r->start, r->start_len);
	return snapshot_parse(r->path, copy, r->start_len, s);
}
