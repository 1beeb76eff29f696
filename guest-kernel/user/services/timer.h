/*
 * timer.h: the timer service: sleeping, and signals at a time to come. A task
 * that waits for something else has the kernel's deadlines (message.h); this
 * is for who must not wait, or has nothing to wait for.
 *
 * Times are nanoseconds of sys_clock().
 */
#ifndef SERVICES_TIMER_H
#define SERVICES_TIMER_H

#include "guest-kernel/user/message.h"
#include "guest-kernel/user/rt.h"
#include "guest-kernel/user/services/alarm.h"

#define TIMERS_MAX 64 /* pending at a time; who comes then waits */

/* ---- clients; `service` is an Endpoint with RIGHT_WRITE and RIGHT_GRANT */

/* Returns when that time has come, or has been. */
enum error timer_sleep_until(struct caddr service, uint64_t time);
enum error timer_sleep(struct caddr service, uint64_t ns);

/*
 * Signals the Notification when the time comes: the bits of its badge, or
 * `bits` if it has none. `id` is for timer_cancel().
 */
enum error timer_notify(struct caddr service, uint64_t time,
			struct caddr notification, uint64_t bits, uint64_t *id);
/* False: it was signalled already, or is no timer of this client's (badge). */
bool timer_cancel(struct caddr service, uint64_t id);

/*
 * ---- the service ----
 *
 * It knows the time by sys_clock() and is woken by its own alarm: the kernel
 * keeps no deadline for it. `alarm_note` is where the alarm's interrupts go;
 * who starts the service binds it to the task that serves (TASK_BIND).
 */
struct timer_service {
	struct caddr endpoint;
	struct caddr replies; /* a pool: Replys in slots 0..TIMERS_MAX-1 */
	struct caddr notifications; /* an empty pool */
	struct alarm alarm;
	struct caddr alarm_note;
};

/* Serves until its Endpoint is gone. */
void timer_serve(const struct timer_service *service);

#endif
