/* test_user_link.c: the debug link's frames, and the guest's end of it. */
#include <string.h>

#include "guest-kernel/user/link.h"

#include "tests/unit/unit.h"

/* What the server was asked to call, and what that gives. */
static struct fixture {
	struct link link;
	struct task_buffer buffer;
	struct link_registers called;
	unsigned calls, answers;
	uint64_t result;
	uint8_t sent[2 * LINK_FRAME_MAX];
	size_t sent_len;
	struct link_parser host;
	struct link_frame answer;
} f;

static void call(struct link_registers *r)
{
	f.called = *r;
	f.calls++;
	r->rax = f.result;
	r->rdx = r->rdx % 21;
}

static uint64_t now(void)
{
	return 1000;
}

static void send(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		link_push(&f.host, bytes[i]);
		f.answers += link_next(&f.host, &f.answer);
	}
}

static int set_up(void **state)
{
	memset(&f, 0, sizeof(f));
	f.link.hello = (struct link_hello){2, 44, 0x88b0, 0x70003ffc};
	f.link.buffer = &f.buffer;
	f.link.call = call;
	f.link.clock = now;
	f.link.send = send;
	return 0;
}

static uint32_t frame_of(uint8_t *frame, uint8_t kind, uint32_t sequence,
			 const void *payload, size_t len)
{
	if (len)
		memcpy(frame + LINK_HEAD, payload, len);
	return link_seal(frame, kind, sequence, len);
}

static void give(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		link_receive(&f.link, bytes[i]);
}

static void ask(uint8_t kind, uint32_t sequence, const void *payload,
		size_t len)
{
	uint8_t frame[LINK_FRAME_MAX];

	give(frame, frame_of(frame, kind, sequence, payload, len));
}

static void test_hello(void **state)
{
	ask(LINK_HELLO, 7, NULL, 0);
	assert_int_equal(f.answers, 1);
	assert_int_equal(f.answer.kind, LINK_HELLO | LINK_ANSWER);
	assert_int_equal(f.answer.sequence, 7);
	assert_int_equal(f.answer.length, sizeof(struct link_hello));
	assert_memory_equal(f.answer.payload, &f.link.hello,
			    sizeof(struct link_hello));
}

/* Each number of the line: what is around a frame does not matter. */
static void test_garbage_around_frames(void **state)
{
	uint8_t frame[LINK_FRAME_MAX], noise[64];
	uint32_t len = frame_of(frame, LINK_HELLO, 1, NULL, 0);

	for (unsigned i = 0; i < sizeof(noise); i++)
		noise[i] = i % 3 ? LINK_MAGIC_0 : LINK_MAGIC_1;
	for (unsigned i = 0; i < sizeof(noise); i++) {
		give(noise, i);
		give(frame, len);
		assert_int_equal(f.answers, i + 1);
	}
	assert_true(f.link.parser.lost > 0);
}

/* A bit that flips anywhere: the frame is none, and the next one is. */
static void test_every_flipped_bit(void **state)
{
	struct link_syscall call = {.rax = SYS_CLOCK};
	uint8_t frame[LINK_FRAME_MAX];
	uint32_t len = frame_of(frame, LINK_SYSCALL, 1, &call, sizeof(call));

	for (uint32_t bit = 0; bit < 8 * len; bit++) {
		frame[bit / 8] ^= 1 << bit % 8;
		give(frame, len);
		assert_int_equal(f.answers, bit);
		frame[bit / 8] ^= 1 << bit % 8;
		ask(LINK_HELLO, 100 + bit, NULL, 0);
		assert_int_equal(f.answers, bit + 1);
		assert_int_equal(f.answer.sequence, 100 + bit);
	}
	assert_int_equal(f.calls, 0);
}

static void test_the_longest_frame_and_one_more(void **state)
{
	static uint8_t frame[LINK_FRAME_MAX + 1], zeros[LINK_PAYLOAD_MAX];
	uint32_t len = frame_of(frame, LINK_HELLO, 1, zeros, LINK_PAYLOAD_MAX);

	give(frame, len);
	assert_int_equal(f.answer.kind, LINK_REFUSED);
	assert_int_equal(f.answers, 1);
	/* Its length says more than there may be. */
	link_seal(frame, LINK_HELLO, 2, 0);
	link_put(frame + 8, LINK_PAYLOAD_MAX + 1, 2);
	link_put(frame + 10, link_crc(frame, 10) & 0xffff, 2);
	give(frame, LINK_HEAD);
	ask(LINK_HELLO, 3, NULL, 0);
	assert_int_equal(f.answers, 2);
}

static struct link_syscall invoke(uint64_t label)
{
	return (struct link_syscall){
		.rax = SYS_INVOKE, .rdi = 2, .rsi = label, .wait_ns = 500};
}

static void test_syscall(void **state)
{
	struct link_syscall s = invoke(TASK_SET_IP);
	struct link_result r;

	f.result = ERR_WRONG_TYPE;
	s.rdx = 22;
	ask(LINK_SYSCALL, 1, &s, sizeof(s));
	assert_int_equal(f.calls, 1);
	assert_int_equal(f.called.rdi, 2);
	assert_int_equal(f.called.rdx, 22);
	assert_int_equal(f.answer.kind, LINK_SYSCALL | LINK_ANSWER);
	memcpy(&r, f.answer.payload, sizeof(r));
	assert_int_equal(r.rax, ERR_WRONG_TYPE);
	assert_int_equal(r.rdx, 1);
}

static void test_the_same_request_is_done_once(void **state)
{
	struct link_syscall s = invoke(TASK_SET_IP);

	ask(LINK_SYSCALL, 5, &s, sizeof(s));
	ask(LINK_SYSCALL, 5, &s, sizeof(s));
	assert_int_equal(f.calls, 1);
	assert_int_equal(f.answers, 2);
	ask(LINK_SYSCALL, 6, &s, sizeof(s));
	assert_int_equal(f.calls, 2);
	/* Not after a new host's greeting, whatever number it takes. */
	ask(LINK_HELLO, 9, NULL, 0);
	ask(LINK_SYSCALL, 6, &s, sizeof(s));
	assert_int_equal(f.calls, 3);
}

static void test_every_wait_has_an_end(void **state)
{
	static const struct {
		uint64_t rax, rsi, rdx, r10;
	} row[] = {
		{SYS_CALL, MESSAGE_DEADLINE, 0, 0},
		{SYS_SEND, MESSAGE_DEADLINE, 0, 0},
		{SYS_RECV, MESSAGE_DEADLINE, 0, 0},
		{SYS_NB_SEND, 0, 0, 0},
		{SYS_NB_RECV, 0, 0, 0},
		{SYS_INVOKE, CHANNEL_TAKE, CHANNEL_DEADLINE, 0},
		{SYS_INVOKE, CHANNEL_PUT_RAW, 0, CHANNEL_DEADLINE},
		{SYS_INVOKE, CHANNEL_PUT_PAYLOAD, 0, CHANNEL_DEADLINE},
		{SYS_INVOKE, CHANNEL_PUT_CAP, 0, CHANNEL_DEADLINE},
		{SYS_INVOKE, TASK_SET_IP, 0, 0},
		{SYS_INVOKE, PAGE_MAP, 0, 0},
	};

	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct link_syscall s = {.rax = row[i].rax, .wait_ns = 7};

		if (row[i].rax == SYS_INVOKE)
			s.rsi = row[i].rsi;
		ask(LINK_SYSCALL, 1 + i, &s, sizeof(s));
		assert_int_equal(f.called.rsi, row[i].rsi);
		assert_int_equal(f.called.rdx, row[i].rdx);
		assert_int_equal(f.called.r10, row[i].r10);
		assert_int_equal(f.called.r13, 1007);
	}
	struct link_syscall s = {.rax = SYS_RECV, .wait_ns = UINT64_MAX};

	ask(LINK_SYSCALL, 99, &s, sizeof(s));
	assert_int_equal(f.called.r13, 1000 + LINK_WAIT_MAX_NS);
}

static void test_data_to_and_from_the_buffer(void **state)
{
	struct {
		struct link_syscall s;
		uint8_t caps[LINK_CAPS_BYTES];
		uint8_t data[TASK_BUFFER_BYTES];
	} request = {.s = invoke(CHANNEL_PUT_PAYLOAD)};

	memset(request.caps, 3, sizeof(request.caps));
	memset(request.data, 4, sizeof(request.data));
	request.s.flags = LINK_CAPS;
	request.s.data_len = request.s.want = TASK_BUFFER_BYTES;
	ask(LINK_SYSCALL, 1, &request, sizeof(request));
	assert_int_equal(f.calls, 1);
	assert_int_equal(f.buffer.data[TASK_BUFFER_BYTES - 1], 4);
	assert_int_equal(f.buffer.send[0].path, 0x0303030303030303);
	assert_int_equal(f.buffer.receive[2].kind, 0x03030303);
	assert_int_equal(f.answer.length,
			 sizeof(struct link_result) + TASK_BUFFER_BYTES);
	assert_int_equal(f.answer.payload[sizeof(struct link_result)], 4);
}

/* Refused, by which reason, and nothing was called. */
static void test_refusals(void **state)
{
	struct link_syscall s[] = {
		{.rax = SYS_EXIT},	   {.rax = SYS_SET_FS_BASE},
		{.rax = SYS_COUNT},	   {.rax = UINT64_MAX},
		{.rax = SYS_REPLY_RECV},   {.rax = SYS_CLOCK, .flags = 2},
		{.rax = 0, .data_len = 1}, {.rax = 0, .want = 1025},
		{.rax = 0, .flags = 1},
	};
	uint8_t reason[] = {LINK_NOT_HERE,   LINK_NOT_HERE,   LINK_NOT_HERE,
			    LINK_NOT_HERE,   LINK_NOT_HERE,   LINK_BAD_LENGTH,
			    LINK_BAD_LENGTH, LINK_BAD_LENGTH, LINK_BAD_LENGTH};
	uint8_t frame[LINK_FRAME_MAX];
	uint32_t len;

	for (unsigned i = 0; i < sizeof(reason); i++) {
		ask(LINK_SYSCALL, 1 + i, &s[i], sizeof(s[i]));
		assert_int_equal(f.answer.kind, LINK_REFUSED);
		assert_int_equal(f.answer.payload[0], reason[i]);
	}
	ask(LINK_SYSCALL, 50, s, sizeof(s[0]) - 1);
	assert_int_equal(f.answer.payload[0], LINK_BAD_LENGTH);
	ask(77, 52, NULL, 0);
	assert_int_equal(f.answer.payload[0], LINK_BAD_KIND);
	assert_int_equal(f.calls, 0);

	len = frame_of(frame, LINK_HELLO, 53, NULL, 0);
	frame[2] = LINK_VERSION + 1;
	link_put(frame + 10, link_crc(frame, 10) & 0xffff, 2);
	link_put(frame + len - 4, link_crc(frame, len - 4), 4);
	give(frame, len);
	assert_int_equal(f.answer.payload[0], LINK_BAD_VERSION);
	assert_int_equal(f.answer.payload[4], LINK_VERSION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_hello, set_up),
		cmocka_unit_test_setup(test_garbage_around_frames, set_up),
		cmocka_unit_test_setup(test_every_flipped_bit, set_up),
		cmocka_unit_test_setup(test_the_longest_frame_and_one_more,
				       set_up),
		cmocka_unit_test_setup(test_syscall, set_up),
		cmocka_unit_test_setup(test_the_same_request_is_done_once,
				       set_up),
		cmocka_unit_test_setup(test_every_wait_has_an_end, set_up),
		cmocka_unit_test_setup(test_data_to_and_from_the_buffer,
				       set_up),
		cmocka_unit_test_setup(test_refusals, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
