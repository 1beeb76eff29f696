/* cases.c: see cases.h. */
#include "tests/kernel/cases.h"

#define PAGE 4096

static bool good, elsewhere;
static struct actor actors[ACTORS];
static unsigned actor_count;

void expect_at(bool ok, unsigned line, const char *what)
{
	if (!ok)
		rt_print("# line %u: not so: %s", line, what);
	good &= ok;
}

void expect_equal_at(uint64_t got, uint64_t want, unsigned line,
		     const char *what)
{
	if (got != want)
		rt_print("# line %u: %s is 0x%llx, not 0x%llx", line, what,
			 (unsigned long long)got, (unsigned long long)want);
	good &= got == want;
}

static unsigned free_slots(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < CPOOL_SLOTS; i++)
		count += type_in(ROOT, i) == OBJECT_NULL;
	return count;
}

static void run_case(const struct test_case *c)
{
	unsigned slots = free_slots();
	uint64_t bytes = 0, left = 0;

	good = true;
	elsewhere = c->elsewhere;
	actor_count = 0;
	c->run();
	unmake();
	EXPECT_OK(sys_untyped_info(CASE_MEMORY, &bytes, &left, NULL));
	EXPECT_EQUAL(left, bytes);
	EXPECT_EQUAL(free_slots(), slots);
	check(good, c->name);
}

int run_cases(const struct test_case *cases, unsigned count)
{
	if (sys_untyped_retype(UNTYPED, OBJECT_UNTYPED, CASE_BYTES, 1,
			       CASE_MEMORY, NULL) != ERR_OK)
		rt_panic("no memory for the cases");
	make_from(CASE_MEMORY);
	for (unsigned i = 0; i < count; i++)
		run_case(&cases[i]);
	return check_done();
}

struct caddr empty_slot(void)
{
	struct caddr slot = make(OBJECT_NOTIFICATION, 0);

	EXPECT_OK(sys_cpool_delete(ROOT, slot.path));
	return slot;
}

struct caddr minted(struct caddr cap, uint64_t rights, uint64_t badge)
{
	struct caddr slot = empty_slot();

	EXPECT_OK(sys_cpool_mint(ROOT, slot.path, rights, badge, cap));
	return slot;
}

static void map_tables(struct caddr space, uint64_t va)
{
	static const enum abi_object types[] = {OBJECT_PDPT, OBJECT_PD,
						OBJECT_PT};

	for (unsigned i = 0; i < 3; i++)
		sys_table_map(make(types[i], 0), va, space);
}

struct caddr make_space(void)
{
	const struct boot_info *info = rt_boot_info();
	struct caddr space = make(OBJECT_PML4, 0);
	struct caddr pages = make(OBJECT_CPOOL, 0);
	unsigned i = 0;

	for (uint64_t va = info->image_base; va < info->image_end; va += PAGE) {
		struct caddr from = caddr_in(caddr_root(BOOT_SLOT_FRAMES), i);
		struct caddr to = caddr_in(pages, i++);
		uint64_t rights = 0;
		enum error err;

		sys_cpool_info(caddr_root(BOOT_SLOT_FRAMES), to.path & 0xff,
			       NULL, &rights, NULL);
		rights &= RIGHT_READ | RIGHT_WRITE | RIGHT_EXEC;
		EXPECT_OK(sys_cpool_copy(pages, to.path & 0xff, from));
		err = sys_page_map(to, va, rights, space);
		if (err == ERR_NO_TABLE) {
			map_tables(space, va);
			err = sys_page_map(to, va, rights, space);
		}
		EXPECT_OK(err);
	}
	return space;
}

enum error do_step(struct step *s)
{
	uint64_t deadline = s->deadline ? s->deadline : NO_DEADLINE;

	s->error =
		message_call(s->number, s->target, s->reply, deadline, &s->m);
	return s->error;
}

static void act(uint64_t at)
{
	struct actor *actor = (struct actor *)at;

	for (unsigned i = 0; i < STEPS && actor->step[i].number; i++)
		do_step(&actor->step[i]);
}

static struct actor *new_actor(void (*run)(uint64_t), uint64_t argument)
{
	struct actor *actor = &actors[actor_count++];

	memset(actor, 0, sizeof(*actor));
	actor->thread = thread_make(run, argument);
	actor->space = PML4;
	if (elsewhere) {
		actor->space = make_space();
		EXPECT_OK(sys_task_set_table(actor->thread.task, actor->space));
	}
	return actor;
}

struct actor *make_actor(const struct step *steps, unsigned count)
{
	struct actor *actor = new_actor(act, (uint64_t)&actors[actor_count]);

	for (unsigned i = 0; i < count; i++) {
		actor->step[i] = steps[i];
		actor->step[i].error = NOT_YET;
	}
	return actor;
}

static void begin(const struct actor *actor)
{
	EXPECT_OK(sys_task_set_active(actor->thread.task, 1));
	yield_often();
}

struct actor *start_actor(const struct step *steps, unsigned count)
{
	struct actor *actor = make_actor(steps, count);

	begin(actor);
	return actor;
}

struct actor *start_function(void (*run)(uint64_t), uint64_t argument)
{
	struct actor *actor = new_actor(run, argument);

	begin(actor);
	return actor;
}

uint64_t state_of(struct caddr task)
{
	uint64_t state = ~UINT64_C(0);

	EXPECT_OK(sys_task_info(task, &state, NULL, NULL));
	return state;
}

uint64_t priority_of(struct caddr task)
{
	uint64_t priority = ~UINT64_C(0);

	EXPECT_OK(sys_task_info(task, NULL, &priority, NULL));
	return priority;
}

bool await_state(struct caddr task, enum abi_task_state state)
{
	for (int i = 0; i < 10000; i++) {
		if (state_of(task) == state)
			return true;
		sys_yield();
	}
	return false;
}
