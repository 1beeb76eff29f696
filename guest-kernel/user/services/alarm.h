/*
 * alarm.h: the machine's HPET as an alarm clock: a task that has it is woken
 * at one time to come, by an interrupt that its device sends as a message.
 *
 * Who holds IRQ_CONTROL and the device memory claims it, once; who is to use
 * it gets the frame of its registers and the notification, wherever it lives.
 */
#ifndef SERVICES_ALARM_H
#define SERVICES_ALARM_H

#include "guest-kernel/user/message.h"
#include "guest-kernel/user/rt.h"

/* Slots of the pool that a claim is kept in; emptying it gives all back. */
enum alarm_slot { ALARM_BELOW, ALARM_FRAME, ALARM_HANDLER, ALARM_SLOTS };

/* What the device is to be told, by who maps its registers. */
struct alarm_claim {
	uint64_t address, data;
};

/*
 * Interrupts go to `notification`, as IRQ_HANDLER_BIND says. NO_SLOT: the
 * boot information has no such memory; BAD_STATE: part of it is in use.
 */
enum error alarm_claim(struct alarm_claim *claim, struct caddr irq_control,
		       struct caddr pool, struct caddr notification);

struct alarm {
	volatile uint64_t *registers;
	uint64_t period; /* of its counter, in femtoseconds */
};

/* The frame is mapped there. False: this is no HPET, or one of 32 bits. */
bool alarm_begin(struct alarm *alarm, const struct alarm_claim *claim,
		 uint64_t va);

/*
 * From now on it goes off at `when`, in ns of sys_clock(), or somewhat before
 * if that is hours away; NO_DEADLINE: never. False: that has been already.
 */
bool alarm_set(const struct alarm *alarm, uint64_t when);

#endif
