/*
 * bulk.h: calls with many bytes.
 *
 * A few are copied by the kernel, from task buffer to task buffer. More lie in
 * a frame that is lent to the server: the kernel takes it back before the
 * caller goes on, whether the server answers, dies or is too slow, so neither
 * has to trust the other. Word 0 of the message is their number, words 1 to 3
 * are the caller's.
 */
#ifndef SERVICES_BULK_H
#define SERVICES_BULK_H

#include "guest-kernel/user/message.h"
#include "guest-kernel/user/rt.h"

/*
 * What fits into a task buffer is copied: lending and mapping a frame costs as
 * many instructions as copying some 1300 bytes (docs/runtime.md).
 */
#define BULK_COPY TASK_BUFFER_BYTES
#define BULK_MAX  4096u

/* ---- the caller ---- */

/* A page to lend, made once. */
struct bulk {
	struct caddr frame;
	uint8_t *page;
};

/* A frame of the caller's, which is mapped at `page`. */
static inline struct bulk bulk_of(struct caddr frame, void *page)
{
	return (struct bulk){frame, page};
}

enum bulk_kind {
	BULK_READ, /* the server reads */
	BULK_WRITE /* and writes: `data` is what it has made of it */
};

/*
 * A call with `len` bytes. When `data` is the bulk's page itself nothing is
 * copied, if they are more than BULK_COPY. ERR_RANGE: too many.
 */
enum error bulk_call(const struct bulk *bulk, struct caddr endpoint,
		     enum bulk_kind kind, void *data, size_t len,
		     uint64_t deadline, struct message *m);

/* ---- the server ---- */

/* Where lent frames come to: an empty slot, and an address for a page. */
struct bulk_server {
	struct caddr slot;
	uint64_t va;
};

/* Before each receive. */
void bulk_expect(const struct bulk_server *server);

/*
 * The bytes that came with a request; NULL if it is none of bulk_call()'s.
 * With `len` as its length the answer is made by bulk_answer().
 */
uint8_t *bulk_bytes(const struct bulk_server *server, const struct message *m,
		    size_t *len);

/* Makes the answer to that request: what was copied goes back. */
void bulk_answer(struct message *m, uint32_t label, size_t len);

#endif
