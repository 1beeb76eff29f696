/* bulk.c: see bulk.h. */
#include "guest-kernel/user/services/bulk.h"

#include "guest-kernel/user/space.h"

static unsigned words(size_t len)
{
	return MESSAGE_REGISTERS + (len + 7) / 8;
}

/* ---- the caller ---- */

static enum error copy_call(struct caddr endpoint, enum bulk_kind kind,
			    void *data, size_t len, uint64_t deadline,
			    struct message *m)
{
	struct task_buffer *buffer = rt_buffer();
	enum error err;

	memcpy(buffer->data, data, len);
	m->info = MESSAGE_INFO(MESSAGE_LABEL_OF(m->info), 0, words(len));
	err = message_call(SYS_CALL, endpoint, CADDR_ANY, deadline, m);
	if (err == ERR_OK && kind == BULK_WRITE &&
	    MESSAGE_LENGTH(m->info) == words(len))
		memcpy(data, buffer->data, len);
	return err;
}

static enum error lend_call(const struct bulk *b, struct caddr endpoint,
			    enum bulk_kind kind, void *data, size_t len,
			    uint64_t deadline, struct message *m)
{
	enum error err;

	if (data != b->page)
		memcpy(b->page, data, len);
	rt_buffer()->send[0] = (struct message_cap){
		b->frame.path, b->frame.depth,
		kind == BULK_WRITE ? MESSAGE_LEND_WRITE : MESSAGE_LEND};
	m->info = MESSAGE_INFO(MESSAGE_LABEL_OF(m->info), 1, MESSAGE_REGISTERS);
	err = message_call(SYS_CALL, endpoint, CADDR_ANY, deadline, m);
	if (err == ERR_OK && kind == BULK_WRITE && data != b->page)
		memcpy(data, b->page, len);
	return err;
}

enum error bulk_call(const struct bulk *b, struct caddr endpoint,
		     enum bulk_kind kind, void *data, size_t len,
		     uint64_t deadline, struct message *m)
{
	if (len > BULK_MAX)
		return ERR_RANGE;
	m->word[0] = len;
	if (len <= BULK_COPY)
		return copy_call(endpoint, kind, data, len, deadline, m);
	return lend_call(b, endpoint, kind, data, len, deadline, m);
}

/* ---- the server ---- */

void bulk_expect(const struct bulk_server *s)
{
	rt_buffer()->receive[0] =
		(struct message_cap){s->slot.path, s->slot.depth, 0};
}

/* To read and write, or if it was lent only to be read, to read. */
static enum error map_lent(const struct bulk_server *s)
{
	enum error err = space_map(space_own(), s->slot, s->va,
				   RIGHT_READ | RIGHT_WRITE);

	return err == ERR_NO_RIGHT
		       ? space_map(space_own(), s->slot, s->va, RIGHT_READ)
		       : err;
}

uint8_t *bulk_bytes(const struct bulk_server *s, const struct message *m,
		    size_t *len)
{
	*len = m->word[0];
	if (MESSAGE_CAPS(m->info) == 1)
		return *len <= BULK_MAX && map_lent(s) == ERR_OK
			       ? (uint8_t *)s->va
			       : NULL;
	if (*len > BULK_COPY || MESSAGE_LENGTH(m->info) != words(*len))
		return NULL;
	return rt_buffer()->data;
}

void bulk_answer(struct message *m, uint32_t label, size_t len)
{
	bool copied = len <= BULK_COPY;

	m->info =
		MESSAGE_INFO(label, 0, copied ? words(len) : MESSAGE_REGISTERS);
}
