/*
 * model.h: what the kernel's calls mean, as plain data and the slowest of
 * programs. Written from guest-kernel/abi alone: capabilities and their tree,
 * slots, the accounting of Untypeds, channels, endpoints, Replies,
 * notifications and the states of tasks. Not modelled are address spaces,
 * capabilities in messages, time, interrupts and priorities; and who runs: the
 * model is told, and knows who may.
 */
#ifndef TESTS_MODEL_MODEL_H
#define TESTS_MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "guest-kernel/abi/syscall.h"

struct call {
	uint64_t rax, rdi, rsi, rdx, r10, r8, r9, r12;
};

struct m_object;

/* A capability; NULL is an empty slot. */
struct m_cap {
	bool used;
	unsigned type, rights;
	struct m_object *object; /* what it is of, if that has a state */
	struct m_object *home;	 /* what it lies in */
	struct m_cap *parent;
	unsigned children;
	uint64_t value;		  /* badge, ports, a channel's bits */
	uint64_t base, size, had; /* of an Untyped: what is used of it */
};

struct m_entry {
	unsigned kind;
	uint64_t value;
	struct m_cap *cap;
};

#define M_QUEUE 16

struct m_queue {
	struct m_object *task[M_QUEUE];
	unsigned count;
};

enum { HELD_POOL, HELD_TABLE, HELD_BUFFER, HELD_NOTE, HELD };

struct m_object {
	unsigned type;
	unsigned count; /* of capabilities that do not lie in it */
	bool gone;
	/* CPOOL */
	struct m_cap *slot[CPOOL_SLOTS];
	/* CHANNEL; `queue` takes, `putters` put */
	unsigned bits, entries;
	struct m_entry entry[8];
	struct m_queue queue, putters; /* ENDPOINT, NOTIFICATION, too */
	bool receivers;
	/* NOTIFICATION */
	uint64_t bits_set;
	struct m_object *bound;
	/* REPLY */
	struct m_object *caller, *server;
	/* TASK */
	struct m_cap *held[HELD];
	unsigned state;
	struct m_object *waits, *reply;
	struct call call;  /* the last that it made */
	bool again;	   /* it was stopped in it, and will make it again */
	bool ip, sp, told; /* told: what follows is what it was told */
	uint64_t badge;
	uint64_t rax, rdi, rsi, word[4];
	unsigned words;	 /* of the results that mean something */
	bool has_detail; /* word[0] says what an error is about */
};

/* The one task, its pool, buffer and address space; an Untyped in slot 2. */
struct m_object *model_start(uint64_t base, uint64_t bytes);

/* The task makes the call that is in task->call. */
void model_call(struct m_object *task);

/*
 * The last call has deleted what it was to revoke from, with the pool that it
 * lay in: how much of the rest is gone then, the ABI does not say.
 */
extern bool model_unsaid;

/* Bytes left of an Untyped. */
uint64_t model_left(const struct m_cap *untyped);

#endif
