/*
 * A session by its packets, with a target that is played: what a client may
 * send, and what each of it is answered.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "gdbstub/packet.h"
#include "gdbstub/stub.h"
#include "tests/unit/fake_target.h"

#define OUT_MAX 4096

struct session {
	struct fake_target target;
	struct stub *stub;
	char last[OUT_MAX]; /* the data of the last packet */
	unsigned replies;
};

static void sent(void *ctx, const void *data, size_t len)
{
	struct session *s = ctx;

	if (len == 1) /* an acknowledgement */
		return;
	assert_true(len >= 4);
	s->replies++;
	len -= 4;
	memcpy(s->last, (const char *)data + 1, len < OUT_MAX ? len : OUT_MAX);
	s->last[len < OUT_MAX ? len : OUT_MAX - 1] = '\0';
}

static int setup(void **state)
{
	struct session *s = calloc(1, sizeof(*s));
	struct stub_config config = {.target = {&fake_target_ops, &s->target},
				     .ctx = s,
				     .send = sent};

	s->stub = stub_create(&config);
	*state = s;
	return !s->stub;
}

static int teardown(void **state)
{
	struct session *s = *state;

	stub_destroy(s->stub, false);
	free(s);
	return 0;
}

static void send_bytes(struct session *s, const char *data, size_t len)
{
	struct buffer b = {.max = PACKET_MAX * 2};

	packet_frame(&b, data, len);
	stub_input(s->stub, b.data, b.len);
	buffer_fini(&b);
}

/* The reply to it; NULL: there is none. */
static const char *ask(struct session *s, const char *packet)
{
	unsigned before = s->replies;

	send_bytes(s, packet, strlen(packet));
	return s->replies == before ? NULL : s->last;
}

/* `reply` with "..." at its end is how it begins. */
static void expect(struct session *s, const char *packet, const char *reply)
{
	const char *got = ask(s, packet);
	size_t len = strlen(reply);

	if (!got)
		fail_msg("%s: no reply", packet);
	if (len > 3 && !strcmp(reply + len - 3, "..."))
		len -= 3;
	else
		len = len > strlen(got) ? len : strlen(got);
	if (strncmp(got, reply, len) != 0)
		fail_msg("%s: %s, not %s", packet, got, reply);
}

struct row {
	const char *packet, *reply;
};

#define EXPECT_ALL(s, rows)                                           \
	for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++) \
	expect(s, (rows)[i].packet, (rows)[i].reply)

static void test_what_is_not_known_is_empty(void **state)
{
	static const struct row rows[] = {
		{"", ""},
		{"vMustReplyEmpty", ""},
		{"QNonStop:1", ""},
		{"vFile:open:61,0,0", ""},
		{"vStopped", ""},
		{"qXfer:features:write:target.xml:0:00", ""},
		{"qXfer:featuresx:read:target.xml:0,10", ""},
		{"qXfer:threadsx:read::0,10", ""},
		{"qXfer:auxv:read::0,10", ""},
		{"Z5,0,1", ""},
		{"z5,0,1", ""},
		{"Z", ""},
		{"QThreadEvents:1", ""},
		{"bx", ""},
	};

	EXPECT_ALL(*state, rows);
}

static void test_threads_that_are_there_or_not(void **state)
{
	static const struct row rows[] = {
		{"Hg0", "OK"},
		{"Hg-1", "OK"},
		{"Hg2", "OK"},
		{"qC", "QC2"},
		{"Hg7", "E03"},
		{"qC", "QC2"},
		{"Hc-1", "OK"},
		{"Hc0", "OK"},
		{"Hc7", "E03"},
		{"Hx0", "E22"},
		{"H", "E22"},
		{"Hgp", "E22"},
		{"T1", "OK"},
		{"T3", "E03"}, /* of process 1 */
		{"T7", "E03"},
		{"T0", "E03"},
		{"T-1", "E03"},
		{"T", "E22"},
		{"Tp2.3", "OK"},
		{"Tp3.3", "E03"},
		{"Hgp2.0", "OK"},
		{"Hgp-1.-1", "OK"},
		{"Hgp9.1", "E03"},
		{"qThreadExtraInfo,1", "613c6223..."},
		{"qThreadExtraInfo,9", "E03"},
		{"qThreadExtraInfo,-1", "E03"},
		{"qThreadExtraInfo", "E22"},
		{"Hg100000000", "E22"},
	};

	EXPECT_ALL(*state, rows);
}

static void test_a_thread_that_has_ended(void **state)
{
	struct session *s = *state;

	expect(s, "qSupported:multiprocess+", "PacketSize=20000;...");
	expect(s, "Hgp2.3", "OK");
	s->target.gone = true;
	expect(s, "Tp2.3", "E03");
	expect(s, "Hgp2.3", "E03");
	expect(s, "qThreadExtraInfo,p2.3", "E03");
	expect(s, "vCont;c:p2.3", "E03");
	expect(s, "vCont;s:p2.-1", "E03");
	expect(s, "Hg0", "OK"); /* another, then */
	expect(s, "qC", "QCp1.1");
}

static void test_who_is_to_go(void **state)
{
	static const struct {
		const char *packet;
		enum gdb_step step; /* of thread 1 */
		const char *reply;  /* NULL: it goes */
	} rows[] = {
		{"vCont;c", GDB_GO, NULL},
		{"vCont;c:1", GDB_GO, NULL},
		{"vCont;s:p1.1;c:p1.-1", GDB_STEP, NULL},
		{"vCont;t:2;c", GDB_GO, NULL},
		{"vCont;r10,20:1", GDB_STEP, NULL},
		{"vCont;r20,10:1;c", GDB_STEP, NULL},
		{"vCont;C05:0", GDB_GO, NULL},
		{"vCont;s", GDB_STEP, NULL},
		{"vCont;c:9", GDB_STAY, "E03"},
		{"vCont;c:p9.-1", GDB_STAY, "E03"},
		{"vCont;t", GDB_STAY, "E03"},
		{"vCont", GDB_STAY, "E22"},
		{"vCont;", GDB_STAY, "E22"},
		{"vCont;x", GDB_STAY, "E22"},
		{"vCont;c:", GDB_STAY, "E22"},
		{"vCont;r1:1", GDB_STAY, "E22"},
		{"vCont;Czz", GDB_STAY, "E22"},
		{"vCont;c:1junk", GDB_STAY, "E22"},
	};
	struct session *s = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		s->target.step = GDB_STAY;
		if (rows[i].reply) {
			expect(s, rows[i].packet, rows[i].reply);
			assert_false(s->target.running);
			continue;
		}
		assert_null(ask(s, rows[i].packet));
		assert_int_equal(s->target.step, rows[i].step);
		stub_input(s->stub, "\x03", 1);
		assert_memory_equal(s->last, "T02thread:", 10);
	}
}

static void test_an_interrupt_of_what_stands_is_nothing(void **state)
{
	struct session *s = *state;

	stub_input(s->stub, "\x03\x03", 2);
	assert_int_equal(s->replies, 0);
	assert_null(ask(s, "vCont;c"));
	stub_input(s->stub, "\x03\x03", 2);
	assert_int_equal(s->replies, 2); /* a note, and the stop */
}

static void test_points_good_and_bad(void **state)
{
	static const struct row rows[] = {
		{"Z0,1000,1", "OK"},
		{"Z0,1000,1", "OK"}, /* once more is the same */
		{"Z0,1000,0", "OK"}, /* kinds of instructions are no matter */
		{"Z1,1000,ffff", "OK"},
		{"Z2,1000,8", "OK"},
		{"Z2,1000,0", "E22"},
		{"Z2,ffffffffffffffff,1", "OK"},
		{"Z2,ffffffffffffffff,2", "E22"},
		{"Z3,0,ffffffffffffffff", "OK"},
		{"Z4,10000000000000000,1", "E22"},
		{"Z0,1000", "E22"},
		{"Z0,,1", "E22"},
		{"Z0", "E22"},
		{"Z0,1000,1;X1,27", "OK"},
		{"Z0,1000,1;X1,2", "E22"},
		{"Z0,1000,1;X0,", "E22"},
		{"Z0,1000,1;X1,zz", "E22"},
		{"Z0,1000,1;Xffffffff,27", "E22"},
		{"Z0,1000,1;cmds:0,X1,27", "E22"},
		{"Z0,1000,1X1,27X1,27", "OK"},
		{"z0,1000,1", "OK"},
		{"z0,1000,1", "OK"}, /* of none */
		{"z2,4000,8", "OK"},
		{"z0,1000,1;X1,27", "E22"},
	};

	EXPECT_ALL(*state, rows);
}

static void test_documents_by_pieces(void **state)
{
	/* "<target>#$}*</target>", 21 bytes of which four are escaped */
	static const struct row rows[] = {
		{"qXfer:features:read:target.xml:0,5", "m<targ"},
		{"qXfer:features:read:target.xml:0,0", "m<"},
		{"qXfer:features:read:target.xml:14,5", "l>"},
		{"qXfer:features:read:target.xml:15,5", "l"},
		{"qXfer:features:read:target.xml:16,5", "E22"},
		{"qXfer:features:read:target.xml:ffffffffffffffff,1", "E22"},
		{"qXfer:features:read:target.xml:0,ffffffffffffffff",
		 "l<target>}\x03}\x04}\x5d}\x0a</target>"},
		{"qXfer:features:read:target.xml:8,1", "m}\x03"},
		{"qXfer:features:read:target.xml:0", "E22"},
		{"qXfer:features:read:target.xml:,1", "E22"},
		{"qXfer:features:read:target.xml:0,1,1", "E22"},
		{"qXfer:features:read:../../etc/passwd:0,10", "E00"},
		{"qXfer:features:read::0,10", "E00"},
		{"qXfer:threads:read:x:0,10", "E00"},
		{"qXfer:threads:read::0,5", "m<?xml"},
		{"qXfer:exec-file:read:1:0,10", "l/k"},
		{"qXfer:exec-file:read::0,10", "l/k"},
		{"qXfer:exec-file:read:2:0,10", "E00"},
		{"qXfer:exec-file:read:1x:0,10", "E00"},
	};

	EXPECT_ALL(*state, rows);
}

static void test_memory_at_its_ends(void **state)
{
	static const struct row rows[] = {
		{"M10,4:23247d2a", "OK"},
		{"m10,4", "23247d2a"},
		{"x10,4", "b}\x03}\x04}\x5d}\x0a"},
		{"x10,0", "b"},
		{"mffff,8", "00"}, /* as much as there is */
		{"m10000,1", "E14"},
		{"mffffffffffffffff,1", "E14"},
		{"mffffffffffffffff,2", "E22"},
		{"M10000,1:00", "E14"},
		{"Mffff,2:0000", "E14"},
		{"M10,4:00", "E22"},
		{"M10,1:0000", "E22"},
		{"M10,1:0", "E22"},
		{"M10,1:zz", "E22"},
		{"M10,0:", "OK"},
		{"X10,0:", "OK"},
		{"X10,2:a", "E22"},
		{"X10,ffffffffffffffff:a", "E22"},
		{"m10,4", "23247d2a"},
	};

	EXPECT_ALL(*state, rows);
}

static void test_sums_and_searches(void **state)
{
	static const struct row rows[] = {
		{"M100,9:313233343536373839", "OK"},
		{"qCRC:100,9", "C0376e6e7"}, /* CRC-32/MPEG-2's check value */
		{"qCRC:100,0", "Cffffffff"},
		{"qCRC:ffff,2", "E14"},
		{"qCRC:0,40000001", "E22"},
		{"qCRC:ffffffffffffffff,2", "E22"},
		{"qSearch:memory:0;1000;456", "1,103"},
		{"qSearch:memory:104;1000;456", "0"},
		{"qSearch:memory:103;3;456", "1,103"},
		{"qSearch:memory:103;2;456", "0"},
		{"qSearch:memory:0;1000;", "E22"},
		{"qSearch:memory:0;20000;x", "E14"}, /* not all is there */
		{"qSearch:memory:ffffffffffffffff;2;x", "E22"},
		{"qSearch:memory:0;100000001;x", "E22"},
	};

	EXPECT_ALL(*state, rows);
}

/* However the bytes arrive. */
static void test_escapes_split_over_reads(void **state)
{
	static const char packet[] = "X20,4:}\x03}\x04}\x5d*";
	struct session *s = *state;
	struct buffer b = {.max = 256};

	packet_frame(&b, packet, sizeof(packet) - 1);
	for (size_t cut = 0; cut <= b.len; cut++) {
		memset(s->target.mem, 0, sizeof(s->target.mem));
		s->last[0] = '\0';
		stub_input(s->stub, b.data, cut);
		stub_input(s->stub, b.data + cut, b.len - cut);
		assert_string_equal(s->last, "OK");
		assert_memory_equal(s->target.mem + 0x20, "#$}*\0", 5);
	}
	buffer_fini(&b);
}

static void test_a_packet_of_16_mib(void **state)
{
	struct session *s = *state;
	size_t len = 65536;
	char *bytes = malloc(len);

	memset(bytes, 'm', len);
	stub_input(s->stub, "$", 1);
	for (unsigned i = 0; i < 256; i++)
		stub_input(s->stub, bytes, len);
	stub_input(s->stub, "#00", 3);
	assert_int_equal(s->replies, 1);
	assert_string_equal(s->last, "E22");
	expect(s, "qC", "QC1");
	free(bytes);
}

static void test_no_acknowledgements_asked_for_twice(void **state)
{
	struct session *s = *state;

	expect(s, "QStartNoAckMode", "OK");
	expect(s, "QStartNoAckMode", "OK");
	stub_input(s->stub, "$qC#00", 6); /* sums are not looked at */
	assert_string_equal(s->last, "QC1");
	assert_int_equal(s->replies, 3);
}

static void test_ends_of_one_process(void **state)
{
	static const struct row rows[] = {
		{"D;", "E22"},	     {"D;0", "E22"},	  {"D;-1", "E22"},
		{"D;63", "E03"},     {"D;1x", "E22"},	  {"Dx", "E22"},
		{"vKill;", "E22"},   {"vKill;63", "E03"}, {"vAttach;63", "E03"},
		{"vAttach;", "E22"},
	};
	struct session *s = *state;

	EXPECT_ALL(s, rows);
	assert_false(stub_over(s->stub));
	expect(s, "vKill;1", "OK");
	expect(s, "vCont;c", "E03"); /* there is nothing that could go */
	expect(s, "Hg0", "E03");
	expect(s, "?", "T05...");
	expect(s, "D;1", "OK");
	assert_true(stub_over(s->stub));
	assert_null(ask(s, "?"));
}

static void test_what_is_run_and_with_what(void **state)
{
	static const struct {
		const char *packet, *args; /* NULL: refused, by `reply` */
		const char *reply;
	} rows[] = {
		{"vRun;", "(none)", "T05..."},
		{"vRun;;", "(none)", "T05..."},
		{"vRun;6b", "(none)", "T05..."},
		{"vRun;;61", "a", "T05..."},
		{"vRun;6B;612062;63", "a b c", "T05..."},
		{"vRun;;;61", " a", "T05..."},
		{"vRun;6b6b", NULL, "E01"},
		{"vRun;6", NULL, "E22"},
		{"vRun;;6", NULL, "E22"},
		{"vRun;;6100", NULL, "E22"},
		{"vRun;00", NULL, "E22"},
		{"vRun;;zz", NULL, "E22"},
	};
	struct session *s = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned before = s->target.restarts;

		expect(s, rows[i].packet, rows[i].reply);
		assert_int_equal(s->target.restarts,
				 before + (rows[i].args != NULL));
		if (rows[i].args)
			assert_string_equal(s->target.args, rows[i].args);
	}
	assert_null(ask(s, "R00"));
	assert_string_equal(s->target.args, "(none)");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_not_known_is_empty),
		TEST(test_threads_that_are_there_or_not),
		TEST(test_a_thread_that_has_ended),
		TEST(test_who_is_to_go),
		TEST(test_an_interrupt_of_what_stands_is_nothing),
		TEST(test_points_good_and_bad),
		TEST(test_documents_by_pieces),
		TEST(test_memory_at_its_ends),
		TEST(test_sums_and_searches),
		TEST(test_escapes_split_over_reads),
		TEST(test_a_packet_of_16_mib),
		TEST(test_no_acknowledgements_asked_for_twice),
		TEST(test_ends_of_one_process),
		TEST(test_what_is_run_and_with_what),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
