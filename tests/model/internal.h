/* internal.h: between the files of the model. */
#ifndef TESTS_MODEL_INTERNAL_H
#define TESTS_MODEL_INTERNAL_H

#include "tests/model/model.h"

#include <stddef.h>

struct m_cap *m_cap_new(const struct m_cap *like, struct m_cap *parent,
			struct m_object *home);
struct m_cap *m_cap_child(const struct m_cap *cap);
void m_cap_rehome(struct m_cap *cap, struct m_object *home);
void m_cap_delete(struct m_cap *cap);
void m_cap_revoke(struct m_cap *cap);

struct m_object *m_object_new(unsigned type);
void m_object_end(struct m_object *object);

void m_queue_add(struct m_queue *q, struct m_object *task);
void m_queue_remove(struct m_queue *q, const struct m_object *task);
void m_wait_end(struct m_object *task);
void m_fail_wait(struct m_object *task, enum error err);
void m_task_stop(struct m_object *task);
/* What a call returned. */
void m_tell(struct m_object *task, enum error err);

/* A slot by its path; NULL and an error if there is none. */
struct m_cap **m_find_slot(struct m_object *task, uint64_t path, unsigned depth,
			   unsigned rights, enum error *err);
void m_message_call(struct m_object *task);
void m_signal_bits(struct m_object *notification, uint64_t bits);
void m_copy_cap(struct m_cap *source, struct m_cap **slot,
		struct m_object *home);

/* A call with all that its row says found and checked. */
struct decoded {
	struct m_object *task;
	struct m_cap *self;
	uint64_t word[4];
	unsigned depth[4];
	struct m_cap **slot[4];
	struct m_object *home[4]; /* the pools that these lie in */
	uint64_t result[3];
};

/* The pool that the last path to be found led to. */
extern struct m_object *m_last_home;

void m_reset(struct m_cap *untyped);
bool m_no_copy(const struct m_cap *cap);
enum error m_retype(struct decoded *d);
enum error m_pool_call(struct decoded *d, unsigned label);
enum error m_channel_put(struct decoded *d, unsigned label);
enum error m_channel_take(struct decoded *d);
enum error m_task_call(struct decoded *d, unsigned label);

#endif
