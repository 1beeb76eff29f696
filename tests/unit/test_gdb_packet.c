/* Framing, escapes and numbers of gdb's protocol. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "gdbstub/packet.h"

static struct packet_reader reader;

/* The last event that is not PACKET_MORE. */
static enum packet_event feed(const char *bytes, size_t len)
{
	enum packet_event last = PACKET_MORE, event;

	for (size_t i = 0; i < len; i++) {
		event = packet_push(&reader, bytes[i]);
		if (event != PACKET_MORE)
			last = event;
	}
	return last;
}

static void test_what_arrives(void **state)
{
	static const struct {
		const char *bytes, *data;
		enum packet_event event;
		bool no_ack;
	} row[] = {
		{"$qC#b4", "qC", PACKET_READY, false},
		{"$qC#B4", "qC", PACKET_READY, false},
		{"$#00", "", PACKET_READY, false},
		{"noise+$qC#b4", "qC", PACKET_READY, false},
		{"$a}\x03z#5b", "a#z", PACKET_READY, false},
		{"$qC#b5", NULL, PACKET_BAD, false},
		{"$qC#b5", "qC", PACKET_READY, true},
		{"$qC#x", NULL, PACKET_BAD, false},
		{"$qC#bx", NULL, PACKET_BAD, false},
		{"$qC#b$qC#b4", "qC", PACKET_READY, false},
		{"$m0$qC#b4", "qC", PACKET_READY, false},
		{"$a}#de", NULL, PACKET_BAD, false},
		{"$a}#de", NULL, PACKET_BAD, true},
		{"$qC", NULL, PACKET_MORE, false},
		{"\x03", NULL, PACKET_INTERRUPT, false},
		{"+", NULL, PACKET_ACK, false},
		{"+", NULL, PACKET_MORE, true},
		{"-", NULL, PACKET_RESEND, false},
		{"-", NULL, PACKET_MORE, true},
	};

	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		memset(&reader, 0, sizeof(reader));
		reader.no_ack = row[i].no_ack;
		assert_int_equal(feed(row[i].bytes, strlen(row[i].bytes)),
				 row[i].event);
		if (row[i].data)
			assert_string_equal(reader.data, row[i].data);
	}
}

static void test_too_long_is_one_packet(void **state)
{
	size_t len = PACKET_MAX + 1;
	char *bytes = malloc(len);

	memset(bytes, 'a', len);
	memset(&reader, 0, sizeof(reader));
	feed("$", 1);
	assert_int_equal(feed(bytes, len), PACKET_MORE);
	assert_int_equal(feed("#00", 3), PACKET_LONG);
	assert_int_equal(feed("$qC#b4", 6), PACKET_READY);
	feed("$", 1);
	feed(bytes, PACKET_MAX);
	assert_int_equal(feed("#00", 3), PACKET_READY);
	assert_int_equal(reader.len, PACKET_MAX);
	free(bytes);
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		uint64_t val;
	} row[] = {
		{"0", true, 0},
		{"00000000000000000001", true, 1},
		{"ffffffffffffffff", true, UINT64_MAX},
		{"10000000000000000", false, 0},
		{"", false, 0},
		{"-1", false, 0},
		{"g", false, 0},
		{"aG", true, 10},
	};
	uint64_t val;

	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct text t = text_of(row[i].text, strlen(row[i].text));

		assert_int_equal(text_number(&t, &val), row[i].ok);
		if (row[i].ok)
			assert_int_equal(val, row[i].val);
	}
}

static void test_what_goes_out(void **state)
{
	struct buffer b = {.max = 1000}, frame = {.max = 1000};

	buffer_escaped(&b, "a#$}*z", 6);
	assert_int_equal(b.len, 10);
	assert_memory_equal(b.data, "a}\x03}\x04}]}\nz", 10);
	packet_frame(&frame, b.data, b.len);
	memset(&reader, 0, sizeof(reader));
	assert_int_equal(feed(frame.data, frame.len), PACKET_READY);
	assert_int_equal(reader.len, 6);
	assert_memory_equal(reader.data, "a#$}*z", 6);
	buffer_fini(&b);
	buffer_fini(&frame);
}

static void test_a_buffer_has_an_end(void **state)
{
	struct buffer b = {.max = 300};

	for (unsigned i = 0; i < 300; i++)
		buffer_byte(&b, 'x');
	assert_false(b.full);
	buffer_byte(&b, 'y');
	assert_true(b.full);
	assert_int_equal(b.len, 300);
	buffer_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_arrives),
		cmocka_unit_test(test_too_long_is_one_packet),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_what_goes_out),
		cmocka_unit_test(test_a_buffer_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
