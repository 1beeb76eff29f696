/*
 * servant.c: one program for several parts in `spaces.c`, each in an address
 * space of its own; its first word says which. What it is given lies in the
 * slots below; all else it makes of its own memory.
 */
#include "tests/kernel/servant.h"

#include "guest-kernel/user/services/mutex.h"
#include "guest-kernel/user/services/names.h"
#include "guest-kernel/user/services/timer.h"
#include "guest-kernel/user/space.h"
#include "guest-kernel/user/thread.h"

#define MEMORY caddr_root(BOOT_SLOT_UNTYPED)
#define NAMES  caddr_root(SERVANT_NAMES)
#define MS     UINT64_C(1000000)

static unsigned next_slot = 100;

static void must(enum error err, const char *what)
{
	if (err != ERR_OK)
		rt_panic("%s: %s", what, error_name(err));
}

static struct caddr make(enum abi_object type)
{
	struct caddr slot = caddr_root(next_slot++);

	must(sys_untyped_retype(MEMORY, type, 0, 1, slot, NULL), "make");
	return slot;
}

static struct caddr make_replies(unsigned count)
{
	struct caddr pool = make(OBJECT_CPOOL);

	must(sys_untyped_retype(MEMORY, OBJECT_REPLY, 0, count,
				caddr_in(pool, 0), NULL),
	     "replies");
	return pool;
}

static struct caddr for_clients(struct caddr endpoint)
{
	struct caddr slot = caddr_root(next_slot++);

	must(sys_cpool_mint(caddr_root(BOOT_SLOT_CPOOL), slot.path,
			    RIGHT_WRITE | RIGHT_GRANT, 0, endpoint),
	     "an endpoint for clients");
	return slot;
}

/* ---- the services ---- */

static int be_names(void)
{
	const struct names_service service = {
		.endpoint = NAMES,
		.reply = make(OBJECT_REPLY),
		.pool = make(OBJECT_CPOOL),
	};

	names_serve(&service);
	return 0;
}

/* The claim's two numbers came through the channel. */
static void begin_alarm(struct alarm *alarm)
{
	uint64_t va = space_stacks() + (UINT64_C(1) << 30);
	struct alarm_claim claim;
	struct taken got[2];

	for (unsigned i = 0; i < 2; i++)
		must(sys_channel_take(caddr_root(BOOT_SLOT_CHANNEL),
				      CHANNEL_TRY, CADDR_ANY, &got[i]),
		     "the claim");
	claim = (struct alarm_claim){got[0].value, got[1].value};
	must(space_map(space_own(), caddr_root(SERVANT_FRAME), va,
		       RIGHT_READ | RIGHT_WRITE),
	     "registers");
	if (!alarm_begin(alarm, &claim, va))
		rt_panic("no HPET");
}

static int be_timer(void)
{
	struct timer_service service = {
		.endpoint = make(OBJECT_ENDPOINT),
		.replies = make_replies(TIMERS_MAX),
		.notifications = make(OBJECT_CPOOL),
		.alarm_note = make(OBJECT_NOTIFICATION),
	};

	begin_alarm(&service.alarm);
	must(sys_irq_handler_bind(caddr_root(SERVANT_HANDLER),
				  service.alarm_note),
	     "interrupts");
	must(sys_task_bind(caddr_root(BOOT_SLOT_TASK), service.alarm_note),
	     "the alarm");
	if (names_publish(NAMES, "timer", for_clients(service.endpoint)) !=
	    NAMES_OK)
		rt_panic("publish");
	timer_serve(&service);
	return 0;
}

/* ---- clients ---- */

static struct mutex_keeper keeper;
static struct mutex mutex = {.keeper = &keeper};
static struct caddr timer;
static volatile int inside, most, rounds;

static int keep(void *argument)
{
	mutex_keep(&keeper);
	return 0;
}

/* Sleeps while it holds the mutex, so that the others have to wait. */
static int work(void *argument)
{
	for (int i = 0; i < 3; i++) {
		if (mutex_take(&mutex) != ERR_OK)
			return 1;
		inside++;
		most = inside > most ? inside : most;
		if (timer_sleep(timer, MS / 10) != ERR_OK)
			return 2;
		inside--;
		rounds++;
		mutex_leave(&mutex);
	}
	return 0;
}

/* Two threads, a keeper, and the timer of another program. */
static bool threads_exclude_each_other(void)
{
	struct rt_thread keeping, worker[2];
	int result;
	bool good;

	keeper = (struct mutex_keeper){make(OBJECT_ENDPOINT),
				       make_replies(MUTEX_WAITERS + 1)};
	must(rt_thread_start(&keeping, keep, NULL), "keeper");
	for (int i = 0; i < 2; i++)
		must(rt_thread_start(&worker[i], work, NULL), "worker");
	good = true;
	for (int i = 0; i < 2; i++)
		good &= rt_thread_join(&worker[i], &result) && result == 0;
	return good && most == 1 && rounds == 6;
}

static int be_client(void)
{
	uint64_t before = sys_clock();

	timer = caddr_root(next_slot++);
	if (names_find(NAMES, "timer", timer) != NAMES_OK)
		return SERVANT_UNKNOWN;
	if (timer_sleep(timer, 2 * MS) != ERR_OK)
		return SERVANT_NO_TIMER;
	if (sys_clock() - before < 2 * MS)
		return SERVANT_TOO_EARLY;
	return threads_exclude_each_other() ? SERVANT_GOOD : SERVANT_NO_MUTEX;
}

/* Sleeps, and is told if the service goes meanwhile. */
static int be_sleeper(void)
{
	enum error err;

	timer = caddr_root(next_slot++);
	if (names_find(NAMES, "timer", timer) != NAMES_OK)
		return SERVANT_UNKNOWN;
	err = timer_sleep(timer, 1000000 * MS);
	return err == ERR_GONE || err == ERR_NO_REPLY ? SERVANT_GONE
						      : SERVANT_TOO_EARLY;
}

/* Wants to be the timer that others find. */
static int be_thief(void)
{
	struct caddr mine = for_clients(make(OBJECT_ENDPOINT));

	return names_publish(NAMES, "timer", mine) == NAMES_FORBIDDEN
		       ? SERVANT_FORBIDDEN
		       : SERVANT_GOOD;
}

static int be_broken(void)
{
	int *volatile wrong = (int *)8;

	*wrong = 1;
	return SERVANT_GOOD;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} parts[] = {
		{"names", be_names},   {"timer", be_timer},
		{"client", be_client}, {"sleeper", be_sleeper},
		{"thief", be_thief},   {"broken", be_broken},
	};

	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (argc > 1 && !strcmp(argv[1], parts[i].name))
			return parts[i].run();
	rt_panic("what am I?");
}
