/*
 * timer.c: see timer.h. The service waits for requests and for its alarm, at
 * the time of the next timer. A request is received with the Reply of a free
 * timer: who sleeps is answered by it when his time has come, all others at
 * once.
 */
#include "guest-kernel/user/services/timer.h"

enum { SLEEP = 1, NOTIFY, CANCEL };

/* ---- clients ---- */

enum error timer_sleep_until(struct caddr service, uint64_t time)
{
	struct message m = {MESSAGE_INFO(SLEEP, 0, 1), {time}, 0};

	return message_ask(service, &m);
}

enum error timer_sleep(struct caddr service, uint64_t ns)
{
	return timer_sleep_until(service, sys_clock() + ns);
}

enum error timer_notify(struct caddr service, uint64_t time,
			struct caddr notification, uint64_t bits, uint64_t *id)
{
	struct message m = {MESSAGE_INFO(NOTIFY, 1, 2), {time, bits}, 0};
	enum error err;

	rt_buffer()->send[0] = (struct message_cap){
		notification.path, notification.depth, MESSAGE_COPY};
	err = message_ask(service, &m);
	if (err != ERR_OK)
		return err;
	*id = m.word[0];
	return MESSAGE_LABEL_OF(m.info) ? ERR_RANGE : ERR_OK;
}

bool timer_cancel(struct caddr service, uint64_t id)
{
	struct message m = {MESSAGE_INFO(CANCEL, 0, 1), {id}, 0};

	return message_ask(service, &m) == ERR_OK &&
	       MESSAGE_LABEL_OF(m.info) == 0;
}

/* ---- the service ---- */

struct timer {
	enum { IDLE, SLEEPER, SIGNAL } kind;
	uint64_t time, bits;
	uint64_t client; /* the badge of who asked */
	uint64_t id;	 /* never used again */
};

struct state {
	const struct timer_service *service;
	struct timer timer[TIMERS_MAX];
	uint64_t ids;
};

static struct caddr reply_of(const struct state *s, unsigned i)
{
	return caddr_in(s->service->replies, i);
}

static void answer(const struct state *s, unsigned i, uint32_t status,
		   uint64_t word)
{
	/* Who no longer waits for it is no concern of ours. */
	message_send(reply_of(s, i),
		     (struct message){MESSAGE_INFO(status, 0, 1), {word}, 0});
}

static void fire(struct state *s, unsigned i)
{
	struct timer *t = &s->timer[i];

	if (t->kind == SLEEPER) {
		answer(s, i, 0, 0);
	} else {
		notify(caddr_in(s->service->notifications, i), t->bits);
		sys_cpool_delete(s->service->notifications, i);
	}
	t->kind = IDLE;
}

/* The earliest first; those of one time as they were asked for. */
static struct timer *next_timer(struct state *s)
{
	struct timer *best = NULL;

	for (unsigned i = 0; i < TIMERS_MAX; i++) {
		struct timer *t = &s->timer[i];

		if (t->kind != IDLE &&
		    (!best || t->time < best->time ||
		     (t->time == best->time && t->id < best->id)))
			best = t;
	}
	return best;
}

/* Signals all that are due; returns when the next one is. */
static uint64_t fire_due(struct state *s)
{
	struct timer *t;

	while ((t = next_timer(s)) && t->time <= sys_clock())
		fire(s, t - s->timer);
	return t ? t->time : NO_DEADLINE;
}

static bool cancel(struct state *s, uint64_t id, uint64_t client)
{
	for (unsigned i = 0; i < TIMERS_MAX; i++) {
		struct timer *t = &s->timer[i];

		if (t->kind != SIGNAL || t->id != id || t->client != client)
			continue;
		sys_cpool_delete(s->service->notifications, i);
		t->kind = IDLE;
		return true;
	}
	return false;
}

/* A request that came with the Reply of timer i, which is idle. */
static void handle(struct state *s, unsigned i, const struct message *m)
{
	struct timer t = {.time = m->word[0],
			  .bits = m->word[1],
			  .client = m->badge,
			  .id = ++s->ids};
	unsigned caps = MESSAGE_CAPS(m->info);
	uint32_t label = MESSAGE_LABEL_OF(m->info);

	if (label == SLEEP && caps == 0) {
		t.kind = SLEEPER;
		s->timer[i] = t;
		return;
	}
	if (label == NOTIFY && caps == 1) {
		t.kind = SIGNAL;
		s->timer[i] = t;
		answer(s, i, 0, t.id);
		return;
	}
	sys_cpool_delete(s->service->notifications, i);
	if (label == CANCEL)
		answer(s, i, !cancel(s, m->word[0], m->badge), 0);
	else
		answer(s, i, 1, 0);
}

/* TIMERS_MAX when all are pending. */
static unsigned find_idle(const struct state *s)
{
	unsigned i = 0;

	while (i < TIMERS_MAX && s->timer[i].kind != IDLE)
		i++;
	return i;
}

/* Requests, and the alarm, which is bound to the receiver. */
static enum error serve_one(struct state *s)
{
	unsigned i = find_idle(s);
	struct caddr to = caddr_in(s->service->notifications, i);
	struct message m = {0};
	enum error err;
	uint64_t bits;

	if (i == TIMERS_MAX)
		return notification_wait(s->service->alarm_note, NO_DEADLINE,
					 &bits);
	rt_buffer()->receive[0] = (struct message_cap){to.path, to.depth, 0};
	err = message_receive(s->service->endpoint, reply_of(s, i), &m);
	if (err == ERR_OK && m.info & MESSAGE_CALL)
		handle(s, i, &m);
	return err;
}

void timer_serve(const struct timer_service *service)
{
	struct state *s = calloc(1, sizeof(*s));

	if (!s)
		rt_panic("timer service: no memory");
	s->service = service;
	do {
		while (!alarm_set(&service->alarm, fire_due(s)))
			;
	} while (serve_one(s) == ERR_OK);
	free(s);
}
