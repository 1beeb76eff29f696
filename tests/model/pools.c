/* pools.c: Untypeds and pools, of the model. */
#include "tests/model/internal.h"

/* ---- Untypeds ---- */

void m_reset(struct m_cap *untyped)
{
	if (!m_cap_child(untyped))
		untyped->had = 0;
}

uint64_t model_left(const struct m_cap *untyped)
{
	return m_cap_child(untyped) ? untyped->size - untyped->had
				    : untyped->size;
}

/* What an object takes, and at a multiple of what it begins. */
static uint64_t bytes_of(unsigned type, uint64_t size, uint64_t *align)
{
	*align = 64;
	switch (type) {
	case OBJECT_CHANNEL:
		return size <= CHANNEL_BITS_MAX ? CHANNEL_BYTES(size) : 0;
	case OBJECT_UNTYPED:
		*align = size % PAGE_BYTES ? 64 : PAGE_BYTES;
		return size % UNTYPED_UNIT ? 0 : size;
	}
	if (size)
		return 0;
	switch (type) {
	case OBJECT_CPOOL:
		return CPOOL_BYTES;
	case OBJECT_TASK:
		return TASK_BYTES;
	case OBJECT_ENDPOINT:
		return ENDPOINT_BYTES;
	case OBJECT_NOTIFICATION:
		return NOTIFICATION_BYTES;
	case OBJECT_REPLY:
		return REPLY_BYTES;
	case OBJECT_SCHED_CONTEXT:
		return SCHED_CONTEXT_BYTES;
	case OBJECT_LARGE_PAGE:
		return *align = LARGE_PAGE_BYTES;
	case OBJECT_RAW_PAGE:
	case OBJECT_TASK_BUFFER:
	case OBJECT_PML4:
	case OBJECT_PDPT:
	case OBJECT_PD:
	case OBJECT_PT:
		return *align = PAGE_BYTES;
	}
	return 0;
}

static bool has_state(unsigned type)
{
	return type == OBJECT_CPOOL || type == OBJECT_TASK ||
	       type == OBJECT_CHANNEL || type == OBJECT_ENDPOINT ||
	       type == OBJECT_REPLY || type == OBJECT_NOTIFICATION ||
	       type == OBJECT_SCHED_CONTEXT;
}

enum error m_retype(struct decoded *d)
{
	uint64_t type = d->word[0], count = d->word[2], align, bytes, first;
	struct m_cap cap = {.type = type, .rights = RIGHT_ALL};

	m_reset(d->self);
	if (type >= OBJECT_COUNT)
		return ERR_RANGE;
	bytes = bytes_of(type, d->word[1], &align);
	if (bytes == 0 || count == 0 || count > CPOOL_SLOTS)
		return ERR_RANGE;
	first = (d->self->base + d->self->had + align - 1) / align * align -
		d->self->base;
	if (first > d->self->size || count > (d->self->size - first) / bytes)
		return ERR_NO_MEMORY;
	if (count > CPOOL_SLOTS - (d->word[3] & 0xff))
		return ERR_RANGE;
	for (uint64_t i = 0; i < count; i++)
		if (d->slot[3][i])
			return ERR_SLOT_TAKEN;
	for (uint64_t i = 0; i < count; i++) {
		if (has_state(type))
			cap.object = m_object_new(type);
		if (type == OBJECT_CHANNEL)
			cap.object->bits = cap.value = d->word[1];
		cap.base = d->self->base + first + i * bytes;
		cap.size = bytes;
		d->slot[3][i] = m_cap_new(&cap, d->self, d->home[3]);
	}
	d->self->had = first + count * bytes;
	d->result[0] = d->self->size - d->self->had;
	return ERR_OK;
}

/* ---- pools ---- */

void m_copy_cap(struct m_cap *source, struct m_cap **slot,
		struct m_object *home)
{
	struct m_cap copy = *source;

	if (source->type == OBJECT_UNTYPED) {
		m_reset(source);
		copy.base = source->base + source->had;
		copy.size = source->size - source->had;
		copy.had = 0;
		source->had = source->size;
	}
	*slot = m_cap_new(&copy, source, home);
}

bool m_no_copy(const struct m_cap *cap)
{
	return TYPES_TABLE >> cap->type & 1;
}

static enum error badge_error(const struct m_cap *source, uint64_t badge)
{
	if (!badge)
		return ERR_OK;
	if (source->type == OBJECT_ENDPOINT ||
	    source->type == OBJECT_NOTIFICATION)
		return source->value ? ERR_BAD_STATE : ERR_OK;
	return ERR_RANGE; /* no ports here */
}

enum error m_pool_call(struct decoded *d, unsigned label)
{
	struct m_object *pool = d->self->object;
	struct m_cap **slot, *cap;

	if (label == CPOOL_FREE_SLOT) {
		for (unsigned i = 0; i < CPOOL_SLOTS; i++)
			if (!pool->slot[i]) {
				d->result[0] = i;
				return ERR_OK;
			}
		return ERR_NO_SLOT;
	}
	if (d->word[0] >= CPOOL_SLOTS)
		return ERR_RANGE;
	slot = &pool->slot[d->word[0]];
	cap = *slot;
	switch (label) {
	case CPOOL_TYPE:
		d->result[0] = cap ? cap->type : OBJECT_NULL;
		return ERR_OK;
	case CPOOL_INFO:
		d->result[0] = cap ? cap->type : OBJECT_NULL;
		d->result[1] = cap ? cap->rights : 0;
		d->result[2] = cap ? cap->value : 0;
		return ERR_OK;
	case CPOOL_DELETE:
		if (cap)
			m_cap_delete(cap);
		return ERR_OK;
	case CPOOL_REVOKE:
		if (!cap)
			return ERR_EMPTY_SLOT;
		m_cap_revoke(cap);
		return ERR_OK;
	}
	if (cap)
		return ERR_SLOT_TAKEN;
	switch (label) {
	case CPOOL_COPY:
		if (m_no_copy(*d->slot[1]))
			return ERR_NO_COPY;
		m_copy_cap(*d->slot[1], slot, pool);
		return ERR_OK;
	case CPOOL_MINT:
		if (d->word[1] & ~(uint64_t)RIGHT_ALL)
			return ERR_RANGE;
		if (badge_error(*d->slot[3], d->word[2]))
			return badge_error(*d->slot[3], d->word[2]);
		if (m_no_copy(*d->slot[3]))
			return ERR_NO_COPY;
		m_copy_cap(*d->slot[3], slot, pool);
		(*slot)->rights &= d->word[1];
		if (d->word[2])
			(*slot)->value = d->word[2];
		return ERR_OK;
	default: /* CPOOL_MOVE */
		cap = *d->slot[1];
		if (cap->object == pool && cap->home != pool &&
		    pool->count == 1)
			return ERR_BAD_STATE;
		*d->slot[1] = NULL;
		*slot = cap;
		m_cap_rehome(cap, pool);
		return ERR_OK;
	}
}
