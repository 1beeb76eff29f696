/*
 * sched_context.c: who runs on which scheduling context, and the calls of
 * SCHED_CONTROL and SCHED_CONTEXT.
 */
#include "guest-kernel/kernel/kernel.h"

void sched_context_init(struct sched_context *sc)
{
	sc->timeout.kind = TIMEOUT_REFILL;
}

void sched_context_bind(struct sched_context *sc, struct task *task)
{
	sc->bound = task;
	sched_context_set(task, sc);
}

void sched_context_lend(struct reply *reply)
{
	struct sched_context *sc = reply->caller->context;

	if (sc->lent == CHAIN_LENGTH)
		return;
	sc->lent++;
	reply->context = sc;
	sched_context_set(reply->server, sc);
}

/* The server may have called on: then it comes back from there, too. */
void sched_context_return(struct reply *reply)
{
	struct sched_context *sc = reply->context;

	while (reply && reply->context == sc) {
		struct task *server = reply->server;

		reply->context = NULL;
		sc->lent--;
		if (server->context == sc)
			sched_context_set(server, NULL);
		reply = server->state == TASK_ANSWERED ? server->reply : NULL;
	}
}

void sched_context_unbind(struct sched_context *sc)
{
	struct task *task = sc->bound;

	sc->bound = NULL;
	if (task->state == TASK_ANSWERED && task->reply->context == sc)
		sched_context_return(task->reply);
	if (task->context == sc)
		sched_context_set(task, NULL);
}

enum error sched_control_set(struct invocation *inv)
{
	struct sched_context *sc = arch_ptr(inv->cap[0]->cap.base);
	uint64_t budget = inv->word[1], period = inv->word[2];

	if (budget < BUDGET_MIN || budget > period)
		return refuse(inv, 2, ERR_RANGE);
	if (period > PERIOD_MAX)
		return refuse(inv, 3, ERR_RANGE);
	sched_refill(sc, budget, period);
	return ERR_OK;
}

enum error sched_context_info(struct invocation *inv)
{
	struct sched_context *sc = arch_ptr(inv->self->cap.base);

	inv->result[0] = sc->refills.budget;
	inv->result[1] = sc->refills.period;
	inv->result[2] = sched_consumed(sc);
	return ERR_OK;
}
