/*
 * names.c: see names.h. A request is a call whose label says what is wanted;
 * word 0 is a badge, words 1 to 3 are the name. Entry n's capability is in
 * slot n of the service's pool; what comes with a request comes to the last.
 */
#include "guest-kernel/user/services/names.h"

#define INCOMING (CPOOL_SLOTS - 1)

enum { GRANT = 1, REVOKE, PUBLISH, WITHDRAW, FIND };

/* ---- clients ---- */

static enum names_status ask(struct caddr service, uint32_t label,
			     unsigned caps, uint64_t badge, const char *name)
{
	struct message m = {
		MESSAGE_INFO(label, caps, MESSAGE_REGISTERS), {badge}, 0};
	size_t len = strlen(name);

	if (len == 0 || len > NAMES_LENGTH)
		return NAMES_BAD;
	memcpy(&m.word[1], name, len);
	if (message_ask(service, &m) != ERR_OK)
		return NAMES_FAILED;
	return MESSAGE_LABEL_OF(m.info);
}

enum names_status names_grant(struct caddr service, const char *name,
			      uint64_t badge)
{
	return ask(service, GRANT, 0, badge, name);
}

enum names_status names_revoke(struct caddr service, const char *name)
{
	return ask(service, REVOKE, 0, 0, name);
}

enum names_status names_publish(struct caddr service, const char *name,
				struct caddr cap)
{
	rt_buffer()->send[0] =
		(struct message_cap){cap.path, cap.depth, MESSAGE_COPY};
	return ask(service, PUBLISH, 1, 0, name);
}

enum names_status names_withdraw(struct caddr service, const char *name)
{
	return ask(service, WITHDRAW, 0, 0, name);
}

enum names_status names_find(struct caddr service, const char *name,
			     struct caddr slot)
{
	rt_buffer()->receive[0] =
		(struct message_cap){slot.path, slot.depth, 0};
	return ask(service, FIND, 0, 0, name);
}

/* ---- the service ---- */

struct entry {
	char name[NAMES_LENGTH]; /* all zero: a free entry */
	uint64_t owner;
	bool published;
};

struct state {
	const struct names_service *service;
	struct entry entry[NAMES_MAX];
};

static struct entry *find(struct state *s, const char name[NAMES_LENGTH])
{
	for (unsigned i = 0; i < NAMES_MAX; i++)
		if (!memcmp(s->entry[i].name, name, NAMES_LENGTH))
			return &s->entry[i];
	return NULL;
}

static void empty(const struct state *s, unsigned slot)
{
	sys_cpool_delete(s->service->pool, slot);
}

static enum names_status grant(struct state *s, const char *name,
			       uint64_t badge)
{
	static const char none[NAMES_LENGTH];
	struct entry *e;

	if (find(s, name))
		return NAMES_TAKEN;
	e = find(s, none);
	if (!e)
		return NAMES_FULL;
	memcpy(e->name, name, NAMES_LENGTH);
	e->owner = badge;
	e->published = false;
	return NAMES_OK;
}

static enum names_status publish(struct state *s, struct entry *e,
				 unsigned caps)
{
	struct caddr pool = s->service->pool;

	if (e->published)
		return NAMES_TAKEN;
	if (caps != 1 || sys_cpool_move(pool, e - s->entry,
					caddr_in(pool, INCOMING)) != ERR_OK)
		return NAMES_BAD;
	e->published = true;
	return NAMES_OK;
}

/* From all who have found it, too: they have copies of the service's. */
static void withdraw(struct state *s, struct entry *e)
{
	unsigned slot = e - s->entry;

	if (e->published) {
		sys_cpool_revoke(s->service->pool, slot);
		empty(s, slot);
	}
	e->published = false;
}

/* Of the parent's: the Endpoint has no badge. */
static enum names_status parent_asks(struct state *s, const struct message *m,
				     const char *name)
{
	struct entry *e = find(s, name);

	if (m->badge != 0)
		return NAMES_FORBIDDEN;
	if (MESSAGE_LABEL_OF(m->info) == GRANT)
		return grant(s, name, m->word[0]);
	if (!e)
		return NAMES_UNKNOWN;
	withdraw(s, e);
	memset(e, 0, sizeof(*e));
	return NAMES_OK;
}

/* Whoever it belongs to: no badge is nobody's, not even the parent's. */
static enum names_status owner_asks(struct state *s, const struct message *m,
				    const char *name)
{
	struct entry *e = find(s, name);

	if (!e || e->owner != m->badge || m->badge == 0)
		return NAMES_FORBIDDEN;
	if (MESSAGE_LABEL_OF(m->info) == PUBLISH)
		return publish(s, e, MESSAGE_CAPS(m->info));
	withdraw(s, e);
	return NAMES_OK;
}

/* What is found is sent with the answer. */
static enum names_status anyone_asks(struct state *s, const char *name,
				     unsigned *caps)
{
	struct entry *e = find(s, name);
	struct caddr at;

	if (!e || !e->published)
		return NAMES_UNKNOWN;
	at = caddr_in(s->service->pool, e - s->entry);
	rt_buffer()->send[0] =
		(struct message_cap){at.path, at.depth, MESSAGE_COPY};
	*caps = 1;
	return NAMES_OK;
}

static void handle(struct state *s, struct message *m)
{
	enum names_status status = NAMES_BAD;
	char name[NAMES_LENGTH];
	unsigned caps = 0;

	memcpy(name, &m->word[1], NAMES_LENGTH);
	if (MESSAGE_LENGTH(m->info) == MESSAGE_REGISTERS && name[0])
		switch (MESSAGE_LABEL_OF(m->info)) {
		case GRANT:
		case REVOKE:
			status = parent_asks(s, m, name);
			break;
		case PUBLISH:
		case WITHDRAW:
			status = owner_asks(s, m, name);
			break;
		case FIND:
			status = anyone_asks(s, name, &caps);
			break;
		}
	empty(s, INCOMING); /* what came and was not wanted */
	m->info = MESSAGE_INFO(status, caps, 0);
}

void names_serve(const struct names_service *service)
{
	struct caddr incoming = caddr_in(service->pool, INCOMING);
	struct state *s = calloc(1, sizeof(*s));
	struct message m = {0};
	enum error err;

	if (!s)
		rt_panic("name service: no memory");
	s->service = service;
	rt_buffer()->receive[0] =
		(struct message_cap){incoming.path, incoming.depth, 0};
	err = message_receive(service->endpoint, service->reply, &m);
	while (err == ERR_OK) {
		handle(s, &m);
		err = message_answer(service->endpoint, service->reply, &m);
	}
	free(s);
}
