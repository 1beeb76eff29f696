/*
 * loop.h: descriptors and host-time timers; the monitor's event loop.
 *
 * Callbacks run only inside loop_poll(), on the thread that owns the machine,
 * so nothing below needs a lock. While the CPU runs, a second thread, the
 * watcher, sleeps on the same descriptors and timers and kicks the CPU when
 * something is ready; it touches nothing else. Nothing here is visible to the
 * guest but through the devices' receive functions.
 */
#ifndef VMM_LOOP_H
#define VMM_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;

/* The kick is called by the watcher thread; it may be NULL for tests. */
struct loop *loop_create(void (*kick)(void *ctx), void *ctx);
void loop_destroy(struct loop *loop);

/*
 * Call `ready` in loop_poll() whenever `fd` is readable or at its end.
 * 0, -ENOMEM, or -ENOSPC when too many are watched.
 */
int loop_add(struct loop *loop, int fd, void (*ready)(void *ctx), void *ctx);

/* Stop watching; also from inside a callback. Unknown: nothing happens. */
void loop_remove(struct loop *loop, int fd);

/* Call `fire` once at host-monotonic `when_ns`; 0 removes it. */
int loop_timer(struct loop *loop, uint64_t when_ns, void (*fire)(void *ctx),
	       void *ctx);

/* The host's monotonic clock. */
uint64_t loop_now_ns(void);

/*
 * Run what is ready; wait up to `wait_ns` for something to be (0: do not
 * wait; UINT64_MAX: for ever). Returns the number of callbacks run.
 */
int loop_poll(struct loop *loop, uint64_t wait_ns);

#endif
