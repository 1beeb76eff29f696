/*
 * spaces.c: services and their clients as programs of their own, each in an
 * address space that nobody else has: names, a timer with the machine's HPET,
 * clients with threads and a mutex. What breaks or is ended leaves the others
 * alone, and a service can be started anew.
 */
#include "guest-kernel/user/child.h"
#include "guest-kernel/user/services/names.h"
#include "guest-kernel/user/services/timer.h"
#include "tests/kernel/check.h"
#include "tests/kernel/servant.h"

#define TIMER_BADGE 2
#define DEVICE	    caddr_root(210) /* a pool for the alarm's claim */

static const struct boot_module *module;
static struct caddr names; /* its Endpoint, without a badge */
static struct child name_service, timer_service;
static struct alarm_claim claim;

static const struct child_gift names_gift = {
	SERVANT_NAMES, {0, 0}, RIGHT_ALL, 0};

static void start(struct child *child, const char *part, uint64_t badge,
		  struct child_gift *gifts, unsigned count,
		  struct caddr channel)
{
	struct child_options options = {.arguments = part,
					.grains = 8,
					.channel = channel,
					.gifts = gifts,
					.gift_count = count};
	enum error err;

	gifts[0] = names_gift;
	gifts[0].cap = names;
	if (badge) {
		gifts[0].rights = RIGHT_WRITE | RIGHT_GRANT;
		gifts[0].badge = badge;
	}
	err = child_make(child, (const void *)module->va, module->bytes,
			 &options);
	if (err != ERR_OK)
		rt_panic("%s: %s: %s", part, error_name(err), child->problem);
	child_go(child);
}

static void start_plain(struct child *child, const char *part, uint64_t badge)
{
	struct child_gift gift[1];

	start(child, part, badge, gift, 1, CADDR_ANY);
}

static int result_of(struct child *child)
{
	int result = -1;

	if (!child_join(child, &result))
		result = -2;
	child_destroy(child);
	return result;
}

static int run(const char *part, uint64_t badge)
{
	static struct child child;

	start_plain(&child, part, badge);
	return result_of(&child);
}

static void start_timer(struct caddr channel)
{
	struct child_gift gifts[] = {
		{0},
		{SERVANT_FRAME, caddr_in(DEVICE, ALARM_FRAME),
		 RIGHT_READ | RIGHT_WRITE, 0},
		{SERVANT_HANDLER, caddr_in(DEVICE, ALARM_HANDLER), RIGHT_ALL,
		 0}};

	sys_channel_put_raw(channel, claim.address, CHANNEL_TRY);
	sys_channel_put_raw(channel, claim.data, CHANNEL_TRY);
	start(&timer_service, "timer", TIMER_BADGE, gifts, 3, channel);
}

/* Until it has published itself. */
static bool timer_is_there(void)
{
	struct caddr slot = caddr_root(211);
	enum names_status status = NAMES_UNKNOWN;

	for (int i = 0; i < 10000 && status == NAMES_UNKNOWN; i++) {
		sys_yield();
		status = names_find(names, "timer", slot);
	}
	sys_cpool_delete(ROOT, slot.path);
	return status == NAMES_OK;
}

static uint64_t memory_left(void)
{
	uint64_t left = 0;

	malloc_trim();
	sys_untyped_info(UNTYPED, NULL, &left, NULL);
	return left;
}

static void test_clients(void)
{
	static struct child client[3];

	check_equal(run("client", 3), SERVANT_GOOD,
		    "a client finds the timer, sleeps, and has a mutex");
	for (unsigned i = 0; i < 3; i++)
		start_plain(&client[i], "client", 4 + i);
	for (unsigned i = 0; i < 3; i++)
		check_equal(result_of(&client[i]), SERVANT_GOOD,
			    "three of them at once");
}

static void test_bad_ones(void)
{
	check_equal(run("thief", 9), SERVANT_FORBIDDEN,
		    "nobody else becomes the timer");
	check_equal(run("broken", 9), -2, "one that faults");
	check_equal(run("client", 9), SERVANT_GOOD, "leaves the others alone");
}

static void test_the_service_goes(struct caddr channel)
{
	static struct child sleeper;

	start_plain(&sleeper, "sleeper", 20);
	for (int i = 0; i < 200; i++)
		sys_yield();
	child_destroy(&timer_service);
	check_equal(result_of(&sleeper), SERVANT_GONE,
		    "who sleeps learns that the timer is gone");
	check(names_revoke(names, "timer") == NAMES_OK, "its name is free");
	check_equal(run("client", 21), SERVANT_UNKNOWN,
		    "and nobody is found by it");
	check(names_grant(names, "timer", TIMER_BADGE) == NAMES_OK,
	      "until it is granted again");
	start_timer(channel);
	check(timer_is_there(), "and the service is started anew");
	check_equal(run("client", 22), SERVANT_GOOD, "as if nothing had been");
}

int user_main(const struct boot_info *info)
{
	struct caddr channel = make(OBJECT_CHANNEL, 1);
	uint64_t before;

	if (info->module_count != 1)
		rt_panic("boot with --module servant.elf");
	module = &info->module[0];
	names = make(OBJECT_ENDPOINT, 0);
	sys_untyped_retype(UNTYPED, OBJECT_CPOOL, 0, 1, DEVICE, NULL);
	check_error(alarm_claim(&claim, caddr_root(BOOT_SLOT_IRQ_CONTROL),
				DEVICE, make(OBJECT_NOTIFICATION, 0)),
		    ERR_OK, "the HPET is claimed");
	start_plain(&name_service, "names", 0);
	check(names_grant(names, "timer", TIMER_BADGE) == NAMES_OK,
	      "a name service in a space of its own");
	start_timer(channel);
	check(timer_is_there(), "and a timer service");
	test_clients();
	before = memory_left();
	test_clients();
	test_bad_ones();
	check_equal(memory_left(), before, "and all of them cost nothing");
	test_the_service_goes(channel);
	child_destroy(&timer_service);
	child_destroy(&name_service);
	return check_done();
}
