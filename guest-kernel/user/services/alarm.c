/* alarm.c: see alarm.h; IA-PC HPET specification 1.0a. */
#include "guest-kernel/user/services/alarm.h"

#define HPET	      UINT64_C(0xfed00000) /* in every PC that has one */
#define PAGE	      UINT64_C(4096)

/* Registers, of 64 bits each. */
#define CAPABILITIES  (0x000 / 8)
#define CONFIG	      (0x010 / 8)
#define COUNTER	      (0x0f0 / 8)
#define TIMER_CONFIG  (0x100 / 8)
#define COMPARATOR    (0x108 / 8)
#define MESSAGE	      (0x110 / 8)

#define WIDE	      0x2000u /* CAPABILITIES: 64 bits */
#define COUNTS	      1u      /* CONFIG */
#define INTERRUPTS    0x0004u /* TIMER_CONFIG */
#define BY_MESSAGE    0x4000u
#define CAN_MESSAGE   0x8000u

#define FS_PER_NS     UINT64_C(1000000)
#define PERIOD_MAX_FS UINT64_C(100000000) /* more is forbidden */
#define FAR_NS	      (UINT64_C(1) << 43) /* in fs it still has room */

static const struct boot_untyped *find_memory(void)
{
	const struct boot_info *info = rt_boot_info();

	for (unsigned i = 0; i < info->untyped_count; i++) {
		const struct boot_untyped *u = &info->untyped[i];

		if (u->flags & UNTYPED_DEVICE && u->base <= HPET &&
		    HPET - u->base + PAGE <= u->bytes)
			return u;
	}
	return NULL;
}

/* An Untyped gives from its beginning on: what lies below is set aside. */
static enum error make_frame(struct caddr pool)
{
	const struct boot_untyped *u = find_memory();
	uint64_t bytes = 0, left = 0;
	struct caddr memory;
	enum error err;

	if (!u)
		return ERR_NO_SLOT;
	memory = caddr_root(u->slot);
	err = sys_untyped_info(memory, &bytes, &left, NULL);
	if (!err && left != bytes)
		err = ERR_BAD_STATE;
	if (!err && u->base < HPET)
		err = sys_untyped_retype(memory, OBJECT_UNTYPED, HPET - u->base,
					 1, caddr_in(pool, ALARM_BELOW), NULL);
	return err ? err
		   : sys_untyped_retype(memory, OBJECT_RAW_PAGE, 0, 1,
					caddr_in(pool, ALARM_FRAME), NULL);
}

enum error alarm_claim(struct alarm_claim *claim, struct caddr irq_control,
		       struct caddr pool, struct caddr notification)
{
	struct caddr handler = caddr_in(pool, ALARM_HANDLER);
	enum error err = make_frame(pool);

	if (!err)
		err = sys_irq_control_get_msi(irq_control, handler,
					      &claim->address, &claim->data);
	if (!err)
		err = sys_irq_handler_bind(handler, notification);
	for (unsigned i = 0; err && i < ALARM_SLOTS; i++)
		sys_cpool_delete(pool, i);
	return err;
}

bool alarm_begin(struct alarm *alarm, const struct alarm_claim *claim,
		 uint64_t va)
{
	volatile uint64_t *r = (volatile uint64_t *)va;
	uint64_t capabilities = r[CAPABILITIES];

	*alarm = (struct alarm){r, capabilities >> 32};
	if (!alarm->period || alarm->period > PERIOD_MAX_FS ||
	    !(capabilities & WIDE) || !(r[TIMER_CONFIG] & CAN_MESSAGE))
		return false;
	r[CONFIG] = 0;
	r[MESSAGE] = claim->address << 32 | claim->data;
	r[COMPARATOR] = UINT64_MAX;
	r[TIMER_CONFIG] = INTERRUPTS | BY_MESSAGE;
	r[CONFIG] = COUNTS;
	return true;
}

bool alarm_set(const struct alarm *alarm, uint64_t when)
{
	volatile uint64_t *r = alarm->registers;
	uint64_t now = sys_clock(), far, at;

	if (when == NO_DEADLINE) {
		r[COMPARATOR] = UINT64_MAX;
		return true;
	}
	if (when <= now)
		return false;
	far = when - now < FAR_NS ? when - now : FAR_NS;
	at = r[COUNTER] + far * FS_PER_NS / alarm->period + 1;
	r[COMPARATOR] = at;
	/* One that is passed while it is written does not come. */
	return r[COUNTER] < at;
}
