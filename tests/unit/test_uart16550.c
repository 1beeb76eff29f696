/* The 16550A as drivers probe it, and its interrupts by priority. */
#include "tests/unit/chip.h"

#include <string.h>

enum { RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR };

static struct device *uart;
static struct wire irq;
static char sent[64];
static unsigned sent_count;

static void send(void *host, const uint8_t *buf, size_t len)
{
	memcpy(sent + sent_count, buf, len);
	sent_count += len;
}

static int setup(void **state)
{
	struct byte_sink sink = {send, NULL};

	uart = uart_create(&sink);
	irq = (struct wire){0};
	sent_count = 0;
	uart->irq = line_to(&irq);
	uart->ops->reset(uart);
	return 0;
}

static int teardown(void **state)
{
	uart->ops->destroy(uart);
	return 0;
}

static void receive(const char *text)
{
	assert_int_equal(
		uart_receive(uart, (const uint8_t *)text, strlen(text)),
		strlen(text));
}

static void test_reads_its_reset_values(void **state)
{
	static const uint8_t reset[] = {0x00, 0x00, 0x01, 0x00,
					0x00, 0x60, 0xb0, 0x00};

	for (unsigned reg = 0; reg < COUNT(reset); reg++)
		assert_int_equal(rd(uart, reg), reset[reg]);
	assert_int_equal(rd(uart, 8), 0xff);
}

/* What is written and what is kept of it. */
static void test_keeps_what_it_should(void **state)
{
	static const struct {
		uint8_t reg, written, read;
	} rows[] = {
		{SCR, 0xa5, 0xa5}, {SCR, 0x5a, 0x5a}, {IER, 0xff, 0x0f},
		{MCR, 0xff, 0x1f}, {LCR, 0x7f, 0x7f}, {LSR, 0xff, 0x60},
	};

	for (unsigned i = 0; i < COUNT(rows); i++) {
		wr(uart, rows[i].reg, rows[i].written);
		assert_int_equal(rd(uart, rows[i].reg), rows[i].read);
	}
}

static void test_divisor_hides_behind_dlab(void **state)
{
	wr(uart, LCR, 0x80);
	assert_int_equal(rd(uart, 0), 12);
	wr(uart, 0, 1);
	wr(uart, 1, 2);
	assert_int_equal(rd(uart, 0), 1);
	assert_int_equal(rd(uart, 1), 2);
	wr(uart, LCR, 0x03);
	assert_int_equal(rd(uart, IER), 0);
	assert_int_equal(sent_count, 0);
}

static void test_sends_at_once_and_stays_empty(void **state)
{
	wr(uart, RBR, 'h');
	wr(uart, RBR, 'i');
	assert_int_equal(sent_count, 2);
	assert_memory_equal(sent, "hi", 2);
	assert_int_equal(rd(uart, LSR), 0x60);
}

static void test_out2_gates_the_line(void **state)
{
	wr(uart, IER, 0x01);
	receive("a");
	assert_false(irq.level);
	wr(uart, MCR, 0x08);
	assert_true(irq.level);
	wr(uart, MCR, 0x18); /* loopback holds OUT2 */
	assert_false(irq.level);
	wr(uart, MCR, 0x08);
	rd(uart, RBR);
	assert_false(irq.level);
}

/* Enabling it while empty raises it; reading IIR or sending takes it back. */
static void test_thre_interrupt(void **state)
{
	wr(uart, MCR, 0x08);
	wr(uart, IER, 0x02);
	assert_true(irq.level);
	assert_int_equal(rd(uart, IIR), 0x02);
	assert_false(irq.level);
	assert_int_equal(rd(uart, IIR), 0x01);
	wr(uart, IER, 0x02); /* no change, no new one */
	assert_false(irq.level);
	wr(uart, RBR, 'x');
	assert_true(irq.level);
	wr(uart, IER, 0x00);
	assert_false(irq.level);
	wr(uart, IER, 0x02);
	assert_true(irq.level);
}

static void test_thre_stays_when_another_is_reported(void **state)
{
	wr(uart, MCR, 0x08);
	wr(uart, IER, 0x03);
	receive("a");
	assert_int_equal(rd(uart, IIR), 0x04);
	assert_int_equal(rd(uart, RBR), 'a');
	assert_int_equal(rd(uart, IIR), 0x02);
	assert_int_equal(rd(uart, IIR), 0x01);
}

static void test_interrupts_by_priority(void **state)
{
	wr(uart, MCR, 0x08);
	wr(uart, IER, 0x0f);
	receive("a");
	wr(uart, MCR, 0x1b); /* loopback: CTS and DSR keep, DCD from OUT2 */
	wr(uart, MCR, 0x18);
	wr(uart, RBR, 'b'); /* no room: overrun */
	wr(uart, MCR, 0x08);
	assert_int_equal(rd(uart, IIR), 0x06);
	assert_int_equal(rd(uart, LSR), 0x63);
	assert_int_equal(rd(uart, LSR), 0x61);
	assert_int_equal(rd(uart, IIR), 0x04);
	assert_int_equal(rd(uart, RBR), 'a');
	assert_int_equal(rd(uart, IIR), 0x02);
	assert_int_equal(rd(uart, IIR), 0x00);
	assert_int_equal(rd(uart, MSR) & 0x0f, 0x03);
	assert_int_equal(rd(uart, IIR), 0x01);
	assert_false(irq.level);
}

static void test_fifo_triggers_and_timeout(void **state)
{
	static const struct {
		uint8_t fcr;
		unsigned level;
	} rows[] = {{0x01, 1}, {0x41, 4}, {0x81, 8}, {0xc1, 14}};

	wr(uart, IER, 0x01);
	for (unsigned i = 0; i < COUNT(rows); i++) {
		wr(uart, IIR, 0);
		wr(uart, IIR, rows[i].fcr);
		assert_int_equal(rd(uart, IIR), 0xc1);
		for (unsigned n = 1; n < rows[i].level; n++) {
			receive("x");
			assert_int_equal(rd(uart, IIR), 0xcc);
		}
		receive("x");
		assert_int_equal(rd(uart, IIR), 0xc4);
	}
}

static void test_fifo_holds_sixteen_in_order(void **state)
{
	static const char text[] = "0123456789abcdefgh";

	wr(uart, IIR, 0x01);
	assert_int_equal(uart_room(uart), 16);
	assert_int_equal(uart_receive(uart, (const uint8_t *)text, 18), 16);
	assert_int_equal(uart_room(uart), 0);
	assert_int_equal(uart_receive(uart, (const uint8_t *)text, 1), 0);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(rd(uart, RBR), text[i]);
	assert_int_equal(rd(uart, LSR), 0x60);
}

static void test_fifo_switch_and_reset_flush(void **state)
{
	static const uint8_t flush[] = {0x00, 0x03};

	for (unsigned i = 0; i < COUNT(flush); i++) {
		wr(uart, IIR, 0x01);
		receive("ab");
		wr(uart, IIR, 0x01); /* no change, no flush */
		assert_int_equal(rd(uart, LSR) & 1, 1);
		wr(uart, IIR, flush[i]);
		assert_int_equal(rd(uart, LSR) & 1, 0);
	}
}

static void test_without_fifo_one_byte_fits(void **state)
{
	assert_int_equal(uart_room(uart), 1);
	assert_int_equal(uart_receive(uart, (const uint8_t *)"ab", 2), 1);
	assert_int_equal(rd(uart, RBR), 'a');
}

static void test_loopback(void **state)
{
	wr(uart, MCR, 0x1e); /* RTS, OUT1, OUT2 */
	assert_int_equal(rd(uart, MSR) & 0xf0, 0xd0);
	wr(uart, MCR, 0x1a); /* ring ends: TERI */
	assert_int_equal(rd(uart, MSR), 0x94);
	wr(uart, RBR, 0xae);
	assert_int_equal(sent_count, 0);
	assert_int_equal(uart_room(uart), 0);
	assert_int_equal(rd(uart, LSR), 0x61);
	assert_int_equal(rd(uart, RBR), 0xae);
}

/* A copy of the state struct is the whole guest-visible chip. */
/* A wait to send reads LSR once a byte; a wait to receive, many times. */
static void test_knows_when_the_guest_listens(void **state)
{
	for (unsigned i = 0; i < 64; i++) {
		rd(uart, LSR);
		wr(uart, RBR, 'x');
		sent_count = 0;
	}
	assert_false(uart_listening(uart));
	wr(uart, IER, 0x01);
	assert_true(uart_listening(uart));
	wr(uart, IER, 0x0e);
	assert_false(uart_listening(uart));
	for (unsigned i = 0; i < 16; i++) {
		assert_false(uart_listening(uart));
		rd(uart, LSR);
	}
	assert_true(uart_listening(uart));
}

static void test_state_copies(void **state)
{
	char copy[256], *at = (char *)uart + uart->ops->state_offset;

	assert_true(uart->ops->state_size <= sizeof(copy));
	wr(uart, MCR, 0x08);
	wr(uart, IER, 0x01);
	receive("q");
	memcpy(copy, at, uart->ops->state_size);
	uart->ops->reset(uart);
	assert_false(irq.level);
	memcpy(at, copy, uart->ops->state_size);
	uart->ops->restored(uart);
	assert_true(irq.level);
	assert_int_equal(rd(uart, RBR), 'q');
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_reads_its_reset_values),
		T(test_keeps_what_it_should),
		T(test_divisor_hides_behind_dlab),
		T(test_sends_at_once_and_stays_empty),
		T(test_out2_gates_the_line),
		T(test_thre_interrupt),
		T(test_thre_stays_when_another_is_reported),
		T(test_interrupts_by_priority),
		T(test_fifo_triggers_and_timeout),
		T(test_fifo_holds_sixteen_in_order),
		T(test_fifo_switch_and_reset_flush),
		T(test_without_fifo_one_byte_fits),
		T(test_loopback),
		T(test_knows_when_the_guest_listens),
		T(test_state_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
