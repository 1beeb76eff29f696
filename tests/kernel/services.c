/*
 * services.c: the services that are user programs, each here a thread with an
 * Endpoint, and clients with badges of their own.
 */
#include "guest-kernel/user/services/bulk.h"
#include "guest-kernel/user/services/names.h"
#include "guest-kernel/user/services/timer.h"
#include "guest-kernel/user/thread.h"
#include "tests/kernel/check.h"

#define MS UINT64_C(1000000)

static unsigned minted = 200; /* slots of the root pool, downwards */

/* The Endpoint for the client with that badge. */
static struct caddr mint(struct caddr endpoint, uint64_t badge)
{
	unsigned slot = minted--;

	if (sys_cpool_mint(ROOT, slot, RIGHT_WRITE | RIGHT_GRANT, badge,
			   endpoint) != ERR_OK)
		rt_panic("mint");
	return caddr_root(slot);
}

static struct caddr empty_slot(void)
{
	return caddr_root(minted--);
}

/* Its Endpoint, with all that clients have of it. */
static void end_service(struct caddr endpoint)
{
	sys_cpool_revoke(ROOT, endpoint.path);
	sys_cpool_delete(ROOT, endpoint.path);
}

/* ---- names ---- */

static struct names_service names;

static int serve_names(void *argument)
{
	names_serve(argument);
	return 0;
}

static void check_status(enum names_status got, enum names_status expected,
			 const char *what)
{
	check_equal(got, expected, what);
}

static void test_names(struct caddr parent)
{
	struct caddr alice = mint(parent, 7), bob = mint(parent, 8);
	struct caddr thing = make(OBJECT_NOTIFICATION, 0), to = empty_slot();
	uint64_t bits;

	check_status(names_publish(bob, "disk", thing), NAMES_FORBIDDEN,
		     "a name that nobody granted cannot be taken");
	check_status(names_grant(bob, "disk", 8), NAMES_FORBIDDEN,
		     "nor granted by a client");
	check_status(names_grant(parent, "disk", 7), NAMES_OK,
		     "the parent grants it");
	check_status(names_grant(parent, "disk", 8), NAMES_TAKEN, "once");
	check_status(names_publish(bob, "disk", thing), NAMES_FORBIDDEN,
		     "to one client and no other");
	check_status(names_publish(parent, "disk", thing), NAMES_FORBIDDEN,
		     "not even the parent");
	check_status(names_find(bob, "disk", to), NAMES_UNKNOWN,
		     "nothing is there before it is published");
	check_status(names_publish(alice, "disk", thing), NAMES_OK,
		     "its owner publishes");
	check_status(names_publish(alice, "disk", thing), NAMES_TAKEN, "once");
	check_status(names_find(bob, "disk", to), NAMES_OK, "others find it");
	check_equal(type_in(ROOT, to.path), OBJECT_NOTIFICATION,
		    "and have the capability");
	notify(to, 4);
	notification_wait(thing, NO_DEADLINE, &bits);
	check_equal(bits, 4, "of that very object");
	check_status(names_withdraw(bob, "disk"), NAMES_FORBIDDEN,
		     "nobody else withdraws it");
	check_status(names_withdraw(alice, "disk"), NAMES_OK, "its owner does");
	check_equal(type_in(ROOT, to.path), OBJECT_NULL,
		    "and what was found is gone");
	check_status(names_find(bob, "disk", to), NAMES_UNKNOWN, "for all");
	names_publish(alice, "disk", thing);
	check_status(names_revoke(parent, "disk"), NAMES_OK,
		     "the parent takes a name back");
	check_status(names_find(bob, "disk", to), NAMES_UNKNOWN,
		     "with what was published");
	check_status(names_grant(parent, "disk", 8), NAMES_OK,
		     "and gives it to another");
	check_status(names_publish(alice, "disk", thing), NAMES_FORBIDDEN,
		     "who had it has it no more");
}

static void test_odd_requests(struct caddr parent)
{
	struct caddr eve = mint(parent, 9);
	struct message m = {MESSAGE_INFO(77, 0, 4), {0, 1}, 0};
	enum names_status status = NAMES_OK;
	char name[NAMES_LENGTH + 2] = "n0";

	check_error(message_ask(eve, &m), ERR_OK, "an unknown request");
	check_equal(MESSAGE_LABEL_OF(m.info), NAMES_BAD, "is refused");
	m = (struct message){MESSAGE_INFO(5, 0, 1), {0}, 0};
	message_ask(eve, &m);
	check_equal(MESSAGE_LABEL_OF(m.info), NAMES_BAD, "so is a short one");
	check_status(names_find(eve, "", CADDR_ANY), NAMES_BAD, "no name");
	memset(name, 'x', NAMES_LENGTH + 1);
	check_status(names_find(eve, name, CADDR_ANY), NAMES_BAD,
		     "a name that is too long");
	name[NAMES_LENGTH] = 0;
	check_status(names_grant(parent, name, 9), NAMES_OK,
		     "the longest there can be");
	names_grant(parent, "no cap", 9);
	m = (struct message){MESSAGE_INFO(3, 0, 4), {0, 0x706163206f6e}, 0};
	message_ask(eve, &m);
	check_equal(MESSAGE_LABEL_OF(m.info), NAMES_BAD,
		    "publishing nothing is refused");
	for (int i = 0; status == NAMES_OK && i < 100; i++) {
		rt_snprintf(name, sizeof(name), "name %d", i);
		status = names_grant(parent, name, 9);
	}
	check_status(status, NAMES_FULL, "when no entry is left that is said");
}

static void test_name_service(void)
{
	struct rt_thread thread;

	names = (struct names_service){
		.endpoint = make(OBJECT_ENDPOINT, 0),
		.reply = make(OBJECT_REPLY, 0),
		.pool = make(OBJECT_CPOOL, 0),
	};
	check_error(rt_thread_start(&thread, serve_names, &names), ERR_OK,
		    "the name service");
	test_names(names.endpoint);
	test_odd_requests(names.endpoint);
	end_service(names.endpoint);
	check(rt_thread_join(&thread, NULL), "ends with its Endpoint");
}

/* ---- timers ---- */

static struct timer_service timers;
static struct caddr timer_client;
static volatile unsigned order[4], ordered;

static int serve_timers(void *argument)
{
	timer_serve(argument);
	return 0;
}

static int sleep_until(void *argument)
{
	uintptr_t n = (uintptr_t)argument;
	uint64_t until = (4 - n) * 2 * MS;
	enum error err = timer_sleep(timer_client, until);

	order[ordered++] = n;
	return err;
}

static void test_sleep(void)
{
	struct rt_thread sleeper[4];
	uint64_t start = sys_clock();
	bool right = true;
	int result;

	check_error(timer_sleep(timer_client, 3 * MS), ERR_OK, "a sleep");
	check(sys_clock() - start >= 3 * MS, "is as long as asked for");
	check(sys_clock() - start < 4 * MS, "and hardly longer");
	check_error(timer_sleep_until(timer_client, 0), ERR_OK,
		    "until the past: not at all");
	for (uintptr_t i = 0; i < 4; i++)
		right &= rt_thread_start(&sleeper[i], sleep_until, (void *)i) ==
			 ERR_OK;
	for (int i = 0; i < 4; i++)
		right &= rt_thread_join(&sleeper[i], &result) &&
			 result == ERR_OK;
	check(right, "four sleepers");
	check(order[0] == 3 && order[1] == 2 && order[2] == 1 && order[3] == 0,
	      "wake in the order of their times");
}

static void test_signals(struct caddr service)
{
	struct caddr note = make(OBJECT_NOTIFICATION, 0);
	struct caddr other = mint(service, 12);
	uint64_t bits, id, second, now = sys_clock();

	check_error(timer_notify(timer_client, now + 2 * MS, note, 2, &id),
		    ERR_OK, "a signal to come");
	check_error(timer_notify(timer_client, now + 1 * MS, note, 1, &second),
		    ERR_OK, "and one before it");
	check_error(notification_wait(note, NO_DEADLINE, &bits), ERR_OK,
		    "the earlier one");
	check_equal(bits, 1, "comes first");
	check(sys_clock() - now >= MS, "at its time");
	check(!timer_cancel(other, id), "another client cannot cancel");
	check(timer_cancel(timer_client, id), "who asked can");
	check(!timer_cancel(timer_client, id), "once");
	check(!timer_cancel(timer_client, second), "and not what has been");
	check_error(notification_wait(note, now + 4 * MS, &bits), ERR_TIMEOUT,
		    "what is cancelled does not come");
}

static void test_many_timers(void)
{
	struct caddr note = make(OBJECT_NOTIFICATION, 0);
	uint64_t now = sys_clock(), seen = 0, bits, id;
	enum error err = ERR_OK;

	/* More than there is room for: the last has to wait for the first. */
	for (unsigned i = 0; i <= TIMERS_MAX && err == ERR_OK; i++)
		err = timer_notify(timer_client, now + 2 * MS + i * 1000, note,
				   UINT64_C(1) << (i % 64), &id);
	check_error(err, ERR_OK, "one more timer than there are");
	check(sys_clock() >= now + 2 * MS, "waits until one is free");
	while (seen != UINT64_MAX &&
	       notification_wait(note, now + 9 * MS, &bits) == ERR_OK)
		seen |= bits;
	check_equal(seen, UINT64_MAX, "all of them come");
}

#define ALARM_AT (AREA + 0x800000)

/* The machine's alarm, for the service's task. */
static void give_alarm(const struct rt_thread *thread)
{
	struct caddr pool = make(OBJECT_CPOOL, 0);
	struct alarm_claim claim;

	make_tables(ALARM_AT);
	check_error(alarm_claim(&claim, caddr_root(BOOT_SLOT_IRQ_CONTROL), pool,
				timers.alarm_note),
		    ERR_OK, "the HPET is claimed");
	check_error(sys_page_map(caddr_in(pool, ALARM_FRAME), ALARM_AT,
				 RIGHT_READ | RIGHT_WRITE, PML4),
		    ERR_OK, "mapped");
	check(alarm_begin(&timers.alarm, &claim, ALARM_AT), "is one");
	check_error(sys_task_bind(thread->task, timers.alarm_note), ERR_OK,
		    "and wakes the service");
}

static void test_timer_service(void)
{
	struct rt_thread thread;

	timers = (struct timer_service){
		.endpoint = make(OBJECT_ENDPOINT, 0),
		.replies = make(OBJECT_CPOOL, 0),
		.notifications = make(OBJECT_CPOOL, 0),
		.alarm_note = make(OBJECT_NOTIFICATION, 0),
	};
	check_error(sys_untyped_retype(UNTYPED, OBJECT_REPLY, 0, TIMERS_MAX,
				       caddr_in(timers.replies, 0), NULL),
		    ERR_OK, "replies");
	timer_client = mint(timers.endpoint, 11);
	check_error(rt_thread_make(&thread, serve_timers, &timers), ERR_OK,
		    "the timer service");
	give_alarm(&thread);
	rt_thread_go(&thread);
	test_sleep();
	test_signals(timers.endpoint);
	test_many_timers();
	end_service(timers.endpoint);
	check(rt_thread_join(&thread, NULL), "ends with its Endpoint");
}

/* ---- many bytes ---- */

#define LENT_AT (AREA + 0x5000)
#define PAGE_AT (AREA + 0x9000)

static struct {
	struct caddr endpoint, reply;
	struct bulk_server bulk;
	volatile bool slow;	/* does not answer */
	volatile unsigned seen; /* the rights of what was lent */
} adder;

/* Adds 1 to each byte, if it may; answers with the sum of what was there. */
static uint64_t add(uint8_t *bytes, size_t len, bool write)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		sum += bytes[i];
		if (write)
			bytes[i]++;
	}
	return sum;
}

static void serve_request(struct message *m)
{
	uint64_t type, rights = 0, value;
	uint8_t *bytes;
	size_t len;

	sys_cpool_info(ROOT, adder.bulk.slot.path, &type, &rights, &value);
	adder.seen = rights;
	bytes = bulk_bytes(&adder.bulk, m, &len);
	if (bytes && m->word[1])
		m->word[1] = add(bytes, len, !rights || rights & RIGHT_WRITE);
	bulk_answer(m, !bytes, len);
}

static int serve_adder(void *argument)
{
	struct message m = {0};
	enum error err;

	bulk_expect(&adder.bulk);
	err = message_receive(adder.endpoint, adder.reply, &m);
	while (err == ERR_OK) {
		while (adder.slow)
			sys_yield();
		serve_request(&m);
		err = message_answer(adder.endpoint, adder.reply, &m);
	}
	return 0;
}

static uint8_t bytes[BULK_MAX + 1];

static void fill_bytes(void)
{
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = i * 3;
}

/* The first n are one more than fill_bytes() made them, the others not. */
static bool all_added(unsigned n)
{
	for (unsigned i = 0; i < sizeof(bytes); i++)
		if (bytes[i] != (uint8_t)(i * 3 + (i < n)))
			return false;
	return true;
}

static bool call_both_ways(const struct bulk *bulk, unsigned n)
{
	struct message m = {.word = {0, 1}};
	uint64_t sum;
	bool right;

	fill_bytes();
	sum = add(bytes, n, false);
	right = bulk_call(bulk, adder.endpoint, BULK_READ, bytes, n,
			  NO_DEADLINE, &m) == ERR_OK &&
		m.word[1] == sum && all_added(0);
	m = (struct message){.word = {0, 1}};
	return right &&
	       bulk_call(bulk, adder.endpoint, BULK_WRITE, bytes, n,
			 NO_DEADLINE, &m) == ERR_OK &&
	       m.word[1] == sum && all_added(n);
}

static void test_bulk_sizes(const struct bulk *bulk)
{
	static const unsigned sizes[] = {0,
					 1,
					 8,
					 9,
					 511,
					 BULK_COPY - 1,
					 BULK_COPY,
					 BULK_COPY + 1,
					 BULK_MAX - 1,
					 BULK_MAX};
	bool right = true;

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		right &= call_both_ways(bulk, sizes[i]);
	check(right, "bytes arrive and come back, copied or lent");
}

static void test_lending(const struct bulk *bulk)
{
	struct message m = {.word = {0, 1}};

	fill_bytes();
	check_error(bulk_call(bulk, adder.endpoint, BULK_WRITE, bytes, 3000,
			      NO_DEADLINE, &m),
		    ERR_OK, "a page is lent to be written");
	check(bytes[2999] == (uint8_t)(2999 * 3 + 1) &&
		      bytes[3000] == (uint8_t)(3000 * 3),
	      "which it was, and no further");
	check_equal(adder.seen & (RIGHT_READ | RIGHT_WRITE),
		    RIGHT_READ | RIGHT_WRITE, "with the right to");
	check_equal(type_in(ROOT, adder.bulk.slot.path), OBJECT_NULL,
		    "and then taken back");
	m = (struct message){.word = {0, 1}};
	check_error(bulk_call(bulk, adder.endpoint, BULK_READ, bytes, 3000,
			      NO_DEADLINE, &m),
		    ERR_OK, "a page is lent to be read");
	check_equal(adder.seen & (RIGHT_READ | RIGHT_WRITE), RIGHT_READ,
		    "and not more");
	check_error(bulk_call(bulk, adder.endpoint, BULK_READ, bytes,
			      BULK_MAX + 1, NO_DEADLINE, &m),
		    ERR_RANGE, "more than a page is refused");
	adder.slow = true;
	check_error(bulk_call(bulk, adder.endpoint, BULK_WRITE, bytes, 3000,
			      sys_clock() + 2 * MS, &m),
		    ERR_TIMEOUT, "a server that is too slow");
	check_equal(type_in(ROOT, adder.bulk.slot.path), OBJECT_NULL,
		    "has nothing any more");
	adder.slow = false;
}

#define ROUNDS 50

/* Instructions of a call, where time is instructions, as on the simulator. */
static uint64_t cost(const struct bulk *bulk, size_t len, bool lend)
{
	uint64_t start = sys_clock();

	for (int i = 0; i < ROUNDS; i++) {
		struct message m = {0};

		if (lend) /* as bulk_call() does beyond BULK_COPY */
			bulk_call(bulk, adder.endpoint, BULK_READ, bulk->page,
				  BULK_COPY + 1, NO_DEADLINE, &m);
		else
			bulk_call(bulk, adder.endpoint, BULK_READ, bytes, len,
				  NO_DEADLINE, &m);
	}
	return (sys_clock() - start) / ROUNDS;
}

static void say_costs(const struct bulk *bulk)
{
	static const unsigned sizes[] = {0, 64, 256, 512, BULK_COPY};

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		rt_print("cost: call with %u bytes copied: %llu", sizes[i],
			 (unsigned long long)cost(bulk, sizes[i], false));
	rt_print("cost: call with a page lent and mapped: %llu",
		 (unsigned long long)cost(bulk, 0, true));
}

static void test_bulk(void)
{
	struct bulk bulk = bulk_of(map_new(PAGE_AT, RIGHT_READ | RIGHT_WRITE),
				   (void *)PAGE_AT);
	struct rt_thread thread;

	adder.endpoint = make(OBJECT_ENDPOINT, 0);
	adder.reply = make(OBJECT_REPLY, 0);
	adder.bulk = (struct bulk_server){empty_slot(), LENT_AT};
	check_error(rt_thread_start(&thread, serve_adder, NULL), ERR_OK,
		    "a service that takes bytes");
	test_bulk_sizes(&bulk);
	test_lending(&bulk);
	say_costs(&bulk);
	end_service(adder.endpoint);
	check(rt_thread_join(&thread, NULL), "ends with its Endpoint");
}

int user_main(const struct boot_info *info)
{
	test_name_service();
	test_timer_service();
	test_bulk();
	return check_done();
}
