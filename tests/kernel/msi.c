/*
 * msi.c: interrupts that come as messages, from the HPET, which writes them as
 * a PCI device would: each of its timers can have a handler of its own.
 */
#include "guest-kernel/user/services/alarm.h"
#include "tests/kernel/cases.h"

#define IRQS	   caddr_root(BOOT_SLOT_IRQ_CONTROL)
#define MS	   UINT64_C(1000000)
/* A slow host has to set the alarm within that time. */
#define SOON	   (counts_instructions() ? MS : 200 * MS)
#define AT	   (AREA + 0x20000000)

/* The HPET's registers; its counter goes every 10 ns here. */
#define COUNTER	   (0xf0 / 8)
#define TIMER(n)   ((0x100 + 0x20 * (n)) / 8)
#define CONFIG	   0
#define COMPARATOR 1
#define MESSAGE	   2
#define BY_MESSAGE 0x4004u

static volatile uint64_t *const hpet = (uint64_t *)AT;
static struct caddr note, pool;
static struct alarm_claim claim;
static struct alarm alarm;

/* Timer 0, with a handler that tells `note`. */
static void make_alarm(void)
{
	note = make(OBJECT_NOTIFICATION, 0);
	pool = make(OBJECT_CPOOL, 0);
	EXPECT_OK(alarm_claim(&claim, IRQS, pool, note));
	make_tables(AT);
	EXPECT_OK(sys_page_map(caddr_in(pool, ALARM_FRAME), AT,
			       RIGHT_READ | RIGHT_WRITE, PML4));
	EXPECT(alarm_begin(&alarm, &claim, AT));
}

static enum error wait_bits(uint64_t *bits)
{
	return notification_wait(note, sys_clock() + 5 * SOON, bits);
}

static void ring(void)
{
	EXPECT(alarm_set(&alarm, sys_clock() + SOON));
}

/*
 * Not early, by the HPET's own clock; and by the kernel's neither early nor
 * late where both count instructions. Elsewhere that one is measured, and a
 * busy host measures ill.
 */
static void expect_in_time(uint64_t before)
{
	uint64_t took = sys_clock() - before;

	EXPECT(hpet[COUNTER] >= hpet[TIMER(0) + COMPARATOR]);
	EXPECT((took >= SOON && took < 2 * SOON) || !counts_instructions());
}

static void a_message(void)
{
	uint64_t bits, before;

	make_alarm();
	before = sys_clock();
	ring();
	EXPECT_OK(wait_bits(&bits));
	EXPECT_EQUAL(bits, 1);
	expect_in_time(before);
	EXPECT_EQUAL(wait_bits(&bits), ERR_TIMEOUT);
}

/* It is an edge: nothing has to be acknowledged. */
static void many_messages(void)
{
	uint64_t bits;

	make_alarm();
	for (int i = 0; i < 20; i++) {
		ring();
		EXPECT_OK(wait_bits(&bits));
		if (i % 3 == 0)
			EXPECT_OK(sys_irq_handler_ack(
				caddr_in(pool, ALARM_HANDLER)));
	}
	EXPECT_EQUAL(wait_bits(&bits), ERR_TIMEOUT);
}

static void a_badge(void)
{
	uint64_t bits;

	make_alarm();
	EXPECT_OK(sys_irq_handler_bind(caddr_in(pool, ALARM_HANDLER),
				       minted(note, RIGHT_WRITE, 0x50)));
	ring();
	EXPECT_OK(wait_bits(&bits));
	EXPECT_EQUAL(bits, 0x50);
}

static void before_the_binding(void)
{
	uint64_t bits;

	make_alarm();
	EXPECT_OK(sys_irq_handler_clear(caddr_in(pool, ALARM_HANDLER)));
	ring();
	EXPECT_EQUAL(wait_bits(&bits), ERR_TIMEOUT);
	EXPECT_OK(sys_irq_handler_bind(caddr_in(pool, ALARM_HANDLER), note));
	EXPECT_OK(wait_bits(&bits)); /* it was remembered */
	EXPECT_EQUAL(bits, 1);
}

/* The device goes on sending: to nobody, and no harm is done. */
static void after_the_handler(void)
{
	uint64_t bits, address, data;

	make_alarm();
	EXPECT_OK(sys_cpool_delete(pool, ALARM_HANDLER));
	ring();
	EXPECT_EQUAL(wait_bits(&bits), ERR_TIMEOUT);
	EXPECT_OK(sys_irq_control_get_msi(IRQS, caddr_in(pool, ALARM_HANDLER),
					  &address, &data));
	EXPECT_EQUAL(address, claim.address);
	EXPECT_EQUAL(data, claim.data); /* the first that is free */
	EXPECT_OK(sys_irq_handler_bind(caddr_in(pool, ALARM_HANDLER), note));
	EXPECT_EQUAL(wait_bits(&bits), ERR_TIMEOUT);
	ring();
	EXPECT_OK(wait_bits(&bits));
}

static void three_handlers(void)
{
	struct caddr handler[2] = {empty_slot(), empty_slot()};
	uint64_t address, data, bits, seen = 0;

	make_alarm();
	for (unsigned n = 1; n < 3; n++) {
		EXPECT_OK(sys_irq_control_get_msi(IRQS, handler[n - 1],
						  &address, &data));
		EXPECT_OK(sys_irq_handler_bind(
			handler[n - 1],
			minted(note, RIGHT_WRITE, UINT64_C(2) << n)));
		hpet[TIMER(n) + MESSAGE] = address << 32 | data;
		hpet[TIMER(n) + COMPARATOR] = hpet[COUNTER] + SOON / 5 * n;
		hpet[TIMER(n) + CONFIG] = BY_MESSAGE;
	}
	ring();
	while (seen != (1 | 4 | 8) && wait_bits(&bits) == ERR_OK)
		seen |= bits;
	EXPECT_EQUAL(seen, 1 | 4 | 8);
	for (unsigned n = 1; n < 3; n++)
		hpet[TIMER(n) + CONFIG] = 0;
}

static void never_rest(uint64_t argument)
{
	for (;;)
		__asm__ volatile("pause");
}

static void while_others_run(void)
{
	uint64_t bits, before;
	struct actor *a = make_actor(NULL, 0);

	make_alarm();
	EXPECT_OK(sys_task_set_priority(a->thread.task, 1, 1));
	thread_restart(&a->thread, never_rest, 0);
	before = sys_clock();
	ring();
	EXPECT_OK(wait_bits(&bits));
	expect_in_time(before);
}

static void a_receiver_at_an_endpoint(void)
{
	struct caddr ep = make(OBJECT_ENDPOINT, 0);
	struct caddr other = make(OBJECT_NOTIFICATION, 0);
	struct actor *a = START({SYS_RECV, ep});
	uint64_t bits;

	make_alarm();
	EXPECT_OK(sys_task_bind(a->thread.task, note));
	ring();
	notification_wait(other, sys_clock() + 10 * SOON, &bits);
	EXPECT_EQUAL(state_of(a->thread.task), TASK_INACTIVE);
	EXPECT_EQUAL(a->step[0].m.badge, 1);
	EXPECT_EQUAL(a->step[0].m.info, MESSAGE_NOTIFICATION);
}

/* One claim at a time; and it gives everything back. */
static void claims(void)
{
	struct caddr other = make(OBJECT_CPOOL, 0);

	make_alarm();
	EXPECT_EQUAL(alarm_claim(&claim, IRQS, other, note), ERR_BAD_STATE);
	for (unsigned i = 0; i < ALARM_SLOTS; i++) {
		EXPECT_EQUAL(type_in(other, i), OBJECT_NULL);
		EXPECT_OK(sys_cpool_delete(pool, i));
	}
	EXPECT_OK(alarm_claim(&claim, IRQS, other, note));
}

static void alarms_in_the_past(void)
{
	uint64_t bits;

	make_alarm();
	EXPECT(!alarm_set(&alarm, 0));
	EXPECT(!alarm_set(&alarm, sys_clock()));
	EXPECT(alarm_set(&alarm, NO_DEADLINE));
	EXPECT(alarm_set(&alarm, NO_DEADLINE - 1));
	EXPECT_EQUAL(wait_bits(&bits), ERR_TIMEOUT);
}

int user_main(const struct boot_info *info)
{
	static const struct test_case cases[] = {
		{"a message", a_message},
		{"twenty", many_messages},
		{"with a badge", a_badge},
		{"before the binding", before_the_binding},
		{"after the handler is gone", after_the_handler},
		{"three handlers", three_handlers},
		{"while another task runs", while_others_run},
		{"to who receives at an endpoint", a_receiver_at_an_endpoint},
		{"claims of the HPET", claims},
		{"alarms in the past, and never", alarms_in_the_past},
	};

	return RUN_CASES(cases);
}
