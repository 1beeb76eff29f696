/*
 * Backtrace tokens there and back: the guest's side walks a stack and writes
 * the token, the host's reads it and believes nothing that was changed.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "guest-kernel/user/backtrace.h"
#include "guest-kernel/user/rt.h"
#include "shell/token.h"

enum error sys_print(const char *text, size_t len)
{
	return ERR_OK;
}

static const uint8_t id[4] = {0x1f, 0x0c, 0x33, 0xa8};

static const struct backtrace good = {{0x8b12, 0x8b60, 0x89c0}, 3, 0};

static void assert_same(const struct token *t, const struct backtrace *b)
{
	assert_memory_equal(t->id, id, 4);
	assert_int_equal(t->count, b->count);
	assert_memory_equal(t->pc, b->pc, b->count * sizeof(b->pc[0]));
	assert_int_equal(t->end, b->end);
}

static void test_a_token_is_short_and_plain(void **state)
{
	char text[BACKTRACE_TOKEN_SIZE];
	size_t len = backtrace_token(text, &good, id);

	assert_int_equal(len, strlen(text));
	/* The CRC is zlib's: python3 -c 'import zlib; ...'. */
	assert_string_equal(text, "1:1f0c33a8:8b12+4e-1a0:990c83d2");
}

static void test_tokens_come_back(void **state)
{
	static const struct backtrace rows[] = {
		{{0}, 0, 0},
		{{0}, 0, BACKTRACE_BROKEN},
		{{0}, 1, 0},
		{{UINT64_MAX, 0, UINT64_MAX}, 3, 0},
		{{1, 1, 1}, 3, BACKTRACE_BROKEN},
		{{0xffffffff80101234, 0x88b0, 0x7fffffffffff},
		 3,
		 BACKTRACE_CUT},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[BACKTRACE_TOKEN_SIZE + 8];
		size_t len = backtrace_token(text, &rows[i], id);
		struct token t;

		assert_true(len < BACKTRACE_TOKEN_SIZE);
		strcpy(text + len, "\r\nx: 1");
		assert_int_equal(token_parse(text, strlen(text), &t),
				 TOKEN_GOOD);
		assert_int_equal(t.len, len);
		assert_same(&t, &rows[i]);
	}
}

static void test_the_longest_fits(void **state)
{
	struct backtrace b = {.count = BACKTRACE_FRAMES_MAX,
			      .end = BACKTRACE_CUT};
	char text[BACKTRACE_TOKEN_SIZE];
	struct token t;
	size_t len;

	for (unsigned i = 0; i < b.count; i++)
		b.pc[i] = i % 2 ? 0 : UINT64_MAX;
	len = backtrace_token(text, &b, id);
	assert_int_equal(len, strlen(text));
	assert_int_equal(token_parse(text, len, &t), TOKEN_GOOD);
	assert_same(&t, &b);
}

static void test_every_change_is_seen(void **state)
{
	char text[BACKTRACE_TOKEN_SIZE], changed[BACKTRACE_TOKEN_SIZE];
	size_t len = backtrace_token(text, &good, id);
	struct token t;

	for (size_t at = 0; at < len; at++) {
		for (int c = 0; c < 256; c++) {
			memcpy(changed, text, len);
			changed[at] = c;
			if (c != text[at])
				assert_int_not_equal(
					token_parse(changed, len, &t),
					TOKEN_GOOD);
		}
		assert_int_not_equal(token_parse(text, at, &t), TOKEN_GOOD);
		/* One lost, one doubled. */
		memcpy(changed, text, at);
		memcpy(changed + at, text + at + 1, len - at - 1);
		assert_int_not_equal(token_parse(changed, len - 1, &t),
				     TOKEN_GOOD);
	}
}

static void test_what_is_no_token(void **state)
{
	static const struct {
		const char *text;
		enum token_state state;
	} rows[] = {
		{"", TOKEN_NONE},
		{"1", TOKEN_NONE},
		{"0x88b0 0x1234", TOKEN_NONE},
		{":", TOKEN_NONE},
		{"1234:", TOKEN_NONE},
		{"1:", TOKEN_DAMAGED},
		{"0:x", TOKEN_VERSION},
		{"2:whatever", TOKEN_VERSION},
		{"1:1f0c33a8", TOKEN_DAMAGED},
		{"1:1f0c33a8:", TOKEN_DAMAGED},
		{"1:1f0c33a8::", TOKEN_DAMAGED},
		{"1:1f0c33a8:~:00000000", TOKEN_DAMAGED},
		{"1:1f0c33a8:12345678123456789:00000000", TOKEN_DAMAGED},
		{"1:1f0c33a8:1+:00000000", TOKEN_DAMAGED},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct token t;

		if (token_parse(rows[i].text, strlen(rows[i].text), &t) !=
		    rows[i].state)
			fail_msg("row %zu", i);
	}
}

/* A stack of three frames, and where they stand in it. */
struct stack {
	uint64_t word[32];
	uint64_t base, top;
};

static void make_stack(struct stack *s)
{
	memset(s->word, 0xff, sizeof(s->word));
	s->base = (uintptr_t)s->word;
	s->top = s->base + sizeof(s->word);
	s->word[4] = s->base + 10 * 8;
	s->word[5] = 0x8001;
	s->word[10] = s->base + 30 * 8;
	s->word[11] = 0x8002;
	s->word[30] = 0;
	s->word[31] = 0x8003;
}

static void test_a_walk_follows_the_frames(void **state)
{
	struct backtrace b;
	struct stack s;

	make_stack(&s);
	backtrace_walk(&b, s.base + 4 * 8, s.base, s.top);
	assert_int_equal(b.count, 3);
	assert_int_equal(b.pc[0], 0x8001);
	assert_int_equal(b.pc[1], 0x8002);
	assert_int_equal(b.pc[2], 0x8003);
	assert_int_equal(b.end, 0);
	s.word[31] = 0; /* as a thread begins: called by nobody */
	backtrace_walk(&b, s.base + 4 * 8, s.base, s.top);
	assert_int_equal(b.count, 2);
	assert_int_equal(b.end, 0);
}

static void test_a_broken_chain_ends_the_walk(void **state)
{
	struct stack s;

	make_stack(&s);
	/* Below, above, at the edges, not aligned, itself, one before. */
	const uint64_t wrong[] = {8,
				  s.base - 8,
				  s.top,
				  s.top - 8,
				  UINT64_MAX,
				  s.base + 10 * 8 + 1,
				  s.base + 4 * 8,
				  s.base,
				  s.base + 5 * 8,
				  UINT64_C(1) << 63};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct backtrace b;

		s.word[4] = wrong[i];
		backtrace_walk(&b, s.base + 4 * 8, s.base, s.top);
		assert_int_equal(b.count, 1);
		assert_int_equal(b.end, BACKTRACE_BROKEN);
	}
}

static void test_a_long_chain_is_cut(void **state)
{
	static uint64_t word[2 * (BACKTRACE_FRAMES_MAX + 1)];
	uint64_t base = (uintptr_t)word, top = base + sizeof(word);
	struct backtrace b;

	for (unsigned i = 0; i <= BACKTRACE_FRAMES_MAX; i++) {
		word[2 * i] = base + 16 * (i + 1);
		word[2 * i + 1] = 1 + i;
	}
	word[2 * BACKTRACE_FRAMES_MAX] = 0;
	backtrace_walk(&b, base, base, top);
	assert_int_equal(b.count, BACKTRACE_FRAMES_MAX);
	assert_int_equal(b.end, BACKTRACE_CUT);
	backtrace_walk(&b, base + 16, base, top);
	assert_int_equal(b.count, BACKTRACE_FRAMES_MAX);
	assert_int_equal(b.end, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_token_is_short_and_plain),
		cmocka_unit_test(test_tokens_come_back),
		cmocka_unit_test(test_the_longest_fits),
		cmocka_unit_test(test_every_change_is_seen),
		cmocka_unit_test(test_what_is_no_token),
		cmocka_unit_test(test_a_walk_follows_the_frames),
		cmocka_unit_test(test_a_broken_chain_ends_the_walk),
		cmocka_unit_test(test_a_long_chain_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
