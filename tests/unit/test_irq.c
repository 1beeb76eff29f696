/* test_irq.c: interrupt handlers, for inputs and for messages. */
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/fake_arch.h"

#define CONTROL 20
#define NOTE	30
#define BADGED	31
#define HANDLER 40

static struct caller c;
static struct slot *slot;

static int setup(void **state)
{
	struct cap control = {.type = OBJECT_IRQ_CONTROL, .rights = RIGHT_ALL};

	fake_reset();
	caller_create(&c);
	slot = c.pool->slot;
	cap_root(&slot[CONTROL], &control);
	caller_retype(&c, OBJECT_NOTIFICATION, 0, 1, NOTE);
	cap_copy(&slot[NOTE], &slot[BADGED]);
	slot[BADGED].cap.badge = 0x30;
	return 0;
}

static enum error get_line(uint64_t line, uint64_t flags, unsigned place)
{
	return caller_invoke(&c, IRQ_CONTROL_GET, CONTROL, 3,
			     (uint64_t[4]){line, flags, place}, 1);
}

static enum error get_msi(unsigned place)
{
	return caller_invoke(&c, IRQ_CONTROL_GET_MSI, CONTROL, 1,
			     (uint64_t[4]){place}, 1);
}

static enum error bind(unsigned handler, unsigned note)
{
	return caller_invoke(&c, IRQ_HANDLER_BIND, handler, 1,
			     (uint64_t[4]){note}, 1);
}

static enum error plain(unsigned label, unsigned handler)
{
	return caller_invoke(&c, label, handler, 0, (uint64_t[4]){0}, 0);
}

/* The notification's bits, which are taken. */
static uint64_t told(void)
{
	struct notification *n = arch_ptr(slot[NOTE].cap.base);
	uint64_t bits = n->bits;

	n->bits = 0;
	assert_null(verify());
	return bits;
}

static void test_a_message_is_told(void **state)
{
	assert_int_equal(get_msi(HANDLER), ERR_OK);
	assert_int_equal(c.task->regs.rdx, 0xfee00000);
	assert_int_equal(c.task->regs.r10, 0); /* the fake's: its index */
	assert_int_equal(bind(HANDLER, NOTE), ERR_OK);
	irq_happened(0);
	assert_int_equal(told(), 1);
	assert_int_equal(bind(HANDLER, BADGED), ERR_OK);
	irq_happened(0);
	assert_int_equal(told(), 0x30);
	assert_int_equal(plain(IRQ_HANDLER_ACK, HANDLER), ERR_OK);
	assert_int_equal(fake.open, 0); /* no input has to do with it */
}

static void test_one_that_came_too_early_is_told_once(void **state)
{
	get_msi(HANDLER);
	irq_happened(0);
	irq_happened(0);
	assert_int_equal(told(), 0);
	bind(HANDLER, NOTE);
	assert_int_equal(told(), 1);
	assert_int_equal(plain(IRQ_HANDLER_CLEAR, HANDLER), ERR_OK);
	bind(HANDLER, NOTE);
	assert_int_equal(told(), 0);
}

static void test_nobodys_interrupt_is_nothing(void **state)
{
	for (unsigned i = 0; i < IRQS; i++)
		irq_happened(i);
	get_msi(HANDLER);
	bind(HANDLER, NOTE);
	assert_int_equal(told(), 0); /* what was before is not its own */
	cap_delete(&slot[HANDLER]);
	irq_happened(0);
	assert_int_equal(told(), 0);
	assert_true(slot_empty(&kernel.irq[0].notification));
}

/* With the last capability the handler is free, and its input closed. */
static void test_handlers_come_back(void **state)
{
	assert_int_equal(get_line(5, IRQ_LEVEL, HANDLER), ERR_OK);
	assert_int_equal(fake.open, 1 << 5);
	assert_int_equal(get_line(5, 0, HANDLER + 1), ERR_BAD_STATE);
	cap_copy(&slot[HANDLER], &slot[HANDLER + 2]);
	cap_delete(&slot[HANDLER]);
	assert_int_equal(fake.open, 1 << 5);
	cap_delete(&slot[HANDLER + 2]);
	assert_int_equal(fake.open, 0);
	assert_int_equal(get_msi(HANDLER), ERR_OK);
	assert_int_equal(slot[HANDLER].cap.base, 0);
	assert_int_equal(get_line(5, 0, HANDLER + 1), ERR_OK);
	assert_null(verify());
}

static void test_messages_and_inputs_share_the_handlers(void **state)
{
	for (unsigned i = 0; i < IRQS; i++)
		assert_int_equal(i % 2 ? get_line(i, 0, HANDLER + i)
				       : get_msi(HANDLER + i),
				 ERR_OK);
	assert_int_equal(get_msi(HANDLER + IRQS), ERR_NO_MEMORY);
	assert_int_equal(get_line(0, 0, HANDLER + IRQS), ERR_NO_MEMORY);
	assert_null(verify());
	/* A closed message is no input's. */
	fake.open = ~0u;
	cap_delete(&slot[HANDLER + 2]);
	assert_int_equal(fake.open, ~0u);
	assert_int_equal(get_msi(HANDLER + 2), ERR_OK);
	assert_int_equal(c.task->regs.r10, 2);
}

static void test_revoking_takes_them_all(void **state)
{
	get_msi(HANDLER);
	get_line(7, 0, HANDLER + 1);
	bind(HANDLER, NOTE);
	caller_invoke(&c, CPOOL_REVOKE, 0, 1, (uint64_t[4]){CONTROL}, 0);
	assert_int_equal(c.task->regs.rax, ERR_OK);
	assert_true(slot_empty(&slot[HANDLER]));
	assert_true(slot_empty(&slot[HANDLER + 1]));
	assert_int_equal(fake.open, 0);
	irq_happened(0);
	assert_int_equal(told(), 0);
}

static void test_the_notification_goes(void **state)
{
	get_msi(HANDLER);
	bind(HANDLER, BADGED);
	caller_invoke(&c, CPOOL_REVOKE, 0, 1, (uint64_t[4]){NOTE}, 0);
	irq_happened(0); /* remembered: nobody is bound */
	assert_int_equal(told(), 0);
	assert_int_equal(bind(HANDLER, NOTE), ERR_OK);
	assert_int_equal(told(), 1);
}

#define T(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_a_message_is_told),
		T(test_one_that_came_too_early_is_told_once),
		T(test_nobodys_interrupt_is_nothing),
		T(test_handlers_come_back),
		T(test_messages_and_inputs_share_the_handlers),
		T(test_revoking_takes_them_all),
		T(test_the_notification_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
